"""The lab as its users see it: its public address, and for the tests what stands behind."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from lab.emulator import process, server
from lab.fabric.network import ENTRANCE, Network
from lab.fabric.process import State
from lab.fabric.world import Api
from tests.reach import connections

ROOT = Path(__file__).resolve().parents[2]
DOMAIN = "local.pixstory.test"


def environment() -> dict[str, str]:
    """For the project's commands: its Python first, and nothing of the caller's own AWS settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}", "LC_ALL": "C.UTF-8"}


class Answer:
    """An answer, read to its end."""

    def __init__(self, reply: http.client.HTTPResponse) -> None:
        self.status = reply.status
        self.headers = reply.headers
        self.body = reply.read()

    def json(self) -> Any:
        return json.loads(self.body)


class Platform:
    """A lab that is up."""

    def __init__(self) -> None:
        self.state = State(ROOT / ".lab")
        if not self.state.running():
            raise SystemExit("No lab is up: run `make lab` first.")
        folder = self.state.directory
        ports = json.loads((folder / "entrance.json").read_text())["ports"]
        self.ports = {int(port): int(own) for own, port in ports.items()}
        self.authority = folder / "ca.crt"
        self.network = Network(ROOT)
        emulator = process.State(ROOT / ".lab").running()
        if not emulator:
            raise SystemExit("No emulator runs: run `make lab` first.")
        self.api = Api(emulator.url)
        self.region = server.DEFAULT_REGION

    @property
    def url(self) -> str:
        return f"https://{DOMAIN}:{self.ports[443]}/"

    def _connected(self, timeout: float) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=str(self.authority))
        plain = socket.create_connection(("127.0.0.1", self.ports[443]), timeout)
        return context.wrap_socket(plain, server_hostname=DOMAIN)

    def certificate(self) -> bytes:
        """The certificate that the public address shows, DER; the lab's authority has signed it."""
        with self._connected(10) as connection:
            shown = connection.getpeercert(binary_form=True)
        assert shown
        return shown

    def ask(self, method: str, path: str, body: Any = None, timeout: float = 10) -> Answer:
        """A request to the public address, in a connection of its own, as a new visitor's."""
        connection = http.client.HTTPSConnection(DOMAIN, timeout=timeout)
        connection.sock = self._connected(timeout)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def rows(self, what: str = "") -> list[dict[str, str]]:
        """The hosts, as `make lab-status` shows them."""
        until = time.monotonic() + 60
        while not (status := self.state.status()):  # it is busy: a zone's machines are made at once
            assert time.monotonic() < until, "the lab does not say how it is"
            time.sleep(0.5)
        return [row for row in status["rows"] if what in ("", row["what"])]

    def healthy(self, what: str) -> list[str]:
        """The machines of a role that their load balancer finds healthy."""
        return [row["name"] for row in self.rows(what) if row["health"].endswith(": healthy")]

    @contextmanager
    def silence(self, hosts: Iterable[str]) -> Iterator[None]:
        """Hosts that nothing is heard of, as in a zone without power: no FIN, RST or ICMP says that they are gone."""
        present = self.network.present()
        addresses = ", ".join(present[host].partition("/")[0] for host in hosts)
        drop = "".join(f"ip {end} {{ {addresses} }} drop\n" for end in ("saddr", "daddr"))
        chain = f"chain drops {{\ntype filter hook prerouting priority raw;\n{drop}}}\n"
        self.network.inside("nft", "-f", "-", given=f"table ip silence {{\n{chain}}}\n")
        try:
            yield
        finally:
            self.network.inside("nft", "delete", "table", "ip", "silence")

    def wait(self, condition: Any, seconds: float, what: str) -> float:
        """Wait until the condition holds; gives the seconds that it took."""
        began = time.monotonic()
        while not condition():
            assert time.monotonic() - began < seconds, f"{what}: not within {seconds:.0f} s\n{self.rows()}"
            time.sleep(0.3)
        return time.monotonic() - began

    def inside(self, machine: str, *command: str, check: bool = True) -> str:
        """What a command on a machine prints."""
        result = subprocess.run(["podman", "exec", machine, *command], capture_output=True, text=True)
        assert not check or result.returncode == 0, result.stderr
        return result.stdout.strip()

    def service(self, name: str) -> str:
        """The container of a database, a cache or a load balancer."""
        return f"{self.network.name}-{name}"

    def primary(self, what: str) -> str:
        """The name of the node of the database or the cache that is the primary."""
        [name] = [row["name"] for row in self.rows(what) if row["state"].startswith("primary")]
        return name

    def pass_time(self, seconds: float) -> None:
        """The emulator's clock, on: what takes AWS minutes has taken them."""
        url = f"{self.api.url}/_lab/clock?advance={seconds}"
        urllib.request.urlopen(url, b"", timeout=10).close()

    def sql(self, statement: str) -> str:
        """The answer of the primary database, read on its host."""
        command = ["psql", "--no-align", "--tuples-only", "--dbname", "pixstory", "--command", statement]
        return self.inside(self.service(self.primary("database")), "runuser", "-u", "postgres", "--", *command)

    def connect(self, host: str, address: str, port: int) -> str:
        """How a connection from a host fares: open, or the error."""
        return self.connections(host, [(address, port)])[address, port]

    def connections(self, host: str, targets: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
        """How connections from a host fare, all at once: a refused one takes a second."""
        return connections(self.network.namespace(host), targets)

    @property
    def internet(self) -> str:
        """The host that stands for the visitors' side."""
        return ENTRANCE


@dataclass
class Probe:
    """Visitors: some read all the time, one writes, as slowly as the proxy's limits allow one address."""

    platform: Platform
    readers: int = 3
    pause: float = 0.3
    paths: Sequence[str] = ("/", "/api/stories")
    write_every: float = 2.5
    patience: float = 30.0
    answers: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    longest_gap: float = 0.0

    def __enter__(self) -> Probe:
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._began = self._served = time.monotonic()
        paths = itertools.islice(itertools.cycle(self.paths), self.readers)
        readers = [threading.Thread(target=self._read, args=(path,)) for path in paths]
        self._threads = [*readers, threading.Thread(target=self._write)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._note_gap()

    def _note_gap(self) -> None:
        now = time.monotonic()
        self.longest_gap = max(self.longest_gap, now - self._served)
        self._served = now

    def _ask(self, method: str, path: str, body: Any = None) -> Answer | None:
        began = time.monotonic() - self._began
        try:
            answer = self.platform.ask(method, path, body, timeout=self.patience)
        except (OSError, http.client.HTTPException) as error:
            with self._lock:
                self.failures.append(f"{began:.1f} s: {method} {path}: {error!r}")
            return None
        with self._lock:
            self.answers[f"{method} {answer.status}"] += 1
            if answer.status >= 400:
                self.failures.append(f"{began:.1f} s: {method} {path}: {answer.status} {answer.body[:120]!r}")
            else:
                self._note_gap()
        return answer

    def _read(self, path: str) -> None:
        while not self._over.wait(self.pause):
            self._ask("GET", path)

    def _write(self) -> None:
        while not self._over.wait(self.write_every):
            number = len(self.acknowledged)
            story = {"title": f"Probe {number}", "text": "Written while something fails.", "author": "Probe"}
            answer = self._ask("POST", "/api/stories", story)
            if answer and answer.status == 201:
                self.acknowledged.append(answer.json()["id"])

    @property
    def failed_reads(self) -> list[str]:
        """The failures of those who read."""
        return [one for one in self.failures if " GET " in one]

    def lost(self) -> list[int]:
        """The writes that were acknowledged and are not in the database."""
        there = {int(line) for line in self.platform.sql("SELECT id FROM stories").splitlines()}
        return [one for one in self.acknowledged if one not in there]

    def __str__(self) -> str:
        counted = ", ".join(f"{count} x {what}" for what, count in sorted(self.answers.items()))
        return (
            f"answers: {counted}; failed: {len(self.failures)}; longest gap {self.longest_gap:.1f} s; "
            f"acknowledged writes: {len(self.acknowledged)}"
        )
