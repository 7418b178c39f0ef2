# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RDS instances: storage, subnet group, Multi-AZ, monitoring, master secret and deletion as AWS has them."""

from __future__ import annotations

import json
import secrets
import string
import uuid
from typing import Any

from moto.ec2.models import ec2_backends
from moto.rds.models import DBInstance, DBSubnetGroup, MasterUserSecret, RDSBackend
from moto.rds.responses import RDSResponse

from lab.emulator.harsh import slow
from lab.emulator.registry import ApiError, Call, fix, operation, table, wrap

POSTGRES_VERSIONS = ("13.22", "14.19", "15.14", "16.10", "17.4", "17.5", "17.6")


def _default_subnet_group(backend: RDSBackend) -> DBSubnetGroup:
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    subnets = [subnet for subnet in ec2.describe_subnets() if subnet.vpc_id == ec2.default_vpc.id]
    return DBSubnetGroup(backend, "default", "default", subnets, [])


@fix("rds")
def instances_without_a_subnet_group_use_the_default_one() -> None:
    """An instance always has a subnet group; that of the default VPC is called default.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
    """

    @wrap(DBInstance, "__init__")
    def init(original: Any, instance: DBInstance, *args: Any, **kwargs: Any) -> None:
        original(instance, *args, **kwargs)
        if not hasattr(instance, "db_subnet_group"):
            instance.db_subnet_group = _default_subnet_group(instance.backend)


@fix("rds")
def gp3_has_a_baseline() -> None:
    """A gp3 volume has 3000 IOPS and 125 MiB/s, or 12000 and 500 from 400 GiB on.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html
    """

    def apply(original: Any, instance: DBInstance, *args: Any, **kwargs: Any) -> None:
        original(instance, *args, **kwargs)
        if getattr(instance, "_storage_type", None) == "gp3":
            large = instance.allocated_storage >= 400 and instance.engine == "postgres"
            instance.iops = instance.iops or (12000 if large else 3000)  # type: ignore[assignment]
            instance._storage_throughput = instance._storage_throughput or (500 if large else 125)

    wrap(DBInstance, "__init__")(apply)
    wrap(DBInstance, "update")(apply)


def _resource_id() -> str:
    return "db-" + uuid.uuid4().hex[:26].upper()


@fix("rds")
def instances_are_individuals() -> None:
    """Each instance has a resource id of its own, and values that wait to be applied are shown, even if there are none.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html
    """

    @wrap(DBInstance, "__init__")
    def init(original: Any, instance: DBInstance, *args: Any, **kwargs: Any) -> None:
        original(instance, *args, **kwargs)
        instance.dbi_resource_id = _resource_id()
        instance.pending_modified_values = {}  # type: ignore[attr-defined]

    @wrap(RDSBackend, "create_db_instance_read_replica")
    def create(original: Any, backend: RDSBackend, db_kwargs: Any) -> DBInstance:
        replica: DBInstance = original(backend, db_kwargs)
        replica.dbi_resource_id = _resource_id()
        return replica


@fix("rds")
def postgres_has_a_current_default_version() -> None:
    """An instance made without a version gets a current one.

    https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-release-calendar.html
    """
    DBInstance.default_engine_versions["postgres"] = POSTGRES_VERSIONS[-1]


@fix("rds")
def encrypted_storage_names_a_real_key() -> None:
    """Storage encrypted without a key uses the AWS managed key, and is shown with its ARN.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html
    """

    @wrap(DBInstance, "__init__")
    def init(original: Any, instance: DBInstance, *args: Any, **kwargs: Any) -> None:
        original(instance, *args, **kwargs)
        if getattr(instance, "_kms_key_id", None):
            key = "alias/aws/rds" if instance.kms_key_id == "default_kms_key_id" else instance.kms_key_id
            instance.kms_key_id = instance.backend.kms.describe_key(key).arn


@fix("rds")
def performance_insights_are_shown() -> None:
    """Performance Insights can be switched on and off, with a key and a retention time.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PerfInsights.Enabling.html
    """

    def enabled(instance: DBInstance) -> bool:
        return bool(getattr(instance, "enable_performance_insights", False))

    def apply(original: Any, instance: DBInstance, *args: Any, **kwargs: Any) -> None:
        original(instance, *args, **kwargs)
        for name in ("enable_performance_insights", "performance_insights_kms_key_id"):
            if kwargs.get(name) is not None:
                setattr(instance, name, kwargs[name])
        period = kwargs.get("performance_insights_retention_period")
        if enabled(instance):
            old = getattr(instance, "performance_insights_retention_period", None)
            instance.performance_insights_retention_period = period or old or 7  # type: ignore[attr-defined]

    wrap(DBInstance, "__init__")(apply)
    wrap(DBInstance, "update")(apply)
    DBInstance.performance_insights_enabled = property(enabled)  # type: ignore[attr-defined]


