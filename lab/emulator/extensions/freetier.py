# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of an account: this one pays for what it uses."""

from __future__ import annotations

from typing import Any

from lab.emulator.registry import Call, operation


@operation("freetier", "GetAccountPlanState")
def get_account_plan_state(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_freetier_GetAccountPlanState.html"""
    return {"accountId": call.account, "accountPlanType": "PAID", "accountPlanStatus": "ACTIVE"}
