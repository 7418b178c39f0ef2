"""The warm connection: the same results as `local`, and nothing left behind."""

from __future__ import annotations

import functools
import http.server
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import Emulator

HERE = Path(__file__).parent / "warm"
WARM = "pixstory.platform.warm"

# What differs between any two runs, whatever the connection.
VOLATILE = {
    *("start", "end", "delta", "elapsed", "duration", "atime", "mtime", "ctime", "inode", "date", "server", "pid"),
    *("x-amzn-requestid", "request_id", "version", "attempts"),
    *("ansible_job_id", "results_file", "creation_date", "create_time", "cached_image"),
}
VARYING = [
    (
        re.compile(r"/\S*/ansible_\w[\w.]*_payload_\w+/ansible_[\w.]+_payload\.zip/|/ansible_warm_payload.zip/"),
        "PAYLOAD/",
    ),
    (re.compile(r"ansible-tmp-[\d.]+-\d+-\d+"), "ansible-tmp"),
    (re.compile(r"ansible-local-\w+"), "ansible-local"),
    (re.compile(r"ansible-moduletmp-[\d.]+-\w+/tmp\w+"), "ansible-moduletmp"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\dZ+:]*"), "TIME"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"0x[0-9a-f]{8,}"), "ADDRESS"),
    (re.compile(r"secret-\w{6}\b"), "secret-RANDOM"),
]
IDENTIFIER = re.compile(r"\b(vpc|subnet|sg|sgr|rtb|acl|igw|dopt|eni|assoc)(-[a-z]+)*-[0-9a-f]{8,17}\b")


def of_the_controller(value: Any) -> bool:
    """Whether it is a traceback of ansible-playbook, which goes through the connection."""
    return isinstance(value, str) and value.startswith("Traceback") and "plugins/action/__init__.py" in value


def frames(text: str) -> str:
    """A traceback without the warm Python's one frame, and without source, which it knows when the zip is gone."""
    lines = [line for line in text.splitlines() if not line.startswith("    ")]
    return "\n".join(line for line in lines if not re.match(r'  File "<string>", line \d+, in <module>$', line))


class Comparable:
    """A result without what varies between runs. Identifiers become their order of appearance."""

    def __init__(self) -> None:
        self.identifiers: dict[str, str] = {}

    def of(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: self.of(item) for key, item in value.items() if key not in VOLATILE and not of_the_controller(item)
            }
        if isinstance(value, list):
            return [self.of(item) for item in value]
        if isinstance(value, str):
            if "Traceback (most recent call last)" in value:
                value = frames(value)
            for pattern, replacement in VARYING:
                value = pattern.sub(replacement, value)
            return IDENTIFIER.sub(lambda found: self.identifier(found[0]), value)
        return value

    def identifier(self, found: str) -> str:
        return self.identifiers.setdefault(found, f"{found.split('-')[0]}-{len(self.identifiers)}")


def settings(emulator: Emulator | None, folder: Path) -> dict[str, str]:
    variables = emulator.environment() if emulator else dict(os.environ)
    variables.pop("AWS_ENDPOINT_URL", None)
    return {
        **variables,
        "PATH": f"{Path(sys.executable).parent}:{variables['PATH']}",
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(HERE / "ansible.cfg"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "ansible"),
        "ANSIBLE_REMOTE_TEMP": str(folder / "ansible"),
    }


