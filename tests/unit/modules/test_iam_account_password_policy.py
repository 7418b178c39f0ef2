# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "iam_account_password_policy"
DECLARED = {
    "minimum_password_length": 14,
    "require_symbols": True,
    "require_numbers": True,
    "require_uppercase_characters": True,
    "require_lowercase_characters": True,
    "allow_users_to_change_password": True,
    "max_password_age": 90,
    "password_reuse_prevention": 24,
    "hard_expiry": False,
}


def policy(emulator: Emulator) -> dict:
    return emulator.client("iam").get_account_password_policy()["PasswordPolicy"]


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps) -> None:
    def created(result: dict) -> None:
        assert policy(emulator)["PasswordReusePrevention"] == 24
        assert result["password_policy"]["max_password_age"] == 90

    twelve_steps(MODULE, create=DECLARED, change={"minimum_password_length": 16}, absent={}, created=created)


def test_what_is_not_given_is_left_alone(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    before = policy(emulator)
    run(MODULE, {"minimum_password_length": 20})
    assert policy(emulator) == {**before, "MinimumPasswordLength": 20}


def test_zero_lifts_a_limit(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    unlimited = {"max_password_age": 0, "password_reuse_prevention": 0}
    assert run.predicted(MODULE, unlimited).changed
    assert policy(emulator)["ExpirePasswords"] is False
    assert not policy(emulator).get("PasswordReusePrevention")
    assert not run.predicted(MODULE, unlimited).changed


def test_of_change_only_the_difference_is_shown(run: Runner) -> None:
    run(MODULE, DECLARED)
    outcome = run.predicted(MODULE, {**DECLARED, "hard_expiry": True})
    assert outcome.diff == {"before": {"hard_expiry": False}, "after": {"hard_expiry": True}}
