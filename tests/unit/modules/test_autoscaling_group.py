# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

from ansible_collections.pixstory.platform.plugins.module_utils import reconciler
from ansible_collections.pixstory.platform.plugins.modules import autoscaling_group

MODULE = "autoscaling_group"
NAME = "pixstory-production-web"
REQUESTS = {
    "name": "requests",
    "metric": "ALBRequestCountPerTarget",
    "target_value": 500,
    "resource_label": "app/public/0123456789abcdef/targetgroup/web/0123456789abcdef",
}
CPU = {"name": "cpu", "metric": "ASGAverageCPUUtilization", "target_value": 55.5, "estimated_instance_warmup": 120}
MORNING = {"name": "morning", "recurrence": "0 7 * * 1-5", "time_zone": "Asia/Kolkata", "min_size": 3}
NIGHT = {"name": "night", "recurrence": "0 22 * * *", "min_size": 2, "max_size": 4, "desired_capacity": 2}


@pytest.fixture
def declared(emulator: Emulator) -> dict[str, Any]:
    ec2, elbv2 = emulator.client("ec2"), emulator.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"ap-south-1{zone}")["Subnet"]
        for n, zone in enumerate("ac")
    ]
    data = {"ImageId": "ami-0123456789abcdef0", "InstanceType": "t3.small"}
    template = ec2.create_launch_template(LaunchTemplateName=NAME, LaunchTemplateData=data)["LaunchTemplate"]
    groups = [
        elbv2.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
        for name in ("web", "api")
    ]
    return {
        "name": NAME,
        "launch_template": {"name": template["LaunchTemplateName"], "version": "1"},
        "min_size": 1,
        "max_size": 4,
        "desired_capacity": 2,
        "subnet_ids": [subnet["SubnetId"] for subnet in subnets],
        "target_group_arns": groups[:1],
        "health_check_type": "EC2",
        "health_check_grace_period": 120,
        "default_cooldown": 60,
        "default_instance_warmup": 90,
        "capacity_rebalance": False,
        "termination_policies": ["OldestLaunchTemplate", "Default"],
        "max_instance_lifetime": 604800,
        "new_instances_protected_from_scale_in": False,
        "metrics_collection": ["GroupInServiceInstances", "GroupDesiredCapacity"],
        "scaling_policies": [CPU, REQUESTS],
        "scheduled_actions": [MORNING, NIGHT],
        "wait_for_instances": True,
        "tags": {"Project": "pixstory", "Role": "web"},
        # for the tests
        "others": {"target_group": groups[1], "template_id": template["LaunchTemplateId"]},
    }


@pytest.fixture
def others(declared: dict[str, Any]) -> dict[str, str]:
    return declared.pop("others")


def group(emulator: Emulator) -> dict[str, Any]:
    return emulator.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]


def named(emulator: Emulator, operation: str, key: str, name: str) -> dict[str, dict[str, Any]]:
    return {item[name]: item for item in getattr(emulator.client("autoscaling"), operation)()[key]}


def policies(emulator: Emulator) -> dict[str, dict[str, Any]]:
    return named(emulator, "describe_policies", "ScalingPolicies", "PolicyName")


