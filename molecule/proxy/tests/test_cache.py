"""Public content is cached, is there while backends are not, and can be removed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import pytest
from testinfra.host import Host

testinfra_hosts = ["debian-13", "debian-12"]


@pytest.fixture(scope="session")
def photo() -> Callable[[], str]:
    """The path of a photo that nobody has asked for."""
    numbers = count(1)
    start = int(time.time())
    return lambda: f"/api/photos/{start}-{next(numbers)}"


@pytest.mark.parametrize("kind", ["photo", "static"])
def test_asked_for_twice_fetched_once(ask: Any, photo: Any, kind: str) -> None:
    path = photo() if kind == "photo" else photo().replace("/api/photos/", "/static/")
    first, second = ask(f"{path}?cache=60"), ask(f"{path}?cache=60", source="inside-a")
    assert [first.header("X-Cache-Status"), second.header("X-Cache-Status")] == ["MISS", "HIT"]
    assert [first.header("X-Count"), second.header("X-Count")] == ["1", "1"]


def test_other_content_is_not_cached(ask: Any) -> None:
    answers = [ask("/api/stories?cache=60") for _ in range(2)]
    assert [each.header("X-Cache-Status") for each in answers] == [None, None]
    assert answers[0].header("X-Count") != answers[1].header("X-Count")


def test_public_content_does_not_know_who_asks(ask: Any, photo: Any) -> None:
    answer = ask(f"{photo()}?cache=60", "-H", "Cookie: session=mine", "-H", "Authorization: Bearer mine")
    assert {"cookie", "authorization"} & set(answer.seen["headers"]) == set()


def test_many_at_once_fetch_once(ask: Any, photo: Any, machines: Mapping[str, Host], host: Host, lab: Any) -> None:
    path = photo()
    url = f"https://{lab['machines'][host.check_output('hostname')]['address']}{path}?cache=60&wait=1"
    machines["inside-b"].check_output("curl -sk --parallel --parallel-immediate -o /dev/null %s", f"{url}&n=0#[1-20]")
    assert ask(f"{path}?cache=60&wait=1&n=0").header("X-Count") == "1"


@pytest.mark.parametrize("trouble", ["away", "failing"])
def test_stale_content_while_the_backend_is_in_trouble(ask: Any, photo: Any, inside: Any, trouble: str) -> None:
    path = f"{photo()}?cache=1"
    body = ask(path).body
    time.sleep(2.1)
    if trouble == "away":
        inside.stop("inside-a", "app-8000")
    else:
        inside.fail("inside-a", "app-8000", 500)
    # The first is answered at once, and the backend asked behind it; so is the next.
    answers = [ask(path) for _ in range(3)]
    assert [each.status for each in answers] == [200, 200, 200]
    assert {each.header("X-Cache-Status") for each in answers} <= {"STALE", "UPDATING"}
    assert {each.body for each in answers} == {body}
    # What is not public content is honest about it.
    refused = ask("/api/stories")
    assert refused.status == (502 if trouble == "away" else 500)
    assert refused.header("Retry-After") == ("10" if trouble == "away" else None)


def test_purge(ask: Any, photo: Any, host: Host) -> None:
    path = f"{photo()}?cache=60"
    assert ask(path).header("X-Cache-Status") == "MISS"
    # Debian 12: the role refuses addresses that may purge.
    may = host.check_output("hostname") == "debian-13"
    assert ask(path, "-X", "PURGE", source="inside-a").status == (403 if may else 405)
    assert ask(path).header("X-Cache-Status") == "HIT"
    if may:
        assert ask(path, "-X", "PURGE").status == 200
        assert ask(path).header("X-Cache-Status") == "MISS"
        assert ask(path).header("X-Count") == "2"
        assert ask("/api/stories", "-X", "PURGE").status == 405
    # No worker has fallen over it.
    assert "exited on signal" not in host.check_output("journalctl --unit nginx --output cat")
