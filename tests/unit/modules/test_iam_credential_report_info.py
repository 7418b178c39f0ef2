# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from twelve_steps import Emulator, Runner

from ansible_collections.pixstory.platform.plugins.modules import iam_credential_report_info as info

MODULE = "iam_credential_report_info"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(info, "POLL_SECONDS", 0.01)


def test_users_and_root_are_told(emulator: Emulator, run: Runner) -> None:
    iam = emulator.client("iam")
    iam.create_user(UserName="asha")
    iam.create_login_profile(UserName="asha", Password="no part of a word")
    iam.create_user(UserName="machine")
    iam.create_access_key(UserName="machine")
    off = iam.create_access_key(UserName="machine")["AccessKey"]["AccessKeyId"]
    iam.update_access_key(UserName="machine", AccessKeyId=off, Status="Inactive")
    result = run(MODULE, {}).result
    asha, machine = result["users"]
    assert (asha["user"], asha["password_enabled"], asha["mfa_active"], asha["access_keys"]) == (
        "asha",
        True,
        False,
        [],
    )
    assert (machine["password_enabled"], machine["password_age_days"]) == (False, None)
    assert [(key["number"], key["age_days"]) for key in machine["access_keys"]] == [(1, 0)]
    assert result["root"] == {"mfa_active": True, "access_keys": False, "password_unused_days": None}
    assert result["iam_account_summary"]["Users"] == 2
    assert result["generated"].endswith("Z")
    assert not result["changed"]


def test_check_mode_asks_for_no_report(emulator: Emulator, run: Runner) -> None:
    outcome = run(MODULE, {}, check=True)
    assert outcome.writes == []
    assert (outcome.result["generated"], outcome.result["users"]) == (None, [])
    assert "GenerateCredentialReport" not in {request["operation"] for request in emulator.requests()}
    run(MODULE, {})
    assert run(MODULE, {}, check=True).result["generated"]


def test_a_report_that_never_comes_is_an_error(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(info, "NO_REPORT", ())
    assert "Cannot read the credential report" in run(MODULE, {}, fails=True).result["msg"]


def row(**values: str) -> dict[str, str]:
    keys = {f"access_key_{n}_{what}": "N/A" for n in (1, 2) for what in ("last_rotated", "last_used_date")}
    keys |= {"access_key_1_active": "false", "access_key_2_active": "false"}
    password = {"password_enabled": "true", "password_last_changed": "N/A", "password_last_used": "no_information"}
    return {"user": "asha", "arn": "arn", "mfa_active": "false", **password, **keys, **values}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"password_last_changed": "2026-11-13T12:00:00+00:00"}, {"password_age_days": 10}),
        ({"password_enabled": "false", "password_last_changed": "2026-11-13T12:00:00Z"}, {"password_age_days": None}),
        ({"password_last_used": "2026-11-22T11:00:00+00:00"}, {"password_unused_days": 1}),
        ({"password_enabled": "not_supported"}, {"password_enabled": False}),
        ({"mfa_active": "true"}, {"mfa_active": True}),
        (
            {
                "access_key_2_active": "true",
                "access_key_2_last_rotated": "2026-08-23T12:00:00+00:00",
                "access_key_2_last_used_date": "N/A",
            },
            {"access_keys": [{"number": 2, "age_days": 92, "unused_days": None}]},
        ),
    ],
)
def test_a_line_of_the_report(values: dict[str, str], expected: dict[str, Any]) -> None:
    read = info.user(row(**values), NOW)
    assert {key: read[key] for key in expected} == expected
