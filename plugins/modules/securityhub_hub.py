#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: securityhub_hub
version_added: "0.1.0"
short_description: Gather the findings of a Region in Security Hub
description:
  - Enables Security Hub CSPM for the account in the Region, or disables it. Disabling switches all standards off and
    loses their settings; AWS deletes the findings after 90 days.
  - An account has one hub a Region, so it is found without a name.
  - Follows U(https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_EnableSecurityHub.html) and
    U(https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_UpdateSecurityHubConfiguration.html).
author: Pixstory platform contributors (@pixstory)
options:
  enable_default_standards:
    description:
      - Whether a new hub has the standards on that AWS turns on by itself. Only creation takes it.
      - AWS does it when this is not given. M(pixstory.platform.securityhub_standard) enables each by its ARN.
    type: bool
  auto_enable_controls:
    description:
      - Whether controls that AWS adds later to standards that are on are enabled. AWS does it when it was never set.
    type: bool
  control_finding_generator:
    description:
      - V(SECURITY_CONTROL) makes one finding a check, V(STANDARD_CONTROL) one for each standard that has the control.
    type: str
    choices: [SECURITY_CONTROL, STANDARD_CONTROL]
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Gather the findings
  pixstory.platform.securityhub_hub:
    enable_default_standards: false
    auto_enable_controls: true
    control_finding_generator: SECURITY_CONTROL
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
hub:
  description:
    - The hub as DescribeHub returns it, keys in snake case.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    hub_arn: arn:aws:securityhub:ap-south-1:123456789012:hub/default
    auto_enable_controls: true
    control_finding_generator: SECURITY_CONTROL
"""

from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.aws_calls import TagResource
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, main_for


class Hub(TagResource):
    kind = "Security Hub"
    service = "securityhub"
    name = "of the Region"
    result_key = "hub"
    arn_key = "HubArn"
    properties = (
        Property("enable_default_standards", "EnableDefaultStandards", compare=False),
        Property("auto_enable_controls", "AutoEnableControls"),
        Property("control_finding_generator", "ControlFindingGenerator"),
    )

    def describe(self) -> dict[str, Any] | None:
        # An account without Security Hub is one that has no access to it.
        found = self.call_or_none("describe_hub", missing=("InvalidAccessException", "ResourceNotFoundException"))
        if found is None:
            return None
        return {**found, "Tags": self.call("list_tags_for_resource", ResourceArn=found["HubArn"])["Tags"]}

    def create(self, declared: dict[str, Any]) -> None:
        later = {key: declared.pop(key) for key in ("AutoEnableControls",) if key in declared}
        self.call("enable_security_hub", **self.tags_to_create(), **declared)
        if later.get("AutoEnableControls") is False:
            self.call("update_security_hub_configuration", **later)

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        self.call("update_security_hub_configuration", **changes)

    def delete(self, description: dict[str, Any]) -> None:
        self.call("disable_security_hub")


def main() -> None:
    main_for(
        Hub,
        {
            "enable_default_standards": {"type": "bool"},
            "auto_enable_controls": {"type": "bool"},
            "control_finding_generator": {"choices": ["SECURITY_CONTROL", "STANDARD_CONTROL"]},
        },
    )


if __name__ == "__main__":
    main()
