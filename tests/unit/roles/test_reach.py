# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A machine that lets commands in is worked on once its systemd answers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
PLAY = """
- name: Reach
  hosts: all
  gather_facts: false
  environment: {PATH: "{{ bin }}:/usr/bin:/bin"}
  roles: [pixstory.platform.reach]
"""
# What systemd says by and by; the last line again and again. A container that begins to boot has no bus.
SYSTEMCTL = """#!/bin/sh
echo asked >> {bin}/asked
line=$(sed -n "$(wc -l < {bin}/asked)p" {bin}/says)
[ -n "$line" ] || line=$(tail -n 1 {bin}/says)
echo "$line"
[ "$line" = running ]
"""


def reach(folder: Path, *says: str, **variables: object) -> tuple[subprocess.CompletedProcess[str], int]:
    """Run the role on a machine whose systemd says this; and how often it was asked."""
    (folder / "says").write_text("\n".join(says) + "\n")
    program = folder / "systemctl"
    program.write_text(SYSTEMCTL.format(bin=folder))
    program.chmod(0o755)
    common = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "bin": str(folder)}
    inventory, play = folder / "hosts.yml", folder / "play.yml"
    host = {**common, "platform_connection": "podman", **variables}
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"machine": host}}}))
    play.write_text(PLAY)
    command = [Path(sys.executable).parent / "ansible-playbook", "-i", inventory, play]
    environment = os.environ | {"LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    return done, len((folder / "asked").read_text().splitlines())


def test_a_machine_that_begins_to_boot_is_waited_for(tmp_path: Path) -> None:
    done, asked = reach(tmp_path, "offline", "initializing", "starting")
    assert (done.returncode, asked) == (0, 3), done.stdout + done.stderr


def test_what_starts_last_is_not_waited_for(tmp_path: Path) -> None:
    """A service may wait for what the playbook is about to do."""
    done, asked = reach(tmp_path, "starting")
    assert (done.returncode, asked) == (0, 1), done.stdout + done.stderr


def test_a_machine_that_does_not_boot_is_not_waited_for_without_end(tmp_path: Path) -> None:
    done, _ = reach(tmp_path, "initializing", reach_timeout_seconds=4)
    assert done.returncode == 2
    assert "Wait until systemd answers" in done.stdout
