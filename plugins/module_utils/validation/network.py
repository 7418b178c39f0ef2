# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network: VPCs, tiers, peerings, endpoints, security groups and flows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations
from typing import Any

from .catalog import LOG_RETENTION_DAYS
from .declared import Checks, Declared, group_in, refers, tier_exists
from .mistakes import Mistake, Path, listing, nearest, one_of, show
from .place import NAME

PRIVATE = tuple(IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
INTERNET = "internet"
# Stands for the addresses from which CloudFront asks origins.
CLOUDFRONT = "cloudfront"
_CLOUDFRONT_WEIGHT = 55  # rules that it counts, of the 60 of a group
_SUBNETS = re.compile(r"([^.]+)\.([^.]+)")
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
_GROUP_DESCRIPTION = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}")
_GATEWAY_SERVICES = ("s3", "dynamodb")


def check(declared: Declared) -> Checks:
    networks: dict[str, IPv4Network] = {}
    for name, vpc in declared.entries("aws_network_vpcs").items():
        path: Path = ("aws_network_vpcs", name)
        network = yield from _cidr((*path, "cidr"), vpc.get("cidr"))
        if network is not None:
            networks[name] = network
            yield from _room(declared, (*path, "cidr"), network, vpc)
        yield from _tiers(path, vpc)
    for one, other in combinations(networks, 2):
        if networks[one].overlaps(networks[other]):
            yield Mistake(
                ("aws_network_vpcs", other, "cidr"),
                f"is {networks[other]}, which overlaps {networks[one]} of VPC {one}",
                "Give each VPC of the environment its own: VPCs that overlap cannot be peered.",
            )
    for name in declared.get("aws_network_cidrs") or {}:
        yield from refers(declared, ("aws_network_cidrs", name), name, "aws_network_vpcs", "VPC")
    yield from _needed_tiers(declared)
    yield from _peerings(declared)
    yield from _endpoints(declared)
    yield from retention(("aws_network_flow_log_retention_days",), declared.get("aws_network_flow_log_retention_days"))
    yield from _groups(declared)
    yield from _flows(declared)


def retention(path: Path, days: int | None) -> Checks:
    """CloudWatch Logs keeps records for certain numbers of days only."""
    if days is not None and days not in LOG_RETENTION_DAYS:
        near = min(LOG_RETENTION_DAYS, key=lambda allowed: abs(allowed - days))
        yield Mistake(
            path,
            f"is {days}, which CloudWatch Logs does not take",
            f"Write {near}, or another of {listing(LOG_RETENTION_DAYS, 'and')}.",
        )


def _cidr(path: Path, cidr: str | None) -> Iterator[Mistake]:
    if cidr is None:
        return None
    try:
        network = IPv4Network(cidr, strict=False) if "/" in cidr else None
    except ValueError:
        network = None
    if network is None:
        yield Mistake(path, f"is {show(cidr)}, not an IPv4 CIDR", "Write one such as 10.50.0.0/16.")
        return None
    if not 16 <= network.prefixlen <= 24:
        yield Mistake(
            path,
            f"is {show(cidr)}; AWS takes no VPC larger than /16, and one smaller than /24 has no room",
            f"Write {IPv4Network((network.network_address, 16), strict=False)}, for example.",
        )
        return None
    if str(network) != cidr:
        yield Mistake(path, f"is {show(cidr)}, not the address that the network begins with", f"Write {network}.")
    if not any(network.subnet_of(block) for block in PRIVATE):
        yield Mistake(
            path,
            f"is {show(cidr)}, public addresses of somebody else",
            f"Write one out of {listing(PRIVATE)}, such as 10.50.0.0/16.",
        )
    return network


def _room(declared: Declared, path: Path, network: IPv4Network, vpc: dict[str, Any]) -> Checks:
    letters = declared.around.zone_letters
    zones = [zone for _dummy, zone in declared.items("platform_zones") if zone in letters]
    tiers = list(dict.fromkeys(tier for tier in vpc.get("tiers") or [] if tier is not None))
    try:
        declared.around.subnet_plan(str(network), tiers, zones)
    except Exception as error:
        what, _dummy, instead = str(error).partition(". ")
        yield Mistake(path, f"is too small: {what}", instead)


