# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One question to the name servers that this machine uses, for records that Python's own library does not ask for.

https://www.rfc-editor.org/rfc/rfc1035
"""

from __future__ import annotations

import secrets
import socket
import struct
from pathlib import Path

TYPES = {"NS": 2, "MX": 15}
NO_SUCH_NAME = 3
SECONDS = 3


class NoAnswer(Exception):
    """Nobody answered. The text says who was asked."""


def servers(resolv_conf: Path = Path("/etc/resolv.conf")) -> list[str]:
    """The name servers of this machine."""
    try:
        lines = resolv_conf.read_text().splitlines()
    except OSError:
        return []
    return [words[1] for words in map(str.split, lines) if len(words) > 1 and words[0] == "nameserver"]


def ask(name: str, kind: str, asked: list[str] | None = None, port: int = 53) -> list[str]:
    """The names that records of a kind lead to; none where there are none.

    :raises NoAnswer: no name server answered, or none of them could.
    """
    wanted = servers() if asked is None else asked
    number = secrets.randbelow(1 << 16)
    question = struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + _encoded(name) + struct.pack("!2H", TYPES[kind], 1)
    for server in wanted:
        family = socket.AF_INET6 if ":" in server else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as place:
                place.settimeout(SECONDS)
                place.connect((server, port))
                place.send(question)
                return parse(place.recv(4096), number, TYPES[kind])
        except (OSError, ValueError, struct.error, IndexError):
            continue
    told = ", ".join(wanted) or "none is in /etc/resolv.conf"
    raise NoAnswer(f"no name server answered for {kind} of {name} (asked: {told})")


def parse(answer: bytes, number: int, kind: int) -> list[str]:
    """The names in an answer.

    :raises ValueError: it is not the answer to this question, or the server could not tell.
    """
    given, flags, questions, answers, _, _ = struct.unpack_from("!6H", answer)
    code = flags & 0xF
    if given != number or code not in (0, NO_SUCH_NAME):
        raise ValueError("not an answer")
    at = 12
    for _dummy in range(questions):
        at = _name(answer, at)[1] + 4
    found = []
    for _dummy in range(answers):
        at = _name(answer, at)[1]
        of_kind, _, _, length = struct.unpack_from("!HHIH", answer, at)
        at += 10
        if of_kind == kind:
            found.append(_name(answer, at + (2 if kind == TYPES["MX"] else 0))[0])
        at += length
    return found


def _encoded(name: str) -> bytes:
    labels = [label.encode("idna") for label in name.rstrip(".").split(".")]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _name(answer: bytes, at: int) -> tuple[str, int]:
    """The name at a place of the answer, and where it ends. A name may go on at an earlier place."""
    labels: list[str] = []
    end = 0
    for _dummy in range(128):
        length = answer[at]
        if length & 0xC0:
            end = end or at + 2
            at = struct.unpack_from("!H", answer, at)[0] & 0x3FFF
        elif length:
            labels.append(answer[at + 1 : at + 1 + length].decode("ascii", "replace").lower())
            at += 1 + length
        else:
            return ".".join(labels), end or at + 1
    raise ValueError("a name without an end")
