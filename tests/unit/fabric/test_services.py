# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Load balancers, databases, caches: their configuration, and what follows from how they are."""

from __future__ import annotations

import contextlib
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from small_world import WORLD

from lab.fabric import balancers, caches, databases, plan, process, services
from lab.fabric.authority import Authority
from lab.fabric.databases import Passwords
from lab.fabric.services import Service, Step, There, steps
from lab.machines.host import Grants

SERVICE = Service("one", "ns", ("sleep",))


@pytest.mark.parametrize(
    ("there", "todo"),
    [
        (None, [("create", "one")]),
        (There("running", SERVICE.digest), []),
        (There("exited", SERVICE.digest), [("start", "one")]),
        (There("paused", SERVICE.digest), []),
        (There("running", "other"), [("remove", "one"), ("create", "one")]),
    ],
)
def test_a_service_is_there_and_made_as_wanted(there: There | None, todo: list[Step]) -> None:
    assert steps({"one": SERVICE}, {"one": there} if there else {}) == todo


def test_a_service_that_nobody_wants_goes() -> None:
    assert steps({}, {"one": There("running", "")}) == [("remove", "one")]


def test_files_alone_make_no_other_container() -> None:
    assert replace(SERVICE, files={"a": "b"}).digest == SERVICE.digest
    assert replace(SERVICE, command=("true",)).digest != SERVICE.digest


def test_a_load_balancer_forwards_checks_and_redirects() -> None:
    text = balancers.config(WORLD.load_balancers["arn:public"], WORLD.target_groups, plan.hosts(WORLD))
    assert " bind :443 ssl crt /lab/443.pem alpn h2,http/1.1\n" in text
    assert " default_backend web\n" in text
    assert " redirect location https://%[req.hdr(host),field(1,:)]:443%[pathq] code 301\n" in text
    assert " http-check expect status 200-299\n" in text
    assert " server i-web 10.30.64.4:8080\n" in text
    assert "i-gone" not in text


def test_a_service_that_died_forgets_what_it_had_told_its_successor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "podman", lambda *_: "")
    left = tmp_path / "one" / "state"
    left.parent.mkdir()
    left.touch()
    of = services.Services("lab", tmp_path, Grants(False, True, "", 1024, 1024))
    of.carry_out(("start", "one"), {"one": Service("one", "one", (), handed_on=("state",))})
    assert not left.exists()


STAT = "# pxname,svname,status,check_status,\n"


@pytest.mark.parametrize(
    ("row", "state"),
    [
        ("web,i-web,UP,L7OK,", "healthy"),
        ("web,i-web,UP 1/2,L7STS,", "healthy"),
        ("web,i-web,DOWN,L4CON,", "unhealthy"),
        ("web,i-web,UP,INI,", "initial"),
        ("web,i-web,UP,* L7OK,", "initial"),
    ],
)
def test_verdicts(row: str, state: str) -> None:
    table = f"{STAT}web,FRONTEND,OPEN,,\n{row}\n"
    assert balancers.verdicts(table) == {("web", "i-web"): state}


def test_a_target_is_healthy_where_one_node_finds_it_so() -> None:
    groups = WORLD.target_groups.values()
    seen = {("web", "i-web"): "unhealthy"}, {("web", "i-web"): "healthy"}
    assert balancers.health(groups, seen) == {"arn:web": {"i-web": "healthy", "i-gone": "initial"}}
    assert balancers.health(groups, []) == {"arn:web": {"i-web": "initial", "i-gone": "initial"}}


@pytest.mark.parametrize(
    ("table", "serves"),
    [
        ({("web", "i-1"): "healthy", ("web", "i-2"): "unhealthy"}, True),
        ({("web", "i-1"): "unhealthy"}, False),
        ({("web", "i-1"): "initial"}, False),
        ({("web", "i-1"): "healthy", ("app", "i-2"): "unhealthy"}, False),
        ({}, True),
    ],
)
def test_a_node_serves_if_each_of_its_groups_has_a_target(table: dict[tuple[str, str], str], serves: bool) -> None:
    assert balancers.serves(table) == serves


