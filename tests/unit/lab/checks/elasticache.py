# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the ElastiCache extensions."""

from __future__ import annotations

from typing import Any

from checks import Aws, error_code, proves, unique
from checks.builders import TAGS, network


def cache_subnet_group(aws: Aws) -> str:
    name = unique()
    aws.client("elasticache").create_cache_subnet_group(
        CacheSubnetGroupName=name, CacheSubnetGroupDescription="check", SubnetIds=network(aws).subnets
    )
    return name


def replication_group(aws: Aws, **arguments: Any) -> str:
    name = unique("cache")
    wanted = {
        "ReplicationGroupId": name,
        "ReplicationGroupDescription": "check",
        "NumCacheClusters": 2,
        "AutomaticFailoverEnabled": True,
        "MultiAZEnabled": True,
        "Engine": "valkey",
        "EngineVersion": "8.0",
        "CacheNodeType": "cache.t4g.small",
        "CacheSubnetGroupName": cache_subnet_group(aws),
        "SecurityGroupIds": ["sg-1"],
        "TransitEncryptionEnabled": True,
        "AuthToken": "a-token-of-sixteen",
        **arguments,
    }
    aws.client("elasticache").create_replication_group(**wanted)
    return name


def group_of(aws: Aws, name: str) -> dict[str, Any]:
    found = aws.client("elasticache").describe_replication_groups(ReplicationGroupId=name)
    return dict(found["ReplicationGroups"][0])


def members_of(aws: Aws, name: str) -> list[tuple[str, str]]:
    members = group_of(aws, name)["NodeGroups"][0]["NodeGroupMembers"]
    return sorted((one["CurrentRole"], one["PreferredAvailabilityZone"]) for one in members)


@proves("elasticache.replication_groups_list_all_their_members")
def members_are_spread_over_zones(aws: Aws) -> None:
    name = replication_group(aws)
    assert members_of(aws, name) == [("primary", "ap-south-1a"), ("replica", "ap-south-1c")]
    assert group_of(aws, name)["MemberClusters"] == [f"{name}-001", f"{name}-002"]
    turned = replication_group(aws, PreferredCacheClusterAZs=["ap-south-1c", "ap-south-1a"])
    assert members_of(aws, turned) == [("primary", "ap-south-1c"), ("replica", "ap-south-1a")]


@proves("elasticache.endpoints_lie_in_the_region")
def endpoints_have_the_code_of_their_region(aws: Aws) -> None:
    shard = group_of(aws, replication_group(aws))["NodeGroups"][0]
    addresses = [shard[f"{end}Endpoint"]["Address"] for end in ("Primary", "Reader")]
    addresses += [one["ReadEndpoint"]["Address"] for one in shard["NodeGroupMembers"]]
    assert all(address.endswith(".aps1.cache.amazonaws.com") for address in addresses)
    assert shard["ReaderEndpoint"]["Port"] == 6379


@proves("elasticache.members_are_cache_clusters", "elasticache.replication_group_keeps_what_its_members_show")
def members_are_described_as_clusters(aws: Aws) -> None:
    client = aws.client("elasticache")
    name = replication_group(aws, Engine="redis", EngineVersion="7.1")
    clusters = client.describe_cache_clusters(ShowCacheNodeInfo=True)["CacheClusters"]
    mine = [one for one in clusters if one.get("ReplicationGroupId") == name]
    assert [one["CacheClusterId"] for one in mine] == [f"{name}-001", f"{name}-002"]
    for one in mine:
        assert one["CacheParameterGroup"]["CacheParameterGroupName"] == "default.redis7"
        assert one["SecurityGroups"] == [{"SecurityGroupId": "sg-1", "Status": "active"}]
        assert (one["EngineVersion"], one["AuthTokenEnabled"]) == ("7.1", True)
        assert one["CacheNodes"][0]["Endpoint"]["Address"].startswith(one["CacheClusterId"])
    (second,) = client.describe_cache_clusters(CacheClusterId=f"{name}-002")["CacheClusters"]
    assert second["PreferredAvailabilityZone"] == "ap-south-1c"
    assert error_code(client.describe_cache_clusters, CacheClusterId=unique()) == "CacheClusterNotFound"


