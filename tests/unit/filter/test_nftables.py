# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters that write nftables rules."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pixstory.platform.plugins.filter.nftables import nftables_rules


@pytest.mark.parametrize(
    ("entry", "rules"),
    [
        ({"ports": ["443"]}, ["tcp dport { 443 } accept"]),
        ({"ports": ["1194"], "protocol": "udp"}, ["udp dport { 1194 } accept"]),
        ({"ports": ["80", "8000-8010"], "comment": "pages"}, ['tcp dport { 80, 8000-8010 } accept comment "pages"']),
        (
            {"ports": ["22"], "from": ["10.0.0.0/8", "fd00::/8", "10.1.2.3"]},
            [
                "ip saddr { 10.0.0.0/8, 10.1.2.3 } tcp dport { 22 } accept",
                "ip6 saddr { fd00::/8 } tcp dport { 22 } accept",
            ],
        ),
    ],
)
def test_an_entry_becomes_a_rule_a_family(entry: dict[str, Any], rules: list[str]) -> None:
    assert nftables_rules([entry]) == rules
