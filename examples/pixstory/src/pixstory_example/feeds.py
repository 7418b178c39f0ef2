"""What a feed says (RSS 2.0 and Atom), which sources there are, and when to ask again. No input, no output."""

from __future__ import annotations

import calendar
import hashlib
import io
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit
from xml.sax import SAXException

import feedparser  # type: ignore[import-untyped]
from markupsafe import Markup

from .checks import is_web_url
from .settings import SettingsError
from .times import timestamp

ITEMS_OF_ONE_FEED = 200
SUMMARY = 400
MINUTE, HOUR, DAY = 60, 3600, 86400
# Say who sent the reader, not what is read.
TRACKING = ("utm_", "fbclid", "gclid", "mc_cid", "mc_eid", "igshid")


class MalformedFeed(Exception):
    """The answer is neither RSS nor Atom, or holds no item that can be used."""


@dataclass(frozen=True)
class Source:
    name: str
    url: str
    interval: int = 15 * MINUTE
    """Seconds between two fetches."""


@dataclass(frozen=True)
class Item:
    guid: str
    title: str
    url: str
    canonical_url: str
    summary: str
    published_at: str


def read_sources(text: str) -> list[Source]:
    """The sources of a TOML file: tables [[source]] with name, url and, if it is not 900, interval in seconds."""
    try:
        tables = tomllib.loads(text).get("source", [])
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"this is no TOML: {error}") from error
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise SettingsError("source: write tables that start with [[source]]")
    sources = [_source(number, table) for number, table in enumerate(tables, 1)]
    names = [source.name for source in sources]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SettingsError(f"name: {', '.join(twice)} stands twice; give each source a name of its own")
    return sources


def _source(number: int, table: dict[str, Any]) -> Source:
    where = f"source {number}"
    if unknown := sorted(table.keys() - {"name", "url", "interval"}):
        raise SettingsError(f"{where}: {', '.join(unknown)} is unknown; write name, url and interval")
    name, url, interval = table.get("name"), table.get("url"), table.get("interval", 15 * MINUTE)
    if not isinstance(name, str) or not name.strip():
        raise SettingsError(f"{where}: name is missing; write a short text")
    if not isinstance(url, str) or not is_web_url(url):
        raise SettingsError(f"{where} ({name}): url is {url!r}; write an http or https URL")
    if not isinstance(interval, int) or isinstance(interval, bool) or not MINUTE <= interval <= DAY:
        raise SettingsError(f"{where} ({name}): interval is {interval!r}; write seconds, {MINUTE} to {DAY}")
    return Source(name, url, interval)


def parse(content: bytes, url: str, now: datetime) -> list[Item]:
    """The items of a feed that was fetched from `url`. One that cannot be used is left out."""
    # As a stream: feedparser opens what looks like a file name or a URL.
    headers = {"content-location": url, "content-type": "application/xml"}
    feed = feedparser.parse(io.BytesIO(content), response_headers=headers)
    if not feed.get("version"):
        raise MalformedFeed("this is neither RSS nor Atom")
    items = [item for entry in feed.entries[:ITEMS_OF_ONE_FEED] if (item := _item(entry, url, now))]
    # Publishers break the XML of a feed often, and feedparser reads what is there. With nothing there, it is a failure.
    if not items and isinstance(feed.get("bozo_exception"), SAXException):
        raise MalformedFeed(f"this is no well-formed feed: {feed.bozo_exception}")
    return items


def _item(entry: Any, url: str, now: datetime) -> Item | None:
    link = urljoin(url, entry.get("link", ""))
    title = _plain(entry.get("title", ""))
    if not entry.get("link") or not is_web_url(link) or not title:
        return None
    # By its own name only: asked for one, feedparser hands out the other with a warning.
    moment = next((entry[key] for key in ("published_parsed", "updated_parsed") if key in entry), None)
    try:
        published = min(datetime.fromtimestamp(calendar.timegm(moment), UTC), now) if moment else now
    except (ValueError, OverflowError, OSError):
        published = now
    return Item(
        guid=entry.get("id") or link,
        title=_shorten(title, 200),
        url=link,
        canonical_url=canonical(link),
        summary=_shorten(_plain(entry.get("summary", "")), SUMMARY),
        published_at=timestamp(published),
    )


def _plain(html: str) -> str:
    return Markup(html).striptags().replace("\0", "")


def _shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def canonical(url: str) -> str:
    """The same for all spellings of one address: for comparing, not for opening."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    if parts.port not in (None, 80, 443):
        host += f":{parts.port}"
    query = sorted(pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not pair[0].startswith(TRACKING))
    return urlunsplit(("https", host, parts.path.rstrip("/") or "/", urlencode(query), ""))


def next_delay(interval: int, failures: int, random: Callable[[], float], retry_after: int = 0) -> float:
    """Seconds until the next fetch, after so many failures in a row.

    A source that answers is asked once an interval, and up to a tenth later, so that sources of one interval spread.
    One that fails is asked after a minute, then two, four, … at most six hours (or its interval, if that is longer),
    each time a random half to whole of it, and never before its Retry-After (at most a day).
    """
    if not failures:
        return interval * (1 + random() / 10)
    ceiling: int = min(MINUTE << min(failures - 1, 20), max(6 * HOUR, interval))
    return max(ceiling * (0.5 + random() / 2), min(retry_after, DAY))


def fingerprint(source: Source, guid: str) -> str:
    """Guids are unique within their source only, and may be of any length."""
    return hashlib.sha256(f"{source.name}\n{guid}".encode("utf-8", "replace")).hexdigest()
