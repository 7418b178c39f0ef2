"""A story on its way: from a browser through the public address to PostgreSQL, and back by way of the cache."""

from __future__ import annotations

import re
import time
import uuid
from pathlib import Path

from playwright.sync_api import Page, expect

from .platform import Platform


def test_a_story_with_a_photo_is_posted_in_a_browser(platform: Platform, page: Page, tmp_path: Path) -> None:
    title = f"Posted in a browser {uuid.uuid4().hex[:8]}"
    photo = tmp_path / "photo.png"
    page.goto(platform.url)
    page.screenshot(path=photo)
    page.get_by_role("link", name="Post a story").first.click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Story").fill("It went through two load balancers and a proxy.")
    page.get_by_label("Your name").fill("Asha")
    page.get_by_label("Photo").set_input_files(photo)
    page.get_by_role("button", name="Publish the story").click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.locator("main img")).to_have_js_property("naturalWidth", 1200)
    assert platform.sql(f"SELECT author FROM stories WHERE title = '{title}'") == "Asha"
    # It is on the standby too: production's and this one's are synchronous.
    assert platform.sql("SELECT sync_state FROM pg_stat_replication") in ("sync", "quorum")


def hits(platform: Platform) -> int:
    """How often keys were found in the cache, by its primary."""
    primary = platform.primary("cache")
    command = 'valkey-cli --tls --insecure -a "$(cat /lab/token)" --no-auth-warning info stats'
    told = platform.inside(platform.service(primary), "sh", "-c", command)
    return int(re.search(r"keyspace_hits:(\d+)", told)[1])  # type: ignore[index]


def test_the_second_read_of_the_feed_comes_from_the_cache(platform: Platform) -> None:
    posted = platform.ask("POST", "/api/stories", {"title": "Cached", "text": "Soon.", "author": "Ravi"})
    assert posted.status == 201
    first = platform.ask("GET", "/api/feed")
    before = hits(platform)
    second = platform.ask("GET", "/api/feed")
    assert first.json()["entries"] == second.json()["entries"]
    assert first.json()["entries"][0]["id"] == posted.json()["id"]
    assert second.headers["X-Cache"] == "hit"
    assert hits(platform) > before


def test_an_item_of_another_medium_comes_in_through_the_speech_vpc(platform: Platform) -> None:
    deadline = time.monotonic() + 90
    found: list[str] = []
    while not found and time.monotonic() < deadline:
        entries = platform.ask("GET", "/api/feed?limit=100").json()["entries"]
        found = [entry["title"] for entry in entries if entry["kind"] == "speech"]
        time.sleep(2)
    assert found
