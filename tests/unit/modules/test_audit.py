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

BLOCK = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}


class World:
    """One small environment, audited. An audit takes seconds, so the first is shared."""

    def __init__(self, emulator: Any) -> None:
        self.emulator = emulator
        emulator.reset()
        self.staging = Builder(emulator.client, "staging", 10).build()
        bucket = {"Bucket": self.staging.bucket, "PublicAccessBlockConfiguration": BLOCK}
        emulator.client("s3").put_public_access_block(**bucket)
        # A standard is pending until it was asked for; the audits are to read the same account.
        emulator.client("securityhub").get_enabled_standards()
        emulator.writes()
        self.first = self.audit()
        self.writes = emulator.writes()

    def audit(self, **args: Any) -> dict[str, Any]:
        return run_module("audit", self.emulator.url, environment="staging", **args)


def found(result: dict[str, Any], control: str) -> dict[str, str]:
    """The status of each resource that a control is about."""
    return {one["name"]: one["status"] for one in result["report"]["findings"] if one["control"] == control}


@pytest.fixture(scope="module")
def world(session_emulator: Any) -> World:
    return World(session_emulator)


def test_it_reads_all_and_writes_nothing(world: World) -> None:
    assert world.writes == []
    assert not world.first["changed"]
    report = world.first["report"]
    assert report["counts"]["holds"] > 50
    # What the emulator lacks is named as such; no answer of it was misread. Of a database that was made without
    # PubliclyAccessible it leaves that out.
    unseen = [one for one in report["findings"] if one["status"] == "unseen" and one["control"] != "RDS.2"]
    assert [one["reason"] for one in unseen if not one["reason"].startswith("not implemented here (")] == []
    assert (report["environment"], report["account_id"], report["region"]) == ("staging", "123456789012", "ap-south-1")
    main, speech = report["topology"]["vpcs"]
    assert (main["name"], speech["name"], speech["tiers"]) == ("main", "speech", [])
    assert [row["tier"] for row in main["tiers"]] == ["public", "app", "data"]


def test_a_refused_call_says_which_permission_is_needed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """In check mode, which reads the same. Without a call that the index needs there is no drawing, and all else."""
    call, pages = Aws.call, Aws.pages
    error = Exception()
    error.response = {"Error": {"Code": "AccessDenied", "Message": "no"}}  # type: ignore[attr-defined]

    def refused(aws: Aws, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        if operation == "get_bucket_logging":
            raise CallFailed(service, "GetBucketLogging", error)
        return call(aws, service, operation, **arguments)

    def refused_pages(aws: Aws, service: str, operation: str, key: str, **arguments: Any) -> list[dict[str, Any]]:
        if operation == "describe_snapshots":
            raise CallFailed(service, "DescribeSnapshots", error)
        return pages(aws, service, operation, key, **arguments)

    monkeypatch.setattr(Aws, "call", refused)
    monkeypatch.setattr(Aws, "pages", refused_pages)
    report = world.audit(check=True)["report"]
    reasons = {one["control"]: one["reason"] for one in report["findings"] if one["status"] == "unseen"}
    needs = "denied (AccessDenied): the call needs the IAM permission "
    assert reasons["S3.9"] == reasons["CloudTrail.7"] == f"{needs}s3:GetBucketLogging"
    assert reasons["EC2.1"] == reasons["PX-15"]
    assert reasons["EC2.1"].startswith(needs)
    assert report["topology"] is None

    def others(findings: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
        judged = [(one["control"], one["resource"], one["status"]) for one in findings]
        return [one for one in judged if one[0] not in ("S3.9", "CloudTrail.7", "EC2.1", "PX-15", "ElastiCache.1")]

    assert others(report["findings"]) == others(world.first["report"]["findings"])


def test_what_is_made_worse_is_found(world: World) -> None:
    bucket, group = world.staging.bucket, "pixstory-staging-web"
    entrances = ("EC2.53", "EC2.19", "PX-10")
    assert found(world.first, "S3.8") == {bucket: "holds"}
    assert [found(world.first, one)[group] for one in entrances] == ["holds"] * 3
    world.emulator.client("s3").delete_public_access_block(Bucket=bucket)
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2 = world.emulator.client("ec2")
    ec2.authorize_security_group_ingress(GroupId=world.staging.groups["web"], IpPermissions=[rule])
    accepted = {"control": "EC2.19", "resource": "*-web", "reason": "a test", "until": "2999-01-01"}
    worse = world.audit(suppressions=[accepted])
    assert found(worse, "S3.8") == {bucket: "fails"}
    assert [found(worse, one)[group] for one in entrances] == ["fails", "suppressed", "fails"]
    # Those three; EC2.18, which authorises ports 80 and 443; and CloudTrail.6, since the trail writes to that bucket.
    assert worse["report"]["violations"] == world.first["report"]["violations"] + 5


def test_a_suppression_without_a_reason_is_refused(world: World) -> None:
    message = world.audit(suppressions=[{"control": "S3.8", "resource": "*", "until": "2999-01-01"}])["msg"]
    assert message.startswith("aws_audit_suppressions[0] has no reason. Write control (S3.9), resource (a pattern")


def test_an_account_that_does_not_answer_is_an_error() -> None:
    message = run_module("audit", "http://127.0.0.1:9", environment="staging")["msg"]
    assert message.startswith("Cannot audit the environment staging: sts GetCallerIdentity failed:")
