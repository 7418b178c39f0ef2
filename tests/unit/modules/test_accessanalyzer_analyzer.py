# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "accessanalyzer_analyzer"
NAME = "pixstory-production-unused"
DECLARED = {
    "name": NAME,
    "type": "ACCOUNT_UNUSED_ACCESS",
    "unused_access_age": 30,
    "tags": {"Project": "pixstory", "Name": NAME},
}


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps) -> None:
    client = emulator.client("accessanalyzer")

    def created(result: dict) -> None:
        found = client.get_analyzer(analyzerName=NAME)["analyzer"]
        assert found["configuration"] == {"unusedAccess": {"unusedAccessAge": 30}}
        assert found["tags"] == DECLARED["tags"]
        assert result["analyzer"]["arn"] == f"arn:aws:access-analyzer:ap-south-1:123456789012:analyzer/{NAME}"

    def changed(result: dict) -> None:
        tags = {"Project": "pixstory", "Role": "detection"}
        assert client.get_analyzer(analyzerName=NAME)["analyzer"]["tags"] == result["analyzer"]["tags"] == tags

    def deleted(result: dict) -> None:
        assert client.list_analyzers()["analyzers"] == []

    change = {**DECLARED, "tags": {"Project": "pixstory", "Role": "detection"}}
    looks = {"created": created, "changed": changed, "deleted": deleted}
    twelve_steps(MODULE, create=DECLARED, change=change, absent={"name": NAME}, **looks)


def test_what_is_not_given_is_left_alone(run: Runner) -> None:
    run(MODULE, DECLARED)
    assert not run.predicted(MODULE, {"name": NAME, "type": "ACCOUNT_UNUSED_ACCESS"}).changed


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("declared", "change"),
    [
        ({"type": "ACCOUNT"}, "type: 'ACCOUNT_UNUSED_ACCESS' -> 'ACCOUNT'"),
        ({"type": "ACCOUNT_UNUSED_ACCESS", "unused_access_age": 60}, "unused_access_age: 30 -> 60"),
    ],
)
def test_what_aws_cannot_change_is_refused(run: Runner, declared: dict, change: str, check: bool) -> None:
    run(MODULE, DECLARED)
    outcome = run(MODULE, {"name": NAME, **declared}, check=check, fails=True)
    assert change in outcome.result["msg"]
    assert outcome.writes == []


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"unused_access_age": 30}, "unused_access_age is of type ACCOUNT_UNUSED_ACCESS only"),
        ({"type": "ACCOUNT_UNUSED_ACCESS", "unused_access_age": 0}, "Write 1 to 365 days"),
    ],
)
def test_an_age_that_aws_refuses_is_refused_before_it_is_asked(run: Runner, declared: dict, message: str) -> None:
    outcome = run(MODULE, {"name": NAME, **declared}, check=True, fails=True)
    assert message in outcome.result["msg"]
