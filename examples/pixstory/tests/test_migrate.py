"""Migrations: as declared, and exactly once however many hosts start at the same moment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from pixstory_example.database import Base, connect
from pixstory_example.migrate import LOCK, configuration, migrate
from pixstory_example.settings import Cache, Database

from . import stack


def start(database: Database) -> subprocess.Popen[str]:
    environment = stack.python_environment() | stack.api_environment(database, Cache("unused.example"))
    return subprocess.Popen(
        [sys.executable, "-m", "pixstory_example", "migrate"], env=environment, stdout=subprocess.PIPE, text=True
    )


def test_two_hosts_migrate_an_empty_database_at_the_same_moment(postgres: stack.Postgres) -> None:
    database = postgres.create("raced")
    with postgres.connect("raced") as gate:
        # Hold both at the lock until both have come, then let them go together.
        gate.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        hosts = [start(database), start(database)]

        def both_wait() -> bool:
            waiting = gate.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            return waiting.fetchone() == (2,)

        try:
            stack.until(both_wait, "both hosts wait for the lock")
            # Longer than a request may wait for a lock: the first host may have much to do.
            time.sleep(5.5)
            assert both_wait(), "a host gave up"
        finally:
            gate.execute("SELECT pg_advisory_unlock_all()")
            outputs = [host.communicate(timeout=stack.PATIENCE)[0] for host in hosts]
    assert [host.returncode for host in hosts] == [0, 0], outputs
    applied = [json.loads(output.splitlines()[-1])["applied"] for output in outputs]
    assert sorted(applied) == [[], ["0001", "0002"]]


def test_migrating_again_changes_nothing(postgres: stack.Postgres) -> None:
    database = postgres.create("again")
    assert migrate(database) == ["0001", "0002"]
    assert migrate(database) == []


def test_a_migration_that_fails_leaves_nothing_behind(
    postgres: stack.Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = postgres.create("failing")
    with postgres.connect("failing") as connection:
        # In the way of the second migration.
        connection.execute("CREATE TABLE arguments (id int)")
    with pytest.raises(Exception, match='"arguments" already exists'):
        migrate(database)
    with postgres.connect("failing") as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        assert tables == [("arguments",)]
        connection.execute("DROP TABLE arguments")
    assert migrate(database) == ["0001", "0002"]


def test_the_migrations_make_the_tables_that_the_application_declares(postgres: stack.Postgres) -> None:
    database = postgres.create("compared")
    migrate(database)
    engine = connect(database)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_migrations_can_be_taken_back(postgres: stack.Postgres) -> None:
    database = postgres.create("back")
    migrate(database)
    engine = connect(database)
    with engine.begin() as connection:
        config = configuration()
        config.attributes |= {"connection": connection, "on_version_apply": ()}
        command.downgrade(config, "base")
    engine.dispose()
    assert migrate(database) == ["0001", "0002"]


def test_a_database_that_is_away_is_a_temporary_failure(postgres: stack.Postgres) -> None:
    nobody = Database("127.0.0.1", "pixstory", "pixstory", stack.PASSWORD, "disable", stack.free_port())
    host = start(nobody)
    output, _ = host.communicate(timeout=stack.PATIENCE)
    assert host.returncode == os.EX_TEMPFAIL
    assert "the database does not answer: migrated nothing" in output
    assert stack.PASSWORD not in output
