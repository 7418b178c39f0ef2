# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.pixstory.platform.plugins.filter.index import owned


@dataclass(frozen=True)
class States:
    """What AWS says of a resource: where, which states it serves in, and which it never leaves by itself.

    A pattern with a star stands for all that fit it.
    """

    attribute: str
    ready: tuple[str, ...]
    failed: tuple[str, ...]


STATES = {
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html
    "db_instances": States(
        "db_instance_status",
        ready=(
            "available",
            "backing-up",
            "configuring-enhanced-monitoring",
            "configuring-iam-database-auth",
            "configuring-log-exports",
            "resetting-master-credentials",
            "storage-config-upgrade",
            "storage-initialization",
            "storage-optimization",
        ),
        failed=(
            "failed",
            "inaccessible-encryption-credentials*",
            "incompatible-*",
            "insufficient-capacity",
            "restore-error",
            "stopped",
            "storage-full",
        ),
    ),
    # https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ReplicationGroup.html
    "replication_groups": States("status", ready=("available", "snapshotting"), failed=("create-failed",)),
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerState.html
    "load_balancers": States("state.code", ready=("active", "active_impaired"), failed=("failed",)),
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Distribution.html
    "distributions": States("status", ready=("Deployed",), failed=()),
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NatGateway.html
    "nat_gateways": States("state", ready=("available",), failed=("failed",)),
}


def _attribute(item: Mapping[str, Any], path: str) -> Any:
    value: Any = item
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _states(index: Mapping[str, Any]) -> list[tuple[str, str, States]]:
    """Of all that stands: what it is, as ``kind name: state``, its state, and what the states of its kind mean."""
    return [
        (f"{kind} {name}: {(state := str(_attribute(item, states.attribute)))}", state, states)
        for kind, states in STATES.items()
        for name, item in index.get(kind, {}).items()
    ]


def pending(index: Mapping[str, Any]) -> list[str]:
    """What stands in the index but is not ready, as ``kind name: state``."""
    return [label for label, state, states in _states(index) if state not in states.ready]


def failed(index: Mapping[str, Any]) -> list[str]:
    """What stands in the index and will never get ready by itself, as ``kind name: state``."""
    return [
        label
        for label, state, states in _states(index)
        if any(fnmatchcase(state, pattern) for pattern in states.failed)
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
    """The DNS record that leads to a resource, as route53_record takes it.

    An alias for a load balancer, a CNAME for a data store, an A record for a machine or an address that stays.

    :param target: an entry of aws_endpoints_names or aws_endpoints_public_names, for example ``{"database": "main"}``.
    """
    ((kind, name),) = ((kind, name) for kind, name in target.items() if name)
    if kind == "database":
        return {"type": "CNAME", "ttl": 30, "value": [owned(index, "db_instances", name)["endpoint"]["address"]]}
    if kind == "cache":
        group = owned(index, "replication_groups", name)
        return {"type": "CNAME", "ttl": 30, "value": [group["primary_endpoint"]["address"]]}
    if kind == "load_balancer":
        balancer = owned(index, "load_balancers", name)
        alias = {"dns_name": balancer["dns_name"], "hosted_zone_id": balancer["canonical_hosted_zone_id"]}
        return {"type": "A", "alias": alias}
    if kind == "elastic_ip":
        return {"type": "A", "ttl": 60, "value": [owned(index, "elastic_ips", name)["public_ip"]]}
    return {"type": "A", "ttl": 60, "value": [instance_of(index, name)["private_ip_address"]]}


def zone_vpcs(index: Mapping[str, Any], vpcs: Mapping[str, Any], region: str) -> list[dict[str, str]]:
    """The VPCs that see the private zone, in the form of pixstory.platform.route53_hosted_zone."""
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
            "failed": failed,
            "instance_of": instance_of,
            "pending": pending,
            "replicas": replicas,
            "scheduled_actions": scheduled_actions,
            "zone_vpcs": zone_vpcs,
        }