def _tiers(path: Path, vpc: dict[str, Any]) -> Checks:
    tiers = vpc.get("tiers")
    if tiers is None:
        return
    if not tiers:
        yield Mistake((*path, "tiers"), "is empty", "Write at least one tier, such as [public].")
    for at, tier in enumerate(tiers):
        if tier is None:
            continue
        if tier in tiers[:at]:
            yield Mistake((*path, "tiers", at), f"is {show(tier)} a second time", "Write each tier once.")
        if not NAME.fullmatch(tier):
            yield Mistake((*path, "tiers", at), f"is {show(tier)}", "Write lower-case letters, digits and hyphens.")
    closed = [tier for tier in vpc.get("protected_tiers") or [] if tier is not None]
    for kind in ("nat_tiers", "protected_tiers"):
        for at, tier in enumerate(vpc.get(kind) or []):
            if tier is None:
                continue
            where = (*path, kind, at)
            if tier not in tiers:
                yield Mistake(where, f"is {show(tier)}, which is not a tier of this VPC", one_of(tier, tiers))
            elif tier == "public":
                yield Mistake(where, "is public, whose way out is the internet gateway", f"Take it out of {kind}.")
            elif kind == "nat_tiers" and tier in closed:
                yield Mistake(
                    where,
                    f"is {show(tier)}, which is in protected_tiers too",
                    "Take it out of one: a protected tier has no way out.",
                )
    if vpc.get("nat_tiers") and "public" not in tiers:
        yield Mistake(
            (*path, "nat_tiers"),
            "needs a NAT gateway, and there is no tier public that it could stand in",
            "Add public to tiers, or empty nat_tiers.",
        )


def _needed_tiers(declared: Declared) -> Checks:
    """The VPC and tiers that roles take for granted."""
    if declared.get("aws_network_vpcs") is None:
        return
    needs = (
        ("aws_database_instances", "data", "databases stand in tier data of VPC main"),
        ("aws_cache_groups", "data", "cache groups stand in tier data of VPC main"),
        ("aws_vpc_endpoints_interface", "app", "interface endpoints stand in tier app of VPC main"),
        ("aws_load_balancing_target_groups", None, "target groups stand in VPC main"),
        ("aws_load_balancing_load_balancers", None, "load balancers stand in VPC main"),
        ("aws_compute_groups", None, "Auto Scaling groups stand in VPC main"),
    )
    for variable, tier, why in needs:
        if not declared.get(variable):
            continue
        if "main" not in declared.entries("aws_network_vpcs"):
            yield Mistake(
                (variable,),
                f"is not empty, and there is no VPC main: {why}",
                f"Declare aws_network_vpcs.main, or empty {variable}.",
            )
        elif tier is not None and tier not in (declared.tiers("main") or [tier]):
            yield Mistake(
                ("aws_network_vpcs", "main", "tiers"),
                f"has no {tier}, and {why} ({variable})",
                f"Add {tier}, or empty {variable}.",
            )


def _peerings(declared: Declared) -> Checks:
    seen: set[frozenset[str]] = set()
    for at, peering in declared.items("aws_network_peerings"):
        path: Path = ("aws_network_peerings", at)
        ends = [peering.get(end) for end in ("from", "to")]
        for end in ("from", "to"):
            yield from refers(declared, (*path, end), peering.get(end), "aws_network_vpcs", "VPC")
        if None in ends:
            continue
        if ends[0] == ends[1]:
            yield Mistake(path, f"peers VPC {ends[0]} with itself", "Name two VPCs, or delete the line.")
        elif frozenset(ends) in seen:
            yield Mistake(
                path, f"peers {ends[0]} and {ends[1]} a second time", "Delete the line: a peering goes both ways."
            )
        seen.add(frozenset(ends))


