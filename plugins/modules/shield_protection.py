#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: shield_protection
version_added: "0.1.0"
short_description: Protect a resource with AWS Shield Advanced
description:
  - Puts a resource under the protection of AWS Shield Advanced, or takes it out.
  - Shield Advanced has to be subscribed to. This module does not subscribe, since that is a contract over a year.
  - Shield Standard protects everything without a subscription and has no API.
  - Follows U(https://docs.aws.amazon.com/waf/latest/DDOSAPIReference/API_CreateProtection.html).
author: Pixstory platform contributors (@pixstory)
options:
  resource_arn:
    description:
      - A load balancer, CloudFront distribution, Route 53 hosted zone, Global Accelerator or Elastic IP address
        (C(arn:aws:ec2:region:account:eip-allocation/id)). It has one protection at most.
    type: str
    required: true
  name:
    description: The name of the protection, which AWS cannot change later. Required when O(state=present).
    type: str
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Protect the public load balancer
  pixstory.platform.shield_protection:
    name: pixstory-production-public
    resource_arn: "{{ index | pixstory.platform.owned('load_balancers', 'public', 'arn') }}"
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
protection:
  description:
    - The protection as DescribeProtection returns it, keys in snake case.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    id: 01234567-89ab-cdef-0123-456789abcdef
    name: pixstory-production-public
    protection_arn: arn:aws:shield::123456789012:protection/01234567-89ab-cdef-0123-456789abcdef
"""

from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.aws_calls import TagResource
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Plan, Property, main_for


class Protection(TagResource):
    kind = "Shield Advanced protection"
    service = "shield"
    name_param = "resource_arn"
    result_key = "protection"
    arn_key = "ProtectionArn"
    tag_arguments = ("ResourceARN", "Tags", "TagKeys")
    tags_as_list = True
    properties = (Property("name", "Name", mutable=False),)

    def describe(self) -> dict[str, Any] | None:
        # An account without a subscription has no protections either.
        found = self.call_or_none("describe_protection", missing=("ResourceNotFoundException",), ResourceArn=self.name)
        if found is None:
            return None
        protection: dict[str, Any] = found["Protection"]
        tags = self.call("list_tags_for_resource", ResourceARN=protection["ProtectionArn"])["Tags"]
        return {**protection, "Tags": tags}

    def plan(self, description: dict[str, Any] | None) -> Plan:
        plan = super().plan(description)
        if plan.action == "create" and self.call("get_subscription_state")["SubscriptionState"] != "ACTIVE":
            self.fail(
                f"{self.name} is to be protected by Shield Advanced, to which this account is not subscribed. That "
                "is a contract over a year: subscribe with `aws shield create-subscription`, or do not ask for it. "
                "Shield Standard protects the resource in any case."
            )
        return plan

    def create(self, declared: dict[str, Any]) -> None:
        self.call("create_protection", ResourceArn=self.name, Tags=self.boto3_tags(), **declared)

    def delete(self, description: dict[str, Any]) -> None:
        self.call("delete_protection", ProtectionId=description["Id"])


def main() -> None:
    main_for(
        Protection,
        {"resource_arn": {"required": True}, "name": {}},
        required_if=[("state", "present", ["name"])],
    )


if __name__ == "__main__":
    main()
