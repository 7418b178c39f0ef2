# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A principal may do what its policies allow, once that is switched on."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from lab.emulator import enforcement
from tests.emulated import Emulator

REGION = "ap-south-1"
Client = Callable[[str], Any]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Clients of a user who may read VPCs and groups of logs, set alarms, and delete databases."""
    log = tmp_path_factory.mktemp("enforced") / "requests.jsonl"
    with Emulator(log, "--set", "consistency=0") as emulator:
        iam = boto3.client("iam", REGION, endpoint_url=emulator.url, aws_access_key_id="a", aws_secret_access_key="b")
        actions = ["ec2:DescribeVpcs", "logs:Describe*", "cloudwatch:PutMetricAlarm", "rds:DeleteDBInstance"]
        actions += ["rds:AddTagsToResource", "s3:PutEncryptionConfiguration"]
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        iam.create_user(UserName="reader")
        iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName="reader")["AccessKey"]
        urllib.request.urlopen(f"{emulator.url}/_lab/settings?enforce=1", b"").close()
        credentials = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        yield lambda service, **other: boto3.client(
            service, REGION, endpoint_url=emulator.url, **{**credentials, **other}
        )


def code(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as error:
        call()
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    return str(error.value.response["Error"]["Code"])


def test_what_is_allowed_is_done(client: Client) -> None:
    assert client("ec2").describe_vpcs()["Vpcs"]
    assert client("logs").describe_log_groups()["logGroups"] == []
    alarm = {"AlarmName": "a", "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold"}
    client("cloudwatch").put_metric_alarm(
        **alarm, MetricName="m", Namespace="n", Period=60, Threshold=1, Statistic="Sum"
    )


def test_what_is_not_allowed_is_refused(client: Client) -> None:
    assert code(lambda: client("ec2").create_vpc(CidrBlock="10.0.0.0/16")) == "AccessDenied"
    # One of moto's own, and one of an extension.
    assert code(lambda: client("elasticache").describe_cache_parameter_groups()) == "AccessDenied"
    assert len(client("ec2").describe_vpcs()["Vpcs"]) == 1


def test_a_key_that_nobody_has_is_refused(client: Client) -> None:
    assert code(lambda: client("ec2", aws_access_key_id="other").describe_vpcs()) == "InvalidClientTokenId"


def test_everybody_may_ask_who_they_are(client: Client) -> None:
    assert client("sts").get_caller_identity()["Arn"].endswith(":user/reader")


def test_an_operation_of_s3_needs_the_action_that_aws_names(client: Client) -> None:
    s3 = client("s3")
    assert code(lambda: s3.list_buckets()) == "AccessDenied"
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3.put_bucket_encryption(Bucket="none", ServerSideEncryptionConfiguration=rules)


def test_what_a_service_does_in_the_callers_name_is_allowed_or_refused(client: Client) -> None:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html"""
    rds = client("rds")
    with pytest.raises(ClientError, match="DBInstanceNotFound"):
        rds.delete_db_instance(DBInstanceIdentifier="none", SkipFinalSnapshot=True)
    with pytest.raises(ClientError, match="not authorized to perform: rds:CreateDBSnapshot"):
        rds.delete_db_instance(DBInstanceIdentifier="none", FinalDBSnapshotIdentifier="last")


@pytest.mark.parametrize(
    ("action", "parameters", "others"),
    [
        ("rds:CreateDBInstance", {}, {"iam:CreateServiceLinkedRole"}),
        (
            "rds:CreateDBInstance",
            {"ManageMasterUserPassword": True},
            {"iam:CreateServiceLinkedRole", "secretsmanager:CreateSecret", "secretsmanager:TagResource"},
        ),
        ("rds:ModifyDBInstance", {"ManageMasterUserPassword": False}, set()),
        ("rds:ModifyDBInstance", {"MonitoringRoleArn": "arn:aws:iam::123456789012:role/m"}, {"iam:PassRole"}),
        ("rds:ModifyDBInstance", {"RotateMasterUserPassword": True}, {"secretsmanager:RotateSecret"}),
        ("autoscaling:UpdateAutoScalingGroup", {"MinSize": 2}, set()),
        (
            "autoscaling:UpdateAutoScalingGroup",
            {"LaunchTemplate": {"LaunchTemplateId": "lt-1"}},
            {"ec2:CreateTags", "ec2:RunInstances", "iam:PassRole"},
        ),
        ("s3:CreateBucket", {"Bucket": "b"}, set()),
        (
            "s3:CreateBucket",
            {"ObjectLockEnabledForBucket": True},
            {"s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning"},
        ),
        ("ec2:CreateVpc", {"CidrBlock": "10.0.0.0/16"}, set()),
        ("ec2:CreateVpc", {"TagSpecifications": [{"ResourceType": "vpc", "Tags": []}]}, {"ec2:CreateTags"}),
        ("config:PutConfigurationRecorder", {"ConfigurationRecorder": {"roleARN": "arn:…"}}, {"iam:PassRole"}),
        ("sns:SetTopicAttributes", {"AttributeName": "Policy"}, set()),
        ("ec2:DescribeVpcs", {}, set()),
    ],
)
def test_some_of_it_is_asked_for_only_with_a_parameter(
    action: str, parameters: dict[str, Any], others: set[str]
) -> None:
    asked = set(enforcement.beside(action, lambda: parameters))
    assert {one for one in asked if not one.startswith("kms:")} == others
