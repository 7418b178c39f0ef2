# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run by cloud-init on a machine that has nothing yet: installs one Debian package that is fetched and checked."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ARCHIVES = Path("/var/cache/apt/archives")
LISTS = Path("/var/lib/apt/lists")
ATTEMPTS = 10
PAUSE_SECONDS = 6


def fetch(url: str) -> bytes:
    """What is there. A network that is just coming up is given a minute."""
    for left in reversed(range(ATTEMPTS)):
        try:
            with urllib.request.urlopen(url, timeout=30) as found:
                return bytes(found.read())
        except OSError as error:
            if not left:
                sys.exit(f"{url}: {error}")
            time.sleep(PAUSE_SECONDS)
    raise AssertionError


def main() -> None:
    """Install the package that the first argument describes: name, url, checksums by architecture."""
    package = json.loads(sys.argv[1])
    arch = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()
    url = package["url"].replace("{arch}", arch)
    content = fetch(url)
    digest = hashlib.sha256(content).hexdigest()
    if digest != package["checksums"].get(arch):
        sys.exit(
            f"{url}: its SHA-256 is {digest}, and {package['checksums'].get(arch)} is asked for; nothing installed"
        )
    path = ARCHIVES / f"{package['name']}.deb"
    path.write_bytes(content)
    apt = ["apt-get", "--yes", "--option=DPkg::Lock::Timeout=600", "install", str(path)]
    subprocess.run(apt, check=True, env={"DEBIAN_FRONTEND": "noninteractive", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    # apt has made a folder in there, and fetched no list. Ansible's module apt takes a folder of now for lists of now,
    # and would find no package to install.
    os.utime(LISTS, (0, 0))
    subprocess.run(["systemctl", "enable", "--now", f"{package['name']}.service"], check=True)


if __name__ == "__main__":
    main()
