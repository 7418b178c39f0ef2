"""The files below /etc/openvpn/vpn, and how they are written."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

HOME = Path("/etc/openvpn/vpn")


def read_people(home: Path = HOME) -> dict[str, dict]:
    try:
        return json.loads((home / "people.json").read_text())["people"]
    except FileNotFoundError:
        return {}


def write(path: Path, text: str, mode: int, group_of: Path | None = None) -> None:
    """Replace a file at once: who reads it meanwhile sees the old one or the new one, also after a power cut.

    Args:
        path: The file.
        text: Its content.
        mode: Its permissions.
        group_of: Give it the group of this file or folder.
    """
    draft = path.with_name(f".{path.name}.new")
    with suppress(FileNotFoundError):
        draft.unlink()
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        if group_of is not None:
            os.fchown(file.fileno(), -1, group_of.stat().st_gid)
        os.fchmod(file.fileno(), mode)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


class Store:
    """People, settings and the lock that lets one change happen at a time."""

    def __init__(self, home: Path = HOME) -> None:
        self.home = home
        self.settings: dict = json.loads((home / "settings.json").read_text())

    @contextmanager
    def locked(self) -> Iterator[dict[str, dict]]:
        """Hold the lock and hand out the people."""
        # Root's alone: who can open it can hold it.
        with os.fdopen(os.open(self.home / ".lock", os.O_WRONLY | os.O_CREAT, 0o600), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield read_people(self.home)

    def save(self, people: dict[str, dict]) -> None:
        """The server reads it unprivileged, so it belongs to the server's group, as the folder does."""
        text = json.dumps({"people": people}, indent=1, sort_keys=True) + "\n"
        write(self.home / "people.json", text, 0o640, group_of=self.home)
