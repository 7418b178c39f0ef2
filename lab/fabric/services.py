# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is no machine of anybody's: the nodes of databases, caches and load balancers, and the resolver.

Each is a container of the image ``services`` in the network namespace of its host. The folder that it shares with the
lab, ``/lab`` inside, is how the two speak: the lab writes files there, and the node says in others how it is.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lab.fabric import network
from lab.machines import image
from lab.machines.fabric import podman
from lab.machines.host import Grants

LABEL = "pixstory-lab.service"
DIGEST = "pixstory-lab.digest"
SHARED = "/lab"


@dataclass(frozen=True)
class Service:
    """A container that is to be there. ``files`` are the contents of its folder, secret ones (TLS keys) too."""

    name: str
    namespace: str
    command: tuple[str, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    reload: str = ""
    """The signal that makes it read its files again; empty where it looks for itself."""
    handed_on: tuple[str, ...] = ()
    """Files in which a process tells its successor what it knows. After a death that is not so any more."""
    address: str = ""
    """That of its host. With another one the host has another namespace, of the same name."""

    @property
    def digest(self) -> str:
        """What tells a container from one that was made another way."""
        return hashlib.sha256("\0".join((self.namespace, self.address, *self.command)).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class There:
    """A container that is there."""

    state: str
    """In podman's words."""
    digest: str

    @property
    def running(self) -> bool:
        """Whether it does its work; one that hangs does not."""
        return self.state == "running"


Step = tuple[str, str]


def steps(wanted: Mapping[str, Service], present: Mapping[str, There]) -> list[Step]:
    """What to do, in order. A container that was made another way is made again."""
    todo = [("remove", name) for name in sorted(present) if name not in wanted]
    for name, service in sorted(wanted.items()):
        found = present.get(name)
        if found and found.digest != service.digest:
            todo.append(("remove", name))
            found = None
        if not found:
            todo.append(("create", name))
        elif not found.running and found.state != "paused":  # that one is to hang
            todo.append(("start", name))
    return todo


class Services:
    """The containers of one lab."""

    def __init__(self, prefix: str, folder: Path, grants: Grants) -> None:
        self.prefix = prefix
        self.folder = folder
        self.grants = grants
        self._image = ""

    def container(self, name: str) -> str:
        """The name of a service's container."""
        return f"{self.prefix}-{name}"

    def present(self) -> dict[str, There]:
        """The containers that are there, by the name of their service."""
        listed = json.loads(podman("ps", "--all", "--format", "json", "--filter", f"label={LABEL}={self.prefix}"))
        return {
            one["Names"][0].removeprefix(f"{self.prefix}-"): There(one["State"], one["Labels"][DIGEST])
            for one in listed
        }

    def stale(self, service: Service) -> list[str]:
        """The files that are not as they should be."""
        folder = self.folder / service.name
        return [
            name
            for name, text in service.files.items()
            if not (folder / name).exists() or (folder / name).read_text() != text
        ]

    def write(self, service: Service) -> None:
        """Bring the files up to date."""
        folder = self.folder / service.name
        folder.mkdir(parents=True, exist_ok=True)
        for name in self.stale(service):
            draft = folder / f".{name}.new"
            draft.touch(mode=0o600)
            draft.write_text(service.files[name])
            draft.rename(folder / name)

    def carry_out(self, step: Step, wanted: Mapping[str, Service]) -> None:
        """Do one step."""
        action, name = step
        print(f"{action} {name}", flush=True)
        container = self.container(name)
        if action == "remove":
            podman("rm", "--force", "--volumes", "--time", "2", container)
        elif action == "start":
            for left in wanted[name].handed_on:
                (self.folder / name / left).unlink(missing_ok=True)
            podman("start", container)
        else:
            self._create(wanted[name])

    def _create(self, service: Service) -> None:
        self._image = self._image or image.ensure(image.SERVICES, self.grants)
        container = self.container(service.name)
        command = [*self.grants.podman()[1:], "run", "--detach", "--name", container, "--no-hosts"]
        command += ["--label", f"{LABEL}={self.prefix}", "--label", f"{DIGEST}={service.digest}"]
        command += ["--network", f"ns:{network.NAMESPACES / service.namespace}"]
        command += [
            "--log-opt",
            "max-size=10mb",
            "--volume",
            f"{self.folder / service.name}:{SHARED}",
            *self.grants.limits(),
        ]
        podman(*command, self._image, *service.command)

    def signal(self, service: Service) -> None:
        """Have it read its files again. One that is just ending does not matter: it reads them when it starts."""
        if service.reload:
            command = ["podman", "kill", "--signal", service.reload, self.container(service.name)]
            subprocess.run(command, capture_output=True)

    def destroy(self) -> None:
        """Remove all of them."""
        there = [self.container(name) for name in self.present()]
        if there:
            podman("rm", "--force", "--volumes", "--time", "0", *there)
