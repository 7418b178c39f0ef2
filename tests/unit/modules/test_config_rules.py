# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "config_rules"
PREFIX = "pixstory-staging-"
TAGS = {"Project": "pixstory", "Environment": "staging"}
RULES = {
    "encrypted-volumes": {"identifier": "ENCRYPTED_VOLUMES", "description": "Volumes are encrypted"},
    "access-keys-rotated": {"identifier": "ACCESS_KEYS_ROTATED", "parameters": {"maxAccessKeyAge": 90}},
    "root-mfa": {"identifier": "ROOT_ACCOUNT_MFA_ENABLED", "frequency": "One_Hour"},
}


@pytest.fixture
def config(emulator: Emulator) -> Any:
    return emulator.client("config")


def rules(config: Any) -> dict[str, Any]:
    return {rule["ConfigRuleName"]: rule for rule in config.describe_config_rules()["ConfigRules"]}


def test_twelve_steps(config: Any, twelve_steps: TwelveSteps) -> None:
    def created(result: dict[str, Any]) -> None:
        found = rules(config)
        assert set(found) == {f"{PREFIX}{name}" for name in RULES}
        assert found[f"{PREFIX}access-keys-rotated"]["InputParameters"] == '{"maxAccessKeyAge": "90"}'
        arn = found[f"{PREFIX}root-mfa"]["ConfigRuleArn"]
        tags = {one["Key"]: one["Value"] for one in config.list_tags_for_resource(ResourceArn=arn)["Tags"]}
        assert tags == {**TAGS, "Role": "account", "Name": f"{PREFIX}root-mfa"}

    def changed(result: dict[str, Any]) -> None:
        found = rules(config)
        # One changed and kept its description, one is no longer declared and went.
        assert set(found) == {f"{PREFIX}encrypted-volumes", f"{PREFIX}access-keys-rotated"}
        volumes = found[f"{PREFIX}encrypted-volumes"]
        assert volumes["Scope"]["ComplianceResourceTypes"] == ["AWS::EC2::Volume"]
        assert volumes["Description"] == "Volumes are encrypted"
        assert result["rules"][f"{PREFIX}encrypted-volumes"]["tags"] == {**TAGS, "Name": f"{PREFIX}encrypted-volumes"}

    twelve_steps(
        MODULE,
        create={"prefix": PREFIX, "rules": RULES, "tags": {**TAGS, "Role": "account"}},
        change={
            "prefix": PREFIX,
            "rules": {
                "encrypted-volumes": {"identifier": "ENCRYPTED_VOLUMES", "resource_types": ["AWS::EC2::Volume"]},
                "access-keys-rotated": {"identifier": "ACCESS_KEYS_ROTATED", "parameters": {"maxAccessKeyAge": 30}},
            },
            "tags": TAGS,
        },
        absent={"prefix": PREFIX, "tags": TAGS},
        created=created,
        changed=changed,
    )
    assert rules(config) == {}


def test_the_rules_of_another_environment_are_spared(config: Any, run: Runner) -> None:
    other = {**TAGS, "Environment": "staging-2"}
    run(MODULE, {"prefix": f"{PREFIX}2-", "rules": RULES, "tags": other})
    run(MODULE, {"prefix": PREFIX, "rules": {}, "tags": TAGS})
    run(MODULE, {"prefix": PREFIX, "state": "absent", "tags": TAGS})
    assert set(rules(config)) == {f"{PREFIX}2-{name}" for name in RULES}


def test_rules_that_are_not_declared_stay_unless_purged(config: Any, run: Runner) -> None:
    run(MODULE, {"prefix": PREFIX, "rules": RULES, "tags": TAGS})
    assert not run(MODULE, {"prefix": PREFIX, "rules": {}, "tags": TAGS, "purge": False}).changed


def test_many_rules_are_read_through_all_pages(run: Runner) -> None:
    many = {f"rule-{number}": {"identifier": "ENCRYPTED_VOLUMES"} for number in range(60)}
    run(MODULE, {"prefix": PREFIX, "rules": many, "tags": TAGS})
    again = run(MODULE, {"prefix": PREFIX, "rules": many, "tags": TAGS})
    assert (again.changed, len(again.result["rules"])) == (False, 60)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"description": "x"}, "rules.mine has no identifier"),
        ({"identifier": "ENCRYPTED_VOLUMES", "periodic": True}, "rules.mine.periodic is no option"),
        ({"identifier": "ENCRYPTED_VOLUMES", "frequency": "daily"}, "Write one of One_Hour"),
    ],
)
def test_mistakes_are_told_before_any_call(emulator: Emulator, run: Runner, rule: dict[str, Any], message: str) -> None:
    assert message in run(MODULE, {"prefix": PREFIX, "rules": {"mine": rule}}, fails=True).result["msg"]
    assert emulator.requests() == []
