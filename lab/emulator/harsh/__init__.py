# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWS does to those who call it and moto does not: it refuses, delays, throttles and fails.

Each kind is a file of this folder, found by its existence, with a switch:

    SWITCH = harsh.switch("models", on=True, off=False, text="values that botocore's models do not allow are refused")

    @harsh.before(SWITCH)
    def values_are_within_the_model(asked: Asked) -> Refused | None: ...

    @harsh.after(SWITCH)
    def remember_what_is_new(asked: Asked, answer: Answer) -> None: ...

    @harsh.instead(SWITCH)
    def leave_out_what_is_new(asked: Asked, answer: Answer) -> dict[str, Any] | Refused | None: ...

A judge is called before each call while its switch is not off, and what it returns is answered instead; a witness is
called after each call that AWS would have accepted; an editor may have it answered otherwise all the same. Every
switch is on when an emulator starts, all are off with `--lenient`, and `--set models=0` or
`POST /_lab/settings?models=0` changes one.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from botocore import parsers
from botocore.model import OperationModel
from moto.core.utils import get_service_model

Value = bool | float


@dataclass(frozen=True)
class Asked:
    """One call, before it is carried out."""

    service: str  # boto3's name
    operation: str
    account: str
    region: str
    principal: str | None  # the access key
    write: bool
    parameters: dict[str, Any]  # as boto3's caller wrote them

    @property
    def model(self) -> OperationModel:
        """What botocore knows of the operation."""
        return get_service_model(self.service).operation_model(self.operation)


@dataclass(frozen=True)
class Refused:
    """The error that is answered instead."""

    code: str
    message: str
    status: int = 400


@dataclass(frozen=True)
class Answer:
    """What a call was answered."""

    status: int
    headers: dict[str, str]
    body: bytes
    model: OperationModel

    @cached_property
    def result(self) -> dict[str, Any]:
        """The answer as boto3's caller gets it."""
        protocol = self.model.service_model.resolved_protocol
        response = {"status_code": self.status, "headers": self.headers, "body": self.body}
        parsed: dict[str, Any] = parsers.create_parser(protocol).parse(response, self.model.output_shape)
        return parsed


Judge = Callable[[Asked], Refused | None]
Witness = Callable[[Asked, Answer], None]
Editor = Callable[[Asked, Answer], dict[str, Any] | Refused | None]


class Switch:
    """One kind of harshness, and how harsh it is now."""

    def __init__(self, name: str, on: Value, off: Value, text: str) -> None:
        self.name, self.on, self.off, self.text = name, on, off, text
        self.value = on

    def __bool__(self) -> bool:
        return self.value != self.off

    def set(self, text: str) -> None:
        """Set it to a value as it is written in a URL or on a command line."""
        try:
            number = float(text)
        except ValueError:
            raise ValueError(f"{self.name}={text}: write a number; 0 switches it off") from None
        self.value = bool(number) if isinstance(self.on, bool) else number


SWITCHES: dict[str, Switch] = {}
_judges: list[tuple[Switch, Judge]] = []
_witnesses: list[tuple[Switch, Witness]] = []
_editors: list[tuple[Switch, Editor]] = []


def switch(name: str, *, on: Value, off: Value, text: str) -> Switch:
    """Declare the switch of a kind."""
    SWITCHES[name] = Switch(name, on, off, text)
    return SWITCHES[name]


def before(of: Switch) -> Callable[[Judge], Judge]:
    """Register a judge. Judges are asked in the order of their files' names."""

    def register(judge: Judge) -> Judge:
        _judges.append((of, judge))
        return judge

    return register


def after(of: Switch) -> Callable[[Witness], Witness]:
    """Register a witness."""

    def register(witness: Witness) -> Witness:
        _witnesses.append((of, witness))
        return witness

    return register


def instead(of: Switch) -> Callable[[Editor], Editor]:
    """Register an editor: it returns the result or the error that a call is answered with instead, or None."""

    def register(editor: Editor) -> Editor:
        _editors.append((of, editor))
        return editor

    return register


def load() -> None:
    """Find the kinds. Call it once in a process."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        importlib.import_module(module.name)


def set_switch(text: str) -> None:
    """Set one switch, given as NAME=VALUE."""
    name, _, value = text.partition("=")
    if name not in SWITCHES:
        raise ValueError(f"{text}: there is no switch {name}; write one of {', '.join(sorted(SWITCHES))}")
    SWITCHES[name].set(value)


def be_lenient() -> None:
    """Switch all off."""
    for one in SWITCHES.values():
        one.value = one.off


def refusal(asked: Asked) -> Refused | None:
    """What the first judge that objects has to say."""
    answers = (judge(asked) for of, judge in _judges if of)
    return next((answer for answer in answers if answer), None)


def witness(asked: Asked, answer: Answer) -> None:
    """Tell those who want to know that a call was carried out."""
    for of, told in _witnesses:
        if of:
            told(asked, answer)


def table() -> str:
    """The switches as a table in Markdown."""
    rows = [(one.name, f"{one.on:g}", f"{one.off:g}", one.text) for _, one in sorted(SWITCHES.items())]
    lines = [("switch", "on", "off", "what it does"), ("---",) * 4, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def edited(asked: Asked, answer: Answer) -> dict[str, Any] | Refused | None:
    """What the first editor that objects has a call answered with."""
    others = (editor(asked, answer) for of, editor in _editors if of)
    return next((other for other in others if other is not None), None)
