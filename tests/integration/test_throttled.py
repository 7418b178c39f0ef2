"""AWS throttles and fails calls: all ends as it does undisturbed.

`PIXSTORY_THROTTLED=dev,local,staging,production` takes other environments than the fastest.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from ansible_collections.pixstory.platform.plugins.filter.index import index_shape

from .conftest import Emulator, Run, Undisturbed

ENVIRONMENTS = os.environ.get("PIXSTORY_THROTTLED", "dev").split(",")
SHARES = ("--set", "throttling=0.2", "--set", "faults=0.05")


@pytest.fixture
def throttled_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with Emulator(tmp_path_factory.mktemp("throttled"), *SHARES) as emulator:
        yield emulator


def disturbed(run: Run) -> str:
    """How much of a run was."""
    statuses = Counter("failed" if one["status"] >= 500 else "answered" for one in run.requests)
    throttled = sum(one["status"] in (400, 429, 503) for one in run.requests)
    return f"{len(run.requests)} calls, {throttled} answered with 400, 429 or 503, {statuses['failed']} with 5xx"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_throttling_and_faults_change_nothing(
    throttled_account: Emulator, undisturbed: Undisturbed, environment: str, capsys: pytest.CaptureFixture[str]
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
    assert shape == undisturbed[environment].shape
    with capsys.disabled():
        print("", *told, sep="\n")
