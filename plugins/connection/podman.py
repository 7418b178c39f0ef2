# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
name: podman
short_description: Execute in a podman container of this computer, without podman
description:
  - A drop-in for P(containers.podman.podman#connection). It enters the namespaces of the container's first process with
    C(nsenter), which takes a hundredth of a second; C(podman exec) takes a quarter, and a file four of these calls.
  - Commands run as root with the container's environment, resource limits and capability bounding set. Not with its
    seccomp filter, and in this computer's control group.
  - Where it cannot serve (rootless podman, another user than root, no C(nsenter), a container that does not run) it
    goes the way of P(containers.podman.podman#connection), which says what is wrong.
version_added: "0.1.0"
author: Pixstory platform contributors (@pixstory)
options:
  remote_addr:
    description: The name or the id of the container.
    type: str
    default: inventory_hostname
    vars:
      - name: inventory_hostname
      - name: ansible_host
      - name: ansible_podman_host
  remote_user:
    description: Who runs the commands.
    type: str
    ini:
      - section: defaults
        key: remote_user
    env:
      - name: ANSIBLE_REMOTE_USER
    keyword:
      - name: remote_user
    vars:
      - name: ansible_user
"""

import contextlib
import os
import resource
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.plugins.connection import ConnectionBase
from ansible.plugins.loader import connection_loader
from ansible.utils.display import Display

display = Display()

STOCK = "containers.podman.podman"
NAMESPACES = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup")
LIMITS = (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC, resource.RLIMIT_CORE)


@dataclass(frozen=True)
class Process:
    """The first process of a container, and when it began: a process id alone may be somebody else's by now."""

    pid: int
    began: str

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """The process that has that id, if there is one."""
        with contextlib.suppress(OSError):
            # The name of the command, in parentheses, may contain anything: https://man7.org/linux/man-pages/man5/proc.5.html
            return cls(pid, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
        return None

    def environment(self) -> list[str]:
        """What the container was given, as env(1) takes it."""
        found = Path(f"/proc/{self.pid}/environ").read_bytes().split(b"\0")
        return [entry.decode() for entry in found if entry and not entry.startswith(b"PWD=")]

    def capabilities(self) -> str:
        """Its bounding set, as setpriv(1) takes it."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        [bits] = [int(line.split()[1], 16) for line in lines if line.startswith("CapBnd:")]
        return ",".join(["-all", *(f"+cap_{number}" for number in range(bits.bit_length()) if bits >> number & 1)])

    def enter(self, command: list[str]) -> list[str]:
        """The command as one that runs where this process does."""
        return [
            *("nsenter", "--target", str(self.pid), *NAMESPACES, "--", "env", "--ignore-environment"),
            *(*self.environment(), "setpriv", "--bounding-set", self.capabilities(), "--", *command),
        ]

    def limit(self) -> None:
        """Give the current process its resource limits."""
        for which in LIMITS:
            resource.setrlimit(which, resource.prlimit(self.pid, which))


class Connection(ConnectionBase):
    """What it does not do, the stock connection does."""

    transport = "pixstory.platform.podman"
    has_pipelining = True

    def __init__(self, play_context: Any, new_stdin: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(play_context, new_stdin, *args, **kwargs)
        self._stock = connection_loader.get(STOCK, play_context, new_stdin, *args, **kwargs)
        if self._stock is None:
            raise AnsibleError(f"The connection {STOCK} is missing: install the collection containers.podman.")

    def set_options(self, task_keys: Any = None, var_options: Any = None, direct: Any = None) -> None:
        super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)
        self._stock.set_options(task_keys=task_keys, var_options=var_options, direct=direct)

    def _connect(self) -> Connection:
        self._connected = True
        return self

    def close(self) -> None:
        self._stock.close()
        self._connected = False

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        process = self._process()
        if process is None:
            return self._stock.exec_command(cmd, in_data=in_data, sudoable=sudoable)  # type: ignore[no-any-return]
        display.vvv(f"EXEC {cmd}", host=self.get_option("remote_addr"))
        return _run(process, shlex.split(cmd), in_data or b"")

    def put_file(self, in_path: str, out_path: str) -> None:
        super().put_file(in_path, out_path)
        process = self._process()
        if process is None:
            self._stock.put_file(in_path, out_path)
            return
        display.vvv(f"PUT {in_path} TO {out_path}", host=self.get_option("remote_addr"))
        # Through a process inside: seen from here a symbolic link in the path would lead out of the container.
        command = ["sh", "-c", 'cat > "$1"', "sh", out_path]
        code, _dummy, said = _run(process, command, Path(in_path).read_bytes())
        if code:
            raise AnsibleError(f"{out_path} could not be written: {said.decode(errors='replace').strip()}")

    def fetch_file(self, in_path: str, out_path: str) -> None:
        super().fetch_file(in_path, out_path)
        process = self._process()
        if process is None:
            self._stock.fetch_file(in_path, out_path)
            return
        display.vvv(f"FETCH {in_path} TO {out_path}", host=self.get_option("remote_addr"))
        code, content, said = _run(process, ["cat", "--", in_path], b"")
        if code:
            raise AnsibleError(f"{in_path} could not be read: {said.decode(errors='replace').strip()}")
        Path(out_path).write_bytes(content)

    def _process(self) -> Process | None:
        """The container's first process; None where the stock connection has to serve."""
        if os.geteuid() != 0 or self.get_option("remote_user") not in (None, "", "root") or not shutil.which("nsenter"):
            return None
        # podman is asked once a run: each task is a process of its own and would ask again.
        name = self.get_option("remote_addr")
        note = Path(C.DEFAULT_LOCAL_TMP, f"podman-{name.replace('/', '-')}")
        with contextlib.suppress(OSError, ValueError):
            pid, _dummy, began = note.read_text().partition(" ")
            if (process := Process.of(int(pid))) and process.began == began:
                return process
        answer = subprocess.run(
            ["podman", "inspect", "--format", "{{.State.Pid}}", name], capture_output=True, text=True, check=False
        )
        process = Process.of(int(answer.stdout)) if answer.stdout.strip() not in ("", "0") else None
        if process:
            note.write_text(f"{process.pid} {process.began}")
        return process


def _run(process: Process, command: list[str], given: bytes) -> tuple[int, bytes, bytes]:
    done = subprocess.run(
        process.enter(command), input=given, capture_output=True, preexec_fn=process.limit, check=False
    )
    return done.returncode, done.stdout, done.stderr
