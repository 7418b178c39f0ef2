# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller needs to reach machines is checked by name, before anything waits for one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
# A case a host, so that one run of Ansible does for all. It finds the commands of its case and none of this computer.
PLAY = """
- name: Check
  hosts: all
  gather_facts: false
  environment: {PATH: "{{ bin }}"}
  tasks:
    - name: Try
      block:
        - name: Check
          ansible.builtin.include_role: {name: pixstory.platform.platform, tasks_from: controller_tools}
      rescue:
        - name: Keep what was said
          ansible.builtin.copy: {content: "{{ ansible_failed_result.msg }}", dest: "{{ bin }}/refused", mode: "0644"}
"""
SAYS = {
    "aws": "aws-cli/2.31.0 Python/3.13.7 Linux/6.12 exe/x86_64.debian.13",
    "aws, version 1": "aws-cli/1.45.11 Python/3.11.7 Linux/6.18 botocore/1.43.11",
    "session-manager-plugin": "1.2.707.0",
    "ssh": "OpenSSH_10.0p2 Debian-7, OpenSSL 3.5.1 1 Jul 2025",
}
CASES = [
    ("ssm", ["aws", "session-manager-plugin", "ssh"], []),
    ("ssm", [], ["the AWS CLI, version 2", "the Session Manager plugin", "OpenSSH's client"]),
    ("ssm", ["aws, version 1", "ssh"], ["the AWS CLI, version 2", "the Session Manager plugin"]),
    ("vpn", ["aws", "ssh"], []),
    ("vpn", ["ssh"], ["the AWS CLI, version 2"]),
    ("podman", [], []),
]


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("tools")
    hosts = {}
    for number, (connection, there, _) in enumerate(CASES):
        commands = folder / str(number)
        commands.mkdir()
        for name in there:
            path = commands / name.partition(",")[0]
            path.write_text(f"#!/bin/sh\necho '{SAYS[name]}' >&2\n")
            path.chmod(0o755)
        for name in ("sh", "grep"):
            (commands / name).symlink_to(shutil.which(name) or "")
        hosts[f"case{number}"] = {"bin": str(commands), "platform_connection": connection}
    common = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    inventory, play = folder / "hosts.yml", folder / "play.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"localhost": {}, **hosts}, "vars": common}}))
    play.write_text(PLAY)
    command = [Path(sys.executable).parent / "ansible-playbook", "-i", inventory, "--limit", "!localhost", play]
    environment = os.environ | {"LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    files = [folder / str(number) / "refused" for number in range(len(CASES))]
    return [file.read_text() if file.exists() else "" for file in files]


@pytest.mark.parametrize("number", range(len(CASES)))
def test_what_is_lacking_is_named(refused: list[str], number: int) -> None:
    known = yaml.safe_load((ROOT / "roles/platform/vars/main.yml").read_text())["__platform_tools_known"]
    assert [tool["name"] for tool in known if f"- {tool['name']} (" in refused[number]] == CASES[number][2]
    assert all(tool["install"] in refused[number] for tool in known if tool["name"] in CASES[number][2])


@pytest.mark.parametrize(
    ("path", "before"),
    [
        ("roles/reach/tasks/main.yml", "wait_for_connection"),
        ("roles/aws_image/tasks/builders.yml", "Name the builder"),
    ],
)
def test_it_is_checked_before_a_machine_is_waited_for(path: str, before: str) -> None:
    assert "controller_tools" in (ROOT / path).read_text().partition(before)[0]


def test_no_playbook_waits_for_machines_by_itself() -> None:
    for path in sorted(ROOT.glob("playbooks/*.yml")):
        assert "wait_for_connection" not in path.read_text(), f"{path.name}: the role reach waits, and checks first"
