"""What the environment variables say. README.md lists them all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit


class SettingsError(Exception):
    """An environment variable, or a file that one names, is missing or wrong; says what to write instead."""


class _Reader:
    """The environment of the service. An empty variable counts as one that is not set."""

    def __init__(self, environment: Mapping[str, str] | None) -> None:
        self._environment = os.environ if environment is None else environment

    def required(self, name: str, what: str) -> str:
        if value := self._environment.get(name):
            return value
        raise SettingsError(f"{name} is not set: write {what} into the environment of the service")

    def optional(self, name: str, default: str = "") -> str:
        return self._environment.get(name) or default

    def port(self, name: str, default: int) -> int:
        value = self.optional(name, str(default))
        if value.isascii() and value.isdigit() and 0 < int(value) < 65536:
            return int(value)
        raise SettingsError(f"{name} is {value!r}: write a port number, 1 to 65535")

    def switch(self, name: str, default: str) -> bool:
        value = self.optional(name, default)
        if value in ("0", "1"):
            return value == "1"
        raise SettingsError(f"{name} is {value!r}: write 1 (on) or 0 (off)")

    def url(self, name: str, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise SettingsError(f"{name} is {value!r}: write a URL such as https://speech-api.internal")
        return value.rstrip("/")


@dataclass(frozen=True)
class Database:
    host: str
    name: str
    username: str
    password: str = field(repr=False)
    sslmode: str = "require"
    port: int = 5432

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        read = _Reader(environment)
        return cls(
            host=read.required("DATABASE_HOST", "the host name of the PostgreSQL server"),
            name=read.required("DATABASE_NAME", "the name of the database"),
            username=read.required("DATABASE_USERNAME", "the database user"),
            password=read.required("DATABASE_PASSWORD", "the password of the database user"),
            sslmode=read.optional("DATABASE_SSLMODE", "require"),
            port=read.port("DATABASE_PORT", 5432),
        )


@dataclass(frozen=True)
class Cache:
    host: str
    auth_token: str = field(repr=False, default="")
    tls: bool = True
    port: int = 6379

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        read = _Reader(environment)
        return cls(
            host=read.required("CACHE_HOST", "the host name of the Redis server"),
            auth_token=read.optional("CACHE_AUTH_TOKEN"),
            tls=read.switch("CACHE_TLS", "1"),
            port=read.port("CACHE_PORT", 6379),
        )


@dataclass(frozen=True)
class Api:
    database: Database
    cache: Cache
    speech_api_url: str = ""
    """Without it the feed holds stories only."""
    speech_api_certificate: str = ""
    """A PEM file to trust instead of the system's certificate authorities."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        read = _Reader(environment)
        return cls(
            database=Database.from_environment(environment),
            cache=Cache.from_environment(environment),
            speech_api_url=read.url("SPEECH_API_URL", read.optional("SPEECH_API_URL")),
            speech_api_certificate=read.optional("SPEECH_API_CERTIFICATE_FILE"),
        )


@dataclass(frozen=True)
class Web:
    app_url: str
    secret_key: str = field(repr=False)
    cookie_secure: bool = True

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        read = _Reader(environment)
        secret_key = read.required("SECRET_KEY", "at least 32 random characters, the same on every web server,")
        if len(secret_key) < 32:
            raise SettingsError(f"SECRET_KEY has {len(secret_key)} characters: write at least 32 random ones")
        return cls(
            app_url=read.url("APP_URL", read.required("APP_URL", "the URL of the app's load balancer")),
            secret_key=secret_key,
            cookie_secure=read.switch("COOKIE_SECURE", "1"),
        )


def state_directory(environment: Mapping[str, str] | None = None) -> Path:
    """Where the fetcher keeps its items; systemd sets it from StateDirectory=."""
    return Path(_Reader(environment).required("STATE_DIRECTORY", "the directory for the fetcher's items"))


def speech_sources(environment: Mapping[str, str] | None = None) -> Path:
    """The TOML file that lists the sources of the fetcher."""
    return Path(_Reader(environment).required("SPEECH_SOURCES", "the path of the TOML file that lists the sources"))
