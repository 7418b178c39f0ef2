#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: wafv2_web_acl
version_added: "0.1.0"
short_description: Make a web ACL with its rules
description:
  - Makes a web ACL of AWS WAF, known by its name and scope, or deletes it.
  - The capacity of the rules is asked for before they are written, in check mode too.
  - Follows U(https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateWebACL.html).
notes:
  - M(community.aws.wafv2_web_acl) compares rules by their names only and gives up when another has changed the web
    ACL meanwhile. This module compares them whole, and tries again with a new lock token.
  - What a web ACL has and this module has no parameter for (CAPTCHA, token domains) is kept by every change.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name, unique within the scope. 1 to 128 letters, digits, hyphens and underscores.
    type: str
    required: true
  scope:
    description: What it protects. With V(CLOUDFRONT) the O(region) has to be us-east-1.
    type: str
    choices: [REGIONAL, CLOUDFRONT]
    default: REGIONAL
  default_action:
    description: What is done with a request that no rule decides on. A new web ACL gets V(allow).
    type: str
    choices: [allow, block]
  description:
    description: What it is for.
    type: str
  rules:
    description:
      - The rules, in any order; their C(Priority) says which is asked first. Exact when given.
      - Each as U(https://docs.aws.amazon.com/waf/latest/APIReference/API_Rule.html) has it, search strings as text.
      - P(pixstory.platform.waf_rules#filter) writes them.
    type: list
    elements: dict
  metric_name:
    description: The name of its CloudWatch metrics. A new web ACL gets O(name).
    type: str
  max_capacity:
    description:
      - How many web ACL capacity units the rules may use, at most 5000.
      - Above 1500 AWS charges more for each request.
    type: int
    default: 1500
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Make the web ACL of the public load balancer
  pixstory.platform.wafv2_web_acl:
    name: pixstory-production-public
    default_action: allow
    rules:
      - Name: known-bad-inputs
        Priority: 10
        Statement:
          ManagedRuleGroupStatement: {VendorName: AWS, Name: AWSManagedRulesKnownBadInputsRuleSet}
        OverrideAction: {None: {}}
        VisibilityConfig:
          SampledRequestsEnabled: true
          CloudWatchMetricsEnabled: true
          MetricName: pixstory-production-public-known-bad-inputs
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
web_acl:
  description:
    - The web ACL as GetWebACL returns it, keys in snake case but for those of the rules.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  contains:
    arn:
      description: The ARN, by which a CloudFront distribution names it.
      type: str
      sample: arn:aws:wafv2:us-east-1:123456789012:global/webacl/pixstory-production-edge/0123-4567
    capacity:
      description: The web ACL capacity units in use.
      type: int
    tags:
      description: The tags.
      type: dict
"""

from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.kinds.firewall import readable
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Plan, Property, main_for
from ansible_collections.pixstory.platform.plugins.module_utils.waf_rules import CAPACITY
from ansible_collections.pixstory.platform.plugins.module_utils.wafv2 import MISSING, SCOPE_ARGUMENT, WafResource

# What AWS fills in, by the statement or configuration that lacks it.
DEFAULTS: dict[str, dict[str, Any]] = {
    "RateBasedStatement": {"EvaluationWindowSec": 300},
    "AWSManagedRulesBotControlRuleSet": {"EnableMachineLearning": True},
}
# Lists whose order means nothing, and what their items are known by.
UNORDERED = {"RuleActionOverrides": "Name", "TextTransformations": "Priority"}


def comparable(value: Any) -> Any:
    """A rule in the one form in which equal rules are equal: AWS's defaults filled in, nothing empty but actions."""
    if isinstance(value, list):
        return [comparable(one) for one in value]
    if not isinstance(value, dict):
        return value
    shown = {}
    for key, one in value.items():
        if one is None or one == []:
            continue
        one = comparable(one)
        if isinstance(one, dict):
            one = {**DEFAULTS.get(key, {}), **one}
        if key in UNORDERED:
            one = sorted(one, key=lambda item: item[UNORDERED[key]])
        shown[key] = one
    return shown


def same_rules(declared: list[dict[str, Any]], present: list[dict[str, Any]]) -> bool:
    def ordered(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return sorted((comparable(rule) for rule in rules), key=lambda rule: int(rule["Priority"]))

    return ordered(declared) == ordered(present)


def read_default_action(description: dict[str, Any]) -> str:
    return "block" if "Block" in description["DefaultAction"] else "allow"


class WebAcl(WafResource):
    kind = "web ACL"
    noun = "web_acl"
    answer_key = "WebACL"
    list_operation = "list_web_acls"
    list_key = "WebACLs"
    result_key = "web_acl"
    properties = (
        Property("default_action", "DefaultAction", read=read_default_action),
        Property("description", "Description"),
        Property("rules", "Rules", verbatim=True, equal=same_rules),
        Property("metric_name", "MetricName", read=lambda one: one["VisibilityConfig"]["MetricName"]),
    )

    def validate(self) -> None:
        super().validate()
        if not 1 <= self.params["max_capacity"] <= 5000:
            self.fail(f"{self.kind} {self.name}: max_capacity is {self.params['max_capacity']}. Write 1 to 5000.")
        seen: dict[int, str] = {}
        for rule in self.params["rules"] or []:
            if lacking := [key for key in ("Name", "Priority", "Statement", "VisibilityConfig") if key not in rule]:
                self.fail(f"{self.kind} {self.name}: rule {rule.get('Name', rule)} has no {', '.join(lacking)}.")
            priority = int(rule["Priority"])
            if priority in seen:
                self.fail(
                    f"{self.kind} {self.name}: rules {seen[priority]} and {rule['Name']} have both the Priority "
                    f"{priority}. Give each its own."
                )
            seen[priority] = rule["Name"]

    def describe(self) -> dict[str, Any] | None:
        found = super().describe()
        return readable(found) if found else None

    def plan(self, description: dict[str, Any] | None) -> Plan:
        plan = super().plan(description)
        if "Rules" in plan.changes:
            self._check_capacity(plan.changes["Rules"])
        return plan

    def _check_capacity(self, rules: list[dict[str, Any]]) -> None:
        """A call that writes nothing. In check mode the IP sets that rules name may not be there yet."""
        answer = self.call_or_none("check_capacity", missing=MISSING, Scope=self.params["scope"], Rules=rules)
        if answer is None:
            return
        capacity = int(answer["Capacity"])
        if capacity > self.params["max_capacity"]:
            self.fail(
                f"{self.kind} {self.name}: its rules use {capacity} web ACL capacity units and may use "
                f"{self.params['max_capacity']}. Take rules out, or narrow fewer of them by path, which costs 23 each."
            )

    def create(self, declared: dict[str, Any]) -> None:
        visibility = {
            "SampledRequestsEnabled": True,
            "CloudWatchMetricsEnabled": True,
            "MetricName": declared.pop("MetricName", self.name),
        }
        action = declared.pop("DefaultAction", "allow")
        self.call(
            "create_web_acl",
            Name=self.name,
            Scope=self.params["scope"],
            DefaultAction={action.capitalize(): {}},
            VisibilityConfig=visibility,
            **declared,
            **self.tag_arguments(),
        )

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        """UpdateWebACL takes the whole web ACL, and drops what is not repeated."""
        accepted = self.client().meta.service_model.operation_model("UpdateWebACL").input_shape.members
        identifying = {"Name", "Scope", "Id", "LockToken"}

        def whole(present: dict[str, Any]) -> dict[str, Any]:
            kept = {key: value for key, value in present.items() if key in accepted and key not in identifying}
            # AWS refuses a description without text.
            kept = {key: value for key, value in kept.items() if value not in (None, "")}
            changed = {key: changes[key] for key in ("Description", "Rules") if key in changes}
            if "DefaultAction" in changes:
                changed["DefaultAction"] = {changes["DefaultAction"].capitalize(): {}}
            if "MetricName" in changes:
                changed["VisibilityConfig"] = {**present["VisibilityConfig"], "MetricName": changes["MetricName"]}
            return {**kept, **changed}

        self.write("update_web_acl", description, whole)


def main() -> None:
    main_for(
        WebAcl,
        {
            "name": {"required": True},
            **SCOPE_ARGUMENT,
            "default_action": {"choices": ["allow", "block"]},
            "description": {},
            "rules": {"type": "list", "elements": "dict"},
            "metric_name": {},
            "max_capacity": {"type": "int", "default": CAPACITY},
        },
    )


if __name__ == "__main__":
    main()
