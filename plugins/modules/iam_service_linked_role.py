#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: iam_service_linked_role
version_added: "0.1.0"
short_description: Make the role that an AWS service has in the account
description:
  - Makes the service-linked role of a service, or deletes it once the service has no use for it any more.
  - An account has one for each service. It holds for every environment in the account and carries no tags.
  - Follows U(https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceLinkedRole.html).
notes:
  - The AWS collections have no module for it.
author: Pixstory platform contributors (@pixstory)
options:
  service_name:
    description: The service, C(config.amazonaws.com) for one.
    type: str
    required: true
  description:
    description: What the role is for.
    type: str
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Make the role that AWS Config reads with
  pixstory.platform.iam_service_linked_role:
    service_name: config.amazonaws.com
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
iam_role:
  description:
    - The role as ListRoles returns it, keys in snake case.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    role_name: AWSServiceRoleForConfig
    arn: arn:aws:iam::123456789012:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig
"""

from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, Resource, main_for


class ServiceLinkedRole(Resource):
    kind = "service-linked role"
    service = "iam"
    name_param = "service_name"
    result_key = "iam_role"
    properties = (Property("description", "Description"),)

    def describe(self) -> dict[str, Any] | None:
        path = f"/aws-service-role/{self.name}/"
        role = next(iter(self.pages("list_roles", "Roles", PathPrefix=path)), None)
        return role and {key: value for key, value in role.items() if key != "AssumeRolePolicyDocument"}

    def create(self, declared: dict[str, Any]) -> None:
        self.call("create_service_linked_role", AWSServiceName=self.name, **declared)

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        self.call("update_role", RoleName=description["RoleName"], Description=changes["Description"])

    def delete(self, description: dict[str, Any]) -> None:
        self.call("delete_service_linked_role", RoleName=description["RoleName"])


def main() -> None:
    main_for(
        ServiceLinkedRole,
        {"service_name": {"required": True}, "description": {}},
        tags=False,
        wait=True,
    )


if __name__ == "__main__":
    main()
