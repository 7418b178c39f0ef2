# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import Emulator, Runner

pytest.importorskip("dns", reason="the environment is older than requirements/runtime.txt: run make setup")

from tests.unit.name_server import name_server

MODULE = "route53_delegation_info"
PRESENT = """
@ IN A 192.0.2.1
@ IN MX 10 mail.provider.example.
@ IN TXT "v=spf1 -all"
"""


@pytest.fixture
def zone(emulator: Emulator) -> str:
    route53 = emulator.client("route53")
    made = str(route53.create_hosted_zone(Name="pixstory.test", CallerReference="one")["HostedZone"]["Id"])
    kept = {"Name": "pixstory.test", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"v=spf1 -all"'}]}
    route53.change_resource_record_sets(
        HostedZoneId=made, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": kept}]}
    )
    return made.removeprefix("/hostedzone/")


def test_what_would_be_lost(zone: str, run: Runner) -> None:
    with name_server(PRESENT, "pixstory.test") as server:
        asked = {"hosted_zone_id": zone, "zone": "pixstory.test", "name_servers": [server]}
        told = run(MODULE, asked).result
        moved = run(MODULE, {**asked, "taken_over": ["pixstory.test"]}).result
    assert (told["changed"], told["asked"], told["signed"]) == (False, 3, False)
    assert [one["text"] for one in told["differences"]] == [
        "pixstory.test. A 192.0.2.1: is missing in the new zone",
        "pixstory.test. MX 10 mail.provider.example.: is missing in the new zone",
    ]
    assert {key: told["differences"][1][key] for key in ("name", "type", "present", "new")} == {
        **{"name": "pixstory.test.", "type": "MX", "present": ["10 mail.provider.example."]},
        "new": [],
    }
    assert [one["type"] for one in moved["differences"]] == ["MX"]


def test_a_signed_domain_is_told(zone: str, run: Runner) -> None:
    key = (
        "@ IN DNSKEY 257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ=="
    )
    with name_server(f"{PRESENT}{key}\n", "pixstory.test") as server:
        asked: dict[str, Any] = {"hosted_zone_id": zone, "zone": "pixstory.test", "name_servers": [server]}
        assert run(MODULE, asked).result["signed"]
