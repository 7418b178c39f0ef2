"""What users notice when machines die, a group grows, and a zone or the database is gone. Figures are printed."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

import pytest

from .platform import Platform, Probe

SETTLED = 300
AWAY = 120  # seconds: about what a Multi-AZ failover takes at its worst
FLEET = ("proxy", "web", "app")


@pytest.fixture(autouse=True)
def settled(platform: Platform) -> Iterator[None]:
    """Each begins and ends with a platform that is whole."""

    def whole() -> bool:
        groups = platform.api.all("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups")
        wanted = sum(group["DesiredCapacity"] for group in groups)
        stands = sum(len(platform.healthy(role)) for role in FLEET)
        states = sorted(row["state"] for row in platform.rows() if row["what"] in ("database", "cache"))
        return stands == wanted and states == sorted(
            ["primary 1 replicas", "replica up", "primary synchronous", "standby streaming"]
        )

    platform.wait(whole, SETTLED, "the platform is whole")
    yield
    platform.wait(whole, SETTLED, "the platform is whole again")


def podman(action: str, *containers: str) -> None:
    done = subprocess.run(["podman", action, *containers], capture_output=True, text=True)
    assert done.returncode == 0, f"podman {action}: {done.stderr}"


def pause(*containers: str) -> None:
    """Have them hang. With cgroups of version 1 runc cannot freeze what forks at that moment: it is asked again."""
    for container in containers:
        for _ in range(10):
            done = subprocess.run(["podman", "pause", container], capture_output=True, text=True)
            if done.returncode == 0 or "unable to freeze" not in done.stderr:
                break
        assert done.returncode == 0, f"podman pause: {done.stderr}"


def served_by(platform: Platform, machine: str) -> int:
    """How many requests of others than itself the API on a machine has served."""
    log = platform.inside(machine, "journalctl", "--unit", "app", "--output", "cat", check=False)
    return sum('"path": "/api/stories"' in line for line in log.splitlines())


def test_a_killed_app_machine_is_replaced_and_nobody_notices(platform: Platform) -> None:
    before = platform.healthy("app")
    with Probe(platform) as probe:
        time.sleep(5)
        podman("kill", before[0])
        began = time.monotonic()
        platform.wait(lambda: set(platform.healthy("app")) - set(before), SETTLED, "there is a healthy successor")
        [successor] = set(platform.healthy("app")) - set(before)
        platform.wait(lambda: served_by(platform, successor), 60, "it serves")
        seconds = time.monotonic() - began
        time.sleep(3)
    print(f"\nkilled app machine: successor's first request after {seconds:.1f} s; {probe}")
    # Those in flight on it: a reader each at the most.
    assert len(probe.failures) <= probe.readers + 1, probe.failures
    assert probe.lost() == []


@pytest.mark.long
def test_two_become_six_and_all_serve(platform: Platform) -> None:
    name = "pixstory-local-app"
    began = time.monotonic()
    platform.api.autoscaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=6)
    try:
        with Probe(platform, readers=6, pause=0.3) as probe:
            platform.wait(lambda: len(platform.healthy("app")) == 6, SETTLED, "six are healthy")
            machines = platform.healthy("app")
            platform.wait(lambda: all(served_by(platform, one) for one in machines), 60, "all six serve")
            seconds = time.monotonic() - began
        print(f"\ntwo app machines to six: all serve after {seconds:.1f} s; {probe}")
        assert probe.failures == []
    finally:
        platform.api.autoscaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=2)


def test_a_zone_that_is_gone_takes_no_write_with_it(platform: Platform) -> None:
    zone = next(row["zone"] for row in platform.rows("database") if row["state"].startswith("primary"))
    there = [row for row in platform.rows() if row["zone"] == zone and row["what"] not in ("vpn", "speech-api")]
    containers = [row["name"] if row["name"].startswith("i-") else platform.service(row["name"]) for row in there]
    assert len(containers) >= 8
    # CloudFront waits 30 seconds for a load balancer that fell silent, and asks again.
    with Probe(platform, patience=100) as probe:
        time.sleep(10)
        with platform.silence(row["name"] for row in there):
            podman("kill", *containers)
            began = time.monotonic()
            platform.wait(
                lambda: any(
                    row["zone"] != zone and row["state"].startswith("primary") for row in platform.rows("database")
                ),
                120,
                "the standby has taken over",
            )
            print(f"\nzone {zone} silent: the standby is primary after {time.monotonic() - began:.1f} s")
            time.sleep(60)
    print(f"{probe}")
    for failure in probe.failures[:10]:
        print(f"  {failure}")
    assert probe.lost() == []
    assert len(probe.acknowledged) > 10
    assert probe.failed_reads == []


def test_without_its_database_it_is_read_and_loses_no_machine(platform: Platform) -> None:
    """Both nodes hang: connections are taken, and nothing is answered."""
    databases = [platform.service(row["name"]) for row in platform.rows("database")]
    machines = {row["name"] for row in platform.rows() if row["what"] in FLEET}
    written = {"title": "Read before", "text": "And read meanwhile.", "author": "Asha"}
    story = platform.ask("POST", "/api/stories", written).json()["id"]
    paths = ("/", f"/stories/{story}", "/api/feed", "/api/stories", f"/api/stories/{story}")
    assert {path: platform.ask("GET", path).status for path in paths} == dict.fromkeys(paths, 200)
    with Probe(platform, readers=5, paths=paths) as probe:
        time.sleep(5)
        pause(*databases)
        try:
            began = time.monotonic()
            time.sleep(40)  # longer than the feed is kept as new
            stale = {path: platform.ask("GET", path).headers["X-Pixstory-Stale"] for path in paths}
            refused = platform.ask("POST", "/api/stories", written)
            time.sleep(max(0.0, AWAY - (time.monotonic() - began)))
        finally:
            podman("unpause", *databases)
        back = time.monotonic()
        while platform.ask("POST", "/api/stories", written).status != 201:
            assert time.monotonic() - back < SETTLED, "no write is accepted any more"
            time.sleep(0.2)
        accepted_after = time.monotonic() - back
        time.sleep(5)
    lost = machines - {row["name"] for row in platform.rows()}
    print(
        f"\ndatabase away for {AWAY} s: {len(lost)} machines lost, {len(probe.failed_reads)} failed reads, writes "
        f"refused with {refused.status} {refused.body!r}, and accepted {accepted_after:.1f} s after it is back; {probe}"
    )
    assert lost == set()
    assert probe.failed_reads == []
    assert stale == dict.fromkeys(paths, "database away")
    assert (refused.status, "database" in refused.json()["error"]) == (503, True)
    assert refused.headers["Retry-After"]
    assert accepted_after <= 2
    assert probe.lost() == []
