#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ec2_elastic_ip
version_added: "0.1.0"
short_description: Take an Elastic IP address, known by its Name tag
description:
  - Takes an address, gives it to an instance, changes its tags, or gives it back.
  - Follows U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AllocateAddress.html) and
    U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html).
notes:
  - M(amazon.aws.ec2_eip) takes an address and tags it in a second call. AWS may not know the address by then, so the
    module fails and leaves an address that no environment owns; an account has five. It also takes another address on
    each run once the first is in use. This module takes and tags it in one call, and finds it again by its name.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The Name tag.
    type: str
    required: true
  instance_id:
    description: The instance that has the address. It leaves the one that had it before.
    type: str
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The address of the VPN server
  pixstory.platform.ec2_elastic_ip:
    name: pixstory-production-vpn
    instance_id: i-0123456789abcdef0
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
address:
  description:
    - The address as DescribeAddresses returns it, keys in snake case.
    - Empty in check mode when it would be taken.
  returned: when O(state=present)
  type: dict
  sample:
    allocation_id: eipalloc-0123456789abcdef0
    public_ip: 198.51.100.7
"""

from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.aws_calls import Ec2Resource
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, main_for


class ElasticIp(Ec2Resource):
    kind = "Elastic IP address"
    service = "ec2"
    id_key = "AllocationId"
    name_tag = True
    result_key = "address"
    properties = (Property("instance_id", "InstanceId"),)

    def describe(self) -> dict[str, Any] | None:
        named = [{"Name": "tag:Name", "Values": [self.name]}]
        return next(iter(self.call("describe_addresses", Filters=named)["Addresses"]), None)

    def create(self, declared: dict[str, Any]) -> None:
        tags = [{"ResourceType": "elastic-ip", "Tags": self.boto3_tags()}]
        made = self.call("allocate_address", Domain="vpc", TagSpecifications=tags)
        if declared:
            self.update(made, declared)

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        if "InstanceId" in changes:
            self.call(
                "associate_address",
                AllocationId=description["AllocationId"],
                InstanceId=changes["InstanceId"],
                AllowReassociation=True,
            )

    def delete(self, description: dict[str, Any]) -> None:
        if "AssociationId" in description:
            self.call("disassociate_address", AssociationId=description["AssociationId"])
        self.call("release_address", AllocationId=description["AllocationId"])


def main() -> None:
    main_for(ElasticIp, {"name": {"required": True}, "instance_id": {}})


if __name__ == "__main__":
    main()
