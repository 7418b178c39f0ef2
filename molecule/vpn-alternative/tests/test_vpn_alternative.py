"""The VPN with most options changed."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any

import pytest
from testinfra.host import Host

from tests.vpn_client import IN, Client, handed_out

testinfra_hosts = ["debian-13"]
PRIVATE = "http://private:8080/"


@pytest.fixture(scope="module")
def asha(host: Host, machines: Mapping[str, Host]) -> Client:
    return handed_out(machines["laptop"], "asha", "debian-13", host.run("vpn-user profile asha"))


def test_the_profile_and_the_code_are_this_servers(asha: Client) -> None:
    assert "proto tcp\nremote debian-13 443\n" in asha.profile
    assert "data-ciphers CHACHA20-POLY1305\n" in asha.profile
    assert "explicit-exit-notify" not in asha.profile


def test_let_in_over_tcp_without_nat(host: Host, asha: Client, lab: Mapping[str, Any]) -> None:
    attempt = asha.connect(asha.codes.fresh())
    try:
        assert attempt.outcome == IN, attempt.log
        assert re.search(r"Data Channel: [^\n]*cipher 'CHACHA20-POLY1305'", attempt.log)
        assert "dhcp-option" not in attempt.log
        assert "route 10.10.0.0 255.255.0.0" in attempt.log
        assert asha.address().startswith("172.31.240.")
        # The private machine knows the way to the pool, and sees who asks.
        answer = asha.machine.check_output(f"curl --silent --max-time 10 {PRIVATE}")
        assert answer == f"private sees {asha.address()}"
    finally:
        asha.leave()


def test_certificates_live_as_long_as_asked(host: Host) -> None:
    for file, days in (("ca.crt", 400), ("issued/server.crt", 60), ("issued/asha.crt", 60)):
        lives = f"openssl x509 -in /etc/openvpn/vpn/pki/{file} -noout -checkend"
        assert host.run(f"{lives} {(days - 1) * 86400}").rc == 0
        assert host.run(f"{lives} {(days + 1) * 86400}").rc == 1


def test_guessing_is_stopped_for_as_long_as_asked(asha: Client) -> None:
    time.sleep(21)
    assert [asha.connect(asha.codes.wrong()).outcome for _ in range(2)] == ["refused: AUTH_FAILED"] * 2
    assert asha.connect(asha.codes.fresh()).outcome == "refused: AUTH_FAILED"
    time.sleep(21)
    assert asha.connect(asha.codes.fresh()).outcome == IN
    asha.leave()


def test_the_command_adds_nobody_where_the_variable_lists_everybody(host: Host) -> None:
    refused = host.run("vpn-user add ravi --expires 2099-01-01")
    assert refused.rc == 1
    assert "Write ravi there" in refused.stderr


def test_who_is_no_longer_listed_is_revoked(host: Host, asha: Client) -> None:
    """The last: it sends asha away."""
    time.sleep(21)
    assert asha.connect(asha.codes.fresh()).outcome == IN
    asked = json.dumps({"people": {}, "passphrase": 'the variable says "this" one'})
    answer = json.loads(host.run(f"vpn-user apply <<'END'\n{asked}\nEND").stdout)
    assert answer == {"changed": True, "actions": ["revoke asha"], "conflicts": []}
    deadline = time.monotonic() + 20
    while asha.alive():
        assert time.monotonic() < deadline
        time.sleep(0.1)
