# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "iam_user"
NAME = "asha"


@pytest.fixture
def declared(emulator: Emulator) -> dict[str, Any]:
    for group in ("operators", "auditors", "developers"):
        emulator.client("iam").create_group(GroupName=group)
    return {
        "name": NAME,
        "path": "/pixstory/production/",
        "groups": ["operators", "auditors"],
        "tags": {"Project": "pixstory", "Environment": "production"},
    }


def groups(emulator: Emulator) -> set[str]:
    return {group["GroupName"] for group in emulator.client("iam").list_groups_for_user(UserName=NAME)["Groups"]}


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps, declared: dict[str, Any]) -> None:
    iam = emulator.client("iam")

    def created(result: dict[str, Any]) -> None:
        assert iam.get_user(UserName=NAME)["User"]["Path"] == "/pixstory/production/"
        assert groups(emulator) == {"operators", "auditors"}
        assert result["user"]["tags"] == declared["tags"]
        with pytest.raises(iam.exceptions.NoSuchEntityException):
            iam.get_login_profile(UserName=NAME)
        assert iam.list_access_keys(UserName=NAME)["AccessKeyMetadata"] == []

    def changed(result: dict[str, Any]) -> None:
        assert groups(emulator) == {"auditors", "developers"}
        assert result["user"]["tags"] == {"Project": "pixstory"}

    def deleted(result: dict[str, Any]) -> None:
        assert iam.list_users()["Users"] == []

    twelve_steps(
        MODULE,
        create=declared,
        change={"name": NAME, "groups": ["developers", "auditors"], "tags": {"Project": "pixstory"}},
        absent={"name": NAME},
        created=created,
        changed=changed,
        deleted=deleted,
    )


def test_what_is_not_given_is_left_alone(emulator: Emulator, run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    assert not run.predicted(MODULE, {"name": NAME}).changed
    assert groups(emulator) == {"operators", "auditors"}


def test_a_user_joins_one_group_without_purge(emulator: Emulator, run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    assert run.predicted(MODULE, {"name": NAME, "groups": ["developers"], "purge_groups": False}).changed
    assert groups(emulator) == {"operators", "auditors", "developers"}


def test_an_empty_list_leaves_all_groups(emulator: Emulator, run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    assert run.predicted(MODULE, {"name": NAME, "groups": []}).changed
    assert groups(emulator) == set()


def test_a_user_moves_to_another_path(emulator: Emulator, run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, {**declared, "path": "/"})
    assert run.predicted(MODULE, declared).changed
    assert emulator.client("iam").get_user(UserName=NAME)["User"]["Path"] == "/pixstory/production/"


def test_a_user_is_deleted_with_all_it_has(emulator: Emulator, run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    iam = emulator.client("iam")
    iam.create_login_profile(UserName=NAME, Password="no part of a word")
    iam.create_access_key(UserName=NAME)
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=NAME)["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(
        UserName=NAME, SerialNumber=device, AuthenticationCode1="123456", AuthenticationCode2="654321"
    )
    iam.attach_user_policy(UserName=NAME, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=NAME, PolicyName="inline", PolicyDocument=document)
    outcome = run.predicted(MODULE, {"name": NAME, "state": "absent"})
    assert outcome.changed
    assert {
        "iam.DeleteLoginProfile",
        "iam.DeleteAccessKey",
        "iam.DeactivateMFADevice",
        "iam.DeleteVirtualMFADevice",
        "iam.DetachUserPolicy",
        "iam.DeleteUserPolicy",
    } <= set(outcome.writes)
    assert iam.list_users()["Users"] == []


def test_a_mistake_is_refused(run: Runner) -> None:
    assert "path" in run(MODULE, {"name": NAME, "path": "pixstory"}, check=True, fails=True).result["msg"]
