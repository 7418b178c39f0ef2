#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: iam_group
version_added: "0.1.0"
short_description: Make an IAM group, known by its name
description:
  - Makes a group of users, changes its path and the policies attached to it, or deletes it with all in it.
  - Who is in the group is declared at the user, M(pixstory.platform.iam_user).
  - Groups have no tags. They are known to belong to an environment by their path.
  - Follows U(https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateGroup.html) and
    U(https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachGroupPolicy.html).
notes:
  - M(amazon.aws.iam_group) shows no diff and reads all policies of the account and of AWS to attach one. This module
    makes two calls for a group that is as declared.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name, of which an account has one, whatever the path.
    type: str
    required: true
  path:
    description: The path, with a slash at both ends. AWS takes V(/) without it.
    type: str
  managed_policies:
    description: ARNs of the policies attached to it, AWS's own or the account's, in any order.
    type: list
    elements: str
  purge_policies:
    description: Whether policies that are not in O(managed_policies) are detached. No effect when that is not given.
    type: bool
    default: true
extends_documentation_fragment:
  - pixstory.platform.common
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Those who look and change nothing
  pixstory.platform.iam_group:
    name: pixstory-production-auditors
    path: /pixstory/production/
    managed_policies:
      - arn:aws:iam::aws:policy/SecurityAudit
      - arn:aws:iam::aws:policy/job-function/ViewOnlyAccess
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
group:
  description:
    - The group as GetGroup returns it, keys in snake case, with its C(attached_policies) and the names of its C(users).
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    arn: arn:aws:iam::123456789012:group/pixstory/production/pixstory-production-auditors
    group_name: pixstory-production-auditors
    users: [asha]
    attached_policies:
      - policy_arn: arn:aws:iam::aws:policy/SecurityAudit
        policy_name: SecurityAudit
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.iam import validate_iam_identifiers

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Plan, Property, Resource, main_for

MISSING = ("NoSuchEntity",)


def attached(description: dict[str, Any]) -> list[str]:
    return sorted(policy["PolicyArn"] for policy in description["AttachedPolicies"])


class Group(Resource):
    kind = "IAM group"
    service = "iam"
    result_key = "group"
    # For a moment what was just made is not known everywhere, and what was just detached still is.
    extra_retry_codes = ("NoSuchEntity", "DeleteConflict", "ConcurrentModification")
    properties = (
        Property("path", "Path"),
        Property("managed_policies", "AttachedPolicies", read=attached, unordered=True),
    )

    def validate(self) -> None:
        if problem := validate_iam_identifiers("group", name=self.name, path=self.params["path"]):
            self.fail(f"{self.kind} {self.name}: {problem}")
        if wrong := [arn for arn in self._managed_policies if not arn.startswith("arn:")]:
            self.fail(
                f"{self.kind} {self.name}: managed_policies has {', '.join(wrong)}, not the ARN of a policy. Write "
                "arn:aws:iam::ACCOUNT:policy/PATH/NAME, or arn:aws:iam::aws:policy/NAME for one of AWS's own."
            )

    @property
    def _managed_policies(self) -> list[str]:
        return self.params["managed_policies"] or []

    def describe(self) -> dict[str, Any] | None:
        group, policies = self.together(
            lambda: self._or_none(MISSING, self._group),
            lambda: self.pages_or_none(
                "list_attached_group_policies", "AttachedPolicies", missing=MISSING, GroupName=self.name
            ),
        )
        return None if group is None or policies is None else {**group, "AttachedPolicies": policies}

    def _group(self) -> dict[str, Any]:
        """GetGroup pages through the users and tells the group on each page."""
        pages = list(self.client().get_paginator("get_group").paginate(GroupName=self.name))
        return {**pages[0]["Group"], "Users": [user["UserName"] for page in pages for user in page["Users"]]}

    def plan(self, description: dict[str, Any] | None) -> Plan:
        if self.params["managed_policies"] is not None:
            kept = attached(description) if description and not self.params["purge_policies"] else []
            self.params["managed_policies"] = sorted({*self._managed_policies, *kept})
        return super().plan(description)

    def create(self, declared: dict[str, Any]) -> None:
        path = {"Path": declared["Path"]} if "Path" in declared else {}
        self.call("create_group", GroupName=self.name, **path)
        self._attach(declared.get("AttachedPolicies", []))

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        if "Path" in changes:
            self.call("update_group", GroupName=self.name, NewPath=changes["Path"])
        if "AttachedPolicies" in changes:
            present, declared = attached(description), changes["AttachedPolicies"]
            self._attach([policy for policy in declared if policy not in present])
            self._detach([policy for policy in present if policy not in declared])

    def delete(self, description: dict[str, Any]) -> None:
        for user in description["Users"]:
            self.call("remove_user_from_group", GroupName=self.name, UserName=user)
        self._detach(attached(description))
        for policy in self.pages("list_group_policies", "PolicyNames", GroupName=self.name):
            self.call("delete_group_policy", GroupName=self.name, PolicyName=policy)
        self.call("delete_group", GroupName=self.name)

    def _attach(self, policies: list[str]) -> None:
        for policy in policies:
            self.call("attach_group_policy", GroupName=self.name, PolicyArn=policy)

    def _detach(self, policies: list[str]) -> None:
        for policy in policies:
            self.call("detach_group_policy", GroupName=self.name, PolicyArn=policy)


def main() -> None:
    main_for(
        Group,
        {
            "name": {"required": True},
            "path": {},
            "managed_policies": {"type": "list", "elements": "str"},
            "purge_policies": {"type": "bool", "default": True},
        },
        tags=False,
    )


if __name__ == "__main__":
    main()
