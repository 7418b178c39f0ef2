"""The audit of production: freshly provisioned, then sabotaged, then mended by the functions of aws_remediation.

One production for all tests, which run in their order: an audit takes seconds, so there is one for all sabotages, and
each is looked for by itself.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest

from tests.emulated import ROOT

from . import findings
from .conftest import Emulator, Run
from .sabotages import MENDED, PREFIX, REGION, SABOTAGES, Cloud, Mended, Sabotage

Json = dict[str, Any]
SEVERE = ("critical", "high")


@dataclass(frozen=True)
class Audit:
    run: Run
    report: Json

    def failing(self) -> list[Json]:
        return [one for one in self.report["findings"] if one["status"] == "fails"]

    def names(self, control: str, named: str) -> bool:
        """Whether it says of this control that it does not hold, and names what it is about."""
        found = [one for one in self.failing() if one["control"] == control]
        return any(one["name"] == named or named in _words(one["evidence"]) for one in found)


def _words(evidence: Any) -> set[str]:
    """What the values read name, at whatever depth."""
    if isinstance(evidence, dict):
        return set(map(str, evidence)).union(*map(_words, evidence.values()))
    if isinstance(evidence, list):
        return set().union(*map(_words, evidence))
    return {str(evidence)}


class Production:
    """Production on an emulator of its own, and its audits. Each is made when it is first asked for, in this order."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.cloud = Cloud(emulator)
        emulator.play("production", "provision").ended_well()

    def audit(self) -> Audit:
        target = self.emulator.folder / "audit.json"
        run = self.emulator.play("production", "audit", "-e", f"aws_audit_json_file={target}")
        report = json.loads(target.read_text())
        assert report["fail_on"] == "high"
        return Audit(run, report)

    @cached_property
    def fresh(self) -> Audit:
        return self.audit()

    @cached_property
    def sabotaged(self) -> Audit:
        assert self.fresh
        for one in SABOTAGES:
            one.do(self.cloud)
        return self.audit()

    @cached_property
    def records(self) -> dict[str, list[Json]]:
        """What the functions answered, by sabotage."""
        assert self.sabotaged
        return {one.what: self.call(one) for one in MENDED}

    @cached_property
    def mended(self) -> Audit:
        assert self.records
        return self.audit()

    def call(self, one: Mended) -> list[Json]:
        """The function that was deployed, with its settings and the event that its rule lets through."""
        name = f"{PREFIX}-remediation-{one.function}"
        event = one.event(self.cloud)
        rule = self.cloud("events").describe_rule(Name=name)
        assert one.call == "" if "ScheduleExpression" in rule else _fits(json.loads(rule["EventPattern"]), event)
        function = self.cloud("lambda").get_function_configuration(FunctionName=name)
        module, handler = function["Handler"].rsplit(".", 1)
        with pytest.MonkeyPatch.context() as patch:
            for key, value in function["Environment"]["Variables"].items():
                patch.setenv(key, value)
            for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
                patch.setenv(key, "function")
            patch.setenv("AWS_ENDPOINT_URL", self.emulator.url)
            patch.setenv("AWS_DEFAULT_REGION", REGION)
            patch.syspath_prepend(ROOT / "roles/aws_remediation/files")
            __import__(module)
            handlers = sys.modules[module]
            handlers._client.cache_clear()
            return list(getattr(handlers, handler)(event, None))


def _fits(pattern: Any, event: Json) -> bool:
    """Whether a pattern of names alone lets the event through."""
    return all(
        _fits(wanted, event[key]) if isinstance(wanted, dict) else event.get(key) in wanted
        for key, wanted in pattern.items()
    )


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    # What is sabotaged here by hand is looked at at once.
    emulator = Emulator(tmp_path_factory.mktemp("audit"), "--set", "slow=0", "--set", "consistency=0")
    try:
        yield Production(emulator)
    finally:
        emulator.stop()


def by_name(one: Sabotage | Mended) -> str:
    return one.what


each_sabotage = pytest.mark.parametrize("sabotage", SABOTAGES, ids=by_name)
each_mended = pytest.mark.parametrize("mended", MENDED, ids=by_name)


def named(production: Production, sabotage: Sabotage) -> str:
    return sabotage.named.format(**production.cloud.made)


def test_fresh_production_has_no_violation(production: Production) -> None:
    fresh = production.fresh
    assert fresh.run.ended_well().writes == []
    assert fresh.report["violations"] == 0
    assert [one["control"] for one in fresh.failing() if one["severity"] in SEVERE] == []
    unseen = {one["control"] for one in fresh.report["findings"] if one["status"] == "unseen"}
    assert unseen == {"SSM.1"}, "moto runs no agent of Systems Manager"
    suppressed = [one for one in fresh.report["findings"] if one["status"] == "suppressed"]
    assert all(one["reason"] and one["until"] for one in suppressed)
    assert "Passed: nothing of severity high or above fails." in fresh.run.output


def test_what_it_leaves_is_what_the_document_lists(production: Production) -> None:
    assert findings.DOCUMENT.read_text() == findings.written(production.fresh.report), findings.COMMAND


def test_there_are_enough_sabotages() -> None:
    assert len({(one.control, one.named) for one in SABOTAGES}) == len(SABOTAGES) >= 15


def test_sabotaged_production_does_not_pass(production: Production) -> None:
    sabotaged = production.sabotaged
    assert sabotaged.run.code == 2
    violations = [one for one in sabotaged.failing() if one["severity"] in SEVERE]
    assert len(violations) == sabotaged.report["violations"] >= 15
    assert f"Not passed: {len(violations)} findings of severity high or above." in sabotaged.run.output


@each_sabotage
def test_it_is_found_and_named(production: Production, sabotage: Sabotage) -> None:
    found = production.sabotaged.names(sabotage.control, named(production, sabotage))
    assert found, [one for one in production.sabotaged.failing() if one["control"] == sabotage.control]
    assert not production.fresh.names(sabotage.control, named(production, sabotage)), "it did not hold before"
    # A person who reads the terminal finds it too, wherever the table breaks its lines.
    assert named(production, sabotage) in " ".join(production.sabotaged.run.output.split())


@each_mended
def test_its_function_mends_it(production: Production, mended: Mended) -> None:
    (record,) = production.records[mended.what]
    assert (record["action"], record["outcome"], record["after"]) == (mended.function, "mended", None)
    assert mended.state(production.cloud) == mended.sound


def test_the_audit_finds_no_more_what_was_mended_and_all_else(production: Production) -> None:
    covered = {one.what for one in MENDED}
    left = {one.what for one in SABOTAGES if production.mended.names(one.control, named(production, one))}
    assert left == {one.what for one in SABOTAGES} - covered


@each_mended
def test_undo_puts_it_back_and_it_stays(production: Production, mended: Mended) -> None:
    assert production.mended
    (record,) = production.records[mended.what]
    arguments = ("production", "remediation_undo", "-e", f"finding={record['finding']}")
    planned = production.emulator.play(*arguments, "--check").ended_well()
    assert (planned.writes, mended.state(production.cloud)) == ([], mended.sound)
    assert production.emulator.play(*arguments).ended_well().recap["changed"] == 1
    undone = mended.state(production.cloud)
    assert undone != mended.sound
    production.emulator.play(*arguments).changed_nothing()
    # The function is called again, as it would be by what undo did.
    assert [one["outcome"] for one in production.call(mended)] == ["exempt"]
    assert mended.state(production.cloud) == undone
