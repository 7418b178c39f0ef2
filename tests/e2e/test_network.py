"""Who reaches whom: what nobody has allowed is refused."""

from __future__ import annotations

import http.client

import pytest

from tests.reach import OPEN, REFUSED

from .platform import Platform

pytestmark = pytest.mark.long

# What somebody looks for first, and what the platform itself has inside.
PORTS = (20, 21, 22, 23, 25, 53, 80, 110, 111, 143, 389, 443, 445, 465, 587, 873, 993, 1194, 1433, 2049, 2375, 3000)
PORTS += (3306, 3389, 5000, 5111, 5432, 5900, 6379, 8000, 8008, 8080, 8081, 8443, 9000, 9090, 9100, 9145, 9200, 11211)


def test_from_the_internet_only_the_edge_answers(platform: Platform) -> None:
    """The VPN too, by UDP: see test_vpn.py."""
    [edge] = platform.rows("edge")
    public = {row["name"]: row["public"] for row in platform.rows() if row["public"]}
    assert len([name for name in public if "balancer" in name]) == 2
    assert len(public) >= 6
    names = {address: name for name, address in public.items()} | {edge["address"]: "edge"}
    answers = platform.connections(platform.internet, [(address, port) for address in names for port in PORTS])
    found = {(names[address], port) for (address, port), answer in answers.items() if answer == OPEN}
    assert found == {("edge", 80), ("edge", 443)}


def test_port_80_leads_to_443(platform: Platform) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", platform.ports[80], timeout=10)
    connection.request("GET", "/somewhere?a=b", headers={"Host": "local.pixstory.test"})
    answer = connection.getresponse()
    assert answer.status == 301
    assert (answer.headers["Location"] or "").removesuffix("/somewhere?a=b") in (
        "https://local.pixstory.test",
        "https://local.pixstory.test:443",
    )


@pytest.mark.parametrize(
    ("source", "target", "port", "expected"),
    [
        ("app", "database", 5432, OPEN),
        ("app", "cache", 6379, OPEN),
        ("web", "database", 5432, REFUSED),
        ("proxy", "database", 5432, REFUSED),
        ("web", "cache", 6379, REFUSED),
        ("proxy", "app", 8000, REFUSED),
        ("web", "proxy", 443, REFUSED),
        ("speech-api", "database", 5432, REFUSED),
        ("app", "speech-api", 443, OPEN),
        ("web", "speech-api", 443, REFUSED),
    ],
)
def test_machines_reach_what_a_rule_permits(
    platform: Platform, source: str, target: str, port: int, expected: str
) -> None:
    one, other = platform.rows(source)[0], platform.rows(target)[0]
    assert platform.connect(one["name"], other["address"], port) == expected
