# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IAM's language of policies, evaluated: principals, actions, resources and conditions. Pure; knows nothing of moto.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import ipaddress
import json
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any

Policy = Mapping[str, Any]
Values = str | Iterable[str]


@dataclass(frozen=True)
class Request:
    """One call, as a policy sees it."""

    action: str
    resource: str = "*"
    principal: str = ""  # an ARN, an account's number, or the name of a service
    context: Mapping[str, Values] = field(default_factory=dict)  # condition keys; a key that is not sent is not here


class Effect(Enum):
    """What one policy says of a request."""

    ALLOW = "allowed"
    DENY = "denied by a statement"
    NOTHING = "allowed by no statement"


def read(document: str | Policy) -> Policy:
    """A policy, whether it is text or was read already."""
    return json.loads(document) if isinstance(document, str) else document


def statements(policy: Policy) -> list[Mapping[str, Any]]:
    """Its statements; one alone may stand without a list."""
    return _listed(policy.get("Statement", []))


def judged(policy: Policy, request: Request) -> Effect:
    """What a policy says. Statements of a resource's policy have principals, and those count."""
    effects = {one["Effect"] for one in statements(policy) if applies(one, request)}
    if "Deny" in effects:
        return Effect.DENY
    return Effect.ALLOW if "Allow" in effects else Effect.NOTHING


def permitted(request: Request, policies: Iterable[Policy], boundary: Policy | None = None) -> bool:
    """Whether policies that add up allow a request, within a permissions boundary if there is one."""
    effects = {judged(policy, request) for policy in policies}
    limit = Effect.ALLOW if boundary is None else judged(boundary, request)
    return Effect.DENY not in effects and Effect.ALLOW in effects and limit is Effect.ALLOW


def applies(statement: Mapping[str, Any], request: Request) -> bool:
    """Whether a statement is about a request."""
    return (
        _of_principal(statement, request.principal)
        and _one_of(statement, "Action", lambda text: matches(text.lower(), request.action.lower()))
        and _one_of(statement, "Resource", lambda text: matches(filled(text, request.context), request.resource))
        and all(
            holds(operation, key, _listed(values), request.context)
            for operation, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _one_of(statement: Mapping[str, Any], element: str, fits: Callable[[str], bool]) -> bool:
    """Whether an element, or its Not form, lets a request pass. An element that is not written lets all pass."""
    if f"Not{element}" in statement:
        return not any(map(fits, _listed(statement[f"Not{element}"])))
    return element not in statement or any(map(fits, _listed(statement[element])))


def _of_principal(statement: Mapping[str, Any], principal: str) -> bool:
    if "NotPrincipal" in statement:
        return not _named(statement["NotPrincipal"], principal)
    return "Principal" not in statement or _named(statement["Principal"], principal)


def _named(principals: str | Mapping[str, Any], principal: str) -> bool:
    """Whether a principal is among those written. An account, or its root, stands for all who are in it."""
    if principals == "*":
        return True
    assert not isinstance(principals, str), f"Principal {principals!r}: write * or a map"
    for kind, names in principals.items():
        for name in _listed(names):
            account = re.fullmatch(r"(?:arn:[\w-]+:iam::)?(\d{12})(?::root)?", name)
            if name == principal or (kind == "AWS" and name == "*"):
                return True
            if kind == "AWS" and account and (f"::{account[1]}:" in principal or principal == account[1]):
                return True
    return False


@cache
def _pattern(text: str) -> re.Pattern[str]:
    parts = (".*" if one == "*" else "." if one == "?" else re.escape(one) for one in re.split(r"([*?])", text))
    return re.compile("".join(parts), re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Whether a text fits a pattern with * and ?."""
    return bool(_pattern(pattern).fullmatch(text))


def arn_matches(pattern: str, arn: str) -> bool:
    """The same for ARNs: each of the six parts for itself."""
    written, present = pattern.split(":", 5), arn.split(":", 5)
    return len(written) == len(present) == 6 and all(map(matches, written, present))


def filled(text: str, context: Mapping[str, Values]) -> str:
    """A text with its policy variables. One that has no value fits nothing.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """

    def value(found: re.Match[str]) -> str:
        name, _, default = found[1].partition(",")
        if name in ("*", "?", "$"):
            return name
        values = _sent(context, name.strip())
        return values[0] if values else default.strip(" '") or "\0"

    return re.sub(r"\$\{([^}]*)\}", value, text)


def _moment(text: str) -> datetime:
    moment = (
        datetime.fromtimestamp(float(text), UTC)
        if re.fullmatch(r"[\d.]+", text)
        else datetime.fromisoformat(text.replace("Z", "+00:00"))
    )
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _within(network: str, address: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)


Test = Callable[[str, str], bool]  # what is written, what is sent


def _compared(of: Callable[[str], Any], how: Callable[[Any, Any], bool]) -> Test:
    return lambda written, sent: how(of(sent), of(written))


_ORDER = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
TESTS: dict[str, Test] = {
    "StringEquals": operator.eq,
    "StringEqualsIgnoreCase": lambda written, sent: written.lower() == sent.lower(),
    "StringLike": matches,
    "ArnEquals": arn_matches,
    "ArnLike": arn_matches,
    "Bool": lambda written, sent: written.lower() == sent.lower(),
    "IpAddress": _within,
    **{f"Numeric{name}": _compared(float, how) for name, how in _ORDER.items()},
    **{f"Date{name}": _compared(_moment, how) for name, how in _ORDER.items()},
}
# Each is true where the other is not: of a key that is not sent as well.
NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
}
VERBATIM = frozenset({"Bool", "Null"})


def holds(operation: str, key: str, written: list[str], context: Mapping[str, Values]) -> bool:
    """Whether one condition is true of what a request sends."""
    quantifier, _, name = operation.rpartition(":")
    lenient = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    sent = _sent(context, key)
    if name == "Null":
        return (sent is None) == (written[0].lower() == "true")
    if name not in TESTS and name not in NEGATED:
        raise ValueError(f"{operation}: there is no such condition operator")
    if sent is None:
        return lenient or (quantifier == "ForAllValues" if quantifier else name in NEGATED)
    test = TESTS[NEGATED.get(name, name)]
    texts = written if name in VERBATIM else [filled(one, context) for one in written]

    def true_of(value: str) -> bool:
        return any(test(text, value) for text in texts) != (name in NEGATED)

    if quantifier == "ForAllValues" or (not quantifier and name in NEGATED):
        return all(map(true_of, sent))
    return any(map(true_of, sent))


def _sent(context: Mapping[str, Values], key: str) -> list[str] | None:
    """The values of a condition key, whose name has no case; None when it is not sent."""
    values = next((value for name, value in context.items() if name.lower() == key.lower()), None)
    return None if values is None else [values] if isinstance(values, str) else list(values)


def _listed(value: Any) -> list[Any]:
    values = value if isinstance(value, list) else [value]
    return [str(one).lower() if isinstance(one, bool) else str(one) if isinstance(one, int) else one for one in values]
