# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EC2 Auto Scaling over time: launch hooks, standby, health checks that terminate, and the record of activities."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from moto.autoscaling.models import (
    AutoScalingBackend,
    FakeAutoScalingGroup,
    InstanceState,
    LifecycleHook,
    autoscaling_backends,
)
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import EmptyResult
from moto.elbv2.models import elbv2_backends

from lab.emulator.clock import CLOCK, each_tick
from lab.emulator.registry import MACHINE_HEALTH, TARGET_HEALTH, ApiError, Call, fix, operation, table, wrap

ACTIVITIES = "scaling activities"
RELAUNCH_SECONDS = 60.0  # AWS tries a launch that failed again, later and later; here once a minute
LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
ELB_FAILED = "an instance was taken out of service in response to an ELB system health check failure."
EC2_FAILED = "an instance was taken out of service in response to an EC2 health check indicating it has been stopped."
TOLD_UNHEALTHY = "an instance was taken out of service in response to a user health-check."


def suspended(group: FakeAutoScalingGroup, *processes: str) -> bool:
    """Whether one of these processes of a group is suspended."""
    return any(entry["ProcessName"] in processes for entry in group.suspended_processes)


def record(group: FakeAutoScalingGroup, description: str, cause: str, error: str = "") -> None:
    """Note what the group did, or what it tried and could not do."""
    now = datetime.fromtimestamp(CLOCK.now(), UTC)
    activities = table(group.account_id, group.region, ACTIVITIES).setdefault(group.name, [])
    activities.insert(
        0,
        {
            "ActivityId": str(uuid.uuid4()),
            "AutoScalingGroupName": group.name,
            "Description": description,
            "Cause": f"At {now:%Y-%m-%dT%H:%M:%SZ} {cause}",
            "StartTime": now,
            "EndTime": now,
            "StatusCode": "Failed" if error else "Successful",
            **({"StatusMessage": error} if error else {}),
            "Progress": 100,
            "Details": "{}",
        },
    )


def launch_hooks(group: FakeAutoScalingGroup) -> list[LifecycleHook]:
    """The hooks at which a new instance of a group waits."""
    hooks = group.autoscaling_backend.describe_lifecycle_hooks(group.name)
    return [hook for hook in hooks if hook.lifecycle_transition == LAUNCHING]


def launched(group: FakeAutoScalingGroup, state: InstanceState) -> None:
    """Have a new instance wait at the launch hooks, or enter service where there are none."""
    state.waits_until = {  # type: ignore[attr-defined]
        hook.name: CLOCK.now() + hook.heartbeat_timeout for hook in launch_hooks(group)
    }
    if state.waits_until:  # type: ignore[attr-defined]
        state.lifecycle_state = "Pending:Wait"
    else:
        enter_service(state)


def enter_service(state: InstanceState) -> None:
    """From now on the instance takes traffic, and after its grace period its health counts."""
    state.lifecycle_state = "InService"
    state.in_service_since = CLOCK.now()  # type: ignore[attr-defined]
    state.attached = set()  # type: ignore[attr-defined]


def end(group: FakeAutoScalingGroup, states: list[InstanceState], cause: str) -> None:
    """Terminate instances; the group launches others in their place."""
    backend = group.autoscaling_backend
    gone = [state.instance.id for state in states]
    for one in gone:
        record(group, f"Terminating EC2 instance: {one}", cause)
    backend.ec2_backend.terminate_instances(gone)
    elbv2_backends[group.account_id][group.region].notify_terminate_instances(gone)
    backend.notify_terminate_instances(gone)


def _members(backend: AutoScalingBackend, name: str, instances: list[str]) -> Iterator[InstanceState]:
    there = {state.instance.id: state for state in backend.autoscaling_groups[name].instance_states}
    for one in instances:
        if one not in there:
            raise ApiError("ValidationError", f"The instance {one} is not part of Auto Scaling group {name}.")
        yield there[one]


def _deregister(group: FakeAutoScalingGroup, instance: str) -> None:
    balancing = elbv2_backends[group.account_id][group.region]
    for arn in group.target_group_arns:
        if arn in balancing.target_groups and instance in balancing.target_groups[arn].targets:
            balancing.deregister_targets(arn, [{"Id": instance}])


@fix("autoscaling")
def only_what_is_in_service_takes_traffic() -> None:
    """An instance is registered when it enters service, once; what is pending counts for the capacity all the same.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html
    """

    @wrap(AutoScalingBackend, "update_attached_target_groups")
    def update(original: Any, backend: AutoScalingBackend, group_name: str) -> None:
        group = backend.autoscaling_groups[group_name]
        for state in group.instance_states:
            attached: set[str] = getattr(state, "attached", set())
            attached &= set(group.target_group_arns)
            new = [] if suspended(group, "AddToLoadBalancer") else sorted(set(group.target_group_arns) - attached)
            if state.lifecycle_state == "InService" and new:
                for one in backend.elbv2_backend.describe_target_groups(None, new, None):
                    backend.elbv2_backend.register_targets(one.arn, [{"Id": state.instance.id, "Port": one.port}])
                state.attached = attached | set(new)  # type: ignore[attr-defined]

    @wrap(FakeAutoScalingGroup, "active_instances")
    def active(original: Any, group: FakeAutoScalingGroup) -> list[InstanceState]:
        return [state for state in group.instance_states if state.lifecycle_state != "Standby"]


