# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters that write what web ACLs are made of, down to AWS's JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.pixstory.platform.plugins.filter.waf import waf_ip_sets, waf_rules
from ansible_collections.pixstory.platform.plugins.module_utils.waf_rules import capacity

ROOT = Path(__file__).resolve().parents[3]
INDEX: dict[str, Any] = {
    "project": "pixstory",
    "environment": "staging",
    "region": "ap-south-1",
    "account_id": "123456789012",
    "check_mode": False,
    "kinds_read": ["ip_sets"],
    "ip_sets": {
        f"{acl}-blocked-{family}": {"name": "", "arn": f"arn:{acl}:{family}"}
        for acl in ("public", "edge")
        for family in ("ipv4", "ipv6")
    },
}


def statement(rule: dict[str, Any], header: str = "") -> dict[str, Any]:
    (made,) = waf_rules({"one": {"priority": 7, "action": "block", **rule}}, "public", INDEX, header)
    return made["Statement"]


def path(expression: str) -> dict[str, Any]:
    return {
        "RegexMatchStatement": {
            "RegexString": expression,
            "FieldToMatch": {"UriPath": {}},
            "TextTransformations": [{"Priority": 0, "Type": "URL_DECODE"}, {"Priority": 1, "Type": "NORMALIZE_PATH"}],
        }
    }


def method(name: str) -> dict[str, Any]:
    return {
        "ByteMatchStatement": {
            "SearchString": name,
            "FieldToMatch": {"Method": {}},
            "PositionalConstraint": "EXACTLY",
            "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
        }
    }


LARGER = {
    "SizeConstraintStatement": {
        "FieldToMatch": {"Body": {"OversizeHandling": "MATCH"}},
        "ComparisonOperator": "GT",
        "Size": 8192,
        "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
    }
}
LAST = {"HeaderName": "X-Forwarded-For", "FallbackBehavior": "NO_MATCH", "Position": "LAST"}


def test_a_whole_rule() -> None:
    declared = {"sign-in": {"priority": 7, "action": "block", "limit": 60, "window_seconds": 60, "paths": ["/login"]}}
    assert waf_rules(declared, "public", INDEX) == [
        {
            "Name": "sign-in",
            "Priority": 7,
            "Statement": {
                "RateBasedStatement": {
                    "Limit": 60,
                    "EvaluationWindowSec": 60,
                    "AggregateKeyType": "IP",
                    "ScopeDownStatement": path("^(/login)"),
                }
            },
            "Action": {"Block": {}},
            "VisibilityConfig": {
                "SampledRequestsEnabled": True,
                "CloudWatchMetricsEnabled": True,
                "MetricName": "pixstory-staging-public-sign-in",
            },
        }
    ]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"managed": "A"}, {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "A"}}),
        (
            {"managed": "A", "count_only": ["Y", "X"]},
            {
                "ManagedRuleGroupStatement": {
                    "VendorName": "AWS",
                    "Name": "A",
                    "RuleActionOverrides": [
                        {"Name": "X", "ActionToUse": {"Count": {}}},
                        {"Name": "Y", "ActionToUse": {"Count": {}}},
                    ],
                }
            },
        ),
        (
            {"managed": "AWSManagedRulesBotControlRuleSet", "inspection_level": "TARGETED"},
            {
                "ManagedRuleGroupStatement": {
                    "VendorName": "AWS",
                    "Name": "AWSManagedRulesBotControlRuleSet",
                    "ManagedRuleGroupConfigs": [{"AWSManagedRulesBotControlRuleSet": {"InspectionLevel": "TARGETED"}}],
                }
            },
        ),
        (
            {"ip_set": "blocked"},
            {
                "OrStatement": {
                    "Statements": [
                        {"IPSetReferenceStatement": {"ARN": "arn:public:ipv4"}},
                        {"IPSetReferenceStatement": {"ARN": "arn:public:ipv6"}},
                    ]
                }
            },
        ),
        (
            {"limit": 100},
            {"RateBasedStatement": {"Limit": 100, "EvaluationWindowSec": 300, "AggregateKeyType": "IP"}},
        ),
        (
            {"limit": 100, "methods": ["POST", "PUT"], "paths": ["/api/v1.0/", "/x"]},
            {
                "RateBasedStatement": {
                    "Limit": 100,
                    "EvaluationWindowSec": 300,
                    "AggregateKeyType": "IP",
                    "ScopeDownStatement": {
                        "AndStatement": {
                            "Statements": [
                                {"OrStatement": {"Statements": [method("POST"), method("PUT")]}},
                                path(r"^(/api/v1\.0/|/x)"),
                            ]
                        }
                    },
                }
            },
        ),
        ({"body_larger_than": 8192}, LARGER),
        (
            {"body_larger_than": 8192, "except_paths": ["/stories", "/api/stories"]},
            {
                "AndStatement": {
                    "Statements": [LARGER, {"NotStatement": {"Statement": path("^(/stories|/api/stories)/?$")}}]
                }
            },
        ),
    ],
)
def test_statements(rule: dict[str, Any], expected: dict[str, Any]) -> None:
    assert statement(rule) == expected


