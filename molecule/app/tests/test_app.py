"""The API on Debian 13 and 12, with a PostgreSQL and a Valkey of their own."""

from __future__ import annotations

import concurrent.futures
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from shared.services import (
    EXPOSURE,
    SECRETS,
    SETTINGS,
    check_secrets,
    converge,
    current,
    eventually,
    exposure,
    load,
    revisions,
    status,
    told,
    variant,
)
from testinfra.host import Host

testinfra_hosts = ["debian-13", "debian-12"]

STORY = {"title": "A story", "text": "What happened.", "author": "A tester"}
URL = "http://{}:8000"
STORIES = "http://debian-13:8000/api/stories"


def name(host: Host) -> str:
    return host.check_output("hostname")


def test_it_answers_and_reaches_its_neighbours(host: Host, machines: Mapping[str, Host]) -> None:
    asked = machines["cache"]
    assert status(asked, f"{URL.format(name(host))}/readyz") == 200
    assert status(asked, f"{URL.format(name(host))}/api/feed") == 200


@pytest.mark.parametrize("unit", ["app.service", "app.socket", "pixstory-first-boot.service", "pixstory-ready.service"])
def test_units_are_enabled_and_active(host: Host, unit: str) -> None:
    eventually(lambda: host.service(unit).is_running, 30)
    assert host.service(unit).is_enabled


def test_nothing_has_failed(host: Host) -> None:
    assert host.check_output("systemctl --failed --no-legend --plain") == ""


@pytest.mark.parametrize(
    "unit",
    [
        "app.service",
        "app-migrate.service",
        "app-migrate@000000000000.service",
        "pixstory-first-boot.service",
        "pixstory-ready.service",
    ],
)
def test_units_are_sandboxed(host: Host, unit: str) -> None:
    assert exposure(host, unit) <= EXPOSURE


def test_the_service_cannot_write_its_own_release(host: Host) -> None:
    (pid,) = host.check_output("systemctl show --property MainPID --value app.service").split()
    assert host.check_output("stat --format %%U /proc/%s", pid) == "app"
    folder = f"/srv/app/releases/{current(host, 'app')}"
    assert host.check_output("find %s -not -user root -o -perm /022 -not -type l", folder) == ""
    assert host.check_output("find /srv/app /etc/systemd/system/app.service -perm /002 -not -type l") == ""


def test_no_secret_on_the_disk_or_in_the_journal(host: Host) -> None:
    check_secrets(host, *SECRETS[:2])


def test_settings_are_for_root_alone(host: Host) -> None:
    settings = host.file("/run/pixstory/app.env")
    assert (settings.user, settings.group, settings.mode) == ("root", "root", 0o600)
    assert host.run("runuser --user app -- cat /run/pixstory/app.env").rc != 0


def psql(machines: Mapping[str, Host], statement: str) -> str:
    return machines["database"].check_output(
        "runuser -u postgres -- psql --no-align --tuples-only --quiet --dbname %s --command %s",
        SETTINGS["DATABASE_NAME"],
        statement,
    )


def test_two_hosts_start_at_once_on_an_empty_database(machines: Mapping[str, Host]) -> None:
    hosts = [machines["debian-13"], machines["debian-12"]]
    for host in hosts:
        host.check_output("systemctl stop app.socket app.service")
    psql(machines, f"DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION {SETTINGS['DATABASE_USERNAME']};")
    before = [revisions(host) for host in hosts]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(lambda host: host.check_output("systemctl start app.socket app.service"), hosts))
    for host in hosts:
        eventually(lambda host=host: status(host, "http://127.0.0.1:8000/readyz") == 200, 60)
    applied = [revisions(host)[len(old) :] for host, old in zip(hosts, before, strict=True)]
    print(f"migrations applied on debian-13: {applied[0]}, on debian-12: {applied[1]}")
    assert sorted(applied[0] + applied[1]) == ["0001", "0002"]


