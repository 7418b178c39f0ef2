# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names that AWS will see: made of platform_prefix and the name of an entry, and limited in length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .declared import Checks, Declared
from .mistakes import Mistake, Path
from .place import NAME


@dataclass(frozen=True)
class Limit:
    """How long a name may be, and what roles make of an entry: prefix, name and suffix."""

    what: str
    most: int
    suffix: str = ""


# What is named after each entry of a variable. Bounds are of the API reference of each service.
LIMITS: dict[str, tuple[Limit, ...]] = {
    "aws_network_vpcs": (Limit("tag Name of the VPC", 256),),
    "aws_security_groups_groups": (Limit("security group", 255),),
    "aws_load_balancing_load_balancers": (Limit("load balancer", 32),),
    "aws_load_balancing_target_groups": (Limit("target group", 32),),
    "aws_database_instances": (Limit("database", 63),),
    "aws_cache_groups": (Limit("replication group", 40),),
    "aws_compute_groups": (Limit("launch template", 128), Limit("Auto Scaling group", 255)),
    "aws_compute_instances": (Limit("launch template", 128),),
    "aws_identity_host_roles": (Limit("IAM role", 64),),
    "aws_keys_purposes": (Limit("alias of the key", 250),),
    "aws_storage_buckets": (Limit("bucket", 63),),
    "aws_waf_web_acls": (Limit("web ACL", 128),),
    "aws_waf_ip_sets": (Limit("IP set", 128, "-ipv4"),),
    "aws_account_config_rules": (Limit("Config rule", 128),),
    "aws_account_alarms": (Limit("alarm", 250),),
}
# Made in every environment, with names of their own.
_FIXED_ROLES = ("flow-logs", "rds-monitoring", "cloudtrail")
_DNS_NAMES = 63


def check(declared: Declared) -> Checks:
    for variable, name, path in _entries(declared):
        if not NAME.fullmatch(name) or len(name) > _DNS_NAMES:
            yield Mistake(
                path,
                "has a name that AWS does not take everywhere",
                "Write lower-case letters, digits and single hyphens, a letter first.",
            )
        for limit in _limits(declared, variable, name):
            yield from _length(declared, path, name, limit)
    for name in _FIXED_ROLES:
        yield from _length(declared, ("platform_prefix",), name, Limit("IAM role", 64))


def _entries(declared: Declared) -> Iterator[tuple[str, str, Path]]:
    for variable in LIMITS:
        value = declared.get(variable)
        if isinstance(value, dict):
            yield from ((variable, str(name), (variable, name)) for name in value)
        else:
            yield from ((variable, str(name), (variable, at)) for at, name in declared.items(variable))


def _limits(declared: Declared, variable: str, name: str) -> Iterator[Limit]:
    for limit in LIMITS[variable]:
        if variable == "aws_storage_buckets":
            yield Limit(limit.what, limit.most, f"-{declared.get('platform_account_id') or '0' * 12}")
        else:
            yield limit
    replicas = declared.entries("aws_database_instances").get(name, {}).get("replicas")
    if variable == "aws_database_instances" and replicas:
        yield Limit("read replica", 63, f"-replica-{replicas}")


def _length(declared: Declared, path: Path, name: str, limit: Limit) -> Checks:
    if not declared.prefix:
        return
    full = f"{declared.prefix}-{name}{limit.suffix}"
    room = limit.most - (len(full) - len(name))
    shorten = "shorten platform_project or platform_environment."
    if room < 1:
        yield Mistake(
            ("platform_prefix",),
            f"has {len(declared.prefix)} characters and leaves none for the name of a {limit.what}: AWS allows "
            f"{limit.most} in all",
            shorten.capitalize(),
        )
    elif len(full) > limit.most:
        # The names of fixed roles are not the operator's to change.
        own = f"Write a name of at most {room} characters, or {shorten}" if path[0] != "platform_prefix" else ""
        yield Mistake(
            path,
            f"makes the {limit.what} {full}, {len(full)} characters; AWS allows {limit.most}",
            own or shorten.capitalize(),
        )
