# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An instance of EC2 as a virtual machine. One runs at a time: the metadata service knows it by where it calls from."""

from __future__ import annotations

import hashlib
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.emulator import process, server
from lab.fabric.network import METADATA
from lab.machines import gateway
from lab.machines.gateway import ROOT
from lab.machines.host import Grants
from lab.vm import aws, computer, services
from lab.vm.image import Image

PACKAGES_PORT = 5112
PACKAGES = f"http://10.0.2.2:{PACKAGES_PORT}"
# QEMU runs as whoever starts it, which is root.
GRANTS = Grants(rootless=False, cgroup_v2=True, runtime="", nofile=1024, nproc=1024)
POWER_OFF_SECONDS = 1800  # of this computer, under emulation
MEMORY = "2048"


@dataclass(frozen=True)
class Instance:
    """What EC2 would know of it."""

    name: str
    role: str
    user_data: str = ""

    @property
    def id(self) -> str:
        return "i-" + hashlib.sha256(self.name.encode()).hexdigest()[:17]

    @property
    def mac(self) -> str:
        return "02:00:00:" + ":".join(hashlib.sha256(self.name.encode()).hexdigest()[i : i + 2] for i in (0, 2, 4))


class Cloud:
    """The emulated AWS that the virtual machines of this checkout see, and the one that runs."""

    def __init__(self, root: Path = ROOT) -> None:
        self.folder = root.resolve() / ".lab" / "vm"
        self.network = computer.Network(root)
        self.emulator = process.State(self.folder / "emulator")
        self.running: subprocess.Popen[bytes] | None = None
        self.services: list[subprocess.Popen[bytes]] = []

    def up(self, image: Image) -> dict[str, str]:
        """Make what is around a machine. The result is the environment of the playbooks."""
        self.down()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.network.up()
        (self.folder / "imds.json").write_text("{}")
        process.start(self.emulator, server.Settings(port=0))
        running = self.emulator.running()
        assert running is not None
        inside = self.network.path
        gateway.start("api", self.folder, GRANTS, inside, running.url, "127.0.0.1")
        gateway.start("imds", self.folder, GRANTS, inside, address=METADATA)
        packages = self.folder / "packages"
        packages.mkdir(exist_ok=True)
        mirror = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(PACKAGES_PORT)]
        self._start("packages", ["nsenter", f"--net={inside}", *mirror], packages)
        self._start("sessions", [sys.executable, "-m", "lab.vm.sessions", str(self.folder), str(inside)], ROOT)
        # A minute of EC2's is too short for a machine whose own minutes are longer.
        lets_in = {} if computer.accelerator(image) == computer.KVM else {aws.LETS_IN: "900"}
        return {aws.STATE: str(self.folder), "PIXSTORY_EMULATOR_URL": running.url, **lets_in}

    def _start(self, name: str, command: Sequence[str], folder: Path) -> None:
        with (self.folder / f"{name}.out").open("wb") as log:
            self.services.append(subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True))

    def start_services(self, password: str) -> None:
        """Have the app's database and cache run where the machine finds them."""
        folder = self.folder / "services"
        folder.mkdir(exist_ok=True)
        for name, command in services.commands(folder, password).items():
            self._start(name, ["nsenter", f"--net={self.network.path}", *command], folder)
        services.create_database(folder, password)

    def down(self) -> None:
        """Remove it; nothing there is no error."""
        for one in (self.running, *self.services):
            if one is not None and one.poll() is None:
                one.kill()
                one.wait()
        for service in ("api", "imds"):
            gateway.stop(service, self.folder)
        process.stop(self.emulator)
        self.network.down()

    def disk(self, name: str, backing: Path, kind: str = "qcow2") -> Path:
        """A disk that begins as another one is, which must not change any more."""
        made = self.folder / f"{name}.qcow2"
        made.unlink(missing_ok=True)
        options = ["-q", "-f", "qcow2", "-F", kind, "-b", str(backing.resolve())]
        subprocess.run(["qemu-img", "create", *options, str(made)], check=True)
        return made

    def launch(self, instance: Instance, disk: Path, image: Image) -> Path:
        """Start it. The result is its console."""
        told = {"instance_id": instance.id, "region": server.DEFAULT_REGION, "zone": "a", "role": instance.role}
        told |= {"account": server.DEFAULT_ACCOUNT, "address": "10.0.2.15", "name": f"ip-10-0-2-15-{instance.name}"}
        known = told | {"tags": {"Role": instance.role, "Environment": "local"}, "mac": instance.mac}
        if instance.user_data:
            known["user_data"] = instance.user_data
        # What QEMU's user network sends to an address of this namespace comes from that address.
        (self.folder / "imds.json").write_text(json.dumps({METADATA: known}))
        console = self.folder / f"{instance.name}.console"
        log = self.folder / f"{instance.name}.qemu"
        command = ["ip", "netns", "exec", self.network.name, computer.QEMU, *self._machine(instance, disk, image)]
        command += ["-serial", f"file:{console}"]
        with log.open("wb") as output:
            self.running = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        return console

    def _machine(self, instance: Instance, disk: Path, image: Image) -> Sequence[str]:
        """The options of QEMU. cloud-init and Ansible know EC2 by the firmware's tables, as on a Nitro instance."""
        uuid = f"ec2{instance.id[2:7]}-0000-4000-8000-{instance.id[7:19]}"
        accelerator = computer.accelerator(image)
        kernel = computer.KERNEL_EMULATED if accelerator == computer.EMULATION else ""
        system = f"type=1,manufacturer=Amazon EC2,product=t4g.nano,uuid={uuid},serial={uuid}"
        return [
            *("-M", "q35", *accelerator, "-m", MEMORY),
            *("-nodefaults", "-display", "none", "-monitor", f"unix:{self._monitor},server,nowait"),
            *("-kernel", str(image.kernel), "-initrd", str(image.initrd)),
            *("-append", f"root=/dev/vda rw console=ttyS0 {kernel}"),
            *("-drive", f"file={disk},if=virtio,format=qcow2,cache=unsafe"),
            # A subnet of the platform has no IPv6.
            *("-netdev", "user,id=net,ipv6=off", "-device", f"virtio-net-pci,netdev=net,mac={instance.mac}"),
            *("-device", "virtio-rng-pci"),
            *("-smbios", "type=0,vendor=Amazon EC2", "-smbios", system),
            *("-smbios", f"type=2,manufacturer=Amazon EC2,asset={instance.id}"),
            *("-smbios", f"type=3,manufacturer=Amazon EC2,asset={instance.id}"),
        ]

    @property
    def _monitor(self) -> Path:
        return self.folder / "monitor"

    def power_off(self) -> None:
        """Stop the machine as EC2 does: its power button is pressed, and it has time to end by itself."""
        assert self.running is not None
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.connect(str(self._monitor))
            monitor.sendall(b"system_powerdown\n")
            try:
                self.running.wait(POWER_OFF_SECONDS)
            except subprocess.TimeoutExpired:
                raise SystemExit(f"the machine does not power off within {POWER_OFF_SECONDS} s") from None
        self.running = None


def interrupted(_signal: int, _frame: object) -> None:
    """End by way of ``finally``, so that nothing is left running."""
    raise SystemExit("interrupted")


def end_tidily() -> None:
    """Have a polite end of this process take the machines with it."""
    signal.signal(signal.SIGTERM, interrupted)


def last_lines(console: Path, count: int = 30) -> str:
    """What the console ends with, for the error of what was waited for."""
    text = console.read_text(errors="replace") if console.exists() else ""
    return "\n".join(text.splitlines()[-count:]) or "(nothing)"


def wait_for(what: str, console: Path, done: str, seconds: float) -> float:
    """Wait until a text is on the console; the seconds that it took."""
    begin = time.monotonic()
    while done not in (console.read_text(errors="replace") if console.exists() else ""):
        if time.monotonic() - begin > seconds:
            raise SystemExit(f"{what} not within {seconds:.0f} s. The console ends with:\n{last_lines(console)}")
        time.sleep(0.5)
    return time.monotonic() - begin