def test_it_lives_before_its_database_is_there(host: Host, machines: Mapping[str, Host]) -> None:
    """As on the first start of an environment; a machine that did not live would be replaced again and again."""
    database = machines["database"]
    host.check_output("systemctl stop app.socket app.service")
    database.check_output("systemctl stop postgresql.service")
    try:
        host.check_output("systemctl start app.socket app.service")
        assert status(host, "http://127.0.0.1:8000/healthz") == 200
        assert status(host, "http://127.0.0.1:8000/readyz") == 503
        eventually(lambda: "TEMPFAIL" in host.check_output("journalctl --unit app-migrate --output cat"), 60)
        assert host.service("app.service").is_running
    finally:
        database.check_output("systemctl start postgresql.service")
    eventually(lambda: status(host, "http://127.0.0.1:8000/readyz") == 200, 60)
    done = "systemctl show --property Result --value app-migrate.service"
    eventually(lambda: host.check_output(done).strip() == "success", 60)


@pytest.mark.parametrize("verb", ["reload", "restart"])
def test_no_request_is_dropped(host: Host, machines: Mapping[str, Host], verb: str) -> None:
    url = f"{URL.format(name(host))}/api/stories"
    with load(machines["cache"], url, 8) as result:
        for _ in range(3):
            host.check_output(f"systemctl {verb} app.service")
            time.sleep(5)
    told(f"{verb} three times on {name(host)}", result)
    assert result["errors"] == 0
    assert set(result["answers"]) == {"200"}
    assert result["requests"] > 100


def test_database_goes_away_for_20_seconds(host: Host, machines: Mapping[str, Host]) -> None:
    url = f"{URL.format(name(host))}/api/stories"
    database = machines["database"]
    with load(machines["cache"], url, 8, post=STORY) as result:
        database.check_output("systemctl stop postgresql.service")
        time.sleep(20)
        assert host.service("app.service").is_running
        assert status(host, "http://127.0.0.1:8000/healthz") == 200
        assert status(host, "http://127.0.0.1:8000/readyz") == 503
        database.check_output("systemctl start postgresql.service")
        took = eventually(lambda: status(host, "http://127.0.0.1:8000/readyz") == 200, 60)
        time.sleep(2)
    print(f"ready again {took:.1f} s after PostgreSQL was started")
    told(f"PostgreSQL away for 20 s on {name(host)}", result)
    kept = {int(line) for line in psql(machines, "SELECT id FROM stories").split()}
    lost = set(result["acknowledged"]) - kept
    print(f"acknowledged {len(result['acknowledged'])}, lost {len(lost)}")
    assert lost == set()
    assert result["errors"] == 0
    assert set(result["answers"]) == {"201", "503"}
    assert result["wrong"] == []
    assert result["last"] == 201
    assert status(host, "http://127.0.0.1:8000/readyz") == 200


def test_release_that_does_not_start_is_not_left_in_place(machines: Mapping[str, Host], tmp_path: Path) -> None:
    path, broken = variant(tmp_path, "api", "raise RuntimeError('this release is broken')")
    host = machines["debian-13"]
    good = current(host, "app")
    with load(machines["cache"], STORIES, 4) as result:
        run = converge("--limit", "debian-13", "--extra-vars", f"platform_release={path}")
    told("release that does not start", result)
    message = " ".join(run.stdout.split())
    assert run.returncode != 0
    assert f"Release {broken} does not answer; release {good} was put back, and answers." in message
    assert "this release is broken" in message
    assert current(host, "app") == good
    # Meanwhile requests wait at the socket that systemd holds.
    assert (result["errors"], set(result["answers"])) == (0, {"200"})


def test_next_release_is_taken_without_a_failed_request(machines: Mapping[str, Host], tmp_path: Path) -> None:
    path, digest = variant(tmp_path, "api", "# another release")
    host = machines["debian-13"]
    good = current(host, "app")
    with load(machines["cache"], STORIES, 4) as result:
        run = converge("--limit", "debian-13", "--extra-vars", f"platform_release={path}")
        assert run.returncode == 0, run.stdout[-3000:]
        assert current(host, "app") == digest
        # And back, which is how one is undone.
        run = converge("--limit", "debian-13")
        assert run.returncode == 0, run.stdout[-3000:]
        assert current(host, "app") == good
    told("release taken and undone", result)
    assert (result["errors"], set(result["answers"])) == (0, {"200"})
