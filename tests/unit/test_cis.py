"""The exceptions of the CIS scan are data, and docs/hardening.md has the same; what the report makes of results."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from lab import cis

ROOT = Path(__file__).resolve().parents[2]
RESULTS = """<?xml version="1.0"?>
<Benchmark xmlns="http://checklists.nist.gov/xccdf/1.2"><TestResult id="t">
<rule-result idref="xccdf_org.ssgproject.content_rule_one"><result>{one}</result></rule-result>
<rule-result idref="xccdf_org.ssgproject.content_rule_two"><result>{two}</result></rule-result>
<rule-result idref="xccdf_org.ssgproject.content_rule_not"><result>notselected</result></rule-result>
</TestResult></Benchmark>
"""


def test_the_document_has_every_exception_and_no_other() -> None:
    text = (ROOT / "docs" / "hardening.md").read_text()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| `")
    ]
    documented = {tuple(re.findall(r"`([\w-]+)`", row[0])): (row[1], row[2]) for row in rows}
    declared = {
        tuple(entry["rules"]): (entry["kind"], entry["reason"]) for entry in yaml.safe_load(cis.EXCEPTIONS.read_text())
    }
    assert documented == declared


def test_every_exception_has_a_kind_and_a_reason() -> None:
    found = cis.exceptions()
    assert found
    assert {exception.kind for exception in found.values()} == set(cis.KINDS)
    assert [exception.rule for exception in found.values() if len(exception.reason) < 20] == []


def test_results_of_a_scan(tmp_path: Path) -> None:
    path = tmp_path / "results.xml"
    path.write_text(RESULTS.format(one="pass", two="error"))
    found = cis.results(path)
    assert found == {"one": "pass", "two": "error"}
    assert cis.failures(found) == ["two"]


def test_a_failure_without_a_reason_is_named() -> None:
    before, after = {"one": "fail", "two": "fail"}, {"one": "pass", "two": "fail"}
    assert cis.table("m", before, after, {})[-1] == "  without a reason: two"
    allowed = {"two": cis.Allowed("two", "decision", "because")}
    lines = cis.table("m", before, after, allowed)
    assert lines[-1] == "  without a reason: none"
    assert "  of the failures after, 1 are decision" in lines
