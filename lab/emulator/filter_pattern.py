# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The patterns by which metric filters of CloudWatch Logs choose events in JSON. Others are not known here.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax-for-Metric-Filters.html
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from lab.emulator.policy import matches

Test = Callable[[Any], bool]
ABSENT = object()
TOKEN = re.compile(r'\s*(\(|\)|&&|\|\||!=|<=|>=|=|<|>|"(?:[^"\\]|\\.)*"|[^\s()=<>!&|"]+)')
ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


class Malformed(ValueError):
    """CloudWatch Logs refuses such a pattern."""


def compiled(pattern: str) -> Test:
    """The test that a pattern is. It is given an event that was read from JSON."""
    text = pattern.strip()
    if not (text.startswith("{") and text.endswith("}")):
        raise Malformed(f"{pattern}: not a pattern of JSON events, which stands in braces")
    parser = _Parser(text[1:-1])
    test = parser.either()
    if parser.next is not None:
        raise Malformed(f"{pattern}: {parser.next} is one too many")
    return test


class _Parser:
    """``||`` of ``&&`` of comparisons, with parentheses."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        at = 0
        while text[at:].strip():
            found = TOKEN.match(text, at)
            if not found:
                raise Malformed(f"{text}: cannot be read from {text[at:]!r} on")
            self._tokens.append(found[1])
            at = found.end()

    @property
    def next(self) -> str | None:
        return self._tokens[0] if self._tokens else None

    def take(self, *expected: str) -> str:
        if self.next is None or (expected and self.next not in expected):
            raise Malformed(f"{self.next or 'the end'} stands where {' or '.join(expected) or 'more'} was expected")
        return self._tokens.pop(0)

    def either(self) -> Test:
        tests = [self.both()]
        while self.next == "||":
            self.take()
            tests.append(self.both())
        return lambda event: any(test(event) for test in tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self.next == "&&":
            self.take()
            tests.append(self.one())
        return lambda event: all(test(event) for test in tests)

    def one(self) -> Test:
        if self.next == "(":
            self.take()
            inner = self.either()
            self.take(")")
            return inner
        path = self.take()
        if not path.startswith("$."):
            raise Malformed(f"{path} is no selector: it begins with $.")
        how = self.take()
        if how == "NOT":
            self.take("EXISTS")
            return lambda event: value_at(event, path) is ABSENT
        if how == "EXISTS":
            return lambda event: value_at(event, path) is not ABSENT
        if how == "IS":
            wanted = {"TRUE": True, "FALSE": False, "NULL": None}[self.take("TRUE", "FALSE", "NULL")]
            return lambda event: value_at(event, path) is wanted
        return _comparison(path, how, self.take())


def _comparison(path: str, how: str, written: str) -> Test:
    text = re.sub(r"\\(.)", r"\1", written[1:-1]) if written.startswith('"') else written
    if how in ORDER:
        return lambda event: (
            isinstance(value_at(event, path), int | float) and ORDER[how](value_at(event, path), float(text))
        )
    if how not in ("=", "!="):
        raise Malformed(f"{how} compares nothing")

    def equal(event: Any) -> bool:
        value = value_at(event, path)
        if isinstance(value, str):
            return matches(text, value)
        return isinstance(value, int | float) and not isinstance(value, bool) and str(value) == text

    return equal if how == "=" else lambda event: not equal(event)


def value_at(event: Any, path: str) -> Any:
    """What stands at a path such as ``$.detail.findings[0].Title``; ABSENT where nothing does."""
    for name, index in re.findall(r"\.([^.\[\]]+)|\[(\d+)\]", path):
        if name:
            event = event.get(name, ABSENT) if isinstance(event, dict) else ABSENT
        else:
            event = event[int(index)] if isinstance(event, list) and int(index) < len(event) else ABSENT
    return event
