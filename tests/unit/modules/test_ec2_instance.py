# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import Emulator, Requests, Runner, TwelveSteps

MODULE = "ec2_instance"
NAME = "pixstory-production-vpn"
Args = dict[str, Any]


@pytest.fixture
def declared(emulator: Emulator) -> Args:
    """What a machine needs stands: a VPC, a subnet, security groups and a launch template."""
    ec2 = emulator.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.10.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.10.0.0/20")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="vpn", Description="vpn", VpcId=vpc)["GroupId"]
    image = ec2.describe_images(Owners=["136693071363"])["Images"][0]["ImageId"]
    data = {"ImageId": image, "InstanceType": "t4g.small", "NetworkInterfaces": [{"DeviceIndex": 0}]}
    ec2.create_launch_template(LaunchTemplateName="vpn", LaunchTemplateData=data)
    return {
        "name": NAME,
        "launch_template": "vpn",
        "subnet_id": subnet,
        "security_group_ids": [group],
        "assign_public_ip": True,
        "termination_protection": True,
        "tags": {"Project": "pixstory", "Role": "vpn"},
    }


def machines(emulator: Emulator, *states: str) -> list[Args]:
    filters = [
        {"Name": "tag:Name", "Values": [NAME]},
        {"Name": "instance-state-name", "Values": list(states or ("pending", "running", "stopped"))},
    ]
    found = emulator.client("ec2").describe_instances(Filters=filters)["Reservations"]
    return [machine for reservation in found for machine in reservation["Instances"]]


def protected(emulator: Emulator) -> bool:
    [machine] = machines(emulator)
    read = emulator.client("ec2").describe_instance_attribute(
        InstanceId=machine["InstanceId"], Attribute="disableApiTermination"
    )
    return bool(read["DisableApiTermination"]["Value"])


def own(tags: dict[str, str]) -> dict[str, str]:
    """Without those that AWS keeps on a machine that a template made."""
    return {key: value for key, value in tags.items() if not key.startswith("aws:")}


def another_group(emulator: Emulator) -> str:
    ec2 = emulator.client("ec2")
    [machine] = machines(emulator) or [{"VpcId": ec2.describe_vpcs()["Vpcs"][-1]["VpcId"]}]
    return str(ec2.create_security_group(GroupName="b", Description="b", VpcId=machine["VpcId"])["GroupId"])


def test_twelve_steps(emulator: Emulator, declared: Args, twelve_steps: TwelveSteps) -> None:
    def created(result: Args) -> None:
        [machine] = machines(emulator)
        assert (machine["SubnetId"], machine["InstanceType"]) == (declared["subnet_id"], "t4g.small")
        assert [group["GroupId"] for group in machine["SecurityGroups"]] == declared["security_group_ids"]
        assert machine["PublicIpAddress"]
        assert protected(emulator)
        assert own(result["instance"]["tags"]) == {**declared["tags"], "Name": NAME}
        assert result["instance"]["disable_api_termination"] is True

    def changed(result: Args) -> None:
        assert not protected(emulator)
        assert own(result["instance"]["tags"]) == {"Project": "pixstory", "Name": NAME}

    def deleted(result: Args) -> None:
        assert machines(emulator) == []

    twelve_steps(
        MODULE,
        create=declared,
        change={**declared, "termination_protection": False, "tags": {"Project": "pixstory"}},
        absent={"name": NAME},
        created=created,
        changed=changed,
        deleted=deleted,
    )


def test_a_machine_as_declared_takes_two_calls(emulator: Emulator, declared: Args, run: Runner) -> None:
    run(MODULE, declared)
    before = emulator.log.read_text().count("\n")
    assert not run(MODULE, declared).changed
    assert emulator.log.read_text().count("\n") == before + 2


def test_what_is_not_given_is_left_alone(emulator: Emulator, declared: Args, run: Runner) -> None:
    run(MODULE, declared)
    before = machines(emulator)
    assert not run.predicted(MODULE, {"name": NAME}).changed
    assert machines(emulator) == before
    assert protected(emulator)