def actions(emulator: Emulator) -> dict[str, dict[str, Any]]:
    return named(emulator, "describe_scheduled_actions", "ScheduledUpdateGroupActions", "ScheduledActionName")


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps, declared: dict, others: dict) -> None:
    def created(result: dict) -> None:
        made = group(emulator)
        assert len(made["Instances"]) == 2
        assert made["DefaultInstanceWarmup"] == 90
        assert {m["Metric"] for m in made["EnabledMetrics"]} == set(declared["metrics_collection"])
        assert all(tag["PropagateAtLaunch"] for tag in made["Tags"])
        assert policies(emulator)["cpu"]["TargetTrackingConfiguration"]["TargetValue"] == 55.5
        assert policies(emulator).keys() == {"cpu", "requests"}
        assert actions(emulator)["morning"]["TimeZone"] == "Asia/Kolkata"
        assert actions(emulator).keys() == {"morning", "night"}
        shown = result["auto_scaling_group"]
        assert shown["target_group_arns"] == declared["target_group_arns"]
        assert shown["tags"] == declared["tags"]

    def changed(result: dict) -> None:
        made = group(emulator)
        assert made["LaunchTemplate"]["Version"] == "$Latest"
        assert made["TargetGroupARNs"] == [others["target_group"]]
        assert made["VPCZoneIdentifier"] == declared["subnet_ids"][1]
        assert made["EnabledMetrics"] == []
        assert made["MinSize"] == made["DesiredCapacity"] == len(made["Instances"]) == 3
        assert {tag["Key"]: tag["PropagateAtLaunch"] for tag in made["Tags"]} == {"Project": False}
        assert policies(emulator).keys() == {"cpu"}
        assert policies(emulator)["cpu"]["EstimatedInstanceWarmup"] == 120
        assert policies(emulator)["cpu"]["TargetTrackingConfiguration"]["DisableScaleIn"] is True
        assert actions(emulator).keys() == {"evening"}
        assert actions(emulator)["evening"]["DesiredCapacity"] == 3

    change = {
        "name": NAME,
        "launch_template": {"id": others["template_id"], "version": "$Latest"},
        "min_size": 3,
        "subnet_ids": declared["subnet_ids"][1:],
        "target_group_arns": [others["target_group"]],
        "health_check_type": "ELB",
        "default_cooldown": 30,
        "termination_policies": ["Default"],
        "metrics_collection": [],
        "scaling_policies": [{"name": "cpu", "metric": CPU["metric"], "target_value": 60, "disable_scale_in": True}],
        "scheduled_actions": [{"name": "evening", "recurrence": "0 19 * * *", "desired_capacity": 3}],
        "wait_for_instances": True,
        "propagate_at_launch": False,
        "tags": {"Project": "pixstory"},
    }
    absent = {"name": NAME, "force": True}
    twelve_steps(MODULE, create=declared, change=change, absent=absent, created=created, changed=changed)


def test_order_of_lists_means_nothing(run: Runner, declared: dict, others: dict) -> None:
    run(MODULE, declared)
    lists = ("subnet_ids", "metrics_collection", "scaling_policies", "scheduled_actions")
    assert not run.predicted(MODULE, {**declared, **{key: declared[key][::-1] for key in lists}}).changed


def test_what_is_not_given_is_left_alone(emulator: Emulator, run: Runner, declared: dict, others: dict) -> None:
    run(MODULE, declared)
    assert not run.predicted(MODULE, {"name": NAME}).changed
    assert policies(emulator).keys() == {"cpu", "requests"}
    assert run.predicted(MODULE, {"name": NAME, "scaling_policies": [], "scheduled_actions": []}).changed
    assert policies(emulator) == actions(emulator) == {}


READY = {"name": "ready", "heartbeat_timeout": 300, "default_result": "CONTINUE"}
LEAVING = {"name": "leaving", "transition": "terminating", "heartbeat_timeout": 60}


def hooks(emulator: Emulator) -> dict[str, dict[str, Any]]:
    found = emulator.client("autoscaling").describe_lifecycle_hooks(AutoScalingGroupName=NAME)["LifecycleHooks"]
    return {hook["LifecycleHookName"]: hook for hook in found}


def test_the_first_instances_wait_at_the_hooks_that_the_group_is_made_with(
    emulator: Emulator, run: Runner, declared: dict, others: dict
) -> None:
    declaration = {**declared, "lifecycle_hooks": [READY, LEAVING], "wait_for_instances": False}
    run.predicted(MODULE, declaration)
    assert {one["LifecycleState"] for one in group(emulator)["Instances"]} == {"Pending:Wait"}
    assert not run.predicted(MODULE, {**declaration, "lifecycle_hooks": [LEAVING, READY]}).changed
    changed = [{**READY, "heartbeat_timeout": 600}]
    assert run.predicted(MODULE, {"name": NAME, "lifecycle_hooks": changed}).changed
    assert hooks(emulator).keys() == {"ready"}
    assert (hooks(emulator)["ready"]["HeartbeatTimeout"], hooks(emulator)["ready"]["DefaultResult"]) == (
        600,
        "CONTINUE",
    )
    assert not run.predicted(MODULE, {"name": NAME}).changed
    run.predicted(MODULE, {"name": NAME, "lifecycle_hooks": []})
    assert hooks(emulator) == {}


