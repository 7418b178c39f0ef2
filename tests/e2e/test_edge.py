"""The edge is the one way in: what goes around it is refused, and its web ACL turns away whom it names."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lab.fabric import balancers
from lab.fabric.plan import CLIENTS
from tests.reach import OPEN, REFUSED

from .platform import DOMAIN, Platform, Probe
from .test_playbooks import run

pytestmark = pytest.mark.long

HEADER = "X-Origin-Verify"
SPEECH = "speech-api"  # has a public address of its own, so that no other visitor is meant
# Requests in one connection, in the namespace of a host: who asks is told by the address that it comes from.
ASK = """
import http.client, json, ssl, sys

told = json.load(sys.stdin)
context = ssl.create_default_context(cafile=told["authority"])
context.check_hostname = False  # they are asked by their addresses
connection = http.client.HTTPSConnection(told["address"], timeout=10, context=context)
statuses = []
for method, path, body, headers in told["requests"]:
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    answer.read()
    statuses.append(answer.status)
print(json.dumps(statuses))
"""
Request = tuple[str, str, str | None, dict[str, str]]


def ask(platform: Platform, host: str, address: str, *requests: Request) -> list[int]:
    """The statuses of the answers to a host's requests."""
    told = {"authority": str(platform.authority), "address": address, "requests": requests}
    command = ["ip", "netns", "exec", platform.network.namespace(host), "python3", "-c", ASK]
    done = subprocess.run(command, input=json.dumps(told), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    statuses: list[int] = json.loads(done.stdout)
    return statuses


def get(path: str = "/", **headers: str) -> Request:
    return "GET", path, None, {"Host": DOMAIN, **headers}


@pytest.fixture
def edge(platform: Platform) -> str:
    [row] = platform.rows("edge")
    return row["address"]


@pytest.fixture
def nodes(platform: Platform) -> list[str]:
    return [row["public"] for row in platform.rows("balancer") if row["public"]]


@pytest.fixture
def machine(platform: Platform) -> str:
    [row] = platform.rows(SPEECH)
    return row["name"]


def test_through_the_edge_it_passes(platform: Platform, edge: str) -> None:
    assert ask(platform, platform.internet, edge, get()) == [200]
    answer = platform.ask("GET", "/")
    assert answer.status == 200
    assert "(CloudFront)" in answer.headers["Via"]


def test_straight_to_the_load_balancer_there_is_no_connection(platform: Platform, nodes: list[str]) -> None:
    assert len(nodes) == 2
    targets = [(address, port) for address in nodes for port in (80, 443)]
    assert set(platform.connections(platform.internet, targets).values()) == {REFUSED}


def test_from_where_cloudfront_asks_it_takes_the_secret_too(platform: Platform, edge: str, nodes: list[str]) -> None:
    """The addresses are those of everybody's distributions: the host of the edge itself, without its header."""
    for node in nodes:
        assert platform.connect("edge", node, 443) == OPEN
        guesses = [get(), get(**{HEADER: "wrong"}), get(**{HEADER: ""})]
        assert ask(platform, "edge", node, *guesses) == [403, 403, 403]
        assert ask(platform, "edge", node, get(**{HEADER: secret(platform)})) == [200]


def test_what_a_visitor_sends_in_its_place_changes_nothing(platform: Platform, edge: str) -> None:
    assert ask(platform, platform.internet, edge, get(**{HEADER: "wrong"})) == [200]


def secret(platform: Platform, stage: str = "AWSCURRENT") -> str:
    name = "/local/edge/origin-verify"
    value: str = platform.api.secretsmanager.get_secret_value(SecretId=name, VersionStage=stage)["SecretString"]
    return value


def test_the_proxy_counts_visitors_by_their_own_address(platform: Platform, machine: str, edge: str) -> None:
    [row] = platform.rows(SPEECH)
    path = f"/who-asks-{uuid.uuid4().hex}"
    assert ask(platform, machine, edge, get(path)) == [404]
    logs = [platform.inside(one, "cat", "/var/log/nginx/access.log") for one in platform.healthy("proxy")]
    [line] = [line for log in logs for line in log.splitlines() if path in line]
    assert json.loads(line)["client"] == row["public"]


# The web ACL


@contextmanager
def listed(platform: Platform, name: str, *addresses: str) -> Iterator[None]:
    """An IP set of the edge's web ACL that has addresses for a while, those of IPv4."""
    waf = platform.api.wafv2
    name = f"pixstory-local-edge-{name}-ipv4"
    [found] = [one for one in waf.list_ip_sets(Scope="CLOUDFRONT")["IPSets"] if one["Name"] == name]
    which = {"Name": name, "Id": found["Id"], "Scope": "CLOUDFRONT"}

    def become(wanted: tuple[str, ...]) -> None:
        token = waf.get_ip_set(**which)["LockToken"]
        waf.update_ip_set(**which, Addresses=list(wanted), LockToken=token)

    become(addresses)
    try:
        yield
    finally:
        become(())


@pytest.fixture
def forget(platform: Platform) -> Iterator[None]:
    """What was counted of somebody is forgotten, before and after."""

    def clear() -> None:
        folder = platform.state.directory / "edge"
        for line in balancers.ask(folder, "show table").splitlines():
            if line.startswith("# table: "):
                balancers.ask(folder, f"clear table {line.removeprefix('# table: ').partition(',')[0]}")

    clear()
    yield
    clear()


def becomes(platform: Platform, answers: Callable[[], Any], expected: Any, what: str) -> None:
    platform.wait(lambda: answers() == expected, 30, what)


def test_a_blocked_address_is_refused(platform: Platform, machine: str, edge: str) -> None:
    [row] = platform.rows(SPEECH)

    def answers() -> list[int]:
        return ask(platform, machine, edge, get())

    with listed(platform, "blocked", f"{row['public']}/32"):
        becomes(platform, answers, [403], "it is refused")
        assert ask(platform, platform.internet, edge, get()) == [200]
    becomes(platform, answers, [200], "it passes again")


def test_an_allowed_address_passes_by_the_other_rules(platform: Platform, machine: str, edge: str) -> None:
    [row] = platform.rows(SPEECH)
    address = f"{row['public']}/32"

    def answers() -> list[int]:
        return ask(platform, machine, edge, get())

    with listed(platform, "blocked", address):
        becomes(platform, answers, [403], "it is refused")
        with listed(platform, "allowed", address):
            becomes(platform, answers, [200], "it is allowed")
        becomes(platform, answers, [403], "it is refused again")
    becomes(platform, answers, [200], "it passes again")


def rate(platform: Platform, machine: str, edge: str, number: int, method: str, path: str) -> None:
    """The first are not the edge's to refuse, though the proxy has its own limits (429); the next are."""
    request: Request = (method, path, "" if method != "GET" else None, {"Host": DOMAIN})
    statuses = ask(platform, machine, edge, *[request] * (number + 20))
    print(f"\n{number + 20} x {method} {path}: first refused by the edge: number {statuses.index(403) + 1}")
    # A rate over a minute that HAProxy counts exactly within its first window, in which all of them are.
    assert 403 not in statuses[:number]
    assert set(statuses[number:]) == {403}
    assert ask(platform, platform.internet, edge, request) != [403]


@pytest.mark.usefixtures("forget")
def test_who_tries_to_sign_in_too_often_is_refused(platform: Platform, machine: str, edge: str) -> None:
    rate(platform, machine, edge, 60, "POST", "/api/sign-in")
    # What else they ask for is answered.
    assert ask(platform, machine, edge, get()) == [200]


@pytest.mark.usefixtures("forget")
def test_who_writes_too_often_is_refused(platform: Platform, machine: str, edge: str) -> None:
    rate(platform, machine, edge, 120, "PUT", "/nothing")


@pytest.mark.usefixtures("forget")
def test_who_asks_the_api_too_often_is_refused(platform: Platform, machine: str, edge: str) -> None:
    rate(platform, machine, edge, 3000, "GET", "/api/nothing")


@pytest.mark.usefixtures("forget")
def test_a_forged_address_evades_no_limit_and_has_nobody_blocked(platform: Platform, machine: str, edge: str) -> None:
    """Each request claims to come from somewhere else, and every second from where another visitor is."""
    victim = str(CLIENTS[10])  # the host `internet`'s

    def claim(number: int) -> Request:
        address = victim if number % 2 else f"192.0.2.{number}"
        return "POST", "/api/sign-in", "", {"Host": DOMAIN, "X-Forwarded-For": address}

    statuses = ask(platform, machine, edge, *map(claim, range(200)))
    assert 403 not in statuses[:60]
    assert set(statuses[60:]) == {403}
    assert ask(platform, platform.internet, edge, ("POST", "/api/sign-in", "", {"Host": DOMAIN})) != [403]


@pytest.mark.usefixtures("forget")
def test_a_large_body_is_refused_but_where_stories_come_in(platform: Platform, machine: str, edge: str) -> None:
    def post(path: str, size: int) -> Request:
        return "PATCH", path, "x" * size, {"Host": DOMAIN, "Content-Type": "application/json"}

    small, large, story = ask(platform, machine, edge, post("/", 8192), post("/", 8193), post("/api/stories", 8193))
    assert (small != 403, large, story != 403) == (True, 403, True)


def test_the_secret_is_replaced_and_nobody_is_refused(platform: Platform, edge: str, nodes: list[str]) -> None:
    """playbooks/rotate_origin_secret.yml, while somebody asks all the time."""
    before = secret(platform)
    with Probe(platform, pause=0.2) as probe:
        run(platform, "rotate_origin_secret")
        assert secret(platform) != before

        def old() -> list[int]:
            return ask(platform, "edge", nodes[0], get(**{HEADER: before}))

        becomes(platform, old, [403], "the old value is refused")
    print(f"\nthe secret is replaced: {probe}")
    assert probe.failures == []
