#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: securityhub_standard
version_added: "0.1.0"
short_description: Check an account against a standard of Security Hub
description:
  - Enables a security standard in the Region and says which of its controls are disabled and why, or disables the
    standard.
  - Security Hub has to be enabled; see M(pixstory.platform.securityhub_hub). In check mode it need not be.
  - The checks need AWS Config's recorder. Without it AWS calls the standard C(INCOMPLETE), and so does a warning.
  - Follows U(https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchEnableStandards.html) and
    U(https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchUpdateStandardsControlAssociations.html).
author: Pixstory platform contributors (@pixstory)
options:
  arn:
    description:
      - The ARN of the standard, as C(aws securityhub describe-standards) lists it.
    type: str
    required: true
  disabled_controls:
    description:
      - The controls that are disabled in this standard, by their id (C(IAM.6)), each with the reason. AWS shows the
        reason beside the control.
      - All others are enabled. An empty dictionary enables all. Left alone when not given.
    type: dict
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Check against AWS Foundational Security Best Practices
  pixstory.platform.securityhub_standard:
    arn: arn:aws:securityhub:ap-south-1::standards/aws-foundational-security-best-practices/v/1.0.0
    disabled_controls:
      IAM.6: There is no hardware device; the root user has a virtual one.

- name: Check against the CIS benchmark with all of its controls
  pixstory.platform.securityhub_standard:
    arn: arn:aws:securityhub:ap-south-1::standards/cis-aws-foundations-benchmark/v/3.0.0
    disabled_controls: {}
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
standard:
  description:
    - The subscription as GetEnabledStandards returns it, keys in snake case. With O(disabled_controls) also the
      disabled controls and their reasons.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    standards_status: READY
    disabled_controls: {"IAM.6": There is no hardware device.}