def conform(connection: str, emulator: Emulator, pages: str, scratch: Path) -> dict[str, Any]:
    """The result of each task of the playbook, by its name."""
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(mode=0o777)
    scratch.chmod(0o777)
    # Another Python, the same by its version: a virtual environment's own is a link, and this is another link.
    (scratch / "python").symlink_to(sys.executable)
    urllib.request.urlopen(urllib.request.Request(f"{emulator.url}/moto-api/reset", method="POST")).read()
    variables = {
        "ansible_connection": connection,
        "scratch": str(scratch),
        "emulator": emulator.url,
        "pages": pages,
        "mark": "conformance",
    }
    done = subprocess.run(
        ["ansible-playbook", "-i", HERE / "hosts.yml", HERE / "conformance.yml", "-e", json.dumps(variables)],
        cwd=HERE,
        env={
            **settings(emulator, scratch / ".."),
            "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
            "ANSIBLE_DISPLAY_TRACEBACK": "always",
            "MARK": "of the run",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    comparable = Comparable()
    return {
        f"{play['play']['name']}: {task['task']['name']}": comparable.of(task["hosts"]["localhost"])
        for play in json.loads(done.stdout[done.stdout.index("{") :])["plays"]
        for task in play["tasks"]
    }


def differences(one: Any, other: Any, where: str = "") -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys(), key=str):
            if key not in one or key not in other:
                yield f"{where}.{key}: only by {'warm' if key in other else 'local'}: {(one | other)[key]!r:.300}"
            else:
                yield from differences(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for position, (mine, its) in enumerate(zip(one, other, strict=True)):
            yield from differences(mine, its, f"{where}[{position}]")
    elif one != other:
        yield f"{where}: local {one!r:.500}, warm {other!r:.500}"


@pytest.fixture
def pages() -> Iterator[str]:
    """The address of a web server whose pages, the plays' own files, stay as they are."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(HERE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_every_module_gives_the_same_result(account: Emulator, pages: str, tmp_path: Path) -> None:
    stock = conform("ansible.builtin.local", account, pages, tmp_path / "scratch")
    warm = conform(WARM, account, pages, tmp_path / "scratch")
    assert len(stock) > 70
    failed = [name for name, result in stock.items() if result.get("failed")]
    assert len(failed) > 15, "failures are compared as well"
    assert list(stock) == list(warm)
    assert list(differences(stock, warm)) == []


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A short name: ansible-playbook binds a socket in there, and its path has 108 characters at the most."""
    with tempfile.TemporaryDirectory(prefix="warm-") as folder:
        yield Path(folder)


class Run:
    """An ansible-playbook whose every descendant can be found by a mark in its environment."""

    def __init__(self, folder: Path, temporary: Path, seconds: float, connection: str = WARM, *arguments: str) -> None:
        self.mark = f"PIXSTORY_TEST_MARK={uuid.uuid4()}"
        self.temporary = temporary
        self.started = folder / "started"
        variables = {"ansible_connection": connection, "seconds": seconds, "started": str(self.started)}
        name, _, value = self.mark.partition("=")
        self.output = folder / "output"
        self.process = subprocess.Popen(
            [
                "ansible-playbook",
                "-i",
                HERE / "hosts.yml",
                HERE / "leaving.yml",
                "-e",
                json.dumps(variables),
                *arguments,
            ],
            cwd=HERE,
            env={**settings(None, folder), "TMPDIR": str(self.temporary), name: value},
            stdin=subprocess.DEVNULL,
            stdout=self.output.open("w"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def processes(self) -> list[str]:
        found = []
        for process in Path("/proc").iterdir():
            try:
                if process.name.isdigit() and self.mark.encode() in (process / "environ").read_bytes():
                    state = (process / "stat").read_text().rpartition(")")[2].split()[0]
                    command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    found.append(f"{process.name} {state} {command[:80]}")
            except OSError:
                continue
        return found

    def sockets(self) -> list[str]:
        mine = f"@pixstory.platform.warm/{os.geteuid()}/{self.process.pid}."
        return [line for line in Path("/proc/net/unix").read_text().splitlines() if mine in line]

    def files(self) -> list[str]:
        """But for the folder of ansible-playbook's own queues, which it leaves when it is killed, whatever connects."""
        return sorted(str(path) for path in self.temporary.rglob("*") if "pymp-" not in str(path))


def eventually(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


@pytest.mark.parametrize("ending", ["well", "SIGINT", "SIGTERM", "SIGKILL"])
def test_nothing_is_left_after(ending: str, tmp_path: Path, temporary: Path) -> None:
    run = Run(tmp_path, temporary, seconds=0.5 if ending == "well" else 120)
    assert eventually(run.started.exists), run.output.read_text()
    assert run.sockets(), "the server of the run is up"
    assert len(run.processes()) >= 4, "the run, its worker, the server, the module"
    if ending != "well":
        os.kill(run.process.pid, getattr(signal, ending))
    code = run.process.wait(timeout=30)
    assert (code == 0) == (ending == "well"), run.output.read_text()
    assert eventually(lambda: not run.processes()), run.processes()
    assert run.sockets() == []
    assert run.files() == []


def test_a_server_that_dies_is_told_and_not_repeated(tmp_path: Path, temporary: Path) -> None:
    run = Run(tmp_path, temporary, 120)
    assert eventually(run.started.exists), run.output.read_text()
    module = Path(f"/proc/{run.started.read_text().strip()}/stat")
    server = int(module.read_text().rpartition(")")[2].split()[1])
    assert f"warm Python of ansible-playbook {run.process.pid}" in Path(f"/proc/{server}/cmdline").read_text()
    os.kill(server, signal.SIGKILL)
    os.kill(int(module.parent.name), signal.SIGKILL)
    assert run.process.wait(timeout=30) != 0
    assert "what the module has done is not known" in re.sub(r"\s+", " ", run.output.read_text())
    assert run.output.read_text().count("PLAY RECAP") == 1


def test_what_is_not_served_is_said_once(tmp_path: Path, temporary: Path) -> None:
    # A link beside: the same Python, not known to be the same virtual environment.
    other = tmp_path / "python"
    other.symlink_to(sys.executable)
    (tmp_path / "run").mkdir()
    run = Run(tmp_path / "run", temporary, 0.1, WARM, "-v", "-e", f"ansible_python_interpreter={other}")
    run.process.wait(timeout=60)
    told = run.output.read_text()
    assert told.count("The warm Python does not run this module, local does: its interpreter is") == 1, told
