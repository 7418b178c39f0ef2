# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that writes how ssh reaches a machine."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..plugin_utils import ssh_proxy

# A session of Systems Manager that says nothing for long is ended, and a task may say nothing for long.
SETTINGS = {
    "StrictHostKeyChecking": "accept-new",
    "IdentitiesOnly": "yes",
    "IdentityAgent": "none",
    "ServerAliveInterval": "30",
    "ServerAliveCountMax": "10",
}


def ssh_options(instance: str, connection: str, prefix: str, region: str, key: str = "") -> str:
    """The options of ssh, scp and sftp for a machine.

    :param instance: Its instance id: the host keys are known by it, since addresses are given again.
    :param connection: ``ssm`` or ``vpn``.
    :param prefix: The environment's; its known hosts and its key are in ``~/.ssh/<prefix>``.
    :param key: A private key that the machine lets in already; without it one is made, and let in for a minute.
    """
    folder = Path.home() / ".ssh" / prefix
    command = [sys.executable, str(Path(ssh_proxy.__file__).resolve()), "--connection", connection, "--region", region]
    command += ["--instance", instance, "--folder", str(folder), *(["--key-is-there"] if key else [])]
    proxy = " ".join(shlex.quote(part).replace("%", "%%") for part in command) + " --user %r --host %h --port %p"
    settings = SETTINGS | {
        "ProxyCommand": proxy,
        "ProxyUseFdpass": "yes" if connection == "vpn" else "no",
        "HostKeyAlias": instance,
        "UserKnownHostsFile": _quoted(folder / ssh_proxy.KNOWN_HOSTS),
        "IdentityFile": _quoted(key or folder / ssh_proxy.KEY),
    }
    return " ".join(f"-o {shlex.quote(f'{name}={value}')}" for name, value in settings.items())


def _quoted(path: Path | str) -> str:
    """A path as ssh reads it: it splits at spaces, and has tokens."""
    return f'"{path}"'.replace("%", "%%")


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"ssh_options": ssh_options}
