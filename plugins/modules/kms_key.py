#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: kms_key
version_added: "0.1.0"
short_description: Make a symmetric KMS key, known by its alias
description:
  - Makes a customer managed key with its alias, changes its policy, description, rotation and tags, or has it deleted.
  - A key without an alias that carries all the declared tags is what an interrupted run left. It gets the alias,
    instead of a second key being made. Needs a C(Name) among the tags.
  - A key that is waiting for its deletion is restored.
  - Follows U(https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html) and
    U(https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html).
notes:
  - M(amazon.aws.kms_key) makes many calls for a key that is as declared, and more with every key of the account. This
    module makes four.
author: Pixstory platform contributors (@pixstory)
options:
  alias:
    description: The alias, without C(alias/).
    type: str
    required: true
  description:
    description: What the key is for.
    type: str
  policy:
    description: Who may use and administer the key. Two documents that mean the same are the same.
    type: dict
  enable_key_rotation:
    description: Whether AWS makes new key material every year.
    type: bool
  pending_window:
    description: Days for which the key can be restored after O(state=absent), 7 to 30. AWS takes 30 without it.
    type: int
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Key of the data stores
  pixstory.platform.kms_key:
    alias: pixstory-production-data
    description: Databases, caches and volumes
    enable_key_rotation: true
    policy:
      Version: "2012-10-17"
      Statement:
        - Effect: Allow
          Principal: {AWS: "arn:aws:iam::123456789012:root"}
          Action: kms:*
          Resource: "*"
    tags:
      Name: pixstory-production-data
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: update
key:
  description:
    - The key as DescribeKey returns it, keys in snake case, with its C(policy) and C(key_rotation_enabled).
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    key_id: 1234abcd-12ab-34cd-56ef-1234567890ab
    key_state: Enabled
    key_rotation_enabled: true
"""

import json
from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.compare import same_policy
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Plan, Property, Resource, main_for


def _tags(items: list[dict[str, str]]) -> dict[str, str]:
    return {item["TagKey"]: item["TagValue"] for item in items}


def _items(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]


class Key(Resource):
    kind = "KMS key"
    service = "kms"
    name_param = "alias"
    result_key = "key"
    properties = (
        Property("description", "Description"),
        Property("policy", "Policy", verbatim=True, equal=same_policy),
        Property("enable_key_rotation", "KeyRotationEnabled"),
    )

    @property
    def alias(self) -> str:
        return f"alias/{self.name}"

    def validate(self) -> None:
        window = self.params.get("pending_window")
        if window is not None and not 7 <= window <= 30:
            self.fail(f"{self.kind} {self.name}: pending_window is {window}; AWS takes 7 to 30.")
        if self.name.startswith(("alias/", "aws/")):
            self.fail(f"{self.kind} {self.name}: write the alias without alias/; those under aws/ are AWS's own.")

    def describe(self) -> dict[str, Any] | None:
        answer = self.call_or_none("describe_key", missing=("NotFoundException",), KeyId=self.alias)
        if answer is None:
            return None
        key = answer["KeyMetadata"]
        policy, rotation, tags = self.together(
            lambda: self.call("get_key_policy", KeyId=key["KeyId"], PolicyName="default")["Policy"],
            lambda: self._rotates(key),
            lambda: self.pages("list_resource_tags", "Tags", KeyId=key["KeyId"]),
        )
        return {**key, "Policy": json.loads(policy), "KeyRotationEnabled": rotation, "Tags": tags}

    def _rotates(self, key: dict[str, Any]) -> bool:
        """Of a key that is waiting for its deletion AWS does not tell."""
        if key["KeyState"] == "PendingDeletion":
            return False
        return bool(self.call("get_key_rotation_status", KeyId=key["KeyId"])["KeyRotationEnabled"])

    def plan(self, description: dict[str, Any] | None) -> Plan:
        plan = super().plan(description)
        if description and description["KeyState"] == "PendingDeletion":
            if plan.action == "delete":
                return Plan()
            plan.action = "update"
            plan.changes["KeyState"] = "Enabled"
            plan.before["state"], plan.after["state"] = "waiting for its deletion", "present"
        return plan

    def create(self, declared: dict[str, Any]) -> None:
        key = self._left_over()
        if key is None:
            arguments = {k: v for k, v in declared.items() if k == "Description"}
            if "Policy" in declared:
                arguments["Policy"] = json.dumps(declared["Policy"])
            if self.params.get("tags"):
                arguments["Tags"] = _items(self.params["tags"])
            key = self.call("create_key", **arguments)["KeyMetadata"]["KeyId"]
            declared = {k: v for k, v in declared.items() if k == "KeyRotationEnabled" and v}
        self.call("create_alias", AliasName=self.alias, TargetKeyId=key)
        self.update({"KeyId": key}, declared)

    def _left_over(self) -> str | None:
        """A key that a run made and had no time to give its alias."""
        tags = self.params.get("tags") or {}
        if "Name" not in tags:
            return None
        named = {alias.get("TargetKeyId") for alias in self.pages("list_aliases", "Aliases")}
        for key in self.pages("list_keys", "Keys"):
            if key["KeyId"] not in named and self._is_own(key["KeyId"], tags):
                return key["KeyId"]
        return None

    def _is_own(self, key: str, tags: dict[str, str]) -> bool:
        metadata = self.call("describe_key", KeyId=key)["KeyMetadata"]
        if metadata["KeyManager"] != "CUSTOMER" or metadata["KeyState"] != "Enabled":
            return False
        return _tags(self.pages("list_resource_tags", "Tags", KeyId=key)) == tags

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        key = description["KeyId"]
        if "KeyState" in changes:
            self.call("cancel_key_deletion", KeyId=key)
            self.call("enable_key", KeyId=key)
        if "Description" in changes:
            self.call("update_key_description", KeyId=key, Description=changes["Description"])
        if "Policy" in changes:
            self.call("put_key_policy", KeyId=key, PolicyName="default", Policy=json.dumps(changes["Policy"]))
        if "KeyRotationEnabled" in changes:
            self.call("enable_key_rotation" if changes["KeyRotationEnabled"] else "disable_key_rotation", KeyId=key)

    def delete(self, description: dict[str, Any]) -> None:
        window = self.params.get("pending_window")
        self.call(
            "schedule_key_deletion",
            KeyId=description["KeyId"],
            **({"PendingWindowInDays": window} if window else {}),
        )
        self.call("delete_alias", AliasName=self.alias)

    def current_tags(self, description: dict[str, Any]) -> dict[str, str]:
        return _tags(description["Tags"])

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        self.call("tag_resource", KeyId=description["KeyId"], Tags=_items(tags))

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        self.call("untag_resource", KeyId=description["KeyId"], TagKeys=keys)


def main() -> None:
    main_for(
        Key,
        {
            "alias": {"required": True},
            "description": {},
            "policy": {"type": "dict"},
            "enable_key_rotation": {"type": "bool", "no_log": False},
            "pending_window": {"type": "int"},
        },
    )


if __name__ == "__main__":
    main()
