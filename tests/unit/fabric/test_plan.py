# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which hosts there are, where, and whom they reach."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

import pytest
from small_world import WORLD, with_database

from lab.fabric import plan


def test_instances_are_where_the_api_says() -> None:
    hosts = plan.hosts(WORLD)
    assert hosts["i-web"].address == "10.30.64.4"
    assert "i-gone" not in hosts


def test_nodes_have_a_zone_each_and_an_address_of_its_subnet() -> None:
    hosts = plan.hosts(WORLD)
    expected = {
        "balancer-public-a": "public-a",
        "balancer-public-c": "public-c",
        "database-main-a": "data-a",
        "database-main-c": "data-c",
        "cache-main-001": "data-a",
        "cache-main-002": "data-c",
    }
    assert {name: host.subnet for name, host in hosts.items() if host.kind != "instance"} == expected
    for name, subnet in expected.items():
        cidr = ipaddress.ip_network(WORLD.subnets[subnet].cidr)
        assert ipaddress.ip_address(hosts[name].address) in list(cidr.subnets(new_prefix=24))[-1]


def test_a_failover_moves_no_address() -> None:
    before = plan.hosts(WORLD)
    after = plan.hosts(with_database(zone="ap-south-1c", standby_zone="ap-south-1a"))
    assert {name: host.address for name, host in before.items()} == {name: one.address for name, one in after.items()}


def test_an_address_that_is_taken_is_given_to_nobody_else() -> None:
    free = plan.address_in("10.0.0.0/24", "one", set())
    other = plan.address_in("10.0.0.0/24", "one", {free})
    assert other != free
    with pytest.raises(SystemExit, match="no address left"):
        plan.address_in("10.0.0.0/30", "one", {"10.0.0.1", "10.0.0.2"})


def test_vpcs_meet_only_where_both_have_a_route() -> None:
    assert ("10.30.64.0/20", "10.31.0.0/20") in plan.joined(WORLD)
    assert ("10.30.0.0/20", "10.31.0.0/20") not in plan.joined(WORLD)
    one_way = replace(WORLD, routes={**WORLD.routes, "speech-a": ()})
    assert plan.joined(one_way) == {("10.30.0.0/16", "10.30.0.0/16"), ("10.31.0.0/16", "10.31.0.0/16")}


def test_only_public_subnets_are_published() -> None:
    hosts = plan.hosts(WORLD)
    assert set(plan.published(WORLD, hosts).values()) == {
        "10.31.0.4",
        hosts["balancer-public-a"].address,
        hosts["balancer-public-c"].address,
    }
    assert plan.published(replace(WORLD, routes={}), hosts) == {}


def test_nodes_of_a_cluster_are_siblings() -> None:
    hosts = plan.hosts(WORLD)
    pair = (hosts["database-main-a"].address, hosts["database-main-c"].address)
    assert pair in plan.siblings(hosts)
    assert pair[::-1] in plan.siblings(hosts)
    assert (pair[0], hosts["cache-main-001"].address) not in plan.siblings(hosts)
