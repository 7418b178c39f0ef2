# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the Auto Scaling extensions."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from checks import Aws, error_code, proves, tag_map, unique
from checks.builders import IMAGE, launch_template, network, scaling_group
from checks.elbv2 import load_balancer

ZONES = ["ap-south-1a", "ap-south-1c"]


def group_of(aws: Aws, name: str) -> dict[str, Any]:
    groups = aws.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    return dict(groups[0])


def instances_of(aws: Aws, name: str) -> list[str]:
    return [one["InstanceId"] for one in group_of(aws, name)["Instances"]]


def post(aws: Aws, path: str, told: Any = None) -> None:
    body = json.dumps(told).encode()
    urllib.request.urlopen(f"{aws.url}/_lab/{path}", body, timeout=5).close()


def later(aws: Aws, seconds: float) -> None:
    post(aws, f"clock?advance={seconds}")


def found(aws: Aws, health: dict[str, dict[str, str]]) -> None:
    """What a lab's load balancers found; with nothing no lab is there."""
    post(aws, "target-health?region=ap-south-1", health)


def state_of(aws: Aws, instance: str) -> str:
    (one,) = aws.client("autoscaling").describe_auto_scaling_instances(InstanceIds=[instance])["AutoScalingInstances"]
    return str(one["LifecycleState"])


def targets_of(aws: Aws, group: str) -> list[str]:
    health = aws.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return sorted(one["Target"]["Id"] for one in health if one["TargetHealth"].get("Reason") != "Target.NotRegistered")


def balanced_targets(aws: Aws) -> str:
    """A target group that a listener uses: one that none uses is not checked."""
    group = target_group(aws)
    aws.client("elbv2").create_listener(
        LoadBalancerArn=load_balancer(aws)["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    return group


def zones_of(aws: Aws, name: str) -> list[str]:
    return sorted(one["AvailabilityZone"] for one in group_of(aws, name)["Instances"])


@proves("autoscaling.instances_are_spread_over_zones")
def instances_are_launched_in_both_zones(aws: Aws) -> None:
    assert zones_of(aws, scaling_group(aws, desired=4)) == sorted(ZONES * 2)


@proves("autoscaling.instances_are_spread_over_zones")
def group_tags_win_over_template_tags(aws: Aws) -> None:
    specification = {"ResourceType": "instance", "Tags": [{"Key": key, "Value": "template"} for key in ("One", "Two")]}
    template = launch_template(aws, TagSpecifications=[specification])
    tags = [{"Key": "Two", "Value": "group", "PropagateAtLaunch": True}]
    name = scaling_group(aws, desired=1, template=template, Tags=tags)
    reservations = aws.client("ec2").describe_instances(InstanceIds=instances_of(aws, name))["Reservations"]
    found = tag_map(reservations[0]["Instances"][0]["Tags"])
    assert (found["One"], found["Two"]) == ("template", "group")
    assert found["aws:autoscaling:groupName"] == name


@proves("autoscaling.instances_are_spread_over_zones")
def suspended_launch_launches_nothing(aws: Aws) -> None:
    name = scaling_group(aws, desired=1)
    aws.client("autoscaling").suspend_processes(AutoScalingGroupName=name, ScalingProcesses=["Launch"])
    aws.client("ec2").terminate_instances(InstanceIds=instances_of(aws, name))
    assert instances_of(aws, name) == []


@proves("autoscaling.instances_are_spread_over_zones")
def security_groups_and_profile_come_from_the_wanted_version(aws: Aws) -> None:
    net = network(aws)
    template = launch_template(aws)
    profile = unique()
    aws.client("iam").create_instance_profile(InstanceProfileName=profile)
    data = {
        "ImageId": IMAGE,
        "InstanceType": "t3.small",
        "SecurityGroupIds": [net.group],
        "IamInstanceProfile": {"Name": profile},
    }
    aws.client("ec2").create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData=data)
    name = scaling_group(aws, desired=1, template=template)
    reservations = aws.client("ec2").describe_instances(InstanceIds=instances_of(aws, name))["Reservations"]
    machine = reservations[0]["Instances"][0]
    assert [group["GroupId"] for group in machine["SecurityGroups"]] == [net.group]
    assert machine["IamInstanceProfile"]["Arn"].endswith(profile)


@proves("autoscaling.launch_template_version_is_the_launched_one")
def instances_show_the_version_they_were_launched_with(aws: Aws) -> None:
    template = launch_template(aws)
    name = scaling_group(aws, desired=1, template=template)
    data = {"ImageId": IMAGE, "InstanceType": "t3.small"}
    aws.client("ec2").create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData=data)
    aws.client("autoscaling").set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=2)
    shown = [(one["LaunchTemplate"]["Version"], one["InstanceType"]) for one in group_of(aws, name)["Instances"]]
    assert sorted(shown) == [("1", "t3.micro"), ("2", "t3.small")]


