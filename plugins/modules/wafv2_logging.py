#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: wafv2_logging
version_added: "0.1.0"
short_description: Log the requests that a web ACL sees
description:
  - Makes the logging configuration of a web ACL of AWS WAF, or removes it.
  - AWS writes the policy of the log group itself, if the caller may call C(logs:PutResourcePolicy).
  - Follows U(https://docs.aws.amazon.com/waf/latest/APIReference/API_PutLoggingConfiguration.html).
notes:
  - The AWS collections have no module for it.
  - A logging filter that the configuration has is kept by every change, unless O(logged_actions) is given.
author: Pixstory platform contributors (@pixstory)
options:
  web_acl_arn:
    description: The ARN of the web ACL. Of one for CloudFront the O(region) has to be us-east-1.
    type: str
    required: true
  destination_arn:
    description:
      - The ARN of the CloudWatch Logs group, S3 bucket or Firehose stream, in the web ACL's Region.
      - Its name has to begin with C(aws-waf-logs-). Needed to begin logging.
    type: str
  redacted_headers:
    description:
      - Names of request headers whose values are replaced by C(REDACTED), in any order and case.
      - Exact when given. V([]) redacts none.
    type: list
    elements: str
  logged_actions:
    description:
      - Only requests are logged that some rule did one of these with. Most are allowed without a rule.
      - V([]) logs every request. With V(COUNT) those of a managed group too that count because its rule was excluded.
    type: list
    elements: str
    choices: [ALLOW, BLOCK, CAPTCHA, CHALLENGE, COUNT]
extends_documentation_fragment:
  - pixstory.platform.common
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Log what the web ACL sees, without what lets one in
  pixstory.platform.wafv2_logging:
    web_acl_arn: "{{ web_acl_arn }}"
    destination_arn: arn:aws:logs:ap-south-1:123456789012:log-group:aws-waf-logs-pixstory-production-public
    redacted_headers: [authorization, cookie]
    logged_actions: [BLOCK, COUNT]
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
logging:
  description:
    - The logging configuration as GetLoggingConfiguration returns it, keys in snake case.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  contains:
    log_destination_configs:
      description: The ARN of the destination, in a list of one.
      type: list
      elements: str
    redacted_fields:
      description: What is redacted.
      type: list
      elements: dict
    logging_filter:
      description: Which requests are logged, if not all.
      type: dict
"""

from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, Resource, main_for
from ansible_collections.pixstory.platform.plugins.module_utils.wafv2 import GLOBAL_REGION, MISSING


def read_destination(description: dict[str, Any]) -> str:
    return next(iter(description["LogDestinationConfigs"]), "").removesuffix(":*")


def read_headers(description: dict[str, Any]) -> list[str]:
    fields = description.get("RedactedFields") or []
    return [field["SingleHeader"]["Name"] for field in fields if "SingleHeader" in field]


def logging_filter(actions: list[str]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/waf/latest/APIReference/API_LoggingFilter.html"""
    conditions = sorted({*actions, *(["EXCLUDED_AS_COUNT"] if "COUNT" in actions else [])})
    kept = {
        "Behavior": "KEEP",
        "Requirement": "MEETS_ANY",
        "Conditions": [{"ActionCondition": {"Action": action}} for action in conditions],
    }
    return {"DefaultBehavior": "DROP", "Filters": [kept]}


def comparable(logged: dict[str, Any] | None) -> Any:
    """A filter whose conditions have no order."""
    filters = (logged or {}).get("Filters", [])
    return logged and {
        **logged,
        "Filters": [{**one, "Conditions": sorted(one["Conditions"], key=str)} for one in filters],
    }


def same_headers(declared: list[str], present: list[str]) -> bool:
    return sorted(one.lower() for one in declared) == sorted(one.lower() for one in present)


class Logging(Resource):
    kind = "logging of web ACL"
    service = "wafv2"
    name_param = "web_acl_arn"
    result_key = "logging"
    properties = (
        Property("destination_arn", "Destination", read=read_destination),
        Property("redacted_headers", "Headers", read=read_headers, equal=same_headers),
        Property(
            "logged_actions", "LoggingFilter", equal=lambda one, other: comparable(one) == comparable(other or {})
        ),
    )

    def validate(self) -> None:
        destination, region = self.params["destination_arn"], self.module.region
        name = (destination or "").removesuffix(":*").rpartition(":")[2].rpartition("/")[2]
        if destination and not name.startswith("aws-waf-logs-"):
            self.fail(
                f"{self.kind} {self.name}: destination_arn is {destination}. AWS writes only to what is called "
                "aws-waf-logs-…: give a destination of such a name."
            )
        if ":global/" in self.name and region != GLOBAL_REGION:
            self.fail(
                f"{self.kind} {self.name}: the web ACL is of scope CLOUDFRONT and region is {region}. Write region: "
                f"{GLOBAL_REGION}."
            )

    def required_to_create(self) -> tuple[str, ...]:
        return ("destination_arn",)

    def declared(self) -> dict[str, Any]:
        declared = super().declared()
        if "Destination" in declared:
            declared["Destination"] = declared["Destination"].removesuffix(":*")
        if "LoggingFilter" in declared:
            actions = declared["LoggingFilter"]
            declared["LoggingFilter"] = logging_filter(actions) if actions else {}
        return declared

    def describe(self) -> dict[str, Any] | None:
        answer = self.call_or_none("get_logging_configuration", missing=MISSING, ResourceArn=self.name)
        return answer["LoggingConfiguration"] if answer else None

    def create(self, declared: dict[str, Any]) -> None:
        self._put({}, declared)

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        self._put(description, changes)

    def _put(self, present: dict[str, Any], changes: dict[str, Any]) -> None:
        """The whole configuration; what is redacted beside headers stays so."""
        whole = {
            key: present[key]
            for key in ("LogDestinationConfigs", "RedactedFields", "LoggingFilter")
            if present.get(key)
        }
        if "Destination" in changes:
            whole["LogDestinationConfigs"] = [changes["Destination"]]
        if "Headers" in changes:
            others = [field for field in whole.pop("RedactedFields", []) if "SingleHeader" not in field]
            headers = [{"SingleHeader": {"Name": name.lower()}} for name in changes["Headers"]]
            if others or headers:
                whole["RedactedFields"] = others + headers
        if "LoggingFilter" in changes:
            whole.pop("LoggingFilter", None)
            whole |= {"LoggingFilter": changes["LoggingFilter"]} if changes["LoggingFilter"] else {}
        self.call("put_logging_configuration", LoggingConfiguration={"ResourceArn": self.name, **whole})

    def delete(self, description: dict[str, Any]) -> None:
        self.call("delete_logging_configuration", ResourceArn=self.name)


def main() -> None:
    main_for(
        Logging,
        {
            "web_acl_arn": {"required": True},
            "destination_arn": {},
            "redacted_headers": {"type": "list", "elements": "str"},
            "logged_actions": {
                "type": "list",
                "elements": "str",
                "choices": ["ALLOW", "BLOCK", "CAPTCHA", "CHALLENGE", "COUNT"],
            },
        },
        tags=False,
    )


if __name__ == "__main__":
    main()
