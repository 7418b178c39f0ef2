# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.pixstory.platform.plugins.filter.index import owned

# The zone letters that a tier keeps room for. Allocation goes by letter, so that a zone added later moves nothing.
ZONE_LETTERS = "abcd"

DATA_STORE_PORTS = (5432, 6379)  # PostgreSQL, Redis and Valkey
EPHEMERAL_PORTS = (1024, 65535)
# Prefix lists of AWS that a flow may come from, by their short names.
PREFIX_LISTS = {"cloudfront": "com.amazonaws.global.cloudfront.origin-facing"}
# Where a route may lead, and the option of pixstory.platform.ec2_vpc_route_table that says so.
ROUTE_TARGETS = {
    "internet_gateways": "gateway_id",
    "nat_gateways": "nat_gateway_id",
    "vpc_peering_connections": "vpc_peering_connection_id",
}


def subnet_plan(cidr: str, tiers: Sequence[str], zones: Sequence[str], prefix: int = 20) -> list[dict[str, str]]:
    """Cut a VPC's CIDR into a subnet for each tier and zone.

    Tier number t and zone letter number z (a is 0) take block ``4 t + z``.
    """
    network = IPv4Network(cidr)
    blocks = 2 ** (prefix - network.prefixlen) if prefix >= network.prefixlen else 0
    if len(tiers) * len(ZONE_LETTERS) > blocks:
        raise AnsibleFilterError(
            f"{cidr} has room for {blocks} subnets of /{prefix}; {len(tiers)} tiers need "
            f"{len(tiers) * len(ZONE_LETTERS)} ({len(ZONE_LETTERS)} zones each). "
            "Give the VPC a larger CIDR (a /16 holds four tiers of /20) in aws_network_cidrs."
        )
    unknown = [zone for zone in zones if zone not in ZONE_LETTERS]
    if unknown:
        raise AnsibleFilterError(
            f"platform_zones: {', '.join(unknown)} is not one of the zone letters {', '.join(ZONE_LETTERS)}"
        )
    size = 2 ** (32 - prefix)
    first = int(network.network_address)
    return [
        {
            "tier": tier,
            "zone": zone,
            "cidr": str(IPv4Network((first + size * (number * len(ZONE_LETTERS) + ZONE_LETTERS.index(zone)), prefix))),
        }
        for number, tier in enumerate(tiers)
        for zone in zones
    ]


def all_subnets(vpcs: Mapping[str, Mapping[str, Any]], zones: Sequence[str]) -> list[dict[str, str]]:
    """The subnets of all VPCs, each with its VPC's name and a name of its own, ``<vpc>-<tier>-<zone>``."""
    return [
        {"name": f"{vpc}-{subnet['tier']}-{subnet['zone']}", "vpc": vpc, **subnet}
        for vpc, declared in vpcs.items()
        for subnet in subnet_plan(declared["cidr"], declared["tiers"], zones)
    ]


def tier_cidrs(vpcs: Mapping[str, Mapping[str, Any]], zones: Sequence[str]) -> dict[str, list[str]]:
    """The CIDRs that a flow may name: ``internet`` and each ``<vpc>.<tier>``."""
    known = {"internet": ["0.0.0.0/0"]}
    for subnet in all_subnets(vpcs, zones):
        known.setdefault(f"{subnet['vpc']}.{subnet['tier']}", []).append(subnet["cidr"])
    return known


def nat_plan(vpcs: Mapping[str, Mapping[str, Any]], zones: Sequence[str], placement: str) -> list[dict[str, Any]]:
    """The NAT gateways: one for each zone (``one_per_zone``) or one for the whole VPC (``single``), in the first zone.

    ``serves`` lists the zones whose private subnets go out through it.
    """
    per_zone = [(zone, [zone]) for zone in zones]
    places = per_zone if placement == "one_per_zone" else [(zones[0], list(zones))]
    return [
        {"name": f"{vpc}-{zone}", "vpc": vpc, "zone": zone, "subnet": f"{vpc}-public-{zone}", "serves": serves}
        for vpc, declared in vpcs.items()
        if declared.get("nat_tiers")
        for zone, serves in places
    ]


def route_table_plan(
    vpcs: Mapping[str, Mapping[str, Any]],
    zones: Sequence[str],
    peerings: Sequence[Mapping[str, str]],
    placement: str,
) -> list[dict[str, Any]]:
    """A route table for each tier and zone, and its routes.

    A route is ``{dest, kind, name}``: where it leads is resource `name` of `kind` in the environment's index.
    The data tier (``protected_tiers``) has local routes only.
    """
    nats = {(nat["vpc"], zone): nat["name"] for nat in nat_plan(vpcs, zones, placement) for zone in nat["serves"]}
    tables = []
    for subnet in all_subnets(vpcs, zones):
        vpc, tier, zone = subnet["vpc"], subnet["tier"], subnet["zone"]
        declared = vpcs[vpc]
        routes: list[dict[str, str]] = []
        if tier == "public":
            routes.append({"dest": "0.0.0.0/0", "kind": "internet_gateways", "name": vpc})
        elif tier in declared.get("nat_tiers", []):
            routes.append({"dest": "0.0.0.0/0", "kind": "nat_gateways", "name": nats[vpc, zone]})
        if tier not in declared.get("protected_tiers", []):
            for peering in peerings:
                ends = (peering["from"], peering["to"])
                if vpc in ends:
                    other = ends[1] if vpc == ends[0] else ends[0]
                    routes.append(
                        {"dest": vpcs[other]["cidr"], "kind": "vpc_peering_connections", "name": "-".join(ends)}
                    )
        tables.append({**subnet, "routes": routes})
    return tables