@fix("autoscaling")
def lifecycle_hooks_belong_to_their_group() -> None:
    """A group can be made with its hooks, so that its first instances wait at them; they go with it.

    A hook has a role and a notification target only if it was given them.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html
    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LifecycleHook.html
    """

    @wrap(AutoScalingBackend, "create_lifecycle_hook")
    def create(original: Any, backend: AutoScalingBackend, *args: Any, **kwargs: Any) -> Any:
        hook = original(backend, *args, **kwargs)
        hook.role_arn = hook.notification_target_arn = None
        return hook

    @wrap(AutoScalingResponse, "create_auto_scaling_group")
    def create_group(original: Any, response: AutoScalingResponse) -> Any:
        params, backend = response._get_params(), response.autoscaling_backend
        name = params["AutoScalingGroupName"]
        if name not in backend.autoscaling_groups:
            for hook in params.get("LifecycleHookSpecificationList") or []:
                backend.create_lifecycle_hook(
                    hook["LifecycleHookName"],
                    name,
                    hook["LifecycleTransition"],
                    hook.get("HeartbeatTimeout"),
                    hook.get("DefaultResult"),
                )
        return original(response)

    @wrap(AutoScalingBackend, "delete_auto_scaling_group")
    def delete(original: Any, backend: AutoScalingBackend, group_name: str) -> None:
        original(backend, group_name)
        for hook in backend.describe_lifecycle_hooks(group_name):
            backend.delete_lifecycle_hook(group_name, hook.name)


@operation("autoscaling", "CompleteLifecycleAction")
def complete_lifecycle_action(call: Call, params: dict[str, Any]) -> None:
    """A new instance of a group with launch hooks is Pending:Wait until all of them are completed or timed out.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CompleteLifecycleAction.html
    """
    group = call.backend("autoscaling").autoscaling_groups[params["AutoScalingGroupName"]]
    waiting = {state.instance.id: state for state in group.instance_states if state.lifecycle_state == "Pending:Wait"}
    state = waiting.get(params.get("InstanceId", ""))
    if state is None or params["LifecycleHookName"] not in state.waits_until:  # type: ignore[attr-defined]
        raise ApiError(
            "ValidationError", f"No active Lifecycle Action found with instance ID {params.get('InstanceId')}"
        )
    _complete(group, state, params["LifecycleHookName"], params["LifecycleActionResult"])


def _complete(group: FakeAutoScalingGroup, state: InstanceState, hook: str, result: str) -> None:
    waits: dict[str, float] = state.waits_until  # type: ignore[attr-defined]
    del waits[hook]
    if result != "CONTINUE":
        end(group, [state], f"an instance was taken out of service: the launch hook {hook} was answered {result}.")
    elif not waits:
        enter_service(state)
        group.autoscaling_backend.update_attached_target_groups(group.name)


@fix("autoscaling")
def standby_takes_no_traffic() -> None:
    """An instance that enters standby leaves its target groups, and comes back to them when it exits.

    Capacity is decremented only as far as the minimum allows.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-enter-exit-standby.html
    """

    @wrap(AutoScalingBackend, "enter_standby_instances")
    def enter(
        original: Any, backend: AutoScalingBackend, group_name: str, instance_ids: list[str], should_decrement: bool
    ) -> Any:
        group = backend.autoscaling_groups[group_name]
        for state in _members(backend, group_name, instance_ids):
            if state.lifecycle_state != "InService":
                raise ApiError("ValidationError", f"The instance {state.instance.id} is not in InService.")
        if should_decrement and group.desired_capacity - len(instance_ids) < group.min_size:  # type: ignore[operator]
            raise ApiError(
                "ValidationError",
                f"AutoScalingGroup {group_name} has min-size={group.min_size}, max-size={group.max_size}, and "
                f"desired-size={group.desired_capacity}. To place into standby {len(instance_ids)} instance, please "
                "update the AutoScalingGroup sizes appropriately.",
            )
        for one in instance_ids:
            _deregister(group, one)
        return original(backend, group_name, instance_ids, should_decrement)

    @wrap(AutoScalingBackend, "exit_standby_instances")
    def leave(original: Any, backend: AutoScalingBackend, group_name: str, instance_ids: list[str]) -> Any:
        group = backend.autoscaling_groups[group_name]
        for state in _members(backend, group_name, instance_ids):
            if state.lifecycle_state != "Standby":
                raise ApiError("ValidationError", f"The instance {state.instance.id} is not in Standby.")
        if group.desired_capacity + len(instance_ids) > group.max_size:  # type: ignore[operator]
            raise ApiError(
                "ValidationError",
                f"AutoScalingGroup {group_name} has min-size={group.min_size}, max-size={group.max_size}, and "
                f"desired-size={group.desired_capacity}. To remove from standby {len(instance_ids)} instance, please "
                "update the AutoScalingGroup sizes appropriately.",
            )
        for state in _members(backend, group_name, instance_ids):
            enter_service(state)
        return original(backend, group_name, instance_ids)


