"""PostgreSQL goes away while people post: nothing that was acknowledged is lost, and nothing needs a restart."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from pixstory_example.migrate import migrate

from . import stack


@dataclass
class Posters:
    """People who post one story after the other."""

    url: str
    acknowledged: list[int] = field(default_factory=list)
    refused: list[httpx.Response] = field(default_factory=list)
    other: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._post) for _ in range(4)]

    def _post(self) -> None:
        with httpx.Client(base_url=self.url, timeout=stack.PATIENCE) as client:
            while not self._stop.is_set():
                try:
                    answer = client.post("/api/stories", json={"title": "t", "text": "t", "author": "a"})
                except httpx.HTTPError as error:
                    self.other.append(repr(error))
                    continue
                if answer.status_code == 201:
                    self.acknowledged.append(answer.json()["id"])
                elif answer.status_code == 503:
                    self.refused.append(answer)
                else:
                    self.other.append(f"{answer.status_code} {answer.text}")
                time.sleep(0.02)

    def __enter__(self) -> Posters:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def database() -> Iterator[stack.Postgres]:
    """One of the test's own, since it is stopped."""
    with stack.folder() as folder, stack.Postgres(folder) as server:
        yield server


@pytest.fixture
def service(database: stack.Postgres, redis: stack.Redis) -> Iterator[stack.Service]:
    settings = database.create("pixstory")
    migrate(settings)
    environment = stack.api_environment(settings, redis.settings)
    with stack.folder() as folder, stack.Service(folder, "api", environment) as service:
        yield service


def test_postgresql_stops_for_some_seconds_while_people_post(database: stack.Postgres, service: stack.Service) -> None:
    assert service.process
    process = service.process.pid
    with Posters(service.url) as posters:
        stack.until(lambda: len(posters.acknowledged) > 10, "stories are taken")
        story = f"/api/stories/{posters.acknowledged[0]}"
        read = {path: service.get(path).json() for path in ("/api/stories", story, "/api/feed?limit=5")}
        # At once, in the middle of what it does, as when its machine fails.
        database.stop(signal.SIGQUIT)
        stack.until(lambda: len(posters.refused) > 10, "posts are refused")
        away = {path: service.get(path) for path in ("/readyz", "/healthz", "/api/stories?limit=99")}
        stale = {path: service.get(path) for path in read}
        time.sleep(2)
        before = len(posters.acknowledged)
        database.start()
        stack.until(lambda: len(posters.acknowledged) > before + 10, "stories are taken again")

    assert {path: answer.status_code for path, answer in away.items()} == {
        "/readyz": 503,
        "/healthz": 200,
        "/api/stories?limit=99": 503,
    }
    # What was read before is read still, by every worker, and says what it is.
    for path, answer in stale.items():
        assert (answer.status_code, answer.headers["X-Pixstory-Stale"]) == (200, "database away"), path
        assert 0 <= int(answer.headers["Age"]) < stack.PATIENCE
        assert answer.headers["Cache-Control"] == "no-cache"
    assert stale[story].json() == read[story]
    assert posters.other == []
    assert Counter((answer.json()["error"], answer.headers["Retry-After"]) for answer in posters.refused) == {
        ("the database does not answer; try again in a few seconds", "5"): len(posters.refused)
    }
    with database.connect() as connection:
        stored = {row[0] for row in connection.execute("SELECT id FROM stories")}
    assert set(posters.acknowledged) <= stored
    assert len(posters.acknowledged) == len(set(posters.acknowledged))
    assert service.get("/readyz").status_code == 200
    assert service.process.pid == process
    assert not service.ended()
    output = service.output.read_text()
    assert "Traceback" not in output
    assert stack.PASSWORD not in output


def test_a_database_that_hangs_keeps_nobody_waiting(database: stack.Postgres, service: stack.Service) -> None:
    """Its kernel takes every connection and every question, and no answer comes: as when its disk stands still."""
    assert database.process
    assert service.get("/api/stories").status_code == 200
    slowest: dict[str, float] = {}
    statuses: Counter[tuple[str, int]] = Counter()
    over = threading.Event()

    def ask(path: str) -> None:
        with httpx.Client(base_url=service.url, timeout=stack.PATIENCE) as client:
            while not over.wait(0.1):
                began = time.monotonic()
                statuses[path, client.get(path).status_code] += 1
                slowest[path] = max(slowest.get(path, 0), time.monotonic() - began)

    asking = [threading.Thread(target=ask, args=(path,)) for path in ["/api/stories"] * 24 + ["/healthz"]]
    children = Path(f"/proc/{database.process.pid}/task/{database.process.pid}/children")
    for thread in asking:
        thread.start()
    time.sleep(1)
    frozen = [database.process.pid, *map(int, children.read_text().split())]
    try:
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(10)
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
        back = datetime.now(UTC)
        over.set()
    for thread in asking:
        thread.join()
    stack.until(lambda: service.get("/readyz").status_code == 200, "the database is found again")
    found = [json.loads(line) for line in service.output.read_text().splitlines() if "answers again" in line]
    assert set(statuses) == {("/api/stories", 200), ("/healthz", 200)}
    # A load balancer gives a health check five seconds, three times.
    assert slowest["/healthz"] < 12
    # Each worker finds it for itself.
    assert found
    assert all((datetime.fromisoformat(one["time"]) - back).total_seconds() < 2 for one in found)


def test_a_restart_between_two_requests_is_not_noticed(database: stack.Postgres, service: stack.Service) -> None:
    def read() -> list[int]:
        return [service.get("/api/stories").status_code for _ in range(12)]

    # Enough of them for each worker to have a connection that the restart breaks.
    assert read() == [200] * 12
    database.stop()
    database.start()
    assert read() == [200] * 12


def test_the_metrics_are_those_of_all_workers(service: stack.Service) -> None:
    for _ in range(20):
        # A new connection each, so that both workers have their share.
        service.get("/api/stories")
    line = 'http_requests_total{method="GET",route="/api/stories",service="api",status="200"} 20.0'
    for _ in range(5):
        assert line in service.get("/metrics").text
