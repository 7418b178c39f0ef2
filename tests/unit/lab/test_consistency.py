# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For a moment after a thing was made, those who are asked about it do not know it, and say so as AWS does."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from checks import Aws
from moto.core.utils import get_service_model

from lab.emulator.harsh.consistency_table import THINGS
from lab.emulator.harsh.service_linked_roles import NEEDED
from tests.emulated import Emulator

TRUST = '{"Version": "2012-10-17", "Statement": []}'


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with Emulator(tmp_path_factory.mktemp("new") / "requests.jsonl") as started:
        yield started


def post(emulator: Emulator, path: str) -> None:
    urllib.request.urlopen(urllib.request.Request(f"{emulator.url}{path}", method="POST")).close()


@pytest.fixture
def aws(emulator: Emulator) -> Aws:
    """An account in which nothing is, and where the moment lasts for the whole test."""
    post(emulator, "/moto-api/reset")
    post(emulator, "/_lab/settings?consistency=600")
    return Aws(emulator.url)


@pytest.fixture
def pass_time(emulator: Emulator) -> Callable[[], None]:
    """Let the moment be over."""
    return lambda: post(emulator, "/_lab/settings?consistency=0.0001")


def refused(call: Callable[..., Any], **arguments: Any) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    return (
        response["Error"]["Code"],
        response["Error"]["Message"],
        response["ResponseMetadata"]["HTTPStatusCode"],
    )


def test_what_is_new_is_unknown_for_a_moment(aws: Aws, pass_time: Callable[[], None]) -> None:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    unknown = ("InvalidVpcID.NotFound", f"The vpc ID '{vpc}' does not exist", 400)
    assert refused(ec2.create_subnet, VpcId=vpc, CidrBlock="10.0.0.0/24") == unknown
    assert refused(ec2.describe_vpcs, VpcIds=[vpc]) == unknown
    shown = [one["VpcId"] for one in ec2.describe_vpcs()["Vpcs"]]
    assert shown
    assert vpc not in shown
    assert ec2.describe_vpcs(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Vpcs"] == []
    pass_time()
    assert ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["VpcId"] == vpc
    described = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]
    assert described["State"] == "available"


def test_a_new_role_is_unknown_to_iam_and_to_who_is_to_assume_it(aws: Aws, pass_time: Callable[[], None]) -> None:
    iam = aws.client("iam")
    role = iam.create_role(RoleName="reader-of-much", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    unknown = ("NoSuchEntity", "The role with name reader-of-much cannot be found.", 404)
    assert refused(iam.get_role, RoleName="reader-of-much") == unknown
    assert "reader-of-much" not in [one["RoleName"] for one in iam.list_roles()["Roles"]]
    code = {"ZipFile": b"x"}
    function = {"FunctionName": "f", "Role": role, "Runtime": "python3.13", "Handler": "f.f", "Code": code}
    assert refused(aws.client("lambda").create_function, **function) == (
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
        400,
    )
    policy = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"AWS": role}, "Action": "kms:*"}]})
    assert refused(aws.client("kms").create_key, Policy=policy)[0] == "MalformedPolicyDocumentException"
    assert refused(iam.create_role, RoleName="reader-of-much", AssumeRolePolicyDocument=TRUST)[0] == (
        "EntityAlreadyExists"
    )
    pass_time()
    assert iam.get_role(RoleName="reader-of-much")["Role"]["Arn"] == role


def test_a_name_is_this_thing_s_only_where_it_names_one(aws: Aws) -> None:
    iam, ec2 = aws.client("iam"), aws.client("ec2")
    iam.create_instance_profile(InstanceProfileName="web")
    tags = [{"ResourceType": "security-group", "Tags": [{"Key": "Name", "Value": "web"}]}]
    group = ec2.create_security_group(GroupName="web", Description="web", TagSpecifications=tags)
    assert group["GroupId"]
    data = {"IamInstanceProfile": {"Name": "web"}, "InstanceType": "t4g.nano"}
    assert refused(ec2.create_launch_template, LaunchTemplateName="web", LaunchTemplateData=data)[:2] == (
        "InvalidParameterValue",
        "Value (web) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
    )


def test_what_is_put_again_is_not_new(aws: Aws, pass_time: Callable[[], None]) -> None:
    events = aws.client("events")
    events.put_rule(Name="r", ScheduleExpression="rate(1 day)")
    assert refused(events.describe_rule, Name="r") == (
        "ResourceNotFoundException",
        "Rule r does not exist on EventBus default.",
        400,
    )
    pass_time()
    events.put_rule(Name="r", ScheduleExpression="rate(2 days)")
    assert events.describe_rule(Name="r")["ScheduleExpression"] == "rate(2 days)"


def test_the_first_call_that_needs_a_service_linked_role_fails_and_makes_it(
    aws: Aws, pass_time: Callable[[], None]
) -> None:
    rds, ec2 = aws.client("rds"), aws.client("ec2")
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]]
    group = {"DBSubnetGroupName": "g", "DBSubnetGroupDescription": "g", "SubnetIds": subnets}
    missing = refused(rds.create_db_subnet_group, **group)
    assert missing[0] == "InvalidParameterValue"
    assert missing[1].startswith("Missing necessary credentials. Please check http")
    assert refused(rds.create_db_subnet_group, **group) == missing
    aws.client("iam").create_service_linked_role(AWSServiceName="config.amazonaws.com")
    recorder = {"name": "r", "roleARN": "arn:aws:iam::123456789012:role/aws-service-role/config.amazonaws.com/R"}
    assert refused(aws.client("config").put_configuration_recorder, ConfigurationRecorder=recorder)[0] == (
        "InvalidRoleException"
    )
    pass_time()
    assert rds.create_db_subnet_group(**group)["DBSubnetGroup"]["SubnetGroupStatus"]
    aws.client("config").put_configuration_recorder(ConfigurationRecorder=recorder)


def test_the_table_names_what_there_is() -> None:
    for thing in THINGS:
        names = [f"{thing.service}:{one}" for one in thing.made_by]
        for name in (*names, *(key for key in thing.elsewhere if ":" in key)):
            service, _, operation = name.partition(":")
            assert operation in get_service_model(service).operation_names, name
    for service, operation in NEEDED:
        assert operation in get_service_model(service).operation_names


def test_nothing_is_new_when_the_switch_is_off(aws: Aws, emulator: Emulator) -> None:
    post(emulator, "/_lab/settings?consistency=0")
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["VpcId"] == vpc