@proves("autoscaling.scale_in_keeps_zones_balanced")
def scale_in_leaves_one_instance_a_zone(aws: Aws) -> None:
    name = scaling_group(aws, desired=4)
    aws.client("autoscaling").set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=2)
    assert zones_of(aws, name) == ZONES


def target_group(aws: Aws) -> str:
    made = aws.client("elbv2").create_target_group(Name=unique("tg"), Protocol="HTTP", Port=80, VpcId=network(aws).vpc)
    return str(made["TargetGroups"][0]["TargetGroupArn"])


@proves("autoscaling.replacements_join_the_target_groups")
def replacement_is_a_target(aws: Aws) -> None:
    group = target_group(aws)
    name = scaling_group(aws, desired=2, TargetGroupARNs=[group])
    aws.client("ec2").terminate_instances(InstanceIds=instances_of(aws, name)[:1])
    assert targets_of(aws, group) == sorted(instances_of(aws, name))


@proves("autoscaling.unhealthy_instances_are_replaced")
def unhealthy_instance_is_replaced_unless_suspended(aws: Aws) -> None:
    client = aws.client("autoscaling")
    name = scaling_group(aws, desired=2)
    first, second = instances_of(aws, name)
    client.set_instance_health(InstanceId=first, HealthStatus="Unhealthy")
    assert first in instances_of(aws, name)  # its grace period of 300 s lasts
    client.set_instance_health(InstanceId=first, HealthStatus="Unhealthy", ShouldRespectGracePeriod=False)
    assert first not in instances_of(aws, name)
    assert len(instances_of(aws, name)) == 2
    client.suspend_processes(AutoScalingGroupName=name, ScalingProcesses=["ReplaceUnhealthy"])
    client.set_instance_health(InstanceId=second, HealthStatus="Unhealthy", ShouldRespectGracePeriod=False)
    assert second in instances_of(aws, name)
    client.resume_processes(AutoScalingGroupName=name, ScalingProcesses=["ReplaceUnhealthy"])
    later(aws, 1)
    assert second not in instances_of(aws, name)


@proves("autoscaling.unknown_groups_are_refused")
def unknown_group_is_a_validation_error(aws: Aws) -> None:
    change = aws.client("autoscaling").set_desired_capacity
    assert error_code(change, AutoScalingGroupName=unique(), DesiredCapacity=1) == "ValidationError"


@proves("autoscaling.group_settings_are_kept")
def group_settings_can_be_changed(aws: Aws) -> None:
    name = scaling_group(aws, DefaultInstanceWarmup=60, MaxInstanceLifetime=86400)
    aws.client("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName=name, DefaultCooldown=10, DefaultInstanceWarmup=70, TerminationPolicies=["OldestInstance"]
    )
    group = group_of(aws, name)
    assert (group["DefaultCooldown"], group["DefaultInstanceWarmup"]) == (10, 70)
    assert (group["MaxInstanceLifetime"], group["TerminationPolicies"]) == (86400, ["OldestInstance"])


@proves("autoscaling.all_metrics_are_enabled_by_default", "autoscaling.DisableMetricsCollection")
def metrics_are_enabled_and_disabled(aws: Aws) -> None:
    client = aws.client("autoscaling")
    name = scaling_group(aws)
    client.enable_metrics_collection(AutoScalingGroupName=name, Granularity="1Minute")
    assert len(group_of(aws, name)["EnabledMetrics"]) == 13
    client.disable_metrics_collection(AutoScalingGroupName=name, Metrics=["GroupMinSize"])
    assert len(group_of(aws, name)["EnabledMetrics"]) == 12
    client.disable_metrics_collection(AutoScalingGroupName=name)
    assert not group_of(aws, name).get("EnabledMetrics")


