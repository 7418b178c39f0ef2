# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances as machines: which there are, what they are told, and which are given up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_world import WORLD

from lab.fabric import machines, plan

HOSTS = plan.hosts(WORLD)


def test_what_has_ended_is_wanted_gone_and_what_is_elsewhere_is_nobodys() -> None:
    elsewhere = replace(WORLD.instances["i-web"], id="i-else", subnet="default-a")
    world = replace(WORLD, instances={**WORLD.instances, "i-else": elsewhere}, images={"ami-2": "i-web"})
    wanted = machines.wanted(world, HOSTS)
    assert wanted.states == {"i-web": "running", "i-app": "running", "i-speech": "running", "i-gone": "terminated"}
    assert wanted.sources == {"ami-2": "i-web"}


def test_a_machine_is_told_who_it_is() -> None:
    told = machines.metadata(WORLD, HOSTS)["10.30.64.4"]
    assert told["instance_id"] == "i-web"
    assert (told["region"], told["zone"], told["role"]) == ("ap-south-1", "a", "web")
    assert told["tags"] == {"Role": "web"}
    assert told["name"] == "ip-10-30-64-4"


@pytest.mark.parametrize(
    ("group", "running", "seen", "expected"),
    [
        ("web", {"i-web": False}, {"i-web"}, {"i-web"}),
        ("web", {}, {"i-web"}, {"i-web"}),
        ("web", {"i-web": True}, {"i-web"}, set()),
        ("web", {"i-web": False}, set(), set()),
        (None, {"i-web": False}, {"i-web"}, set()),
    ],
)
def test_a_machine_of_a_group_that_has_died_is_given_up(
    group: str | None, running: dict[str, bool], seen: set[str], expected: set[str]
) -> None:
    tags = {machines.GROUP_TAG: group} if group else {}
    one = replace(WORLD.instances["i-web"], tags=tags)
    assert machines.dead(replace(WORLD, instances={"i-web": one}), running, seen) == expected
