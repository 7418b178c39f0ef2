# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The side of ansible-playbook: finds or starts the warm Python of this run and has it run modules."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import selectors
import shlex
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .payload import Payload
from .peers import start_time, user_of

# What Python, the dynamic linker or a library reads once, at its start. A task that changes one of these needs a Python
# of its own.
READ_AT_START = ("PYTHON", "LD_", "LC_", "LANG", "MALLOC_", "GLIBC_", "OPENSSL_", "HOME", "AWS_DATA_PATH")
START_SECONDS = 20

# The server's own code, as `python -c` has it: whatever a module shows of its stack begins here, so it is short. The
# package gets a name that no module looks for. The first line is for who looks at a list of processes.
BOOT = """\
# warm Python of ansible-playbook {pid}, ends with it: pixstory.platform, docs/warm-connection.md
import importlib.util, sys
spec = importlib.util.spec_from_file_location("_pixstory_warm", sys.argv[1])
sys.modules[spec.name] = package = importlib.util.module_from_spec(spec)
spec.loader.exec_module(package)
from _pixstory_warm import server
module = server.main(*sys.argv[2:])
if module:
    try:
        exec(module.code, module.names)
    except BaseException as error:
        module.end(error)
    else:
        module.end(None)
"""


class NotServed(Exception):
    """The warm Python does not run this. Says why, in words for a person."""


class Lost(Exception):
    """The warm Python ended while it ran a module: what the module did is not known."""


@dataclass(frozen=True)
class Request:
    script: bytes
    payload: Payload
    environment: dict[str, str]
    folder: str


def request(command: str, script: bytes | None, shell: str, folder: str | None) -> Request:
    """What to ask for, from what Ansible would give to a shell.

    Raises:
        NotServed: It is not a Python module for the very Python that runs ansible-playbook.
    """
    if script is None:
        raise NotServed("it is a command or an asynchronous task, not a module on stdin")
    payload = Payload.of(script)
    if payload is None:
        raise NotServed("the module is not in Python, carries a debugger, or may start again in another Python")
    variables, interpreter = _parse(command, shell)
    if not _is_this_python(interpreter):
        raise NotServed(f"its interpreter is {interpreter}, and this run's is {sys.executable}")
    environment = {**os.environ, **variables}
    fixed = sorted(
        name for name in variables if name.startswith(READ_AT_START) and os.environ.get(name) != variables[name]
    )
    if fixed:
        raise NotServed(f"the task sets {', '.join(fixed)}, which Python reads at its start")
    try:
        folder = folder or os.getcwd()
    except OSError:
        raise NotServed("the working directory is gone") from None
    # A shell sets it, and says nothing else to what it starts.
    environment["PWD"] = folder
    return Request(script, payload, environment, folder)


def _parse(command: str, shell: str) -> tuple[dict[str, str], str]:
    """The environment and the interpreter of `/bin/sh -c 'NAME=value … python && sleep 0'`.

    The words are put together again the way Ansible does it. What does not come out the same means more than it says.
    """
    foreign = NotServed("its command is not the plain one of a module: it becomes another user, or is wrapped")
    try:
        outer = shlex.split(command)
        words = shlex.split(outer[2].removesuffix(" && sleep 0"))
    except (ValueError, IndexError):
        raise foreign from None
    if outer[:2] != [shell, "-c"] or len(outer) != 3 or not words:
        raise foreign
    *assignments, interpreter = words
    variables = dict(assignment.partition("=")[::2] for assignment in assignments)
    again = " ".join([*(f"{name}={shlex.quote(value)}" for name, value in variables.items()), shlex.quote(interpreter)])
    if outer[2].removesuffix(" && sleep 0").strip() != again or not all(map(str.isidentifier, variables)):
        raise foreign
    return variables, interpreter


def _is_this_python(interpreter: str) -> bool:
    """Not the file behind the links: python3 of a virtual environment is a link to that of the system."""
    same_folder = os.path.realpath(os.path.dirname(interpreter)) == os.path.realpath(os.path.dirname(sys.executable))
    return (
        os.path.isabs(interpreter) and same_folder and os.path.realpath(interpreter) == os.path.realpath(sys.executable)
    )


def run(asked: Request) -> tuple[int, bytes, bytes]:
    """Have the module run. Returns exit code, stdout and stderr as the shell would have.

    Raises:
        NotServed: No warm Python can be had. Nothing was run.
        Lost: It ended half-way.
    """
    for _attempt in range(3):
        connection = _connect()
        with connection:
            outcome = _ask(connection, asked)
        if outcome is not None:
            return outcome
    raise NotServed("packages are being installed while the run goes on")


def first_to_say(text: str) -> bool:
    """Whether no other task of this run has said so: the server knows. True where there can be none."""
    try:
        with _connect() as connection:
            connection.send(json.dumps({"say": text}).encode())
            return bool(_receive(connection).get("new", True))
    except (OSError, NotServed):
        return True


