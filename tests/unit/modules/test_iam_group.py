# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "iam_group"
NAME = "pixstory-production-auditors"
AUDIT = "arn:aws:iam::aws:policy/SecurityAudit"
VIEW = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
DECLARED: dict[str, Any] = {"name": NAME, "path": "/pixstory/production/", "managed_policies": [VIEW, AUDIT]}


def group(emulator: Emulator) -> dict[str, Any]:
    return emulator.client("iam").get_group(GroupName=NAME)["Group"]


def attached(emulator: Emulator) -> set[str]:
    answer = emulator.client("iam").list_attached_group_policies(GroupName=NAME)
    return {policy["PolicyArn"] for policy in answer["AttachedPolicies"]}


def join(emulator: Emulator, user: str) -> None:
    iam = emulator.client("iam")
    iam.create_user(UserName=user)
    iam.add_user_to_group(GroupName=NAME, UserName=user)


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps) -> None:
    def created(result: dict[str, Any]) -> None:
        assert group(emulator)["Path"] == "/pixstory/production/"
        assert attached(emulator) == {AUDIT, VIEW}
        assert (result["group"]["group_name"], result["group"]["users"]) == (NAME, [])

    def changed(result: dict[str, Any]) -> None:
        assert group(emulator)["Path"] == "/pixstory/"
        assert attached(emulator) == {AUDIT}

    def deleted(result: dict[str, Any]) -> None:
        assert emulator.client("iam").list_groups()["Groups"] == []

    change = {"name": NAME, "path": "/pixstory/", "managed_policies": [AUDIT]}
    twelve_steps(
        MODULE,
        create=DECLARED,
        change=change,
        absent={"name": NAME},
        created=created,
        changed=changed,
        deleted=deleted,
    )


def test_a_group_as_declared_takes_two_calls(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    emulator.requests()
    assert not run(MODULE, DECLARED).changed
    assert len(emulator.log.read_text().splitlines()[-2:]) == 2
    operations = [json.loads(line)["operation"] for line in emulator.log.read_text().splitlines()[-2:]]
    assert sorted(operations) == ["GetGroup", "ListAttachedGroupPolicies"]


def test_what_is_not_given_is_left_alone(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    join(emulator, "asha")
    outcome = run.predicted(MODULE, {"name": NAME})
    assert not outcome.changed
    assert outcome.result["group"]["users"] == ["asha"]
    assert attached(emulator) == {AUDIT, VIEW}


def test_policies_are_only_added_without_purge(emulator: Emulator, run: Runner) -> None:
    run(MODULE, {**DECLARED, "managed_policies": [AUDIT]})
    added = {"name": NAME, "managed_policies": [VIEW], "purge_policies": False}
    assert run.predicted(MODULE, added).changed
    assert attached(emulator) == {AUDIT, VIEW}


def test_a_group_with_users_and_a_policy_in_it_is_deleted(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    join(emulator, "asha")
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    emulator.client("iam").put_group_policy(GroupName=NAME, PolicyName="inline", PolicyDocument=document)
    assert run.predicted(MODULE, {"name": NAME, "state": "absent"}).changed
    assert emulator.client("iam").list_groups_for_user(UserName="asha")["Groups"] == []


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        ({"path": "pixstory"}, "path"),
        ({"name": "those who look"}, "name"),
        ({"managed_policies": ["SecurityAudit"]}, "managed_policies has SecurityAudit, not the ARN of a policy"),
    ],
)
def test_a_mistake_is_refused(run: Runner, mistake: dict[str, Any], told: str) -> None:
    assert told in run(MODULE, {**DECLARED, **mistake}, check=True, fails=True).result["msg"]
