# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What lets somebody into a machine: the keys of EC2 Instance Connect, and what cloud-init is to do at first."""

from __future__ import annotations

import hashlib
import http.server
import importlib.util
import json
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from lab.machines import imds
from tests.unit.roles.rendering import render

ROLE = Path(__file__).parents[3] / "roles" / "base"
INSTANCE = "i-0123456789abcdef0"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILVhZf4f asha"


def program(name: str) -> ModuleType:
    """A file of the role, which a machine runs as it is."""
    spec = importlib.util.spec_from_file_location(name, ROLE / "files" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def serve(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Machine:
    """A machine with the lab's metadata service, and sshd's question to it."""

    def __init__(self, url: str, known: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.known = known
        self.command = program("instance_connect")
        self.tag = folder / "board_asset_tag"
        self.tag.write_text(f"{INSTANCE}\n")
        monkeypatch.setattr(self.command, "METADATA", f"{url}/latest")
        monkeypatch.setattr(self.command, "ASSET_TAG", self.tag)
        monkeypatch.setattr(self.command.syslog, "syslog", lambda *_: None)

    def asked(self, monkeypatch: pytest.MonkeyPatch, user: str = "admin") -> int:
        monkeypatch.setattr(sys, "argv", ["instance-connect", user])
        return int(self.command.main())


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    known: dict[str, Any] = {"instance_id": INSTANCE, "region": "ap-south-1", "zone": "a", "account": "123456789012"}
    known |= {"address": "127.0.0.1", "name": "ip-10-0-0-1", "tags": {}, "role": None, "managed_keys": []}
    for url in serve(imds.handler(lambda: {"127.0.0.1": known})):
        yield Machine(url, known, tmp_path, monkeypatch)


def test_a_key_is_let_in_for_its_minute(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ends = int(time.time()) + 60
    machine.known["managed_keys"] = [{"user": "admin", "key": KEY, "ends": ends}]
    assert machine.asked(monkeypatch) == 0
    assert capsys.readouterr().out == f"{KEY}\n"
    # Another user's it is not, and a minute later nobody's.
    assert machine.asked(monkeypatch, "root") == 0
    machine.known["managed_keys"][0]["ends"] = int(time.time()) - 1
    assert machine.asked(monkeypatch) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("tag", ["i-00000000000000000", ""])
def test_an_answer_that_is_not_of_this_machines_ec2_lets_nobody_in(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tag: str
) -> None:
    machine.known["managed_keys"] = [{"user": "admin", "key": KEY, "ends": int(time.time()) + 60}]
    machine.tag.write_text(tag)
    assert machine.asked(monkeypatch) == 0
    assert capsys.readouterr().out == ""


def test_without_the_service_nobody_is_let_in(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.command, "METADATA", "http://127.0.0.1:9/latest")
    assert machine.asked(monkeypatch) == 1


@pytest.mark.parametrize(
    ("blob", "found"),
    [
        (f"#Timestamp=200\n#Instance={INSTANCE}\n#Caller=arn:aws:iam::1:user/asha\n{KEY}\nc2ln\n", [KEY]),
        (f"#Timestamp=200\n#Instance={INSTANCE}\n{KEY}\nc2ln\nc2ln\n\n#Timestamp=200\n{KEY}\nc2ln\n", [KEY]),
        (f"#Timestamp=100\n#Instance={INSTANCE}\n{KEY}\nc2ln\n", []),
        (f"#Timestamp=x\n#Instance={INSTANCE}\n{KEY}\nc2ln\n", []),
        (f"#Timestamp=200\n#Instance=i-1\n{KEY}\nc2ln\n", []),
        (f'#Timestamp=200\n#Instance={INSTANCE}\ncommand="x" {KEY}\nc2ln\n', []),
        (f"#Instance={INSTANCE}\n{KEY}\n", []),
        ("", []),
    ],
)
def test_which_keys_of_an_answer_count(blob: str, found: list[str]) -> None:
    assert [key for key, _ in program("instance_connect").keys(blob, INSTANCE, 100.0)] == found


def test_metadata_tells_user_data_and_the_key_pair_as_ec2_does(machine: Machine) -> None:
    machine.known |= {"user_data": "#cloud-config\n", "public_key": KEY, "mac": "02:00:00:00:00:01"}
    root = imds.tree(machine.known, imds.datetime.datetime.now(imds.datetime.UTC))
    assert imds.lookup(root, "/latest/user-data") == imds.lookup(root, "/2021-03-23/user-data") == "#cloud-config\n"
    assert imds.lookup(root, "/2009-04-04/meta-data/public-keys/") == "0=key"
    assert imds.lookup(root, "/latest/meta-data/public-keys/0/openssh-key") == KEY
    assert imds.lookup(root, "/latest/meta-data/network/interfaces/macs/02:00:00:00:00:01/local-ipv4s") == "127.0.0.1"
    assert imds.lookup(root, "/2026/meta-data/instance-id") is None


PACKAGE = b"a package"


class Mirror(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/arm64/agent.deb" else 404)
        self.end_headers()
        self.wfile.write(PACKAGE)

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


@pytest.mark.parametrize(
    ("checksums", "refusal"),
    [
        ({"arm64": hashlib.sha256(PACKAGE).hexdigest()}, ""),
        ({"arm64": "0" * 64}, "nothing installed"),
        ({"amd64": hashlib.sha256(PACKAGE).hexdigest()}, "None is asked for; nothing installed"),
    ],
)
def test_cloud_init_installs_the_agent_that_was_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checksums: dict[str, str], refusal: str
) -> None:
    ran: list[list[str]] = []

    class Answer:
        stdout = "arm64\n"

    def run(command: list[str], **_: Any) -> Answer:
        ran.append(command)
        if command[0] == "apt-get":
            (lists / "auxfiles").mkdir(parents=True)
        return Answer()

    installer = program("install_agent")
    monkeypatch.setattr(installer.subprocess, "run", run)
    monkeypatch.setattr(installer, "ARCHIVES", tmp_path)
    lists = tmp_path / "lists"
    monkeypatch.setattr(installer, "LISTS", lists)
    for url in serve(Mirror):
        given = {"name": "agent", "url": f"{url}/{{arch}}/agent.deb", "checksums": checksums}
        monkeypatch.setattr(sys, "argv", ["install_agent.py", json.dumps(given)])
        if refusal:
            with pytest.raises(SystemExit, match=refusal):
                installer.main()
        else:
            installer.main()
    done = [command[0] for command in ran[1:]]
    assert done == ([] if refusal else ["apt-get", "systemctl"])
    assert (tmp_path / "agent.deb").exists() != bool(refusal)
    # The lists of packages, which nobody has fetched, are not new: the next task of module apt fetches them.
    assert refusal or lists.stat().st_mtime == 0


def test_the_pinned_agents_name_one_version() -> None:
    """`latest` is another package tomorrow, which the checksum would refuse in the middle of a bake."""
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
    for agent in ("ssm", "cloudwatch"):
        url, checksums = defaults[f"base_{agent}_agent_url"], defaults[f"base_{agent}_agent_checksums"]
        assert "latest" not in url
        assert sorted(checksums) == ["amd64", "arm64"]
        assert all(len(checksum) == 64 for checksum in checksums.values())


def test_the_log_group_is_that_of_the_machines_role(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template, written = tmp_path / "logs.json", tmp_path / "etc" / "amazon-cloudwatch-agent.d" / "logs.json"
    template.write_text('{"log_group_name": "/pixstory/local/{role}"}')
    writer = program("log_group")
    known: dict[str, Any] = {"instance_id": INSTANCE, "region": "ap-south-1", "zone": "a", "account": "123456789012"}
    known |= {"address": "127.0.0.1", "name": "ip-10-0-0-1", "tags": {"Role": "web"}, "role": None}
    for url in serve(imds.handler(lambda: {"127.0.0.1": known})):
        monkeypatch.setattr(writer, "METADATA", url)
        monkeypatch.setattr(sys, "argv", ["log_group.py", str(template), str(written)])
        writer.main()
    assert json.loads(written.read_text()) == {"log_group_name": "/pixstory/local/web"}


@pytest.mark.parametrize(("vendor", "asks"), [("Amazon EC2", True), ("QEMU", False)])
def test_sshd_asks_instance_connect_on_ec2_only(vendor: str, asks: bool) -> None:
    facts = {"distribution": "Debian", "distribution_major_version": "13", "system_vendor": vendor}
    lines = render("base", "sshd_config.j2", ansible_facts=facts).splitlines()
    command = "AuthorizedKeysCommand /usr/lib/pixstory/instance-connect %u"
    assert (command in lines) == asks
    assert ("AuthorizedKeysCommandUser instance-connect" in lines) == asks
    assert ("PerSourcePenaltyExemptList 127.0.0.0/8" in lines) == asks
    older = render("base", "sshd_config.j2", ansible_facts=facts | {"distribution_major_version": "12"})
    assert "PerSourcePenalty" not in older  # its sshd does not know it, and would not start
