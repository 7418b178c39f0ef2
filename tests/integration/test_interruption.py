"""Kill provision at random moments: a plain re-run ends where an undisturbed run does."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator

import pytest

from ansible_collections.pixstory.platform.plugins.filter.index import index_shape

from .conftest import Emulator

ENVIRONMENT = "local"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict, int]]:
    """The index of a run that nothing disturbed, and how many writes it took."""
    emulator = Emulator(tmp_path_factory.mktemp("undisturbed"))
    run = emulator.play(ENVIRONMENT, "provision").ended_well()
    yield emulator.index(ENVIRONMENT), len(run.writes)
    emulator.stop()


def kill_and_resume(emulator: Emulator, undisturbed: tuple[dict, int], rng: random.Random) -> None:
    index, writes = undisturbed
    moment = rng.randrange(1, writes)
    code = emulator.play_and_kill(ENVIRONMENT, "provision", moment)
    assert code == -signal.SIGKILL, f"provision ended by itself ({code}) before write {moment} of {writes}"
    emulator.play(ENVIRONMENT, "provision").ended_well()
    assert index_shape(emulator.index(ENVIRONMENT)) == index_shape(index), f"killed after write {moment} of {writes}"


def seed() -> int:
    """Another moment each day; PIXSTORY_SEED repeats one."""
    return int(os.environ.get("PIXSTORY_SEED", random.SystemRandom().randrange(10**6)))


@pytest.mark.parametrize("attempt", range(3))
def test_killed_provision_resumes(fresh_account: Emulator, undisturbed: tuple[dict, int], attempt: int) -> None:
    start = seed() + attempt
    print(f"PIXSTORY_SEED={start - attempt}")
    kill_and_resume(fresh_account, undisturbed, random.Random(start))


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(25))
def test_killed_provision_resumes_soak(fresh_account: Emulator, undisturbed: tuple[dict, int], attempt: int) -> None:
    start = seed() + 1000 + attempt
    print(f"PIXSTORY_SEED={start - 1000 - attempt}")
    kill_and_resume(fresh_account, undisturbed, random.Random(start))
