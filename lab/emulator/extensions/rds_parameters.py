# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RDS parameter groups."""

from __future__ import annotations

from typing import Any

from moto.rds.exceptions import DBParameterGroupNotFoundError
from moto.rds.models import RDSBackend

from lab.emulator.registry import Call, fix, operation, wrap

# name: (default, data type, allowed values, dynamic). A selection of what every PostgreSQL family has.
PARAMETERS: dict[str, tuple[str | None, str, str | None, bool]] = {
    "autovacuum": ("1", "boolean", "0,1", True),
    "autovacuum_max_workers": ("GREATEST({DBInstanceClassMemory/64371566592},3)", "integer", "1-262143", False),
    "autovacuum_naptime": ("15", "integer", "1-2147483", True),
    "autovacuum_vacuum_scale_factor": ("0.1", "float", "0-100", True),
    "checkpoint_completion_target": ("0.9", "float", "0-1", True),
    "checkpoint_timeout": ("300", "integer", "30-86400", True),
    "client_encoding": (None, "string", None, True),
    "deadlock_timeout": (None, "integer", "1-2147483647", True),
    "default_statistics_target": (None, "integer", "1-10000", True),
    "effective_cache_size": ("{DBInstanceClassMemory/16384}", "integer", "1-2147483647", True),
    "effective_io_concurrency": (None, "integer", "0-1000", True),
    "idle_in_transaction_session_timeout": ("86400000", "integer", "0-2147483647", True),
    "log_autovacuum_min_duration": ("10000", "integer", "-1-2147483647", True),
    "log_checkpoints": ("1", "boolean", "0,1", True),
    "log_connections": (None, "boolean", "0,1", True),
    "log_disconnections": (None, "boolean", "0,1", True),
    "log_lock_waits": (None, "boolean", "0,1", True),
    "log_min_duration_statement": (None, "integer", "-1-2147483647", True),
    "log_statement": (None, "string", "none,ddl,mod,all", True),
    "log_temp_files": (None, "integer", "-1-2147483647", True),
    "maintenance_work_mem": ("GREATEST({DBInstanceClassMemory*1024/63963136},65536)", "integer", "1024-", True),
    "max_connections": ("LEAST({DBInstanceClassMemory/9531392},5000)", "integer", "6-8388607", False),
    "max_wal_senders": ("35", "integer", "5-", False),
    "max_wal_size": ("2048", "integer", "128-201326592", True),
    "max_worker_processes": ("GREATEST($DBInstanceVCPU,8)", "integer", "0-262143", False),
    "password_encryption": ("scram-sha-256", "string", "md5,scram-sha-256", True),
    "pg_stat_statements.track": ("top", "string", "none,top,all", True),
    "random_page_cost": (None, "float", "0-", True),
    "rds.force_ssl": ("1", "boolean", "0,1", True),
    "rds.log_retention_period": ("4320", "integer", "1440-10080", True),
    "rds.logical_replication": ("0", "boolean", "0,1", False),
    "shared_buffers": ("{DBInstanceClassMemory/32768}", "integer", "16-1073741823", False),
    "shared_preload_libraries": ("pg_stat_statements", "list", None, False),
    "ssl_min_protocol_version": (None, "string", "TLSv1.2,TLSv1.3", True),
    "statement_timeout": (None, "integer", "0-2147483647", True),
    "tcp_keepalives_idle": ("300", "integer", "0-2147483647", True),
    "timezone": ("UTC", "string", None, True),
    "track_io_timing": ("1", "boolean", "0,1", True),
    "wal_buffers": (None, "integer", "-1-262143", False),
    "work_mem": (None, "integer", "64-2147483647", True),
}


@fix("rds")
def unknown_parameter_groups_are_not_found() -> None:
    """Describing a parameter group that does not exist fails.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBParameterGroups.html
    """

    @wrap(RDSBackend, "describe_db_parameter_groups")
    def describe(original: Any, backend: RDSBackend, db_parameter_group_kwargs: Any) -> Any:
        groups = original(backend, db_parameter_group_kwargs)
        name = db_parameter_group_kwargs.get("db_parameter_group_name")
        if name and not groups:
            raise DBParameterGroupNotFoundError(name)
        return groups


def _shown(name: str, user_values: dict[str, dict[str, str]]) -> dict[str, Any]:
    default, data_type, allowed, dynamic = PARAMETERS.get(name, (None, "string", None, True))
    own = user_values.get(name, {})
    value = own.get("ParameterValue", default)
    parameter = {
        "ParameterName": name,
        "ParameterValue": value,
        "Source": "user" if own else "system" if value is not None else "engine-default",
        "DataType": data_type,
        "AllowedValues": allowed,
        "ApplyType": "dynamic" if dynamic else "static",
        "ApplyMethod": own.get("ApplyMethod", "immediate" if dynamic else "pending-reboot"),
        "IsModifiable": True,
        "Description": name,
    }
    return {key: part for key, part in parameter.items() if part is not None}


@operation("rds", "DescribeDBParameters")
def describe_db_parameters(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """All parameters of the group; Source is user for those that were set.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBParameters.html
    """
    backend: RDSBackend = call.backend("rds")
    group = backend.describe_db_parameter_groups({"db_parameter_group_name": params["DBParameterGroupName"]})[0]
    known = PARAMETERS if (group.family or "").startswith("postgres") else {}
    parameters = [_shown(name, group.parameters) for name in sorted({*known, *group.parameters})]
    source = params.get("Source")
    return {"Parameters": [one for one in parameters if source in (None, one["Source"])]}


@operation("rds", "ResetDBParameterGroup")
def reset_db_parameter_group(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ResetDBParameterGroup.html"""
    backend: RDSBackend = call.backend("rds")
    group = backend.describe_db_parameter_groups({"db_parameter_group_name": params["DBParameterGroupName"]})[0]
    if params.get("ResetAllParameters"):
        group.parameters.clear()
    for one in params.get("Parameters") or []:
        group.parameters.pop(one["ParameterName"], None)
    return {"DBParameterGroupName": group.name}
