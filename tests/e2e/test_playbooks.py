"""Run again on the lab that runs, the playbooks change nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .platform import ROOT, Platform


@pytest.mark.parametrize("playbook", ["provision", "bake", "refresh", "database", "configure"])
def test_run_again_it_changes_nothing(platform: Platform, playbook: str) -> None:
    scripts = Path(sys.executable).parent
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"PATH": f"{scripts}{os.pathsep}{environment['PATH']}", "LC_ALL": "C.UTF-8"}
    command = [scripts / "ansible-playbook", "-i", "inventories/local", f"playbooks/{playbook}.yml"]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-4000:]
    counts = re.findall(r"changed=(\d+)", run.stdout)
    changed = [line for line in run.stdout.splitlines() if line.startswith("changed:")]
    assert set(counts) == {"0"}, changed
