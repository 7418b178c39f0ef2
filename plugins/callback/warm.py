# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
name: warm
type: aggregate
short_description: Prepare for the warm connection at the start of a play
description:
  - Starts the warm Python before the first task asks for it, loads in ansible-playbook itself what every task would
    load again, and packs the modules of the play ahead of the tasks that need them.
  - Does nothing in a play that P(pixstory.platform.warm#connection) has no part in. That works without this one, only
    slower.
  - Shows nothing.
version_added: "0.1.0"
author: Pixstory platform contributors (@pixstory)
requirements:
  - C(callbacks_enabled = pixstory.platform.warm) in ansible.cfg
"""

import gc
import os
import signal
from contextlib import suppress

from ansible.module_utils.common.json import Direction, get_module_decoder, get_module_encoder
from ansible.playbook.play import Play
from ansible.plugins.callback import CallbackBase
from ansible.plugins.loader import (
    action_loader,
    connection_loader,
    filter_loader,
    get_shell_plugin,
    lookup_loader,
    test_loader,
)

from ansible_collections.pixstory.platform.plugins.plugin_utils.warm import ahead, client

CONNECTION = "pixstory.platform.warm"


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = CONNECTION
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *arguments: object, **keywords: object) -> None:
        super().__init__(*arguments, **keywords)
        self._packing: int | None = None
        self._prepared = False

    def v2_playbook_on_play_start(self, play: Play) -> None:
        if not _takes_part(play):
            return
        self._stop_packing()
        if not self._prepared:
            self._prepared = True
            client.start()
            _load_plugins()
        self._packing = ahead.pack(ahead.modules_of(play))

    def v2_playbook_on_stats(self, stats: object) -> None:
        self._stop_packing()

    def _stop_packing(self) -> None:
        if self._packing is not None:
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(self._packing, signal.SIGTERM)
                os.waitpid(self._packing, 0)
            self._packing = None


def _takes_part(play: Play) -> bool:
    """Whether a host of the play has the warm connection, as far as the host itself or the command line says."""
    variables = play.get_variable_manager()
    said = variables.extra_vars.get("ansible_connection")
    if said:
        return said == CONNECTION
    hosts = variables._inventory.get_hosts(play.hosts) if variables._inventory else []
    return any(host.vars.get("ansible_connection") == CONNECTION for host in hosts)


def _load_plugins() -> None:
    """What a task loads again because it is a process of its own. What is loaded here they inherit."""
    connection_loader.get(CONNECTION, class_only=True)
    for loader in (filter_loader, test_loader):
        for _plugin in loader.all():
            pass
    lookup_loader.get("ansible.builtin.template", class_only=True)
    action_loader.get("ansible.builtin.normal", class_only=True)
    get_shell_plugin(shell_type="sh")
    get_module_encoder("legacy", Direction.CONTROLLER_TO_MODULE)
    get_module_decoder("legacy", Direction.MODULE_TO_CONTROLLER)
    with suppress(Exception):  # not a published part of Ansible; a task does it itself
        from ansible._internal._task import UnifiedTaskResult

        UnifiedTaskResult.from_module_result_dict({})
    # What is here by now stays: no task's collector needs to walk it, and to copy the pages that it touches.
    gc.collect()
    gc.freeze()
