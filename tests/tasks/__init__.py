"""Which tasks of the collection no test has ever run.

Tests record which tasks they run where the environment variable PIXSTORY_TASKS_RAN names a folder: those of
tests/integration, tests/molecule, and whatever else runs playbooks with `ran_into`. ``python -m tests.tasks FOLDER``
then lists the tasks that were not run and for which never.yml has no reason.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CALLBACK = ROOT / "tests" / "tasks" / "callback"
NEVER = ROOT / "tests" / "tasks" / "never.yml"
VARIABLE = "PIXSTORY_TASKS_RAN"
# What runs nothing by itself: what it names is recorded where it stands.
NAMES_OTHERS = {
    f"{prefix}{word}"
    for prefix in ("", "ansible.builtin.")
    for word in ("import_tasks", "include_tasks", "import_role", "include_role", "import_playbook", "meta", "block")
}


def ran_into(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What makes ansible-playbook record its tasks, where that is asked for."""
    folder = environment.get(VARIABLE)
    return {VARIABLE: folder, "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACK)} if folder else {}


def written(*folders: str) -> dict[str, str]:
    """The tasks of the collection, ``file: name`` by ``file:line``."""
    found = {}
    patterns = ("roles/*/tasks/**/*.yml", "roles/*/handlers/*.yml", "playbooks/*.yml")
    for path in sorted(path for pattern in folders or patterns for path in ROOT.glob(pattern)):
        name = str(path.relative_to(ROOT))
        document = yaml.compose(path.read_text(), Loader=yaml.SafeLoader)
        for task in _tasks(document):
            keys = {key.value: value for key, value in task.value}
            if not keys.keys() & NAMES_OTHERS:
                line = task.start_mark.line + 1
                found[f"{name}:{line}"] = f"{name}: {keys['name'].value if 'name' in keys else f'line {line}'}"
    return found


def _tasks(node: yaml.Node | None) -> Iterator[yaml.MappingNode]:
    """The tasks below: of a list of tasks, of a block, and of a play."""
    for item in node.value if isinstance(node, yaml.SequenceNode) else ():
        if not isinstance(item, yaml.MappingNode):
            continue
        keys = {key.value: value for key, value in item.value}
        lists = ("block", "rescue", "always", "tasks", "pre_tasks", "post_tasks", "handlers")
        if "hosts" not in keys:
            yield item
        for key in lists:
            yield from _tasks(keys.get(key))


def ran(folder: Path) -> set[str]:
    """The tasks that were run, ``file:line``."""
    return {line for path in folder.glob("**/*.txt") for line in path.read_text().splitlines()}


def never(folder: Path) -> list[str]:
    """The tasks that no record in the folder names, ``file: name``."""
    seen = ran(folder)
    return sorted(task for place, task in written().items() if place not in seen)


def reasons() -> dict[str, str]:
    """Why a task is never run by a test."""
    return yaml.safe_load(NEVER.read_text()) or {}
