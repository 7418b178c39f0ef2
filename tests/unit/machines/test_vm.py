"""What a virtual machine is made of, and what stands for AWS's commands: without a machine."""

from __future__ import annotations

import datetime
import json
import os
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from lab.machines import imds
from lab.vm import agent, aws, computer, image, sessions
from lab.vm.instance import Instance


def test_the_disk_is_debians_and_has_nothing_of_awss() -> None:
    wanted = image.recipe()
    assert {"cloud-init", "linux-image-cloud-amd64", "openssh-server", "unattended-upgrades"} <= set(wanted.packages)
    assert not [name for name in wanted.packages if "ssm" in name or "instance-connect" in name]
    assert "name: admin" in wanted.files["etc/cloud/cloud.cfg.d/01_debian_cloud.cfg"]
    assert image.digest(wanted) != image.digest(image.image.Recipe(wanted.name, wanted.files, wanted.packages[1:]))


@pytest.mark.parametrize(
    ("device", "boots", "expected"),
    [(True, True, computer.KVM), (True, False, computer.EMULATION), (False, True, computer.EMULATION)],
)
def test_kvm_is_used_where_a_kernel_boots_with_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, device: bool, boots: bool, expected: tuple[str, ...]
) -> None:
    monkeypatch.setattr(computer.shutil, "which", lambda _: "/usr/bin/qemu")
    monkeypatch.setattr(computer.os, "access", lambda *_: device)
    monkeypatch.setattr(computer, "_boots", lambda _: boots)
    computer.accelerator.cache_clear()
    assert computer.accelerator(image.Image(tmp_path)) == expected
    computer.accelerator.cache_clear()


def test_an_instance_is_the_same_each_time_and_known_by_its_name() -> None:
    one, same, other = Instance("vpn", "vpn"), Instance("vpn", "vpn", "#cloud-config"), Instance("app", "app")
    assert (one.id, one.mac) == (same.id, same.mac)
    assert one.id != other.id
    assert len(one.id) == 19


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    told = {"instance_id": "i-0123456789abcdef0", "region": "ap-south-1", "zone": "a", "account": "123456789012"}
    told |= {"address": "10.0.2.15", "name": "vpn"}
    (tmp_path / "imds.json").write_text(json.dumps({"169.254.169.254": {**told, "tags": {}, "role": None}}))
    (tmp_path / "key.pub").write_text("ssh-ed25519 AAAA lab\n")
    return tmp_path


def run(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    commands = aws.install(folder)
    environment = {**os.environ, aws.STATE: str(folder), "PATH": f"{commands}:{os.environ['PATH']}"}
    return subprocess.run(["sh", "-c", command], env=environment, capture_output=True, text=True)


def test_a_key_that_is_sent_is_in_the_metadata_for_a_minute(folder: Path) -> None:
    sent = "aws ec2-instance-connect send-ssh-public-key --region ap-south-1 --instance-os-user admin"
    done = run(
        folder, f"{sent} --instance-id i-0123456789abcdef0 --ssh-public-key file://{folder}/key.pub --output json"
    )
    assert json.loads(done.stdout)["Success"] is True, done.stderr
    [known] = json.loads((folder / "imds.json").read_text()).values()
    path = "/latest/meta-data/managed-ssh-keys/active-keys/admin"
    now = datetime.datetime.now(datetime.UTC)
    assert "\nssh-ed25519 AAAA lab\n" in (imds.lookup(imds.tree(known, now), path) or "")
    assert imds.lookup(imds.tree(known, now + datetime.timedelta(seconds=61)), path) is None
    unknown = run(folder, f"{sent} --instance-id i-00000000000000000 --ssh-public-key file://{folder}/key.pub")
    assert unknown.returncode == 1
    assert "EC2InstanceNotFoundException" in unknown.stderr


def test_the_commands_are_those_that_the_controller_is_asked_for(folder: Path) -> None:
    assert run(folder, "aws --version").stdout.startswith("aws-cli/2.")
    assert run(folder, "session-manager-plugin --version").returncode == 0
    assert "knows no s3 ls" in run(folder, "aws s3 ls").stderr
    assert "TargetNotConnected" in run(folder, "aws ssm start-session --target i-0").stderr


def test_a_session_is_brought_to_sshd_by_the_agent_of_the_machine(folder: Path) -> None:
    listens = socket.create_server(("127.0.0.1", 0))
    outside = socket.socket(socket.AF_UNIX)
    outside.bind(str(folder / sessions.SOCKET))
    outside.listen()
    sshd = socket.create_server(("127.0.0.1", 0))
    service = sessions.Sessions()
    for serve, listener in ((service.agents, listens), (service.controllers, outside)):
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
    start = "aws ssm start-session --region ap-south-1 --target i-0123456789abcdef0"
    assert "TargetNotConnected" in run(folder, f"echo hello | {start}").stderr

    threading.Thread(target=agent.serve, args=(listens.getsockname(), sshd.getsockname()), daemon=True).start()
    for _ in range(2):
        while service.waiting is None:
            time.sleep(0.01)
        asked = threading.Thread(target=_answer, args=(sshd,))
        asked.start()
        assert run(folder, f"echo hello | {start}").stdout == "hello yourself"
        asked.join()


def _answer(sshd: socket.socket) -> None:
    session, _ = sshd.accept()
    with session:
        said = session.recv(100)
        session.sendall(said.strip() + b" yourself")


def test_an_agent_that_waits_again_takes_the_place_of_the_one_before_a_reboot() -> None:
    listens = socket.create_server(("127.0.0.1", 0))
    service = sessions.Sessions()
    threading.Thread(target=service.agents, args=(listens,), daemon=True).start()
    before, after = (socket.create_connection(listens.getsockname(), 10) for _ in range(2))
    assert before.recv(1) == b""
    assert service.waiting is not None
    assert service.waiting.getpeername() == after.getsockname()


def test_the_agents_have_packages(tmp_path: Path) -> None:
    found = aws.packages(tmp_path)
    assert sorted(found) == ["amazon-cloudwatch-agent", "amazon-ssm-agent"]
    listed = subprocess.run(
        ["dpkg-deb", "--contents", tmp_path / "amazon-ssm-agent.deb"], capture_output=True, text=True
    )
    assert "./lib/systemd/system/amazon-ssm-agent.service" in listed.stdout
    assert "./usr/bin/amazon-ssm-agent" in listed.stdout
