# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The disk that a builder starts from: what Debian's own AMI is, as far as anything here meets it.

Debian's cloud images: https://salsa.debian.org/cloud-team/debian-cloud-images, classes CLOUD and EC2. Neither the agent
of Systems Manager nor EC2 Instance Connect is in it, no key, no host key, and no list of packages.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.machines import image
from lab.machines.host import Lacking

RELEASE = "debian-13"
PACKAGES = (
    "systemd-sysv",
    "linux-image-cloud-amd64",
    "initramfs-tools",
    "udev",
    "dbus",
    "libpam-systemd",
    "apparmor",
    "ca-certificates",
    "cloud-guest-utils",
    "cloud-init",
    "curl",
    "dhcpcd-base",
    "iproute2",
    "netplan.io",
    "openssh-server",
    "procps",
    "python3",
    "python3-apt",
    "sudo",
    "systemd-resolved",
    "systemd-timesyncd",
    "unattended-upgrades",
)
DISK = "8G"
# Where a machine finds AWS's API: the computer that runs it, as QEMU's user network has it.
API = "http://10.0.2.2:5111"
FILES: Mapping[str, str] = {
    "etc/cloud/cloud.cfg.d/01_debian_cloud.cfg": (
        "apt_preserve_sources_list: true\nsystem_info:\n  default_user:\n    name: admin\n    lock_passwd: true\n"
        "    gecos: Debian\n    sudo: ['ALL=(ALL) NOPASSWD:ALL']\n    shell: /bin/bash\n"
    ),
    "etc/fstab": "/dev/vda / ext4 rw,discard,errors=remount-ro,x-systemd.growfs 0 1\n",
    "etc/pixstory/aws.env": f"AWS_ENDPOINT_URL={API}\n",
}
TOOLS = {"mmdebstrap": "mmdebstrap", "mkfs.ext4": "e2fsprogs", "qemu-img": "qemu-utils"}


@dataclass(frozen=True)
class Image:
    """A disk in the cache, and what boots it."""

    folder: Path

    @property
    def disk(self) -> Path:
        return self.folder / "disk.ext4"

    @property
    def kernel(self) -> Path:
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        return self.folder / "initrd"


def recipe() -> image.Recipe:
    """All that the disk is made of: Debian's packages from this computer's mirror, and the files of a cloud image."""
    made = image.recipe_of_host(RELEASE)
    # No answer of Debian's package is preferred over the file that is there: the disk is nobody's but a machine's.
    return image.Recipe(RELEASE, {**made.files, **FILES}, PACKAGES)


def digest(of: image.Recipe) -> str:
    """What tells one disk from another."""
    parts = [Path(__file__).read_text(), *of.packages, *(f"{path}\n{text}" for path, text in of.files.items())]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def ensure() -> Image:
    """The disk; it is made if it is not there."""
    lacking = [package for tool, package in TOOLS.items() if not shutil.which(tool, path=_path())]
    if lacking:
        raise Lacking(f"to make a virtual machine install {', '.join(lacking)} (Debian: apt-get install …)")
    wanted = recipe()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pixstory-lab"
    found = Image(cache / f"vm-{digest(wanted)}")
    if not found.folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix="vm-") as folder:
            _make(wanted, Image(Path(folder)))
            Path(folder).rename(found.folder)
            Path(folder).mkdir()  # for the context to remove
    return found


def _make(wanted: image.Recipe, made: Image) -> None:
    root = made.folder / "root"
    apt = image.apt_of_host()
    options = [f"--aptopt={setting}" for setting in (*apt.settings, 'APT::Install-Recommends "false"')]
    command = ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", "--dpkgopt=force-unsafe-io", *options]
    _run([*command, f"--include={','.join(wanted.packages)}", wanted.codename, str(root), apt.mirror])
    for path, text in wanted.files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    shutil.copyfile(next(root.glob("boot/vmlinuz-*")), made.kernel)
    shutil.copyfile(next(root.glob("boot/initrd.img-*")), made.initrd)
    for path in [*root.glob("etc/ssh/ssh_host_*"), root / "etc/hostname", *root.glob("var/lib/apt/lists/*_*")]:
        path.unlink(missing_ok=True)
    (root / "etc/machine-id").write_text("")
    # As module apt reads it: the lists, which are gone, are old.
    os.utime(root / "var/lib/apt/lists", (0, 0))
    _run(["truncate", f"--size={DISK}", str(made.disk)])
    _run(["mkfs.ext4", "-q", "-d", str(root), str(made.disk)])
    shutil.rmtree(root)


def _path() -> str:
    return f"{os.environ['PATH']}:/usr/sbin:/sbin"


def _run(command: list[str]) -> None:
    environment = {**os.environ, "PATH": _path(), "DEBIAN_FRONTEND": "noninteractive"}
    answer = subprocess.run(command, capture_output=True, text=True, env=environment)
    if answer.returncode:
        raise SystemExit(f"{command[0]} failed:\n{(answer.stdout + answer.stderr).strip()}")
