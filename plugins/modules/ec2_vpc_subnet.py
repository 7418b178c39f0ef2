#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ec2_vpc_subnet
version_added: "0.1.0"
short_description: Make a subnet, known by its CIDR block in its VPC
description:
  - Makes an IPv4 subnet, changes its tags and whether machines get a public address, or deletes it.
  - A VPC has one subnet of a CIDR block. AWS cannot move it to another Availability Zone.
  - Follows U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSubnet.html) and
    U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySubnetAttribute.html).
notes:
  - M(amazon.aws.ec2_vpc_subnet) makes several calls for a subnet that is as declared. This module makes one.
author: Pixstory platform contributors (@pixstory)
options:
  cidr:
    description: The IPv4 CIDR block.
    type: str
    required: true
  vpc_id:
    description: The VPC.
    type: str
    required: true
  az:
    description: The Availability Zone, V(ap-south-1a) say. AWS picks one without it.
    type: str
  map_public:
    description: Whether a machine gets a public address when it does not say otherwise.
    type: bool
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The app tier in zone a
  pixstory.platform.ec2_vpc_subnet:
    vpc_id: vpc-0123456789abcdef0
    cidr: 10.10.64.0/20
    az: ap-south-1a
    map_public: false
    tags:
      Name: pixstory-production-main-app-a
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
subnet:
  description:
    - The subnet as DescribeSubnets returns it, keys in snake case.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    subnet_id: subnet-0123456789abcdef0
    cidr_block: 10.10.64.0/20
    state: available
"""

from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.aws_calls import Ec2Resource
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, main_for


class Subnet(Ec2Resource):
    kind = "subnet"
    service = "ec2"
    id_key = "SubnetId"
    name_param = "cidr"
    result_key = "subnet"
    properties = (
        Property("az", "AvailabilityZone", mutable=False),
        Property("map_public", "MapPublicIpOnLaunch"),
    )

    def describe(self) -> dict[str, Any] | None:
        filters = {"vpc-id": self.params["vpc_id"], "cidr-block": self.name}
        return self.first("describe_subnets", "Subnets", filters)

    def create(self, declared: dict[str, Any]) -> None:
        tags = self.boto3_tags()
        made = self.call(
            "create_subnet",
            VpcId=self.params["vpc_id"],
            CidrBlock=self.name,
            **({"AvailabilityZone": declared["AvailabilityZone"]} if "AvailabilityZone" in declared else {}),
            **({"TagSpecifications": [{"ResourceType": "subnet", "Tags": tags}]} if tags else {}),
        )["Subnet"]
        if declared.get("MapPublicIpOnLaunch"):  # AWS makes it without
            self.update(made, declared)

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        if "MapPublicIpOnLaunch" in changes:
            public = {"Value": changes["MapPublicIpOnLaunch"]}
            self.call("modify_subnet_attribute", SubnetId=description["SubnetId"], MapPublicIpOnLaunch=public)

    def busy(self, description: dict[str, Any]) -> bool:
        return description["State"] == "pending"

    def delete(self, description: dict[str, Any]) -> None:
        self.call("delete_subnet", SubnetId=description["SubnetId"])


def main() -> None:
    main_for(
        Subnet,
        {"cidr": {"required": True}, "vpc_id": {"required": True}, "az": {}, "map_public": {"type": "bool"}},
    )


if __name__ == "__main__":
    main()
