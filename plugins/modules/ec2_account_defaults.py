#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ec2_account_defaults
version_added: "0.1.0"
short_description: Set what EC2 does in a Region of the account unless told otherwise
description:
  - Sets EBS encryption by default and its key, the defaults of the instance metadata service, and whether snapshots
    and AMIs can be shared with the public.
  - These settings hold for the account in one Region, for every environment in it. They carry no tags.
  - O(state=absent) returns each of them to what a new account has.
  - Follows U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableEbsEncryptionByDefault.html),
    U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyEbsDefaultKmsKeyId.html),
    U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceMetadataDefaults.html),
    U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableSnapshotBlockPublicAccess.html) and
    U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableImageBlockPublicAccess.html).
notes:
  - The AWS collections have no module for these settings.
  - Where an organization has set one of them for its accounts, AWS refuses to change it here.
author: Pixstory platform contributors (@pixstory)
options:
  ebs_encryption:
    description: Whether every new volume and every copy of a snapshot is encrypted.
    type: bool
  ebs_kms_key_id:
    description:
      - The KMS key of volumes that name none; best its ARN, which AWS answers with. V(alias/aws/ebs) is AWS's own.
    type: str
  metadata_http_tokens:
    description: Whether the metadata of a new instance asks for a token (IMDSv2) if its launch does not say.
    type: str
    choices: [required, optional, no-preference]
  metadata_hop_limit:
    description: Network hops that an answer of the metadata service lives, 1 to 64. V(-1) is no preference.
    type: int
  metadata_instance_tags:
    description: Whether the metadata of a new instance tells its tags.
    type: str
    choices: [enabled, disabled, no-preference]
  snapshot_block_public_access:
    description: Whether snapshots are kept from the public; V(block-all-sharing) also those that are public already.
    type: str
    choices: [block-all-sharing, block-new-sharing, unblocked]
  image_block_public_access:
    description: Whether AMIs can be made public. AWS takes minutes to apply it.
    type: str
    choices: [block-new-sharing, unblocked]
extends_documentation_fragment:
  - pixstory.platform.common
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Encrypt every volume, ask for tokens, share nothing
  pixstory.platform.ec2_account_defaults:
    ebs_encryption: true
    ebs_kms_key_id: arn:aws:kms:ap-south-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef
    metadata_http_tokens: required
    metadata_hop_limit: 1
    snapshot_block_public_access: block-all-sharing
    image_block_public_access: block-new-sharing
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: update
account_defaults:
  description: Each setting as it now is; in check mode, as it is.
  returned: when O(state=present)
  type: dict
  sample:
    ebs_encryption: true
    ebs_kms_key_id: arn:aws:kms:ap-south-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef
    metadata_http_tokens: required
    metadata_hop_limit: 1
    metadata_instance_tags: no-preference
    snapshot_block_public_access: block-all-sharing
    image_block_public_access: block-new-sharing
"""

from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.compare import same_kms_key
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, Resource, main_for

EBS_ALIAS = "alias/aws/ebs"
# The parameter, the argument of the API, and what it is called when there is no preference.
METADATA = (
    ("metadata_http_tokens", "HttpTokens", "no-preference"),
    ("metadata_hop_limit", "HttpPutResponseHopLimit", -1),
    ("metadata_instance_tags", "InstanceMetadataTags", "no-preference"),
)
NEW_ACCOUNT: dict[str, Any] = {
    "ebs_encryption": False,
    "ebs_kms_key_id": EBS_ALIAS,
    **{param: unset for param, _key, unset in METADATA},
    "snapshot_block_public_access": "unblocked",
    "image_block_public_access": "block-new-sharing",
}


class AccountDefaults(Resource):
    """Keys of the description and of the changes are the parameters: each setting has calls of its own."""

    kind = "EC2 account defaults"
    service = "ec2"
    result_key = "account_defaults"
    name = "of the account"
    properties = tuple(
        Property(param, param, equal=same_kms_key if param == "ebs_kms_key_id" else None) for param in NEW_ACCOUNT
    )

    def validate(self) -> None:
        limit = self.params["metadata_hop_limit"]
        if limit is not None and limit != -1 and not 1 <= limit <= 64:
            self.fail(f"metadata_hop_limit is {limit}. Write 1 to 64, or -1 for no preference.")

    def describe(self) -> dict[str, Any] | None:
        encryption, key, metadata, snapshots, images = self.together(
            lambda: self.call("get_ebs_encryption_by_default")["EbsEncryptionByDefault"],
            lambda: self.call("get_ebs_default_kms_key_id")["KmsKeyId"],
            lambda: self.call("get_instance_metadata_defaults").get("AccountLevel", {}),
            lambda: self.call("get_snapshot_block_public_access_state")["State"],
            lambda: self.call("get_image_block_public_access_state")["ImageBlockPublicAccessState"],
        )
        description = {
            "ebs_encryption": encryption,
            "ebs_kms_key_id": key,
            **{param: metadata.get(api, unset) for param, api, unset in METADATA},
            "snapshot_block_public_access": snapshots,
            "image_block_public_access": images,
        }
        return None if self.params["state"] == "absent" and description == NEW_ACCOUNT else description

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        if key := changes.get("ebs_kms_key_id"):
            if key == EBS_ALIAS:
                self.call("reset_ebs_default_kms_key_id")
            else:
                self.call("modify_ebs_default_kms_key_id", KmsKeyId=key)
        if "ebs_encryption" in changes:
            self.call(f"{'enable' if changes['ebs_encryption'] else 'disable'}_ebs_encryption_by_default")
        if metadata := {api: changes[param] for param, api, _unset in METADATA if param in changes}:
            self.call("modify_instance_metadata_defaults", **metadata)
        if state := changes.get("snapshot_block_public_access"):
            self._set_block("snapshot", "State", state)
        if state := changes.get("image_block_public_access"):
            self._set_block("image", "ImageBlockPublicAccessState", state)

    def _set_block(self, what: str, argument: str, state: str) -> None:
        if state == "unblocked":
            self.call(f"disable_{what}_block_public_access")
        else:
            self.call(f"enable_{what}_block_public_access", **{argument: state})

    def delete(self, description: dict[str, Any]) -> None:
        self.update(description, {param: value for param, value in NEW_ACCOUNT.items() if description[param] != value})

    def result(self, description: dict[str, Any] | None) -> dict[str, Any]:
        return description or {}


def main() -> None:
    main_for(
        AccountDefaults,
        {
            "ebs_encryption": {"type": "bool"},
            "ebs_kms_key_id": {"no_log": False},
            "metadata_http_tokens": {"choices": ["required", "optional", "no-preference"], "no_log": False},
            "metadata_hop_limit": {"type": "int"},
            "metadata_instance_tags": {"choices": ["enabled", "disabled", "no-preference"]},
            "snapshot_block_public_access": {"choices": ["block-all-sharing", "block-new-sharing", "unblocked"]},
            "image_block_public_access": {"choices": ["block-new-sharing", "unblocked"]},
        },
        tags=False,
    )


if __name__ == "__main__":
    main()
