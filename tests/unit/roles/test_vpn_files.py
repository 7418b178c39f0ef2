"""The files of the role vpn, without a machine; molecule/vpn tests what OpenVPN does with them."""

from __future__ import annotations

import configparser
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.roles.rendering import render

HERE = {"vpn_endpoint": "vpn.example.com"}


def directives(**variables: Any) -> list[str]:
    text = render("vpn", "server.conf.j2", **HERE, **variables)
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_the_server_by_default() -> None:
    found = directives()
    assert [line for line in found if line.startswith(("port", "proto", "server", "explicit"))] == [
        "port 1194",
        "proto udp",
        "server 10.200.0.0 255.255.255.0",
        "explicit-exit-notify 1",
    ]
    assert "data-ciphers AES-256-GCM:CHACHA20-POLY1305" in found
    assert "tls-version-min 1.2" in found
    assert "auth-gen-token 43200" in found
    assert [line for line in found if line.startswith("push")] == []


@pytest.mark.parametrize(
    "must", ["allow-compression no", "verify-client-cert require", "remote-cert-tls client", "user openvpn", "dh none"]
)
def test_what_no_variable_takes_away(must: str) -> None:
    assert must in directives(vpn_protocol="tcp", vpn_ciphers=["CHACHA20-POLY1305"], vpn_nat=False)


@pytest.mark.parametrize(
    "option", ["client-to-client", "duplicate-cn", "comp-lzo", "compress", "auth-user-pass-optional"]
)
def test_what_no_server_has(option: str) -> None:
    assert [line for line in directives() if line.split()[0] == option] == []


def test_the_server_over_tcp() -> None:
    found = directives(vpn_protocol="tcp", vpn_port=443, vpn_pool="172.31.0.0/20", vpn_session_hours=2)
    assert "proto tcp-server" in found
    assert "port 443" in found
    assert "server 172.31.0.0 255.255.240.0" in found
    assert "auth-gen-token 7200" in found
    # OpenVPN refuses it over TCP.
    assert [line for line in found if line.startswith("explicit-exit-notify")] == []


def test_what_clients_learn() -> None:
    found = directives(vpn_routes=["10.10.0.0/16", "10.11.0.0/16"], vpn_dns=["10.10.0.2"], vpn_dns_domain="internal")
    assert [line for line in found if line.startswith("push")] == [
        'push "route 10.10.0.0 255.255.0.0"',
        'push "route 10.11.0.0 255.255.0.0"',
        'push "dhcp-option DNS 10.10.0.2"',
        'push "dhcp-option DOMAIN internal"',
    ]


def test_only_the_routes_are_reached() -> None:
    text = render("vpn", "forward.nft.j2", **HERE, vpn_routes=["10.10.0.0/16"], vpn_dns=["10.20.0.2"])
    assert "elements = { 10.10.0.0/16, 10.20.0.2 }" in text
    forward = text.split("chain forward")[1].split("}")[0]
    rules = [line.strip() for line in forward.splitlines()[2:] if line.strip()]
    # In this order: what is let through, then nothing from the tunnel and nothing to it.
    assert rules == [
        'iifname "vpn0" oifname != "vpn0" ip saddr 10.200.0.0/24 ip daddr @reachable accept',
        'iifname "vpn0" drop',
        'oifname "vpn0" ct state established,related accept',
        'oifname "vpn0" drop',
    ]


@pytest.mark.parametrize(("nat", "rules"), [(True, 1), (False, 0)])
def test_clients_appear_with_the_servers_address_where_asked(nat: bool, rules: int) -> None:
    assert render("vpn", "forward.nft.j2", **HERE, vpn_nat=nat).count("masquerade") == rules


def test_nothing_is_reached_without_routes() -> None:
    assert "elements" not in render("vpn", "forward.nft.j2", **HERE)


def test_the_settings_of_the_command_hold_no_secret() -> None:
    text = render("vpn", "settings.json.j2", **HERE, vpn_ca_passphrase="correct horse battery staple")
    settings = json.loads(text)
    assert settings["port"] == 1194
    assert settings["ciphers"] == ["AES-256-GCM", "CHACHA20-POLY1305"]
    assert settings["people_exclusive"] is False
    assert "horse" not in text


def test_the_sweep_comes_as_often_as_asked() -> None:
    timer = configparser.ConfigParser()
    timer.read_string(render("vpn", "vpn-sweep.timer.j2", **HERE, vpn_sweep_seconds=7))
    assert timer["Timer"]["OnUnitInactiveSec"] == "7"


def test_codes_are_read_where_the_command_writes_them() -> None:
    assert "secret=/etc/openvpn/vpn/totp/${USER} user=root" in render("vpn", "pam.j2", **HERE)


def test_one_file_says_whether_packets_are_forwarded() -> None:
    """systemd-sysctl reads /etc/sysctl.d in order: what role base writes later wins at the next boot."""
    roles = Path(__file__).resolve().parents[3] / "roles"
    writers = [
        path.relative_to(roles)
        for path in roles.rglob("*.*")
        if path.suffix in {".yml", ".j2"} and re.search(r"posix\.sysctl|dest: /etc/sysctl\.d", path.read_text())
    ]
    assert writers == [Path("base/tasks/configure_kernel.yml")]
    declared = yaml.safe_load((roles.parent / "group_vars" / "vpn.yml").read_text())["base_sysctl"]
    written = render("base", "sysctl.conf.j2", base_sysctl=declared)
    for name in ("net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding", "net.ipv4.conf.default.forwarding"):
        assert re.findall(rf"^{name} = (\d)$", written, re.MULTILINE) == ["1"]