@proves("autoscaling.scheduled_actions_belong_to_a_group")
def two_groups_have_scheduled_actions_of_one_name(aws: Aws) -> None:
    client = aws.client("autoscaling")
    names = [scaling_group(aws), scaling_group(aws)]

    def actions(name: str) -> list[dict[str, Any]]:
        return list(client.describe_scheduled_actions(AutoScalingGroupName=name)["ScheduledUpdateGroupActions"])

    for name in names:
        client.put_scheduled_update_group_action(
            AutoScalingGroupName=name,
            ScheduledActionName="night",
            Recurrence="0 18 * * *",
            TimeZone="Asia/Kolkata",
            MinSize=1,
        )
    for name in names:
        (action,) = actions(name)
        assert (action["Recurrence"], action["TimeZone"], action["MinSize"]) == ("0 18 * * *", "Asia/Kolkata", 1)
        assert action["ScheduledActionARN"].endswith(f"autoScalingGroupName/{name}:scheduledActionName/night")
    client.delete_scheduled_action(AutoScalingGroupName=names[0], ScheduledActionName="night")
    assert [len(actions(name)) for name in names] == [0, 1]


@proves("autoscaling.scaling_policies_belong_to_a_group")
def two_groups_have_policies_of_one_name(aws: Aws) -> None:
    client = aws.client("autoscaling")
    names = [scaling_group(aws), scaling_group(aws)]
    metric = {"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": "app/x/1/targetgroup/y/2"}
    tracking = {"PredefinedMetricSpecification": metric, "TargetValue": 100.0, "DisableScaleIn": False}
    for name in names:
        client.put_scaling_policy(
            AutoScalingGroupName=name,
            PolicyName="load",
            PolicyType="TargetTrackingScaling",
            TargetTrackingConfiguration=tracking,
        )
    for name in names:
        (policy,) = client.describe_policies(AutoScalingGroupName=name)["ScalingPolicies"]
        assert (policy["TargetTrackingConfiguration"], policy["Enabled"]) == (tracking, True)


@proves("autoscaling.DeletePolicy", "autoscaling.ExecutePolicy")
def policies_answer_to_their_arn(aws: Aws) -> None:
    client = aws.client("autoscaling")
    name = scaling_group(aws)
    client.put_scaling_policy(
        AutoScalingGroupName=name, PolicyName="up", AdjustmentType="ChangeInCapacity", ScalingAdjustment=1
    )
    arn = client.describe_policies(AutoScalingGroupName=name)["ScalingPolicies"][0]["PolicyARN"]
    client.execute_policy(PolicyName=arn)
    assert group_of(aws, name)["DesiredCapacity"] == 1
    client.delete_policy(AutoScalingGroupName=name, PolicyName="up")
    assert client.describe_policies(AutoScalingGroupName=name)["ScalingPolicies"] == []


@proves("autoscaling.lifecycle_hooks_belong_to_their_group")
def lifecycle_hook_has_no_made_up_role(aws: Aws) -> None:
    client = aws.client("autoscaling")
    name = scaling_group(aws)
    client.put_lifecycle_hook(
        AutoScalingGroupName=name, LifecycleHookName="boot", LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING"
    )
    (hook,) = client.describe_lifecycle_hooks(AutoScalingGroupName=name)["LifecycleHooks"]
    assert not {"RoleARN", "NotificationTargetARN"} & set(hook)


HOOK = {
    "LifecycleHookName": "boot",
    "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
    "HeartbeatTimeout": 300,
    "DefaultResult": "CONTINUE",
}


