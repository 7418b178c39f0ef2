#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: trusted_advisor_info
version_added: "0.1.0"
short_description: Read what AWS Trusted Advisor found
description:
  - Reads the checks of AWS Trusted Advisor and their results.
  - AWS lets only accounts with a Business, Enterprise On-Ramp or Enterprise support plan read them. For others the
    module does not fail; it returns RV(available) V(false) and why.
  - Follows U(https://docs.aws.amazon.com/awssupport/latest/APIReference/API_DescribeTrustedAdvisorCheckSummaries.html)
    and U(https://docs.aws.amazon.com/awssupport/latest/APIReference/API_DescribeTrustedAdvisorCheckResult.html).
notes:
  - AWS Support has its endpoint in us-east-1, so O(region) is not looked at.
author: Pixstory platform contributors (@pixstory)
options:
  categories:
    description: Only checks of these categories.
    type: list
    elements: str
    choices: [cost_optimizing, fault_tolerance, operational_excellence, performance, security, service_limits]
    default: [security, fault_tolerance, service_limits]
requirements:
  - python >= 3.12
attributes:
  check_mode:
    description: Makes no write call in any mode.
    support: full
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Read what Trusted Advisor found
  pixstory.platform.trusted_advisor_info:
    categories: [security]
  register: advisor
"""

RETURN = r"""
available:
  description: Whether the support plan of the account lets the results be read.
  returned: always
  type: bool
reason:
  description: Why not. Empty when they can be read.
  returned: always
  type: str
  sample: ""
checks:
  description:
    - The checks of the categories, by category and name. Those that have flagged something come with it.
    - C(status) is C(ok), C(warning), C(error), or C(not_available) for a check that has not run.
  returned: always
  type: list
  elements: dict
  sample:
    - id: Pfx0RwqBli
      name: Amazon S3 Bucket Permissions
      category: security
      status: warning
      resources_flagged: 1
      flagged_resources:
        - {status: warning, region: ap-south-1, metadata: {Bucket Name: pixstory-media}}
"""

from typing import Any

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:  # AnsibleAWSModule reports the missing library
    BotoCoreError = ClientError = Exception  # type: ignore[misc,assignment]

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.pixstory.platform.plugins.module_utils.retries import while_busy

CATEGORIES = (
    "cost_optimizing",
    "fault_tolerance",
    "operational_excellence",
    "performance",
    "security",
    "service_limits",
)
NO_PLAN = (
    "The support plan of this account does not let the results of Trusted Advisor be read. AWS does so from the plan "
    "Business on; in the console a few checks are free."
)


class Advisor:
    def __init__(self, module: AnsibleAWSModule) -> None:
        self.client = module.client("support")

    def ask(self, operation: str, **arguments: Any) -> dict[str, Any]:
        function = getattr(self.client, f"describe_trusted_advisor_{operation}")
        answer: dict[str, Any] = while_busy(function)(**arguments)
        return answer

    def checks(self, categories: list[str]) -> list[dict[str, Any]]:
        checks = [one for one in self.ask("checks", language="en")["checks"] if one["category"] in categories]
        if not checks:
            return []
        ids = [one["id"] for one in checks]
        summaries = {one["checkId"]: one for one in self.ask("check_summaries", checkIds=ids)["summaries"]}
        found = [self.check(one, summaries[one["id"]]) for one in checks if one["id"] in summaries]
        return sorted(found, key=lambda one: (one["category"], one["name"]))

    def check(self, check: dict[str, Any], summary: dict[str, Any]) -> dict[str, Any]:
        shown = {key: check[key] for key in ("id", "name", "category")}
        flagged = self.flagged(check) if summary.get("hasFlaggedResources") else []
        return {
            **shown,
            "status": summary["status"],
            "resources_flagged": summary["resourcesSummary"]["resourcesFlagged"],
            "flagged_resources": flagged,
        }

    def flagged(self, check: dict[str, Any]) -> list[dict[str, Any]]:
        """What is wrong, without what somebody excluded. The check says what the columns of its results mean."""
        result = self.ask("check_result", checkId=check["id"], language="en")["result"]
        return [
            {
                "status": one["status"],
                "region": one.get("region") or "",
                "metadata": dict(zip(check["metadata"], one["metadata"], strict=False)),
            }
            for one in result["flaggedResources"]
            if not one.get("isSuppressed") and one["status"] != "ok"
        ]


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "categories": {
                "type": "list",
                "elements": "str",
                "choices": list(CATEGORIES),
                "default": ["security", "fault_tolerance", "service_limits"],
            }
        },
        supports_check_mode=True,
    )
    # The endpoint is in one Region; elsewhere there is none, though boto3 makes one up.
    module.params["region"] = "us-east-1"
    try:
        checks = Advisor(module).checks(module.params["categories"])
    except (BotoCoreError, ClientError) as error:
        if isinstance(error, ClientError) and error.response["Error"]["Code"] == "SubscriptionRequiredException":
            module.exit_json(changed=False, available=False, reason=NO_PLAN, checks=[])
        module.fail_json_aws(error, msg="Cannot read Trusted Advisor")
    module.exit_json(changed=False, available=True, reason="", checks=checks)


if __name__ == "__main__":
    main()
