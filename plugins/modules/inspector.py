#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: inspector
version_added: "0.1.0"
short_description: Have Amazon Inspector scan for vulnerabilities
description:
  - Enables the scans of Amazon Inspector for the account in the Region, or disables them.
  - This is a setting of the account, which has no tags.
  - Follows U(https://docs.aws.amazon.com/inspector/v2/APIReference/API_Enable.html) and
    U(https://docs.aws.amazon.com/inspector/v2/APIReference/API_BatchGetAccountStatus.html).
author: Pixstory platform contributors (@pixstory)
options:
  resource_types:
    description:
      - What is scanned, exactly these. V(LAMBDA) scans what functions depend on, V(LAMBDA_CODE) their own code too.
      - Required when O(state=present). AWS bills each by what it scans.
    type: list
    elements: str
    choices: [EC2, ECR, LAMBDA, LAMBDA_CODE]
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Scan machines and functions
  pixstory.platform.inspector:
    resource_types: [EC2, LAMBDA]

- name: Scan nothing
  pixstory.platform.inspector:
    state: absent
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
inspector:
  description:
    - The status of the account as BatchGetAccountStatus returns it, keys in snake case.
    - Empty in check mode when nothing was scanned before.
  returned: when O(state=present)
  type: dict
  sample:
    account_id: "123456789012"
    resource_types: [EC2, LAMBDA]
    state: {status: ENABLED}
"""

from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, Resource, main_for

# Of the API: how requests write a type, and how answers do.
TYPES = {"EC2": "ec2", "ECR": "ecr", "LAMBDA": "lambda", "LAMBDA_CODE": "lambdaCode"}
IN_WORK = ("ENABLING", "DISABLING", "SUSPENDING")


class Inspector(Resource):
    kind = "Amazon Inspector"
    service = "inspector2"
    name = "of the account"
    result_key = "inspector"
    delete_waits = True
    properties = (Property("resource_types", "resourceTypes", unordered=True),)

    def validate(self) -> None:
        types = self.params["resource_types"]
        if self.params["state"] == "present" and not types:
            self.fail("resource_types is empty. Write what is scanned, or state: absent to scan nothing.")
        if types and "LAMBDA_CODE" in types and "LAMBDA" not in types:
            self.fail("resource_types has LAMBDA_CODE, which AWS scans with LAMBDA only. Write [LAMBDA, LAMBDA_CODE].")

    def describe(self) -> dict[str, Any] | None:
        answer = self.call("batch_get_account_status")
        for refused in answer.get("failedAccounts", []):
            self.fail(f"AWS did not tell the status of {self.kind}: {refused['errorCode']}: {refused['errorMessage']}")
        (account,) = answer["accounts"]
        states = {name: account["resourceState"].get(key, {}).get("status") for name, key in TYPES.items()}
        account["states"] = states
        account["resourceTypes"] = [name for name, status in states.items() if status in ("ENABLED", "ENABLING")]
        # Nothing that is scanned is as if it were not there.
        return account if account["resourceTypes"] or self.busy(account) else None

    def busy(self, description: dict[str, Any]) -> bool:
        return any(status in IN_WORK for status in description["states"].values())

    def create(self, declared: dict[str, Any]) -> None:
        self.ask("enable", declared["resourceTypes"])

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        wanted, present = changes["resourceTypes"], description["resourceTypes"]
        self.ask("enable", [name for name in wanted if name not in present])
        self.ask("disable", [name for name in present if name not in wanted])

    def delete(self, description: dict[str, Any]) -> None:
        self.ask("disable", description["resourceTypes"])

    def ask(self, operation: str, types: list[str]) -> None:
        if not types:
            return
        # AWS answers 200 and lists what it refused in the body.
        for refused in self.call(operation, resourceTypes=types).get("failedAccounts", []):
            self.fail(
                f"AWS refused to {operation} {', '.join(types)}: {refused['errorCode']}: {refused['errorMessage']}"
            )

    def result(self, description: dict[str, Any] | None) -> dict[str, Any]:
        return super().result({k: v for k, v in description.items() if k != "states"} if description else None)


def main() -> None:
    main_for(
        Inspector,
        {"resource_types": {"type": "list", "elements": "str", "choices": list(TYPES)}},
        tags=False,
        wait=True,
    )


if __name__ == "__main__":
    main()
