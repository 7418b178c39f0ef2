# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as one HTML page: the verdict, the counts, what to do, what stands where, and all controls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from .drawing import topology_svg
from .model import FAILS, HOLDS, NOT_APPLICABLE, SEVERITIES, STATUSES, SUPPRESSED, UNSEEN
from .style import STYLE
from .table import by_control, value, verdict

Finding = Mapping[str, Any]
MARKS = {FAILS: "✕", UNSEEN: "?", SUPPRESSED: "!", HOLDS: "✓", NOT_APPLICABLE: "·"}


def audit_page(report: Mapping[str, Any]) -> str:
    """The whole page. It loads nothing and runs no script."""
    findings = report["findings"]
    place = f"{report['project']} {report['environment']}"
    sections = [
        _verdict(report, place),
        _counts(report),
        _needs(findings),
        _todo([one for one in findings if one["status"] == FAILS]),
        _drawing(report.get("topology")),
        _reasons("Cannot be seen here", "unseen", [one for one in findings if one["status"] == UNSEEN], UNSEEN_NOTE),
        _reasons(
            "Accepted for now", "accepted", [one for one in findings if one["status"] == SUPPRESSED], ACCEPTED_NOTE
        ),
        _controls(findings),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>Security audit of {escape(place)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(sections)
        + "\n</main>\n</body>\n</html>"
    )


TODO_NOTE = "Each of these is demanded and does not hold. The most severe come first."
UNSEEN_NOTE = "These controls were not judged: a call was refused, or the account's API does not have it."
ACCEPTED_NOTE = "These do not hold, and somebody has said why that is accepted and until when."


def _verdict(report: Mapping[str, Any], place: str) -> str:
    looks, word = ("bad", "Not passed") if report["violations"] else ("good", "Passed")
    if report["fail_on"] == "never":
        looks, word = "unjudged", "Not judged"
    facts = {
        "Environment": report["environment"],
        "Account": report["account_id"],
        "Region": report["region"],
        "Read": report["time"].replace("T", " ").replace("Z", " UTC"),
    }
    items = "".join(f"<div><dt>{name}</dt><dd>{escape(text)}</dd></div>" for name, text in facts.items())
    return (
        f'<header class="{looks}"><p class="kicker">Security audit of {escape(place)}</p>'
        f"<h1>{word}</h1><p class=lead>{escape(_sentence(report))}</p><dl>{items}</dl></header>"
    )


def _sentence(report: Mapping[str, Any]) -> str:
    said = verdict(report).partition(": ")[2] or verdict(report)
    return f"{said[:1].upper()}{said[1:]} {report['controls']} controls were judged on the live account."


def _counts(report: Mapping[str, Any]) -> str:
    tiles = "".join(
        f'<div class="tile {one}{"" if report["severities"][one] else " none"}"><b>{report["severities"][one]}</b>'
        f"<span>{one}</span></div>"
        for one in SEVERITIES
    )
    total = sum(report["counts"].values()) or 1
    share = "".join(
        f'<i class="{status}" style="flex:{report["counts"][status]}"></i>'
        for status in STATUSES
        if report["counts"][status]
    )
    key = "".join(
        f'<li><i class="{status}"></i><b>{report["counts"][status]}</b> {words}</li>'
        for status, words in STATUSES.items()
    )
    return (
        '<section class="counts"><h2>Counts</h2><div class="two"><div><h3>Does not hold, by severity</h3>'
        f'<div class="tiles">{tiles}</div></div><div><h3>All {total} findings</h3><div class="bar">{share}</div>'
        f'<ul class="key">{key}</ul></div></div></section>'
    )


def _needs(findings: Iterable[Finding]) -> str:
    """What the case study calls for: whether all controls of each need hold."""
    needs: dict[str, list[str]] = {}
    for one in findings:
        for need in one["needs"]:
            needs.setdefault(need, []).append(one["status"])
    chips = []
    for need, found in sorted(needs.items(), key=lambda entry: entry[0].lower()):
        worst = next((status for status in STATUSES if status in found), NOT_APPLICABLE)
        failing, judged = found.count(FAILS), len(found) - found.count(NOT_APPLICABLE)
        said = f"{failing} of {judged} findings" if failing else STATUSES[worst]
        chips.append(
            f'<li class="{worst}"><i>{MARKS[worst]}</i><div><b>{escape(need[:1].upper() + need[1:])}</b>'
            f"<span>{said}</span></div></li>"
        )
    return f'<section><h2>What the platform is to have</h2><ul class="needs">{"".join(chips)}</ul></section>'


def _todo(failing: list[Finding]) -> str:
    if not failing:
        return "<section><h2>What to do</h2><p>Nothing: every control that can be judged holds.</p></section>"
    cards = "".join(_card(group) for group in by_control(failing))
    return f'<section><h2>What to do</h2><p>{TODO_NOTE}</p><ol class="todo">{cards}</ol></section>'


def _card(group: list[Finding]) -> str:
    first = group[0]
    rows = "".join(f"<tr><td>{escape(one['name'])}</td><td>{escape(_evidence(one))}</td></tr>" for one in group)
    count = f"{len(group)} resources" if len(group) > 1 else escape(first["name"])
    labels = "".join(
        f"<span class=label>{escape(one)}</span>" for one in dict.fromkeys((first["control"], *first["cis"]))
    )
    listed = f"<table>{rows}</table>"
    if len(group) > FEW:
        listed = f"<details><summary>{count}</summary>{listed}</details>"
    link = first["document"]
    source = f' <a href="{escape(link)}">Document</a>' if link.startswith("https:") else ""
    return (
        f'<li class="{first["severity"]}"><div class="head"><span class="severity">{first["severity"]}</span>'
        f"<h3>{escape(first['title'])}</h3>{labels}</div>"
        f"<p>{escape(first['remedy'])}{source}</p>{listed}</li>"
    )


FEW = 4


def _evidence(one: Finding) -> str:
    return " · ".join(f"{key}: {value(found)}" for key, found in one["evidence"].items() if key != "because")


def _drawing(topology: Mapping[str, Any] | None) -> str:
    svg = topology_svg(topology) if topology else ""
    if not svg:
        return ""
    return f'<section class="drawing"><h2>What stands where</h2><div class="scroll">{svg}</div></section>'


def _reasons(title: str, name: str, findings: list[Finding], note: str) -> str:
    if not findings:
        return ""
    rows = "".join(
        f"<tr><td class=id>{escape(group[0]['control'])}</td><td>{escape(group[0]['title'])}"
        f"<small>{escape(', '.join(dict.fromkeys(one['name'] for one in group)))}</small></td>"
        f"<td>{escape(group[0]['reason'])}"
        + (f"<small>until {escape(group[0]['until'])}</small>" if group[0]["until"] else "")
        + "</td></tr>"
        for group in by_control(findings)
    )
    head = "<tr><th>Control</th><th>What it demands</th><th>Reason</th></tr>"
    return f'<section class="{name}"><h2>{title}</h2><p>{note}</p><table class="wide">{head}{rows}</table></section>'


def _controls(findings: Iterable[Finding]) -> str:
    """All controls, a line each, by service."""
    controls: dict[str, list[Finding]] = {}
    for one in findings:
        controls.setdefault(one["control"], []).append(one)
    rows = []
    for identifier in sorted(controls, key=_natural):
        found = controls[identifier]
        first = found[0]
        statuses = [one["status"] for one in found]
        worst = next(status for status in STATUSES if status in statuses)
        said = ", ".join(
            f"{statuses.count(status)} {words}" if len(found) > 1 else words
            for status, words in STATUSES.items()
            if status in statuses
        )
        covers = ", ".join([*first["cis"], *first["needs"]])
        rows.append(
            f"<tr><td class=id>{escape(identifier)}</td><td>{escape(first['title'])}<small>{escape(covers)}</small>"
            f'</td><td class=id>{first["severity"]}</td><td class="state {worst}"><i>{MARKS[worst]}</i>{said}</td></tr>'
        )
    head = "<tr><th>Control</th><th>What it demands</th><th>Severity</th><th>Result</th></tr>"
    return (
        f'<section class="all"><h2>All controls</h2><table class="wide"><thead>{head}</thead>'
        f"<tbody>{''.join(rows)}</tbody></table></section>"
    )


def _natural(identifier: str) -> tuple[str, list[int]]:
    """S3.9 before S3.12; CIS and the case study after AWS's own."""
    service, _dummy, number = identifier.replace("CIS-3.0 ", "~CIS.").replace("PX-", "~PX.").partition(".")
    return (service, [int(part) for part in number.split(".") if part.isdigit()])
