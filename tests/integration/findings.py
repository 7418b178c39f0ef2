"""``python -m tests.integration.findings`` lists in docs/audit.md what does not hold in a fresh production.

It provisions one on an emulator and audits it, which takes minutes. A test says when the list is out of date.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from tests.emulated import ROOT

DOCUMENT = ROOT / "docs" / "audit.md"
COMMAND = "run python -m tests.integration.findings"
BEGIN, END = "<!-- findings: written by python -m tests.integration.findings -->\n", "<!-- findings end -->\n"


def table(report: dict[str, Any]) -> str:
    """A line a control: how severe, what does not hold, of how many resources, and what is accepted until when."""
    lines = ["| severity | control | what does not hold | resources |", "| --- | --- | --- | --- |"]
    counts: dict[tuple[str, ...], int] = {}
    for one in report["findings"]:
        if one["status"] in ("fails", "suppressed"):
            until = f"; accepted until {one['until']}" if one["until"] else ""
            row = (one["severity"], one["control"], f"{one['title']}{until}")
            counts[row] = counts.get(row, 0) + 1
    return "\n".join([*lines, *(f"| {' | '.join(row)} | {count} |" for row, count in counts.items())])


def written(report: dict[str, Any]) -> str:
    """The document with this report's list."""
    text = DOCUMENT.read_text()
    between = re.compile(f"(?<={re.escape(BEGIN)}).*(?={re.escape(END)})", re.DOTALL)
    assert between.search(text), f"{DOCUMENT} has no place for the list, between {BEGIN.strip()} and {END.strip()}"
    return between.sub(lambda _: f"\n{table(report)}\n\n", text)


def main() -> None:
    from .conftest import Emulator

    with tempfile.TemporaryDirectory() as folder, Emulator(Path(folder)) as emulator:
        target = Path(folder) / "audit.json"
        emulator.play("production", "provision").ended_well()
        emulator.play("production", "audit", "-e", f"aws_audit_json_file={target}", "-e", "aws_audit_fail_on=never")
        DOCUMENT.write_text(written(json.loads(target.read_text())))


if __name__ == "__main__":
    main()
