#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: guardduty_detector
version_added: "0.1.0"
short_description: Have GuardDuty look for threats in a Region
description:
  - Makes the GuardDuty detector of the account in the Region, or deletes it with its findings.
  - An account has one detector a Region, so it is found without a name.
  - A new detector has every feature on that is not in O(features), except C(RUNTIME_MONITORING); see
    U(https://docs.aws.amazon.com/guardduty/latest/APIReference/API_CreateDetector.html).
  - Features that are not given are left as they are on a detector that is there.
author: Pixstory platform contributors (@pixstory)
options:
  enabled:
    description: Whether the detector looks for threats. A new one does unless this is V(false).
    type: bool
  finding_publishing_frequency:
    description:
      - How often repeated occurrences of a finding are sent to EventBridge. New findings are sent within five minutes.
      - AWS takes V(SIX_HOURS) when it was never set.
    type: str
    choices: [FIFTEEN_MINUTES, ONE_HOUR, SIX_HOURS]
  features:
    description:
      - What is looked at beside CloudTrail, VPC flow and DNS logs, and whether it is.
      - AWS bills each of them by what it looks at.
    type: dict
    suboptions:
      S3_DATA_EVENTS:
        description: CloudTrail's data events of S3.
        type: bool
      EKS_AUDIT_LOGS:
        description: Audit logs of EKS clusters.
        type: bool
      EBS_MALWARE_PROTECTION:
        description: A scan of the volumes of an instance that a finding is about.
        type: bool
      RDS_LOGIN_EVENTS:
        description: Logins to RDS databases of the engines that GuardDuty supports.
        type: bool
      LAMBDA_NETWORK_LOGS:
        description: The network traffic of Lambda functions.
        type: bool
      RUNTIME_MONITORING:
        description: What an agent sees on machines and in containers.
        type: bool
  agent_management:
    description:
      - Where GuardDuty installs the agent of C(RUNTIME_MONITORING) itself, and whether it does.
      - It then makes a VPC endpoint and a security group in the VPCs, which stay when the detector is deleted.
    type: dict
    suboptions:
      EKS_ADDON_MANAGEMENT:
        description: On EKS clusters.
        type: bool
      ECS_FARGATE_AGENT_MANAGEMENT:
        description: In ECS tasks on Fargate.
        type: bool
      EC2_AGENT_MANAGEMENT:
        description: On EC2 instances that Systems Manager manages.
        type: bool
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Look for threats
  pixstory.platform.guardduty_detector:
    finding_publishing_frequency: FIFTEEN_MINUTES
    features:
      S3_DATA_EVENTS: true
      RDS_LOGIN_EVENTS: true
      EKS_AUDIT_LOGS: false
      RUNTIME_MONITORING: true
    agent_management:
      EC2_AGENT_MANAGEMENT: true
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
detector:
  description:
    - The detector as GetDetector returns it, keys in snake case, with its id and ARN.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    detector_id: 12abc34d567e8fa901bc2d34e56789f0
    detector_arn: arn:aws:guardduty:ap-south-1:123456789012:detector/12abc34d567e8fa901bc2d34e56789f0
    finding_publishing_frequency: FIFTEEN_MINUTES
    status: ENABLED
"""

from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.aws_calls import TagResource
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, main_for

FEATURES = (
    "S3_DATA_EVENTS",
    "EKS_AUDIT_LOGS",
    "EBS_MALWARE_PROTECTION",
    "RDS_LOGIN_EVENTS",
    "LAMBDA_NETWORK_LOGS",
    "RUNTIME_MONITORING",
)
AGENTS = ("EKS_ADDON_MANAGEMENT", "ECS_FARGATE_AGENT_MANAGEMENT", "EC2_AGENT_MANAGEMENT")
RUNTIME = "RUNTIME_MONITORING"


def switches(items: list[dict[str, Any]]) -> dict[str, bool]:
    """AWS's list of what is on and off as a dictionary."""
    return {item["Name"]: item["Status"] == "ENABLED" for item in items}


def statuses(values: dict[str, bool]) -> list[dict[str, Any]]:
    return [{"Name": name, "Status": "ENABLED" if on else "DISABLED"} for name, on in values.items()]


def features_of(description: dict[str, Any]) -> dict[str, bool]:
    return switches(description.get("Features", []))


def agents_of(description: dict[str, Any]) -> dict[str, bool]:
    runtime = next((item for item in description.get("Features", []) if item["Name"] == RUNTIME), {})
    return switches(runtime.get("AdditionalConfiguration", []))


class Detector(TagResource):
    kind = "GuardDuty detector"
    service = "guardduty"
    name = "of the Region"
    result_key = "detector"
    arn_key = "DetectorArn"
    properties = (
        Property("enabled", "Enable", read=lambda description: description["Status"] == "ENABLED"),
        Property("finding_publishing_frequency", "FindingPublishingFrequency"),
        Property("features", "Features", read=features_of),
        Property("agent_management", "AgentManagement", read=agents_of),
    )

    def validate(self) -> None:
        wanted = [name for name, on in (self.params.get("agent_management") or {}).items() if on]
        if wanted and (self.params.get("features") or {}).get(RUNTIME) is False:
            self.fail(
                f"agent_management asks for {', '.join(wanted)}, and features says {RUNTIME}: false, without which "
                f"GuardDuty has no agents. Write {RUNTIME}: true, or take agent_management out."
            )

    def describe(self) -> dict[str, Any] | None:
        for identifier in self.pages("list_detectors", "DetectorIds"):
            found = self.call("get_detector", DetectorId=identifier)
            # The description has no ARN. That of its service role names partition and account.
            role = found["ServiceRole"].split(":")
            region = self.client().meta.region_name
            arn = f"arn:{role[1]}:guardduty:{region}:{role[4]}:detector/{identifier}"
            return {**found, "DetectorId": identifier, "DetectorArn": arn}
        return None

    def create(self, declared: dict[str, Any]) -> None:
        self.call("create_detector", **{"Enable": True, **self.request(declared, {}), **self.tags_to_create()})

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        self.call("update_detector", DetectorId=description["DetectorId"], **self.request(changes, description))

    def request(self, values: dict[str, Any], description: dict[str, Any]) -> dict[str, Any]:
        """The values as AWS takes them: the agents are a part of one of the features."""
        request = {key: value for key, value in values.items() if key not in ("Features", "AgentManagement")}
        features, agents = dict(values.get("Features", {})), values.get("AgentManagement")
        if agents and RUNTIME not in features:
            features[RUNTIME] = features_of(description).get(RUNTIME, False)
        if features:
            request["Features"] = statuses(features)
        for feature in request.get("Features", []):
            if feature["Name"] == RUNTIME and agents:
                feature["AdditionalConfiguration"] = statuses(agents)
        return request

    def delete(self, description: dict[str, Any]) -> None:
        self.call("delete_detector", DetectorId=description["DetectorId"])


def main() -> None:
    main_for(
        Detector,
        {
            "enabled": {"type": "bool"},
            "finding_publishing_frequency": {"choices": ["FIFTEEN_MINUTES", "ONE_HOUR", "SIX_HOURS"]},
            "features": {"type": "dict", "options": {name: {"type": "bool"} for name in FEATURES}},
            "agent_management": {"type": "dict", "options": {name: {"type": "bool"} for name in AGENTS}},
        },
    )


if __name__ == "__main__":
    main()
