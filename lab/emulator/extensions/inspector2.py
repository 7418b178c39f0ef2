# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Amazon Inspector: the account that calls, where a request names none."""

from __future__ import annotations

from typing import Any

from moto.inspector2.models import AccountStatus

from lab.emulator.registry import ApiError, Call, operation

TYPES = ("EC2", "ECR", "LAMBDA", "LAMBDA_CODE")


def _status(call: Call, account: str) -> AccountStatus:
    statuses: dict[str, AccountStatus] = call.backend("inspector2").account_status
    return statuses.setdefault(account, AccountStatus(account))


def _accounts(call: Call, params: dict[str, Any]) -> list[str]:
    return list(params.get("accountIds") or [call.account])


def _toggle(call: Call, params: dict[str, Any], types: list[str], enable: bool) -> dict[str, Any]:
    if unknown := [name for name in types if name not in TYPES]:
        raise ApiError("ValidationException", f"The emulator knows no resource types {unknown}")
    accounts = [_status(call, account) for account in _accounts(call, params)]
    for account in accounts:
        account.toggle(types, enable)
    return {"accounts": [account.to_json() for account in accounts], "failedAccounts": []}


@operation("inspector2", "Enable")
def enable(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/inspector/v2/APIReference/API_Enable.html"""
    return _toggle(call, params, params["resourceTypes"], True)


@operation("inspector2", "Disable")
def disable(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """All resource types where none is named.

    https://docs.aws.amazon.com/inspector/v2/APIReference/API_Disable.html
    """
    return _toggle(call, params, params.get("resourceTypes") or list(TYPES), False)


@operation("inspector2", "BatchGetAccountStatus")
def batch_get_account_status(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/inspector/v2/APIReference/API_BatchGetAccountStatus.html"""
    accounts = [_status(call, account).to_batch_json() for account in _accounts(call, params)]
    return {"accounts": accounts, "failedAccounts": []}
