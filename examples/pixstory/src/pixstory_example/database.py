"""The tables, and the way to them."""

from __future__ import annotations

import logging
import socket
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
    Text,
    create_engine,
    event,
    func,
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


def _options(settings: Database) -> dict[str, Any]:
    """How each connection is made, in libpq's words."""
    return {
        "sslmode": settings.sslmode,
        "connect_timeout": 2,
        # After a failover the name may still lead to the old primary, which by then takes no writes.
        "target_session_attrs": "read-write",
        # A primary that vanished sends no RST: give its connection up after this many milliseconds.
        "tcp_user_timeout": 4000,
        "keepalives_idle": 5,
        "options": "-c statement_timeout=3s -c lock_timeout=2s",
        "application_name": "pixstory-example",
    }


def connect(settings: Database, *, patient: bool = False, **pool: Any) -> Engine:
    """A pool that tells within a few seconds that the database is away, and finds it again by itself.

    A `patient` one waits for an answer as long as the server lets it.
    """
    engine = create_engine(
        URL.create(
            "postgresql+psycopg", settings.username, settings.password, settings.host, settings.port, settings.name
        ),
        connect_args=_options(settings),
        # Texts of users have no business in a log.
        hide_parameters=True,
        **(
            pool
            or {
                "pool_pre_ping": True,
                "pool_size": 8,
                "max_overflow": 0,
                "pool_timeout": 4,
                # So that every process looks the name up again now and then.
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

    At most one of these connections waits at each address that the name has. A server that hangs has to take every
    one that came meanwhile before it takes the next, those that were given up, too. A failover gives the name another
    address, and that one is asked at once.
    """

    PAUSE = 0.25
    PATIENCE = 10
    """Seconds for a connection. A host that comes back gets the next SYN within four."""

    def __init__(self, settings: Database) -> None:
        self._settings = settings
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
        back = threading.Event()
        asking: dict[str, threading.Thread] = {}
        while True:
            for address in self._addresses():
                if address not in asking or not asking[address].is_alive():
                    asking[address] = threading.Thread(target=self._ask, args=(address, back), daemon=True)
                    asking[address].start()
            if back.wait(self.PAUSE):
                break
        self._reason = ""
        log.warning("the database answers again", extra={"data": {"seconds": round(time.monotonic() - began, 1)}})

    def _addresses(self) -> set[str]:
        try:
            found = socket.getaddrinfo(self._settings.host, self._settings.port, type=socket.SOCK_STREAM)
        except OSError:  # the name has none at the moment
            return set()
        return {str(address[0]) for *_, address in found}

    def _ask(self, address: str, back: threading.Event) -> None:
        wanted = self._settings
        try:
            with Impatient.connect(
                **{**_options(wanted), "connect_timeout": self.PATIENCE},
                host=wanted.host,
                hostaddr=address,
                port=wanted.port,
                dbname=wanted.name,
                user=wanted.username,
                password=wanted.password,
            ) as connection:
                connection.execute("SELECT 1")
        except psycopg.Error:
            return
        back.set()
