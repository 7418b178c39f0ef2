# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ElastiCache: replication groups with all their members, subnet groups and parameter groups."""

from __future__ import annotations

import copy
import re
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import PaginatedResult
from moto.elasticache.exceptions import CacheClusterNotFound
from moto.elasticache.models import CacheSubnetGroup, ElastiCacheBackend, ReplicationGroup
from moto.elasticache.responses import ElastiCacheResponse

from lab.emulator.harsh import slow
from lab.emulator.registry import ApiError, Call, fix, operation, table, wrap

DIRECTIONS = {"northeast": "ne", "southeast": "se", "northwest": "nw", "southwest": "sw"}


def region_code(region: str) -> str:
    """The short form of a region that ElastiCache puts into endpoints: ap-south-1 becomes aps1."""
    area, direction, number = region.split("-")
    return f"{area}{DIRECTIONS.get(direction, direction[0])}{number}"


def default_parameter_group(engine: str | None, version: str | None) -> str:
    """The parameter group of a cluster that names none."""
    engine = engine or "redis"
    return f"default.{engine}{(version or ('8' if engine == 'valkey' else '7')).split('.')[0]}"


def _zones(backend: ElastiCacheBackend, group: ReplicationGroup) -> list[str]:
    """The zones of the group's subnets, or those asked for at creation."""
    subnets = backend.cache_subnet_groups.get(group.cache_subnet_group_name or "")
    zones = [subnet["subnet_availability_zone"] for subnet in (subnets.subnets if subnets else [])]
    return sorted(dict.fromkeys(zones)) or [f"{backend.region_name}a"]


def _domain(group: ReplicationGroup) -> str:
    address: str = group.node_groups[0]["primary_endpoint"]["address"]
    return address.partition(".")[2]


def _member(group: ReplicationGroup, number: int, zone: str) -> dict[str, Any]:
    cluster = f"{group.replication_group_id}-{number:03}"
    return {
        "cache_cluster_id": cluster,
        "cache_node_id": "0001",
        "read_endpoint": {"address": f"{cluster}.{_domain(group)}", "port": group.port},
        "preferred_availability_zone": zone,
        "current_role": "replica",
    }


def _resize(backend: ElastiCacheBackend, group: ReplicationGroup, size: int, wanted_zones: list[str]) -> None:
    """Give the only shard of a group so many members; the primary stays."""
    members: list[dict[str, Any]] = group.node_groups[0]["node_group_members"]
    zones = wanted_zones or _zones(backend, group)
    while len(members) > size:
        members.remove(next(one for one in reversed(members) if one["current_role"] == "replica"))
    taken = {int(one["cache_cluster_id"].rpartition("-")[2]) for one in members}
    for number in range(1, 100):
        if len(members) >= size:
            break
        if number not in taken:
            members.append(_member(group, number, zones[len(members) % len(zones)]))
    group.member_clusters = sorted(one["cache_cluster_id"] for one in members)


@fix("elasticache")
def endpoints_lie_in_the_region() -> None:
    """The endpoints of a replication group carry the short name of their own region.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_NodeGroup.html
    """

    @wrap(ReplicationGroup, "__init__")
    def init(original: Any, group: ReplicationGroup, **kwargs: Any) -> None:
        original(group, **kwargs)
        code = f".{region_code(kwargs['region_name'])}."
        for shard in group.node_groups:
            for end in ("primary", "reader"):
                address = shard.pop(f"{end}_endpoint_address", None)
                if address:
                    shard[f"{end}_endpoint"] = {"address": address.replace(".use1.", code), "port": group.port}
        if group.cluster_enabled:
            group.configuration_endpoint["address"] = group.configuration_endpoint["address"].replace(".use1.", code)


