#!/usr/bin/python3
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands for a service behind the proxy: ``backend.py NAME-PORT``.

Answers every request with JSON of what it received, and with the number of requests for that path so far. The query
says what else: ``cache=<seconds>`` for a Cache-Control, ``size=<bytes>`` for plain text of that size,
``wait=<seconds>``. While the file ``/run/backend-<name>.status`` is there, its number is the status of every answer.
``/api/ws`` and ``/ws`` are WebSockets that send back what they are sent (RFC 6455, frames below 126 bytes).
"""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

NAME, _, PORT = sys.argv[1].partition("-")
HOST = socket.gethostname()
STATUS = Path(f"/run/backend-{NAME}.status")
# RFC 6455, section 1.3.
WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: ClassVar[Counter[str]] = Counter()
    lock = threading.Lock()

    def answer(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        received = len(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        if url.path.endswith("/ws") and (self.headers.get("Upgrade") or "").lower() == "websocket":
            self.echo_websocket()
            return
        time.sleep(float(query.get("wait", 0)))
        with self.lock:
            self.seen[url.path] += 1
            count = self.seen[url.path]
        about = {
            "backend": NAME,
            "host": HOST,
            "method": self.command,
            "path": self.path,
            "count": count,
            "received": received,
        }
        body = json.dumps(about | {"headers": {k.lower(): v for k, v in self.headers.items()}}).encode()
        media_type = "application/json"
        if "size" in query:
            body, media_type = b"photo " * (int(query["size"]) // 6), "text/plain"
        try:
            status = int(STATUS.read_text())
        except FileNotFoundError:
            status = 200
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Backend", f"{NAME}@{HOST}")
        self.send_header("X-Count", str(count))
        # What the proxy has to replace.
        self.send_header("X-Powered-By", "backend")
        self.send_header("Content-Security-Policy", "default-src *")
        if "cache" in query:
            self.send_header("Cache-Control", f"public, max-age={query['cache']}")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_PURGE = answer

    def echo_websocket(self) -> None:
        accept = base64.b64encode(hashlib.sha1((self.headers["Sec-WebSocket-Key"] + WEBSOCKET_GUID).encode()).digest())
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", accept.decode())
        self.end_headers()
        self.close_connection = True
        while (head := self.rfile.read(2)) and len(head) == 2:
            mask = self.rfile.read(4)
            data = bytes(byte ^ mask[i % 4] for i, byte in enumerate(self.rfile.read(head[1] & 0x7F)))
            self.wfile.write(bytes([head[0], len(data)]) + data)
            if head[0] & 0x0F == 8:
                return

    def log_message(self, *_: object) -> None:
        """Nothing: thirty seconds of load would fill the journal."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    # The listening queue of the standard library has 5 places.
    request_queue_size = 256


Server(("0.0.0.0", int(PORT)), Handler).serve_forever()
