# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The emulator's clock goes as time does, and is advanced."""

from __future__ import annotations

import time
import urllib.request

from checks import Aws

from lab.emulator.clock import Clock


def test_it_goes_as_time_does_from_where_it_was_moved() -> None:
    real = [1000.0]
    clock = Clock(lambda: real[0])
    assert clock.now() == 1000
    clock.advance(600)
    real[0] += 5
    assert clock.now() == 1605


def test_it_is_advanced_by_a_request(extended: Aws) -> None:
    def shown(advance: int) -> float:
        with urllib.request.urlopen(f"{extended.url}/_lab/clock?advance={advance}", b"", timeout=5) as answer:
            return float(answer.read())

    before = shown(0)
    assert 86400 <= shown(86400) - before < 86400 + 60
    assert before >= time.time() - 60
