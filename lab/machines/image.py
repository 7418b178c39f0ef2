# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images of Debian that boot systemd, and one of services. Built once; a change of the recipe makes another."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.machines.host import Grants, Lacking

CODENAMES = {"debian-12": "bookworm", "debian-13": "trixie"}
DEFAULT_MIRROR = "http://deb.debian.org/debian"
DEFAULT_SECURITY = "http://deb.debian.org/debian-security"
PACKAGES = (
    "systemd",
    "systemd-sysv",
    "dbus",
    "python3",
    "python3-apt",
    "ca-certificates",
    "sudo",
    "iproute2",
    "procps",
)
# What stands for RDS, ElastiCache, load balancers and Route 53 in the lab: Debian 13 with these, none of them started.
SERVICES = "services"
SERVICES_BASE = "debian-13"
SERVICES_PACKAGES = ("dnsmasq-base", "haproxy", "postgresql-17", "valkey-server")
# What makes apt fetch as the host's does. The rest of its settings are the host's own business.
APT_SETTINGS = re.compile(r'Acquire::(https?::\S+|Check-\S+|Retries|ForceIPv[46]) ".+";')
HOST_AUTHORITIES = Path("/usr/local/share/ca-certificates")

# No service starts while packages are installed; afterwards they start as on any machine. What was just emptied looks
# fresh to Ansible's apt, which goes by the directory's time: it would not fetch the lists that it needs.
CONTAINERFILE = """\
FROM {base}
COPY context/ /
RUN printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d && chmod 0755 /usr/sbin/policy-rc.d \\
 && apt-get update \\
 && DEBIAN_FRONTEND=noninteractive apt-get -y -o Dpkg::Options::=--force-confold dist-upgrade \\
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends {packages} \\
 && update-ca-certificates \\
 && apt-get clean \\
 && rm -rf /var/lib/apt/lists/* /usr/sbin/policy-rc.d \\
 && touch --date=@0 /var/lib/apt/lists \\
 && : >/etc/machine-id \\
 && systemctl mask systemd-networkd-wait-online.service
ENV LANG=C.UTF-8
STOPSIGNAL SIGRTMIN+3
CMD ["/sbin/init"]
"""


@dataclass(frozen=True)
class Apt:
    """Where apt fetches from, and how."""

    mirror: str
    security: str
    settings: tuple[str, ...] = ()


def apt_of(targets: str, settings: str, codename: str) -> Apt:
    """The mirrors and settings of a host.

    ``targets`` is what ``apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)'`` prints, ``settings``
    what ``apt-config dump`` prints, ``codename`` the host's own. A host that is not Debian has Debian's own mirrors.
    """
    rows = [line.split() for line in targets.splitlines()]
    main = [(row[0].rstrip("/"), row[1]) for row in rows if len(row) == 3 and row[2] == "main"]
    return Apt(
        _mirror(main, {codename, "stable"}, "/debian") or DEFAULT_MIRROR,
        _mirror(main, {f"{codename}-security", "stable-security"}, "/debian-security") or DEFAULT_SECURITY,
        tuple(line for line in settings.splitlines() if APT_SETTINGS.fullmatch(line)),
    )


def _mirror(rows: Iterable[tuple[str, str]], releases: set[str], ending: str) -> str | None:
    """Of the repositories with such a release the one that looks most like Debian's archive: others use its names."""
    found = [uri for uri, release in rows if release in releases]
    return next((uri for uri in found if uri.endswith(ending)), found[0] if found else None)


def apt_of_host() -> Apt:
    """The mirrors and settings of this computer's apt."""
    system = _os_release()
    if system.get("ID") != "debian" or not shutil.which("apt-get"):
        return Apt(DEFAULT_MIRROR, DEFAULT_SECURITY)
    targets = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)"]
    return apt_of(_output(targets), _output(["apt-config", "dump"]), system.get("VERSION_CODENAME", "stable"))


def _os_release() -> dict[str, str]:
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return {}
    return {key: value.strip('"') for key, _, value in (line.partition("=") for line in lines)}


def _output(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@dataclass(frozen=True)
class Recipe:
    """All that an image is made of."""

    name: str
    files: Mapping[str, str]
    packages: tuple[str, ...] = PACKAGES
    on: str = ""
    """The image that it is built on; empty for Debian's own."""

    @property
    def codename(self) -> str:
        """The name of the Debian release, for example ``trixie``; of an image on another one, that one's name."""
        return self.on or CODENAMES[self.name]

    @property
    def digest(self) -> str:
        """What tells one recipe from another."""
        parts = [
            CONTAINERFILE,
            self.codename,
            *self.packages,
            *(f"{path}\n{text}" for path, text in self.files.items()),
        ]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]

    @property
    def tag(self) -> str:
        """The name of the image in podman's storage."""
        return f"localhost/pixstory-lab/{self.name}:{self.digest}"

    def containerfile(self, base: str) -> str:
        """The recipe in podman's own words."""
        return CONTAINERFILE.format(base=base, packages=" ".join(self.packages))


