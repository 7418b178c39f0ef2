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
import re
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

from lab.fabric.authority import Authority
from lab.fabric.plan import Host
from lab.fabric.services import SHARED, Service
from lab.fabric.world import Listener, ListenerRule, LoadBalancer, TargetGroup, World

SOCKET = "stats.sock"
STATE = "servers.state"
CONFIG = "haproxy.cfg"
RELOAD = "USR2"
RULE = "txn.rule"
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
 option http-keep-alive
 option redispatch 1
 retries 3
 retry-on conn-failure
"""


def config(balancer: LoadBalancer, groups: Mapping[str, TargetGroup], hosts: Mapping[str, Host]) -> str:
    """The configuration of a load balancer's nodes: the same on all of them."""
    actions = [action for one in balancer.listeners for action in (one, *one.rules)]
    used = dict.fromkeys(one.target_group for one in actions if one.target_group in groups)
    parts = [HEADER, *(_listener(one, groups, balancer.forwarded_for) for one in balancer.listeners)]
    parts += [_group(groups[arn], hosts) for arn in used]
    return "".join(parts)


def _listener(one: Listener, groups: Mapping[str, TargetGroup], forwarded_for: str) -> str:
    tls = f" ssl crt {SHARED}/{one.port}.pem alpn h2,http/1.1" if one.protocol == "HTTPS" else ""
    lines = [f"frontend listener-{one.port}", f" bind :{one.port}{tls}"]
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html
    forwarded = {"append": " option forwardfor", "remove": " http-request del-header X-Forwarded-For"}
    lines += [forwarded[forwarded_for]] if forwarded_for in forwarded else []
    lines += [
        f" http-request set-header X-Forwarded-Proto {one.protocol.lower()}",
        f" http-request set-header X-Forwarded-Port {one.port}",
        " http-request set-header X-Amzn-Trace-Id Root=%[uuid()] unless { req.hdr(X-Amzn-Trace-Id) -m found }",
    ]
    if one.rules:
        lines += [
            f" http-request set-var({RULE}) int({number}) if {_conditions(rule)} !{{ var({RULE}) -m found }}"
            for number, rule in enumerate(one.rules, 1)
        ]
    for number, rule in enumerate(one.rules, 1):
        lines.append(_action(rule, groups, f" if {{ var({RULE}) -m int {number} }}"))
    lines.append(_action(one, groups, f" unless {{ var({RULE}) -m found }}" if one.rules else ""))
    return "\n".join(lines) + "\n"


def _action(one: Listener | ListenerRule, groups: Mapping[str, TargetGroup], when: str) -> str:
    if one.redirect:
        location, code = _location(one.redirect), one.redirect["StatusCode"][-3:]
        return f" http-request redirect location {location} code {code}{when}"
    if one.fixed:
        kind, text = one.fixed.get("ContentType", "text/plain"), one.fixed.get("MessageBody", "")
        return f" http-request return status {one.fixed['StatusCode']} content-type {kind} string {quoted(text)}{when}"
    if one.target_group not in groups:
        return f" http-request return status 503{when}"
    name = groups[one.target_group].name
    return f" use_backend {name}{when}" if when else f" default_backend {name}"


def _conditions(rule: ListenerRule) -> str:
    """All of them, each with the values of which one has to fit.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
    """
    return " ".join(
        f"{{ {_sample(field, header)} {' '.join(quoted(glob(one)) for one in values)} }}"
        for field, header, values in rule.conditions
    )


def _sample(field: str, header: str) -> str:
    if field == "http-header":
        return f"req.fhdr({header}) -m reg -i"
    if field == "path-pattern":
        return "path -m reg"
    raise SystemExit(f"a listener has a rule with the condition {field}, which the lab does not model")


def glob(pattern: str) -> str:
    """A pattern with ``*`` and ``?`` as a regular expression."""
    return "^" + "".join({"*": ".*", "?": "."}.get(one, re.escape(one)) for one in pattern) + "$"


def quoted(text: str) -> str:
    """A word of HAProxy's configuration, whatever is in it."""
    return "'" + text.replace("'", "'\\''") + "'"


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
        found[host.name] = Service(host.name, host.name, COMMAND, files, reload=RELOAD, handed_on=(STATE,))
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


def serves(table: Mapping[tuple[str, str], str]) -> bool:
    """Whether a node, by its verdicts, is an address of its load balancer's name: each of its groups has a target.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health.html
    """
    groups = {group for group, _ in table}
    return groups == {group for (group, _), state in table.items() if state == "healthy"}


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
