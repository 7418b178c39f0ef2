"""Private instances of what the application needs: PostgreSQL, Redis and its own services, on free loopback ports."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import httpx
import psycopg
import redis
from psycopg import sql
from werkzeug.serving import make_server

from pixstory_example.settings import Cache, Database

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

SOURCE = Path(__file__).resolve().parents[1] / "src"
# Seconds until a test gives up. Long, for machines that do much besides; a test that passes does not wait.
PATIENCE = 240
PASSWORD = "a password of the tests"
MISSING = "{} is missing; on Debian: apt-get install postgresql redis-server"


def binary(*names: str) -> str:
    """The path of the first of these programs; Debian keeps PostgreSQL's off PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    path = os.pathsep.join([*(str(folder) for folder in reversed(folders)), os.environ.get("PATH", os.defpath)])
    for name in names:
        if found := shutil.which(name, path=path):
            # /usr/local/bin may have a link that leads back to the folder with the libraries.
            return str(Path(found).resolve()) if name in ("postgres", "initdb") else found
    raise FileNotFoundError(MISSING.format(" or ".join(names)))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(0.05)


class Process:
    """A process that ends with this one, with its output in a file."""

    stop_signal = signal.SIGTERM
    unprivileged = False
    """Whether it gives root up. Python does not: it may be installed in a home that is closed to others."""

    def __init__(self, folder: Path, *command: str, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.command = command
        self.environment = environment
        self.output = folder / "output"
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [*(lower() if self.unprivileged else []), "setpriv", "--pdeathsig", "TERM", *self.command],
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            until(lambda: self.ended() or self.answers(), f"{self.command[0]} starts")
            if self.ended():
                raise RuntimeError(f"{self.command[0]} ended at once")
        except Exception as error:
            self.stop()
            raise RuntimeError(f"{error}\n{self.output.read_text()}") from error

    def stop(self, how: signal.Signals | None = None) -> None:
        if self.process:
            self.process.send_signal(how or self.stop_signal)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def answers(self) -> bool:
        return True


def lower() -> list[str]:
    """The start of a command that gives root up: PostgreSQL refuses it."""
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that an unprivileged process may use. pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(prefix="pixstory-", dir="/tmp", ignore_cleanup_errors=True) as name:
        if os.geteuid() == 0:
            shutil.chown(name, "nobody", "nogroup")
        yield Path(name)


class Postgres(Process):
    # A fast shutdown: does not wait for clients to leave.
    stop_signal = signal.SIGINT
    unprivileged = True

    def __init__(self, folder: Path) -> None:
        self.settings = Database("127.0.0.1", "pixstory", "pixstory", PASSWORD, sslmode="disable", port=free_port())
        secret = folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        initdb = [binary("initdb"), f"--pgdata={folder}/data", "--username=pixstory", "--auth=scram-sha-256"]
        subprocess.run(
            [*lower(), *initdb, f"--pwfile={secret}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        super().__init__(
            folder,
            *(binary("postgres"), "-D", f"{folder}/data", "-k", str(folder), "-p", str(self.settings.port)),
            *("-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=60"),
        )

    def answers(self) -> bool:
        with suppress(psycopg.OperationalError), self.connect("postgres"):
            return True
        return False

    def connect(self, database: str = "pixstory") -> psycopg.Connection:
        to = self.settings
        return psycopg.connect(
            host=to.host, port=to.port, user=to.username, password=to.password, dbname=database, autocommit=True
        )

    def create(self, name: str) -> Database:
        """Makes an empty database in the place of the one before."""
        with self.connect("postgres") as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return replace(self.settings, name=name)


class Redis(Process):
    unprivileged = True

    def __init__(self, folder: Path) -> None:
        self.settings = Cache("127.0.0.1", auth_token=PASSWORD, tls=False, port=free_port())
        configuration = folder / "redis.conf"
        lines = [
            "bind 127.0.0.1",
            f"port {self.settings.port}",
            f'requirepass "{PASSWORD}"',
            'save ""',
            "appendonly no",
        ]
        configuration.write_text("\n".join([*lines, f"dir {folder}", ""]))
        super().__init__(folder, binary("redis-server", "valkey-server"), str(configuration))
        self.client = redis.Redis(port=self.settings.port, password=PASSWORD)

    def answers(self) -> bool:
        with suppress(redis.RedisError):
            return bool(self.client.ping())
        return False


class Service(Process):
    """One of the application's three services, under gunicorn as on a host."""

    def __init__(
        self, folder: Path, name: str, environment: Mapping[str, str], python: str | Path = sys.executable
    ) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        metrics = folder / "metrics"
        metrics.mkdir(exist_ok=True)
        super().__init__(
            folder,
            *(str(python), "-m", "gunicorn", "--config", "python:pixstory_example.gunicorn_conf"),
            *("--bind", self.url.removeprefix("http://"), f"pixstory_example.{name}:app"),
            environment=python_environment() | dict(environment) | {"PROMETHEUS_MULTIPROC_DIR": str(metrics)},
        )

    def answers(self) -> bool:
        with suppress(httpx.TransportError):
            return self.get("/healthz").status_code == 200
        return False

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", timeout=PATIENCE)


def python_environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PYTHONPATH": str(SOURCE), "PYTHONDONTWRITEBYTECODE": "1"}


def api_environment(database: Database, cache: Cache) -> dict[str, str]:
    """What first boot would write for the app."""
    return {
        "DATABASE_HOST": database.host,
        "DATABASE_PORT": str(database.port),
        "DATABASE_NAME": database.name,
        "DATABASE_USERNAME": database.username,
        "DATABASE_PASSWORD": database.password,
        "DATABASE_SSLMODE": database.sslmode,
        "CACHE_HOST": cache.host,
        "CACHE_PORT": str(cache.port),
        "CACHE_AUTH_TOKEN": cache.auth_token,
        "CACHE_TLS": "1" if cache.tls else "0",
    }


@contextmanager
def served(application: WSGIApplication) -> Iterator[str]:
    """Serves a WSGI application in a thread, and gives its URL."""
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
