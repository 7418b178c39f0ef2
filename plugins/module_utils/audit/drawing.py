# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The topology as a drawing. Its colours are the page's."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

CELL, GAP, PAD = 262, 14, 16  # widths: a subnet, between subnets, inside a VPC
BOX, STEP = 38, 46  # heights: a box, and from one to the next
HEAD, LABEL, TOP = 46, 26, 54  # heights: a VPC's heading, a subnet's, and the internet above
BETWEEN = 96  # between VPCs, where the peering is

# Outlines in a square of 18, by kind.
ICONS = {
    "load balancer": "M9 3v5M9 8L3.5 14M9 8l5.5 6M9 8v6",
    "NAT gateway": "M2.5 9h12M10.5 5l4 4-4 4",
    "machine": "M3 4h12v8H3zM6.5 15h5M9 12v3",
    "group": "M2.5 6h9v7h-9zM6 6V3h9.5v7h-4",
    "database": "M3.5 5c0-3 11-3 11 0v8c0 3-11 3-11 0zM3.5 5c0 3 11 3 11 0",
    "cache": "M10 2L4 10h4.5L7.5 16 14 7.5H9.5z",
}


def topology_svg(topology: Mapping[str, Any]) -> str:
    """An SVG element, as wide as it needs to be."""
    parts: list[str] = []
    left, height, centres = 0, 0, {}
    for number, vpc in enumerate(topology["vpcs"]):
        left += BETWEEN if number else 0
        drawn, width, depth = _vpc(vpc, left)
        parts += drawn
        centres[vpc["name"]] = (left, left + width)
        left, height = left + width, max(height, depth)
    for one in topology["peerings"]:
        parts += _peering(one, centres)
    if not parts:
        return ""
    total = left + 2
    title = "VPCs, zones, tiers and what stands in them"
    return (
        f'<svg viewBox="-1 0 {total} {height + 2}" role="img" aria-label="{title}" style="max-width:{total}px">'
        f"<title>{title}</title>{''.join(parts)}</svg>"
    )


def _vpc(vpc: Mapping[str, Any], left: int) -> tuple[list[str], int, int]:
    """What is drawn of a VPC, its width, and where it ends below."""
    columns = max(len(vpc["zones"]), 1)
    width = 2 * PAD + columns * CELL + (columns - 1) * GAP
    parts, y = [], TOP + HEAD
    for number, zone in enumerate(vpc["zones"]):
        parts.append(_text(left + PAD + number * (CELL + GAP) + CELL / 2, y - 2, zone, "zone", "middle"))
    y += 8
    for row in vpc["tiers"]:
        drawn, y = _tier(row, left + PAD, y, columns)
        parts += drawn
    frame = [
        _rect(left, TOP, width, y - TOP + 2, "vpc", 14),
        _text(left + PAD, TOP + 24, vpc["name"], "vpc-name"),
        _text(left + width - PAD, TOP + 24, vpc["cidr"], "cidr", "end"),
    ]
    if vpc["internet"]:
        middle = left + width / 2
        frame += [
            f'<path class="wire" d="M{middle} 30V{TOP}"/>',
            _rect(middle - 50, 2, 100, 28, "internet", 14),
            _text(middle, 21, "Internet", "internet-name", "middle"),
        ]
    return frame + parts, width, y + 2


def _tier(row: Mapping[str, Any], left: int, top: int, columns: int) -> tuple[list[str], int]:
    """A row of subnets. What stands in all of them is drawn once, across."""
    across = [
        box
        for box in (row["cells"][0]["boxes"] if len(row["cells"]) > 1 else [])
        if box["kind"] == "load balancer" and all(box in cell["boxes"] for cell in row["cells"])
    ]
    own = [[box for box in cell["boxes"] if box not in across] for cell in row["cells"]]
    below = top + LABEL + len(across) * STEP
    height = LABEL + (len(across) + max(map(len, own), default=0)) * STEP + 8
    height = max(height, LABEL + 24)
    parts = []
    for number, (cell, boxes) in enumerate(zip(row["cells"], own, strict=True)):
        x = left + number * (CELL + GAP)
        parts.append(_rect(x, top, CELL, height, f"subnet {_tier_class(row['tier'])}", 9))
        parts.append(_text(x + 12, top + 18, row["tier"], "tier"))
        parts.append(_text(x + CELL - 12, top + 18, cell["cidr"], "cidr", "end"))
        for place, box in enumerate(boxes):
            parts += _box(box, x + 10, below + place * STEP, CELL - 20)
        if not boxes and not across:
            parts.append(_text(x + CELL / 2, top + height / 2 + 12, "nothing stands here", "empty", "middle"))
    wide = columns * CELL + (columns - 1) * GAP - 20
    for place, box in enumerate(across):
        parts += _box(box, left + 10, top + LABEL + place * STEP, wide)
    return parts, top + height + GAP


def _tier_class(tier: str) -> str:
    return tier if tier in ("public", "app", "data") else "other"


def _box(box: Mapping[str, str], x: float, y: float, width: float) -> list[str]:
    kind = "group" if box["kind"] == "group" else box["kind"]
    detail = f"{box['kind']}, {box['detail']}" if box["detail"] else box["kind"]
    limit = int((width - 50) / 6)
    return [
        _rect(x, y, width, BOX, "box", 7),
        f'<path class="icon" transform="translate({x + 11} {y + 10})" d="{ICONS.get(kind, ICONS["machine"])}"/>',
        _text(x + 40, y + 16, _short(box["name"], limit), "box-name"),
        _text(x + 40, y + 30, _short(detail, limit + 4), "box-detail"),
    ]


def _peering(one: Mapping[str, str], centres: Mapping[str, tuple[int, int]]) -> list[str]:
    if one["from"] not in centres or one["to"] not in centres:
        return []
    first, second = sorted((centres[one["from"]], centres[one["to"]]))
    y, middle = TOP + 120, (first[1] + second[0]) / 2
    return [
        f'<path class="wire" d="M{first[1]} {y}H{second[0]}"/>',
        f'<circle class="end" cx="{first[1]}" cy="{y}" r="4"/><circle class="end" cx="{second[0]}" cy="{y}" r="4"/>',
        _text(middle, y - 8, "peering", "cidr", "middle"),
        _text(middle, y + 17, one["state"], "cidr", "middle"),
    ]


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _rect(x: float, y: float, width: float, height: float, name: str, radius: int) -> str:
    return f'<rect class="{name}" x="{x}" y="{y}" width="{width}" height="{height}" rx="{radius}"/>'


def _text(x: float, y: float, text: str, name: str, anchor: str = "start") -> str:
    return f'<text class="{name}" x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'
