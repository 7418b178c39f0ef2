# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RDS and ElastiCache: the data stores and what belongs to them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .base import Item, Kind, Rank, Scope, Tags, dig, named, status, tag_dict
from .errors import CallFailed
from .removal import Removal, delete, wait_until_gone

if TYPE_CHECKING:
    from .calls import Aws


def _tags_of_each(service: str, arn_key: str) -> Callable[[Aws, Scope, list[Item]], list[Tags]]:
    """For descriptions without tags: one call an item, so only for those whose name begins as the environment's do."""

    def read(aws: Aws, scope: Scope, items: list[Item]) -> list[Tags]:
        def one(item: Item) -> Tags:
            try:
                return tag_dict(aws.call(service, "list_tags_for_resource", ResourceName=item[arn_key])["TagList"])
            except CallFailed as error:
                # ElastiCache shows the tags of what is available only, not of what is being made or deleted.
                if "State" not in error.code:
                    raise
                return _tags_from_tagging_api(aws, item[arn_key])

        return aws.each(one, items)

    return read


def _tags_from_tagging_api(aws: Aws, arn: str) -> Tags:
    answer = aws.call("resourcegroupstaggingapi", "get_resources", ResourceARNList=[arn])
    return next((tag_dict(one["Tags"]) for one in answer["ResourceTagMappingList"]), {})


def _parameters(service: str, operation: str, name_key: str) -> Callable[[Aws, Scope, list[Item]], None]:
    """The parameters that were set, as a dictionary."""

    def details(aws: Aws, scope: Scope, items: list[Item]) -> None:
        def read(item: Item) -> None:
            own = aws.pages(service, operation, "Parameters", Source="user", **{name_key: item[name_key]})
            item["Parameters"] = {one["ParameterName"]: one.get("ParameterValue") for one in own}

        aws.each(read, items)

    return details


def _members(aws: Aws, scope: Scope, items: list[Item]) -> None:
    """What only the member clusters say (engine version, parameter group), and the endpoints in one place."""
    clusters = {
        cluster["CacheClusterId"]: cluster
        for cluster in aws.pages("elasticache", "describe_cache_clusters", "CacheClusters", ShowCacheNodeInfo=True)
    }
    for item in items:
        item["Clusters"] = [clusters[member] for member in item.get("MemberClusters", []) if member in clusters]
        for endpoint in ("PrimaryEndpoint", "ReaderEndpoint"):
            item[endpoint] = dig(item, f"NodeGroups.0.{endpoint}")


FINAL = "-final-"


def final_snapshot_name(item: Item, suffix: str | None) -> str:
    """The same name for the same data store, however often destroying it is begun; another one for its successor."""
    created = str(item.get("instance_create_time") or item.get("replication_group_create_time") or "")
    return f"{item['id']}{FINAL}{suffix or re.sub(r'[^0-9]', '', created)[:14] or 'snapshot'}"


def _delete_db_instance(removal: Removal, item: Item) -> None:
    arguments: dict[str, Any] = {"SkipFinalSnapshot": True}
    # RDS takes no final snapshot of a read replica.
    if removal.final_snapshots and not item.get("read_replica_source_db_instance_identifier"):
        name = final_snapshot_name(item, removal.snapshot_suffix)
        arguments = {"SkipFinalSnapshot": False, "FinalDBSnapshotIdentifier": name}
        removal.snapshots.append(name)
    if not item.get("going"):
        removal.call(
            "rds",
            "modify_db_instance",
            DBInstanceIdentifier=item["id"],
            DeletionProtection=False,
            CopyTagsToSnapshot=True,
            ApplyImmediately=True,
        )
        removal.call("rds", "delete_db_instance", DBInstanceIdentifier=item["id"], **arguments)
    wait_until_gone(removal, item, "rds", ("describe_db_instances", "DBInstances", {"DBInstanceIdentifier": "id"}))


def _delete_replication_group(removal: Removal, item: Item) -> None:
    arguments: dict[str, Any] = {}
    name = final_snapshot_name(item, removal.snapshot_suffix)
    if removal.final_snapshots:
        arguments["FinalSnapshotIdentifier"] = name
    answer = None
    if not item.get("going"):
        answer = removal.call("elasticache", "delete_replication_group", ReplicationGroupId=item["id"], **arguments)
    poll = ("describe_replication_groups", "ReplicationGroups", {"ReplicationGroupId": "id"})
    wait_until_gone(removal, item, "elasticache", poll)
    # Whoever began the deletion before may have asked for no snapshot.
    if removal.final_snapshots and (answer is not None or _cache_snapshots(removal, name)):
        removal.snapshots.append(name)
        # ElastiCache does not copy tags to a final snapshot, and takes none before it is made, which takes minutes.
        removal.wait(
            lambda: any(one.get("SnapshotStatus") == "available" for one in _cache_snapshots(removal, name)),
            f"The final snapshot {name} was not available",
        )
        _tag_cache_snapshot(removal, name, item["tags"])


