# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Security groups and route tables as rules. That they hold is shown in tests/molecule/test_network.py."""

from __future__ import annotations

from dataclasses import replace

from small_world import WORLD

from lab.fabric import plan
from lab.fabric.security_groups import ruleset
from lab.fabric.world import Rule


def chain(name: str, text: str) -> list[str]:
    body = text.partition(f" chain {name} {{\n")[2].partition("\n }")[0]
    return [line.strip() for line in body.splitlines()]


def test_a_flow_is_in_the_egress_of_one_and_the_ingress_of_the_other() -> None:
    text = ruleset(WORLD, plan.hosts(WORLD))
    assert "ip saddr @sg_app ip daddr @sg_db tcp dport 5432 return" in chain("egress", text)
    assert "ip daddr @sg_db ip saddr @sg_app tcp dport 5432 return" in chain("ingress", text)


def test_what_no_rule_permits_is_refused() -> None:
    text = ruleset(WORLD, plan.hosts(WORLD))
    for name in ("egress", "ingress", "routed"):
        assert chain(name, text)[-1] == "reject with icmpx admin-prohibited"
    assert "policy drop" in chain("forward", text)[0]


def test_groups_have_the_addresses_of_their_hosts() -> None:
    text = ruleset(WORLD, plan.hosts(WORLD))
    assert " set sg_web { type ipv4_addr; elements = { 10.30.64.4 }; }" in text
    assert " set sg_none { type ipv4_addr; }" in ruleset(replace(WORLD, rules={"sg-none": ()}), {})


def test_a_rule_about_a_group_that_is_gone_permits_nothing() -> None:
    rules = {"sg-db": (Rule("ingress", "tcp", 5432, 5432, group="sg-gone"),)}
    assert chain("ingress", ruleset(replace(WORLD, rules=rules), {})) == ["reject with icmpx admin-prohibited"]


def test_protocols_and_ports() -> None:
    rules = (
        Rule("ingress", "-1", -1, -1, cidr="10.0.0.0/8"),
        Rule("ingress", "udp", 1000, 2000, cidr="10.0.0.0/8"),
        Rule("ingress", "tcp", -1, -1, cidr="10.0.0.0/8"),
        Rule("ingress", "icmp", -1, -1, cidr="10.0.0.0/8"),
    )
    who = "ip daddr @sg_db ip saddr 10.0.0.0/8"
    assert chain("ingress", ruleset(replace(WORLD, rules={"sg-db": rules}), {}))[:-1] == [
        f"{who} meta l4proto != 255 return",
        f"{who} udp dport 1000-2000 return",
        f"{who} meta l4proto tcp return",
        f"{who} ip protocol icmp return",
    ]
