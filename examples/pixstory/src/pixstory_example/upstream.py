"""What the API can do without for a while: the cache and the Speech API."""

from __future__ import annotations

import logging
import ssl
import threading
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import redis
from prometheus_client import Counter
from redis.backoff import NoBackoff
from redis.retry import Retry

from .checks import is_web_url
from .observability import request_id
from .settings import Cache
from .times import timestamp

log = logging.getLogger(__name__)

LOOKUPS = Counter("feed_cache_lookups_total", "Looks into the feed cache", ["result"])


class Pause:
    """After a failure, leaves a service alone for some seconds: requests should not all wait for it to time out."""

    def __init__(self, name: str, seconds: float) -> None:
        self._name = name
        self._seconds = seconds
        self._until = 0.0

    def __bool__(self) -> bool:
        return time.monotonic() < self._until

    def begin(self, error: Exception) -> None:
        self._until = time.monotonic() + self._seconds
        data = {"service": self._name, "reason": f"{type(error).__name__}: {error}"}
        log.warning("service does not answer, going on without it", extra={"data": data})


@dataclass(frozen=True)
class Kept:
    """The last good answer to a question."""

    body: bytes
    content_type: str
    at: float
    """Seconds since 1970."""

    def packed(self) -> bytes:
        return f"{self.at:.0f} {self.content_type}\n".encode() + self.body

    @classmethod
    def unpacked(cls, packed: bytes) -> Kept:
        head, _, body = packed.partition(b"\n")
        at, _, content_type = head.decode().partition(" ")
        return cls(body, content_type, float(at))


@dataclass(frozen=True)
class Lookup:
    body: bytes | None
    key: str | None
    """Under which to store the answer; None while Redis is away."""


class FeedCache:
    """The feed as it was answered, in Redis; and the last good answer to each question, for when PostgreSQL is away.

    The keys hold the name of a generation. Posting starts a new one, so a feed that was read from the database before
    the post, and is stored after it, lands under a key that nobody reads any more. What Redis could not be told of
    (it was away) is stale for `TTL` seconds at most.
    """

    TTL = 30
    PAUSE = 5.0
    KEPT_SECONDS = 86400
    KEPT_BYTES = 1024 * 1024
    HERE_BYTES = 16 * 1024 * 1024
    _GENERATION = "feed:generation"

    def __init__(self, settings: Cache) -> None:
        self._redis = redis.Redis(
            host=settings.host,
            port=settings.port,
            password=settings.auth_token or None,
            ssl=settings.tls,
            ssl_cert_reqs="required",
            ssl_check_hostname=True,
            socket_timeout=0.5,
            socket_connect_timeout=0.5,
            # One more attempt: a pooled connection may be one to a Redis that has been replaced.
            retry=Retry(NoBackoff(), 1),
        )
        self._pause = Pause("cache", self.PAUSE)
        self._here: OrderedDict[str, Kept] = OrderedDict()
        self._here_bytes = 0
        self._lock = threading.Lock()

    def look_up(self, limit: int) -> Lookup:
        found = Lookup(None, None)
        if not self._pause:
            try:
                generation: Any = self._redis.get(self._GENERATION)
                key = f"feed:{(generation or b'first').decode()}:{limit}"
                body: Any = self._redis.get(key)
                found = Lookup(body, key)
            except redis.RedisError as error:
                self._pause.begin(error)
        LOOKUPS.labels("away" if found.key is None else "miss" if found.body is None else "hit").inc()
        return found

    def store(self, key: str | None, body: bytes) -> None:
        if key and not self._pause:
            try:
                self._redis.set(key, body, ex=self.TTL)
            except redis.RedisError as error:
                self._pause.begin(error)

    def invalidate(self) -> None:
        """Tried even in a pause: other processes may reach Redis and serve the old feed."""
        try:
            self._redis.set(self._GENERATION, uuid.uuid4().hex)
        except redis.RedisError as error:
            self._pause.begin(error)

    def keep(self, question: str, answer: Kept, *, shared: bool = True) -> None:
        """Kept here, and if ``shared`` for all app servers, in Redis.

        A zone that is lost may take the primaries of PostgreSQL and of Redis at once: what this process answered last
        it has all the same. What has a time to live is what Redis lets go first when it is full.
        """
        if len(answer.body) > self.KEPT_BYTES:
            return
        self._keep_here(question, answer)
        if shared and not self._pause:
            try:
                self._redis.set(f"kept:{question}", answer.packed(), ex=self.KEPT_SECONDS)
            except redis.RedisError as error:
                self._pause.begin(error)

    def _keep_here(self, question: str, answer: Kept) -> None:
        """What was asked for last stays; the oldest goes where all is more than `HERE_BYTES`."""
        with self._lock:
            before = self._here.pop(question, None)
            self._here_bytes += len(answer.body) - (len(before.body) if before else 0)
            self._here[question] = answer
            while self._here_bytes > self.HERE_BYTES:
                _, oldest = self._here.popitem(last=False)
                self._here_bytes -= len(oldest.body)

    def kept(self, question: str) -> Kept | None:
        """The last good answer; Redis has the newest of all app servers'."""
        packed: Any = None
        if not self._pause:
            try:
                packed = self._redis.get(f"kept:{question}")
            except redis.RedisError as error:
                self._pause.begin(error)
        return Kept.unpacked(packed) if packed else self._here.get(question)


class SpeechApi:
    """The items of the Speech API. The URL comes from the settings alone, and redirects are not followed."""

    PAUSE = 5.0

    def __init__(self, url: str, certificate: str = "") -> None:
        self._pause = Pause("Speech API", self.PAUSE)
        self._client = None
        if url:
            trust = ssl.create_default_context(cafile=certificate or None)
            self._client = httpx.Client(base_url=url, verify=trust, timeout=2)

    def items(self, limit: int) -> tuple[str, list[dict[str, Any]]]:
        """How it stands with the Speech API (ok, away or off), and its newest items."""
        if self._client is None:
            return "off", []
        if self._pause:
            return "away", []
        try:
            headers = {"X-Request-ID": request_id.get()}
            answer = self._client.get("/items", params={"limit": limit}, headers=headers).raise_for_status()
            items = [
                {"kind": "speech", "published_at": timestamp(datetime.fromisoformat(item["published_at"]))}
                | {key: str(item[key]) for key in ("title", "url", "source", "summary")}
                for item in answer.json()["items"]
            ]
        except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
            self._pause.begin(error)
            return "away", []
        # These become links on a page.
        return "ok", [item for item in items if is_web_url(item["url"])]