def _cache_snapshots(removal: Removal, name: str) -> list[Item]:
    return removal.look("elasticache", "describe_snapshots", "Snapshots", SnapshotName=name)


def _tag_cache_snapshot(removal: Removal, name: str, tags: Tags) -> None:
    own = [{"Key": key, "Value": value} for key, value in tags.items() if not key.startswith("aws:")]
    arn = removal.scope.fill(ELASTICACHE + "snapshot:{name}", name=name)
    removal.call("elasticache", "add_tags_to_resource", ResourceName=arn, Tags=own)


def tag_forgotten_snapshots(removal: Removal, index: Item) -> bool:
    """Final snapshots of caches that a run did not live to tag: AWS has no tags for them until they are made."""
    scope = removal.scope
    keys = {str(item[key]) for item in index["kms_keys"].values() for key in ("id", "arn")}
    known = {item["id"] for item in index["cache_snapshots"].values()}
    # Those of groups that are still there are tagged once the groups are gone.
    known |= {final_snapshot_name(item, removal.snapshot_suffix) for item in index["replication_groups"].values()}
    forgotten = [
        str(one["SnapshotName"])
        for one in removal.look("elasticache", "describe_snapshots", "Snapshots")
        if _is_final_snapshot(scope, one, keys)
        and one["SnapshotName"] not in known
        and one.get("SnapshotStatus") == "available"
    ]
    for name in forgotten:
        tags = {"Project": scope.project, "Environment": scope.environment, "ManagedBy": "ansible", "Name": name}
        _tag_cache_snapshot(removal, name, tags)
    return bool(forgotten)


def _is_final_snapshot(scope: Scope, item: Item, keys: set[str]) -> bool:
    """Whose it is says the environment's own key, or, where a cache has none, the name that only destroying gives."""
    if not named("SnapshotName")(scope, item):
        return False
    if item.get("KmsKeyId"):
        return item["KmsKeyId"] in keys and FINAL in item["SnapshotName"]
    group = item.get("ReplicationGroupId")
    return bool(group) and str(item["SnapshotName"]).startswith(f"{group}{FINAL}")


def _delete_db_snapshot(removal: Removal, item: Item) -> None:
    # RDS deletes automated snapshots itself, with their instance.
    if item.get("snapshot_type") != "automated":
        removal.call("rds", "delete_db_snapshot", DBSnapshotIdentifier=item["id"])


def _delete_cache_snapshot(removal: Removal, item: Item) -> None:
    if item.get("snapshot_source") != "automated":
        removal.call("elasticache", "delete_snapshot", SnapshotName=item["id"])


RDS = "arn:{partition}:rds:{region}:{account}:"
ELASTICACHE = "arn:{partition}:elasticache:{region}:{account}:"

