# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of a web ACL in HAProxy's words, as far as they say all that AWS does.

Lists of addresses, rates and sizes do. AWS's managed rule groups do not: what is in them is AWS's own. A rule that only
counts lets all pass, so that nothing of it is seen here.

https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statements.html
https://docs.haproxy.org/3.0/configuration.html
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from lab.fabric.balancers import quoted
from lab.fabric.services import SHARED
from lab.fabric.world import WebAcl

Statement = Mapping[str, Any]


class NotModelled(Exception):
    """Why a rule is left out."""


def config(acl: WebAcl) -> tuple[list[str], list[str], dict[str, str]]:
    """The lines of the frontend, the sections that they refer to, and the files with lists of addresses.

    Rules are asked in order. One that blocks or allows decides; the lines have to be the last of their kind.
    """
    lines, sections = [" option http-buffer-request"], []
    counters = itertools.count()
    for rule in sorted(acl.rules, key=lambda one: one["Priority"]):
        try:
            own, section = translated(rule, counters)
        except NotModelled:
            continue
        lines += own
        sections += section
    used = next(counters)
    head = [f"global\n tune.stick-counters {used}\n"] if used else []
    files = {list_name(arn): "".join(f"{one}\n" for one in addresses) for arn, addresses in acl.ip_sets.items()}
    return lines, [*head, *sections], files


def translated(rule: Mapping[str, Any], counters: Iterator[int] | None = None) -> tuple[list[str], list[str]]:
    """The lines and sections of one rule.

    :raises NotModelled: with the reason.
    """
    if "ManagedRuleGroupStatement" in rule["Statement"]:
        raise NotModelled("what is in a managed rule group is AWS's own")
    [action] = rule["Action"]
    if action not in ("Allow", "Block"):
        raise NotModelled("it only counts")
    verdict = "allow" if action == "Allow" else "deny deny_status 403"
    rate = rule["Statement"].get("RateBasedStatement")
    if not rate:
        return [f" http-request {verdict} if {_condition(rule['Statement'])}"], []
    if rate["AggregateKeyType"] != "IP":
        raise NotModelled(f"rates are counted by {rate['AggregateKeyType']}")
    window = rate.get("EvaluationWindowSec", 300)
    table = f"rate-{rule['Name']}"
    number = next(counters or itertools.count())
    narrowed = rate.get("ScopeDownStatement")
    lines = [
        f" http-request track-sc{number} src table {table}" + (f" if {_condition(narrowed)}" if narrowed else ""),
        f" http-request {verdict} if {{ sc_http_req_rate({number}) gt {rate['Limit']} }}",
    ]
    kept = f"stick-table type ipv6 size 100k expire {window}s store http_req_rate({window}s)"
    return lines, [f"backend {table}\n {kept}\n"]


def list_name(arn: str) -> str:
    """The file with the addresses of an IP set."""
    return f"{arn.split('/')[-2]}.txt"


def _condition(statement: Statement) -> str:
    return " or ".join(" ".join(terms) for terms in _alternatives(statement, negated=False))


def _alternatives(statement: Statement, *, negated: bool) -> list[list[str]]:
    """HAProxy has no brackets: what fits, as a choice of lists of terms that all have to."""
    [(kind, body)] = [(key, value) for key, value in statement.items() if value]
    if kind == "NotStatement":
        return _alternatives(body["Statement"], negated=not negated)
    if kind in ("AndStatement", "OrStatement"):
        parts = [_alternatives(one, negated=negated) for one in body["Statements"]]
        if (kind == "OrStatement") != negated:
            return [terms for part in parts for terms in part]
        return [[term for terms in chosen for term in terms] for chosen in itertools.product(*parts)]
    return [[f"{'!' * negated}{{ {_term(kind, body)} }}"]]


def _term(kind: str, body: Mapping[str, Any]) -> str:
    if kind == "IPSetReferenceStatement" and "IPSetForwardedIPConfig" not in body:
        return f"src -f {SHARED}/{list_name(body['ARN'])}"
    [field] = body.get("FieldToMatch") or [""]
    if kind == "ByteMatchStatement" and (field, body["PositionalConstraint"]) == ("Method", "EXACTLY"):
        # boto3 tells it in bytes.
        method = body["SearchString"]
        return f"method {method if isinstance(method, str) else method.decode()}"
    if kind == "RegexMatchStatement" and field == "UriPath":
        return f"path,url_dec,regsub(//+,/,g) -m reg {quoted(body['RegexString'])}"
    if kind == "SizeConstraintStatement" and (field, body["ComparisonOperator"]) == ("Body", "GT"):
        return f"req.body_size gt {body['Size']}"
    raise NotModelled(f"the lab has no {kind} of {field or 'this sort'}")
