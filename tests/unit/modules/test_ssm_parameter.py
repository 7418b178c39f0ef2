# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.module_utils import basic
from twelve_steps import Emulator, Requests, Runner, TwelveSteps

MODULE = "ssm_parameter"
NAME = "/production/app/database-host"
DECLARED: dict[str, Any] = {
    "name": NAME,
    "value": "db.internal",
    "description": "app/database-host",
    "tags": {"Project": "pixstory", "Role": "app"},
}
WORD = "correct-horse-battery"
SECRET: dict[str, Any] = {"name": NAME, "type": "SecureString", "value": WORD, "key_id": "alias/own"}


def parameter(emulator: Emulator) -> dict[str, Any]:
    """What GetParameter and DescribeParameters tell."""
    ssm = emulator.client("ssm")
    [described] = ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [NAME]}])["Parameters"]
    return {**described, **ssm.get_parameter(Name=NAME, WithDecryption=True)["Parameter"]}


@pytest.fixture
def key(emulator: Emulator) -> str:
    """The ARN of a key with the alias own."""
    made = emulator.client("kms").create_key()["KeyMetadata"]["Arn"]
    emulator.client("kms").create_alias(AliasName="alias/own", TargetKeyId=made)
    return made


def calls(emulator: Emulator) -> int:
    return emulator.log.read_text().count("\n")


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps) -> None:
    def created(result: dict[str, Any]) -> None:
        made = parameter(emulator)
        assert (made["Type"], made["Value"], made["Description"]) == ("String", "db.internal", "app/database-host")
        assert result["parameter"]["value"] == "db.internal"
        assert result["parameter"]["tags"] == DECLARED["tags"]
        assert result["diff"]["after"]["value"] == "db.internal"

    def changed(result: dict[str, Any]) -> None:
        made = parameter(emulator)
        assert (made["Value"], made["Description"], made["Tier"]) == ("db2.internal", "The host", "Advanced")
        assert result["parameter"]["tags"] == {"Project": "pixstory"}

    def deleted(result: dict[str, Any]) -> None:
        assert emulator.client("ssm").describe_parameters()["Parameters"] == []

    change = {
        "name": NAME,
        "value": "db2.internal",
        "description": "The host",
        "tier": "Advanced",
        "tags": {"Project": "pixstory"},
    }
    absent = {"name": NAME}
    twelve_steps(
        MODULE, create=DECLARED, change=change, absent=absent, created=created, changed=changed, deleted=deleted
    )


def test_twelve_steps_of_a_secret(emulator: Emulator, twelve_steps: TwelveSteps, key: str) -> None:
    def created(result: dict[str, Any]) -> None:
        made = parameter(emulator)
        assert (made["Type"], made["Value"], made["KeyId"]) == ("SecureString", WORD, "alias/own")
        assert WORD not in json.dumps(result)

    def changed(result: dict[str, Any]) -> None:
        made = parameter(emulator)
        assert (made["Value"], made["KeyId"]) == ("another-word", "alias/aws/ssm")
        for word in (WORD, "another-word"):
            assert word not in json.dumps(result)

    change = {**SECRET, "value": "another-word", "key_id": "alias/aws/ssm"}
    absent = {"name": NAME, "type": "SecureString"}
    twelve_steps(MODULE, create=SECRET, change=change, absent=absent, created=created, changed=changed)


@pytest.mark.parametrize("declared", [DECLARED, SECRET], ids=["plain", "secret"])
def test_a_parameter_as_declared_takes_three_calls(
    emulator: Emulator, run: Runner, key: str, declared: dict[str, Any]
) -> None:
    run(MODULE, declared)
    for number in range(12):  # more than DescribeParameters returns in a page
        run(MODULE, {"name": f"/production/app/{number}", "value": "x"})
    before = calls(emulator)
    assert not run(MODULE, declared).changed
    assert calls(emulator) == before + 3


def test_what_is_not_given_is_left_alone(emulator: Emulator, run: Runner, key: str) -> None:
    run(MODULE, {**SECRET, "description": "Ours", "tier": "Advanced", "tags": {"Project": "pixstory"}})
    before = parameter(emulator)
    assert not run.predicted(MODULE, {"name": NAME, "type": "SecureString"}).changed
    assert parameter(emulator) == before