def _endpoints(declared: Declared) -> Checks:
    for at, service in declared.items("aws_vpc_endpoints_gateway"):
        if service not in _GATEWAY_SERVICES:
            yield Mistake(
                ("aws_vpc_endpoints_gateway", at),
                f"is {show(service)}, which has no gateway endpoint",
                f"{one_of(service, _GATEWAY_SERVICES)} Others go into aws_vpc_endpoints_interface.",
            )
    for variable in ("aws_vpc_endpoints_gateway", "aws_vpc_endpoints_interface"):
        services = declared.get(variable) or []
        for at, service in declared.items(variable):
            if service in services[:at]:
                yield Mistake((variable, at), f"is {show(service)} a second time", "Write each service once.")
            if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", service) or service.startswith("com.amazonaws"):
                yield Mistake((variable, at), f"is {show(service)}", "Write the service alone, such as ssm.")
    groups = declared.get("aws_security_groups_groups")
    if declared.get("aws_vpc_endpoints_interface") and groups is not None:
        if "endpoints" not in groups:
            yield Mistake(
                ("aws_vpc_endpoints_interface",),
                "is not empty, and there is no security group endpoints for interface endpoints",
                "Declare aws_security_groups_groups.endpoints, with vpc: main.",
            )
        else:
            yield from group_in(declared, ("aws_security_groups_groups", "endpoints", "vpc"), "endpoints")


def _groups(declared: Declared) -> Checks:
    for name, group in declared.entries("aws_security_groups_groups").items():
        path: Path = ("aws_security_groups_groups", name)
        yield from refers(declared, (*path, "vpc"), group.get("vpc"), "aws_network_vpcs", "VPC")
        description = group.get("description")
        if description is not None and not _GROUP_DESCRIPTION.fullmatch(description):
            yield Mistake(
                (*path, "description"),
                f"is {show(description)}",
                "Write 1 to 255 letters, digits, spaces and others out of . _ - : / ( ) # , @ [ ] + = & ; { } ! $ *",
            )
        if name in (INTERNET, CLOUDFRONT) or name.startswith("sg-"):
            yield Mistake(path, f"is called {name}, which has a meaning of its own", "Take another name.")


def _flows(declared: Declared) -> Checks:
    groups = declared.get("aws_security_groups_groups")
    stores = {
        entry.get("security_group")
        for variable in ("aws_database_instances", "aws_cache_groups")
        for entry in declared.entries(variable).values()
    }
    seen: set[tuple[Any, ...]] = set()
    for at, flow in declared.items("aws_security_groups_flows"):
        path: Path = ("aws_security_groups_flows", at)
        ends = {end: flow.get(end) for end in ("from", "to")}
        for end, name in ends.items():
            yield from _end(declared, (*path, end), name)
        yield from _ports(path, flow, ends, seen)
        if None in ends.values() or groups is None:
            continue
        named = [name for name in ends.values() if name in groups]
        if not named and all(_known_end(declared, name) for name in ends.values()):
            yield Mistake(
                path,
                f"goes from {ends['from']} to {ends['to']}, neither of them a security group",
                f"Name a group on one side at least: {listing(sorted(groups))}.",
            )
        if ends["from"] == INTERNET and ends["to"] in stores:
            yield Mistake(
                (*path, "from"),
                f"is internet, and {ends['to']} is a data store's group",
                "Name the group of those who use it.",
            )
        yield from _cloudfront(path, flow, ends)
        yield from _across(declared, path, ends, named)


def _cloudfront(path: Path, flow: dict[str, Any], ends: dict[str, Any]) -> Checks:
    """https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/LocationsOfEdgeServers.html"""
    if ends["to"] == CLOUDFRONT:
        yield Mistake(
            (*path, "to"), "is cloudfront, which asks and is not asked", "Write it as from, or write another group."
        )
    if ends["from"] == CLOUDFRONT and len(flow.get("ports") or []) > 1:
        yield Mistake(
            (*path, "ports"),
            f"has {len(flow['ports'])} ports; each counts {_CLOUDFRONT_WEIGHT} of the 60 rules of a group",
            "Write one, such as [443].",
        )


