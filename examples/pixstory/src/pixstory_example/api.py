"""The API: stories, the debate around them, photos and the feed. gunicorn pixstory_example.api:app"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from flask import Blueprint, Flask, Response, abort, current_app, jsonify, make_response, request, url_for
from psycopg.errors import UndefinedTable
from sqlalchemy import func, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session, sessionmaker

from . import checks
from .database import AWAY, Argument, Photo, Reach, Story, connect
from .migrate import lacking
from .observability import instrument, json_errors, log_to_stdout
from .settings import Api
from .times import timestamp
from .upstream import FeedCache, Kept, SpeechApi

log = logging.getLogger(__name__)
api = Blueprint("api", __name__)

FEED_LIMIT = 100
# The largest value of the columns; a larger one is no id.
STORY = "<int(max=9223372036854775807):story_id>"


class Services:
    """What the views work with; one an application."""

    def __init__(self, settings: Api) -> None:
        self.engine = connect(settings.database)
        self.reach = Reach(settings.database)
        self._session = sessionmaker(self.engine, expire_on_commit=False)
        self.cache = FeedCache(settings.cache)
        self.speech = SpeechApi(settings.speech_api_url, settings.speech_api_certificate)

    @property
    def session(self) -> sessionmaker[Session]:
        """The way to the database; while it is away there is none."""
        self.reach.check()
        return self._session


def services() -> Services:
    found: Services = current_app.extensions["pixstory"]
    return found


def create_app(settings: Api) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = checks.BODY_LIMIT
    app.extensions["pixstory"] = Services(settings)
    json_errors(app)
    instrument(app, "api")
    app.register_blueprint(api)
    app.register_error_handler(413, too_large)
    for away in AWAY:
        app.register_error_handler(away, database_away)
    app.register_error_handler(ProgrammingError, no_schema)
    return app


def __getattr__(name: str) -> Any:
    # gunicorn asks for `app`. Whoever imports this module for something else needs no environment.
    if name == "app":
        log_to_stdout()
        return create_app(Api.from_environment())
    raise AttributeError(name)


def come_again(reason: str) -> Response:
    response = jsonify(error=f"{reason}; try again in a few seconds")
    response.status_code = 503
    response.headers["Retry-After"] = "5"
    return response


def database_away(error: Exception) -> Response:
    services().reach.lost(error)
    return come_again("the database does not answer")


def no_schema(error: ProgrammingError) -> Response:
    """A machine that started before the first migration ended; any other mistake in SQL is ours."""
    if not isinstance(error.orig, UndefinedTable):
        raise error
    return come_again("the database has no schema yet")


def still_read(view: Callable[..., Any]) -> Callable[..., Response]:
    """A view of what can be read. While PostgreSQL is away it answers what it answered last, and says so.

    Every answer is the same for everybody. Whoever keeps it, CloudFront say, may do the same while we are away.
    """

    @wraps(view)
    def answer(**arguments: Any) -> Response:
        question = f"{request.path}?{request.args.get('limit', '')}"
        try:
            response = make_response(view(**arguments))
        except AWAY as error:
            kept = services().cache.kept(question)
            if kept is None:
                raise
            services().reach.lost(error)
            response = Response(kept.body, content_type=kept.content_type)
            response.headers["Age"] = str(max(0, round(time.time() - kept.at)))
            response.headers["X-Pixstory-Stale"] = "database away"
            response.headers["Cache-Control"] = "no-cache"
            return response
        if response.status_code == 200:
            answered = Kept(response.get_data(), response.content_type, time.time())
            # What came out of Redis is there.
            services().cache.keep(question, answered, shared=response.headers.get("X-Cache") != "hit")
        response.headers.setdefault("Cache-Control", "public, max-age=0, stale-if-error=86400")
        return response

    return answer


@api.errorhandler(checks.Invalid)
def invalid(error: checks.Invalid) -> tuple[Response, int]:
    return jsonify(error=str(error), field=error.field), 400


def too_large(error: Exception) -> tuple[Response, int]:
    return jsonify(error=f"photo: is larger than {checks.PHOTO_LIMIT // checks.MEGABYTE} MB", field="photo"), 413


@api.get("/readyz")
def readyz() -> tuple[Response, int]:
    try:
        services().reach.check()
        with services().engine.connect() as connection:
            revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    except AWAY as error:
        services().reach.lost(error)
        return jsonify(error="the database does not answer"), 503
    except ProgrammingError:
        return jsonify(error="the database has no schema yet: run python -m pixstory_example migrate"), 503
    if head := lacking(revision):
        wanted = f"the database has schema {revision}, and this release needs {head}"
        return jsonify(error=f"{wanted}: run python -m pixstory_example migrate"), 503
    return jsonify(status="ok", schema=revision), 200


@api.get("/api/stories")
@still_read
def list_stories() -> dict[str, Any]:
    with services().session() as session:
        return {"stories": newest_stories(session, limit())}


@api.post("/api/stories")
def post_story() -> Response:
    given = checks.story(fields())
    story = Story(title=given.title, text=given.text, author=given.author)
    upload = request.files.get("photo")
    # A browser sends an empty part for a file that was not chosen.
    content = upload.read(checks.PHOTO_LIMIT + 1) if upload else b""
    with services().session.begin() as session:
        if content:
            if len(content) > checks.PHOTO_LIMIT:
                abort(413)  # a body may be larger: it holds the texts too
            photo = Photo(id=uuid.uuid4(), content_type=checks.photo_type(content), content=content)
            session.add(photo)
            session.flush()
            story.photo_id = photo.id
        session.add(story)
    # Only now is it committed, and only now told.
    services().cache.invalidate()
    response = jsonify(story_as_json(story, 0, 0) | {"arguments": []})
    response.status_code = 201
    response.headers["Location"] = url_for("api.get_story", story_id=story.id)
    return response


@api.get(f"/api/stories/{STORY}")
@still_read
def get_story(story_id: int) -> dict[str, Any]:
    with services().session() as session:
        row = session.execute(stories().where(Story.id == story_id)).one_or_none()
        if row is None:
            abort(404, f"there is no story {story_id}")
        debate = session.scalars(select(Argument).where(Argument.story_id == story_id).order_by(Argument.id))
        return story_as_json(*row) | {"arguments": [argument_as_json(argument) for argument in debate]}


@api.post(f"/api/stories/{STORY}/arguments")
def post_argument(story_id: int) -> tuple[Response, int]:
    given = checks.argument(fields())
    argument = Argument(story_id=story_id, stance=given.stance, text=given.text, evidence=given.evidence)
    with services().session.begin() as session:
        # The lock keeps the story until the argument is there.
        if session.get(Story, story_id, with_for_update={"key_share": True}) is None:
            abort(404, f"there is no story {story_id}")
        session.add(argument)
    services().cache.invalidate()
    return jsonify(argument_as_json(argument)), 201


@api.get("/api/photos/<uuid:photo_id>")
@still_read
def get_photo(photo_id: uuid.UUID) -> Response:
    with services().session() as session:
        photo = session.get(Photo, photo_id)
    if photo is None:
        abort(404, f"there is no photo {photo_id}")
    response = Response(photo.content, content_type=photo.content_type)
    # A photo never changes.
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.set_etag(photo_id.hex)
    response.make_conditional(request)
    return response


@api.get("/api/feed")
@still_read
def feed() -> Response:
    """Stories and items of the Speech API, newest first; from the cache while it holds them."""
    wanted = limit()
    found = services().cache.look_up(wanted)
    body = found.body
    if body is None:
        with services().session() as session:
            entries = newest_stories(session, wanted)
        speech, items = services().speech.items(wanted)
        newest = sorted(entries + items, key=lambda entry: entry["published_at"], reverse=True)[:wanted]
        body = json.dumps({"entries": newest, "speech_api": speech}).encode()
        services().cache.store(found.key, body)
    response = Response(body, content_type="application/json")
    response.headers["X-Cache"] = "miss" if found.body is None else "hit"
    return response


def limit() -> int:
    """How many to list: ?limit=, 30 when it is not there."""
    given = request.args.get("limit", "30")
    if not (given.isascii() and given.isdigit() and len(given) <= 3 and 1 <= int(given) <= FEED_LIMIT):
        abort(400, f"limit: write a number from 1 to {FEED_LIMIT}")
    return int(given)


def fields() -> Mapping[str, object]:
    """What was posted, be it JSON or a form."""
    if not request.is_json:
        return request.form
    posted = request.get_json()
    if not isinstance(posted, dict):
        abort(400, "write a JSON object")
    return posted


def stories() -> Any:
    """Selects stories with the numbers of their supports and challenges."""

    def count(stance: str) -> Any:
        return select(func.count()).where(Argument.story_id == Story.id, Argument.stance == stance).scalar_subquery()

    return select(Story, count("support"), count("challenge"))


def newest_stories(session: Session, count: int) -> list[dict[str, Any]]:
    rows = session.execute(stories().order_by(Story.created_at.desc(), Story.id.desc()).limit(count)).all()
    return [story_as_json(story, supports, challenges) for story, supports, challenges in rows]


def story_as_json(story: Story, supports: int, challenges: int) -> dict[str, Any]:
    return {
        "kind": "story",
        "id": story.id,
        "title": story.title,
        "text": story.text,
        "author": story.author,
        "photo": str(story.photo_id) if story.photo_id else None,
        "supports": supports,
        "challenges": challenges,
        "published_at": timestamp(story.created_at),
    }


def argument_as_json(argument: Argument) -> dict[str, Any]:
    return {
        "id": argument.id,
        "stance": argument.stance,
        "text": argument.text,
        "evidence": argument.evidence,
        "published_at": timestamp(argument.created_at),
    }
