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
    "kinds_read": ["db_instances", "replication_groups", "load_balancers", "instances", "vpcs"],
    "vpcs": {"main": {"id": "vpc-1"}},
    "db_instances": {"main": {"endpoint": {"address": "db.example", "port": 5432}, "db_instance_status": "available"}},
    "replication_groups": {"main": {"primary_endpoint": {"address": "cache.example"}, "status": "creating"}},
    "load_balancers": {
        "web": {"dns_name": "web.example", "canonical_hosted_zone_id": "Z1", "state": {"code": "active"}}
    },
    "instances": {
        "i-1": {"id": "i-1", "tags": {"Role": "vpn"}, "private_ip_address": "10.0.0.4"},
        "i-2": {"id": "i-2", "tags": {"Role": "web"}},
        "i-3": {"id": "i-3", "tags": {"Role": "web"}},
    },
}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"database": "main"}, {"type": "CNAME", "ttl": 30, "value": "db.example"}),
        ({"cache": "main"}, {"type": "CNAME", "ttl": 30, "value": "cache.example"}),
        ({"load_balancer": "web"}, {"type": "A", "value": "web.example", "alias": True, "alias_hosted_zone_id": "Z1"}),
        ({"instance": "vpn"}, {"type": "A", "ttl": 60, "value": "10.0.0.4"}),
    ],
)
def test_endpoint_record(target: dict[str, str], expected: dict[str, Any]) -> None:
    assert endpoints.endpoint_record(INDEX, target) == expected


def test_pending_names_what_is_not_ready() -> None:
    assert endpoints.pending(INDEX) == ["replication_groups main: creating"]


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
