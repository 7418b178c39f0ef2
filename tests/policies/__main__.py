"""``python -m tests.policies``: derives the policies anew, from runs of the playbooks in all environments.

The playbooks run against emulators; what they call, and what the modules in them may call besides, goes into policies/.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.emulated import ROOT, Emulator

from . import derive, source, store
from .derive import Operation

ENVIRONMENTS = ("production", "staging", "dev", "local")


def asked(environment: str) -> dict[str, set[Operation]]:
    """What each playbook asks of AWS in an environment, from an empty account to an empty account."""
    found: dict[str, set[Operation]] = defaultdict(set)
    with tempfile.TemporaryDirectory() as folder, Emulator(Path(folder) / "requests.jsonl") as emulator:
        for playbook in store.PLAYBOOKS:
            if not (ROOT / "playbooks" / f"{playbook}.yml").exists():
                continue
            offset = emulator.log.stat().st_size
            given = ["-e", json.dumps({"aws_destroy_confirm": environment, "audit_fail_on": "never"})]
            command = ["ansible-playbook", *emulator.inventory(environment), f"playbooks/{playbook}.yml", *given]
            done = subprocess.run(command, cwd=ROOT, env=emulator.environment(), capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"{playbook} in {environment} failed:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
            found[playbook] |= operations(emulator.requests_since(offset))
    return found


def operations(requests: list[dict[str, object]]) -> set[Operation]:
    """The operations of logged requests."""
    return {(str(one["service"]), str(one["operation"])) for one in requests if one["service"] and one["operation"]}


def main() -> None:
    """Derive all, write what has changed, and say how large each is."""
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(asked, ENVIRONMENTS))
    store.FOLDER.mkdir(exist_ok=True)
    for playbook in sorted({playbook for run in runs for playbook in run}):
        called = set().union(*(run[playbook] for run in runs))
        document = derive.policy(called | source.of_playbook(playbook))
        store.path_of(playbook).write_text(store.text_of(document))
        actions = {action for statement in document["Statement"] for action in statement["Action"]}
        size = f"{len(actions)} actions in {len(document['Statement'])} statements"
        print(f"{playbook}: {len(called)} operations called, {size}")


if __name__ == "__main__":
    main()
