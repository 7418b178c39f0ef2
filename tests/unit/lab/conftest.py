# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two emulators for the session: one with the extensions and one of stock moto.

Each is a process of its own, since the extensions patch moto for the whole process.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from checks import Aws

from tests.emulated import Emulator


@pytest.fixture(scope="session")
def request_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The request log of the extended emulator."""
    return tmp_path_factory.mktemp("extended") / "requests.jsonl"


@pytest.fixture(scope="session")
def extended(request_log: Path) -> Iterator[Aws]:
    """An emulator with the extensions, and nothing of lab.emulator.harsh: a check is of one extension."""
    with Emulator(request_log, "--lenient") as emulator:
        yield Aws(emulator.url)


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """An emulator of stock moto."""
    with Emulator(tmp_path_factory.mktemp("stock") / "requests.jsonl", "--no-extensions") as emulator:
        yield Aws(emulator.url)
