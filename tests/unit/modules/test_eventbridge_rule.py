# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "eventbridge_rule"
NAME = "pixstory-production-break-glass"
TOPIC = "arn:aws:sns:ap-south-1:123456789012:pixstory-production-security"
PATTERN = {"source": ["aws.sts"], "detail": {"eventName": ["AssumeRole"]}}
DECLARED: dict[str, Any] = {
    "name": NAME,
    "description": "Somebody broke the glass",
    "event_pattern": PATTERN,
    "targets": [
        {
            "Id": "security",
            "Arn": TOPIC,
            "InputTransformer": {"InputPathsMap": {"t": "$.time"}, "InputTemplate": '"<t>"'},
        },
        {"Id": "second", "Arn": f"{TOPIC}-2"},
    ],
    "tags": {"Project": "pixstory", "Role": "identity"},
}


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps) -> None:
    events = emulator.client("events")

    def created(result: dict[str, Any]) -> None:
        assert result["rule"]["event_pattern"] == PATTERN
        assert result["rule"]["tags"] == DECLARED["tags"]
        assert events.describe_rule(Name=NAME)["State"] == "ENABLED"
        assert events.list_targets_by_rule(Rule=NAME)["Targets"] == DECLARED["targets"]

    def changed(result: dict[str, Any]) -> None:
        rule = events.describe_rule(Name=NAME)
        assert (rule["State"], rule["Description"]) == ("DISABLED", "Somebody broke the glass")
        assert result["rule"]["event_pattern"] == PATTERN
        assert events.list_targets_by_rule(Rule=NAME)["Targets"] == [{"Id": "security", "Arn": TOPIC}]
        assert result["rule"]["tags"] == {"Project": "pixstory"}

    def deleted(result: dict[str, Any]) -> None:
        assert events.list_rules()["Rules"] == []

    change = {
        "name": NAME,
        "enabled": False,
        "targets": [{"Id": "security", "Arn": TOPIC}],
        "tags": {"Project": "pixstory"},
    }
    twelve_steps(
        MODULE, create=DECLARED, change=change, absent={"name": NAME}, created=created, changed=changed, deleted=deleted
    )


def test_a_schedule_makes_a_rule(emulator: Emulator, run: Runner) -> None:
    assert run.predicted(MODULE, {"name": NAME, "schedule": "rate(1 day)"}).changed
    assert emulator.client("events").describe_rule(Name=NAME)["ScheduleExpression"] == "rate(1 day)"


def test_what_is_not_given_is_left_alone(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    assert not run.predicted(MODULE, {"name": NAME}).changed


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        ({"event_pattern": None}, "to create it, give also event_pattern"),
        ({"targets": [{"Id": "security"}]}, "a target has no Arn"),
        ({"schedule": "rate(1 day)"}, "mutually exclusive"),
    ],
)
def test_a_mistake_is_refused(run: Runner, mistake: dict[str, Any], told: str) -> None:
    wrong = {key: value for key, value in {**DECLARED, **mistake}.items() if value is not None}
    assert told in run(MODULE, wrong, check=True, fails=True).result["msg"]
