# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

from ansible_collections.pixstory.platform.plugins.modules.ec2_security_group import present

MODULE = "ec2_security_group"
NAME = "pixstory-production-web"


@pytest.fixture
def vpc(emulator: Emulator) -> str:
    return emulator.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


@pytest.fixture
def peer(emulator: Emulator, vpc: str) -> str:
    return emulator.client("ec2").create_security_group(GroupName="web-alb", Description="x", VpcId=vpc)["GroupId"]


@pytest.fixture
def declared(vpc: str, peer: str) -> dict[str, Any]:
    return {
        "name": NAME,
        "vpc_id": vpc,
        "description": "Web servers",
        "rules": [{"ports": [8080], "group_id": peer, "rule_desc": "web-alb to web"}],
        "rules_egress": [
            {"ports": [80, 443], "cidr_ip": ["0.0.0.0/0", "10.1.0.0/16"], "rule_desc": "out"},
            {"ports": [53], "proto": "udp", "cidr_ip": ["10.0.0.2/32"]},
        ],
        "tags": {"Project": "pixstory", "Name": NAME},
    }


def group(emulator: Emulator, vpc: str, name: str = NAME) -> dict[str, Any]:
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": [name]}]
    [found] = emulator.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
    return found


def rules(emulator: Emulator, vpc: str, direction: str = "IpPermissions", name: str = NAME) -> set[tuple[Any, ...]]:
    return {tuple(rule.values()) for rule in present(group(emulator, vpc, name)[direction])}


def test_twelve_steps(
    emulator: Emulator, twelve_steps: TwelveSteps, vpc: str, peer: str, declared: dict[str, Any]
) -> None:
    def created(result: dict[str, Any]) -> None:
        assert rules(emulator, vpc) == {("tcp", 8080, 8080, peer, "web-alb to web")}
        assert rules(emulator, vpc, "IpPermissionsEgress") == {
            ("tcp", 80, 80, "0.0.0.0/0", "out"),
            ("tcp", 80, 80, "10.1.0.0/16", "out"),
            ("tcp", 443, 443, "0.0.0.0/0", "out"),
            ("tcp", 443, 443, "10.1.0.0/16", "out"),
            ("udp", 53, 53, "10.0.0.2/32", ""),
        }
        assert result["security_group"]["tags"] == declared["tags"]

    def changed(result: dict[str, Any]) -> None:
        assert rules(emulator, vpc) == {("tcp", 9090, 9090, "10.2.0.0/16", "")}
        assert rules(emulator, vpc, "IpPermissionsEgress") == set()
        assert result["security_group"]["tags"] == {"Project": "pixstory"}

    change = {
        **declared,
        "rules": [{"ports": [9090], "cidr_ip": ["10.2.0.0/16"]}],
        "rules_egress": [],
        "tags": {"Project": "pixstory"},
    }
    absent = {"name": NAME, "vpc_id": vpc}
    twelve_steps(MODULE, create=declared, change=change, absent=absent, created=created, changed=changed)


def test_a_group_as_declared_takes_one_call(emulator: Emulator, run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    before = emulator.log.read_text().count("\n")
    assert not run(MODULE, declared).changed
    assert emulator.log.read_text().count("\n") == before + 1


def test_the_order_of_rules_means_nothing(run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    egress = [{**rule, "ports": rule["ports"][::-1]} for rule in declared["rules_egress"][::-1]]
    assert not run.predicted(MODULE, {**declared, "rules_egress": egress}).changed


def test_what_is_not_given_is_left_alone(emulator: Emulator, run: Runner, vpc: str, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    before = group(emulator, vpc)
    assert not run.predicted(MODULE, {"name": NAME, "vpc_id": vpc}).changed
    assert group(emulator, vpc) == before


def test_another_description_of_a_rule_revokes_nothing(
    emulator: Emulator, run: Runner, vpc: str, peer: str, declared: dict[str, Any]
) -> None:
    run(MODULE, declared)
    ingress = [{**declared["rules"][0], "rule_desc": "from the balancer"}]
    outcome = run.predicted(MODULE, {**declared, "rules": ingress})
    assert outcome.writes == ["ec2.UpdateSecurityGroupRuleDescriptionsIngress"]
    assert rules(emulator, vpc) == {("tcp", 8080, 8080, peer, "from the balancer")}


def test_new_rules_come_before_old_ones_go(run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    ingress = [{**declared["rules"][0], "ports": [8081]}]
    outcome = run.predicted(MODULE, {**declared, "rules": ingress})
    assert outcome.writes == ["ec2.AuthorizeSecurityGroupIngress", "ec2.RevokeSecurityGroupIngress"]


def test_what_somebody_added_by_hand_goes(emulator: Emulator, run: Runner, vpc: str, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    group_id = group(emulator, vpc)["GroupId"]
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
    emulator.client("ec2").authorize_security_group_ingress(GroupId=group_id, IpPermissions=[ssh])
    before = rules(emulator, vpc)
    assert run.predicted(MODULE, declared).changed
    assert before - rules(emulator, vpc) == {("tcp", 22, 22, "::/0", "")}


def test_the_default_group_of_a_vpc_can_be_emptied(emulator: Emulator, run: Runner, vpc: str) -> None:
    emptied = {"name": "default", "vpc_id": vpc, "rules": [], "rules_egress": []}
    assert run.predicted(MODULE, emptied).changed
    assert rules(emulator, vpc, "IpPermissions", "default") == set()
    assert rules(emulator, vpc, "IpPermissionsEgress", "default") == set()


@pytest.mark.parametrize("peers", [{}, {"cidr_ip": ["10.0.0.0/8"], "group_id": "sg-1"}])
def test_a_rule_has_one_kind_of_peer(run: Runner, declared: dict[str, Any], peers: dict[str, Any]) -> None:
    outcome = run(MODULE, {**declared, "rules": [{"ports": [1], **peers}]}, fails=True)
    assert "give one of cidr_ip, group_id and prefix_list" in outcome.result["msg"]
    assert outcome.writes == []


def test_another_description_of_the_group_is_refused(run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    outcome = run(MODULE, {**declared, "description": "Servers"}, fails=True)
    assert "AWS cannot change description in place" in outcome.result["msg"]


ORIGIN_FACING = "com.amazonaws.global.cloudfront.origin-facing"


def test_a_prefix_list_is_known_by_its_name(emulator: Emulator, run: Runner, vpc: str) -> None:
    named = {"name": NAME, "vpc_id": vpc, "description": "x", "rules": [{"ports": [443], "prefix_list": ORIGIN_FACING}]}
    run.predicted(MODULE, named)
    [permission] = group(emulator, vpc)["IpPermissions"]
    lists = emulator.client("ec2").describe_managed_prefix_lists()["PrefixLists"]
    names = {one["PrefixListId"]: one["PrefixListName"] for one in lists}
    assert [names[one["PrefixListId"]] for one in permission["PrefixListIds"]] == [ORIGIN_FACING]
    assert not run.predicted(MODULE, named).changed
    open_to_all = {**named, "rules": [{"ports": [443], "cidr_ip": ["0.0.0.0/0"]}]}
    assert run.predicted(MODULE, open_to_all).changed
    assert rules(emulator, vpc) == {("tcp", 443, 443, "0.0.0.0/0", "")}


def test_a_prefix_list_that_is_not_there(run: Runner, vpc: str) -> None:
    named = {"name": NAME, "vpc_id": vpc, "description": "x", "rules": [{"ports": [443], "prefix_list": "none"}]}
    assert "there is no prefix list none in ap-south-1" in run(MODULE, named, fails=True).result["msg"]
