#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: log_metric_filters
version_added: "0.1.0"
short_description: Count the events of a log group that match patterns
description:
  - Makes the metric filters of a CloudWatch Logs group, in one run, or deletes them.
  - Metric filters carry no tags. They are deleted with their log group.
  - Follows U(https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html).
notes:
  - M(community.aws.cloudwatchlogs_log_group_metric_filter) makes one filter in a run.
  - In check mode the log group may be one that does not exist yet.
author: Pixstory platform contributors (@pixstory)
options:
  log_group:
    description: The log group.
    type: str
    required: true
  filters:
    description: The filters by name. Needed when O(state=present).
    type: dict
    suboptions:
      pattern:
        description: What an event has to match, up to 1024 characters.
        type: str
      metric_namespace:
        description: The namespace of the metric.
        type: str
      metric_name:
        description: The metric; by default the name of the filter.
        type: str
      metric_value:
        description: What an event counts.
        type: str
        default: "1"
      default_value:
        description: What is counted when events came and none matched. Nothing when not given.
        type: float
  purge:
    description: Whether filters of the log group that are not in O(filters) are deleted.
    type: bool
    default: true
extends_documentation_fragment:
  - pixstory.platform.common
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Count what the root user does
  pixstory.platform.log_metric_filters:
    log_group: /pixstory/production/cloudtrail
    filters:
      root-use:
        pattern: '{ $.userIdentity.type = "Root" && $.eventType != "AwsServiceEvent" }'
        metric_namespace: pixstory/production/cis
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
filters:
  description: The filters of the log group by name, as they now are; in check mode, as they are.
  returned: when O(state=present)
  type: dict
  sample:
    root-use: {pattern: '{ $.userIdentity.type = "Root" }', metric_name: root-use, metric_value: "1"}
"""

from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, main_for
from ansible_collections.pixstory.platform.plugins.module_utils.resource_set import Members, ResourceSet

LONGEST_PATTERN = 1024


def _transformation(key: str) -> Any:
    return lambda description: description["metricTransformations"][0].get(key)


class MetricFilters(ResourceSet):
    kind = "metric filters"
    service = "logs"
    name_param = "log_group"
    members_param = result_key = "filters"
    tagged = False
    member_properties = (
        Property("pattern", "filterPattern"),
        Property("metric_namespace", "metricNamespace", read=_transformation("metricNamespace")),
        Property("metric_name", "metricName", read=_transformation("metricName")),
        Property("metric_value", "metricValue", read=_transformation("metricValue")),
        Property("default_value", "defaultValue", read=_transformation("defaultValue")),
    )

    def validate(self) -> None:
        known = [prop.param for prop in self.member_properties]
        for name, one in (self.params["filters"] or {}).items():
            if not isinstance(one, dict) or not one.get("metric_namespace") or one.get("pattern") is None:
                self.fail(f"filters.{name} lacks pattern or metric_namespace. A filter has {', '.join(known)}.")
            if unknown := sorted(one.keys() - set(known)):
                self.fail(f"filters.{name}.{unknown[0]} is no option. A filter has {', '.join(known)}.")
            if len(one["pattern"]) > LONGEST_PATTERN:
                self.fail(
                    f"filters.{name}.pattern has {len(one['pattern'])} characters. AWS takes {LONGEST_PATTERN}: match "
                    "less, or write two filters that count in the same metric."
                )
            self.params["filters"][name] = {"metric_name": name, "metric_value": "1", **one}

    def read(self) -> Members:
        group, missing = self.params["log_group"], ("ResourceNotFoundException",)
        found = self.pages_or_none("describe_metric_filters", "metricFilters", missing=missing, logGroupName=group)
        return {one["filterName"]: one for one in found or []}

    def put(self, name: str, declared: dict[str, Any], present: dict[str, Any] | None) -> None:
        values = {p.api: p.current(present) for p in self.member_properties} if present else {}
        values = {key: value for key, value in {**values, **declared}.items() if value is not None}
        self.call(
            "put_metric_filter",
            logGroupName=self.params["log_group"],
            filterName=name,
            filterPattern=values.pop("filterPattern"),
            metricTransformations=[values],
        )

    def discard(self, names: list[str]) -> None:
        for name in names:
            self.call("delete_metric_filter", logGroupName=self.params["log_group"], filterName=name)


def main() -> None:
    main_for(
        MetricFilters,
        {"log_group": {"required": True}, "filters": {"type": "dict"}, "purge": {"type": "bool", "default": True}},
        tags=False,
        required_if=[("state", "present", ["filters"])],
    )


if __name__ == "__main__":
    main()