def _run_of() -> tuple[int, str]:
    """The process that is the run, and when it started. Ansible's workers are its children."""
    parent = multiprocessing.parent_process()
    pid = parent.pid if parent and parent.pid else os.getpid()
    return pid, start_time(pid)


def _name() -> str:
    """Of the socket: an abstract one, which no file stands for and which goes with the process."""
    pid, started = _run_of()
    python = hashlib.sha256(sys.executable.encode()).hexdigest()[:12]
    return f"pixstory.platform.warm/{os.geteuid()}/{pid}.{started}/{python}"


def _open() -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.connect("\0" + _name())
        if user_of(connection) != os.geteuid():
            raise PermissionError("somebody else's process has the name of the socket")
    except BaseException:
        connection.close()
        raise
    return connection


def _connect() -> socket.socket:
    if not sys.platform.startswith("linux"):
        raise NotServed("it needs Linux")
    try:
        with suppress(ConnectionRefusedError):
            return _open()
        _start()
        return _open()
    except (OSError, AttributeError) as error:
        raise NotServed(f"the warm Python does not start: {error}") from error


def start() -> None:
    """Start it ahead of the first module, without waiting for it."""
    if sys.platform.startswith("linux"):
        with suppress(OSError):
            _launch(subprocess.DEVNULL)


def _start() -> None:
    process = _launch(subprocess.PIPE)
    if process.stdout is None:  # it is a pipe
        raise AssertionError(process)
    with process.stdout, selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        answer = process.stdout.readline() if selector.select(START_SECONDS) else b""
    if answer.strip() not in (b"ready", b"taken"):
        process.kill()
        raise OSError(f"{sys.executable} gave no sign within {START_SECONDS} s")


def _launch(stdout: int) -> subprocess.Popen[bytes]:
    pid, started = _run_of()
    package = Path(__file__).with_name("__init__.py")
    return subprocess.Popen(
        [sys.executable, "-c", BOOT.format(pid=pid), str(package), _name(), str(pid), started],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,  # a Ctrl-C is for the run; the server ends when that has ended
    )


def _receive(connection: socket.socket) -> dict[str, Any]:
    message = connection.recv(65536)
    return json.loads(message) if message else {}


def _ask(connection: socket.socket, asked: Request) -> tuple[int, bytes, bytes] | None:
    """None when the server is out of date and makes room for a new one."""
    context = json.dumps({"environment": asked.environment, "folder": asked.folder, "umask": _umask()}).encode()
    out, out_end = os.pipe()
    err, err_end = os.pipe()
    content = os.memfd_create("module")
    answer: dict[str, Any] = {}
    try:
        try:
            for part in (context, asked.script):
                _write(content, part)
            message = {
                "context": len(context),
                "script": len(asked.script),
                "zip_start": asked.payload.zip_start,
                "zip_end": asked.payload.zip_end,
                "digest": asked.payload.digest,
            }
            with suppress(OSError):  # it has just ended
                socket.send_fds(connection, [json.dumps(message).encode()], [content, out_end, err_end])
        finally:
            for descriptor in (content, out_end, err_end):
                os.close(descriptor)
        with suppress(OSError):
            answer = _receive(connection)
        if "started" not in answer:
            # Nothing was run. A server that was about to end takes a moment to give up its name.
            time.sleep(0.05)
            return None
        return _wait(connection, out, err)
    finally:
        for descriptor in (out, err):
            os.close(descriptor)


def _wait(connection: socket.socket, out: int, err: int) -> tuple[int, bytes, bytes]:
    """Until the module has ended and nobody holds its stdout or stderr, as a shell's caller would."""
    read: dict[int, bytearray] = {out: bytearray(), err: bytearray()}
    status = None
    with selectors.DefaultSelector() as selector:
        for source in (connection, out, err):
            selector.register(source, selectors.EVENT_READ)
        while selector.get_map():
            for key, _events in selector.select():
                if key.fileobj is connection:
                    selector.unregister(connection)
                    with suppress(OSError):
                        status = _receive(connection).get("status")
                    if status is None:
                        raise Lost
                else:
                    chunk = os.read(key.fd, 1 << 20)
                    read[key.fd] += chunk
                    if not chunk:
                        selector.unregister(key.fileobj)
    if status is None:
        raise Lost
    return _exit_code(status, read[err]), bytes(read[out]), bytes(read[err])


def _exit_code(status: int, stderr: bytearray) -> int:
    """As /bin/sh answers, which stands between Ansible and a module: it says on stderr what a signal did."""
    if not os.WIFSIGNALED(status):
        return os.WEXITSTATUS(status)
    number = os.WTERMSIG(status)
    if number not in (signal.SIGINT, signal.SIGPIPE):
        dumped = " (core dumped)" if os.WCOREDUMP(status) else ""
        stderr += f"{signal.strsignal(number)}{dumped}\n".encode()
    return 128 + number


def _write(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current
