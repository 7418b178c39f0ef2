#!/usr/bin/python3
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``websocket.py HOST PATH MESSAGE [SECONDS]``: sends a message, waits, sends it again, and prints what comes back.

RFC 6455; messages below 126 bytes.
"""

from __future__ import annotations

import os
import socket
import ssl
import sys
import time

host, path, message = sys.argv[1], sys.argv[2], sys.argv[3].encode()
wait = float(sys.argv[4]) if len(sys.argv) > 4 else 0
context = ssl._create_unverified_context()
connection = context.wrap_socket(socket.create_connection((host, 443), timeout=20))
connection.sendall(
    f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
)
stream = connection.makefile("rb")
print(stream.readline().decode().strip())
while (line := stream.readline().strip()) != b"":
    if line.lower().startswith(b"sec-websocket-accept:"):
        print(line.partition(b":")[2].strip().decode())
for pause in (0, wait):
    time.sleep(pause)
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(message))
    connection.sendall(bytes([0x81, 0x80 | len(message)]) + mask + masked)
    head = stream.read(2)
    print(stream.read(head[1]).decode())
connection.close()
