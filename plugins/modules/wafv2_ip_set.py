#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: wafv2_ip_set
version_added: "0.1.0"
short_description: Make a list of addresses that the rules of web ACLs refer to
description:
  - Makes an IP set of AWS WAF, known by its name and scope, or deletes it.
  - Follows U(https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateIPSet.html).
notes:
  - M(community.aws.wafv2_ip_set) adds to the addresses that are there unless told otherwise, and gives up when another
    has changed the set meanwhile. This module makes the set what is declared, and tries again with a new lock token.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name, unique within the scope. 1 to 128 letters, digits, hyphens and underscores.
    type: str
    required: true
  scope:
    description: Who uses it. With V(CLOUDFRONT) the O(region) has to be us-east-1.
    type: str
    choices: [REGIONAL, CLOUDFRONT]
    default: REGIONAL
  ip_address_version:
    description: The family of the addresses. Needed to create the set; AWS cannot change it.
    type: str
    choices: [IPV4, IPV6]
  addresses:
    description:
      - CIDR blocks, in any order, 10,000 at most. Exact when given. Needed to create the set; it may be empty.
      - AWS takes no block of length 0. A single address is written with V(/32) or V(/128).
    type: list
    elements: str
  description:
    description: What it is for.
    type: str
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: List the addresses that are blocked
  pixstory.platform.wafv2_ip_set:
    name: pixstory-production-public-block-ipv4
    ip_address_version: IPV4
    addresses: [192.0.2.0/24, 198.51.100.7/32]
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
ip_set:
  description:
    - The IP set as GetIPSet returns it, keys in snake case.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  contains:
    arn:
      description: The ARN, by which rules refer to it.
      type: str
      sample: arn:aws:wafv2:ap-south-1:123456789012:regional/ipset/pixstory-production-public-block-ipv4/0123-4567
    addresses:
      description: The CIDR blocks.
      type: list
      elements: str
    tags:
      description: The tags.
      type: dict
"""

import ipaddress
from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, main_for
from ansible_collections.pixstory.platform.plugins.module_utils.wafv2 import SCOPE_ARGUMENT, WafResource

FAMILIES = {4: "IPV4", 6: "IPV6"}


def same_blocks(declared: list[str], present: list[str]) -> bool:
    """AWS returns IPv6 in its shortest form, and lists in no order."""
    return {ipaddress.ip_network(one) for one in declared} == {ipaddress.ip_network(one) for one in present}


class IpSet(WafResource):
    kind = "IP set"
    noun = "ip_set"
    answer_key = "IPSet"
    list_operation = "list_ip_sets"
    list_key = "IPSets"
    result_key = "ip_set"
    properties = (
        Property("ip_address_version", "IPAddressVersion", mutable=False),
        Property("addresses", "Addresses", equal=same_blocks),
        Property("description", "Description"),
    )

    def validate(self) -> None:
        super().validate()
        family = self.params["ip_address_version"]
        for block in self.params["addresses"] or []:
            try:
                network = ipaddress.ip_network(block)
            except ValueError as error:
                self.fail(f"{self.kind} {self.name}: addresses has {block!r}, and {error}. Write a CIDR block.")
            if "/" not in block or not network.prefixlen:
                self.fail(
                    f"{self.kind} {self.name}: addresses has {block!r}. Write a CIDR block with a length of 1 at "
                    f"least; a single address is {network.network_address}/{network.max_prefixlen}."
                )
            if family and FAMILIES[network.version] != family:
                self.fail(
                    f"{self.kind} {self.name}: addresses has {block!r}, and ip_address_version is {family}. "
                    "Put it into a set of its own family."
                )

    def required_to_create(self) -> tuple[str, ...]:
        return ("ip_address_version", "addresses")

    def create(self, declared: dict[str, Any]) -> None:
        self.call("create_ip_set", Name=self.name, Scope=self.params["scope"], **declared, **self.tag_arguments())

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        """UpdateIPSet takes the whole set, and drops a description that is not repeated."""

        def whole(present: dict[str, Any]) -> dict[str, Any]:
            kept = {key: present[key] for key in ("Addresses", "Description") if present.get(key)}
            return {"Addresses": [], **kept, **changes}

        self.write("update_ip_set", description, whole)


def main() -> None:
    main_for(
        IpSet,
        {
            "name": {"required": True},
            **SCOPE_ARGUMENT,
            "ip_address_version": {"choices": ["IPV4", "IPV6"]},
            "addresses": {"type": "list", "elements": "str"},
            "description": {},
        },
    )


if __name__ == "__main__":
    main()
