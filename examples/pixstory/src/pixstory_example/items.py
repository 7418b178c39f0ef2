"""The items and the state of the sources, in SQLite. The fetcher writes, the Speech API reads."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from .feeds import DAY, Item, Source, fingerprint

KEEP = 90 * DAY

SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
  id INTEGER PRIMARY KEY,
  fingerprint TEXT NOT NULL UNIQUE,
  canonical_url TEXT NOT NULL UNIQUE,
  source TEXT NOT NULL,
  title TEXT NOT NULL,
  url TEXT NOT NULL,
  summary TEXT NOT NULL,
  published_at TEXT NOT NULL,
  seen_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS items_newest ON items (published_at DESC, id DESC);
CREATE TABLE IF NOT EXISTS sources (
  name TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  etag TEXT NOT NULL DEFAULT '',
  last_modified TEXT NOT NULL DEFAULT '',
  next_at REAL NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  last_success_at REAL,
  last_error TEXT NOT NULL DEFAULT ''
);
"""


@dataclass(frozen=True)
class State:
    """What is remembered of a source. Times are seconds since 1970."""

    name: str
    url: str
    etag: str
    last_modified: str
    next_at: float
    failures: int
    last_success_at: float | None
    last_error: str


class Items:
    def __init__(self, folder: Path) -> None:
        self._database = sqlite3.connect(folder / "speech.sqlite3", timeout=5)
        self._database.row_factory = sqlite3.Row
        # Readers do not wait for the writer.
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(SCHEMA)

    @classmethod
    @contextmanager
    def opened(cls, folder: Path) -> Iterator[Self]:
        items = cls(folder)
        try:
            yield items
        finally:
            items._database.close()

    def keep_only(self, sources: Iterable[Source]) -> None:
        """Makes the remembered sources those of the file. A source whose URL changed starts again."""
        wanted = {source.name: source.url for source in sources}
        with self._database as database:
            for state in self.states():
                if wanted.get(state.name) != state.url:
                    database.execute("DELETE FROM sources WHERE name = ?", (state.name,))
            database.executemany("INSERT OR IGNORE INTO sources (name, url) VALUES (?, ?)", wanted.items())

    def states(self) -> list[State]:
        return [State(**row) for row in self._database.execute("SELECT * FROM sources ORDER BY name")]

    def succeeded(
        self, source: Source, items: Iterable[Item], etag: str, last_modified: str, now: float, next_at: float
    ) -> int:
        """Adds what is new, by guid and by canonical URL, and returns how many that were."""
        added = 0
        with self._database as database:
            for item in items:
                row = (fingerprint(source, item.guid), item.canonical_url)
                if database.execute(
                    "UPDATE items SET seen_at = ? WHERE fingerprint = ? OR canonical_url = ?", (now, *row)
                ).rowcount:
                    continue
                database.execute(
                    "INSERT INTO items (fingerprint, canonical_url, source, title, url, summary, published_at, seen_at)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (*row, source.name, item.title, item.url, item.summary, item.published_at, now),
                )
                added += 1
            database.execute("DELETE FROM items WHERE seen_at < ?", (now - KEEP,))
            database.execute(
                "UPDATE sources SET etag = ?, last_modified = ?, next_at = ?, failures = 0, last_success_at = ?,"
                " last_error = '' WHERE name = ?",
                (etag, last_modified, next_at, now, source.name),
            )
        return added

    def failed(self, source: Source, error: str, next_at: float) -> None:
        with self._database as database:
            database.execute(
                "UPDATE sources SET failures = failures + 1, last_error = ?, next_at = ? WHERE name = ?",
                (error, next_at, source.name),
            )

    def newest(self, since: str, limit: int) -> list[dict[str, Any]]:
        rows = self._database.execute(
            "SELECT id, source, title, url, summary, published_at FROM items WHERE published_at >= ?"
            " ORDER BY published_at DESC, id DESC LIMIT ?",
            (since, limit),
        )
        return [dict(row) for row in rows]

    def counts(self) -> dict[str, int]:
        return dict(self._database.execute("SELECT source, count(*) FROM items GROUP BY source").fetchall())
