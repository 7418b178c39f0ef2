#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: rds_instance
version_added: "0.1.0"
short_description: Make an RDS database instance whose master password is in Secrets Manager
description:
  - Makes, changes or deletes an RDS DB instance, or a read replica of one.
  - The master password is never a parameter. With O(manage_master_user_password=true) RDS generates it, keeps it in
    Secrets Manager and rotates it; the module returns the ARN of that secret. With O(master_user_password_secret) the
    module itself reads it from a secret of yours and hands it to RDS.
  - Values that wait for the maintenance window count as already set.
  - Follows U(https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html),
    U(https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstanceReadReplica.html),
    U(https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html) and
    U(https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBInstance.html).
author: Pixstory platform contributors (@pixstory)
options:
  db_instance_identifier:
    description: The name of the instance. AWS keeps it in lower case.
    type: str
    required: true
  engine:
    description: The database engine. Needed to create an instance that is no read replica. Cannot be changed.
    type: str
    choices: [postgres, mysql, mariadb]
  engine_version:
    description:
      - Compared only as specifically as it is written, V(17) is satisfied by every 17.x.
      - A newer minor version is satisfied too, V(17.2) by 17.5, because AWS upgrades minor versions by itself. A minor
        version is never taken back.
      - An older major version than the present one is refused.
    type: str
  allow_major_version_upgrade:
    description:
      - Whether O(engine_version) may be of another major version than the present one. Otherwise that is refused.
      - Such an upgrade usually needs a O(db_parameter_group_name) of the new family too.
    type: bool
    default: false
  db_instance_class:
    description: The size of the instance, V(db.m7g.large) say. Needed to create an instance that is no read replica.
    type: str
  allocated_storage:
    description:
      - Storage in GiB.
      - AWS cannot shrink storage, and storage autoscaling may have grown it, so more than this is left as it is.
      - Needed to create an instance that is no read replica.
    type: int
  max_allocated_storage:
    description: How far storage autoscaling may grow the storage, in GiB.
    type: int
  storage_type:
    description: The storage type.
    type: str
    choices: [gp2, gp3, io1, io2]
  iops:
    description: Provisioned I/O operations a second.
    type: int
  storage_throughput:
    description: Throughput of V(gp3) storage in MiB a second.
    type: int
  storage_encrypted:
    description: Whether the storage is encrypted. Cannot be changed.
    type: bool
  kms_key_id:
    description:
      - The KMS key of the storage, as id, ARN, alias or ARN of an alias. Cannot be changed.
      - Without it AWS takes its own key, C(alias/aws/rds).
    type: str
  db_name:
    description: The database to create in the instance. Cannot be changed.
    type: str
  master_username:
    description: The name of the master user. Needed to create an instance that is no read replica. Cannot be changed.
    type: str
  manage_master_user_password:
    description:
      - Whether RDS generates the master password and keeps it in Secrets Manager.
      - Creating an instance that is no read replica needs either V(true) here or O(master_user_password_secret).
      - AWS makes no read replica of an instance for which this is V(true).
      - It is turned off by giving O(master_user_password_secret) instead, and on again by giving V(true).
    type: bool
  master_user_password_secret:
    description:
      - The name or ARN of the Secrets Manager secret that holds the master password, for an instance whose password RDS
        does not manage. Not with O(manage_master_user_password=true), nor for a read replica, which has the password of
        its source.
      - Read when the instance is created, and when RDS manages the password of the instance there is; RDS then deletes
        the secret it kept. AWS never returns a password, so it is not compared, and a later change of the secret is not
        handed to RDS.
    type: str
  master_user_password_secret_key:
    description: The key of the password in the JSON object that O(master_user_password_secret) holds.
    type: str
    default: password
  master_user_secret_kms_key_id:
    description:
      - The KMS key of the master user's secret, as id, ARN, alias or ARN of an alias.
      - Cannot be changed while RDS manages the password. Not with O(master_user_password_secret).
    type: str
  port:
    description: The TCP port. A change restarts the instance.
    type: int
  multi_az:
    description: Whether there is a synchronous standby in another Availability Zone.
    type: bool
  availability_zone:
    description: The Availability Zone of a single instance, not with O(multi_az=true). Cannot be changed.
    type: str
  db_subnet_group_name:
    description: The DB subnet group. Cannot be changed.
    type: str
  vpc_security_group_ids:
    description: All security groups of the instance.
    type: list
    elements: str
  db_parameter_group_name:
    description:
      - The DB parameter group. Static parameters of a new one take effect at the next restart.
      - A read replica is made with that of its source, because for most engines AWS takes no other then. Another one is
        set afterwards, see O(source_db_instance_identifier).
    type: str
  publicly_accessible:
    description: Whether the instance has a public IP address.
    type: bool
  backup_retention_period:
    description: Days that automated backups are kept, 0 for none.
    type: int
  preferred_backup_window:
    description: The daily window of automated backups in UTC, V(20:00-20:30) say.
    type: str
  preferred_maintenance_window:
    description: The weekly maintenance window in UTC, V(sun:21:00-sun:21:30) say.
    type: str
  copy_tags_to_snapshot:
    description: Whether snapshots get the tags of the instance.
    type: bool
  deletion_protection:
    description:
      - Whether AWS refuses to delete the instance.
      - With O(state=absent) a protected instance is refused, unless this is given as V(false); then the protection is
        turned off first.
    type: bool
  auto_minor_version_upgrade:
    description: Whether AWS upgrades minor engine versions in the maintenance window.
    type: bool
  enable_cloudwatch_logs_exports:
    description: All logs that go to CloudWatch Logs, V(postgresql) and V(upgrade) for O(engine=postgres).
    type: list
    elements: str
  enable_performance_insights:
    description: Whether Performance Insights is on.
    type: bool
  performance_insights_kms_key_id:
    description: The KMS key of Performance Insights, as id, ARN, alias or ARN of an alias.
    type: str
  performance_insights_retention_period:
    description: Days that Performance Insights data is kept, 7 free of charge.
    type: int
  monitoring_interval:
    description:
      - Seconds between two points of Enhanced Monitoring, 0 for none.
      - Others than 0 need O(monitoring_role_arn).
    type: int
    choices: [0, 1, 5, 10, 15, 30, 60]
  monitoring_role_arn:
    description: The IAM role with which Enhanced Monitoring writes to CloudWatch Logs.
    type: str
  ca_certificate_identifier:
    description: The certificate authority of the server certificate, V(rds-ca-rsa2048-g1) say.
    type: str
  enable_iam_database_authentication:
    description: Whether IAM identities can log in to the database.
    type: bool
  source_db_instance_identifier:
    description:
      - Makes the instance a read replica of this one. Its ARN when it is in another Region.
      - A replica takes what is not declared from its source. What AWS takes only after creation is set then; with
        O(wait=false) a later run sets it.
    type: str
  apply_immediately:
    description:
      - Whether changes that AWS would keep for the maintenance window are made at once. Some of them restart the
        instance.
    type: bool
    default: false
  final_db_snapshot_identifier:
    description: The name of the snapshot that is taken before the instance is deleted. Not for read replicas.
    type: str
  skip_final_snapshot:
    description: Whether the instance is deleted without a final snapshot. Its data is then lost.
    type: bool
    default: false
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
- name: Make the database of production, do not wait for it
  pixstory.platform.rds_instance:
    db_instance_identifier: pixstory-production-main
    engine: postgres
    engine_version: "17"
    db_instance_class: db.m7g.large
    allocated_storage: 100
    max_allocated_storage: 500
    storage_type: gp3
    storage_encrypted: true
    kms_key_id: alias/pixstory-production-data
    db_name: pixstory
    master_username: pixstory
    manage_master_user_password: true
    multi_az: true
    db_subnet_group_name: pixstory-production-data
    vpc_security_group_ids: [sg-0123456789abcdef0]
    publicly_accessible: false
    backup_retention_period: 14
    deletion_protection: true
    tags:
      Project: pixstory
    wait: false

