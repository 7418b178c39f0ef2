# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest
from twelve_steps import Emulator, Requests, Runner, TwelveSteps

from ansible_collections.pixstory.platform.plugins.modules.elasticache_replication_group import (
    ReplicationGroup,
    delivered_logs,
)

MODULE = "elasticache_replication_group"
NAME = "pixstory-production-cache"
TOKEN = "Correct-Horse-Battery-Staple"
SLOW_LOG = {"log_type": "slow-log", "destination": "/pixstory/production/cache"}
ENGINE_LOG = {"log_type": "engine-log", "destination": "cache-engine", "destination_type": "kinesis-firehose"}


@pytest.fixture
def declared(emulator: Emulator) -> dict[str, Any]:
    ec2, cache = emulator.client("ec2"), emulator.client("elasticache")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"ap-south-1{zone}")["Subnet"]
        for n, zone in enumerate("ac")
    ]
    cache.create_cache_subnet_group(
        CacheSubnetGroupName="data",
        CacheSubnetGroupDescription="data",
        SubnetIds=[subnet["SubnetId"] for subnet in subnets],
    )
    for name in ("one", "two"):
        cache.create_cache_parameter_group(
            CacheParameterGroupName=name, CacheParameterGroupFamily="redis7", Description=name
        )
    emulator.client("secretsmanager").create_secret(Name="/production/cache-auth", SecretString=TOKEN)
    groups = [ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"] for name in "ab"]
    return {
        "replication_group_id": NAME,
        "description": "Sessions",
        "engine": "redis",
        "engine_version": "7.0",
        "cache_node_type": "cache.m7g.large",
        "num_cache_clusters": 2,
        "automatic_failover_enabled": True,
        "multi_az_enabled": True,
        "cache_subnet_group_name": "data",
        "cache_parameter_group_name": "one",
        "security_group_ids": groups,
        "port": 6380,
        "transit_encryption_enabled": True,
        "transit_encryption_mode": "required",
        "at_rest_encryption_enabled": True,
        "auth_token_secret": "/production/cache-auth",
        "auto_minor_version_upgrade": True,
        "snapshot_retention_limit": 7,
        "snapshot_window": "20:00-21:00",
        "preferred_maintenance_window": "Sun:21:00-Sun:22:00",
        "preferred_cache_cluster_azs": ["ap-south-1a", "ap-south-1c"],
        "notification_topic_arn": "arn:aws:sns:ap-south-1:123456789012:alarms",
        "log_delivery_configurations": [SLOW_LOG, ENGINE_LOG],
        "tags": {"Project": "pixstory", "Role": "cache"},
    }


def group(emulator: Emulator) -> dict[str, Any]:
    groups = emulator.client("elasticache").describe_replication_groups(ReplicationGroupId=NAME)
    return groups["ReplicationGroups"][0]


def nodes(emulator: Emulator) -> list[dict[str, Any]]:
    return emulator.client("elasticache").describe_cache_clusters()["CacheClusters"]


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps, declared: dict) -> None:
    def created(result: dict) -> None:
        shown = result["replication_group"]
        [shard] = group(emulator)["NodeGroups"]
        assert shown["primary_endpoint"] == {"address": shard["PrimaryEndpoint"]["Address"], "port": 6380}
        assert shown["reader_endpoint"] == {"address": shard["ReaderEndpoint"]["Address"], "port": 6380}
        assert [node["preferred_availability_zone"] for node in shown["members"]] == ["ap-south-1a", "ap-south-1c"]
        assert shown["tags"] == declared["tags"]
        assert group(emulator)["AuthTokenEnabled"]

    def changed(result: dict) -> None:
        assert len(nodes(emulator)) == 3
        assert {node["CacheParameterGroup"]["CacheParameterGroupName"] for node in nodes(emulator)} == {"two"}
        assert group(emulator)["CacheNodeType"] == "cache.m7g.xlarge"
        assert [log["LogType"] for log in group(emulator)["LogDeliveryConfigurations"]] == ["slow-log"]
        assert group(emulator)["SnapshotRetentionLimit"] == 7
        assert result["replication_group"]["tags"] == {"Project": "pixstory"}

    def deleted(result: dict) -> None:
        [snapshot] = emulator.client("elasticache").describe_snapshots()["Snapshots"]
        assert snapshot["SnapshotName"] == "final"
        assert nodes(emulator) == []

    change = {
        "replication_group_id": NAME,
        "description": "Sessions and fragments",
        "engine_version": "7.1",
        "cache_node_type": "cache.m7g.xlarge",
        "num_cache_clusters": 3,
        "cache_parameter_group_name": "two",
        "security_group_ids": declared["security_group_ids"][:1],
        "snapshot_window": "22:00-23:00",
        "preferred_maintenance_window": "mon:21:00-mon:22:00",
        "notification_topic_arn": "arn:aws:sns:ap-south-1:123456789012:other",
        "log_delivery_configurations": [SLOW_LOG],
        "apply_immediately": True,
        "tags": {"Project": "pixstory"},
    }
    absent = {"replication_group_id": NAME, "final_snapshot_identifier": "final"}
    twelve_steps(
        MODULE, create=declared, change=change, absent=absent, created=created, changed=changed, deleted=deleted
    )


