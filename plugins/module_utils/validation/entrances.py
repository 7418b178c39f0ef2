# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the world and the machines come in by: load balancers, target groups, and names in the zones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .declared import Checks, Declared, group_in, refers, tier_exists, within
from .mistakes import Mistake, Path, listing, nearest, show
from .place import dns_name

# What an entry of aws_endpoints_names may stand for, and where that is declared.
TARGETS = {
    "database": "aws_database_instances",
    "cache": "aws_cache_groups",
    "load_balancer": "aws_load_balancing_load_balancers",
    "instance": "aws_compute_instances",
}
# What the world may be told of: an address that stays.
PUBLIC_TARGETS = {"elastic_ip": "aws_compute_instances"}
# Those whose clients check a certificate that has AWS's name.
OWN_NAMES = {kind: TARGETS[kind] for kind in ("database", "cache")}
# Of the first name of a certificate: https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
_CERTIFICATE_NAME = 64
# The most that browsers are known to keep: https://hstspreload.org/
_TWO_YEARS = 63072000


def check(declared: Declared) -> Checks:
    yield from _load_balancers(declared)
    for variable in ("aws_edge_hsts_max_age", "proxy_hsts_max_age"):
        yield from within((variable,), declared.get(variable), 0, _TWO_YEARS, "seconds", "A year is 31536000.")
    for name, group in declared.entries("aws_load_balancing_target_groups").items():
        path: Path = ("aws_load_balancing_target_groups", name)
        yield from within((*path, "port"), group.get("port"), 1, 65535)
        for key in ("health_path", "ready_path"):
            asked = group.get(key)
            if asked is not None and (not asked.startswith("/") or len(asked) > 1024 or " " in asked):
                yield Mistake((*path, key), f"is {show(asked)}", "Write a path that begins with /, such as /healthz.")
    yield from _reachable(declared)
    yield from _settings(declared)
    yield from _names(declared)


def _load_balancers(declared: Declared) -> Checks:
    taken: dict[str, str] = {}
    for name, balancer in declared.entries("aws_load_balancing_load_balancers").items():
        path: Path = ("aws_load_balancing_load_balancers", name)
        yield from tier_exists(declared, (*path, "tier"), balancer.get("tier"), "main")
        yield from group_in(declared, (*path, "security_group"), balancer.get("security_group"))
        target = balancer.get("target_group")
        yield from refers(declared, (*path, "target_group"), target, "aws_load_balancing_target_groups", "target group")
        if target in taken:
            yield Mistake(
                (*path, "target_group"),
                f"is {show(target)}, which load balancer {taken[target]} forwards to; AWS allows one",
                "Declare another target group.",
            )
        if target is not None:
            taken[target] = name
        if balancer.get("scheme") == "internet-facing" and balancer.get("tier") not in (None, "public"):
            yield Mistake(
                (*path, "tier"),
                f"is {balancer['tier']}, and the scheme is internet-facing",
                "Write public, or scheme: internal.",
            )
        domain = declared.get("platform_domain")
        if balancer.get("certificate") and domain is not None and len(domain) > _CERTIFICATE_NAME:
            yield Mistake(
                ("platform_domain",),
                f"has {len(domain)} characters; ACM allows {_CERTIFICATE_NAME} in a certificate",
                "Write a shorter one.",
            )
        logs = declared.get("aws_storage_buckets")
        if balancer.get("access_logs") and logs is not None and not logs.get("logs", {}).get("access_logs"):
            yield Mistake(
                (*path, "access_logs"),
                "is true, and the bucket logs does not take access logs",
                "Write aws_storage_buckets.logs.access_logs: true.",
            )


