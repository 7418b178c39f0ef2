# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A test of what a module that failed has returned."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.retries import is_passing

# A module that found no such thing and was told that there is one: it was made a moment ago.
ALREADY = re.compile(r"\w*AlreadyExists(Fault|Exception)?")
# What modules say that found, right after they had made it, that it is not there.
NOT_SHOWN = ("was not created",)


def passing(result: dict[str, Any]) -> bool:
    """Whether a module failed with what passes by itself."""
    if not result.get("failed"):
        return False
    error = result.get("error") or {}
    if error.get("code"):
        code = str(error["code"])
        return bool(ALREADY.fullmatch(code)) or is_passing(code, str(error.get("message", "")))
    return any(text in str(result.get("msg", "")) for text in NOT_SHOWN)


class TestModule:
    def tests(self) -> dict[str, Callable[..., bool]]:
        return {"passing": passing}