@fix("autoscaling")
def unhealthy_instances_are_replaced() -> None:
    """An instance set Unhealthy is ended and replaced, unless those processes are suspended or its grace period lasts.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_SetInstanceHealth.html
    """

    @wrap(AutoScalingResponse, "set_instance_health")
    def set_instance_health(original: Any, response: AutoScalingResponse) -> Any:
        params = response._get_params()
        backend = response.autoscaling_backend
        for group in backend.autoscaling_groups.values():
            for state in group.instance_states:
                if state.instance.id == params["InstanceId"]:
                    respects = params.get("ShouldRespectGracePeriod", True) is not False
                    if respects and params["HealthStatus"] == "Unhealthy" and _in_grace(group, state, CLOCK.now()):
                        return EmptyResult()
                    result = original(response)
                    _replace_unhealthy(group, TOLD_UNHEALTHY)
                    return result
        raise ApiError("ValidationError", f"Instance Id not found - No managed instance found: {params['InstanceId']}")


def _in_grace(group: FakeAutoScalingGroup, state: InstanceState, now: float) -> bool:
    since: float = getattr(state, "in_service_since", 0.0)  # one that was attached had its time
    return state.lifecycle_state != "InService" or now - since < (group.health_check_grace_period or 0)


def _replace_unhealthy(group: FakeAutoScalingGroup, cause: str) -> None:
    if suspended(group, "ReplaceUnhealthy", "Terminate"):
        return
    found = [
        state
        for state in group.instance_states
        if state.health_status == "Unhealthy" and state.lifecycle_state != "Standby"
    ]
    if found:
        end(group, found, cause)


def _fails(group: FakeAutoScalingGroup, state: InstanceState) -> bool:
    """Whether a load balancer finds an instance unhealthy. One that somebody deregistered is not healthy either."""
    balancing = elbv2_backends[group.account_id][group.region]
    for arn in getattr(state, "attached", ()):
        targets = balancing.target_groups.get(arn)
        if targets and (
            state.instance.id not in targets.targets
            or targets.health_for({"Id": state.instance.id}, group.ec2_backend).status == "unhealthy"
        ):
            return True
    return False


@each_tick
def _go_on(now: float) -> None:
    """What groups do by themselves: hooks time out, health is judged, and what is lacking is launched.

    Each unhealthy instance is terminated, however many there are:
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-health-checks.html
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/health-check-grace-period.html
    """
    for account in list(autoscaling_backends.values()):
        for backend in list(account.values()):
            for group in list(backend.autoscaling_groups.values()):
                _time_out(group, now)
                _judge(group, now)
                _launch_what_lacks(group, now)


def _time_out(group: FakeAutoScalingGroup, now: float) -> None:
    results = {hook.name: hook.default_result for hook in launch_hooks(group)}
    for state in list(group.instance_states):
        for hook, until in list(getattr(state, "waits_until", {}).items()):
            if state in group.instance_states and now >= until:
                # A hook that was deleted in between holds nobody.
                _complete(group, state, hook, results.get(hook, "CONTINUE"))


def _judge(group: FakeAutoScalingGroup, now: float) -> None:
    if suspended(group, "HealthCheck"):
        return
    serving = [state for state in group.instance_states if state.lifecycle_state != "Standby"]
    dead = table(group.account_id, group.region, MACHINE_HEALTH)
    for state in serving:
        if state.instance.id in dead:
            state.health_status = "Unhealthy"
    _replace_unhealthy(group, EC2_FAILED)
    if group.health_check_type != "ELB" or not table(group.account_id, group.region, TARGET_HEALTH):
        return
    for state in serving:
        if state in group.instance_states and not _in_grace(group, state, now) and _fails(group, state):
            state.health_status = "Unhealthy"
    _replace_unhealthy(group, ELB_FAILED)


def _launch_what_lacks(group: FakeAutoScalingGroup, now: float) -> None:
    lacks = (group.desired_capacity or 0) - len(group.active_instances())
    if lacks > 0 and now >= getattr(group, "launch_again_at", 0.0) and not suspended(group, "Launch"):
        group.set_desired_capacity(group.desired_capacity)


@operation("autoscaling", "DescribeScalingActivities")
def describe_scaling_activities(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """What a group did, the newest first, with the reason of what failed.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeScalingActivities.html
    """
    kept = call.table(ACTIVITIES)
    name = params.get("AutoScalingGroupName")
    found = [one for group, activities in kept.items() if name in (None, group) for one in activities]
    wanted = params.get("ActivityIds")
    found = [one for one in found if not wanted or one["ActivityId"] in wanted]
    return {
        "Activities": sorted(found, key=lambda one: one["StartTime"], reverse=True)[: params.get("MaxRecords", 100)]
    }