@fix("rds")
def enhanced_monitoring_names_its_log_stream() -> None:
    """With a monitoring interval there is a log stream for the instance in RDSOSMetrics.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html
    """

    def stream(instance: DBInstance) -> str | None:
        if not instance.monitoring_interval:
            return None
        prefix = f"arn:aws:logs:{instance.region}:{instance.account_id}:log-group:RDSOSMetrics:log-stream:"
        return prefix + instance.dbi_resource_id

    DBInstance.enhanced_monitoring_resource_arn = property(stream)  # type: ignore[attr-defined]


@fix("rds")
def master_secret_holds_the_master_user() -> None:
    """The managed secret holds the instance's own user name and a random password.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
    """

    @wrap(MasterUserSecret, "_generate_secret_string")
    def generate(original: Any, secret: MasterUserSecret) -> str:
        password = "".join(secrets.choice(string.ascii_letters + string.digits + "!#%()*+-.:<>?_~") for _ in range(28))
        return json.dumps({"username": secret.resource.master_username, "password": password})


def _zones(instance: DBInstance) -> list[str]:
    return sorted({subnet["SubnetAvailabilityZone"]["Name"] for subnet in instance.db_subnet_group.subnets})


@fix("rds")
def multi_az_instances_have_a_second_zone() -> None:
    """Primary and standby are in different zones of the subnet group; a reboot with failover swaps them.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZSingleStandby.html
    """

    @wrap(DBInstance, "__init__")
    def init(original: Any, instance: DBInstance, *args: Any, **kwargs: Any) -> None:
        original(instance, *args, **kwargs)
        if not kwargs.get("availability_zone") and hasattr(instance, "db_subnet_group"):
            instance.availability_zone = _zones(instance)[0]

    def second_zone(instance: DBInstance) -> str | None:
        others = [zone for zone in _zones(instance) if zone != instance.availability_zone]
        return others[0] if instance.multi_az and others else None

    @wrap(RDSResponse, "reboot_db_instance")
    def reboot(original: Any, response: RDSResponse) -> Any:
        result = original(response)
        instance = response.backend.databases[response.params["DBInstanceIdentifier"]]
        if response.params.get("ForceFailover"):
            if not instance.multi_az:
                raise ApiError("InvalidParameterCombination", "Cannot force failover since instance is not Multi-AZ.")
            instance.availability_zone = second_zone(instance) or instance.availability_zone
        return result

    DBInstance.secondary_availability_zone = property(second_zone)  # type: ignore[attr-defined]


@fix("rds")
def deletion_says_what_becomes_of_the_data() -> None:
    """DeleteDBInstance needs either a name for the final snapshot or the word that none is wanted.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBInstance.html
    """

    @wrap(RDSResponse, "delete_db_instance")
    def delete(original: Any, response: RDSResponse) -> Any:
        instance = response.backend.databases.get(response.params["DBInstanceIdentifier"])
        final = response.params.get("FinalDBSnapshotIdentifier")
        skip = bool(response.params.get("SkipFinalSnapshot"))
        if instance and not instance.is_replica and bool(final) == skip:
            raise ApiError(
                "InvalidParameterCombination",
                "FinalDBSnapshotIdentifier cannot be specified when deleting without a final snapshot."
                if skip
                else "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
            )
        return original(response)


@fix("rds")
def the_port_can_be_changed() -> None:
    """ModifyDBInstance calls the port DBPortNumber.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html
    """

    @wrap(DBInstance, "update")
    def update(original: Any, instance: DBInstance, *args: Any, **kwargs: Any) -> None:
        port = kwargs.pop("db_port_number", None)
        original(instance, *args, **kwargs)
        instance.port = port or instance.port


