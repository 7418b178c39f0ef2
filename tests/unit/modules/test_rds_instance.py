# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from twelve_steps import Emulator, Requests, Runner, TwelveSteps

from ansible_collections.pixstory.platform.plugins.modules import rds_instance

MODULE = "rds_instance"
NAME = "pixstory-production-main"
SECRET = "/production/database/main-master"
PASSWORD, OTHER_PASSWORD = "hunter2hunter2hunter2", "swordfish-swordfish"
ABSENT = {"db_instance_identifier": NAME, "state": "absent"}


@pytest.fixture
def declared(emulator: Emulator) -> dict[str, Any]:
    ec2, rds, kms = emulator.client("ec2"), emulator.client("rds"), emulator.client("kms")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"ap-south-1{zone}")["Subnet"]
        for n, zone in enumerate("ac")
    ]
    rds.create_db_subnet_group(
        DBSubnetGroupName="data",
        DBSubnetGroupDescription="data",
        SubnetIds=[subnet["SubnetId"] for subnet in subnets],
    )
    rds.create_db_parameter_group(
        DBParameterGroupName="postgres17", DBParameterGroupFamily="postgres17", Description="postgres17"
    )
    group = ec2.create_security_group(GroupName="database", Description="database", VpcId=vpc)["GroupId"]
    kms.create_alias(AliasName="alias/data", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    return {
        "db_instance_identifier": NAME,
        "engine": "postgres",
        "engine_version": "17.2",
        "db_instance_class": "db.m7g.large",
        "allocated_storage": 100,
        "max_allocated_storage": 500,
        "storage_type": "gp3",
        "storage_encrypted": True,
        "kms_key_id": "alias/data",
        "db_name": "pixstory",
        "master_username": "pixstory",
        "manage_master_user_password": True,
        "port": 5433,
        "multi_az": True,
        "db_subnet_group_name": "data",
        "vpc_security_group_ids": [group],
        "db_parameter_group_name": "postgres17",
        "publicly_accessible": False,
        "backup_retention_period": 14,
        "preferred_backup_window": "20:00-20:30",
        "preferred_maintenance_window": "Sun:21:00-Sun:21:30",
        "copy_tags_to_snapshot": True,
        "deletion_protection": True,
        "auto_minor_version_upgrade": True,
        "enable_cloudwatch_logs_exports": ["upgrade", "postgresql"],
        "enable_performance_insights": True,
        "performance_insights_retention_period": 7,
        "ca_certificate_identifier": "rds-ca-rsa2048-g1",
        "enable_iam_database_authentication": False,
        "tags": {"Project": "pixstory", "Role": "database"},
    }


@pytest.fixture
def password(emulator: Emulator) -> str:
    value = {"username": "pixstory", "password": PASSWORD, "other": OTHER_PASSWORD, "number": 12345678}
    emulator.client("secretsmanager").create_secret(Name=SECRET, SecretString=json.dumps(value))
    return PASSWORD


@pytest.fixture
def own_password(declared: dict[str, Any], password: str) -> dict[str, Any]:
    """The same instance with a master password from a secret of one's own."""
    del declared["manage_master_user_password"]
    return {**declared, "master_user_password_secret": SECRET}


@pytest.fixture
def requests(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Requests:
    return Requests(emulator.client("rds"), monkeypatch)


def instance(emulator: Emulator, name: str = NAME) -> dict[str, Any]:
    return emulator.client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps, declared: dict) -> None:
    def created(result: dict) -> None:
        shown, there = result["instance"], instance(emulator)
        assert shown["endpoint"]["address"] == there["Endpoint"]["Address"]
        assert shown["endpoint"]["port"] == 5433
        assert shown["master_user_secret"]["secret_arn"] == there["MasterUserSecret"]["SecretArn"]
        assert shown["tags"] == declared["tags"]
        assert there["MultiAZ"]
        assert there["StorageEncrypted"]

    def changed(result: dict) -> None:
        there = instance(emulator)
        assert there["DBInstanceClass"] == "db.m7g.xlarge"
        assert there["AllocatedStorage"] == 200
        assert there["Endpoint"]["Port"] == 5432
        assert there["EnabledCloudwatchLogsExports"] == ["postgresql"]
        assert there["MaxAllocatedStorage"] == 500
        assert result["instance"]["tags"] == {"Project": "pixstory"}

    def deleted(result: dict) -> None:
        [snapshot] = emulator.client("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
        assert snapshot["DBSnapshotIdentifier"] == "final"

    change = {
        "db_instance_identifier": NAME,
        "db_instance_class": "db.m7g.xlarge",
        "allocated_storage": 200,
        "port": 5432,
        "enable_cloudwatch_logs_exports": ["postgresql"],
        "enable_performance_insights": False,
        "backup_retention_period": 7,
        "tags": {"Project": "pixstory"},
    }
    absent = {**ABSENT, "deletion_protection": False, "final_db_snapshot_identifier": "final"}
    twelve_steps(
        MODULE, create=declared, change=change, absent=absent, created=created, changed=changed, deleted=deleted
    )


@pytest.mark.parametrize(
    ("there", "declaration", "changed"),
    [
        ("17.5", {"engine_version": "17"}, False),
        ("17.5", {"engine_version": "17.2"}, False),
        ("17.2", {"engine_version": "17.5"}, True),
        ("17.9", {"engine_version": "17.10"}, True),
        ("16.4", {"engine_version": "17", "allow_major_version_upgrade": True}, True),
    ],
)
def test_engine_version(
    emulator: Emulator, run: Runner, declared: dict, there: str, declaration: dict, changed: bool
) -> None:
    run(MODULE, {**declared, "engine_version": there})
    outcome = run.predicted(MODULE, {"db_instance_identifier": NAME, **declaration})
    assert outcome.changed is changed
    assert instance(emulator)["EngineVersion"] == (declaration["engine_version"] if changed else there)


def test_storage_that_has_grown_is_left_alone(emulator: Emulator, run: Runner, declared: dict) -> None:
    run(MODULE, declared)
    emulator.client("rds").modify_db_instance(DBInstanceIdentifier=NAME, AllocatedStorage=150, ApplyImmediately=True)
    assert not run.predicted(MODULE, declared).changed
    run.predicted(MODULE, {"db_instance_identifier": NAME, "storage_throughput": 250, "iops": 4000})
    assert instance(emulator)["AllocatedStorage"] == 150


def test_what_waits_for_the_maintenance_window_counts_as_set(
    emulator: Emulator, run: Runner, declared: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(MODULE, declared)
    waits = {
        "DBInstanceClass": "db.m7g.2xlarge",
        "EngineVersion": "17.5",
        "MultiAZ": False,
        "Port": 5555,
        "AllocatedStorage": 300,
        "PendingCloudwatchLogsExports": {"LogTypesToDisable": ["upgrade"], "LogTypesToEnable": []},
    }
    describe = rds_instance.Instance.describe
    monkeypatch.setattr(
        rds_instance.Instance, "describe", lambda self: {**describe(self), "PendingModifiedValues": waits}
    )
    change = {
        "db_instance_identifier": NAME,
        "db_instance_class": "db.m7g.2xlarge",
        "engine_version": "17.5",
        "multi_az": False,
        "port": 5555,
        "allocated_storage": 300,
        "enable_cloudwatch_logs_exports": ["postgresql"],
    }
    assert not run.predicted(MODULE, change).changed
    assert run(MODULE, {**change, "port": 5433}, check=True).diff == {"before": {"port": 5555}, "after": {"port": 5433}}


@pytest.mark.parametrize("immediately", [False, True])
def test_apply_immediately_waits_until_nothing_is_pending(
    run: Runner, declared: dict, monkeypatch: pytest.MonkeyPatch, immediately: bool
) -> None:
    run(MODULE, declared)
    describe, calls = rds_instance.Instance.describe, []

    def slowly(self: rds_instance.Instance) -> dict[str, Any]:
        calls.append(self.modified_at_once)
        pending = {"DBInstanceClass": "db.m7g.xlarge"} if calls.count(True) < 3 else {}
        return {**describe(self), "PendingModifiedValues": pending}

    monkeypatch.setattr(rds_instance.Instance, "describe", slowly)
    change = {"db_instance_identifier": NAME, "backup_retention_period": 3, "apply_immediately": immediately}
    outcome = run(MODULE, change)
    assert bool(outcome.result["instance"]["pending_modified_values"]) is not immediately


def test_an_instance_in_the_making_is_compared_once_it_is_made(
    emulator: Emulator, run: Runner, declared: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate at the end of a play: started without waiting, then asked for again."""
    run(MODULE, {**declared, "wait": False})
    describe, left = rds_instance.Instance.describe, [3]

    def forming(self: rds_instance.Instance) -> dict[str, Any]:
        left[0] -= 1
        there = describe(self)
        if left[0] < 0:
            return there
        return {"DBInstanceStatus": "creating", "DBInstanceArn": there["DBInstanceArn"]}

    monkeypatch.setattr(rds_instance.Instance, "describe", forming)
    early = run(MODULE, {**declared, "wait": False})
    assert not early.changed
    assert early.result["instance"]["db_instance_status"] == "creating"
    gate = run(MODULE, {**declared, "backup_retention_period": 30})
    assert gate.diff == {"before": {"backup_retention_period": 14}, "after": {"backup_retention_period": 30}}
    assert gate.result["instance"]["endpoint"]["port"] == 5433


def test_an_instance_that_fails_is_not_waited_for(run: Runner, declared: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    run(MODULE, declared)
    describe = rds_instance.Instance.describe
    monkeypatch.setattr(
        rds_instance.Instance, "describe", lambda self: {**describe(self), "DBInstanceStatus": "incompatible-network"}
    )
    outcome = run(MODULE, {**declared, "backup_retention_period": 30}, fails=True)
    assert "its status is incompatible-network" in outcome.result["msg"]


@pytest.mark.parametrize("status", ["available", "storage-optimization"])
def test_nothing_declared_waits_for_an_instance_that_serves(
    run: Runner, declared: dict, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    """What role aws_database does before it makes read replicas."""
    run(MODULE, declared)
    describe, statuses = rds_instance.Instance.describe, iter(["creating", "backing-up", "modifying"])
    monkeypatch.setattr(
        rds_instance.Instance,
        "describe",
        lambda self: {**describe(self), "DBInstanceStatus": next(statuses, status)},
    )
    outcome = run(MODULE, {"db_instance_identifier": NAME})
    assert not outcome.changed
    assert outcome.result["instance"]["db_instance_status"] == status


@pytest.mark.parametrize("status", ["failed", "incompatible-parameters"])
def test_nothing_declared_fails_for_an_instance_that_never_will(
    run: Runner, declared: dict, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    run(MODULE, declared)
    describe = rds_instance.Instance.describe
    monkeypatch.setattr(rds_instance.Instance, "describe", lambda self: {**describe(self), "DBInstanceStatus": status})
    outcome = run(MODULE, {"db_instance_identifier": NAME}, fails=True)
    assert f"its status is {status}" in outcome.result["msg"]
    assert not run(MODULE, {"db_instance_identifier": NAME, "wait": False}).changed


def test_twelve_steps_with_a_password_of_ones_own(
    emulator: Emulator, twelve_steps: TwelveSteps, own_password: dict, requests: Requests
) -> None:
    def created(result: dict) -> None:
        [sent] = requests.of("CreateDBInstance")
        assert sent["MasterUserPassword"] == PASSWORD
        assert "MasterUserSecret" not in instance(emulator)

    def changed(result: dict) -> None:
        assert [sent.get("MasterUserPassword") for sent in requests.of("ModifyDBInstance")] == [None]

    change = {
        "db_instance_identifier": NAME,
        "master_user_password_secret": SECRET,
        "master_user_password_secret_key": "other",  # nothing to compare with
        "backup_retention_period": 7,
        "deletion_protection": False,
    }
    absent = {**ABSENT, "skip_final_snapshot": True}
    requests.sent.clear()
    twelve_steps(MODULE, create=own_password, change=change, absent=absent, created=created, changed=changed)


def test_the_master_password_is_shown_nowhere(
    emulator: Emulator, run: Runner, own_password: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even in an error of AWS that repeats what it was sent, or the whole secret."""
    call = rds_instance.Instance.call
    secret = emulator.client("secretsmanager").get_secret_value(SecretId=SECRET)["SecretString"]

    def refused(self: rds_instance.Instance, operation: str, **arguments: Any) -> dict[str, Any]:
        if operation != "create_db_instance":
            return call(self, operation, **arguments)
        message = f"bad password {arguments['MasterUserPassword']} of {secret}"
        raise ClientError({"Error": {"Code": "InvalidParameterValue", "Message": message}}, "CreateDBInstance")

    monkeypatch.setattr(rds_instance.Instance, "call", refused)
    outcome = run(MODULE, own_password, fails=True)
    assert "bad password" in outcome.result["msg"]
    shown = json.dumps(outcome.result)
    assert PASSWORD not in shown
    assert OTHER_PASSWORD not in shown


def test_the_diff_of_creation_names_the_secret(run: Runner, own_password: dict) -> None:
    made = run.predicted(MODULE, own_password)
    assert made.diff["after"]["master_user_password_secret"] == SECRET
    assert PASSWORD not in json.dumps(made.result)


def test_the_master_password_changes_hands(
    emulator: Emulator, run: Runner, declared: dict, password: str, requests: Requests
) -> None:
    run(MODULE, declared)
    managed = instance(emulator)["MasterUserSecret"]["SecretArn"]
    own = {"db_instance_identifier": NAME, "master_user_password_secret": SECRET}
    to_own = run.predicted(MODULE, own)
    assert to_own.diff == {
        "before": {"manage_master_user_password": True},
        "after": {"manage_master_user_password": False, "master_user_password_secret": SECRET},
    }
    [sent] = requests.of("ModifyDBInstance")
    assert (sent["ManageMasterUserPassword"], sent["MasterUserPassword"]) == (False, PASSWORD)
    assert PASSWORD not in json.dumps(to_own.result)
    assert "MasterUserSecret" not in instance(emulator)
    assert not run.predicted(MODULE, own).changed

    back = {"db_instance_identifier": NAME, "manage_master_user_password": True}
    to_managed = run.predicted(MODULE, {**back, "master_user_secret_kms_key_id": "alias/data"})
    assert to_managed.diff["before"]["manage_master_user_password"] is False
    assert to_managed.diff["after"]["manage_master_user_password"] is True
    assert "MasterUserPassword" not in requests.of("ModifyDBInstance")[-1]
    assert instance(emulator)["MasterUserSecret"]["SecretArn"] != managed
    assert not run.predicted(MODULE, back).changed


def test_check_mode_needs_no_secret_yet(run: Runner, own_password: dict) -> None:
    planned = {**own_password, "master_user_password_secret": "/production/yet-to-be"}
    assert run(MODULE, planned, check=True).changed
    refused = run(MODULE, planned, fails=True)
    assert "there is no secret /production/yet-to-be" in refused.result["msg"]
    assert refused.writes == []


@pytest.mark.parametrize("key", ["none", "number"])
def test_a_secret_without_a_password_is_refused(run: Runner, own_password: dict, key: str) -> None:
    refused = run(MODULE, {**own_password, "master_user_password_secret_key": key}, fails=True)
    assert f"secret {SECRET} must be a JSON object that holds the master password" in refused.result["msg"]
    assert f"under the key {key}" in refused.result["msg"]
    assert refused.writes == []


def test_a_new_password_is_waited_for(
    emulator: Emulator, run: Runner, declared: dict, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS says "available" for a while before it sets it, whether or not other changes wait for the window."""
    run(MODULE, declared)
    describe, left = rds_instance.Instance.describe, [3]

    def setting(self: rds_instance.Instance) -> dict[str, Any]:
        there = describe(self)
        if not there.get("MasterUserSecret"):
            left[0] -= 1
        pending = {"MasterUserPassword": "****"} if left[0] > 0 else {}
        return {**there, "PendingModifiedValues": {} if there.get("MasterUserSecret") else pending}

    monkeypatch.setattr(rds_instance.Instance, "describe", setting)
    run(MODULE, {"db_instance_identifier": NAME, "master_user_password_secret": SECRET})
    assert left[0] <= 0


def test_a_read_replica(emulator: Emulator, run: Runner, own_password: dict) -> None:
    run(MODULE, {**own_password, "deletion_protection": False})
    name = "pixstory-production-reports"
    replica = {
        "db_instance_identifier": name,
        "source_db_instance_identifier": NAME,
        "db_instance_class": "db.m7g.xlarge",
        "deletion_protection": False,
        "db_parameter_group_name": "postgres17",  # its source's, and yet creation does not take it
        "backup_retention_period": 3,  # nor this
        "tags": {"Role": "reports"},
    }
    made = run.predicted(MODULE, replica)
    assert made.writes == ["rds.CreateDBInstanceReadReplica", "rds.ModifyDBInstance"]
    assert not run.predicted(MODULE, replica).changed
    assert instance(emulator, name)["BackupRetentionPeriod"] == 3
    assert instance(emulator)["ReadReplicaDBInstanceIdentifiers"] == [name]
    # A replica has no data of its own to keep.
    assert run.predicted(MODULE, {"db_instance_identifier": name, "state": "absent"}).changed


def test_a_read_replica_may_get_another_parameter_group(
    emulator: Emulator, run: Runner, own_password: dict, requests: Requests
) -> None:
    run(MODULE, own_password)
    emulator.client("rds").create_db_parameter_group(
        DBParameterGroupName="reports", DBParameterGroupFamily="postgres17", Description="reports"
    )
    replica = {
        "db_instance_identifier": "pixstory-production-reports",
        "source_db_instance_identifier": NAME,
        "db_parameter_group_name": "reports",
    }
    assert run.predicted(MODULE, replica).changed
    assert [sent["DBParameterGroupName"] for sent in requests.of("ModifyDBInstance")] == ["reports"]
    assert not run.predicted(MODULE, replica).changed


def test_aws_makes_no_read_replica_where_rds_manages_the_password(run: Runner, declared: dict) -> None:
    """The emulator refuses it as AWS does."""
    run(MODULE, declared)
    replica = {"db_instance_identifier": "pixstory-production-reports", "source_db_instance_identifier": NAME}
    refused = run(MODULE, replica, fails=True)
    assert "where ManageMasterUserPassword is enabled is not supported" in refused.result["msg"]


REFUSED = [
    ({"engine_version": "16"}, "cannot take it back to 16"),
    ({"engine_version": "18"}, "is a major version upgrade"),
    ({"db_name": "other"}, "cannot change db_name in place (db_name: 'pixstory' -> 'other')"),
    ({"storage_encrypted": False}, "cannot change storage_encrypted in place"),
    ({"source_db_instance_identifier": "other"}, "cannot change source_db_instance_identifier in place"),
    ({"master_user_secret_kms_key_id": "other"}, "AWS cannot change master_user_secret_kms_key_id"),
    ({"manage_master_user_password": False}, "manage_master_user_password: false needs master_user_password_secret"),
    (
        {"manage_master_user_password": True, "master_user_password_secret": "own"},
        "master_user_password_secret cannot be given with manage_master_user_password: true",
    ),
    (
        {"master_user_secret_kms_key_id": "key", "master_user_password_secret": "own"},
        "mutually exclusive: master_user_password_secret|master_user_secret_kms_key_id",
    ),
    (
        {"source_db_instance_identifier": "other", "master_user_password_secret": "own"},
        "mutually exclusive: master_user_password_secret|source_db_instance_identifier",
    ),
    ({"multi_az": True, "availability_zone": "ap-south-1a"}, "Leave availability_zone out"),
    ({"monitoring_interval": 60}, "monitoring_interval needs monitoring_role_arn"),
    ({"state": "absent", "skip_final_snapshot": True}, "give deletion_protection: false together with"),
    ({"state": "absent", "deletion_protection": False}, "give final_db_snapshot_identifier"),
]


def test_what_is_refused(run: Runner, declared: dict, subtests: pytest.Subtests) -> None:
    run(MODULE, declared)
    for declaration, message in REFUSED:
        for check in (True, False):
            with subtests.test(message, check=check):
                outcome = run(MODULE, {"db_instance_identifier": NAME, **declaration}, check=check, fails=True)
                assert message in outcome.result["msg"]
                assert outcome.writes == []


def test_creation_says_what_it_needs(run: Runner) -> None:
    outcome = run(MODULE, {"db_instance_identifier": NAME, "engine": "postgres"}, check=True, fails=True)
    needed = "give also db_instance_class, allocated_storage, master_username, manage_master_user_password"
    assert needed in outcome.result["msg"]


def test_monitoring_and_one_zone(emulator: Emulator, run: Runner, declared: dict) -> None:
    role = "arn:aws:iam::123456789012:role/monitoring"
    single = {**declared, "multi_az": False, "availability_zone": "ap-south-1c"}
    run(MODULE, {**single, "monitoring_interval": 60, "monitoring_role_arn": role})
    assert instance(emulator)["AvailabilityZone"] == "ap-south-1c"
    faster = {"db_instance_identifier": NAME, "monitoring_interval": 30, "monitoring_role_arn": role}
    assert run.predicted(MODULE, faster).changed
    assert instance(emulator)["MonitoringInterval"] == 30


def test_the_key_is_compared_by_what_it_is(emulator: Emulator, run: Runner, declared: dict) -> None:
    run(MODULE, declared)
    arn = instance(emulator)["KmsKeyId"]
    for same in (arn, arn.split("/")[-1], "alias/data"):
        assert not run.predicted(MODULE, {"db_instance_identifier": NAME, "kms_key_id": same}).changed
    other = emulator.client("kms").create_key()["KeyMetadata"]["KeyId"]
    outcome = run(MODULE, {"db_instance_identifier": NAME, "kms_key_id": other}, fails=True)
    assert "cannot change kms_key_id in place" in outcome.result["msg"]


def test_check_mode_takes_a_key_that_is_yet_to_be(run: Runner, declared: dict) -> None:
    outcome = run(MODULE, {**declared, "kms_key_id": "alias/yet-to-be"}, check=True)
    assert outcome.diff["after"]["kms_key_id"] == "alias/yet-to-be"


@pytest.mark.parametrize(
    ("declaration", "sent"),
    [
        ({"storage_throughput": 250}, {"StorageThroughput": 250, "AllocatedStorage": 100}),
        ({"iops": 4000, "storage_throughput": 125}, {"Iops": 4000, "StorageThroughput": 125, "AllocatedStorage": 100}),
        (
            {"monitoring_interval": 30, "monitoring_role_arn": "arn:aws:iam::123456789012:role/monitoring"},
            {"MonitoringInterval": 30, "MonitoringRoleArn": "arn:aws:iam::123456789012:role/monitoring"},
        ),
        (
            {"engine_version": "18", "allow_major_version_upgrade": True, "apply_immediately": True},
            {"EngineVersion": "18", "AllowMajorVersionUpgrade": True, "ApplyImmediately": True},
        ),
    ],
)
def test_aws_is_told_what_belongs_together(
    emulator: Emulator,
    run: Runner,
    declared: dict,
    declaration: dict,
    sent: dict,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    role = "arn:aws:iam::123456789012:role/monitoring"
    run(MODULE, {**declared, "monitoring_interval": 60, "monitoring_role_arn": role})
    requests = Requests(emulator.client("rds"), monkeypatch)
    run(MODULE, {"db_instance_identifier": NAME, **declaration})
    assert requests.of("ModifyDBInstance") == [
        {"DBInstanceIdentifier": NAME, "ApplyImmediately": False, **sent},
    ]


def test_a_security_group_on_its_way_out_does_not_count() -> None:
    groups = [{"VpcSecurityGroupId": name, "Status": name} for name in ("active", "adding", "removing")]
    assert rds_instance.security_groups({"VpcSecurityGroups": groups}) == ["active", "adding"]


def test_deletion_waits_until_aws_takes_it(
    emulator: Emulator, run: Runner, declared: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(MODULE, declared)
    describe, deletions = rds_instance.Instance.describe, []
    statuses = iter(["backing-up", "backing-up"])

    def backing_up(self: rds_instance.Instance) -> dict[str, Any] | None:
        description = describe(self)
        status = next(statuses, None)
        return {**description, "DBInstanceStatus": status} if description and status else description

    monkeypatch.setattr(rds_instance.Instance, "describe", backing_up)
    monkeypatch.setattr(
        rds_instance.Instance, "delete", lambda self, description: deletions.append(next(statuses, "available"))
    )
    absent = {**ABSENT, "deletion_protection": False, "skip_final_snapshot": True, "wait": False}
    assert run(MODULE, absent).changed
    assert deletions == ["available"]
