# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters on images, on indexes written by hand."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.pixstory.platform.plugins.filter.images import (
    baked_image,
    machine_images,
    outdated_groups,
    superseded_images,
)


def image(number: int, role: str = "app", digest: str = "d", state: str = "available") -> dict[str, Any]:
    return {
        "id": f"ami-{number}",
        "name": f"{role}-{number}",
        "role": role,
        "state": state,
        "creation_date": f"2026-11-{number:02}T00:00:00Z",
        "tags": {"Role": role, "ContentDigest": digest},
    }


def index(*images: dict[str, Any], templates: Any = (), instances: Any = ()) -> dict[str, Any]:
    return {
        "environment": "staging",
        "kinds_read": ["images", "launch_templates", "instances"],
        "images": {one["id"]: one for one in images},
        "launch_templates": dict(enumerate(templates)),
        "instances": dict(enumerate(instances)),
    }


def ids(items: list[dict[str, Any]]) -> list[str]:
    return [item["id"] for item in items]


def test_the_newest_of_that_role_and_content_is_found() -> None:
    there = index(image(3), image(1), image(5, digest="other"), image(6, role="web"), image(7, state="pending"))
    assert baked_image(there, "app", "d") == "ami-3"
    assert baked_image(there, "web", "other") == ""


def test_an_image_that_was_not_baked_is_nobodys() -> None:
    foreign = {**image(1), "tags": {"Role": "app"}}
    assert baked_image(index(foreign), "app", "d") == ""
    assert superseded_images(index(foreign, image(2), image(3)), 1) == [image(2)]


def test_the_newest_of_each_role_are_kept() -> None:
    there = index(image(4), image(2), image(3), image(1), image(9, role="web"))
    assert ids(superseded_images(there, 2)) == ["ami-1", "ami-2"]
    assert superseded_images(there, 4) == []


@pytest.mark.parametrize(
    "used",
    [
        {"templates": [{"latest_version_data": {"image_id": "ami-1"}}]},
        {"templates": [{"default_version_data": {"image_id": "ami-1"}, "latest_version_data": {}}]},
        {"instances": [{"image_id": "ami-1"}]},
    ],
    ids=["newest version", "default version", "machine"],
)
def test_what_is_in_use_is_kept(used: dict[str, Any]) -> None:
    assert ids(superseded_images(index(image(1), image(2), image(3), **used), 1)) == ["ami-2"]


def test_keeping_none_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="Write 1 or more"):
        superseded_images(index(), 0)


def test_an_index_without_the_kind_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="Add images to the kinds"):
        baked_image({**index(), "kinds_read": []}, "app", "d")


def group(version: str, *made_by: tuple[str, str]) -> dict[str, Any]:
    machines = [{"launch_template": {"launch_template_id": one, "version": number}} for one, number in made_by]
    template = {"launch_template_id": "lt-1", "version": version}
    return {"name": "app", "launch_template": template, "instances": machines}


@pytest.mark.parametrize(
    ("one", "outdated"),
    [
        (group("$Latest"), False),
        (group("$Latest", ("lt-1", "3"), ("lt-1", "3")), False),
        (group("$Latest", ("lt-1", "3"), ("lt-1", "2")), True),
        (group("$Default", ("lt-1", "2")), False),
        (group("$Default", ("lt-1", "3")), True),
        (group("2", ("lt-1", "2")), False),
        (group("2", ("lt-1", "3")), True),
        (group("$Latest", ("lt-2", "3")), True),
    ],
)
def test_a_group_is_outdated_by_its_machines_versions(one: dict[str, Any], outdated: bool) -> None:
    there = {
        "environment": "staging",
        "kinds_read": ["autoscaling_groups", "launch_templates"],
        "autoscaling_groups": {"app": one},
        "launch_templates": {"app": {"id": "lt-1", "latest_version_number": 3, "default_version_number": 2}},
    }
    assert outdated_groups(there) == (["app"] if outdated else [])


def test_machines_start_from_the_image_of_their_role_or_of_what_it_is_made_from() -> None:
    made_of = {"base": {}, "app": {"from": "base"}, "web": {"from": "base"}, "vpn": {"from": "base", "image": False}}
    baked = {"base": "ami-1", "app": "ami-2"}
    assert machine_images(made_of, baked, ["app", "web", "vpn", "other"]) == {"app": "ami-2", "vpn": "ami-1"}
