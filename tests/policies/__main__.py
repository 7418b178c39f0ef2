"""``python -m tests.policies``: derives the policies again, from runs of the playbooks in all environments.

The playbooks run against emulators; what they call, and what the modules in them may call besides, goes into policies/,
and what AWS asks for beside each call also into lab/emulator/permissions.json.
What was called is kept there too: environments named as arguments are all that runs, and with ``none``, nothing does.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from operator import or_
from pathlib import Path

from tests.emulated import ROOT, Emulator

from . import derive, enforced, source, store
from .derive import Json, Operation
from .store import Calls, Runs

# The longest first: two run at a time.
ENVIRONMENTS = ("production", "staging", "local", "dev")


def asked(environment: str) -> dict[str, Calls]:
    """What each playbook asks of AWS in an environment, from an empty account to an empty account."""
    found: dict[str, Calls] = {}
    with tempfile.TemporaryDirectory() as folder, Emulator(Path(folder) / "requests.jsonl") as emulator:
        for playbook in store.run_in(environment):
            began = time.monotonic()
            offset = emulator.log.stat().st_size
            command = ["ansible-playbook", *emulator.inventory(environment), f"playbooks/{playbook}.yml"]
            command += store.arguments(playbook, environment)
            done = subprocess.run(command, cwd=ROOT, env=emulator.environment(), capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"{playbook} in {environment} failed:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
            found[playbook] = Calls()
            found[playbook].add(emulator.requests_since(offset))
            print(f"{playbook} in {environment}: {time.monotonic() - began:.0f} s", flush=True)
    return found


def needed(runs: Runs, playbook: str) -> Calls:
    """What a playbook was seen to ask of AWS, and what it may ask besides."""
    calls = reduce(or_, (run.get(playbook, Calls()) for run in runs.values()))
    return Calls(calls.operations | source.of_playbook(playbook), calls.cross_region)


def derived(runs: Runs, playbook: str) -> list[Json]:
    """The policies of a playbook."""
    calls = needed(runs, playbook)
    return derive.policies(calls.operations, calls.cross_region)


def operations(runs: Runs) -> set[Operation]:
    """What all playbooks may ask."""
    return {one for playbook in store.PLAYBOOKS for one in needed(runs, playbook).operations}


def main() -> None:
    """Derive all, write them, and say how large each is."""
    parser = argparse.ArgumentParser(prog="python -m tests.policies", description=__doc__)
    parser.add_argument("environments", nargs="*", choices=[*ENVIRONMENTS, "none"])
    named = parser.parse_args().environments or ENVIRONMENTS
    runs = store.read_calls()
    with ThreadPoolExecutor(2) as pool:
        again = [environment for environment in ENVIRONMENTS if environment in named]
        runs.update(zip(again, pool.map(asked, again), strict=True))
    store.write_calls(runs)
    for playbook in store.PLAYBOOKS:
        documents = derived(runs, playbook)
        store.write(playbook, documents)
        called = {one for run in runs.values() if playbook in run for one in run[playbook].operations}
        actions = len(derive.allowed_by(documents))
        print(f"{playbook}: {len(called)} operations called; {actions} actions in {len(documents)} policies")
    enforced.write(operations(runs))


if __name__ == "__main__":
    main()
