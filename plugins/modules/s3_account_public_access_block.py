#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: s3_account_public_access_block
version_added: "0.1.0"
short_description: Block public access to all S3 buckets of the account
description:
  - Sets what public access S3 refuses for every bucket and access point of the account, in all Regions, whatever their
    own settings say; or removes the setting.
  - An account has one. It holds for every environment in the account.
  - Follows U(https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_PutPublicAccessBlock.html).
notes:
  - The AWS collections have no module for it.
  - S3 Control puts the account into the host name. An O(endpoint_url) that was given is used as it is written.
author: Pixstory platform contributors (@pixstory)
options:
  account_id:
    description: The AWS account, twelve digits. AWS refuses any but that of the credentials.
    type: str
    required: true
  block_public_acls:
    description: Whether new public ACLs are refused. Not blocked on creation when not given.
    type: bool
  ignore_public_acls:
    description: Whether public ACLs have no effect. Not blocked on creation when not given.
    type: bool
  block_public_policy:
    description: Whether a public bucket policy is refused. Not blocked on creation when not given.
    type: bool
  restrict_public_buckets:
    description:
      - Whether a bucket with a public policy is open to the account and AWS services only. Not blocked on creation
        when not given.
    type: bool
extends_documentation_fragment:
  - pixstory.platform.common
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Let no bucket of the account be public
  pixstory.platform.s3_account_public_access_block:
    account_id: "123456789012"
    block_public_acls: true
    ignore_public_acls: true
    block_public_policy: true
    restrict_public_buckets: true
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
public_access_block:
  description:
    - The setting as GetPublicAccessBlock returns it, keys in snake case.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    block_public_acls: true
    ignore_public_acls: true
    block_public_policy: true
    restrict_public_buckets: true
"""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, Resource, main_for


def without_account(url: str, account_id: str) -> str:
    """The URL without the account that S3 Control put in front of the host name."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.removeprefix(f"{account_id}.")))


class AccountPublicAccessBlock(Resource):
    kind = "S3 public access block"
    service = "s3control"
    result_key = "public_access_block"
    name = "of the account"
    properties = (
        Property("block_public_acls", "BlockPublicAcls"),
        Property("ignore_public_acls", "IgnorePublicAcls"),
        Property("block_public_policy", "BlockPublicPolicy"),
        Property("restrict_public_buckets", "RestrictPublicBuckets"),
    )

    def client(self, service: str | None = None) -> Any:
        known = bool(self._clients)
        client = super().client(service)
        if not known and self.params.get("endpoint_url"):
            client.meta.events.register("before-sign.s3-control", self._keep_host)
        return client

    def _keep_host(self, request: Any, **_: Any) -> None:
        request.url = without_account(request.url, self.params["account_id"])

    def describe(self) -> dict[str, Any] | None:
        missing = ("NoSuchPublicAccessBlockConfiguration",)
        answer = self.call_or_none("get_public_access_block", missing=missing, AccountId=self.params["account_id"])
        return answer and answer["PublicAccessBlockConfiguration"]

    def create(self, declared: dict[str, Any]) -> None:
        account = self.params["account_id"]
        self.call("put_public_access_block", AccountId=account, PublicAccessBlockConfiguration=declared)

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        # The call takes away what it is not given.
        self.create({**description, **changes})

    def delete(self, description: dict[str, Any]) -> None:
        self.call("delete_public_access_block", AccountId=self.params["account_id"])


def main() -> None:
    main_for(
        AccountPublicAccessBlock,
        {
            "account_id": {"required": True},
            "block_public_acls": {"type": "bool"},
            "ignore_public_acls": {"type": "bool"},
            "block_public_policy": {"type": "bool"},
            "restrict_public_buckets": {"type": "bool"},
        },
        tags=False,
    )


if __name__ == "__main__":
    main()
