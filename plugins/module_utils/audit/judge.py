# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges a snapshot by all controls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

from .controls import CONTROLS
from .model import (
    FAILS,
    HOLDS,
    NOT_APPLICABLE,
    SEVERITIES,
    STATUSES,
    SUPPRESSED,
    UNSEEN,
    Control,
    Finding,
    NotSeen,
    Record,
    Snapshot,
)

EXPIRED = "PX-0"


class BadSuppression(Exception):
    """A suppression is refused. Says what is wrong, where, and what to write."""


def evaluate(snapshot: Snapshot, controls: Iterable[Control] = tuple(CONTROLS.values())) -> list[Finding]:
    """The findings of all controls, in the controls' order."""
    return [finding for one in controls for finding in judge(snapshot, one)]


def judge(snapshot: Snapshot, control: Control) -> list[Finding]:
    """What one control says of every resource that it is about."""
    account, findings, nothing = snapshot["account"], [], True
    for kind in control.of.split():
        try:
            resources = [account] if kind == "account" else snapshot[kind]
        except NotSeen as error:
            findings.append(_finding(control, account, UNSEEN, reason=str(error)))
            nothing = False
            continue
        findings += [_verdict(snapshot, control, resource) for resource in resources]
        nothing = nothing and not resources
    if nothing:
        kinds = control.of.split()[0].replace("_", " ")
        return [_finding(control, account, NOT_APPLICABLE, reason=f"There are no {kinds}.")]
    return findings


def _verdict(snapshot: Snapshot, control: Control, resource: Record) -> Finding:
    try:
        holds, evidence = control.judge(snapshot, resource)
    except NotSeen as error:
        return _finding(control, resource, UNSEEN, reason=str(error))
    except Exception as error:  # an answer in a shape that AWS does not document must never pass for "holds"
        reason = f"AWS's answer has an unexpected shape: {type(error).__name__}: {error}"
        return _finding(control, resource, UNSEEN, reason=reason)
    if holds is None:
        return _finding(control, resource, NOT_APPLICABLE, evidence, str(evidence.get("because", "")))
    return _finding(control, resource, HOLDS if holds else FAILS, evidence)


def _finding(
    control: Control, resource: Record, status: str, evidence: dict[str, Any] | None = None, reason: str = ""
) -> Finding:
    return Finding(
        control=control.id,
        title=control.title,
        severity=control.severity,
        status=status,
        resource=str(resource.get("_arn", "")),
        name=str(resource.get("_name", "")),
        kind=control.of,
        evidence=evidence or {},
        remedy=control.remedy,
        document=control.document,
        cis=control.cis,
        needs=control.needs,
        reason=reason,
    )


def check_suppressions(
    suppressions: Iterable[Mapping[str, Any]], where: str = "aws_audit_suppressions"
) -> list[dict[str, str]]:
    """The suppressions as they are to be used. Refuses one that lacks something."""
    checked = []
    for number, given in enumerate(suppressions):
        place = f"{where}[{number}]"
        if unknown := sorted(set(given) - {"control", "resource", "reason", "until"}):
            raise BadSuppression(f"{place} has {', '.join(unknown)}. Write control, resource, reason and until only.")
        entry = {key: str(given.get(key) or "").strip() for key in ("control", "resource", "reason", "until")}
        if lacking := [key for key, value in entry.items() if not value]:
            raise BadSuppression(
                f"{place} has no {' and no '.join(lacking)}. Write control (S3.9), resource (a pattern of its ARN or "
                "name, * for all), reason (why this is accepted) and until (a date, 2027-03-31)."
            )
        if entry["control"] not in CONTROLS:
            raise BadSuppression(f"{place}.control is {entry['control']}: there is no such control. See docs/audit.md.")
        try:
            date.fromisoformat(entry["until"])
        except ValueError as error:
            raise BadSuppression(
                f"{place}.until is {entry['until']!r}, which is no date. Write year-month-day, in quotes: '2027-03-31'."
            ) from error
        checked.append(entry)
    return checked


def suppress(
    findings: Iterable[Finding], suppressions: Iterable[Mapping[str, str]], today: date, account: Mapping[str, Any]
) -> list[Finding]:
    """The findings, those that are accepted marked so, and a finding for each suppression that has expired."""
    entries = list(suppressions)
    valid = [one for one in entries if date.fromisoformat(one["until"]) >= today]
    result = [_suppressed(finding, valid) for finding in findings]
    return result + [_expired(one, account) for one in entries if one not in valid]


def _suppressed(finding: Finding, suppressions: list[Mapping[str, str]]) -> Finding:
    if finding.status != FAILS:
        return finding
    for one in suppressions:
        fits = any(fnmatchcase(text, one["resource"]) for text in (finding.resource, finding.name) if text)
        if one["control"] == finding.control and fits:
            return Finding(**{**finding.__dict__, "status": SUPPRESSED, "reason": one["reason"], "until": one["until"]})
    return finding


def _expired(entry: Mapping[str, str], account: Mapping[str, Any]) -> Finding:
    return Finding(
        control=EXPIRED,
        title=f"The suppression of {entry['control']} for {entry['resource']} has expired",
        severity=CONTROLS[entry["control"]].severity,
        status=FAILS,
        resource=str(account.get("_arn", "")),
        name=entry["resource"],
        kind="account",
        evidence=dict(entry),
        remedy="Mend what it suppressed, or give it a new reason and date in aws_audit_suppressions.",
        document="docs/audit.md",
    )


def sort_key(finding: Finding) -> tuple[int, int, str, str]:
    """What does not hold first, the most severe first."""
    order = list(STATUSES)
    return (order.index(finding.status), SEVERITIES.index(finding.severity), finding.control, finding.resource)


def report(snapshot: Snapshot, suppressions: Iterable[Mapping[str, Any]], fail_on: str) -> dict[str, Any]:
    """Everything that the outputs show. ``fail_on`` is the least severity that is a violation, or ``never``."""
    account = snapshot["account"]
    today = snapshot["now"].date()
    findings = suppress(evaluate(snapshot), check_suppressions(suppressions), today, account)
    findings.sort(key=sort_key)
    counted = SEVERITIES[: SEVERITIES.index(fail_on) + 1] if fail_on in SEVERITIES else ()
    failing = [one for one in findings if one.status == FAILS]
    return {
        "project": snapshot["project"],
        "environment": snapshot["environment"],
        "account_id": snapshot["account_id"],
        "region": snapshot["region"],
        "time": snapshot["now"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "fail_on": fail_on,
        "violations": sum(one.severity in counted for one in failing),
        "controls": len(CONTROLS),
        "counts": {status: sum(one.status == status for one in findings) for status in STATUSES},
        "severities": {severity: sum(one.severity == severity for one in failing) for severity in SEVERITIES},
        "findings": [one.as_dict() for one in findings],
    }
