# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Eventual consistency: for a moment after a thing was made, those who are asked about it do not know it.

`--set consistency=5` makes the moment five seconds of real time instead of one. Until then a call that is told of the
thing is answered as the table says, and a list does not show it. To make it once more is refused as ever.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jmespath

from lab.emulator import harsh
from lab.emulator.harsh import Answer, Asked, Refused
from lab.emulator.harsh.consistency_table import NO_PRINCIPAL, THINGS, Thing, Unknown
from lab.emulator.registry import table

SWITCH = harsh.switch(
    "consistency", on=1.0, off=0.0, text="seconds for which what was made is not known to those who are asked about it"
)
TABLE = "eventual consistency"
# What a list is narrowed with, where a list of nothing is the answer and no error; and what names anything.
NO_REFERENCES = frozenset({"Filter", "Filters", "filters", "Tags", "TagSpecifications", "tags", "Description"})
# These change what there is; it is not new then.
REPEATED = ("Put", "Attach", "CreateTopic")
MAKERS: dict[tuple[str, str], list[Thing]] = {}
for _thing in THINGS:
    for _operation in _thing.made_by:
        MAKERS.setdefault((_thing.service, _operation), []).append(_thing)


@dataclass(frozen=True)
class New:
    """Something that was made a moment ago."""

    thing: Thing
    identifier: str
    by_name: bool
    made: float

    def is_in(self, key: str, value: str, *, own: bool = True) -> bool:
        """Whether a parameter of its own or of another service, or a member of a description, is this."""
        if self.by_name and value == self.identifier:
            return key in (self.thing.named if own else self.thing.named_elsewhere)
        if self.by_name and own:
            return False
        # An ARN that ends with it; that of a log group may have an asterisk besides.
        ends = (f"/{self.identifier}", f":{self.identifier}", f":{self.identifier}:*")
        return value == self.identifier or value.endswith(ends)


def made_lately(account: str) -> list[New]:
    """What is new in an account, oldest first; what no longer is has been dropped."""
    kept: dict[str, Any] = table(account, "aws", TABLE)
    since = time.monotonic() - float(SWITCH.value)
    kept["new"] = [one for one in kept.get("new", []) if one.made > since]
    return kept["new"]


@harsh.after(SWITCH)
def what_was_made_is_new(asked: Asked, answer: Answer) -> None:
    """Note the identifiers of what a call made; what a Put has only changed is not new."""
    things = MAKERS.get((asked.service, asked.operation), [])
    if not things:
        return
    known: set[tuple[str, str]] = table(asked.account, "aws", TABLE).setdefault("known", set())
    for thing in things:
        for identifier, by_name in _identifiers(thing, {**asked.parameters, **answer.result}):
            mark = (thing.made_by[0], identifier)
            if mark not in known or not asked.operation.startswith(REPEATED):
                made_lately(asked.account).append(New(thing, identifier, by_name, time.monotonic()))
            known.add(mark)


def _identifiers(thing: Thing, told: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    for paths, by_name in ((thing.ids, False), ((thing.name,) if thing.name else (), True)):
        for path in paths:
            found = jmespath.search(path, told)
            for one in found if isinstance(found, list) else [found]:
                if isinstance(one, str):
                    yield one.removeprefix("/hostedzone/"), by_name


@harsh.before(SWITCH)
def what_is_new_is_not_known(asked: Asked) -> Refused | None:
    """Refuse a call that is told of what is new."""
    new = made_lately(asked.account)
    told = list(_told(asked.parameters)) if new else []
    for one in new:
        unknown = _said(one, asked, told)
        if unknown:
            text = unknown.text.format(id=one.identifier, account=asked.account)
            return Refused(unknown.code, text, unknown.status)
    return None


def _said(one: New, asked: Asked, told: list[tuple[str, str]]) -> Unknown | None:
    """What a call is answered because of one new thing."""
    thing = one.thing
    if asked.service == thing.service and asked.operation in thing.made_by and one.by_name:
        return None
    if thing.principal and asked.service in NO_PRINCIPAL and _allowed(one, told):
        return NO_PRINCIPAL[asked.service]
    own = asked.service == thing.service
    unknown = thing.elsewhere.get(f"{asked.service}:{asked.operation}") or (
        thing.unknown if own else thing.elsewhere.get(asked.service)
    )
    if not unknown:
        return None
    return unknown if any(one.is_in(key, value, own=own) for key, value in told) else None


def _allowed(one: New, told: list[tuple[str, str]]) -> bool:
    """Whether a policy among the parameters names it as a principal."""
    policies = (value for _key, value in told if value.startswith("{") and one.identifier in value)
    return any(one.identifier in json.dumps(_principals(policy)) for policy in policies)


def _principals(policy: str) -> list[Any]:
    try:
        statements = json.loads(policy).get("Statement", [])
    except ValueError:
        return []
    statements = statements if isinstance(statements, list) else [statements]
    return [one.get("Principal") for one in statements]


def _told(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """The texts among parameters, each with the name of its parameter."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            if name not in NO_REFERENCES:
                yield from _told(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _told(item, key)


@harsh.instead(SWITCH)
def lists_do_not_show_what_is_new(asked: Asked, answer: Answer) -> dict[str, Any] | None:
    """Leave what is new out of the lists of its service."""
    if asked.write:
        return None
    new = [
        one
        for one in made_lately(asked.account)
        if one.thing.unknown and one.thing.service == asked.service and one.identifier.encode() in answer.body
    ]
    if not new:
        return None
    kept = _without(answer.result, new)
    return kept if kept != answer.result else None


def _without(value: Any, new: list[New]) -> Any:
    if isinstance(value, dict):
        return {key: _without(item, new) for key, item in value.items() if key != "ResponseMetadata"}
    if isinstance(value, list):
        return [_without(item, new) for item in value if not _is_new(item, new)]
    return value


def _is_new(item: Any, new: list[New]) -> bool:
    described = item.items() if isinstance(item, dict) else [("", item)]
    return any(one.is_in(key, value) for one in new for key, value in described if isinstance(value, str))
