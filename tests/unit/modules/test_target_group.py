# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "target_group"


@pytest.fixture
def declared(emulator: Emulator) -> dict:
    vpc = emulator.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return {
        "name": "pixstory-production-web",
        "protocol": "HTTP",
        "protocol_version": "HTTP1",
        "port": 8080,
        "vpc_id": vpc,
        "target_type": "instance",
        "health_check": {
            "protocol": "HTTP",
            "path": "/healthz",
            "port": "traffic-port",
            "interval_seconds": 10,
            "timeout_seconds": 5,
            "healthy_threshold": 2,
            "unhealthy_threshold": 3,
            "matcher": "200",
        },
        "deregistration_delay_seconds": 60,
        "slow_start_seconds": 0,
        "stickiness_enabled": False,
        "stickiness_type": "lb_cookie",
        "stickiness_lb_cookie_duration_seconds": 3600,
        "load_balancing_algorithm_type": "round_robin",
        "load_balancing_cross_zone_enabled": "true",
        "tags": {"Project": "pixstory", "Role": "web"},
    }


def group(emulator: Emulator) -> dict:
    return emulator.client("elbv2").describe_target_groups()["TargetGroups"][0]


def attributes(emulator: Emulator) -> dict[str, str]:
    arn = group(emulator)["TargetGroupArn"]
    listed = emulator.client("elbv2").describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    return {item["Key"]: item["Value"] for item in listed}


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps, declared: dict) -> None:
    def created(result: dict) -> None:
        assert result["target_group"]["target_group_arn"] == group(emulator)["TargetGroupArn"]
        assert result["target_group"]["tags"] == declared["tags"]
        assert group(emulator)["HealthCheckIntervalSeconds"] == 10
        assert attributes(emulator)["deregistration_delay.timeout_seconds"] == "60"

    def changed(result: dict) -> None:
        assert group(emulator)["HealthCheckPath"] == "/ready"
        assert group(emulator)["Matcher"]["HttpCode"] == "200-299"
        assert group(emulator)["HealthCheckIntervalSeconds"] == 10
        assert attributes(emulator)["stickiness.enabled"] == "true"
        assert attributes(emulator)["load_balancing.cross_zone.enabled"] == "false"
        assert result["target_group"]["tags"] == {"Project": "pixstory"}

    change = {
        "name": declared["name"],
        "health_check": {"path": "/ready", "matcher": "200-299"},
        "stickiness_enabled": True,
        "deregistration_delay_seconds": 30,
        "load_balancing_cross_zone_enabled": False,
        "tags": {"Project": "pixstory"},
    }
    absent = {"name": declared["name"]}
    twelve_steps(MODULE, create=declared, change=change, absent=absent, created=created, changed=changed)


def test_diff_shows_the_suboption_that_differs(run: Runner, declared: dict) -> None:
    run(MODULE, declared)
    outcome = run.predicted(MODULE, {**declared, "health_check": {"path": "/ready"}})
    assert outcome.diff == {
        "before": {"health_check": {"path": "/healthz"}},
        "after": {"health_check": {"path": "/ready"}},
    }


def test_check_mode_takes_a_vpc_that_is_yet_to_be(run: Runner, declared: dict) -> None:
    outcome = run(MODULE, {**declared, "vpc_id": "vpc-that-is-yet-to-be"}, check=True)
    assert outcome.result["action"] == "create"
    assert outcome.result["target_group"] == {}


@pytest.mark.parametrize("check", [True, False])
def test_a_port_cannot_be_changed(run: Runner, declared: dict, check: bool) -> None:
    run(MODULE, declared)
    outcome = run(MODULE, {**declared, "port": 9090}, check=check, fails=True)
    assert "cannot change port in place (port: 8080 -> 9090)" in outcome.result["msg"]


@pytest.mark.parametrize("name", ["pixstory-production-a-long-name-33", "web_1", "-web", "web-"])
def test_a_name_that_aws_refuses(run: Runner, declared: dict, name: str) -> None:
    outcome = run(MODULE, {**declared, "name": name}, check=True, fails=True)
    assert "Write up to 32 letters" in outcome.result["msg"]


def test_creation_says_what_it_needs(run: Runner) -> None:
    outcome = run(MODULE, {"name": "web", "port": 80}, check=True, fails=True)
    assert "give also protocol, vpc_id" in outcome.result["msg"]
