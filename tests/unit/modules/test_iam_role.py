# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest
from twelve_steps import Emulator, Requests, Runner, TwelveSteps

MODULE = "iam_role"
NAME = "pixstory-production-web"
SSM = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def trust(*services: str) -> dict[str, Any]:
    condition = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    statement = {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [{**statement, "Condition": condition}]}


@pytest.fixture
def own(emulator: Emulator) -> str:
    """The ARN of a policy of the account's own."""
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return emulator.client("iam").create_policy(PolicyName="own", PolicyDocument=document)["Policy"]["Arn"]


@pytest.fixture
def declared(own: str) -> dict[str, Any]:
    return {
        "name": NAME,
        "path": "/pixstory/production/",
        "description": "A web machine",
        "assume_role_policy_document": trust("ec2.amazonaws.com", "ssm.amazonaws.com"),
        "boundary": own,
        "managed_policies": [SSM, own],
        "max_session_duration": 7200,
        "tags": {"Project": "pixstory", "Role": "web"},
    }


def role(emulator: Emulator) -> dict[str, Any]:
    return emulator.client("iam").get_role(RoleName=NAME)["Role"]


def attached(emulator: Emulator) -> set[str]:
    answer = emulator.client("iam").list_attached_role_policies(RoleName=NAME)
    return {policy["PolicyArn"] for policy in answer["AttachedPolicies"]}


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps, declared: dict[str, Any], own: str) -> None:
    def created(result: dict[str, Any]) -> None:
        made = role(emulator)
        assert (made["Path"], made["Description"]) == ("/pixstory/production/", "A web machine")
        assert (made["MaxSessionDuration"], made["PermissionsBoundary"]["PermissionsBoundaryArn"]) == (7200, own)
        assert made["AssumeRolePolicyDocument"] == declared["assume_role_policy_document"]
        assert attached(emulator) == {SSM, own}
        assert result["role"]["tags"] == declared["tags"]
        assert result["role"]["assume_role_policy_document"] == declared["assume_role_policy_document"]

    def changed(result: dict[str, Any]) -> None:
        made = role(emulator)
        assert (made["Description"], made["MaxSessionDuration"]) == ("A server", 3600)
        assert made["AssumeRolePolicyDocument"] == trust("ec2.amazonaws.com")
        assert not made.get("PermissionsBoundary")
        assert attached(emulator) == {own, READ_ONLY}
        assert result["role"]["tags"] == {"Project": "pixstory"}

    def deleted(result: dict[str, Any]) -> None:
        assert emulator.client("iam").list_roles(PathPrefix="/pixstory/")["Roles"] == []

    change = {
        "name": NAME,
        "description": "A server",
        "assume_role_policy_document": trust("ec2.amazonaws.com"),
        "boundary": "",
        "managed_policies": [own, READ_ONLY],
        "max_session_duration": 3600,
        "tags": {"Project": "pixstory"},
    }
    absent = {"name": NAME}
    twelve_steps(
        MODULE, create=declared, change=change, absent=absent, created=created, changed=changed, deleted=deleted
    )


def test_a_role_as_declared_takes_two_calls(emulator: Emulator, run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    before = emulator.log.read_text().count("\n")
    assert not run(MODULE, declared).changed
    assert emulator.log.read_text().count("\n") == before + 2


def test_what_is_not_given_is_left_alone(emulator: Emulator, run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    before = role(emulator), attached(emulator)
    assert not run.predicted(MODULE, {"name": NAME}).changed
    assert (role(emulator), attached(emulator)) == before


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"description": "A server"}, {"MaxSessionDuration": 7200}),
        ({"max_session_duration": 3600}, {"Description": "A web machine"}),
    ],
)
def test_description_and_duration_do_not_reset_each_other(
    emulator: Emulator, run: Runner, declared: dict[str, Any], change: dict[str, Any], kept: dict[str, Any]
) -> None:
    run(MODULE, declared)
    assert run.predicted(MODULE, {"name": NAME, **change}).changed
    made = role(emulator)
    assert {key: made[key] for key in kept} == kept


def test_documents_and_lists_in_another_order_are_the_same(run: Runner, declared: dict[str, Any], own: str) -> None:
    run(MODULE, declared)
    other = {
        "assume_role_policy_document": trust("ssm.amazonaws.com", "ec2.amazonaws.com"),
        "managed_policies": [own, SSM, own],
    }
    assert not run.predicted(MODULE, {**declared, **other}).changed


def test_policies_are_only_added_without_purge(emulator: Emulator, run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    before = attached(emulator)
    added = {"name": NAME, "managed_policies": [READ_ONLY], "purge_policies": False}
    outcome = run.predicted(MODULE, added)
    assert attached(emulator) == before | {READ_ONLY}
    assert outcome.diff
    assert set(outcome.diff["after"]["managed_policies"]) == before | {READ_ONLY}
    assert not run.predicted(MODULE, added).changed


def test_an_empty_list_detaches_all(emulator: Emulator, run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    assert run.predicted(MODULE, {"name": NAME, "managed_policies": []}).changed
    assert attached(emulator) == set()


def test_what_is_needed_is_attached_before_what_is_not_is_detached(
    emulator: Emulator, run: Runner, monkeypatch: pytest.MonkeyPatch, declared: dict[str, Any]
) -> None:
    run(MODULE, declared)
    requests = Requests(emulator.client("iam"), monkeypatch)
    run(MODULE, {"name": NAME, "managed_policies": [READ_ONLY]})
    order = [name for name, _ in requests.sent if name in ("AttachRolePolicy", "DetachRolePolicy")]
    assert order == ["AttachRolePolicy", "DetachRolePolicy", "DetachRolePolicy"]


def test_a_role_in_use_is_deleted(emulator: Emulator, run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    iam = emulator.client("iam")
    iam.create_instance_profile(InstanceProfileName="another")
    iam.add_role_to_instance_profile(InstanceProfileName="another", RoleName=NAME)
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=NAME, PolicyName="inline", PolicyDocument=document)
    assert run.predicted(MODULE, {"name": NAME, "state": "absent"}).changed
    assert iam.get_instance_profile(InstanceProfileName="another")["InstanceProfile"]["Roles"] == []


def test_another_path_is_refused(run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    outcome = run(MODULE, {**declared, "path": "/pixstory/staging/"}, check=True, fails=True)
    assert "AWS cannot change path in place" in outcome.result["msg"]


def test_a_plan_needs_no_policy_to_be_there(run: Runner) -> None:
    later = "arn:aws:iam::123456789012:policy/later"
    declared = {"name": NAME, "assume_role_policy_document": trust("ec2.amazonaws.com")}
    assert run(MODULE, {**declared, "boundary": later, "managed_policies": [later]}, check=True).changed


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        ({"path": "pixstory"}, "path"),
        ({"name": "a web machine"}, "name"),
        ({"boundary": "own"}, "boundary has own, not the ARN of a policy"),
        ({"managed_policies": [SSM, "ReadOnlyAccess"]}, "managed_policies has ReadOnlyAccess, not the ARN"),
        ({"max_session_duration": 60}, "AWS takes 3600 to 43200 seconds"),
        ({"assume_role_policy_document": None}, "to create it, give also assume_role_policy_document"),
    ],
)
def test_a_mistake_is_refused(run: Runner, declared: dict[str, Any], mistake: dict[str, Any], told: str) -> None:
    wrong = {key: value for key, value in {**declared, **mistake}.items() if value is not None}
    outcome = run(MODULE, wrong, check=True, fails=True)
    assert told in outcome.result["msg"]
