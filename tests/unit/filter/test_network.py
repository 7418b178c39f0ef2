"""subnet_plan and what is computed from it."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.pixstory.platform.plugins.filter import network

VPCS: dict[str, dict[str, Any]] = {
    "main": {
        "cidr": "10.0.0.0/16",
        "tiers": ["public", "app", "data"],
        "nat_tiers": ["app"],
        "protected_tiers": ["data"],
    },
    "speech": {"cidr": "10.1.0.0/16", "tiers": ["public"]},
}
PEERINGS = [{"from": "main", "to": "speech"}]
GROUPS = {
    "web": {"vpc": "main", "description": "Web servers"},
    "app": {"vpc": "main", "description": "App servers"},
    "speech-api": {"vpc": "speech", "description": "Speech API"},
}


def index(**kinds: dict[str, str]) -> dict[str, Any]:
    found = {kind: {name: {"id": found} for name, found in items.items()} for kind, items in kinds.items()}
    known = {"region": "ap-south-1", "account_id": "123456789012", "kinds_read": list(kinds)}
    return {"check_mode": False, "environment": "staging", "project": "pixstory", **known, **found}


@pytest.mark.parametrize(
    ("cidr", "tiers", "zones", "expected"),
    [
        ("10.0.0.0/16", ["public"], ["a", "c"], ["10.0.0.0/20", "10.0.32.0/20"]),
        ("10.0.0.0/16", ["public", "app"], ["a"], ["10.0.0.0/20", "10.0.64.0/20"]),
        ("172.16.0.0/16", ["a", "b", "c", "d"], ["d"], [f"172.16.{third}.0/20" for third in (48, 112, 176, 240)]),
    ],
)
def test_subnet_plan(cidr: str, tiers: list[str], zones: list[str], expected: list[str]) -> None:
    assert [subnet["cidr"] for subnet in network.subnet_plan(cidr, tiers, zones)] == expected


def test_a_zone_or_a_tier_added_later_moves_nothing() -> None:
    before = network.subnet_plan("10.0.0.0/16", ["public", "app"], ["a", "c"])
    after = network.subnet_plan("10.0.0.0/16", ["public", "app", "data"], ["a", "b", "c"])
    assert [subnet for subnet in after if subnet in before] == before


def test_subnets_lie_in_their_vpc_and_apart() -> None:
    subnets = [
        IPv4Network(one["cidr"]) for one in network.subnet_plan("10.0.0.0/16", ["p", "a", "d", "x"], list("abcd"))
    ]
    assert len(subnets) == 16
    assert all(subnet.subnet_of(IPv4Network("10.0.0.0/16")) for subnet in subnets)
    assert not any(one.overlaps(other) for one in subnets for other in subnets if one is not other)


@pytest.mark.parametrize(
    ("cidr", "zones", "words"),
    [
        ("10.0.0.0/18", ["a"], ["room for 4", "3 tiers need 12", "aws_network_cidrs"]),
        ("10.0.0.0/16", ["e"], ["platform_zones", "e is not"]),
    ],
)
def test_subnet_plan_refuses(cidr: str, zones: list[str], words: list[str]) -> None:
    with pytest.raises(AnsibleFilterError) as refused:
        network.subnet_plan(cidr, ["public", "app", "data"], zones)
    assert [word for word in words if word not in str(refused.value)] == []


def test_nat_plan_places_one_a_zone_or_one() -> None:
    per_zone = network.nat_plan(VPCS, ["a", "c"], "one_per_zone")
    assert [(nat["subnet"], nat["serves"]) for nat in per_zone] == [("main-public-a", ["a"]), ("main-public-c", ["c"])]
    single = network.nat_plan(VPCS, ["a", "c"], "single")
    assert [(nat["subnet"], nat["serves"]) for nat in single] == [("main-public-a", ["a", "c"])]


@pytest.mark.parametrize(
    ("placement", "table", "expected"),
    [
        (
            "single",
            "main-public-c",
            [("0.0.0.0/0", "internet_gateways", "main"), ("10.1.0.0/16", "vpc_peering_connections", "main-speech")],
        ),
        (
            "single",
            "main-app-c",
            [("0.0.0.0/0", "nat_gateways", "main-a"), ("10.1.0.0/16", "vpc_peering_connections", "main-speech")],
        ),
        (
            "one_per_zone",
            "main-app-c",
            [("0.0.0.0/0", "nat_gateways", "main-c"), ("10.1.0.0/16", "vpc_peering_connections", "main-speech")],
        ),
        ("single", "main-data-a", []),
        (
            "single",
            "speech-public-a",
            [("0.0.0.0/0", "internet_gateways", "speech"), ("10.0.0.0/16", "vpc_peering_connections", "main-speech")],
        ),
    ],
)
def test_route_table_plan(placement: str, table: str, expected: list[tuple[str, str, str]]) -> None:
    tables = {one["name"]: one for one in network.route_table_plan(VPCS, ["a", "c"], PEERINGS, placement)}
    assert len(tables) == 8
    assert [(route["dest"], route["kind"], route["name"]) for route in tables[table]["routes"]] == expected


def test_a_network_acl_admits_the_vpc_to_the_data_stores_and_the_nodes_to_one_another() -> None:
    entries = network.acl_entries(VPCS["main"], "data", ["a", "c"])
    assert [(entry[3], entry[6], entry[7]) for entry in entries["ingress"]] == [
        ("10.0.0.0/16", 5432, 5432),
        ("10.0.0.0/16", 6379, 6379),
        ("10.0.128.0/20", 1024, 65535),
        ("10.0.160.0/20", 1024, 65535),
    ]
    assert [(entry[3], entry[6], entry[7]) for entry in entries["egress"]] == [("10.0.0.0/16", 1024, 65535)]
    numbers = [entry[0] for entry in entries["ingress"]]
    assert sorted(set(numbers)) == numbers


def test_resolve_routes_names_each_target_as_the_module_wants_it() -> None:
    routes = [
        {"dest": "0.0.0.0/0", "kind": "internet_gateways", "name": "main"},
        {"dest": "1.0.0.0/8", "kind": "nat_gateways", "name": "main-a"},
        {"dest": "2.0.0.0/8", "kind": "vpc_peering_connections", "name": "main-speech"},
    ]
    found = index(
        internet_gateways={"main": "igw-1"},
        nat_gateways={"main-a": "nat-1"},
        vpc_peering_connections={"main-speech": "pcx-1"},
    )
    assert network.resolve_routes(routes, found) == [
        {"dest": "0.0.0.0/0", "gateway_id": "igw-1"},
        {"dest": "1.0.0.0/8", "nat_gateway_id": "nat-1"},
        {"dest": "2.0.0.0/8", "vpc_peering_connection_id": "pcx-1"},
    ]


def plan(flows: list[dict[str, Any]], **found: Any) -> dict[str, dict[str, Any]]:
    """The plan by group. Both VPCs stand."""
    vpcs = {"main": "vpc-main", "speech": "vpc-speech"}
    cidrs = network.tier_cidrs(VPCS, ["a", "c"])
    return {one["name"]: one for one in network.security_group_plan(flows, GROUPS, index(vpcs=vpcs, **found), cidrs)}


def test_a_flow_gives_each_side_its_rule() -> None:
    flows = [
        {"from": "web", "to": "app", "ports": [80]},
        {"from": "internet", "to": "web", "ports": [53], "protocol": "udp"},
    ]
    groups = plan(flows, security_groups={"web": "sg-web", "app": "sg-app"})
    web, app = groups["web"], groups["app"]
    assert (web["description"], web["vpc_id"]) == (GROUPS["web"]["description"], "vpc-main")
    assert web["rules_egress"] == [{"proto": "tcp", "ports": [80], "rule_desc": "web to app", "group_id": "sg-app"}]
    assert web["rules"] == [{"proto": "udp", "ports": [53], "rule_desc": "internet to web", "cidr_ip": ["0.0.0.0/0"]}]
    assert app["rules"] == [{"proto": "tcp", "ports": [80], "rule_desc": "web to app", "group_id": "sg-web"}]
    assert app["rules_egress"] == []
    assert groups["speech-api"]["rules"] == groups["speech-api"]["rules_egress"] == []


def test_a_flow_may_lead_to_a_group_of_a_peered_vpc() -> None:
    flows = [{"from": "app", "to": "speech-api", "ports": [443]}]
    groups = plan(flows, security_groups={"app": "sg-app", "speech-api": "sg-speech"})
    assert [rule["group_id"] for rule in groups["speech-api"]["rules"]] == ["sg-app"]
    assert [rule["group_id"] for rule in groups["app"]["rules_egress"]] == ["sg-speech"]
    assert groups["web"]["rules_egress"] == []


def test_a_flow_may_lead_to_subnets() -> None:
    groups = plan([{"from": "main.app", "to": "speech-api", "ports": [443]}])
    assert groups["speech-api"]["rules"][0]["cidr_ip"] == ["10.0.64.0/20", "10.0.96.0/20"]
    with pytest.raises(AnsibleFilterError, match=r"'wbe' .* is neither a security group \(app, speech-api, web\)"):
        plan([{"from": "wbe", "to": "speech-api", "ports": [1]}])
