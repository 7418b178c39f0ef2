# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What passes is waited for, and nothing else is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ansible_collections.pixstory.platform.plugins.module_utils import retries
from lab.emulator.harsh.consistency_table import NO_PRINCIPAL, THINGS, Unknown
from lab.emulator.harsh.service_linked_roles import NEEDED


def error(code: str, text: str = "", status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": text}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Call")


@pytest.mark.parametrize(
    ("one", "codes", "new", "seconds"),
    [
        (error("Throttling"), (), False, retries.BUSY_SECONDS),
        (error("RequestLimitExceeded", status=503), (), False, retries.BUSY_SECONDS),
        (error("WhoKnows", status=500), (), False, retries.BUSY_SECONDS),
        (error("NotImplemented", status=501), (), True, 0),
        (error("AccessDenied", status=403), (), True, 0),
        (error("LimitExceeded", "Cannot exceed quota", 409), (), True, 0),
        (error("InvalidVpcID.NotFound"), (), True, 60),
        (error("InvalidVpcID.NotFound"), (), False, 0),
        (error("InvalidVpcID.Malformed"), (), True, 0),
        (error("InvalidParameterValueException", "The role defined … cannot be assumed by Lambda."), (), True, 60),
        (error("InvalidParameterValueException", "Unsupported runtime"), (), True, 0),
        (error("ValidationError", "MinSize is greater than MaxSize"), (), True, 0),
        (error("WAFUnavailableEntityException"), (), True, 300),
        (error("DeleteConflict"), ("DeleteConflict",), False, retries.DECLARED_SECONDS),
    ],
)
def test_how_long_an_answer_may_take_to_pass(one: ClientError, codes: tuple[str], new: bool, seconds: float) -> None:
    assert retries.seconds_for(one, codes=codes, new=new) == seconds


def said_of_what_is_new() -> Iterator[Unknown]:
    for thing in THINGS:
        yield from thing.elsewhere.values()
        if thing.unknown:
            yield thing.unknown
    yield from NO_PRINCIPAL.values()
    yield from (unknown for _name, unknown in NEEDED.values())


# Ours gives no detector's id to a call before the detector is listed.
SURVIVED_OTHERWISE = {"BadRequestException"}


@pytest.mark.parametrize("unknown", dict.fromkeys(said_of_what_is_new()), ids=lambda one: one.code)
def test_whatever_is_said_of_what_is_new_is_waited_for(unknown: Unknown) -> None:
    text = unknown.text.format(id="x", account="1")
    assert retries.seconds_for(error(unknown.code, text, unknown.status)) or unknown.code in SURVIVED_OTHERWISE


def test_a_call_is_repeated_until_it_is_answered_or_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(time, "monotonic", lambda: now)
    answers = iter([error("Throttling"), error("NoSuchEntity"), "done"])

    def call(answer: Any) -> Any:
        if isinstance(answer, ClientError):
            raise answer
        return answer

    assert retries.patiently(lambda: call(next(answers)), seconds=retries.seconds_for)() == "done"
    started = now
    with pytest.raises(ClientError, match="NoSuchEntity"):
        retries.patiently(lambda: call(error("NoSuchEntity")), seconds=retries.seconds_for)()
    assert 40 < now - started <= 60
    started = now
    with pytest.raises(ClientError, match="AccessDenied"):
        retries.patiently(lambda: call(error("AccessDenied")), seconds=retries.seconds_for)()
    assert now == started
