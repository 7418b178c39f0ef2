# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the gate's action plugin for test_bad_inventories.py: a line of JSON in, a line of JSON out.

A process of its own, because Ansible's collection loader has to come before the first import of a collection, and
pytest has imported some by then. One for all cases, because starting Ansible takes longer than the gate.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play import Play
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import action_loader, connection_loader, init_plugin_loader
from ansible.template import Templar
from ansible.utils.vars import load_extra_vars
from ansible.vars.manager import VariableManager

GATE = "pixstory.platform.environment_validate"


def examine(project: Path, environment: str) -> dict[str, Any]:
    """The answer of the action plugin, in a play on the controller of the environment."""
    loader = DataLoader()
    loader.set_basedir(str(project / "playbooks"))
    sources = [str(project / "inventories" / environment / "hosts.yml")]
    inventory = InventoryManager(loader=loader, sources=sources)
    manager = VariableManager(loader=loader, inventory=inventory)
    source = {"name": "gate", "hosts": "controller", "gather_facts": False, "tasks": [{GATE: None}]}
    play = Play.load(source, variable_manager=manager, loader=loader)
    task = next(task for block in play.compile() for task in block.block if task.action == GATE)
    task_vars = manager.get_vars(play=play, host=inventory.get_host("localhost"), task=task)
    # The command line's part of the variables.
    task_vars["ansible_inventory_sources"] = sources
    context = PlayContext()
    action = action_loader.get(
        GATE,
        task=task,
        connection=connection_loader.get("ansible.builtin.local", context),
        play_context=context,
        loader=loader,
        templar=Templar(loader=loader, variables=task_vars),
        shared_loader_obj=None,
    )
    return action.run(task_vars=task_vars)


def main() -> None:
    init_plugin_loader([])
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        request = json.loads(line)
        # Where Ansible keeps those of the command line.
        load_extra_vars.extra_vars = request["extra_vars"]
        os.environ.update(request["environ"])
        result = examine(Path(request["project"]), request["environment"])
        for name in request["environ"]:
            del os.environ[name]
        print(json.dumps(result), file=answers, flush=True)


if __name__ == "__main__":
    main()
