# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "ec2_account_defaults"


def new_key(emulator: Emulator) -> str:
    return str(emulator.client("kms").create_key()["KeyMetadata"]["Arn"])


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps) -> None:
    ec2, key = emulator.client("ec2"), new_key(emulator)

    def created(result: dict[str, Any]) -> None:
        assert ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"] is True
        assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == key
        metadata = ec2.get_instance_metadata_defaults()["AccountLevel"]
        assert (metadata["HttpTokens"], metadata["HttpPutResponseHopLimit"]) == ("required", 2)
        assert ec2.get_snapshot_block_public_access_state()["State"] == "block-all-sharing"
        assert ec2.get_image_block_public_access_state()["ImageBlockPublicAccessState"] == "unblocked"
        assert result["account_defaults"]["metadata_instance_tags"] == "no-preference"

    def changed(result: dict[str, Any]) -> None:
        # What was not declared was left alone.
        assert ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"] is True
        assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
        metadata = ec2.get_instance_metadata_defaults()["AccountLevel"]
        assert metadata == {"HttpTokens": "required", "InstanceMetadataTags": "enabled", "ManagedBy": "account"}
        assert ec2.get_image_block_public_access_state()["ImageBlockPublicAccessState"] == "block-new-sharing"

    def deleted(result: dict[str, Any]) -> None:
        assert ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"] is False
        assert ec2.get_instance_metadata_defaults()["AccountLevel"] == {"ManagedBy": "account"}
        assert ec2.get_snapshot_block_public_access_state()["State"] == "unblocked"

    twelve_steps(
        MODULE,
        create={
            "ebs_encryption": True,
            "ebs_kms_key_id": key,
            "metadata_http_tokens": "required",
            "metadata_hop_limit": 2,
            "snapshot_block_public_access": "block-all-sharing",
            "image_block_public_access": "unblocked",
        },
        change={
            "ebs_kms_key_id": "alias/aws/ebs",
            "metadata_hop_limit": -1,
            "metadata_instance_tags": "enabled",
            "image_block_public_access": "block-new-sharing",
        },
        absent={},
        created=created,
        changed=changed,
        deleted=deleted,
    )


def test_what_a_new_account_has_is_no_change(run: Runner) -> None:
    done = run(MODULE, {"image_block_public_access": "block-new-sharing", "ebs_encryption": False})
    assert (done.changed, done.writes) == (False, [])


def test_a_hop_limit_that_aws_refuses_is_refused_before_any_call(emulator: Emulator, run: Runner) -> None:
    done = run(MODULE, {"metadata_hop_limit": 65}, fails=True)
    assert "Write 1 to 64, or -1" in done.result["msg"]
    assert emulator.requests() == []
