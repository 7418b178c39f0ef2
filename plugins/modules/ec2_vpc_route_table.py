#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ec2_vpc_route_table
version_added: "0.1.0"
short_description: Make a route table, known by its name in its VPC
description:
  - Makes a route table with its routes and the subnets that use it, changes it, or deletes it.
  - The table is known by its Name tag, which is O(name), among those of the VPC.
  - The VPC's own routes, those that a gateway propagates, and those of gateway endpoints are left alone.
  - A subnet that used another table uses this one from now on, without a moment in which it has none.
  - Follows U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html) and
    U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceRouteTableAssociation.html).
notes:
  - M(amazon.aws.ec2_vpc_route_table) makes many calls for a table that is as declared, waits five seconds for each that
    it makes, and warns about the route of a gateway endpoint in every run. This module makes one call, and does not.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The Name tag.
    type: str
    required: true
  vpc_id:
    description: The VPC.
    type: str
    required: true
  subnets:
    description: Ids of the subnets that use the table, all of them.
    type: list
    elements: str
  routes:
    description: The routes, all of them. Each has one target.
    type: list
    elements: dict
    suboptions:
      dest:
        description: The IPv4 CIDR block that the route leads to.
        type: str
        required: true
      gateway_id:
        description: An internet gateway.
        type: str
      nat_gateway_id:
        description: A NAT gateway.
        type: str
      vpc_peering_connection_id:
        description: A VPC peering connection.
        type: str
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The app tier of zone a leaves through the NAT gateway of its zone
  pixstory.platform.ec2_vpc_route_table:
    name: pixstory-production-main-app-a
    vpc_id: vpc-0123456789abcdef0
    subnets: [subnet-0123456789abcdef0]
    routes:
      - dest: 0.0.0.0/0
        nat_gateway_id: nat-0123456789abcdef0
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: update
route_table:
  description:
    - The route table as DescribeRouteTables returns it, keys in snake case.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    route_table_id: rtb-0123456789abcdef0
    vpc_id: vpc-0123456789abcdef0
"""

from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.aws_calls import Ec2Resource
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, main_for

TARGETS = {
    "gateway_id": "GatewayId",
    "nat_gateway_id": "NatGatewayId",
    "vpc_peering_connection_id": "VpcPeeringConnectionId",
}


def own_routes(description: dict[str, Any]) -> list[dict[str, str]]:
    """The routes that somebody declared, in the module's form."""
    return [
        {
            "dest": route["DestinationCidrBlock"],
            **{option: route[key] for option, key in TARGETS.items() if route.get(key)},
        }
        for route in description.get("Routes", [])
        # A gateway endpoint's leads to a prefix list and has no CIDR block.
        if route.get("Origin") == "CreateRoute" and route.get("DestinationCidrBlock")
    ]


def own_subnets(description: dict[str, Any]) -> list[str]:
    return [one["SubnetId"] for one in description.get("Associations", []) if one.get("SubnetId")]


class RouteTable(Ec2Resource):
    kind = "route table"
    service = "ec2"
    id_key = "RouteTableId"
    result_key = "route_table"
    name_tag = True
    properties = (
        Property("routes", "Routes", read=own_routes, unordered=True),
        Property("subnets", "Subnets", read=own_subnets, unordered=True),
    )

    def validate(self) -> None:
        for route in self.params.get("routes") or []:
            targets = [option for option in TARGETS if route.get(option)]
            if len(targets) != 1:
                has = " and ".join(targets) or "no target"
                wanted = f"give one of {', '.join(TARGETS)}"
                self.fail(f"{self.kind} {self.name}: the route to {route['dest']} has {has}; {wanted}.")

    def describe(self) -> dict[str, Any] | None:
        return self.first(
            "describe_route_tables", "RouteTables", {"vpc-id": self.params["vpc_id"], "tag:Name": self.name}
        )

    def create(self, declared: dict[str, Any]) -> None:
        made = self.call(
            "create_route_table",
            VpcId=self.params["vpc_id"],
            TagSpecifications=[{"ResourceType": "route-table", "Tags": self.boto3_tags()}],
        )
        self.update(made["RouteTable"], declared)

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        table = description["RouteTableId"]
        if "Routes" in changes:
            self._set_routes(table, {route["dest"]: route for route in own_routes(description)}, changes["Routes"])
        if "Subnets" in changes:
            self._set_subnets(table, description, changes["Subnets"])

    def _set_routes(self, table: str, present: dict[str, dict[str, str]], declared: list[dict[str, str]]) -> None:
        for route in declared:
            if present.get(route["dest"]) != route:
                targets = {key: route[option] for option, key in TARGETS.items() if option in route}
                operation = "replace_route" if route["dest"] in present else "create_route"
                self.call(operation, RouteTableId=table, DestinationCidrBlock=route["dest"], **targets)
        for dest in present.keys() - {route["dest"] for route in declared}:
            self.call("delete_route", RouteTableId=table, DestinationCidrBlock=dest)

    def _set_subnets(self, table: str, description: dict[str, Any], declared: list[str]) -> None:
        present = own_subnets(description)
        if missing := [subnet for subnet in declared if subnet not in present]:
            elsewhere = self._associations([{"Name": "association.subnet-id", "Values": missing}])
            for subnet in missing:
                if subnet in elsewhere:
                    association = elsewhere[subnet]
                    self.call("replace_route_table_association", AssociationId=association, RouteTableId=table)
                else:
                    self.call("associate_route_table", RouteTableId=table, SubnetId=subnet)
        for association in description.get("Associations", []):
            if association.get("SubnetId") and association["SubnetId"] not in declared:
                self.call("disassociate_route_table", AssociationId=association["RouteTableAssociationId"])

    def _associations(self, filters: list[dict[str, Any]]) -> dict[str, str]:
        """By subnet, its association with whatever table."""
        tables = self.pages("describe_route_tables", "RouteTables", Filters=filters)
        found = [association for table in tables for association in table["Associations"]]
        return {one["SubnetId"]: one["RouteTableAssociationId"] for one in found if one.get("SubnetId")}

    def delete(self, description: dict[str, Any]) -> None:
        self._set_subnets(description["RouteTableId"], description, [])
        self.call("delete_route_table", RouteTableId=description["RouteTableId"])


def main() -> None:
    targets = {option: {} for option in TARGETS}
    main_for(
        RouteTable,
        {
            "name": {"required": True},
            "vpc_id": {"required": True},
            "subnets": {"type": "list", "elements": "str"},
            "routes": {"type": "list", "elements": "dict", "options": {"dest": {"required": True}, **targets}},
        },
    )


if __name__ == "__main__":
    main()
