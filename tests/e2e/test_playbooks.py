"""Run again on the lab that runs, the playbooks change nothing."""

from __future__ import annotations

import re
import subprocess

import pytest

from .platform import ROOT, Platform, environment

# What the role base keeps, and a machine that starts from its image has from there.
KEPT = "/etc/ssh/sshd_config"


def run(playbook: str, *arguments: str) -> list[str]:
    """The lines of a run that say what changed."""
    command = ["ansible-playbook", "-i", "inventories/local", f"playbooks/{playbook}.yml", *arguments]
    result = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True)
    assert result.returncode == 0, result.stdout[-4000:]
    changed = [line for line in result.stdout.splitlines() if line.startswith("changed:")]
    assert (set(re.findall(r"changed=(\d+)", result.stdout)) == {"0"}) == (not changed)
    return changed


@pytest.mark.parametrize("playbook", ["provision", "bake", "refresh", "database", "configure"])
def test_run_again_it_changes_nothing(platform: Platform, playbook: str) -> None:
    assert run(playbook) == []


def test_what_somebody_changed_on_a_machine_is_mended(platform: Platform) -> None:
    """Also what came with its image: configure leaves the role base out only where nothing was done since."""
    [vpn] = [row["name"] for row in platform.rows("vpn")]
    before = platform.inside(vpn, "cat", KEPT)
    platform.inside(vpn, "sed", "--in-place", "1i PermitRootLogin yes", KEPT)
    assert run("configure", "--limit", "localhost,vpn")
    assert platform.inside(vpn, "cat", KEPT) == before
