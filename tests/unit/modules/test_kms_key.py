# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "kms_key"
ALIAS = "pixstory-production-data"


def document(*actions: str) -> dict[str, Any]:
    principal = {"AWS": "arn:aws:iam::123456789012:root"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": list(actions), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


DECLARED = {
    "alias": ALIAS,
    "description": "Data stores",
    "policy": document("kms:*"),
    "enable_key_rotation": True,
    "tags": {"Project": "pixstory", "Name": ALIAS},
}


def key(emulator: Emulator) -> dict[str, Any]:
    return emulator.client("kms").describe_key(KeyId=f"alias/{ALIAS}")["KeyMetadata"]


def policy(emulator: Emulator) -> dict[str, Any]:
    answer = emulator.client("kms").get_key_policy(KeyId=key(emulator)["KeyId"], PolicyName="default")
    return json.loads(answer["Policy"])


def rotates(emulator: Emulator) -> bool:
    return emulator.client("kms").get_key_rotation_status(KeyId=key(emulator)["KeyId"])["KeyRotationEnabled"]


def keys(emulator: Emulator) -> list[str]:
    return [one["KeyId"] for one in emulator.client("kms").list_keys()["Keys"]]


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps) -> None:
    def created(result: dict[str, Any]) -> None:
        assert key(emulator)["Description"] == "Data stores"
        assert policy(emulator) == document("kms:*")
        assert rotates(emulator)
        assert result["key"]["tags"] == DECLARED["tags"]

    def changed(result: dict[str, Any]) -> None:
        assert key(emulator)["Description"] == "All data stores"
        assert policy(emulator) == document("kms:*", "kms:Decrypt")
        assert not rotates(emulator)
        assert result["key"]["tags"] == {"Project": "pixstory"}

    change = {
        "alias": ALIAS,
        "description": "All data stores",
        "policy": document("kms:*", "kms:Decrypt"),
        "enable_key_rotation": False,
        "tags": {"Project": "pixstory"},
    }
    twelve_steps(MODULE, create=DECLARED, change=change, absent={"alias": ALIAS}, created=created, changed=changed)


def test_a_key_as_declared_takes_four_calls_whatever_else_there_is(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    for number in range(5):
        run(MODULE, {"alias": f"another-{number}"})
    before = emulator.log.read_text().count("\n")
    assert not run(MODULE, DECLARED).changed
    assert emulator.log.read_text().count("\n") == before + 4


def test_what_is_not_given_is_left_alone(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    assert not run.predicted(MODULE, {"alias": ALIAS}).changed
    assert rotates(emulator)
    assert policy(emulator) == DECLARED["policy"]


def test_a_key_that_waits_for_its_deletion_is_restored(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    before = key(emulator)["KeyId"]
    emulator.client("kms").schedule_key_deletion(KeyId=before)
    outcome = run.predicted(MODULE, DECLARED)
    assert outcome.diff["before"]["state"] == "waiting for its deletion"
    assert (key(emulator)["KeyId"], key(emulator)["KeyState"]) == (before, "Enabled")
    assert not run.predicted(MODULE, DECLARED).changed


def test_what_an_interrupted_run_left_is_completed(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    [left] = keys(emulator)
    emulator.client("kms").delete_alias(AliasName=f"alias/{ALIAS}")
    run(MODULE, {**DECLARED, "description": "Another"})
    assert keys(emulator) == [left]
    assert key(emulator)["Description"] == "Another"


@pytest.mark.parametrize("tags", [{"Project": "pixstory"}, {"Project": "pixstory", "Name": "another"}])
def test_a_strangers_key_is_not_taken(emulator: Emulator, run: Runner, tags: dict[str, str]) -> None:
    made = emulator.client("kms").create_key(Tags=[{"TagKey": "Project", "TagValue": "pixstory"}])["KeyMetadata"]
    run(MODULE, {**DECLARED, "tags": tags})
    assert key(emulator)["KeyId"] != made["KeyId"]


def test_the_window_of_the_deletion_is_what_was_asked_for(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    made = key(emulator)["KeyId"]
    run(MODULE, {"alias": ALIAS, "state": "absent", "pending_window": 7})
    left = emulator.client("kms").describe_key(KeyId=made)["KeyMetadata"]
    assert (left["DeletionDate"] - left["CreationDate"]).days == 7


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        ({"pending_window": 3}, "AWS takes 7 to 30"),
        ({"alias": "alias/x"}, "without alias/"),
        ({"alias": "aws/s3"}, "own"),
    ],
)
def test_a_mistake_is_refused(run: Runner, mistake: dict[str, Any], told: str) -> None:
    outcome = run(MODULE, {**DECLARED, **mistake}, fails=True)
    assert told in outcome.result["msg"]
    assert outcome.writes == []
