# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "cloudwatch_metric_alarms"
PREFIX = "pixstory-staging-cis-"
TAGS = {"Project": "pixstory", "Environment": "staging"}
TOPIC = "arn:aws:sns:ap-south-1:123456789012:pixstory-staging-security"
ALARM = {
    "namespace": "pixstory/staging/cis",
    "statistic": "Sum",
    "period": 300,
    "evaluation_periods": 1,
    "threshold": 1,
    "comparison_operator": "GreaterThanOrEqualToThreshold",
    "treat_missing_data": "notBreaching",
    "alarm_actions": [TOPIC],
}
ROOT = {**ALARM, "metric_name": "root-use", "description": "The root user did something"}
DENIED = {**ALARM, "metric_name": "denied", "dimensions": {"Service": "s3"}}


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps) -> None:
    cloudwatch = emulator.client("cloudwatch")

    def alarms() -> dict[str, Any]:
        return {alarm["AlarmName"]: alarm for alarm in cloudwatch.describe_alarms()["MetricAlarms"]}

    def created(result: dict[str, Any]) -> None:
        found = alarms()
        assert set(found) == {f"{PREFIX}root-use", f"{PREFIX}denied"}
        assert found[f"{PREFIX}root-use"]["AlarmActions"] == [TOPIC]
        assert found[f"{PREFIX}denied"]["Dimensions"] == [{"Name": "Service", "Value": "s3"}]
        expected = {**TAGS, "Role": "account", "Name": f"{PREFIX}root-use"}
        assert result["alarms"][f"{PREFIX}root-use"]["tags"] == expected

    def changed(result: dict[str, Any]) -> None:
        (alarm,) = alarms().values()
        # What was not declared was left alone.
        assert (alarm["Threshold"], alarm["Period"], alarm["AlarmDescription"]) == (5.0, 300, ROOT["description"])
        assert result["alarms"][f"{PREFIX}root-use"]["tags"] == {**TAGS, "Name": f"{PREFIX}root-use"}

    def deleted(result: dict[str, Any]) -> None:
        assert alarms() == {}

    twelve_steps(
        MODULE,
        create={"prefix": PREFIX, "alarms": {"root-use": ROOT, "denied": DENIED}, "tags": {**TAGS, "Role": "account"}},
        change={"prefix": PREFIX, "alarms": {"root-use": {"threshold": 5}}, "tags": TAGS, "purge": True},
        absent={"prefix": PREFIX, "tags": TAGS},
        created=created,
        changed=changed,
        deleted=deleted,
    )


@pytest.mark.parametrize(
    ("alarm", "message"),
    [
        ({"threshhold": 5}, "alarms.root-use.threshhold is no option"),
        ({**ROOT, "statistic": "Median"}, "Write one of SampleCount"),
        ({"threshold": 5}, "give also metric_name, namespace, period"),
    ],
)
def test_mistakes_are_told_before_any_write(run: Runner, alarm: dict[str, Any], message: str) -> None:
    done = run(MODULE, {"prefix": PREFIX, "alarms": {"root-use": alarm}}, fails=True)
    assert message in done.result["msg"]
    assert done.writes == []