- name: Make a database that can have read replicas
  pixstory.platform.rds_instance:
    db_instance_identifier: pixstory-production-news
    engine: postgres
    db_instance_class: db.m7g.large
    allocated_storage: 100
    master_username: pixstory
    master_user_password_secret: /production/database/news-master
    backup_retention_period: 14

- name: Make a read replica of it
  pixstory.platform.rds_instance:
    db_instance_identifier: pixstory-production-reports
    source_db_instance_identifier: pixstory-production-news
    db_instance_class: db.m7g.large

- name: Delete the database, keep its data in a snapshot
  pixstory.platform.rds_instance:
    db_instance_identifier: pixstory-staging-main
    state: absent
    deletion_protection: false
    final_db_snapshot_identifier: pixstory-staging-main-final
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
instance:
  description:
    - The instance as DescribeDBInstances returns it, keys in snake case.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  contains:
    db_instance_arn:
      description: The ARN.
      returned: when the instance exists
      type: str
      sample: arn:aws:rds:ap-south-1:123456789012:db:pixstory-production-main
    db_instance_status:
      description: The status.
      returned: when the instance exists
      type: str
      sample: available
    endpoint:
      description: Where the database listens.
      returned: once the instance has been available
      type: dict
      contains:
        address:
          description: The DNS name.
          type: str
          sample: pixstory-production-main.abcdefghijkl.ap-south-1.rds.amazonaws.com
        port:
          description: The TCP port.
          type: int
          sample: 5432
    master_user_secret:
      description: The secret in which RDS keeps the master password.
      returned: when RDS manages the password
      type: dict
      contains:
        secret_arn:
          description: The ARN of the secret. Its value is JSON with C(username) and C(password).
          type: str
        secret_status:
          description: The status of the secret.
          type: str
          sample: active
        kms_key_id:
          description: The ARN of the KMS key of the secret.
          type: str
    pending_modified_values:
      description: What waits for the maintenance window.
      returned: when the instance exists
      type: dict
    tags:
      description: The tags.
      returned: when the instance exists
      type: dict
