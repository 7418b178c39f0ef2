"""Each molecule scenario, from bare machines to none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import tasks

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = sorted(path.parent.name for path in ROOT.glob("molecule/*/molecule.yml"))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(scenario: str) -> None:
    """What it prints is captured, and shown when it fails."""
    scripts = Path(sys.executable).parent
    environment = os.environ | {
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        # By default molecule's state is known by the name of the project's folder: two clones would share it.
        "ANSIBLE_HOME": str(ROOT / ".ansible"),
        **tasks.ran_into(),
    }
    command = [scripts / "molecule", "test", "--no-command-borders", "--scenario-name", scenario]
    result = subprocess.run(command, cwd=ROOT, env=environment)
    assert result.returncode == 0, f"molecule test --scenario-name {scenario} fails"
