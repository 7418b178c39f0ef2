"""Real playbooks against an emulator of the test's own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ansible_collections.pixstory.platform.plugins.filter.index import index_shape
from tests import emulated
from tests.emulated import ROOT
from tests.policies import derive, store

pytest.register_assert_rewrite("tests.integration.suite")

# `PIXSTORY_CONNECTION=local` runs the suite through another connection than the environments name.
CONNECTION = os.environ.get("PIXSTORY_CONNECTION")
RECAP = re.compile(r"^localhost\s+: (.*)$", re.MULTILINE)
# What takes longest begins first, so that at the end no worker waits for another.
LONGEST = ("staging", "production", "throttled", "policies", "preflight", "interruption", "audit", "local", "warm")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    rank = {Path(__file__).with_name(f"test_{name}.py"): number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


@dataclass(frozen=True)
class Run:
    """One run of ansible-playbook and what the emulator saw of it."""

    code: int
    output: str
    requests: list[dict[str, Any]]
    playbook: str

    @property
    def recap(self) -> dict[str, int]:
        found = RECAP.search(self.output)
        if not found:
            return {}
        return {key: int(value) for key, value in (pair.split("=") for pair in found.group(1).split())}

    @property
    def writes(self) -> list[str]:
        return [f"{request['service']}:{request['operation']}" for request in self.requests if request["write"]]

    @property
    def changed_tasks(self) -> list[str]:
        """The headings of the tasks under which something changed."""
        heading, changed = "", []
        for line in self.output.splitlines():
            if line.startswith("TASK ["):
                heading = line
            elif line.startswith("changed:"):
                changed.append(f"{heading.rstrip(' *')} {line[:120]}")
        return changed

    def ended_well(self) -> Run:
        assert self.code == 0, self.output[-6000:]
        assert self.recap.get("failed") == 0, self.output[-6000:]
        return self.stayed_within_its_policy()

    def stayed_within_its_policy(self) -> Run:
        """A person who has the permissions in policies/ can run the playbook."""
        if self.playbook in store.PLAYBOOKS:
            asked = {(one["service"], one["operation"]) for one in self.requests if one["operation"]}
            lacking = derive.lacking(asked, store.needed(self.playbook))
            assert lacking == [], f"policies/{self.playbook}-*.json do not allow {lacking}: run make policies"
        return self

    def changed_nothing(self) -> Run:
        self.ended_well()
        assert self.changed_tasks == []
        assert self.recap["changed"] == 0
        assert self.writes == []
        return self


class Emulator(emulated.Emulator):
    """An emulated AWS account. Lives as long as the fixture that made it."""

    def __init__(self, folder: Path, *options: str) -> None:
        super().__init__(folder / "requests.jsonl", *options)
        self.folder = folder
        self.indices: dict[str, int] = {}  # of each environment, how long the log was when its index was read

    def command(self, environment: str, playbook: str, *arguments: str) -> list[str]:
        connection = ["-e", f"ansible_connection={CONNECTION}"] if CONNECTION else []
        inventory = self.inventory(environment)
        return ["ansible-playbook", *inventory, f"playbooks/{playbook}.yml", *connection, *arguments]

    def play(self, environment: str, playbook: str, *arguments: str) -> Run:
        offset = self.log.stat().st_size
        done = subprocess.run(
            self.command(environment, playbook, *arguments),
            cwd=ROOT,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=1500,
            check=False,
        )
        return Run(done.returncode, done.stdout + done.stderr, self.requests_since(offset), playbook)

    def play_and_kill(self, environment: str, playbook: str, after_writes: int) -> int:
        """Kill the run and all its children, without warning, after so many write calls. Returns the exit code."""
        offset = self.log.stat().st_size
        process = subprocess.Popen(
            self.command(environment, playbook),
            cwd=ROOT,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=(self.folder / "killed.log").open("w"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        while process.poll() is None:
            if sum(request["write"] for request in self.requests_since(offset)) >= after_writes:
                os.killpg(process.pid, signal.SIGKILL)
                break
            try:
                process.wait(0.2)
            except subprocess.TimeoutExpired:
                continue
        return process.wait(timeout=20)

    def index(self, environment: str) -> dict[str, Any]:
        """All that an environment owns. It is read again only when somebody has written since."""
        read_until, target = self.indices.get(environment, 0), self.folder / f"{environment}.json"
        if not read_until or any(request["write"] for request in self.requests_since(read_until)):
            self.play(environment, "status", "-e", f"aws_status_file={target}").ended_well()
            self.indices[environment] = self.log.stat().st_size
        return json.loads(target.read_text())

    def hosts(self, environment: str) -> dict[str, Any]:
        listed = subprocess.run(
            ["ansible-inventory", *self.inventory(environment), "--list"],
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return json.loads(listed.stdout)


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One account for all tests of a file: each continues where the one before it ended."""
    emulator = Emulator(tmp_path_factory.mktemp("account"))
    yield emulator
    emulator.stop()


@pytest.fixture
def fresh_account(tmp_path: Path) -> Iterator[Emulator]:
    emulator = Emulator(tmp_path)
    yield emulator
    emulator.stop()


class Whole(NamedTuple):
    """What a run leaves that nothing disturbs."""

    shape: Any
    writes: int  # how many write calls it took


class Undisturbed(dict[str, Whole]):
    """By environment, once it is asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __missing__(self, environment: str) -> Whole:
        folder = self._folder / environment
        folder.mkdir()
        with Emulator(folder, "--set", "consistency=0") as emulator:
            run = emulator.play(environment, "provision").ended_well()
            self[environment] = Whole(index_shape(emulator.index(environment)), len(run.writes))
        return self[environment]


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return Undisturbed(tmp_path_factory.mktemp("undisturbed"))
