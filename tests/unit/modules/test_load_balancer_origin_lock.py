# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "load_balancer_origin_lock"
NAME = "pixstory-production-public"
SECRET = "/production/edge/origin-verify"
DECLARED = {"name": NAME, "header": "X-Origin-Verify", "secret": SECRET, "tags": {"Project": "pixstory"}}


class Balancer:
    """A load balancer that forwards everything, and the secret."""

    def __init__(self, emulator: Emulator) -> None:
        ec2, self.elb = emulator.client("ec2"), emulator.client("elbv2")
        self.secrets = emulator.client("secretsmanager")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{at}.0/24", AvailabilityZone=f"ap-south-1{zone}")["Subnet"]
            for at, zone in enumerate("ab")
        ]
        made = self.elb.create_load_balancer(Name=NAME, Subnets=[one["SubnetId"] for one in subnets])
        group = self.elb.create_target_group(Name="proxy", Protocol="HTTP", Port=80, VpcId=vpc)
        self.target = group["TargetGroups"][0]["TargetGroupArn"]
        self.listener = self.elb.create_listener(
            LoadBalancerArn=made["LoadBalancers"][0]["LoadBalancerArn"],
            Protocol="HTTP",
            Port=443,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.target}],
        )["Listeners"][0]["ListenerArn"]
        self.secrets.create_secret(Name=SECRET, SecretString="first-value")

    def rules(self) -> list[dict[str, Any]]:
        return [one for one in self.elb.describe_rules(ListenerArn=self.listener)["Rules"] if not one["IsDefault"]]

    def accepted(self) -> list[str]:
        return self.rules()[0]["Conditions"][0]["HttpHeaderConfig"]["Values"]


@pytest.fixture
def balancer(emulator: Emulator) -> Balancer:
    return Balancer(emulator)


def test_twelve_steps(balancer: Balancer, twelve_steps: TwelveSteps) -> None:
    def created(result: dict) -> None:
        first, second = sorted(balancer.rules(), key=lambda rule: int(rule["Priority"]))
        assert first["Actions"][0]["TargetGroupArn"] == balancer.target
        assert first["Conditions"][0]["HttpHeaderConfig"] == {
            "HttpHeaderName": "X-Origin-Verify",
            "Values": ["first-value"],
        }
        assert second["Actions"][0]["FixedResponseConfig"]["StatusCode"] == "403"
        assert second["Conditions"][0]["PathPatternConfig"]["Values"] == ["*"]
        assert result["lock"]["accepted"] == 1
        assert result["lock"]["tags"] == {"Project": "pixstory"}

    def changed(result: dict) -> None:
        assert balancer.rules()[0]["Conditions"][0]["HttpHeaderConfig"]["HttpHeaderName"] == "X-Edge"
        assert result["lock"]["tags"] == {"Owner": "edge"}

    def deleted(result: dict) -> None:
        assert balancer.rules() == []

    twelve_steps(
        MODULE,
        create=DECLARED,
        change={**DECLARED, "header": "X-Edge", "tags": {"Owner": "edge"}},
        absent={"name": NAME},
        created=created,
        changed=changed,
        deleted=deleted,
    )


def test_two_values_pass_while_the_secret_is_replaced(balancer: Balancer, run: Runner) -> None:
    run(MODULE, DECLARED)
    balancer.secrets.put_secret_value(SecretId=SECRET, SecretString="second-value")
    outcome = run.predicted(MODULE, DECLARED)
    assert outcome.changed
    assert balancer.accepted() == ["second-value", "first-value"]
    assert "-value" not in json.dumps(outcome.result)
    assert not run.predicted(MODULE, DECLARED).changed
    previous = [
        version
        for version, stages in balancer.secrets.describe_secret(SecretId=SECRET)["VersionIdsToStages"].items()
        if "AWSPREVIOUS" in stages
    ]
    balancer.secrets.update_secret_version_stage(
        SecretId=SECRET, VersionStage="AWSPREVIOUS", RemoveFromVersionId=previous[0]
    )
    assert run.predicted(MODULE, DECLARED).result["lock"]["accepted"] == 1
    assert balancer.accepted() == ["second-value"]


def test_rules_of_others_are_left_alone(balancer: Balancer, run: Runner) -> None:
    condition = [{"Field": "path-pattern", "Values": ["/x"]}]
    action = [{"Type": "forward", "TargetGroupArn": balancer.target}]
    balancer.elb.create_rule(ListenerArn=balancer.listener, Priority=7, Conditions=condition, Actions=action)
    run(MODULE, DECLARED)
    assert [rule["Priority"] for rule in balancer.rules()] == ["7", "49000", "49001"]
    run(MODULE, {"name": NAME, "state": "absent"})
    assert [rule["Priority"] for rule in balancer.rules()] == ["7"]


def test_a_lock_without_its_refusal_is_mended(balancer: Balancer, run: Runner) -> None:
    run(MODULE, DECLARED)
    refusal = next(rule for rule in balancer.rules() if rule["Priority"] == "49001")
    balancer.elb.delete_rule(RuleArn=refusal["RuleArn"])
    outcome = run.predicted(MODULE, DECLARED)
    assert outcome.diff
    assert outcome.diff["before"]["default"] == "open"
    assert len(balancer.rules()) == 2


def test_a_plan_needs_neither_balancer_nor_secret(run: Runner) -> None:
    assert run(MODULE, DECLARED, check=True).result["action"] == "create"
    outcome = run(MODULE, DECLARED, fails=True)
    assert f"There is no load balancer {NAME}" in outcome.result["msg"]
    assert not run.predicted(MODULE, {"name": NAME, "state": "absent"}).changed
