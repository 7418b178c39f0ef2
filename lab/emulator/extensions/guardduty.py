# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""GuardDuty: one detector a Region, its features and its tags."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.guardduty.models import Detector

from lab.emulator.clock import CLOCK
from lab.emulator.deliveries import routing
from lab.emulator.registry import ApiError, Call, operation

ALWAYS = ("CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS")
RUNTIME = "RUNTIME_MONITORING"
OPTIONAL = (
    "S3_DATA_EVENTS",
    "EKS_AUDIT_LOGS",
    "EBS_MALWARE_PROTECTION",
    "RDS_LOGIN_EVENTS",
    "LAMBDA_NETWORK_LOGS",
)
AGENTS = ("EKS_ADDON_MANAGEMENT", "ECS_FARGATE_AGENT_MANAGEMENT", "EC2_AGENT_MANAGEMENT")


def _refused(reason: str) -> ApiError:
    return ApiError("BadRequestException", f"The request is rejected because {reason}.")


def _detector(call: Call, identifier: str) -> Detector:
    detectors: dict[str, Detector] = call.backend("guardduty").detectors
    if identifier not in detectors:
        raise _refused("the input detectorId is not owned by the current account")
    return detectors[identifier]


def _set_features(call: Call, identifier: str, features: list[dict[str, Any]]) -> None:
    present = call.table("guardduty features")[identifier]
    for feature in features:
        if feature["Name"] not in (*OPTIONAL, RUNTIME):
            raise _refused("the input features contains an invalid name")
        own = present[feature["Name"]]
        own["Status"] = feature["Status"]
        agents = {one["Name"]: one["Status"] for one in feature.get("AdditionalConfiguration", [])}
        if agents and feature["Name"] != RUNTIME:
            raise _refused(f"{feature['Name']} has no additional configuration")
        own["Agents"].update(agents)


@operation("guardduty", "CreateDetector")
def create_detector(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """An account has one a Region; what it is not told is on, but for Runtime Monitoring.

    https://docs.aws.amazon.com/guardduty/latest/APIReference/API_CreateDetector.html
    """
    backend = call.backend("guardduty")
    if backend.detectors:
        raise _refused("a detector already exists for the current account")
    identifier = backend.create_detector(
        params["Enable"], params.get("FindingPublishingFrequency", "SIX_HOURS"), {}, params.get("Tags"), []
    )
    features = {name: {"Status": "ENABLED", "Agents": {}} for name in OPTIONAL}
    features[RUNTIME] = {"Status": "DISABLED", "Agents": dict.fromkeys(AGENTS, "DISABLED")}
    call.table("guardduty features")[identifier] = features
    try:
        _set_features(call, identifier, params.get("Features", []))
    except ApiError:
        backend.delete_detector(identifier)
        raise
    return {"DetectorId": identifier}


@operation("guardduty", "UpdateDetector")
def update_detector(call: Call, params: dict[str, Any]) -> None:
    """What is not told stays, of the features too.

    https://docs.aws.amazon.com/guardduty/latest/APIReference/API_UpdateDetector.html
    """
    detector = _detector(call, params["DetectorId"])
    _set_features(call, detector.id, params.get("Features", []))
    if "Enable" in params:
        detector.enabled = params["Enable"]
    detector.finding_publish_freq = params.get("FindingPublishingFrequency", detector.finding_publish_freq)
    detector.updated_at = datetime.now(UTC)


@operation("guardduty", "GetDetector")
def get_detector(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Every feature, be it on or off.

    https://docs.aws.amazon.com/guardduty/latest/APIReference/API_GetDetector.html
    """
    detector = _detector(call, params["DetectorId"])
    features: list[dict[str, Any]] = [{"Name": name, "Status": "ENABLED"} for name in ALWAYS]
    for name, own in call.table("guardduty features")[detector.id].items():
        agents = [{"Name": agent, "Status": status} for agent, status in own["Agents"].items()]
        features.append(
            {"Name": name, "Status": own["Status"], **({"AdditionalConfiguration": agents} if agents else {})}
        )
    return {
        "CreatedAt": detector.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "UpdatedAt": detector.updated_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "FindingPublishingFrequency": detector.finding_publish_freq,
        "ServiceRole": detector.service_role,
        "Status": "ENABLED" if detector.enabled else "DISABLED",
        "Tags": detector.tags,
        "Features": features,
    }


def _tagged(call: Call, params: dict[str, Any]) -> Detector:
    return _detector(call, params["ResourceArn"].rpartition("/")[2])


@operation("guardduty", "TagResource")
def tag_resource(call: Call, params: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/guardduty/latest/APIReference/API_TagResource.html"""
    _tagged(call, params).tags.update(params["Tags"])


@operation("guardduty", "UntagResource")
def untag_resource(call: Call, params: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/guardduty/latest/APIReference/API_UntagResource.html"""
    tags = _tagged(call, params).tags
    for key in params["TagKeys"]:
        tags.pop(key, None)


@operation("guardduty", "CreateSampleFindings")
def create_sample_findings(call: Call, params: dict[str, Any]) -> None:
    """An event for each type. It is not kept: nothing here reads findings.

    https://docs.aws.amazon.com/guardduty/latest/ug/sample_findings.html
    """
    _detector(call, params["DetectorId"])
    for number, kind in enumerate(params.get("FindingTypes") or ["UnauthorizedAccess:EC2/SSHBruteForce"]):
        detail = {
            "schemaVersion": "2.0",
            "accountId": call.account,
            "region": call.region,
            "id": f"{int(CLOCK.now() * 1000):024x}{number:08x}",
            "type": kind,
            "severity": 8.0,
            "title": f"[SAMPLE] {kind}",
            "description": "A sample finding.",
            "service": {"additionalInfo": {"sample": True}},
        }
        routing.emit(call.account, call.region, "aws.guardduty", "GuardDuty Finding", detail)
