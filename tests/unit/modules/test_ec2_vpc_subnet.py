# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "ec2_vpc_subnet"
CIDR = "10.0.64.0/20"


@pytest.fixture
def declared(emulator: Emulator) -> dict[str, Any]:
    return {
        "vpc_id": emulator.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"],
        "cidr": CIDR,
        "az": "ap-south-1c",
        "map_public": True,
        "tags": {"Project": "pixstory", "Name": "pixstory-production-main-public-c"},
    }


def subnet(emulator: Emulator, vpc: str) -> dict[str, Any]:
    [found] = emulator.client("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    return found


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps, declared: dict[str, Any]) -> None:
    vpc = declared["vpc_id"]

    def created(result: dict[str, Any]) -> None:
        made = subnet(emulator, vpc)
        assert (made["CidrBlock"], made["AvailabilityZone"], made["MapPublicIpOnLaunch"]) == (CIDR, "ap-south-1c", True)
        assert result["subnet"]["tags"] == declared["tags"]

    def changed(result: dict[str, Any]) -> None:
        assert subnet(emulator, vpc)["MapPublicIpOnLaunch"] is False
        assert result["subnet"]["tags"] == {"Project": "pixstory"}

    change = {**declared, "map_public": False, "tags": {"Project": "pixstory"}}
    absent = {"vpc_id": vpc, "cidr": CIDR}
    twelve_steps(MODULE, create=declared, change=change, absent=absent, created=created, changed=changed)


def test_a_subnet_as_declared_takes_one_call(emulator: Emulator, run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    before = emulator.log.read_text().count("\n")
    assert not run(MODULE, declared).changed
    assert emulator.log.read_text().count("\n") == before + 1


def test_what_is_not_given_is_left_alone(emulator: Emulator, run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    before = subnet(emulator, declared["vpc_id"])
    assert not run.predicted(MODULE, {"vpc_id": declared["vpc_id"], "cidr": CIDR}).changed
    assert subnet(emulator, declared["vpc_id"]) == before


def test_the_same_block_of_another_vpc_is_another_subnet(
    emulator: Emulator, run: Runner, declared: dict[str, Any]
) -> None:
    run(MODULE, declared)
    other = emulator.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    assert run.predicted(MODULE, {**declared, "vpc_id": other}).changed
    assert subnet(emulator, other)["SubnetId"] != subnet(emulator, declared["vpc_id"])["SubnetId"]


def test_another_zone_is_refused(run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    outcome = run(MODULE, {**declared, "az": "ap-south-1a"}, fails=True)
    assert "AWS cannot change az in place" in outcome.result["msg"]
    assert outcome.writes == []
