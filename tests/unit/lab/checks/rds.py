# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the RDS extensions."""

from __future__ import annotations

import json
from typing import Any

from checks import ACCOUNT, Aws, error_code, proves, unique
from checks.builders import key, network


def subnet_group(aws: Aws) -> str:
    name = unique()
    aws.client("rds").create_db_subnet_group(
        DBSubnetGroupName=name, DBSubnetGroupDescription="check", SubnetIds=network(aws).subnets
    )
    return name


def database(aws: Aws, **arguments: Any) -> str:
    name = unique("db")
    wanted = {
        "DBInstanceIdentifier": name,
        "Engine": "postgres",
        "EngineVersion": "17.6",
        "DBInstanceClass": "db.t4g.medium",
        "AllocatedStorage": 100,
        "StorageType": "gp3",
        "MasterUsername": "pixstory",
        "ManageMasterUserPassword": True,
        "DBSubnetGroupName": subnet_group(aws),
        **arguments,
    }
    aws.client("rds").create_db_instance(**{name: value for name, value in wanted.items() if value is not None})
    return name


def source(aws: Aws, **arguments: Any) -> str:
    """A database of which AWS makes read replicas."""
    return database(aws, ManageMasterUserPassword=None, MasterUserPassword=unique(), **arguments)


def replicate(aws: Aws, name: str, **arguments: Any) -> str:
    aws.client("rds").create_db_instance_read_replica(
        DBInstanceIdentifier=f"{name}-replica", SourceDBInstanceIdentifier=name, **arguments
    )
    return f"{name}-replica"


def instance_of(aws: Aws, name: str) -> dict[str, Any]:
    return dict(aws.client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0])


def modify(aws: Aws, name: str, **changes: Any) -> None:
    aws.client("rds").modify_db_instance(DBInstanceIdentifier=name, ApplyImmediately=True, **changes)


@proves("rds.instances_without_a_subnet_group_use_the_default_one")
def database_without_a_subnet_group_is_in_the_default_one(aws: Aws) -> None:
    group = instance_of(aws, database(aws, DBSubnetGroupName=None))["DBSubnetGroup"]
    assert group["DBSubnetGroupName"] == "default"
    assert len(group["Subnets"]) > 1


@proves("rds.gp3_has_a_baseline")
def gp3_storage_has_iops_and_throughput(aws: Aws) -> None:
    small = instance_of(aws, database(aws))
    assert (small["Iops"], small["StorageThroughput"]) == (3000, 125)
    large = instance_of(aws, database(aws, AllocatedStorage=400))
    assert (large["Iops"], large["StorageThroughput"]) == (12000, 500)


@proves("rds.instances_are_individuals")
def databases_have_their_own_resource_ids(aws: Aws) -> None:
    one, other = (instance_of(aws, source(aws)) for _ in range(2))
    assert one["DbiResourceId"] != other["DbiResourceId"]
    assert one["PendingModifiedValues"] == {}
    replica = replicate(aws, one["DBInstanceIdentifier"])
    assert instance_of(aws, replica)["DbiResourceId"] != one["DbiResourceId"]


@proves("rds.postgres_has_a_current_default_version")
def default_version_is_current(aws: Aws) -> None:
    assert instance_of(aws, database(aws, EngineVersion=None))["EngineVersion"].startswith("17.")


@proves("rds.encrypted_storage_names_a_real_key")
def encrypted_storage_shows_the_arn_of_its_key(aws: Aws) -> None:
    kms = aws.client("kms")
    shown = instance_of(aws, database(aws, StorageEncrypted=True))["KmsKeyId"]
    assert shown == kms.describe_key(KeyId="alias/aws/rds")["KeyMetadata"]["Arn"]
    own = key(aws)
    assert instance_of(aws, database(aws, StorageEncrypted=True, KmsKeyId=own.split("/")[1]))["KmsKeyId"] == own


@proves("rds.performance_insights_are_shown")
def performance_insights_are_switched_on_and_off(aws: Aws) -> None:
    own = key(aws)
    name = database(aws, EnablePerformanceInsights=True, PerformanceInsightsKMSKeyId=own)
    shown = instance_of(aws, name)
    assert shown["PerformanceInsightsEnabled"] is True
    assert (shown["PerformanceInsightsKMSKeyId"], shown["PerformanceInsightsRetentionPeriod"]) == (own, 7)
    modify(aws, name, EnablePerformanceInsights=False)
    assert instance_of(aws, name)["PerformanceInsightsEnabled"] is False


@proves("rds.enhanced_monitoring_names_its_log_stream")
def monitored_database_names_its_log_stream(aws: Aws) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/monitoring"
    shown = instance_of(aws, database(aws, MonitoringInterval=60, MonitoringRoleArn=role))
    assert shown["EnhancedMonitoringResourceArn"].endswith(f":log-stream:{shown['DbiResourceId']}")


@proves("rds.master_secret_holds_the_master_user")
def master_secret_is_real_and_goes_with_the_database(aws: Aws) -> None:
    secrets = aws.client("secretsmanager")
    own = key(aws)
    name = database(aws, MasterUserSecretKmsKeyId=own)
    instance_of(aws, name)
    secret = instance_of(aws, name)["MasterUserSecret"]
    assert (secret["SecretStatus"], secret["KmsKeyId"]) == ("active", own)
    assert ":secret:rds!db-" in secret["SecretArn"]
    value = json.loads(secrets.get_secret_value(SecretId=secret["SecretArn"])["SecretString"])
    assert value["username"] == "pixstory"
    assert len(value["password"]) == 28
    aws.client("rds").delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    assert error_code(secrets.get_secret_value, SecretId=secret["SecretArn"]) == "ResourceNotFoundException"


