# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How this computer runs virtual machines: what accelerates them, and the network namespace in which QEMU lives.

In the namespace the address of the metadata service is a real one, and QEMU's user network leads to it as it leads to
everything else that the namespace reaches.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from lab.fabric import names as resolvers
from lab.fabric import network
from lab.fabric.network import METADATA, batch, run
from lab.machines import names
from lab.machines.host import Lacking
from lab.vm.image import Image

QEMU = "qemu-system-x86_64"
KVM = ("-accel", "kvm", "-cpu", "host", "-smp", "2")
# Time in an emulated machine passes with the instructions that it executes, 4 ns each, and while it sleeps as here.
# By this computer's clock, a kernel that was held up while it measured its processor took it for a slow one: a minute
# of systemd's was two seconds, and every start timed out.
# https://www.qemu.org/docs/master/devel/tcg-icount.html
EMULATION = ("-accel", "tcg,thread=single", "-icount", "shift=2", "-cpu", "max,-erms", "-smp", "1")
# What an emulated kernel is told: without random addresses a program's code, once translated, serves its next process.
# The machine's sysctl asks for them again, as it does where they are the kernel's own default.
KERNEL_EMULATED = "norandmaps mitigations=off"
TRIAL_SECONDS = 20
TRIAL = "Linux version"


@cache
def accelerator(image: Image) -> Sequence[str]:
    """The options of QEMU for the fastest way that works. That /dev/kvm is there does not say so: it is tried."""
    if not shutil.which(QEMU):
        raise Lacking(f"{QEMU} is missing. Install it (Debian: apt-get install qemu-system-x86)")
    return KVM if os.access("/dev/kvm", os.R_OK | os.W_OK) and _boots(image) else EMULATION


def _boots(image: Image) -> bool:
    """Whether a kernel begins to boot with KVM. It has no disk, and so gives up by itself."""
    with tempfile.TemporaryDirectory() as folder:
        console = Path(folder) / "console"
        command = [QEMU, "-M", "q35", *KVM, "-m", "512", "-nodefaults", "-display", "none", "-no-reboot"]
        command += ["-serial", f"file:{console}", "-kernel", str(image.kernel)]
        command += ["-append", "console=ttyS0 panic=-1"]
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(command, capture_output=True, timeout=TRIAL_SECONDS)
        return console.exists() and TRIAL in console.read_text(errors="replace")


class Network(network.Network):
    """The namespace of this checkout's virtual machines: loopback with AWS's address, and a way out."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.name = names.network(root, "vm")
        self.path = network.NAMESPACES / self.name
        self.outer = f"pv{names.checkout_id(root)}"
        self.table = f"pixstory_vm_{names.checkout_id(root)}"
        # `ip netns exec` has programs find it as /etc/resolv.conf.
        self.resolver = Path("/etc/netns") / self.name / "resolv.conf"

    def up(self) -> None:
        """Make it again."""
        self.down()
        run("ip", "netns", "add", self.name)
        batch(["link set lo up", f"address replace {METADATA}/32 dev lo"], self.name)
        self._make_uplink()
        self.resolver.parent.mkdir(parents=True, exist_ok=True)
        self.resolver.write_text(resolvers.outside())

    def down(self) -> None:
        """Remove it; nothing there is no error."""
        shutil.rmtree(self.resolver.parent, ignore_errors=True)
        super().down()
