# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was delivered and what was refused, and by which policy."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from lab.emulator import harsh, registry
from lab.emulator.clock import CLOCK
from lab.emulator.deliveries.judge import Lookup, Names, refusal
from lab.emulator.deliveries.table import Delivery

TABLE = "deliveries"
MOST = 2000  # the oldest are forgotten


@dataclass(frozen=True)
class Handed:
    """One thing that a service handed to another, or could not."""

    time: float
    delivery: str
    source: str
    target: str
    refused: str  # by which policy; empty where it arrived


def refused(delivery: Delivery, names: Names, lookup: Lookup) -> str:
    """Which policy refuses a delivery; empty where none does, or where deliveries are not judged."""
    if not harsh.SWITCHES[TABLE]:
        return ""
    return str(refusal(delivery, names, lookup) or "")


def handed(delivery: Delivery, names: Names, lookup: Lookup) -> bool:
    """Judge one delivery and write it down. Says whether it arrives."""
    no = refused(delivery, names, lookup)
    entries = registry.table(names["account"], "aws", TABLE).setdefault("handed", [])
    entries.append(Handed(CLOCK.now(), delivery.name, names["source"], names["target"], no))
    del entries[:-MOST]
    return not no


def listed(account: str) -> list[dict[str, Any]]:
    """All that is written down, oldest first."""
    return [asdict(one) for one in registry.table(account, "aws", TABLE).get("handed", [])]
