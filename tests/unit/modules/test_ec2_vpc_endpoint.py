# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest
from twelve_steps import Emulator, Requests, Runner, TwelveSteps

from ansible_collections.pixstory.platform.plugins.modules import ec2_vpc_endpoint

MODULE = "ec2_vpc_endpoint"
TAGS = {"Project": "pixstory", "Role": "network"}
ALLOW = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}


class Network(NamedTuple):
    vpc: str
    subnets: list[str]
    tables: list[str]
    groups: list[str]


@pytest.fixture
def network(emulator: Emulator) -> Network:
    ec2 = emulator.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return Network(
        vpc,
        [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{at}.0/24", AvailabilityZone=f"ap-south-1{zone}")["Subnet"][
                "SubnetId"
            ]
            for at, zone in enumerate("abc")
        ],
        [ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(3)],
        [
            ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
            for name in ("first", "second")
        ],
    )


@pytest.fixture
def gateway(network: Network) -> dict[str, Any]:
    return {
        "name": "pixstory-production-main-s3",
        "vpc_id": network.vpc,
        "service_name": "com.amazonaws.ap-south-1.s3",
        "vpc_endpoint_type": "Gateway",
        "route_table_ids": network.tables[:2],
    }


@pytest.fixture
def interface(network: Network) -> dict[str, Any]:
    return {
        "name": "pixstory-production-main-ssm",
        "vpc_id": network.vpc,
        "service_name": "com.amazonaws.ap-south-1.ssm",
        "vpc_endpoint_type": "Interface",
        "subnet_ids": network.subnets[:2],
        "security_group_ids": network.groups[:1],
    }


def identity(declared: dict[str, Any]) -> dict[str, Any]:
    return {key: declared[key] for key in ("name", "vpc_id", "service_name", "vpc_endpoint_type")}


def endpoints(emulator: Emulator) -> list[dict[str, Any]]:
    return emulator.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]


def make_foreign(emulator: Emulator, declared: dict[str, Any], **arguments: Any) -> str:
    """An endpoint that somebody else made."""
    made = emulator.client("ec2").create_vpc_endpoint(
        VpcId=declared["vpc_id"],
        ServiceName=declared["service_name"],
        VpcEndpointType=declared["vpc_endpoint_type"],
        TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "Name", "Value": "theirs"}]}],
        **arguments,
    )
    return str(made["VpcEndpoint"]["VpcEndpointId"])


def test_twelve_steps_of_a_gateway(
    emulator: Emulator, twelve_steps: TwelveSteps, gateway: dict, network: Network
) -> None:
    def created(result: dict) -> None:
        (endpoint,) = endpoints(emulator)
        assert result["vpc_endpoint"]["vpc_endpoint_id"] == endpoint["VpcEndpointId"]
        assert result["vpc_endpoint"]["tags"] == {**TAGS, "Name": gateway["name"]}
        assert sorted(endpoint["RouteTableIds"]) == sorted(network.tables[:2])
        assert json.loads(endpoint["PolicyDocument"])["Statement"] == [ALLOW]

    def changed(result: dict) -> None:
        (endpoint,) = endpoints(emulator)
        assert sorted(endpoint["RouteTableIds"]) == sorted(network.tables[1:])
        assert json.loads(endpoint["PolicyDocument"])["Statement"] == [{**ALLOW, "Action": "s3:*"}]
        assert result["vpc_endpoint"]["tags"] == {"Project": "pixstory", "Name": gateway["name"]}

    def deleted(result: dict) -> None:
        assert endpoints(emulator) == []

    policy = {"Version": "2012-10-17", "Statement": [ALLOW]}
    other = {"Version": "2012-10-17", "Statement": [{**ALLOW, "Action": "s3:*"}]}
    change = {**gateway, "route_table_ids": network.tables[:0:-1], "policy": other, "tags": {"Project": "pixstory"}}
    twelve_steps(
        MODULE,
        create={**gateway, "policy": policy, "tags": TAGS},
        change=change,
        absent=identity(gateway),
        created=created,
        changed=changed,
        deleted=deleted,
    )


