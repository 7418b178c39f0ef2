# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What services hand to each other arrives where the policies on the way let it, and is counted where they do not."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from checks import ACCOUNT, REGION, Aws, unique

from tests.emulated import Emulator

ROOT = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "*", "Resource": "*"}
OURS = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    log = tmp_path_factory.mktemp("judged") / "requests.jsonl"
    with Emulator(log, "--lenient", "--set", "deliveries=1") as emulator:
        yield Aws(emulator.url)


def policy(*services: str, condition: dict[str, Any] | None = None, more: tuple[Any, ...] = ()) -> str:
    """A policy that lets services in."""
    allow = {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": "*", "Resource": "*"}
    statements = [ROOT, *([{**allow, "Condition": condition} if condition else allow] if services else []), *more]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def lab(aws: Aws, view: str) -> Any:
    with urllib.request.urlopen(f"{aws.url}/_lab/{view}") as answer:
        return json.load(answer)


def code(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return str(refused.value.response["Error"]["Code"])


def key(aws: Aws, text: str) -> str:
    return str(aws.client("kms").create_key(Policy=text)["KeyMetadata"]["Arn"])


def told(aws: Aws, own_key: str) -> tuple[str, str]:
    """A topic that is encrypted, and an address that gets what arrives at it."""
    sns, address = aws.client("sns"), f"{unique()}@example.com"
    topic = sns.create_topic(Name=unique(), Attributes={"KmsMasterKeyId": own_key})["TopicArn"]
    sns.set_topic_attributes(
        TopicArn=topic,
        AttributeName="Policy",
        AttributeValue=policy("events.amazonaws.com", "cloudwatch.amazonaws.com"),
    )
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address)
    sns.confirm_subscription(**lab(aws, f"mail?to={address}")[0]["confirm"])
    return topic, address


def test_an_event_that_the_key_refuses_is_lost_and_counted(aws: Aws) -> None:
    """EventBridge does not tell KMS for which account it encrypts."""
    services = ("events.amazonaws.com", "cloudwatch.amazonaws.com")
    own_key = key(aws, policy(*services, condition=OURS))
    topic, address = told(aws, own_key)
    events, watch, name = aws.client("events"), aws.client("cloudwatch"), unique()
    rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))["RuleArn"]
    events.put_targets(Rule=name, Targets=[{"Id": "topic", "Arn": topic}])
    watch.put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/Events",
        MetricName="FailedInvocations",
        Dimensions=[{"Name": "RuleName", "Value": name}],
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[topic],
    )

    def put() -> None:
        events.put_events(Entries=[{"Source": name, "DetailType": "Test", "Detail": "{}"}])

    def arrived() -> list[str]:
        return [one["subject"] for one in lab(aws, f"mail?to={address}")[1:]]

    put()
    alarm = f'ALARM: "{name}" in {REGION}'
    assert arrived() == [alarm]
    now = datetime.now(UTC)
    counted = watch.get_metric_statistics(
        Namespace="AWS/Events",
        MetricName="FailedInvocations",
        Dimensions=[{"Name": "RuleName", "Value": name}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=7200,
        Statistics=["Sum"],
    )["Datapoints"]
    assert sum(one["Sum"] for one in counted) == 1
    handed = {one["source"]: one["refused"] for one in lab(aws, "deliveries")["handed"]}
    assert handed[rule].startswith(f"key policy of {own_key}: kms:Decrypt by events.amazonaws.com is allowed by no")
    standing = {one["source"]: one["refused"] for one in lab(aws, "deliveries")["standing"]}
    assert standing[rule] == handed[rule]
    aws.client("kms").put_key_policy(KeyId=own_key, PolicyName="default", Policy=policy(*services))
    put()
    assert arrived() == [alarm, "AWS Notification Message"]


def test_an_alarm_that_the_topic_refuses_is_lost(aws: Aws) -> None:
    topic, address = told(aws, key(aws, policy("cloudwatch.amazonaws.com", condition=OURS)))
    foreign = {"StringEquals": {"aws:SourceAccount": "999999999999"}}
    name = unique()
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="check",
        MetricName=name,
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[topic],
    )
    for condition, expected in ((foreign, 0), (OURS, 1)):
        text = policy("cloudwatch.amazonaws.com", condition=condition)
        aws.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=text)
        for state in ("OK", "ALARM"):
            aws.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="check")
        assert len(lab(aws, f"mail?to={address}")[1:]) == expected


def bucket(aws: Aws, text: str | None = None) -> str:
    name = unique()
    aws.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    if text:
        aws.client("s3").put_bucket_policy(Bucket=name, Policy=text)
    return name


