"""The web server on Debian 13 and 12, in front of an API with a database."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping

import pytest
from shared.services import EXPOSURE, SECRETS, check_secrets, eventually, exposure, load, status, told
from testinfra.host import Host

testinfra_hosts = ["debian-13", "debian-12"]


def name(host: Host) -> str:
    return host.check_output("hostname")


def headers(host: Host, path: str) -> dict[str, str]:
    """The headers that a host gets from its own nginx."""
    code = (
        "import json, sys, urllib.request\n"
        "print(json.dumps({k.lower(): v for k, v in urllib.request.urlopen(sys.argv[1]).headers.items()}))"
    )
    found: dict[str, str] = json.loads(host.check_output("python3 -c %s %s", code, f"http://127.0.0.1:8080{path}"))
    return found


def test_pages_come_through_nginx_from_the_api(host: Host, machines: Mapping[str, Host]) -> None:
    assert status(machines["api"], f"http://{name(host)}:8080/") == 200
    assert headers(host, "/")["server"] == "nginx"


def test_a_story_is_posted_by_form(host: Host) -> None:
    """As a browser does it: the form, its token and its cookie."""
    code = """
import http.cookiejar, re, sys, urllib.parse, urllib.request
web = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
form = web.open("http://127.0.0.1:8080/stories/new").read().decode()
fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form))
fields |= {"title": sys.argv[1], "text": "What happened.", "author": "A tester"}
print(web.open("http://127.0.0.1:8080/stories", urllib.parse.urlencode(fields).encode()).read().decode())
"""
    title = f"A story from {name(host)}"
    assert title in host.check_output("python3 -c %s %s", code, title)


def test_nginx_serves_static_files_with_cache_headers(host: Host) -> None:
    plain = headers(host, "/static/style.css")
    assert plain["cache-control"] == "public, max-age=3600"
    assert plain["x-content-type-options"] == "nosniff"
    assert plain["content-type"] == "text/css"
    assert headers(host, "/static/style.css?v=1")["cache-control"] == "public, max-age=31536000, immutable"


def test_static_files_do_not_need_gunicorn_and_health_does(host: Host) -> None:
    assert status(host, "http://127.0.0.1:8080/healthz") == 200
    host.check_output("systemctl stop web.socket web.service")
    try:
        assert status(host, "http://127.0.0.1:8080/static/style.css") == 200
        assert status(host, "http://127.0.0.1:8080/healthz") == 502
    finally:
        host.check_output("systemctl start web.socket web.service")
    eventually(lambda: status(host, "http://127.0.0.1:8080/healthz") == 200, 60)


def test_metrics_are_for_the_machine_itself(host: Host, machines: Mapping[str, Host]) -> None:
    assert status(host, "http://127.0.0.1:8080/metrics") == 200
    assert status(machines["api"], f"http://{name(host)}:8080/metrics") == 403


def test_only_nginx_reaches_the_socket(host: Host) -> None:
    socket = host.file("/run/web.sock")
    assert (socket.user, socket.group, socket.mode) == ("root", "www-data", 0o660)


@pytest.mark.parametrize("unit", ["web.service", "nginx.service"])
def test_units_are_sandboxed(host: Host, unit: str) -> None:
    assert exposure(host, unit) <= (EXPOSURE if unit == "web.service" else 3.0)


def test_nothing_has_failed(host: Host) -> None:
    assert host.check_output("systemctl --failed --no-legend --plain") == ""
    eventually(lambda: host.service("pixstory-ready.service").is_running, 60)


def test_no_secret_on_the_disk_or_in_the_journal(host: Host) -> None:
    check_secrets(host, SECRETS[2])


@pytest.mark.parametrize("command", ["reload web.service", "restart web.service", "reload nginx.service"])
def test_no_request_is_dropped(host: Host, machines: Mapping[str, Host], command: str) -> None:
    with load(machines["api"], f"http://{name(host)}:8080/stories/new", 6) as result:
        for _ in range(3):
            host.check_output(f"systemctl {command}")
            time.sleep(4)
    told(f"{command} three times on {name(host)}", result)
    assert (result["errors"], set(result["answers"])) == (0, {"200"})
    assert result["requests"] > 50