@proves("autoscaling.lifecycle_hooks_belong_to_their_group")
def a_group_is_made_with_its_hooks_and_they_go_with_it(aws: Aws) -> None:
    client = aws.client("autoscaling")
    name = scaling_group(aws, desired=1, LifecycleHookSpecificationList=[HOOK])
    (hook,) = client.describe_lifecycle_hooks(AutoScalingGroupName=name)["LifecycleHooks"]
    assert {key: hook[key] for key in HOOK} == HOOK
    assert [state_of(aws, one) for one in instances_of(aws, name)] == ["Pending:Wait"]
    client.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
    assert client.describe_lifecycle_hooks(AutoScalingGroupName=name)["LifecycleHooks"] == []


@proves("autoscaling.CompleteLifecycleAction")
def instance_waits_at_the_launch_hook_until_it_is_completed(aws: Aws) -> None:
    client = aws.client("autoscaling")
    name = scaling_group(aws, desired=2, LifecycleHookSpecificationList=[HOOK])
    first, second = instances_of(aws, name)

    def complete(instance: str, result: str) -> str | None:
        return error_code(
            client.complete_lifecycle_action,
            AutoScalingGroupName=name,
            LifecycleHookName="boot",
            InstanceId=instance,
            LifecycleActionResult=result,
        )

    assert (state_of(aws, first), state_of(aws, second)) == ("Pending:Wait", "Pending:Wait")
    assert complete(first, "CONTINUE") is None
    assert (state_of(aws, first), state_of(aws, second)) == ("InService", "Pending:Wait")
    assert complete(first, "CONTINUE") == "ValidationError"
    assert complete(second, "ABANDON") is None
    assert second not in instances_of(aws, name)
    assert len(instances_of(aws, name)) == 2


@proves("autoscaling.CompleteLifecycleAction")
def a_hook_that_nobody_completes_ends_with_its_default_result(aws: Aws) -> None:
    kept = scaling_group(aws, desired=1, LifecycleHookSpecificationList=[HOOK])
    lost = scaling_group(aws, desired=1, LifecycleHookSpecificationList=[{**HOOK, "DefaultResult": "ABANDON"}])
    [first], [second] = instances_of(aws, kept), instances_of(aws, lost)
    later(aws, 290)
    assert (state_of(aws, first), state_of(aws, second)) == ("Pending:Wait", "Pending:Wait")
    later(aws, 20)
    assert state_of(aws, first) == "InService"
    assert second not in instances_of(aws, lost)
    assert [state_of(aws, one) for one in instances_of(aws, lost)] == ["Pending:Wait"]


@proves("autoscaling.only_what_is_in_service_takes_traffic")
def an_instance_is_registered_when_it_enters_service_and_only_then(aws: Aws) -> None:
    group = target_group(aws)
    name = scaling_group(aws, desired=2, TargetGroupARNs=[group], LifecycleHookSpecificationList=[HOOK])
    first, second = instances_of(aws, name)
    assert targets_of(aws, group) == []
    aws.client("autoscaling").complete_lifecycle_action(
        AutoScalingGroupName=name, LifecycleHookName="boot", InstanceId=first, LifecycleActionResult="CONTINUE"
    )
    assert targets_of(aws, group) == [first]
    # Who takes it out by hand has it out: nothing that happens to its neighbours brings it back.
    aws.client("elbv2").deregister_targets(TargetGroupArn=group, Targets=[{"Id": first}])
    later(aws, 310)
    assert targets_of(aws, group) == [second]


@proves("autoscaling.only_what_is_in_service_takes_traffic")
def what_is_pending_counts_for_the_capacity(aws: Aws) -> None:
    name = scaling_group(aws, desired=1, LifecycleHookSpecificationList=[HOOK])
    aws.client("autoscaling").set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=2)
    assert [state_of(aws, one) for one in instances_of(aws, name)] == ["Pending:Wait"] * 2