def acl_entries(vpc: Mapping[str, Any], tier: str, zones: Sequence[str]) -> dict[str, list[list[Any]]]:
    """The entries of a protected tier's network ACL, in the form of amazon.aws.ec2_vpc_nacl.

    In: the data stores' ports, from the VPC. A network ACL keeps no state, so also the answers to what the nodes of the
    tier ask one another (replication between zones). Out: answers, and what the nodes ask one another.
    """

    def entry(number: int, cidr: str, first: int, last: int) -> list[Any]:
        return [number, "tcp", "allow", cidr, None, None, first, last]

    own = [subnet["cidr"] for subnet in subnet_plan(vpc["cidr"], vpc["tiers"], zones) if subnet["tier"] == tier]
    ingress = [entry(100 + 10 * place, vpc["cidr"], port, port) for place, port in enumerate(DATA_STORE_PORTS)]
    ingress += [entry(200 + 10 * place, cidr, *EPHEMERAL_PORTS) for place, cidr in enumerate(own)]
    return {"ingress": ingress, "egress": [entry(100, vpc["cidr"], *EPHEMERAL_PORTS)]}


def resolve_routes(routes: Sequence[Mapping[str, str]], index: Mapping[str, Any]) -> list[dict[str, str]]:
    """Routes of a route table plan in the form of pixstory.platform.ec2_vpc_route_table."""
    return [
        {"dest": route["dest"], ROUTE_TARGETS[route["kind"]]: owned(index, route["kind"], route["name"], "id")}
        for route in routes
    ]


def route_tables_of(index: Mapping[str, Any], subnets: Sequence[Mapping[str, str]], vpc: str) -> list[str]:
    """Ids of the route tables of a VPC: each subnet has one of its name."""
    return [owned(index, "route_tables", subnet["name"], "id") for subnet in subnets if subnet["vpc"] == vpc]


def security_group_plan(
    flows: Sequence[Mapping[str, Any]],
    groups: Mapping[str, Mapping[str, Any]],
    index: Mapping[str, Any],
    cidrs: Mapping[str, Sequence[str]],
) -> list[dict[str, Any]]:
    """Every security group with its VPC and its rules, in the form of pixstory.platform.ec2_security_group.

    All of them at once: by itself each would read all flows and the whole index again.

    :param groups: the declared groups; a flow may name those of the same VPC, and of a peered one.
    :param cidrs: the CIDRs that a flow may name, from :func:`tier_cidrs`.
    """
    plan = {
        name: {
            "name": name,
            "description": declared["description"],
            "vpc_id": owned(index, "vpcs", declared["vpc"], "id"),
            "rules": [],
            "rules_egress": [],
        }
        for name, declared in groups.items()
    }
    for flow in flows:
        for direction, near, far in (("rules", "to", "from"), ("rules_egress", "from", "to")):
            if flow[near] in groups:
                plan[flow[near]][direction].append(_rule(flow, flow[far], groups, index, cidrs))
    return list(plan.values())


def _rule(
    flow: Mapping[str, Any],
    peer: str,
    groups: Mapping[str, Mapping[str, Any]],
    index: Mapping[str, Any],
    cidrs: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    rule = {
        "proto": flow.get("protocol", "tcp"),
        "ports": list(flow["ports"]),
        "rule_desc": f"{flow['from']} to {flow['to']}",
    }
    if peer in groups:
        return {**rule, "group_id": owned(index, "security_groups", peer, "id")}
    if peer in PREFIX_LISTS:
        return {**rule, "prefix_list": PREFIX_LISTS[peer]}
    if peer in cidrs:
        return {**rule, "cidr_ip": list(cidrs[peer])}
    raise AnsibleFilterError(
        f"aws_security_groups_flows: {peer!r} (flow {flow['from']} -> {flow['to']}) is neither a security group "
        f"({', '.join(sorted(groups))}) nor one of {', '.join(sorted([*cidrs, *PREFIX_LISTS]))}"
    )


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "acl_entries": acl_entries,
            "all_subnets": all_subnets,
            "nat_plan": nat_plan,
            "resolve_routes": resolve_routes,
            "route_table_plan": route_table_plan,
            "route_tables_of": route_tables_of,
            "security_group_plan": security_group_plan,
            "subnet_plan": subnet_plan,
            "tier_cidrs": tier_cidrs,
        }
