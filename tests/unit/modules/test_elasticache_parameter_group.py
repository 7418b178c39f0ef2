# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

from ansible_collections.pixstory.platform.plugins.modules.elasticache_parameter_group import allowed

MODULE = "elasticache_parameter_group"
NAME = "pixstory-production-redis7"
DECLARED = {
    "name": NAME,
    "family": "redis7",
    "description": "Caches of pixstory production",
    "parameters": {"maxmemory-policy": "allkeys-lru", "timeout": 300, "activedefrag": True},
    "tags": {"Project": "pixstory", "Role": "cache"},
}


def values(emulator: Emulator) -> dict[str, str | None]:
    listed = emulator.client("elasticache").describe_cache_parameters(CacheParameterGroupName=NAME)["Parameters"]
    return {item["ParameterName"]: item.get("ParameterValue") for item in listed}


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps) -> None:
    def created(result: dict) -> None:
        there = values(emulator)
        assert (there["maxmemory-policy"], there["timeout"], there["activedefrag"]) == ("allkeys-lru", "300", "yes")
        assert result["parameter_group"]["parameters"]["maxmemory-policy"] == "allkeys-lru"
        assert result["parameter_group"]["tags"] == DECLARED["tags"]

    def changed(result: dict) -> None:
        assert values(emulator)["timeout"] == "60"
        assert values(emulator)["maxmemory-policy"] == "allkeys-lru"
        assert result["parameter_group"]["tags"] == {"Project": "pixstory"}

    change = {"name": NAME, "parameters": {"timeout": 60}, "tags": {"Project": "pixstory"}}
    twelve_steps(MODULE, create=DECLARED, change=change, absent={"name": NAME}, created=created, changed=changed)


def test_only_what_differs_is_shown_and_written(run: Runner) -> None:
    run(MODULE, DECLARED)
    outcome = run.predicted(MODULE, {**DECLARED, "parameters": {"timeout": 300, "databases": 32}})
    assert outcome.diff == {
        "before": {"parameters": {"databases": "16"}},
        "after": {"parameters": {"databases": "32"}},
    }


def test_more_parameters_than_a_call_takes(emulator: Emulator, run: Runner) -> None:
    defaults = emulator.client("elasticache").describe_engine_default_parameters(CacheParameterGroupFamily="redis7")
    wanted = {
        item["ParameterName"]: "50" if item["DataType"] == "integer" else item["AllowedValues"].split(",")[-1]
        for item in defaults["EngineDefaults"]["Parameters"]
        if item["IsModifiable"] and allowed("50", item["DataType"], item.get("AllowedValues") or "0-")
    }
    assert len(wanted) < 20
    wanted |= dict.fromkeys(
        ["activedefrag", "appendonly", "close-on-replica-write", "notify-keyspace-events"], "no"
    ) | {"repl-backlog-size": "32768", "client-query-buffer-limit": "2097152", "active-expire-effort": "2"}
    assert len(wanted) > 20
    outcome = run(MODULE, {**DECLARED, "parameters": wanted})
    assert outcome.writes.count("elasticache.ModifyCacheParameterGroup") == 2
    assert {name: values(emulator)[name] for name in wanted} == wanted


MISTAKES = [
    ({"maxmemory-polcy": "noeviction"}, "there is no parameter maxmemory-polcy, there is maxmemory-policy"),
    ({"maxmemory-policy": "lru"}, "maxmemory-policy: lru is not allowed, allowed is volatile-lru,"),
    ({"timeout": 19}, "timeout: 19 is not allowed, allowed is 0,20-"),
    ({"maxclients": 100}, "maxclients cannot be modified, it is 65000"),
]


@pytest.mark.parametrize("there", [False, True])
def test_mistakes_are_found_before_anything_is_written(run: Runner, there: bool, subtests: pytest.Subtests) -> None:
    if there:
        run(MODULE, DECLARED)
    for parameters, message in MISTAKES:
        for check in (True, False):
            with subtests.test(message, check=check):
                outcome = run(MODULE, {**DECLARED, "parameters": parameters}, check=check, fails=True)
                assert message in outcome.result["msg"]
                assert outcome.writes == []


def test_the_family_cannot_be_changed(run: Runner) -> None:
    run(MODULE, DECLARED)
    outcome = run(MODULE, {**DECLARED, "family": "valkey8"}, check=True, fails=True)
    assert "cannot change family in place" in outcome.result["msg"]


@pytest.mark.parametrize(
    ("value", "data_type", "allowed_values", "expected"),
    [
        ("yes", "string", "yes,no", True),
        ("maybe", "string", "yes,no", False),
        ("0", "integer", "0,20-", True),
        ("5", "integer", "0,20-", False),
        ("20", "integer", "0,20-", True),
        ("-1", "integer", "-1-", True),
        ("-2", "integer", "-1-", False),
        ("75", "integer", "1-75", True),
        ("76", "integer", "1-75", False),
        ("many", "integer", "1-75", False),
        ("0.5", "float", "0-1", True),
        ("Ex", "string", None, True),
        ("Ex", "string", "", True),
    ],
)
def test_allowed(value: str, data_type: str, allowed_values: str | None, expected: bool) -> None:
    assert allowed(value, data_type, allowed_values) is expected
