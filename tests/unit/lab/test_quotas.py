# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The quotas of a new account hold."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from checks import Aws
from checks.builders import IMAGE, scaling_group

from tests.emulated import Emulator

DEFAULTS = {"L-1216C47A": 5, "L-0263D0A3": 5}


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with Emulator(tmp_path_factory.mktemp("quotas") / "requests.jsonl", "--lenient", "--set", "quotas=1") as emulator:
        yield emulator


@pytest.fixture
def aws(emulator: Emulator) -> Aws:
    """A new account."""
    urllib.request.urlopen(f"{emulator.url}/moto-api/reset", b"").close()
    emulator.grant(DEFAULTS)
    return Aws(emulator.url)


def refused(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def launch(aws: Aws, count: int, instance_type: str = "t4g.nano") -> Any:
    return aws.client("ec2").run_instances(ImageId=IMAGE, InstanceType=instance_type, MinCount=count, MaxCount=count)[
        "Instances"
    ]


def test_a_new_account_runs_five_vcpus(aws: Aws, emulator: Emulator) -> None:
    ec2 = aws.client("ec2")
    first = launch(aws, 2)
    code, message = refused(launch, aws=aws, count=1)
    assert code == "VcpuLimitExceeded"
    assert message.startswith("You have requested more vCPU capacity than your current vCPU limit of 5 allows")
    # Machines of other families have quotas of their own, and one that is terminated gives its vCPUs back.
    launch(aws, 1, "g4dn.xlarge")
    ec2.terminate_instances(InstanceIds=[first[0]["InstanceId"]])
    launch(aws, 1)
    emulator.grant({"L-1216C47A": 64})
    launch(aws, 10)


def test_a_launch_template_counts_by_its_type(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    data = {"ImageId": IMAGE, "InstanceType": "m7g.2xlarge"}
    ec2.create_launch_template(LaunchTemplateName="large", LaunchTemplateData=data)
    template = {"LaunchTemplateName": "large", "Version": "$Latest"}
    assert refused(ec2.run_instances, LaunchTemplate=template, MinCount=1, MaxCount=1)[0] == "VcpuLimitExceeded"


def test_a_group_that_may_not_launch_says_why_and_tries_again(aws: Aws, emulator: Emulator) -> None:
    name = scaling_group(aws, desired=4)
    autoscaling = aws.client("autoscaling")

    def machines() -> int:
        [group] = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        assert group["DesiredCapacity"] == 4
        return len(group["Instances"])

    there = machines()
    assert 0 < there < 4
    newest, *others = autoscaling.describe_scaling_activities(AutoScalingGroupName=name)["Activities"]
    assert newest["StatusCode"] == "Failed"
    assert "vCPU limit of 5" in newest["StatusMessage"]
    assert [one["StatusCode"] for one in others] == ["Successful"] * there
    emulator.grant({"L-1216C47A": 64})
    urllib.request.urlopen(f"{emulator.url}/_lab/clock?advance=61", b"").close()
    assert machines() == 4


def test_a_new_account_has_five_addresses(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    for _ in range(5):
        ec2.allocate_address(Domain="vpc")
    expected = ("AddressLimitExceeded", "The maximum number of addresses has been reached.")
    assert refused(ec2.allocate_address, Domain="vpc") == expected


def test_a_new_account_has_five_vpcs_with_that_which_aws_gives(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    for number in range(4):
        ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")
    assert refused(ec2.create_vpc, CidrBlock="10.9.0.0/16")[0] == "VpcLimitExceeded"
    for _ in range(5):
        ec2.create_internet_gateway()
    assert refused(ec2.create_internet_gateway)[0] == "InternetGatewayLimitExceeded"


def test_a_zone_has_five_nat_gateways(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    subnets = {one["AvailabilityZone"]: one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]}
    first, second, *_ = subnets.values()
    for _ in range(5):
        ec2.create_nat_gateway(SubnetId=first, ConnectivityType="private")
    assert refused(ec2.create_nat_gateway, SubnetId=first, ConnectivityType="private")[0] == "NatGatewayLimitExceeded"
    ec2.create_nat_gateway(SubnetId=second, ConnectivityType="private")


def test_a_security_group_has_sixty_rules_a_direction(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="many", Description="many", VpcId=vpc)["GroupId"]

    def permission(first: int, count: int) -> dict[str, Any]:
        ranges = [{"CidrIp": f"192.0.2.{number}/32"} for number in range(first, first + count)]
        return {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": ranges}

    def allow(*permissions: dict[str, Any], direction: str = "ingress") -> None:
        getattr(ec2, f"authorize_security_group_{direction}")(GroupId=group, IpPermissions=list(permissions))

    allow(permission(0, 60))
    with pytest.raises(ClientError, match="The maximum number of rules per security group has been reached"):
        allow(permission(60, 1))
    # Outbound ones are counted apart, and those of IPv6 too.
    allow(permission(60, 1), direction="egress")
    allow({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}]})


def test_the_prefix_list_of_cloudfront_takes_55_of_the_rules(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="edge", Description="edge", VpcId=vpc)["GroupId"]
    name = [{"Name": "prefix-list-name", "Values": ["com.amazonaws.global.cloudfront.origin-facing"]}]
    [prefixes] = ec2.describe_managed_prefix_lists(Filters=name)["PrefixLists"]

    def permission(port: int) -> list[dict[str, Any]]:
        lists = [{"PrefixListId": prefixes["PrefixListId"]}]
        return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "PrefixListIds": lists}]

    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permission(443))
    code, _ = refused(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=permission(80))
    assert code == "RulesPerSecurityGroupLimitExceeded"
