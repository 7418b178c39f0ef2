# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the settings of an account in EC2."""

from __future__ import annotations

from checks import Aws, proves
from checks.builders import key


@proves("ec2.GetEbsDefaultKmsKeyId", "ec2.ResetEbsDefaultKmsKeyId")
def default_key_of_volumes_is_told_and_reset(aws: Aws) -> None:
    ec2, own = aws.client("ec2", "eu-west-1"), key(aws)
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
    ec2 = aws.client("ec2")
    ec2.modify_ebs_default_kms_key_id(KmsKeyId=own)
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == own
    ec2.reset_ebs_default_kms_key_id()
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"


@proves("ec2.GetInstanceMetadataDefaults", "ec2.ModifyInstanceMetadataDefaults")
def metadata_defaults_without_preference_are_not_told(aws: Aws) -> None:
    ec2 = aws.client("ec2", "eu-west-1")
    ec2.modify_instance_metadata_defaults(HttpTokens="required", HttpPutResponseHopLimit=2)
    present = ec2.get_instance_metadata_defaults()["AccountLevel"]
    assert (present["HttpTokens"], present["HttpPutResponseHopLimit"]) == ("required", 2)
    ec2.modify_instance_metadata_defaults(HttpTokens="no-preference", HttpPutResponseHopLimit=-1)
    assert ec2.get_instance_metadata_defaults()["AccountLevel"] == {"ManagedBy": "account"}


@proves(
    "ec2.GetSnapshotBlockPublicAccessState",
    "ec2.EnableSnapshotBlockPublicAccess",
    "ec2.DisableSnapshotBlockPublicAccess",
)
def snapshots_can_be_kept_from_the_public(aws: Aws) -> None:
    ec2 = aws.client("ec2", "eu-west-1")
    assert ec2.get_snapshot_block_public_access_state()["State"] == "unblocked"
    ec2.enable_snapshot_block_public_access(State="block-all-sharing")
    assert ec2.get_snapshot_block_public_access_state()["State"] == "block-all-sharing"
    ec2.disable_snapshot_block_public_access()
    assert ec2.get_snapshot_block_public_access_state()["State"] == "unblocked"


@proves("ec2.GetImageBlockPublicAccessState", "ec2.EnableImageBlockPublicAccess", "ec2.DisableImageBlockPublicAccess")
def images_can_be_kept_from_the_public(aws: Aws) -> None:
    ec2 = aws.client("ec2", "eu-west-1")
    assert ec2.get_image_block_public_access_state()["ImageBlockPublicAccessState"] == "block-new-sharing"
    ec2.disable_image_block_public_access()
    assert ec2.get_image_block_public_access_state()["ImageBlockPublicAccessState"] == "unblocked"
    ec2.enable_image_block_public_access(ImageBlockPublicAccessState="block-new-sharing")
    assert ec2.get_image_block_public_access_state()["ImageBlockPublicAccessState"] == "block-new-sharing"