@fix("rds")
def replicas_are_not_protected_by_their_source() -> None:
    """Deletion protection of a replica is its own.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstanceReadReplica.html
    """

    @wrap(RDSBackend, "create_db_instance_read_replica")
    def create(original: Any, backend: RDSBackend, db_kwargs: Any) -> DBInstance:
        replica: DBInstance = original(backend, db_kwargs)
        replica.deletion_protection = bool(db_kwargs.get("deletion_protection"))
        return replica


@fix("rds")
def replicas_need_a_password_that_rds_does_not_manage() -> None:
    """Of an instance whose master password RDS manages there are no read replicas, except of SQL Server.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
    """

    @wrap(RDSBackend, "create_db_instance_read_replica")
    def create(original: Any, backend: RDSBackend, db_kwargs: Any) -> DBInstance:
        source = backend.find_db_from_id(db_kwargs["source_db_instance_identifier"])
        if source.manage_master_user_password and not source.engine.startswith("sqlserver"):
            raise ApiError(
                "InvalidParameterValue",
                f"Creating read replicas for source instance with engine {source.engine} where "
                "ManageMasterUserPassword is enabled is not supported.",
            )
        replica: DBInstance = original(backend, db_kwargs)
        return replica


@fix("rds")
def replicas_of_postgres_have_the_parameter_group_of_their_source() -> None:
    """CreateDBInstanceReadReplica takes no parameter group for PostgreSQL.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstanceReadReplica.html
    """

    @wrap(RDSBackend, "create_db_instance_read_replica")
    def create(original: Any, backend: RDSBackend, db_kwargs: Any) -> DBInstance:
        source = backend.find_db_from_id(db_kwargs["source_db_instance_identifier"])
        if source.engine == "postgres" and db_kwargs.get("db_parameter_group_name"):
            raise ApiError(
                "InvalidParameterCombination",
                "A parameter group can't be specified during Read Replica creation for the following DB engine: "
                "postgres",
            )
        replica: DBInstance = original(backend, db_kwargs)
        return replica


def _going(backend: RDSBackend) -> dict[str, DBInstance]:
    """The instances that are being deleted, those that are gone by now left out."""
    going: dict[str, DBInstance] = table(backend.account_id, backend.region_name, "databases being deleted")
    for name in [name for name, one in going.items() if one.status != "deleting"]:
        del going[name]
    return going


@fix("rds")
def instances_pass_through_their_states() -> None:
    """An instance takes its time to be created, modified, rebooted and deleted. It has no endpoint before it is
    available, and what is not available takes no changes.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html
    """

    def status(instance: DBInstance) -> str:
        return slow.state_of(instance.arn, vars(instance).get("settled_status", "available"))

    def settle(instance: DBInstance, state: str) -> None:
        vars(instance)["settled_status"] = state

    DBInstance.status = property(status, settle)  # type: ignore[assignment]
    endpoint: Any = DBInstance.endpoint.fget  # type: ignore[attr-defined]
    DBInstance.endpoint = property(  # type: ignore[assignment, method-assign]
        lambda instance: None if instance.status == "creating" else endpoint(instance)
    )

    def create(original: Any, backend: RDSBackend, db_kwargs: Any) -> DBInstance:
        if db_kwargs["db_instance_identifier"] in _going(backend):
            raise ApiError("DBInstanceAlreadyExists", "DB instance already exists")
        instance: DBInstance = original(backend, db_kwargs)
        slow.begin(instance.arn, "creating", slow.DATABASE_CREATED)
        return instance

    wrap(RDSBackend, "create_db_instance")(create)
    wrap(RDSBackend, "create_db_instance_read_replica")(create)

    def refuse_unless_available(backend: RDSBackend, name: str) -> DBInstance:
        instance: DBInstance = backend.describe_db_instances(name)[0]
        if instance.status not in ("available", "stopped"):
            raise ApiError("InvalidDBInstanceState", f"Database instance {name} is not in available state.")
        return instance

    @wrap(RDSBackend, "modify_db_instance")
    def modify(
        original: Any, backend: RDSBackend, db_instance_identifier: str, db_kwargs: dict[str, Any]
    ) -> DBInstance:
        refuse_unless_available(backend, db_instance_identifier)
        instance: DBInstance = original(backend, db_instance_identifier, db_kwargs)
        slow.begin(instance.arn, "modifying", slow.DATABASE_MODIFIED)
        return instance

    @wrap(RDSBackend, "reboot_db_instance")
    def reboot(original: Any, backend: RDSBackend, db_instance_identifier: str) -> DBInstance:
        instance = refuse_unless_available(backend, db_instance_identifier)
        original(backend, db_instance_identifier)
        slow.begin(instance.arn, "rebooting", slow.DATABASE_REBOOTED)
        return instance

    @wrap(RDSBackend, "delete_db_instance")
    def delete(
        original: Any, backend: RDSBackend, db_instance_identifier: str, *args: Any, **kwargs: Any
    ) -> DBInstance:
        name = db_instance_identifier
        if name in _going(backend):
            raise ApiError("InvalidDBInstanceState", f"Instance {name} is already being deleted.")
        instance: DBInstance = original(backend, name, *args, **kwargs)
        settle(instance, "deleted")
        slow.begin(instance.arn, "deleting", slow.DATABASE_DELETED)
        _going(backend)[name] = instance
        return instance

    @wrap(RDSBackend, "describe_db_instances")
    def describe(
        original: Any, backend: RDSBackend, db_instance_identifier: str | None = None, filters: Any = None
    ) -> list[Any]:
        name = db_instance_identifier
        going = _going(backend)
        if name in going and name not in backend.databases:
            return [going[name]]
        found: list[Any] = original(backend, name, filters)
        return found if name else [*found, *going.values()]

    @wrap(RDSBackend, "delete_subnet_group")
    def delete_subnet_group(original: Any, backend: RDSBackend, subnet_name: str) -> Any:
        users = [one for one in _going(backend).values() if one.db_subnet_group.name == subnet_name]
        if users:
            raise ApiError(
                "InvalidDBSubnetGroupStateFault",
                f"Cannot delete the subnet group '{subnet_name}' because at least one database instance: "
                f"{users[0].db_instance_identifier} is still using it.",
            )
        return original(backend, subnet_name)


