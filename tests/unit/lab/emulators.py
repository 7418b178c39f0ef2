# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs an emulator for a test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]


@contextmanager
def emulator(log: Path, *options: str) -> Iterator[str]:
    """Run an emulator on a free port and give its URL."""
    command = [sys.executable, "-m", "lab", "emulator", "--port", "0", "--log", str(log), *options]
    with (
        log.with_suffix(".err").open("wb") as errors,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line.startswith("emulator ready on "), log.with_suffix(".err").read_text()
            yield line.split()[-1]
        finally:
            process.terminate()
