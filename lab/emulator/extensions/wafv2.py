# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS WAF: what a web ACL costs, what it protects, and what holds it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

from moto.wafv2.models import FakeIPSet, FakeRule, FakeWebACL, WAFV2Backend
from moto.wafv2.responses import WAFV2Response

from lab.emulator.registry import ApiError, Call, backend_of, fix, operation, wrap

GLOBAL = "global"  # moto's word for the scope CLOUDFRONT
MOST = 5000

# https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
GROUPS = {
    "AWSManagedRulesCommonRuleSet": 700,
    "AWSManagedRulesKnownBadInputsRuleSet": 200,
    "AWSManagedRulesSQLiRuleSet": 200,
    "AWSManagedRulesAmazonIpReputationList": 25,
    "AWSManagedRulesAnonymousIpList": 50,
    "AWSManagedRulesBotControlRuleSet": 50,
}
# https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statements-list.html
BASE = {
    "IPSetReferenceStatement": 1,
    "GeoMatchStatement": 1,
    "LabelMatchStatement": 1,
    "SizeConstraintStatement": 1,
    "ByteMatchStatement": 2,
    "RateBasedStatement": 2,
    "RegexMatchStatement": 3,
    "SqliMatchStatement": 20,
    "XssMatchStatement": 40,
}


def _units(statement: dict[str, Any]) -> int:
    ((kind, body),) = ((key, value) for key, value in statement.items() if value)
    if kind == "ManagedRuleGroupStatement":
        if body["Name"] not in GROUPS:
            raise ApiError("WAFNonexistentItemException", f"There is no managed rule group {body['Name']}.")
        return GROUPS[body["Name"]]
    within = [*body.get("Statements", []), *(body[key] for key in ("Statement", "ScopeDownStatement") if body.get(key))]
    transformed = [one for one in body.get("TextTransformations", []) if one["Type"] != "NONE"]
    return BASE.get(kind, 0) + 10 * len(transformed) + sum(_units(one) for one in within)


def _ip_sets_in(statement: Any) -> Iterator[str]:
    if isinstance(statement, dict):
        if "IPSetReferenceStatement" in statement:
            yield statement["IPSetReferenceStatement"]["ARN"]
        for one in statement.values():
            yield from _ip_sets_in(one)
    elif isinstance(statement, list):
        for one in statement:
            yield from _ip_sets_in(one)


def _capacity(backend: WAFV2Backend, rules: list[dict[str, Any]]) -> int:
    for arn in _ip_sets_in(rules):
        if arn not in backend.ip_sets:
            raise ApiError("WAFNonexistentItemException", f"There is no IP set {arn}.")
    return sum(_units(rule["Statement"]) for rule in rules)


def _as_json(rules: list[FakeRule]) -> list[dict[str, Any]]:
    return [rule.to_dict() for rule in rules]


