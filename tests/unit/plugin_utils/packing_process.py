# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packs modules ahead and as a task does. A process of its own: Ansible's loader of collections has to come first."""

from __future__ import annotations

import os
import sys

from ansible import constants
from ansible.plugins.loader import init_plugin_loader

if __name__ == "__main__":
    init_plugin_loader([])
    from ansible_collections.pixstory.platform.plugins.plugin_utils.warm import ahead

    folder, *modules = sys.argv[1:]
    constants.DEFAULT_LOCAL_TMP = f"{folder}/ahead"
    os.waitpid(ahead.pack(["no.such.module", *modules]), 0)
    constants.DEFAULT_LOCAL_TMP = f"{folder}/task"
    for module in modules:
        ahead._pack(module)