def _reachable(declared: Declared) -> Checks:
    """A load balancer whose security group may not talk to the port of its targets finds none of them healthy."""
    groups = declared.entries("aws_security_groups_groups")
    flows = [flow for _dummy, flow in declared.items("aws_security_groups_flows")]
    if declared.get("aws_security_groups_flows") is None:
        return
    for name, balancer in declared.entries("aws_load_balancing_load_balancers").items():
        target, near = balancer.get("target_group"), balancer.get("security_group")
        port = declared.entries("aws_load_balancing_target_groups").get(target or "", {}).get("port")
        for role, machines in declared.entries("aws_compute_groups").items():
            if machines.get("target_group") != target or port is None or near not in groups or role not in groups:
                continue
            ports = {
                number
                for flow in flows
                if flow.get("from") == near and flow.get("to") == role and flow.get("protocol") == "tcp"
                for number in flow.get("ports") or []
            }
            if port not in ports:
                has = f" (only to {listing(sorted(filter(None, ports)), 'and')})" if ports else ""
                yield Mistake(
                    ("aws_load_balancing_target_groups", str(target), "port"),
                    f"is {port}, and no flow leads there from {near} of load balancer {name} to {role}{has}",
                    f"Add {{from: {near}, to: {role}, ports: [{port}]}} to aws_security_groups_flows, or mend port.",
                )


def _settings(declared: Declared) -> Checks:
    policy = declared.get("aws_load_balancing_ssl_policy")
    if policy is not None and not policy.startswith("ELBSecurityPolicy-"):
        yield Mistake(
            ("aws_load_balancing_ssl_policy",),
            f"is {show(policy)}",
            "Write one of ELB's, such as ELBSecurityPolicy-TLS13-1-2-2021-06.",
        )
    variable = "aws_load_balancing_deregistration_delay_seconds"
    yield from within((variable,), declared.get(variable), 0, 3600, "seconds")
    variable = "aws_load_balancing_certificate_timeout"
    yield from within((variable,), declared.get(variable), 1, 86400, "seconds")


def _names(declared: Declared) -> Checks:
    zone = declared.get("aws_dns_private_zone")
    if zone is not None and not dns_name(zone):
        yield Mistake(("aws_dns_private_zone",), f"is {show(zone)}, not a DNS name", "Write one such as internal.")
    for variable, targets in (("aws_endpoints_names", TARGETS), ("aws_endpoints_public_names", PUBLIC_TARGETS)):
        for name, target in declared.entries(variable).items():
            path: Path = (variable, name)
            if not dns_name(str(name)):
                yield Mistake(path, "is not a DNS name", "Write lower-case letters, digits and hyphens.")
            yield from _stands_for(declared, path, target, targets)
            yield from _stays(declared, (*path, "elastic_ip"), target.get("elastic_ip"))
    for name, target in declared.entries("aws_endpoints_parameters").items():
        yield from _stands_for(declared, ("aws_endpoints_parameters", name), target, OWN_NAMES)


def _stays(declared: Declared, path: Path, machine: str | None) -> Checks:
    """A machine whose address is to be public has one that stays."""
    instance = declared.entries("aws_compute_instances").get(machine or "")
    if instance is not None and not instance.get("elastic_ip"):
        yield Mistake(
            path,
            f"is {show(machine)}, whose address changes with each machine",
            f"Write aws_compute_instances.{machine}.elastic_ip: true.",
        )


def _stands_for(declared: Declared, path: Path, target: Mapping[str, Any], targets: Mapping[str, str]) -> Checks:
    chosen = [kind for kind in targets if target.get(kind) is not None]
    if len(chosen) != 1:
        has = f"stands for {listing(chosen, 'and')}" if chosen else "stands for nothing"
        yield Mistake(path, has, f"Write exactly one of {listing(targets)}.")
    for kind in chosen:
        known = declared.get(targets[kind])
        if known is None or target[kind] in known:
            continue
        guess = nearest(target[kind], known)
        yield Mistake(
            (*path, kind),
            f"is {show(target[kind])}, and there is no such entry in {targets[kind]}",
            f"Write {guess}."
            if guess
            else f"Declare {targets[kind]}.{target[kind]}, or delete {'.'.join(map(str, path))}.",
        )
