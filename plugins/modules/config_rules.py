#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: config_rules
version_added: "0.1.0"
short_description: Have AWS Config check resources with its managed rules
description:
  - Makes the managed rules of AWS Config that are declared together, in one run, or deletes them.
  - A rule needs a recorder, see M(pixstory.platform.config_recorder).
  - Follows U(https://docs.aws.amazon.com/config/latest/APIReference/API_PutConfigRule.html). The rules and their
    parameters are in U(https://docs.aws.amazon.com/config/latest/developerguide/managed-rules-by-aws-config.html).
notes:
  - M(community.aws.config_rule) skips check mode and makes one rule in a run.
author: Pixstory platform contributors (@pixstory)
options:
  prefix:
    description: What the names of all the rules begin with.
    type: str
    required: true
  rules:
    description: The rules by name, without O(prefix). Needed when O(state=present).
    type: dict
    suboptions:
      identifier:
        description: The managed rule, C(ENCRYPTED_VOLUMES) for one. Required.
        type: str
      description:
        description: What it demands.
        type: str
      parameters:
        description: The rule's parameters; AWS keeps each value as text.
        type: dict
      resource_types:
        description: The types that it is for, if not all that the managed rule knows.
        type: list
        elements: str
      frequency:
        description: How often it looks, for rules that look periodically. AWS takes once a day.
        type: str
        choices: [One_Hour, Three_Hours, Six_Hours, Twelve_Hours, TwentyFour_Hours]
  purge:
    description: Whether rules that begin with O(prefix), carry all of O(tags) and are not in O(rules) are deleted.
    type: bool
    default: true
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Check that volumes are encrypted and keys are young
  pixstory.platform.config_rules:
    prefix: pixstory-production-
    rules:
      encrypted-volumes: {identifier: ENCRYPTED_VOLUMES}
      access-keys-rotated: {identifier: ACCESS_KEYS_ROTATED, parameters: {maxAccessKeyAge: 90}}
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
rules:
  description:
    - The rules that begin with O(prefix), by their full names, as they now are.
    - In check mode, as they are.
  returned: when O(state=present)
  type: dict
  sample:
    pixstory-production-encrypted-volumes: {identifier: ENCRYPTED_VOLUMES, description: null, parameters: {}}
"""

import json
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
)

from ansible_collections.pixstory.platform.plugins.module_utils.aws_calls import as_text
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, main_for
from ansible_collections.pixstory.platform.plugins.module_utils.resource_set import Members, ResourceSet

FREQUENCIES = ["One_Hour", "Three_Hours", "Six_Hours", "Twelve_Hours", "TwentyFour_Hours"]
OPTIONS = ("identifier", "description", "parameters", "resource_types", "frequency")


def _parameters(rule: dict[str, Any]) -> dict[str, str]:
    return dict(json.loads(rule.get("InputParameters") or "{}"))


def same_parameters(declared: dict[str, Any], present: dict[str, str]) -> bool:
    return {key: as_text(value) for key, value in declared.items()} == present


class ConfigRules(ResourceSet):
    kind = "AWS Config rules"
    service = "config"
    members_param = result_key = "rules"
    extra_retry_codes = ("ResourceInUseException",)  # a rule that is being deleted
    member_properties = (
        Property("identifier", "SourceIdentifier", read=lambda rule: rule["Source"]["SourceIdentifier"]),
        Property("description", "Description"),
        Property("parameters", "InputParameters", read=_parameters, equal=same_parameters),
        Property(
            "resource_types",
            "ComplianceResourceTypes",
            read=lambda rule: rule.get("Scope", {}).get("ComplianceResourceTypes", []),
            unordered=True,
        ),
        Property("frequency", "MaximumExecutionFrequency"),
    )

    def validate(self) -> None:
        for name, rule in (self.params["rules"] or {}).items():
            if not isinstance(rule, dict) or not rule.get("identifier"):
                self.fail(f"rules.{name} has no identifier. Write that of a managed rule, ENCRYPTED_VOLUMES for one.")
            if unknown := sorted(rule.keys() - set(OPTIONS)):
                self.fail(f"rules.{name}.{unknown[0]} is no option. A rule has {', '.join(OPTIONS)}.")
            if rule.get("frequency") not in (None, *FREQUENCIES):
                self.fail(f"rules.{name}.frequency is {rule['frequency']}. Write one of {', '.join(FREQUENCIES)}.")

    def read(self) -> Members:
        prefix = self.params["prefix"]
        rules = [
            rule
            for rule in self.pages("describe_config_rules", "ConfigRules")
            if rule["ConfigRuleName"].startswith(prefix) and not rule["ConfigRuleState"].startswith("DELETING")
        ]

        def tags(rule: dict[str, Any]) -> dict[str, str]:
            answer = self.call("list_tags_for_resource", ResourceArn=rule["ConfigRuleArn"])
            return dict(boto3_tag_list_to_ansible_dict(answer["Tags"]))

        tagged = zip(rules, self.each(tags, rules), strict=True)
        return {rule["ConfigRuleName"]: {**rule, "Tags": own} for rule, own in tagged}

    def put(self, name: str, declared: dict[str, Any], present: dict[str, Any] | None) -> None:
        there = {p.api: p.current(present) for p in self.member_properties} if present else {}
        values = {**there, **declared}
        parameters = {key: as_text(value) for key, value in (values.get("InputParameters") or {}).items()}
        types = values.get("ComplianceResourceTypes")
        rule = {
            "ConfigRuleName": name,
            "Source": {"Owner": "AWS", "SourceIdentifier": values["SourceIdentifier"]},
            **{key: values[key] for key in ("Description", "MaximumExecutionFrequency") if values.get(key)},
            **({"InputParameters": json.dumps(parameters)} if parameters else {}),
            **({"Scope": {"ComplianceResourceTypes": types}} if types else {}),
        }
        tags = {} if present else {"Tags": ansible_dict_to_boto3_tag_list(self.tags_of(name))}
        self.call("put_config_rule", ConfigRule=rule, **tags)

    def discard(self, names: list[str]) -> None:
        for name in names:
            self.call("delete_config_rule", ConfigRuleName=name)

    def tag(self, member: dict[str, Any], tags: dict[str, str]) -> None:
        items = ansible_dict_to_boto3_tag_list(tags)
        self.call("tag_resource", ResourceArn=member["ConfigRuleArn"], Tags=items)

    def untag(self, member: dict[str, Any], keys: list[str]) -> None:
        self.call("untag_resource", ResourceArn=member["ConfigRuleArn"], TagKeys=keys)


def main() -> None:
    main_for(
        ConfigRules,
        {"prefix": {"required": True}, "rules": {"type": "dict"}, "purge": {"type": "bool", "default": True}},
        required_if=[("state", "present", ["rules"])],
    )


if __name__ == "__main__":
    main()
