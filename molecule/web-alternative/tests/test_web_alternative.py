"""The web server with most options changed, and without an API."""

from __future__ import annotations

import pytest
from shared.services import converge, status
from testinfra.host import Host


def test_it_is_healthy_without_the_api_and_says_so(host: Host) -> None:
    assert status(host, "http://127.0.0.1:9080/healthz") == 200
    assert status(host, "http://127.0.0.1:9080/") == 503
    assert status(host, "http://127.0.0.1:8080/healthz") == 0


def test_options_arrive(host: Host) -> None:
    command = host.check_output("systemctl show --property ExecStart --value web.service")
    for option in ("--workers 1", "--threads 4", "--timeout 10", "--graceful-timeout 5"):
        assert option in command
    assert host.check_output("systemctl show --property MemoryMax --value web.service") == str(300 * 2**20)
    configuration = host.file("/etc/nginx/nginx.conf").content_string
    assert "client_max_body_size 1m;" in configuration
    assert 'default "public, max-age=60";' in configuration


def test_a_large_request_is_refused(host: Host) -> None:
    code = (
        "import urllib.error, urllib.request\n"
        "try: urllib.request.urlopen('http://127.0.0.1:9080/stories', b'x' * 2**21)\n"
        "except urllib.error.HTTPError as error: print(error.code)"
    )
    assert host.check_output("python3 -c %s", code) == "413"


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("web_port", "70000", "web_port is 70000: write a port number"),
        ("web_body_size", '"6 MB"', "web_body_size is 6 MB: write a number with k or m"),
        ("web_workers", "0", "web_workers is 0: write a whole number, 1 or more"),
        ("web_memory_max", '"lots"', "web_memory_max is lots: write bytes with K, M or G"),
        ("web_releases_kept", "1", "web_releases_kept is 1: write 2 or more"),
        ("web_environment", '{"APP_URL": "http://x"}', "web_environment is without SECRET_KEY"),
        (
            "web_environment",
            '{"APP_URL": "x", "SECRET_KEY": "x", "A-B": "x"}',
            "A-B: no name of an environment variable",
        ),
        ("platform_release", '"/nowhere.tar.gz"', "/nowhere.tar.gz, which platform_release names, is no artefact"),
    ],
)
def test_bad_input_is_refused_before_anything_is_touched(host: Host, variable: str, value: str, said: str) -> None:
    before = host.check_output("stat --format %Z /etc/nginx/nginx.conf /run/pixstory/web.env /srv/web/current")
    run = converge("--extra-vars", f'{{"{variable}": {value}}}')
    assert run.returncode != 0
    assert said in " ".join(run.stdout.split())
    assert "changed=0" in run.stdout
    assert host.check_output("stat --format %Z /etc/nginx/nginx.conf /run/pixstory/web.env /srv/web/current") == before


def test_a_broken_configuration_is_not_left_in_place(host: Host) -> None:
    before = host.check_output("sha256sum /etc/nginx/nginx.conf")
    run = converge("--extra-vars", "web_body_size=99999999999999999999m")
    assert run.returncode != 0
    assert "invalid value" in run.stdout
    assert host.check_output("sha256sum /etc/nginx/nginx.conf") == before
    assert status(host, "http://127.0.0.1:9080/healthz") == 200
