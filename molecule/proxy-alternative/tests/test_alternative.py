"""Options other than the defaults, and the first boot of an image."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree

import pytest
from testinfra.host import Host

testinfra_hosts = ["debian-13"]
NAME = "www.pixstory.example"


@pytest.fixture(scope="module", autouse=True)
def booted(host: Host) -> bool:
    """Whether the image's machine had nginx running before it was started, as at boot."""
    was_running = host.service("nginx").is_running
    host.check_output("systemctl start nginx")
    return was_running


@pytest.fixture(scope="module")
def get(ask: Any, lab: Mapping[str, Any]) -> Callable[..., Any]:
    """Asks over TLS for the name that the certificate is for."""
    address = lab["machines"]["debian-13"]["address"]

    def run(path: str, *options: str, name: str = NAME, **who: str) -> Any:
        return ask(f"https://{name}:8443{path}", "--resolve", f"{name}:8443:{address}", *options, **who)

    return run


def test_the_image_starts_nothing_and_its_machine_waits_for_first_boot(host: Host, booted: bool) -> None:
    assert not booted
    assert host.service("nginx").is_enabled
    # Started because nginx needs it.
    assert host.service("pixstory-first-boot").is_running
    assert "http://web.internal:8080" in host.check_output("cat /run/pixstory-proxy/upstream.conf")


def test_first_boots_settings_and_the_hosts_name_server_are_used(get: Any) -> None:
    assert get("/").header("X-Backend") == "web@inside-a"
    assert get("/api/stories").header("X-Backend") == "app@inside-a"


def test_a_bad_setting_does_not_take_down_what_runs(host: Host, get: Any) -> None:
    host.check_output("cp -p /run/pixstory/proxy.env /root/ && echo WEB_URL=nowhere >> /run/pixstory/proxy.env")
    try:
        assert host.run("systemctl reload nginx").rc != 0
        assert "WEB_URL='nowhere'; write scheme, host and port only" in host.check_output("journalctl -u nginx -o cat")
        assert get("/").status == 200
    finally:
        host.check_output("mv /root/proxy.env /run/pixstory/proxy.env && systemctl reload nginx")


def test_it_listens_where_it_was_told(host: Host) -> None:
    lines = host.check_output("ss --listening --tcp --numeric --processes --no-header").splitlines()
    found = {line.split()[3] for line in lines if "nginx" in line}
    assert found == {"0.0.0.0:8443", "0.0.0.0:8080", "127.0.0.1:9145"}


def test_the_given_certificate(host: Host, machines: Mapping[str, Host], lab: Mapping[str, Any]) -> None:
    assert host.check_output("stat -c '%%U %%a' %s", "/etc/pixstory/proxy.pem") == "root 600"
    address = lab["machines"]["debian-13"]["address"]
    machines["inside-b"].check_output(
        f"openssl s_client -connect {address}:8443 -showcerts < /dev/null > /tmp/chain.pem"
    )
    url = f"https://{NAME}:8443/"
    verified = f"curl -s -o /dev/null --cacert /tmp/chain.pem --resolve {NAME}:8443:{address} {url}"
    assert machines["inside-b"].run(verified).rc == 0


def test_tls(machines: Mapping[str, Host], lab: Mapping[str, Any]) -> None:
    address = lab["machines"]["debian-13"]["address"]
    out = machines["inside-b"].check_output("sslscan --xml=- --no-colour %s:8443", address)
    scan = ElementTree.fromstring(out[out.index("<?xml") :]).find("ssltest")
    enabled = [each.get("version") for each in scan.findall("protocol") if each.get("enabled") == "1"]
    assert enabled == ["1.3"]
    assert {each.get("name") for each in scan.findall("group")} == {"x25519"}


def test_no_http2(get: Any) -> None:
    assert get("/", "--http2").version == "1.1"


def test_other_names(get: Any, machines: Mapping[str, Host], lab: Mapping[str, Any]) -> None:
    assert get("/", name="today.news.example").status == 200
    address = lab["machines"]["debian-13"]["address"]
    for url in (f"https://{address}:8443/", f"http://{address}:8080/ -H 'Host: other.example'"):
        closed = machines["inside-b"].run(f"curl -sk -w '%{{http_code}} %{{num_headers}}' {url}")
        # curl: empty reply from server; or the connection was reset, when nginx had not read all of the request.
        assert (closed.stdout, closed.rc in (52, 56)) == ("000 0", True), closed


