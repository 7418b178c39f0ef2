#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ssm_parameter
version_added: "0.1.0"
short_description: Make a parameter of Systems Manager Parameter Store
description:
  - Makes a parameter, changes its value, description, key, tier and tags, or deletes it.
  - The value of a V(SecureString) is masked in results, in diffs and in the log. That of another type is shown.
  - Follows U(https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html) and
    U(https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeParameters.html).
notes:
  - M(community.aws.ssm_parameter) makes six calls for a parameter that is as declared. This module makes three, and up
    to two more where AWS names the key in other words than O(key_id), an alias and the ARN behind it say.
  - AWS changes no parameter from one O(type) to another, and none from the advanced tier to the standard one. Both are
    refused.
  - A new version of a parameter has all that the one before it had. What is not given is sent as it is.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name with its path, C(/production/app/database-host) say.
    type: str
    required: true
  value:
    description:
      - The value, up to 4096 bytes (8192 in the advanced tier). Commas separate the items of a V(StringList).
      - Needed to create the parameter.
    type: str
  type:
    description: What the value is. A V(SecureString) is encrypted.
    type: str
    choices: [String, StringList, SecureString]
    default: String
  description:
    description: What the parameter is for.
    type: str
  key_id:
    description:
      - The KMS key that encrypts a V(SecureString), by id, ARN or alias (with C(alias/)).
      - AWS takes V(alias/aws/ssm) without it.
    type: str
  tier:
    description:
      - The tier. AWS takes the account's default tier without it.
      - V(Intelligent-Tiering) lets AWS choose between the other two, so that either is as declared.
    type: str
    choices: [Standard, Advanced, Intelligent-Tiering]
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Where the app servers find their database
  pixstory.platform.ssm_parameter:
    name: /production/app/database-host
    value: db.internal
    tags:
      Project: pixstory

- name: A token, under a key of the environment's own
  pixstory.platform.ssm_parameter:
    name: /production/app/partner-token
    type: SecureString
    value: "{{ lookup('ansible.builtin.env', 'PARTNER_TOKEN') }}"
    key_id: alias/pixstory-production-secrets
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: update
parameter:
  description:
    - The parameter as GetParameter and DescribeParameters return it, keys in snake case. The C(value) of a
      V(SecureString) is masked.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    name: /production/app/database-host
    type: String
    value: db.internal
    version: 1
    tier: Standard
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.tagging import ansible_dict_to_boto3_tag_list

from ansible_collections.pixstory.platform.plugins.module_utils.aws_calls import KmsAliases
from ansible_collections.pixstory.platform.plugins.module_utils.compare import same_kms_key
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Plan, Property, main_for

SECURE = "SecureString"
# PutParameter writes a whole version: what is not declared goes along as it is. Without KeyId, say, it would be
# encrypted with AWS's own key from then on.
KEPT = ("Value", "Type", "Description", "KeyId", "Tier", "AllowedPattern", "DataType")


def same_tier(declared: str, present: str | None) -> bool:
    return declared in ("Intelligent-Tiering", present)


class Parameter(KmsAliases):
    kind = "SSM parameter"
    service = "ssm"
    result_key = "parameter"

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        secret = self.params["type"] == SECURE
        self.properties = (
            Property("value", "Value", secret=secret),
            Property("type", "Type", mutable=False),
            Property("description", "Description"),
            Property("key_id", "KeyId", equal=self._same_key),
            Property("tier", "Tier", equal=same_tier),
        )
        if not secret:  # the argument is no_log, so that a SecureString is never written to the system's log
            self.module.no_log_values.discard(self.params["value"])

    def validate(self) -> None:
        if self.params["value"] == "":
            self.fail(f"{self.kind} {self.name}: value is empty; AWS takes none that is.")
        if self.params["key_id"] and self.params["type"] != SECURE:
            self.fail(
                f"{self.kind} {self.name}: key_id is for type SecureString, and type is {self.params['type']}. "
                "Write the one or leave out the other."
            )

    def required_to_create(self) -> tuple[str, ...]:
        return ("value",)

    def describe(self) -> dict[str, Any] | None:
        named = [{"Key": "Name", "Option": "Equals", "Values": [self.name]}]
        answer, metadata, tags = self.together(
            lambda: self.call_or_none(
                "get_parameter", missing=("ParameterNotFound",), Name=self.name, WithDecryption=True
            ),
            lambda: self.pages("describe_parameters", "Parameters", ParameterFilters=named),
            lambda: self.call_or_none(
                "list_tags_for_resource",
                missing=("InvalidResourceId",),
                ResourceType="Parameter",
                ResourceId=self.name,
            ),
        )
        if answer is None or tags is None:
            return None
        parameter = answer["Parameter"]
        if parameter["Type"] == SECURE:
            for value in filter(None, (parameter["Value"], self.params["value"])):
                self.hide(value)
        return {**(metadata[0] if metadata else {}), **parameter, "TagList": tags["TagList"]}

    def plan(self, description: dict[str, Any] | None) -> Plan:
        plan = super().plan(description)
        if plan.before.get("tier") == "Advanced":
            self.fail(
                f"{self.kind} {self.name} is in the advanced tier, and AWS takes none back to the standard one. Write "
                "tier: Advanced, or delete the parameter yourself and run again."
            )
        return plan

    def create(self, declared: dict[str, Any]) -> None:
        tags = self.boto3_tags()  # which PutParameter refuses together with Overwrite
        self.call("put_parameter", Name=self.name, **declared, **({"Tags": tags} if tags else {}))

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        kept = {key: description[key] for key in KEPT if description.get(key)}
        self.call("put_parameter", Name=self.name, Overwrite=True, **{**kept, **changes})

    def delete(self, description: dict[str, Any]) -> None:
        self.call("delete_parameter", Name=self.name)

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        items = ansible_dict_to_boto3_tag_list(tags)
        self.call("add_tags_to_resource", ResourceType="Parameter", ResourceId=self.name, Tags=items)

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        self.call("remove_tags_from_resource", ResourceType="Parameter", ResourceId=self.name, TagKeys=keys)

    def _same_key(self, declared: str, present: str | None) -> bool:
        """AWS describes the key in the words that it was given; it is looked up only where these differ."""
        if not present:
            return False
        return same_kms_key(declared, present) or same_kms_key(self._key_arn(declared), self._key_arn(present))


def main() -> None:
    main_for(
        Parameter,
        {
            "name": {"required": True},
            "value": {"no_log": True},
            "type": {"choices": ["String", "StringList", SECURE], "default": "String"},
            "description": {},
            "key_id": {"no_log": False},
            "tier": {"choices": ["Standard", "Advanced", "Intelligent-Tiering"]},
        },
    )


if __name__ == "__main__":
    main()