@proves("elasticache.replication_groups_can_be_modified")
def modification_reaches_the_members(aws: Aws) -> None:
    client = aws.client("elasticache")
    name = replication_group(aws)
    client.modify_replication_group(
        ReplicationGroupId=name,
        SecurityGroupIds=["sg-2"],
        EngineVersion="8.1",
        SnapshotWindow="19:00-20:00",
        PreferredMaintenanceWindow="sun:20:00-sun:21:00",
        AuthTokenUpdateStrategy="DELETE",
        ApplyImmediately=True,
    )
    (member,) = client.describe_cache_clusters(CacheClusterId=f"{name}-001")["CacheClusters"]
    assert member["SecurityGroups"][0]["SecurityGroupId"] == "sg-2"
    assert (member["EngineVersion"], member["PreferredMaintenanceWindow"]) == ("8.1", "sun:20:00-sun:21:00")
    assert group_of(aws, name)["SnapshotWindow"] == "19:00-20:00"
    assert group_of(aws, name)["AuthTokenEnabled"] is False


@proves("elasticache.IncreaseReplicaCount", "elasticache.DecreaseReplicaCount")
def replicas_are_added_and_taken_away(aws: Aws) -> None:
    client = aws.client("elasticache")
    name = replication_group(aws)
    client.increase_replica_count(ReplicationGroupId=name, NewReplicaCount=3, ApplyImmediately=True)
    assert [role for role, _ in members_of(aws, name)] == ["primary", "replica", "replica", "replica"]
    client.decrease_replica_count(ReplicationGroupId=name, NewReplicaCount=1, ApplyImmediately=True)
    assert group_of(aws, name)["MemberClusters"] == [f"{name}-001", f"{name}-002"]
    wrong_way = {"ReplicationGroupId": name, "NewReplicaCount": 2, "ApplyImmediately": True}
    assert error_code(client.decrease_replica_count, **wrong_way) == "InvalidParameterValue"
    none_left = wrong_way | {"NewReplicaCount": 0}
    assert error_code(client.decrease_replica_count, **none_left) == "InvalidReplicationGroupState"


@proves("elasticache.TestFailover")
def failover_promotes_the_replica(aws: Aws) -> None:
    client = aws.client("elasticache")
    name = replication_group(aws)
    client.test_failover(ReplicationGroupId=name, NodeGroupId="0001")
    assert members_of(aws, name) == [("primary", "ap-south-1c"), ("replica", "ap-south-1a")]
    alone = replication_group(aws, NumCacheClusters=1, AutomaticFailoverEnabled=False, MultiAZEnabled=False)
    refused = error_code(client.test_failover, ReplicationGroupId=alone, NodeGroupId="0001")
    assert refused == "InvalidReplicationGroupState"


@proves("elasticache.final_snapshot_is_made")
def deletion_leaves_a_snapshot_and_no_group(aws: Aws) -> None:
    client = aws.client("elasticache")
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    name = replication_group(aws, AtRestEncryptionEnabled=True, KmsKeyId=key)
    client.delete_replication_group(ReplicationGroupId=name, FinalSnapshotIdentifier=f"{name}-final")
    (snapshot,) = client.describe_snapshots(SnapshotName=f"{name}-final")["Snapshots"]
    assert (snapshot["ReplicationGroupId"], snapshot["KmsKeyId"]) == (name, key)
    gone = error_code(client.describe_replication_groups, ReplicationGroupId=name)
    assert gone == "ReplicationGroupNotFoundFault"


