# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import Emulator, Requests, Runner, TwelveSteps

from ansible_collections.pixstory.platform.plugins.modules.wafv2_web_acl import same_rules

MODULE = "wafv2_web_acl"
NAME = "pixstory-production-public"


def rule(name: str, priority: int, statement: dict[str, Any], **action: Any) -> dict[str, Any]:
    visible = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": name}
    return {"Name": name, "Priority": priority, "Statement": statement, "VisibilityConfig": visible, **action}


def managed(name: str, priority: int = 10, *, counted: tuple[str, ...] = (), count: bool = False) -> dict[str, Any]:
    group: dict[str, Any] = {"VendorName": "AWS", "Name": name}
    if counted:
        group["RuleActionOverrides"] = [{"Name": one, "ActionToUse": {"Count": {}}} for one in counted]
    action = {"Count": {}} if count else {"None": {}}
    return rule(name, priority, {"ManagedRuleGroupStatement": group}, OverrideAction=action)


POSTS = {
    "ByteMatchStatement": {
        "SearchString": "POST",
        "FieldToMatch": {"Method": {}},
        "PositionalConstraint": "EXACTLY",
        "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
    }
}
RATE = rule(
    "posting",
    1,
    {"RateBasedStatement": {"Limit": 100, "AggregateKeyType": "IP", "ScopeDownStatement": POSTS}},
    Action={"Block": {}},
)
DECLARED = {
    "name": NAME,
    "default_action": "allow",
    "description": "Public",
    "rules": [RATE, managed("AWSManagedRulesSQLiRuleSet")],
    "metric_name": NAME,
    "tags": {"Project": "pixstory", "Name": NAME},
}


def found(emulator: Emulator) -> dict[str, Any]:
    waf = emulator.client("wafv2")
    (item,) = waf.list_web_acls(Scope="REGIONAL")["WebACLs"]
    return waf.get_web_acl(Name=item["Name"], Scope="REGIONAL", Id=item["Id"])["WebACL"]


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps) -> None:
    def created(result: dict[str, Any]) -> None:
        acl = found(emulator)
        assert [one["Name"] for one in acl["Rules"]] == ["posting", "AWSManagedRulesSQLiRuleSet"]
        rate = acl["Rules"][0]["Statement"]["RateBasedStatement"]
        assert rate["ScopeDownStatement"]["ByteMatchStatement"]["SearchString"] == b"POST"
        assert (acl["DefaultAction"], acl["Capacity"]) == ({"Allow": {}}, 204)
        assert result["web_acl"]["arn"] == acl["ARN"]
        assert result["web_acl"]["rules"][0]["Statement"]["RateBasedStatement"]["EvaluationWindowSec"] == 300
        assert result["web_acl"]["tags"] == DECLARED["tags"]

    def changed(result: dict[str, Any]) -> None:
        acl = found(emulator)
        assert acl["Rules"][0]["OverrideAction"] == {"Count": {}}
        assert (acl["DefaultAction"], acl["Description"]) == ({"Block": {}}, "Public")
        assert acl["VisibilityConfig"]["MetricName"] == "another"
        assert result["web_acl"]["tags"] == {"Project": "pixstory"}

    change = {
        "name": NAME,
        "default_action": "block",
        "rules": [managed("AWSManagedRulesSQLiRuleSet", count=True)],
        "metric_name": "another",
        "tags": {"Project": "pixstory"},
    }
    twelve_steps(MODULE, create=DECLARED, change=change, absent={"name": NAME}, created=created, changed=changed)


@pytest.mark.parametrize(
    ("declared", "present", "equal"),
    [
        # What AWS fills in.
        (RATE, {**RATE, "Statement": {"RateBasedStatement": {
            **RATE["Statement"]["RateBasedStatement"], "EvaluationWindowSec": 300}}}, True),
        (RATE, {**RATE, "Statement": {"RateBasedStatement": {
            **RATE["Statement"]["RateBasedStatement"], "EvaluationWindowSec": 60}}}, False),
        (managed("A"), {**managed("A"), "RuleLabels": []}, True),
        # What somebody changed by hand, in a rule of the same name.
        (managed("A"), managed("A", count=True), False),
        (managed("A"), managed("A", counted=("X",)), False),
        (managed("A", counted=("X", "Y")), managed("A", counted=("Y", "X")), True),
        (managed("A"), managed("A", 11), False),
        (managed("A"), managed("B"), False),
    ],
)  # fmt: skip
def test_rules_are_compared_whole(declared: dict[str, Any], present: dict[str, Any], equal: bool) -> None:
    assert same_rules([declared], [present]) is equal


