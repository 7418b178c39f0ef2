#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ec2_vpc_flow_log
version_added: "0.1.0"
short_description: Record the IP traffic of a VPC
description:
  - Makes a VPC flow log that writes to CloudWatch Logs, or removes it.
  - A flow log is found by its C(Name) tag on its VPC.
  - AWS has no call that changes a flow log, so a change replaces it. The records already written stay.
  - Follows U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html).
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The C(Name) tag of the flow log.
    type: str
    required: true
  vpc_id:
    description: The VPC whose traffic is recorded.
    type: str
    required: true
  log_group:
    description: The CloudWatch Logs group. Required when O(state=present).
    type: str
  role_arn:
    description: The IAM role that the flow log assumes to write. Required when O(state=present).
    type: str
  traffic_type:
    description: Which traffic is recorded.
    type: str
    choices: [ACCEPT, REJECT, ALL]
    default: ALL
  max_aggregation_interval:
    description: Seconds over which packets are gathered into one record.
    type: int
    choices: [60, 600]
    default: 600
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Record what the main VPC accepts and rejects
  pixstory.platform.ec2_vpc_flow_log:
    name: pixstory-production-main
    vpc_id: vpc-0123456789abcdef0
    log_group: /pixstory/production/vpc-flow
    role_arn: arn:aws:iam::123456789012:role/pixstory/production/pixstory-production-flow-logs
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
flow_log:
  description:
    - The flow log as DescribeFlowLogs returns it, keys in snake case.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    flow_log_id: fl-0123456789abcdef0
    flow_log_status: ACTIVE
    log_group_name: /pixstory/production/vpc-flow
"""

from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.aws_calls import Ec2Resource
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, main_for


class FlowLog(Ec2Resource):
    kind = "VPC flow log"
    service = "ec2"
    id_key = "FlowLogId"
    result_key = "flow_log"
    replaceable = True
    name_tag = True
    properties = (
        Property("log_group", "LogGroupName", mutable=False),
        Property("role_arn", "DeliverLogsPermissionArn", mutable=False),
        Property("traffic_type", "TrafficType", mutable=False),
        Property("max_aggregation_interval", "MaxAggregationInterval", mutable=False),
    )

    def describe(self) -> dict[str, Any] | None:
        return self.first(
            "describe_flow_logs", "FlowLogs", {"resource-id": self.params["vpc_id"], "tag:Name": self.name}
        )

    def create(self, declared: dict[str, Any]) -> None:
        answer = self.call(
            "create_flow_logs",
            ResourceIds=[self.params["vpc_id"]],
            ResourceType="VPC",
            LogDestinationType="cloud-watch-logs",
            TagSpecifications=[{"ResourceType": "vpc-flow-log", "Tags": self.boto3_tags()}],
            **declared,
        )
        # AWS answers 200 and lists what it refused in the body.
        for refused in answer.get("Unsuccessful", []):
            self.fail(f"AWS refused flow log {self.name} on {self.params['vpc_id']}: {refused['Error']['Message']}")

    def delete(self, description: dict[str, Any]) -> None:
        self.call("delete_flow_logs", FlowLogIds=[description["FlowLogId"]])


def main() -> None:
    main_for(
        FlowLog,
        {
            "name": {"required": True},
            "vpc_id": {"required": True},
            "log_group": {},
            "role_arn": {},
            "traffic_type": {"choices": ["ACCEPT", "REJECT", "ALL"], "default": "ALL"},
            "max_aggregation_interval": {"type": "int", "choices": [60, 600], "default": 600},
        },
        required_if=[("state", "present", ["log_group", "role_arn"])],
    )


if __name__ == "__main__":
    main()
