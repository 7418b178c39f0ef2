"""The tables, and the way to them."""

from __future__ import annotations

import uuid
from datetime import datetime

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
    func,
)
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from .settings import Database

# What SQLAlchemy raises while PostgreSQL is away, starts, stops or fails over, or has no connection left.
AWAY = (OperationalError, InterfaceError, TimeoutError)


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


def connect(settings: Database) -> Engine:
    """A pool that tells within a few seconds that the database is away, and finds it again by itself."""
    return create_engine(
        URL.create(
            "postgresql+psycopg", settings.username, settings.password, settings.host, settings.port, settings.name
        ),
        connect_args={
            "sslmode": settings.sslmode,
            "connect_timeout": 3,
            # After a failover the name may still lead to the old primary, which by then takes no writes.
            "target_session_attrs": "read-write",
            # A primary that vanished sends no RST: give its connection up after this many milliseconds.
            "tcp_user_timeout": 4000,
            "keepalives_idle": 5,
            "options": "-c statement_timeout=10s -c lock_timeout=5s",
            "application_name": "pixstory-example",
        },
        pool_pre_ping=True,
        pool_size=8,
        max_overflow=0,
        pool_timeout=4,
        # So that every process looks the name up anew now and then.
        pool_recycle=600,
        # Texts of users have no business in a log.
        hide_parameters=True,
    )
