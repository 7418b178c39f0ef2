"""What the role vpn refuses before it touches anything."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ansible_collections.pixstory.platform.plugins.filter import vpn

GOOD: dict[str, Any] = {
    "vpn_endpoint": "vpn.example.com",
    "vpn_port": 1194,
    "vpn_pool": "10.200.0.0/24",
    "vpn_routes": ["10.10.0.0/16"],
    "vpn_dns": ["10.10.0.2"],
    "vpn_max_clients": 50,
    "vpn_ca_days": 3650,
    "vpn_certificate_days": 825,
    "vpn_code_window": 3,
    "vpn_code_attempts": 5,
    "vpn_code_attempts_seconds": 300,
    "vpn_keepalive_interval": 10,
    "vpn_keepalive_timeout": 60,
    "vpn_sweep_seconds": 30,
    "vpn_session_hours": 12,
    "vpn_ca_passphrase": None,
    "vpn_people": {
        "asha": {"expires": date(2027, 6, 30)},
        "ravi.k": {"expires": "2027-06-30T18:00:00Z", "state": "present"},
        "gone": {"state": "revoked"},
    },
}


def test_good_variables_pass() -> None:
    assert vpn.vpn_mistakes(GOOD) == []


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("vpn_endpoint", "", "what clients connect to"),
        ("vpn_endpoint", "two words", "vpn_endpoint: 'two words'"),
        ("vpn_port", 65536, "Write 1 to 65535"),
        ("vpn_pool", "10.200.0.1/24", "vpn_pool: '10.200.0.1/24' is no IPv4 CIDR (10.200.0.1/24 has host bits set)"),
        ("vpn_pool", "10.200.0.0/30", "is a /30. Write a /16 to /29"),
        ("vpn_pool", "10.10.3.0/24", "vpn_routes: 10.10.0.0/16 overlaps vpn_pool 10.10.3.0/24"),
        ("vpn_pool", "10.200.0.0/29", "Write at most 5, or a larger pool"),
        ("vpn_routes", ["fd00::/8"], "vpn_routes: 'fd00::/8' is no IPv4 CIDR"),
        ("vpn_dns", ["resolver"], "vpn_dns: 'resolver' is no IPv4 address"),
        ("vpn_max_clients", 0, "vpn_max_clients: 0 is out of reach"),
        ("vpn_certificate_days", 4000, "would outlive their authority"),
        ("vpn_code_window", 4, "vpn_code_window: 4 is even"),
        ("vpn_code_window", 1, "Write 3 to 21"),
        ("vpn_code_attempts_seconds", 3601, "Write 1 to 3600"),
        ("vpn_keepalive_timeout", 19, "twice vpn_keepalive_interval"),
        ("vpn_ca_passphrase", "short", "shorter than 16 characters"),
        ("vpn_people", {"Asha": {"expires": "2027-06-30"}}, "vpn_people.Asha: no name for a person"),
        ("vpn_people", {"../etc": {"expires": "2027-06-30"}}, "vpn_people.../etc: no name for a person"),
        ("vpn_people", {"server": {"expires": "2027-06-30"}}, "none of ca, server"),
        ("vpn_people", {"a" * 33: {"expires": "2027-06-30"}}, "at most 32"),
        ("vpn_people", {"asha": None}, "vpn_people.asha: write a dictionary"),
        ("vpn_people", {"asha": {}}, "vpn_people.asha.expires: it is missing"),
        ("vpn_people", {"asha": {"expires": "30.6.2027"}}, "is no date. Write the last day, 2027-06-30"),
        ("vpn_people", {"asha": {"expires": "2027-02-30"}}, "'2027-02-30' is no date"),
        ("vpn_people", {"asha": {"expires": "2027-06-30", "state": "absent"}}, "Write present or revoked"),
        ("vpn_people", {"asha": {"expiry": "2027-06-30", "state": "revoked"}}, "vpn_people.asha.expiry: there is no"),
    ],
)
def test_a_mistake_is_named_with_what_to_write_instead(variable: str, value: Any, words: str) -> None:
    (mistake,) = vpn.vpn_mistakes(GOOD | {variable: value})
    assert words in mistake
    assert "rite " in mistake or "Give " in mistake


def test_the_passphrase_is_not_repeated() -> None:
    assert "hunter2" not in str(vpn.vpn_mistakes(GOOD | {"vpn_ca_passphrase": "hunter2"}))


def test_all_mistakes_are_named_at_once() -> None:
    assert len(vpn.vpn_mistakes(GOOD | {"vpn_port": 0, "vpn_sweep_seconds": 1, "vpn_people": {"A": {}}})) == 4


@pytest.mark.parametrize(
    ("cidr", "written"),
    [("10.10.0.0/16", "10.10.0.0 255.255.0.0"), ("192.168.5.4/32", "192.168.5.4 255.255.255.255")],
)
def test_network_and_mask(cidr: str, written: str) -> None:
    assert vpn.network_and_mask(cidr) == written
