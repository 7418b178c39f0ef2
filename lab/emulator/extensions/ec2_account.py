# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EC2: the settings of an account in a Region."""

from __future__ import annotations

from typing import Any

from lab.emulator.registry import ApiError, Call, operation

NO_PREFERENCE = "no-preference"
EBS_ALIAS = "alias/aws/ebs"


@operation("ec2", "GetEbsDefaultKmsKeyId")
def get_ebs_default_kms_key_id(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Until a key was chosen, AWS's own, by its alias.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetEbsDefaultKmsKeyId.html
    """
    return {"KmsKeyId": call.backend("ec2").default_kms_key_id or EBS_ALIAS}


@operation("ec2", "ResetEbsDefaultKmsKeyId")
def reset_ebs_default_kms_key_id(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ResetEbsDefaultKmsKeyId.html"""
    call.backend("ec2").default_kms_key_id = ""
    return {"KmsKeyId": EBS_ALIAS}


@operation("ec2", "GetInstanceMetadataDefaults")
def get_instance_metadata_defaults(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """What has no preference is not told.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetInstanceMetadataDefaults.html
    """
    return {"AccountLevel": {**call.table("ec2 instance metadata defaults"), "ManagedBy": "account"}}


@operation("ec2", "ModifyInstanceMetadataDefaults")
def modify_instance_metadata_defaults(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceMetadataDefaults.html"""
    defaults = call.table("ec2 instance metadata defaults")
    options = ("HttpTokens", "HttpPutResponseHopLimit", "HttpEndpoint", "InstanceMetadataTags")
    defaults.update({option: params[option] for option in options if option in params})
    for option in [name for name, value in defaults.items() if value in (NO_PREFERENCE, -1)]:
        del defaults[option]
    return {"Return": True}


@operation("ec2", "GetSnapshotBlockPublicAccessState")
def get_snapshot_block(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetSnapshotBlockPublicAccessState.html"""
    return {"State": call.table("ec2 public access").get("snapshots", "unblocked"), "ManagedBy": "account"}


@operation("ec2", "EnableSnapshotBlockPublicAccess")
def enable_snapshot_block(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableSnapshotBlockPublicAccess.html"""
    if params["State"] not in ("block-all-sharing", "block-new-sharing"):
        raise ApiError("InvalidParameterValue", f"Value ({params['State']}) for parameter State is invalid.")
    call.table("ec2 public access")["snapshots"] = params["State"]
    return {"State": params["State"]}


@operation("ec2", "DisableSnapshotBlockPublicAccess")
def disable_snapshot_block(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisableSnapshotBlockPublicAccess.html"""
    call.table("ec2 public access")["snapshots"] = "unblocked"
    return {"State": "unblocked"}


@operation("ec2", "GetImageBlockPublicAccessState")
def get_image_block(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """A new account has new sharing blocked.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetImageBlockPublicAccessState.html
    """
    state = call.table("ec2 public access").get("images", "block-new-sharing")
    return {"ImageBlockPublicAccessState": state, "ManagedBy": "account"}


@operation("ec2", "EnableImageBlockPublicAccess")
def enable_image_block(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableImageBlockPublicAccess.html"""
    call.table("ec2 public access")["images"] = params["ImageBlockPublicAccessState"]
    return {"ImageBlockPublicAccessState": params["ImageBlockPublicAccessState"]}


@operation("ec2", "DisableImageBlockPublicAccess")
def disable_image_block(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisableImageBlockPublicAccess.html"""
    call.table("ec2 public access")["images"] = "unblocked"
    return {"ImageBlockPublicAccessState": "unblocked"}
