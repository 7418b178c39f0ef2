"""The fetcher against a real HTTP server: what it sends, what it makes of the answers."""

from __future__ import annotations

import asyncio
import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from werkzeug.wrappers import Request, Response

from pixstory_example import fetch as fetch_module
from pixstory_example.feeds import Source
from pixstory_example.fetch import Fetcher, FetchFailed, client, fetch
from pixstory_example.items import Items, State

from . import stack

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

FEEDS = Path(__file__).parent / "feeds"
RSS, ATOM = (FEEDS / "press.rss").read_bytes(), (FEEDS / "wire.atom").read_bytes()
NEVER = State("a", "", "", "", 0, 0, None, "")


class Publisher:
    """Answers what a test tells it to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.answers: dict[str, Callable[[Request], Response]] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        self.asked.append((request.path, dict(request.headers)))
        return self.answers[request.path](request)(environ, start_response)


@pytest.fixture
def publisher() -> Publisher:
    return Publisher()


@pytest.fixture
def url(publisher: Publisher) -> Iterator[str]:
    with stack.served(publisher) as url:
        yield url


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Items]:
    with Items.opened(tmp_path) as items:
        yield items


def get(url: str, state: State = NEVER, seconds: float = 20) -> fetch_module.Fetched:
    async def run() -> fetch_module.Fetched:
        async with client() as http:
            return await fetch(http, Source("a", url), state, seconds)

    return asyncio.run(run())


def fetch_due(store: Items, *sources: Source) -> float:
    async def run() -> float:
        async with client() as http:
            return await Fetcher(store, list(sources), http).fetch_due()

    return asyncio.run(run())


def make_due(store: Items) -> None:
    with store._database as database:
        database.execute("UPDATE sources SET next_at = 0")


def test_a_conditional_get(publisher: Publisher, url: str) -> None:
    modified = "Mon, 03 Nov 2025 06:00:00 GMT"
    publisher.answers["/feed"] = lambda request: (
        Response(status=304)
        if request.headers.get("If-None-Match") == '"v1"' and request.headers.get("If-Modified-Since") == modified
        else Response(RSS, headers={"ETag": '"v1"', "Last-Modified": modified})
    )
    first = get(f"{url}/feed")
    assert (len(first.items), first.etag, first.last_modified, first.changed) == (2, '"v1"', modified, True)
    assert "If-None-Match" not in publisher.asked[0][1]
    state = State("a", "", first.etag, first.last_modified, 0, 0, None, "")
    assert get(f"{url}/feed", state) == fetch_module.Fetched([], '"v1"', modified, changed=False)


def test_redirects_are_followed_a_few_times(publisher: Publisher, url: str) -> None:
    publisher.answers["/old"] = lambda _: Response(status=301, headers={"Location": "/feed"})
    publisher.answers["/feed"] = lambda _: Response(RSS)
    publisher.answers["/loop"] = lambda _: Response(status=302, headers={"Location": "/loop"})
    assert len(get(f"{url}/old").items) == 2
    with pytest.raises(FetchFailed, match="TooManyRedirects"):
        get(f"{url}/loop")
    assert [path for path, _ in publisher.asked].count("/loop") == 6


def test_redirects_lead_to_http_only(publisher: Publisher, url: str) -> None:
    publisher.answers["/feed"] = lambda _: Response(status=302, headers={"Location": f"file://{FEEDS}/press.rss"})
    with pytest.raises(FetchFailed, match="UnsupportedProtocol"):
        get(f"{url}/feed")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda: Response("gone", status=410), "HTTP 410"),
        (lambda: Response("oops", status=500), "HTTP 500"),
        (lambda: Response("<html>Please log in</html>"), "neither RSS nor Atom"),
        (lambda: Response(RSS + b" " * fetch_module.SIZE_LIMIT), "larger than 2097152 bytes"),
        (lambda: Response(gzip.compress(RSS), headers={"Content-Encoding": "gzip"}), "is encoded as gzip"),
    ],
)
def test_failures_say_why(publisher: Publisher, url: str, answer: Callable[[], Response], reason: str) -> None:
    publisher.answers["/feed"] = lambda _: answer()
    with pytest.raises(FetchFailed, match=reason):
        get(f"{url}/feed")


def test_nobody_there() -> None:
    with pytest.raises(FetchFailed, match="ConnectError"):
        get(f"http://127.0.0.1:{stack.free_port()}/feed")


def test_a_feed_that_trickles_in_is_given_up(publisher: Publisher, url: str) -> None:
    def drops() -> Iterator[bytes]:
        for _ in range(50_000):
            yield b" "
            time.sleep(0.02)

    publisher.answers["/feed"] = lambda _: Response(drops())
    began = time.monotonic()
    with pytest.raises(FetchFailed, match=r"no whole answer within 0\.2 s"):
        get(f"{url}/feed", seconds=0.2)
    assert time.monotonic() - began < 500


def test_each_source_has_its_schedule_and_duplicates_are_left_out(publisher: Publisher, url: str, store: Items) -> None:
    # The item's relative link is one of this server.
    publisher.answers |= {"/rss": lambda _: Response(RSS), "/atom": lambda _: Response(ATOM)}
    press, wire = Source("press", f"{url}/rss", 600), Source("wire", f"{url}/atom", 3600)
    began = time.time()
    # The next is due in ten minutes; it looks again after one, since the clock may be set.
    assert fetch_due(store, press) == 60
    assert fetch_due(store, press, wire) == 60
    # The Monsoon story of the wire is the press's own, which came first: same canonical URL.
    assert store.counts() == {"press": 2, "wire": 1}
    next_at = {state.name: state.next_at for state in store.states()}
    assert began + 600 <= next_at["press"] <= time.time() + 660
    assert began + 3600 <= next_at["wire"] <= time.time() + 3960

    asked = len(publisher.asked)
    fetch_due(store, press, wire)
    assert len(publisher.asked) == asked, "nothing was due"

    make_due(store)
    publisher.answers["/rss"] = lambda _: Response(RSS.replace(b"press.example/monsoon", b"press.example/moved"))
    fetch_due(store, press, wire)
    assert sum(store.counts().values()) == 3, "an item with a guid that is known is known"


def test_a_source_that_fails_backs_off_and_recovers(publisher: Publisher, url: str, store: Items) -> None:
    press = Source("press", f"{url}/rss")
    publisher.answers["/rss"] = lambda _: Response(status=503, headers={"Retry-After": "1200"})
    began = time.time()
    fetch_due(store, press)
    (state,) = store.states()
    assert (state.failures, state.last_error, state.last_success_at) == (1, "HTTP 503", None)
    assert began + 1200 <= state.next_at <= time.time() + 1200

    make_due(store)
    publisher.answers["/rss"] = lambda _: Response(status=500)
    began = time.time()
    fetch_due(store, press)
    (state,) = store.states()
    assert state.failures == 2
    assert began + 60 <= state.next_at <= time.time() + 120

    make_due(store)
    publisher.answers["/rss"] = lambda _: Response(RSS)
    fetch_due(store, press)
    (state,) = store.states()
    assert (state.failures, state.last_error, store.counts()) == (0, "", {"press": 2})


def test_one_bad_source_does_not_hold_up_the_others(publisher: Publisher, url: str, store: Items) -> None:
    publisher.answers |= {"/bad": lambda _: Response("no feed"), "/atom": lambda _: Response(ATOM)}
    fetch_due(store, Source("bad", f"{url}/bad"), Source("good", f"{url}/atom"))
    assert {state.name: state.failures for state in store.states()} == {"bad": 1, "good": 0}


def test_sources_follow_the_file(publisher: Publisher, url: str, store: Items) -> None:
    publisher.answers |= {path: lambda _: Response(RSS, headers={"ETag": '"v1"'}) for path in ("/rss", "/new")}
    fetch_due(store, Source("press", f"{url}/rss"), Source("other", f"{url}/rss"))
    fetch_due(store, Source("press", f"{url}/new"))
    assert publisher.asked[-1][0] == "/new", "another URL is fetched at once"
    assert "If-None-Match" not in publisher.asked[-1][1], "and without the old one's ETag"
    assert [state.name for state in store.states()] == ["press"]


def command(*arguments: str, **environment: str) -> tuple[list[str], dict[str, str]]:
    return [sys.executable, "-m", "pixstory_example.fetch", *arguments], stack.python_environment() | environment


def test_the_service_fetches_at_once_and_ends_when_told(publisher: Publisher, url: str, tmp_path: Path) -> None:
    publisher.answers["/rss"] = lambda _: Response(RSS)
    sources = tmp_path / "sources.toml"
    sources.write_text(f'[[source]]\nname = "press"\nurl = "{url}/rss"\n')
    arguments, environment = command(STATE_DIRECTORY=str(tmp_path), SPEECH_SOURCES=str(sources))
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE) as process:
        try:
            with Items.opened(tmp_path) as items:
                stack.until(lambda: items.counts() == {"press": 2}, "the feed is fetched")
        finally:
            process.send_signal(signal.SIGTERM)
            output, _ = process.communicate(timeout=stack.PATIENCE)
    assert process.returncode == 0
    assert b'"message": "fetched", "source": "press", "changed": true, "items": 2, "new": 2' in output


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        ('[[source]]\nname = "press"\nurl = "https://press.example/rss"\n', 0, "sources.toml: 1 sources"),
        ('[[source]]\nname = "press"\n', 78, "sources.toml: source 1 (press): url is None; write an http or https URL"),
    ],
)
def test_check_tells_whether_the_file_is_right(tmp_path: Path, content: str, status: int, said: str) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(content)
    arguments, environment = command("--check", "--sources", str(path))
    ended = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == status
    assert said in ended.stdout + ended.stderr
    assert os.listdir(tmp_path) == ["sources.toml"]