def recipe(name: str, apt: Apt, authorities: Mapping[str, str] | None = None) -> Recipe:
    """The recipe of an image.

    ``authorities`` are certificates that the host trusts besides Debian's, by file name: a mirror or proxy of an
    organisation may have one of its own.
    """
    if name not in CODENAMES:
        raise SystemExit(f"image {name!r}: write one of {', '.join(CODENAMES)}")
    codename = CODENAMES[name]
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    sources = (
        f"Types: deb\nURIs: {apt.mirror}\nSuites: {codename} {codename}-updates\nComponents: main\n"
        f"Signed-By: {keyring}\n\n"
        f"Types: deb\nURIs: {apt.security}\nSuites: {codename}-security\nComponents: main\nSigned-By: {keyring}\n"
    )
    settings = [*apt.settings, 'Acquire::Languages "none";', 'APT::Install-Recommends "false";']
    files = {
        "etc/apt/sources.list": "",
        "etc/apt/sources.list.d/debian.sources": sources,
        "etc/apt/apt.conf.d/90lab": "\n".join(settings) + "\n",
        # A machine of the lab lives for minutes: nothing is gained by waiting for the disk.
        "etc/dpkg/dpkg.cfg.d/90lab": "force-unsafe-io\n",
    }
    files |= {f"usr/local/share/ca-certificates/{file}": text for file, text in (authorities or {}).items()}
    return Recipe(name, files)


def recipe_of_host(name: str) -> Recipe:
    """The recipe of an image as this computer would make it."""
    authorities = {path.name: path.read_text() for path in sorted(HOST_AUTHORITIES.glob("*.crt"))}
    return recipe(name, apt_of_host(), authorities)


def ensure(name: str, grants: Grants) -> str:
    """The name of an image in podman's storage; it is built if it is not there."""
    if name == SERVICES:
        wanted = Recipe(SERVICES, {}, SERVICES_PACKAGES, on=ensure(SERVICES_BASE, grants))
    else:
        wanted = recipe_of_host(name)
    with _one_at_a_time(name):
        if _exists(wanted.tag):
            return wanted.tag
        print(f"Building {wanted.tag}: a few minutes, once", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="pixstory-image-") as directory:
            base = wanted.on or _base(wanted, grants, Path(directory))
            _build(wanted, base, grants, Path(directory))
    return wanted.tag


@contextmanager
def _one_at_a_time(name: str) -> Iterable[None]:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pixstory-lab"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _exists(image: str) -> bool:
    return subprocess.run(["podman", "image", "exists", image]).returncode == 0


def _base(wanted: Recipe, grants: Grants, directory: Path) -> str:
    """Debian's own image where a registry is reachable; one made by mmdebstrap from the mirror where none is."""
    pulled = f"debian:{wanted.codename}-slim"
    answer = subprocess.run(["podman", "pull", "--quiet", pulled], capture_output=True, text=True)
    if answer.returncode == 0:
        return answer.stdout.strip()
    if not shutil.which("mmdebstrap"):
        raise Lacking(
            f"podman cannot pull {pulled}, and mmdebstrap, which makes one from a Debian mirror, is missing. "
            "Install it (Debian: apt-get install mmdebstrap), or let podman reach a registry. "
            f"podman said: {answer.stderr.strip().splitlines()[-1]}"
        )
    archive = directory / "base.tar"
    apt = apt_of_host()
    mode = "unshare" if grants.rootless else "root"
    _run(
        ["mmdebstrap", "--quiet", f"--mode={mode}", "--variant=minbase", "--dpkgopt=force-unsafe-io"]
        + [f"--aptopt={setting}" for setting in apt.settings]
        + [wanted.codename, str(archive), apt.mirror]
    )
    return _run(["podman", "import", "--quiet", str(archive)]).strip()


def _build(wanted: Recipe, base: str, grants: Grants, directory: Path) -> None:
    for path, text in wanted.files.items():
        target = directory / "context" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    (directory / "context").mkdir(exist_ok=True)
    (directory / "Containerfile").write_text(wanted.containerfile(base))
    command = [*grants.podman(), "build", "--quiet", "--network=host", *grants.limits(), "--tag", wanted.tag]
    _run([*command, "--file", str(directory / "Containerfile"), str(directory)])


def _run(command: list[str]) -> str:
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{(answer.stdout + answer.stderr).strip()}")
    return answer.stdout
