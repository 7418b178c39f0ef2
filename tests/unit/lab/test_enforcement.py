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

from tests.emulated import Emulator

REGION = "ap-south-1"
Client = Callable[[str], Any]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Clients of a user who may read VPCs and groups of logs, and set alarms."""
    with Emulator(tmp_path_factory.mktemp("enforced") / "requests.jsonl") as emulator:
        iam = boto3.client("iam", REGION, endpoint_url=emulator.url, aws_access_key_id="a", aws_secret_access_key="b")
        actions = ["ec2:DescribeVpcs", "logs:Describe*", "cloudwatch:PutMetricAlarm"]
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


def test_what_cannot_be_enforced_is_let_through(client: Client) -> None:
    assert client("s3").list_buckets()["Buckets"] == []