def test_database_nodes_know_their_part(tmp_path: Path) -> None:
    hosts = plan.hosts(WORLD)
    found = databases.services(WORLD, hosts, Authority(tmp_path), {"main": Passwords("it's", "secret")})
    assert found["database-main-a"].files["wanted"] == "primary\n"
    assert found["database-main-c"].files["wanted"] == f"standby {hosts['database-main-a'].address}\n"
    assert found["database-main-a"].digest != found["database-main-c"].digest
    assert "PASSWORD 'it''s'" in found["database-main-a"].files["users.sql"]
    assert "log_connections = '1'\n" in found["database-main-a"].files["postgresql.conf"]
    assert "rds.force_ssl" not in found["database-main-a"].files["postgresql.conf"]
    assert "host all all" not in found["database-main-a"].files["pg_hba.conf"].replace("hostssl", "")


def test_a_database_waits_for_its_password(tmp_path: Path) -> None:
    assert databases.services(WORLD, plan.hosts(WORLD), Authority(tmp_path), {}) == {}


@pytest.mark.parametrize(
    ("primary", "standby", "moves"),
    [
        ("primary", "standby streaming", False),
        ("away", "standby streaming", True),
        ("stopped", "standby", True),
        ("away", "away", False),
        ("starting", "standby", False),
    ],
)
def test_a_primary_that_is_gone_is_replaced_by_a_standby_that_is_there(primary: str, standby: str, moves: bool) -> None:
    states = {"main ap-south-1a": primary, "main ap-south-1c": standby}
    assert databases.lost(WORLD, states) == (["main"] if moves else [])


@pytest.mark.parametrize(
    ("primary", "replica", "expected"),
    [("primary 1 replicas", "replica up", []), ("away", "replica down", [("main", "main-002")]), ("away", "away", [])],
)
def test_a_cache_moves_its_primary(primary: str, replica: str, expected: list[tuple[str, str]]) -> None:
    assert caches.lost(WORLD, {"main-001": primary, "main-002": replica}) == expected


def test_cache_nodes_know_their_part(tmp_path: Path) -> None:
    hosts = plan.hosts(WORLD)
    assert caches.services(WORLD, hosts, Authority(tmp_path), {"main": None}) == {}
    found = caches.services(WORLD, hosts, Authority(tmp_path), {"main": "token"})
    assert found["cache-main-001"].files["wanted"] == "primary\n"
    assert found["cache-main-002"].files["wanted"] == f"replica {hosts['cache-main-001'].address}\n"
    settings = found["cache-main-001"].files["valkey.conf"].splitlines()
    assert {"tls-port 6379", "port 0", 'requirepass "token"'} <= set(settings)


def test_the_authority_issues_a_certificate_once(tmp_path: Path) -> None:
    first = Authority(tmp_path).issue(("a.test",))
    assert Authority(tmp_path).issue(("a.test",)) == first
    assert first.count("-----BEGIN") == 2


def test_a_strict_client_trusts_what_the_authority_issues(tmp_path: Path) -> None:
    """Python verifies strictly from 3.13 on."""
    authority = Authority(tmp_path)
    (tmp_path / "leaf.pem").write_text(authority.issue(("a.test", "*.a.test")))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "leaf.pem")
    client = ssl.create_default_context(cafile=str(authority.certificate))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(to_client, to_server, server_hostname="www.a.test")
    answering = server.wrap_bio(to_server, to_client, server_side=True)
    for side in (asking, answering, asking, answering):
        with contextlib.suppress(ssl.SSLWantReadError):
            side.do_handshake()
    assert asking.getpeercert() is not None


def test_the_table_is_aligned() -> None:
    row = dict.fromkeys(process.COLUMNS, "x") | {"what": "load balancer"}
    head, line = process.table([row]).splitlines()
    assert head.index("zone") == line.index("x")
