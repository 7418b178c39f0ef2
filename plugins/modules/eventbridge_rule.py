#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: eventbridge_rule
version_added: "0.1.0"
short_description: Make an EventBridge rule and its targets
description:
  - Makes a rule on the default event bus, changes it and its targets, or deletes it.
  - Follows U(https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html) and
    U(https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html).
notes:
  - M(amazon.aws.cloudwatchevent_rule) does nothing at all in check mode, and knows no tags.
author: Pixstory platform contributors
options:
  name:
    description: The name of the rule.
    type: str
    required: true
  description:
    description: What it is for.
    type: str
  event_pattern:
    description: Which events it takes, as EventBridge writes patterns. One of this and O(schedule) makes a rule.
    type: dict
  schedule:
    description: C(rate(…)) or C(cron(…)), in UTC.
    type: str
  enabled:
    description: Whether the rule takes events. A new rule does.
    type: bool
  targets:
    description:
      - Where events go, each as PutTargets takes it, with C(Id) and C(Arn) and what else the target needs.
      - Targets that are not in the list are removed.
    type: list
    elements: dict
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Tell of each use of the break-glass role
  pixstory.platform.eventbridge_rule:
    name: pixstory-production-break-glass
    event_pattern:
      source: [aws.sts]
      detail: {eventName: [AssumeRole]}
    targets:
      - {Id: security, Arn: "arn:aws:sns:ap-south-1:123456789012:pixstory-production-security"}
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
rule:
  description:
    - The rule as DescribeRule returns it, keys in snake case, with its C(targets) and the pattern as it is written.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    arn: arn:aws:events:ap-south-1:123456789012:rule/pixstory-production-break-glass
    name: pixstory-production-break-glass
    state: ENABLED
"""

import json
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.tagging import ansible_dict_to_boto3_tag_list

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, Resource, main_for


def by_id(targets: Any) -> dict[str, Any]:
    return {target["Id"]: target for target in targets or []}


def same_targets(declared: Any, present: Any) -> bool:
    return by_id(declared) == by_id(present)


class Rule(Resource):
    kind = "EventBridge rule"
    service = "events"
    result_key = "rule"
    properties = (
        Property("description", "Description"),
        Property("event_pattern", "EventPattern", verbatim=True, equal=lambda declared, present: declared == present),
        Property("schedule", "ScheduleExpression"),
        Property("enabled", "Enabled"),
        Property("targets", "Targets", verbatim=True, equal=same_targets),
    )

    def validate(self) -> None:
        for target in self.params["targets"] or []:
            if not target.get("Id") or not target.get("Arn"):
                self.fail(f"{self.kind} {self.name}: a target has no {'Arn' if target.get('Id') else 'Id'}: {target}.")

    def required_to_create(self) -> tuple[str, ...]:
        return () if self.params["schedule"] else ("event_pattern",)

    def describe(self) -> dict[str, Any] | None:
        rule = self.call_or_none("describe_rule", missing=("ResourceNotFoundException",), Name=self.name)
        if rule is None:
            return None
        targets, tags = self.together(
            lambda: self.pages("list_targets_by_rule", "Targets", Rule=self.name),
            lambda: self.call("list_tags_for_resource", ResourceARN=rule["Arn"])["Tags"],
        )
        pattern = rule.get("EventPattern")
        return {
            **rule,
            "EventPattern": json.loads(pattern) if pattern else None,
            "Enabled": rule["State"] != "DISABLED",
            "Targets": targets,
            "Tags": tags,
        }

    def create(self, declared: dict[str, Any]) -> None:
        self._put(declared, Tags=self.boto3_tags())
        self._set_targets([], declared.get("Targets", []))

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        if changes.keys() - {"Targets"}:
            # PutRule takes the default for what is not given.
            present = {p.api: description[p.api] for p in self.properties if description.get(p.api) is not None}
            self._put({**present, **changes})
        if "Targets" in changes:
            self._set_targets(description["Targets"], changes["Targets"])

    def _put(self, values: dict[str, Any], **more: Any) -> None:
        arguments = {key: values[key] for key in ("Description", "ScheduleExpression") if values.get(key)}
        if values.get("EventPattern"):
            arguments["EventPattern"] = json.dumps(values["EventPattern"])
        state = "ENABLED" if values.get("Enabled", True) else "DISABLED"
        self.call("put_rule", Name=self.name, State=state, **arguments, **more)

    def _set_targets(self, present: list[dict[str, Any]], declared: list[dict[str, Any]]) -> None:
        there, wanted = by_id(present), by_id(declared)
        if gone := sorted(there.keys() - wanted.keys()):
            self._whole(self.call("remove_targets", Rule=self.name, Ids=gone))
        if new := [target for name, target in wanted.items() if there.get(name) != target]:
            self._whole(self.call("put_targets", Rule=self.name, Targets=new))

    def _whole(self, answer: dict[str, Any]) -> None:
        """AWS answers 200 and lists what it refused in the body."""
        for refused in answer.get("FailedEntries", []):
            self.fail(f"AWS refused target {refused['TargetId']} of {self.kind} {self.name}: {refused['ErrorMessage']}")

    def delete(self, description: dict[str, Any]) -> None:
        self._set_targets(description["Targets"], [])
        self.call("delete_rule", Name=self.name)

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        self.call("tag_resource", ResourceARN=description["Arn"], Tags=ansible_dict_to_boto3_tag_list(tags))

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        self.call("untag_resource", ResourceARN=description["Arn"], TagKeys=keys)


def main() -> None:
    main_for(
        Rule,
        {
            "name": {"required": True},
            "description": {},
            "event_pattern": {"type": "dict"},
            "schedule": {},
            "enabled": {"type": "bool"},
            "targets": {"type": "list", "elements": "dict"},
        },
        mutually_exclusive=[("event_pattern", "schedule")],
    )


if __name__ == "__main__":
    main()
