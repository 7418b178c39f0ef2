#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: secretsmanager_generated_secret
version_added: "0.1.0"
short_description: Make a secret whose value AWS generates once
description:
  - Makes a secret in Secrets Manager with a password that AWS generates. The value is generated once, when the secret
    is created, and not changed by a later run unless O(max_age_days) says so.
  - The value is never returned and never shown in a diff or a log.
  - A secret that is scheduled for deletion is restored, with its value.
  - Follows U(https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html),
    U(https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html) and
    U(https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html).
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name of the secret, V(/production/cache-auth) say.
    type: str
    required: true
  description:
    description: What the secret is for.
    type: str
  kms_key_id:
    description:
      - The KMS key of the secret, as id, ARN, alias or ARN of an alias.
      - Without it AWS takes its own key, C(alias/aws/secretsmanager).
    type: str
  length:
    description: Characters of the password. Used only to create the secret.
    type: int
    default: 32
  exclude_characters:
    description: Characters that are not in the password. Used only to create the secret.
    type: str
  exclude_punctuation:
    description: Whether the password has no punctuation. Used only to create the secret.
    type: bool
    default: false
  require_each_included_type:
    description:
      - Whether the password has at least one upper case letter, lower case letter, number and punctuation character,
        as far as they are not excluded. Used only to create the secret.
    type: bool
    default: true
  template:
    description:
      - Makes the secret a JSON object with these keys, to which O(generate_key) is added. Nothing in it is secret.
      - Without it the secret is the password alone. Used only to create the secret.
    type: dict
  generate_key:
    description: The key of the password in the JSON object. Given together with O(template).
    type: str
  max_age_days:
    description:
      - Whole days after which a new password is generated. V(0) means now. Without it one is generated once.
      - The one before stays as C(AWSPREVIOUS). As long as there is such a one, no other is generated, so that nobody
        who still uses it is left behind. See O(keep_previous).
    type: int
  keep_previous:
    description:
      - V(false) takes the label C(AWSPREVIOUS) off the value before. What has no label is deleted by AWS.
      - Not together with O(max_age_days).
    type: bool
  recovery_window_in_days:
    description: Days for which the secret can be restored after O(state=absent), 7 to 30. AWS takes 30 without it.
    type: int
  force:
    description: Whether O(state=absent) deletes the secret at once, without a way back.
    type: bool
    default: false
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Token of the cache, in characters that ElastiCache takes
  pixstory.platform.secretsmanager_generated_secret:
    name: /production/cache-auth
    length: 64
    exclude_punctuation: true
    kms_key_id: alias/pixstory-production-secrets
    tags:
      Project: pixstory

- name: Database user of the application
  pixstory.platform.secretsmanager_generated_secret:
    name: /production/app-database
    template:
      username: pixstory
    generate_key: password
    exclude_characters: "\"'@/\\"

- name: A new value, once those who check it have been told
  pixstory.platform.secretsmanager_generated_secret:
    name: /production/edge/origin-verify
    length: 64
    exclude_punctuation: true
    max_age_days: 0

- name: Forget the value before
  pixstory.platform.secretsmanager_generated_secret:
    name: /production/edge/origin-verify
    keep_previous: false
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
secret:
  description:
    - The secret as DescribeSecret returns it, keys in snake case. Never its value.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    arn: arn:aws:secretsmanager:ap-south-1:123456789012:secret:/production/cache-auth-AbCdEf
    name: /production/cache-auth
