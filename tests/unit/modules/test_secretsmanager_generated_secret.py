# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import string

import pytest
from twelve_steps import Emulator, Outcome, Runner, TwelveSteps

MODULE = "secretsmanager_generated_secret"
NAME = "/production/cache-auth"
DECLARED = {
    "name": NAME,
    "description": "Token of the cache",
    "length": 40,
    "exclude_punctuation": True,
    "exclude_characters": "abc",
    "tags": {"Project": "pixstory", "Role": "cache"},
}


def value(emulator: Emulator) -> str:
    return emulator.client("secretsmanager").get_secret_value(SecretId=NAME)["SecretString"]


def description(emulator: Emulator) -> dict:
    return emulator.client("secretsmanager").describe_secret(SecretId=NAME)


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps) -> None:
    values = []

    def created(result: dict) -> None:
        values.append(value(emulator))
        assert result["secret"]["name"] == NAME
        assert result["secret"]["tags"] == DECLARED["tags"]

    def changed(result: dict) -> None:
        values.append(value(emulator))
        assert description(emulator)["Description"] == "Token of the session cache"
        assert result["secret"]["tags"] == {"Project": "pixstory"}

    change = {"name": NAME, "description": "Token of the session cache", "tags": {"Project": "pixstory"}, "length": 64}
    absent = {"name": NAME, "force": True}
    twelve_steps(MODULE, create=DECLARED, change=change, absent=absent, created=created, changed=changed)
    assert len(set(values)) == 1, "the value changed after its creation"


def test_the_password_is_what_was_asked_for(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    assert len(value(emulator)) == 40
    assert set(value(emulator)) <= set(string.ascii_letters + string.digits) - set("abc")


def test_the_password_goes_into_the_template(emulator: Emulator, run: Runner) -> None:
    run(MODULE, {"name": NAME, "template": {"username": "pixstory"}, "generate_key": "password"})
    made = json.loads(value(emulator))
    assert made.keys() == {"username", "password"}
    assert made["username"] == "pixstory"
    assert len(made["password"]) == 32


def assert_hidden(outcome: Outcome, *secrets: str) -> None:
    for secret in secrets:
        assert secret not in json.dumps(outcome.result)


def test_the_value_is_never_returned(emulator: Emulator, run: Runner) -> None:
    declared = {"name": NAME, "template": {"username": "pixstory"}, "generate_key": "password", "length": 12}
    first = run(MODULE, declared)
    secrets = value(emulator), json.loads(value(emulator))["password"]
    assert_hidden(first, *secrets)
    assert_hidden(run(MODULE, declared), *secrets)
    assert_hidden(run(MODULE, {**declared, "description": "Another"}), *secrets)


def test_a_failure_does_not_tell_the_value(emulator: Emulator, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if AWS repeats the request in its error."""
    client, seen = emulator.client("secretsmanager"), []

    def create_secret(**arguments: str) -> None:
        seen.append(arguments["SecretString"])
        raise client.exceptions.InvalidRequestException(
            {"Error": {"Code": "InvalidRequestException", "Message": f"not {arguments['SecretString']}"}},
            "CreateSecret",
        )

    monkeypatch.setattr(client, "create_secret", create_secret)
    outcome = run(MODULE, DECLARED, fails=True)
    assert "InvalidRequestException" in outcome.result["msg"]
    assert len(seen) == 1
    assert_hidden(outcome, *seen)


def test_a_scheduled_secret_is_restored_with_its_value(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    before = value(emulator)
    assert run.predicted(MODULE, {"name": NAME, "state": "absent", "recovery_window_in_days": 7}).changed
    assert description(emulator)["DeletedDate"]
    assert not run.predicted(MODULE, {"name": NAME, "state": "absent"}).changed
    restored = run.predicted(MODULE, {**DECLARED, "tags": {"Project": "pixstory"}})
    assert restored.diff["before"]["state"] == "scheduled for deletion"
    assert "DeletedDate" not in description(emulator)
    assert restored.result["secret"]["tags"] == {"Project": "pixstory"}
    assert value(emulator) == before
    assert not run.predicted(MODULE, {**DECLARED, "tags": {"Project": "pixstory"}}).changed


def test_force_deletes_what_is_scheduled(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    run(MODULE, {"name": NAME, "state": "absent"})
    assert run.predicted(MODULE, {"name": NAME, "state": "absent", "force": True}).changed
    with pytest.raises(emulator.client("secretsmanager").exceptions.ResourceNotFoundException):
        description(emulator)


def test_the_key_is_compared_by_what_it_is(emulator: Emulator, run: Runner) -> None:
    kms = emulator.client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/pixstory-production-secrets", TargetKeyId=key["KeyId"])
    run(MODULE, {"name": NAME, "kms_key_id": "alias/pixstory-production-secrets"})
    for same in ("alias/pixstory-production-secrets", key["KeyId"], key["Arn"]):
        assert not run.predicted(MODULE, {"name": NAME, "kms_key_id": same}).changed
    other = kms.create_key()["KeyMetadata"]["Arn"]
    assert run.predicted(MODULE, {"name": NAME, "kms_key_id": other}).changed
    assert description(emulator)["KmsKeyId"] == other


@pytest.mark.parametrize(
    ("declaration", "message"),
    [
        ({"template": {"username": "pixstory"}}, "required together: template, generate_key"),
        ({"state": "absent", "recovery_window_in_days": 3}, "AWS takes 7 to 30"),
    ],
)
def test_mistakes_are_found_before_anything_is_written(run: Runner, declaration: dict, message: str) -> None:
    outcome = run(MODULE, {"name": NAME, **declaration}, fails=True)
    assert message in outcome.result["msg"]
    assert outcome.writes == []


def stages(emulator: Emulator) -> dict[str, str]:
    """The value under each label."""
    client = emulator.client("secretsmanager")
    labels = [
        one for listed in client.describe_secret(SecretId="/rotated")["VersionIdsToStages"].values() for one in listed
    ]
    return {one: client.get_secret_value(SecretId="/rotated", VersionStage=one)["SecretString"] for one in labels}


def test_a_value_that_is_too_old_is_replaced_and_the_one_before_kept_until_it_is_forgotten(
    emulator: Emulator, run: Runner
) -> None:
    secret = {"name": "/rotated", "exclude_punctuation": True}
    run("secretsmanager_generated_secret", {**secret, "max_age_days": 0})
    first = stages(emulator)["AWSCURRENT"]
    assert not run.predicted("secretsmanager_generated_secret", {**secret, "max_age_days": 1}).changed
    outcome = run.predicted("secretsmanager_generated_secret", {**secret, "max_age_days": 0})
    assert outcome.writes.count("secretsmanager.PutSecretValue") == 1
    second = stages(emulator)["AWSCURRENT"]
    assert stages(emulator) == {"AWSCURRENT": second, "AWSPREVIOUS": first}
    assert second != first
    assert not {first, second} & set(json.dumps(outcome.result).split('"'))
    # As long as the one before may be in use, there is no third.
    assert not run.predicted("secretsmanager_generated_secret", {**secret, "max_age_days": 0}).changed
    assert run.predicted("secretsmanager_generated_secret", {**secret, "keep_previous": False}).changed
    assert stages(emulator) == {"AWSCURRENT": second}
    assert not run.predicted("secretsmanager_generated_secret", {**secret, "keep_previous": False}).changed
