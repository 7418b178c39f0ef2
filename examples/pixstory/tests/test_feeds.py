"""Feeds, sources and the schedule: pure functions."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pixstory_example import feeds
from pixstory_example.feeds import HOUR, MINUTE, MalformedFeed, Source
from pixstory_example.settings import SettingsError
from pixstory_example.times import timestamp

FEEDS = Path(__file__).parent / "feeds"
A = '[[source]]\nname = "a"\n'
NOW = datetime(2025, 11, 4, tzinfo=UTC)


def parse(text: str | bytes, url: str = "https://press.example/feed") -> list[feeds.Item]:
    return feeds.parse(text.encode() if isinstance(text, str) else text, url, NOW)


def rss(item: str) -> str:
    return f'<rss version="2.0"><channel><title>t</title><item>{item}</item></channel></rss>'


def test_rss() -> None:
    assert parse((FEEDS / "press.rss").read_bytes()) == [
        feeds.Item(
            guid="press-1",
            title="Monsoon arrives a week early on the west coast",
            url="https://press.example/monsoon?utm_source=rss",
            canonical_url="https://press.example/monsoon",
            summary="Fishing boats stay in harbour, and farmers begin to sow.",
            published_at="2025-11-03T02:30:00.000Z",
        ),
        feeds.Item(
            guid="press-2",
            title="Night trains return between four cities",
            url="https://press.example/night-trains",
            canonical_url="https://press.example/night-trains",
            summary="The first one leaves in March.",
            published_at="2025-11-02T18:30:00.000Z",
        ),
    ]


def test_atom() -> None:
    found = parse((FEEDS / "wire.atom").read_bytes())
    assert [(item.guid, item.url, item.published_at) for item in found] == [
        ("urn:example:wire:1", "https://wire.example/manuscripts", "2025-11-03T05:45:00.000Z"),
        ("urn:example:wire:2", "http://www.press.example/monsoon/", "2025-11-03T04:00:00.000Z"),
    ]


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("", NOW),
        ("<pubDate>soon</pubDate>", NOW),
        ("<pubDate>Mon, 01 Jan 2035 00:00:00 GMT</pubDate>", NOW),
        ("<pubDate>Sat, 01 Nov 2025 10:00:00 EST</pubDate>", datetime(2025, 11, 1, 15, tzinfo=UTC)),
    ],
)
def test_a_date_that_is_missing_wrong_or_to_come_is_now(date: str, expected: datetime) -> None:
    (item,) = parse(rss(f"<title>a</title><link>https://a.example/1</link>{date}"))
    assert item.published_at == timestamp(expected)


def test_an_item_needs_a_title_and_a_web_address() -> None:
    assert parse(rss("<link>https://a.example/1</link>")) == []
    assert parse(rss("<title>a</title>")) == []
    assert parse(rss("<title>a</title><link>javascript:alert(1)</link>")) == []


@pytest.mark.parametrize(
    "content", ["", "<html><body>Not found</body></html>", '{"items": []}', "\0\1\2", str(FEEDS / "press.rss")]
)
def test_what_is_no_feed_is_malformed(content: str) -> None:
    with pytest.raises(MalformedFeed, match="neither RSS nor Atom"):
        parse(content)


def test_a_feed_cut_off_before_its_first_item_is_malformed() -> None:
    with pytest.raises(MalformedFeed, match="no well-formed feed"):
        parse('<rss version="2.0"><channel><title>t</title><item><title>a')


def test_what_can_be_read_of_a_broken_feed_is_read() -> None:
    broken = rss("<title>Fish &amp; chips & peas&nbsp;</title><link>https://a.example/1</link>").removesuffix("</rss>")
    assert [item.title for item in parse(broken)] == ["Fish & chips & peas"]


def test_entities_of_a_document_type_are_not_expanded() -> None:
    bomb = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b SYSTEM "file:///etc/hostname">]>'
    found = parse(bomb + rss("<title>x &a; &b; y</title><link>https://a.example/1</link>"))
    hostname = Path("/etc/hostname").read_text().strip()
    assert [hostname in item.title for item in found] == [False]


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/x?b=2&a=1",
        "http://a.example/x/?a=1&b=2",
        "https://www.a.example:443/x?b=2&a=1#part",
        "HTTPS://A.example/x?utm_source=rss&b=2&a=1&fbclid=z",
    ],
)
def test_spellings_of_one_address(url: str) -> None:
    assert feeds.canonical(url) == "https://a.example/x?a=1&b=2"


@pytest.mark.parametrize("url", ["https://a.example/X?a=1", "https://a.example:8443/x", "https://b.example/x"])
def test_other_addresses_stay_others(url: str) -> None:
    assert feeds.canonical(url) != feeds.canonical("https://a.example/x")


@pytest.mark.parametrize(
    ("failures", "low", "high"),
    [
        (0, 15 * MINUTE, 16.5 * MINUTE),
        (1, 30, 60),
        (2, 60, 120),
        (5, 8 * MINUTE, 16 * MINUTE),
        (12, 3 * HOUR, 6 * HOUR),
        (10**6, 3 * HOUR, 6 * HOUR),
    ],
)
def test_back_off(failures: int, low: float, high: float) -> None:
    assert feeds.next_delay(15 * MINUTE, failures, lambda: 0.0) == pytest.approx(low)
    assert feeds.next_delay(15 * MINUTE, failures, lambda: 1.0) == pytest.approx(high)


def test_a_slow_source_is_never_asked_more_often_for_failing_long() -> None:
    assert feeds.next_delay(24 * HOUR, 30, lambda: 1.0) == 24 * HOUR


@pytest.mark.parametrize(("retry_after", "expected"), [(10, 60), (1800, 1800), (10**6, 24 * HOUR)])
def test_retry_after_is_heeded(retry_after: int, expected: float) -> None:
    assert feeds.next_delay(15 * MINUTE, 1, lambda: 1.0, retry_after) == expected


def test_sources() -> None:
    tables = [A + 'url = "https://a.example/f"', '[[source]]\nname = "b"\nurl = "http://b.example"\ninterval = 60\n']
    assert feeds.read_sources("\n".join(tables)) == [
        Source("a", "https://a.example/f", 900),
        Source("b", "http://b.example", 60),
    ]
    assert feeds.read_sources("") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[source]", "this is no TOML"),
        ("source = 3", r"source: write tables that start with \[\[source\]\]"),
        ('[[source]]\nurl = "https://a.example"', "source 1: name is missing; write a short text"),
        (A, r"source 1 \(a\): url is None; write an http or https URL"),
        (A + 'url = "file:///etc/passwd"', r"url is 'file:///etc/passwd'; write an http or https URL"),
        (A + 'url = "https://a.example"\ninterval = 5', "interval is 5; write seconds, 60 to 86400"),
        (A + 'url = "https://a.example"\nevery = 900', "source 1: every is unknown; write name, url"),
        ((A + 'url = "https://a.example"\n') * 2, "name: a stands twice"),
    ],
)
def test_a_wrong_file_of_sources_is_refused(text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        feeds.read_sources(text)
