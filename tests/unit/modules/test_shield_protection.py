# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "shield_protection"
ARN = (
    "arn:aws:elasticloadbalancing:ap-south-1:123456789012:loadbalancer/app/pixstory-production-public/0123456789abcdef"
)
DECLARED = {"resource_arn": ARN, "name": "public", "tags": {"Project": "pixstory", "Name": "public"}}


@pytest.fixture
def shield(emulator: Emulator) -> Any:
    client = emulator.client("shield")
    client.create_subscription()
    return client


def test_twelve_steps(shield: Any, twelve_steps: TwelveSteps) -> None:
    def created(result: dict) -> None:
        (protection,) = shield.list_protections()["Protections"]
        assert (protection["Name"], protection["ResourceArn"]) == ("public", ARN)
        assert result["protection"]["tags"] == DECLARED["tags"]

    def changed(result: dict) -> None:
        (protection,) = shield.list_protections()["Protections"]
        tags = shield.list_tags_for_resource(ResourceARN=protection["ProtectionArn"])["Tags"]
        assert tags == [{"Key": "Project", "Value": "pixstory"}, {"Key": "Role", "Value": "detection"}]

    def deleted(result: dict) -> None:
        assert shield.list_protections()["Protections"] == []

    change = {**DECLARED, "tags": {"Project": "pixstory", "Role": "detection"}}
    looks = {"created": created, "changed": changed, "deleted": deleted}
    twelve_steps(MODULE, create=DECLARED, change=change, absent={"resource_arn": ARN}, **looks)


@pytest.mark.parametrize("check", [True, False])
def test_without_a_subscription_it_subscribes_to_nothing(emulator: Emulator, run: Runner, check: bool) -> None:
    outcome = run(MODULE, DECLARED, check=check, fails=True)
    assert "to which this account is not subscribed" in outcome.result["msg"]
    assert outcome.writes == []


def test_without_a_subscription_there_is_nothing_to_delete(emulator: Emulator, run: Runner) -> None:
    assert not run.predicted(MODULE, {"resource_arn": ARN, "state": "absent"}).changed


def test_another_name_is_refused(shield: Any, run: Runner) -> None:
    run(MODULE, DECLARED)
    outcome = run(MODULE, {**DECLARED, "name": "other"}, fails=True)
    assert "name: 'public' -> 'other'" in outcome.result["msg"]
