"""Brings the schema to the newest version: on many hosts at once, each migration runs exactly once."""

from __future__ import annotations

import functools
import logging
import os
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from .database import AWAY, connect
from .settings import Database

log = logging.getLogger(__name__)

# Any number will do that nothing else in the database uses: "pixs" as ASCII.
LOCK = 0x70697873


def configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", "pixstory_example:migrations")
    return config


@functools.cache
def lacking(revision: str) -> str:
    """The revision that a database would have to be brought to for this release; empty where it suits.

    One that this release does not know is a later release's: its schema suits the release before it.
    """
    known = ScriptDirectory.from_config(configuration())
    head = known.get_current_head() or ""
    return head if revision != head and revision in {one.revision for one in known.walk_revisions()} else ""


def migrate(settings: Database) -> list[str]:
    """Returns the revisions that this process applied, in their order."""
    applied: list[str] = []

    def note(*, step: Any, **_: Any) -> None:
        applied.append(step.up_revision_id)

    engine = connect(settings, patient=True)
    try:
        # The lock belongs to the transaction that also migrates: it is released with the commit, and not before, and
        # a host that dies half-way leaves neither a lock nor half a schema.
        with engine.begin() as connection:
            # Another host may take its time; the limits of a request are not meant for this.
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            config = configuration()
            config.attributes |= {"connection": connection, "on_version_apply": note}
            command.upgrade(config, "head")
            head = ScriptDirectory.from_config(config).get_current_head()
    finally:
        engine.dispose()
    log.info("schema is current", extra={"data": {"revision": head, "applied": applied}})
    return applied


def main() -> int:
    try:
        migrate(Database.from_environment())
    except AWAY as error:
        log.error("the database does not answer: migrated nothing", extra={"data": {"reason": str(error).strip()}})
        return os.EX_TEMPFAIL
    return 0
