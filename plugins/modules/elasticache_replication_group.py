#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: elasticache_replication_group
version_added: "0.1.0"
short_description: Make an ElastiCache replication group of Redis OSS or Valkey
description:
  - Makes, changes or deletes a replication group with one shard, a primary and its replicas (cluster mode disabled).
  - The AUTH token is never a parameter. The module itself reads it from Secrets Manager and hands it to ElastiCache.
  - Values that wait for the maintenance window count as already set.
  - Follows U(https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html),
    U(https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyReplicationGroup.html),
    U(https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_IncreaseReplicaCount.html),
    U(https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DecreaseReplicaCount.html) and
    U(https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DeleteReplicationGroup.html).
author: Pixstory platform contributors (@pixstory)
options:
  replication_group_id:
    description: The name of the group, at most 40 letters, digits and hyphens. AWS keeps it in lower case.
    type: str
    required: true
  description:
    description: What the group is for. Needed to create it.
    type: str
  engine:
    description:
      - The engine. Needed to create the group.
      - V(redis) can be changed to V(valkey), not back. Give O(engine_version) with it.
    type: str
    choices: [redis, valkey]
  engine_version:
    description:
      - Compared only as specifically as it is written, V(7.1) is satisfied by 7.1.0 and V(7) by 7.1.
      - A newer minor version is satisfied too. A version is never taken back.
    type: str
  cache_node_type:
    description: The size of each node, V(cache.m7g.large) say. Needed to create the group.
    type: str
  num_cache_clusters:
    description: The number of nodes, the primary and its replicas, 1 to 6.
    type: int
  automatic_failover_enabled:
    description: Whether a replica takes over when the primary fails. Needs two nodes or more.
    type: bool
  multi_az_enabled:
    description: Whether the nodes are in different Availability Zones. Needs O(automatic_failover_enabled=true).
    type: bool
  cache_subnet_group_name:
    description: The cache subnet group. Cannot be changed.
    type: str
  cache_parameter_group_name:
    description: The cache parameter group.
    type: str
  security_group_ids:
    description: All security groups of the nodes.
    type: list
    elements: str
  port:
    description: The TCP port. Cannot be changed.
    type: int
  transit_encryption_enabled:
    description: Whether connections are encrypted with TLS. O(auth_token_secret) needs it.
    type: bool
  transit_encryption_mode:
    description:
      - Whether connections without TLS are accepted too.
      - To turn encryption on for an existing group, set V(preferred) first and V(required) in a later run.
    type: str
    choices: [preferred, required]
  at_rest_encryption_enabled:
    description: Whether data on disk is encrypted. Cannot be changed.
    type: bool
  kms_key_id:
    description: The KMS key of the data on disk, as id, ARN, alias or ARN of an alias. Cannot be changed.
    type: str
  auth_token_secret:
    description:
      - The name or ARN of the Secrets Manager secret that holds the AUTH token. The token has 16 to 128 printable
        characters; of punctuation AWS takes only C(!), C(&), C(#), C($), C(^), C(<), C(>) and C(-).
      - Read when the group is created. AWS never returns a token, so afterwards it is used only together with
        O(auth_token_update_strategy).
    type: str
  auth_token_secret_key:
    description: The key of the token where the secret is JSON. Without it the whole secret is the token.
    type: str
  auth_token_update_strategy:
    description:
      - Give it to change the token of an existing group, for one run only. As there is nothing to compare with, each
        run that gives it makes the change.
      - V(ROTATE) adds the token of O(auth_token_secret), the old one stays valid. V(SET) then makes it the only one.
        V(DELETE) turns AUTH off, for groups that move to role-based access control.
      - The change is made at once, whatever O(apply_immediately) says. AWS does not do it otherwise.
    type: str
    choices: [ROTATE, SET, DELETE]
  auto_minor_version_upgrade:
    description: Whether AWS upgrades minor engine versions in the maintenance window.
    type: bool
  snapshot_retention_limit:
    description: Days that automatic snapshots are kept, 0 for none.
    type: int
  snapshot_window:
    description: The daily window of automatic snapshots in UTC, V(20:00-21:00) say.
    type: str
  preferred_maintenance_window:
    description: The weekly maintenance window in UTC, V(sun:21:00-sun:22:00) say.
    type: str
  preferred_cache_cluster_azs:
    description: The Availability Zone of each node, the primary first. Used only to create the group.
    type: list
    elements: str
  notification_topic_arn:
    description: The SNS topic that gets the events of the group.
    type: str
  log_delivery_configurations:
    description: All logs that are delivered. One that is not in the list is turned off.
    type: list
    elements: dict
    suboptions:
      log_type:
        description: Which log.
        type: str
        choices: [slow-log, engine-log]
        required: true
      destination_type:
        description: Where it goes.
        type: str
        choices: [cloudwatch-logs, kinesis-firehose]
        default: cloudwatch-logs
      destination:
        description: The name of the log group or of the delivery stream.
        type: str
        required: true
      log_format:
        description: The format of the entries.
        type: str
        choices: [json, text]
        default: json
  apply_immediately:
    description: Whether changes that AWS would keep for the maintenance window are made at once.
    type: bool
    default: false
  final_snapshot_identifier:
    description: The name of the snapshot taken before the group is deleted. Without it there is none.
    type: str
  wait_timeout:
    description: How long to wait, in seconds.
    type: int
    default: 3600
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - pixstory.platform.common.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Make the cache of production, do not wait for it
  pixstory.platform.elasticache_replication_group:
    replication_group_id: pixstory-production-cache
    description: Sessions and page fragments
    engine: redis
    engine_version: "7.1"
    cache_node_type: cache.m7g.large
    num_cache_clusters: 2
    automatic_failover_enabled: true
    multi_az_enabled: true
    cache_subnet_group_name: pixstory-production-data
    security_group_ids: [sg-0123456789abcdef0]
    transit_encryption_enabled: true
    at_rest_encryption_enabled: true
    auth_token_secret: /production/cache-auth
    log_delivery_configurations:
      - log_type: slow-log
        destination: /pixstory/production/cache
    tags:
      Project: pixstory
    wait: false

- name: Add a replica
  pixstory.platform.elasticache_replication_group:
    replication_group_id: pixstory-production-cache
    num_cache_clusters: 3

- name: Let the new token in beside the old one
  pixstory.platform.elasticache_replication_group:
    replication_group_id: pixstory-production-cache
    auth_token_secret: /production/cache-auth-next
    auth_token_update_strategy: ROTATE

- name: Delete the cache, keep its data in a snapshot
  pixstory.platform.elasticache_replication_group:
    replication_group_id: pixstory-staging-cache
    state: absent
    final_snapshot_identifier: pixstory-staging-cache-final
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
replication_group:
  description:
    - The group as DescribeReplicationGroups returns it, keys in snake case.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  contains:
    arn:
      description: The ARN.
      returned: when the group exists
      type: str
      sample: arn:aws:elasticache:ap-south-1:123456789012:replicationgroup:pixstory-production-cache
    status:
      description: The status.
      returned: when the group exists
      type: str
      sample: available
    primary_endpoint:
      description: Where to write.
      returned: once the group has been available
      type: dict
      contains:
        address:
          description: The DNS name.
          type: str
          sample: master.pixstory-production-cache.abcdef.aps1.cache.amazonaws.com
        port:
          description: The TCP port.
          type: int
          sample: 6379
    reader_endpoint:
      description: Where to read; spreads connections over the replicas.
      returned: once the group has been available
      type: dict
      contains:
        address:
          description: The DNS name.
          type: str
          sample: replica.pixstory-production-cache.abcdef.aps1.cache.amazonaws.com
        port:
          description: The TCP port.
          type: int
          sample: 6379
    members:
      description: The nodes as DescribeCacheClusters returns them, keys in snake case.
      returned: when the group exists
      type: list
      elements: dict
    tags:
      description: The tags.
      returned: when the group exists
      type: dict
"""

import json
from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.aws_calls import KmsAliases, TagsByArn
from ansible_collections.pixstory.platform.plugins.module_utils.compare import (
    same_kms_key,
    same_name,
    version_parts,
    version_reached,
)
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Plan, Property, main_for

# Destination type -> the structure and the key in it that name the destination.
DESTINATIONS = {
    "cloudwatch-logs": ("CloudWatchLogsDetails", "LogGroup"),
    "kinesis-firehose": ("KinesisFirehoseDetails", "DeliveryStream"),
}


def pending(description: dict[str, Any]) -> dict[str, Any]:
    return description.get("PendingModifiedValues") or {}


def member(description: dict[str, Any]) -> dict[str, Any]:
    """A node: AWS describes much of a group only there, the same on each of them."""
    return next(iter(description.get("Members", [])), {})


def endpoint(description: dict[str, Any], name: str) -> dict[str, Any]:
    return next((group.get(name) or {} for group in description.get("NodeGroups", [])), {})


def automatic_failover(description: dict[str, Any]) -> bool:
    status = pending(description).get("AutomaticFailoverStatus") or description.get("AutomaticFailover")
    return status in ("enabled", "enabling")


def log_delivery(declared: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The declared logs in the form of the API."""
    configurations = []
    for item in declared:
        details, key = DESTINATIONS[item["destination_type"]]
        configurations.append(
            {
                "LogType": item["log_type"],
                "DestinationType": item["destination_type"],
                "DestinationDetails": {details: {key: item["destination"]}},
                "LogFormat": item["log_format"],
            }
        )
    return configurations


def delivered_logs(description: dict[str, Any]) -> list[dict[str, Any]]:
    """The logs that are delivered, or will be."""
    logs = {item["LogType"]: item for item in description.get("LogDeliveryConfigurations", [])}
    logs |= {item["LogType"]: item for item in pending(description).get("LogDeliveryConfigurations", [])}
    return [item for item in logs.values() if item.get("Status") != "disabling"]


class ReplicationGroup(KmsAliases, TagsByArn):
    kind = "ElastiCache replication group"
    service = "elasticache"
    name_param = "replication_group_id"
    result_key = "replication_group"
    delete_waits = True
    poll_seconds = 15.0
    # The status may lag behind the change that AWS has just accepted.
    extra_retry_codes = ("InvalidReplicationGroupState",)
    properties = (
        Property("description", "ReplicationGroupDescription", read=lambda d: d.get("Description")),
        Property("engine", "Engine"),
        Property(
            "engine_version",
            "EngineVersion",
            read=lambda d: pending(member(d)).get("EngineVersion") or member(d).get("EngineVersion"),
            equal=version_reached,
        ),
        Property(
            "cache_node_type",
            "CacheNodeType",
            read=lambda d: pending(member(d)).get("CacheNodeType") or d.get("CacheNodeType"),
        ),
        Property("num_cache_clusters", "NumCacheClusters", read=lambda d: len(d.get("MemberClusters", []))),
        Property("automatic_failover_enabled", "AutomaticFailoverEnabled", read=automatic_failover),
        Property("multi_az_enabled", "MultiAZEnabled", read=lambda d: d.get("MultiAZ") == "enabled"),
        Property(
            "cache_subnet_group_name",
            "CacheSubnetGroupName",
            read=lambda d: member(d).get("CacheSubnetGroupName"),
            equal=same_name,
            mutable=False,
        ),
        Property(
            "cache_parameter_group_name",
            "CacheParameterGroupName",
            read=lambda d: (member(d).get("CacheParameterGroup") or {}).get("CacheParameterGroupName"),
            equal=same_name,
        ),
        Property(
            "security_group_ids",
            "SecurityGroupIds",
            read=lambda d: [group["SecurityGroupId"] for group in member(d).get("SecurityGroups", [])],
            unordered=True,
        ),
        Property("port", "Port", read=lambda d: endpoint(d, "PrimaryEndpoint").get("Port"), mutable=False),
        Property(
            "transit_encryption_enabled",
            "TransitEncryptionEnabled",
            read=lambda d: pending(d).get("TransitEncryptionEnabled", d.get("TransitEncryptionEnabled")),
        ),
        Property(
            "transit_encryption_mode",
            "TransitEncryptionMode",
            read=lambda d: pending(d).get("TransitEncryptionMode", d.get("TransitEncryptionMode")),
        ),
        Property("at_rest_encryption_enabled", "AtRestEncryptionEnabled", mutable=False),
        Property("kms_key_id", "KmsKeyId", equal=same_kms_key, mutable=False),
        Property("auto_minor_version_upgrade", "AutoMinorVersionUpgrade"),
        Property("snapshot_retention_limit", "SnapshotRetentionLimit"),
        Property("snapshot_window", "SnapshotWindow"),
        Property(
            "preferred_maintenance_window",
            "PreferredMaintenanceWindow",
            read=lambda d: member(d).get("PreferredMaintenanceWindow"),
            equal=same_name,
        ),
        Property("preferred_cache_cluster_azs", "PreferredCacheClusterAZs", compare=False),
        Property(
            "notification_topic_arn",
            "NotificationTopicArn",
            read=lambda d: (member(d).get("NotificationConfiguration") or {}).get("TopicArn"),
        ),
        Property("log_delivery_configurations", "LogDeliveryConfigurations", read=delivered_logs, unordered=True),
    )

    def required_to_create(self) -> tuple[str, ...]:
        return ("description", "engine", "cache_node_type")

    def validate(self) -> None:
        params = self.params
        if params.get("multi_az_enabled") and params.get("automatic_failover_enabled") is False:
            self.fail(
                f"{self.kind} {self.name}: multi_az_enabled: true needs automatic_failover_enabled: true. "
                "Set both or neither."
            )
        if params.get("automatic_failover_enabled") and params.get("num_cache_clusters") == 1:
            self.fail(
                f"{self.kind} {self.name}: automatic_failover_enabled: true needs a replica to fail over to. "
                "Set num_cache_clusters: 2 or more."
            )
        if params.get("auth_token_secret") and params.get("transit_encryption_enabled") is False:
            self.fail(
                f"{self.kind} {self.name}: auth_token_secret needs transit_encryption_enabled: true, "
                "AWS takes no token over plain connections."
            )

    def describe(self) -> dict[str, Any] | None:
        found = self.call_or_none(
            "describe_replication_groups", missing=("ReplicationGroupNotFoundFault",), ReplicationGroupId=self.name
        )
        if found is None:
            return None
        description = found["ReplicationGroups"][0]
        # AWS tells the tags of an available group only; until then they are taken to be as declared.
        available = description["Status"] == "available"
        tags, clusters = self.together(
            lambda: self.list_tags(description["ARN"]) if available else self.boto3_tags(),
            lambda: self.pages("describe_cache_clusters", "CacheClusters"),
        )
        group = description["ReplicationGroupId"]
        members = [cluster for cluster in clusters if cluster.get("ReplicationGroupId") == group]
        return {**description, "TagList": tags, "Members": members}

    def declared(self) -> dict[str, Any]:
        declared = super().declared()
        if "LogDeliveryConfigurations" in declared:
            declared["LogDeliveryConfigurations"] = log_delivery(declared["LogDeliveryConfigurations"])
        return declared

    def forming(self, description: dict[str, Any]) -> bool:
        return description["Status"] == "creating"

    def going(self, description: dict[str, Any]) -> bool:
        return description["Status"] == "deleting"

    def busy(self, description: dict[str, Any]) -> bool:
        statuses = [description["Status"], *(node["CacheClusterStatus"] for node in description["Members"])]
        return not self.failed(description) and any(status != "available" for status in statuses)

    def failed(self, description: dict[str, Any]) -> str | None:
        if description["Status"] == "create-failed":
            return "its status is create-failed; delete it, see its events with: aws elasticache describe-events"
        return None

    def plan(self, description: dict[str, Any] | None) -> Plan:
        plan = super().plan(description)
        if plan.action == "create" and self.params.get("auth_token_secret"):
            if not self.params.get("transit_encryption_enabled"):
                self.fail(f"{self.kind} {self.name}: auth_token_secret needs transit_encryption_enabled: true.")
            plan.after["auth_token_secret"] = self.params["auth_token_secret"]
        strategy = self.params.get("auth_token_update_strategy")
        if strategy and description and self.params["state"] == "present" and not self.forming(description):
            plan.action = "update"
            plan.changes["AuthTokenUpdateStrategy"] = strategy
            plan.after["auth_token_update_strategy"] = strategy
        if plan.action == "update":
            self._refuse_going_back(plan)
        return plan

    def _refuse_going_back(self, plan: Plan) -> None:
        before, after = plan.before, plan.after
        if after.get("engine") == "redis":
            self.fail(f"{self.kind} {self.name} runs valkey; AWS cannot take it back to redis. Set engine: valkey.")
        if "engine_version" in after and version_parts(after["engine_version"]) < version_parts(
            before["engine_version"] or ""
        ):
            self.fail(
                f"{self.kind} {self.name} runs {before['engine_version']}; AWS cannot take it back to "
                f"{after['engine_version']}. Set engine_version to the present major version."
            )

    def _auth_token(self) -> dict[str, str]:
        """The request's part with the token, read from its secret at this very moment."""
        name, key = self.params.get("auth_token_secret"), self.params.get("auth_token_secret_key")
        if not name:
            return {}
        value = self.hide(self.call("get_secret_value", service="secretsmanager", SecretId=name)["SecretString"])
        if key:
            try:
                value = self.hide(json.loads(value)[key])
            except (ValueError, KeyError, TypeError):
                self.fail(f"Secret {name} has no key {key}: it must be a JSON object that holds the AUTH token there.")
        return {"AuthToken": value}

    def create(self, declared: dict[str, Any]) -> None:
        self.call(
            "create_replication_group",
            ReplicationGroupId=self.name,
            Tags=self.boto3_tags(),
            **declared,
            **self._auth_token(),
        )

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        changes = dict(changes)
        count = changes.pop("NumCacheClusters", None)
        strategy = changes.pop("AuthTokenUpdateStrategy", None)
        grows = count is not None and count > len(description["MemberClusters"])
        # Failover needs a replica: it is added before failover is turned on and removed after it is turned off.
        if grows:
            self._scale("increase_replica_count", count)
        if changes:
            self._modify(ApplyImmediately=self.params["apply_immediately"], **self._complete(changes, description))
        if strategy:
            token = {} if strategy == "DELETE" else self._auth_token()
            self._modify(ApplyImmediately=True, AuthTokenUpdateStrategy=strategy, **token)
        if count is not None and not grows:
            self._scale("decrease_replica_count", count)

    def _complete(self, changes: dict[str, Any], description: dict[str, Any]) -> dict[str, Any]:
        """The changes with what AWS wants to be told besides."""
        if "Engine" in changes and self.params.get("engine_version"):
            changes["EngineVersion"] = self.params["engine_version"]
        if "LogDeliveryConfigurations" in changes:
            wanted = changes["LogDeliveryConfigurations"]
            types = {item["LogType"] for item in wanted}
            gone = [item["LogType"] for item in delivered_logs(description) if item["LogType"] not in types]
            changes["LogDeliveryConfigurations"] = wanted + [{"LogType": kind, "Enabled": False} for kind in gone]
        return changes

    def _modify(self, **changes: Any) -> None:
        self.wait_while_busy()
        self.call("modify_replication_group", ReplicationGroupId=self.name, **changes)

    def _scale(self, operation: str, count: int) -> None:
        self.wait_while_busy()
        # AWS knows no other value of ApplyImmediately here.
        self.call(operation, ReplicationGroupId=self.name, NewReplicaCount=count - 1, ApplyImmediately=True)

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        self.wait_while_busy()
        super().set_tags(description, tags)

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        self.wait_while_busy()
        super().remove_tags(description, keys)

    def delete(self, description: dict[str, Any]) -> None:
        snapshot = self.params.get("final_snapshot_identifier")
        keep = {"FinalSnapshotIdentifier": snapshot} if snapshot else {}
        self.call("delete_replication_group", ReplicationGroupId=self.name, **keep)

    def result(self, description: dict[str, Any] | None) -> dict[str, Any]:
        shown = super().result(description)
        if description:
            for key, name in (("primary_endpoint", "PrimaryEndpoint"), ("reader_endpoint", "ReaderEndpoint")):
                where = endpoint(description, name)
                if where:
                    shown[key] = {"address": where["Address"], "port": where["Port"]}
        return shown


def main() -> None:
    main_for(
        ReplicationGroup,
        {
            "replication_group_id": {"required": True},
            "description": {},
            "engine": {"choices": ["redis", "valkey"]},
            "engine_version": {},
            "cache_node_type": {},
            "num_cache_clusters": {"type": "int"},
            "automatic_failover_enabled": {"type": "bool"},
            "multi_az_enabled": {"type": "bool"},
            "cache_subnet_group_name": {},
            "cache_parameter_group_name": {},
            "security_group_ids": {"type": "list", "elements": "str"},
            "port": {"type": "int"},
            "transit_encryption_enabled": {"type": "bool"},
            "transit_encryption_mode": {"choices": ["preferred", "required"]},
            "at_rest_encryption_enabled": {"type": "bool"},
            "kms_key_id": {},
            # These say where the token is and what to do with it; none is the token.
            "auth_token_secret": {"no_log": False},
            "auth_token_secret_key": {"no_log": False},
            "auth_token_update_strategy": {"choices": ["ROTATE", "SET", "DELETE"], "no_log": False},
            "auto_minor_version_upgrade": {"type": "bool"},
            "snapshot_retention_limit": {"type": "int"},
            "snapshot_window": {},
            "preferred_maintenance_window": {},
            "preferred_cache_cluster_azs": {"type": "list", "elements": "str"},
            "notification_topic_arn": {},
            "log_delivery_configurations": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "log_type": {"choices": ["slow-log", "engine-log"], "required": True},
                    "destination_type": {
                        "choices": ["cloudwatch-logs", "kinesis-firehose"],
                        "default": "cloudwatch-logs",
                    },
                    "destination": {"required": True},
                    "log_format": {"choices": ["json", "text"], "default": "json"},
                },
            },
            "apply_immediately": {"type": "bool", "default": False},
            "final_snapshot_identifier": {},
            "wait_timeout": {"type": "int", "default": 3600},
        },
        wait=True,
        required_if=[
            ("auth_token_update_strategy", "ROTATE", ["auth_token_secret"]),
            ("auth_token_update_strategy", "SET", ["auth_token_secret"]),
        ],
    )


if __name__ == "__main__":
    main()