"""

import json
from datetime import UTC, datetime
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.tagging import ansible_dict_to_boto3_tag_list

from ansible_collections.pixstory.platform.plugins.module_utils.aws_calls import KmsAliases
from ansible_collections.pixstory.platform.plugins.module_utils.compare import same_kms_key
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Plan, Property, main_for


def version_of(description: dict[str, Any], stage: str) -> str | None:
    """The id of the version with that label."""
    versions = description.get("VersionIdsToStages") or {}
    return next((version for version, stages in versions.items() if stage in stages), None)


def young_enough(declared: int, present: int | None) -> bool:
    """Also where a new value is not to be generated yet, and the age is therefore not known."""
    return present is None or present < declared


class GeneratedSecret(KmsAliases):
    kind = "generated secret"
    service = "secretsmanager"
    result_key = "secret"
    properties = (
        Property("description", "Description"),
        Property("kms_key_id", "KmsKeyId", equal=same_kms_key),
        Property("max_age_days", "AgeDays", equal=young_enough),
        Property("keep_previous", "Previous", equal=lambda declared, present: declared or not present),
    )

    def validate(self) -> None:
        window = self.params.get("recovery_window_in_days")
        if window is not None and not 7 <= window <= 30:
            self.fail(f"{self.kind} {self.name}: recovery_window_in_days is {window}; AWS takes 7 to 30.")

    def describe(self) -> dict[str, Any] | None:
        missing = ("ResourceNotFoundException",)
        description = self.call_or_none("describe_secret", missing=missing, SecretId=self.name)
        if description is None:
            return None
        previous = version_of(description, "AWSPREVIOUS")
        age = None if self.params["max_age_days"] is None or previous else self._age(description)
        return {**description, "AgeDays": age, "Previous": previous is not None}

    def _age(self, description: dict[str, Any]) -> int | None:
        """Whole days since the present value was made. A description tells only of the last change to anything."""
        versions = self.call("list_secret_version_ids", SecretId=self.name, MaxResults=100)["Versions"]
        current = version_of(description, "AWSCURRENT")
        made = next((one.get("CreatedDate") for one in versions if one["VersionId"] == current), None)
        return None if made is None else (datetime.now(UTC) - made).days

    def plan(self, description: dict[str, Any] | None) -> Plan:
        plan = super().plan(description)
        if not description or not description.get("DeletedDate"):
            return plan
        if plan.action == "delete":
            return plan if self.params["force"] else Plan()
        plan.action = "update"
        plan.changes["DeletedDate"] = None
        plan.before["state"], plan.after["state"] = "scheduled for deletion", "present"
        return plan

    def create(self, declared: dict[str, Any]) -> None:
        declared = {key: value for key, value in declared.items() if key not in ("AgeDays", "Previous")}
        self.call("create_secret", Name=self.name, SecretString=self._generate(), Tags=self.boto3_tags(), **declared)

    def _generate(self) -> str:
        arguments = {
            "PasswordLength": self.params["length"],
            "ExcludePunctuation": self.params["exclude_punctuation"],
            "RequireEachIncludedType": self.params["require_each_included_type"],
        }
        if self.params.get("exclude_characters"):
            arguments["ExcludeCharacters"] = self.params["exclude_characters"]
        value = self.hide(self.call("get_random_password", **arguments)["RandomPassword"])
        if self.params.get("template") is not None:
            value = self.hide(json.dumps({**self.params["template"], self.params["generate_key"]: value}))
        return value

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        changes = dict(changes)
        if "DeletedDate" in changes:
            del changes["DeletedDate"]
            self.call("restore_secret", SecretId=self.name)
        if "AgeDays" in changes:
            del changes["AgeDays"]
            self.call("put_secret_value", SecretId=self.name, SecretString=self._generate())
        if "Previous" in changes:
            del changes["Previous"]
            previous = version_of(description, "AWSPREVIOUS")
            label = {"VersionStage": "AWSPREVIOUS", "RemoveFromVersionId": previous}
            self.call("update_secret_version_stage", SecretId=self.name, **label)
        if changes:
            self.call("update_secret", SecretId=self.name, **changes)

    def delete(self, description: dict[str, Any]) -> None:
        arguments: dict[str, Any] = {}
        if self.params["force"]:
            arguments["ForceDeleteWithoutRecovery"] = True
        elif self.params.get("recovery_window_in_days"):
            arguments["RecoveryWindowInDays"] = self.params["recovery_window_in_days"]
        self.call("delete_secret", SecretId=self.name, **arguments)

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        self.call("tag_resource", SecretId=self.name, Tags=ansible_dict_to_boto3_tag_list(tags))

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        self.call("untag_resource", SecretId=self.name, TagKeys=keys)


def main() -> None:
    main_for(
        GeneratedSecret,
        {
            "name": {"required": True},
            "description": {},
            "kms_key_id": {},
            "length": {"type": "int", "default": 32},
            "exclude_characters": {},
            "exclude_punctuation": {"type": "bool", "default": False},
            "require_each_included_type": {"type": "bool", "default": True},
            "template": {"type": "dict"},
            "generate_key": {"no_log": False},
            "max_age_days": {"type": "int"},
            "keep_previous": {"type": "bool"},
            "recovery_window_in_days": {"type": "int"},
            "force": {"type": "bool", "default": False},
        },
        required_together=[("template", "generate_key")],
        mutually_exclusive=[("max_age_days", "keep_previous")],
    )


if __name__ == "__main__":
    main()
