# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""KMS: keys named by ARN, AWS managed keys and the details of rotation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from moto.kms.models import Key, KmsBackend

from lab.emulator.registry import ApiError, Call, fix, operation, wrap


def _key(call: Call, params: dict[str, Any]) -> Key:
    backend: KmsBackend = call.backend("kms")
    identifier = backend.get_key_id(params["KeyId"])
    if identifier not in backend.keys:
        raise ApiError("NotFoundException", f"Key '{params['KeyId']}' does not exist")
    return backend.keys[identifier]


@operation("kms", "ScheduleKeyDeletion")
def schedule_key_deletion(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """The key may be named by id or ARN, and the answer tells its ARN, state and waiting period.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
    """
    key = _key(call, params)
    days = params.get("PendingWindowInDays", 30)
    if not 7 <= days <= 30:
        raise ApiError("ValidationException", "PendingWindowInDays must be between 7 and 30.")
    if key.key_state == "PendingDeletion":
        raise ApiError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
    call.backend("kms").schedule_key_deletion(key.id, days)
    return {
        "KeyId": key.arn,
        "DeletionDate": key.deletion_date,
        "KeyState": key.key_state,
        "PendingWindowInDays": days,
    }


@operation("kms", "CancelKeyDeletion")
def cancel_key_deletion(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """The key may be named by id or ARN; it is left disabled.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_CancelKeyDeletion.html
    """
    key = _key(call, params)
    if key.key_state != "PendingDeletion":
        raise ApiError("KMSInvalidStateException", f"{key.arn} is not pending deletion.")
    call.backend("kms").cancel_key_deletion(key.id)
    return {"KeyId": key.arn}


def _switch(call: Call, params: dict[str, Any], on: bool) -> None:
    key = _key(call, params)
    if key.key_state == "PendingDeletion":
        raise ApiError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
    switch = call.backend("kms").enable_key if on else call.backend("kms").disable_key
    switch(key.id)


@operation("kms", "EnableKey")
def enable_key(call: Call, params: dict[str, Any]) -> None:
    """The key may be named by id or ARN, and is not pending deletion.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKey.html
    """
    _switch(call, params, True)


@operation("kms", "DisableKey")
def disable_key(call: Call, params: dict[str, Any]) -> None:
    """The key may be named by id or ARN, and is not pending deletion.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_DisableKey.html
    """
    _switch(call, params, False)


@operation("kms", "EnableKeyRotation")
def enable_key_rotation(call: Call, params: dict[str, Any]) -> None:
    """Rotation has a period, 365 days unless told otherwise.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html
    """
    key = _key(call, params)
    key.key_rotation_status = True
    key.rotation_period = params.get("RotationPeriodInDays", 365)  # type: ignore[attr-defined]


@operation("kms", "GetKeyRotationStatus")
def get_key_rotation_status(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyRotationStatus.html"""
    key = _key(call, params)
    if not key.key_rotation_status:
        return {"KeyId": key.arn, "KeyRotationEnabled": False}
    period = getattr(key, "rotation_period", 365)
    return {
        "KeyId": key.arn,
        "KeyRotationEnabled": True,
        "RotationPeriodInDays": period,
        "NextRotationDate": datetime.now(UTC) + timedelta(days=period),
    }


@fix("kms")
def keys_are_of_one_region() -> None:
    """A key says that it is not a multi-Region key.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html
    """

    @wrap(Key, "__init__")
    def init(original: Any, key: Key, *args: Any, **kwargs: Any) -> None:
        original(key, *args, **kwargs)
        key.multi_region = bool(key.multi_region)


@fix("kms")
def aws_managed_keys_are_managed_by_aws() -> None:
    """The keys behind alias/aws/... belong to AWS services.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html
    """

    @wrap(KmsBackend, "_generate_default_keys")
    def generate(original: Any, backend: KmsBackend, alias_name: str) -> Any:
        identifier = original(backend, alias_name)
        if identifier:
            backend.keys[backend.get_key_id(identifier)].key_manager = "AWS"
        return identifier
