"""The pages, in front of the real API."""

from __future__ import annotations

import io
import re
from contextlib import suppress
from html.parser import HTMLParser

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from pixstory_example.settings import SettingsError, Web
from pixstory_example.web import ApiAway, call, create_app

SETTINGS = Web("http://app.internal", "k" * 64, cookie_secure=False)
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 100
STORY = {"title": "<script>alert(1)</script>", "text": "one\ntwo & three", "author": '"><img src=x>'}


@pytest.fixture
def web(api: FlaskClient, api_app: Flask) -> FlaskClient:
    return create_app(SETTINGS, httpx.WSGITransport(api_app)).test_client()


def token(web: FlaskClient, path: str = "/stories/new") -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', web.get(path).text)
    assert found
    return found[1]


def post(web: FlaskClient, **change: object) -> TestResponse:
    return web.post("/stories", data=STORY | {"csrf_token": token(web)} | change)


def test_a_story_with_a_photo(web: FlaskClient) -> None:
    answer = post(web, photo=(io.BytesIO(PNG), "p.png"))
    assert answer.status_code == 303
    page = web.get(answer.headers["Location"]).text
    assert "Your story is published." in page
    photo = re.search(r'src="(/photos/[^"]+)"', page)
    assert photo
    shown = web.get(photo[1])
    assert (shown.data, shown.content_type) == (PNG, "image/png")
    assert web.get(photo[1], headers={"If-None-Match": shown.headers["ETag"]}).status_code == 304
    assert "immutable" in shown.headers["Cache-Control"]


def test_what_people_write_is_escaped(web: FlaskClient) -> None:
    path = post(web).headers["Location"]
    for page in (web.get(path).text, web.get("/").text):
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<script" not in page
        assert "<img src=x>" not in page
        assert "two &amp; three" in page


def test_the_debate(web: FlaskClient) -> None:
    path = post(web).headers["Location"]
    argument = {"csrf_token": token(web, path), "text": "<i>no</i>", "stance": "challenge", "evidence": ""}
    refused = web.post(f"{path}/arguments", data=argument)
    assert refused.status_code == 400
    assert "Evidence: a challenge needs the URL of its evidence" in refused.text
    assert re.search(r'<input id="evidence"[^>]* aria-invalid="true"', refused.text)
    assert "&lt;i&gt;no&lt;/i&gt;</textarea>" in refused.text, "what was written is kept"
    answer = web.post(f"{path}/arguments", data=argument | {"evidence": "https://a.example/?a=1&b=2"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}#debate")
    page = web.get(path).text
    assert 'href="https://a.example/?a=1&amp;b=2" rel="nofollow noopener ugc"' in page
    assert "1 challenge" in page


def test_a_wrong_story_is_shown_again(web: FlaskClient) -> None:
    answer = post(web, photo=(io.BytesIO(b"<svg>"), "p.png"), title="kept")
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert "Photo: is neither JPEG, PNG nor WebP" in answer.text
    assert 'value="kept"' in answer.text


def test_a_photo_that_is_too_large(web: FlaskClient) -> None:
    assert post(web, photo=(io.BytesIO(PNG + bytes(5 << 20)), "p.png")).status_code == 413
    answer = post(web, photo=(io.BytesIO(PNG + bytes(9 << 20)), "p.png"))
    assert answer.status_code == 413
    assert "up to 5 MB" in answer.text


@pytest.mark.parametrize("change", [{"csrf_token": ""}, {"csrf_token": "x"}])
def test_a_form_from_elsewhere_is_refused(web: FlaskClient, change: dict[str, str]) -> None:
    answer = post(web, **change)
    assert answer.status_code == 400
    assert "The form has expired" in answer.text
    assert "alert(1)" not in web.get("/").text


def test_a_token_is_worth_nothing_without_its_session(web: FlaskClient, api_app: Flask) -> None:
    stolen = token(web)
    web.delete_cookie("pixstory")
    assert web.post("/stories", data=STORY | {"csrf_token": stolen}).status_code == 400


def test_a_session_that_another_key_signed_is_none(web: FlaskClient, api_app: Flask) -> None:
    other = create_app(Web(SETTINGS.app_url, "o" * 64, cookie_secure=False), httpx.WSGITransport(api_app)).test_client()
    forged = token(other)
    cookie = other.get_cookie("pixstory")
    assert cookie
    web.set_cookie("pixstory", cookie.value)
    assert web.post("/stories", data=STORY | {"csrf_token": forged}).status_code == 400


def test_the_cookie_is_for_this_site_and_https_only(api_app: Flask) -> None:
    client = create_app(Web(SETTINGS.app_url, "k" * 64), httpx.WSGITransport(api_app)).test_client()
    cookie = client.get("/stories/new", base_url="https://pixstory.example").headers["Set-Cookie"]
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))


