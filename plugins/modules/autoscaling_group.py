#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: autoscaling_group
version_added: "0.1.0"
short_description: Make an Auto Scaling group with its policies and schedule
description:
  - Makes an Auto Scaling group, its target tracking policies and its scheduled actions, or deletes them.
  - An Auto Scaling group is found by its name.
  - The lists O(target_group_arns), O(metrics_collection), O(scaling_policies), O(scheduled_actions),
    O(lifecycle_hooks) and O(suspended_processes) are exact. What is there and not declared is removed. A list that is
    not given is left alone.
  - A new version of the launch template is for new instances only. Those that run stay as they are until an
    instance refresh replaces them.
  - Follows U(https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html) and
    U(https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScalingPolicy.html).
notes:
  - M(amazon.aws.autoscaling_group) reports a change in check mode on a group that is as declared, and
    M(community.aws.autoscaling_policy) skips check mode. This module predicts every part.
  - In check mode the launch template, the subnets and the target groups may be ones that do not exist yet.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name of the group.
    type: str
    required: true
  launch_template:
    description: The launch template that instances are made from. Required to create the group.
    type: dict
    suboptions:
      name:
        description: The name of the launch template. Give this or O(launch_template.id).
        type: str
      id:
        description: The id of the launch template.
        type: str
      version:
        description: A version number, V($Latest) or V($Default).
        type: str
        default: $Default
  min_size:
    description:
      - The fewest instances. Required to create the group.
      - Where one of O(scheduled_actions) sets a O(scheduled_actions[].min_size), the schedule owns it once the group is
        there, and this module leaves it alone. Only when it is above a new O(max_size) is it moved to that bound.
    type: int
  max_size:
    description:
      - The most instances. Required to create the group.
      - Where one of O(scheduled_actions) sets a O(scheduled_actions[].max_size), the schedule owns it once the group is
        there, and this module leaves it alone. Only when it is below a new O(min_size) is it moved to that bound.
    type: int
  desired_capacity:
    description:
      - How many instances the group starts with. AWS takes O(min_size).
      - Later the scaling policies own it and this module leaves it alone. Only when it is outside of a new
        O(min_size) or O(max_size) is it moved to that bound, as AWS does.
      - See O(desired_capacity_enforced).
    type: int
  desired_capacity_enforced:
    description: Whether O(desired_capacity) is set on a group that exists as well.
    type: bool
    default: false
  subnet_ids:
    description: The subnets that instances are made in, in any order. Required to create the group.
    type: list
    elements: str
  target_group_arns:
    description: The target groups that instances are registered with, in any order.
    type: list
    elements: str
  health_check_type:
    description: Whether an instance has to be healthy for EC2 only, or for the load balancer too. AWS takes V(EC2).
    type: str
    choices: [EC2, ELB]
  health_check_grace_period:
    description: Seconds after the start of an instance in which its health does not count. AWS takes 0.
    type: int
  default_cooldown:
    description: Seconds between two activities of simple scaling. AWS takes 300.
    type: int
  default_instance_warmup:
    description: Seconds until the metrics of a new instance count. V(-1) removes the setting.
    type: int
  capacity_rebalance:
    description: Whether a Spot Instance is replaced when it is at risk of an interruption.
    type: bool
  termination_policies:
    description: Which instance is terminated first, in this order. AWS takes V(Default).
    type: list
    elements: str
  max_instance_lifetime:
    description: Seconds after which an instance is replaced, 86400 to 31536000. V(0) removes the limit.
    type: int
  new_instances_protected_from_scale_in:
    description: Whether new instances are protected from scale in.
    type: bool
  metrics_collection:
    description: The group metrics that CloudWatch collects, for example V(GroupInServiceInstances). V([]) for none.
    type: list
    elements: str
  propagate_at_launch:
    description: Whether new instances get O(tags) too.
    type: bool
    default: true
  scaling_policies:
    description: The target tracking policies. Policies of another type are removed.
    type: list
    elements: dict
    suboptions:
      name:
        description: The name of the policy.
        type: str
        required: true
      metric:
        description: The metric that is held at the target.
        type: str
        required: true
        choices:
          - ASGAverageCPUUtilization
          - ASGAverageNetworkIn
          - ASGAverageNetworkOut
          - ALBRequestCountPerTarget
      target_value:
        description: The value that the metric is held at.
        type: float
        required: true
      resource_label:
        description:
          - The load balancer and target group, C(app/name/id/targetgroup/name/id).
          - Required when O(scaling_policies[].metric=ALBRequestCountPerTarget).
        type: str
      disable_scale_in:
        description: Whether the policy only adds instances.
        type: bool
        default: false
      estimated_instance_warmup:
        description: Seconds until the metrics of a new instance count. AWS takes O(default_instance_warmup).
        type: int
  scheduled_actions:
    description: Changes of size at set times. In between, O(min_size) and O(max_size) stay as an action set them.
    type: list
    elements: dict
    suboptions:
      name:
        description: The name of the action.
        type: str
        required: true
      recurrence:
        description: When, in the form of cron with five fields.
        type: str
        required: true
      time_zone:
        description: The time zone of O(scheduled_actions[].recurrence), as V(Asia/Kolkata). AWS takes UTC.
        type: str
      min_size:
        description: The new O(min_size). Give at least one of the three sizes.
        type: int
      max_size:
        description: The new O(max_size).
        type: int
      desired_capacity:
        description: The new desired capacity.
        type: int
  lifecycle_hooks:
    description:
      - Where an instance waits before it is in service, or before it ends.
      - The group is made with those that are declared, so that its first instances wait too.
    type: list
    elements: dict
    suboptions:
      name:
        description: The name of the hook.
        type: str
        required: true
      transition:
        description: Whether an instance waits when it is launched or when it is terminated.
        type: str
        choices: [launching, terminating]
        default: launching
      heartbeat_timeout:
        description: Seconds that an instance waits, 30 to 7200, unless CompleteLifecycleAction ends it before.
        type: int
        default: 3600
      default_result:
        description: What happens then. V(ABANDON) terminates a new instance, V(CONTINUE) has it go on.
        type: str
        choices: [ABANDON, CONTINUE]
        default: ABANDON
  suspended_processes:
    description: The processes of the group that are suspended, for example V(HealthCheck). V([]) for none.
    type: list
    elements: str
    choices:
      - AZRebalance
      - AddToLoadBalancer
      - AlarmNotification
      - HealthCheck
      - InstanceRefresh
      - Launch
      - ReplaceUnhealthy
      - ScheduledActions
      - Terminate
  force:
    description: Whether O(state=absent) terminates the instances. Without it, a group with instances is refused.
    type: bool
    default: false
  wait_for_instances:
    description: Whether to wait until as many instances as desired are in service and healthy.
    type: bool
    default: false
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - pixstory.platform.common.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Make the Auto Scaling group of the web servers
  pixstory.platform.autoscaling_group:
    name: pixstory-production-web
    launch_template:
      name: pixstory-production-web
      version: "7"
    min_size: 2
    max_size: 8
    desired_capacity: 2
    subnet_ids:
      - subnet-0123456789abcdef0
      - subnet-0123456789abcdef1
    target_group_arns:
      - arn:aws:elasticloadbalancing:ap-south-1:123456789012:targetgroup/pixstory-production-web/0123456789abcdef
    health_check_type: ELB
    health_check_grace_period: 120
    metrics_collection: [GroupDesiredCapacity, GroupInServiceInstances]
    scaling_policies:
      - name: cpu
        metric: ASGAverageCPUUtilization
        target_value: 55
    scheduled_actions:
      - name: morning
        recurrence: 0 7 * * 1-5
        time_zone: Asia/Kolkata
        min_size: 4
    lifecycle_hooks:
      - name: ready
        heartbeat_timeout: 300
        default_result: CONTINUE
    tags:
      Project: pixstory
      Role: web

