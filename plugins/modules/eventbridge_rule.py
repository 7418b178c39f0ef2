#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: eventbridge_rule
version_added: "0.1.0"
short_description: Send events of a kind somewhere
description:
  - Makes a rule on the default event bus of EventBridge with its targets, or deletes both.
  - The resource policy of a target that is not given a role has to let C(events.amazonaws.com) in.
  - Follows U(https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html) and
    U(https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html).
notes:
  - M(amazon.aws.cloudwatchevent_rule) has no check mode and no tags. This module has both.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name of the rule, up to 64 letters, digits, dots, hyphens and underscores.
    type: str
    required: true
  description:
    description: What the rule is for.
    type: str
  event_pattern:
    description:
      - Which events; see U(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html).
      - One of this and O(schedule) is required when the rule is made.
    type: dict
  schedule:
    description: C(rate(…)) or C(cron(…)), in UTC, instead of a pattern.
    type: str
  enabled:
    description: Whether events are sent. A new rule sends them unless this is V(false).
    type: bool
  read_only_events:
    description:
      - Whether CloudTrail's events of calls that change nothing are sent too; C(AssumeRole) is one. AWS does not send
        them unless this is V(true).
    type: bool
  targets:
    description:
      - Where they are sent, up to five, exactly these. An empty list removes all. Left alone when not given.
    type: list
    elements: dict
    suboptions:
      id:
        description: The name of the target in the rule.
        type: str
        required: true
      arn:
        description: What the events are sent to, an SNS topic for example.
        type: str
        required: true
      role_arn:
        description: The IAM role with which EventBridge sends, where the target has no resource policy.
        type: str
      input_paths:
        description: Values of the event that O(targets[].input_template) names, each by its JSON path.
        type: dict
      input_template:
        description:
          - What is sent instead of the event. Text is in double quotes, a line each; C(<name>) is a value.
        type: str
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Tell of threats
  pixstory.platform.eventbridge_rule:
    name: pixstory-production-guardduty
    event_pattern:
      source: [aws.guardduty]
      detail-type: [GuardDuty Finding]
      detail: {severity: [{numeric: [">=", 4]}]}
    targets:
      - id: security
        arn: arn:aws:sns:ap-south-1:123456789012:pixstory-production-security
        input_paths: {severity: $.detail.severity, title: $.detail.title}
        input_template: '"GuardDuty, severity <severity>: <title>"'
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
    - The rule as DescribeRule returns it, keys in snake case, with its targets as O(targets) writes them.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    arn: arn:aws:events:ap-south-1:123456789012:rule/pixstory-production-guardduty
    state: ENABLED