@operation("rds", "DescribeDBEngineVersions")
def describe_db_engine_versions(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """The PostgreSQL versions that the platform may use.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBEngineVersions.html
    """
    wanted = params.get("EngineVersion")
    family = params.get("DBParameterGroupFamily")
    versions = [
        {
            "Engine": "postgres",
            "EngineVersion": version,
            "DBParameterGroupFamily": f"postgres{version.split('.')[0]}",
            "DBEngineDescription": "PostgreSQL",
            "DBEngineVersionDescription": f"PostgreSQL {version}-R1",
            "ValidUpgradeTarget": [],
            "ExportableLogTypes": ["postgresql", "upgrade"],
            "SupportsLogExportsToCloudwatchLogs": True,
            "SupportsReadReplica": True,
            "Status": "available",
        }
        for version in POSTGRES_VERSIONS
        if params.get("Engine") in (None, "postgres")
        and wanted in (None, version, version.split(".")[0])
        and family in (None, f"postgres{version.split('.')[0]}")
    ]
    return {"DBEngineVersions": versions[-1:] if params.get("DefaultOnly") else versions}


# The families of DB classes that PostgreSQL runs on. Where each is to be had goes by EC2's own: an RDS instance is one.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Support.html
CLASS_FAMILIES = ("t3", "t4g", "m5", "m6g", "m6i", "m7g", "m7i", "m8g", "r5", "r6g", "r6i", "r7g", "r7i", "r8g")


@operation("rds", "DescribeOrderableDBInstanceOptions")
def describe_orderable_db_instance_options(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """A class in the zones that have machines of its type.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeOrderableDBInstanceOptions.html
    """
    wanted, version = params.get("DBInstanceClass"), params.get("EngineVersion")
    zones: dict[str, list[str]] = {}
    for one in call.backend("ec2").describe_instance_type_offerings(location_type="availability-zone"):
        if one["InstanceType"].split(".")[0] in CLASS_FAMILIES:
            zones.setdefault(f"db.{one['InstanceType']}", []).append(one["Location"])
    options = [
        {
            "Engine": "postgres",
            "EngineVersion": known,
            "DBInstanceClass": name,
            "LicenseModel": "postgresql-license",
            "AvailabilityZones": [{"Name": zone} for zone in sorted(places)],
            "MultiAZCapable": True,
            "ReadReplicaCapable": True,
            "Vpc": True,
            "SupportsStorageEncryption": True,
            "StorageType": "gp3",
        }
        for name, places in sorted(zones.items())
        for known in POSTGRES_VERSIONS
        if params["Engine"] == "postgres" and wanted in (None, name) and version in (None, known)
    ]
    return {"OrderableDBInstanceOptions": options}
