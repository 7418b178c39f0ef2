#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ec2_vpc
version_added: "0.1.0"
short_description: Make a VPC, known by its Name tag and its CIDR block
description:
  - Makes a VPC with one IPv4 CIDR block, changes its DNS attributes and tags, or deletes it.
  - Two VPCs with the name and the CIDR block are refused, and the message names both. So is a VPC with the name and
    another CIDR block, because AWS cannot change the one that a VPC was made with.
  - CIDR blocks that were added to the VPC later are left alone.
  - Follows U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html) and
    U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcAttribute.html).
notes:
  - M(amazon.aws.ec2_vpc_net) makes eleven calls for a VPC that is as declared, and a second VPC when its CIDR block
    was changed in the declaration. This module makes three.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The C(Name) tag.
    type: str
    required: true
  cidr:
    description: The IPv4 CIDR block that the VPC is made with, V(10.10.0.0/16) say, from /16 to /28.
    type: str
    required: true
  dns_support:
    description: Whether Amazon's DNS server answers in the VPC. AWS makes a VPC with it.
    type: bool
  dns_hostnames:
    description:
      - Whether a machine with a public address gets a public host name. AWS makes a VPC without.
      - Private hosted zones and the private names of interface endpoints need both.
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
- name: The main VPC
  pixstory.platform.ec2_vpc:
    name: pixstory-production-main
    cidr: 10.10.0.0/16
    dns_support: true
    dns_hostnames: true
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
vpc:
  description:
    - The VPC as DescribeVpcs returns it, keys in snake case, with C(enable_dns_support) and C(enable_dns_hostnames).
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    vpc_id: vpc-0123456789abcdef0
    cidr_block: 10.10.0.0/16
    enable_dns_support: true
    enable_dns_hostnames: true
    state: available
"""

from functools import partial
from ipaddress import IPv4Network
from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.aws_calls import Ec2Resource
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, main_for

MADE_WITH = {"EnableDnsSupport": True, "EnableDnsHostnames": False}


class Vpc(Ec2Resource):
    kind = "VPC"
    service = "ec2"
    id_key = "VpcId"
    result_key = "vpc"
    name_tag = True
    properties = (
        Property("dns_support", "EnableDnsSupport"),
        Property("dns_hostnames", "EnableDnsHostnames"),
    )

    def validate(self) -> None:
        cidr = self.params["cidr"]
        try:
            canonical = str(IPv4Network(cidr, strict=False))
        except ValueError:
            self.fail(f"{self.kind} {self.name}: cidr is {cidr!r}, not an IPv4 CIDR block. Write one as 10.10.0.0/16.")
        if canonical != cidr:  # AWS would make the VPC with the canonical one, and the next run not know it
            self.fail(f"{self.kind} {self.name}: cidr is {cidr!r}, not as AWS keeps it. Write {canonical}.")
        if self.params["dns_hostnames"] and self.params["dns_support"] is False:
            self.fail(f"{self.kind} {self.name}: dns_hostnames needs dns_support, which is false.")

    def describe(self) -> dict[str, Any] | None:
        cidr = self.params["cidr"]
        named = self.all("describe_vpcs", "Vpcs", {"tag:Name": self.name})
        found = [vpc for vpc in named if vpc["CidrBlock"] == cidr]
        if len(found) > 1:
            self.fail(
                f"{self.kind} {self.name}: {' and '.join(sorted(vpc['VpcId'] for vpc in found))} both have this name "
                f"and the CIDR block {cidr}. Delete the one that nothing is in, or give it another Name tag."
            )
        if not found:
            if named and self.params["state"] == "present":
                others = " and ".join(sorted(f"{vpc['VpcId']} with {vpc['CidrBlock']}" for vpc in named))
                self.fail(
                    f"{self.kind} {self.name} is declared with the CIDR block {cidr} and exists as {others}. AWS "
                    "cannot change the CIDR block of a VPC: set it back, or delete the VPC yourself and run again."
                )
            return None
        vpc = found[0]
        attributes = self.together(*(partial(self._attribute, vpc["VpcId"], name) for name in MADE_WITH))
        return {**vpc, **dict(zip(MADE_WITH, attributes, strict=True))}

    def _attribute(self, vpc: str, name: str) -> bool:
        answer = self.call("describe_vpc_attribute", VpcId=vpc, Attribute=name[0].lower() + name[1:])
        return bool(answer[name]["Value"])

    def create(self, declared: dict[str, Any]) -> None:
        made = self.call(
            "create_vpc",
            CidrBlock=self.params["cidr"],
            TagSpecifications=[{"ResourceType": "vpc", "Tags": self.boto3_tags()}],
        )["Vpc"]
        self.update(made, {name: value for name, value in declared.items() if value != MADE_WITH[name]})

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        # AWS takes one of them a call, and host names only while there is DNS support.
        for name, value in sorted(changes.items(), reverse=changes.get("EnableDnsSupport", False)):
            self.call("modify_vpc_attribute", VpcId=description["VpcId"], **{name: {"Value": value}})

    def busy(self, description: dict[str, Any]) -> bool:
        return description["State"] == "pending"

    def delete(self, description: dict[str, Any]) -> None:
        self.call("delete_vpc", VpcId=description["VpcId"])


def main() -> None:
    main_for(
        Vpc,
        {
            "name": {"required": True},
            "cidr": {"required": True},
            "dns_support": {"type": "bool"},
            "dns_hostnames": {"type": "bool"},
        },
        wait=True,
    )


if __name__ == "__main__":
    main()
