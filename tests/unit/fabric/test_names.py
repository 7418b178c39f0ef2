# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the resolver answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from small_world import WORLD, with_database

from lab.fabric import names, plan


def answers(world: object = WORLD) -> names.Names:
    return names.answers(world, plan.hosts(world))  # type: ignore[arg-type]


def test_records_are_followed_to_addresses() -> None:
    hosts, found = plan.hosts(WORLD), answers()
    assert found["db.internal"] == found["main.rds.amazonaws.com"] == (hosts["database-main-a"].address,)
    assert found["speech-api.internal"] == ("10.31.0.4",)
    assert set(found["site.internal"]) == {hosts[f"balancer-public-{zone}"].address for zone in "ac"}
    assert "loop.internal" not in found


def test_the_endpoint_of_a_database_follows_its_primary() -> None:
    world = with_database(zone="ap-south-1c", standby_zone="ap-south-1a")
    assert answers(world)["db.internal"] == (plan.hosts(world)["database-main-c"].address,)


def test_the_endpoints_of_a_cache_follow_its_roles() -> None:
    hosts, found = plan.hosts(WORLD), answers()
    assert found["master.cache.amazonaws.com"] == (hosts["cache-main-001"].address,)
    assert found["replica.cache.amazonaws.com"] == (hosts["cache-main-002"].address,)
    one, other = WORLD.caches["main"].members
    swapped = (replace(one, role="replica"), replace(other, role="primary"))
    after = answers(replace(WORLD, caches={"main": replace(WORLD.caches["main"], members=swapped)}))
    assert after["master.cache.amazonaws.com"] == (hosts["cache-main-002"].address,)


def test_the_file_has_a_line_an_address() -> None:
    assert names.hosts_file({"a.internal": ("10.0.0.1", "10.0.0.2")}) == "10.0.0.1 a.internal\n10.0.0.2 a.internal\n"


def test_a_resolver_on_loopback_is_out_of_reach(tmp_path: Path) -> None:
    stub, real = tmp_path / "stub", tmp_path / "real"
    stub.write_text("nameserver 127.0.0.53\n")
    real.write_text("search example\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\n")
    assert names.outside([stub, real]) == "nameserver 192.0.2.1\nnameserver fe80::1%eth0\n"
    assert names.outside([stub]) == ""
