#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: iam_role
version_added: "0.1.0"
short_description: Make an IAM role, known by its name
description:
  - Makes a role with its managed policies, changes who may take it, what it may do and its tags, or deletes it.
  - Deleting it detaches its managed policies, deletes its inline policies and takes it out of its instance profiles.
  - Follows U(https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html) and
    U(https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html).
notes:
  - M(amazon.aws.iam_role) makes four calls for a role that is as declared, and reports a change of O(path) that AWS
    does not make. This module makes two calls, and refuses such a change.
  - Inline policies are left alone while the role stands.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name, of which an account has one, whatever the path.
    type: str
    required: true
  path:
    description: The path, with a slash at both ends. AWS takes V(/) without it and never changes it.
    type: str
  description:
    description: What the role is for.
    type: str
  assume_role_policy_document:
    description:
      - Who may take the role. Two documents that mean the same are the same. Needed to create the role.
    type: dict
  boundary:
    description: The ARN of the policy that is the permissions boundary. An empty one removes it.
    type: str
  managed_policies:
    description: The ARNs of the managed policies that are attached, in any order.
    type: list
    elements: str
  purge_policies:
    description: Whether managed policies that are not in O(managed_policies) are detached. No effect without that.
    type: bool
    default: true
  max_session_duration:
    description: The longest session, in seconds, 3600 to 43200. AWS takes 3600 without it.
    type: int
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: What a web server runs as
  pixstory.platform.iam_role:
    name: pixstory-production-web
    path: /pixstory/production/
    description: A web machine
    assume_role_policy_document:
      Version: "2012-10-17"
      Statement:
        - Effect: Allow
          Principal: {Service: ec2.amazonaws.com}
          Action: sts:AssumeRole
    boundary: arn:aws:iam::123456789012:policy/pixstory/production/pixstory-production-boundary
    managed_policies:
      - arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: update
role:
  description:
    - The role as GetRole returns it, keys in snake case, with its C(attached_policies). The policy document keeps its
      own keys.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    arn: arn:aws:iam::123456789012:role/pixstory/production/pixstory-production-web
    role_name: pixstory-production-web
    attached_policies:
      - policy_arn: arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore
        policy_name: AmazonSSMManagedInstanceCore
