# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way into a machine: the key that is let in for a minute, and what leads to sshd. AWS's commands are stand-ins."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.pixstory.platform.plugins.filter.ssh import ssh_options
from ansible_collections.pixstory.platform.plugins.plugin_utils import ssh_proxy

INSTANCE = "i-0123456789abcdef0"
# Notes how it was called, and fails if it is told to.
STAND_IN = """\
#!{python}
import json, os, sys
with open({log!r}, "a") as log:
    log.write(json.dumps([os.path.basename(sys.argv[0]), *sys.argv[1:], os.environ.get("AWS_MAX_ATTEMPTS")]) + "\\n")
if {fails!r} in sys.argv:
    sys.exit("An error occurred (ThrottlingException) when calling the operation")
print("tunnel")
"""


class Controller:
    """A computer with these of AWS's commands, and nothing but ssh-keygen besides."""

    def __init__(self, folder: Path, commands: tuple[str, ...], fails: str = "") -> None:
        self.log = folder / "log"
        self.folder = folder / "pixstory-staging"
        self.bin = folder / "bin"
        self.bin.mkdir()
        for name in commands:
            path = self.bin / name
            path.write_text(STAND_IN.format(python=sys.executable, log=str(self.log), fails=fails))
            path.chmod(0o755)
        keygen = subprocess.run(["sh", "-c", "command -v ssh-keygen"], capture_output=True, text=True, check=True)
        (self.bin / "ssh-keygen").symlink_to(keygen.stdout.strip())

    def proxy(self, connection: str, *more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, ssh_proxy.__file__, "--connection", connection, "--region", "ap-south-1"]
        command += ["--instance", INSTANCE, "--folder", str(self.folder), *more]
        command += ["--user", "admin", "--host", INSTANCE, "--port", "22"]
        return subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PATH": str(self.bin)})

    def calls(self) -> list[list[str]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []


BOTH = ("aws", "session-manager-plugin")


def test_a_key_is_let_in_and_the_session_opened(tmp_path: Path) -> None:
    controller = Controller(tmp_path, BOTH)
    done = controller.proxy("ssm")
    assert (done.returncode, done.stdout, done.stderr) == (0, "tunnel\n", "")
    key = controller.folder / "key"
    let_in = f"send-ssh-public-key --region ap-south-1 --instance-id {INSTANCE} --instance-os-user admin"
    session = f"start-session --region ap-south-1 --target {INSTANCE} --document-name AWS-StartSSHSession"
    assert [" ".join(call) for call in controller.calls()] == [
        f"aws ec2-instance-connect {let_in} --ssh-public-key file://{key}.pub --output json 6",
        f"aws ssm {session} --parameters portNumber=22 6",
    ]
    assert key.with_suffix(".pub").read_text().startswith("ssh-ed25519 ")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(controller.folder.stat().st_mode) == 0o700


def test_the_key_is_of_the_environment_and_of_the_day(tmp_path: Path) -> None:
    controller = Controller(tmp_path, BOTH)
    key = controller.folder / "key"
    read = []
    for age in (0, 0, ssh_proxy.KEY_LIFE_SECONDS + 1):
        controller.proxy("ssm")
        read.append(key.read_text())
        os.utime(key, (key.stat().st_mtime - age,) * 2)
    controller.proxy("ssm")
    assert read[0] == read[1] == read[2] != key.read_text()


def test_a_key_that_is_let_in_already_is_not_pushed(tmp_path: Path) -> None:
    controller = Controller(tmp_path, BOTH)
    assert controller.proxy("ssm", "--key-is-there").returncode == 0
    assert [call[1] for call in controller.calls()] == ["ssm"]
    assert not (controller.folder / "key").exists()


def test_what_aws_says_is_passed_on_and_no_session_opened(tmp_path: Path) -> None:
    controller = Controller(tmp_path, BOTH, fails="send-ssh-public-key")
    done = controller.proxy("ssm")
    assert done.returncode == 1
    assert done.stderr.startswith(
        "ssh_proxy: aws ec2-instance-connect send-ssh-public-key failed: An error occurred (Thr"
    )
    assert len(controller.calls()) == 1


@pytest.mark.parametrize(
    ("connection", "commands", "named"),
    [("ssm", ("aws",), "session-manager-plugin"), ("ssm", (), "aws, session-manager-plugin"), ("vpn", (), "aws")],
)
def test_what_the_controller_lacks_is_named(
    tmp_path: Path, connection: str, commands: tuple[str, ...], named: str
) -> None:
    done = Controller(tmp_path, commands).proxy(connection)
    assert done.returncode == 1
    assert f"not found on PATH: {named}. README.md" in done.stderr


def test_through_the_vpn_ssh_gets_the_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    controller = Controller(tmp_path, ("aws",))
    monkeypatch.setenv("PATH", str(controller.bin))
    ours, theirs = socket.socketpair()
    with socket.create_server(("127.0.0.1", 0)) as sshd, ours, theirs:
        command = [sys.executable, ssh_proxy.__file__, "--connection", "vpn", "--region", "ap-south-1"]
        command += ["--instance", INSTANCE, "--folder", str(controller.folder), "--user", "admin"]
        command += ["--host", "127.0.0.1", "--port", str(sshd.getsockname()[1])]
        subprocess.run(command, stdout=theirs, check=True)
        _, [descriptor], _, _ = socket.recv_fds(ours, 1, 1)
        accepted, _ = sshd.accept()
        with accepted, socket.socket(fileno=descriptor) as handed:
            accepted.sendall(b"SSH-2.0-")
            assert handed.recv(8) == b"SSH-2.0-"
    assert [call[1] for call in controller.calls()] == ["ec2-instance-connect"]


def test_a_machine_that_the_vpn_does_not_reach(tmp_path: Path) -> None:
    controller = Controller(tmp_path, ("aws",))
    done = controller.proxy("vpn")
    assert done.returncode == 1
    assert f"{INSTANCE} port 22" in done.stderr
    assert "is the VPN up?" in done.stderr


@pytest.mark.parametrize(("connection", "hands_over"), [("ssm", "no"), ("vpn", "yes")])
@pytest.mark.parametrize("home", ["/home/asha", "/home/a b/100%"])
def test_ssh_reads_the_options_as_they_are_meant(
    monkeypatch: pytest.MonkeyPatch, connection: str, hands_over: str, home: str
) -> None:
    monkeypatch.setenv("HOME", home)
    options = ssh_options(INSTANCE, connection, "pixstory-staging", "ap-south-1")
    shown = subprocess.run(
        ["sh", "-c", f"ssh -G -F none {options} admin@{INSTANCE}"], capture_output=True, text=True, check=True
    ).stdout
    settings = dict(line.split(" ", 1) for line in shown.splitlines() if " " in line)
    wanted = {"hostkeyalias": INSTANCE, "identitiesonly": "yes", "proxyusefdpass": hands_over}
    assert settings.items() >= wanted.items()
    assert settings["stricthostkeychecking"] == "accept-new"
    # It shows the one as it is used, the other as it was written: with %% for %.
    folder = f"{home}/.ssh/pixstory-staging"
    assert settings["userknownhostsfile"] == f"{folder}/known_hosts"
    assert settings["identityfile"] == f"{folder}/key".replace("%", "%%")
    assert settings["proxycommand"].endswith("--user %r --host %h --port %p")
    assert "--key-is-there" not in settings["proxycommand"]


def test_a_key_of_a_bake_is_used_as_it_is() -> None:
    options = ssh_options(INSTANCE, "ssm", "pixstory-staging", "ap-south-1", "/tmp/bake/key")
    assert "--key-is-there" in options
    assert 'IdentityFile="/tmp/bake/key"' in options
