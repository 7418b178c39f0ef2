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
    health = aws.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert sorted(one["Target"]["Id"] for one in health) == sorted(instances_of(aws, name))


@proves("autoscaling.unhealthy_instances_are_replaced")
def unhealthy_instance_is_replaced_unless_suspended(aws: Aws) -> None:
    client = aws.client("autoscaling")
    name = scaling_group(aws, desired=2)
    first, second = instances_of(aws, name)
    client.set_instance_health(InstanceId=first, HealthStatus="Unhealthy")
    assert first not in instances_of(aws, name)
    assert len(instances_of(aws, name)) == 2
    client.suspend_processes(AutoScalingGroupName=name, ScalingProcesses=["ReplaceUnhealthy"])
    client.set_instance_health(InstanceId=second, HealthStatus="Unhealthy")
    assert second in instances_of(aws, name)


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


@proves("autoscaling.lifecycle_hooks_notify_nobody_by_default")
def lifecycle_hook_has_no_made_up_role(aws: Aws) -> None:
    client = aws.client("autoscaling")
    name = scaling_group(aws)
    client.put_lifecycle_hook(
        AutoScalingGroupName=name, LifecycleHookName="boot", LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING"
    )
    (hook,) = client.describe_lifecycle_hooks(AutoScalingGroupName=name)["LifecycleHooks"]
    assert not {"RoleARN", "NotificationTargetARN"} & set(hook)


@proves("autoscaling.CompleteLifecycleAction")
def instance_waits_at_the_launch_hook_until_it_is_completed(aws: Aws) -> None:
    client = aws.client("autoscaling")
    name = scaling_group(aws)
    client.put_lifecycle_hook(
        AutoScalingGroupName=name, LifecycleHookName="boot", LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING"
    )
    client.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=2)
    first, second = instances_of(aws, name)

    def state(instance: str) -> str:
        (found,) = client.describe_auto_scaling_instances(InstanceIds=[instance])["AutoScalingInstances"]
        return str(found["LifecycleState"])

    def complete(instance: str, result: str) -> str | None:
        return error_code(
            client.complete_lifecycle_action,
            AutoScalingGroupName=name,
            LifecycleHookName="boot",
            InstanceId=instance,
            LifecycleActionResult=result,
        )

    assert (state(first), state(second)) == ("Pending:Wait", "Pending:Wait")
    assert complete(first, "CONTINUE") is None
    assert (state(first), state(second)) == ("InService", "Pending:Wait")
    assert complete(first, "CONTINUE") == "ValidationError"
    assert complete(second, "ABANDON") is None
    assert second not in instances_of(aws, name)


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
    targets = target_group(aws)
    aws.client("elbv2").create_listener(
        LoadBalancerArn=load_balancer(aws)["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": targets}],
    )
    name = scaling_group(aws, desired=3, TargetGroupARNs=[targets], HealthCheckType="ELB")
    old = instances_of(aws, name)

    def look(*healthy: str) -> tuple[str, int]:
        states = {one: "healthy" if one in healthy else "unhealthy" for one in instances_of(aws, name)}
        url = f"{aws.url}/_lab/target-health?region=ap-south-1"
        urllib.request.urlopen(url, json.dumps({targets: states}).encode(), timeout=5).close()
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
        urllib.request.urlopen(f"{aws.url}/_lab/target-health?region=ap-south-1", b"{}", timeout=5).close()


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
