# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Machines behind the emulated EC2 API: for an instance a container of its name, for an AMI a container image.

What is there is compared with what the API tells, again and again, so it does not matter who changed what, or when.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import boto3

from lab.emulator import server
from lab.machines import image, names
from lab.machines.host import Grants
from lab.machines.scenario import Machine, Platform, boot_command, create_options, remove, wait_for_boot

LABEL = "pixstory-lab.fabric"
REPOSITORY = "localhost/pixstory"
BASE = "debian-13"  # what an AMI is that nobody made here: Debian's own
STOPPED = ("stopping", "stopped")
GONE = ("shutting-down", "terminated")


@dataclass
class Wanted:
    """What the API tells: the instances by id, and which instance an image was made from."""

    states: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)  # of each instance the AMI
    sources: Mapping[str, str] = field(default_factory=dict)  # of each AMI that was made here the instance


@dataclass
class Present:
    """What podman has: whether each container runs, and the AMIs that there are images of."""

    running: Mapping[str, bool] = field(default_factory=dict)
    images: frozenset[str] = frozenset()


Step = tuple[str, str]


def steps(wanted: Wanted, present: Present) -> list[Step]:
    """What to do, in order: images are taken before their machines go."""
    todo: list[Step] = []
    for ami, instance in sorted(wanted.sources.items()):
        if ami not in present.images and instance in present.running:
            todo.append(("commit", ami))
    for instance, state in sorted(wanted.states.items()):
        there = instance in present.running
        if state in GONE:
            todo += [("remove", instance)] if there else []
        elif state in STOPPED:
            todo += [("stop", instance)] if present.running.get(instance) else []
        elif not there:
            todo.append(("create", instance))
        elif not present.running[instance]:
            todo.append(("start", instance))
    todo += [("remove", name) for name in sorted(present.running) if name not in wanted.states]
    todo += [("forget", ami) for ami in sorted(present.images - set(wanted.sources))]
    return todo


class Fabric:
    """The machines of one emulator."""

    scope = "fabric"

    def __init__(self, url: str, root: Path, grants: Grants, role: str | None = None) -> None:
        """``role`` limits it to the instances with that tag ``Role``."""
        credentials = {"aws_access_key_id": "emulated", "aws_secret_access_key": "emulated"}
        session = boto3.session.Session(region_name=server.DEFAULT_REGION, **credentials)
        self.ec2 = session.client("ec2", endpoint_url=url)
        self.network = names.network(root, self.scope)
        self.grants = grants
        self.filters = [{"Name": "tag:Role", "Values": [role]}] if role else []

    def follow(self, until: Callable[[], bool], pause: float = 1.0) -> None:
        """Keep the machines equal to what the API tells."""
        self._make_network()
        try:
            while not until():
                self.sync()
                time.sleep(pause)
        finally:
            self.destroy()

    def sync(self) -> list[Step]:
        """Once. Returns what was done."""
        wanted = self.wanted()
        done = steps(wanted, self.present())
        for step in done:
            self.carry_out(step, wanted)
        return done

    def carry_out(self, step: Step, wanted: Wanted) -> None:
        """Do one step."""
        action, name = step
        print(f"{action} {name}", flush=True)
        getattr(self, f"_{action}")(name, wanted)

    def wanted(self) -> Wanted:
        pages = self.ec2.get_paginator("describe_instances").paginate(Filters=self.filters)
        instances = [one for page in pages for group in page["Reservations"] for one in group["Instances"]]
        own = self.ec2.describe_images(Owners=["self"])["Images"]
        return Wanted(
            states={one["InstanceId"]: one["State"]["Name"] for one in instances},
            images={one["InstanceId"]: one["ImageId"] for one in instances},
            sources={one["ImageId"]: one["SourceInstanceId"] for one in own if one.get("SourceInstanceId")},
        )

    def present(self) -> Present:
        containers = json.loads(podman("ps", "--all", "--format", "json", *self._labelled()))
        kept = json.loads(podman("images", "--format", "json", *self._labelled()))
        tags = [tag for one in kept for tag in one.get("Names") or []]
        return Present(
            running={one["Names"][0]: one["State"] == "running" for one in containers},
            images=frozenset(
                tag.partition(":")[0].rpartition("/")[2] for tag in tags if tag.startswith(f"{REPOSITORY}/")
            ),
        )

    def destroy(self) -> None:
        """Remove all that is here; nothing there is no error."""
        present = self.present()
        if present.running:
            remove(*present.running)
        for ami in present.images:
            self._forget(ami, Wanted())
        if subprocess.run(["podman", "network", "exists", self.network]).returncode == 0:
            podman("network", "rm", "--force", self.network)

    def _labelled(self) -> Iterable[str]:
        return ("--filter", f"label={LABEL}={self.network}")

    def _make_network(self) -> None:
        if subprocess.run(["podman", "network", "exists", self.network]).returncode:
            podman("network", "create", "--label", f"{LABEL}={self.network}", self.network)

    def _create(self, instance: str, wanted: Wanted) -> None:
        ami = wanted.images[instance]
        tag = f"{REPOSITORY}/{ami}" if ami in wanted.sources else image.ensure(BASE, self.grants)
        command = [*self.grants.podman(), "create", "--name", instance, "--label", f"{LABEL}={self.network}"]
        _run([*command, *self._machine(instance, tag)])
        self._furnish(instance)
        self._start(instance, wanted)

    def _machine(self, instance: str, tag: str) -> list[str]:
        """The options that make the container this machine, the image, and what it runs."""
        options = ["--network", self.network, *create_options(Platform(instance), self.grants)]
        # A container has its own /etc/hosts otherwise: --no-hosts is for those that are given one.
        options.remove("--no-hosts")
        return [*options, tag, *boot_command(self.grants)]

    def _furnish(self, instance: str) -> None:
        """What a machine has before it boots; here nothing."""

    def _start(self, instance: str, _wanted: Wanted) -> None:
        podman("start", instance)
        wait_for_boot(Machine(instance, instance, ""))

    def _stop(self, instance: str, _wanted: Wanted) -> None:
        podman("stop", "--time", "20", instance)

    def _remove(self, instance: str, _wanted: Wanted) -> None:
        remove(instance)

    def _commit(self, ami: str, wanted: Wanted) -> None:
        label = f"LABEL {LABEL}={self.network}"
        podman("commit", "--quiet", "--change", label, wanted.sources[ami], f"{REPOSITORY}/{ami}")

    def _forget(self, ami: str, _wanted: Wanted) -> None:
        podman("rmi", "--force", f"{REPOSITORY}/{ami}")


def podman(*arguments: str) -> str:
    """Run podman; its failure ends the work with what it said."""
    return _run(["podman", *arguments])


def _run(command: list[str]) -> str:
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {answer.stderr.strip()}")
    return answer.stdout
