# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import Emulator, Requests, Runner, TwelveSteps

MODULE = "ec2_vpc"
NAME = "pixstory-production-main"
CIDR = "10.10.0.0/16"
DECLARED: dict[str, Any] = {
    "name": NAME,
    "cidr": CIDR,
    "dns_support": True,
    "dns_hostnames": True,
    "tags": {"Project": "pixstory", "Role": "network"},
}
KNOWN = {"name": NAME, "cidr": CIDR}


def vpcs(emulator: Emulator) -> list[dict[str, Any]]:
    """Those with the name. There is also the default VPC of the account."""
    return emulator.client("ec2").describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [NAME]}])["Vpcs"]


def make(emulator: Emulator, cidr: str = CIDR, name: str = NAME) -> str:
    """A VPC that somebody else made."""
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": name}]}]
    return emulator.client("ec2").create_vpc(CidrBlock=cidr, TagSpecifications=tags)["Vpc"]["VpcId"]


def dns(emulator: Emulator) -> tuple[bool, bool]:
    """Whether there is DNS support, and whether there are host names."""
    [vpc] = vpcs(emulator)
    read = emulator.client("ec2").describe_vpc_attribute
    support = read(VpcId=vpc["VpcId"], Attribute="enableDnsSupport")["EnableDnsSupport"]["Value"]
    return support, read(VpcId=vpc["VpcId"], Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"]


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps) -> None:
    def created(result: dict[str, Any]) -> None:
        assert [vpc["CidrBlock"] for vpc in vpcs(emulator)] == [CIDR]
        assert dns(emulator) == (True, True)
        assert result["vpc"]["tags"] == {**DECLARED["tags"], "Name": NAME}
        assert (result["vpc"]["enable_dns_support"], result["vpc"]["enable_dns_hostnames"]) == (True, True)

    def changed(result: dict[str, Any]) -> None:
        assert dns(emulator) == (False, False)
        assert result["vpc"]["tags"] == {"Project": "pixstory", "Name": NAME}

    def deleted(result: dict[str, Any]) -> None:
        assert vpcs(emulator) == []

    change = {**DECLARED, "dns_support": False, "dns_hostnames": False, "tags": {"Project": "pixstory"}}
    twelve_steps(
        MODULE, create=DECLARED, change=change, absent=KNOWN, created=created, changed=changed, deleted=deleted
    )


def test_a_vpc_as_declared_takes_three_calls(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    before = emulator.log.read_text().count("\n")
    assert not run(MODULE, DECLARED).changed
    assert emulator.log.read_text().count("\n") == before + 3


def test_what_is_not_given_is_left_alone(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    before = vpcs(emulator)
    assert not run.predicted(MODULE, KNOWN).changed
    assert vpcs(emulator) == before
    assert dns(emulator) == (True, True)


def test_a_new_vpc_is_changed_only_where_aws_makes_it_otherwise(run: Runner) -> None:
    assert run(MODULE, DECLARED).writes == ["ec2.CreateVpc", "ec2.ModifyVpcAttribute"]


@pytest.mark.parametrize(
    ("value", "order"),
    [(False, ["EnableDnsHostnames", "EnableDnsSupport"]), (True, ["EnableDnsSupport", "EnableDnsHostnames"])],
)
def test_host_names_come_after_dns_support_and_go_before_it(
    emulator: Emulator, run: Runner, monkeypatch: pytest.MonkeyPatch, value: bool, order: list[str]
) -> None:
    run(MODULE, {**DECLARED, "dns_support": not value, "dns_hostnames": not value})
    requests = Requests(emulator.client("ec2"), monkeypatch)
    run(MODULE, {**DECLARED, "dns_support": value, "dns_hostnames": value})
    changed = [next(key for key in one if key != "VpcId") for one in requests.of("ModifyVpcAttribute")]
    assert changed == order


@pytest.mark.parametrize("state", ["present", "absent"])
def test_two_of_the_name_and_block_are_refused_and_both_are_named(emulator: Emulator, run: Runner, state: str) -> None:
    both = [make(emulator), make(emulator)]
    outcome = run(MODULE, {**KNOWN, "state": state}, fails=True)
    assert " and ".join(sorted(both)) in outcome.result["msg"]
    assert outcome.writes == []


@pytest.mark.parametrize("check", [True, False])
def test_another_block_is_refused_and_no_second_vpc_made(emulator: Emulator, run: Runner, check: bool) -> None:
    there = make(emulator, "10.20.0.0/16")
    outcome = run(MODULE, DECLARED, check=check, fails=True)
    assert f"declared with the CIDR block {CIDR} and exists as {there} with 10.20.0.0/16" in outcome.result["msg"]
    assert outcome.writes == []


def test_one_of_another_block_is_not_deleted(emulator: Emulator, run: Runner) -> None:
    make(emulator, "10.20.0.0/16")
    assert not run.predicted(MODULE, {**KNOWN, "state": "absent"}).changed


def test_the_block_tells_two_of_a_name_apart(emulator: Emulator, run: Runner) -> None:
    make(emulator, "10.20.0.0/16")
    own = make(emulator)
    assert run(MODULE, KNOWN).result["vpc"]["vpc_id"] == own


def test_a_block_that_was_added_is_no_hindrance(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    [vpc] = vpcs(emulator)
    emulator.client("ec2").associate_vpc_cidr_block(VpcId=vpc["VpcId"], CidrBlock="10.30.0.0/16")
    assert not run.predicted(MODULE, DECLARED).changed


def test_a_strangers_vpc_of_the_same_block_is_not_taken(emulator: Emulator, run: Runner) -> None:
    stranger = make(emulator, name="another")
    assert run.predicted(MODULE, DECLARED).result["vpc"]["vpc_id"] != stranger


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        ({"cidr": "10.10.0.1/16"}, "Write 10.10.0.0/16."),
        ({"cidr": "fd00::/48"}, "not an IPv4 CIDR block"),
        ({"dns_support": False}, "dns_hostnames needs dns_support"),
    ],
)
def test_a_mistake_is_refused(run: Runner, mistake: dict[str, Any], told: str) -> None:
    outcome = run(MODULE, {**DECLARED, **mistake}, check=True, fails=True)
    assert told in outcome.result["msg"]
