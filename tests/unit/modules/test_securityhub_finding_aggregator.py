# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "securityhub_finding_aggregator"


@pytest.fixture
def hub(emulator: Emulator) -> Any:
    client = emulator.client("securityhub")
    client.enable_security_hub(EnableDefaultStandards=False)
    return client


def aggregator(hub: Any) -> dict[str, Any]:
    (listed,) = hub.list_finding_aggregators()["FindingAggregators"]
    return hub.get_finding_aggregator(FindingAggregatorArn=listed["FindingAggregatorArn"])


def test_twelve_steps(hub: Any, twelve_steps: TwelveSteps) -> None:
    def created(result: dict) -> None:
        assert aggregator(hub)["Regions"] == ["us-east-1", "eu-west-1"]
        assert result["finding_aggregator"]["finding_aggregation_region"] == "ap-south-1"

    def changed(result: dict) -> None:
        assert aggregator(hub)["RegionLinkingMode"] == "ALL_REGIONS_EXCEPT_SPECIFIED"
        assert aggregator(hub)["Regions"] == ["us-west-1"]

    create = {"region_linking_mode": "SPECIFIED_REGIONS", "regions": ["us-east-1", "eu-west-1"]}
    change = {"region_linking_mode": "ALL_REGIONS_EXCEPT_SPECIFIED", "regions": ["us-west-1"]}
    twelve_steps(MODULE, create=create, change=change, absent={}, created=created, changed=changed)


def test_regions_have_no_order(hub: Any, run: Runner) -> None:
    declared = {"region_linking_mode": "SPECIFIED_REGIONS", "regions": ["us-east-1", "eu-west-1"]}
    run(MODULE, declared)
    assert not run.predicted(MODULE, {**declared, "regions": ["eu-west-1", "us-east-1"]}).changed


def test_check_mode_needs_no_hub(run: Runner) -> None:
    assert run(MODULE, {"region_linking_mode": "ALL_REGIONS"}, check=True).changed


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"region_linking_mode": "SPECIFIED_REGIONS"}, "SPECIFIED_REGIONS needs regions"),
        ({"region_linking_mode": "ALL_REGIONS", "regions": ["us-east-1"]}, "ALL_REGIONS takes no regions"),
    ],
)
def test_mode_and_regions_go_together(hub: Any, run: Runner, declared: dict, message: str) -> None:
    outcome = run(MODULE, declared, fails=True)
    assert message in outcome.result["msg"]
    assert outcome.writes == []


def test_another_region_that_has_it_is_named(hub: Any, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    run(MODULE, {"region_linking_mode": "ALL_REGIONS"})
    monkeypatch.setattr(
        hub, "get_finding_aggregator", lambda **_: {"FindingAggregationRegion": "eu-west-1", "Regions": []}
    )
    outcome = run(MODULE, {"region_linking_mode": "ALL_REGIONS"}, fails=True)
    assert "aggregated in eu-west-1 already" in outcome.result["msg"]