"""

import json
import re
from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.aws_calls import TagResource
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, main_for

# What a PutRule that leaves it out would reset.
ALL_EVENTS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
RESET = ("Description", "EventPattern", "ScheduleExpression", "State", "RoleArn")


def written(declared: dict[str, Any], present: dict[str, Any]) -> dict[str, Any]:
    """A target as AWS takes it, with what is not declared as it is."""
    target = {**present, "Id": declared["id"], "Arn": declared["arn"]}
    if declared.get("role_arn"):
        target["RoleArn"] = declared["role_arn"]
    if declared.get("input_template"):
        target["InputTransformer"] = {
            "InputPathsMap": declared.get("input_paths") or {},
            "InputTemplate": declared["input_template"],
        }
    return target


def read_target(target: dict[str, Any]) -> dict[str, Any]:
    """A target as the parameter writes it."""
    transformer = target.get("InputTransformer", {})
    values = {
        "id": target["Id"],
        "arn": target["Arn"],
        "role_arn": target.get("RoleArn"),
        "input_paths": transformer.get("InputPathsMap"),
        "input_template": transformer.get("InputTemplate"),
    }
    return {key: value for key, value in values.items() if value}


class Rule(TagResource):
    kind = "EventBridge rule"
    service = "events"
    result_key = "rule"
    arn_key = "Arn"
    tag_arguments = ("ResourceARN", "Tags", "TagKeys")
    tags_as_list = True
    properties = (
        Property("description", "Description"),
        Property(
            "event_pattern",
            "EventPattern",
            read=lambda description: json.loads(description.get("EventPattern", "null")),
            equal=lambda declared, present: declared == present,
            verbatim=True,
        ),
        Property("schedule", "ScheduleExpression"),
        Property("enabled", "State", read=lambda description: description["State"] != "DISABLED"),
        Property(
            "read_only_events",
            "ReadOnlyEvents",
            read=lambda description: None if description["State"] == "DISABLED" else description["State"] == ALL_EVENTS,
            # A rule that is off has one state for both.
            equal=lambda declared, present: present is None or declared == present,
        ),
        Property(
            "targets",
            "Targets",
            read=lambda description: [read_target(target) for target in description["Targets"]],
            unordered=True,
        ),
    )

    def validate(self) -> None:
        if not re.fullmatch(r"[.\-_A-Za-z0-9]{1,64}", self.name):
            self.fail(
                f"{self.kind}: name {self.name!r} ({len(self.name)} characters) is refused by AWS. Write up to 64 "
                "letters, digits, dots, hyphens and underscores."
            )
        ids = [target["id"] for target in self.params["targets"] or []]
        if twice := sorted({one for one in ids if ids.count(one) > 1}):
            self.fail(f"{self.kind} {self.name}: targets has {', '.join(twice)} more than once. Write an id each.")

    def required_to_create(self) -> tuple[str, ...]:
        return () if self.params["schedule"] else ("event_pattern",)

    def describe(self) -> dict[str, Any] | None:
        found = self.call_or_none("describe_rule", missing=("ResourceNotFoundException",), Name=self.name)
        if found is None:
            return None
        targets, tags = self.together(
            lambda: self.pages("list_targets_by_rule", "Targets", Rule=self.name),
            lambda: self.call("list_tags_for_resource", ResourceARN=found["Arn"])["Tags"],
        )
        return {**found, "Targets": targets, "Tags": tags}

    def create(self, declared: dict[str, Any]) -> None:
        self.put_rule(declared, Tags=self.boto3_tags())
        self.put_targets(declared.get("Targets", []), [])

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        rule = {key: value for key, value in changes.items() if key != "Targets"}
        if rule:
            there = {key: description[key] for key in RESET if description.get(key)}
            reads = self.params["read_only_events"]
            before = description["State"] == ALL_EVENTS if reads is None else reads
            self.put_rule({**there, "ReadOnlyEvents": before, **rule})
        if "Targets" in changes:
            wanted = {target["id"] for target in changes["Targets"]}
            self.remove_targets([one for one in description["Targets"] if one["Id"] not in wanted])
            self.put_targets(changes["Targets"], description["Targets"])

    def put_rule(self, values: dict[str, Any], **more: Any) -> None:
        request = {key: value for key, value in values.items() if key not in ("Targets", "ReadOnlyEvents")}
        if isinstance(request.get("EventPattern"), dict):
            request["EventPattern"] = json.dumps(request["EventPattern"])
        if values.get("ReadOnlyEvents") is not None or isinstance(request.get("State"), bool):
            enabled = request.get("State", True) not in (False, "DISABLED")
            request["State"] = (ALL_EVENTS if values.get("ReadOnlyEvents") else "ENABLED") if enabled else "DISABLED"
        self.call("put_rule", Name=self.name, **request, **more)

    def put_targets(self, declared: list[dict[str, Any]], present: list[dict[str, Any]]) -> None:
        there = {target["Id"]: target for target in present}
        targets = [written(target, there.get(target["id"], {})) for target in declared]
        changed = [target for target in targets if target != there.get(target["Id"])]
        if changed:
            self.refused(self.call("put_targets", Rule=self.name, Targets=changed))

    def remove_targets(self, targets: list[dict[str, Any]]) -> None:
        if targets:
            self.refused(self.call("remove_targets", Rule=self.name, Ids=[target["Id"] for target in targets]))

    def refused(self, answer: dict[str, Any]) -> None:
        # AWS answers 200 and lists what it refused in the body.
        for entry in answer.get("FailedEntries", []):
            self.fail(f"AWS refused target {entry['TargetId']} of rule {self.name}: {entry['ErrorMessage']}")

    def delete(self, description: dict[str, Any]) -> None:
        self.remove_targets(description["Targets"])
        self.call("delete_rule", Name=self.name)

    def result(self, description: dict[str, Any] | None) -> dict[str, Any]:
        shown = super().result(description)
        if description is not None:
            shown["targets"] = [read_target(target) for target in description["Targets"]]
        return shown


def main() -> None:
    main_for(
        Rule,
        {
            "name": {"required": True},
            "description": {},
            "event_pattern": {"type": "dict"},
            "schedule": {},
            "enabled": {"type": "bool"},
            "read_only_events": {"type": "bool"},
            "targets": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "id": {"required": True},
                    "arn": {"required": True},
                    "role_arn": {},
                    "input_paths": {"type": "dict"},
                    "input_template": {},
                },
            },
        },
        mutually_exclusive=[("event_pattern", "schedule")],
    )


if __name__ == "__main__":
    main()
