# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the fabric does about a difference, without podman."""

from __future__ import annotations

import pytest

from lab.machines.fabric import Present, Step, Wanted, steps


@pytest.mark.parametrize(
    ("state", "runs", "todo"),
    [
        ("pending", None, [("create", "i-1")]),
        ("running", None, [("create", "i-1")]),
        ("running", True, []),
        ("running", False, [("start", "i-1")]),
        ("stopping", True, [("stop", "i-1")]),
        ("stopped", True, [("stop", "i-1")]),
        ("stopped", False, []),
        ("stopped", None, []),
        ("shutting-down", True, [("remove", "i-1")]),
        ("terminated", False, [("remove", "i-1")]),
        ("terminated", None, []),
    ],
)
def test_a_machine_follows_its_instance(state: str, runs: bool | None, todo: list[Step]) -> None:
    present = Present(running={} if runs is None else {"i-1": runs})
    assert steps(Wanted(states={"i-1": state}, images={"i-1": "ami-1"}), present) == todo


def test_a_machine_that_the_api_no_longer_tells_of_goes() -> None:
    assert steps(Wanted(), Present(running={"i-1": True})) == [("remove", "i-1")]


def test_an_image_is_taken_before_its_machine_goes() -> None:
    wanted = Wanted(states={"i-1": "terminated"}, sources={"ami-1": "i-1"})
    assert steps(wanted, Present(running={"i-1": False})) == [("commit", "ami-1"), ("remove", "i-1")]


def test_an_image_is_taken_once_and_forgotten_when_deregistered() -> None:
    kept = Present(running={"i-1": True}, images=frozenset({"ami-1"}))
    there = {"i-1": "running"}
    assert steps(Wanted(states=there, sources={"ami-1": "i-1"}), kept) == []
    assert steps(Wanted(states=there), kept) == [("forget", "ami-1")]


def test_an_image_whose_machine_was_never_here_is_left_alone() -> None:
    assert steps(Wanted(sources={"ami-1": "i-1"}), Present()) == []