def test_processes_are_suspended_and_resumed(emulator: Emulator, run: Runner, declared: dict, others: dict) -> None:
    def suspended() -> set[str]:
        return {one["ProcessName"] for one in group(emulator)["SuspendedProcesses"]}

    run(MODULE, declared)
    for wanted in (["HealthCheck", "AZRebalance"], ["HealthCheck"], []):
        declaration = {"name": NAME, "suspended_processes": wanted}
        outcome = run.predicted(MODULE, declaration)
        assert outcome.changed
        assert suspended() == set(wanted)
        assert not run.predicted(MODULE, declaration).changed
        shown = outcome.result["auto_scaling_group"]["suspended_processes"]
        assert {one["process_name"] for one in shown} == set(wanted)


def test_a_policy_that_takes_another_metric_loses_its_label(
    emulator: Emulator, run: Runner, declared: dict, others: dict
) -> None:
    run(MODULE, {**declared, "scaling_policies": [REQUESTS]})
    other = {"name": "requests", "metric": "ASGAverageNetworkIn", "target_value": 1000000}
    run.predicted(MODULE, {"name": NAME, "scaling_policies": [other]})
    tracking = policies(emulator)["requests"]["TargetTrackingConfiguration"]
    assert tracking["PredefinedMetricSpecification"] == {"PredefinedMetricType": "ASGAverageNetworkIn"}


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        ({"desired_capacity": 4}, 2),  # the scaling policies own it
        ({"desired_capacity": 4, "desired_capacity_enforced": True}, 4),
        ({"desired_capacity": 4, "min_size": 3}, 3),
        ({"max_size": 1, "min_size": 1}, 1),
        ({"min_size": 0}, 2),
    ],
)
def test_desired_capacity_after_creation(
    emulator: Emulator, run: Runner, declared: dict, others: dict, declaration: dict, expected: int
) -> None:
    run(MODULE, {**declared, "scaling_policies": [], "scheduled_actions": []})
    outcome = run.predicted(MODULE, {"name": NAME, **declaration})
    assert group(emulator)["DesiredCapacity"] == expected
    assert ("desired_capacity" in (outcome.diff or {"after": {}})["after"]) == (expected != 2)


@pytest.mark.parametrize(
    ("actions_declared", "sizes", "expected"),
    [
        ([MORNING], {"min_size": 1, "max_size": 4}, (3, 4)),  # the schedule set the minimum
        ([MORNING], {"min_size": 1, "max_size": 2}, (2, 2)),  # AWS refuses a minimum above the maximum
        ([NIGHT], {"min_size": 1, "max_size": 2}, (3, 4)),  # the schedule sets both
        ([{**NIGHT, "min_size": None}], {"min_size": 2, "max_size": 9}, (3, 4)),  # as the action that is there does
        ([{"name": "peak", "recurrence": "0 9 * * *", "max_size": 6}], {"min_size": 2, "max_size": 9}, (2, 4)),
        ([{"name": "peak", "recurrence": "0 9 * * *", "max_size": 6}], {"min_size": 5, "max_size": 9}, (5, 5)),
        ([{"name": "peak", "recurrence": "0 9 * * *", "desired_capacity": 3}], {"min_size": 1, "max_size": 9}, (1, 9)),
        ([], {"min_size": 1, "max_size": 9}, (1, 9)),
        (None, {"min_size": 1, "max_size": 9}, (1, 9)),
        ([MORNING, NIGHT], {}, (3, 4)),
    ],
)
def test_sizes_that_a_schedule_sets_are_left_alone(
    emulator: Emulator,
    run: Runner,
    declared: dict,
    others: dict,
    actions_declared: list | None,
    sizes: dict,
    expected: tuple,
) -> None:
    run(MODULE, {**declared, "max_size": 9})
    # The morning has come, then the night's maximum.
    emulator.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName=NAME, MinSize=3, MaxSize=4)
    declaration = {"name": NAME, "scheduled_actions": actions_declared, **sizes}
    run.predicted(MODULE, declaration)
    assert (group(emulator)["MinSize"], group(emulator)["MaxSize"]) == expected
    assert not run.predicted(MODULE, declaration).changed


