# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the lab tells the API when primaries are gone, look by look."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock, call

import pytest
from small_world import WORLD

from lab.fabric import plan, reconciler
from lab.fabric.reconciler import Lab
from lab.machines.host import Grants

WHOLE = {
    "cache-main-001": "primary 1 replicas",
    "cache-main-002": "replica up",
    "database-main-a": "primary synchronous",
    "database-main-c": "standby streaming",
}
CACHE = call.elasticache.modify_replication_group(
    ReplicationGroupId="main", PrimaryClusterId="main-002", ApplyImmediately=True
)
DATABASE = call.rds.reboot_db_instance(DBInstanceIdentifier="main", ForceFailover=True)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setattr(reconciler, "Api", Mock())
    lab = Lab(tmp_path, tmp_path, "http://127.0.0.1:1", Grants(False, True, "", 1024, 1024), {})
    lab.world, lab.hosts, lab.states = WORLD, plan.hosts(WORLD), WHOLE
    return lab


def test_nobody_moves_while_primaries_stand(lab: Lab) -> None:
    assert not lab._fail_over()
    assert lab.api.mock_calls == []


def test_a_database_moves_right_after_the_cache_of_the_same_name(lab: Lab) -> None:
    """Those of a zone do not end in one moment: a look may find the one gone and the other not yet."""
    lab.states = {**WHOLE, "cache-main-001": "away"}
    assert lab._fail_over()
    assert lab.api.mock_calls == [CACHE]
    lab.states = {**WHOLE, "database-main-a": "away"}
    assert lab._fail_over()
    assert lab.api.mock_calls == [CACHE, DATABASE]


def test_what_the_api_refused_is_asked_for_again_before_the_old_primary_starts(lab: Lab) -> None:
    lab.states = {**WHOLE, "database-main-a": "away"}
    lab.api.rds.reboot_db_instance.side_effect = TimeoutError
    with pytest.raises(TimeoutError):
        lab._fail_over()
    lab.api.rds.reboot_db_instance.side_effect = None
    assert lab._fail_over()
    assert lab.api.mock_calls == [DATABASE, DATABASE]


def test_a_node_that_serves_nobody_is_no_address_of_its_load_balancer(lab: Lab) -> None:
    public = [name for name, host in lab.hosts.items() if host.kind == "balancer" and host.resource == "arn:public"]
    assert len(public) == 2
    lab._idle = {public[0]}
    assert lab._in_names().keys() == lab.hosts.keys() - {public[0]}
    # Of all or none, all: somebody has to say that nobody is there.
    lab._idle = set(public)
    assert lab._in_names().keys() == lab.hosts.keys()
