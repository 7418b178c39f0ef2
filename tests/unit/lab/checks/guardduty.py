# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the GuardDuty extensions. Each is in a Region of its own, since a Region has one detector."""

from __future__ import annotations

from typing import Any

from checks import ACCOUNT, Aws, error_code, proves


def features(detector: dict[str, Any]) -> dict[str, str]:
    return {one["Name"]: one["Status"] for one in detector["Features"]}


@proves("guardduty.CreateDetector", "guardduty.GetDetector")
def a_region_has_one_detector_with_all_but_runtime_monitoring(aws: Aws) -> None:
    guardduty = aws.client("guardduty", "eu-west-1")
    identifier = guardduty.create_detector(Enable=True, Features=[{"Name": "EKS_AUDIT_LOGS", "Status": "DISABLED"}])
    found = guardduty.get_detector(DetectorId=identifier["DetectorId"])
    assert found["FindingPublishingFrequency"] == "SIX_HOURS"
    present = features(found)
    assert [name for name, status in present.items() if status == "DISABLED"] == [
        "EKS_AUDIT_LOGS",
        "RUNTIME_MONITORING",
    ]
    assert present["FLOW_LOGS"] == present["LAMBDA_NETWORK_LOGS"] == "ENABLED"
    assert error_code(guardduty.create_detector, Enable=True) == "BadRequestException"
    assert error_code(guardduty.get_detector, DetectorId="0" * 32) == "BadRequestException"


@proves("guardduty.UpdateDetector")
def an_update_leaves_what_it_does_not_name(aws: Aws) -> None:
    guardduty = aws.client("guardduty", "eu-west-2")
    identifier = guardduty.create_detector(Enable=True)["DetectorId"]
    agent = {"Name": "EC2_AGENT_MANAGEMENT", "Status": "ENABLED"}
    runtime = {"Name": "RUNTIME_MONITORING", "Status": "ENABLED", "AdditionalConfiguration": [agent]}
    guardduty.update_detector(DetectorId=identifier, Features=[runtime])
    guardduty.update_detector(DetectorId=identifier, FindingPublishingFrequency="ONE_HOUR")
    found = guardduty.get_detector(DetectorId=identifier)
    assert (found["Status"], found["FindingPublishingFrequency"]) == ("ENABLED", "ONE_HOUR")
    assert features(found)["S3_DATA_EVENTS"] == features(found)["RUNTIME_MONITORING"] == "ENABLED"
    (own,) = [one for one in found["Features"] if one["Name"] == "RUNTIME_MONITORING"]
    assert agent in own["AdditionalConfiguration"]
    wrong = [{"Name": "S3_DATA_EVENTS", "Status": "ENABLED", "AdditionalConfiguration": [agent]}]
    assert error_code(guardduty.update_detector, DetectorId=identifier, Features=wrong) == "BadRequestException"


@proves("guardduty.TagResource", "guardduty.UntagResource")
def detector_is_tagged_and_untagged(aws: Aws) -> None:
    guardduty = aws.client("guardduty", "eu-west-3")
    identifier = guardduty.create_detector(Enable=True, Tags={"Role": "detection"})["DetectorId"]
    arn = f"arn:aws:guardduty:eu-west-3:{ACCOUNT}:detector/{identifier}"
    guardduty.tag_resource(ResourceArn=arn, Tags={"Project": "pixstory"})
    guardduty.untag_resource(ResourceArn=arn, TagKeys=["Role"])
    assert guardduty.get_detector(DetectorId=identifier)["Tags"] == {"Project": "pixstory"}