def test_a_new_version_keeps_what_is_not_given(
    emulator: Emulator, run: Runner, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(MODULE, {**SECRET, "description": "Ours", "tier": "Advanced", "tags": {"Project": "pixstory"}})
    ssm = emulator.client("ssm")
    ssm.put_parameter(Name=NAME, Overwrite=True, Type="SecureString", Value=WORD, AllowedPattern=".*")
    requests = Requests(ssm, monkeypatch)
    outcome = run.predicted(MODULE, {"name": NAME, "type": "SecureString", "value": "another-word"})
    assert outcome.result["parameter"]["tags"] == {"Project": "pixstory"}
    [put] = requests.of("PutParameter")
    assert put == {
        "Name": NAME,
        "Overwrite": True,
        "Type": "SecureString",
        "Value": "another-word",
        "Description": "Ours",
        "Tier": "Advanced",
        "KeyId": "alias/own",
        "AllowedPattern": ".*",
        "DataType": "text",
    }


def test_a_new_description_keeps_the_value(emulator: Emulator, run: Runner, key: str) -> None:
    run(MODULE, SECRET)
    outcome = run.predicted(MODULE, {"name": NAME, "type": "SecureString", "description": "Ours"})
    assert parameter(emulator)["Value"] == WORD
    assert WORD not in json.dumps(outcome.result)


@pytest.mark.parametrize("made_with", ["alias", "arn", "id"])
@pytest.mark.parametrize("declared", ["alias", "arn", "id"])
def test_a_key_in_other_words_is_the_same(run: Runner, key: str, made_with: str, declared: str) -> None:
    words = {"alias": "alias/own", "arn": key, "id": key.split("/")[-1]}
    run(MODULE, {**SECRET, "key_id": words[made_with]})
    assert not run.predicted(MODULE, {**SECRET, "key_id": words[declared]}).changed


def test_another_key_is_another(emulator: Emulator, run: Runner, key: str) -> None:
    run(MODULE, {**SECRET, "key_id": key})
    other = emulator.client("kms").create_key()["KeyMetadata"]["Arn"]
    assert run.predicted(MODULE, {**SECRET, "key_id": other}).changed
    assert parameter(emulator)["KeyId"] == other


@pytest.mark.parametrize("tier", ["Standard", "Advanced"])
def test_either_tier_is_what_intelligent_tiering_chose(run: Runner, tier: str) -> None:
    run(MODULE, {**DECLARED, "tier": tier})
    assert not run.predicted(MODULE, {**DECLARED, "tier": "Intelligent-Tiering"}).changed


def test_the_advanced_tier_is_not_left(run: Runner) -> None:
    run(MODULE, {**DECLARED, "tier": "Advanced"})
    outcome = run(MODULE, {**DECLARED, "tier": "Standard"}, check=True, fails=True)
    assert "Write tier: Advanced" in outcome.result["msg"]


@pytest.mark.parametrize("value", [WORD, "another-word"])
def test_another_type_is_refused_and_tells_no_value(run: Runner, key: str, value: str) -> None:
    run(MODULE, SECRET)
    outcome = run(MODULE, {"name": NAME, "value": value}, fails=True)
    assert "AWS cannot change type in place (type: 'SecureString' -> 'String')" in outcome.result["msg"]
    assert outcome.writes == []
    for word in (WORD, value):
        assert word not in json.dumps(outcome.result)


def test_the_log_of_the_system_has_no_secret(run: Runner, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[str] = []
    monkeypatch.setattr(basic.AnsibleModule, "log", lambda self, msg, log_args=None: logged.append(f"{msg} {log_args}"))
    run(MODULE, SECRET)
    assert NAME in "".join(logged)
    assert WORD not in "".join(logged)


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        ({"value": ""}, "value is empty"),
        ({"value": None}, "to create it, give also value"),
        ({"key_id": "alias/own"}, "key_id is for type SecureString, and type is String"),
    ],
)
def test_a_mistake_is_refused(run: Runner, mistake: dict[str, Any], told: str) -> None:
    declared = {key: value for key, value in {**DECLARED, **mistake}.items() if value is not None}
    outcome = run(MODULE, declared, fails=True)
    assert told in outcome.result["msg"]
    assert outcome.writes == []