@proves("autoscaling.standby_takes_no_traffic")
def standby_leaves_its_target_groups_and_comes_back(aws: Aws) -> None:
    client, group = aws.client("autoscaling"), target_group(aws)
    name = scaling_group(aws, desired=2, TargetGroupARNs=[group])
    first, second = instances_of(aws, name)
    only = {"AutoScalingGroupName": name, "InstanceIds": [first]}
    client.update_auto_scaling_group(AutoScalingGroupName=name, MinSize=2)
    assert error_code(client.enter_standby, ShouldDecrementDesiredCapacity=True, **only) == "ValidationError"
    client.update_auto_scaling_group(AutoScalingGroupName=name, MinSize=1)
    client.enter_standby(ShouldDecrementDesiredCapacity=True, **only)
    assert error_code(client.enter_standby, ShouldDecrementDesiredCapacity=True, **only) == "ValidationError"
    assert (group_of(aws, name)["DesiredCapacity"], state_of(aws, first)) == (1, "Standby")
    assert (targets_of(aws, group), len(instances_of(aws, name))) == ([second], 2)
    client.exit_standby(**only)
    assert error_code(client.exit_standby, **only) == "ValidationError"
    assert (group_of(aws, name)["DesiredCapacity"], state_of(aws, first)) == (2, "InService")
    assert targets_of(aws, group) == sorted([first, second])


@proves("autoscaling.DescribeScalingActivities")
def what_a_load_balancer_finds_unhealthy_is_terminated_however_many_there_are(aws: Aws) -> None:
    client, group = aws.client("autoscaling"), balanced_targets(aws)
    settings = {"TargetGroupARNs": [group], "HealthCheckGracePeriod": 100}
    name = scaling_group(aws, desired=3, HealthCheckType="ELB", **settings)
    other = scaling_group(aws, desired=1, HealthCheckType="EC2", **settings)
    old, kept = instances_of(aws, name), instances_of(aws, other)
    try:
        found(aws, {group: dict.fromkeys([*old, *kept], "unhealthy")})
        later(aws, 90)
        assert instances_of(aws, name) == old  # the grace period
        client.suspend_processes(AutoScalingGroupName=name, ScalingProcesses=["HealthCheck"])
        later(aws, 20)
        assert instances_of(aws, name) == old
        client.resume_processes(AutoScalingGroupName=name)
        later(aws, 1)
        assert not set(old) & set(instances_of(aws, name))
        assert instances_of(aws, other) == kept
        # Each of the new ones has its own grace period.
        new = instances_of(aws, name)
        found(aws, {group: dict.fromkeys(new, "unhealthy")})
        later(aws, 90)
        assert instances_of(aws, name) == new
        activities = client.describe_scaling_activities(AutoScalingGroupName=name)["Activities"]
        ended = [one for one in activities if one["Description"].startswith("Terminating")]
        assert len(ended) == 3
        assert all("ELB system health check failure" in one["Cause"] for one in ended)
    finally:
        found(aws, {})


@proves("autoscaling.DescribeScalingActivities")
def one_that_somebody_deregistered_is_terminated_but_in_standby_it_is_left_alone(aws: Aws) -> None:
    client, group = aws.client("autoscaling"), balanced_targets(aws)
    name = scaling_group(aws, desired=2, HealthCheckType="ELB", HealthCheckGracePeriod=10, TargetGroupARNs=[group])
    first, second = instances_of(aws, name)
    client.enter_standby(AutoScalingGroupName=name, InstanceIds=[first], ShouldDecrementDesiredCapacity=True)
    aws.client("elbv2").deregister_targets(TargetGroupArn=group, Targets=[{"Id": second}])
    try:
        found(aws, {group: {}})
        later(aws, 20)
        assert first in instances_of(aws, name)
        assert second not in instances_of(aws, name)
    finally:
        found(aws, {})


@proves("autoscaling.DescribeScalingActivities")
def a_machine_that_is_dead_is_replaced_at_once(aws: Aws) -> None:
    name = scaling_group(aws, desired=2)
    first, second = instances_of(aws, name)
    post(aws, "machine-health?region=ap-south-1", [first])
    later(aws, 1)
    assert first not in instances_of(aws, name)
    assert second in instances_of(aws, name)
    post(aws, "machine-health?region=ap-south-1", [])


