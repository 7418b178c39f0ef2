# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wires, addresses and the differences between what is wanted and what is there."""

from __future__ import annotations

import pytest
from small_world import WORLD

from lab.fabric import network, plan


@pytest.mark.parametrize(
    ("wanted", "present", "expected"),
    [
        ({"a": "1"}, {}, ([], ["a"])),
        ({"a": "1"}, {"a": "1"}, ([], [])),
        ({}, {"a": "1"}, (["a"], [])),
        ({"a": "2"}, {"a": "1"}, (["a"], ["a"])),
    ],
)
def test_differences(wanted: dict[str, str], present: dict[str, str], expected: tuple[list[str], list[str]]) -> None:
    assert network.differences(wanted, present) == expected


def test_who_is_busy_keeps_its_network() -> None:
    """A machine that boots while its instance is terminated; nothing waits for it."""
    assert network.differences({}, {"a": "1"}, {"a"}) == ([], [])
    assert network.differences({"a": "2"}, {"a": "1"}, {"a"}) == ([], [])
    assert network.differences({"a": "1"}, {}, {"a"}) == ([], ["a"])


def test_a_wire_has_a_name_that_the_kernel_takes() -> None:
    wires = {network.wire(name) for name in plan.hosts(WORLD)}
    assert len(wires) == len(plan.hosts(WORLD))
    assert all(len(wire) <= 15 for wire in wires)


def test_the_router_is_the_gateway_of_each_subnet_and_the_resolver_of_each_vpc() -> None:
    found = network.router_addresses(WORLD)
    assert {"10.30.0.1", "10.30.64.1", "10.31.0.1", "10.30.0.2", "10.31.0.2", "169.254.169.254"} <= set(found)


def test_hosts_have_the_prefix_of_their_subnet() -> None:
    hosts = plan.hosts(WORLD)
    assert network.connections(hosts.values(), WORLD)["i-web"] == "10.30.64.4/20"


def test_the_uplink_takes_a_network_that_nobody_has() -> None:
    assert network.free_link(["192.0.2.2/24"]) == "169.254.1.0/30"
    assert network.free_link(["169.254.1.1/30"]) == "169.254.2.0/30"
    with pytest.raises(SystemExit, match="stop a lab"):
        network.free_link(["169.254.0.1/16"])
