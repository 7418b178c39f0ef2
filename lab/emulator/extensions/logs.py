# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CloudWatch Logs: the key of an existing log group, and metric filters."""

from __future__ import annotations

from typing import Any

from moto.logs.models import LogsBackend

from lab.emulator.registry import ApiError, Call, fix, operation, wrap


def _group(call: Call, params: dict[str, Any]) -> Any:
    groups = call.backend("logs").groups
    name = params.get("logGroupName") or params.get("resourceIdentifier", "").partition(":log-group:")[2]
    if name not in groups:
        raise ApiError("ResourceNotFoundException", "The specified log group does not exist.")
    return groups[name]


@operation("logs", "AssociateKmsKey")
def associate_kms_key(call: Call, params: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_AssociateKmsKey.html"""
    _group(call, params).kms_key_id = params["kmsKeyId"]


@operation("logs", "DisassociateKmsKey")
def disassociate_kms_key(call: Call, params: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DisassociateKmsKey.html"""
    _group(call, params).kms_key_id = None


@fix("logs")
def metric_filters_are_of_a_log_group() -> None:
    """A filter replaces the one of its name, needs its log group and ends with it.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogGroup.html
    """

    def demand(backend: LogsBackend, group: str | None) -> None:
        if group is not None and group not in backend.groups:
            raise ApiError("ResourceNotFoundException", "The specified log group does not exist.")

    @wrap(LogsBackend, "put_metric_filter")
    def put(original: Any, backend: LogsBackend, name: str, pattern: str, group: str, transformations: Any) -> None:
        demand(backend, group)
        backend.filters.delete_filter(name, group)
        original(backend, name, pattern, group, transformations)

    @wrap(LogsBackend, "describe_metric_filters")
    def describe(original: Any, backend: LogsBackend, prefix: Any = None, group: Any = None, *rest: Any) -> Any:
        demand(backend, group)
        return original(backend, prefix, group, *rest)

    @wrap(LogsBackend, "delete_log_group")
    def delete(original: Any, backend: LogsBackend, group: str) -> Any:
        deleted = original(backend, group)
        kept = [one for one in backend.filters.metric_filters if one["logGroupName"] != group]
        backend.filters.metric_filters = kept
        return deleted
