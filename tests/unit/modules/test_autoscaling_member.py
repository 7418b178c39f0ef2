# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import Emulator, Runner

MODULE = "autoscaling_member"
GROUP = "pixstory-production-web"
HOOK = {"LifecycleHookName": "ready", "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING"}


@pytest.fixture
def made(emulator: Emulator, request: pytest.FixtureRequest) -> dict[str, Any]:
    """A group of two, its minimum one less, and what takes one of them out."""
    ec2, autoscaling = emulator.client("ec2"), emulator.client("autoscaling")
    data = {"ImageId": "ami-0123456789abcdef0", "InstanceType": "t3.small"}
    ec2.create_launch_template(LaunchTemplateName=GROUP, LaunchTemplateData=data)
    settings = {"MinSize": 1, **getattr(request, "param", {})}
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=GROUP,
        MaxSize=2,
        DesiredCapacity=2,
        AvailabilityZones=["ap-south-1a"],
        LaunchTemplate={"LaunchTemplateName": GROUP},
        **settings,
    )
    return {"group": GROUP, "instance_id": group(emulator)["Instances"][0]["InstanceId"], "wait": True}


def group(emulator: Emulator) -> dict[str, Any]:
    return emulator.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]


def seen(emulator: Emulator) -> tuple[str, int, list[str]]:
    """The state of the first instance, how many there are to be, and what is suspended."""
    found = group(emulator)
    suspended = [one["ProcessName"] for one in found["SuspendedProcesses"]]
    return found["Instances"][0]["LifecycleState"], found["DesiredCapacity"], suspended


@pytest.mark.parametrize(
    ("made", "out"),
    [({}, ("Standby", 1, [])), ({"MinSize": 2}, ("InService", 2, ["HealthCheck"]))],
    ids=["it stands by", "the minimum forbids it"],
    indirect=["made"],
)
def test_out_and_in_again(emulator: Emulator, run: Runner, made: dict, out: tuple) -> None:
    outcome = run.predicted(MODULE, {**made, "in_service": False})
    assert seen(emulator) == out
    assert outcome.result["member"]["lifecycle_state"] == out[0]
    assert not run.predicted(MODULE, {**made, "in_service": False}).changed
    assert run.predicted(MODULE, {**made, "in_service": True}).changed
    assert seen(emulator) == ("InService", 2, [])
    assert not run.predicted(MODULE, {**made, "in_service": True}).changed


def test_a_minimum_that_was_raised_in_between_keeps_nobody_out(emulator: Emulator, run: Runner, made: dict) -> None:
    """A run that was killed, and a schedule that has come since then."""
    run(MODULE, {**made, "in_service": False})
    emulator.client("autoscaling").suspend_processes(AutoScalingGroupName=GROUP, ScalingProcesses=["HealthCheck"])
    run(MODULE, {**made, "in_service": True})
    assert seen(emulator) == ("InService", 2, [])


@pytest.mark.parametrize("made", [{"LifecycleHookSpecificationList": [HOOK]}], indirect=True)
def test_one_that_waits_at_its_launch_hook_is_left_alone(emulator: Emulator, run: Runner, made: dict) -> None:
    outcome = run.predicted(MODULE, {**made, "in_service": False})
    assert not outcome.changed
    assert outcome.result["member"]["lifecycle_state"] == "Pending:Wait"


def test_one_that_the_group_does_not_have_is_nothing_to_take_out(run: Runner, made: dict) -> None:
    outcome = run.predicted(MODULE, {**made, "instance_id": "i-0123456789abcdef0", "in_service": False})
    assert (outcome.changed, outcome.result["member"]) == (False, {})