def test_twelve_steps_of_an_interface(
    emulator: Emulator, twelve_steps: TwelveSteps, interface: dict, network: Network
) -> None:
    def created(result: dict) -> None:
        (endpoint,) = endpoints(emulator)
        assert endpoint["PrivateDnsEnabled"] is True
        assert [group["GroupId"] for group in endpoint["Groups"]] == network.groups[:1]

    def changed(result: dict) -> None:
        (endpoint,) = endpoints(emulator)
        assert endpoint["PrivateDnsEnabled"] is False
        assert sorted(endpoint["SubnetIds"]) == sorted(network.subnets[1:])
        assert [group["GroupId"] for group in endpoint["Groups"]] == network.groups[1:]

    def deleted(result: dict) -> None:
        assert endpoints(emulator) == []

    change = {
        **interface,
        "subnet_ids": network.subnets[1:],
        "security_group_ids": network.groups[1:],
        "private_dns_enabled": False,
    }
    twelve_steps(
        MODULE,
        create={**interface, "tags": TAGS},
        change=change,
        absent=identity(interface),
        created=created,
        changed=changed,
        deleted=deleted,
    )


def test_a_route_table_is_added_to_the_same_endpoint(
    emulator: Emulator, run: Runner, gateway: dict, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = run(MODULE, gateway).result["vpc_endpoint"]["vpc_endpoint_id"]
    requests = Requests(emulator.client("ec2"), monkeypatch)
    outcome = run.predicted(MODULE, {**gateway, "route_table_ids": [network.tables[2], *network.tables[:2]]})
    # Nothing else is sent: AWS refuses some empty lists.
    assert requests.of("ModifyVpcEndpoint") == [{"VpcEndpointId": before, "AddRouteTableIds": [network.tables[2]]}]
    assert outcome.writes == ["ec2.ModifyVpcEndpoint"]
    assert [endpoint["VpcEndpointId"] for endpoint in endpoints(emulator)] == [before]
    for table in network.tables:
        routes = emulator.client("ec2").describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        assert before in [route.get("GatewayId") for route in routes]


def test_a_subnet_and_a_group_are_exchanged_at_once(
    emulator: Emulator, run: Runner, interface: dict, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = run(MODULE, interface).result["vpc_endpoint"]["vpc_endpoint_id"]
    requests = Requests(emulator.client("ec2"), monkeypatch)
    changed = {**interface, "subnet_ids": network.subnets[1:], "security_group_ids": network.groups[1:]}
    run.predicted(MODULE, changed)
    assert requests.of("ModifyVpcEndpoint") == [
        {
            "VpcEndpointId": before,
            "AddSubnetIds": [network.subnets[2]],
            "RemoveSubnetIds": [network.subnets[0]],
            "AddSecurityGroupIds": [network.groups[1]],
            "RemoveSecurityGroupIds": [network.groups[0]],
        }
    ]


def test_the_order_of_lists_and_what_is_not_given_make_no_change(
    run: Runner, interface: dict, network: Network
) -> None:
    run(MODULE, {**interface, "private_dns_enabled": False, "tags": TAGS})
    twice = [*network.subnets[1::-1], network.subnets[0]]
    assert not run.predicted(MODULE, {**interface, "subnet_ids": twice}).changed
    outcome = run.predicted(MODULE, identity(interface))
    assert not outcome.changed
    assert outcome.result["vpc_endpoint"]["private_dns_enabled"] is False
    assert outcome.result["vpc_endpoint"]["tags"] == {**TAGS, "Name": interface["name"]}


def test_a_policy_that_means_the_same_is_the_same(run: Runner, gateway: dict) -> None:
    run(MODULE, {**gateway, "policy": {"Version": "2012-10-17", "Statement": [ALLOW]}})
    same = {"Version": "2012-10-17", "Statement": {**ALLOW, "Action": ["s3:GetObject"]}}
    assert not run.predicted(MODULE, {**gateway, "policy": same}).changed


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("param", ["vpc_id", "service_name", "vpc_endpoint_type"])
def test_what_an_endpoint_is_cannot_be_changed(
    emulator: Emulator, run: Runner, interface: dict, network: Network, param: str, check: bool
) -> None:
    run(MODULE, interface)
    other = {
        "vpc_id": emulator.client("ec2").create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"],
        "service_name": "com.amazonaws.ap-south-1.kms",
        "vpc_endpoint_type": "Gateway",
    }
    outcome = run(MODULE, {**identity(interface), param: other[param]}, check=check, fails=True)
    assert f"AWS cannot change {param} in place" in outcome.result["msg"]
    assert outcome.writes == []


def test_a_gateway_of_another_name_is_taken_over(
    emulator: Emulator, run: Runner, gateway: dict, network: Network
) -> None:
    there = make_foreign(emulator, gateway, RouteTableIds=network.tables[:1])
    outcome = run.predicted(MODULE, {**gateway, "tags": TAGS})
    assert outcome.result["action"] == "update"
    assert outcome.result["vpc_endpoint"]["vpc_endpoint_id"] == there
    assert outcome.result["vpc_endpoint"]["tags"] == {**TAGS, "Name": gateway["name"]}
    assert len(endpoints(emulator)) == 1


def test_an_interface_of_our_name_is_preferred(emulator: Emulator, run: Runner, interface: dict) -> None:
    ours = run(MODULE, interface).result["vpc_endpoint"]["vpc_endpoint_id"]
    make_foreign(emulator, interface, PrivateDnsEnabled=False)
    outcome = run.predicted(MODULE, interface)
    assert not outcome.changed
    assert outcome.result["vpc_endpoint"]["vpc_endpoint_id"] == ours


def test_of_two_of_another_name_none_is_taken(emulator: Emulator, run: Runner, interface: dict) -> None:
    both = sorted(make_foreign(emulator, interface) for _ in range(2))
    outcome = run(MODULE, interface, fails=True)
    assert ", ".join(both) in outcome.result["msg"]
    assert outcome.writes == []


def test_an_endpoint_of_another_name_is_not_deleted(emulator: Emulator, run: Runner, gateway: dict) -> None:
    make_foreign(emulator, gateway)
    assert not run.predicted(MODULE, {**identity(gateway), "state": "absent"}).changed
    assert len(endpoints(emulator)) == 1


def test_an_endpoint_that_aws_made_for_itself_is_left_alone(
    emulator: Emulator, run: Runner, interface: dict, show: dict
) -> None:
    show[make_foreign(emulator, interface)] = {"RequesterManaged": True}
    assert run.predicted(MODULE, interface).result["action"] == "create"


def test_check_mode_takes_a_network_that_is_yet_to_be(run: Runner, gateway: dict, interface: dict) -> None:
    yet: dict[str, Any] = {"vpc_id": "vpc-0123456789abcdef0"}
    lists = {"subnet_ids": ["subnet-0123456789abcdef0"], "security_group_ids": ["sg-0123456789abcdef0"]}
    for declared in (
        {**gateway, **yet, "route_table_ids": ["rtb-0123456789abcdef0"]},
        {**interface, **yet, **lists},
    ):
        outcome = run(MODULE, declared, check=True)
        assert outcome.result["action"] == "create"
        assert outcome.result["vpc_endpoint"] == {}
    run(MODULE, interface)
    assert run(MODULE, {**interface, **lists}, check=True).result["action"] == "update"


@pytest.mark.parametrize(
    ("kind", "param", "value"),
    [
        ("Gateway", "subnet_ids", ["subnet-1"]),
        ("Gateway", "security_group_ids", ["sg-1"]),
        ("Gateway", "private_dns_enabled", True),
        ("Interface", "route_table_ids", ["rtb-1"]),
    ],
)
def test_what_the_other_type_has_is_refused(run: Runner, interface: dict, kind: str, param: str, value: Any) -> None:
    declared = {**identity(interface), "vpc_endpoint_type": kind, param: value}
    outcome = run(MODULE, declared, check=True, fails=True)
    assert f"{param}: a {kind.lower()} endpoint has none" in outcome.result["msg"]


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """What endpoints, by id or all ("*"), say of themselves; those of the emulator are available at once.

    With ``then``, a list, one value of it an answer, and the last one for ever.
    """
    shown: dict[str, dict[str, Any]] = {}
    pages, made = ec2_vpc_endpoint.VpcEndpoint.pages, ec2_vpc_endpoint.VpcEndpoint._describe_made

    def pretend(endpoint: dict[str, Any]) -> dict[str, Any]:
        values = {**shown.get("*", {}), **shown.get(endpoint["VpcEndpointId"], {})}
        if states := values.pop("then", None):
            values["State"] = states.pop(0) if len(states) > 1 else states[0]
        return {**endpoint, **values}

    def listed(self: Any, *args: Any, **arguments: Any) -> list[dict[str, Any]]:
        return [pretend(endpoint) for endpoint in pages(self, *args, **arguments)]

    monkeypatch.setattr(ec2_vpc_endpoint.VpcEndpoint, "pages", listed)
    monkeypatch.setattr(ec2_vpc_endpoint.VpcEndpoint, "_describe_made", lambda self, one: pretend(made(self, one)))
    return shown


def test_a_pending_endpoint_is_waited_for(run: Runner, interface: dict, show: dict) -> None:
    show["*"] = {"then": ["pending", "pending", "available"]}
    assert run(MODULE, interface).result["vpc_endpoint"]["state"] == "available"
    show["*"] = {"then": ["pending"]}
    assert run(MODULE, {**interface, "wait": False}).result["vpc_endpoint"]["state"] == "pending"
    outcome = run(MODULE, {**interface, "wait_timeout": 1}, fails=True)
    assert "Timed out after" in outcome.result["msg"]


def test_a_failed_endpoint_says_why(run: Runner, interface: dict, show: dict) -> None:
    show["*"] = {"State": "Failed", "LastError": {"Code": "X", "Message": "no addresses are left"}}
    assert "is failed (no addresses are left)" in run(MODULE, interface, fails=True).result["msg"]


def test_an_endpoint_that_waits_for_its_service_says_so(run: Runner, interface: dict, show: dict) -> None:
    show["*"] = {"State": "pendingAcceptance"}
    outcome = run(MODULE, {**interface, "wait_timeout": 1}, fails=True)
    assert "The owner of the service has to accept vpce-" in outcome.result["msg"]


def test_one_that_is_being_deleted_is_waited_for_and_made_again(
    emulator: Emulator, run: Runner, interface: dict, show: dict
) -> None:
    old = run(MODULE, interface).result["vpc_endpoint"]["vpc_endpoint_id"]
    show[old] = {"then": ["deleting", "deleting", "deleted"]}
    outcome = run(MODULE, interface)
    assert outcome.result["action"] == "create"
    assert outcome.result["vpc_endpoint"]["vpc_endpoint_id"] != old


def test_one_that_is_not_listed_yet_is_known(
    run: Runner, emulator: Emulator, interface: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ec2_vpc_endpoint.VpcEndpoint, "call_or_none", lambda *_, **__: None)
    outcome = run(MODULE, interface)
    assert outcome.result["vpc_endpoint"]["vpc_endpoint_id"] == endpoints(emulator)[0]["VpcEndpointId"]


def test_a_refused_deletion_is_an_error(
    run: Runner, emulator: Emulator, gateway: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(MODULE, gateway)
    refused = {"Unsuccessful": [{"Error": {"Code": "X", "Message": "it is in use"}, "ResourceId": "vpce-1"}]}
    monkeypatch.setattr(emulator.client("ec2"), "delete_vpc_endpoints", lambda **_: refused)
    outcome = run(MODULE, {**identity(gateway), "state": "absent"}, fails=True)
    assert "it is in use" in outcome.result["msg"]
