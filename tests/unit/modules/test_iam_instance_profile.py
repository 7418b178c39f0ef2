# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "iam_instance_profile"
NAME = "pixstory-production-web"
DECLARED: dict[str, Any] = {
    "name": NAME,
    "path": "/pixstory/production/",
    "role": "web",
    "tags": {"Project": "pixstory", "Role": "web"},
}


@pytest.fixture(autouse=True)
def roles(emulator: Emulator) -> None:
    """The roles web and proxy."""
    statement = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    for name in ("web", "proxy"):
        emulator.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)


def profile(emulator: Emulator) -> dict[str, Any]:
    return emulator.client("iam").get_instance_profile(InstanceProfileName=NAME)["InstanceProfile"]


def roles_in_it(emulator: Emulator) -> list[str]:
    return [role["RoleName"] for role in profile(emulator)["Roles"]]


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps) -> None:
    def created(result: dict[str, Any]) -> None:
        assert profile(emulator)["Path"] == "/pixstory/production/"
        assert roles_in_it(emulator) == ["web"]
        assert result["instance_profile"]["tags"] == DECLARED["tags"]
        assert [role["role_name"] for role in result["instance_profile"]["roles"]] == ["web"]

    def changed(result: dict[str, Any]) -> None:
        assert roles_in_it(emulator) == ["proxy"]
        assert result["instance_profile"]["tags"] == {"Project": "pixstory"}

    def deleted(result: dict[str, Any]) -> None:
        assert emulator.client("iam").list_instance_profiles()["InstanceProfiles"] == []
        assert emulator.client("iam").get_role(RoleName="proxy")

    change = {"name": NAME, "role": "proxy", "tags": {"Project": "pixstory"}}
    absent = {"name": NAME}
    twelve_steps(
        MODULE, create=DECLARED, change=change, absent=absent, created=created, changed=changed, deleted=deleted
    )


def test_a_profile_as_declared_takes_one_call(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    before = emulator.log.read_text().count("\n")
    assert not run(MODULE, DECLARED).changed
    assert emulator.log.read_text().count("\n") == before + 1


def test_what_is_not_given_is_left_alone(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    before = profile(emulator)
    assert not run.predicted(MODULE, {"name": NAME}).changed
    assert profile(emulator) == before


def test_a_role_is_added_to_an_empty_profile_and_taken_out_again(emulator: Emulator, run: Runner) -> None:
    run(MODULE, {"name": NAME})
    assert run.predicted(MODULE, {"name": NAME, "role": "web"}).changed
    assert roles_in_it(emulator) == ["web"]
    assert run.predicted(MODULE, {"name": NAME, "role": ""}).changed
    assert roles_in_it(emulator) == []
    assert not run.predicted(MODULE, {"name": NAME, "role": ""}).changed


def test_another_path_is_refused(run: Runner) -> None:
    run(MODULE, DECLARED)
    outcome = run(MODULE, {**DECLARED, "path": "/pixstory/staging/"}, check=True, fails=True)
    assert "AWS cannot change path in place" in outcome.result["msg"]


def test_a_plan_needs_no_role_to_be_there(run: Runner) -> None:
    assert run(MODULE, {**DECLARED, "role": "later"}, check=True).changed


@pytest.mark.parametrize(("mistake", "told"), [({"path": "pixstory"}, "path"), ({"name": "a web machine"}, "name")])
def test_a_mistake_is_refused(run: Runner, mistake: dict[str, Any], told: str) -> None:
    outcome = run(MODULE, {**DECLARED, **mistake}, check=True, fails=True)
    assert told in outcome.result["msg"]
