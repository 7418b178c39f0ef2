# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS Support: the results of Trusted Advisor, and the severities of cases.

A check that was refreshed until it was done found nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.support.models import ADVISOR_CHECKS

from lab.emulator.registry import ApiError, Call, operation

CHECKS = frozenset(check["id"] for check in ADVISOR_CHECKS["checks"])
NOTHING = {"resourcesProcessed": 0, "resourcesFlagged": 0, "resourcesIgnored": 0, "resourcesSuppressed": 0}
SAVED = {"costOptimizing": {"estimatedMonthlySavings": 0.0, "estimatedPercentMonthlySavings": 0.0}}


def _result(call: Call, check: str) -> dict[str, Any]:
    if check not in CHECKS:
        raise ApiError("InvalidParameterValueException", f"Invalid check id: {check}")
    done = call.backend("support").check_status.get(check) == "success"
    return {
        "checkId": check,
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "status": "ok" if done else "not_available",
        "resourcesSummary": NOTHING,
        "categorySpecificSummary": SAVED,
    }


@operation("support", "DescribeTrustedAdvisorCheckSummaries")
def describe_trusted_advisor_check_summaries(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/awssupport/latest/APIReference/API_DescribeTrustedAdvisorCheckSummaries.html"""
    return {"summaries": [{**_result(call, check), "hasFlaggedResources": False} for check in params["checkIds"]]}


@operation("support", "DescribeTrustedAdvisorCheckResult")
def describe_trusted_advisor_check_result(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/awssupport/latest/APIReference/API_DescribeTrustedAdvisorCheckResult.html"""
    return {"result": {**_result(call, params["checkId"]), "flaggedResources": []}}


@operation("support", "DescribeSeverityLevels")
def describe_severity_levels(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Those of the plan Business, which the account must have to read Trusted Advisor.

    https://docs.aws.amazon.com/awssupport/latest/APIReference/API_DescribeSeverityLevels.html
    """
    levels = {"low": "Low", "normal": "Normal", "high": "High", "urgent": "Urgent"}
    return {"severityLevels": [{"code": code, "name": name} for code, name in levels.items()]}
