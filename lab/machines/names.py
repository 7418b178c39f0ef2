# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of containers and networks, and addresses. Names differ from checkout to checkout: clones do not meet."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from pathlib import Path

# A platform's is a host name (RFC 1123). A scenario's is part of podman's names only, and may be that of a role.
NAMES = {
    "platform": (re.compile(r"[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?"), "digits and hyphens"),
    "scenario": (re.compile(r"[a-z0-9]([a-z0-9_-]{0,40}[a-z0-9])?"), "digits, hyphens and underscores"),
}


def checkout_id(root: Path) -> str:
    """Six hexadecimal digits that stand for a checkout."""
    return hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:6]


def refuse_bad_name(kind: str, name: str) -> None:
    """Stop unless a name can be that of a ``platform`` or a ``scenario``."""
    pattern, characters = NAMES[kind]
    if not pattern.fullmatch(name):
        raise SystemExit(
            f"{kind} {name!r}: write lower-case letters, {characters}, 42 characters at most, "
            "beginning and ending with a letter or digit"
        )


def network(root: Path, scenario: str) -> str:
    """The name of a scenario's network; the containers on it begin with it."""
    refuse_bad_name("scenario", scenario)
    return f"pixstory-{checkout_id(root)}-{scenario}"


def container(root: Path, scenario: str, machine: str) -> str:
    """The name of a machine's container."""
    refuse_bad_name("platform", machine)
    return f"{network(root, scenario)}-{machine}"


def instance_id(container_name: str) -> str:
    """An EC2 instance id for a machine: ``i-`` and 17 hexadecimal digits, the same each time."""
    return "i-" + hashlib.sha256(container_name.encode()).hexdigest()[:17]


def services_address(subnet: str) -> str:
    """The address of the container whose network namespace AWS's services listen in."""
    return str(ipaddress.ip_network(subnet)[2])


def addresses(subnet: str, count: int) -> list[str]:
    """The addresses of that many machines: from .10 on, so that the gateway and the services come before them."""
    hosts = ipaddress.ip_network(subnet)
    if count > hosts.num_addresses - 12:
        raise SystemExit(f"{count} machines do not fit into {subnet}")
    return [str(hosts[10 + number]) for number in range(count)]