- name: Have its health checked no more for a while
  pixstory.platform.autoscaling_group:
    name: pixstory-production-web
    suspended_processes: [HealthCheck]

- name: Delete it with its instances
  pixstory.platform.autoscaling_group:
    name: pixstory-production-web
    state: absent
    force: true
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
auto_scaling_group:
  description:
    - The group as DescribeAutoScalingGroups returns it, keys in snake case.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  contains:
    auto_scaling_group_arn:
      description: The ARN.
      type: str
    desired_capacity:
      description: How many instances the group holds.
      type: int
    instances:
      description: The instances, each with its id, zone, lifecycle state and health.
      type: list
      elements: dict
    scaling_policies:
      description: The scaling policies. Only when O(scaling_policies) is given.
      type: list
      elements: dict
    scheduled_actions:
      description: The scheduled actions. Only when O(scheduled_actions) is given.
      type: list
      elements: dict
    lifecycle_hooks:
      description: The lifecycle hooks. Only when O(lifecycle_hooks) is given.
      type: list
      elements: dict
    tags:
      description: The tags.
      type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import (
    Plan,
    Property,
    Resource,
    given,
    main_for,
)

SCHEDULED_ACTION = {
    "name": "ScheduledActionName",
    "recurrence": "Recurrence",
    "time_zone": "TimeZone",
    "min_size": "MinSize",
    "max_size": "MaxSize",
    "desired_capacity": "DesiredCapacity",
}


