# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The emulator's clock, by which things happen that no call asks for. `POST /_lab/clock?advance=600` moves it on."""

from __future__ import annotations

import time
from collections.abc import Callable

TICK_SECONDS = 0.5  # of real time: the least between two rounds of what is due


class Clock:
    """Seconds since the epoch. It goes as time does, and can be moved forward."""

    def __init__(self, real: Callable[[], float] = time.time) -> None:
        self._real = real
        self._ahead = 0.0

    def now(self) -> float:
        """Seconds since the epoch, by this clock."""
        return self._real() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move it forward at once."""
        self._ahead += seconds


CLOCK = Clock()
_due: list[Callable[[float], bool | None]] = []
_ticked = 0.0
changes = 0  # how often something has changed by itself, without a call


def each_tick(act: Callable[[float], bool | None]) -> Callable[[float], bool | None]:
    """Register what goes on by itself: it is called with the time, twice a second while requests come in.

    It returns whether it has changed something that a description shows.
    """
    _due.append(act)
    return act


def tick(*, at_once: bool = False) -> None:
    """Do what goes on by itself, unless that was done a moment ago. The caller holds the gateway's lock."""
    global _ticked, changes
    if at_once or time.monotonic() - _ticked >= TICK_SECONDS:
        changes += sum(bool(act(CLOCK.now())) for act in _due)
        _ticked = time.monotonic()
