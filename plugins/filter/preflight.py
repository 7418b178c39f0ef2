# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter on the report of the module environment_preflight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.preflight.table import preflight_table


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"preflight_table": preflight_table}
