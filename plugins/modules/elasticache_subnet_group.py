#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: elasticache_subnet_group
version_added: "0.1.0"
short_description: Make an ElastiCache subnet group, with tags
description:
  - Makes, changes or deletes a cache subnet group.
  - Follows U(https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateCacheSubnetGroup.html) and
    U(https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyCacheSubnetGroup.html).
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name of the group. AWS keeps it in lower case.
    type: str
    required: true
  description:
    description: What the group is for. Needed to create it.
    type: str
  subnet_ids:
    description: All subnets of the group, of one VPC. Needed to create it.
    type: list
    elements: str
    aliases: [subnets]
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Subnets of the caches of production
  pixstory.platform.elasticache_subnet_group:
    name: pixstory-production-data
    description: Data subnets of pixstory production
    subnet_ids: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
subnet_group:
  description:
    - The group as DescribeCacheSubnetGroups returns it, keys in snake case.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    arn: arn:aws:elasticache:ap-south-1:123456789012:subnetgroup:pixstory-production-data
    cache_subnet_group_name: pixstory-production-data
    vpc_id: vpc-0123456789abcdef0
"""

from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.aws_calls import TagsByArn
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, main_for


class SubnetGroup(TagsByArn):
    kind = "ElastiCache subnet group"
    service = "elasticache"
    result_key = "subnet_group"
    properties = (
        Property("description", "CacheSubnetGroupDescription"),
        Property(
            "subnet_ids",
            "SubnetIds",
            read=lambda description: [subnet["SubnetIdentifier"] for subnet in description["Subnets"]],
            unordered=True,
        ),
    )

    def required_to_create(self) -> tuple[str, ...]:
        return ("description", "subnet_ids")

    def describe(self) -> dict[str, Any] | None:
        found = self.call_or_none(
            "describe_cache_subnet_groups", missing=("CacheSubnetGroupNotFoundFault",), CacheSubnetGroupName=self.name
        )
        if found is None:
            return None
        description = found["CacheSubnetGroups"][0]
        return {**description, "TagList": self.list_tags(description["ARN"])}

    def create(self, declared: dict[str, Any]) -> None:
        self.call("create_cache_subnet_group", CacheSubnetGroupName=self.name, Tags=self.boto3_tags(), **declared)

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        self.call("modify_cache_subnet_group", CacheSubnetGroupName=self.name, **changes)

    def delete(self, description: dict[str, Any]) -> None:
        self.call("delete_cache_subnet_group", CacheSubnetGroupName=self.name)


def main() -> None:
    main_for(
        SubnetGroup,
        {
            "name": {"required": True},
            "description": {},
            "subnet_ids": {"type": "list", "elements": "str", "aliases": ["subnets"]},
        },
    )


if __name__ == "__main__":
    main()
