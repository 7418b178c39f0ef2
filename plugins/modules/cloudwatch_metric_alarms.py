#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cloudwatch_metric_alarms
version_added: "0.1.0"
short_description: Make the CloudWatch alarms that are declared together
description:
  - Makes alarms on metrics, in one run, or deletes them.
  - Follows U(https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html).
notes:
  - M(amazon.aws.cloudwatch_metric_alarm) sets no tags and makes one alarm in a run.
author: Pixstory platform contributors (@pixstory)
options:
  prefix:
    description: What the names of all the alarms begin with.
    type: str
    required: true
  alarms:
    description:
      - The alarms by name, without O(prefix). Needed when O(state=present). An option that is not given is left alone;
        a new alarm needs O(alarms.metric_name), O(alarms.namespace), O(alarms.period), O(alarms.evaluation_periods),
        O(alarms.threshold) and O(alarms.comparison_operator).
    type: dict
    suboptions:
      description:
        description: What it means and what to do.
        type: str
      namespace:
        description: The namespace of the metric.
        type: str
      metric_name:
        description: The metric.
        type: str
      dimensions:
        description: The dimensions of the metric by name.
        type: dict
      statistic:
        description: What of the values in a period is compared.
        type: str
        choices: [SampleCount, Average, Sum, Minimum, Maximum]
      period:
        description: Length of a period in seconds; 10, 30 or a multiple of 60.
        type: int
      evaluation_periods:
        description: How many periods are looked at.
        type: int
      datapoints_to_alarm:
        description: In how many of them the threshold has to be breached. AWS takes all.
        type: int
      threshold:
        description: What the statistic is compared with.
        type: float
      comparison_operator:
        description: How it is compared.
        type: str
      treat_missing_data:
        description: What a period without values is. AWS takes V(missing).
        type: str
        choices: [breaching, notBreaching, ignore, missing]
      alarm_actions:
        description: ARNs of what is told when the alarm goes off.
        type: list
        elements: str
      ok_actions:
        description: ARNs of what is told when it is over.
        type: list
        elements: str
  purge:
    description: Whether alarms that begin with O(prefix), carry all of O(tags) and are not in O(alarms) are deleted.
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
- name: Tell of any use of the root user
  pixstory.platform.cloudwatch_metric_alarms:
    prefix: pixstory-production-cis-
    alarms:
      root-use:
        namespace: pixstory/production/cis
        metric_name: root-use
        statistic: Sum
        period: 300
        evaluation_periods: 1
        threshold: 1
        comparison_operator: GreaterThanOrEqualToThreshold
        treat_missing_data: notBreaching
        alarm_actions: [arn:aws:sns:ap-south-1:123456789012:pixstory-production-security]
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
alarms:
  description:
    - The alarms that begin with O(prefix), by their full names, as they now are.
    - In check mode, as they are.
  returned: when O(state=present)
  type: dict
  sample:
    pixstory-production-cis-root-use: {metric_name: root-use, threshold: 1.0, period: 300}
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
)

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Plan, Property, main_for
from ansible_collections.pixstory.platform.plugins.module_utils.resource_set import Members, ResourceSet

STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
NEEDED = ("metric_name", "namespace", "period", "evaluation_periods", "threshold", "comparison_operator")


def _dimensions(alarm: dict[str, Any]) -> dict[str, str]:
    return {one["Name"]: one["Value"] for one in alarm.get("Dimensions", [])}


class MetricAlarms(ResourceSet):
    kind = "CloudWatch alarms"
    service = "cloudwatch"
    members_param = result_key = "alarms"
    member_properties = (
        Property("description", "AlarmDescription"),
        Property("namespace", "Namespace"),
        Property("metric_name", "MetricName"),
        Property("dimensions", "Dimensions", read=_dimensions, equal=lambda declared, present: declared == present),
        Property("statistic", "Statistic"),
        Property("period", "Period"),
        Property("evaluation_periods", "EvaluationPeriods"),
        Property("datapoints_to_alarm", "DatapointsToAlarm"),
        Property("threshold", "Threshold"),
        Property("comparison_operator", "ComparisonOperator"),
        Property("treat_missing_data", "TreatMissingData"),
        Property("alarm_actions", "AlarmActions", unordered=True),
        Property("ok_actions", "OKActions", unordered=True),
    )

    def validate(self) -> None:
        known = [prop.param for prop in self.member_properties]
        for name, alarm in (self.params["alarms"] or {}).items():
            if not isinstance(alarm, dict):
                self.fail(f"alarms.{name} is not a dictionary. An alarm has {', '.join(known)}.")
            if unknown := sorted(alarm.keys() - set(known)):
                self.fail(f"alarms.{name}.{unknown[0]} is no option. An alarm has {', '.join(known)}.")
            if alarm.get("statistic") not in (None, *STATISTICS):
                self.fail(f"alarms.{name}.statistic is {alarm['statistic']}. Write one of {', '.join(STATISTICS)}.")

    def read(self) -> Members:
        prefix = self.params["prefix"]
        alarms = self.pages("describe_alarms", "MetricAlarms", AlarmNamePrefix=prefix)

        def tags(alarm: dict[str, Any]) -> dict[str, str]:
            answer = self.call("list_tags_for_resource", ResourceARN=alarm["AlarmArn"])
            return dict(boto3_tag_list_to_ansible_dict(answer["Tags"]))

        tagged = zip(alarms, self.each(tags, alarms), strict=True)
        return {alarm["AlarmName"]: {**alarm, "Tags": own} for alarm, own in tagged}

    def plan(self, description: dict[str, Any] | None) -> Plan:
        plan = super().plan(description)
        for name, shown in plan.after.items():
            if plan.before[name] == "absent" and (missing := [param for param in NEEDED if param not in shown]):
                self.fail(f"Alarm {name} does not exist; to create it, give also {', '.join(missing)}.")
        return plan

    def put(self, name: str, declared: dict[str, Any], present: dict[str, Any] | None) -> None:
        there = {p.api: p.current(present) for p in self.member_properties} if present else {}
        values = {key: value for key, value in {**there, **declared}.items() if value is not None}
        dimensions = values.pop("Dimensions", {})
        values["Dimensions"] = [{"Name": key, "Value": str(value)} for key, value in dimensions.items()]
        tags = {} if present else {"Tags": ansible_dict_to_boto3_tag_list(self.tags_of(name))}
        self.call("put_metric_alarm", AlarmName=name, **values, **tags)

    def discard(self, names: list[str]) -> None:
        for start in range(0, len(names), 100):
            self.call("delete_alarms", AlarmNames=names[start : start + 100])

    def tag(self, member: dict[str, Any], tags: dict[str, str]) -> None:
        self.call("tag_resource", ResourceARN=member["AlarmArn"], Tags=ansible_dict_to_boto3_tag_list(tags))

    def untag(self, member: dict[str, Any], keys: list[str]) -> None:
        self.call("untag_resource", ResourceARN=member["AlarmArn"], TagKeys=keys)


def main() -> None:
    main_for(
        MetricAlarms,
        {"prefix": {"required": True}, "alarms": {"type": "dict"}, "purge": {"type": "bool", "default": True}},
        required_if=[("state", "present", ["alarms"])],
    )


if __name__ == "__main__":
    main()