@fix("elasticache")
def replication_groups_list_all_their_members() -> None:
    """NumCacheClusters members are made, over the zones of the subnet group; the first is the primary.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html
    """

    @wrap(ElastiCacheBackend, "create_replication_group")
    def create(original: Any, backend: ElastiCacheBackend, **kwargs: Any) -> ReplicationGroup:
        group: ReplicationGroup = original(backend, **kwargs)
        if not group.cluster_enabled:
            replicas = kwargs.get("replicas_per_node_group")
            size = 1 + replicas if replicas is not None else kwargs.get("num_cache_clusters") or 1
            members = group.node_groups[0]["node_group_members"]
            members.clear()
            _resize(backend, group, size, kwargs.get("preferred_cache_cluster_azs") or [])
            members[0]["current_role"] = "primary"
            group.snapshotting_cluster_id = group.member_clusters[-1] if group.snapshot_retention_limit else None
        return group


@fix("elasticache")
def replication_group_keeps_what_its_members_show() -> None:
    """Parameter group, version, security groups and AUTH token are the same for all members.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ReplicationGroup.html
    """

    @wrap(ReplicationGroup, "__init__")
    def init(original: Any, group: ReplicationGroup, **kwargs: Any) -> None:
        original(group, **kwargs)
        # Never shown by the API; the machine that stands for the cluster needs it.
        group.auth_token = kwargs.get("auth_token")  # type: ignore[attr-defined]
        group.engine_version = group.engine_version or ("8.0" if group.engine == "valkey" else "7.1")
        group.cache_parameter_group_name = group.cache_parameter_group_name or default_parameter_group(
            group.engine, group.engine_version
        )
        group.auto_minor_version_upgrade = kwargs.get("auto_minor_version_upgrade") is not False
        if group.transit_encryption_enabled and not group.transit_encryption_mode:
            group.transit_encryption_mode = "required"


def _cluster_of(group: ReplicationGroup, member: dict[str, Any]) -> dict[str, Any]:
    topic = group.notification_topic_arn
    return {
        "CacheClusterId": member["cache_cluster_id"],
        "ARN": group.arn.replace(
            f":replicationgroup:{group.replication_group_id}", f":cluster:{member['cache_cluster_id']}"
        ),
        "ReplicationGroupId": group.replication_group_id,
        "CacheClusterStatus": group.status,
        "CacheNodeType": group.cache_node_type,
        "Engine": group.engine,
        "EngineVersion": group.engine_version,
        "NumCacheNodes": 1,
        "PreferredAvailabilityZone": member["preferred_availability_zone"],
        "PreferredMaintenanceWindow": group.preferred_maintenance_window,
        "CacheClusterCreateTime": group.replication_group_create_time,
        "CacheSubnetGroupName": group.cache_subnet_group_name,
        "CacheParameterGroup": {
            "CacheParameterGroupName": group.cache_parameter_group_name,
            "ParameterApplyStatus": "in-sync",
            "CacheNodeIdsToReboot": [],
        },
        "SecurityGroups": [{"SecurityGroupId": name, "Status": "active"} for name in group.security_group_ids or []],
        "NotificationConfiguration": topic and {"TopicArn": topic, "TopicStatus": "active"},
        "CacheNodes": [
            {
                "CacheNodeId": "0001",
                "CacheNodeStatus": group.status,
                "CacheNodeCreateTime": group.replication_group_create_time,
                "Endpoint": member.get("read_endpoint"),
                "ParameterGroupStatus": "in-sync",
                "CustomerAvailabilityZone": member["preferred_availability_zone"],
            }
        ],
        "AutoMinorVersionUpgrade": group.auto_minor_version_upgrade,
        "SnapshotRetentionLimit": group.snapshot_retention_limit,
        "SnapshotWindow": group.snapshot_window,
        "TransitEncryptionEnabled": group.transit_encryption_enabled,
        "AtRestEncryptionEnabled": group.at_rest_encryption_enabled,
        "AuthTokenEnabled": group.auth_token_enabled,
    }


