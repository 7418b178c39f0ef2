# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start, status and stop of a detached emulator."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import __main__
from lab.emulator import process


def run(*arguments: str) -> int:
    return __main__.main(arguments)


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture
def state(tmp_path: Path) -> Iterator[str]:
    """A state directory whose emulator is stopped at the end."""
    directory = str(tmp_path / "state")
    yield directory
    run("stop", "--state", directory)


def test_life_of_an_emulator(state: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    port = free_port()
    assert run("status", "--state", state) == 1
    assert run("start", "--state", state, "--port", port) == 0
    assert f"emulator started on http://127.0.0.1:{port}" in capsys.readouterr().out
    assert run("start", "--state", state, "--port", port) == 0
    assert "already running" in capsys.readouterr().out
    assert run("status", "--state", state) == 0
    with pytest.raises(SystemExit, match="already runs on"):
        run("start", "--state", state, "--port", free_port())
    with pytest.raises(SystemExit, match="another state directory"):
        run("start", "--state", str(tmp_path / "other"), "--port", port)
    assert run("stop", "--state", state) == 0
    assert run("status", "--state", state) == 1
    assert run("stop", "--state", state) == 0


def test_port_of_another_program_is_refused(state: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(SystemExit, match="held by another program"):
            run("start", "--state", state, "--port", str(other.getsockname()[1]))


def test_recycled_pid_is_left_alone(tmp_path: Path) -> None:
    state = process.State(tmp_path)
    state.pidfile.write_text(str(os.getpid()))
    state.ready_file.write_text("http://127.0.0.1:1")
    assert state.running() is None
    assert "is running" in process.stop(state)


def test_failed_start_says_why(state: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"did not start; it said: .*Is a directory"):
        run("start", "--state", state, "--port", free_port(), "--log", str(tmp_path))


@pytest.mark.parametrize("port", ["99999", "-1", "http"])
def test_impossible_port_is_refused(state: str, port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("start", "--state", state, "--port", port)
    assert "write a number from 0 to 65535" in capsys.readouterr().err
