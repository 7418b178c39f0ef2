# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An emulator for the session, and what runs modules against it.

A test asks for ``emulator``, which is empty, and for ``run`` or ``twelve_steps``::

    def test_twelve_steps(twelve_steps: TwelveSteps) -> None:
        twelve_steps("target_group", create={...}, change={...}, absent={"name": "web"})
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry
from twelve_steps import Emulator, Runner, TwelveSteps

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Resource

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def session_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    log = tmp_path_factory.mktemp("emulator") / "requests.jsonl"
    command = [sys.executable, "-m", "lab", "emulator", "--port", "0", "--log", str(log)]
    with (
        log.with_suffix(".err").open("wb") as errors,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line.startswith("emulator ready on "), log.with_suffix(".err").read_text()
            yield Emulator(line.split()[-1], log)
        finally:
            process.terminate()


@pytest.fixture
def emulator(session_emulator: Emulator) -> Emulator:
    """The emulator, empty."""
    session_emulator.reset()
    session_emulator.writes()
    return session_emulator


@pytest.fixture
def run(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Run modules; waiting polls often, and clients are made once."""
    monkeypatch.setattr(Resource, "poll_seconds", 0.05)
    # The emulator throttles nobody: an error is to be seen at once.
    monkeypatch.setattr(AWSRetry, "jittered_backoff", lambda **_: lambda function: function)
    monkeypatch.setattr(AnsibleAWSModule, "client", lambda module, service: emulator.client(service))
    return Runner(emulator)


@pytest.fixture
def twelve_steps(run: Runner) -> TwelveSteps:
    return TwelveSteps(run)
