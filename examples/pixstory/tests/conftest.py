"""Real PostgreSQL, real Redis, each started once for a session, on free ports."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pixstory_example import api as api_module
from pixstory_example import speech
from pixstory_example.items import Items
from pixstory_example.migrate import migrate
from pixstory_example.settings import Api

from . import stack


@pytest.fixture(scope="session")
def postgres() -> Iterator[stack.Postgres]:
    with stack.folder() as folder, stack.Postgres(folder) as server:
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[stack.Redis]:
    with stack.folder() as folder, stack.Redis(folder) as server:
        yield server


@pytest.fixture(scope="session")
def speech_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("speech")


@pytest.fixture(scope="session")
def speech_url(speech_folder: Path) -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with stack.served(speech.create_app(speech_folder)) as url:
        yield url


@pytest.fixture
def items(speech_folder: Path) -> Iterator[Items]:
    """The items of the Speech API: none, to begin with."""
    with Items.opened(speech_folder) as items:
        items.keep_only([])
        yield items
        with items._database as database:
            database.execute("DELETE FROM items")


@pytest.fixture(scope="session")
def settings(postgres: stack.Postgres, redis: stack.Redis, speech_url: str) -> Api:
    database = postgres.create("api")
    migrate(database)
    return Api(database, redis.settings, speech_url)


@pytest.fixture(scope="session")
def api_app(settings: Api) -> Flask:
    return api_module.create_app(settings)


@pytest.fixture
def api(api_app: Flask, postgres: stack.Postgres, redis: stack.Redis) -> FlaskClient:
    """The API, with nothing in its database and its cache."""
    with postgres.connect("api") as connection:
        connection.execute("TRUNCATE stories, arguments, photos")
    redis.client.flushall()
    return api_app.test_client()
