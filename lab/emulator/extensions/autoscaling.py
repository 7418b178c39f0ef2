# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EC2 Auto Scaling: zones kept balanced, unhealthy instances replaced, instance refreshes."""

from __future__ import annotations

import contextlib
import uuid
from collections import Counter, OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.autoscaling.models import (
    AutoScalingBackend,
    FakeAutoScalingGroup,
    FakeScalingPolicy,
    FakeScheduledAction,
    InstanceState,
)
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.exceptions import ServiceException
from moto.ec2.exceptions import EC2ClientError
from moto.elbv2.models import elbv2_backends

from lab.emulator.clock import CLOCK
from lab.emulator.extensions.autoscaling_lifecycle import RELAUNCH_SECONDS, end, launched, record, suspended
from lab.emulator.harsh import quotas
from lab.emulator.registry import ApiError, Call, fix, operation, wrap

METRICS = [
    "GroupMinSize",
    "GroupMaxSize",
    "GroupDesiredCapacity",
    *(
        f"Group{state}{kind}"
        for kind in ("Instances", "Capacity")
        for state in ("InService", "Pending", "Standby", "Terminating", "Total")
    ),
]


def _subnet_for_next_instance(group: FakeAutoScalingGroup) -> str | None:
    """The subnet of the zone with the fewest instances; within a zone, the one with the fewest."""
    if not group.vpc_zone_identifier:
        return None
    in_zone = Counter(state.availability_zone for state in group.instance_states)
    in_subnet = Counter(state.instance.subnet_id for state in group.instance_states)
    subnets = [group.ec2_backend.get_subnet(name.strip()) for name in group.vpc_zone_identifier.split(",")]
    return min(subnets, key=lambda subnet: (in_zone[subnet.availability_zone], in_subnet[subnet.id])).id


def _zone_for_next_instance(group: FakeAutoScalingGroup) -> str:
    in_zone = Counter(state.availability_zone for state in group.instance_states)
    return min(group.availability_zones, key=lambda zone: in_zone[zone])


def _template_arguments(group: FakeAutoScalingGroup) -> dict[str, Any]:
    """What run_instances needs to know of the group's launch template, at the version the group asks for."""
    if not group.ec2_launch_template:
        return {"launch_config": group.launch_config}
    version = group.ec2_launch_template.get_version(group.launch_template_version)
    interface = (version.data.get("NetworkInterfaces") or [{}])[0]
    return {
        "launch_template": {"LaunchTemplateId": group.ec2_launch_template.id, "Version": version.number},
        "security_group_ids": list(version.data.get("SecurityGroupIds") or interface.get("Groups") or []),
        "associate_public_ip": interface.get("AssociatePublicIpAddress"),
        "metadata_options": version.data.get("MetadataOptions") or {},
        "ebs_optimized": version.data.get("EbsOptimized", False),
    }


def _attach_profile(group: FakeAutoScalingGroup, instance_id: str) -> None:
    if not group.ec2_launch_template:
        return
    version = group.ec2_launch_template.get_version(group.launch_template_version)
    profile = version.data.get("IamInstanceProfile")
    if profile:
        with contextlib.suppress(EC2ClientError, ServiceException):
            group.ec2_backend.associate_iam_instance_profile(instance_id, profile.get("Name"), profile.get("Arn"))


def _launch(group: FakeAutoScalingGroup, count: int, tags: dict[str, str]) -> None:
    """Launch instances one by one, each where the group is thinnest. The first that fails is the last, for a while."""
    tags = {**group.instance_tags, **tags, "aws:autoscaling:groupName": group.name}
    cause = "an instance was started in response to a difference between desired and actual capacity."
    for _ in range(count):
        arguments = _template_arguments(group)
        if group.launch_config:
            arguments["associate_public_ip"] = group.launch_config.associate_public_ip_address
        try:
            objection = quotas.no_room(group.ec2_backend, group.instance_type)
            if objection:
                raise ApiError(objection.code, objection.message)
            reservation = group.ec2_backend.run_instances(
                group.image_id,
                1,
                group.user_data,
                group.security_groups,
                instance_type=group.instance_type,
                is_instance_type_default=False,
                region_name=group.region,
                tags={"instance": tags},
                placement=_zone_for_next_instance(group),
                subnet_id=_subnet_for_next_instance(group),
                **arguments,
            )
        except (EC2ClientError, ServiceException) as error:
            group.launch_again_at = CLOCK.now() + RELAUNCH_SECONDS  # type: ignore[attr-defined]
            record(group, "Launching a new EC2 instance.", cause, f"{error.message} Launching EC2 instance failed.")
            return
        instance = reservation.instances[0]
        instance.autoscaling_group = group
        _attach_profile(group, instance.id)
        state = InstanceState(instance, protected_from_scale_in=group.new_instances_protected_from_scale_in)
        if group.ec2_launch_template:
            state.launched_version = str(  # type: ignore[attr-defined]
                group.ec2_launch_template.get_version(group.launch_template_version).number
            )
        group.instance_states.append(state)
        record(group, f"Launching a new EC2 instance: {instance.id}", cause)
        launched(group, state)


