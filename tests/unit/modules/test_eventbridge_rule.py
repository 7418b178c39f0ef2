# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "eventbridge_rule"
NAME = "pixstory-production-guardduty"
TOPIC = "arn:aws:sns:ap-south-1:123456789012:pixstory-production-security"
PATTERN = {"source": ["aws.guardduty"], "detail": {"severity": [{"numeric": [">=", 4]}]}}
TARGET = {
    "id": "security",
    "arn": TOPIC,
    "input_paths": {"findingType": "$.detail.type"},
    "input_template": '"GuardDuty found <findingType>"',
}
OTHER = {"id": "other", "arn": f"{TOPIC}-2"}
DECLARED = {
    "name": NAME,
    "description": "What GuardDuty finds",
    "event_pattern": PATTERN,
    "targets": [TARGET, OTHER],
    "tags": {"Project": "pixstory", "Name": NAME},
}


@pytest.fixture
def events(emulator: Emulator) -> Any:
    return emulator.client("events")


def targets(events: Any) -> dict[str, dict[str, Any]]:
    return {one["Id"]: one for one in events.list_targets_by_rule(Rule=NAME)["Targets"]}


def test_twelve_steps(events: Any, twelve_steps: TwelveSteps) -> None:
    def created(result: dict) -> None:
        rule = events.describe_rule(Name=NAME)
        assert (json.loads(rule["EventPattern"]), rule["State"]) == (PATTERN, "ENABLED")
        assert targets(events)["security"]["InputTransformer"] == {
            "InputPathsMap": {"findingType": "$.detail.type"},
            "InputTemplate": '"GuardDuty found <findingType>"',
        }
        assert targets(events)["other"] == {"Id": "other", "Arn": f"{TOPIC}-2"}
        assert result["rule"]["targets"] == [TARGET, OTHER]
        assert result["rule"]["tags"] == DECLARED["tags"]

    def changed(result: dict) -> None:
        rule = events.describe_rule(Name=NAME)
        assert (rule["State"], rule["Description"]) == ("DISABLED", "What GuardDuty finds")
        assert json.loads(rule["EventPattern"])["source"] == ["aws.inspector2"]
        assert targets(events).keys() == {"security"}
        assert targets(events)["security"]["Arn"] == f"{TOPIC}-3"
        assert result["rule"]["tags"] == {"Project": "pixstory", "Role": "detection"}

    def deleted(result: dict) -> None:
        assert events.list_rules()["Rules"] == []

    change = {
        "name": NAME,
        "event_pattern": {"source": ["aws.inspector2"]},
        "enabled": False,
        "targets": [{**TARGET, "arn": f"{TOPIC}-3"}],
        "tags": {"Project": "pixstory", "Role": "detection"},
    }
    looks = {"created": created, "changed": changed, "deleted": deleted}
    twelve_steps(MODULE, create=DECLARED, change=change, absent={"name": NAME}, **looks)


@pytest.mark.parametrize("enabled", [True, False])
def test_events_of_calls_that_only_read(events: Any, run: Runner, enabled: bool) -> None:
    """EventBridge sends them to rules of one state only."""
    wanted = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" if enabled else "DISABLED"
    declared = {**DECLARED, "read_only_events": True, "enabled": enabled}
    for changed in (True, False):
        assert run(MODULE, declared).changed is changed
        assert events.describe_rule(Name=NAME)["State"] == wanted
    run(MODULE, {"name": NAME, "description": "Another"})
    assert events.describe_rule(Name=NAME)["State"] == wanted
    run(MODULE, {"name": NAME, "enabled": True})
    assert events.describe_rule(Name=NAME)["State"] == (wanted if enabled else "ENABLED")
    run(MODULE, {"name": NAME, "read_only_events": False})
    assert events.describe_rule(Name=NAME)["State"] == "ENABLED"


def test_what_is_not_given_is_left_alone(events: Any, run: Runner) -> None:
    run(MODULE, {**DECLARED, "enabled": False})
    before = (events.describe_rule(Name=NAME), targets(events))
    assert not run.predicted(MODULE, {"name": NAME}).changed
    run(MODULE, {"name": NAME, "description": "Another"})
    after = (events.describe_rule(Name=NAME), targets(events))
    for answer in (before[0], after[0]):
        answer.pop("ResponseMetadata")
    assert after == ({**before[0], "Description": "Another"}, before[1])


def test_what_a_target_does_not_say_is_left_alone(events: Any, run: Runner) -> None:
    run(MODULE, DECLARED)
    retry = {"RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 60}}
    events.put_targets(Rule=NAME, Targets=[{**targets(events)["other"], **retry}])
    assert not run.predicted(MODULE, {"name": NAME, "targets": [OTHER, TARGET]}).changed
    run(MODULE, {"name": NAME, "targets": [{**OTHER, "arn": TOPIC}, TARGET]})
    assert targets(events)["other"] == {"Id": "other", "Arn": TOPIC, **retry}


def test_a_schedule_makes_a_rule(events: Any, run: Runner) -> None:
    declared = {"name": NAME, "schedule": "rate(1 day)"}
    assert run.predicted(MODULE, declared).changed
    assert events.describe_rule(Name=NAME)["ScheduleExpression"] == "rate(1 day)"
    assert not run.predicted(MODULE, declared).changed


def test_an_empty_list_removes_all_targets(events: Any, run: Runner) -> None:
    run(MODULE, DECLARED)
    assert run.predicted(MODULE, {"name": NAME, "targets": []}).writes == ["events.RemoveTargets"]
    assert targets(events) == {}


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"name": "what is this"}, "name 'what is this' (12 characters) is refused by AWS"),
        ({"name": NAME}, "to create it, give also event_pattern"),
        ({**DECLARED, "schedule": "rate(1 day)"}, "mutually exclusive"),
        ({**DECLARED, "targets": [TARGET, TARGET]}, "targets has security more than once"),
    ],
)
def test_mistakes_are_told_before_anything_is_written(run: Runner, declared: dict, message: str) -> None:
    outcome = run(MODULE, declared, check=True, fails=True)
    assert message in outcome.result["msg"]


def test_a_target_that_aws_refuses_is_told(events: Any, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = [{"TargetId": "security", "ErrorCode": "X", "ErrorMessage": "no such topic"}]
    monkeypatch.setattr(events, "put_targets", lambda **_: {"FailedEntryCount": 1, "FailedEntries": failed})
    outcome = run(MODULE, DECLARED, fails=True)
    assert outcome.result["msg"] == f"AWS refused target security of rule {NAME}: no such topic"
