"""The Speech API on Debian 13 and 12, which reads a feed from another host."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping

import pytest
from shared.services import EXPOSURE, eventually, exposure, status
from testinfra.host import Host

testinfra_hosts = ["debian-13", "debian-12"]

CERTIFICATE = "/etc/speech-api/certificate.pem"


def trusting(host: Host, path: str) -> dict[str, object]:
    """What a client gets that trusts the host's certificate alone and verifies its name, as the app does."""
    code = """
import http.client, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
connection = http.client.HTTPSConnection("speech-api.internal", context=context)
connection._create_connection = lambda _, *rest: __import__("socket").create_connection(("127.0.0.1", 443))
connection.request("GET", sys.argv[2])
print(connection.getresponse().read().decode())
"""
    found: dict[str, object] = json.loads(host.check_output("python3 -c %s %s %s", code, CERTIFICATE, path))
    return found


def test_items_of_the_feed_arrive_over_verified_tls(host: Host) -> None:
    eventually(lambda: len(trusting(host, "/items")["items"]) == 2, 90)  # type: ignore[arg-type]
    titles = [item["title"] for item in trusting(host, "/items")["items"]]  # type: ignore[attr-defined]
    assert titles == ["The second speech", "The first speech"]


def test_sources_are_told_with_their_failures(host: Host) -> None:
    sources = {source["name"]: source for source in trusting(host, "/sources")["sources"]}  # type: ignore[attr-defined]
    assert set(sources) == {"Example Press", "Nobody “there”"}


def test_another_certificate_authority_does_not_do(host: Host) -> None:
    code = (
        "import ssl, socket\n"
        "try: ssl.create_default_context().wrap_socket(socket.create_connection(('127.0.0.1', 443)),"
        " server_hostname='speech-api.internal')\n"
        "except ssl.SSLCertVerificationError: print('refused')"
    )
    assert host.check_output("python3 -c %s", code) == "refused"


def test_key_and_state_are_private(host: Host) -> None:
    key = host.file("/etc/speech-api/private-key.pem")
    assert (key.user, key.mode) == ("root", 0o600)
    state = host.file("/var/lib/speech-api")
    assert (state.user, state.mode) == ("speech-api", 0o750)


def test_old_protocols_are_refused(host: Host) -> None:
    code = (
        "import ssl, socket, warnings\n"
        "warnings.simplefilter('ignore')\n"
        "context = ssl._create_unverified_context(); context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED\n"
        "context.maximum_version = ssl.TLSVersion.TLSv1_1; context.set_ciphers('ALL:@SECLEVEL=0')\n"
        "try: context.wrap_socket(socket.create_connection(('127.0.0.1', 443)))\n"
        "except (ssl.SSLError, ConnectionError): print('refused')"
    )
    assert host.check_output("python3 -c %s", code) == "refused"


def test_metrics_are_for_the_machine_itself(host: Host, machines: Mapping[str, Host]) -> None:
    assert status(host, "https://127.0.0.1/metrics") == 200
    assert status(machines["press"], f"https://{host.check_output('hostname')}/metrics") == 403


@pytest.mark.parametrize("unit", ["speech-api.service", "speech-fetch.service"])
def test_units_are_sandboxed(host: Host, unit: str) -> None:
    assert exposure(host, unit) <= EXPOSURE


def test_nothing_has_failed(host: Host) -> None:
    assert host.check_output("systemctl --failed --no-legend --plain") == ""
    for unit in ("speech-api.service", "speech-fetch.service", "nginx.service"):
        assert host.service(unit).is_running
        assert host.service(unit).is_enabled
    eventually(lambda: host.service("pixstory-ready.service").is_running, 60)


def test_items_outlive_a_restart(host: Host) -> None:
    host.check_output("systemctl restart speech-api.service speech-fetch.service")
    time.sleep(1)
    eventually(lambda: len(trusting(host, "/items")["items"]) == 2, 60)  # type: ignore[arg-type]
