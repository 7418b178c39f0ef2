"""Run again on the lab that runs, the playbooks change nothing."""

from __future__ import annotations

import re
import subprocess

import pytest

from .platform import ROOT, Platform, environment


@pytest.mark.parametrize("playbook", ["provision", "bake", "refresh", "database", "configure"])
def test_run_again_it_changes_nothing(platform: Platform, playbook: str) -> None:
    command = ["ansible-playbook", "-i", "inventories/local", f"playbooks/{playbook}.yml"]
    run = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-4000:]
    counts = re.findall(r"changed=(\d+)", run.stdout)
    changed = [line for line in run.stdout.splitlines() if line.startswith("changed:")]
    assert set(counts) == {"0"}, changed
