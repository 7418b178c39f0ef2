"""AWS throttles every fifth call and fails every twentieth: all ends as it does undisturbed.

`PIXSTORY_THROTTLED=dev,local,staging,production` takes other environments than the fastest.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pixstory.platform.plugins.filter.index import index_shape

from .conftest import Emulator, Run

ENVIRONMENTS = os.environ.get("PIXSTORY_THROTTLED", "dev").split(",")
SHARES = ("--set", "throttling=0.2", "--set", "faults=0.05")


@pytest.fixture
def throttled_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with Emulator(tmp_path_factory.mktemp("throttled"), *SHARES) as emulator:
        yield emulator


def undisturbed(folder: Path, environment: str) -> Any:
    """The shape of what a run leaves that nothing disturbs."""
    folder.mkdir()
    with Emulator(folder) as emulator:
        emulator.play(environment, "provision").ended_well()
        return index_shape(emulator.index(environment))


def disturbed(run: Run) -> str:
    """How much of a run was."""
    statuses = Counter("failed" if one["status"] >= 500 else "answered" for one in run.requests)
    throttled = sum(one["status"] in (400, 429, 503) for one in run.requests)
    return f"{len(run.requests)} calls, {throttled} answered with 400, 429 or 503, {statuses['failed']} with 5xx"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_throttling_and_faults_change_nothing(
    throttled_account: Emulator, tmp_path: Path, environment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    variables = {"aws_destroy_confirm": environment, "aws_destroy_final_snapshots": False}
    told = []

    def play(playbook: str, *arguments: str) -> Run:
        started = time.monotonic()
        run = throttled_account.play(environment, playbook, *arguments).ended_well()
        told.append(f"{environment} {playbook}: {time.monotonic() - started:.0f} s, {disturbed(run)}")
        return run

    play("provision")
    shape = index_shape(throttled_account.index(environment))
    again = play("provision")
    assert again.changed_tasks == []
    assert again.writes == []
    play("audit", "-e", "aws_audit_fail_on=never")
    play("destroy", "-e", json.dumps(variables))
    left = throttled_account.index(environment)
    assert {kind for kind in left["kinds_read"] if left[kind]} == set()
    assert shape == undisturbed(tmp_path / "undisturbed", environment)
    with capsys.disabled():
        print("", *told, sep="\n")
