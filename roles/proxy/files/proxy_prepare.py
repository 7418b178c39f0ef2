#!/usr/bin/python3
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what nginx needs and only the running machine knows, before nginx starts and before it reloads.

``upstream.conf``: where web and app are, and the name servers that nginx asks for them. From the settings files, later
ones first; where those name no name server, from /etc/resolv.conf. ``certificate.pem``: a self-signed certificate with
its key, once a boot, so that machines of one image do not share a key and no key lies in an image.

Both lie under /run. Debian's own Python is enough. A bad value is refused with exit status 1 and leaves the old file.
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

# Role's values first, then what first boot read from Parameter Store.
SETTINGS = (Path("/etc/pixstory/proxy.env"), Path("/run/pixstory/proxy.env"))
RESOLV_CONF = Path("/etc/resolv.conf")
DESTINATION = Path("/run/pixstory-proxy")
# What is written here becomes nginx configuration, so nothing but a scheme, a host and a port gets through.
URL = re.compile(r"https?://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?")
SECONDS = re.compile(r"[1-9][0-9]*s")


class BadSetting(Exception):
    """What is wrong, where it is written, and what to write instead."""


def read_settings(paths: Iterable[Path]) -> dict[str, tuple[str, Path]]:
    """Value and file of each setting. Lines are ``NAME=value`` as in systemd's EnvironmentFile."""
    settings: dict[str, tuple[str, Path]] = {}
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            continue
        for line in lines:
            name, equals, value = line.strip().partition("=")
            if equals and not name.startswith(("#", ";")):
                settings[name] = ("".join(shlex.split(value)), path)
    return settings


def name_servers(resolv_conf: str) -> list[str]:
    """Addresses in the ``nameserver`` lines of resolv.conf(5)."""
    words = (line.split() for line in resolv_conf.splitlines())
    return [word[1].partition("%")[0] for word in words if len(word) > 1 and word[0] == "nameserver"]


def nginx_address(address: str, where: Path) -> str:
    """As ``resolver`` wants it: IPv6 in brackets."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        raise BadSetting(f"{where}: the name server {address!r} is no IP address") from None
    return f"[{parsed}]" if parsed.version == 6 else str(parsed)


def upstream_conf(settings: Mapping[str, tuple[str, Path]], resolv_conf: Path = RESOLV_CONF) -> str:
    """The text of upstream.conf.

    The two URLs are variables. That is what makes nginx look their names up again while it runs: it resolves a literal
    name in proxy_pass only when it starts (https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass).
    """
    lines = []
    given, where = settings.get("RESOLVERS", ("", resolv_conf))
    addresses = re.split(r"[ ,]+", given) if given else name_servers(resolv_conf.read_text(encoding="utf-8"))
    if not given:
        where = resolv_conf
    if not addresses:
        raise BadSetting(f"{where}: no line `nameserver <address>`; write one, or give the role proxy_resolvers")
    valid, valid_where = settings.get("RESOLVER_VALID", ("10s", Path()))
    if not SECONDS.fullmatch(valid):
        raise BadSetting(f"{valid_where}: RESOLVER_VALID={valid!r}; write seconds, as in 10s")
    servers = " ".join(nginx_address(address, where) for address in addresses)
    # The load balancers inside have IPv4 addresses only.
    lines.append(f"resolver {servers} valid={valid} ipv6=off;")
    for name, variable in (("WEB_URL", "$proxy_web"), ("APP_URL", "$proxy_app")):
        url, where = settings.get(name, ("", Path()))
        if not url:
            raise BadSetting(f"{name} is in none of the settings files; write {name}=http://<host>")
        if not URL.fullmatch(url):
            raise BadSetting(
                f"{where}: {name}={url!r}; write scheme, host and port only, as in http://web.internal or"
                " http://web.internal:8080, without a path or a slash at the end"
            )
        lines.append(f"map $host {variable} {{ default {url}; }}")
    return "\n".join(lines) + "\n"


def write(path: Path, text: str) -> None:
    """At once or not at all, and only where it differs."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    staged.write_text(text, encoding="utf-8")
    staged.chmod(0o644)
    staged.replace(path)


def make_certificate(path: Path) -> None:
    """A P-256 key and its self-signed certificate in one file. The load balancer in front does not verify it.

    Certificates of targets are not validated: "Target groups" in the Application Load Balancers guide,
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html.
    """
    if path.exists():
        return
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    name = socket.gethostname()
    # A common name has 64 characters at most (RFC 5280, ub-common-name).
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-days", "3650", "-subj", f"/CN={name[:64]}", "-addext", f"subjectAltName=DNS:{name}"]
    command += ["-keyout", str(staged), "-out", str(staged)]
    # Made again, the file of a key is its owner's only, whatever the umask.
    subprocess.run(command, check=True, capture_output=True, text=True)
    staged.replace(path)


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0, or 1 with the reason on standard error."""
    parser = argparse.ArgumentParser(description="Writes upstream.conf and, where there is none, a certificate.")
    parser.add_argument("--check", type=Path, metavar="FILE", help="only say whether this settings file is good")
    parser.add_argument("--destination", type=Path, default=DESTINATION)
    options = parser.parse_args(arguments)
    try:
        if options.check:
            upstream_conf(read_settings([options.check]))
            return 0
        options.destination.mkdir(mode=0o755, parents=True, exist_ok=True)
        write(options.destination / "upstream.conf", upstream_conf(read_settings(SETTINGS)))
        make_certificate(options.destination / "certificate.pem")
    except (BadSetting, OSError) as error:
        print(f"proxy_prepare: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"proxy_prepare: openssl made no certificate: {error.stderr.strip()}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
