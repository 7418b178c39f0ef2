"""What is named in the private zone, and what is not ready."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.pixstory.platform.plugins.filter import endpoints

INDEX: dict[str, Any] = {
    "project": "pixstory",
    "environment": "staging",
    "region": "ap-south-1",
    "account_id": "123456789012",
    "check_mode": False,
    "kinds_read": ["db_instances", "replication_groups", "load_balancers", "instances", "vpcs", "elastic_ips"],
    "vpcs": {"main": {"id": "vpc-1"}},
    "db_instances": {"main": {"endpoint": {"address": "db.example", "port": 5432}, "db_instance_status": "available"}},
    "replication_groups": {"main": {"primary_endpoint": {"address": "cache.example"}, "status": "creating"}},
    "load_balancers": {
        "web": {"dns_name": "Web-1.Example", "canonical_hosted_zone_id": "Z1", "state": {"code": "active"}}
    },
    "instances": {
        "i-1": {"id": "i-1", "tags": {"Role": "vpn"}, "private_ip_address": "10.0.0.4"},
        "i-2": {"id": "i-2", "tags": {"Role": "web"}},
        "i-3": {"id": "i-3", "tags": {"Role": "web"}},
    },
    "elastic_ips": {"vpn": {"id": "eipalloc-1", "public_ip": "198.51.100.7"}},
}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"database": "main"}, {"type": "CNAME", "ttl": 30, "value": ["db.example"]}),
        ({"cache": "main"}, {"type": "CNAME", "ttl": 30, "value": ["cache.example"]}),
        (
            {"load_balancer": "web"},
            {"type": "A", "alias": {"dns_name": "Web-1.Example", "hosted_zone_id": "Z1"}},
        ),
        ({"instance": "vpn"}, {"type": "A", "ttl": 60, "value": ["10.0.0.4"]}),
        ({"elastic_ip": "vpn"}, {"type": "A", "ttl": 60, "value": ["198.51.100.7"]}),
    ],
)
def test_endpoint_record(target: dict[str, str], expected: dict[str, Any]) -> None:
    assert endpoints.endpoint_record(INDEX, target) == expected


def test_pending_names_what_is_not_ready() -> None:
    assert endpoints.pending(INDEX) == ["replication_groups main: creating"]


# All that AWS says of itself; by what is meant: serves, never will, or will.
EVERY_STATE = {
    "db_instances": (
        {
            "available",
            "backing-up",
            "configuring-enhanced-monitoring",
            "configuring-iam-database-auth",
            "configuring-log-exports",
            "resetting-master-credentials",
            "storage-config-upgrade",
            "storage-initialization",
            "storage-optimization",
        },
        {
            "failed",
            "inaccessible-encryption-credentials",
            "inaccessible-encryption-credentials-recoverable",
            "incompatible-create",
            "incompatible-network",
            "incompatible-option-group",
            "incompatible-parameters",
            "incompatible-restore",
            "insufficient-capacity",
            "restore-error",
            "stopped",
            "storage-full",
        },
        {"creating", "modifying", "rebooting", "starting", "upgrading", "maintenance", "stopping", "deleting"},
    ),
    "replication_groups": ({"available", "snapshotting"}, {"create-failed"}, {"creating", "modifying", "deleting"}),
    "load_balancers": ({"active", "active_impaired"}, {"failed"}, {"provisioning"}),
    "nat_gateways": ({"available"}, {"failed"}, {"pending"}),
}


@pytest.mark.parametrize("kind", EVERY_STATE)
def test_what_each_state_means(kind: str) -> None:
    at = {"db_instances": "db_instance_status", "replication_groups": "status"}.get(kind, "state")
    serves, never, waits = EVERY_STATE[kind]
    states = serves | never | waits
    index = {kind: {state: {at: {"code": state} if kind == "load_balancers" else state} for state in states}}
    assert set(endpoints.pending(index)) == {f"{kind} {state}: {state}" for state in never | waits}
    assert set(endpoints.failed(index)) == {f"{kind} {state}: {state}" for state in never}


def test_what_says_nothing_of_its_state_is_pending() -> None:
    index = {"nat_gateways": {"main-a": {}}}
    assert endpoints.pending(index) == ["nat_gateways main-a: None"]
    assert endpoints.failed(index) == []


def test_two_machines_of_a_single_role_are_an_error_that_names_them() -> None:
    with pytest.raises(AnsibleFilterError, match=r"2 machines of role web are there \(i-2, i-3\)"):
        endpoints.instance_of(INDEX, "web")


def test_a_machine_that_is_not_there_is_planned_in_check_mode_only() -> None:
    assert endpoints.instance_of({**INDEX, "check_mode": True}, "speech-api")["planned"] is True
    with pytest.raises(AnsibleFilterError, match="aws_compute"):
        endpoints.instance_of(INDEX, "speech-api")


def test_replicas_are_numbered() -> None:
    declared = {"main": {"replicas": 2}, "other": {}}
    assert [replica["name"] for replica in endpoints.replicas(declared)] == ["main-replica-1", "main-replica-2"]


def test_scheduled_actions_speak_the_modules_language() -> None:
    action = {"name": "morning", "recurrence": "0 6 * * *", "min": 2, "max": 4, "desired": 3}
    expected = {"name": "morning", "recurrence": "0 6 * * *", "min_size": 2, "max_size": 4, "desired_capacity": 3}
    assert endpoints.scheduled_actions([action]) == [expected]


def test_zone_vpcs() -> None:
    assert endpoints.zone_vpcs(INDEX, {"main": {}}, "ap-south-1") == [{"id": "vpc-1", "region": "ap-south-1"}]
