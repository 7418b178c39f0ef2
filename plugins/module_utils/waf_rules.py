# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of a web ACL: from declared data to AWS's JSON, and what they cost in web ACL capacity units (WCUs).

Pure: no call, no import of Ansible or boto3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

Json = dict[str, Any]

# Above that AWS charges for each request by the WCUs beyond.
# https://docs.aws.amazon.com/waf/latest/developerguide/aws-waf-capacity-units.html
CAPACITY = 1500

# https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
MANAGED_CAPACITY = {
    "AWSManagedRulesCommonRuleSet": 700,
    "AWSManagedRulesAdminProtectionRuleSet": 100,
    "AWSManagedRulesKnownBadInputsRuleSet": 200,
    "AWSManagedRulesSQLiRuleSet": 200,
    "AWSManagedRulesLinuxRuleSet": 200,
    "AWSManagedRulesUnixRuleSet": 100,
    "AWSManagedRulesAmazonIpReputationList": 25,
    "AWSManagedRulesAnonymousIpList": 50,
    "AWSManagedRulesBotControlRuleSet": 50,
}
BOT_CONTROL = "AWSManagedRulesBotControlRuleSet"

# What a rule is, by the key that says so.
FORMS = ("managed", "ip_set", "limit", "body_larger_than")
FAMILIES = ("ipv4", "ipv6")
# The path as the proxy sees it: nginx decodes and normalises it before it chooses a location.
PATH_TRANSFORMATIONS = [{"Priority": 0, "Type": "URL_DECODE"}, {"Priority": 1, "Type": "NORMALIZE_PATH"}]
AS_IT_IS = [{"Priority": 0, "Type": "NONE"}]
REGEX_LENGTH = 512


def web_acl_rules(
    rules: Mapping[str, Mapping[str, Any]],
    web_acl: str,
    *,
    ip_sets: Mapping[str, str],
    prefix: str,
    forwarded_ip_header: str = "",
    actions: Mapping[str, str] | None = None,
) -> list[Json]:
    """The rules of one web ACL as CreateWebACL takes them, in the order of their priorities.

    Follows https://docs.aws.amazon.com/waf/latest/APIReference/API_Rule.html.

    :param rules: the rules by name, as ``aws_waf_rules`` has them.
    :param web_acl: the name of the web ACL. A rule with ``web_acls`` is only in those.
    :param ip_sets: the ARN of each IP set by ``<name>-ipv4`` and ``<name>-ipv6``.
    :param prefix: what the names of CloudWatch metrics begin with.
    :param forwarded_ip_header: the header whose last address IP sets look at; empty where it is the connection's.
    :param actions: by rule the action that it has instead of its own.
    """
    actions = actions or {}
    return [
        _rule(name, rule, actions.get(name) or rule["action"], ip_sets, f"{prefix}-{web_acl}", forwarded_ip_header)
        for name, rule in sorted(rules.items(), key=lambda entry: entry[1]["priority"])
        if web_acl in (rule.get("web_acls") or [web_acl])
    ]


def _rule(
    name: str, rule: Mapping[str, Any], action: str, ip_sets: Mapping[str, str], prefix: str, header: str
) -> Json:
    key = "Action"
    if "managed" in rule:
        # Its rules have actions of their own: block leaves them as they are.
        key, action = "OverrideAction", "none" if action == "block" else action
    return {
        "Name": name,
        "Priority": rule["priority"],
        "Statement": _statement(rule, ip_sets, header),
        key: {action.capitalize(): {}},
        "VisibilityConfig": {
            "SampledRequestsEnabled": True,
            "CloudWatchMetricsEnabled": True,
            "MetricName": f"{prefix}-{name}",
        },
    }


def _statement(rule: Mapping[str, Any], ip_sets: Mapping[str, str], header: str) -> Json:
    if "managed" in rule:
        return _managed(rule)
    if "ip_set" in rule:
        return _any([_ip_set(ip_sets[f"{rule['ip_set']}-{family}"], header) for family in FAMILIES])
    if "limit" in rule:
        return _rate(rule)
    larger: Json = {
        "SizeConstraintStatement": {
            # What is too large to be inspected is larger than any limit here.
            "FieldToMatch": {"Body": {"OversizeHandling": "MATCH"}},
            "ComparisonOperator": "GT",
            "Size": rule["body_larger_than"],
            "TextTransformations": AS_IT_IS,
        }
    }
    excepted = rule.get("except_paths")
    return _all([larger, {"NotStatement": {"Statement": _path(excepted, whole=True)}}] if excepted else [larger])