def test_a_new_group_has_the_declared_sizes(emulator: Emulator, run: Runner, declared: dict, others: dict) -> None:
    run(MODULE, declared)
    assert (group(emulator)["MinSize"], group(emulator)["MaxSize"]) == (1, 4)


def test_what_an_action_sets_and_is_not_declared_stays(
    emulator: Emulator, run: Runner, declared: dict, others: dict
) -> None:
    run(MODULE, declared)
    night = {"name": "night", "recurrence": "0 23 * * *", "min_size": 1}
    run.predicted(MODULE, {"name": NAME, "scheduled_actions": [night]})
    assert actions(emulator).keys() == {"night"}
    assert actions(emulator)["night"]["MaxSize"] == 4
    assert actions(emulator)["night"]["MinSize"] == 1


def test_only_new_tags_are_propagated_on_their_own(
    emulator: Emulator, run: Runner, declared: dict, others: dict
) -> None:
    """A foreign tag that is not purged keeps its flag."""
    run(MODULE, {**declared, "propagate_at_launch": False})
    declaration = {"name": NAME, "tags": {"Role": "web"}, "purge_tags": False}
    outcome = run.predicted(MODULE, declaration)
    assert outcome.diff == {"before": {"propagate_at_launch": False}, "after": {"propagate_at_launch": True}}
    assert {tag["Key"]: tag["PropagateAtLaunch"] for tag in group(emulator)["Tags"]} == {"Project": False, "Role": True}
    assert not run.predicted(MODULE, declaration).changed


@pytest.mark.parametrize("check", [True, False])
def test_instances_are_not_terminated_without_force(
    emulator: Emulator, run: Runner, declared: dict, others: dict, check: bool
) -> None:
    run(MODULE, declared)
    outcome = run(MODULE, {"name": NAME, "state": "absent"}, check=check, fails=True)
    assert "has 2 instances. Set force: true" in outcome.result["msg"]
    assert len(group(emulator)["Instances"]) == 2


def test_waiting_in_vain_says_how_many_serve(
    emulator: Emulator, run: Runner, declared: dict, others: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(MODULE, declared)
    monkeypatch.setattr(autoscaling_group.AutoScalingGroup, "_in_service", lambda self, description: 1)
    outcome = run(MODULE, {"name": NAME, "wait_for_instances": True, "wait_timeout": 1}, fails=True)
    assert "1 of 2 instances are in service" in outcome.result["msg"]


def test_an_update_does_not_wait_for_sick_instances_first(
    emulator: Emulator, run: Runner, declared: dict, others: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The update may be what heals them."""
    run(MODULE, declared)
    monkeypatch.setattr(autoscaling_group.AutoScalingGroup, "_in_service", lambda self, description: 0)
    change = {"name": NAME, "launch_template": {"name": NAME, "version": "$Latest"}}
    run(MODULE, {**change, "wait_for_instances": True, "wait_timeout": 1}, fails=True)
    assert group(emulator)["LaunchTemplate"]["Version"] == "$Latest"


@pytest.mark.parametrize(
    ("declaration", "message"),
    [
        ({"scaling_policies": [{**REQUESTS, "resource_label": None}]}, "requests needs resource_label"),
        ({"scheduled_actions": [{"name": "night", "recurrence": "0 22 * * *"}]}, "night changes nothing"),
        ({"launch_template": {"version": "1"}}, "one of the following is required: name, id"),
        ({"min_size": 1}, "give also launch_template, max_size, subnet_ids"),
    ],
)
def test_mistakes_are_found_before_anything_is_written(run: Runner, declaration: dict, message: str) -> None:
    outcome = run(MODULE, {"name": NAME, **declaration}, fails=True)
    assert message in outcome.result["msg"]
    assert outcome.writes == []


def test_a_policy_of_another_type_equals_none_that_is_declared() -> None:
    step = {"PolicyName": "cpu", "PolicyType": "StepScaling", "EstimatedInstanceWarmup": 120}
    assert not reconciler.same([CPU], [autoscaling_group.read_scaling_policy(step)], unordered=True)
