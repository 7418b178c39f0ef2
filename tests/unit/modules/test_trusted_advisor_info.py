# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import boto3
import pytest
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from botocore.exceptions import ClientError
from twelve_steps import CREDENTIALS, Emulator, Runner

MODULE = "trusted_advisor_info"


@pytest.fixture
def support(emulator: Emulator, run: Runner, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of the Region that the module asks for: the emulator has AWS Support in one, as AWS has."""
    made: dict[str, Any] = {}

    def client(module: Any, service: str) -> Any:
        region = module.params["region"]
        session = boto3.session.Session(region_name=region, **CREDENTIALS)
        return made.setdefault(region, session.client(service, endpoint_url=emulator.url))

    monkeypatch.setattr(AnsibleAWSModule, "client", client)
    session = boto3.session.Session(region_name="us-east-1", **CREDENTIALS)
    return made.setdefault("us-east-1", session.client("support", endpoint_url=emulator.url))


def summary(check: str, flagged: int) -> dict[str, Any]:
    return {
        "checkId": check,
        "status": "warning" if flagged else "ok",
        "hasFlaggedResources": bool(flagged),
        "resourcesSummary": {"resourcesFlagged": flagged},
    }


def test_checks_of_the_categories_and_their_status(support: Any, run: Runner) -> None:
    outcome = run(MODULE, {"categories": ["security"]}, check=True)
    checks = outcome.result["checks"]
    assert (outcome.changed, outcome.writes, outcome.result["available"]) == (False, [], True)
    assert {one["category"] for one in checks} == {"security"}
    assert {one["status"] for one in checks} == {"not_available"}
    assert [one["name"] for one in checks] == sorted(one["name"] for one in checks)


def test_what_is_flagged_is_shown_and_what_is_excluded_is_not(
    support: Any, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = {"id": "1", "name": "Buckets", "category": "security", "metadata": ["Bucket Name", "Access"]}
    bad = {"status": "warning", "region": "ap-south-1", "resourceId": "x", "metadata": ["media", "open"]}
    resources = [bad, {**bad, "isSuppressed": True}, {**bad, "status": "ok"}]
    monkeypatch.setattr(support, "describe_trusted_advisor_checks", lambda **_: {"checks": [check]})
    answer = {"summaries": [summary("1", 1)]}
    monkeypatch.setattr(support, "describe_trusted_advisor_check_summaries", lambda **_: answer)
    result = {"result": {"flaggedResources": resources}}
    monkeypatch.setattr(support, "describe_trusted_advisor_check_result", lambda **_: result)
    (shown,) = run(MODULE, {"categories": ["security"]}).result["checks"]
    assert (shown["status"], shown["resources_flagged"]) == ("warning", 1)
    metadata = {"Bucket Name": "media", "Access": "open"}
    assert shown["flagged_resources"] == [{"status": "warning", "region": "ap-south-1", "metadata": metadata}]


@pytest.mark.parametrize(("code", "fails"), [("SubscriptionRequiredException", False), ("AccessDenied", True)])
def test_a_support_plan_that_does_not_allow_it_is_no_failure(
    support: Any, run: Runner, monkeypatch: pytest.MonkeyPatch, code: str, fails: bool
) -> None:
    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeTrustedAdvisorChecks")

    monkeypatch.setattr(support, "describe_trusted_advisor_checks", refuse)
    result = run(MODULE, {}, fails=fails).result
    if not fails:
        assert (result["available"], result["checks"]) == (False, [])
        assert "from the plan Business on" in result["reason"]
