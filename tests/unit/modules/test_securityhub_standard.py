# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

from ansible_collections.pixstory.platform.plugins.modules import securityhub_standard

MODULE = "securityhub_standard"
FSBP = "arn:aws:securityhub:ap-south-1::standards/aws-foundational-security-best-practices/v/1.0.0"
CIS = "arn:aws:securityhub:ap-south-1::standards/cis-aws-foundations-benchmark/v/3.0.0"
VIRTUAL = {"IAM.6": "The root user has a virtual device."}
ONE_ZONE = {"RDS.5": "The test databases stand in one zone."}


@pytest.fixture
def hub(emulator: Emulator) -> Any:
    client = emulator.client("securityhub")
    client.enable_security_hub(EnableDefaultStandards=False)
    return client


def disabled(hub: Any, arn: str = FSBP) -> dict[str, str]:
    definitions = hub.list_security_control_definitions(StandardsArn=arn)["SecurityControlDefinitions"]
    ids = [{"StandardsArn": arn, "SecurityControlId": one["SecurityControlId"]} for one in definitions]
    found = hub.batch_get_standards_control_associations(StandardsControlAssociationIds=ids)
    return {
        one["SecurityControlId"]: one.get("UpdatedReason", "")
        for one in found["StandardsControlAssociationDetails"]
        if one["AssociationStatus"] == "DISABLED"
    }


def test_twelve_steps(hub: Any, twelve_steps: TwelveSteps) -> None:
    def created(result: dict) -> None:
        assert disabled(hub) == {**VIRTUAL, **ONE_ZONE}
        assert result["standard"]["standards_status"] == "READY"
        assert result["standard"]["disabled_controls"] == {**VIRTUAL, **ONE_ZONE}

    def changed(result: dict) -> None:
        assert disabled(hub) == {"IAM.6": "It is in a safe."}

    def deleted(result: dict) -> None:
        assert hub.get_enabled_standards()["StandardsSubscriptions"] == []

    create = {"arn": FSBP, "disabled_controls": {**VIRTUAL, **ONE_ZONE}}
    change = {"arn": FSBP, "disabled_controls": {"IAM.6": "It is in a safe."}}
    looks = {"created": created, "changed": changed, "deleted": deleted}
    twelve_steps(MODULE, create=create, change=change, absent={"arn": FSBP}, **looks)


def test_controls_that_are_not_given_are_left_alone(hub: Any, run: Runner) -> None:
    run(MODULE, {"arn": FSBP, "disabled_controls": VIRTUAL})
    assert not run.predicted(MODULE, {"arn": FSBP}).changed
    assert disabled(hub) == VIRTUAL


def test_a_control_is_disabled_in_its_own_standard_only(hub: Any, run: Runner) -> None:
    run(MODULE, {"arn": CIS, "disabled_controls": {}})
    run(MODULE, {"arn": FSBP, "disabled_controls": VIRTUAL})
    assert disabled(hub, CIS) == {}
    assert not run.predicted(MODULE, {"arn": CIS, "disabled_controls": {}}).changed


def test_many_controls_are_asked_for_in_batches(hub: Any, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(securityhub_standard, "BATCH", 1)
    run(MODULE, {"arn": FSBP, "disabled_controls": {**VIRTUAL, **ONE_ZONE}})
    assert disabled(hub) == {**VIRTUAL, **ONE_ZONE}
    outcome = run.predicted(MODULE, {"arn": FSBP, "disabled_controls": {}})
    assert outcome.writes == ["securityhub.BatchUpdateStandardsControlAssociations"] * 2


def test_check_mode_needs_no_hub(emulator: Emulator, run: Runner) -> None:
    outcome = run(MODULE, {"arn": FSBP, "disabled_controls": VIRTUAL}, check=True)
    assert (outcome.changed, outcome.result["action"]) == (True, "create")
    outcome = run(MODULE, {"arn": FSBP}, fails=True)
    assert "not subscribed to AWS Security Hub" in outcome.result["msg"]


@pytest.mark.parametrize("check", [True, False])
def test_a_control_that_the_standard_has_not_is_refused(hub: Any, run: Runner, check: bool) -> None:
    run(MODULE, {"arn": FSBP})
    outcome = run(MODULE, {"arn": FSBP, "disabled_controls": {"IAM.99": "no"}}, check=check, fails=True)
    assert f"disabled_controls of {FSBP}: the standard has no control IAM.99" in outcome.result["msg"]
    assert "RDS.5" in outcome.result["msg"]
    assert outcome.writes == []


def test_a_new_standard_refuses_them_too(hub: Any, run: Runner) -> None:
    outcome = run(MODULE, {"arn": FSBP, "disabled_controls": {"IAM.99": "no"}}, fails=True)
    assert "the standard has no control IAM.99" in outcome.result["msg"]


def test_a_control_is_not_disabled_without_a_reason(hub: Any, run: Runner) -> None:
    outcome = run(MODULE, {"arn": FSBP, "disabled_controls": {"IAM.6": ""}}, fails=True)
    assert "IAM.6 has no reason. Write why" in outcome.result["msg"]
    assert outcome.writes == []


def test_what_aws_refuses_to_change_is_told(hub: Any, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    run(MODULE, {"arn": FSBP})
    update = {"SecurityControlId": "IAM.6"}
    refused = {"StandardsControlAssociationUpdate": update, "ErrorCode": "ACCESS_DENIED", "ErrorReason": "not allowed"}
    answer = {"UnprocessedAssociationUpdates": [refused]}
    monkeypatch.setattr(hub, "batch_update_standards_control_associations", lambda **_: answer)
    outcome = run(MODULE, {"arn": FSBP, "disabled_controls": VIRTUAL}, fails=True)
    assert outcome.result["msg"] == f"AWS refused to change control IAM.6 of {FSBP}: not allowed"


def test_without_a_recorder_it_says_that_checks_are_missing(
    hub: Any, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def incomplete(self: Any) -> dict[str, Any]:
        return {
            "StandardsArn": FSBP,
            "StandardsStatus": "INCOMPLETE",
            "StandardsStatusReason": {"StatusReasonCode": "NO_AVAILABLE_CONFIGURATION_RECORDER"},
        }

    monkeypatch.setattr(securityhub_standard.Standard, "subscription", incomplete)
    outcome = run(MODULE, {"arn": FSBP})
    told = f"Not all controls of {FSBP} are checked: NO_AVAILABLE_CONFIGURATION_RECORDER."
    [warning] = outcome.result["warnings"]  # a text, or an event with one, as the process's Ansible is set
    assert told in str(warning)
