# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the KMS extensions."""

from __future__ import annotations

from checks import Aws, error_code, proves
from checks.builders import key


@proves("kms.ScheduleKeyDeletion", "kms.CancelKeyDeletion")
def key_is_scheduled_for_deletion_by_arn(aws: Aws) -> None:
    kms = aws.client("kms")
    own = key(aws)
    answer = kms.schedule_key_deletion(KeyId=own, PendingWindowInDays=7)
    assert (answer["KeyId"], answer["KeyState"], answer["PendingWindowInDays"]) == (own, "PendingDeletion", 7)
    assert kms.describe_key(KeyId=own)["KeyMetadata"]["DeletionDate"]
    assert error_code(kms.schedule_key_deletion, KeyId=own) == "KMSInvalidStateException"
    kms.cancel_key_deletion(KeyId=own)
    assert kms.describe_key(KeyId=own)["KeyMetadata"]["KeyState"] == "Disabled"
    assert error_code(kms.cancel_key_deletion, KeyId=own) == "KMSInvalidStateException"


@proves("kms.EnableKey", "kms.DisableKey")
def key_is_switched_by_arn(aws: Aws) -> None:
    kms = aws.client("kms")
    own = key(aws)
    kms.disable_key(KeyId=own)
    assert kms.describe_key(KeyId=own)["KeyMetadata"]["KeyState"] == "Disabled"
    kms.enable_key(KeyId=own)
    assert kms.describe_key(KeyId=own)["KeyMetadata"]["KeyState"] == "Enabled"
    kms.schedule_key_deletion(KeyId=own)
    assert error_code(kms.enable_key, KeyId=own) == "KMSInvalidStateException"


@proves("kms.EnableKeyRotation", "kms.GetKeyRotationStatus")
def rotation_has_a_period(aws: Aws) -> None:
    kms = aws.client("kms")
    own = key(aws)
    assert kms.get_key_rotation_status(KeyId=own)["KeyRotationEnabled"] is False
    kms.enable_key_rotation(KeyId=own, RotationPeriodInDays=180)
    status = kms.get_key_rotation_status(KeyId=own)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 180)
    kms.disable_key_rotation(KeyId=own)
    assert kms.get_key_rotation_status(KeyId=own)["KeyRotationEnabled"] is False


@proves("kms.keys_are_of_one_region")
def key_is_not_multi_region(aws: Aws) -> None:
    assert aws.client("kms").describe_key(KeyId=key(aws))["KeyMetadata"]["MultiRegion"] is False


@proves("kms.aws_managed_keys_are_managed_by_aws")
def key_of_a_service_is_managed_by_aws(aws: Aws) -> None:
    assert aws.client("kms").describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]["KeyManager"] == "AWS"
