"""What measurements are made on: one emulator, and runs of the project against it."""

from __future__ import annotations

import ctypes
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.emulated import ROOT, Emulator

PR_SET_CHILD_SUBREAPER = 36
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Way:
    """One way to run the playbooks."""

    name: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """One run."""

    seconds: float
    cpu: dict[str, float]  # seconds of CPU: controller, modules (only of the warm connection), emulator
    calls: int
    recap: dict[str, int]


def ways(folder: Path) -> dict[str, Way]:
    """The project as shipped, the same playbooks as Ansible runs them by itself, and under Mitogen."""
    shipped = (ROOT / "ansible.cfg").read_text()
    stock = folder / "stock.cfg"
    stock.write_text(re.sub(r"^callbacks_enabled = .*$", "", shipped, flags=re.MULTILINE))
    local = ("-e", "ansible_connection=local")  # the name that Mitogen knows
    found = {
        "shipped": Way("this project"),
        "local": Way("stock local", local, {"ANSIBLE_CONFIG": str(stock)}),
    }
    try:
        import ansible_mitogen
    except ImportError:
        return found
    plugins = Path(ansible_mitogen.__file__).parent / "plugins" / "strategy"
    strategy = {"ANSIBLE_STRATEGY": "mitogen_linear", "ANSIBLE_STRATEGY_PLUGINS": str(plugins)}
    found["mitogen"] = Way("Mitogen", local, {"ANSIBLE_CONFIG": str(stock), **strategy})
    return found


class Bed:
    """An emulator of its own. Every descendant of a run is waited for, so that its CPU is counted."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.emulator = Emulator(folder / "requests.jsonl", "--lenient")
        self.url = self.emulator.url

    def __enter__(self) -> Bed:
        return self

    def __exit__(self, *_error: object) -> None:
        self.emulator.stop()

    def set(self, **settings: float) -> None:
        """How the emulator behaves from now on: `latency` in seconds, `parameters` 0 or 1."""
        query = "&".join(f"{name}={value}" for name, value in settings.items())
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/_lab/settings?{query}", method="POST")).close()

    def environment(self, way: Way) -> dict[str, str]:
        return {**self.emulator.environment(), **way.environment}

    def play(self, way: Way, *arguments: str, environment: str = "production") -> Measured:
        """One run of provision."""
        command = [
            "ansible-playbook",
            *self.emulator.inventory(environment),
            "playbooks/provision.yml",
            *way.arguments,
            *arguments,
        ]
        return self.measure(command, way)

    def measure(self, command: Sequence[str], way: Way) -> Measured:
        offset = self.emulator.log.stat().st_size
        emulator = self._emulator_cpu()
        _reap()
        before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment(way),
            stdin=subprocess.DEVNULL,
            stdout=(self.folder / "run.log").open("w"),
            stderr=subprocess.STDOUT,
            check=False,
        )
        seconds = time.monotonic() - begin
        output = (self.folder / "run.log").read_text()
        if done.returncode:
            raise SystemExit(f"{way.name}: {' '.join(command)} failed:\n{output[-3000:]}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        _reap(patience=5)  # the warm Python, which ends a moment after the run and was not the run's own child
        last = resource.getrusage(resource.RUSAGE_CHILDREN)
        recap = re.search(r"^localhost\s+: (.*)$", output, re.MULTILINE)
        return Measured(
            seconds,
            {
                "ansible-playbook": _cpu(after) - _cpu(before),
                "modules": _cpu(last) - _cpu(after),
                "emulator": self._emulator_cpu() - emulator,
            },
            len(self.emulator.requests_since(offset)),
            {k: int(v) for k, v in (pair.split("=") for pair in recap[1].split())} if recap else {},
        )

    def record(self, way: Way) -> Path:
        """The API calls of one run, with their parameters."""
        self.set(parameters=1)
        offset = self.emulator.log.stat().st_size
        self.play(way)
        self.set(parameters=0)
        recorded = self.folder / "recorded.jsonl"
        recorded.write_text("".join(json.dumps(call) + "\n" for call in self.emulator.requests_since(offset)))
        return recorded

    def floor(self, recorded: Path) -> dict[str, float]:
        command = [sys.executable, "-m", "tests.bench.floor", self.url, str(recorded)]
        return json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)

    def _emulator_cpu(self) -> float:
        fields = Path(f"/proc/{self.emulator.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK


def _cpu(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime


def _children() -> set[int]:
    return set(map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()))


def _reap(patience: float = 0) -> None:
    """Wait for whoever was left to this process. Not for the emulator, which goes on."""
    deadline = time.monotonic() + patience
    while True:
        for pid in _children():
            if b"lab\0emulator" not in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.waitpid(pid, os.WNOHANG)
        if time.monotonic() >= deadline or len(_children()) <= 1:
            return
        time.sleep(0.02)


def work() -> float:
    """Seconds for a fixed piece of computing: how fast the machine is just now."""
    begin = time.process_time(), time.monotonic()
    total = 0
    for number in range(3_000_000):
        total += number * number % 7
    return time.monotonic() - begin[1]


signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
