# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Web ACLs: their rules, the addresses that those name, and what they cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

from ..waf_rules import (
    BOT_CONTROL,
    CAPACITY,
    FAMILIES,
    FORMS,
    MANAGED_CAPACITY,
    REGEX_LENGTH,
    capacity,
    paths_regex,
    web_acl_rules,
)
from .declared import Checks, Declared, refers, within
from .mistakes import Mistake, Path, listing, one_of, show
from .network import retention

# Options that only rules of one form have.
_ONLY = {
    "inspection_level": "managed",
    "count_only": "managed",
    "window_seconds": "limit",
    "methods": "limit",
    "paths": "limit",
    "except_paths": "body_larger_than",
}
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def check(declared: Declared) -> Checks:
    yield from _web_acls(declared)
    yield from _addresses(declared)
    yield from _rules(declared)
    yield from _rates(declared)
    yield from _actions(declared)
    yield from retention(("aws_waf_log_retention_days",), declared.get("aws_waf_log_retention_days"))


def _web_acls(declared: Declared) -> Checks:
    taken: dict[str, str] = {}
    for name, web_acl in declared.entries("aws_waf_web_acls").items():
        for at, balancer in enumerate(web_acl.get("load_balancers") or []):
            path: Path = ("aws_waf_web_acls", name, "load_balancers", at)
            yield from refers(declared, path, balancer, "aws_load_balancing_load_balancers", "load balancer")
            if web_acl.get("scope") == "CLOUDFRONT":
                yield Mistake(path, f"is {show(balancer)}, and the scope is CLOUDFRONT", "Write scope: REGIONAL.")
            if balancer in taken:
                yield Mistake(
                    path,
                    f"is {show(balancer)}, which web ACL {taken[balancer]} protects; AWS allows one",
                    "Write it once.",
                )
            taken[balancer] = name


def _addresses(declared: Declared) -> Checks:
    for name, lists in declared.entries("aws_waf_ip_sets").items():
        for number, family in zip((4, 6), FAMILIES, strict=True):
            for at, block in enumerate(lists.get(family) or []):
                path: Path = ("aws_waf_ip_sets", name, family, at)
                try:
                    network = ip_network(str(block))
                except ValueError:
                    yield Mistake(path, f"is {show(block)}, not a CIDR block", "Write one such as 192.0.2.0/24.")
                    continue
                if network.version != number:
                    other = FAMILIES[network.version == 6]
                    yield Mistake(path, f"is {show(block)}, not an address of {family}", f"Put it into {other}.")
                elif "/" not in str(block) or not network.prefixlen:
                    yield Mistake(
                        path,
                        f"is {show(block)}, which AWS does not take",
                        f"Write its length, 1 to {network.max_prefixlen}.",
                    )


def _rules(declared: Declared) -> Checks:
    rules = declared.entries("aws_waf_rules")
    priorities: dict[int, str] = {}
    found = False
    for name, rule in rules.items():
        for mistake in (*_form(declared, name, rule), *_priority(name, rule, priorities)):
            found = True
            yield mistake
    if not found and all("priority" in rule and "action" in rule for rule in rules.values()):
        yield from _cost(declared, rules)


def _priority(name: str, rule: Mapping[str, Any], taken: dict[int, str]) -> Checks:
    priority = rule.get("priority")
    if priority in taken:
        yield Mistake(
            ("aws_waf_rules", name, "priority"), f"is {priority}, as of rule {taken[priority]}", "Write one of its own."
        )
    if priority is not None:
        taken[priority] = name


