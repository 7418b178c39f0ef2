# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The warm process: accepts, forks, tells how the child ended, and learns from it what to have loaded."""

from __future__ import annotations

import gc
import importlib
import json
import marshal
import mmap
import os
import selectors
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from . import child, payload, peers, sdk

GRACE = 5.0  # seconds between the interrupt of a module that nobody waits for any more and its end
MESSAGE = 65536
REPORT = 1 << 24  # bytes of address space; memory only as far as it is written


class Forked(BaseException):
    """Leaves the server's frames behind in the child."""

    def __init__(self, module: child.Module) -> None:
        self.module = module


@dataclass
class Running:
    """A child, the connection that waits for it, and what it leaves to be learnt."""

    pid: int
    pidfd: int
    connection: socket.socket
    digest: str
    zip_text: bytes
    report: mmap.mmap
    kill_at: float | None = None


class Server:
    def __init__(self, listener: socket.socket, run: int) -> None:
        self.listener = listener
        self.run = run  # pidfd of the ansible-playbook that this server belongs to
        self.selector = selectors.DefaultSelector()
        self.running: dict[int, Running] = {}
        self.finder = payload.Finder()
        self.sources: dict[str, payload.Source] = {}  # by digest: payloads share most of their files
        self.known: dict[str, dict[str, payload.Source]] = {}  # by the digest of the zip
        self.said: set[str] = set()
        self.ending = False
        self.folders = _folders()

    def serve(self) -> None:
        self.selector.register(self.listener, selectors.EVENT_READ, self._accept)
        self.selector.register(self.run, selectors.EVENT_READ, self._end)
        while not self.ending or self.running:
            for key, _events in self.selector.select(self._patience()):
                key.data(key.fileobj)
            self._kill_the_late()

    def _patience(self) -> float | None:
        deadlines = [running.kill_at for running in self.running.values() if running.kill_at is not None]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _kill_the_late(self) -> None:
        now = time.monotonic()
        for running in self.running.values():
            if running.kill_at is not None and running.kill_at <= now:
                _signal(running.pid, signal.SIGKILL)
                running.kill_at = None

    def _end(self, _source: Any) -> None:
        """The run is over, or was killed. Whoever still runs is not waited for by anybody."""
        self._retire()
        self.selector.unregister(self.run)
        for running in self.running.values():
            self._interrupt(running)

    def _interrupt(self, running: Running) -> None:
        if running.kill_at is None:
            running.kill_at = time.monotonic() + GRACE
            _signal(running.pid, signal.SIGINT)

    def _accept(self, _listener: Any) -> None:
        connection, _address = self.listener.accept()
        if peers.user_of(connection) != os.geteuid():
            connection.close()
            return
        connection.setblocking(False)
        self.selector.register(connection, selectors.EVENT_READ, self._asked)

    def _asked(self, connection: socket.socket) -> None:
        try:
            message, descriptors, _flags, _address = socket.recv_fds(connection, MESSAGE, 3)
            request = json.loads(message) if message else {}
        except (OSError, ValueError):
            request, descriptors = {}, []
        if "say" in request:
            new = request["say"] not in self.said
            self.said.add(request["say"])
            _answer(connection, {"new": new})
        elif len(descriptors) == 3 and _folders() != self.folders:
            # A package was installed or removed: what is loaded may not be what is on disk.
            self._leave(connection)
            self._retire()
        elif len(descriptors) == 3:
            self._fork(connection, request, *descriptors)
        else:
            self._leave(connection)
        for descriptor in descriptors:
            os.close(descriptor)

    def _retire(self) -> None:
        """Give the name to a new server. End when the last child has."""
        if not self.ending:
            self.selector.unregister(self.listener)
            self.listener.close()
            self.ending = True

    def _leave(self, connection: socket.socket) -> None:
        self.selector.unregister(connection)
        connection.close()

    def _fork(self, connection: socket.socket, request: dict[str, Any], content: int, stdout: int, stderr: int) -> None:
        context = json.loads(os.pread(content, request["context"], 0))
        script = os.pread(content, request["script"], request["context"])
        zip_text = script[request["zip_start"] : request["zip_end"]]
        report = mmap.mmap(-1, REPORT)  # shared with the child; no descriptor that a module could see
        try:
            pid = os.fork()
        except OSError:  # too many processes, say: the client does without
            self._leave(connection)
            return
        if pid == 0:
            task = child.Task(
                script=script,
                zip_text=zip_text,
                zip_digest=request["digest"],
                environment=context["environment"],
                folder=context["folder"],
                umask=context["umask"],
                stdout=stdout,
                stderr=stderr,
                report=report,
            )
            raise Forked(child.Module(task, self.finder, self.known))
        # From here on the client may not run the module a second time.
        _answer(connection, {"started": True})
        pidfd = os.pidfd_open(pid)
        running = Running(pid, pidfd, connection, request["digest"], zip_text, report)
        self.running[pid] = running
        self.selector.modify(connection, selectors.EVENT_READ, lambda _source: self._left_alone(running))
        self.selector.register(pidfd, selectors.EVENT_READ, lambda _source: self._ended(running))

    def _left_alone(self, running: Running) -> None:
        """The client says nothing more: what comes is its end."""
        self.selector.unregister(running.connection)
        self._interrupt(running)

    def _ended(self, running: Running) -> None:
        _pid, status = os.waitpid(running.pid, 0)
        self.selector.unregister(running.pidfd)
        os.close(running.pidfd)
        del self.running[running.pid]
        _answer(running.connection, {"status": status})
        with suppress(KeyError, ValueError):
            self.selector.unregister(running.connection)
        running.connection.close()
        if not self.ending:
            self._learn(running)
        running.report.close()

    def _learn(self, running: Running) -> None:
        if running.digest not in self.known:
            found = payload.sources_of(running.zip_text)
            if found is not None:
                self.known[running.digest] = {
                    name: self.sources.setdefault(source.digest, source) for name, source in found.items()
                }
        written = int.from_bytes(running.report[:8], "little")
        if not written or running.digest not in self.known:
            return
        report = marshal.loads(running.report[8 : 8 + written])
        self.finder.codes.update(report["codes"])
        # What is loaded stays what it is: a payload with another file of that name forgets all that is loaded.
        self.finder.sources = self.known[running.digest] | self.finder.sources
        sys.meta_path.insert(0, self.finder)
        for name in report["modules"]:
            with suppress(BaseException):  # what cannot be imported here is imported, or fails, in the child
                importlib.import_module(name)
        sys.meta_path.remove(self.finder)
        self.finder.sources = {name: source for name, source in self.finder.sources.items() if name in sys.modules}
        sdk.read(report["models"])
        gc.collect()
        gc.freeze()


def _folders() -> list[int]:
    """When something was last installed or removed in each folder that Python imports from."""
    found = []
    for folder in sys.path:
        with suppress(OSError):
            found.append(os.stat(folder).st_mtime_ns)
    return found


def _answer(connection: socket.socket, answer: dict[str, Any]) -> None:
    with suppress(OSError):  # it waits no more
        connection.send(json.dumps(answer).encode())


def _signal(pid: int, number: int) -> None:
    """To the child and what it started: it leads its own session, once it has come that far."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def main(name: str, run: str, started: str) -> child.Module | None:
    """Serve the run with this process id, which started at this time, under this name. Says first what came of it.

    Returns in each child, with the module that it is to run, and at the end of the server, with nothing.
    """
    os.umask(0o077)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        listener.bind("\0" + name)
    except OSError:
        print("taken", flush=True)
        return None
    listener.listen(128)
    pidfd = os.pidfd_open(int(run))
    if peers.start_time(int(run)) != started:
        return None
    print("ready", flush=True)
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    sys.dont_write_bytecode = True
    gc.disable()
    sdk.load()
    gc.collect()
    gc.freeze()
    try:
        Server(listener, pidfd).serve()
    except Forked as forked:
        return forked.module
    return None
