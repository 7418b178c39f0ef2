# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters on the report of the module audit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.audit.ocsf import audit_ocsf
from ansible_collections.pixstory.platform.plugins.module_utils.audit.page import audit_page
from ansible_collections.pixstory.platform.plugins.module_utils.audit.table import audit_table


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"audit_table": audit_table, "audit_ocsf": audit_ocsf, "audit_page": audit_page}
