# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as text for people, at most 100 columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from .model import FAILS, SEVERITIES, STATUSES, SUPPRESSED, UNSEEN

WIDTH = 100


def audit_table(report: Mapping[str, Any]) -> str:
    """The violations first, each control once with its resources, its evidence and its remedy; then the counts."""
    place = f"{report['project']} {report['environment']}, {report['region']}, account {report['account_id']}"
    lines = [f"Audit of {place}, {report['time']}", ""]
    for status in (FAILS, UNSEEN, SUPPRESSED):
        found = [one for one in report["findings"] if one["status"] == status]
        if not found:
            continue
        lines.append(f"{STATUSES[status].upper()} ({len(found)})")
        for group in by_control(found):
            lines += _group(group, status)
        lines.append("")
    counts = ", ".join(f"{report['counts'][status]} {words}" for status, words in STATUSES.items())
    severe = ", ".join(f"{report['severities'][severity]} {severity}" for severity in SEVERITIES)
    lines += _wrapped(f"{report['controls']} controls, {len(report['findings'])} findings: {counts}.", "")
    lines += [f"Of those that do not hold: {severe}.", verdict(report)]
    return "\n".join(lines)


def verdict(report: Mapping[str, Any]) -> str:
    """In one sentence whether the audit is passed."""
    limit, count = report["fail_on"], report["violations"]
    if limit == "never":
        return "No severity is a violation (fail_on is never)."
    mark = "critical" if limit == "critical" else f"{limit} or above"
    if not count:
        return f"Passed: nothing of severity {mark} fails."
    return f"Not passed: {count} finding{'' if count == 1 else 's'} of severity {mark}."


def by_control(findings: list[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Findings of one control with one reason together, in the order in which they come."""
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for one in findings:
        groups.setdefault((one["control"], one["title"], one["reason"], one["until"]), []).append(one)
    return list(groups.values())


def _group(group: list[Mapping[str, Any]], status: str) -> list[str]:
    first = group[0]
    lines = _wrapped(f"{first['severity']:<8} {first['control']:<13} {first['title']}", "  ", 25)
    if status == FAILS:
        for one in group:
            evidence = ", ".join(f"{key}: {value(found)}" for key, found in one["evidence"].items() if key != "because")
            lines += _wrapped(f"- {one['name']}  {evidence}".rstrip(), " " * 11, 13)
        return lines + _wrapped(f"> {first['remedy']}", " " * 11, 13)
    if len(group) > 1 or status == SUPPRESSED:
        lines += _wrapped(", ".join(dict.fromkeys(one["name"] for one in group)), " " * 11, 11)
    until = f" (until {first['until']})" if first["until"] else ""
    return lines + _wrapped(f"> {first['reason']}{until}", " " * 11, 13)


def value(found: Any) -> str:
    """A value of the evidence, for people."""
    if isinstance(found, list | tuple):
        return " ".join(str(one) for one in found) or "none"
    if isinstance(found, Mapping):
        return " ".join(f"{key}={value(one)}" for key, one in found.items()) or "none"
    return "none" if found is None or found == "" else str(found)


def _wrapped(text: str, indent: str, hanging: int = 0) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=" " * hanging,
        break_long_words=True,
        break_on_hyphens=False,
    )
