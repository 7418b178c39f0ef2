# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What machines see of AWS, the emulator's API and the instance metadata service, and the way in to a lab.

The first two are served by processes of this computer that have opened their listening sockets in the machines'
network: in the network namespace of a container of a molecule scenario, or in that of a lab's router. So the emulator
stays on loopback, and a firewall on a machine meets the same packets as on AWS. The third, ``entrance``, is the other
way round: it listens on this computer's loopback and speaks from a namespace that is the internet to the lab. There it
is another medium too, whose feed the Speech API fetches.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from lab.machines import imds, press
from lab.machines.host import Grants

ROOT = Path(__file__).resolve().parents[2]
API_PORT = 5111
PORTS = {"api": API_PORT, "imds": 80}
ENTRANCE = "entrance"
START_TIMEOUT = 20.0


def listen_inside(namespace: Path, address: str, port: int) -> socket.socket:
    """A listening socket in a network namespace. This process itself stays where it is."""
    with open("/proc/self/ns/net") as own, namespace.open() as other:
        os.setns(other.fileno(), os.CLONE_NEWNET)
        try:
            return socket.create_server((address, port), backlog=64)
        finally:
            os.setns(own.fileno(), os.CLONE_NEWNET)


def forward(listener: socket.socket, targets: Callable[[], Sequence[tuple[str, int]]]) -> None:
    """Join each connection to one to the first target that takes it, until the listener is closed."""
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_join, args=(client, targets), daemon=True).start()


def _connect(targets: Sequence[tuple[str, int]]) -> socket.socket | None:
    for target in targets:
        with contextlib.suppress(OSError):
            return socket.create_connection(target, timeout=5)
    return None


def _join(client: socket.socket, targets: Callable[[], Sequence[tuple[str, int]]]) -> None:
    with client:
        upstream = _connect(targets())
        if upstream is None:
            return
        with upstream:
            upstream.settimeout(None)
            back = threading.Thread(target=_copy, args=(upstream, client), daemon=True)
            back.start()
            _copy(client, upstream)
            back.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


class _Inherited(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, listener: socket.socket, handler: Any) -> None:
        super().__init__(("", 0), handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener


def serve(service: str, namespace: Path, address: str, directory: Path, target: str) -> None:
    """Serve ``api`` or ``imds`` at an address in a network namespace, or ``entrance`` on loopback, until SIGTERM.

    ``directory`` has ``imds.json``, the instances by address, and ``entrance.json``: the public ``addresses`` behind
    the entrance, and of each of its ``ports`` the one there. They are read again at each request.
    """
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if service == ENTRANCE:
        return _serve_entrance(namespace, directory)
    listener = listen_inside(namespace, address, PORTS[service])
    if service == "api":
        host, _, port = target.rpartition("//")[2].partition(":")
        ready(directory, service)
        return forward(listener, lambda: [(host, int(port))])

    server = _Inherited(listener, imds.handler(lambda: json.loads((directory / "imds.json").read_text())))
    ready(directory, service)
    return server.serve_forever()


def _serve_entrance(namespace: Path, directory: Path) -> None:
    def known() -> Any:
        return json.loads((directory / "entrance.json").read_text())

    def targets(port: int) -> list[tuple[str, int]]:
        # As a browser does with several addresses of a name: any first, then the others.
        addresses = list(known()["addresses"])
        random.shuffle(addresses)
        return [(address, port) for address in addresses]

    listeners = []
    for own, port in known()["ports"].items():
        try:
            listeners.append((socket.create_server(("127.0.0.1", int(own)), backlog=64), port))
        except OSError as error:
            text = f"port {own} of loopback is taken ({error.strerror}); name others: --https-port, --http-port"
            raise SystemExit(text) from None
    with namespace.open() as inside:
        os.setns(inside.fileno(), os.CLONE_NEWNET)
    medium = ThreadingHTTPServer(("0.0.0.0", press.PORT), press.handler())
    threading.Thread(target=medium.serve_forever, daemon=True).start()
    for listener, port in listeners:
        arguments = (listener, functools.partial(targets, port))
        threading.Thread(target=forward, args=arguments, daemon=True).start()
    ready(directory, ENTRANCE)
    threading.Event().wait()


def pidfile(directory: Path, service: str) -> Path:
    """Where a service writes its process id once it listens."""
    return directory / f"{service}.pid"


def ready(directory: Path, service: str) -> None:
    """Say that the service listens."""
    # Under `podman unshare` too: only the user namespace differs, the process ids are the computer's.
    pidfile(directory, service).write_text(f"{os.getpid()}\n")


def running(directory: Path, service: str) -> int | None:
    """The process id of a service, if it runs. A recycled one is not taken for it."""
    try:
        pid = int(pidfile(directory, service).read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    return pid if b"gateway" in command and str(directory).encode() in command else None


def namespace_of(container: str) -> Path:
    """The network namespace of a container that runs."""
    inspected = subprocess.run(
        ["podman", "inspect", "--format", "{{.State.Pid}}", container], check=True, capture_output=True, text=True
    )
    return Path(f"/proc/{inspected.stdout.strip()}/ns/net")


def start(
    service: str, directory: Path, grants: Grants, namespace: Path, target: str = "", address: str = "0.0.0.0"
) -> None:
    """Start a service and wait until it listens; one that runs is left alone."""
    if running(directory, service):
        return
    pidfile(directory, service).unlink(missing_ok=True)
    output = directory / f"{service}.out"
    # Where podman is rootless the network namespaces belong to its user namespace.
    command = ["podman", "unshare"] if grants.rootless else []
    command += [sys.executable, "-m", "lab", "gateway", service, "--directory", str(directory)]
    command += ["--namespace", str(namespace), "--address", address, "--target", target]
    with output.open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        if running(directory, service):
            return
        time.sleep(0.05)
    raise SystemExit(f"the gateway {service} did not start; it said: {output.read_text().strip() or 'nothing'}")


def stop(service: str, directory: Path) -> None:
    """Stop a service; connections to it are refused from now on, and those that stand are cut."""
    pid = running(directory, service)
    if pid is None:
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + START_TIMEOUT
    while running(directory, service):
        if time.monotonic() > deadline:
            raise SystemExit(f"the gateway {service} (pid {pid}) does not stop")
        time.sleep(0.05)
