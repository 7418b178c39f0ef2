# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.pixstory.platform.plugins.module_utils.compare import (
    at_least,
    same_kms_key,
    same_name,
    version_parts,
    version_reached,
)

KEY = "arn:aws:kms:ap-south-1:123456789012:key/1234abcd"
ALIAS = "arn:aws:kms:ap-south-1:123456789012:alias/data"


@pytest.mark.parametrize(
    ("declared", "present", "expected"),
    [
        ("17", "17.5", True),
        ("17.5", "17.5", True),
        ("17.2", "17.5", True),
        ("17.5", "17.2", False),
        ("17.10", "17.9", False),
        ("17.9", "17.10", True),
        ("16", "17.5", False),
        ("18", "17.5", False),
        ("7.1", "7.1.0", True),
        ("6.x", "6.2.6", True),
        ("7.0", "7.1.0", True),
        ("8", "7.1.0", False),
        ("8.0", "8.0.35", True),
        ("17", None, False),
    ],
)
def test_version_reached(declared: str, present: str | None, expected: bool) -> None:
    assert version_reached(declared, present) is expected


@pytest.mark.parametrize(("version", "parts"), [("17.5", [17, 5]), ("6.x", [6]), ("8.0.mysql", [8, 0]), ("", [])])
def test_version_parts(version: str, parts: list[int]) -> None:
    assert version_parts(version) == parts


@pytest.mark.parametrize(
    ("declared", "present", "expected"),
    [
        (KEY, KEY, True),
        ("1234abcd", KEY, True),
        (KEY, "1234abcd", True),
        ("9999", KEY, False),
        ("alias/data", ALIAS, True),
        (ALIAS, "alias/data", True),
        ("alias/data", KEY, False),
        ("alias/aws/secretsmanager", None, True),
        ("alias/data", None, False),
        (KEY, None, False),
    ],
)
def test_same_kms_key(declared: str, present: str | None, expected: bool) -> None:
    assert same_kms_key(declared, present) is expected


@pytest.mark.parametrize(("present", "expected"), [(100, True), (150, True), (99, False), (None, False)])
def test_at_least(present: int | None, expected: bool) -> None:
    assert at_least(100, present) is expected


@pytest.mark.parametrize(("present", "expected"), [("sun:21:00-sun:22:00", True), ("mon:21:00", False), (None, False)])
def test_same_name(present: str | None, expected: bool) -> None:
    assert same_name("Sun:21:00-Sun:22:00", present) is expected
