# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "securityhub_hub"
DECLARED = {
    "enable_default_standards": False,
    "auto_enable_controls": False,
    "control_finding_generator": "STANDARD_CONTROL",
    "tags": {"Project": "pixstory", "Name": "pixstory-dev-detection"},
}


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps) -> None:
    client = emulator.client("securityhub")

    def created(result: dict) -> None:
        found = client.describe_hub()
        assert (found["AutoEnableControls"], found["ControlFindingGenerator"]) == (False, "STANDARD_CONTROL")
        assert client.get_enabled_standards()["StandardsSubscriptions"] == []
        assert result["hub"]["hub_arn"] == "arn:aws:securityhub:ap-south-1:123456789012:hub/default"
        assert result["hub"]["tags"] == DECLARED["tags"]

    def changed(result: dict) -> None:
        assert client.describe_hub()["AutoEnableControls"] is True
        assert client.describe_hub()["ControlFindingGenerator"] == "STANDARD_CONTROL"
        assert result["hub"]["tags"] == {"Project": "pixstory", "Role": "detection"}

    def deleted(result: dict) -> None:
        with pytest.raises(client.exceptions.InvalidAccessException):
            client.describe_hub()

    change = {"auto_enable_controls": True, "tags": {"Project": "pixstory", "Role": "detection"}}
    looks = {"created": created, "changed": changed, "deleted": deleted}
    twelve_steps(MODULE, create=DECLARED, change=change, absent={}, **looks)


def test_the_standards_of_a_hub_that_is_there_are_left_alone(emulator: Emulator, run: Runner) -> None:
    run(MODULE, {})
    assert not run.predicted(MODULE, {"enable_default_standards": False}).changed
    assert len(emulator.client("securityhub").get_enabled_standards()["StandardsSubscriptions"]) == 2
