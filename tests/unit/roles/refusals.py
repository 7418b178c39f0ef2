"""What a role's preflight says to bad values, all of them in one run of Ansible, on no machine but this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
PASSED = "passed"
# Of the item of a loop that failed, or of the task.
MESSAGE = (
    "{{ ansible_failed_result.results | default([ansible_failed_result])"
    " | selectattr('failed') | map(attribute='msg') | join(' ') }}"
)


def refusals(role: str, cases: Mapping[str, Mapping[str, Any]], folder: Path) -> dict[str, str]:
    """The message for each case, ``passed`` where there was none. A case is variables; ``release`` is Debian's."""
    include = {"name": f"pixstory.platform.{role}", "tasks_from": "preflight.yml"}
    tasks: list[dict[str, Any]] = []
    for number, given in enumerate(cases.values()):
        variables = dict(given)
        release = str(variables.pop("release", 13))
        facts = {"distribution": "Debian", "distribution_version": release, "distribution_major_version": release}
        attempt = [
            {"ansible.builtin.set_fact": facts | {"cacheable": True}},
            {"ansible.builtin.include_role": include, "vars": variables},
            {"ansible.builtin.set_fact": {f"case_{number}": PASSED}},
        ]
        tasks.append({"block": attempt, "rescue": [{"ansible.builtin.set_fact": {f"case_{number}": MESSAGE}}]})
    answers = folder / "answers.json"
    result = "{{ [" + ", ".join(f"case_{number}" for number in range(len(cases))) + "] | to_json }}"
    tasks.append({"ansible.builtin.copy": {"content": result, "dest": str(answers), "mode": "0600"}})
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    play["vars"] = {"ansible_python_interpreter": sys.executable}
    playbook = folder / "refusals.yml"
    playbook.write_text(yaml.safe_dump([play]))
    run = subprocess.run(
        [Path(sys.executable).parent / "ansible-playbook", "-i", "localhost,", playbook],
        env=os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
        capture_output=True,
        text=True,
    )
    assert answers.exists(), run.stdout + run.stderr
    return dict(zip(cases, json.loads(answers.read_text()), strict=True))
