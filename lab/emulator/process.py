# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start, stop and status of a detached emulator."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lab
from lab.emulator.server import Settings

START_TIMEOUT = 30.0
STOP_TIMEOUT = 10.0
STATUS_TIMEOUT = 2.0
STATUS_PATH = "/_lab/status"


@dataclass(frozen=True)
class Running:
    """A detached emulator that is alive."""

    pid: int
    url: str


class State:
    """The state directory of one detached emulator."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self.pidfile = self.directory / "emulator.pid"
        self.ready_file = self.directory / "emulator.url"
        self.output = self.directory / "emulator.out"
        self.log = self.directory / "requests.jsonl"

    def running(self) -> Running | None:
        """The emulator of this directory, if it runs. A recycled pid is not taken for it."""
        try:
            pid = int(self.pidfile.read_text())
            url = self.ready_file.read_text().strip()
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        ours = b"emulator" in command and str(self.pidfile).encode() in command
        return Running(pid, url) if ours else None


def answer(url: str) -> dict[str, Any] | None:
    """What the emulator at a URL says of itself, or None if there is none."""
    try:
        with urllib.request.urlopen(url + STATUS_PATH, timeout=STATUS_TIMEOUT) as reply:
            status: dict[str, Any] = json.load(reply)
            return status if "pid" in status else None
    except (OSError, ValueError, AttributeError):
        return None


def start(state: State, settings: Settings) -> str:
    """Start an emulator and wait until it answers; one that already runs there is left alone."""
    running = state.running()
    if running:
        return _already(state, running, settings)
    _refuse_taken_port(settings)
    state.directory.mkdir(parents=True, exist_ok=True)
    log = (settings.log or state.log).resolve()
    command = [sys.executable, "-m", "lab", "emulator", "--port", str(settings.port), "--host", settings.host]
    command += ["--log", str(log), "--account", settings.account, "--region", settings.region]
    command += ["--lenient"] if settings.lenient else []
    command += [part for switch in settings.switches for part in ("--set", switch)]
    command += [part for quota in settings.quotas for part in ("--quota", quota)]
    command += ["--pidfile", str(state.pidfile), "--ready-file", str(state.ready_file)]
    with state.output.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=Path(lab.__file__).parents[1],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    running = _wait_for(process, state)
    return f"emulator started on {running.url} (pid {running.pid}), requests are logged in {log}"


def _already(state: State, running: Running, settings: Settings) -> str:
    port = int(running.url.rpartition(":")[2])
    if settings.port not in (0, port):
        raise SystemExit(
            f"--port {settings.port}: the emulator of {state.directory} already runs on {running.url}; "
            "stop it first, or write another --state"
        )
    return f"emulator already running on {running.url} (pid {running.pid})"


def _refuse_taken_port(settings: Settings) -> None:
    with socket.socket() as probe:
        probe.settimeout(2)
        if settings.port == 0 or probe.connect_ex((settings.host, settings.port)) != 0:
            return
    other = answer(f"http://{settings.host}:{settings.port}")
    holder = f"an emulator with another state directory (pid {other['pid']})" if other else "another program"
    raise SystemExit(f"--port {settings.port}: held by {holder}; stop that, or write another --port")


def _wait_for(process: subprocess.Popen[bytes], state: State) -> Running:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        running = state.running()
        if running and answer(running.url):
            return running
        time.sleep(0.05)
    if process.poll() is None:
        process.terminate()
    raise SystemExit(f"the emulator did not start; it said: {state.output.read_text().strip() or 'nothing'}")


def stop(state: State) -> str:
    """Stop the emulator of a state directory and wait until it has gone."""
    running = state.running()
    if not running:
        return f"no emulator of {state.directory} is running"
    os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT
    while state.running():
        if time.monotonic() > deadline:
            raise SystemExit(f"the emulator (pid {running.pid}) does not stop; look at {state.output}")
        time.sleep(0.05)
    return f"emulator stopped (pid {running.pid})"


def status(state: State) -> tuple[bool, str]:
    """Whether the emulator of a state directory answers, and what to tell of it."""
    running = state.running()
    reply = answer(running.url) if running else None
    if not running or not reply:
        return False, f"no emulator of {state.directory} is running"
    details = f"account {reply['account']}, moto {reply['moto']}, {reply['extensions']} extensions"
    return True, f"emulator running on {running.url} (pid {running.pid}): {details}"
