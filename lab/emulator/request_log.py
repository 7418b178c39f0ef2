# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The request log: one JSON line a request."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Entry:
    """What is recorded of one request."""

    service: str | None
    operation: str | None
    write: bool
    status: int
    principal: str | None
    region: str | None
    parameters: dict[str, Any] | None = None  # only where the log was asked for them


class RequestLog:
    """Appends entries to a file; each line is one write, so parallel requests never mix."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def append(self, entry: Entry) -> None:
        """Write one line."""
        time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        written = {name: value for name, value in asdict(entry).items() if name != "parameters" or value is not None}
        line = json.dumps({"time": time, **written}, default=_text) + "\n"
        os.write(self._descriptor, line.encode())

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def _text(value: object) -> str:
    """Times and bytes, which a request may hold and JSON may not."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
