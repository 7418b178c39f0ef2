# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Load balancers as HAProxy: a node in each subnet, whose verdicts are the health of the targets.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
https://docs.haproxy.org/3.0/configuration.html
"""

from __future__ import annotations

import csv
import os
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

from lab.fabric.authority import Authority
from lab.fabric.plan import Host
from lab.fabric.services import SHARED, Service
from lab.fabric.world import Listener, LoadBalancer, TargetGroup, World

SOCKET = "stats.sock"
STATE = "servers.state"
CONFIG = "haproxy.cfg"
RELOAD = "USR2"
COMMAND = ("haproxy", "-W", "-db", "-f", f"{SHARED}/{CONFIG}")

HEADER = f"""\
global
 stats socket {SHARED}/{SOCKET} mode 600 level admin
 server-state-file {SHARED}/{STATE}
 hard-stop-after 60s
 maxconn 2000
 tune.ssl.default-dh-param 2048
 ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
 mode http
 load-server-state-from-file global
 timeout connect 2s
 timeout client 60s
 timeout server 60s
 timeout http-request 60s
 timeout tunnel 1h
 option forwardfor
 option http-keep-alive
 option redispatch 1
 retries 3
 retry-on conn-failure
"""


def config(balancer: LoadBalancer, groups: Mapping[str, TargetGroup], hosts: Mapping[str, Host]) -> str:
    """The configuration of a load balancer's nodes: the same on all of them."""
    used = dict.fromkeys(one.target_group for one in balancer.listeners if one.target_group in groups)
    parts = [HEADER, *(_listener(one, groups) for one in balancer.listeners)]
    parts += [_group(groups[arn], hosts) for arn in used]
    return "".join(parts)


def _listener(one: Listener, groups: Mapping[str, TargetGroup]) -> str:
    tls = f" ssl crt {SHARED}/{one.port}.pem alpn h2,http/1.1" if one.protocol == "HTTPS" else ""
    lines = [f"frontend listener-{one.port}", f" bind :{one.port}{tls}"]
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html
    lines += [
        f" http-request set-header X-Forwarded-Proto {one.protocol.lower()}",
        f" http-request set-header X-Forwarded-Port {one.port}",
        " http-request set-header X-Amzn-Trace-Id Root=%[uuid()] unless { req.hdr(X-Amzn-Trace-Id) -m found }",
    ]
    if one.redirect:
        lines.append(
            f" http-request redirect location {_location(one.redirect)} code {one.redirect['StatusCode'][-3:]}"
        )
    elif one.target_group in groups:
        lines.append(f" default_backend {groups[one.target_group].name}")
    else:
        lines.append(" http-request return status 503")
    return "\n".join(lines) + "\n"


def _location(redirect: Mapping[str, str]) -> str:
    """Where a redirect leads, its placeholders in HAProxy's words. The query is in what the path stands for."""
    host = redirect["Host"].replace("#{host}", "%[req.hdr(host),field(1,:)]")
    protocol, port = redirect["Protocol"].lower(), redirect["Port"]
    unchanged = redirect["Path"] == "/#{path}"
    path = "%[pathq]" if unchanged else redirect["Path"]
    return f"{protocol}://{host}:{port}{path}"


def _group(group: TargetGroup, hosts: Mapping[str, Host]) -> str:
    statuses = group.matcher.replace("-", ":") if "-" in group.matcher else group.matcher
    check = f"check inter {group.interval}s rise {group.rise} fall {group.fall}"
    tls = " ssl verify none" if group.protocol == "HTTPS" else ""
    lines = [
        f"backend {group.name}",
        " balance roundrobin",
        f" timeout check {group.timeout}s",
        f" option httpchk GET {group.path}",
        " http-check send hdr User-Agent ELB-HealthChecker/2.0",
        f" http-check expect status {statuses.replace(':', '-')}",
        f" default-server {check} observe layer4 error-limit 1 on-error sudden-death{tls}",
    ]
    lines += [f" server {id} {hosts[id].address}:{port}" for id, port in group.targets if id in hosts]
    return "\n".join(lines) + "\n"


def services(world: World, hosts: Mapping[str, Host], authority: Authority) -> dict[str, Service]:
    """The nodes of all load balancers, without their namespaces."""
    found = {}
    for host in hosts.values():
        if host.kind != "balancer":
            continue
        balancer = world.load_balancers[host.resource]
        files = {CONFIG: config(balancer, world.target_groups, hosts)}
        for listener in balancer.listeners:
            if listener.protocol == "HTTPS":
                names = world.certificates.get(listener.certificate or "") or (balancer.dns_name,)
                files[f"{listener.port}.pem"] = authority.issue(names)
        found[host.name] = Service(host.name, host.name, COMMAND, files, reload=RELOAD)
    return found


def verdicts(table: str) -> dict[tuple[str, str], str]:
    """The state of each target by backend and server, from what HAProxy answers to ``show stat``."""
    found = {}
    for row in csv.DictReader(table.removeprefix("# ").splitlines()):
        if row["svname"] in ("FRONTEND", "BACKEND"):
            continue
        if row["check_status"] in ("INI", "") or row["check_status"].startswith("*"):
            state = "initial"
        else:
            state = "healthy" if row["status"].startswith("UP") else "unhealthy"
        found[row["pxname"], row["svname"]] = state
    return found


def health(groups: Iterable[TargetGroup], found: Iterable[Mapping[tuple[str, str], str]]) -> dict[str, dict[str, str]]:
    """The state of each target by the ARN of its group. What one node finds healthy is healthy."""
    nodes = list(found)
    order = ("healthy", "unhealthy", "initial")
    return {
        group.arn: {
            target: min(
                (node.get((group.name, target), "initial") for node in nodes), key=order.index, default="initial"
            )
            for target, _ in group.targets
        }
        for group in groups
    }


def ask(folder: Path, question: str) -> str:
    """What HAProxy answers on its socket; nothing where it does not."""
    # A socket's path has 107 characters at most, and a checkout may lie deep: through the folder it is short.
    try:
        directory = os.open(folder, os.O_PATH)
    except OSError:
        return ""
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(2)
            line.connect(f"/proc/self/fd/{directory}/{SOCKET}")
            line.sendall(question.encode() + b"\n")
            parts = []
            while part := line.recv(65536):
                parts.append(part)
            return b"".join(parts).decode()
    except OSError:
        return ""
    finally:
        os.close(directory)


def keep_state(folder: Path) -> None:
    """Have the next process of HAProxy begin with what this one knows of its targets."""
    state = ask(folder, "show servers state")
    (folder / STATE).write_text(state)
