#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: iam_user
version_added: "0.1.0"
short_description: Make an IAM user without a password or keys
description:
  - Makes a user, changes its path, groups and tags, or deletes it with its credentials.
  - A user is made without credentials. An administrator gives the first password, out of band.
  - Follows U(https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html) and
    U(https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddUserToGroup.html).
notes:
  - M(amazon.aws.iam_user) knows nothing of groups, and shows no diff. This module makes two calls for a user that is as
    declared.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name, of which an account has one, whatever the path.
    type: str
    required: true
  path:
    description: The path, with a slash at both ends. AWS takes V(/) without it.
    type: str
  groups:
    description: Names of the groups that the user is in, in any order. An empty list takes the user out of all.
    type: list
    elements: str
  purge_groups:
    description: Whether the user leaves groups that are not in O(groups). Has no effect when that is not given.
    type: bool
    default: true
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: An operator
  pixstory.platform.iam_user:
    name: asha
    path: /pixstory/production/
    groups: [pixstory-production-operators]
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
user:
  description:
    - The user as GetUser returns it, keys in snake case, with the names of its C(groups).
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    arn: arn:aws:iam::123456789012:user/pixstory/production/asha
    user_name: asha
    groups: [pixstory-production-operators]
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.iam import validate_iam_identifiers
from ansible_collections.amazon.aws.plugins.module_utils.tagging import ansible_dict_to_boto3_tag_list

from ansible_collections.pixstory.platform.plugins.module_utils.iam_users import remove_user
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Plan, Property, Resource, main_for

MISSING = ("NoSuchEntity",)


class User(Resource):
    kind = "IAM user"
    service = "iam"
    result_key = "user"
    # For a moment what was just made is not known everywhere, and what was just detached still is.
    extra_retry_codes = ("NoSuchEntity", "DeleteConflict", "ConcurrentModification", "EntityTemporarilyUnmodifiable")
    properties = (
        Property("path", "Path"),
        Property("groups", "Groups", unordered=True),
    )

    def validate(self) -> None:
        if problem := validate_iam_identifiers("user", name=self.name, path=self.params["path"]):
            self.fail(f"{self.kind} {self.name}: {problem}")

    def describe(self) -> dict[str, Any] | None:
        answer, groups = self.together(
            lambda: self.call_or_none("get_user", missing=MISSING, UserName=self.name),
            lambda: self.pages_or_none("list_groups_for_user", "Groups", missing=MISSING, UserName=self.name),
        )
        if answer is None or groups is None:
            return None
        return {**answer["User"], "Groups": sorted(group["GroupName"] for group in groups)}

    def plan(self, description: dict[str, Any] | None) -> Plan:
        if self.params["groups"] is not None:
            kept = description["Groups"] if description and not self.params["purge_groups"] else []
            self.params["groups"] = sorted({*self.params["groups"], *kept})
        return super().plan(description)

    def create(self, declared: dict[str, Any]) -> None:
        path = {"Path": declared["Path"]} if "Path" in declared else {}
        self.call("create_user", UserName=self.name, Tags=self.boto3_tags(), **path)
        self._join(declared.get("Groups", []))

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        if "Path" in changes:
            self.call("update_user", UserName=self.name, NewPath=changes["Path"])
        if "Groups" in changes:
            present, declared = description["Groups"], changes["Groups"]
            self._join([group for group in declared if group not in present])
            for group in present:
                if group not in declared:
                    self.call("remove_user_from_group", GroupName=group, UserName=self.name)

    def delete(self, description: dict[str, Any]) -> None:
        remove_user(
            self.name,
            lambda *what, **arguments: self.pages_or_none(*what, missing=MISSING, **arguments) or [],
            lambda *what, **arguments: self.call_or_none(*what, missing=MISSING, **arguments),
        )

    def _join(self, groups: list[str]) -> None:
        for group in groups:
            self.call("add_user_to_group", GroupName=group, UserName=self.name)

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        self.call("tag_user", UserName=self.name, Tags=ansible_dict_to_boto3_tag_list(tags))

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        self.call("untag_user", UserName=self.name, TagKeys=keys)


def main() -> None:
    main_for(
        User,
        {
            "name": {"required": True},
            "path": {},
            "groups": {"type": "list", "elements": "str"},
            "purge_groups": {"type": "bool", "default": True},
        },
    )


if __name__ == "__main__":
    main()
