"""Open sessions, through OpenVPN's management interface, and the journal of who came when."""

from __future__ import annotations

import json
import socket
import subprocess
import syslog
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

SOCKET = Path("/run/openvpn-server/vpn.sock")
IDENTIFIER = "pixstory-vpn"
# The server serves one peer of the management interface at a time; the next one waits for its turn.
TURN_SECONDS = 10
# Time for the word to reach a client before its session is closed on our side.
WORD_SECONDS = 0.3


class Management:
    """A connection to the management interface: OpenVPN's doc/management-notes.txt."""

    def __init__(self, path: Path = SOCKET) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(TURN_SECONDS)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("r", encoding="utf-8", errors="replace", newline="\n")

    def __enter__(self) -> Management:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._socket.close()

    def _answer(self, command: str) -> Iterator[str]:
        self._socket.sendall(f"{command}\n".encode())
        for line in self._lines:
            # Lines with > come of themselves: they answer nothing.
            if not line.startswith(">"):
                yield line.rstrip("\r\n")

    def sessions(self) -> list[dict[str, str]]:
        found = []
        titles: list[str] = []
        for line in self._answer("status 3"):
            kind, *values = line.split("\t")
            if kind == "HEADER" and values[0] == "CLIENT_LIST":
                titles = values[1:]
            elif kind == "CLIENT_LIST":
                found.append(dict(zip(titles, values, strict=True)))
            elif kind == "END":
                break
        return found

    def end(self, name: str, reason: str) -> int:
        """Tell the person's clients to stop, then close the sessions whatever they answer. Returns: how many."""
        ids = [one["Client ID"] for one in self.sessions() if one["Common Name"] == name]
        for client in ids:
            next(self._answer(f"client-kill {client} HALT,{reason}"), None)
        if ids:
            time.sleep(WORD_SECONDS)
            next(self._answer(f"kill {name}"), None)
        return len(ids)


def end_sessions(names_and_reasons: dict[str, str]) -> dict[str, int]:
    """End the sessions of people. Where the server does not run there are none."""
    try:
        with Management() as management:
            return {name: management.end(name, reason) for name, reason in names_and_reasons.items()}
    except (FileNotFoundError, ConnectionRefusedError):
        return {}


def now() -> datetime:
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def record(event: str, person: str, **details: object) -> None:
    """A JSON line to the journal."""
    syslog.openlog(IDENTIFIER)
    syslog.syslog(json.dumps({"event": event, "person": person, "at": stamp(now()), **details}))


def recorded(since: str | None, trusted: set[str]) -> Iterator[dict]:
    """The lines that `record` wrote, oldest first; those of other users' making are left out.

    Args:
        since: As for journalctl; None for all that the journal holds.
        trusted: Numbers of the users whose lines count.
    """
    command = ["journalctl", "--identifier", IDENTIFIER, "--output", "json", "--no-pager", "--quiet"]
    listed = subprocess.run(
        command + (["--since", since] if since else []), check=True, capture_output=True, text=True
    ).stdout
    for line in listed.splitlines():
        entry = json.loads(line)
        if entry.get("_UID") in trusted:
            yield json.loads(entry["MESSAGE"])
