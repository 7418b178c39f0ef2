# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "log_metric_filters"
GROUP = "/pixstory/staging/cloudtrail"
ROOT = {"pattern": '{ $.userIdentity.type = "Root" }', "metric_namespace": "pixstory/staging/cis"}
DENIED = {"pattern": '{ $.errorCode = "*Denied" }', "metric_namespace": "pixstory/staging/cis", "default_value": 0}


@pytest.fixture
def logs(emulator: Emulator) -> Any:
    logs = emulator.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    return logs


def test_twelve_steps(logs: Any, twelve_steps: TwelveSteps) -> None:
    def filters() -> dict[str, Any]:
        found = logs.describe_metric_filters(logGroupName=GROUP)["metricFilters"]
        return {one["filterName"]: (one["filterPattern"], one["metricTransformations"]) for one in found}

    def created(result: dict[str, Any]) -> None:
        transformation = {"metricNamespace": "pixstory/staging/cis", "metricValue": "1"}
        assert filters() == {
            "root-use": (ROOT["pattern"], [{**transformation, "metricName": "root-use"}]),
            "denied": (DENIED["pattern"], [{**transformation, "metricName": "denied", "defaultValue": 0}]),
        }

    def changed(result: dict[str, Any]) -> None:
        assert filters()["denied"][0] == "{ $.errorCode = * }"
        assert filters()["denied"][1][0]["defaultValue"] == 0
        assert set(filters()) == {"denied"}

    def deleted(result: dict[str, Any]) -> None:
        assert filters() == {}

    changed_filter = {"pattern": "{ $.errorCode = * }", "metric_namespace": "pixstory/staging/cis"}
    twelve_steps(
        MODULE,
        create={"log_group": GROUP, "filters": {"root-use": ROOT, "denied": DENIED}},
        change={"log_group": GROUP, "filters": {"denied": changed_filter}},
        absent={"log_group": GROUP},
        created=created,
        changed=changed,
        deleted=deleted,
    )


def test_a_plan_needs_no_log_group(run: Runner) -> None:
    planned = run(MODULE, {"log_group": GROUP, "filters": {"root-use": ROOT}}, check=True)
    assert (planned.changed, planned.writes) == (True, [])


@pytest.mark.parametrize(
    ("one", "message"),
    [
        ({"pattern": "x"}, "lacks pattern or metric_namespace"),
        ({**ROOT, "unit": "Count"}, "filters.root-use.unit is no option"),
        ({**ROOT, "pattern": "x" * 1025}, "has 1025 characters"),
    ],
)
def test_mistakes_are_told_before_any_call(emulator: Emulator, run: Runner, one: dict[str, Any], message: str) -> None:
    assert message in run(MODULE, {"log_group": GROUP, "filters": {"root-use": one}}, fails=True).result["msg"]
    assert emulator.requests() == []
