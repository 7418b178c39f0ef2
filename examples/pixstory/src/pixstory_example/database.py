"""The tables, and the way to them."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import (
    URL,
    BigInteger,
    CheckConstraint,
    DateTime,
    Engine,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    NullPool,
    Text,
    create_engine,
    event,
    func,
    text,
)
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from .settings import Database

log = logging.getLogger(__name__)

ANSWER_SECONDS = 4.0  # for each answer of PostgreSQL; it gives a statement up itself before


class DatabaseAway(Exception):
    """The database did not answer a moment ago, and has not been found again yet."""


# What SQLAlchemy raises while PostgreSQL is away, starts, stops or fails over, or has no connection left.
AWAY = (OperationalError, InterfaceError, TimeoutError, DatabaseAway)


class Base(DeclarativeBase):
    type_annotation_map = {datetime: DateTime(timezone=True), str: Text(), bytes: LargeBinary()}  # noqa: RUF012


class Photo(Base):
    __tablename__ = "photos"

    # Random, so that nobody can count through them.
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    content_type: Mapped[str]
    content: Mapped[bytes]


class Story(Base):
    __tablename__ = "stories"
    __table_args__ = (Index("stories_newest", "created_at", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    title: Mapped[str]
    text: Mapped[str]
    author: Mapped[str]
    photo_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("photos.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Argument(Base):
    __tablename__ = "arguments"
    __table_args__ = (
        CheckConstraint("stance IN ('support', 'challenge')", name="arguments_stance"),
        CheckConstraint("stance = 'support' OR evidence IS NOT NULL", name="arguments_challenge_has_evidence"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id", ondelete="CASCADE"), index=True)
    stance: Mapped[str]
    text: Mapped[str]
    evidence: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Impatient(psycopg.Connection[Any]):
    """A connection that does not wait for ever.

    Of a server that hangs, all that is seen is that no answer comes: its kernel still takes what is sent to it.
    """

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        began = time.monotonic()
        limit = ANSWER_SECONDS if timeout is None else timeout
        try:
            return super().wait(gen, interval, limit)
        except psycopg.OperationalError:
            if time.monotonic() - began >= limit:
                self.close()  # what comes late would be taken for the answer to the next question
            raise


def connect(settings: Database, *, patient: bool = False, **pool: Any) -> Engine:
    """A pool that tells within a few seconds that the database is away, and finds it again by itself.

    A `patient` one waits for an answer as long as the server lets it.
    """
    engine = create_engine(
        URL.create(
            "postgresql+psycopg", settings.username, settings.password, settings.host, settings.port, settings.name
        ),
        connect_args={
            "sslmode": settings.sslmode,
            "connect_timeout": 2,
            # After a failover the name may still lead to the old primary, which by then takes no writes.
            "target_session_attrs": "read-write",
            # A primary that vanished sends no RST: give its connection up after this many milliseconds.
            "tcp_user_timeout": 4000,
            "keepalives_idle": 5,
            "options": "-c statement_timeout=3s -c lock_timeout=2s",
            "application_name": "pixstory-example",
        },
        # Texts of users have no business in a log.
        hide_parameters=True,
        **(
            pool
            or {
                "pool_pre_ping": True,
                "pool_size": 8,
                "max_overflow": 0,
                "pool_timeout": 4,
                # So that every process looks the name up anew now and then.
                "pool_recycle": 600,
            }
        ),
    )

    @event.listens_for(engine, "do_connect")
    def connected(dialect: Any, record: Any, arguments: Any, settings: dict[str, Any]) -> Any:
        return (psycopg.Connection if patient else Impatient).connect(*arguments, **settings)

    return engine


class Reach:
    """Whether the database can be reached.

    While it is away no request waits for it: all threads of a server that wait are a server that answers nobody, its
    load balancer neither. One thread looks for it, in connections of its own, and says when it is back.
    """

    PAUSE = 0.25

    def __init__(self, settings: Database) -> None:
        self._engine = connect(settings, poolclass=NullPool)
        self._lock = threading.Lock()
        self._reason = ""

    def check(self) -> None:
        """Refuse at once what the database would be needed for while it is away."""
        if self._reason:
            raise DatabaseAway(self._reason)

    def lost(self, error: Exception) -> None:
        """Somebody has found it away. Whoever says so first has it looked for."""
        with self._lock:
            if self._reason:
                return
            self._reason = str(getattr(error, "orig", error)).strip() or type(error).__name__
        log.warning("the database does not answer", extra={"data": {"reason": self._reason}})
        threading.Thread(target=self._look, name="reach", daemon=True).start()

    def _look(self) -> None:
        began = time.monotonic()
        while True:
            try:
                with self._engine.connect() as connection:
                    connection.execute(text("SELECT 1"))
                break
            except AWAY:
                time.sleep(self.PAUSE)
        self._reason = ""
        log.warning("the database answers again", extra={"data": {"seconds": round(time.monotonic() - began, 1)}})
