"""A database that hangs is asked once, and one that its name leads to now is asked at once."""

from __future__ import annotations

import select
import socket
import time
from dataclasses import replace

import psycopg
import pytest

from pixstory_example.database import DatabaseAway, Reach
from pixstory_example.settings import Database

from . import stack

ELSEWHERE = "127.0.0.9"


def hanging(address: str, port: int = 0) -> socket.socket:
    """A server whose kernel takes connections, and that takes none from its kernel."""
    return socket.create_server((address, port))


def taken(server: socket.socket) -> int:
    """How many connections wait for it."""
    connections = []
    while select.select([server], [], [], 0)[0]:
        connections.append(server.accept()[0])
    for connection in connections:
        connection.close()
    return len(connections)


def is_back(reach: Reach) -> bool:
    try:
        reach.check()
    except DatabaseAway:
        return False
    return True


def test_a_database_that_hangs_finds_one_connection_when_it_is_back() -> None:
    with hanging("127.0.0.1") as server:
        reach = Reach(Database("127.0.0.1", "pixstory", "app", "secret", port=server.getsockname()[1]))
        reach.lost(psycopg.OperationalError("no answer"))
        time.sleep(5)
        assert taken(server) == 1
        assert not is_back(reach)


def test_a_failover_is_seen_while_the_old_primary_hangs(
    postgres: stack.Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(postgres.settings, name="postgres", host="primary.test")
    resolve = socket.getaddrinfo
    leads_to = [ELSEWHERE]
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *others, **named: resolve(leads_to[0], *others, **named))
    with hanging(ELSEWHERE, settings.port) as server:
        reach = Reach(settings)
        reach.lost(psycopg.OperationalError("no answer"))
        stack.until(lambda: bool(select.select([server], [], [], 0)[0]), "the old primary is asked")
        assert not is_back(reach)
        leads_to[0] = postgres.settings.host
        began = time.monotonic()
        stack.until(lambda: is_back(reach), "the new primary is found")
        assert time.monotonic() - began < Reach.PATIENCE / 2  # the connection to the old one still waits
