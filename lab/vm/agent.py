#!/usr/bin/python3
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands for the agent of Systems Manager on a virtual machine: calls the service, and brings a session to sshd.

As with the real one, nothing comes in from outside: the machine connects outward, and sshd is reached over loopback.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time

PAUSE_SECONDS = 1.0
KEEPALIVE_SECONDS = 5


def copy(source: socket.socket, sink: socket.socket) -> None:
    """Pass on what comes, and its end."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def join(one: socket.socket, other: socket.socket) -> None:
    """Pass on both ways until both have ended."""
    with one, other:
        back = threading.Thread(target=copy, args=(other, one), daemon=True)
        back.start()
        copy(one, other)
        back.join()


def session(service: socket.socket, begin: bytes, sshd: tuple[str, int]) -> None:
    """One session; ``begin`` is what ssh has said already."""
    try:
        inside = socket.create_connection(sshd)
        inside.sendall(begin)
    except OSError as error:
        print(f"{sshd[0]} port {sshd[1]}: {error}", file=sys.stderr, flush=True)
        service.close()
    else:
        join(service, inside)


def serve(address: tuple[str, int], sshd: tuple[str, int]) -> None:
    """Wait at the service for a session, again and again. One begins with what ssh says."""
    while True:
        try:
            service = socket.create_connection(address, timeout=30)
            service.settimeout(None)
            # A firewall that is loaded while it waits takes it for known only once something has gone out.
            service.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            service.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_SECONDS)
            begin = service.recv(65536)
        except OSError:
            begin = b""
        if begin:
            threading.Thread(target=session, args=(service, begin, sshd), daemon=True).start()
        else:
            time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    serve((sys.argv[1], int(sys.argv[2])), ("127.0.0.1", 22))