def test_pages_that_are_not_there(web: FlaskClient) -> None:
    for path in ("/stories/1", "/photos/00000000-0000-0000-0000-000000000000", "/nowhere", f"/stories/{2**70}"):
        answer = web.get(path)
        assert answer.status_code == 404
        assert "Page not found" in answer.text


def answering(status: int) -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        if not status:
            raise httpx.ConnectError("refused")
        return httpx.Response(status, json={"error": "x"})

    return httpx.MockTransport(answer)


@pytest.mark.parametrize("status", [0, 500, 503])
def test_while_the_api_is_away_the_pages_say_so(status: int) -> None:
    web = create_app(SETTINGS, answering(status)).test_client()
    answer = web.get("/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "Nothing that was published is lost" in answer.text
    assert web.get("/healthz").status_code == 200


def test_a_page_says_that_it_is_stale() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        stale = {"Age": "40", "X-Pixstory-Stale": "database away"}
        return httpx.Response(200, json={"entries": [], "speech_api": "off"}, headers=stale)

    page = create_app(SETTINGS, httpx.MockTransport(answer)).test_client().get("/")
    assert (page.headers["Age"], page.headers["X-Pixstory-Stale"]) == ("40", "database away")
    assert "nothing new can be published" in page.text


@pytest.mark.parametrize("died", [502, 504, None])
@pytest.mark.parametrize(("method", "asked"), [("GET", 2), ("POST", 1)])
def test_what_a_dying_machine_was_asked_another_one_answers(method: str, asked: int, died: int | None) -> None:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.method)
        if len(seen) == 1 and died is None:
            raise httpx.RemoteProtocolError("Server disconnected")
        return httpx.Response(died or 500 if len(seen) == 1 else 200)

    app = create_app(SETTINGS, httpx.MockTransport(answer))
    with app.test_request_context(), suppress(ApiAway):
        call(method, "/api/feed")
    assert seen == [method] * asked


def test_the_request_id_goes_along(api_app: Flask) -> None:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["X-Request-ID"])
        return httpx.Response(200, json={"entries": [], "speech_api": "away"})

    web = create_app(SETTINGS, httpx.MockTransport(answer)).test_client()
    page = web.get("/", headers={"X-Request-ID": "r-3"})
    assert (seen, page.headers["X-Request-ID"]) == (["r-3"], "r-3")
    assert "News from other media is not available" in page.text
    assert "Nothing here yet" in page.text


class Outline(HTMLParser):
    """What a screen reader goes by."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.labels: set[str] = set()
        self.fields: set[str] = set()
        self.headings: list[int] = []
        self.images_without_alt = 0
        self.scripts = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.ids += [given["id"] or ""] if "id" in given else []
        if tag == "label" and "for" in given:
            self.labels.add(given["for"] or "")
        if tag in ("input", "textarea") and given.get("type") not in ("hidden", "radio"):
            self.fields.add(given.get("id") or "")
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        self.images_without_alt += tag == "img" and "alt" not in given
        self.scripts += tag == "script"


def test_the_pages_can_be_read_aloud_and_need_no_script(web: FlaskClient) -> None:
    path = post(web, photo=(io.BytesIO(PNG), "p.png")).headers["Location"]
    for page in (web.get("/"), web.get("/stories/new"), web.get(path)):
        outline = Outline(page.text)
        assert outline.fields == outline.labels
        assert len(outline.ids) == len(set(outline.ids))
        assert (outline.headings[0], outline.headings.count(1)) == (1, 1)
        assert all(next_ - last <= 1 for last, next_ in zip(outline.headings, outline.headings[1:], strict=False))
        assert (outline.images_without_alt, outline.scripts) == (0, 0)
        assert '<html lang="en">' in page.text
        assert 'href="#content"' in page.text


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "SECRET_KEY is not set: write at least 32 random characters"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY has 5 characters: write at least 32 random ones"),
        ({"SECRET_KEY": "k" * 32}, "APP_URL is not set: write the URL of the app's load balancer"),
        ({"SECRET_KEY": "k" * 32, "APP_URL": "app.internal"}, "APP_URL is 'app.internal': write a URL such as"),
        (
            {"SECRET_KEY": "k" * 32, "APP_URL": "http://app.internal", "COOKIE_SECURE": "yes"},
            r"COOKIE_SECURE is 'yes': write 1 \(on\) or 0 \(off\)",
        ),
    ],
)
def test_a_wrong_environment_is_told(environment: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Web.from_environment(environment)