def read_launch_template(description: dict[str, Any]) -> dict[str, Any]:
    # AWS shows no version where none was given, which means the default one.
    present = {"LaunchTemplateName": None, "LaunchTemplateId": None, **description.get("LaunchTemplate", {})}
    return {
        "name": present["LaunchTemplateName"],
        "id": present["LaunchTemplateId"],
        "version": present.get("Version") or "$Default",
    }


def read_scaling_policy(policy: dict[str, Any]) -> dict[str, Any]:
    """A policy in the form of the parameter. One that is no predefined target tracking equals none that is declared."""
    tracking = policy.get("TargetTrackingConfiguration", {})
    metric = tracking.get("PredefinedMetricSpecification", {})
    shown = {
        "name": policy["PolicyName"],
        "metric": metric.get("PredefinedMetricType"),
        "target_value": tracking.get("TargetValue"),
        "resource_label": metric.get("ResourceLabel"),
        "disable_scale_in": tracking.get("DisableScaleIn", False),
        "estimated_instance_warmup": policy.get("EstimatedInstanceWarmup"),
    }
    return given(shown)


def read_scheduled_action(action: dict[str, Any]) -> dict[str, Any]:
    return given({option: action.get(key) for option, key in SCHEDULED_ACTION.items()})


TRANSITIONS = {"launching": "autoscaling:EC2_INSTANCE_LAUNCHING", "terminating": "autoscaling:EC2_INSTANCE_TERMINATING"}


def read_lifecycle_hook(hook: dict[str, Any]) -> dict[str, Any]:
    transition = hook.get("LifecycleTransition")
    return {
        "name": hook["LifecycleHookName"],
        "transition": next((name for name, value in TRANSITIONS.items() if value == transition), transition),
        "heartbeat_timeout": hook.get("HeartbeatTimeout"),
        "default_result": hook.get("DefaultResult"),
    }


def write_lifecycle_hook(hook: dict[str, Any]) -> dict[str, Any]:
    return {
        "LifecycleHookName": hook["name"],
        "LifecycleTransition": TRANSITIONS[hook["transition"]],
        "HeartbeatTimeout": hook["heartbeat_timeout"],
        "DefaultResult": hook["default_result"],
    }


