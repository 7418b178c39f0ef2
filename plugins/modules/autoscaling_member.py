#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: autoscaling_member
version_added: "0.2.0"
short_description: Take a machine of an Auto Scaling group out for a while, and in again
description:
  - A machine that is taken out stands by, and its group is one smaller. So the group neither sends it traffic nor
    replaces it, whatever is done to it.
  - Where the minimum of the group forbids that, the machine stays in service and the group's process C(HealthCheck) is
    suspended instead. A group counts a machine that its load balancer does not find healthy as one that has failed, and
    who was marked unhealthy stays so. The machine has to be deregistered from its target group besides.
  - Whoever takes a machine in again ends both, whichever it was and whoever began it.
  - A machine that still waits at a launch hook is left alone. It takes no traffic yet.
  - Follows U(https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-enter-exit-standby.html) and
    U(https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html).
notes:
  - M(amazon.aws.autoscaling_instance) fails where the minimum of the group forbids standby, suspends no process, and
    attaches, detaches and terminates instances too. Whoever configures machines needs no permission for that.
author: Pixstory platform contributors (@pixstory)
options:
  group:
    description: The name of the Auto Scaling group.
    type: str
    required: true
  instance_id:
    description: The id of the instance.
    type: str
    required: true
  in_service:
    description: Whether the machine is to be in service.
    type: bool
    required: true
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Take a machine out
  pixstory.platform.autoscaling_member:
    group: pixstory-production-web
    instance_id: i-0123456789abcdef0
    in_service: false
    wait: true

- name: Take it in again
  pixstory.platform.autoscaling_member:
    group: pixstory-production-web
    instance_id: i-0123456789abcdef0
    in_service: true
    wait: true
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: update
member:
  description: The machine in its group. Empty when the group does not have it.
  returned: always
  type: dict
  contains:
    lifecycle_state:
      description: Its state, for example V(InService), V(Standby) or V(Pending:Wait).
      type: str
    standby:
      description: Whether it stands by.
      type: bool
    health_checked:
      description: Whether the group judges the health of its machines.
      type: bool
"""

from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Plan, Property, Resource, main_for

PROCESS = "HealthCheck"


class Member(Resource):
    kind = "Auto Scaling group member"
    service = "autoscaling"
    name_param = "instance_id"
    result_key = "member"
    extra_retry_codes = ("ResourceContention", "ScalingActivityInProgress")
    properties = (Property("standby", "Standby"), Property("health_checked", "HealthChecked"))

    def describe(self) -> dict[str, Any] | None:
        answer = self.call("describe_auto_scaling_groups", AutoScalingGroupNames=[self.params["group"]])
        for group in answer["AutoScalingGroups"]:
            for one in group["Instances"]:
                if one["InstanceId"] == self.name:
                    return {
                        "LifecycleState": one["LifecycleState"],
                        "Standby": one["LifecycleState"] in ("EnteringStandby", "Standby"),
                        "HealthChecked": all(item["ProcessName"] != PROCESS for item in group["SuspendedProcesses"]),
                        "Spare": group["DesiredCapacity"] > group["MinSize"],
                    }
        return None

    def ready(self, description: dict[str, Any]) -> bool:
        return description["LifecycleState"] in ("InService", "Standby", "Pending:Wait")

    def plan(self, description: dict[str, Any] | None) -> Plan:
        if description is None:
            return Plan()
        self.params.update(self._wanted(description))
        return super().plan(description)

    def _wanted(self, description: dict[str, Any]) -> dict[str, bool]:
        if self.params["in_service"]:
            return {"standby": False, "health_checked": True}
        if description["LifecycleState"] != "InService":
            return {}
        return {"standby": True} if description["Spare"] else {"health_checked": False}

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        group = {"AutoScalingGroupName": self.params["group"]}
        if "Standby" in changes:
            if changes["Standby"]:
                self.call("enter_standby", InstanceIds=[self.name], ShouldDecrementDesiredCapacity=True, **group)
            else:
                self.call("exit_standby", InstanceIds=[self.name], **group)
        if "HealthChecked" in changes:
            operation = "resume_processes" if changes["HealthChecked"] else "suspend_processes"
            self.call(operation, ScalingProcesses=[PROCESS], **group)


def main() -> None:
    main_for(
        Member,
        {
            "group": {"required": True},
            "instance_id": {"required": True},
            "in_service": {"type": "bool", "required": True},
        },
        tags=False,
        wait=True,
    )


if __name__ == "__main__":
    main()
