"""The Speech API."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from pixstory_example.feeds import DAY, Item, Source
from pixstory_example.items import KEEP, Items
from pixstory_example.speech import create_app

PRESS = Source("Press", "https://press.example/feed?key=secret")


def item(number: int) -> Item:
    url = f"https://press.example/{number}"
    return Item(str(number), f"t{number}", url, url, "", f"2025-11-0{number}T00:00:00.000Z")


@pytest.fixture
def store(tmp_path: Path) -> Items:
    store = Items(tmp_path)
    store.keep_only([PRESS])
    store.succeeded(PRESS, [item(number) for number in (1, 2, 3)], "", "", now=1_762_300_000, next_at=1_762_300_900)
    return store


@pytest.fixture
def speech(store: Items, tmp_path: Path) -> FlaskClient:
    return create_app(tmp_path).test_client()


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", ["t3", "t2", "t1"]),
        ("?limit=2", ["t3", "t2"]),
        ("?since=2025-11-02T00:00:00Z", ["t3", "t2"]),
        ("?since=2025-11-02T05:30:00%2B05:30", ["t3", "t2"]),
        ("?since=2025-11-02T00:00:01Z", ["t3"]),
    ],
)
def test_items(speech: FlaskClient, query: str, titles: list[str]) -> None:
    assert [found["title"] for found in speech.get(f"/items{query}").get_json()["items"]] == titles


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "since=yesterday", "since=2025-11-02T00:00:00"])
def test_wrong_questions(speech: FlaskClient, query: str) -> None:
    answer = speech.get(f"/items?{query}")
    assert answer.status_code == 400
    assert answer.get_json()["error"].startswith(query.split("=")[0])


def test_sources(speech: FlaskClient) -> None:
    # Without their URLs: some carry a key.
    assert speech.get("/sources").get_json() == {
        "sources": [
            {
                "name": "Press",
                "items": 3,
                "failures": 0,
                "last_error": None,
                "last_success_at": "2025-11-04T23:46:40.000Z",
                "next_at": "2025-11-05T00:01:40.000Z",
            }
        ]
    }


def test_health_and_metrics(speech: FlaskClient, store: Items) -> None:
    assert speech.get("/healthz").status_code == 200
    store.failed(PRESS, "HTTP 500", next_at=0)
    metrics = speech.get("/metrics").text
    assert 'speech_source_failures{source="Press"} 1.0' in metrics
    assert 'speech_source_last_success_timestamp_seconds{source="Press"} 1.7623e+09' in metrics
    assert 'speech_items{source="Press"} 3.0' in metrics


def test_old_items_go_when_no_feed_has_them_any_more(store: Items) -> None:
    later = 1_762_300_000 + KEEP + DAY
    store.succeeded(PRESS, [item(2)], "", "", later - 2 * DAY, 0)
    store.succeeded(PRESS, [], "", "", later, 0)
    assert [found["title"] for found in store.newest("", 10)] == ["t2"]
