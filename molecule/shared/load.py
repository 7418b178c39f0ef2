"""Asks a service until a file appears and counts what it answers: load.py URL THREADS FILE [--post JSON].

Prints one JSON object: ``answers`` by status, ``errors`` (connections that broke or were refused) and the first of
them, ``acknowledged``, the ids that a 201 told, ``wrong``, answers of 503 that are not what they should be, ``slowest``
in seconds, ``last`` status. A connection serves one request. A thread pauses between two, so that the load does not
take the computer from what it tests.
"""

from __future__ import annotations

import argparse
import collections
import http.client
import json
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

PAUSE = 0.05


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("threads", type=int)
    parser.add_argument("file", type=Path)
    parser.add_argument("--post")
    options = parser.parse_args()
    parts = urlsplit(options.url)
    lock = threading.Lock()
    answers: collections.Counter[str] = collections.Counter()
    broken: list[str] = []
    wrong: list[str] = []
    acknowledged: list[int] = []
    slowest = 0.0
    last = 0

    def ask() -> None:
        nonlocal slowest, last
        while not options.file.exists():
            began = time.monotonic()
            try:
                connection = http.client.HTTPConnection(parts.netloc, timeout=120)
                body = options.post.encode() if options.post else None
                headers = {"Content-Type": "application/json"} if body else {}
                connection.request("POST" if body else "GET", parts.path or "/", body, headers)
                reply = connection.getresponse()
                text = reply.read()
                connection.close()
            except (OSError, http.client.HTTPException) as error:
                with lock:
                    broken.append(repr(error))
                time.sleep(0.1)
                continue
            with lock:
                last = reply.status
                answers[str(reply.status)] += 1
                slowest = max(slowest, time.monotonic() - began)
                if reply.status == 201:
                    acknowledged.append(json.loads(text)["id"])
                if reply.status == 503 and not (
                    reply.headers.get_content_type() == "application/json"
                    and json.loads(text).get("error")
                    and reply.headers.get("Retry-After")
                ):
                    wrong.append(text.decode(errors="replace")[:300])
            time.sleep(0.2 if reply.status == 503 else PAUSE)

    threads = [threading.Thread(target=ask) for _ in range(options.threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(
        json.dumps(
            {
                "answers": answers,
                "errors": len(broken),
                "first_error": broken[0] if broken else "",
                "acknowledged": acknowledged,
                "wrong": wrong[:3],
                "slowest": round(slowest, 2),
                "last": last,
            }
        )
    )


if __name__ == "__main__":
    main()
