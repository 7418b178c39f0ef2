#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: iam_instance_profile
version_added: "0.1.0"
short_description: Make an IAM instance profile, known by its name
description:
  - Makes an instance profile, changes the role in it and its tags, or deletes it. The role itself stays.
  - Follows U(https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateInstanceProfile.html) and
    U(https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddRoleToInstanceProfile.html).
notes:
  - M(amazon.aws.iam_instance_profile) makes two calls for a profile that is as declared, and only warns when its path
    is another. This module makes one call, and refuses another path, which AWS never changes.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name, of which an account has one, whatever the path.
    type: str
    required: true
  path:
    description: The path, with a slash at both ends. AWS takes V(/) without it and never changes it.
    type: str
  role:
    description: The name of the role in it, of which there is one at the most. An empty one takes it out.
    type: str
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The profile of the web servers
  pixstory.platform.iam_instance_profile:
    name: pixstory-production-web
    path: /pixstory/production/
    role: pixstory-production-web
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
instance_profile:
  description:
    - The instance profile as GetInstanceProfile returns it, keys in snake case; of its roles, without what they trust.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    arn: arn:aws:iam::123456789012:instance-profile/pixstory/production/pixstory-production-web
    instance_profile_name: pixstory-production-web
    roles:
      - role_name: pixstory-production-web
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.iam import validate_iam_identifiers
from ansible_collections.amazon.aws.plugins.module_utils.tagging import ansible_dict_to_boto3_tag_list

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, Resource, main_for


def role(description: dict[str, Any]) -> str | None:
    return next((one["RoleName"] for one in description["Roles"]), None)


class InstanceProfile(Resource):
    kind = "IAM instance profile"
    service = "iam"
    result_key = "instance_profile"
    extra_retry_codes = ("NoSuchEntity", "DeleteConflict")  # for a moment after its role was made, or taken out
    properties = (
        Property("path", "Path", mutable=False),
        Property("role", "Role", read=role),
    )

    def validate(self) -> None:
        if problem := validate_iam_identifiers("instance profile", name=self.name, path=self.params["path"]):
            self.fail(f"{self.kind} {self.name}: {problem}")

    def describe(self) -> dict[str, Any] | None:
        answer = self.call_or_none("get_instance_profile", missing=("NoSuchEntity",), InstanceProfileName=self.name)
        if answer is None:
            return None
        profile = answer["InstanceProfile"]
        # In snake case the keys of a policy would not be a policy's.
        roles = [{k: v for k, v in one.items() if k != "AssumeRolePolicyDocument"} for one in profile["Roles"]]
        return {**profile, "Roles": roles}

    def create(self, declared: dict[str, Any]) -> None:
        path = {"Path": declared["Path"]} if "Path" in declared else {}
        self.call("create_instance_profile", InstanceProfileName=self.name, Tags=self.boto3_tags(), **path)
        self._set_role(None, declared.get("Role"))

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        if "Role" in changes:
            self._set_role(role(description), changes["Role"])

    def delete(self, description: dict[str, Any]) -> None:
        self._set_role(role(description), None)
        self.call("delete_instance_profile", InstanceProfileName=self.name)

    def _set_role(self, present: str | None, declared: str | None) -> None:
        if present:
            self.call("remove_role_from_instance_profile", InstanceProfileName=self.name, RoleName=present)
        if declared:
            self.call("add_role_to_instance_profile", InstanceProfileName=self.name, RoleName=declared)

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        items = ansible_dict_to_boto3_tag_list(tags)
        self.call("tag_instance_profile", InstanceProfileName=self.name, Tags=items)

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        self.call("untag_instance_profile", InstanceProfileName=self.name, TagKeys=keys)


def main() -> None:
    main_for(InstanceProfile, {"name": {"required": True}, "path": {}, "role": {}})


if __name__ == "__main__":
    main()
