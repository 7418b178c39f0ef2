"""TLS, as sslscan finds it: each version, cipher and curve that is offered, and no other.

sslscan, because it comes from Debian, brings the old protocols itself where the system's OpenSSL has none of them, and
answers in XML, so that the whole offer can be compared and not only searched for known mistakes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import pytest
from testinfra.host import Host

testinfra_hosts = ["debian-13", "debian-12"]


@pytest.fixture(scope="module")
def address(host: Host, lab: Mapping[str, Any]) -> str:
    return lab["machines"][host.check_output("hostname")]["address"]


@pytest.fixture(scope="module")
def scan(host: Host, machines: Mapping[str, Host], address: str) -> ElementTree.Element:
    out = machines["inside-b"].check_output("sslscan --xml=- --no-colour %s:443", address)
    found = ElementTree.fromstring(out[out.index("<?xml") :]).find("ssltest")
    offered = [
        *(each.get("type") + each.get("version") for each in found.findall("protocol") if each.get("enabled") == "1"),
        *(each.get("cipher") for each in found.findall("cipher")),
    ]
    print(f"{host.check_output('hostname')}: sslscan is offered {', '.join(offered)}")
    return found


def test_versions(scan: ElementTree.Element) -> None:
    offered = {(each.get("type"), each.get("version")): each.get("enabled") for each in scan.findall("protocol")}
    assert offered == {
        ("ssl", "2"): "0",
        ("ssl", "3"): "0",
        ("tls", "1.0"): "0",
        ("tls", "1.1"): "0",
        ("tls", "1.2"): "1",
        ("tls", "1.3"): "1",
    }


def test_ciphers(scan: ElementTree.Element) -> None:
    offered = {(each.get("sslversion"), each.get("cipher")) for each in scan.findall("cipher")}
    # The certificate that the machine made is ECDSA.
    assert offered == {
        ("TLSv1.3", "TLS_AES_128_GCM_SHA256"),
        ("TLSv1.3", "TLS_AES_256_GCM_SHA384"),
        ("TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256"),
        ("TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256"),
        ("TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384"),
        ("TLSv1.2", "ECDHE-ECDSA-CHACHA20-POLY1305"),
    }


def test_groups(scan: ElementTree.Element) -> None:
    offered = {each.get("name") for each in scan.findall("group") if each.get("sslversion") == "TLSv1.3"}
    assert offered == {"x25519", "secp256r1 (NIST P-256)", "secp384r1 (NIST P-384)"}


def test_no_known_weakness(scan: ElementTree.Element) -> None:
    assert scan.find("renegotiation").get("supported") == "0"
    assert scan.find("compression").get("supported") == "0"
    assert {each.get("vulnerable") for each in scan.findall("heartbleed")} == {"0"}
    assert scan.find("fallback").get("supported") == "1"


@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
def test_sessions_are_resumed_without_tickets(machines: Mapping[str, Host], address: str, version: str) -> None:
    command = f"openssl s_client -connect {address}:443 -{version}"
    first = machines["inside-b"].run(
        f"printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' | {command} -sess_out /tmp/session -ign_eof"
    )
    if version == "tls1_2":
        assert "TLS session ticket:" not in first.stdout
    again = machines["inside-b"].run(f"{command} -sess_in /tmp/session < /dev/null")
    assert "Reused, TLSv1" in again.stdout


def test_the_key_is_this_boots_and_nobody_elses(host: Host, machines: Mapping[str, Host]) -> None:
    path = "/run/pixstory-proxy/certificate.pem"
    assert host.check_output("stat -c '%%U %%a' %s", path) == "root 600"
    assert host.check_output("findmnt --noheadings --output FSTYPE --target %s", path) == "tmpfs"
    keys = {machines[name].check_output("sha256sum < %s", path) for name in testinfra_hosts}
    assert len(keys) == 2