@fix("elasticache")
def members_are_cache_clusters() -> None:
    """DescribeCacheClusters shows the members of replication groups.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DescribeCacheClusters.html
    """

    @wrap(ElastiCacheResponse, "describe_cache_clusters")
    def describe(original: Any, response: ElastiCacheResponse) -> Any:
        backend = response.elasticache_backend
        clusters: list[Any] = [
            _cluster_of(group, member)
            for group in [*backend.replication_groups.values(), *_going(backend).values()]
            for shard in group.node_groups
            for member in shard["node_group_members"]
        ]
        wanted = response._get_param("CacheClusterId")
        found = [one for one in clusters if wanted in (None, one["CacheClusterId"])]
        try:
            alone = backend.describe_cache_clusters(wanted)
        except CacheClusterNotFound:
            if not found:
                raise
            alone = []
        return PaginatedResult({"CacheClusters": [*alone, *found]})


MODIFIABLE = {
    "AutoMinorVersionUpgrade": "auto_minor_version_upgrade",
    "CacheParameterGroupName": "cache_parameter_group_name",
    "EngineVersion": "engine_version",
    "NotificationTopicArn": "notification_topic_arn",
    "PreferredMaintenanceWindow": "preferred_maintenance_window",
    "SecurityGroupIds": "security_group_ids",
    "SnapshotWindow": "snapshot_window",
    "SnapshottingClusterId": "snapshotting_cluster_id",
    "TransitEncryptionEnabled": "transit_encryption_enabled",
    "TransitEncryptionMode": "transit_encryption_mode",
}


@fix("elasticache")
def replication_groups_can_be_modified() -> None:
    """ModifyReplicationGroup changes all that it may change.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyReplicationGroup.html
    """

    @wrap(ElastiCacheResponse, "modify_replication_group")
    def modify(original: Any, response: ElastiCacheResponse) -> Any:
        result = original(response)
        group = response.elasticache_backend.replication_groups[response._get_param("ReplicationGroupId")]
        for name, attribute in MODIFIABLE.items():
            value = response._get_param(name)
            if value is not None:
                setattr(group, attribute, value)
        # Each request names the logs that change; the others stay as they are.
        for log in response._get_params().get("LogDeliveryConfigurations", []):
            kept = [one for one in group.log_delivery_configurations if one["LogType"] != log["LogType"]]
            added = [] if log.get("Enabled") is False else group._get_log_delivery_configurations([log])
            group.log_delivery_configurations = kept + added
        token = response._get_param("AuthToken")
        if token is not None or response._get_param("AuthTokenUpdateStrategy") == "DELETE":
            group.auth_token = token  # type: ignore[attr-defined]
            group.auth_token_enabled = bool(token)
            group.auth_token_last_modified_date = datetime.now(UTC).replace(tzinfo=None)
        primary = response._get_param("PrimaryClusterId")
        if primary:
            _promote(group, primary)
        return result


def _group(call: Call, params: dict[str, Any]) -> ReplicationGroup:
    group: ReplicationGroup = call.backend("elasticache").describe_replication_groups(params["ReplicationGroupId"])[0]
    return group


def _promote(group: ReplicationGroup, cluster: str) -> None:
    for member in group.node_groups[0]["node_group_members"]:
        member["current_role"] = "primary" if member["cache_cluster_id"] == cluster else "replica"


