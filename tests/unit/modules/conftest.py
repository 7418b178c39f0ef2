# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An emulator for the session, and what runs modules against it.

A test asks for ``emulator``, which is empty, and for ``run`` or ``twelve_steps``::

    def test_twelve_steps(twelve_steps: TwelveSteps) -> None:
        twelve_steps("target_group", create={...}, change={...}, absent={"name": "web"})
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from twelve_steps import Emulator, Runner, TwelveSteps

from ansible_collections.pixstory.platform.plugins.module_utils import retries
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Resource
from tests import emulated


@pytest.fixture(scope="session")
def session_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    # Each test has an account of its own, and is not about what a new one may have. A module is tried alone: the
    # buckets, keys and roles that it is given here have no policies for services.
    log = tmp_path_factory.mktemp("emulator") / "requests.jsonl"
    with emulated.Emulator(log, "--lenient", "--set", "models=1") as started:
        yield Emulator(started.url, started.log)


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
    # Nothing of what this emulator answers passes: an error is to be seen at once.
    monkeypatch.setattr(retries, "seconds_for", lambda error, **_: 0.0)
    monkeypatch.setattr(AnsibleAWSModule, "client", lambda module, service: emulator.client(service, module.region))
    return Runner(emulator)


@pytest.fixture
def twelve_steps(run: Runner) -> TwelveSteps:
    return TwelveSteps(run)
