# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests held against AWS's own models: the enum, the pattern, the least and the most of each value.

boto3 checks types, what is required and the least length; AWS checks all four. The models are botocore's, whose traits
are those of https://smithy.io/2.0/spec/constraint-traits.html; the code differs by service (the page "Common errors" of
each API reference), the message does so only in EC2, RDS and ElastiCache:
https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import regex
from botocore.model import ListShape, MapShape, Shape, StructureShape

from lab.emulator import harsh
from lab.emulator.harsh import Asked, Refused

SWITCH = harsh.switch("models", on=True, off=False, text="values that botocore's models do not allow are refused")

# Where the code is not that of the protocol: ValidationError with query, ValidationException with the others.
CODES: Mapping[str, str] = {
    "cloudfront": "InvalidArgument",
    "ec2": "InvalidParameterValue",
    "elasticache": "InvalidParameterValue",
    "guardduty": "BadRequestException",
    "logs": "InvalidParameterException",
    "rds": "InvalidParameterValue",
    "resourcegroupstaggingapi": "InvalidParameterException",
    "route53": "InvalidInput",
    "s3": "InvalidArgument",
    "securityhub": "InvalidInputException",
    "sns": "InvalidParameter",
}
# These have a sentence of their own for a value.
OWN_WORDS = frozenset({"ec2", "elasticache", "rds"})
REDACTED = "*** Sensitive Data Redacted ***"
# How the models of older services write "all beyond the first 65,536 characters", which is for UTF-16.
SURROGATES = (r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")


@dataclass(frozen=True)
class Violation:
    """A value that the model does not allow."""

    path: str  # as AWS writes it: tags.1.member.key
    value: Any
    constraint: str
    sensitive: bool = False

    @property
    def shown(self) -> str:
        """The value as AWS quotes it."""
        return REDACTED if self.sensitive else str(self.value)


@harsh.before(SWITCH)
def values_are_within_the_model(asked: Asked) -> Refused | None:
    """Refuse what AWS's front door refuses, before the service sees it."""
    shape = asked.model.input_shape
    found = list(violations(shape, asked.parameters)) if shape else []
    if not found:
        return None
    protocol = asked.model.service_model.resolved_protocol
    code = CODES.get(asked.service, "ValidationError" if protocol == "query" else "ValidationException")
    if asked.service in OWN_WORDS:
        one = found[0]
        return Refused(code, f"Value ({one.shown}) for parameter {one.path} is invalid. {one.constraint}")
    told = "; ".join(
        f"Value '{one.shown}' at '{one.path}' failed to satisfy constraint: {one.constraint}" for one in found
    )
    errors = "1 validation error" if len(found) == 1 else f"{len(found)} validation errors"
    return Refused(code, f"{errors} detected: {told}")


def violations(shape: Shape, value: Any, path: str = "") -> Iterator[Violation]:
    """All values within a value that the model does not allow."""
    if value is None:
        return
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        for name, member in shape.members.items():
            yield from violations(member, value.get(name), _within(path, name))
        return
    broken = next(filter(None, (check(shape, value) for check in CHECKS)), None)
    if broken:
        yield Violation(path, value, broken, bool(shape.metadata.get("sensitive")))
    if isinstance(shape, ListShape) and isinstance(value, list):
        for number, item in enumerate(value, start=1):
            yield from violations(shape.member, item, f"{path}.{number}.member")
    elif isinstance(shape, MapShape) and isinstance(value, Mapping):
        for key, item in value.items():
            yield from violations(shape.key, key, f"{path}.{key}.key")
            yield from violations(shape.value, item, f"{path}.{key}.member")


def _within(path: str, name: str) -> str:
    inner = name[:1].lower() + name[1:]
    return f"{path}.{inner}" if path else inner


def _enum(shape: Shape, value: Any) -> str | None:
    allowed = shape.metadata.get("enum")
    if not allowed or not isinstance(value, str) or value in allowed:
        return None
    return f"Member must satisfy enum value set: [{', '.join(sorted(allowed))}]"


def _pattern(shape: Shape, value: Any) -> str | None:
    pattern = shape.metadata.get("pattern")
    if not pattern or not isinstance(value, str) or matches(pattern, value):
        return None
    return f"Member must satisfy regular expression pattern: {pattern}"


def _range(shape: Shape, value: Any) -> str | None:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if isinstance(value, bool) or (least is None and most is None):
        return None
    sized = isinstance(value, str | bytes | list | Mapping)
    if not sized and not isinstance(value, int | float):
        return None  # a stream, whose length nobody knows yet
    measure, number = ("length", len(value)) if sized else ("value", value)
    if least is not None and number < least:
        return f"Member must have {measure} greater than or equal to {least}"
    if most is not None and number > most:
        return f"Member must have {measure} less than or equal to {most}"
    return None


CHECKS: tuple[Callable[[Shape, Any], str | None], ...] = (_enum, _range, _pattern)


def matches(pattern: str, value: str) -> bool:
    """Whether a value satisfies a pattern of a model.

    A pattern without an anchor is one of the whole value, as Java's `matches` takes it; one with an anchor says itself
    what it is of.
    """
    expression = compiled(pattern)
    if expression is None:
        return True
    anchored = pattern.startswith("^") or pattern.endswith("$")
    return bool(expression.search(value) if anchored else expression.fullmatch(value))


@cache
def compiled(pattern: str) -> regex.Pattern[str] | None:
    """A pattern of a model, which is Java's: with classes of Unicode, and characters in UTF-16.

    None for one that cannot be had here; no service that the platform calls has such a one.
    """
    try:
        return regex.compile(pattern.replace(*SURROGATES))
    except regex.error:
        return None
