# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packs the modules of a play ahead of the tasks that need them, in a process beside.

The first task of each module packs it with all the module_utils that it imports, which takes a fifth of a second: a
run waits for that once a module. Most of it is parsing the same `module_utils` again, because each task is a process of
its own and none knows what the others have parsed. Here one process packs them all. It calls Ansible's own code, which
keeps what it packs in the folder where the tasks look for it; what is not there yet, or goes wrong here, the task packs
itself as ever.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from ansible import constants as C
from ansible.executor import module_common
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.block import Block
from ansible.playbook.play import Play
from ansible.plugins.loader import action_loader, module_loader
from ansible.template import Templar


def modules_of(play: Play) -> list[str]:
    """The modules that the tasks of a play name, in their order. What files include later is not known yet."""
    return list(dict.fromkeys(name for block in play.compile() for name in _actions(block) if _is_module(name)))


def _actions(block: Block) -> Iterator[str]:
    for task in (*block.block, *block.rescue, *block.always):
        if isinstance(task, Block):
            yield from _actions(task)
        else:
            yield task.resolved_action or task.action


def _is_module(action: str) -> bool:
    """Not what an action plugin does on its own."""
    return not action_loader.has_plugin(action)


def pack(modules: Iterable[str]) -> int:
    """Start a process that packs them. Returns its process id."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _parse_once()
        for name in modules:
            if os.getppid() != parent:
                break
            with suppress(Exception):  # the task will say what is wrong
                _pack(name)
    finally:
        os._exit(0)


def _pack(name: str) -> None:
    path = module_loader.find_plugin_with_context(name, ".py").plugin_resolved_path
    if path:
        module_common.modify_module(
            module_name=name,
            module_path=path,
            module_args={},
            templar=Templar(DataLoader()),
            task_vars={"ansible_python_interpreter": sys.executable},
            module_compression=C.config.get_config_value("DEFAULT_MODULE_COMPRESSION"),
        )


def _parse_once() -> None:
    """Have Ansible's finder of imports parse each file once."""
    finder = module_common.ModuleDepFinder
    parse = finder.__init__
    parsed: dict[tuple[str, bytes], Any] = {}

    @functools.wraps(parse)
    def remember(self: Any, module_fqn: str, module_data: bytes, *arguments: Any, **keywords: Any) -> None:
        key = (module_fqn, module_data)
        if key in parsed:
            self.__dict__.update(parsed[key].__dict__)
        else:
            parse(self, module_fqn, module_data, *arguments, **keywords)
            parsed[key] = self

    finder.__init__ = remember