@proves("autoscaling.DescribeScalingActivities")
def a_launch_that_fails_is_recorded_and_tried_again(aws: Aws) -> None:
    client, ec2 = aws.client("autoscaling"), aws.client("ec2")
    template = launch_template(aws)
    name = scaling_group(aws, desired=0, template=template)
    data = {"ImageId": IMAGE, "InstanceType": "t3.micro", "SecurityGroupIds": ["sg-0123456789abcdef0"]}
    ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData=data)
    client.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=1)
    (activity,) = client.describe_scaling_activities(AutoScalingGroupName=name)["Activities"]
    assert activity["StatusCode"] == "Failed"
    assert "sg-0123456789abcdef0" in activity["StatusMessage"]
    ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData={**data, "SecurityGroupIds": []})
    assert instances_of(aws, name) == []
    later(aws, 61)
    assert len(instances_of(aws, name)) == 1


@proves("autoscaling.StartInstanceRefresh", "autoscaling.DescribeInstanceRefreshes")
def instance_refresh_replaces_every_instance(aws: Aws) -> None:
    client = aws.client("autoscaling")
    name = scaling_group(aws, desired=2)
    old = instances_of(aws, name)
    identifier = client.start_instance_refresh(AutoScalingGroupName=name)["InstanceRefreshId"]
    assert error_code(client.start_instance_refresh, AutoScalingGroupName=name) == "InstanceRefreshInProgress"
    seen = []
    for _ in range(4):
        (refresh,) = client.describe_instance_refreshes(AutoScalingGroupName=name)["InstanceRefreshes"]
        assert refresh["InstanceRefreshId"] == identifier
        seen.append((refresh["Status"], refresh["PercentageComplete"]))
    assert seen[:3] == [("Pending", 0), ("InProgress", 50), ("Successful", 100)]
    assert not set(old) & set(instances_of(aws, name))
    assert zones_of(aws, name) == ZONES


@proves("autoscaling.StartInstanceRefresh")
def instance_refresh_waits_for_health_where_a_lab_finds_it(aws: Aws) -> None:
    client = aws.client("autoscaling")
    targets = balanced_targets(aws)
    name = scaling_group(aws, desired=3, TargetGroupARNs=[targets], HealthCheckType="ELB")
    old = instances_of(aws, name)

    def look(*healthy: str) -> tuple[str, int]:
        states = {one: "healthy" if one in healthy else "unhealthy" for one in instances_of(aws, name)}
        found(aws, {targets: states})
        (refresh,) = client.describe_instance_refreshes(AutoScalingGroupName=name)["InstanceRefreshes"]
        return refresh["Status"], len(set(old) - set(instances_of(aws, name)))

    try:
        client.start_instance_refresh(AutoScalingGroupName=name, Preferences={"MinHealthyPercentage": 60})
        # The one that is unhealthy goes first, and while its successor is not healthy no other does.
        assert look(*old[:2]) == ("Pending", 1)
        assert look(*old[:2]) == ("InProgress", 1)
        assert look(*instances_of(aws, name)) == ("InProgress", 2)
        assert look(*instances_of(aws, name)) == ("InProgress", 3)
        assert look() == ("InProgress", 3)
        look(*instances_of(aws, name))
        assert look(*instances_of(aws, name)) == ("Successful", 3)
    finally:
        found(aws, {})


@proves("autoscaling.StartInstanceRefresh")
def instance_refresh_skips_what_matches(aws: Aws) -> None:
    client = aws.client("autoscaling")
    name = scaling_group(aws, desired=1)
    old = instances_of(aws, name)
    client.start_instance_refresh(AutoScalingGroupName=name, Preferences={"SkipMatching": True})
    client.describe_instance_refreshes(AutoScalingGroupName=name)
    assert instances_of(aws, name) == old


@proves("autoscaling.CancelInstanceRefresh")
def instance_refresh_is_cancelled(aws: Aws) -> None:
    client = aws.client("autoscaling")
    name = scaling_group(aws, desired=2)
    client.start_instance_refresh(AutoScalingGroupName=name)
    client.cancel_instance_refresh(AutoScalingGroupName=name)
    (refresh,) = client.describe_instance_refreshes(AutoScalingGroupName=name)["InstanceRefreshes"]
    assert refresh["Status"] == "Cancelled"
    assert error_code(client.cancel_instance_refresh, AutoScalingGroupName=name) == "ActiveInstanceRefreshNotFound"
