"""What the roles of machines refuse, and how they say it. One run of Ansible for all cases."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILVhZf4f asha"
# The case, its variables, and what the answer must contain; nothing where it must pass.
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, ""),
    "a person": ({"base_users": [{"name": "asha", "authorized_keys": [KEY]}, {"name": "gone", "state": "absent"}]}, ""),
    "no key": ({"base_users": [{"name": "asha"}]}, "base_users, asha: write"),
    "a key that is none": (
        {"base_users": [{"name": "asha", "authorized_keys": ["secret"]}]},
        "a public key of the type ssh-ed25519",
    ),
    "root": ({"base_users": [{"name": "root", "authorized_keys": [KEY]}]}, "that is not root"),
    "an unknown field": (
        {"base_users": [{"name": "asha", "authorized_keys": [KEY], "password": "x"}]},
        "base_users, asha: write",
    ),
    "a rule": ({"base_firewall_allow": [{"ports": [443, "8000-8010"], "from": ["10.0.0.0/8", "2001:db8::/32"]}]}, ""),
    "no ports": ({"base_firewall_allow": [{"from": ["10.0.0.0/8"]}]}, "write ports"),
    "a port that is none": ({"base_firewall_allow": [{"ports": ["https"]}]}, "ranges such as 8000-8010"),
    "a protocol that is none": ({"base_firewall_allow": [{"ports": [1], "protocol": "http"}]}, "tcp or udp"),
    "a name for an address": ({"base_firewall_allow": [{"ports": [1], "from": ["everywhere"]}]}, "a list of CIDRs"),
    "a comment that would end itself": (
        {"base_firewall_allow": [{"ports": [1], "comment": 'a"; drop'}]},
        "without quotes",
    ),
    "locked out": ({"ansible_connection": "ssh"}, "Add {ports: [22]"),
    "not locked out": ({"ansible_connection": "ssh", "base_firewall_allow": [{"ports": [22]}]}, ""),
    "through Systems Manager": (
        {"ansible_connection": "ssh", "platform_connection": "ssm"},
        "",
    ),
    "no size": ({"base_journal_max_use": "lots"}, 'base_journal_max_use is "lots"; write a size such as 500M'),
    "a banner that tells": ({"base_banner": "Debian here"}, "names neither Debian nor a kernel"),
}


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    output = tmp_path_factory.mktemp("preflight") / "refused.json"
    cases = [{"name": name, "vars": variables} for name, (variables, _) in CASES.items()]
    environment = os.environ | {"LC_ALL": "C.UTF-8", "ANSIBLE_CALLBACKS_ENABLED": "ansible.posix.timer"}
    command = [Path(sys.executable).parent / "ansible-playbook", "-i", "localhost,", HERE / "preflight.yml"]
    command += ["--extra-vars", json.dumps({"cases": cases, "output": str(output)})]
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stdout + result.stderr
    answers: dict[str, str] = json.loads(output.read_text())
    return answers


@pytest.mark.parametrize("name", CASES)
def test_preflight(name: str, refused: dict[str, str]) -> None:
    expected = CASES[name][1]
    if expected:
        assert expected in refused[name]
    else:
        assert refused[name] == ""
