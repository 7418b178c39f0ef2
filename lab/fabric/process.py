# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab as a detached process: up, down, status."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lab.fabric import network
from lab.fabric.reconciler import Lab
from lab.machines import gateway, host, image
from lab.machines.fabric import BASE
from lab.machines.host import Grants, Lacking

ROOT = Path(__file__).resolve().parents[2]
UP_TIMEOUT = 1200.0
DOWN_TIMEOUT = 120.0
HEALTH_TIMEOUT = 300.0
STALE = 60.0


class State:
    """The folder of a lab: ``.lab/fabric``."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve() / "fabric"
        self.pidfile = self.directory / "follow.pid"
        self.output = self.directory / "follow.out"

    def running(self) -> int | None:
        """The process that follows the API, if it runs. A recycled pid is not taken for it."""
        try:
            pid = int(self.pidfile.read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        return pid if b"fabric" in command and str(self.directory).encode() in command else None

    def status(self) -> dict[str, Any] | None:
        """What the process says of the lab; None where it says nothing any more."""
        try:
            status: dict[str, Any] = json.loads((self.directory / "status.json").read_text())
        except (OSError, ValueError):
            return None
        return status if time.time() - status["time"] < STALE else None


def follow(directory: Path, url: str, ports: Mapping[int, int]) -> None:
    """Keep the lab equal to what the API tells, until SIGTERM."""
    over = []
    signal.signal(signal.SIGTERM, lambda *_: over.append(True))
    (directory / "follow.pid").write_text(f"{os.getpid()}\n")
    Lab(ROOT, directory, url, host.detect(), ports).follow(lambda: bool(over))


def up(state: State, url: str, ports: Mapping[int, int], settle: bool = True) -> str:
    """Bring the lab up and wait until it is what the API tells. One that is up is only waited for.

    Without ``settle`` it is started only: a machine that somebody waits for need not wait for the databases.
    """
    grants = host.detect()
    refuse_lacking(grants)
    # Here, so that it is seen what takes minutes.
    for name in (BASE, *([image.SERVICES] if settle else [])):
        image.ensure(name, grants)
    process = None
    if not state.running():
        state.directory.mkdir(parents=True, exist_ok=True)
        (state.directory / "status.json").unlink(missing_ok=True)
        state.pidfile.unlink(missing_ok=True)
        command = [sys.executable, "-m", "lab", "fabric", "follow", "--directory", str(state.directory), "--url", url]
        command += [f"--port={own}:{port}" for own, port in ports.items()]
        with state.output.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
    began, told = time.time(), ""
    while time.time() - began < UP_TIMEOUT:
        if process and process.poll() is not None:
            raise SystemExit(f"the fabric has ended; it said: {state.output.read_text().strip()[-3000:]}")
        status = state.status()
        if status and status["time"] > began:
            if not settle:
                return f"the lab has started; {', '.join(addresses(ports))}"
            if status["settled"]:
                return f"{len(status['rows'])} hosts stand; {', '.join(addresses(ports))}"
            told = _progress(status, told)
        time.sleep(0.5)
    raise SystemExit(f"the lab is not up after {UP_TIMEOUT:.0f} s; look at {state.output}")


def _progress(status: Mapping[str, Any], told: str) -> str:
    ready = sum(row["state"] not in ("away", "booting") for row in status["rows"])
    text = f"{ready} of {len(status['rows'])} hosts stand"
    problems = "; ".join(f"{name}: {error}" for name, error in status["errors"].items())
    text += f" ({problems})" if problems else ""
    if text != told:
        print(text, file=sys.stderr, flush=True)
    return text


def addresses(ports: Mapping[int, int]) -> list[str]:
    """The addresses at which this computer reaches the edge."""
    kinds = {443: "https", 80: "http"}
    return [f"{kinds.get(port, 'tcp')}://127.0.0.1:{own}" for own, port in ports.items()]


def refuse_lacking(grants: Grants) -> None:
    """Stop where something is lacking that the fabric is made with."""
    network.refuse_without_root(grants.rootless)
    for tool, package in (("ip", "iproute2"), ("nft", "nftables"), ("nsenter", "util-linux"), ("sysctl", "procps")):
        if not shutil.which(tool):
            raise Lacking(f"{tool} is missing. Install it (Debian: apt-get install {package})")


def wait(state: State) -> str:
    """Wait until every machine stands and every target is healthy. Gives the table, and where the page is."""
    began = time.monotonic()
    while time.monotonic() - began < HEALTH_TIMEOUT:
        told = state.status() if state.running() else None
        if not told:
            raise SystemExit(f"no lab of {state.directory} is up")
        health = [one for row in told["rows"] for one in row["health"].split(", ") if one]
        if told["settled"] and health and all(one.endswith(": healthy") for one in health):
            ports = json.loads((state.directory / "entrance.json").read_text())["ports"]
            where = ", ".join(addresses({int(own): port for own, port in ports.items()}))
            return f"{table(told['rows'])}\n\nThe page: {where}\nTo trust it: {state.directory / 'ca.crt'}"
        time.sleep(0.5)
    raise SystemExit(f"not all is healthy after {HEALTH_TIMEOUT:.0f} s:\n{status(state)[1]}")


def down(state: State) -> str:
    """Remove everything; nothing there is no error."""
    pid = state.running()
    if pid:
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + DOWN_TIMEOUT
        while state.running():
            if time.monotonic() > deadline:
                raise SystemExit(f"the fabric (pid {pid}) does not end; look at {state.output}")
            time.sleep(0.1)
    for service in (gateway.ENTRANCE, *gateway.PORTS):
        gateway.stop(service, state.directory)
    there = state.directory.exists()
    grants = host.detect()
    if not grants.rootless:
        state.directory.mkdir(parents=True, exist_ok=True)
        lab = Lab(ROOT, state.directory, "http://127.0.0.1:1", grants, {})
        lab.services.destroy()
        lab.machines.destroy()
        lab.net.down()
    shutil.rmtree(state.directory, ignore_errors=True)
    return "the lab is down" if there else "no lab is up"


COLUMNS = ("what", "zone", "address", "public", "state", "health", "name")


def table(rows: Iterable[Mapping[str, str]]) -> str:
    """The rows under their headings."""
    lines = [COLUMNS, *(tuple(row[column] for column in COLUMNS) for row in rows)]
    widths = [max(len(line[number]) for line in lines) for number in range(len(COLUMNS))]
    aligned = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "\n".join(line.rstrip() for line in aligned)


def status(state: State) -> tuple[bool, str]:
    """Whether the lab is up, and the table."""
    told = state.status() if state.running() else None
    if not told:
        return False, f"no lab of {state.directory} is up"
    problems = [f"{name}: {error}" for name, error in told["errors"].items()]
    return True, "\n".join([table(told["rows"]), *problems])
