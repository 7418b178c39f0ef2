# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "ec2_vpc_route_table"
NAME = "pixstory-production-main-app-a"


class Network(NamedTuple):
    vpc: str
    subnets: list[str]
    gateway: str
    nat: str


@pytest.fixture
def network(emulator: Emulator) -> Network:
    ec2 = emulator.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    blocks = [f"10.0.{number}.0/24" for number in range(3)]
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=block)["Subnet"]["SubnetId"] for block in blocks]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    return Network(vpc, subnets, gateway, nat)


@pytest.fixture
def declared(network: Network) -> dict[str, Any]:
    return {
        "name": NAME,
        "vpc_id": network.vpc,
        "subnets": network.subnets[:1],
        "routes": [{"dest": "0.0.0.0/0", "nat_gateway_id": network.nat}],
        "tags": {"Project": "pixstory", "Role": "network"},
    }


def table(emulator: Emulator, name: str = NAME) -> dict[str, Any]:
    [found] = emulator.client("ec2").describe_route_tables(Filters=[{"Name": "tag:Name", "Values": [name]}])[
        "RouteTables"
    ]
    return found


def routes(emulator: Emulator, name: str = NAME) -> dict[str, str]:
    targets = ("GatewayId", "NatGatewayId", "VpcPeeringConnectionId")
    return {
        route.get("DestinationCidrBlock", route.get("DestinationPrefixListId")): next(
            route[key] for key in targets if route.get(key)
        )
        for route in table(emulator, name)["Routes"]
    }


def subnets(emulator: Emulator, name: str = NAME) -> set[str]:
    return {one["SubnetId"] for one in table(emulator, name)["Associations"] if one.get("SubnetId")}


def test_twelve_steps(
    emulator: Emulator, twelve_steps: TwelveSteps, network: Network, declared: dict[str, Any]
) -> None:
    def created(result: dict[str, Any]) -> None:
        assert routes(emulator) == {"10.0.0.0/16": "local", "0.0.0.0/0": network.nat}
        assert subnets(emulator) == {network.subnets[0]}
        assert result["route_table"]["tags"] == {**declared["tags"], "Name": NAME}

    def changed(result: dict[str, Any]) -> None:
        assert routes(emulator) == {"10.0.0.0/16": "local", "0.0.0.0/0": network.gateway}
        assert subnets(emulator) == set(network.subnets[1:])
        assert result["route_table"]["tags"] == {"Project": "pixstory", "Name": NAME}

    change = {
        **declared,
        "subnets": network.subnets[1:],
        "routes": [{"dest": "0.0.0.0/0", "gateway_id": network.gateway}],
        "tags": {"Project": "pixstory"},
    }
    absent = {"name": NAME, "vpc_id": network.vpc}
    twelve_steps(MODULE, create=declared, change=change, absent=absent, created=created, changed=changed)


def test_a_table_as_declared_takes_one_call(emulator: Emulator, run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    before = emulator.log.read_text().count("\n")
    assert not run(MODULE, declared).changed
    assert emulator.log.read_text().count("\n") == before + 1


def test_what_is_not_given_is_left_alone(emulator: Emulator, run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    before = table(emulator)
    assert not run.predicted(MODULE, {"name": NAME, "vpc_id": declared["vpc_id"]}).changed
    assert table(emulator) == before


def test_undeclared_routes_go(emulator: Emulator, run: Runner, network: Network, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    table_id = table(emulator)["RouteTableId"]
    ec2 = emulator.client("ec2")
    ec2.create_route(RouteTableId=table_id, DestinationCidrBlock="192.168.0.0/16", GatewayId=network.gateway)
    outcome = run.predicted(MODULE, declared)
    assert outcome.changed
    assert "192.168.0.0/16" not in routes(emulator)


def test_the_route_of_a_gateway_endpoint_stays(
    emulator: Emulator, run: Runner, network: Network, declared: dict[str, Any]
) -> None:
    run(MODULE, declared)
    emulator.client("ec2").create_vpc_endpoint(
        VpcId=network.vpc,
        ServiceName="com.amazonaws.ap-south-1.s3",
        RouteTableIds=[table(emulator)["RouteTableId"]],
    )
    before = routes(emulator)
    assert any(name.startswith("pl-") for name in before)
    assert not run.predicted(MODULE, declared).changed
    run(MODULE, {**declared, "routes": []})
    assert routes(emulator) == {name: target for name, target in before.items() if name != "0.0.0.0/0"}


def test_a_subnet_moves_from_another_table(
    emulator: Emulator, run: Runner, network: Network, declared: dict[str, Any]
) -> None:
    run(MODULE, {**declared, "name": "other", "subnets": network.subnets[:2]})
    outcome = run.predicted(MODULE, declared)
    assert "ec2.ReplaceRouteTableAssociation" in outcome.writes
    assert subnets(emulator) == {network.subnets[0]}
    assert subnets(emulator, "other") == {network.subnets[1]}


@pytest.mark.parametrize("targets", [{}, {"gateway_id": "igw-1", "nat_gateway_id": "nat-1"}])
def test_a_route_has_one_target(run: Runner, declared: dict[str, Any], targets: dict[str, str]) -> None:
    outcome = run(MODULE, {**declared, "routes": [{"dest": "0.0.0.0/0", **targets}]}, fails=True)
    assert "give one of gateway_id, nat_gateway_id, vpc_peering_connection_id" in outcome.result["msg"]
    assert outcome.writes == []
