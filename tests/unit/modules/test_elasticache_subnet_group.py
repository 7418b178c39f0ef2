# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "elasticache_subnet_group"
NAME = "pixstory-production-data"


@pytest.fixture
def declared(emulator: Emulator) -> dict:
    ec2 = emulator.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return {
        "name": NAME,
        "description": "Data subnets",
        "subnet_ids": [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"ap-south-1{zone}")["Subnet"][
                "SubnetId"
            ]
            for n, zone in enumerate("ac")
        ],
        "tags": {"Project": "pixstory", "Role": "data"},
    }


def group(emulator: Emulator) -> dict:
    found = emulator.client("elasticache").describe_cache_subnet_groups(CacheSubnetGroupName=NAME)
    return found["CacheSubnetGroups"][0]


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps, declared: dict) -> None:
    def created(result: dict) -> None:
        assert [one["SubnetIdentifier"] for one in group(emulator)["Subnets"]] == declared["subnet_ids"]
        assert result["subnet_group"]["tags"] == declared["tags"]

    def changed(result: dict) -> None:
        assert [one["SubnetIdentifier"] for one in group(emulator)["Subnets"]] == declared["subnet_ids"][:1]
        assert group(emulator)["CacheSubnetGroupDescription"] == "Data subnets"
        assert result["subnet_group"]["tags"] == {"Project": "pixstory"}

    change = {"name": NAME, "subnet_ids": declared["subnet_ids"][:1], "tags": {"Project": "pixstory"}}
    twelve_steps(MODULE, create=declared, change=change, absent={"name": NAME}, created=created, changed=changed)


def test_order_of_subnets_means_nothing(run: Runner, declared: dict) -> None:
    run(MODULE, declared)
    assert not run.predicted(MODULE, {**declared, "subnet_ids": declared["subnet_ids"][::-1]}).changed


def test_creation_says_what_it_needs(run: Runner) -> None:
    outcome = run(MODULE, {"name": NAME}, check=True, fails=True)
    assert "give also description, subnet_ids" in outcome.result["msg"]
