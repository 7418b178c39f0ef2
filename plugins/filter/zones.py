# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters about the records of a domain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.pixstory.platform.plugins.module_utils.zone_records import (
    HAS_DNSPYTHON,
    NO_DNSPYTHON,
    Mistaken,
    parse,
)


def zone_records(text: str, domain: str) -> list[dict[str, Any]]:
    """See :func:`parse`."""
    if not HAS_DNSPYTHON:
        raise AnsibleFilterError(NO_DNSPYTHON)
    try:
        return parse(text, domain)
    except Mistaken as error:
        raise AnsibleFilterError(f"The zone file cannot be taken over: {error}") from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"zone_records": zone_records}