KINDS = (
    Kind(
        key="db_instances",
        label="RDS instance",
        service="rds",
        role="aws_database",
        rank=Rank.SOURCES,
        operation="describe_db_instances",
        result="DBInstances",
        id_key="DBInstanceIdentifier",
        arn="DBInstanceArn",
        going=status("DBInstanceStatus", "deleting"),
        created="InstanceCreateTime",
        omit=("LatestRestorableTime",),
        name_key="DBInstanceIdentifier",
        delete=_delete_db_instance,
        where=("endpoint.address",),
        state="db_instance_status",
        planned_arn=RDS + "db:{id}",
        planned={
            "db_instance_identifier": "{id}",
            "db_instance_arn": "{arn}",
            "dbi_resource_id": "db-{hex26}",
            "endpoint": {"address": "{id}.planned.{region}.rds.amazonaws.com", "port": 5432},
            "master_user_secret": {
                "secret_arn": "arn:{partition}:secretsmanager:{region}:{account}:secret:rds!db-{uuid}-{hex6}"
            },
        },
    ),
    Kind(
        key="db_subnet_groups",
        label="DB subnet group",
        service="rds",
        role="aws_database",
        rank=Rank.PARTS,
        operation="describe_db_subnet_groups",
        result="DBSubnetGroups",
        id_key="DBSubnetGroupName",
        arn="DBSubnetGroupArn",
        candidate=named("DBSubnetGroupName"),
        read_tags=_tags_of_each("rds", "DBSubnetGroupArn"),
        name_key="DBSubnetGroupName",
        delete=delete("rds", "delete_db_subnet_group", DBSubnetGroupName="id"),
        where=("vpc_id",),
        state="subnet_group_status",
        planned_arn=RDS + "subgrp:{id}",
        planned={"db_subnet_group_name": "{id}"},
    ),
    Kind(
        key="db_parameter_groups",
        label="DB parameter group",
        service="rds",
        role="aws_database",
        rank=Rank.PARTS,
        operation="describe_db_parameter_groups",
        result="DBParameterGroups",
        id_key="DBParameterGroupName",
        arn="DBParameterGroupArn",
        candidate=named("DBParameterGroupName"),
        read_tags=_tags_of_each("rds", "DBParameterGroupArn"),
        details=_parameters("rds", "describe_db_parameters", "DBParameterGroupName"),
        verbatim=("Parameters",),
        name_key="DBParameterGroupName",
        delete=delete("rds", "delete_db_parameter_group", DBParameterGroupName="id"),
        where=("db_parameter_group_family",),
        planned_arn=RDS + "pg:{id}",
        planned={"db_parameter_group_name": "{id}"},
    ),
    Kind(
        key="db_snapshots",
        label="DB snapshot",
        service="rds",
        role="aws_database",
        rank=Rank.PARTS,
        operation="describe_db_snapshots",
        result="DBSnapshots",
        id_key="DBSnapshotIdentifier",
        # Automated snapshots come and go with their instance.
        arguments=lambda scope: {"SnapshotType": "manual"},
        arn="DBSnapshotArn",
        going=status("Status", "deleting"),
        created="SnapshotCreateTime",
        name_key="DBSnapshotIdentifier",
        name_from="api",
        backup=True,
        delete=_delete_db_snapshot,
        where=("db_instance_identifier",),
        state="status",
        planned_arn=RDS + "snapshot:{id}",
        planned={"db_snapshot_identifier": "{id}"},
    ),
    Kind(
        key="replication_groups",
        label="ElastiCache replication group",
        service="elasticache",
        role="aws_cache",
        rank=Rank.SOURCES,
        operation="describe_replication_groups",
        result="ReplicationGroups",
        id_key="ReplicationGroupId",
        arn="ARN",
        candidate=named("ReplicationGroupId"),
        read_tags=_tags_of_each("elasticache", "ARN"),
        details=_members,
        going=status("Status", "deleting"),
        created="ReplicationGroupCreateTime",
        name_key="ReplicationGroupId",
        delete=_delete_replication_group,
        where=("primary_endpoint.address",),
        state="status",
        planned_arn=ELASTICACHE + "replicationgroup:{id}",
        planned={
            "replication_group_id": "{id}",
            "primary_endpoint": {"address": "{id}.planned.{region}.cache.amazonaws.com", "port": 6379},
            "reader_endpoint": {"address": "{id}-ro.planned.{region}.cache.amazonaws.com", "port": 6379},
        },
    ),
    Kind(
        key="cache_subnet_groups",
        label="cache subnet group",
        service="elasticache",
        role="aws_cache",
        rank=Rank.PARTS,
        operation="describe_cache_subnet_groups",
        result="CacheSubnetGroups",
        id_key="CacheSubnetGroupName",
        arn="ARN",
        candidate=named("CacheSubnetGroupName"),
        read_tags=_tags_of_each("elasticache", "ARN"),
        name_key="CacheSubnetGroupName",
        delete=delete("elasticache", "delete_cache_subnet_group", CacheSubnetGroupName="id"),
        where=("vpc_id",),
        planned_arn=ELASTICACHE + "subnetgroup:{id}",
        planned={"cache_subnet_group_name": "{id}"},
    ),
    Kind(
        key="cache_parameter_groups",
        label="cache parameter group",
        service="elasticache",
        role="aws_cache",
        rank=Rank.PARTS,
        operation="describe_cache_parameter_groups",
        result="CacheParameterGroups",
        id_key="CacheParameterGroupName",
        arn="ARN",
        candidate=named("CacheParameterGroupName"),
        read_tags=_tags_of_each("elasticache", "ARN"),
        details=_parameters("elasticache", "describe_cache_parameters", "CacheParameterGroupName"),
        verbatim=("Parameters",),
        name_key="CacheParameterGroupName",
        delete=delete("elasticache", "delete_cache_parameter_group", CacheParameterGroupName="id"),
        where=("cache_parameter_group_family",),
        planned_arn=ELASTICACHE + "parametergroup:{id}",
        planned={"cache_parameter_group_name": "{id}"},
    ),
    Kind(
        key="cache_snapshots",
        label="cache snapshot",
        service="elasticache",
        role="aws_cache",
        rank=Rank.PARTS,
        operation="describe_snapshots",
        result="Snapshots",
        id_key="SnapshotName",
        arn="ARN",
        candidate=lambda scope, item: named("ReplicationGroupId")(scope, item) or named("SnapshotName")(scope, item),
        read_tags=_tags_of_each("elasticache", "ARN"),
        going=status("SnapshotStatus", "deleting"),
        name_key="SnapshotName",
        name_from="api",
        backup=True,
        delete=_delete_cache_snapshot,
        where=("replication_group_id",),
        state="snapshot_status",
        planned_arn=ELASTICACHE + "snapshot:{id}",
        planned={"snapshot_name": "{id}"},
    ),
)
