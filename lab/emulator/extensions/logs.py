# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CloudWatch Logs: the key of an existing log group."""

from __future__ import annotations

from typing import Any

from lab.emulator.registry import ApiError, Call, operation


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
