# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "ec2_elastic_ip"
DECLARED: dict[str, Any] = {"name": "pixstory-production-vpn", "tags": {"Project": "pixstory"}}


def addresses(emulator: Emulator) -> list[dict[str, Any]]:
    return emulator.client("ec2").describe_addresses()["Addresses"]


def machine(emulator: Emulator) -> str:
    ec2 = emulator.client("ec2")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    return ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps) -> None:
    instance = machine(emulator)

    def created(result: dict[str, Any]) -> None:
        [made] = addresses(emulator)
        assert made["PublicIp"] == result["address"]["public_ip"]
        assert result["address"]["tags"] == {"Name": DECLARED["name"], "Project": "pixstory"}

    def changed(_result: dict[str, Any]) -> None:
        [made] = addresses(emulator)
        assert made["InstanceId"] == instance

    twelve_steps(
        MODULE,
        create=DECLARED,
        change={**DECLARED, "instance_id": instance},
        absent={"name": DECLARED["name"]},
        created=created,
        changed=changed,
    )


def test_an_address_is_tagged_in_the_call_that_takes_it(run: Runner) -> None:
    assert run(MODULE, DECLARED).writes == ["ec2.AllocateAddress"]


def test_an_address_moves_to_another_machine_and_is_the_same_one(emulator: Emulator, run: Runner) -> None:
    for _ in range(2):
        instance = machine(emulator)
        assert run.predicted(MODULE, {**DECLARED, "instance_id": instance}).changed
        [made] = addresses(emulator)
        assert made["InstanceId"] == instance
