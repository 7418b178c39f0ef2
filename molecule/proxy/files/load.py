#!/usr/bin/python3
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``load.py HOST SECONDS RATE``: a steady load of RATE requests a second, prints what became of them as JSON.

Requests start on time, whether or not those before have been answered. They come from many clients, as behind a load
balancer, so that no limit is met. Half of them use connections that are kept, as a load balancer does; the others a
new one each. A GET on a kept connection that is closed before a byte of the answer has come is sent once more on
another connection, as RFC 9110, section 9.2.2 allows, and counted under ``sent_again``; a POST is not. Anything else
but a 200 is a failure.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import ssl
import sys
import time
from collections import Counter

HOST, SECONDS, RATE = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
CONTEXT = ssl._create_unverified_context()
TARGETS = (("GET", "/"), ("GET", "/api/stories"), ("GET", "/api/photos/load?cache=1"), ("POST", "/api/stories"))
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class ClosedBeforeAnswer(Exception):
    """The connection was closed before the first byte of the answer."""


async def exchange(connection: Connection, method: str, path: str, client: int, keep: bool) -> tuple[int, bool, str]:
    """Status, whether the connection may be used again, and who answered."""
    reader, writer = connection
    body = b"title=load" if method == "POST" else b""
    head = f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-For: 198.51.{client // 250}.{client % 250 + 1}\r\n"
    head += f"Connection: {'keep-alive' if keep else 'close'}\r\nContent-Length: {len(body)}\r\n\r\n"
    try:
        writer.write(head.encode() + body)
        await writer.drain()
        line = await reader.readline()
    except (ConnectionError, ssl.SSLError) as error:
        raise ClosedBeforeAnswer from error
    if not line:
        raise ClosedBeforeAnswer
    status, length, open_after, backend = int(line.split()[1]), 0, keep, ""
    while (header := (await reader.readline()).strip()) != b"":
        name, _, value = header.decode().partition(":")
        if name.lower() == "content-length":
            length = int(value)
        elif name.lower() == "connection" and value.strip() == "close":
            open_after = False
        elif name.lower() == "x-backend":
            backend = value.strip()
    await reader.readexactly(length)
    return status, open_after, backend


async def request(number: int, counts: Counter[str], failures: list[str], idle: list[Connection]) -> None:
    method, path = TARGETS[number // 2 % len(TARGETS)]
    keep = bool(number % 2)
    counts["requests"] += 1
    started = time.monotonic()
    try:
        async with asyncio.timeout(15):
            while True:
                usable = [each for each in idle if not each[0].at_eof()] if keep else []
                connection = usable[-1] if usable else await asyncio.open_connection(HOST, 443, ssl=CONTEXT)
                if usable:
                    idle.remove(connection)
                try:
                    status, open_after, backend = await exchange(connection, method, path, number % 2000, keep)
                except ClosedBeforeAnswer:
                    connection[1].close()
                    if not usable or method != "GET":
                        raise
                    counts["sent_again"] += 1
                    continue
                break
        if open_after:
            idle.append(connection)
        else:
            connection[1].close()
        if status == 200:
            counts["answered"] += 1
            counts[f"by {backend}"] += 1
        else:
            failures.append(f"{status} {method} {path}")
    except Exception as error:
        failures.append(f"{type(error).__name__} {method} {path} after {time.monotonic() - started:.1f} s")


async def main() -> None:
    counts: Counter[str] = Counter(requests=0, answered=0, sent_again=0)
    failures: list[str] = []
    idle: list[Connection] = []
    started = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in itertools.count():
            due = started + number / RATE
            if due > started + SECONDS:
                break
            await asyncio.sleep(max(0, due - time.monotonic()))
            group.create_task(request(number, counts, failures, idle))
    for _, writer in idle:
        writer.close()
    took = round(time.monotonic() - started, 1)
    print(json.dumps({**counts, "failed": len(failures), "seconds": took, "failures": failures[:10]}))


asyncio.run(main())
