# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as text for people, at most 100 columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from .model import STATUSES

WIDTH = 100


def preflight_table(report: Mapping[str, Any]) -> str:
    """What does not hold first, each with what was found and what to do; then the counts."""
    lines = [f"Preflight of {report['environment']}, {report['region']}, account {report['account_id']}", ""]
    for status, words in STATUSES.items():
        found = [row for row in report["rows"] if row["status"] == status]
        if not found:
            continue
        lines.append(f"{words.upper()} ({len(found)})")
        for row in sorted(found, key=lambda row: not row["required"]):
            lines += _row(row)
        lines.append("")
    counts = ", ".join(f"{words} {report['counts'][status]}" for status, words in STATUSES.items())
    return "\n".join([*lines, f"Checks: {counts}.", verdict_of(report)])


def verdict_of(report: Mapping[str, Any]) -> str:
    """In one sentence whether the account is ready."""
    if report["fail_on"] == "never":
        return "Nothing fails the run (aws_preflight_fail_on is never)."
    count = report["violations"]
    if not count:
        return "Nothing that must hold fails. What cannot be seen is still to be seen to."
    return f"Not ready: {count} of what must hold {'does' if count == 1 else 'do'} not."


def _row(row: Mapping[str, Any]) -> list[str]:
    must = " (must)" if row["required"] and row["status"] != "holds" else ""
    subject = f"{row['check']}: {row['subject']}" if row["subject"] else row["check"]
    lines = _wrapped(f"{subject}{must}", "  ", 4) + _wrapped(row["found"], "    ", 4)
    return lines + (_wrapped(f"> {row['remedy']}", "    ", 6) if row["remedy"] else [])


def _wrapped(text: str, indent: str, hanging: int) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=" " * hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
