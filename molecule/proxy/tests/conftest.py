"""What the tests of the proxy ask with. Requests come from the machines around it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from testinfra.host import Host

BACKENDS = ("web-8080", "app-8000")
# Seconds after which a proxy has seen a change of names: proxy_resolver_valid of the scenario, and one more.
SETTLED = 2
# Between the body of an answer and what curl tells of it.
END = "---- "


@dataclass(frozen=True)
class Answer:
    """Of curl."""

    status: int
    version: str
    headers: Mapping[str, list[str]]
    body: str

    @property
    def seen(self) -> Any:
        """What the backend says that it received."""
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        """The value of a header that is there once, or None."""
        values = self.headers.get(name.lower(), [])
        assert len(values) <= 1, f"{name} is there {len(values)} times"
        return values[0] if values else None


Ask = Callable[..., Answer]


@pytest.fixture(scope="module")
def ask(host: Host, machines: Mapping[str, Host], lab: Mapping[str, Any]) -> Ask:
    """Asks the proxy from ``source``, a machine; ``client`` is whom a load balancer names."""
    address = lab["machines"][host.check_output("hostname")]["address"]

    def run(path: str, *options: str, source: str = "inside-b", client: str | None = None) -> Answer:
        url = path if "://" in path else f"https://{address}{path}"
        written = f"\n{END}%{{http_code}} %{{http_version}} %{{header_json}}"
        arguments = ["curl", "-sk", "--max-time", "20", "-w", written, *options]
        if client:
            arguments += ["-H", f"X-Forwarded-For: {client}"]
        result = machines[source].run("%s " * (len(arguments) + 1), *arguments, url)
        assert result.rc == 0, f"curl ends with {result.rc}: {result.stderr or result.stdout}"
        body, _, rest = result.stdout.partition(f"\n{END}")
        status, version, headers = rest.split(" ", 2)
        return Answer(int(status), version, json.loads(headers), body)

    return run


@pytest.fixture(scope="session")
def fresh() -> Callable[[], str]:
    """An address that no test has used: as a client behind the load balancer it has all of its limits before it."""
    numbers = count(1)
    return lambda: f"203.0.113.{next(numbers)}"


@dataclass(frozen=True)
class Inside:
    """What is behind the proxies: the zone that they see, and the backends on ``inside-a`` and ``inside-b``."""

    machines: Mapping[str, Host]
    addresses: Mapping[str, str]

    def point(self, *machines: str, web: bool = True, app: bool = True) -> None:
        """Let web and app be on these machines."""
        names = " ".join(name for name, wanted in (("web.internal", web), ("app.internal", app)) if wanted)
        lines = "".join(f"{self.addresses[machine]} {names}\n" for machine in machines)
        self.machines["inside-a"].check_output(
            "printf '%%s' %s > /etc/backends && systemctl kill --signal=HUP dnsmasq", lines
        )

    def stop(self, machine: str, *backends: str) -> None:
        """Have backends refuse connections."""
        units = " ".join(f"backend@{backend}" for backend in backends or BACKENDS)
        self.machines[machine].check_output(f"systemctl stop {units}")

    def fail(self, machine: str, backend: str, status: int) -> None:
        """Have a backend answer everything with this status."""
        self.machines[machine].check_output(f"echo {status} > /run/backend-{backend.partition('-')[0]}.status")

    def start(self, machine: str, *backends: str) -> None:
        """Have backends answer with 200, and wait until they do."""
        wait = "curl -s -o /dev/null --retry 20 --retry-connrefused --retry-delay 1 http://127.0.0.1"
        steps = ["rm -f /run/backend-*.status"]
        for backend in backends or BACKENDS:
            steps += [f"systemctl start backend@{backend}", f"{wait}:{backend.partition('-')[2]}/"]
        self.machines[machine].check_output(" && ".join(steps))


@pytest.fixture
def inside(machines: Mapping[str, Host], lab: Mapping[str, Any]) -> Iterator[Inside]:
    """What a test may change; afterwards all backends answer, and web and app are on ``inside-a``."""
    found = Inside(machines, {name: machine["address"] for name, machine in lab["machines"].items()})
    yield found
    for name in ("inside-a", "inside-b"):
        found.start(name)
    found.point("inside-a")
    time.sleep(SETTLED)