"""

import json
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.iam import validate_iam_identifiers
from ansible_collections.amazon.aws.plugins.module_utils.tagging import ansible_dict_to_boto3_tag_list

from ansible_collections.pixstory.platform.plugins.module_utils.compare import same_policy
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Plan, Property, Resource, main_for


def boundary(description: dict[str, Any]) -> str | None:
    return description.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")


def attached(description: dict[str, Any]) -> list[str]:
    return sorted(policy["PolicyArn"] for policy in description["AttachedPolicies"])


class Role(Resource):
    kind = "IAM role"
    service = "iam"
    result_key = "role"
    # For a moment what was just made is not known everywhere, and what was just detached still is.
    extra_retry_codes = ("NoSuchEntity", "DeleteConflict", "ConcurrentModification")
    properties = (
        Property("path", "Path", mutable=False),
        Property("description", "Description"),
        Property("assume_role_policy_document", "AssumeRolePolicyDocument", verbatim=True, equal=same_policy),
        Property("boundary", "PermissionsBoundary", read=boundary),
        Property("managed_policies", "AttachedPolicies", read=attached, unordered=True),
        Property("max_session_duration", "MaxSessionDuration"),
    )

    def validate(self) -> None:
        if problem := validate_iam_identifiers("role", name=self.name, path=self.params["path"]):
            self.fail(f"{self.kind} {self.name}: {problem}")
        for param, arns in (("boundary", [self.params["boundary"]]), ("managed_policies", self._managed_policies)):
            if wrong := [arn for arn in arns if arn and not arn.startswith("arn:")]:
                self.fail(
                    f"{self.kind} {self.name}: {param} has {', '.join(wrong)}, not the ARN of a policy. Write "
                    "arn:aws:iam::ACCOUNT:policy/PATH/NAME, or arn:aws:iam::aws:policy/NAME for one of AWS's own."
                )
        duration = self.params["max_session_duration"]
        if duration is not None and not 3600 <= duration <= 43200:
            self.fail(f"{self.kind} {self.name}: max_session_duration is {duration}; AWS takes 3600 to 43200 seconds.")

    @property
    def _managed_policies(self) -> list[str]:
        return self.params["managed_policies"] or []

    def required_to_create(self) -> tuple[str, ...]:
        return ("assume_role_policy_document",)

    def describe(self) -> dict[str, Any] | None:
        missing = ("NoSuchEntity",)
        answer, policies = self.together(
            lambda: self.call_or_none("get_role", missing=missing, RoleName=self.name),
            lambda: self.pages_or_none(
                "list_attached_role_policies", "AttachedPolicies", missing=missing, RoleName=self.name
            ),
        )
        return None if answer is None or policies is None else {**answer["Role"], "AttachedPolicies": policies}

    def plan(self, description: dict[str, Any] | None) -> Plan:
        if self.params["managed_policies"] is not None:
            kept = attached(description) if description and not self.params["purge_policies"] else []
            self.params["managed_policies"] = sorted({*self._managed_policies, *kept})
        return super().plan(description)

    def create(self, declared: dict[str, Any]) -> None:
        arguments = {key: value for key, value in declared.items() if key != "AttachedPolicies" and value != ""}
        arguments["AssumeRolePolicyDocument"] = json.dumps(declared["AssumeRolePolicyDocument"])
        self.call("create_role", RoleName=self.name, Tags=self.boto3_tags(), **arguments)
        self._attach(declared.get("AttachedPolicies", []))

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        if "AssumeRolePolicyDocument" in changes:
            document = json.dumps(changes["AssumeRolePolicyDocument"])
            self.call("update_assume_role_policy", RoleName=self.name, PolicyDocument=document)
        if changes.keys() & {"Description", "MaxSessionDuration"}:
            # Both, because AWS takes the default for a duration that is not given.
            both = {key: changes.get(key, description.get(key)) for key in ("Description", "MaxSessionDuration")}
            self.call("update_role", RoleName=self.name, **{k: v for k, v in both.items() if v is not None})
        if changes.get("PermissionsBoundary"):
            policy = changes["PermissionsBoundary"]
            self.call("put_role_permissions_boundary", RoleName=self.name, PermissionsBoundary=policy)
        elif "PermissionsBoundary" in changes:
            self.call("delete_role_permissions_boundary", RoleName=self.name)
        if "AttachedPolicies" in changes:
            present, declared = attached(description), changes["AttachedPolicies"]
            self._attach([policy for policy in declared if policy not in present])
            self._detach([policy for policy in present if policy not in declared])

    def delete(self, description: dict[str, Any]) -> None:
        for profile in self.pages("list_instance_profiles_for_role", "InstanceProfiles", RoleName=self.name):
            name = profile["InstanceProfileName"]
            self.call("remove_role_from_instance_profile", InstanceProfileName=name, RoleName=self.name)
        self._detach(attached(description))
        for policy in self.pages("list_role_policies", "PolicyNames", RoleName=self.name):
            self.call("delete_role_policy", RoleName=self.name, PolicyName=policy)
        self.call("delete_role", RoleName=self.name)

    def _attach(self, policies: list[str]) -> None:
        for policy in policies:
            self.call("attach_role_policy", RoleName=self.name, PolicyArn=policy)

    def _detach(self, policies: list[str]) -> None:
        for policy in policies:
            self.call("detach_role_policy", RoleName=self.name, PolicyArn=policy)

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        self.call("tag_role", RoleName=self.name, Tags=ansible_dict_to_boto3_tag_list(tags))

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        self.call("untag_role", RoleName=self.name, TagKeys=keys)


def main() -> None:
    main_for(
        Role,
        {
            "name": {"required": True},
            "path": {},
            "description": {},
            "assume_role_policy_document": {"type": "dict"},
            "boundary": {},
            "managed_policies": {"type": "list", "elements": "str"},
            "purge_policies": {"type": "bool", "default": True},
            "max_session_duration": {"type": "int"},
        },
    )


if __name__ == "__main__":
    main()
