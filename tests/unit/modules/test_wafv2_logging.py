# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "wafv2_logging"
GROUPS = ("aws-waf-logs-one", "aws-waf-logs-other")
PREFIX = "arn:aws:logs:ap-south-1:123456789012:log-group:"


@pytest.fixture
def arn(emulator: Emulator, run: Runner) -> str:
    for group in GROUPS:
        emulator.client("logs").create_log_group(logGroupName=group)
    return str(run("wafv2_web_acl", {"name": "public"}).result["web_acl"]["arn"])


def declared(arn: str, **more: Any) -> dict[str, Any]:
    headers = ["Authorization", "cookie"]
    return {"web_acl_arn": arn, "destination_arn": f"{PREFIX}{GROUPS[0]}", "redacted_headers": headers, **more}


def found(emulator: Emulator, arn: str) -> dict[str, Any]:
    return emulator.client("wafv2").get_logging_configuration(ResourceArn=arn)["LoggingConfiguration"]


def header(name: str) -> dict[str, Any]:
    return {"SingleHeader": {"Name": name}}


def test_twelve_steps(emulator: Emulator, arn: str, twelve_steps: TwelveSteps) -> None:
    def created(result: dict[str, Any]) -> None:
        assert found(emulator, arn)["LogDestinationConfigs"] == [f"{PREFIX}{GROUPS[0]}"]
        assert found(emulator, arn)["RedactedFields"] == [header("authorization"), header("cookie")]
        assert result["logging"]["log_destination_configs"] == [f"{PREFIX}{GROUPS[0]}"]

    def changed(result: dict[str, Any]) -> None:
        assert found(emulator, arn)["LogDestinationConfigs"] == [f"{PREFIX}{GROUPS[1]}"]
        assert found(emulator, arn)["RedactedFields"] == [header("authorization"), header("cookie")]

    twelve_steps(
        MODULE,
        create=declared(arn),
        change={"web_acl_arn": arn, "destination_arn": f"{PREFIX}{GROUPS[1]}:*"},
        absent={"web_acl_arn": arn},
        created=created,
        changed=changed,
    )


def test_what_is_redacted_beside_headers_and_the_filter_stay(emulator: Emulator, run: Runner, arn: str) -> None:
    condition = {"ActionCondition": {"Action": "BLOCK"}}
    logged = {"Behavior": "KEEP", "Requirement": "MEETS_ANY", "Conditions": [condition]}
    configuration = {
        "ResourceArn": arn,
        "LogDestinationConfigs": [f"{PREFIX}{GROUPS[0]}"],
        "RedactedFields": [{"QueryString": {}}, header("cookie")],
        "LoggingFilter": {"DefaultBehavior": "DROP", "Filters": [logged]},
    }
    emulator.client("wafv2").put_logging_configuration(LoggingConfiguration=configuration)
    assert not run.predicted(MODULE, {"web_acl_arn": arn, "redacted_headers": ["COOKIE"]}).changed
    assert run.predicted(MODULE, {"web_acl_arn": arn, "redacted_headers": []}).changed
    assert found(emulator, arn)["RedactedFields"] == [{"QueryString": {}}]
    assert found(emulator, arn)["LoggingFilter"] == configuration["LoggingFilter"]


def test_only_what_a_rule_refused_or_counted_is_logged(emulator: Emulator, run: Runner, arn: str) -> None:
    assert run.predicted(MODULE, declared(arn, logged_actions=["COUNT", "BLOCK"])).changed
    kept = found(emulator, arn)["LoggingFilter"]
    assert kept["DefaultBehavior"] == "DROP"
    [only] = kept["Filters"]
    assert (only["Behavior"], only["Requirement"]) == ("KEEP", "MEETS_ANY")
    actions = [one["ActionCondition"]["Action"] for one in only["Conditions"]]
    assert actions == ["BLOCK", "COUNT", "EXCLUDED_AS_COUNT"]
    assert not run.predicted(MODULE, {"web_acl_arn": arn, "logged_actions": ["BLOCK", "COUNT"]}).changed
    assert run.predicted(MODULE, {"web_acl_arn": arn, "logged_actions": []}).changed
    assert "LoggingFilter" not in found(emulator, arn)
    assert not run.predicted(MODULE, {"web_acl_arn": arn, "logged_actions": []}).changed


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        ({"destination_arn": f"{PREFIX}/pixstory/production/waf"}, "give a destination of such a name"),
        ({"web_acl_arn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/edge/1"}, "Write region: us-east-1"),
    ],
)
def test_a_mistake_is_refused(run: Runner, arn: str, mistake: dict[str, Any], told: str) -> None:
    outcome = run(MODULE, declared(arn, **mistake), fails=True)
    assert told in outcome.result["msg"]
    assert outcome.writes == []
