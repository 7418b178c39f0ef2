"""Security groups and routes hold between hosts of a lab's network: what no rule permits is refused at once."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from lab.fabric import plan, security_groups
from lab.fabric.network import ENTRANCE, Network
from lab.fabric.world import Instance, Route, Rule, Subnet, World
from tests.reach import OPEN, REFUSED, connections

WORLD = World(
    vpcs={"main": "10.30.0.0/16", "other": "10.31.0.0/16"},
    subnets={
        "app": Subnet("app", "main", "10.30.0.0/20", "ap-south-1a"),
        "data": Subnet("data", "main", "10.30.16.0/20", "ap-south-1a"),
        "other": Subnet("other", "other", "10.31.0.0/20", "ap-south-1a"),
    },
    routes={"app": (Route("0.0.0.0/0", "igw-1"),)},
    rules={
        "sg-app": (
            Rule("egress", "tcp", 5432, 5432, group="sg-db"),
            Rule("ingress", "tcp", 443, 443, cidr="0.0.0.0/0"),
        ),
        "sg-db": (Rule("ingress", "tcp", 5432, 5432, group="sg-app"),),
        "sg-any": (Rule("egress", "-1", -1, -1, cidr="0.0.0.0/0"), Rule("ingress", "-1", -1, -1, cidr="0.0.0.0/0")),
    },
    instances={
        "app": Instance("app", "running", "", "10.30.0.4", "app", ("sg-app",), public="198.18.0.1"),
        "twin": Instance("twin", "running", "", "10.30.0.5", "app", ("sg-any",)),
        "db": Instance("db", "running", "", "10.30.16.4", "data", ("sg-db",)),
        "other": Instance("other", "running", "", "10.31.0.4", "other", ("sg-any",)),
    },
)


class Net:
    """A network without machines: programs of this computer run in the hosts' namespaces."""

    def __init__(self, root: Path) -> None:
        self.network = Network(root)
        self.network.up()
        self.become(WORLD)

    def become(self, world: World) -> None:
        hosts = plan.hosts(world)
        self.network.sync(world, hosts)
        self.network.enforce(security_groups.ruleset(world, hosts))

    def command(self, host: str, *command: str) -> list[str]:
        return ["ip", "netns", "exec", self.network.namespace(host), *command]

    def connect(self, host: str, address: str, port: int) -> str:
        return connections(self.network.namespace(host), [(address, port)])[address, port]

    @contextmanager
    def listening(self, host: str, port: int) -> Iterator[None]:
        # The connection that waits for it is the host's own: no rule is asked.
        command = self.command(host, "python3", "-m", "http.server", str(port))
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            try:
                while self.connect(host, "127.0.0.1", port) != OPEN:
                    time.sleep(0.1)
                yield
            finally:
                server.kill()


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Net]:
    net = Net(tmp_path_factory.mktemp("checkout"))
    try:
        yield net
    finally:
        net.network.down()


def test_a_flow_of_both_groups_is_open_and_nothing_else(net: Net) -> None:
    with net.listening("db", 5432), net.listening("db", 5433):
        assert net.connect("app", "10.30.16.4", 5432) == OPEN
        assert net.connect("app", "10.30.16.4", 5433) == REFUSED
        assert net.connect("twin", "10.30.16.4", 5432) == REFUSED


def test_a_rule_that_is_taken_away_is_missed_at_once(net: Net) -> None:
    try:
        with net.listening("db", 5432):
            for missing in ("sg-app", "sg-db"):
                net.become(replace(WORLD, rules={**WORLD.rules, missing: ()}))
                assert net.connect("app", "10.30.16.4", 5432) == REFUSED
    finally:
        net.become(WORLD)


def test_neighbours_in_a_subnet_are_no_exception(net: Net) -> None:
    with net.listening("app", 443), net.listening("app", 80):
        assert net.connect("twin", "10.30.0.4", 443) == OPEN
        assert net.connect("twin", "10.30.0.4", 80) == REFUSED


def test_the_internet_reaches_what_is_published(net: Net) -> None:
    with net.listening("app", 443), net.listening("app", 80):
        assert net.connect(ENTRANCE, "198.18.0.1", 443) == OPEN
        assert net.connect(ENTRANCE, "198.18.0.1", 80) == REFUSED
        assert net.connect(ENTRANCE, "10.30.16.4", 5432) == REFUSED


def test_vpcs_are_apart_until_both_have_a_route(net: Net) -> None:
    peered = {"app": (Route("10.31.0.0/16", "pcx-1"),), "other": (Route("10.30.0.0/16", "pcx-1"),)}
    try:
        with net.listening("other", 443):
            assert net.connect("twin", "10.31.0.4", 443) == REFUSED
            net.become(replace(WORLD, routes={**peered, "other": ()}))
            assert net.connect("twin", "10.31.0.4", 443) == REFUSED
            net.become(replace(WORLD, routes=peered))
            assert net.connect("twin", "10.31.0.4", 443) == OPEN
    finally:
        net.become(WORLD)


def test_nothing_is_left(tmp_path: Path) -> None:
    def here() -> list[str]:
        commands = (["ip", "-o", "link"], ["ip", "netns", "list"], ["nft", "list", "tables"])
        outputs = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for command in commands]
        return [word for output in outputs for word in output.split() if network.outer in word or network.name in word]

    network = Network(tmp_path)
    assert here() == []
    Net(tmp_path)
    assert here() != []
    network.down()
    time.sleep(0.5)
    assert here() == []
    assert not [table for table in [network.table] if table in subprocess.getoutput("nft list tables")]
