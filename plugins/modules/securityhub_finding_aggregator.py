#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: securityhub_finding_aggregator
version_added: "0.1.0"
short_description: Show the findings of other Regions in this one
description:
  - Makes the Region the one where Security Hub shows the findings of the linked Regions too, or ends that.
  - An account has one finding aggregator, in one Region. Security Hub has to be enabled there and in the linked ones.
  - Follows U(https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_CreateFindingAggregator.html).
author: Pixstory platform contributors (@pixstory)
options:
  region_linking_mode:
    description:
      - Which Regions are linked. The two with C(SPECIFIED) in their name need O(regions).
      - Required when O(state=present).
    type: str
    choices: [ALL_REGIONS, ALL_REGIONS_EXCEPT_SPECIFIED, SPECIFIED_REGIONS, NO_REGIONS]
  regions:
    description: The Regions that are specified, for example V(us-east-1).
    type: list
    elements: str
extends_documentation_fragment:
  - pixstory.platform.common
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Show the findings of the Region of the global services here
  pixstory.platform.securityhub_finding_aggregator:
    region_linking_mode: SPECIFIED_REGIONS
    regions: [us-east-1]
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
finding_aggregator:
  description:
    - The finding aggregator as GetFindingAggregator returns it, keys in snake case.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    finding_aggregation_region: ap-south-1
    region_linking_mode: SPECIFIED_REGIONS
    regions: [us-east-1]
"""

from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, Resource, main_for

SPECIFIED = ("ALL_REGIONS_EXCEPT_SPECIFIED", "SPECIFIED_REGIONS")


class FindingAggregator(Resource):
    kind = "Security Hub finding aggregator"
    service = "securityhub"
    name = "of the account"
    result_key = "finding_aggregator"
    properties = (
        Property("region_linking_mode", "RegionLinkingMode"),
        Property("regions", "Regions", unordered=True),
    )

    def validate(self) -> None:
        mode, regions = self.params["region_linking_mode"], self.params["regions"]
        if mode in SPECIFIED and not regions:
            self.fail(f"region_linking_mode {mode} needs regions: write which, as in regions: [us-east-1].")
        if mode and mode not in SPECIFIED and regions:
            self.fail(f"region_linking_mode {mode} takes no regions: take them out, or write {SPECIFIED[1]}.")

    def describe(self) -> dict[str, Any] | None:
        # Of an account without Security Hub there is none.
        listed = self.pages_or_none(
            "list_finding_aggregators", "FindingAggregators", missing=("InvalidAccessException",)
        )
        if not listed:
            return None
        found = self.call("get_finding_aggregator", FindingAggregatorArn=listed[0]["FindingAggregatorArn"])
        region, here = found["FindingAggregationRegion"], self.client().meta.region_name
        if region != here:
            self.fail(
                f"The findings are aggregated in {region} already, and an account has one such Region. Run with "
                f"region: {region}, or delete the finding aggregator there to have it in {here}."
            )
        return found

    def create(self, declared: dict[str, Any]) -> None:
        self.call("create_finding_aggregator", **declared)

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        wanted = self.declared()
        self.call("update_finding_aggregator", FindingAggregatorArn=description["FindingAggregatorArn"], **wanted)

    def delete(self, description: dict[str, Any]) -> None:
        self.call("delete_finding_aggregator", FindingAggregatorArn=description["FindingAggregatorArn"])


def main() -> None:
    main_for(
        FindingAggregator,
        {
            "region_linking_mode": {
                "choices": ["ALL_REGIONS", "ALL_REGIONS_EXCEPT_SPECIFIED", "SPECIFIED_REGIONS", "NO_REGIONS"]
            },
            "regions": {"type": "list", "elements": "str"},
        },
        tags=False,
        required_if=[("state", "present", ["region_linking_mode"])],
    )


if __name__ == "__main__":
    main()
