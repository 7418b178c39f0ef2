"""What a story, an argument and a photo must be. Everything that comes in passes here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

MEGABYTE = 1024 * 1024
PHOTO_LIMIT = 5 * MEGABYTE
# The photo, and the texts and boundaries of the form around it.
BODY_LIMIT = PHOTO_LIMIT + MEGABYTE // 4

TITLE, TEXT, AUTHOR, URL = 200, 10_000, 80, 2_000


class Invalid(Exception):
    """A field is wrong; the message says what to write instead."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Story:
    title: str
    text: str
    author: str


@dataclass(frozen=True)
class Argument:
    stance: str
    text: str
    evidence: str | None


def story(fields: Mapping[str, object]) -> Story:
    return Story(_text(fields, "title", TITLE), _text(fields, "text", TEXT), _text(fields, "author", AUTHOR))


def argument(fields: Mapping[str, object]) -> Argument:
    stance = fields.get("stance")
    if stance not in ("support", "challenge"):
        raise Invalid("stance", "stance: write support or challenge")
    given = fields.get("evidence") not in (None, "")
    if stance == "challenge" and not given:
        raise Invalid("evidence", "evidence: a challenge needs the URL of its evidence")
    evidence = _text(fields, "evidence", URL) if given else None
    if evidence and not is_web_url(evidence):
        raise Invalid("evidence", "evidence: write a URL that starts with https:// or http://")
    return Argument(str(stance), _text(fields, "text", TEXT), evidence)


def _text(fields: Mapping[str, object], name: str, limit: int) -> str:
    value = fields.get(name)
    if value is None or value == "":
        raise Invalid(name, f"{name}: is missing; write 1 to {limit} characters")
    if not isinstance(value, str):
        raise Invalid(name, f"{name}: write a text, 1 to {limit} characters")
    # Browsers send line ends as CR LF.
    value = value.replace("\r\n", "\n").strip()
    if not 1 <= len(value) <= limit:
        raise Invalid(name, f"{name}: has {len(value)} characters; write 1 to {limit}")
    # PostgreSQL stores neither NUL nor half of a surrogate pair, and JSON can carry both.
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in value):
        raise Invalid(name, f"{name}: holds characters that are no text")
    return value


def is_web_url(value: str) -> bool:
    """Whether this is an absolute http or https URL, fit for a link on a page."""
    if any(character <= " " or character == "\x7f" for character in value):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def photo_type(content: bytes) -> str:
    """The media type by the content itself: neither the name nor the type that the client says count."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR":
        return "image/png"
    if content.startswith(b"RIFF") and content[8:15] == b"WEBPVP8":
        return "image/webp"
    raise Invalid("photo", "photo: is neither JPEG, PNG nor WebP")
