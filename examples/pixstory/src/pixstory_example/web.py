"""The pages: server-side, for every browser. gunicorn pixstory_example.web:app"""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx
from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.wrappers import Response as BaseResponse

from . import __version__, checks
from .observability import instrument, log_to_stdout, request_id
from .settings import Web

log = logging.getLogger(__name__)
pages = Blueprint("pages", __name__)

STORY = "<int:story_id>"


class ApiAway(Exception):
    """The API does not answer, or its database does not."""


class Refused(Exception):
    """The API found a field wrong."""

    def __init__(self, field: str, message: str, status: int) -> None:
        super().__init__(message)
        self.field = field
        self.status = status


def create_app(settings: Web, transport: httpx.BaseTransport | None = None) -> Flask:
    """`transport` is how to reach the API, if not over the network."""
    app = Flask(__name__)
    app.secret_key = settings.secret_key
    app.config.update(
        MAX_CONTENT_LENGTH=checks.BODY_LIMIT,
        SESSION_COOKIE_NAME="pixstory",
        SESSION_COOKIE_SECURE=settings.cookie_secure,
        SESSION_COOKIE_SAMESITE="Lax",
        SEND_FILE_MAX_AGE_DEFAULT=86400,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters["moment"] = moment
    app.jinja_env.globals |= {"csrf_token": csrf_token, "limits": checks, "version": __version__}
    app.extensions["api"] = httpx.Client(
        base_url=settings.app_url,
        # Fewer than the threads of a worker: some are left to answer the load balancer while the API hangs.
        limits=httpx.Limits(max_connections=6),
        timeout=httpx.Timeout(10, connect=2, pool=1),
        transport=transport,
    )
    instrument(app, "web")
    app.before_request(check_csrf_token)
    app.after_request(pass_on_how_old_it_is)
    app.register_blueprint(pages)
    app.register_error_handler(ApiAway, api_away)
    app.register_error_handler(HTTPException, known_error)
    return app


def __getattr__(name: str) -> Any:
    # As in pixstory_example.api.
    if name == "app":
        log_to_stdout()
        return create_app(Web.from_environment())
    raise AttributeError(name)


def moment(value: str) -> str:
    """2025-11-03T09:30:00.000Z -> 3 November 2025, 09:30 UTC"""
    parsed = datetime.fromisoformat(value)
    return f"{parsed.day} {parsed:%B %Y, %H:%M} UTC"


# A form carries the token of the visitor's session, which no other site can read. SECRET_KEY signs the session.


def csrf_token() -> str:
    if "csrf" not in session:
        session["csrf"] = secrets.token_urlsafe(32)
    return str(session["csrf"])


def check_csrf_token() -> None:
    if request.method == "POST":
        given, expected = request.form.get("csrf_token", ""), session.get("csrf", "")
        if not expected or not hmac.compare_digest(given.encode(), str(expected).encode()):
            raise BadRequest(
                "The form has expired, or this browser keeps no cookies. Go back, reload the page, try again."
            )


def call(method: str, path: str, **arguments: Any) -> httpx.Response:
    client: httpx.Client = current_app.extensions["api"]
    headers = {"X-Request-ID": request_id.get()} | arguments.pop("headers", {})
    try:
        try:
            answer = client.request(method, path, headers=headers, **arguments)
            died = answer.status_code in (502, 504)
        except (httpx.NetworkError, httpx.RemoteProtocolError):
            died = True
            if method != "GET":
                raise
        # What had the request died with it, an API server or a node of its load balancer: another one has the answer.
        if died and method == "GET":
            answer = client.request(method, path, headers=headers, **arguments)
    except httpx.TransportError as error:
        raise ApiAway(f"{type(error).__name__}: {error}") from error
    if answer.status_code >= 500:
        raise ApiAway(f"HTTP {answer.status_code}")
    if "X-Pixstory-Stale" in answer.headers:
        g.stale = {name: answer.headers[name] for name in ("Age", "X-Pixstory-Stale")}
    if answer.status_code in (400, 413):
        refusal = answer.json()
        raise Refused(refusal.get("field", ""), refusal["error"], answer.status_code)
    if answer.status_code == 404:
        abort(404)
    return answer


def pass_on_how_old_it_is(response: Response) -> Response:
    response.headers.update(g.get("stale", {}))
    return response


@pages.get("/")
def index() -> str:
    return render_template("index.html", feed=call("GET", "/api/feed").json())


@pages.get("/stories/new")
def new_story() -> str:
    return render_template("new_story.html", values={}, refused=None)


@pages.post("/stories")
def post_story() -> BaseResponse | tuple[str, int]:
    values = {name: request.form.get(name, "") for name in ("title", "text", "author")}
    upload = request.files.get("photo")
    files = {"photo": (upload.filename, upload.stream)} if upload and upload.filename else None
    try:
        story = call("POST", "/api/stories", data=values, files=files).json()
    except Refused as refused:
        return render_template("new_story.html", values=values, refused=refused), refused.status
    flash("Your story is published.")
    return redirect(url_for("pages.story", story_id=story["id"]), 303)


@pages.get(f"/stories/{STORY}")
def story(story_id: int) -> str:
    return story_page(story_id, {}, None)


@pages.post(f"/stories/{STORY}/arguments")
def post_argument(story_id: int) -> BaseResponse | tuple[str, int]:
    values = {name: request.form.get(name, "") for name in ("stance", "text", "evidence")}
    try:
        call("POST", f"/api/stories/{story_id}/arguments", data=values)
    except Refused as refused:
        return story_page(story_id, values, refused), refused.status
    flash("Your argument is published.")
    return redirect(url_for("pages.story", story_id=story_id, _anchor="debate"), 303)


def story_page(story_id: int, values: Mapping[str, str], refused: Refused | None) -> str:
    found = call("GET", f"/api/stories/{story_id}").json()
    return render_template("story.html", story=found, values=values, refused=refused)


@pages.get("/photos/<uuid:photo_id>")
def photo(photo_id: Any) -> Response:
    conditions = {"If-None-Match": request.headers["If-None-Match"]} if "If-None-Match" in request.headers else {}
    answer = call("GET", f"/api/photos/{photo_id}", headers=conditions)
    kept = {name: answer.headers[name] for name in ("Content-Type", "Cache-Control", "ETag") if name in answer.headers}
    return Response(answer.content, answer.status_code, kept)


def api_away(error: ApiAway) -> tuple[str, int, dict[str, str]]:
    log.warning("the API does not answer", extra={"data": {"reason": str(error)}})
    message = "We cannot reach our stories. Nothing that was published is lost. Try again in a few seconds."
    return render_template("error.html", title="Back in a moment", message=message), 503, {"Retry-After": "5"}


def known_error(error: HTTPException) -> tuple[str, int]:
    titles = {404: "Page not found", 413: "Photo too large"}
    messages = {404: "There is nothing at this address.", 413: "A photo may have up to 5 MB."}
    code = error.code or 500
    title = titles.get(code, error.name)
    return render_template("error.html", title=title, message=messages.get(code, error.description)), code