"""

import json
from collections.abc import Callable
from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.aws_calls import KmsAliases, TagsByArn
from ansible_collections.pixstory.platform.plugins.module_utils.compare import (
    at_least,
    last_part,
    same_kms_key,
    same_name,
    version_parts,
    version_reached,
)
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Plan, Property, main_for

SETTLED = ("available", "stopped", "storage-full", "storage-optimization", "storage-initialization")
FAILED = ("failed", "restore-error", "inaccessible-encryption-credentials", "insufficient-capacity")
STORAGE = ("AllocatedStorage", "Iops", "StorageThroughput")

Read = Callable[[dict[str, Any]], Any]


def pending(description: dict[str, Any]) -> dict[str, Any]:
    return description.get("PendingModifiedValues") or {}


def pending_or(key: str) -> Read:
    """What waits for the maintenance window counts as set."""
    return lambda description: pending(description).get(key, description.get(key))


def of_pending_or(pending_key: str, read: Read) -> Read:
    """The same where the pending value has another name than the present one."""
    return lambda description: pending(description).get(pending_key, read(description))


def security_groups(description: dict[str, Any]) -> list[str]:
    groups = description.get("VpcSecurityGroups", [])
    return [group["VpcSecurityGroupId"] for group in groups if group.get("Status") != "removing"]


def log_exports(description: dict[str, Any]) -> list[str]:
    changing = pending(description).get("PendingCloudwatchLogsExports") or {}
    exported = set(description.get("EnabledCloudwatchLogsExports") or []) - set(changing.get("LogTypesToDisable") or [])
    return sorted(exported | set(changing.get("LogTypesToEnable") or []))


def max_allocated_storage(description: dict[str, Any]) -> int | None:
    """AWS leaves the limit out when it equals the storage, which turns autoscaling off."""
    return description.get("MaxAllocatedStorage") or pending_or("AllocatedStorage")(description)


class Instance(KmsAliases, TagsByArn):
    kind = "RDS instance"
    service = "rds"
    name_param = "db_instance_identifier"
    result_key = "instance"
    arn_key = "DBInstanceArn"
    kms_keys = ("KmsKeyId", "MasterUserSecretKmsKeyId", "PerformanceInsightsKMSKeyId")
    delete_waits = True
    poll_seconds = 15.0
    properties = (
        Property("engine", "Engine", mutable=False),
        Property("engine_version", "EngineVersion", read=pending_or("EngineVersion"), equal=version_reached),
        Property("db_instance_class", "DBInstanceClass", read=pending_or("DBInstanceClass")),
        Property("allocated_storage", "AllocatedStorage", read=pending_or("AllocatedStorage"), equal=at_least),
        Property("max_allocated_storage", "MaxAllocatedStorage", read=max_allocated_storage),
        Property("storage_type", "StorageType", read=pending_or("StorageType")),
        Property("iops", "Iops", read=pending_or("Iops")),
        Property("storage_throughput", "StorageThroughput", read=pending_or("StorageThroughput")),
        Property("storage_encrypted", "StorageEncrypted", mutable=False),
        Property("kms_key_id", "KmsKeyId", mutable=False, equal=same_kms_key),
        Property("db_name", "DBName", mutable=False),
        Property("master_username", "MasterUsername", mutable=False),
        Property(
            "manage_master_user_password",
            "ManageMasterUserPassword",
            read=lambda description: bool(description.get("MasterUserSecret")),
        ),
        Property(
            "master_user_secret_kms_key_id",
            "MasterUserSecretKmsKeyId",
            read=lambda description: (description.get("MasterUserSecret") or {}).get("KmsKeyId"),
            equal=same_kms_key,
        ),
        Property("port", "Port", read=of_pending_or("Port", lambda d: (d.get("Endpoint") or {}).get("Port"))),
        Property("multi_az", "MultiAZ", read=pending_or("MultiAZ")),
        Property("availability_zone", "AvailabilityZone", mutable=False),
        Property(
            "db_subnet_group_name",
            "DBSubnetGroupName",
            read=of_pending_or("DBSubnetGroupName", lambda d: (d.get("DBSubnetGroup") or {}).get("DBSubnetGroupName")),
            equal=same_name,
            mutable=False,
        ),
        Property("vpc_security_group_ids", "VpcSecurityGroupIds", read=security_groups, unordered=True),
        Property(
            "db_parameter_group_name",
            "DBParameterGroupName",
            read=lambda description: next((g["DBParameterGroupName"] for g in description["DBParameterGroups"]), None),
            equal=same_name,
        ),
        Property("publicly_accessible", "PubliclyAccessible"),
        Property("backup_retention_period", "BackupRetentionPeriod", read=pending_or("BackupRetentionPeriod")),
        Property("preferred_backup_window", "PreferredBackupWindow"),
        Property("preferred_maintenance_window", "PreferredMaintenanceWindow", equal=same_name),
        Property("copy_tags_to_snapshot", "CopyTagsToSnapshot"),
        Property("deletion_protection", "DeletionProtection"),
        Property("auto_minor_version_upgrade", "AutoMinorVersionUpgrade"),
        Property("enable_cloudwatch_logs_exports", "EnableCloudwatchLogsExports", read=log_exports, unordered=True),
        Property(
            "enable_performance_insights",
            "EnablePerformanceInsights",
            read=lambda description: description.get("PerformanceInsightsEnabled"),
        ),
        Property("performance_insights_kms_key_id", "PerformanceInsightsKMSKeyId", equal=same_kms_key),
        Property("performance_insights_retention_period", "PerformanceInsightsRetentionPeriod"),
        Property("monitoring_interval", "MonitoringInterval"),
        Property("monitoring_role_arn", "MonitoringRoleArn"),
        Property("ca_certificate_identifier", "CACertificateIdentifier", read=pending_or("CACertificateIdentifier")),
        Property(
            "enable_iam_database_authentication",
            "EnableIAMDatabaseAuthentication",
            read=pending_or("IAMDatabaseAuthenticationEnabled"),
        ),
        Property(
            "source_db_instance_identifier",
            "SourceDBInstanceIdentifier",
            read=lambda description: description.get("ReadReplicaSourceDBInstanceIdentifier"),
            equal=lambda declared, present: same_name(last_part(declared), last_part(present)),
            mutable=False,
        ),
    )
    modified_at_once = False

    def required_to_create(self) -> tuple[str, ...]:
        if self.params.get("source_db_instance_identifier"):
            return ()
        needed = ("engine", "db_instance_class", "allocated_storage", "master_username")
        return needed if self._own_password else (*needed, "manage_master_user_password")

    @property
    def _own_password(self) -> str | None:
        """The secret with the master password, where RDS does not manage it."""
        return self.params.get("master_user_password_secret")

    def validate(self) -> None:
        if self.params.get("multi_az") and self.params.get("availability_zone"):
            self.fail(
                f"{self.kind} {self.name}: availability_zone cannot be given with multi_az: true, AWS chooses both "
                "zones from the subnet group. Leave availability_zone out."
            )
        if self.params.get("monitoring_interval") and not self.params.get("monitoring_role_arn"):
            self.fail(
                f"{self.kind} {self.name}: monitoring_interval needs monitoring_role_arn, the IAM role that Enhanced "
                "Monitoring writes with. Give it, or set monitoring_interval: 0."
            )
        managed = self.params.get("manage_master_user_password")
        if managed and self._own_password:
            self.fail(
                f"{self.kind} {self.name}: master_user_password_secret cannot be given with "
                "manage_master_user_password: true, RDS then makes the password. Give one of the two."
            )
        if managed is False and not self._own_password:
            self.fail(
                f"{self.kind} {self.name}: manage_master_user_password: false needs master_user_password_secret, the "
                "secret with the master password. Give it, or set it to true; leave both out for a read replica."
            )

    def declared(self) -> dict[str, Any]:
        declared = super().declared()
        if self._own_password:
            declared["ManageMasterUserPassword"] = False
        return declared

    def describe(self) -> dict[str, Any] | None:
        found = self.call_or_none(
            "describe_db_instances", missing=("DBInstanceNotFound",), DBInstanceIdentifier=self.name
        )
        return found["DBInstances"][0] if found else None

    def forming(self, description: dict[str, Any]) -> bool:
        return description["DBInstanceStatus"] == "creating"

    def going(self, description: dict[str, Any]) -> bool:
        return description["DBInstanceStatus"] == "deleting"

    def busy(self, description: dict[str, Any]) -> bool:
        # AWS says "available" for a while before it starts on a change that is to be made at once.
        if self.modified_at_once and pending(description):
            return True
        # A new password never waits for the maintenance window.
        if "MasterUserPassword" in pending(description):
            return True
        return description["DBInstanceStatus"] not in SETTLED and not self.failed(description)

    def ready(self, description: dict[str, Any]) -> bool:
        return not self.busy(description) and not self.failed(description)

    def failed(self, description: dict[str, Any]) -> str | None:
        status = description["DBInstanceStatus"]
        if status in FAILED or status.startswith("incompatible-"):
            return f"its status is {status}; see its events: aws rds describe-events --source-type db-instance"
        return None

    def plan(self, description: dict[str, Any] | None) -> Plan:
        plan = super().plan(description)
        if plan.changes.get("ManageMasterUserPassword") is False:
            plan.after["master_user_password_secret"] = self._own_password
        if plan.action == "delete":
            self._refuse_unsafe_deletion(description or {})
        if plan.action == "update":
            self._refuse_impossible_update(description or {}, plan)
        return plan

    def _refuse_unsafe_deletion(self, description: dict[str, Any]) -> None:
        if description.get("DeletionProtection") and self.params.get("deletion_protection") is not False:
            self.fail(
                f"{self.kind} {self.name} is protected from deletion. "
                "If it really is to go, give deletion_protection: false together with state: absent."
            )
        snapshot = self.params.get("final_db_snapshot_identifier") or self.params["skip_final_snapshot"]
        if not snapshot and not description.get("ReadReplicaSourceDBInstanceIdentifier"):
            self.fail(
                f"{self.kind} {self.name}: give final_db_snapshot_identifier, the name of the snapshot that keeps its "
                "data, or skip_final_snapshot: true to lose the data."
            )

    def _refuse_impossible_update(self, description: dict[str, Any], plan: Plan) -> None:
        if "EngineVersion" in plan.changes:
            wanted, there = plan.changes["EngineVersion"], plan.before["engine_version"]
            if version_parts(wanted) < version_parts(there):
                self.fail(
                    f"{self.kind} {self.name} runs {there}; AWS cannot take it back to {wanted}. "
                    "Set engine_version to the present major version."
                )
            if version_parts(wanted)[:1] != version_parts(there)[:1] and not self.params["allow_major_version_upgrade"]:
                self.fail(
                    f"{self.kind} {self.name} runs {there}; {wanted} is a major version upgrade. Take a snapshot, test "
                    "it on another instance, then set allow_major_version_upgrade: true."
                )
        if "MasterUserSecretKmsKeyId" in plan.changes and description.get("MasterUserSecret"):
            self.fail(
                f"{self.kind} {self.name}: AWS cannot change master_user_secret_kms_key_id while RDS manages the "
                f"password. Set it back to {plan.before['master_user_secret_kms_key_id']}."
            )

    def _master_password(self) -> dict[str, str]:
        """The request's part with the master password, read from its secret at this very moment."""
        name, key = self._own_password, self.params["master_user_password_secret_key"]
        if not name:
            return {}
        found = self.call_or_none(
            "get_secret_value", service="secretsmanager", missing=("ResourceNotFoundException",), SecretId=name
        )
        if found is None:
            self.fail(
                f"{self.kind} {self.name}: there is no secret {name}. "
                "Make it first, or mend master_user_password_secret."
            )
        text = self.hide(found.get("SecretString", ""))
        try:
            password = json.loads(text)[key]
        except (ValueError, KeyError, TypeError):
            password = None
        if not isinstance(password, str) or not password:
            self.fail(
                f"{self.kind} {self.name}: secret {name} must be a JSON object that holds the master password, "
                f"a string, under the key {key}. Mend the secret, or master_user_password_secret_key."
            )
        return {"MasterUserPassword": self.hide(password)}

    def create(self, declared: dict[str, Any]) -> None:
        if "SourceDBInstanceIdentifier" not in declared:
            arguments = {**declared, **self._master_password()}
            self.call("create_db_instance", DBInstanceIdentifier=self.name, Tags=self.boto3_tags(), **arguments)
            return
        operation = self.client().meta.service_model.operation_model("CreateDBInstanceReadReplica")
        taken = {key: value for key, value in declared.items() if key in operation.input_shape.members}
        # A replica gets the group of its source. AWS refuses even that one here, for PostgreSQL in every Region.
        taken.pop("DBParameterGroupName", None)
        self.call("create_db_instance_read_replica", DBInstanceIdentifier=self.name, Tags=self.boto3_tags(), **taken)
        if taken != declared and self.params["wait"]:
            description = self.wait_while_busy()
            plan = self.plan(description)
            if plan.changed:
                self.apply(plan, description)

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        changes = dict(changes)
        declared = self.declared()
        if changes.get("ManageMasterUserPassword") is False:
            changes |= self._master_password()
        if "Port" in changes:
            changes["DBPortNumber"] = changes.pop("Port")
        if "EnableCloudwatchLogsExports" in changes:
            wanted, there = set(changes.pop("EnableCloudwatchLogsExports")), set(log_exports(description))
            changes["CloudwatchLogsExportConfiguration"] = {
                "EnableLogTypes": sorted(wanted - there),
                "DisableLogTypes": sorted(there - wanted),
            }
        if {"StorageType", *STORAGE} & changes.keys():
            # AWS wants size and performance together; the size never below the present one.
            changes |= {key: declared[key] for key in STORAGE if key in declared}
            present = pending_or("AllocatedStorage")(description)
            changes["AllocatedStorage"] = max(present, declared.get("AllocatedStorage", present))
        if changes.get("MonitoringInterval"):
            changes["MonitoringRoleArn"] = declared["MonitoringRoleArn"]
        if "EngineVersion" in changes:
            changes["AllowMajorVersionUpgrade"] = self.params["allow_major_version_upgrade"]
        self.call(
            "modify_db_instance",
            DBInstanceIdentifier=self.name,
            ApplyImmediately=self.params["apply_immediately"],
            **changes,
        )
        self.modified_at_once = self.params["apply_immediately"]

    def delete(self, description: dict[str, Any]) -> None:
        if description.get("DeletionProtection"):
            self.call("modify_db_instance", DBInstanceIdentifier=self.name, DeletionProtection=False)
        if self.params["skip_final_snapshot"] or description.get("ReadReplicaSourceDBInstanceIdentifier"):
            keep: dict[str, Any] = {"SkipFinalSnapshot": True}
        else:
            keep = {"FinalDBSnapshotIdentifier": self.params["final_db_snapshot_identifier"]}
        self.call("delete_db_instance", DBInstanceIdentifier=self.name, **keep)


