# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judges and witnesses are asked while their switch is on."""

from __future__ import annotations

import subprocess
import sys

import pytest
from moto.core.utils import get_service_model

from lab.emulator import harsh
from lab.emulator.harsh import Answer, Asked, Refused
from tests.emulated import ROOT

ASKED = Asked("sts", "GetCallerIdentity", "123456789012", "ap-south-1", "key", False, {})


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """None but those that a test declares."""
    monkeypatch.setattr(harsh, "SWITCHES", {})
    monkeypatch.setattr(harsh, "_judges", [])
    monkeypatch.setattr(harsh, "_witnesses", [])


def test_the_first_objection_is_answered_and_off_is_off() -> None:
    one = harsh.switch("one", on=True, off=False, text="")
    two = harsh.switch("two", on=0.5, off=0.0, text="")
    harsh.before(one)(lambda asked: Refused("One", asked.operation))
    harsh.before(two)(lambda asked: Refused("Two", asked.operation, 503))
    assert harsh.refusal(ASKED) == Refused("One", "GetCallerIdentity")
    harsh.set_switch("one=0")
    assert harsh.refusal(ASKED) == Refused("Two", "GetCallerIdentity", 503)
    harsh.be_lenient()
    assert harsh.refusal(ASKED) is None
    harsh.set_switch("two=0.2")
    assert two.value == 0.2
    assert harsh.refusal(ASKED) is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [("three=1", "three=1: there is no switch three; write one of one"), ("one=yes", "one=yes: write a number")],
)
def test_a_mistake_is_answered_with_what_to_write(text: str, message: str) -> None:
    harsh.switch("one", on=True, off=False, text="")
    with pytest.raises(ValueError, match=message):
        harsh.set_switch(text)


def test_a_witness_gets_the_answer_as_boto3_gives_it() -> None:
    seen = []
    harsh.after(harsh.switch("one", on=True, off=False, text=""))(lambda _, answer: seen.append(answer.result))
    body = (
        b"<GetCallerIdentityResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><GetCallerIdentityResult>"
        b"<Arn>arn:aws:iam::123456789012:root</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
    model = get_service_model("sts").operation_model("GetCallerIdentity")
    harsh.witness(ASKED, Answer(200, {"content-type": "text/xml"}, body, model))
    assert seen[0]["Arn"] == "arn:aws:iam::123456789012:root"


def test_the_document_has_the_table() -> None:
    said = subprocess.run([sys.executable, "-m", "lab", "harsh"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout in (ROOT / "docs" / "lab.md").read_text()