def test_an_override_that_somebody_added_is_removed(emulator: Emulator, run: Runner) -> None:
    overridden = managed("AWSManagedRulesSQLiRuleSet", counted=("SQLi_BODY",))
    run(MODULE, {**DECLARED, "rules": [RATE, overridden]})
    outcome = run.predicted(MODULE, DECLARED)
    assert outcome.diff["before"].keys() == {"rules"}
    assert "RuleActionOverrides" not in found(emulator)["Rules"][1]["Statement"]["ManagedRuleGroupStatement"]


def test_what_is_not_given_is_left_alone(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    acl = found(emulator)
    waf = emulator.client("wafv2")
    where = {"Name": NAME, "Scope": "REGIONAL", "Id": acl["Id"]}
    kept = {key: acl[key] for key in ("DefaultAction", "Rules", "VisibilityConfig", "Description")}
    token = waf.get_web_acl(**where)["LockToken"]
    waf.update_web_acl(**where, LockToken=token, **kept, TokenDomains=["example.com"])
    assert not run.predicted(MODULE, {"name": NAME}).changed
    before = found(emulator)
    assert run.predicted(MODULE, {"name": NAME, "description": "Another"}).changed
    assert found(emulator) == {**before, "Description": "Another"}
    assert before["TokenDomains"] == ["example.com"]


def test_too_much_capacity_is_refused_before_the_first_write(run: Runner) -> None:
    groups = ("CommonRuleSet", "KnownBadInputsRuleSet", "SQLiRuleSet")
    rules = [managed(f"AWSManagedRules{name}", priority) for priority, name in enumerate(groups)]
    for check in (True, False):
        outcome = run(MODULE, {"name": NAME, "rules": rules, "max_capacity": 1000}, check=check, fails=True)
        assert "use 1100 web ACL capacity units and may use 1000" in outcome.result["msg"]
        assert outcome.writes == []
    assert run.predicted(MODULE, {"name": NAME, "rules": rules}).changed


def test_in_check_mode_a_rule_may_name_an_ip_set_that_is_not_there(run: Runner) -> None:
    arn = "arn:aws:wafv2:ap-south-1:123456789012:regional/ipset/planned/01234567-89ab-4def-8123-456789abcdef"
    blocked = rule("blocked", 0, {"IPSetReferenceStatement": {"ARN": arn}}, Action={"Block": {}})
    assert run(MODULE, {"name": NAME, "rules": [blocked]}, check=True).changed


def test_what_another_has_changed_meanwhile_is_kept(
    emulator: Emulator, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(MODULE, DECLARED)
    client = emulator.client("wafv2")
    update = client.update_web_acl

    def late(**arguments: Any) -> Any:
        monkeypatch.setattr(client, "update_web_acl", update)
        update(**{**arguments, "Description": "Theirs", "Rules": []})
        return update(**arguments)

    monkeypatch.setattr(client, "update_web_acl", late)
    requests = Requests(client, monkeypatch)
    assert run(MODULE, {"name": NAME, "default_action": "block"}).changed
    assert len({sent["LockToken"] for sent in requests.of("UpdateWebACL")}) == 2
    acl = found(emulator)
    assert (acl["DefaultAction"], acl["Description"], acl["Rules"]) == ({"Block": {}}, "Theirs", [])


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        ({"scope": "CLOUDFRONT"}, "write region: us-east-1"),
        ({"rules": [managed("A"), managed("B")]}, "rules A and B have both the Priority 10"),
        ({"rules": [{"Name": "A", "Priority": 1}]}, "rule A has no Statement, VisibilityConfig"),
        ({"max_capacity": 6000}, "Write 1 to 5000"),
    ],
)
def test_a_mistake_is_refused(run: Runner, mistake: dict[str, Any], told: str) -> None:
    outcome = run(MODULE, {**DECLARED, **mistake}, fails=True)
    assert told in outcome.result["msg"]
    assert outcome.writes == []
