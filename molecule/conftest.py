"""What the tests of all scenarios find: ``host`` in turn, ``machines`` by name, and AWS, which they may take away."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import testinfra
from testinfra.host import Host

from lab.machines import host as computer
from lab.machines.scenario import AWS_SERVICES, Scenario

SCENARIO = Scenario(os.environ["MOLECULE_SCENARIO_NAME"])


def machine(name: str) -> Host:
    """A machine of the scenario by name."""
    return testinfra.get_host(f"podman://{SCENARIO.facts()['machines'][name]['container']}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for ``host`` runs on each machine, or on those that its module names in ``testinfra_hosts``."""
    if "host" in metafunc.fixturenames:
        names = getattr(metafunc.module, "testinfra_hosts", list(SCENARIO.facts()["machines"]))
        metafunc.parametrize("host", names, indirect=True, scope="module")


@pytest.fixture(scope="module")
def host(request: pytest.FixtureRequest) -> Host:
    """A machine."""
    return machine(request.param)


@pytest.fixture(scope="session")
def lab() -> Mapping[str, Any]:
    """What stands: ``network``, ``subnet``, ``machines``, ``aws_endpoint_url``."""
    return SCENARIO.facts()


@pytest.fixture(scope="session")
def machines() -> Mapping[str, Host]:
    """All machines by name, for a test that needs several."""
    return {name: machine(name) for name in SCENARIO.facts()["machines"]}


class Aws:
    """AWS as the machines see it. ``services`` are ``api`` and ``imds``; both unless named."""

    url = SCENARIO.facts()["aws_endpoint_url"]

    def stop(self, *services: str) -> None:
        """Take it away: connections are refused. What the emulator holds stays."""
        SCENARIO.stop_aws(services or AWS_SERVICES)

    def start(self, *services: str) -> None:
        """Give it back."""
        SCENARIO.start_aws(computer.detect(), services or AWS_SERVICES)


@pytest.fixture
def aws() -> Iterator[Aws]:
    """AWS; at the end of the test it is there again, whatever the test did."""
    found = Aws()
    yield found
    found.start()
