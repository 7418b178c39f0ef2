"""The first start of an environment, in several orders: no machine is replaced for what is made after it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from .platform import Platform
from .test_failures import FLEET, SETTLED
from .test_playbooks import run

pytestmark = pytest.mark.long


def resize(platform: Platform, size: int) -> None:
    for role in FLEET:
        name = f"pixstory-local-{role}"
        platform.api.autoscaling.update_auto_scaling_group(
            AutoScalingGroupName=name, MinSize=size, DesiredCapacity=size
        )


def machines(platform: Platform) -> set[str]:
    return {row["name"] for row in platform.rows() if row["what"] in FLEET}


@pytest.fixture
def nothing_yet(platform: Platform) -> Iterator[None]:
    """No machine, and a database in which the app has no user that gets in."""
    resize(platform, 0)
    platform.wait(lambda: not machines(platform), SETTLED, "no machine is left")
    secret = platform.api.secretsmanager.get_secret_value(SecretId="/local/app/database")["SecretString"]
    user, password = (json.loads(secret)[name] for name in ("username", "password"))
    platform.sql(f"ALTER ROLE \"{user}\" PASSWORD 'that nobody knows'")
    yield
    platform.sql(f"ALTER ROLE \"{user}\" PASSWORD '{password}'")
    resize(platform, 2)


def provisioned(platform: Platform) -> None:
    """What provision does once there are images."""
    resize(platform, 2)
    platform.wait(lambda: len(machines(platform)) == 6, SETTLED, "six machines are there")


def a_day_off(platform: Platform) -> None:
    """Whoever has to make the user comes later: launch hooks and grace periods are over long since."""

    def all_run() -> bool:
        return all(row["state"] == "running" for role in FLEET for row in platform.rows(role))

    platform.wait(all_run, SETTLED, "all machines run")
    for _ in range(3):
        platform.pass_time(400)
        platform.wait(lambda: len(platform.healthy("app")) == 2, SETTLED, "the app lives, without its database")


def database(platform: Platform) -> None:
    run(platform, "database")


def configured(platform: Platform) -> None:
    run(platform, "configure")


@pytest.mark.parametrize(
    "then",
    [(database,), (a_day_off, database), (a_day_off, configured)],
    ids=["database at once", "database a day later", "configure a day later"],
)
def test_no_machine_is_lost(
    platform: Platform, nothing_yet: None, then: tuple[Callable[[Platform], None], ...]
) -> None:
    provisioned(platform)
    first = machines(platform)
    for step in then:
        step(platform)
    for role in FLEET:
        platform.wait(lambda role=role: len(platform.healthy(role)) == 2, SETTLED, f"{role} is healthy")
    platform.wait(lambda: platform.ask("GET", "/").status == 200, 60, "the page is there")
    lost = first - machines(platform)
    print(f"\nfirst start, {' and '.join(step.__name__ for step in then)}: {len(lost)} machines lost")
    assert lost == set()
