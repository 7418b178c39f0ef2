"""What is let in, and what is answered to the rest."""

from __future__ import annotations

import pytest

from pixstory_example import checks

STORY = {"title": "A title", "text": "A text", "author": "An author"}
JPEG, PNG, WEBP = b"\xff\xd8\xff\xe0" + b"\0" * 20, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"RIFF\x24\0\0\0WEBPVP8 "


def test_a_story_is_stripped_and_its_line_ends_are_made_one() -> None:
    assert checks.story(STORY | {"text": " one\r\ntwo \n"}) == checks.Story("A title", "one\ntwo", "An author")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"title": None}, "title: is missing; write 1 to 200 characters"),
        ({"title": "   "}, "title: has 0 characters; write 1 to 200"),
        ({"title": "x" * 201}, "title: has 201 characters; write 1 to 200"),
        ({"title": ["x"]}, "title: write a text, 1 to 200 characters"),
        ({"text": "x" * 10_001}, "text: has 10001 characters; write 1 to 10000"),
        ({"text": "nul \0"}, "text: holds characters that are no text"),
        ({"author": "half \ud800"}, "author: holds characters that are no text"),
    ],
)
def test_a_wrong_story_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(checks.Invalid) as refused:
        checks.story(STORY | change)
    assert (str(refused.value), refused.value.field) == (message, next(iter(change)))


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"stance": "support", "text": "yes"}, None),
        ({"stance": "support", "text": "yes", "evidence": "https://a.example/b?c=d#e"}, None),
        ({"stance": "challenge", "text": "no", "evidence": "http://a.example"}, None),
        ({"stance": "maybe", "text": "?"}, "stance: write support or challenge"),
        ({"stance": ["support"], "text": "?"}, "stance: write support or challenge"),
        ({"stance": "challenge", "text": "no"}, "evidence: a challenge needs the URL of its evidence"),
        ({"stance": "challenge", "text": "no", "evidence": ""}, "evidence: a challenge needs the URL of its evidence"),
        ({"stance": "support", "evidence": "https://a.example"}, "text: is missing; write 1 to 10000 characters"),
        *(
            (
                {"stance": "challenge", "text": "no", "evidence": evidence},
                "evidence: write a URL that starts with https:// or http://",
            )
            for evidence in (
                "javascript:alert(1)",
                "data:text/html,x",
                "//a.example",
                "https://",
                "https:///path",
                "https://a.example/with space",
                "https://a.example/\nline",
                "https://[half",
                "https://a.example:99999/",
                "a.example",
            )
        ),
    ],
)
def test_arguments(argument: dict[str, object], message: str | None) -> None:
    if message is None:
        assert checks.argument(argument).text == argument["text"]
    else:
        with pytest.raises(checks.Invalid) as refused:
            checks.argument(argument)
        assert str(refused.value) == message


@pytest.mark.parametrize(("content", "expected"), [(JPEG, "image/jpeg"), (PNG, "image/png"), (WEBP, "image/webp")])
def test_a_photo_is_known_by_its_content(content: bytes, expected: str) -> None:
    assert checks.photo_type(content) == expected


@pytest.mark.parametrize(
    "content", [b"<svg xmlns=", b"GIF89a", b"RIFF\x24\0\0\0WAVEfmt ", b"\x89PNG", b"<!doctype html>", b"\xff\xd8", b""]
)
def test_what_is_no_photo_is_refused(content: bytes) -> None:
    with pytest.raises(checks.Invalid, match=r"^photo: is neither JPEG, PNG nor WebP$"):
        checks.photo_type(content)