@fix("autoscaling")
def instances_are_spread_over_zones() -> None:
    """Auto Scaling launches in the zone with the fewest instances; the launch template's version counts.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-availability-zone-balanced.html
    """

    @wrap(FakeAutoScalingGroup, "replace_autoscaling_group_instances")
    def replace(original: Any, group: FakeAutoScalingGroup, count_needed: int, propagated_tags: dict[str, str]) -> None:
        if not suspended(group, "Launch"):
            _launch(group, count_needed, propagated_tags)


@fix("autoscaling")
def launch_template_version_is_the_launched_one() -> None:
    """The version shown of an instance is the one it was launched with.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Instance.html
    """
    shown: Callable[[InstanceState], dict[str, Any] | None] = InstanceState.launch_template.fget  # type: ignore[attr-defined]

    def launch_template(state: InstanceState) -> dict[str, Any] | None:
        template = shown(state)
        version = getattr(state, "launched_version", None)
        return {**template, "Version": version} if template and version else template

    InstanceState.launch_template = property(launch_template)  # type: ignore[method-assign, assignment]


def _scale_in_order(group: FakeAutoScalingGroup) -> list[InstanceState]:
    """The instances, those to end first in front: always one of the fullest zone, the oldest there; standby last."""
    standby = [state for state in group.instance_states if state.lifecycle_state == "Standby"]
    left = [state for state in group.instance_states if state not in standby]
    order: list[InstanceState] = []
    while left:
        in_zone = Counter(state.availability_zone for state in left)
        victim = max(left, key=lambda state: in_zone[state.availability_zone])
        left.remove(victim)
        order.append(victim)
    return order + standby


@fix("autoscaling")
def scale_in_keeps_zones_balanced() -> None:
    """Scale-in ends instances in the zone that has the most, the oldest first; they leave their target groups.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-termination-policies.html
    """

    @wrap(FakeAutoScalingGroup, "set_desired_capacity")
    def set_desired_capacity(original: Any, group: FakeAutoScalingGroup, new_capacity: int | None) -> None:
        age = {state: index for index, state in enumerate(group.instance_states)}
        group.instance_states = _scale_in_order(group)
        original(group, new_capacity)
        kept = set(group.instance_states)
        group.instance_states.sort(key=lambda state: age.get(state, len(age)))
        gone = [state.instance.id for state in age if state not in kept]
        if gone:
            elbv2_backends[group.account_id][group.region].notify_terminate_instances(gone)


@fix("autoscaling")
def replacements_join_the_target_groups() -> None:
    """Auto Scaling registers every instance it launches with the attached target groups.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/attach-load-balancer-asg.html
    """

    @wrap(AutoScalingBackend, "notify_terminate_instances")
    def notify(original: Any, backend: AutoScalingBackend, instance_ids: list[str]) -> None:
        original(backend, instance_ids)
        for name in list(backend.autoscaling_groups):
            backend.update_attached_target_groups(name)


