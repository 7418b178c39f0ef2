# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters on the index that environment_info returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.pixstory.platform.plugins.module_utils.index.lookup import (
    NotInIndex,
    is_planned,
)
from ansible_collections.pixstory.platform.plugins.module_utils.index.lookup import owned as look_up
from ansible_collections.pixstory.platform.plugins.module_utils.index.lookup import subnets_of as look_up_subnets
from ansible_collections.pixstory.platform.plugins.module_utils.index.shape import index_shape
from ansible_collections.pixstory.platform.plugins.module_utils.index.table import index_table


def owned(index: Mapping[str, Any], kind: str, name: str, attribute: str | None = None) -> Any:
    try:
        return look_up(index, kind, name, attribute)
    except NotInIndex as error:
        raise AnsibleFilterError(str(error)) from error


def subnets_of(index: Mapping[str, Any], vpc: str, tier: str, zones: Sequence[str] | None = None) -> list[str]:
    try:
        return look_up_subnets(index, vpc, tier, zones)
    except NotInIndex as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "owned": owned,
            "subnets_of": subnets_of,
            "planned": is_planned,
            "index_table": index_table,
            "index_shape": index_shape,
        }
