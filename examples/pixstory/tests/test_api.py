"""The API against real PostgreSQL and Redis."""

from __future__ import annotations

import io
import json
import logging
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from pixstory_example import api as api_module
from pixstory_example import checks
from pixstory_example.feeds import Item, Source
from pixstory_example.items import Items
from pixstory_example.migrate import migrate
from pixstory_example.observability import JsonFormatter
from pixstory_example.settings import Api
from pixstory_example.upstream import FeedCache

from . import stack

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 100
STORY = {"title": "A <b>title</b>", "text": "It's; DROP TABLE stories; --", "author": "Ana"}


def post(api: FlaskClient, **change: str) -> dict[str, Any]:
    answer = api.post("/api/stories", json=STORY | change)
    assert answer.status_code == 201, answer.text
    story: dict[str, Any] = answer.get_json()
    return story


def post_photo(api: FlaskClient, content: bytes) -> TestResponse:
    return api.post("/api/stories", data=STORY | {"photo": (io.BytesIO(content), "../../evil.html", "text/html")})


def test_a_story_comes_back_as_it_was_posted(api: FlaskClient) -> None:
    answer = api.post("/api/stories", json=STORY)
    story = answer.get_json()
    assert (answer.status_code, answer.headers["Location"]) == (201, f"/api/stories/{story['id']}")
    assert story.items() >= STORY.items()
    assert (story["supports"], story["challenges"], story["arguments"], story["photo"]) == (0, 0, [], None)
    assert api.get(answer.headers["Location"]).get_json() == story
    assert [listed["id"] for listed in api.get("/api/stories").get_json()["stories"]] == [story["id"]]


def test_a_photo_is_stored_and_typed_by_its_content(api: FlaskClient) -> None:
    photo = f"/api/photos/{post_photo(api, PNG).get_json()['photo']}"
    answer = api.get(photo)
    assert (answer.data, answer.content_type) == (PNG, "image/png")
    assert "immutable" in answer.headers["Cache-Control"]
    assert api.get(photo, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert api.get("/api/photos/00000000-0000-0000-0000-000000000000").status_code == 404


def test_what_is_no_photo_is_refused_and_its_story_too(api: FlaskClient) -> None:
    answer = post_photo(api, b"<script>alert(1)</script>")
    assert (answer.status_code, answer.get_json()["field"]) == (400, "photo")
    assert api.get("/api/stories").get_json() == {"stories": []}


@pytest.mark.parametrize("size", [checks.PHOTO_LIMIT + 1, checks.BODY_LIMIT * 2])
def test_a_photo_that_is_too_large_is_refused(api: FlaskClient, size: int) -> None:
    answer = post_photo(api, PNG + bytes(size - len(PNG)))
    assert (answer.status_code, answer.get_json()["error"]) == (413, "photo: is larger than 5 MB")


def test_a_photo_of_the_largest_size_is_taken(api: FlaskClient) -> None:
    assert post_photo(api, PNG + bytes(checks.PHOTO_LIMIT - len(PNG))).status_code == 201


def test_the_debate(api: FlaskClient) -> None:
    path = f"/api/stories/{post(api)['id']}"
    support = {"stance": "support", "text": "I was there"}
    challenge = {"stance": "challenge", "text": "No", "evidence": "https://a.example/x"}
    assert [api.post(f"{path}/arguments", json=argument).status_code for argument in (support, challenge)] == [201, 201]
    assert api.post(f"{path}/arguments", data=support).status_code == 201, "a form does as well"
    story = api.get(path).get_json()
    assert [(argument["stance"], argument["evidence"]) for argument in story["arguments"]] == [
        ("support", None),
        ("challenge", "https://a.example/x"),
        ("support", None),
    ]
    assert (story["supports"], story["challenges"]) == (2, 1)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "error"),
    [
        ("POST", "/api/stories", {"json": {}}, 400, "title: is missing; write 1 to 200 characters"),
        ("POST", "/api/stories", {"json": ["x"]}, 400, "write a JSON object"),
        ("POST", "/api/stories", {"data": "{", "content_type": "application/json"}, 400, None),
        ("POST", "/api/stories/1/arguments", {"json": {"stance": "support", "text": "x"}}, 404, "there is no story 1"),
        ("GET", "/api/stories/1", {}, 404, "there is no story 1"),
        ("GET", f"/api/stories/{2**63}", {}, 404, None),
        ("GET", "/api/stories/1;select", {}, 404, None),
        ("GET", "/nowhere", {}, 404, None),
        ("DELETE", "/api/stories", {}, 405, None),
        ("GET", "/api/feed?limit=0", {}, 400, "limit: write a number from 1 to 100"),
        ("GET", "/api/feed?limit=000000000100000", {}, 400, "limit: write a number from 1 to 100"),
        ("GET", "/api/feed?limit=x", {}, 400, "limit: write a number from 1 to 100"),
    ],
)
def test_errors_are_json(
    api: FlaskClient, method: str, path: str, body: dict[str, Any], status: int, error: str | None
) -> None:
    answer = api.open(path, method=method, **body)
    assert (answer.status_code, answer.content_type) == (status, "application/json")
    said = answer.get_json()["error"]
    assert said == error if error else said