def test_its_security_groups_are_changed_in_place(emulator: Emulator, declared: Args, run: Runner) -> None:
    run(MODULE, declared)
    groups = [another_group(emulator), *declared["security_group_ids"]]
    outcome = run.predicted(MODULE, {**declared, "security_group_ids": groups})
    assert outcome.writes == ["ec2.ModifyInstanceAttribute"]
    [machine] = machines(emulator)
    assert sorted(group["GroupId"] for group in machine["SecurityGroups"]) == sorted(groups)
    assert not run.predicted(MODULE, {**declared, "security_group_ids": groups[::-1]}).changed


def test_the_interface_is_sent_whole(
    emulator: Emulator, declared: Args, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = Requests(emulator.client("ec2"), monkeypatch)
    run(MODULE, {**declared, "assign_public_ip": None, "termination_protection": None})
    [sent] = requests.of("RunInstances")
    interface = {"DeviceIndex": 0, "DeleteOnTermination": True, "SubnetId": declared["subnet_id"]}
    assert sent["NetworkInterfaces"] == [{**interface, "Groups": declared["security_group_ids"]}]
    assert not {"SubnetId", "SecurityGroupIds", "DisableApiTermination"} & sent.keys()


def test_another_subnet_is_refused(emulator: Emulator, declared: Args, run: Runner) -> None:
    run(MODULE, declared)
    outcome = run(MODULE, {**declared, "subnet_id": "subnet-0123"}, fails=True)
    assert "AWS cannot change subnet_id in place" in outcome.result["msg"]
    assert outcome.writes == []


def test_a_plan_for_an_empty_account_needs_no_subnet(run: Runner) -> None:
    """In check mode the subnet is a stand-in, and AWS is not asked about it."""
    given = {"name": NAME, "launch_template": "vpn", "subnet_id": "subnet-0planned"}
    assert run(MODULE, given, check=True).result["action"] == "create"


def test_a_machine_that_was_stopped_stays_so(emulator: Emulator, declared: Args, run: Runner) -> None:
    run(MODULE, declared)
    [machine] = machines(emulator)
    emulator.client("ec2").stop_instances(InstanceIds=[machine["InstanceId"]])
    assert not run.predicted(MODULE, declared).changed
    assert [one["State"]["Name"] for one in machines(emulator)] == ["stopped"]


def test_after_a_termination_there_is_another(emulator: Emulator, declared: Args, run: Runner) -> None:
    first = run(MODULE, {**declared, "termination_protection": False}).result["instance"]["instance_id"]
    emulator.client("ec2").terminate_instances(InstanceIds=[first])
    assert run.predicted(MODULE, declared).result["instance"]["instance_id"] != first


@pytest.mark.parametrize("state", ["present", "absent"])
def test_two_of_a_name_are_refused_and_both_are_named(
    emulator: Emulator, declared: Args, run: Runner, state: str
) -> None:
    own = run(MODULE, declared).result["instance"]["instance_id"]
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": NAME}]}]
    other = emulator.client("ec2").run_instances(
        LaunchTemplate={"LaunchTemplateName": "vpn"}, MinCount=1, MaxCount=1, TagSpecifications=tags
    )["Instances"][0]["InstanceId"]
    outcome = run(MODULE, {"name": NAME, "state": state}, fails=True)
    assert " and ".join(sorted((own, other))) in outcome.result["msg"]
    assert outcome.writes == []


@pytest.mark.parametrize("check", [True, False])
def test_a_protected_machine_is_not_terminated(emulator: Emulator, declared: Args, run: Runner, check: bool) -> None:
    run(MODULE, declared)
    outcome = run(MODULE, {"name": NAME, "state": "absent"}, check=check, fails=True)
    assert "is protected against termination" in outcome.result["msg"]
    assert len(machines(emulator)) == 1


@pytest.mark.parametrize("missing", ["launch_template", "subnet_id"])
def test_what_a_launch_needs_is_named(declared: Args, run: Runner, missing: str) -> None:
    outcome = run(MODULE, {**declared, missing: None}, check=True, fails=True)
    assert f"to create it, give also {missing}" in outcome.result["msg"]