@proves("rds.multi_az_instances_have_a_second_zone")
def failover_swaps_the_zones(aws: Aws) -> None:
    name = database(aws, MultiAZ=True)
    before = instance_of(aws, name)
    zones = {before["AvailabilityZone"], before["SecondaryAvailabilityZone"]}
    assert zones == {"ap-south-1a", "ap-south-1c"}
    reboot = aws.client("rds").reboot_db_instance
    reboot(DBInstanceIdentifier=name, ForceFailover=True)
    after = instance_of(aws, name)
    assert after["AvailabilityZone"] == before["SecondaryAvailabilityZone"]
    assert after["SecondaryAvailabilityZone"] == before["AvailabilityZone"]
    modify(aws, name, MultiAZ=False)
    refused = error_code(reboot, DBInstanceIdentifier=name, ForceFailover=True)
    assert refused == "InvalidParameterCombination"


@proves("rds.deletion_says_what_becomes_of_the_data")
def deletion_needs_a_final_snapshot_or_none(aws: Aws) -> None:
    rds = aws.client("rds")
    name = database(aws)
    delete = rds.delete_db_instance
    assert error_code(delete, DBInstanceIdentifier=name) == "InvalidParameterCombination"
    both = {"SkipFinalSnapshot": True, "FinalDBSnapshotIdentifier": f"{name}-final"}
    assert error_code(delete, DBInstanceIdentifier=name, **both) == "InvalidParameterCombination"
    delete(DBInstanceIdentifier=name, FinalDBSnapshotIdentifier=f"{name}-final")
    (snapshot,) = rds.describe_db_snapshots(DBSnapshotIdentifier=f"{name}-final")["DBSnapshots"]
    assert snapshot["DBInstanceIdentifier"] == name


@proves("rds.replicas_are_not_protected_by_their_source")
def replica_of_a_protected_database_is_not_protected(aws: Aws) -> None:
    name = source(aws, DeletionProtection=True)
    assert instance_of(aws, replicate(aws, name))["DeletionProtection"] is False
    assert instance_of(aws, name)["DeletionProtection"] is True


@proves("rds.replicas_need_a_password_that_rds_does_not_manage")
def replica_needs_a_password_of_ones_own(aws: Aws) -> None:
    name = database(aws)
    assert error_code(replicate, aws=aws, name=name) == "InvalidParameterValue"
    modify(aws, name, ManageMasterUserPassword=False, MasterUserPassword=unique())
    assert instance_of(aws, replicate(aws, name))["ReadReplicaSourceDBInstanceIdentifier"] == name


@proves("rds.replicas_of_postgres_have_the_parameter_group_of_their_source")
def replica_has_the_parameter_group_of_its_source(aws: Aws) -> None:
    group = unique()
    aws.client("rds").create_db_parameter_group(
        DBParameterGroupName=group, DBParameterGroupFamily="postgres17", Description="check"
    )
    name = source(aws, DBParameterGroupName=group)
    assert error_code(replicate, aws=aws, name=name, DBParameterGroupName=group) == "InvalidParameterCombination"
    [shown] = instance_of(aws, replicate(aws, name))["DBParameterGroups"]
    assert shown["DBParameterGroupName"] == group


@proves("rds.DescribeDBEngineVersions")
def engine_versions_name_their_family(aws: Aws) -> None:
    describe = aws.client("rds").describe_db_engine_versions
    (shown,) = describe(Engine="postgres", EngineVersion="17.6")["DBEngineVersions"]
    assert shown["DBParameterGroupFamily"] == "postgres17"
    assert len(describe(Engine="postgres", EngineVersion="17")["DBEngineVersions"]) > 1
    assert describe(Engine="postgres", EngineVersion="9.6")["DBEngineVersions"] == []


@proves("rds.unknown_parameter_groups_are_not_found")
def unknown_parameter_group_is_an_error(aws: Aws) -> None:
    describe = aws.client("rds").describe_db_parameter_groups
    assert error_code(describe, DBParameterGroupName=unique()) == "DBParameterGroupNotFound"


@proves("rds.DescribeDBParameters", "rds.ResetDBParameterGroup")
def parameters_that_were_set_have_source_user(aws: Aws) -> None:
    rds = aws.client("rds")
    group = unique()
    rds.create_db_parameter_group(DBParameterGroupName=group, DBParameterGroupFamily="postgres17", Description="check")

    def values(**selection: str) -> dict[str, str | None]:
        pages = rds.get_paginator("describe_db_parameters").paginate(DBParameterGroupName=group, **selection)
        return {one["ParameterName"]: one.get("ParameterValue") for page in pages for one in page["Parameters"]}

    wanted = {"ParameterName": "log_min_duration_statement", "ParameterValue": "500", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName=group, Parameters=[wanted])
    assert values(Source="user") == {"log_min_duration_statement": "500"}
    assert values()["rds.force_ssl"] == "1"
    rds.reset_db_parameter_group(DBParameterGroupName=group, ResetAllParameters=True)
    assert values(Source="user") == {}