def test_behind_a_proxy_the_client_is_in_a_header() -> None:
    assert statement({"ip_set": "blocked"}, "X-Forwarded-For")["OrStatement"]["Statements"][1] == {
        "IPSetReferenceStatement": {"ARN": "arn:public:ipv6", "IPSetForwardedIPConfig": LAST}
    }


@pytest.mark.parametrize(
    ("rule", "actions", "expected"),
    [
        ({"managed": "A", "action": "block"}, {}, {"OverrideAction": {"None": {}}}),
        ({"managed": "A", "action": "count"}, {}, {"OverrideAction": {"Count": {}}}),
        ({"managed": "A", "action": "count"}, {"one": "block"}, {"OverrideAction": {"None": {}}}),
        ({"limit": 10, "action": "block"}, {}, {"Action": {"Block": {}}}),
        ({"limit": 10, "action": "block"}, {"one": "count"}, {"Action": {"Count": {}}}),
        ({"limit": 10, "action": "count"}, {"another": "block"}, {"Action": {"Count": {}}}),
        ({"ip_set": "blocked", "action": "allow"}, {}, {"Action": {"Allow": {}}}),
    ],
)
def test_actions(rule: dict[str, Any], actions: dict[str, str], expected: dict[str, Any]) -> None:
    (made,) = waf_rules({"one": {"priority": 0, **rule}}, "public", INDEX, "", actions)
    assert {key: made[key] for key in ("Action", "OverrideAction") if key in made} == expected


def test_a_rule_is_in_the_web_acls_that_it_names_and_rules_are_in_order() -> None:
    declared = {
        "late": {"priority": 9, "action": "block", "ip_set": "blocked"},
        "early": {"priority": 1, "action": "count", "limit": 10, "web_acls": ["edge"]},
    }
    assert [rule["Name"] for rule in waf_rules(declared, "edge", INDEX)] == ["early", "late"]
    assert [rule["Name"] for rule in waf_rules(declared, "public", INDEX)] == ["late"]
    sets = waf_rules(declared, "edge", INDEX)[1]["Statement"]["OrStatement"]["Statements"]
    assert sets[0] == {"IPSetReferenceStatement": {"ARN": "arn:edge:ipv4"}}


def test_an_ip_set_that_is_not_there_names_the_role_that_makes_it() -> None:
    declared = {"one": {"priority": 0, "action": "allow", "ip_set": "allowed"}}
    with pytest.raises(AnsibleFilterError, match=r"IP set public-allowed-ipv4 is not .* --tags aws_waf"):
        waf_rules(declared, "public", INDEX)
    (planned,) = waf_rules(declared, "public", {**INDEX, "check_mode": True})
    assert "ipset/pixstory-staging-public-allowed-ipv4" in str(planned["Statement"])


def test_every_list_becomes_two_sets_for_each_web_acl() -> None:
    assert waf_ip_sets({"blocked": {"ipv4": ["192.0.2.0/24"]}}, ["public", "edge"]) == [
        {"web_acl": acl, "list": "blocked", "family": family, "addresses": addresses}
        for acl in ("public", "edge")
        for family, addresses in (("ipv4", ["192.0.2.0/24"]), ("ipv6", []))
    ]


@pytest.mark.parametrize(
    ("rule", "units"),
    [
        ({"managed": "AWSManagedRulesCommonRuleSet"}, 700),
        ({"ip_set": "blocked"}, 2),
        ({"limit": 100}, 2),
        ({"limit": 100, "methods": ["POST"], "paths": ["/a", "/b"]}, 2 + 2 + 23),
        ({"body_larger_than": 8192}, 1),
        ({"body_larger_than": 8192, "except_paths": ["/a"]}, 1 + 23),
    ],
)
def test_what_a_rule_costs(rule: dict[str, Any], units: int) -> None:
    assert capacity(waf_rules({"one": {"priority": 0, "action": "block", **rule}}, "public", INDEX)) == units


def test_what_costs_nobody_knows_is_told() -> None:
    with pytest.raises(ValueError, match="managed rule group New are not known"):
        capacity(waf_rules({"one": {"priority": 0, "action": "block", "managed": "New"}}, "public", INDEX))


def test_the_rules_that_all_environments_share() -> None:
    """Photos come in by the paths that the example takes them on, sign-in is what the proxy limits as such."""
    shared = yaml.safe_load((ROOT / "group_vars" / "all" / "waf.yml").read_text())
    proxy = yaml.safe_load((ROOT / "roles" / "proxy" / "defaults" / "main.yml").read_text())
    rules = shared["aws_waf_rules"]
    assert rules["sign-in-rate"]["paths"] == proxy["proxy_sign_in_paths"]
    assert rules["common"]["count_only"] == ["SizeRestrictions_BODY"]
    sets = {f"{acl}-{name}-{family}": {"arn": "a"} for acl in shared["aws_waf_web_acls"]
            for name in shared["aws_waf_ip_sets"] for family in ("ipv4", "ipv6")}  # fmt: skip
    index = {**INDEX, "ip_sets": sets}
    costs = {acl: capacity(waf_rules(rules, acl, index)) for acl in shared["aws_waf_web_acls"]}
    assert costs == {"public": 1128, "edge": 1315}
