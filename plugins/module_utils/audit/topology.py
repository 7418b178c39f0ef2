# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands where: the index of an environment reduced to what the page draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..index.lookup import vpc_and_tier

TIERS = ("public", "app", "data")


def topology(index: Mapping[str, Any]) -> dict[str, Any]:
    """VPCs with their zones, and per tier and zone what stands there; the peerings between them."""
    subnets = {one["id"]: one for one in index["subnets"].values()}
    places = {key: (one["vpc_id"], vpc_and_tier(one)[1], one["availability_zone"]) for key, one in subnets.items()}
    boxes: dict[tuple[str, str, str], list[dict[str, str]]] = {}

    def put(subnet: str, kind: str, name: str, detail: str = "") -> None:
        if subnet in places:
            box = boxes.setdefault(places[subnet], [])
            entry = {"kind": kind, "name": name, "detail": detail}
            if entry not in box:
                box.append(entry)

    for name, one in index["load_balancers"].items():
        for zone in one.get("availability_zones", []):
            put(zone["subnet_id"], "load balancer", name, one.get("scheme", ""))
    for name, one in index["nat_gateways"].items():
        put(one["subnet_id"], "NAT gateway", name)
    machines: dict[tuple[str, str], list[str]] = {}
    for one in index["instances"].values():
        machines.setdefault((one.get("subnet_id", ""), one.get("role") or one["name"]), []).append(one["instance_type"])
    for (subnet, role), types in sorted(machines.items()):
        put(subnet, "machine", role if len(types) == 1 else f"{len(types)} {role}", ", ".join(sorted(set(types))))
    for name, one in index["autoscaling_groups"].items():
        for subnet in str(one.get("vpc_zone_identifier", "")).split(","):
            if not any(key[0] == subnet and key[1] == one.get("role", name) for key in machines):
                size = f"{one['min_size']} to {one['max_size']}"
                put(subnet, "group", name, f"{one['desired_capacity']} of {size}")
    for name, one in index["db_instances"].items():
        _put_database(one, name, places, put)
    for name, one in index["replication_groups"].items():
        zones = {cluster.get("preferred_availability_zone") for cluster in one.get("clusters", [])}
        for subnet in _data_subnets(places, zones - {None}, one.get("clusters", []), index):
            put(subnet, "cache", name, one.get("cache_node_type", ""))
    return {"vpcs": _vpcs(index, places, boxes), "peerings": _peerings(index)}


def _put_database(one: Mapping[str, Any], name: str, places: Mapping[str, Any], put: Any) -> None:
    zones = {one.get("availability_zone"): "primary"}
    if one.get("multi_az"):
        others = {
            entry["subnet_availability_zone"]["name"]: entry["subnet_identifier"]
            for entry in one.get("db_subnet_group", {}).get("subnets", [])
        }
        standby = one.get("secondary_availability_zone") or next((z for z in sorted(others) if z not in zones), None)
        if standby:
            zones[standby] = "standby"
    for entry in one.get("db_subnet_group", {}).get("subnets", []):
        identifier = entry["subnet_identifier"]
        if identifier in places and places[identifier][2] in zones:
            put(identifier, "database", name, f"{zones[places[identifier][2]]}, {one.get('engine', '')}")


def _data_subnets(places: Mapping[str, Any], zones: set[str], clusters: Any, index: Mapping[str, Any]) -> list[str]:
    """The subnets of a cache's subnet group that lie in the zones of its nodes; all of them where AWS names no zone."""
    groups = {cluster.get("cache_subnet_group_name") for cluster in clusters}
    found = [
        entry["subnet_identifier"]
        for group in index["cache_subnet_groups"].values()
        if not groups - {None} or group["id"] in groups
        for entry in group.get("subnets", [])
    ]
    inside = [one for one in found if one in places]
    return [one for one in inside if places[one][2] in zones] or inside


def _vpcs(index: Mapping[str, Any], places: Mapping[str, Any], boxes: Mapping[Any, Any]) -> list[dict[str, Any]]:
    cidrs = {(places[one["id"]]): one["cidr_block"] for one in index["subnets"].values()}
    result = []
    gateways = {
        attachment["vpc_id"] for one in index["internet_gateways"].values() for attachment in one.get("attachments", [])
    }
    for name, vpc in index["vpcs"].items():
        own = [place for place in places.values() if place[0] == vpc["id"]]
        zones = sorted({zone for _vpc, _tier, zone in own})
        tiers = sorted(
            {one for _vpc, one, _zone in own}, key=lambda one: (TIERS.index(one) if one in TIERS else 9, one)
        )
        rows = [
            {
                "tier": one,
                "cells": [
                    {"cidr": cidrs.get((vpc["id"], one, zone), ""), "boxes": boxes.get((vpc["id"], one, zone), [])}
                    for zone in zones
                ],
            }
            for one in tiers
        ]
        result.append(
            {"name": name, "cidr": vpc["cidr_block"], "zones": zones, "tiers": rows, "internet": vpc["id"] in gateways}
        )
    return result


def _peerings(index: Mapping[str, Any]) -> list[dict[str, str]]:
    names = {one["id"]: name for name, one in index["vpcs"].items()}
    return [
        {
            "from": names.get(one["requester_vpc_info"].get("vpc_id"), "?"),
            "to": names.get(one["accepter_vpc_info"].get("vpc_id"), "?"),
            "state": one["status"]["code"],
        }
        for one in index["vpc_peering_connections"].values()
    ]
