# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.pixstory.platform.plugins.filter.index import owned

# What AWS says of a resource that is ready for use: kind, attribute, value.
READY = (
    ("db_instances", "db_instance_status", "available"),
    ("replication_groups", "status", "available"),
    ("load_balancers", "state.code", "active"),
    ("nat_gateways", "state", "available"),
)


def _attribute(item: Mapping[str, Any], path: str) -> Any:
    value: Any = item
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def pending(index: Mapping[str, Any]) -> list[str]:
    """What stands in the index but is not ready yet, as ``kind name: state``."""
    return [
        f"{kind} {name}: {_attribute(item, path)}"
        for kind, path, ready in READY
        for name, item in index.get(kind, {}).items()
        if _attribute(item, path) != ready
    ]


def instance_of(index: Mapping[str, Any], role: str) -> Mapping[str, Any]:
    """The single machine of a role; a stand-in in check mode where it is not there yet."""
    found = [item for item in index["instances"].values() if item.get("tags", {}).get("Role") == role]
    if len(found) > 1:
        raise AnsibleFilterError(
            f"{len(found)} machines of role {role} are there ({', '.join(sorted(item['id'] for item in found))}), "
            "one is declared in aws_compute_instances. Terminate the one that is not wanted, or declare a group."
        )
    return found[0] if found else owned(index, "instances", role)


def endpoint_record(index: Mapping[str, Any], target: Mapping[str, str]) -> dict[str, Any]:
    """The DNS record that leads to a resource: an alias for a load balancer, a CNAME or an A record otherwise.

    :param target: an entry of aws_endpoints_names, for example ``{"database": "main"}``.
    """
    ((kind, name),) = ((kind, name) for kind, name in target.items() if name)
    if kind == "database":
        return {"type": "CNAME", "ttl": 30, "value": owned(index, "db_instances", name)["endpoint"]["address"]}
    if kind == "cache":
        group = owned(index, "replication_groups", name)
        return {"type": "CNAME", "ttl": 30, "value": group["primary_endpoint"]["address"]}
    if kind == "load_balancer":
        balancer = owned(index, "load_balancers", name)
        return {
            "type": "A",
            "value": balancer["dns_name"],
            "alias": True,
            "alias_hosted_zone_id": balancer["canonical_hosted_zone_id"],
        }
    return {"type": "A", "ttl": 60, "value": instance_of(index, name)["private_ip_address"]}


def zone_vpcs(index: Mapping[str, Any], vpcs: Mapping[str, Any], region: str) -> list[dict[str, str]]:
    """The VPCs that see the private zone, in the form of amazon.aws.route53_zone."""
    return [{"id": owned(index, "vpcs", name, "id"), "region": region} for name in vpcs]


def replicas(instances: Mapping[str, Mapping[str, Any]]) -> list[dict[str, str]]:
    """The read replicas of the entries of aws_database_instances: each one's name and what it is made from."""
    return [
        {"name": f"{name}-replica-{number}", "instance": name}
        for name, declared in instances.items()
        for number in range(1, declared.get("replicas", 0) + 1)
    ]


def scheduled_actions(schedule: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """An entry of aws_compute_schedules in the form of pixstory.platform.autoscaling_group."""
    names = {"min": "min_size", "max": "max_size", "desired": "desired_capacity"}
    return [{names.get(key, key): value for key, value in action.items()} for action in schedule]


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "endpoint_record": endpoint_record,
            "instance_of": instance_of,
            "pending": pending,
            "replicas": replicas,
            "scheduled_actions": scheduled_actions,
            "zone_vpcs": zone_vpcs,
        }