@operation("elasticache", "TestFailover")
def test_failover(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """The first replica becomes the primary; the endpoints keep their names.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_TestFailover.html
    """
    group = _group(call, params)
    members = group.node_groups[0]["node_group_members"]
    replicas = [one["cache_cluster_id"] for one in members if one["current_role"] == "replica"]
    if group.automatic_failover != "enabled" or not replicas:
        raise ApiError("InvalidReplicationGroupState", "Automatic failover is not enabled for the replication group.")
    _promote(group, replicas[0])
    return {"ReplicationGroup": group}


def _change_replicas(call: Call, params: dict[str, Any], sign: int) -> dict[str, Any]:
    group = _group(call, params)
    now = len(group.member_clusters) - 1
    wanted = int(params["NewReplicaCount"])
    if (wanted - now) * sign <= 0 or not 0 <= wanted <= 5:
        way = "greater" if sign > 0 else "smaller"
        raise ApiError("InvalidParameterValue", f"NewReplicaCount must be {way} than {now} and between 0 and 5.")
    if wanted == 0 and group.automatic_failover == "enabled":
        raise ApiError("InvalidReplicationGroupState", "Automatic failover needs at least one replica.")
    _resize(call.backend("elasticache"), group, wanted + 1, [])
    return {"ReplicationGroup": group}


@operation("elasticache", "IncreaseReplicaCount")
def increase_replica_count(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_IncreaseReplicaCount.html"""
    return _change_replicas(call, params, +1)


@operation("elasticache", "DecreaseReplicaCount")
def decrease_replica_count(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DecreaseReplicaCount.html"""
    return _change_replicas(call, params, -1)


@fix("elasticache")
def final_snapshot_is_made() -> None:
    """DeleteReplicationGroup makes the final snapshot that it was asked for, with the group's key, and the group goes.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DeleteReplicationGroup.html
    """

    @wrap(ElastiCacheResponse, "delete_replication_group")
    def delete(original: Any, response: ElastiCacheResponse) -> Any:
        backend = response.elasticache_backend
        name = response._get_param("ReplicationGroupId")
        final = response._get_param("FinalSnapshotIdentifier")
        if final:
            key = backend.replication_groups[name].kms_key_id
            backend.create_snapshot(final, name, None, key, [])
        result = original(response)
        group = backend.replication_groups.pop(name)
        slow.begin(group.arn, "deleting", slow.CACHE_DELETED)
        _going(backend)[name] = group
        return result


def _going(backend: ElastiCacheBackend) -> dict[str, ReplicationGroup]:
    """The groups that are being deleted, those that are gone by now left out."""
    going: dict[str, ReplicationGroup] = table(backend.account_id, backend.region_name, "caches being deleted")
    for name in [name for name, one in going.items() if one.status != "deleting"]:
        del going[name]
    return going


def _as_it_is(group: ReplicationGroup) -> ReplicationGroup:
    """The group; while it is being created, one like it that has no endpoints."""
    if group.status != "creating":
        return group
    shown = copy.copy(group)
    shown.node_groups = [
        {key: value for key, value in shard.items() if not key.endswith("_endpoint")} for shard in group.node_groups
    ]
    return shown


@fix("elasticache")
def replication_groups_pass_through_their_states() -> None:
    """A group takes its time to be created, modified and deleted. Before it is available it has no endpoints and shows
    no tags, and it takes no changes.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ReplicationGroup.html
    """

    def status(group: ReplicationGroup) -> str:
        return slow.state_of(group.arn, vars(group).get("settled", "available"))

    ReplicationGroup.status = property(  # type: ignore[assignment]
        status, lambda group, state: vars(group).update(settled="gone" if state == "deleting" else state)
    )

    def refuse_unless_available(group: ReplicationGroup) -> None:
        if group.status != "available":
            raise ApiError(
                "InvalidReplicationGroupState", f"Replication group must be in available state; it is {group.status}."
            )

    @wrap(ElastiCacheBackend, "create_replication_group")
    def create(original: Any, backend: ElastiCacheBackend, **kwargs: Any) -> ReplicationGroup:
        name = kwargs["replication_group_id"]
        if name in _going(backend):
            raise ApiError("ReplicationGroupAlreadyExists", f"Replication group {name} already exists.")
        group: ReplicationGroup = original(backend, **kwargs)
        slow.begin(group.arn, "creating", slow.CACHE_CREATED)
        return group

    def change(original: Any, response: ElastiCacheResponse) -> Any:
        group = response.elasticache_backend.replication_groups.get(response._get_param("ReplicationGroupId"))
        # The lab's own call, with which it tells that a replica has become the primary, is no change to wait for.
        failover = bool(response._get_param("PrimaryClusterId"))
        if group and not failover:
            refuse_unless_available(group)
        result = original(response)
        if group and not failover:
            slow.begin(group.arn, "modifying", slow.CACHE_MODIFIED)
        return result

    wrap(ElastiCacheResponse, "modify_replication_group")(change)

    @wrap(ElastiCacheResponse, "delete_replication_group")
    def delete(original: Any, response: ElastiCacheResponse) -> Any:
        group = _going(response.elasticache_backend).get(response._get_param("ReplicationGroupId"))
        if group:
            refuse_unless_available(group)
        return original(response)

    @wrap(ElastiCacheBackend, "describe_replication_groups")
    def describe(original: Any, backend: ElastiCacheBackend, replication_group_id: str | None = None) -> Any:
        name = replication_group_id
        going = _going(backend)
        if name in going and name not in backend.replication_groups:
            return [going[name]]
        found = [_as_it_is(group) for group in original(backend, name)]
        return found if name else [*found, *going.values()]

    @wrap(ElastiCacheBackend, "list_tags_for_resource")
    def tags(original: Any, backend: ElastiCacheBackend, arn: str) -> Any:
        groups = [*backend.replication_groups.values(), *_going(backend).values()]
        if any(group.arn == arn and group.status != "available" for group in groups):
            raise ApiError("InvalidReplicationGroupState", f"{arn} is not in available state.")
        return original(backend, arn)


def _subnet_group(call: Call, params: dict[str, Any]) -> CacheSubnetGroup:
    backend = call.backend("elasticache")
    group: CacheSubnetGroup = backend.describe_cache_subnet_groups(params["CacheSubnetGroupName"])[0]
    return group


@operation("elasticache", "ModifyCacheSubnetGroup")
def modify_cache_subnet_group(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyCacheSubnetGroup.html"""
    old = _subnet_group(call, params)
    new = CacheSubnetGroup(
        call.account,
        call.region,
        old.cache_subnet_group_name,
        params.get("CacheSubnetGroupDescription", old.cache_subnet_group_description),
        params.get("SubnetIds") or old.subnet_ids,
        old.tags,
    )
    call.backend("elasticache").cache_subnet_groups[old.cache_subnet_group_name] = new
    return {"CacheSubnetGroup": new}


@operation("elasticache", "DeleteCacheSubnetGroup")
def delete_cache_subnet_group(call: Call, params: dict[str, Any]) -> None:
    """A subnet group in use cannot be deleted.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DeleteCacheSubnetGroup.html
    """
    backend = call.backend("elasticache")
    name = _subnet_group(call, params).cache_subnet_group_name
    users = [*backend.replication_groups.values(), *_going(backend).values(), *backend.cache_clusters.values()]
    if any(user.cache_subnet_group_name == name for user in users):
        raise ApiError("CacheSubnetGroupInUse", f"Cache subnet group {name} is currently in use by a cache cluster.")
    del backend.cache_subnet_groups[name]


@fix("elasticache")
def parameter_groups_can_be_tagged() -> None:
    """Tags work on the ARNs of parameter groups as well.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ListTagsForResource.html
    """

    @wrap(ElastiCacheBackend, "__init__")
    def init(original: Any, backend: ElastiCacheBackend, *args: Any, **kwargs: Any) -> None:
        original(backend, *args, **kwargs)
        backend.arn_regex = re.compile(backend.arn_regex.pattern.replace("(cluster|", "(cluster|parametergroup|"))


# The families that nodes are made of. https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheNodes.SupportedTypes.html
NODE_FAMILIES = ("t3", "t4g", "m5", "m6g", "m7g", "r5", "r6g", "r7g")


@operation("elasticache", "DescribeReservedCacheNodesOfferings")
def describe_reserved_cache_nodes_offerings(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """An offer for each node type of the Region; prices are not told.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DescribeReservedCacheNodesOfferings.html
    """
    wanted = params.get("CacheNodeType")
    types = call.backend("ec2").describe_instance_type_offerings(location_type="region")
    names = sorted(
        f"cache.{one['InstanceType']}" for one in types if one["InstanceType"].split(".")[0] in NODE_FAMILIES
    )
    offers = [
        {
            "ReservedCacheNodesOfferingId": f"offer-{name}",
            "CacheNodeType": name,
            "Duration": 31536000,
            "ProductDescription": "valkey",
            "OfferingType": "No Upfront",
        }
        for name in names
        if wanted in (None, name)
    ]
    return {"ReservedCacheNodesOfferings": offers[: params.get("MaxRecords", 100)]}