@proves("elasticache.ModifyCacheSubnetGroup", "elasticache.DeleteCacheSubnetGroup")
def subnet_group_is_changed_and_deleted_unless_in_use(aws: Aws) -> None:
    client = aws.client("elasticache")
    name = replication_group(aws)
    (member,) = client.describe_cache_clusters(CacheClusterId=f"{name}-001")["CacheClusters"]
    group = member["CacheSubnetGroupName"]
    subnets = network(aws).subnets[:1]
    client.modify_cache_subnet_group(CacheSubnetGroupName=group, SubnetIds=subnets)
    (shown,) = client.describe_cache_subnet_groups(CacheSubnetGroupName=group)["CacheSubnetGroups"]
    assert [one["SubnetIdentifier"] for one in shown["Subnets"]] == subnets
    assert shown["CacheSubnetGroupDescription"] == "check"
    assert error_code(client.delete_cache_subnet_group, CacheSubnetGroupName=group) == "CacheSubnetGroupInUse"
    client.delete_replication_group(ReplicationGroupId=name)
    client.delete_cache_subnet_group(CacheSubnetGroupName=group)
    gone = error_code(client.describe_cache_subnet_groups, CacheSubnetGroupName=group)
    assert gone == "CacheSubnetGroupNotFoundFault"


def parameter_group(aws: Aws, family: str = "valkey8", **arguments: Any) -> str:
    name = unique()
    aws.client("elasticache").create_cache_parameter_group(
        CacheParameterGroupName=name, CacheParameterGroupFamily=family, Description="check", **arguments
    )
    return name


def own_values(aws: Aws, group: str) -> dict[str, str]:
    shown = aws.client("elasticache").describe_cache_parameters(CacheParameterGroupName=group, Source="user")
    return {one["ParameterName"]: one["ParameterValue"] for one in shown["Parameters"]}


@proves(
    "elasticache.CreateCacheParameterGroup",
    "elasticache.DescribeCacheParameterGroups",
    "elasticache.DeleteCacheParameterGroup",
)
def parameter_groups_are_made_and_deleted_unless_in_use(aws: Aws) -> None:
    client = aws.client("elasticache")
    for family in ("redis7", "valkey7", "valkey8"):
        group = parameter_group(aws, family)
        (shown,) = client.describe_cache_parameter_groups(CacheParameterGroupName=group)["CacheParameterGroups"]
        assert shown["CacheParameterGroupFamily"] == family
    used = replication_group(aws, CacheParameterGroupName=group)
    refused = error_code(client.delete_cache_parameter_group, CacheParameterGroupName=group)
    assert refused == "InvalidCacheParameterGroupState"
    client.delete_replication_group(ReplicationGroupId=used)
    client.delete_cache_parameter_group(CacheParameterGroupName=group)
    gone = error_code(client.describe_cache_parameter_groups, CacheParameterGroupName=group)
    assert gone == "CacheParameterGroupNotFound"


@proves(
    "elasticache.DescribeCacheParameters",
    "elasticache.ModifyCacheParameterGroup",
    "elasticache.ResetCacheParameterGroup",
)
def parameters_are_set_and_reset(aws: Aws) -> None:
    client = aws.client("elasticache")
    group = parameter_group(aws)

    def set_values(**values: str) -> None:
        pairs = [{"ParameterName": name.replace("_", "-"), "ParameterValue": value} for name, value in values.items()]
        client.modify_cache_parameter_group(CacheParameterGroupName=group, ParameterNameValues=pairs)

    set_values(maxmemory_policy="allkeys-lru", timeout="300")
    assert own_values(aws, group) == {"maxmemory-policy": "allkeys-lru", "timeout": "300"}
    assert error_code(set_values, maxmemory_policy="sometimes") == "InvalidParameterValue"
    assert error_code(set_values, no_such_parameter="1") == "InvalidParameterValue"
    client.reset_cache_parameter_group(
        CacheParameterGroupName=group, ParameterNameValues=[{"ParameterName": "timeout"}]
    )
    assert own_values(aws, group) == {"maxmemory-policy": "allkeys-lru"}
    client.reset_cache_parameter_group(CacheParameterGroupName=group, ResetAllParameters=True)
    assert own_values(aws, group) == {}


@proves("elasticache.parameter_groups_can_be_tagged")
def parameter_group_has_tags(aws: Aws) -> None:
    client = aws.client("elasticache")
    group = parameter_group(aws, Tags=TAGS)
    (shown,) = client.describe_cache_parameter_groups(CacheParameterGroupName=group)["CacheParameterGroups"]
    assert client.list_tags_for_resource(ResourceName=shown["ARN"])["TagList"] == TAGS