def _managed(rule: Mapping[str, Any]) -> Json:
    group: Json = {"VendorName": "AWS", "Name": rule["managed"]}
    if level := rule.get("inspection_level"):
        group["ManagedRuleGroupConfigs"] = [{BOT_CONTROL: {"InspectionLevel": level}}]
    if counted := rule.get("count_only"):
        group["RuleActionOverrides"] = [{"Name": one, "ActionToUse": {"Count": {}}} for one in sorted(counted)]
    return {"ManagedRuleGroupStatement": group}


def _ip_set(arn: str, header: str) -> Json:
    reference: Json = {"ARN": arn}
    if header:
        # The last address is the one that the proxy in front has added. Those before it are what the client claims.
        reference["IPSetForwardedIPConfig"] = {
            "HeaderName": header,
            "FallbackBehavior": "NO_MATCH",
            "Position": "LAST",
        }
    return {"IPSetReferenceStatement": reference}


def _rate(rule: Mapping[str, Any]) -> Json:
    # The connection's address and nothing else: FORWARDED_IP takes the first address of the header, which the client
    # writes itself. With it each request could have an address of its own, or that of somebody who is to be blocked.
    # https://docs.aws.amazon.com/waf/latest/APIReference/API_ForwardedIPConfig.html
    rate: Json = {
        "Limit": rule["limit"],
        "EvaluationWindowSec": rule.get("window_seconds") or 300,
        "AggregateKeyType": "IP",
    }
    narrower = []
    if methods := rule.get("methods"):
        narrower.append(_any([_method(method) for method in methods]))
    if paths := rule.get("paths"):
        narrower.append(_path(paths, whole=False))
    if narrower:
        rate["ScopeDownStatement"] = _all(narrower)
    return {"RateBasedStatement": rate}


def _method(method: str) -> Json:
    return {
        "ByteMatchStatement": {
            "SearchString": method,
            "FieldToMatch": {"Method": {}},
            "PositionalConstraint": "EXACTLY",
            "TextTransformations": AS_IT_IS,
        }
    }


def paths_regex(paths: Iterable[str], *, whole: bool) -> str:
    """One expression for all of the paths: each transformation of each statement would cost 10 WCUs."""
    escaped = (re.sub(r"([.+*?()\[\]{}|^$\\])", r"\\\1", path) for path in paths)
    return f"^({'|'.join(escaped)}){'/?$' if whole else ''}"


def _path(paths: Iterable[str], *, whole: bool) -> Json:
    return {
        "RegexMatchStatement": {
            "RegexString": paths_regex(paths, whole=whole),
            "FieldToMatch": {"UriPath": {}},
            "TextTransformations": PATH_TRANSFORMATIONS,
        }
    }


def _any(statements: list[Json]) -> Json:
    """AWS takes two statements at least."""
    return statements[0] if len(statements) == 1 else {"OrStatement": {"Statements": statements}}


def _all(statements: list[Json]) -> Json:
    return statements[0] if len(statements) == 1 else {"AndStatement": {"Statements": statements}}


def capacity(rules: Iterable[Mapping[str, Any]]) -> int:
    """The WCUs of rules in AWS's JSON, by what AWS documents of each statement that is written here.

    :raises ValueError: a managed rule group whose WCUs are not known here.
    """
    return sum(_cost(rule["Statement"]) for rule in rules)


def _cost(statement: Mapping[str, Any]) -> int:
    ((kind, body),) = statement.items()
    if kind == "ManagedRuleGroupStatement":
        if body["Name"] not in MANAGED_CAPACITY:
            raise ValueError(f"The WCUs of the managed rule group {body['Name']} are not known.")
        return MANAGED_CAPACITY[body["Name"]]
    if kind in ("AndStatement", "OrStatement"):
        return sum(_cost(one) for one in body["Statements"])
    if kind == "NotStatement":
        return _cost(body["Statement"])
    if kind == "RateBasedStatement":
        return 2 + (_cost(body["ScopeDownStatement"]) if "ScopeDownStatement" in body else 0)
    transformed = 10 * sum(one["Type"] != "NONE" for one in body.get("TextTransformations", []))
    return {
        "IPSetReferenceStatement": 1,
        "SizeConstraintStatement": 1,
        "ByteMatchStatement": 2,
        "RegexMatchStatement": 3,
    }[kind] + transformed
