# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that write nftables rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any


def nftables_rules(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """What is let in, as rules of an input chain of family inet.

    :param entries: ``ports``, and if need be ``protocol`` (tcp), ``from`` (CIDRs; from anywhere) and ``comment``.
    """
    return [rule for entry in entries for rule in _rules(entry)]


def _rules(entry: Mapping[str, Any]) -> Iterator[str]:
    ports = ", ".join(str(port) for port in entry["ports"])
    rule = f"{entry.get('protocol') or 'tcp'} dport {{ {ports} }} accept"
    if entry.get("comment"):
        rule += f' comment "{entry["comment"]}"'
    sources = entry.get("from") or []
    if not sources:
        yield rule
    for family, found in (
        ("ip", [one for one in sources if ":" not in one]),
        ("ip6", [one for one in sources if ":" in one]),
    ):
        if found:
            yield f"{family} saddr {{ {', '.join(found)} }} {rule}"


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"nftables_rules": nftables_rules}
