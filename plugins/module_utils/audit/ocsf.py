# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as OCSF Compliance Findings: https://schema.ocsf.io/1.3.0/classes/compliance_finding."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .model import FAILS, HOLDS, NOT_APPLICABLE, SUPPRESSED, UNSEEN

SCHEMA = "1.3.0"
CLASS, CATEGORY, CREATE = 2003, 2, 1
SEVERITY_IDS = {"low": (2, "Low"), "medium": (3, "Medium"), "high": (4, "High"), "critical": (5, "Critical")}
INFORMATIONAL = (1, "Informational")
# Of the finding, and of the control's compliance.
NEW, SUPPRESSED_STATE, RESOLVED = (1, "New"), (3, "Suppressed"), (4, "Resolved")
COMPLIANCE = {
    HOLDS: (1, "Pass"),
    UNSEEN: (2, "Warning"),
    FAILS: (3, "Fail"),
    SUPPRESSED: (3, "Fail"),
    NOT_APPLICABLE: (99, "Not applicable"),
}
STATES = {HOLDS: RESOLVED, NOT_APPLICABLE: RESOLVED, UNSEEN: NEW, FAILS: NEW, SUPPRESSED: SUPPRESSED_STATE}


def audit_ocsf(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One event a finding."""
    return [_event(report, one) for one in report["findings"]]


def _event(report: Mapping[str, Any], finding: Mapping[str, Any]) -> dict[str, Any]:
    moment = int(datetime.fromisoformat(report["time"]).timestamp() * 1000)
    status = finding["status"]
    # What holds is no risk, however severe it were if it did not.
    severity_id, severity = SEVERITY_IDS[finding["severity"]] if status in (FAILS, SUPPRESSED) else INFORMATIONAL
    status_id, state = STATES[status]
    compliance_id, compliance = COMPLIANCE[status]
    key = f"{report['account_id']} {report['region']} {finding['control']} {finding['resource']} {finding['name']}"
    event = {
        "activity_id": CREATE,
        "activity_name": "Create",
        "category_uid": CATEGORY,
        "category_name": "Findings",
        "class_uid": CLASS,
        "class_name": "Compliance Finding",
        "type_uid": CLASS * 100 + CREATE,
        "type_name": "Compliance Finding: Create",
        "time": moment,
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": state,
        "message": finding["reason"] or finding["title"],
        "metadata": {
            "version": SCHEMA,
            "profiles": ["cloud"],
            "product": {"name": "pixstory.platform audit", "vendor_name": "Pixstory", "lang": "en"},
        },
        "cloud": {"provider": "AWS", "region": report["region"], "account": _account(report["account_id"])},
        "finding_info": {
            # The same finding has the same uid in each run.
            "uid": hashlib.sha256(key.encode()).hexdigest()[:32],
            "title": finding["title"],
            "desc": finding["title"],
            "types": ["Software and Configuration Checks"],
            "created_time": moment,
        },
        "compliance": {
            "control": finding["control"],
            "requirements": [finding["control"], *finding["cis"], *finding["needs"]],
            "standards": _standards(finding),
            "status": compliance,
            "status_id": compliance_id,
        },
        "remediation": {"desc": finding["remedy"], "references": [finding["document"]]},
        "resources": [{"uid": finding["resource"], "name": finding["name"], "type": finding["kind"]}],
        "unmapped": {"evidence": finding["evidence"], "environment": report["environment"]},
    }
    if finding["reason"]:
        event["status_detail"] = finding["reason"]
    return event


def _account(identifier: str) -> dict[str, Any]:
    return {"uid": identifier, "type": "AWS Account", "type_id": 10}


def _standards(finding: Mapping[str, Any]) -> list[str]:
    """The standards that a control is of."""
    own = "" if finding["control"].startswith(("PX-", "CIS-")) else "AWS Foundational Security Best Practices v1.0.0"
    cis = "CIS AWS Foundations Benchmark v3.0.0" if finding["cis"] else ""
    case = "Pixstory case study" if finding["needs"] or finding["control"].startswith("PX-") else ""
    return [one for one in (own, cis, case) if one]
