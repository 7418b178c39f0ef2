# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "guardduty_detector"
DECLARED = {
    "finding_publishing_frequency": "FIFTEEN_MINUTES",
    "features": {"S3_DATA_EVENTS": True, "EKS_AUDIT_LOGS": False, "RUNTIME_MONITORING": True},
    "agent_management": {"EC2_AGENT_MANAGEMENT": True},
    "tags": {"Project": "pixstory", "Name": "pixstory-dev-detector"},
}


def detector(emulator: Emulator) -> dict[str, Any]:
    guardduty = emulator.client("guardduty")
    (identifier,) = guardduty.list_detectors()["DetectorIds"]
    found = guardduty.get_detector(DetectorId=identifier)
    found["Features"] = {one["Name"]: one for one in found["Features"]}
    return found


def on(emulator: Emulator) -> set[str]:
    return {name for name, one in detector(emulator)["Features"].items() if one["Status"] == "ENABLED"}


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps) -> None:
    def created(result: dict) -> None:
        assert {"S3_DATA_EVENTS", "RUNTIME_MONITORING", "RDS_LOGIN_EVENTS"} < on(emulator)
        assert "EKS_AUDIT_LOGS" not in on(emulator)
        agents = detector(emulator)["Features"]["RUNTIME_MONITORING"]["AdditionalConfiguration"]
        assert [one["Name"] for one in agents if one["Status"] == "ENABLED"] == ["EC2_AGENT_MANAGEMENT"]
        assert result["detector"]["detector_arn"].startswith("arn:aws:guardduty:ap-south-1:123456789012:detector/")

    def changed(result: dict) -> None:
        assert "S3_DATA_EVENTS" not in on(emulator)
        assert "RUNTIME_MONITORING" in on(emulator)
        assert detector(emulator)["FindingPublishingFrequency"] == "ONE_HOUR"
        assert result["detector"]["tags"] == {"Project": "pixstory", "Role": "detection"}

    change = {
        "finding_publishing_frequency": "ONE_HOUR",
        "features": {"S3_DATA_EVENTS": False},
        "agent_management": {"EC2_AGENT_MANAGEMENT": False},
        "tags": {"Project": "pixstory", "Role": "detection"},
    }
    twelve_steps(MODULE, create=DECLARED, change=change, absent={}, created=created, changed=changed)


def test_what_is_not_given_is_left_alone(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    before = on(emulator)
    assert not run.predicted(MODULE, {}).changed
    run(MODULE, {"features": {"LAMBDA_NETWORK_LOGS": False}})
    assert on(emulator) == before - {"LAMBDA_NETWORK_LOGS"}


def test_an_agent_alone_does_not_switch_its_feature(emulator: Emulator, run: Runner) -> None:
    run(MODULE, {"features": {"RUNTIME_MONITORING": True}})
    outcome = run.predicted(MODULE, {"agent_management": {"EC2_AGENT_MANAGEMENT": True}})
    assert outcome.diff == {
        "before": {"agent_management": {"EC2_AGENT_MANAGEMENT": False}},
        "after": {"agent_management": {"EC2_AGENT_MANAGEMENT": True}},
    }
    assert "RUNTIME_MONITORING" in on(emulator)


@pytest.mark.parametrize("check", [True, False])
def test_agents_without_their_feature_are_refused(run: Runner, check: bool) -> None:
    declared = {"features": {"RUNTIME_MONITORING": False}, "agent_management": {"EC2_AGENT_MANAGEMENT": True}}
    outcome = run(MODULE, declared, check=check, fails=True)
    assert "Write RUNTIME_MONITORING: true" in outcome.result["msg"]
    assert outcome.writes == []


def test_a_detector_can_be_switched_off(emulator: Emulator, run: Runner) -> None:
    run(MODULE, {})
    assert detector(emulator)["Status"] == "ENABLED"
    assert run.predicted(MODULE, {"enabled": False}).changed
    assert detector(emulator)["Status"] == "DISABLED"