@pytest.fixture
def requests(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Requests:
    return Requests(emulator.client("elasticache"), monkeypatch)


def test_the_token_goes_to_elasticache_and_nowhere_else(run: Runner, declared: dict, requests: Requests) -> None:
    outcomes = [run(MODULE, declared, check=True), run(MODULE, declared), run(MODULE, declared)]
    assert [request["AuthToken"] for request in requests.of("CreateReplicationGroup")] == [TOKEN]
    assert not outcomes[-1].changed
    rotate = {"replication_group_id": NAME, "auth_token_secret": "/production/cache-auth"}
    for strategy in ("ROTATE", "SET"):
        outcome = run.predicted(MODULE, {**rotate, "auth_token_update_strategy": strategy})
        assert outcome.changed
        assert outcome.diff == {"before": {}, "after": {"auth_token_update_strategy": strategy}}
        outcomes.append(outcome)
    sent = requests.of("ModifyReplicationGroup")
    assert [request["AuthTokenUpdateStrategy"] for request in sent] == ["ROTATE", "SET"]
    assert all(request["AuthToken"] == TOKEN and request["ApplyImmediately"] for request in sent)
    assert TOKEN not in json.dumps([outcome.result for outcome in outcomes])


def test_the_token_in_a_json_secret(emulator: Emulator, run: Runner, declared: dict, requests: Requests) -> None:
    value = json.dumps({"username": "default", "token": TOKEN})
    emulator.client("secretsmanager").create_secret(Name="/production/json", SecretString=value)
    secret = {"auth_token_secret": "/production/json", "auth_token_secret_key": "token"}
    run(MODULE, {**declared, **secret})
    assert requests.of("CreateReplicationGroup")[0]["AuthToken"] == TOKEN
    again = {"replication_group_id": NAME, **secret, "auth_token_update_strategy": "SET"}
    outcome = run(MODULE, {**again, "auth_token_secret_key": "other"}, fails=True)
    assert "Secret /production/json has no key other" in outcome.result["msg"]
    assert TOKEN not in json.dumps(outcome.result)


def test_a_failure_does_not_tell_the_token(
    emulator: Emulator, run: Runner, declared: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if AWS repeats the request in its error."""
    client = emulator.client("elasticache")

    def create(**arguments: Any) -> None:
        error = {"Code": "InvalidParameterValue", "Message": f"not {arguments['AuthToken']}"}
        raise client.exceptions.InvalidParameterValueException({"Error": error}, "CreateReplicationGroup")

    monkeypatch.setattr(client, "create_replication_group", create)
    outcome = run(MODULE, declared, fails=True)
    assert "InvalidParameterValue" in outcome.result["msg"]
    assert TOKEN not in json.dumps(outcome.result)


def test_the_token_is_not_read_to_be_deleted(run: Runner, declared: dict, requests: Requests) -> None:
    run(MODULE, declared)
    secret = {"auth_token_secret": declared["auth_token_secret"]}
    run.predicted(MODULE, {"replication_group_id": NAME, **secret, "auth_token_update_strategy": "DELETE"})
    [request] = requests.of("ModifyReplicationGroup")
    assert "AuthToken" not in request


def test_the_nodes_of_other_groups_are_not_its_own(run: Runner, declared: dict) -> None:
    run(MODULE, {**declared, "replication_group_id": "a-first-one", "port": 6379})
    result = run(MODULE, declared).result
    assert [node["cache_cluster_id"] for node in result["replication_group"]["members"]] == [
        f"{NAME}-001",
        f"{NAME}-002",
    ]


def test_tags_are_not_asked_for_while_aws_is_busy(
    run: Runner, declared: dict, requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ListTagsForResource fails then."""
    run(MODULE, declared)
    ask = ReplicationGroup.call_or_none

    def modifying(self: ReplicationGroup, operation: str, **arguments: Any) -> dict[str, Any] | None:
        found = ask(self, operation, **arguments)
        if found and operation == "describe_replication_groups":
            found["ReplicationGroups"][0]["Status"] = "modifying"
        return found

    monkeypatch.setattr(ReplicationGroup, "call_or_none", modifying)
    requests.sent.clear()
    assert not run(MODULE, {**declared, "wait": False}).changed
    assert requests.of("DescribeReplicationGroups")
    assert requests.of("ListTagsForResource") == []


@pytest.mark.parametrize(
    ("there", "waiting", "expected"),
    [
        ([("slow-log", "active")], [], ["slow-log"]),
        ([("slow-log", "disabling")], [], []),
        ([], ["engine-log"], ["engine-log"]),
        ([("slow-log", "active")], ["slow-log"], ["slow-log"]),
    ],
)
def test_logs_on_their_way_count(there: list[tuple[str, str]], waiting: list[str], expected: list[str]) -> None:
    description = {
        "LogDeliveryConfigurations": [{"LogType": kind, "Status": status} for kind, status in there],
        "PendingModifiedValues": {"LogDeliveryConfigurations": [{"LogType": kind} for kind in waiting]},
    }
    assert [log["LogType"] for log in delivered_logs(description)] == expected


@pytest.mark.parametrize(
    ("before", "after", "order"),
    [
        (1, 2, ["IncreaseReplicaCount", "ModifyReplicationGroup"]),
        (2, 1, ["ModifyReplicationGroup", "DecreaseReplicaCount"]),
    ],
)
def test_failover_is_only_on_while_there_is_a_replica(
    emulator: Emulator, run: Runner, declared: dict, requests: Requests, before: int, after: int, order: list[str]
) -> None:
    failover = {n: {"automatic_failover_enabled": n > 1, "multi_az_enabled": n > 1} for n in (1, 2)}
    run(MODULE, {**declared, "num_cache_clusters": before, **failover[before]})
    outcome = run.predicted(MODULE, {"replication_group_id": NAME, "num_cache_clusters": after, **failover[after]})
    assert outcome.writes == [f"elasticache.{operation}" for operation in order]
    assert len(nodes(emulator)) == after
    [scaling] = requests.of("IncreaseReplicaCount") + requests.of("DecreaseReplicaCount")
    assert scaling == {"ReplicationGroupId": NAME, "NewReplicaCount": after - 1, "ApplyImmediately": True}


def test_each_change_waits_for_the_one_before(
    run: Runner, declared: dict, requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS takes one change of a group at a time."""
    run(MODULE, declared)
    describe, state = ReplicationGroup.describe, {"seen": 0, "busy": 0}

    def modifying(self: ReplicationGroup) -> dict[str, Any] | None:
        writes = len([name for name, _ in requests.sent if not name.startswith(("Describe", "List"))])
        if writes != state["seen"]:
            state.update(seen=writes, busy=2)
        state["busy"] -= 1
        description = describe(self)
        return {**description, "Status": "modifying"} if description and state["busy"] >= 0 else description

    monkeypatch.setattr(ReplicationGroup, "describe", modifying)
    requests.sent.clear()
    change = {"description": "Other", "num_cache_clusters": 3, "tags": {"Role": "other"}}
    run(MODULE, {"replication_group_id": NAME, **change})
    kinds = [
        "write" if not name.startswith(("Describe", "List")) else "read"
        for name, _ in requests.sent
        if name != "ListTagsForResource"
    ]
    assert kinds.count("write") == 4  # replicas, description, tags removed, tags set
    assert all(kinds[i + 1] == "read" for i, kind in enumerate(kinds) if kind == "write")


@pytest.mark.parametrize(
    ("version", "declaration", "changed"),
    [
        ("7.1", {"engine_version": "7"}, False),
        ("7.1", {"engine_version": "7.0"}, False),
        ("6.2", {"engine_version": "6.x"}, False),
        ("6.2", {"engine_version": "7.1", "cache_parameter_group_name": "default.redis7"}, True),
        ("7.1", {"engine": "valkey", "engine_version": "8.0", "cache_parameter_group_name": "default.valkey8"}, True),
    ],
)
def test_engine_version(run: Runner, declared: dict, version: str, declaration: dict, changed: bool) -> None:
    run(MODULE, {**declared, "engine_version": version, "cache_parameter_group_name": None})
    assert run.predicted(MODULE, {"replication_group_id": NAME, **declaration}).changed is changed
    assert not run.predicted(MODULE, {"replication_group_id": NAME, **declaration}).changed


def test_the_engine_goes_with_its_version(run: Runner, declared: dict, requests: Requests) -> None:
    """7.1 of Redis satisfies a declared 7, but AWS wants to know the version of the new engine."""
    run(MODULE, {**declared, "engine_version": "7.1"})
    run(MODULE, {"replication_group_id": NAME, "engine": "valkey", "engine_version": "7"})
    [request] = requests.of("ModifyReplicationGroup")
    assert (request["Engine"], request["EngineVersion"]) == ("valkey", "7")


def test_what_waits_for_the_maintenance_window_counts_as_set(
    run: Runner, declared: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(MODULE, declared)
    describe = ReplicationGroup.describe

    def waiting(self: ReplicationGroup) -> dict[str, Any]:
        description = describe(self)
        assert description
        description["Members"][0]["PendingModifiedValues"] = {
            "CacheNodeType": "cache.r7g.large",
            "EngineVersion": "7.1",
        }
        return {
            **description,
            "PendingModifiedValues": {"AutomaticFailoverStatus": "disabled", "TransitEncryptionMode": "preferred"},
        }

    monkeypatch.setattr(ReplicationGroup, "describe", waiting)
    waits = {
        "cache_node_type": "cache.r7g.large",
        "engine_version": "7.1",
        "automatic_failover_enabled": False,
        "transit_encryption_mode": "preferred",
    }
    assert not run.predicted(MODULE, {"replication_group_id": NAME, **waits}).changed


def test_a_group_in_the_making_is_compared_once_it_is_made(
    run: Runner, declared: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(MODULE, {**declared, "wait": False})
    describe, left = ReplicationGroup.describe, [3]

    def forming(self: ReplicationGroup) -> dict[str, Any] | None:
        left[0] -= 1
        made = {"ReplicationGroupId": NAME, "Status": "creating", "Members": []}
        return describe(self) if left[0] < 0 else made

    monkeypatch.setattr(ReplicationGroup, "describe", forming)
    assert not run(MODULE, {**declared, "wait": False}).changed
    gate = run(MODULE, {**declared, "snapshot_retention_limit": 1})
    assert gate.diff == {"before": {"snapshot_retention_limit": 7}, "after": {"snapshot_retention_limit": 1}}
    assert gate.result["replication_group"]["primary_endpoint"]["port"] == 6380


REFUSED = [
    ({"engine_version": "6.2"}, "AWS cannot take it back to 6.2"),
    ({"port": 6379}, "cannot change port in place (port: 6380 -> 6379)"),
    ({"at_rest_encryption_enabled": False}, "cannot change at_rest_encryption_enabled in place"),
    ({"cache_subnet_group_name": "other"}, "cannot change cache_subnet_group_name in place"),
    ({"multi_az_enabled": True, "automatic_failover_enabled": False}, "Set both or neither"),
    ({"automatic_failover_enabled": True, "num_cache_clusters": 1}, "Set num_cache_clusters: 2 or more"),
    ({"auth_token_secret": "x", "transit_encryption_enabled": False}, "needs transit_encryption_enabled: true"),
    ({"auth_token_update_strategy": "ROTATE"}, "missing: auth_token_secret"),
]


def test_what_is_refused(run: Runner, declared: dict, subtests: pytest.Subtests) -> None:
    run(MODULE, declared)
    for declaration, message in REFUSED:
        for check in (True, False):
            with subtests.test(message, check=check):
                outcome = run(MODULE, {"replication_group_id": NAME, **declaration}, check=check, fails=True)
                assert message in outcome.result["msg"]
                assert outcome.writes == []


def test_valkey_is_not_taken_back(run: Runner, declared: dict) -> None:
    valkey = {"engine": "valkey", "engine_version": "8.0", "cache_parameter_group_name": None}
    run(MODULE, {**declared, **valkey})
    outcome = run(MODULE, {"replication_group_id": NAME, "engine": "redis"}, check=True, fails=True)
    assert "cannot take it back to redis" in outcome.result["msg"]


def test_a_token_needs_encryption_from_the_start(run: Runner) -> None:
    declared = {"description": "Sessions", "engine": "redis", "cache_node_type": "cache.t4g.micro"}
    outcome = run(MODULE, {"replication_group_id": NAME, **declared, "auth_token_secret": "x"}, check=True, fails=True)
    assert "auth_token_secret needs transit_encryption_enabled: true" in outcome.result["msg"]


def test_creation_says_what_it_needs(run: Runner) -> None:
    outcome = run(MODULE, {"replication_group_id": NAME}, check=True, fails=True)
    assert "give also description, engine, cache_node_type" in outcome.result["msg"]
