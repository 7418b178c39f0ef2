# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the WAF extensions."""

from __future__ import annotations

import uuid
from typing import Any

from checks import Aws, error_code, proves, unique

VISIBLE = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "check"}
BALANCER = "arn:aws:elasticloadbalancing:ap-south-1:123456789012:loadbalancer/app/check/0123456789abcdef"


def rule(statement: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Name": "check", "Priority": 0, "Statement": statement, "VisibilityConfig": VISIBLE, **more}


def managed(name: str) -> dict[str, Any]:
    return rule({"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": name}}, OverrideAction={"None": {}})


def rate(**more: Any) -> dict[str, Any]:
    return rule({"RateBasedStatement": {"Limit": 100, "AggregateKeyType": "IP", **more}}, Action={"Block": {}})


POSTS = {
    "ByteMatchStatement": {
        "SearchString": "POST",
        "FieldToMatch": {"Method": {}},
        "PositionalConstraint": "EXACTLY",
        "TextTransformations": [{"Priority": 0, "Type": "LOWERCASE"}],
    }
}


def web_acl(aws: Aws, *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = aws.client("wafv2").create_web_acl(
        Name=unique(),
        Scope="REGIONAL",
        DefaultAction={"Allow": {}},
        VisibilityConfig=VISIBLE,
        Rules=list(rules),
        **more,
    )
    return {"Scope": "REGIONAL", **{key: answer["Summary"][key] for key in ("Name", "Id", "ARN", "LockToken")}}


def known_by(item: dict[str, Any]) -> dict[str, Any]:
    return {key: item[key] for key in ("Name", "Scope", "Id")}


def described(aws: Aws, acl: dict[str, Any]) -> dict[str, Any]:
    return aws.client("wafv2").get_web_acl(**known_by(acl))["WebACL"]


def ip_set(aws: Aws) -> dict[str, Any]:
    answer = aws.client("wafv2").create_ip_set(
        Name=unique(), Scope="REGIONAL", IPAddressVersion="IPV4", Addresses=["192.0.2.0/24"]
    )
    return {"Scope": "REGIONAL", **answer["Summary"]}


@proves("wafv2.CheckCapacity")
def capacity_is_told_before_it_is_used(aws: Aws) -> None:
    waf = aws.client("wafv2")
    rules = [managed("AWSManagedRulesCommonRuleSet"), rate(ScopeDownStatement=POSTS)]
    assert waf.check_capacity(Scope="REGIONAL", Rules=rules)["Capacity"] == 700 + 2 + 2 + 10
    absent = rule({"IPSetReferenceStatement": {"ARN": f"arn:aws:wafv2:::{unique()}"}}, Action={"Block": {}})
    assert error_code(waf.check_capacity, Scope="REGIONAL", Rules=[absent]) == "WAFNonexistentItemException"


@proves("wafv2.web_acls_have_a_capacity")
def web_acl_has_a_capacity(aws: Aws) -> None:
    acl = web_acl(aws, managed("AWSManagedRulesSQLiRuleSet"))
    assert described(aws, acl)["Capacity"] == 200
    update = {**known_by(acl), "DefaultAction": {"Allow": {}}, "VisibilityConfig": VISIBLE}
    waf = aws.client("wafv2")
    waf.update_web_acl(**update, LockToken=acl["LockToken"], Rules=[managed("AWSManagedRulesAnonymousIpList")])
    assert described(aws, acl)["Capacity"] == 50
    token = waf.get_web_acl(**known_by(acl))["LockToken"]
    many = [{**managed("AWSManagedRulesCommonRuleSet"), "Priority": number} for number in range(8)]
    assert error_code(waf.update_web_acl, **update, LockToken=token, Rules=many) == "WAFLimitsExceededException"


@proves("wafv2.an_update_is_the_whole_web_acl")
def update_without_rules_leaves_none(aws: Aws) -> None:
    acl = web_acl(aws, rate(EvaluationWindowSec=60), Description="check")
    aws.client("wafv2").update_web_acl(
        **known_by(acl), LockToken=acl["LockToken"], DefaultAction={"Allow": {}}, VisibilityConfig=VISIBLE
    )
    assert described(aws, acl)["Rules"] == []
    assert not described(aws, acl).get("Description")


@proves("wafv2.rate_rules_have_a_window")
def rate_rule_has_a_window(aws: Aws) -> None:
    acl = web_acl(aws, rate(), {**rate(EvaluationWindowSec=60), "Name": "other", "Priority": 1})
    windows = [one["Statement"]["RateBasedStatement"]["EvaluationWindowSec"] for one in described(aws, acl)["Rules"]]
    assert windows == [300, 60]


@proves("wafv2.a_resource_has_one_web_acl", "wafv2.ListResourcesForWebACL")
def resource_moves_to_another_web_acl(aws: Aws) -> None:
    waf, one, other = aws.client("wafv2"), web_acl(aws), web_acl(aws)
    balancer = f"{BALANCER}{unique()}"
    for acl in (one, other):
        waf.associate_web_acl(WebACLArn=acl["ARN"], ResourceArn=balancer)
        assert waf.list_resources_for_web_acl(WebACLArn=acl["ARN"])["ResourceArns"] == [balancer]
    assert waf.list_resources_for_web_acl(WebACLArn=one["ARN"])["ResourceArns"] == []
    assert waf.get_web_acl_for_resource(ResourceArn=balancer)["WebACL"]["ARN"] == other["ARN"]


@proves("wafv2.what_is_in_use_stays")
def what_is_in_use_is_not_deleted(aws: Aws) -> None:
    waf, blocked = aws.client("wafv2"), ip_set(aws)
    acl = web_acl(aws, rule({"IPSetReferenceStatement": {"ARN": blocked["ARN"]}}, Action={"Block": {}}))
    balancer = f"{BALANCER}{unique()}"
    waf.associate_web_acl(WebACLArn=acl["ARN"], ResourceArn=balancer)
    deletions = (
        (waf.delete_web_acl, {**known_by(acl), "LockToken": acl["LockToken"]}),
        (waf.delete_ip_set, {**known_by(blocked), "LockToken": blocked["LockToken"]}),
    )
    for delete, arguments in deletions:
        assert error_code(delete, **arguments) == "WAFAssociatedItemException"
    waf.disassociate_web_acl(ResourceArn=balancer)
    for delete, arguments in deletions:
        assert error_code(delete, **arguments) is None


@proves("wafv2.what_is_global_is_in_us_east_1")
def scope_cloudfront_is_refused_elsewhere(aws: Aws) -> None:
    arguments = {"Scope": "CLOUDFRONT", "IPAddressVersion": "IPV4", "Addresses": []}
    name = unique()
    assert error_code(aws.client("wafv2").create_ip_set, Name=name, **arguments) == "WAFInvalidParameterException"
    assert error_code(aws.client("wafv2").list_web_acls, Scope="CLOUDFRONT") == "WAFInvalidParameterException"
    aws.client("wafv2", "us-east-1").create_ip_set(Name=name, **arguments)


@proves("wafv2.logs_go_where_they_may")
def log_group_has_the_name_and_is_there(aws: Aws) -> None:
    waf, acl, name = aws.client("wafv2"), web_acl(aws), f"aws-waf-logs-{unique()}"
    prefix = "arn:aws:logs:ap-south-1:123456789012:log-group:"

    def put(group: str) -> str | None:
        configuration = {"ResourceArn": acl["ARN"], "LogDestinationConfigs": [f"{prefix}{group}"]}
        return error_code(waf.put_logging_configuration, LoggingConfiguration=configuration)

    assert put("another") == "WAFInvalidParameterException"
    assert put(name) == "WAFLogDestinationPermissionIssueException"
    aws.client("logs").create_log_group(logGroupName=name)
    assert put(name) is None


@proves("wafv2.lock_tokens_of_ip_sets_are_uuids")
def the_token_of_an_ip_set_is_one_that_aws_takes(aws: Aws) -> None:
    waf, name = aws.client("wafv2"), unique()
    made = waf.create_ip_set(Name=name, Scope="REGIONAL", IPAddressVersion="IPV4", Addresses=["192.0.2.0/24"])[
        "Summary"
    ]
    one = {"Name": name, "Scope": "REGIONAL", "Id": made["Id"]}
    changed = waf.update_ip_set(**one, Addresses=[], LockToken=made["LockToken"])
    token = waf.get_ip_set(**one)["LockToken"]
    assert uuid.UUID(made["LockToken"]) != uuid.UUID(token)
    assert token == changed["NextLockToken"]
