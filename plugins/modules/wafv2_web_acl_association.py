#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: wafv2_web_acl_association
version_added: "0.1.0"
short_description: Protect a load balancer with a web ACL
description:
  - Associates a resource with a web ACL of AWS WAF, or takes the association away.
  - A resource has one web ACL. One that is associated with another is associated with this instead.
  - A CloudFront distribution names its web ACL itself and takes no association.
  - Follows U(https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html).
notes:
  - M(community.aws.wafv2_resources) lists all resources of a web ACL to find one of them, and has no check mode for
    one that is protected by another web ACL.
author: Pixstory platform contributors (@pixstory)
options:
  resource_arn:
    description: The ARN of the Application Load Balancer.
    type: str
    required: true
  web_acl_arn:
    description: The ARN of the web ACL, of scope REGIONAL. Needed to associate.
    type: str
extends_documentation_fragment:
  - pixstory.platform.common
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Protect the public load balancer
  pixstory.platform.wafv2_web_acl_association:
    resource_arn: "{{ load_balancer_arn }}"
    web_acl_arn: "{{ web_acl_arn }}"

- name: Protect it no more
  pixstory.platform.wafv2_web_acl_association:
    resource_arn: "{{ load_balancer_arn }}"
    state: absent
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
association:
  description: What is associated. Empty in check mode when it would be.
  returned: when O(state=present)
  type: dict
  contains:
    web_acl_arn:
      description: The ARN of the web ACL.
      type: str
    resource_arn:
      description: The ARN of the resource.
      type: str
"""

from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, Resource, main_for
from ansible_collections.pixstory.platform.plugins.module_utils.wafv2 import MISSING


class Association(Resource):
    kind = "web ACL association"
    service = "wafv2"
    name_param = "resource_arn"
    result_key = "association"
    properties = (Property("web_acl_arn", "WebACLArn"),)

    def validate(self) -> None:
        arn = self.params["web_acl_arn"]
        if arn and ":global/" in arn:
            self.fail(
                f"{self.kind} {self.name}: web_acl_arn is {arn}, of scope CLOUDFRONT. Give one of scope REGIONAL; a "
                "distribution names its web ACL itself."
            )

    def required_to_create(self) -> tuple[str, ...]:
        return ("web_acl_arn",)

    def describe(self) -> dict[str, Any] | None:
        answer = self.call_or_none("get_web_acl_for_resource", missing=MISSING, ResourceArn=self.name)
        found = (answer or {}).get("WebACL")
        return {"WebACLArn": found["ARN"], "ResourceArn": self.name} if found else None

    def create(self, declared: dict[str, Any]) -> None:
        self.call("associate_web_acl", WebACLArn=declared["WebACLArn"], ResourceArn=self.name)

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        self.create(changes)

    def delete(self, description: dict[str, Any]) -> None:
        self.call("disassociate_web_acl", ResourceArn=self.name)

    def result(self, description: dict[str, Any] | None) -> dict[str, Any]:
        if description is None:
            return {}
        return {"web_acl_arn": description["WebACLArn"], "resource_arn": self.name}


def main() -> None:
    main_for(Association, {"resource_arn": {"required": True}, "web_acl_arn": {}}, tags=False)


if __name__ == "__main__":
    main()
