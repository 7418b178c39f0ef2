# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import Emulator, TwelveSteps

from ansible_collections.pixstory.platform.plugins.modules import s3_account_public_access_block as module

MODULE = "s3_account_public_access_block"
ACCOUNT = "123456789012"
PARTS = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps) -> None:
    def created(result: dict[str, Any]) -> None:
        assert result["public_access_block"] == dict.fromkeys(PARTS, True)

    def changed(result: dict[str, Any]) -> None:
        assert result["public_access_block"] == {**dict.fromkeys(PARTS, True), "block_public_policy": False}

    twelve_steps(
        MODULE,
        create={"account_id": ACCOUNT, **dict.fromkeys(PARTS, True)},
        change={"account_id": ACCOUNT, "block_public_policy": False},
        absent={"account_id": ACCOUNT},
        created=created,
        changed=changed,
    )


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://123456789012.127.0.0.1:5111/v20180820/x?a=b", "http://127.0.0.1:5111/v20180820/x?a=b"),
        ("http://127.0.0.1:5111/v20180820/x", "http://127.0.0.1:5111/v20180820/x"),
    ],
)
def test_an_endpoint_is_used_as_it_is_written(url: str, kept: str) -> None:
    assert module.without_account(url, ACCOUNT) == kept