def _known_end(declared: Declared, name: str) -> bool:
    found = _SUBNETS.fullmatch(name)
    return (
        name in (INTERNET, CLOUDFRONT)
        or name in declared.entries("aws_security_groups_groups")
        or (found is not None and found[2] in (declared.tiers(found[1]) or []))
    )


def _end(declared: Declared, path: Path, name: str | None) -> Checks:
    groups = declared.get("aws_security_groups_groups")
    if name is None or groups is None or declared.get("aws_network_vpcs") is None or _known_end(declared, name):
        return
    if "/" in name:
        instead = "Write internet." if name in ("0.0.0.0/0", "::/0") else "Write <vpc>.<tier>, such as main.app."
        yield Mistake(path, f"is {show(name)}; CIDRs are not written here", instead)
        return
    found = _SUBNETS.fullmatch(name)
    if found and found[1] in declared.entries("aws_network_vpcs"):
        yield from tier_exists(declared, path, found[2], found[1])
        return
    subnets = [f"{vpc}.{tier}" for vpc in declared.entries("aws_network_vpcs") for tier in declared.tiers(vpc) or []]
    guess = nearest(name, [*groups, INTERNET, CLOUDFRONT, *subnets])
    yield Mistake(
        path,
        f"is {show(name)}, neither a security group nor internet nor cloudfront nor <vpc>.<tier>",
        f"Write {guess}."
        if guess
        else f"Groups are {listing(sorted(groups), 'and')}; subnets {listing(subnets, 'and')}.",
    )


def _ports(path: Path, flow: dict[str, Any], ends: dict[str, Any], seen: set[tuple[Any, ...]]) -> Checks:
    ports = flow.get("ports")
    if ports is None:
        return
    if not ports:
        yield Mistake((*path, "ports"), "is empty", "Write at least one port, such as [443].")
    for at, port in enumerate(ports):
        if port is None:
            continue
        where = (*path, "ports", at)
        if not 1 <= port <= 65535:
            yield Mistake(where, f"is {port}", "Write 1 to 65535.")
        if port == 22:
            yield Mistake(
                where,
                "is 22; nobody reaches a machine by SSH from the network",
                "Delete it: Systems Manager Session Manager needs no port.",
            )
        key = (ends["from"], ends["to"], flow.get("protocol"), port)
        if None not in key and key in seen:
            yield Mistake(
                where,
                f"is {port}, which already flows from {key[0]} to {key[1]} over {key[2]}",
                "Delete one of the two.",
            )
        seen.add(key)


def _across(declared: Declared, path: Path, ends: dict[str, str], named: list[str]) -> Checks:
    """A flow that leaves its VPC: only where a peering leads.

    A group of a peered VPC may be named where both are in one region, as all VPCs of an environment are:
    https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html
    """
    if declared.get("aws_network_peerings") is None:
        return
    peered = [{item.get("from"), item.get("to")} for _dummy, item in declared.items("aws_network_peerings")]
    vpcs = {group: declared.entries("aws_security_groups_groups")[group].get("vpc") for group in named}
    for name in ends.values():
        found = _SUBNETS.fullmatch(name)
        if name not in named and found and found[2] in (declared.tiers(found[1]) or []):
            vpcs[name] = found[1]
    joined = set(vpcs.values())
    if len(vpcs) == 2 and len(joined) == 2 and None not in joined and joined not in peered:
        one, other = vpcs[ends["from"]], vpcs[ends["to"]]
        yield Mistake(
            path,
            f"goes from VPC {one} ({ends['from']}) to VPC {other} ({ends['to']}), and nothing peers the two",
            f"Add {{from: {one}, to: {other}}} to aws_network_peerings, or delete the flow.",
        )