@fix("autoscaling")
def unknown_groups_are_refused() -> None:
    """A call that names no existing group fails with ValidationError.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/CommonErrors.html
    """

    class Groups(OrderedDict[str, FakeAutoScalingGroup]):
        def __missing__(self, name: str) -> FakeAutoScalingGroup:
            raise ApiError("ValidationError", f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")

    @wrap(AutoScalingBackend, "__init__")
    def init(original: Any, backend: AutoScalingBackend, *args: Any, **kwargs: Any) -> None:
        original(backend, *args, **kwargs)
        backend.autoscaling_groups = Groups()


GROUP_SETTINGS = {
    "DefaultCooldown": "default_cooldown",
    "DefaultInstanceWarmup": "default_instance_warmup",
    "MaxInstanceLifetime": "max_instance_lifetime",
    "TerminationPolicies": "termination_policies",
    "CapacityRebalance": "capacity_rebalance",
}


@fix("autoscaling")
def group_settings_are_kept() -> None:
    """Cooldown, warm-up, lifetime and termination policies can be set and changed.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html
    """

    def keep(original: Any, response: AutoScalingResponse) -> Any:
        result = original(response)
        params = response._get_params()
        group = response.autoscaling_backend.autoscaling_groups[params["AutoScalingGroupName"]]
        for name, attribute in GROUP_SETTINGS.items():
            if name in params:
                setattr(group, attribute, params[name])
        return result

    wrap(AutoScalingResponse, "create_auto_scaling_group")(keep)
    wrap(AutoScalingResponse, "update_auto_scaling_group")(keep)


@fix("autoscaling")
def all_metrics_are_enabled_by_default() -> None:
    """EnableMetricsCollection without a list of metrics enables all of them.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_EnableMetricsCollection.html
    """

    @wrap(FakeAutoScalingGroup, "enable_metrics_collection")
    def enable(original: Any, group: FakeAutoScalingGroup, metrics: list[str]) -> None:
        wanted = metrics or METRICS
        original(group, [name for name in METRICS if name in wanted or name in group.metrics])


@operation("autoscaling", "DisableMetricsCollection")
def disable_metrics_collection(call: Call, params: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DisableMetricsCollection.html"""
    group = call.backend("autoscaling").autoscaling_groups[params["AutoScalingGroupName"]]
    unwanted = params.get("Metrics") or METRICS
    group.metrics = [name for name in group.metrics if name not in unwanted]


@fix("autoscaling")
def scheduled_actions_belong_to_a_group() -> None:
    """The name of a scheduled action is unique within its group, not within the account; it has an ARN.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScheduledUpdateGroupAction.html
    """

    @wrap(AutoScalingBackend, "put_scheduled_update_group_action")
    def put(original: Any, backend: AutoScalingBackend, *args: Any, **kwargs: Any) -> FakeScheduledAction:
        others = dict(backend.scheduled_actions)
        action: FakeScheduledAction = original(backend, *args, **kwargs)
        group = backend.autoscaling_groups[action.auto_scaling_group_name]
        action.scheduled_action_arn = (  # type: ignore[attr-defined]
            f"arn:aws:autoscaling:{backend.region_name}:{backend.account_id}:scheduledUpdateGroupAction:{uuid.uuid4()}"
            f":autoScalingGroupName/{group.name}:scheduledActionName/{action.scheduled_action_name}"
        )
        backend.scheduled_actions = {**others, f"{group.name}/{action.scheduled_action_name}": action}
        return action

    @wrap(AutoScalingBackend, "delete_scheduled_action")
    def delete(
        original: Any, backend: AutoScalingBackend, auto_scaling_group_name: str, scheduled_action_name: str
    ) -> None:
        if not backend.scheduled_actions.pop(f"{auto_scaling_group_name}/{scheduled_action_name}", None):
            raise ApiError("ValidationError", f"Scheduled action name not found: {scheduled_action_name}")


@fix("autoscaling")
def scaling_policies_belong_to_a_group() -> None:
    """The name of a policy is unique within its group; putting it answers with its ARN and alarms.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScalingPolicy.html
    """

    @wrap(AutoScalingBackend, "put_scaling_policy")
    def put(original: Any, backend: AutoScalingBackend, *args: Any, **kwargs: Any) -> FakeScalingPolicy:
        others = dict(backend.policies)
        policy: FakeScalingPolicy = original(backend, *args, **kwargs)
        group = backend.autoscaling_groups[policy.auto_scaling_group_name]
        policy.enabled = True  # type: ignore[attr-defined]
        policy.alarms = []  # type: ignore[attr-defined]
        backend.policies = {**others, f"{group.name}/{policy.name}": policy}
        return policy

    @wrap(AutoScalingResponse, "put_scaling_policy")
    def answer(original: Any, response: AutoScalingResponse) -> Any:
        result = original(response)
        result.result.update(PolicyARN=result.result.pop("PolicyArn"), Alarms=[])
        return result


def _policy_key(backend: AutoScalingBackend, params: dict[str, Any]) -> str:
    wanted = params["PolicyName"]
    for key, policy in backend.policies.items():
        if wanted in (policy.arn, key.partition("/")[2]) and (
            params.get("AutoScalingGroupName") in (None, policy.auto_scaling_group_name)
        ):
            return key
    raise ApiError("ValidationError", f"PolicyName not found: {wanted}")


@operation("autoscaling", "DeletePolicy")
def delete_policy(call: Call, params: dict[str, Any]) -> None:
    """By name within a group, or by ARN.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DeletePolicy.html
    """
    backend = call.backend("autoscaling")
    del backend.policies[_policy_key(backend, params)]


@operation("autoscaling", "ExecutePolicy")
def execute_policy(call: Call, params: dict[str, Any]) -> None:
    """By name within a group, or by ARN.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_ExecutePolicy.html
    """
    backend = call.backend("autoscaling")
    backend.policies[_policy_key(backend, params)].execute()


def _refreshes(call: Call, group: str) -> list[dict[str, Any]]:
    refreshes: list[dict[str, Any]] = call.table("instance refreshes").setdefault(group, [])
    return refreshes


def _version_wanted(group: FakeAutoScalingGroup) -> str | None:
    if not group.ec2_launch_template:
        return None
    return str(group.ec2_launch_template.get_version(group.launch_template_version).number)


@operation("autoscaling", "StartInstanceRefresh")
def start_instance_refresh(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Replaces the instances of a group batch by batch; each DescribeInstanceRefreshes replaces one batch.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_StartInstanceRefresh.html
    """
    group = call.backend("autoscaling").autoscaling_groups[params["AutoScalingGroupName"]]
    refreshes = _refreshes(call, group.name)
    if any(refresh["Status"] in ("Pending", "InProgress") for refresh in refreshes):
        raise ApiError("InstanceRefreshInProgress", "An instance refresh is already in progress.")
    preferences = params.get("Preferences") or {}
    wanted = _version_wanted(group)
    todo = [
        state.instance.id
        for state in group.instance_states
        if not (preferences.get("SkipMatching") and getattr(state, "launched_version", None) == wanted)
    ]
    refresh = {
        "InstanceRefreshId": str(uuid.uuid4()),
        "AutoScalingGroupName": group.name,
        "Status": "Pending",
        "StartTime": datetime.now(UTC),
        "PercentageComplete": 0,
        "InstancesToUpdate": len(todo),
        "Preferences": preferences,
        "DesiredConfiguration": params.get("DesiredConfiguration"),
        "Strategy": "Rolling",
        "todo": todo,
        "total": len(todo),
    }
    refreshes.insert(0, refresh)
    return {"InstanceRefreshId": refresh["InstanceRefreshId"]}


def _healthy(group: FakeAutoScalingGroup) -> set[str]:
    """The instances that are healthy by the group's own measure: to its load balancers, or because they are there."""
    found = {state.instance.id for state in group.instance_states if state.lifecycle_state == "InService"}
    if group.health_check_type != "ELB":
        return found
    balancing = elbv2_backends[group.account_id][group.region]
    for arn in group.target_group_arns:
        targets = balancing.target_groups[arn]
        health = {one: targets.health_for({"Id": one}, group.ec2_backend) for one in found}
        # A target group that no listener uses checks nobody.
        found = {one for one in found if health[one].status == "healthy" or health[one].reason == "Target.NotInUse"}
    return found


def _advance(call: Call, refresh: dict[str, Any]) -> None:
    """Replace the next batch: what is unhealthy anyway, and of the others as many as the minimum healthy percentage
    allows to be away, but at least one. Those that were made in their place have to be healthy first.
    """
    backend = call.backend("autoscaling")
    group = backend.autoscaling_groups[refresh["AutoScalingGroupName"]]
    present = {state.instance.id for state in group.instance_states}
    healthy = _healthy(group)
    todo = [instance for instance in refresh["todo"] if instance in present]
    awaited = present - healthy - set(todo)
    batch = [instance for instance in todo if instance not in healthy]
    least = refresh["Preferences"].get("MinHealthyPercentage", 90)
    spare = max(1, len(present) * (100 - least) // 100) - len(batch) - len(awaited)
    batch += [instance for instance in todo if instance in healthy][: max(0, spare)]
    if batch:
        members = [state for state in group.instance_states if state.instance.id in batch]
        end(group, members, "an instance was taken out of service in response to an instance refresh.")
        awaited = {state.instance.id for state in group.instance_states} - _healthy(group) - set(todo)
    refresh["todo"] = [instance for instance in todo if instance not in batch]
    left = refresh["InstancesToUpdate"] = len(refresh["todo"]) + len(awaited)
    total = refresh["total"]
    refresh["PercentageComplete"] = 100 if not total else max(0, 100 * (total - left) // total)
    refresh["Status"] = "InProgress" if left else "Successful"
    if not left:
        refresh["EndTime"] = datetime.now(UTC)


@operation("autoscaling", "DescribeInstanceRefreshes")
def describe_instance_refreshes(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """The newest refresh first. Looking moves a running refresh on, so that a caller sees it progress.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeInstanceRefreshes.html
    """
    group = call.backend("autoscaling").autoscaling_groups[params["AutoScalingGroupName"]]
    wanted = params.get("InstanceRefreshIds")
    found = [one for one in _refreshes(call, group.name) if not wanted or one["InstanceRefreshId"] in wanted]
    shown = [dict(refresh) for refresh in found]
    for refresh in found:
        if refresh["Status"] in ("Pending", "InProgress"):
            _advance(call, refresh)
    return {"InstanceRefreshes": shown}


@operation("autoscaling", "CancelInstanceRefresh")
def cancel_instance_refresh(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CancelInstanceRefresh.html"""
    for refresh in _refreshes(call, params["AutoScalingGroupName"]):
        if refresh["Status"] in ("Pending", "InProgress"):
            refresh.update(Status="Cancelled", EndTime=datetime.now(UTC))
            return {"InstanceRefreshId": refresh["InstanceRefreshId"]}
    raise ApiError("ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found.")
