# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the trail records of objects: AWS charges for each event."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from tests.unit.roles.rendering import ROLES, value

SHARED = yaml.safe_load((ROLES.parent / "group_vars" / "all" / "storage.yml").read_text())
AROUND: dict[str, Any] = {"platform_prefix": "shop-test", "platform_account_id": "123456789012", "platform_region": "r"}


def recorded(which: str, bucket: str, read_only: bool) -> bool:
    """Whether an event of an object in a bucket is recorded. An event fits when all fields of a selector fit."""
    found = value("aws_account", "__aws_account_event_selectors", {**AROUND, **SHARED},
                  aws_account_trail_data_events=which)  # fmt: skip
    arn = f"arn:aws:s3:::shop-test-{bucket}-123456789012/key"
    return any(
        fields["eventCategory"]["Equals"] == ["Data"]
        and fields["resources.type"]["Equals"] == ["AWS::S3::Object"]
        and fields.get("readOnly", {"Equals": [str(read_only).lower()]})["Equals"] == [str(read_only).lower()]
        and arn.startswith(tuple(fields["resources.ARN"]["StartsWith"]))
        and not arn.startswith(tuple(fields["resources.ARN"]["NotStartsWith"]))
        for selector in (found if isinstance(found, list) else json.loads(found))
        for fields in [{one["Field"]: one for one in selector["FieldSelectors"]}]
        if fields["eventCategory"]["Equals"] == ["Data"]
    )


ALL = {"artifacts", "backups", "media", "pages", "logs", "config"}


@pytest.mark.parametrize(
    ("which", "writes", "reads"),
    [
        ("none", set(), set()),
        ("chosen", {"artifacts", "backups", "media", "pages"}, {"artifacts", "backups"}),
        ("all", ALL, ALL),
    ],
)
def test_of_which_buckets_events_are_recorded(which: str, writes: set[str], reads: set[str]) -> None:
    buckets = {*SHARED["aws_storage_buckets"], "trail", "config"}
    assert {one for one in buckets if recorded(which, one, read_only=False)} == writes
    assert {one for one in buckets if recorded(which, one, read_only=True)} == reads


def test_the_default_is_not_every_event() -> None:
    defaults = yaml.safe_load((ROLES / "aws_account" / "defaults" / "main.yml").read_text())
    assert defaults["aws_account_trail_data_events"] == "chosen"