def test_a_bug_is_answered_without_its_traceback(
    api_app: Flask, api: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(api_module, "newest_stories", lambda *_: 1 / 0)
    answer = api.get("/api/stories", headers={"X-Request-ID": "r-1"})
    assert (answer.status_code, answer.get_json()) == (
        500,
        {"error": "internal error; the log has more under request id r-1"},
    )
    assert "ZeroDivisionError" in caplog.text


# The feed


def feed(api: FlaskClient, query: str = "") -> tuple[str, list[str], str]:
    answer = api.get(f"/api/feed{query}")
    assert answer.status_code == 200
    body = answer.get_json()
    return answer.headers["X-Cache"], [entry["title"] for entry in body["entries"]], body["speech_api"]


def test_the_feed_is_cached_until_something_is_posted(api: FlaskClient) -> None:
    story = post(api, title="one")
    assert feed(api) == ("miss", ["one"], "ok")
    assert feed(api) == ("hit", ["one"], "ok")
    assert feed(api, "?limit=5") == ("miss", ["one"], "ok"), "another limit is another feed"
    post(api, title="two")
    assert feed(api) == ("miss", ["two", "one"], "ok")
    assert feed(api)[0] == "hit"
    api.post(f"/api/stories/{story['id']}/arguments", json={"stance": "support", "text": "x"})
    assert feed(api)[0] == "miss"
    assert [entry["supports"] for entry in api.get("/api/feed").get_json()["entries"]] == [0, 1]


def test_a_post_that_is_refused_leaves_the_cache_alone(api: FlaskClient) -> None:
    feed(api)
    api.post("/api/stories", json={})
    assert feed(api)[0] == "hit"


def test_a_feed_that_was_read_before_a_post_is_never_served_after_it(api_app: Flask, api: FlaskClient) -> None:
    cache = api_app.extensions["pixstory"].cache
    slow = cache.look_up(30)
    post(api, title="meanwhile")
    cache.store(slow.key, b'{"entries": [], "speech_api": "ok"}')
    assert feed(api)[1] == ["meanwhile"]


def test_the_cache_forgets_by_itself(api: FlaskClient, redis: stack.Redis) -> None:
    feed(api)
    (key,) = redis.client.keys("feed:*:30")
    assert 0 < redis.client.ttl(key) <= 30


def test_the_feed_holds_the_speech_api_newest_first(api: FlaskClient, items: Items) -> None:
    past, future = "2001-01-01T00:00:00.000Z", "2101-01-01T00:00:00.000Z"
    new = [
        Item("1", "old", "https://a.example/1", "https://a.example/1", "s", past),
        Item("2", "new", "https://a.example/2", "https://a.example/2", "s", future),
        Item("3", "no link", "javascript:alert(1)", "x", "s", past),
    ]
    items.succeeded(Source("Press", "https://a.example"), new, "", "", 4e9, 0)
    post(api, title="story")
    assert feed(api) == ("miss", ["new", "story", "old"], "ok")
    assert feed(api, "?limit=1")[1] == ["new"]
    entry = api.get("/api/feed").get_json()["entries"][0]
    assert entry == {
        "kind": "speech",
        "title": "new",
        "url": "https://a.example/2",
        "source": "Press",
        "summary": "s",
        "published_at": future,
    }


@pytest.mark.parametrize("answer", [b"{}", b"[]", b"<html>", b'{"items": [{"title": "x"}]}', None])
def test_the_feed_goes_without_a_speech_api_that_answers_nonsense_or_not(
    api: FlaskClient, settings: Api, answer: bytes | None
) -> None:
    def nonsense(environ: object, start_response: Any) -> list[bytes]:
        start_response("200 OK" if answer else "500 Internal Server Error", [("Content-Type", "application/json")])
        return [answer or b""]

    post(api, title="story")
    with stack.served(nonsense) as url:
        client = api_module.create_app(replace(settings, speech_api_url=url)).test_client()
        assert feed(client) == ("miss", ["story"], "away")


def test_the_speech_api_cannot_send_the_api_elsewhere(api: FlaskClient, settings: Api) -> None:
    asked = []

    def elsewhere(environ: dict[str, str], start_response: Any) -> list[bytes]:
        asked.append(environ["PATH_INFO"])
        start_response("302 Found", [("Location", "/latest/meta-data/")])
        return [b""]

    with stack.served(elsewhere) as url:
        client = api_module.create_app(replace(settings, speech_api_url=url)).test_client()
        assert feed(client) == ("miss", [], "away")
    assert asked == ["/items"]


def test_the_feed_without_redis(
    api: FlaskClient, settings: Api, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = replace(settings.cache, port=stack.free_port())
    monkeypatch.setattr(FeedCache, "PAUSE", stack.PATIENCE)
    client = api_module.create_app(replace(settings, cache=cache)).test_client()
    assert api.post("/api/stories", json=STORY | {"title": "story"}).status_code == 201
    assert [feed(client), feed(client)] == [("miss", ["story"], "ok")] * 2
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1, "said once, then left alone for a while"
    assert client.get("/readyz").status_code == 200
    post(client)


def test_redis_comes_back(api: FlaskClient, settings: Api) -> None:
    with stack.folder() as folder, stack.Redis(folder) as server:
        app = api_module.create_app(replace(settings, cache=server.settings))
        client = app.test_client()
        assert [feed(client)[0], feed(client)[0]] == ["miss", "hit"]
        server.stop()
        assert [feed(client)[0], feed(client)[0]] == ["miss", "miss"]
        server.start()
        stack.until(lambda: feed(client)[0] == "hit", "the cache is used again")


# What operators look at


def test_health_readiness_and_metrics(api: FlaskClient) -> None:
    assert api.get("/healthz").get_json() == {"status": "ok"}
    assert api.get("/readyz").get_json() == {"status": "ok", "schema": "0002"}
    post(api)
    metrics = api.get("/metrics").text
    assert 'http_requests_total{method="POST",route="/api/stories",service="api",status="201"}' in metrics
    assert 'feed_cache_lookups_total{result="hit"}' in metrics


def test_not_ready_before_the_first_migration(postgres: stack.Postgres, settings: Api) -> None:
    client = api_module.create_app(replace(settings, database=postgres.create("bare"))).test_client()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["error"]) == (
        503,
        "the database has no schema yet: run python -m pixstory_example migrate",
    )
    assert client.get("/healthz").status_code == 200
    asked = client.get("/api/stories")
    assert (asked.status_code, asked.headers["Retry-After"]) == (503, "5")
    assert asked.get_json()["error"] == "the database has no schema yet; try again in a few seconds"


@pytest.mark.parametrize(
    ("revision", "status"), [("0001", 503), ("0002", 200), ("0003 of a later release", 200)], ids=str
)
def test_ready_with_the_schema_of_its_release_or_a_later_one(
    postgres: stack.Postgres, settings: Api, revision: str, status: int
) -> None:
    database = postgres.create("older")
    migrate(database)
    with postgres.connect("older") as connection:
        connection.execute("UPDATE alembic_version SET version_num = %s", (revision,))
    answer = api_module.create_app(replace(settings, database=database)).test_client().get("/readyz")
    assert answer.status_code == status
    assert (status == 200) == ("this release needs 0002" not in answer.text)


def test_request_ids(api: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    assert api.get("/healthz", headers={"X-Request-ID": "Root=1-67891233-abcdef"}).headers["X-Request-ID"] == (
        "Root=1-67891233-abcdef"
    )
    for bad in ("", "a b", "x" * 129, '"}{'):
        made = api.get("/healthz", headers={"X-Request-ID": bad}).headers["X-Request-ID"]
        assert len(made) == 32


def test_a_log_line_is_one_json_object(api: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        api.get("/api/stories?token=secret", headers={"X-Request-ID": "r-2"})
    (record,) = [record for record in caplog.records if record.message == "request"]
    line = JsonFormatter().format(record)
    entry = json.loads(line)
    assert "\n" not in line
    assert entry.items() >= {"method": "GET", "path": "/api/stories", "status": 200, "level": "info"}.items()
    assert "secret" not in line


def test_settings_hide_their_secrets(settings: Api) -> None:
    assert stack.PASSWORD not in repr(settings)
