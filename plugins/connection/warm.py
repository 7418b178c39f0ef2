# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
name: warm
short_description: Execute on the controller, in a Python that is warm
description:
  - A drop-in for P(ansible.builtin.local#connection). The results are the same.
  - A module starts in a copy of a process that has Python, the AWS SDK and C(module_utils) loaded, instead of in a new
    Python that loads them.
  - The process belongs to one run. It starts with the first module and ends with the run, however that ends.
  - Whatever it cannot serve goes the way of P(ansible.builtin.local#connection), and C(-v) says so once.
version_added: "0.1.0"
author: Pixstory platform contributors (@pixstory)
options:
  become_success_timeout:
    description: Seconds to wait for become to succeed when enabled. Less than 1 means the default.
    type: int
    default: 10
    vars:
      - name: ansible_local_become_success_timeout
  become_strip_preamble:
    description: Strip what become puts out before the command. Disable for additional diagnostics.
    type: bool
    default: true
    vars:
      - name: ansible_local_become_strip_preamble
extends_documentation_fragment:
  - connection_pipelining
notes:
  - Needs Linux 5.3 and C(ansible_python_interpreter) equal to the Python of ansible-playbook, which
    C(ansible_playbook_python) names.
  - Commands, asynchronous tasks, modules that become another user, that are not in Python, or whose task sets variables
    that Python reads at its start (C(PYTHON*), C(LD_*), C(LC_*), C(HOME) and the like) are run by
    P(ansible.builtin.local#connection).
  - docs/warm-connection.md tells how it works and how to see what it does.
"""

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.plugins.connection.local import Connection as Local
from ansible.utils.display import Display

from ansible_collections.pixstory.platform.plugins.plugin_utils.warm import client

display = Display()


class Connection(Local):
    """What it does not do, its parent does. Ansible's own special cases for `local` hold for it too, by the name."""

    transport = "local"
    has_pipelining = True
    always_pipeline_modules = True

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        self._connect()
        shell = C.DEFAULT_EXECUTABLE.split()[0]
        try:
            asked = client.request(cmd, in_data, shell, self.cwd)
            display.vvv(f"WARM {asked.payload.module}", host=self._play_context.remote_addr)
            return client.run(asked)
        except client.NotServed as reason:
            # Commands are everyday: only a module is worth a word.
            if in_data is not None and display.verbosity and client.first_to_say(str(reason)):
                display.v(f"The warm Python does not run this module, local does: {reason}.")
            return super().exec_command(cmd, in_data, sudoable)
        except client.Lost:
            raise AnsibleError(
                "The warm Python ended while it ran this module: what the module has done is not known. Run the "
                "playbook again; with -e ansible_connection=local if it happens again."
            ) from None