def test_health_is_answered_under_every_name(ask: Any, lab: Mapping[str, Any], machines: Mapping[str, Host]) -> None:
    address = lab["machines"]["debian-13"]["address"]
    answer = ask(f"https://{address}:8443/readyz")
    assert (answer.status, json.loads(answer.body)) == (200, {"status": "ok"})
    counted = [json.loads(machines["inside-a"].check_output(f"curl -s http://127.0.0.1:{port}/{path}"))["count"]
               for port, path in ((8080, "ready"), (8000, "readyz"))]  # fmt: skip
    assert min(counted) >= 2


@pytest.mark.parametrize(("proto", "source", "seen"), [("https", "inside-a", "https"), ("https", "inside-b", "http")])
def test_the_plain_listener_believes_the_load_balancer(
    ask: Any, lab: Mapping[str, Any], proto: str, source: str, seen: str, fresh: Any
) -> None:
    url = f"http://{lab['machines']['debian-13']['address']}:8080/"
    headers = ("-H", f"Host: {NAME}", "-H", f"X-Forwarded-Proto: {proto}")
    answer = ask(url, *headers, source=source, client=fresh())
    assert answer.seen["headers"]["x-forwarded-proto"] == seen
    assert answer.header("Strict-Transport-Security") == ("max-age=60; includeSubDomains" if seen == "https" else None)


def test_headers(get: Any) -> None:
    answer = get("/")
    assert answer.header("Content-Security-Policy") == "default-src 'none'; frame-ancestors https://partner.example"
    assert answer.header("Cross-Origin-Opener-Policy") == "same-origin"
    assert answer.header("Referrer-Policy") is None


@pytest.mark.parametrize(
    ("path", "data", "allowed"), [("/", (), 11), ("/stories", ("-d", "a=b"), 3), ("/enter", ("-d", "a=b"), 1)]
)
def test_limits(
    machines: Mapping[str, Host], lab: Mapping[str, Any], fresh: Any, path: str, data: tuple[str, ...], allowed: int
) -> None:
    url = f"http://{lab['machines']['debian-13']['address']}:8080{path}?n=[1-100]"
    command = "curl -s -o /dev/null -w '%%{http_code} %%header{retry-after}\\n' -H %s -H %s " + "%s " * len(data) + "%s"
    started = time.monotonic()
    out = machines["inside-a"].check_output(command, f"Host: {NAME}", f"X-Forwarded-For: {fresh()}", *data, url)
    seconds = time.monotonic() - started
    lines = out.splitlines()
    assert allowed <= lines.count("200 ") <= allowed + 1 + 5 * seconds
    assert lines.count("429 60") == 100 - lines.count("200 ") > 0


def test_connections_of_one_client(machines: Mapping[str, Host], lab: Mapping[str, Any], fresh: Any) -> None:
    url = f"http://{lab['machines']['debian-13']['address']}:8080/?wait=2&n=[1-6]"
    command = "curl -s --parallel --parallel-immediate -o /dev/null -w '%%{http_code}\\n' -H %s -H %s %s"
    out = machines["inside-a"].check_output(command, f"Host: {NAME}", f"X-Forwarded-For: {fresh()}", url)
    assert sorted(out.split()) == ["200"] * 3 + ["429"] * 3


def test_size_of_a_request(get: Any, machines: Mapping[str, Host], fresh: Any) -> None:
    machines["inside-a"].check_output("head -c 1100000 /dev/zero > /tmp/body")
    answer = get("/api/stories", "--data-binary", "@/tmp/body", source="inside-a", client=fresh())
    assert answer.status == 413


def test_cache(get: Any) -> None:
    path = f"/news/{time.time_ns()}"
    # This backend does not say for how long.
    assert [get(path).header("X-Cache-Status") for _ in range(2)] == ["MISS", "HIT"]
    time.sleep(3)
    assert get(path).header("X-Cache-Status") in ("EXPIRED", "STALE")
    assert get(path, "-X", "PURGE").status == 200
    assert get(path, "-X", "PURGE", source="inside-a").status == 403
    # The paths of the defaults are not cached here.
    assert get(f"/static/{time.time_ns()}?cache=60").header("X-Cache-Status") is None


def test_gzip(get: Any) -> None:
    assert get("/?size=6000", "--compressed").header("Content-Encoding") is None
    padding = ("-H", "X-Padding: " + "x" * 2000)
    assert get("/", "--compressed", *padding).header("Content-Encoding") == "gzip"


def test_rest_of_the_configuration(host: Host) -> None:
    text = host.check_output("cat /etc/nginx/nginx.conf /etc/logrotate.d/nginx")
    for line in (
        "worker_processes 1;",
        "worker_connections 512;",
        "worker_shutdown_timeout 5s;",
        "maxsize 1M",
        "rotate 2",
    ):
        assert line in text
    assert re.search(r"max_size=50m\s+inactive=1h", text)
    assert host.check_output("systemctl show --property TimeoutStopUSec --value nginx") == "15s"
