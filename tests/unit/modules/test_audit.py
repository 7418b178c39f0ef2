# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit of a small environment on the emulator, before and after things are made worse."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pixstory.platform.plugins.module_utils.kinds.calls import Aws
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.errors import CallFailed
from tests.unit.environments import Builder, run_module


class World:
    """One small environment, audited."""

    def __init__(self, emulator: Any) -> None:
        self.emulator = emulator
        emulator.reset()
        self.staging = Builder(emulator.client, "staging", 10).build()

    def audit(self, **args: Any) -> dict[str, Any]:
        return run_module("audit", self.emulator.url, environment="staging", **args)

    def found(self, control: str, **args: Any) -> dict[str, str]:
        """The status of each resource that a control is about."""
        findings = self.audit(**args)["report"]["findings"]
        return {one["name"]: one["status"] for one in findings if one["control"] == control}


@pytest.fixture(scope="module")
def world(session_emulator: Any) -> World:
    return World(session_emulator)


def test_it_reads_all_and_writes_nothing(world: World) -> None:
    world.emulator.writes()
    result = world.audit()
    assert world.emulator.writes() == []
    assert not result["changed"]
    report = result["report"]
    assert report["counts"]["holds"] > 50
    # What the emulator lacks is named as such; no answer of it was misread.
    reasons = {one["reason"] for one in report["findings"] if one["status"] == "unseen"}
    assert [one for one in reasons if not one.startswith("not implemented here (")] == []
    assert (report["environment"], report["account_id"], report["region"]) == ("staging", "123456789012", "ap-south-1")
    (vpc,) = report["topology"]["vpcs"]
    assert [row["tier"] for row in vpc["tiers"]] == ["public", "app", "data"]


def test_check_mode_is_the_same(world: World) -> None:
    def verdicts(result: dict[str, Any]) -> list[tuple[str, str, str]]:
        return [(one["control"], one["resource"], one["status"]) for one in result["report"]["findings"]]

    assert verdicts(world.audit(check=True)) == verdicts(world.audit())


def test_what_is_made_worse_is_found(world: World) -> None:
    bucket, group = world.staging.bucket, "pixstory-staging-web"
    block = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }
    s3, ec2 = world.emulator.client("s3"), world.emulator.client("ec2")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    assert world.found("S3.8") == {bucket: "holds"}
    assert world.found("EC2.53")[group] == "holds"
    s3.delete_public_access_block(Bucket=bucket)
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=world.staging.groups["web"], IpPermissions=[rule])
    assert world.found("S3.8") == {bucket: "fails"}
    assert {control: world.found(control)[group] for control in ("EC2.53", "EC2.19", "PX-10")} == dict.fromkeys(
        ("EC2.53", "EC2.19", "PX-10"), "fails"
    )
    accepted = {"control": "S3.8", "resource": "*", "reason": "a test", "until": "2999-01-01"}
    assert world.found("S3.8", suppressions=[accepted]) == {bucket: "suppressed"}


def test_a_refused_call_says_which_permission_is_needed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    call = Aws.call

    def refused(aws: Aws, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        if operation == "get_bucket_logging":
            error = Exception()
            error.response = {"Error": {"Code": "AccessDenied", "Message": "no"}}  # type: ignore[attr-defined]
            raise CallFailed(service, "GetBucketLogging", error)
        return call(aws, service, operation, **arguments)

    monkeypatch.setattr(Aws, "call", refused)
    findings = world.audit()["report"]["findings"]
    (finding,) = [one for one in findings if one["control"] == "S3.9"]
    assert finding["status"] == "unseen"
    assert finding["reason"] == "denied (AccessDenied): the call needs the IAM permission s3:GetBucketLogging"
    assert {one["status"] for one in findings if one["control"] == "S3.14"} == {"holds"}


def test_fail_on_decides_what_is_counted(world: World) -> None:
    counts = [world.audit(fail_on=limit)["report"]["violations"] for limit in ("never", "critical", "high", "low")]
    assert counts == sorted(counts)
    assert counts[0] == 0 < counts[1]


def test_a_suppression_without_a_reason_is_refused(world: World) -> None:
    message = world.audit(suppressions=[{"control": "S3.8", "resource": "*", "until": "2999-01-01"}])["msg"]
    assert message.startswith("aws_audit_suppressions[0] has no reason. Write control (S3.9), resource (a pattern")


def test_an_account_that_does_not_answer_is_an_error() -> None:
    message = run_module("audit", "http://127.0.0.1:9", environment="staging")["msg"]
    assert message.startswith("Cannot audit the environment staging: sts GetCallerIdentity failed:")
