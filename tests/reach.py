"""Whether a host of the lab's network reaches an address: what a program in its namespace sees."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable

REFUSED = "No route to host"  # how a program sees the ICMP answer "administratively prohibited"
OPEN = "open"
CONNECT = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def connect(target):
    try:
        socket.create_connection(tuple(target), 5).close()
        return "open"
    except OSError as error:
        return error.strerror or "timeout"
with ThreadPoolExecutor(50) as pool:
    print(json.dumps(list(pool.map(connect, json.load(sys.stdin)))))
"""


def connections(namespace: str, targets: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """How connections from a namespace fare, all at once: a refused one takes a second."""
    wanted = list(targets)
    command = ["ip", "netns", "exec", namespace, "python3", "-c", CONNECT]
    said = subprocess.run(command, input=json.dumps(wanted), capture_output=True, text=True, check=True).stdout
    return dict(zip(wanted, json.loads(said), strict=True))
