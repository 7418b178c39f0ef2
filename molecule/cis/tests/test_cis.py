"""What the scan finds is what docs/hardening.md says it finds."""

from __future__ import annotations

import pytest

from lab import cis

MACHINES = ("debian-12", "debian-13")


def scans(machine: str) -> tuple[dict[str, str], dict[str, str]]:
    return cis.results(cis.RESULTS / f"{machine}-before.xml"), cis.results(cis.RESULTS / f"{machine}-after.xml")


@pytest.mark.parametrize("machine", MACHINES)
def test_every_failure_has_a_reason(machine: str) -> None:
    _, after = scans(machine)
    assert len(after) > 300
    assert [rule for rule in cis.failures(after) if rule not in cis.exceptions()] == []


def test_every_exception_is_needed() -> None:
    failing = {rule for machine in MACHINES for rule in cis.failures(scans(machine)[1])}
    assert sorted(set(cis.exceptions()) - failing) == []


@pytest.mark.parametrize("machine", MACHINES)
def test_the_role_mends_most_and_breaks_nothing(machine: str) -> None:
    before, after = scans(machine)
    assert len(cis.failures(after)) < len(cis.failures(before)) / 2
    broken = [rule for rule in cis.failures(after) if before.get(rule) == "pass"]
    assert [rule for rule in broken if rule not in cis.exceptions()] == []
