# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "inspector"


def scanned(emulator: Emulator) -> list[str]:
    (account,) = emulator.client("inspector2").batch_get_account_status()["accounts"]
    return [name for name, state in account["resourceState"].items() if state["status"] == "ENABLED"]


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps) -> None:
    def created(result: dict) -> None:
        assert scanned(emulator) == ["ec2", "lambda"]
        assert result["inspector"]["resource_types"] == ["EC2", "LAMBDA"]

    def changed(result: dict) -> None:
        assert scanned(emulator) == ["ecr", "lambda", "lambdaCode"]

    def deleted(result: dict) -> None:
        assert scanned(emulator) == []

    create = {"resource_types": ["EC2", "LAMBDA"]}
    change = {"resource_types": ["LAMBDA", "LAMBDA_CODE", "ECR"]}
    looks = {"created": created, "changed": changed, "deleted": deleted}
    twelve_steps(MODULE, create=create, change=change, absent={}, **looks)


def test_types_have_no_order(run: Runner) -> None:
    run(MODULE, {"resource_types": ["EC2", "LAMBDA"]})
    assert not run.predicted(MODULE, {"resource_types": ["LAMBDA", "EC2"]}).changed


@pytest.mark.parametrize(
    ("types", "message"),
    [([], "resource_types is empty"), (["LAMBDA_CODE"], "Write [LAMBDA, LAMBDA_CODE]")],
)
def test_types_that_aws_refuses(run: Runner, types: list[str], message: str) -> None:
    outcome = run(MODULE, {"resource_types": types}, check=True, fails=True)
    assert message in outcome.result["msg"]


def test_what_aws_refuses_is_told(emulator: Emulator, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = [{"accountId": "1", "errorCode": "ACCESS_DENIED", "errorMessage": "not allowed"}]
    client: Any = emulator.client("inspector2")
    monkeypatch.setattr(client, "enable", lambda **_: {"accounts": [], "failedAccounts": failed})
    outcome = run(MODULE, {"resource_types": ["EC2"]}, fails=True)
    assert outcome.result["msg"] == "AWS refused to enable EC2: ACCESS_DENIED: not allowed"