def main() -> None:
    main_for(
        Instance,
        {
            "db_instance_identifier": {"required": True},
            "engine": {"choices": ["postgres", "mysql", "mariadb"]},
            "engine_version": {},
            "allow_major_version_upgrade": {"type": "bool", "default": False},
            "db_instance_class": {},
            "allocated_storage": {"type": "int"},
            "max_allocated_storage": {"type": "int"},
            "storage_type": {"choices": ["gp2", "gp3", "io1", "io2"]},
            "iops": {"type": "int"},
            "storage_throughput": {"type": "int"},
            "storage_encrypted": {"type": "bool"},
            "kms_key_id": {},
            "db_name": {},
            "master_username": {},
            # These name a setting, a secret and keys; none is the password.
            "manage_master_user_password": {"type": "bool", "no_log": False},
            "master_user_password_secret": {"no_log": False},
            "master_user_password_secret_key": {"default": "password", "no_log": False},
            "master_user_secret_kms_key_id": {"no_log": False},
            "port": {"type": "int"},
            "multi_az": {"type": "bool"},
            "availability_zone": {},
            "db_subnet_group_name": {},
            "vpc_security_group_ids": {"type": "list", "elements": "str"},
            "db_parameter_group_name": {},
            "publicly_accessible": {"type": "bool"},
            "backup_retention_period": {"type": "int"},
            "preferred_backup_window": {},
            "preferred_maintenance_window": {},
            "copy_tags_to_snapshot": {"type": "bool"},
            "deletion_protection": {"type": "bool"},
            "auto_minor_version_upgrade": {"type": "bool"},
            "enable_cloudwatch_logs_exports": {"type": "list", "elements": "str"},
            "enable_performance_insights": {"type": "bool"},
            "performance_insights_kms_key_id": {},
            "performance_insights_retention_period": {"type": "int"},
            "monitoring_interval": {"type": "int", "choices": [0, 1, 5, 10, 15, 30, 60]},
            "monitoring_role_arn": {},
            "ca_certificate_identifier": {},
            "enable_iam_database_authentication": {"type": "bool"},
            "source_db_instance_identifier": {},
            "apply_immediately": {"type": "bool", "default": False},
            "final_db_snapshot_identifier": {},
            "skip_final_snapshot": {"type": "bool", "default": False},
            "wait_timeout": {"type": "int", "default": 3600},
        },
        wait=True,
        mutually_exclusive=[
            ("final_db_snapshot_identifier", "skip_final_snapshot"),
            ("master_user_password_secret", "master_user_secret_kms_key_id"),
            ("master_user_password_secret", "source_db_instance_identifier"),
        ],
    )


if __name__ == "__main__":
    main()
