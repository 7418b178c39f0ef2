#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: iam_managed_policy
version_added: "0.1.0"
short_description: Make a customer managed IAM policy, known by its ARN
description:
  - Makes a policy of the account's own, changes what it allows, or deletes it.
  - AWS keeps up to five versions of a policy. This module keeps one, the one in force.
  - Follows U(https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html) and
    U(https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicyVersion.html).
notes:
  - M(amazon.aws.iam_managed_policy) knows a policy by its name, and lists all policies of the account and all of AWS's
    own to find it. This module asks for the one.
author: Pixstory platform contributors (@pixstory)
options:
  arn:
    description: The ARN that the policy has or is to have. Its path and its name are in it.
    type: str
    required: true
  description:
    description: What the policy is for. AWS takes it at creation and never changes it.
    type: str
  policy:
    description: What is allowed. Two documents that mean the same are the same. Needed to create the policy.
    type: dict
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: What a web server reads
  pixstory.platform.iam_managed_policy:
    arn: arn:aws:iam::123456789012:policy/pixstory/production/pixstory-production-web
    description: What a web machine reads
    policy:
      Version: "2012-10-17"
      Statement:
        - Effect: Allow
          Action: ["ssm:GetParametersByPath"]
          Resource: arn:aws:ssm:ap-south-1:123456789012:parameter/production/web/*
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: update
policy:
  description:
    - The policy as GetPolicy returns it, keys in snake case, with its document in C(policy_document).
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    arn: arn:aws:iam::123456789012:policy/pixstory/production/pixstory-production-web
    policy_name: pixstory-production-web
    default_version_id: v1
"""

import json
import re
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.tagging import ansible_dict_to_boto3_tag_list

from ansible_collections.pixstory.platform.plugins.module_utils.compare import same_policy
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, Resource, main_for

ARN = re.compile(r"arn:aws[\w-]*:iam::\d{12}:policy(?P<path>/(?:.+/)?)(?P<name>[\w+=,.@-]{1,128})")


class ManagedPolicy(Resource):
    kind = "IAM policy"
    service = "iam"
    name_param = "arn"
    result_key = "policy"
    properties = (
        Property("description", "Description", compare=False),
        Property("policy", "PolicyDocument", verbatim=True, equal=same_policy),
    )

    def validate(self) -> None:
        if not ARN.fullmatch(self.name):
            self.fail(
                f"{self.name} is not the ARN of a customer managed policy: arn:aws:iam::ACCOUNT:policy/PATH/NAME."
            )

    def required_to_create(self) -> tuple[str, ...]:
        return ("policy",)

    def describe(self) -> dict[str, Any] | None:
        answer = self.call_or_none("get_policy", missing=("NoSuchEntity",), PolicyArn=self.name)
        if answer is None:
            return None
        policy = answer["Policy"]
        version = self.call("get_policy_version", PolicyArn=self.name, VersionId=policy["DefaultVersionId"])
        return {**policy, "PolicyDocument": version["PolicyVersion"]["Document"]}

    def create(self, declared: dict[str, Any]) -> None:
        parts = ARN.fullmatch(self.name)
        if parts is None:  # validate has seen to it
            raise AssertionError(self.name)
        self.call(
            "create_policy",
            PolicyName=parts["name"],
            Path=parts["path"],
            Tags=self.boto3_tags(),
            **{**declared, "PolicyDocument": json.dumps(declared["PolicyDocument"])},
        )

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        if "PolicyDocument" in changes:
            self._delete_other_versions(description["DefaultVersionId"])  # there is room for five
            made = self.call(
                "create_policy_version",
                PolicyArn=self.name,
                PolicyDocument=json.dumps(changes["PolicyDocument"]),
                SetAsDefault=True,
            )
            self._delete_other_versions(made["PolicyVersion"]["VersionId"])

    def delete(self, description: dict[str, Any]) -> None:
        self._delete_other_versions(description["DefaultVersionId"])
        self.call("delete_policy", PolicyArn=self.name)

    def _delete_other_versions(self, kept: str) -> None:
        for version in self.pages("list_policy_versions", "Versions", PolicyArn=self.name):
            if version["VersionId"] != kept:
                self.call("delete_policy_version", PolicyArn=self.name, VersionId=version["VersionId"])

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        self.call("tag_policy", PolicyArn=self.name, Tags=ansible_dict_to_boto3_tag_list(tags))

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        self.call("untag_policy", PolicyArn=self.name, TagKeys=keys)


def main() -> None:
    main_for(ManagedPolicy, {"arn": {"required": True}, "description": {}, "policy": {"type": "dict"}})


if __name__ == "__main__":
    main()
