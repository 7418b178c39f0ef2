# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The machines of a molecule scenario: a network, a container a machine, and AWS where a machine asks for it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from lab.emulator import process, server
from lab.machines import gateway, image, names
from lab.machines.host import Grants, Lacking

ROOT = Path(__file__).resolve().parents[2]
LABEL = "pixstory-lab.scenario"
AWS_HOST = "aws.internal"
AWS_SERVICES = ("api", "imds")
# What systemd needs to sandbox units as it does on a machine, what nftables and ping need, what sshd and sudo need to
# log, and what AIDE needs to read every file. For the scenarios of this repository only: this is close to real root.
CAPABILITIES = ("SYS_ADMIN", "SYS_PTRACE", "NET_ADMIN", "NET_RAW", "AUDIT_WRITE", "DAC_READ_SEARCH")
BOOT_TIMEOUT = 90
# podman gives killed processes ten seconds to die. On a busy computer those of a whole system may take longer.
REMOVE_TRIES = 12
AWS_ENVIRONMENT = (
    f"AWS_ENDPOINT_URL=http://{AWS_HOST}:{gateway.API_PORT}\nAWS_EC2_METADATA_SERVICE_ENDPOINT=http://{AWS_HOST}\n"
)


@dataclass(frozen=True)
class Aws:
    """What a machine is on AWS. The values that molecule.yml gives under ``aws`` of a platform."""

    tags: Mapping[str, str] = field(default_factory=dict)
    role: str | None = None
    zone: str = "a"
    region: str = server.DEFAULT_REGION
    instance_id: str | None = None


@dataclass(frozen=True)
class Platform:
    """A machine as molecule.yml declares it."""

    name: str
    image: str = "debian-13"
    aliases: Sequence[str] = ()
    capabilities: Sequence[str] = ()
    devices: Sequence[str] = ()
    tmpfs: Sequence[str] = ()
    sysctls: Mapping[str, str] = field(default_factory=dict)
    aws: Aws | None = None
    groups: Sequence[str] = ()
    children: Sequence[str] = ()


def platforms(declared: Sequence[Mapping[str, Any]]) -> list[Platform]:
    """The platforms of a molecule.yml, checked."""
    return [_platform(entry) for entry in declared]


def _platform(entry: Mapping[str, Any]) -> Platform:
    name = entry.get("name", "?")
    values = dict(entry)
    if values.get("aws") is True:
        values["aws"] = {}
    if values.get("aws") is False:
        values["aws"] = None
    if values.get("aws") is not None:
        _refuse_unknown(f"platform {name}, aws", values["aws"], Aws)
        values["aws"] = Aws(**values["aws"])
    _refuse_unknown(f"platform {name}", values, Platform)
    found = Platform(**values)
    names.refuse_bad_name("platform", found.name)
    return found


def _refuse_unknown(where: str, values: Mapping[str, Any], kind: type) -> None:
    known = [item.name for item in fields(kind)]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise SystemExit(f"{where} in molecule.yml: unknown key {', '.join(unknown)}; write {', '.join(known)}")


@dataclass(frozen=True)
class Machine:
    """A machine that stands."""

    name: str
    container: str
    address: str


def hosts_file(machine: Machine, others: Sequence[tuple[str, Sequence[str]]]) -> str:
    """The /etc/hosts of a machine: itself, and the others by name."""
    lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback", f"{machine.address} {machine.name}"]
    lines += [f"{address} {' '.join(known)}" for address, known in others if address != machine.address]
    return "\n".join(lines) + "\n"


def create_options(platform: Platform, grants: Grants) -> list[str]:
    """The options of ``podman create`` that make a container a machine."""
    options = ["--systemd=always", "--pids-limit=-1", "--no-hosts", "--hostname", platform.name, *grants.limits()]
    options += [f"--cap-add={name}" for name in (*CAPABILITIES, *platform.capabilities)]
    if grants.rootless:
        # Where parts of /proc are hidden, the kernel lets nobody but real root mount a /proc for a sandboxed unit.
        options += ["--security-opt=unmask=ALL"]
    options += [f"--device={path}" for path in platform.devices]
    options += [f"--tmpfs={entry}" for entry in platform.tmpfs]
    options += [f"--sysctl={key}={value}" for key, value in platform.sysctls.items()]
    return options


