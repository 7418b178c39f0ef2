"""What a request meets on its way through the proxy."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from testinfra.host import Host

testinfra_hosts = ["debian-13", "debian-12"]


def test_paths_go_to_web_and_app(ask: Any) -> None:
    assert ask("/stories/1").seen["backend"] == "web"
    assert ask("/api/stories").seen["backend"] == "app"
    # As it was asked for, not as nginx reads it.
    assert ask("/api/stories/a%2Fb?next=%2F").seen["path"] == "/api/stories/a%2Fb?next=%2F"


@pytest.mark.parametrize("path", ["/", "/api/stories", "/api/photos/headers?cache=60", "/healthz"])
def test_headers_of_every_answer(ask: Any, path: str) -> None:
    answer = ask(path)
    assert answer.header("Strict-Transport-Security") == "max-age=86400"
    policy = answer.header("Content-Security-Policy").split("; ")
    assert {"default-src 'self'", "frame-ancestors 'none'", "object-src 'none'"} <= set(policy)
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.header("Referrer-Policy") == "strict-origin-when-cross-origin"
    assert answer.header("Permissions-Policy") == "camera=(), geolocation=(), microphone=()"
    assert answer.header("Server") == "nginx"
    assert answer.header("X-Powered-By") is None


def test_headers_of_a_refusal(ask: Any) -> None:
    answer = ask("/api/stories", "-X", "TRACE")
    assert answer.status == 405
    assert answer.header("X-Content-Type-Options") == "nosniff"


def test_http2(ask: Any) -> None:
    assert ask("/", "--http2").version == "2"
    assert ask("/", "--http1.1").version == "1.1"


def test_request_id_is_made_passed_on_and_logged(ask: Any, host: Host) -> None:
    answer = ask("/api/stories", "-H", "X-Request-ID: forged")
    made = answer.header("X-Request-ID")
    assert len(made) == 32
    assert answer.seen["headers"]["x-request-id"] == made
    assert json.loads(host.check_output("grep %s /var/log/nginx/access.log", made))["path"] == "/api/stories"


def test_client_address_from_the_load_balancer(ask: Any) -> None:
    headers = ask("/api/stories", source="inside-a", client="198.51.100.7").seen["headers"]
    assert (headers["x-real-ip"], headers["x-forwarded-for"]) == ("198.51.100.7", "198.51.100.7")
    # What the client itself had written, in front of what the load balancer added.
    assert ask("/", source="inside-a", client="10.9.9.9, 198.51.100.7").seen["headers"]["x-real-ip"] == "198.51.100.7"


def test_client_address_is_not_believed_from_elsewhere(ask: Any, lab: Mapping[str, Any], host: Host) -> None:
    answer = ask("/api/stories", "-H", "Forwarded: for=198.51.100.8", client="198.51.100.8")
    own = lab["machines"]["inside-b"]["address"]
    assert answer.seen["headers"]["x-forwarded-for"] == own
    assert "forwarded" not in answer.seen["headers"]
    made = answer.header("X-Request-ID")
    logged = json.loads(host.check_output("grep %s /var/log/nginx/access.log", made))
    assert (logged["client"], logged["peer"]) == (own, own)


@dataclass(frozen=True)
class Flood:
    """What many requests in a row were answered with, and how many seconds that took."""

    statuses: list[int]
    retry_after: set[str]
    seconds: float


def flood(machines: Mapping[str, Host], url: str, times: int, client: str, *options: str) -> Flood:
    """As many requests as fast as one curl sends them, by the load balancer for a client."""
    command = "curl -sk --max-time 60 -o /dev/null -w '%%{http_code} %%header{retry-after}\n' -H %s "
    command += "".join("%s " for _ in options)
    started = time.monotonic()
    out = machines["inside-a"].check_output(
        f"{command} %s", f"X-Forwarded-For: {client}", *options, f"{url}?n=[1-{times}]"
    )
    lines = [line.partition(" ") for line in out.splitlines()]
    return Flood(
        [int(status) for status, _, _ in lines],
        {value for status, _, value in lines if status == "429"},
        time.monotonic() - started,
    )


@pytest.fixture(scope="module")
def url(host: Host, lab: Mapping[str, Any]) -> str:
    return f"https://{lab['machines'][host.check_output('hostname')]['address']}"


def test_general_limit(machines: Mapping[str, Host], url: str, fresh: Any, ask: Any) -> None:
    client = fresh()
    found = flood(machines, f"{url}/", 500, client)
    # The burst at once, and those that become free meanwhile.
    assert 101 <= found.statuses.count(200) <= 102 + 30 * found.seconds
    assert found.statuses.count(429) == 500 - found.statuses.count(200) > 0
    assert found.retry_after == {"10"}
    # Another client is not concerned.
    assert ask("/", source="inside-a", client=fresh()).status == 200
    time.sleep(1)
    assert ask("/", source="inside-a", client=client).status == 200


def test_a_client_cannot_choose_whose_limit_it_uses(machines: Mapping[str, Host], url: str, fresh: Any) -> None:
    client = fresh()
    assert 429 in flood(machines, f"{url}/", 500, client).statuses
    # It writes somebody else's address; the load balancer adds its own.
    assert 429 in flood(machines, f"{url}/", 100, f"{fresh()}, {client}").statuses


@pytest.mark.parametrize(
    ("path", "burst", "each_second"),
    [("/api/stories", 11, 30 / 60), ("/stories", 11, 30 / 60), ("/api/login", 6, 10 / 60), ("/sign-in", 6, 10 / 60)],
)
def test_stricter_limits_for_posting_and_signing_in(
    machines: Mapping[str, Host], url: str, fresh: Any, path: str, burst: int, each_second: float
) -> None:
    client = fresh()
    found = flood(machines, f"{url}{path}", 20, client, "-d", "name=value")
    assert burst <= found.statuses.count(200) <= burst + 1 + each_second * found.seconds
    assert found.statuses.count(429) == 20 - found.statuses.count(200) > 0
    assert found.retry_after == {"10"}
    # The same client may read.
    assert set(flood(machines, f"{url}{path}", 20, client).statuses) == {200}


@pytest.mark.parametrize(("size", "status"), [(5_900_000, 200), (6_400_000, 413)])
def test_size_of_a_request(ask: Any, fresh: Any, machines: Mapping[str, Host], size: int, status: int) -> None:
    machines["inside-a"].check_output(f"head -c {size} /dev/zero > /tmp/body")
    answer = ask("/api/stories", "--data-binary", "@/tmp/body", source="inside-a", client=fresh())
    assert answer.status == status
    if status == 200:
        assert answer.seen["received"] == size


def test_text_is_compressed(ask: Any) -> None:
    answer = ask("/api/feed?size=6000", "--compressed")
    assert answer.header("Content-Encoding") == "gzip"
    assert answer.body == "photo " * 1000
    assert answer.header("Vary") == "Accept-Encoding"
    assert ask("/api/feed?size=6000").header("Content-Encoding") is None


@pytest.mark.parametrize(("path", "backend"), [("/api/ws", "app"), ("/ws", "web")])
def test_websocket(machines: Mapping[str, Host], host: Host, lab: Mapping[str, Any], path: str, backend: str) -> None:
    address = lab["machines"][host.check_output("hostname")]["address"]
    out = machines["inside-b"].check_output("python3 /opt/websocket.py %s %s %s 2", address, path, backend)
    # The key's answer is the example in RFC 6455, section 1.3.
    assert out.splitlines() == ["HTTP/1.1 101 Switching Protocols", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", backend, backend]


def test_no_other_upgrade_reaches_a_backend(ask: Any) -> None:
    headers = ask("/api/stories", "--http1.1", "-H", "Upgrade: h2c", "-H", "Connection: Upgrade").seen["headers"]
    assert "upgrade" not in headers
    assert headers["connection"] == "close"


def test_log_has_no_query_strings(ask: Any, host: Host) -> None:
    answer = ask("/api/stories?token=s3cret", "-H", "Referer: https://pixstory.example/reset?code=s3cret#s3cret")
    made = answer.header("X-Request-ID")
    logged = json.loads(host.check_output("grep %s /var/log/nginx/access.log", made))
    assert (logged["path"], logged["referer"]) == ("/api/stories", "https://pixstory.example/reset")
    assert (logged["status"], logged["method"], logged["upstream_status"]) == (200, "GET", "200")
    assert host.run("grep -r s3cret /var/log/nginx/").rc == 1
    assert "s3cret" not in host.check_output("journalctl --unit nginx --output cat")
