"""Notes in the folder PIXSTORY_TASKS_RAN which tasks have run: not those that were only skipped. See tests/tasks."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: record_tasks
type: notification
short_description: Notes which tasks have run
description: Notes which tasks have run.
"""

# Below the collection, however it was reached.
PLACE = re.compile(r"/((?:roles|playbooks)/[^:]+:\d+)$")


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "record_tasks"

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.folder = os.environ.get("PIXSTORY_TASKS_RAN")
        self.disabled = not self.folder

    def _note(self, result: Any, **_more: Any) -> None:
        found = PLACE.search(result.task.get_path() or "")
        if not found or found[1] in self.seen:
            return
        self.seen.add(found[1])
        folder = Path(str(self.folder))
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{os.getpid()}.txt").open("a") as file:
            file.write(f"{found[1]}\n")

    v2_runner_on_ok = _note
    v2_runner_on_failed = _note