class AutoScalingGroup(Resource):
    kind = "Auto Scaling group"
    service = "autoscaling"
    result_key = "auto_scaling_group"
    extra_retry_codes = ("ResourceContention", "ScalingActivityInProgress")
    group_properties = (
        Property("launch_template", "LaunchTemplate", read=read_launch_template),
        Property("min_size", "MinSize"),
        Property("max_size", "MaxSize"),
        Property("desired_capacity", "DesiredCapacity"),
        Property(
            "subnet_ids",
            "VPCZoneIdentifier",
            read=lambda description: [item for item in description.get("VPCZoneIdentifier", "").split(",") if item],
            unordered=True,
        ),
        Property("health_check_type", "HealthCheckType"),
        Property("health_check_grace_period", "HealthCheckGracePeriod"),
        Property("default_cooldown", "DefaultCooldown"),
        Property(
            "default_instance_warmup",
            "DefaultInstanceWarmup",
            read=lambda description: description.get("DefaultInstanceWarmup", -1),
        ),
        Property("capacity_rebalance", "CapacityRebalance"),
        Property("termination_policies", "TerminationPolicies"),
        Property("max_instance_lifetime", "MaxInstanceLifetime"),
        Property("new_instances_protected_from_scale_in", "NewInstancesProtectedFromScaleIn"),
    )
    # Each of these has calls of its own, in the setter of the same name.
    part_properties = (
        Property("target_group_arns", "TargetGroupARNs", unordered=True),
        Property(
            "metrics_collection",
            "EnabledMetrics",
            read=lambda description: [item["Metric"] for item in description.get("EnabledMetrics", [])],
            unordered=True,
        ),
        Property("scaling_policies", "ScalingPolicies", unordered=True),
        Property("scheduled_actions", "ScheduledActions", unordered=True),
        Property("lifecycle_hooks", "LifecycleHooks", unordered=True),
        Property(
            "suspended_processes",
            "SuspendedProcesses",
            read=lambda description: [item["ProcessName"] for item in description.get("SuspendedProcesses", [])],
            unordered=True,
        ),
        Property("propagate_at_launch", "PropagateAtLaunch"),
    )
    properties = (*group_properties, *part_properties)

    def validate(self) -> None:
        for policy in self.params["scaling_policies"] or []:
            if policy["metric"] == "ALBRequestCountPerTarget" and not policy["resource_label"]:
                self.fail(
                    f"autoscaling_group {self.name}: scaling policy {policy['name']} needs resource_label. "
                    "Write app/<load balancer>/<id>/targetgroup/<target group>/<id>."
                )
        for action in self.params["scheduled_actions"] or []:
            if all(action[size] is None for size in ("min_size", "max_size", "desired_capacity")):
                self.fail(
                    f"autoscaling_group {self.name}: scheduled action {action['name']} changes nothing. "
                    "Write min_size, max_size or desired_capacity."
                )

    def required_to_create(self) -> tuple[str, ...]:
        return ("launch_template", "min_size", "max_size", "subnet_ids")

    def declared(self) -> dict[str, Any]:
        declared = super().declared()
        if self.params["tags"] is None:
            del declared["PropagateAtLaunch"]
        return declared

    def describe(self) -> dict[str, Any] | None:
        readers: dict[str, Callable[[], Any]] = {}
        if self.params["scaling_policies"] is not None:
            readers["ScalingPolicies"] = self._read_policies
        if self.params["scheduled_actions"] is not None:
            readers["ScheduledActions"] = self._read_actions
        if self.params["lifecycle_hooks"] is not None:
            readers["LifecycleHooks"] = self._read_hooks
        groups, *parts = self.together(self._read_group, *readers.values())
        if not groups:
            return None
        description = groups[0]
        description.update(zip(readers, parts, strict=True))
        wanted, tags = self.params["propagate_at_launch"], self.params["tags"] or {}
        differs = any(t["Key"] in tags and t["PropagateAtLaunch"] != wanted for t in description.get("Tags", []))
        description["PropagateAtLaunch"] = not wanted if differs else wanted
        return description

    def _read_group(self) -> list[dict[str, Any]]:
        return self.pages("describe_auto_scaling_groups", "AutoScalingGroups", AutoScalingGroupNames=[self.name])

    def _read_policies(self) -> list[dict[str, Any]]:
        return [read_scaling_policy(policy) for policy in self._parts("describe_policies", "ScalingPolicies")]

    def _read_actions(self) -> list[dict[str, Any]]:
        actions = self._parts("describe_scheduled_actions", "ScheduledUpdateGroupActions")
        return [read_scheduled_action(action) for action in actions]

    def _read_hooks(self) -> list[dict[str, Any]]:
        hooks = self.call_or_none(
            "describe_lifecycle_hooks", missing=("ValidationError",), AutoScalingGroupName=self.name
        )
        return [read_lifecycle_hook(hook) for hook in (hooks or {}).get("LifecycleHooks", [])]

    def _parts(self, operation: str, key: str) -> list[dict[str, Any]]:
        """None of a group that is not there, for which AWS has a ValidationError."""
        return self.pages_or_none(operation, key, missing=("ValidationError",), AutoScalingGroupName=self.name) or []

    def going(self, description: dict[str, Any]) -> bool:
        return description.get("Status") == "Delete in progress"

    def ready(self, description: dict[str, Any]) -> bool:
        return not self.params["wait_for_instances"] or self._in_service(description) >= description["DesiredCapacity"]

    def advice(self, description: dict[str, Any] | None) -> str:
        if description is None or self.params["state"] == "absent":
            return super().advice(description)
        return (
            f"{self._in_service(description)} of {description['DesiredCapacity']} instances are in service. "
            f"To see why: aws autoscaling describe-scaling-activities --auto-scaling-group-name {self.name}"
        )

    def plan(self, description: dict[str, Any] | None) -> Plan:
        if description and self.params["state"] == "absent":
            if description.get("Instances") and not self.params["force"]:
                self.fail(
                    f"Auto Scaling group {self.name} has {len(description['Instances'])} instances. "
                    "Set force: true to terminate them with the group."
                )
        elif description:
            self._leave_to_schedule(description)
            if not self.params["desired_capacity_enforced"]:
                self.params["desired_capacity"] = self._within_bounds(description)
        return super().plan(description)

    def create(self, declared: dict[str, Any]) -> None:
        self.call(
            "create_auto_scaling_group",
            **self._group(declared),
            TargetGroupARNs=declared.pop("TargetGroupARNs", []),
            LifecycleHookSpecificationList=[
                write_lifecycle_hook(hook) for hook in declared.pop("LifecycleHooks", None) or []
            ],
            Tags=self._tags(self.params["tags"]),
        )
        declared.pop("PropagateAtLaunch", None)
        self._set_parts({}, declared)

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        if any(prop.api in changes for prop in self.group_properties):
            self.call("update_auto_scaling_group", **self._group(changes))
        self._set_parts(description, changes)

    def delete(self, description: dict[str, Any]) -> None:
        self.call("delete_auto_scaling_group", AutoScalingGroupName=self.name, ForceDelete=self.params["force"])

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        self.call("create_or_update_tags", Tags=self._tags(tags))

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        resource = {"ResourceId": self.name, "ResourceType": "auto-scaling-group"}
        self.call("delete_tags", Tags=[{**resource, "Key": key} for key in keys])

    def _in_service(self, description: dict[str, Any]) -> int:
        instances = description.get("Instances", [])
        return sum(i["LifecycleState"] == "InService" and i["HealthStatus"] == "Healthy" for i in instances)

    def _leave_to_schedule(self, description: dict[str, Any]) -> None:
        """Bounds that scheduled actions set stay as the last action left them.

        AWS refuses a minimum above the maximum, so where only one of the two is declared, the other is moved to it.
        """
        there = {action["name"]: action for action in description.get("ScheduledActions", [])}
        # A size that an action had before and that is not declared now stays in it.
        actions = [{**there.get(a["name"], {}), **given(a)} for a in self.params["scheduled_actions"] or []]
        scheduled = {size for size in ("min_size", "max_size") if any(size in action for action in actions)}
        low, high = description["MinSize"], description["MaxSize"]
        if "min_size" in scheduled:
            declared = None if "max_size" in scheduled else self.params["max_size"]
            self.params["min_size"] = low if declared is None else min(low, declared)
        if "max_size" in scheduled:
            declared = None if "min_size" in scheduled else self.params["min_size"]
            self.params["max_size"] = high if declared is None else max(high, declared)

    def _within_bounds(self, description: dict[str, Any]) -> int:
        """The present desired capacity, moved into the declared bounds."""
        low = self.params["min_size"] if self.params["min_size"] is not None else description["MinSize"]
        high = self.params["max_size"] if self.params["max_size"] is not None else description["MaxSize"]
        return max(low, min(high, description["DesiredCapacity"]))

    def _tags(self, tags: dict[str, str] | None) -> list[dict[str, Any]]:
        common = {
            "ResourceId": self.name,
            "ResourceType": "auto-scaling-group",
            "PropagateAtLaunch": self.params["propagate_at_launch"],
        }
        return [{**common, "Key": key, "Value": str(value)} for key, value in (tags or {}).items()]

    def _group(self, values: dict[str, Any]) -> dict[str, Any]:
        """The arguments of the create and update calls."""
        arguments = {prop.api: values[prop.api] for prop in self.group_properties if prop.api in values}
        if template := arguments.get("LaunchTemplate"):
            key = "LaunchTemplateId" if "id" in template else "LaunchTemplateName"
            arguments["LaunchTemplate"] = {key: template.get("id") or template["name"], "Version": template["version"]}
        if "VPCZoneIdentifier" in arguments:
            arguments["VPCZoneIdentifier"] = ",".join(arguments["VPCZoneIdentifier"])
        return {"AutoScalingGroupName": self.name, **arguments}

    def _set_parts(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        """Carry out the changes of the parts that have calls of their own."""
        for prop in self.part_properties:
            if prop.api in changes:
                getattr(self, f"_set_{prop.param}")(prop.current(description) or [], changes[prop.api])

    def _set_propagate_at_launch(self, present: bool, declared: bool) -> None:
        self.call("create_or_update_tags", Tags=self._tags(self.params["tags"]))

    def _set_target_group_arns(self, present: list[str], declared: list[str]) -> None:
        group = {"AutoScalingGroupName": self.name}
        if removed := sorted(set(present) - set(declared)):
            self.call("detach_load_balancer_target_groups", TargetGroupARNs=removed, **group)
        if added := sorted(set(declared) - set(present)):
            self.call("attach_load_balancer_target_groups", TargetGroupARNs=added, **group)

    def _set_metrics_collection(self, present: list[str], declared: list[str]) -> None:
        group = {"AutoScalingGroupName": self.name}
        if removed := sorted(set(present) - set(declared)):
            self.call("disable_metrics_collection", Metrics=removed, **group)
        if added := sorted(set(declared) - set(present)):
            self.call("enable_metrics_collection", Metrics=added, Granularity="1Minute", **group)

    def _set_scaling_policies(self, present: list[dict[str, Any]], declared: list[dict[str, Any]]) -> None:
        removed, changed = self._by_name(present, declared)
        for name in removed:
            self.call("delete_policy", AutoScalingGroupName=self.name, PolicyName=name)
        for policy in changed:
            # A policy that had this metric before still has its label.
            labelled = policy["metric"] == "ALBRequestCountPerTarget"
            label = {"ResourceLabel": policy["resource_label"]} if labelled else {}
            warmup = policy.get("estimated_instance_warmup")
            self.call(
                "put_scaling_policy",
                AutoScalingGroupName=self.name,
                PolicyName=policy["name"],
                PolicyType="TargetTrackingScaling",
                TargetTrackingConfiguration={
                    "PredefinedMetricSpecification": {"PredefinedMetricType": policy["metric"], **label},
                    "TargetValue": policy["target_value"],
                    "DisableScaleIn": policy["disable_scale_in"],
                },
                **({} if warmup is None else {"EstimatedInstanceWarmup": warmup}),
            )

    def _set_scheduled_actions(self, present: list[dict[str, Any]], declared: list[dict[str, Any]]) -> None:
        removed, changed = self._by_name(present, declared)
        for name in removed:
            self.call("delete_scheduled_action", AutoScalingGroupName=self.name, ScheduledActionName=name)
        for action in changed:
            arguments = {SCHEDULED_ACTION[option]: value for option, value in action.items()}
            self.call("put_scheduled_update_group_action", AutoScalingGroupName=self.name, **arguments)

    def _set_lifecycle_hooks(self, present: list[dict[str, Any]], declared: list[dict[str, Any]]) -> None:
        removed, changed = self._by_name(present, declared)
        for name in removed:
            self.call("delete_lifecycle_hook", AutoScalingGroupName=self.name, LifecycleHookName=name)
        for hook in changed:
            self.call("put_lifecycle_hook", AutoScalingGroupName=self.name, **write_lifecycle_hook(hook))

    def _set_suspended_processes(self, present: list[str], declared: list[str]) -> None:
        group = {"AutoScalingGroupName": self.name}
        if added := sorted(set(declared) - set(present)):
            self.call("suspend_processes", ScalingProcesses=added, **group)
        if removed := sorted(set(present) - set(declared)):
            self.call("resume_processes", ScalingProcesses=removed, **group)

    def _by_name(
        self, present: list[dict[str, Any]], declared: list[dict[str, Any]]
    ) -> tuple[list[str], list[dict[str, Any]]]:
        """The names to remove, and the items to put. AWS resets what a put leaves out, so the present value is sent."""
        there = {item["name"]: item for item in present}
        removed = sorted(there.keys() - {item["name"] for item in declared})
        merged = [{**there.get(item["name"], {}), **item} for item in declared]
        return removed, [item for item in merged if item != there.get(item["name"])]


def main() -> None:
    main_for(
        AutoScalingGroup,
        {
            "name": {"required": True},
            "launch_template": {
                "type": "dict",
                "options": {"name": {}, "id": {}, "version": {"default": "$Default"}},
                "mutually_exclusive": [("name", "id")],
                "required_one_of": [("name", "id")],
            },
            "min_size": {"type": "int"},
            "max_size": {"type": "int"},
            "desired_capacity": {"type": "int"},
            "desired_capacity_enforced": {"type": "bool", "default": False},
            "subnet_ids": {"type": "list", "elements": "str"},
            "target_group_arns": {"type": "list", "elements": "str"},
            "health_check_type": {"choices": ["EC2", "ELB"]},
            "health_check_grace_period": {"type": "int"},
            "default_cooldown": {"type": "int"},
            "default_instance_warmup": {"type": "int"},
            "capacity_rebalance": {"type": "bool"},
            "termination_policies": {"type": "list", "elements": "str"},
            "max_instance_lifetime": {"type": "int"},
            "new_instances_protected_from_scale_in": {"type": "bool"},
            "metrics_collection": {"type": "list", "elements": "str"},
            "propagate_at_launch": {"type": "bool", "default": True},
            "scaling_policies": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "name": {"required": True},
                    "metric": {
                        "required": True,
                        "choices": [
                            "ASGAverageCPUUtilization",
                            "ASGAverageNetworkIn",
                            "ASGAverageNetworkOut",
                            "ALBRequestCountPerTarget",
                        ],
                    },
                    "target_value": {"type": "float", "required": True},
                    "resource_label": {},
                    "disable_scale_in": {"type": "bool", "default": False},
                    "estimated_instance_warmup": {"type": "int"},
                },
            },
            "scheduled_actions": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "name": {"required": True},
                    "recurrence": {"required": True},
                    "time_zone": {},
                    "min_size": {"type": "int"},
                    "max_size": {"type": "int"},
                    "desired_capacity": {"type": "int"},
                },
            },
            "lifecycle_hooks": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "name": {"required": True},
                    "transition": {"choices": list(TRANSITIONS), "default": "launching"},
                    "heartbeat_timeout": {"type": "int", "default": 3600},
                    "default_result": {"choices": ["ABANDON", "CONTINUE"], "default": "ABANDON"},
                },
            },
            "suspended_processes": {
                "type": "list",
                "elements": "str",
                "choices": [
                    "AZRebalance",
                    "AddToLoadBalancer",
                    "AlarmNotification",
                    "HealthCheck",
                    "InstanceRefresh",
                    "Launch",
                    "ReplaceUnhealthy",
                    "ScheduledActions",
                    "Terminate",
                ],
            },
            "force": {"type": "bool", "default": False},
            "wait_for_instances": {"type": "bool", "default": False},
        },
        wait=True,
    )


if __name__ == "__main__":
    main()
