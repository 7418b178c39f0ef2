# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances as machines: booted Debian containers, each in its own network namespace at its private address."""

from __future__ import annotations

import json
import shlex
import subprocess
import tempfile
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

from lab.emulator import server
from lab.fabric import network
from lab.fabric.names import AWS_HOST
from lab.fabric.network import Network
from lab.fabric.plan import Host
from lab.fabric.world import GONE, World, tags_of
from lab.machines import fabric, gateway
from lab.machines.fabric import Fabric, Wanted
from lab.machines.host import Grants
from lab.machines.scenario import Machine, Platform, boot_command, create_options, hosts_file

TUNNEL = Path("/dev/net/tun")
KEPT = "pixstory-lab.ami"  # the label of an AMI that is kept: what DescribeImages says of it
CACHE = "localhost/pixstory-lab/ami"
GROUP_TAG = "aws:autoscaling:groupName"
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
AUTHORITY = "/usr/local/share/ca-certificates/pixstory-lab.crt"
# The metadata service is where it is on AWS; only the API is elsewhere.
AWS_ENVIRONMENT = f"AWS_ENDPOINT_URL=http://{AWS_HOST}:{gateway.API_PORT}\n"
# No container may speak to the kernel's audit system.
NO_CONTAINER = "[Unit]\nConditionVirtualization=!container\n"


def wanted(world: World, hosts: Mapping[str, Host]) -> Wanted:
    """The instances that are to be machines, and the images made of them."""
    ours = {name: one for name, one in world.instances.items() if name in hosts or one.state in GONE}
    return Wanted(
        states={name: one.state for name, one in ours.items()},
        images={name: one.image for name, one in ours.items()},
        sources=dict(world.images),
    )


def dead(world: World, running: Mapping[str, bool], seen: Set[str]) -> set[str]:
    """The machines of Auto Scaling groups that ran when they were last seen, and do not any more: their group's to
    replace. Others are started again, and so is everything after a restart of this computer.
    """
    return {
        name
        for name in seen
        if not running.get(name, False)
        and name in world.instances
        and world.instances[name].state == "running"
        and GROUP_TAG in world.instances[name].tags
    }


def metadata(world: World, hosts: Mapping[str, Host]) -> dict[str, dict[str, Any]]:
    """What the metadata service tells each machine, by its address; see lab.machines.imds."""
    found = {}
    for name, one in world.living().items():
        if name not in hosts:
            continue
        zone = hosts[name].zone
        found[one.address] = {
            "instance_id": name,
            "region": zone[:-1],
            "zone": zone[-1],
            "account": server.DEFAULT_ACCOUNT,
            "address": one.address,
            "name": hostname(one.address),
            "tags": dict(one.tags),
            "role": one.role,
        }
    return found


def hostname(address: str) -> str:
    """The name that EC2 gives an instance after its address."""
    return "ip-" + address.replace(".", "-")


def _role(told: Mapping[str, Any]) -> str:
    return tags_of(told["Tags"]).get("Role", "")


class Machines(Fabric):
    """The machines of a lab."""

    scope = "lab"

    def __init__(self, url: str, root: Path, grants: Grants, net: Network, authority: Path) -> None:
        super().__init__(url, root, grants)
        self.net = net
        self.authority = authority
        self.hosts: Mapping[str, Host] = {}
        self.world = World()

    def keep(self, ami: str, told: str) -> None:
        """Keep an AMI that was baked, so that the next lab here need not bake it again: one a role, the newest."""
        print(f"keep {ami}", flush=True)
        role = _role(json.loads(told))
        old = [name for name, one in self.kept().items() if _role(one) == role]
        recipe = f"FROM {fabric.REPOSITORY}/{ami}\nLABEL {KEPT}={shlex.quote(told)}\n"
        command = ["podman", "build", "--quiet", "--tag", f"{CACHE}:{ami}", "-"]
        subprocess.run(command, input=recipe, text=True, capture_output=True, check=True)
        for name in old:
            fabric.podman("rmi", "--force", f"{CACHE}:{name}")

    def kept(self) -> dict[str, dict[str, Any]]:
        """What was told of each AMI that an earlier lab of this folder has kept."""
        listed = json.loads(fabric.podman("images", "--format", "json", *self._labelled()))
        told = (json.loads(one["Labels"][KEPT]) for one in listed if KEPT in (one["Labels"] or {}))
        return {one["ImageId"]: one for one in told}

    def restore(self) -> dict[str, dict[str, Any]]:
        """Have what was kept as images of their AMIs again."""
        kept = self.kept()
        for ami in kept:
            fabric.podman("tag", f"{CACHE}:{ami}", f"{fabric.REPOSITORY}/{ami}")
        return kept

    def see(self, world: World, hosts: Mapping[str, Host]) -> Wanted:
        """Take note of what is wanted now."""
        self.world, self.hosts = world, hosts
        return wanted(world, hosts)

    def _platform(self, instance: str) -> Platform:
        devices = (str(TUNNEL),) if TUNNEL.exists() else ()
        return Platform(hostname(self.hosts[instance].address), devices=devices)

    def _machine(self, instance: str, tag: str) -> list[str]:
        subnet = self.world.subnets[self.hosts[instance].subnet]
        options = ["--network", f"ns:{network.NAMESPACES / self.net.namespace(instance)}"]
        options += ["--dns", network.resolver(self.world.vpcs[subnet.vpc])]
        options += create_options(self._platform(instance), self.grants)
        # An image that was baked here trusts the authority already; one of an earlier lab another, of the same name.
        known = f'grep --quiet --fixed-strings "$(sed --quiet 3p /{AUTHORITY.lstrip("/")})" {BUNDLE}'
        trust = f"{known} || update-ca-certificates --fresh >/dev/null"
        return [*options, tag, *boot_command(self.grants, trust)]

    def _furnish(self, instance: str) -> None:
        address = self.hosts[instance].address
        name = hostname(address)
        files = {
            "etc/hosts": hosts_file(Machine(name, instance, address), ()),
            "etc/pixstory/aws.env": AWS_ENVIRONMENT,
            "etc/systemd/system/auditd.service.d/lab.conf": NO_CONTAINER,
            "etc/systemd/system/audit-rules.service.d/lab.conf": NO_CONTAINER,
            AUTHORITY.lstrip("/"): self.authority.read_text(),
        }
        with tempfile.TemporaryDirectory(prefix="pixstory-machine-") as folder:
            Path(folder).chmod(0o755)  # it becomes the root directory's
            for path, text in files.items():
                target = Path(folder, path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text)
            fabric.podman("cp", f"{folder}/.", f"{instance}:/")
