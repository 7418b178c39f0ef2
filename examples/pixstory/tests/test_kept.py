"""The last good answers, where Redis does not answer either."""

from __future__ import annotations

import pytest

from pixstory_example.settings import Cache
from pixstory_example.upstream import FeedCache, Kept

from . import stack


@pytest.fixture
def cache() -> FeedCache:
    """One whose Redis is away: nothing listens there."""
    return FeedCache(Cache("127.0.0.1", tls=False, port=stack.free_port()))


def answer(body: bytes) -> Kept:
    return Kept(body, "application/json", 0.0)


def test_a_process_keeps_what_it_answered_last(cache: FeedCache) -> None:
    cache.keep("/api/feed?", answer(b"first"))
    cache.keep("/api/feed?", answer(b"second"))
    assert cache.kept("/api/feed?") == answer(b"second")
    assert cache.kept("/api/stories?") is None


def test_the_oldest_goes_where_it_is_too_much(cache: FeedCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FeedCache, "HERE_BYTES", 10)
    for number in range(3):
        cache.keep(f"/{number}", answer(b"12345"))
    assert [cache.kept(f"/{number}") is not None for number in range(3)] == [False, True, True]
    # To answer once more takes no room twice.
    cache.keep("/2", answer(b"54321"))
    assert cache.kept("/1") is not None


def test_what_is_too_large_is_not_kept(cache: FeedCache) -> None:
    cache.keep("/", answer(b"0" * (FeedCache.KEPT_BYTES + 1)))
    assert cache.kept("/") is None
