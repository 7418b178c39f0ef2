# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may talk to whom: one nftables table, made from security groups and route tables.

All traffic between hosts passes the forward hook of the lab's network namespace, since each host is alone on its wire.
As on AWS a flow needs the egress rule of one side and the ingress rule of the other, answers pass by themselves, and
traffic to the metadata service and the resolver is nobody's rule. Unlike on AWS what no rule permits is refused at
once and not swallowed: a rehearsal need not wait for timeouts.

https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lab.fabric import plan
from lab.fabric.plan import Host
from lab.fabric.world import Rule, World

TABLE = "pixstory_lab"
REFUSE = "reject with icmpx admin-prohibited"
UPLINK = "uplink"
INTERNET_LINK = "internet"  # and a number


def ruleset(world: World, hosts: Mapping[str, Host]) -> str:
    """The whole table, for ``nft -f``: it replaces the one before in a single transaction."""
    members: dict[str, list[str]] = {group: [] for group in sorted(world.rules)}
    for host in hosts.values():
        for group in host.groups:
            members.setdefault(group, []).append(host.address)
    nat, _ = plan.internet_cidrs(world)
    public = plan.published(world, hosts)
    lines = [
        f"table inet {TABLE}",
        f"delete table inet {TABLE}",
        f"table inet {TABLE} {{",
        *(_set(_name(group), "ipv4_addr", addresses) for group, addresses in members.items()),
        _set("hosts", "ipv4_addr", [host.address for host in hosts.values() if host.subnet]),
        _set("outbound", "ipv4_addr", [*nat, *public.values()], interval=True),
        _set("published", "ipv4_addr", public.values()),
        _set("joined", "ipv4_addr . ipv4_addr", [f"{a} . {b}" for a, b in plan.joined(world)], interval=True),
        _set("siblings", "ipv4_addr . ipv4_addr", [f"{a} . {b}" for a, b in plan.siblings(hosts)]),
        _map("inward", public),
        _map("outward", {inner: outer for outer, inner in public.items()}),
        " chain forward {",
        "  type filter hook forward priority filter; policy drop;",
        "  ct state established,related accept",
        "  ip saddr . ip daddr @siblings accept",
        "  jump routed",
        "  ip saddr @hosts jump egress",
        "  ip daddr @hosts jump ingress",
        "  accept",
        " }",
        " chain routed {",
        "  ip saddr . ip daddr @joined return",
        f'  oifname {{ "{UPLINK}", "{INTERNET_LINK}*" }} ip saddr @outbound return',
        f'  iifname "{INTERNET_LINK}*" ip daddr @published return',
        f'  iifname "{INTERNET_LINK}*" oifname {{ "{UPLINK}", "{INTERNET_LINK}*" }} return',
        f"  {REFUSE}",
        " }",
        *_chain("egress", "ip saddr", "ip daddr", world.rules),
        *_chain("ingress", "ip daddr", "ip saddr", world.rules),
        " chain inward {",
        "  type nat hook prerouting priority dstnat;",
        "  dnat ip to ip daddr map @inward",
        " }",
        " chain outward {",
        "  type nat hook postrouting priority srcnat;",
        f'  oifname "{UPLINK}" masquerade',
        f'  oifname "{INTERNET_LINK}*" ip saddr @hosts snat ip to ip saddr map @outward',
        f'  oifname "{INTERNET_LINK}*" ip saddr @hosts masquerade',
        " }",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _chain(direction: str, own: str, peer: str, groups: Mapping[str, Iterable[Rule]]) -> list[str]:
    rules = [
        f"  {own} @{_name(group)} {match} return"
        for group, known in sorted(groups.items())
        for match in dict.fromkeys(_match(rule, peer, groups) for rule in known if rule.direction == direction)
        if match
    ]
    return [f" chain {direction} {{", *rules, f"  {REFUSE}", " }"]


def _match(rule: Rule, peer: str, groups: Mapping[str, Iterable[Rule]]) -> str:
    """The packets that a rule permits. A rule that names a group which is not there permits none."""
    if rule.group and rule.group not in groups:
        return ""
    who = f"{peer} @{_name(rule.group)}" if rule.group else f"{peer} {rule.cidr}"
    return f"{who} {_what(rule)}"


def _what(rule: Rule) -> str:
    if rule.protocol == "-1":
        return "meta l4proto != 255"
    if rule.protocol not in ("tcp", "udp"):
        return f"ip protocol {rule.protocol}"
    ports = str(rule.first) if rule.first == rule.last else f"{max(rule.first, 0)}-{rule.last}"
    return f"meta l4proto {rule.protocol}" if rule.first == -1 else f"{rule.protocol} dport {ports}"


def _name(group: str) -> str:
    return group.replace("-", "_")


def _set(name: str, kind: str, elements: Iterable[str], *, interval: bool = False) -> str:
    flags = " flags interval; auto-merge;" if interval and " . " not in kind else " flags interval;" * interval
    return f" set {name} {{ type {kind};{flags}{_elements(elements)} }}"


def _map(name: str, elements: Mapping[str, str]) -> str:
    return f" map {name} {{ type ipv4_addr : ipv4_addr;{_elements(f'{key} : {to}' for key, to in elements.items())} }}"


def _elements(elements: Iterable[str]) -> str:
    listed = ", ".join(sorted(set(elements)))
    return f" elements = {{ {listed} }};" if listed else ""
