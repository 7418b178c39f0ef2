"""The VPN lets in who has a certificate and a code, and leads to private machines."""

from __future__ import annotations

import shlex
import subprocess
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from lab.fabric import world
from tests.vpn_client import IN, Client, handed_out

from .platform import DOMAIN, Platform

pytestmark = pytest.mark.long


class Visitor:
    """A computer on the internet side: programs of this one in that network namespace."""

    def __init__(self, platform: Platform) -> None:
        self.prefix = ["ip", "netns", "exec", platform.network.namespace(platform.internet), "sh", "-c"]

    def run(self, command: str, *arguments: str) -> SimpleNamespace:
        text = command % tuple(map(shlex.quote, arguments)) if arguments else command
        done = subprocess.run([*self.prefix, text], capture_output=True, text=True)
        return SimpleNamespace(rc=done.returncode, stdout=done.stdout, stderr=done.stderr)

    def check_output(self, command: str) -> str:
        done = self.run(command)
        assert done.rc == 0, done.stderr
        return str(done.stdout).strip()


def published(platform: Platform, name: str) -> str:
    """The address of a name in the public zone."""
    [record] = [one for one in world.read(platform.api).public_records if one.name == name]
    [address] = record.values
    return address


@pytest.fixture
def somebody(platform: Platform, tmp_path: Path) -> Iterator[Client]:
    [server] = platform.rows("vpn")
    name = f"e2e{uuid.uuid4().hex[:5]}"
    command = [
        "podman",
        "exec",
        server["name"],
        "vpn-user",
        "add",
        name,
        "--expires",
        f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    printed = SimpleNamespace(rc=done.returncode, stdout=done.stdout, stderr=done.stderr)
    client = handed_out(Visitor(platform), name, "lab", printed)  # type: ignore[arg-type]
    client.home = str(tmp_path)
    # No resolver of this computer knows the zone, so its record is asked for here.
    client.profile = client.profile.replace(f"remote vpn.{DOMAIN}", f"remote {published(platform, f'vpn.{DOMAIN}')}")
    yield client
    client.leave()
    subprocess.run(["podman", "exec", server["name"], "vpn-user", "revoke", name], capture_output=True)


def test_certificate_and_code_lead_to_a_private_machine(platform: Platform, somebody: Client) -> None:
    private = next(row for row in platform.rows("balancer") if "local-web" in row["name"])["address"]
    ask = f"curl --silent --max-time 5 --output /dev/null --write-out '%{{http_code}}' http://{private}/healthz"
    assert somebody.machine.run(ask).stdout == "000"
    assert somebody.connect(somebody.codes.wrong()).outcome == "refused: AUTH_FAILED"
    attempt = somebody.connect(somebody.codes.fresh())
    assert attempt.outcome == IN, attempt.log
    print(f"let in after {attempt.seconds:.2f} s")
    assert somebody.machine.run(ask).stdout == "200"
