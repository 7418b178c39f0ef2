"""speech-fetch: asks each source on its own schedule and keeps what is new."""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import re
import signal
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from . import __version__, settings
from .feeds import Item, MalformedFeed, Source, next_delay, parse, read_sources
from .items import Items, State
from .observability import log_to_stdout
from .settings import SettingsError

log = logging.getLogger(__name__)

SIZE_LIMIT = 2 * 1024 * 1024
SECONDS = 20.0
AT_ONCE = 8
USER_AGENT = f"pixstory-example/{__version__}"


class FetchFailed(Exception):
    def __init__(self, message: str, retry_after: int = 0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Fetched:
    items: list[Item]
    etag: str
    last_modified: str
    changed: bool


def client() -> httpx.AsyncClient:
    # No compression: a small answer may then become no large one. httpx follows redirects to http and https only.
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    return httpx.AsyncClient(follow_redirects=True, max_redirects=5, timeout=10, trust_env=False, headers=headers)


async def fetch(http: httpx.AsyncClient, source: Source, state: State, seconds: float = SECONDS) -> Fetched:
    """One conditional GET, within `seconds` altogether: redirects, headers and a body that trickles in."""
    conditions = {"If-None-Match": state.etag, "If-Modified-Since": state.last_modified}
    headers = {name: value for name, value in conditions.items() if value}
    try:
        async with asyncio.timeout(seconds), http.stream("GET", source.url, headers=headers) as answer:
            if answer.status_code == 304:
                return Fetched([], state.etag, state.last_modified, changed=False)
            if answer.status_code != 200:
                wait = answer.headers.get("Retry-After", "")
                raise FetchFailed(f"HTTP {answer.status_code}", int(wait) if re.fullmatch("[0-9]{1,6}", wait) else 0)
            if (encoding := answer.headers.get("Content-Encoding", "identity")) != "identity":
                raise FetchFailed(f"the answer is encoded as {encoding}, though none was asked for")
            content = bytearray()
            async for chunk in answer.aiter_raw():
                content += chunk
                if len(content) > SIZE_LIMIT:
                    raise FetchFailed(f"the feed is larger than {SIZE_LIMIT} bytes")
    except TimeoutError as error:
        raise FetchFailed(f"no whole answer within {seconds:g} s") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FetchFailed(f"{type(error).__name__}: {error}") from error
    try:
        # Off the event loop: a large feed takes a while.
        items = await asyncio.to_thread(parse, bytes(content), str(answer.url), datetime.now(UTC))
    except MalformedFeed as error:
        raise FetchFailed(str(error)) from error
    return Fetched(items, answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", ""), changed=True)


class Fetcher:
    def __init__(self, items: Items, sources: list[Source], http: httpx.AsyncClient) -> None:
        self._items = items
        self._sources = sources
        self._http = http
        self._slots = asyncio.Semaphore(AT_ONCE)
        items.keep_only(sources)

    async def fetch_due(self) -> float:
        """Fetches the sources whose time has come. Returns the seconds until the next one's."""
        states = {state.name: state for state in self._items.states()}
        async with asyncio.TaskGroup() as tasks:
            for source in self._sources:
                if states[source.name].next_at <= time.time():
                    tasks.create_task(self._one(source, states[source.name]))
        waits = [state.next_at - time.time() for state in self._items.states()]
        # The clock may be set; a minute at most, and it is looked at again.
        return max(0.0, min([*waits, 60.0]))

    async def _one(self, source: Source, state: State) -> None:
        async with self._slots:
            began = time.perf_counter()
            data: dict[str, object] = {"source": source.name}
            try:
                fetched = await fetch(self._http, source, state)
            except FetchFailed as error:
                delay = next_delay(source.interval, state.failures + 1, random.random, error.retry_after)
                self._items.failed(source, str(error), time.time() + delay)
                data |= {"reason": str(error), "failures": state.failures + 1, "again_in_seconds": round(delay)}
                log.warning("fetch failed", extra={"data": data})
                return
            now = time.time()
            next_at = now + next_delay(source.interval, 0, random.random)
            added = self._items.succeeded(source, fetched.items, fetched.etag, fetched.last_modified, now, next_at)
            data |= {"changed": fetched.changed, "items": len(fetched.items), "new": added}
            log.info("fetched", extra={"data": data | {"milliseconds": round((time.perf_counter() - began) * 1000)}})


async def run(items: Items, sources: list[Source], once: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with client() as http:
        fetcher = Fetcher(items, sources, http)
        while not stop.is_set():
            work = asyncio.create_task(fetcher.fetch_due())
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                work.cancel()
                return
            seconds = work.result()
            if once:
                return
            await asyncio.wait({stopping}, timeout=seconds)
            stopping.cancel()


def main() -> int:
    parser = argparse.ArgumentParser(prog="speech-fetch", description=__doc__)
    parser.add_argument("--sources", type=Path, help="the TOML file (default: SPEECH_SOURCES)")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="only say whether the file is right")
    mode.add_argument("--once", action="store_true", help="fetch what is due, then end")
    options = parser.parse_args()
    try:
        path: Path = options.sources or settings.speech_sources()
        try:
            sources = read_sources(path.read_text())
        except (OSError, UnicodeDecodeError, SettingsError) as error:
            raise SettingsError(f"{path}: {error}") from error
        if options.check:
            print(f"{path}: {len(sources)} sources")
            return 0
        log_to_stdout()
        with Items.opened(settings.state_directory()) as items:
            asyncio.run(run(items, sources, options.once))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 78  # EX_CONFIG
    return 0


if __name__ == "__main__":
    sys.exit(main())
