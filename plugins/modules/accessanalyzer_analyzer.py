#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: accessanalyzer_analyzer
version_added: "0.1.0"
short_description: Have IAM Access Analyzer look for access that is too wide
description:
  - Makes an analyzer of IAM Access Analyzer, or deletes it with its findings.
  - Follows U(https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CreateAnalyzer.html).
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name of the analyzer, unique in the account and the Region.
    type: str
    required: true
  type:
    description:
      - V(ACCOUNT) finds what others than the account have access to, at no charge.
      - V(ACCOUNT_UNUSED_ACCESS) finds roles, keys, passwords and permissions that nobody uses. AWS bills it by roles
        and users.
      - AWS cannot change it later.
    type: str
    choices: [ACCOUNT, ACCOUNT_UNUSED_ACCESS]
    default: ACCOUNT
  unused_access_age:
    description:
      - Days after which access that nobody uses is a finding, 1 to 365. Only for O(type=ACCOUNT_UNUSED_ACCESS).
      - AWS takes 90 when it was not given, and cannot change it later.
    type: int
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - pixstory.platform.common.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Find what others have access to
  pixstory.platform.accessanalyzer_analyzer:
    name: pixstory-production-external
    tags:
      Project: pixstory

- name: Find what nobody uses
  pixstory.platform.accessanalyzer_analyzer:
    name: pixstory-production-unused
    type: ACCOUNT_UNUSED_ACCESS
    unused_access_age: 90
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
analyzer:
  description:
    - The analyzer as GetAnalyzer returns it, keys in snake case.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    arn: arn:aws:access-analyzer:ap-south-1:123456789012:analyzer/pixstory-production-external
    status: ACTIVE
    type: ACCOUNT
"""

from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.aws_calls import TagResource
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, main_for

UNUSED = "ACCOUNT_UNUSED_ACCESS"


def unused_access_age(description: dict[str, Any]) -> int | None:
    age: int | None = description.get("configuration", {}).get("unusedAccess", {}).get("unusedAccessAge")
    return age


class Analyzer(TagResource):
    kind = "Access Analyzer analyzer"
    service = "accessanalyzer"
    result_key = "analyzer"
    arn_key = "arn"
    tag_arguments = ("resourceArn", "tags", "tagKeys")
    properties = (
        Property("type", "type", mutable=False),
        Property("unused_access_age", "unusedAccessAge", read=unused_access_age, mutable=False),
    )

    def validate(self) -> None:
        age = self.params["unused_access_age"]
        if age is None:
            return
        if self.params["type"] != UNUSED:
            self.fail(
                f"{self.kind} {self.name}: unused_access_age is of type {UNUSED} only. Take it out, or set the type."
            )
        if not 1 <= age <= 365:
            self.fail(f"{self.kind} {self.name}: unused_access_age {age} is refused by AWS. Write 1 to 365 days.")

    def describe(self) -> dict[str, Any] | None:
        found = self.call_or_none("get_analyzer", missing=("ResourceNotFoundException",), analyzerName=self.name)
        return found and found["analyzer"]

    def current_tags(self, description: dict[str, Any]) -> dict[str, str]:
        tags: dict[str, str] = description.get("tags", {})
        return tags

    def busy(self, description: dict[str, Any]) -> bool:
        return bool(description["status"] == "CREATING")

    def failed(self, description: dict[str, Any]) -> str | None:
        if description["status"] != "FAILED":
            return None
        return str(description.get("statusReason", {}).get("code", "AWS gives no reason"))

    def create(self, declared: dict[str, Any]) -> None:
        age = declared.get("unusedAccessAge")
        configuration = {"configuration": {"unusedAccess": {"unusedAccessAge": age}}} if age else {}
        tags = self.params.get("tags") or {}
        self.call("create_analyzer", analyzerName=self.name, type=declared["type"], tags=tags, **configuration)

    def delete(self, description: dict[str, Any]) -> None:
        self.call("delete_analyzer", analyzerName=self.name)


def main() -> None:
    main_for(
        Analyzer,
        {
            "name": {"required": True},
            "type": {"choices": ["ACCOUNT", UNUSED], "default": "ACCOUNT"},
            "unused_access_age": {"type": "int"},
        },
        wait=True,
    )


if __name__ == "__main__":
    main()
