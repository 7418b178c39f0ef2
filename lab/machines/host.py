# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What this computer lets a container do. Detected, since it differs: cgroups, OCI runtime, limits, rootless or not."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# What podman and systemd ask for at most. More than the hard limits of this process is refused where the kernel does
# not grant CAP_SYS_RESOURCE, and podman itself never grants more processes than the second.
NOFILE = 1048576
NPROC = 32768


class Lacking(SystemExit):
    """Something that the machines need is not there. The message says what to install or set."""


@dataclass(frozen=True)
class Grants:
    """What containers get on this computer."""

    rootless: bool
    cgroup_v2: bool
    runtime: str
    """The OCI runtime to name, for example ``runc``; empty for podman's own choice."""
    nofile: int
    nproc: int

    def podman(self) -> list[str]:
        """The command podman with its global options."""
        return ["podman", "--runtime", self.runtime] if self.runtime else ["podman"]

    def limits(self) -> list[str]:
        """The options of ``podman create`` and ``podman build`` that say the limits."""
        return ["--ulimit", f"nofile={self.nofile}:{self.nofile}", "--ulimit", f"nproc={self.nproc}:{self.nproc}"]


def runtime_for(cgroup_v2: bool, default: str, runc: bool) -> str:
    """The OCI runtime to name: crun refuses a hybrid of cgroup v1 and v2, which runc accepts."""
    if cgroup_v2 or default != "crun":
        return ""
    if not runc:
        raise Lacking("crun cannot run systemd on cgroup v1. Install runc (Debian: apt-get install runc)")
    return "runc"


def limit(hard: int, most: int) -> int:
    """A limit that the kernel accepts: what is wanted at most, or the hard limit where that is lower."""
    return most if hard == resource.RLIM_INFINITY else min(hard, most)


def grants_of(info: Mapping[str, Any], runc: bool, nofile: int, nproc: int) -> Grants:
    """What ``podman info`` and the hard limits of this process come to."""
    host = info["host"]
    rootless = bool(host["security"]["rootless"])
    cgroup_v2 = host["cgroupVersion"] == "v2"
    if rootless and not cgroup_v2:
        raise Lacking(
            "Rootless podman cannot run systemd on cgroup v1. "
            "Boot with systemd.unified_cgroup_hierarchy=1, or work as root"
        )
    runtime = runtime_for(cgroup_v2, host["ociRuntime"]["name"], runc)
    return Grants(rootless, cgroup_v2, runtime, limit(nofile, NOFILE), limit(nproc, NPROC))


def detect() -> Grants:
    """Ask this computer."""
    if not shutil.which("podman"):
        raise Lacking("podman is missing. Install it (Debian: apt-get install podman)")
    answer = subprocess.run(["podman", "info", "--format", "json"], capture_output=True, text=True)
    if answer.returncode:
        raise Lacking(f"podman info fails; make it work first. It said: {answer.stderr.strip()}")
    return grants_of(
        json.loads(answer.stdout),
        runc=shutil.which("runc") is not None,
        nofile=resource.getrlimit(resource.RLIMIT_NOFILE)[1],
        nproc=resource.getrlimit(resource.RLIMIT_NPROC)[1],
    )