def _form(declared: Declared, name: str, rule: Mapping[str, Any]) -> Checks:
    path: Path = ("aws_waf_rules", name)
    forms = [form for form in FORMS if rule.get(form) is not None]
    if len(forms) != 1:
        has = listing(forms, "and") if forms else "none"
        yield Mistake(path, f"has {has} of {listing(FORMS, 'and')}", "Write exactly one of them.")
        return
    (form,) = forms
    for option, belongs in _ONLY.items():
        if rule.get(option) and belongs != form:
            yield Mistake((*path, option), f"is for rules with {belongs}, and this has {form}", "Take it out.")
    if rule.get("action") == "allow" and form != "ip_set":
        yield Mistake((*path, "action"), "is allow, and lets by what no other rule has seen", "Write block or count.")
    for at, web_acl in enumerate(rule.get("web_acls") or []):
        yield from refers(declared, (*path, "web_acls", at), web_acl, "aws_waf_web_acls", "web ACL")
    yield from refers(declared, (*path, "ip_set"), rule.get("ip_set"), "aws_waf_ip_sets", "list of addresses")
    managed = rule.get("managed")
    if managed is not None and managed not in MANAGED_CAPACITY:
        yield Mistake((*path, "managed"), f"is {show(managed)}", one_of(managed, list(MANAGED_CAPACITY)))
    if rule.get("inspection_level") and managed != BOT_CONTROL:
        yield Mistake((*path, "inspection_level"), f"is for {BOT_CONTROL} alone", "Take it out.")
    # https://docs.aws.amazon.com/waf/latest/APIReference/API_RateBasedStatement.html
    yield from within((*path, "limit"), rule.get("limit"), 10, 2_000_000_000, "requests")
    # CloudFront shows WAF at most 64 KiB of a body.
    yield from within((*path, "body_larger_than"), rule.get("body_larger_than"), 1, 65535, "bytes")
    for at, method in enumerate(rule.get("methods") or []):
        if method not in _METHODS:
            yield Mistake((*path, "methods", at), f"is {show(method)}", one_of(method, list(_METHODS)))
    for option in ("paths", "except_paths"):
        yield from _paths((*path, option), rule.get(option) or [], whole=option == "except_paths")


def _paths(path: Path, paths: list[str], *, whole: bool) -> Checks:
    for at, one in enumerate(paths):
        if not str(one).startswith("/"):
            yield Mistake((*path, at), f"is {show(one)}", f"Write /{one}.")
    length = len(paths_regex(map(str, paths), whole=whole))
    if length > REGEX_LENGTH:
        yield Mistake(
            path,
            f"make an expression of {length} characters; WAF takes {REGEX_LENGTH}",
            "Write what the paths have in common, or a second rule.",
        )


def _cost(declared: Declared, rules: Mapping[str, Mapping[str, Any]]) -> Checks:
    arns: dict[str, str] = defaultdict(str)
    for name, web_acl in declared.entries("aws_waf_web_acls").items():
        header = web_acl.get("forwarded_ip_header") or ""
        units = capacity(web_acl_rules(rules, name, ip_sets=arns, prefix="", forwarded_ip_header=header))
        if units > CAPACITY:
            yield Mistake(
                ("aws_waf_rules",),
                f"take {units} web ACL capacity units in web ACL {name}; AWS includes {CAPACITY}",
                f"Take a rule out, or keep one from {name} with web_acls.",
            )


def _rates(declared: Declared) -> Checks:
    """A rate is counted by the address that connects. Behind CloudFront that is CloudFront's, for all visitors."""
    web_acls = declared.entries("aws_waf_web_acls")
    behind = {
        name
        for name, web_acl in web_acls.items()
        if web_acl.get("forwarded_ip_header")
        or declared.get("aws_edge_load_balancer") in (web_acl.get("load_balancers") or [])
    }
    for name, rule in declared.entries("aws_waf_rules").items():
        for web_acl in sorted(behind.intersection(rule.get("web_acls") or web_acls)) if rule.get("limit") else ():
            elsewhere = [one for one in web_acls if one not in behind]
            yield Mistake(
                ("aws_waf_rules", name),
                f"counts by the address that connects, not the visitor's at web ACL {web_acl}: a proxy is in front",
                f"Write web_acls: [{', '.join(elsewhere)}]." if elsewhere else "Take it out.",
            )


def _actions(declared: Declared) -> Checks:
    rules = declared.entries("aws_waf_rules")
    for name, action in (declared.get("aws_waf_actions") or {}).items():
        path: Path = ("aws_waf_actions", name)
        yield from refers(declared, path, name, "aws_waf_rules", "rule")
        if action not in ("block", "count"):
            yield Mistake(path, f"is {show(action)}", "Write block or count.")
        if rules.get(name, {}).get("action") == "allow":
            yield Mistake(path, "changes a rule that allows", "Empty its list of addresses instead.")
