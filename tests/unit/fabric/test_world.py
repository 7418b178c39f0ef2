# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the API's answers become."""

from __future__ import annotations

from typing import Any

import pytest
from small_world import SUBNETS

from lab.fabric.world import Record, Route, Rule, record_of, routes_of, rules_of


def table(vpc: str, association: dict[str, Any], *routes: dict[str, str]) -> dict[str, Any]:
    return {"VpcId": vpc, "Associations": [association], "Routes": routes}


def test_a_subnet_without_a_table_of_its_own_has_the_main_one() -> None:
    out = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}
    local = {"DestinationCidrBlock": "10.30.0.0/16", "GatewayId": "local"}
    tables = [table("main", {"Main": True}, local), table("main", {"SubnetId": "public-a"}, local, out)]
    found = routes_of({one.id: one for one in SUBNETS}, tables, set())
    assert found["public-a"] == (Route("0.0.0.0/0", "igw-1"),)
    assert found["app-a"] == found["speech-a"] == ()


@pytest.mark.parametrize(("active", "expected"), [({"pcx-1"}, (Route("10.31.0.0/16", "pcx-1"),)), (set(), ())])
def test_a_route_to_a_peering_counts_while_that_is_active(active: set[str], expected: tuple[Route, ...]) -> None:
    peer = {"DestinationCidrBlock": "10.31.0.0/16", "VpcPeeringConnectionId": "pcx-1"}
    found = routes_of({one.id: one for one in SUBNETS}, [table("main", {"Main": True}, peer)], active)
    assert found["app-a"] == expected


def test_a_permission_is_a_rule_a_peer() -> None:
    ingress = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 81, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    egress = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-1"}, {"GroupId": "sg-2"}]}
    assert list(rules_of({"IpPermissions": [ingress], "IpPermissionsEgress": [egress]})) == [
        Rule("ingress", "tcp", 80, 81, cidr="0.0.0.0/0"),
        Rule("egress", "-1", -1, -1, group="sg-1"),
        Rule("egress", "-1", -1, -1, group="sg-2"),
    ]


def test_records_lose_the_dot_at_their_end() -> None:
    cname = {"Name": "db.internal.", "Type": "CNAME", "ResourceRecords": [{"Value": "db.example."}]}
    alias = {"Name": "web.internal.", "Type": "A", "AliasTarget": {"DNSName": "web.example."}}
    assert record_of(cname) == Record("db.internal", "CNAME", ("db.example",))
    assert record_of(alias) == Record("web.internal", "A", ("web.example",), alias=True)
