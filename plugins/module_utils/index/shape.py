# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An index without all that AWS generates, to compare two commissionings of one environment.

What AWS generates is replaced by the logical name of the resource it stands for, or left out when it stands for none.
What was declared stays: CIDR blocks, rules, routes, sizes, policies, records.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..kinds import KINDS
from ..kinds.base import Item, dig

# Values under these keys differ from one commissioning to the next, and say nothing about the configuration.
GENERATED_ENDINGS = ("_time", "_date", "_timestamp", "_at", "_token", "_reference", "_association_id", "_fingerprint")
GENERATED_KEYS = frozenset(
    [
        "id",
        "arn",
        "auto_scaling_group_arn",
        "secret_arn",
        "going",
        "created",
        "created_by",
        "last_used",
        "last_accessed",
        "role_last_used",
        "not_before",
        "not_after",
        "serial",
        "progress",
        "version",
        "latest_version_number",
        "default_version_number",
        "default_version_id",
        "secret_versions_to_stages",
        "association_id",
        "attachment_id",
        "reservation_id",
        "mac_address",
        "network_interfaces",
        "network_interface_id",
        "network_interface_ids",
        "address",
        "dns_name",
        "private_dns_name",
        "public_dns_name",
        "dns_entries",
        "name_servers",
        "config_rule_id",
        "state_value",
        "role_id",
        "policy_id",
        "instance_profile_id",
        "dbi_resource_id",
        "enhanced_monitoring_resource_arn",
        "ami_launch_index",
        "certificate_details",
        "stored_bytes",
        "attachment_count",
        "available_ip_address_count",
        "resource_record_set_count",
        "metric_filter_count",
        "instances",
        "lifecycle_state",
        "health_status",
        "status_message",
        "state_reason",
        "state_transition_reason",
    ]
)
IDENTIFIER = re.compile(r"^[a-z]+(-[a-z]+)*-([0-9a-f]{8}|[0-9a-f]{17})$")
UUID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
CLOUDFRONT = re.compile(r"\b[a-z0-9]{13,}\.cloudfront\.net\b")
ADDRESS = re.compile(r"^\d{1,3}(\.\d{1,3}){3}$")
MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d")

# Where a description says by which generated names others refer to it. A star is every item of a list.
IDENTITIES = (
    "id",
    "arn",
    "dns_name",
    "endpoint.address",
    "primary_endpoint.address",
    "reader_endpoint.address",
    "node_groups.*.node_group_members.*.read_endpoint.address",
    "public_ip",
    "private_ip_address",
    "public_ip_address",
    "listeners.*.listener_arn",
    "listeners.*.rules.*.rule_arn",
    "domain_validation_options.*.resource_record.name",
    "domain_validation_options.*.resource_record.value",
    "master_user_secret.secret_arn",
    "block_device_mappings.*.ebs.volume_id",
)


def index_shape(index: Mapping[str, Any]) -> dict[str, Any]:
    """Equal for two indexes when their environments were configured alike."""
    rename = _renamer(index)
    shape: dict[str, Any] = {"project": index["project"], "environment": index["environment"]}
    for key in index["kinds_read"]:
        items = {name: _declared(key, item) for name, item in index[key].items()}
        keep_addresses = key == "hosted_zones"
        if KINDS[key].name_from == "id":
            alike: dict[str, list[Any]] = {}
            for item in items.values():
                alike.setdefault(_label(item), []).append(_normal(item, rename, keep_addresses))
            shape[key] = {name: _sorted(group) for name, group in sorted(alike.items())}
        else:
            shape[key] = {rename(name): _normal(item, rename, keep_addresses) for name, item in sorted(items.items())}
    shape["duplicates"] = sorted(f"{one['kind']} {one['name']} {len(one['ids'])}" for one in index["duplicates"])
    return shape


def _declared(key: str, item: Item) -> Item:
    """A zone without its own two records, which Route 53 makes."""
    if key != "hosted_zones":
        return item
    apex = item.get("api_name")
    own = [one for one in item["records"] if not (one["type"] in ("NS", "SOA") and one["name"] == apex)]
    return {**item, "records": own}


def _label(item: Item) -> str:
    """What tells resources with generated names apart: the name, without a Name tag the role."""
    return str(item["name"] if item["name"] != item["id"] else item.get("role", "unnamed"))


def _renamer(index: Mapping[str, Any]) -> Callable[[str], str]:
    """Replaces, inside any text, what identifies a resource of the index by its kind and logical name."""
    names: dict[str, str] = {}
    for key in index["kinds_read"]:
        for item in index[key].values():
            for path in IDENTITIES:
                for value in _values(item, path.split(".")):
                    # A name that was declared is no generated one: the id of an RDS instance, say.
                    if isinstance(value, str) and len(value) > 6 and value != item.get("api_name"):
                        suffix = "" if path in ("id", "arn") else f" {path.rsplit('.', maxsplit=1)[-1]}"
                        names.setdefault(value, f"<{key}/{_label(item)}{suffix}>")
    if not names:
        return str
    longest_first = sorted(names, key=lambda value: (-len(value), value))
    # Not inside a longer word or number: 10.0.0.1 is not in 10.0.0.10.
    pattern = re.compile(rf"(?<![\w.-])({'|'.join(map(re.escape, longest_first))})(?![\w-]|\.\d)")
    return lambda text: pattern.sub(lambda match: names[match.group(1)], text)


def _values(value: Any, path: list[str]) -> Iterable[Any]:
    if "*" not in path:
        yield dig(value, ".".join(path))
        return
    star = path.index("*")
    for one in dig(value, ".".join(path[:star])) or []:
        yield from _values(one, path[star + 1 :])


def _normal(value: Any, rename: Callable[[str], str], keep_addresses: bool) -> Any:
    if isinstance(value, Mapping):
        return {
            # The image is declared, though it looks like what is generated.
            rename(key): rename(one) if key == "image_id" else _normal(one, rename, keep_addresses)
            for key, one in sorted(value.items())
            if not _generated(key)
        }
    if isinstance(value, list | tuple):
        return _sorted([_normal(one, rename, keep_addresses) for one in value])
    if not isinstance(value, str):
        return value
    renamed = CLOUDFRONT.sub("<generated>", UUID.sub("<generated>", rename(value)))
    if IDENTIFIER.match(renamed):
        return "<generated>"
    if MOMENT.match(renamed):
        return "<time>"
    if ADDRESS.match(renamed) and not keep_addresses:
        return "<address>"
    return renamed


def _generated(key: str) -> bool:
    return key in GENERATED_KEYS or key.endswith(GENERATED_ENDINGS) or key.startswith("aws:")


def _sorted(values: list[Any]) -> list[Any]:
    """AWS returns most lists in no order."""
    return sorted(values, key=lambda value: json.dumps(value, sort_keys=True, default=str))