def role(aws: Aws, service: str, condition: dict[str, Any] | None, *actions: str) -> str:
    allow = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [{**allow, "Condition": condition} if condition else allow]}
    iam, name = aws.client("iam"), unique()
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    if actions:
        may = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}
        own = iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(may))["Policy"]["Arn"]
        iam.attach_role_policy(RoleName=name, PolicyArn=own)
    return str(arn)


def test_a_trail_is_refused_what_it_could_not_deliver(aws: Aws) -> None:
    trails, name = aws.client("cloudtrail"), unique()
    closed, open_ = bucket(aws), bucket(aws, policy("cloudtrail.amazonaws.com"))
    assert code(trails.create_trail, Name=name, S3BucketName=closed) == "InsufficientS3BucketPolicyException"
    shut = key(aws, policy())
    assert (
        code(trails.create_trail, Name=name, S3BucketName=open_, KmsKeyId=shut)
        == "InsufficientEncryptionPolicyException"
    )
    logs = ("logs:CreateLogStream", "logs:PutLogEvents")
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*"
    for condition, actions, taken in (
        (OURS, logs, False),
        (None, logs[:1], False),
        ({"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}, logs, True),
    ):
        own = role(aws, "cloudtrail.amazonaws.com", condition, *actions)
        given = {"S3BucketName": open_, "CloudWatchLogsLogGroupArn": group, "CloudWatchLogsRoleArn": own}
        if taken:
            trails.create_trail(Name=name, **given)
        else:
            assert code(trails.create_trail, Name=name, **given) == "InvalidCloudWatchLogsRoleArnException"
    trails.start_logging(Name=name)
    assert "LatestDeliveryError" not in trails.get_trail_status(Name=name)
    aws.client("s3").delete_bucket_policy(Bucket=open_)
    status = trails.get_trail_status(Name=name)
    assert status["LatestDeliveryError"] == "AccessDenied"
    assert "LatestCloudWatchLogsDeliveryError" not in status


def test_a_delivery_channel_is_refused(aws: Aws) -> None:
    config = aws.client("config")
    config.put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": f"arn:aws:iam::{ACCOUNT}:role/c"}
    )
    name = bucket(aws)
    channel = {"name": "default", "s3BucketName": name}
    assert code(config.put_delivery_channel, DeliveryChannel=channel) == "InsufficientDeliveryPolicyException"
    aws.client("s3").put_bucket_policy(Bucket=name, Policy=policy("config.amazonaws.com", condition=OURS))
    config.put_delivery_channel(DeliveryChannel=channel)
    aws.client("s3").delete_bucket_policy(Bucket=name)
    [status] = config.describe_delivery_channel_status()["DeliveryChannelsStatus"]
    assert status["configHistoryDeliveryInfo"]["lastErrorCode"] == "AccessDenied"


def test_a_flow_log_is_made_and_does_not_deliver(aws: Aws) -> None:
    """EC2 checks the role when it delivers."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    aws.client("logs").create_log_group(logGroupName=vpc)
    actions = ("logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams", "logs:DescribeLogGroups")
    states = []
    for service in ("ec2.amazonaws.com", "vpc-flow-logs.amazonaws.com"):
        made = ec2.create_flow_logs(
            ResourceIds=[vpc],
            ResourceType="VPC",
            TrafficType="ALL",
            LogGroupName=vpc,
            DeliverLogsPermissionArn=role(aws, service, OURS, *actions),
        )["FlowLogIds"]
        states.append(ec2.describe_flow_logs(FlowLogIds=made)["FlowLogs"][0]["DeliverLogsStatus"])
        ec2.delete_flow_logs(FlowLogIds=made)
    assert states == ["FAILED", "SUCCESS"]


def test_a_log_group_is_refused_a_key_that_lets_nobody_in(aws: Aws) -> None:
    logs = aws.client("logs")
    refused = code(logs.create_log_group, logGroupName=unique(), kmsKeyId=key(aws, policy()))
    assert refused == "InvalidParameterException"
    logs.create_log_group(logGroupName=unique(), kmsKeyId=key(aws, policy(f"logs.{REGION}.amazonaws.com")))


def test_a_web_acl_logs_to_groups_of_one_name(aws: Aws) -> None:
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:waf"
    arn = f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/one/1"
    wanted = {"ResourceArn": arn, "LogDestinationConfigs": [group]}
    refused = code(aws.client("wafv2").put_logging_configuration, LoggingConfiguration=wanted)
    assert refused == "WAFInvalidParameterException"
