# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

HOLDS = "holds"
FAILS = "fails"
UNSEEN = "unseen"
# In the order in which a reader wants them, with the words that a reader sees.
STATUSES = {FAILS: "does not hold", UNSEEN: "cannot be seen", HOLDS: "holds"}


class NotSeen(Exception):
    """What a check needs could not be read. The text is the reason."""


@dataclass(frozen=True)
class Unseen:
    """Stands where a call was refused or is not there."""

    reason: str


@dataclass(frozen=True)
class Row:
    """One line of the table. ``required`` says whether the first provision fails, or nobody is told, without it."""

    check: str
    subject: str
    status: str
    found: str
    remedy: str = ""  # what to do; nothing where it holds
    required: bool = False
    document: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Facts(dict[str, Any]):
    """What was read. What could not be read raises NotSeen, so that no check takes it for an answer."""

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        if isinstance(value, Unseen):
            raise NotSeen(value.reason)
        return value


Declared = Mapping[str, Any]  # the variables of the environment, by their names
Check = Callable[[Facts, Declared], Iterable[Row]]
CHECKS: dict[str, tuple[Check, str]] = {}


def check(name: str, unseen: str) -> Callable[[Check], Check]:
    """Declare a check; ``unseen`` is what to do where what it needs cannot be read."""

    def declare(function: Check) -> Check:
        CHECKS[name] = (function, unseen)
        return function

    return declare


def rows(facts: Facts, declared: Declared) -> Iterator[Row]:
    """What all checks say, each in its place. What cannot be read is told once a check."""
    for name, (function, unseen) in CHECKS.items():
        try:
            yield from function(facts, declared)
        except NotSeen as error:
            yield Row(name, "", UNSEEN, str(error), unseen)


def verdict(name: str, subject: str, holds: bool, found: str, remedy: str, **more: Any) -> Row:
    """A row that holds or does not. The remedy is told where it does not."""
    return Row(name, subject, HOLDS if holds else FAILS, found, "" if holds else remedy, **more)


def report(facts: Facts, declared: Declared, fail_on: str) -> dict[str, Any]:
    """All rows with their counts. ``violations`` are what fails the run."""
    found = list(rows(facts, declared))
    needed = dict.__getitem__(facts, "needs")
    violations = [row for row in found if row.status == FAILS and (row.required or fail_on == "any")]
    return {
        "environment": declared["platform_environment"],
        "account_id": declared["platform_account_id"],
        "region": declared["platform_region"],
        "fail_on": fail_on,
        "violations": 0 if fail_on == "never" else len(violations),
        "needs": {} if isinstance(needed, Unseen) else {need.quota.code: need.amount for need in needed},
        "counts": {status: sum(row.status == status for row in found) for status in STATUSES},
        "rows": [row.as_dict() for row in found],
    }
