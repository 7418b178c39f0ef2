# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An index as plain text for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..kinds import KINDS
from ..kinds.base import Item, Kind, dig

WIDTHS = (34, 24, 44, 12)  # name, id, where, state: 120 columns with the spaces between


def index_table(index: Mapping[str, Any]) -> str:
    """What stands, by kind, with counts. Identifiers of other resources are shown by name."""
    names = {
        item["id"]: item["name"]
        for key in ("vpcs", "subnets", "instances")
        if key in index["kinds_read"]
        for item in index[key].values()
    }
    kinds = [KINDS[key] for key in KINDS if key in index["kinds_read"] and index[key]]
    total = sum(len(index[kind.key]) for kind in kinds)
    place = f"{index['project']} {index['environment']}, {index['region']}, account {index['account_id']}"
    lines = [f"{place}: {total} resource{'' if total == 1 else 's'} of {len(index['kinds_read'])} kinds read"]
    for kind in kinds:
        items = index[kind.key]
        lines += ["", f"{kind.key} ({len(items)})", *(_row(kind, item, names) for item in items.values())]
    if index["duplicates"]:
        lines += ["", f"duplicates ({len(index['duplicates'])})"]
        lines += [
            f"  ! {duplicate['kind']} {duplicate['name']}: {', '.join(duplicate['ids'])}"
            for duplicate in index["duplicates"]
        ]
    return "\n".join(line.rstrip() for line in lines)


def _row(kind: Kind, item: Item, names: Mapping[str, str]) -> str:
    places = [dig(item, path) for path in kind.where]
    # A list of subnets is one text in the descriptions of Auto Scaling groups.
    parts = [part for place in places if place not in (None, "") for part in str(place).split(",")]
    where = " ".join(names.get(part, part) for part in parts)
    state = dig(item, kind.state) if kind.state else None
    cells = (item["name"], _short_id(item["id"]), where, str(state or "").lower())
    return "  " + " ".join(_cell(text, width) for text, width in zip(cells, WIDTHS, strict=True))


def _cell(text: str, width: int) -> str:
    return (text if len(text) <= width else text[: width - 1] + "…").ljust(width)


def _short_id(identifier: str) -> str:
    """Of an ARN the last part, which tells one resource from another."""
    return identifier.split("/")[-1].split(":")[-1] if identifier.startswith("arn:") else identifier
