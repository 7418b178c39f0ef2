#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ec2_instance
version_added: "0.1.0"
short_description: Make one machine from a launch template, known by its Name tag
description:
  - Launches one EC2 instance from a launch template, changes its security groups, termination protection and tags, or
    terminates it. A machine that was stopped stays stopped.
  - Two machines of the name are refused, and the message names both. One that is terminated counts no more.
  - A machine keeps what it was launched with. A new version of the template does not change it.
  - Follows U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html) and
    U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html).
notes:
  - M(amazon.aws.ec2_instance) makes six calls for a machine that is as declared, and asks about subnets in check mode,
    so that a plan for an empty account stops there. This module makes two calls.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The C(Name) tag.
    type: str
    required: true
  launch_template:
    description: The name of the launch template. Needed for a launch, and without effect on a machine that runs.
    type: str
  launch_template_version:
    description: The version of the template, V($Latest), V($Default) or a number.
    type: str
    default: $Latest
  subnet_id:
    description: The subnet. Needed for a launch. AWS never changes it.
    type: str
  security_group_ids:
    description: The security groups of the first network interface, in place of the template's.
    type: list
    elements: str
  assign_public_ip:
    description: Whether the first network interface gets a public address at launch. The subnet says when not given.
    type: bool
  termination_protection:
    description: Whether AWS refuses to terminate the machine.
    type: bool
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - pixstory.platform.common.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The VPN's machine
  pixstory.platform.ec2_instance:
    name: pixstory-production-vpn
    launch_template: pixstory-production-vpn
    subnet_id: subnet-0123456789abcdef0
    security_group_ids: [sg-0123456789abcdef0]
    assign_public_ip: true
    termination_protection: true
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
instance:
  description:
    - The machine as DescribeInstances returns it, keys in snake case, with C(disable_api_termination).
    - Empty in check mode when it would be launched.
  returned: when O(state=present)
  type: dict
  sample:
    instance_id: i-0123456789abcdef0
    instance_type: t4g.small
    disable_api_termination: true
    private_ip_address: 10.10.0.5
    state:
      code: 16
      name: running
"""

from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.aws_calls import Ec2Resource
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, main_for

THERE = ("pending", "running", "stopping", "stopped", "shutting-down")


def group_ids(instance: dict[str, Any]) -> list[str]:
    return [group["GroupId"] for group in instance["SecurityGroups"]]


class Instance(Ec2Resource):
    kind = "EC2 instance"
    service = "ec2"
    id_key = "InstanceId"
    result_key = "instance"
    name_tag = True
    properties = (
        Property("launch_template", "LaunchTemplate", compare=False),
        Property("subnet_id", "SubnetId", mutable=False),
        Property("security_group_ids", "Groups", unordered=True, read=group_ids),
        Property("assign_public_ip", "AssociatePublicIpAddress", compare=False),
        Property("termination_protection", "DisableApiTermination"),
    )

    def required_to_create(self) -> tuple[str, ...]:
        return ("launch_template", "subnet_id")

    def describe(self) -> dict[str, Any] | None:
        filters = [
            {"Name": "tag:Name", "Values": [self.name]},
            {"Name": "instance-state-name", "Values": list(THERE)},
        ]
        reservations = self.pages("describe_instances", "Reservations", Filters=filters)
        found = [instance for reservation in reservations for instance in reservation["Instances"]]
        # A machine that goes counts only where there is no other: its successor has the name by now.
        found = [instance for instance in found if not self.going(instance)] or found[:1]
        if len(found) > 1:
            self.fail(
                f"{self.kind} {self.name}: {' and '.join(sorted(one['InstanceId'] for one in found))} both have this "
                "name. Terminate the one that is not needed, or give it another Name tag."
            )
        if not found or self.going(found[0]):
            return found[0] if found else None
        read = self.call(
            "describe_instance_attribute", InstanceId=found[0]["InstanceId"], Attribute="disableApiTermination"
        )
        return {**found[0], "DisableApiTermination": bool(read["DisableApiTermination"]["Value"])}

    def create(self, declared: dict[str, Any]) -> None:
        # The template's interface names no subnet, and AWS refuses a subnet beside an interface: so the interface,
        # whole.
        interface = {"DeviceIndex": 0, "DeleteOnTermination": True}
        interface |= {
            key: declared[key] for key in ("SubnetId", "Groups", "AssociatePublicIpAddress") if key in declared
        }
        template = {"LaunchTemplateName": declared["LaunchTemplate"], "Version": self.params["launch_template_version"]}
        protection = {key: declared[key] for key in ("DisableApiTermination",) if key in declared}
        self.call(
            "run_instances",
            LaunchTemplate=template,
            MinCount=1,
            MaxCount=1,
            NetworkInterfaces=[interface],
            TagSpecifications=[{"ResourceType": "instance", "Tags": self.boto3_tags()}],
            **protection,
        )

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        # AWS takes one attribute a call.
        if "Groups" in changes:
            self._modify(description, Groups=changes["Groups"])
        if "DisableApiTermination" in changes:
            self._modify(description, DisableApiTermination={"Value": changes["DisableApiTermination"]})

    def _modify(self, description: dict[str, Any], **attribute: Any) -> None:
        self.call("modify_instance_attribute", InstanceId=description["InstanceId"], **attribute)

    def delete(self, description: dict[str, Any]) -> None:
        self.call("terminate_instances", InstanceIds=[description["InstanceId"]])

    def plan(self, description: dict[str, Any] | None) -> Any:
        plan = super().plan(description)
        if plan.action == "delete" and description and description["DisableApiTermination"]:
            self.fail(
                f"{self.kind} {self.name} ({description['InstanceId']}) is protected against termination. If it shall "
                "go, run with state: present and termination_protection: false first."
            )
        return plan

    def going(self, description: dict[str, Any]) -> bool:
        return bool(description["State"]["Name"] == "shutting-down")

    def ready(self, description: dict[str, Any]) -> bool:
        """A machine that was stopped is as it should be: nobody asked to start it."""
        return description["State"]["Name"] != "pending"

    def advice(self, description: dict[str, Any] | None) -> str:
        machine = f" --instance-ids {description['InstanceId']}" if description else ""
        return f"To see why: aws ec2 describe-instances{machine}"


def main() -> None:
    main_for(
        Instance,
        {
            "name": {"required": True},
            "launch_template": {},
            "launch_template_version": {"default": "$Latest"},
            "subnet_id": {},
            "security_group_ids": {"type": "list", "elements": "str"},
            "assign_public_ip": {"type": "bool"},
            "termination_protection": {"type": "bool"},
        },
        wait=True,
    )


if __name__ == "__main__":
    main()
