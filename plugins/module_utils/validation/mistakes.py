# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a declaration, in words for the person who wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

# The variable, then the keys and list positions inside it.
Path = tuple[str | int, ...]  # pylint: disable=unsupported-binary-operation  # it is a type


@dataclass(frozen=True)
class Mistake:
    """One line of the answer: ``<path> <what> (<where>). <instead>``."""

    path: Path
    what: str
    instead: str
    # Only where it is not in a variable's file, the environment of the shell for example.
    where: str = ""

    @property
    def variable(self) -> str:
        return dotted(self.path)


def dotted(path: Path) -> str:
    """``aws_network_peerings[0].from``"""
    first, *rest = path
    return str(first) + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in rest)


def show(value: Any) -> str:
    """A value as YAML has it, short enough for a message."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    # str() of Ansible's tagged strings is the string itself; repr() of a number is the number.
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def listing(names: Iterable[Any], last: str = "or") -> str:
    """``a, b or c``"""
    words = [str(name) for name in names]
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def nearest(word: str, known: Iterable[str], cutoff: float = 0.65) -> str | None:
    """The known word that was most likely meant."""
    found = get_close_matches(str(word), [str(name) for name in known], n=1, cutoff=cutoff)
    return found[0] if found else None


def one_of(word: Any, known: Sequence[str]) -> str:
    """What to write instead of a word that is not among the known ones."""
    # Or a word written out, or cut short: minimum for min.
    guess = nearest(str(word), known) or next((name for name in known if str(word).startswith(str(name))), None)
    if len(known) == 0:
        return "Declare it first."
    if guess is not None and len(known) > 12:
        return f"Write {guess}."
    if guess is not None:
        return (
            f"Write {guess}." if len(known) == 1 else f"Write {guess}, or another of {listing(sorted(known), 'and')}."
        )
    if len(known) > 12:
        return f"Write one of those that AWS has, such as {listing(sorted(known)[:3])}."
    return f"Write {listing(sorted(known))}."