def boot_command(grants: Grants, *before: str) -> list[str]:
    """What a machine's container runs; the commands ``before`` come first.

    systemd hands credentials to units through shared mounts, which it makes at boot except in a container.

    Real root could change the kernel of this computer through /proc/sys. Podman makes all of it read-only; what is
    under ``net`` is the container's own, and a machine needs to set it. The rest stays read-only. To a rootless root
    the kernel does not listen, so there nothing is read-only.
    """
    steps = ["mount --make-rshared /"]
    if not grants.rootless:
        net = "/proc/sys/net"
        steps += [f"mount --bind {net} {net}", f"mount -o remount,bind,rw {net}"]
    return ["sh", "-ec", "; ".join([*steps, *before, "exec /sbin/init"])]


class Scenario:
    """A molecule scenario of this checkout."""

    def __init__(self, name: str, root: Path = ROOT) -> None:
        self.name = name
        self.root = root
        self.network = names.network(root, name)
        self.directory = root.resolve() / ".lab" / "molecule" / name
        self.emulator = process.State(self.directory / "emulator")
        self.aws_container = f"{self.network}-aws-services"

    def create(self, declared: Sequence[Platform], grants: Grants) -> list[dict[str, Any]]:
        """Boot the machines; what is left of an earlier run goes first. The result is molecule's instance_config."""
        self.destroy()
        images = {name: image.ensure(name, grants) for name in dict.fromkeys(entry.image for entry in declared)}
        self.directory.mkdir(parents=True)
        subnet = self._make_network()
        machines = [
            Machine(entry.name, names.container(self.root, self.name, entry.name), address)
            for entry, address in zip(declared, names.addresses(subnet, len(declared)), strict=True)
        ]
        with_aws = any(entry.aws is not None for entry in declared)
        services = names.services_address(subnet)
        others = [
            (machine.address, (machine.name, *entry.aliases)) for entry, machine in zip(declared, machines, strict=True)
        ]
        if with_aws:
            others.append((services, (AWS_HOST,)))
            self._start_aws(next(iter(images.values())), services, grants)
        for entry, machine in zip(declared, machines, strict=True):
            self._create_machine(entry, machine, images[entry.image], hosts_file(machine, others), grants)
        _podman("start", *(machine.container for machine in machines))
        for machine in machines:
            wait_for_boot(machine)
        if with_aws:
            self._write_instances(declared, machines)
            self.start_aws(grants)
        self._write("scenario.json", self._facts(subnet, machines, with_aws))
        return [
            {
                "instance": machine.name,
                "address": machine.container,
                "user": "root",
                "port": None,
                "connection": "pixstory.platform.podman",
            }
            for machine in machines
        ]

    def _make_network(self) -> str:
        # Machines know one another from /etc/hosts, so podman need not serve names. It finds a free subnet by itself.
        _podman("network", "create", "--disable-dns", "--label", f"{LABEL}={self.network}", self.network)
        (found,) = json.loads(_podman("network", "inspect", self.network))
        return str(found["subnets"][0]["subnet"])

    def _create_machine(self, entry: Platform, machine: Machine, tag: str, hosts: str, grants: Grants) -> None:
        command = [*grants.podman(), "create", "--name", machine.container, "--label", f"{LABEL}={self.network}"]
        command += ["--network", self.network, "--ip", machine.address, *create_options(entry, grants), tag]
        _run([*command, *boot_command(grants)])
        self._put(machine.container, "/etc/hosts", hosts)
        if entry.aws is not None:
            self._put(machine.container, "/etc/pixstory/aws.env", AWS_ENVIRONMENT)

    def _put(self, container: str, path: str, text: str) -> None:
        """Write a file into a container that has not booted yet."""
        staging = self.directory / "staging"
        target = staging / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        _podman("cp", f"{staging}/.", f"{container}:/")
        shutil.rmtree(staging)

    def _start_aws(self, tag: str, address: str, grants: Grants) -> None:
        process.start(self.emulator, server.Settings(port=0))
        command = [*grants.podman(), "run", "--detach", "--name", self.aws_container]
        command += ["--label", f"{LABEL}={self.network}", "--network", self.network, "--ip", address]
        _run([*command, *grants.limits(), tag, "sleep", "infinity"])

    def _write_instances(self, declared: Sequence[Platform], machines: Sequence[Machine]) -> None:
        instances = {}
        for entry, machine in zip(declared, machines, strict=True):
            if entry.aws is None:
                continue
            known = asdict(entry.aws) | {"name": machine.name, "address": machine.address}
            known["instance_id"] = entry.aws.instance_id or names.instance_id(machine.container)
            instances[machine.address] = known | {"account": server.DEFAULT_ACCOUNT}
        self._write("imds.json", instances)

    def _facts(self, subnet: str, machines: Sequence[Machine], with_aws: bool) -> dict[str, Any]:
        running = self.emulator.running() if with_aws else None
        return {
            "network": self.network,
            "subnet": subnet,
            "machines": {machine.name: asdict(machine) for machine in machines},
            "aws_endpoint_url": running.url if running else None,
        }

    def _write(self, name: str, content: Any) -> None:
        (self.directory / name).write_text(json.dumps(content, indent=2) + "\n")

    def facts(self) -> dict[str, Any]:
        """What stands: ``network``, ``subnet``, ``machines`` by name, and ``aws_endpoint_url`` for the controller."""
        try:
            known: dict[str, Any] = json.loads((self.directory / "scenario.json").read_text())
        except FileNotFoundError:
            raise SystemExit(f"scenario {self.name} does not stand; run molecule create -s {self.name}") from None
        return known

    def start_aws(self, grants: Grants, services: Sequence[str] = AWS_SERVICES) -> None:
        """Let the machines reach AWS: its API, the metadata service, or both."""
        running = self.emulator.running()
        if not running:
            raise SystemExit(f"scenario {self.name} has no AWS: write aws: true under a platform in its molecule.yml")
        for service in services:
            namespace = gateway.namespace_of(self.aws_container)
            gateway.start(service, self.directory, grants, namespace, running.url)

    def stop_aws(self, services: Sequence[str] = AWS_SERVICES) -> None:
        """Take AWS away from the machines. What the emulator holds stays."""
        for service in services:
            gateway.stop(service, self.directory)

    def destroy(self) -> None:
        """Remove all that the scenario has or had; nothing there is no error."""
        self.stop_aws()
        process.stop(self.emulator)
        found = _podman("ps", "--all", "--quiet", "--filter", f"label={LABEL}={self.network}").split()
        if found:
            remove(*found)
        if subprocess.run(["podman", "network", "exists", self.network]).returncode == 0:
            _podman("network", "rm", "--force", self.network)
        shutil.rmtree(self.directory, ignore_errors=True)


