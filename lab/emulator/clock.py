# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The emulator's clock: what takes AWS minutes goes by it. It can run faster than time does, and be advanced.

`POST /_lab/clock?advance=600` moves it by ten minutes, `POST /_lab/settings?pace=60` has a second count for a minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable

TICK_SECONDS = 0.5  # of real time: the least between two rounds of what is due


class Clock:
    """Seconds since the epoch, from the time it was made on at a pace of its own."""

    def __init__(self, real: Callable[[], float] = time.time) -> None:
        self._real = real
        self._pace = 1.0
        self._mark = real()  # when the pace was set last
        self._shown = self._mark  # what was shown then

    def now(self) -> float:
        """Seconds since the epoch, by this clock."""
        return self._shown + (self._real() - self._mark) * self._pace

    def advance(self, seconds: float) -> None:
        """Move it forward at once."""
        self._shown += seconds

    @property
    def pace(self) -> float:
        """How many of its seconds go by in a real one."""
        return self._pace

    @pace.setter
    def pace(self, pace: float) -> None:
        self._mark, self._shown, self._pace = self._real(), self.now(), pace


CLOCK = Clock()
_due: list[Callable[[float], None]] = []
_ticked = 0.0


def each_tick(act: Callable[[float], None]) -> Callable[[float], None]:
    """Register what goes on by itself: it is called with the time, twice a second while requests come in."""
    _due.append(act)
    return act


def tick(*, at_once: bool = False) -> None:
    """Do what goes on by itself, unless that was done a moment ago. The caller holds the gateway's lock."""
    global _ticked
    if at_once or time.monotonic() - _ticked >= TICK_SECONDS:
        for act in _due:
            act(CLOCK.now())
        _ticked = time.monotonic()
