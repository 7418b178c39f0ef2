# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests on items of the index that environment_info returns."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.pixstory.platform.plugins.module_utils.index.lookup import is_planned


class TestModule:
    def tests(self) -> dict[str, Callable[..., bool]]:
        return {"planned": is_planned}