def wait_for_boot(machine: Machine) -> None:
    """Wait until systemd has started everything."""
    command = ["podman", "exec", machine.container, "timeout", str(BOOT_TIMEOUT), "sh", "-c"]
    # Its bus may be a moment late.
    command += ["until [ -S /run/dbus/system_bus_socket ]; do sleep 0.1; done; systemctl is-system-running --wait"]
    answer = subprocess.run(command, capture_output=True, text=True)
    state = answer.stdout.strip()
    if state == "running":
        return
    if state == "degraded":
        failed = _podman("exec", machine.container, "systemctl", "list-units", "--failed", "--plain", "--no-legend")
        print(f"{machine.name}: a unit failed at boot: {failed.strip()}", file=sys.stderr)
        return
    log = subprocess.run(["podman", "logs", "--tail", "20", machine.container], capture_output=True, text=True)
    raise Lacking(
        f"{machine.name} does not boot: systemd says {state or answer.stderr.strip()!r}. Its log ends with:\n"
        f"{(log.stdout + log.stderr).strip() or '(nothing)'}\n"
        "Where the log speaks of cgroups: use cgroup v2 (boot with systemd.unified_cgroup_hierarchy=1), or install runc"
    )


def remove(*containers: str) -> None:
    """Remove containers, running or not; podman is asked again while it waits for one to die."""
    command = ["podman", "rm", "--force", "--ignore", "--volumes", "--time", "0", *containers]
    for _ in range(REMOVE_TRIES):
        answer = subprocess.run(command, capture_output=True, text=True)
        if answer.returncode == 0:
            return
        if "did not die within timeout" not in answer.stderr:
            break
    raise SystemExit(f"{' '.join(command)} failed: {answer.stderr.strip()}")


def _podman(*arguments: str) -> str:
    return _run(["podman", *arguments])


def _run(command: Sequence[str]) -> str:
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {answer.stderr.strip()}")
    return answer.stdout