"""

from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, Resource, main_for

BATCH = 100  # of BatchGetStandardsControlAssociations and BatchUpdateStandardsControlAssociations


def batches(items: list[Any]) -> list[list[Any]]:
    return [items[start : start + BATCH] for start in range(0, len(items), BATCH)]


def same_controls(declared: dict[str, str], present: dict[str, str]) -> bool:
    """Exactly these, unlike other dictionaries: what is not declared is enabled."""
    return declared == present


class Standard(Resource):
    kind = "Security Hub standard"
    service = "securityhub"
    name_param = "arn"
    result_key = "standard"
    delete_waits = True
    properties = (Property("disabled_controls", "DisabledControls", equal=same_controls, verbatim=True),)

    def validate(self) -> None:
        unexplained = [control for control, reason in (self.params["disabled_controls"] or {}).items() if not reason]
        if unexplained:
            self.fail(
                f"disabled_controls of {self.name}: {', '.join(unexplained)} has no reason. Write why it is "
                f"disabled, as in {unexplained[0]}: the root user has a virtual device."
            )

    def subscription(self) -> dict[str, Any] | None:
        # Of an account without Security Hub there are none.
        enabled = self.pages_or_none(
            "get_enabled_standards", "StandardsSubscriptions", missing=("InvalidAccessException",)
        )
        return next((one for one in enabled or [] if one["StandardsArn"] == self.name), None)

    def describe(self) -> dict[str, Any] | None:
        found = self.subscription()
        # The controls are several calls, and of no interest while they are being made or deleted.
        wanted = self.params["state"] == "present" and self.params["disabled_controls"] is not None
        if found and wanted and not self.busy(found):
            found["Controls"] = self.controls()
            found["DisabledControls"] = {
                one["SecurityControlId"]: one.get("UpdatedReason", "")
                for one in found["Controls"]
                if one["AssociationStatus"] == "DISABLED"
            }
        return found

    def controls(self) -> list[dict[str, Any]]:
        """All controls of the standard that the Region has, each with its status in the standard."""
        definitions = self.pages(
            "list_security_control_definitions", "SecurityControlDefinitions", StandardsArn=self.name
        )
        ids = [
            {"StandardsArn": self.name, "SecurityControlId": one["SecurityControlId"]}
            for one in definitions
            if one["CurrentRegionAvailability"] == "AVAILABLE"
        ]
        found: list[dict[str, Any]] = []
        for batch in batches(ids):
            answer = self.call("batch_get_standards_control_associations", StandardsControlAssociationIds=batch)
            for refused in answer.get("UnprocessedAssociations", []):
                control = refused["StandardsControlAssociationId"]["SecurityControlId"]
                self.fail(f"AWS did not tell of control {control} of {self.name}: {self.reason(refused)}")
            found += answer["StandardsControlAssociationDetails"]
        return found

    @staticmethod
    def reason(refused: dict[str, Any]) -> str:
        return str(refused.get("ErrorReason") or refused["ErrorCode"])

    def busy(self, description: dict[str, Any]) -> bool:
        return (
            description["StandardsStatus"] in ("PENDING", "DELETING")
            or description.get("StandardsControlsUpdatable") == "NOT_READY_FOR_UPDATES"
        )

    def forming(self, description: dict[str, Any]) -> bool:
        return self.busy(description)

    def going(self, description: dict[str, Any]) -> bool:
        return bool(description["StandardsStatus"] == "DELETING")

    def failed(self, description: dict[str, Any]) -> str | None:
        return self.status_reason(description) if description["StandardsStatus"] == "FAILED" else None

    def status_reason(self, description: dict[str, Any]) -> str:
        return str(description.get("StandardsStatusReason", {}).get("StatusReasonCode", "AWS gives no reason"))

    def plan(self, description: dict[str, Any] | None) -> Any:
        if description and "Controls" in description:
            known = {one["SecurityControlId"] for one in description["Controls"]}
            unknown = [control for control in self.params["disabled_controls"] if control not in known]
            if unknown:
                self.fail(
                    f"disabled_controls of {self.name}: the standard has no control {', '.join(unknown)} in this "
                    "Region. Write ids as `aws securityhub list-security-control-definitions --standards-arn` lists "
                    f"them: it has {', '.join(sorted(known))}."
                )
        return super().plan(description)

    def create(self, declared: dict[str, Any]) -> None:
        self.call("batch_enable_standards", StandardsSubscriptionRequests=[{"StandardsArn": self.name}])
        if declared.get("DisabledControls"):
            # Controls take changes only once AWS has made all of them.
            description = self.wait_while_busy()
            self.plan(description)
            self.update(description or {}, declared)

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        wanted, present = changes["DisabledControls"], description["DisabledControls"]
        updates = [self.change(control, "ENABLED") for control in present if control not in wanted]
        updates += [
            self.change(control, "DISABLED", UpdatedReason=reason)
            for control, reason in wanted.items()
            if present.get(control) != reason
        ]
        for batch in batches(updates):
            answer = self.call("batch_update_standards_control_associations", StandardsControlAssociationUpdates=batch)
            for refused in answer.get("UnprocessedAssociationUpdates", []):
                control = refused["StandardsControlAssociationUpdate"]["SecurityControlId"]
                self.fail(f"AWS refused to change control {control} of {self.name}: {self.reason(refused)}")

    def change(self, control: str, status: str, **more: str) -> dict[str, str]:
        return {"StandardsArn": self.name, "SecurityControlId": control, "AssociationStatus": status, **more}

    def delete(self, description: dict[str, Any]) -> None:
        self.call("batch_disable_standards", StandardsSubscriptionArns=[description["StandardsSubscriptionArn"]])

    def result(self, description: dict[str, Any] | None) -> dict[str, Any]:
        if description and description["StandardsStatus"] == "INCOMPLETE":
            self.module.warn(f"Not all controls of {self.name} are checked: {self.status_reason(description)}.")
        return super().result({k: v for k, v in description.items() if k != "Controls"} if description else None)


def main() -> None:
    main_for(
        Standard,
        {"arn": {"required": True}, "disabled_controls": {"type": "dict"}},
        tags=False,
        wait=True,
    )


if __name__ == "__main__":
    main()