@operation("wafv2", "CheckCapacity")
def check_capacity(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """The units of the statements that have a documented price; what they refer to has to be there.

    https://docs.aws.amazon.com/waf/latest/APIReference/API_CheckCapacity.html
    """
    region = GLOBAL if params["Scope"] == "CLOUDFRONT" else call.region
    _check_region(params["Scope"], call.region)
    return {"Capacity": _capacity(backend_of("wafv2", call.account, region), params["Rules"])}


@operation("wafv2", "ListResourcesForWebACL")
def list_resources_for_web_acl(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Load balancers unless asked for others.

    https://docs.aws.amazon.com/waf/latest/APIReference/API_ListResourcesForWebACL.html
    """
    acls = call.backend("wafv2").wacls
    if params["WebACLArn"] not in acls:
        raise ApiError("WAFNonexistentItemException", f"There is no web ACL {params['WebACLArn']}.")
    wanted = params.get("ResourceType", "APPLICATION_LOAD_BALANCER")
    resources = acls[params["WebACLArn"]].associated_resources
    return {"ResourceArns": [arn for arn in resources if (":elasticloadbalancing:" in arn) == (wanted[:3] == "APP")]}


@fix("wafv2")
def web_acls_have_a_capacity() -> None:
    """A web ACL tells the units of its rules, refuses more than 5,000, and names only IP sets that are there.

    https://docs.aws.amazon.com/waf/latest/APIReference/API_WebACL.html
    """

    def weigh(backend: WAFV2Backend, rules: list[dict[str, Any]] | None) -> int:
        units = _capacity(backend, rules or [])
        if units > MOST:
            raise ApiError("WAFLimitsExceededException", f"{units} web ACL capacity units exceed {MOST}.")
        return units

    @wrap(WAFV2Backend, "create_web_acl")
    def create(original: Any, backend: WAFV2Backend, *args: Any) -> FakeWebACL:
        units = weigh(backend, args[6])
        acl: FakeWebACL = original(backend, *args)
        acl.capacity = units
        return acl

    @wrap(WAFV2Backend, "update_web_acl")
    def update(original: Any, backend: WAFV2Backend, name: str, identifier: str, *args: Any) -> str:
        units = weigh(backend, args[1])
        token: str = original(backend, name, identifier, *args)
        backend.get_web_acl(None, name, identifier).capacity = units
        return token


@fix("wafv2")
def an_update_is_the_whole_web_acl() -> None:
    """UpdateWebACL without rules leaves none, and without a description no description.

    https://docs.aws.amazon.com/waf/latest/APIReference/API_UpdateWebACL.html
    """

    @wrap(FakeWebACL, "update")
    def update(original: Any, acl: FakeWebACL, action: Any, rules: Any, description: Any, *args: Any) -> None:
        original(acl, action, rules or [], description or "", *args)


@fix("wafv2")
def rate_rules_have_a_window() -> None:
    """A rate-based statement that was given no evaluation window has one of 300 seconds.

    https://docs.aws.amazon.com/waf/latest/APIReference/API_RateBasedStatement.html
    """

    @wrap(FakeRule, "__init__")
    def init(original: Any, rule: FakeRule, *args: Any, **kwargs: Any) -> None:
        original(rule, *args, **kwargs)
        if rate := rule.statement.get("RateBasedStatement"):
            rate.setdefault("EvaluationWindowSec", 300)


@fix("wafv2")
def a_resource_has_one_web_acl() -> None:
    """To associate a resource with a web ACL takes it from another. Those for CloudFront take no association.

    https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html
    """

    @wrap(WAFV2Backend, "associate_web_acl")
    def associate(original: Any, backend: WAFV2Backend, web_acl_arn: str, resource_arn: str) -> None:
        if web_acl_arn in backend.wacls:
            backend.disassociate_web_acl(resource_arn)
        original(backend, web_acl_arn, resource_arn)


@fix("wafv2")
def what_is_in_use_stays() -> None:
    """A web ACL that protects something is not deleted, nor an IP set that a rule names.

    https://docs.aws.amazon.com/waf/latest/APIReference/API_DeleteWebACL.html
    https://docs.aws.amazon.com/waf/latest/APIReference/API_DeleteIPSet.html
    """

    @wrap(WAFV2Backend, "delete_web_acl")
    def delete_web_acl(original: Any, backend: WAFV2Backend, name: str, scope: str, identifier: str, lock: str) -> None:
        if any(one.id == identifier and one.associated_resources for one in backend.wacls.values()):
            raise ApiError("WAFAssociatedItemException", "The web ACL is associated with a resource.")
        arn = next((arn for arn, one in backend.wacls.items() if one.id == identifier), "")
        original(backend, name, scope, identifier, lock)
        # Logging is kept with the Region, that of what is global with us-east-1.
        region = "us-east-1" if scope == "CLOUDFRONT" else backend.region_name
        backend_of("wafv2", backend.account_id, region).logging_configurations.pop(arn, None)

    @wrap(WAFV2Backend, "delete_ip_set")
    def delete_ip_set(original: Any, backend: WAFV2Backend, name: str, scope: str, identifier: str, lock: str) -> None:
        named = {arn for acl in backend.wacls.values() for arn in _ip_sets_in(_as_json(acl.rules))}
        if any(arn.endswith(f"/{identifier}") for arn in named):
            raise ApiError("WAFAssociatedItemException", "A rule of a web ACL names the IP set.")
        original(backend, name, scope, identifier, lock)


def _check_region(scope: str | None, region: str) -> None:
    if scope == "CLOUDFRONT" and region != "us-east-1":
        raise ApiError("WAFInvalidParameterException", "The scope CLOUDFRONT is in us-east-1 only.")


@fix("wafv2")
def what_is_global_is_in_us_east_1() -> None:
    """The scope CLOUDFRONT is refused in every Region but one.

    https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateWebACL.html
    """

    def guard(original: Any, response: WAFV2Response) -> Any:
        _check_region(json.loads(response.body).get("Scope"), response.region)
        return original(response)

    for resource in ("web_acl", "ip_set"):
        for verb in ("create", "get", "update", "delete"):
            wrap(WAFV2Response, f"{verb}_{resource}")(guard)
    wrap(WAFV2Response, "list_web_ac_ls")(guard)
    wrap(WAFV2Response, "list_ip_sets")(guard)


@fix("wafv2")
def logs_go_where_they_may() -> None:
    """A destination is called aws-waf-logs-..., and a log group that is one is there, in the web ACL's Region.

    https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html
    """

    @wrap(WAFV2Backend, "put_logging_configuration")
    def put(original: Any, backend: WAFV2Backend, arn: str, destinations: list[str], *args: Any) -> Any:
        for destination in destinations:
            parts = destination.split(":")
            name = parts[6] if parts[2] == "logs" else parts[-1].rpartition("/")[2]
            groups = backend_of("logs", backend.account_id, backend.region_name).groups if parts[2] == "logs" else {}
            if not name.startswith("aws-waf-logs-"):
                raise ApiError("WAFInvalidParameterException", f"The ARN isn't valid: {destination}")
            if parts[2] == "logs" and (name not in groups or parts[3] != backend.region_name):
                raise ApiError("WAFLogDestinationPermissionIssueException", f"There is no log group {destination}")
        return original(backend, arn, destinations, *args)


@fix("wafv2")
def lock_tokens_of_ip_sets_are_uuids() -> None:
    """The lock token of an IP set has the form that a request with it must have.

    https://docs.aws.amazon.com/waf/latest/APIReference/API_UpdateIPSet.html
    """

    def renew(original: Any, ip_set: FakeIPSet, *args: Any, **kwargs: Any) -> None:
        original(ip_set, *args, **kwargs)
        ip_set.lock_token = str(uuid.uuid4())

    wrap(FakeIPSet, "__init__")(renew)
    wrap(FakeIPSet, "update")(renew)
