# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of what carries notices: events, alarms, topics, findings."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from checks import Aws, error_code, proves, unique

REGION = "eu-north-1"  # of these checks alone: rules of others would match as well


def listening_topic(aws: Aws) -> tuple[str, Any]:
    """A topic, and what a queue that is subscribed to it has got."""
    sns, sqs, name = aws.client("sns", REGION), aws.client("sqs", REGION), unique()
    topic = sns.create_topic(Name=name)["TopicArn"]
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    raw = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)

    def heard() -> list[str]:
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        return [one["Body"] for one in messages]

    return topic, heard


def rule(aws: Aws, topic: str, pattern: dict[str, Any], **transformer: Any) -> str:
    events, name = aws.client("events", REGION), unique()
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    changed = {"InputTransformer": transformer} if transformer else {}
    events.put_targets(Rule=name, Targets=[{"Id": "topic", "Arn": topic, **changed}])
    return name


@proves("events.events_reach_topics")
def an_event_reaches_a_topic_as_the_template_says(aws: Aws) -> None:
    topic, heard = listening_topic(aws)
    source = unique("drill.")
    paths = {"title": "$.detail.findings[0].Title", "kind": "$.detail-type"}
    found = {"source": [source], "detail": {"findings": {"Severity": {"Label": ["HIGH"]}}}}
    name = rule(aws, topic, found, InputPathsMap=paths, InputTemplate='"<kind>: <title>"\n"<none>."')
    event = {"Source": source, "DetailType": "Found"}
    events = aws.client("events", REGION)

    def put(label: str) -> None:
        findings = [{"Title": "it", "Severity": {"Label": label}}]
        events.put_events(Entries=[{**event, "Detail": json.dumps({"findings": findings})}])

    put("LOW")
    put("HIGH")
    assert heard() == ['"Found: it"\n"<none>."'.replace("<none>", "")]
    events.disable_rule(Name=name)
    put("HIGH")
    assert heard() == []


@proves("events.sources_of_aws_are_its_own")
def nobody_speaks_for_aws(aws: Aws) -> None:
    entries = [{"Source": source, "DetailType": "x", "Detail": "{}"} for source in ("aws.guardduty", "mine")]
    answer = aws.client("events", REGION).put_events(Entries=entries)["Entries"]
    assert [one.get("ErrorCode") for one in answer] == ["NotAuthorizedForSourceException", None]


@proves("cloudwatch.alarms_tell_topics")
def an_alarm_tells_once(aws: Aws) -> None:
    topic, heard = listening_topic(aws)
    watch, name = aws.client("cloudwatch", REGION), unique()
    watch.put_metric_alarm(
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
    for state in ("OK", "ALARM", "ALARM"):
        watch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="check")
    assert [json.loads(one)["NewStateValue"] for one in heard()] == ["ALARM"]


@proves("sns.subscriptions_of_addresses_wait", "sns.ConfirmSubscription")
def an_address_gets_nothing_before_its_owner_follows_the_link(aws: Aws) -> None:
    sns, address = aws.client("sns", REGION), f"{unique()}@example.com"
    topic = sns.create_topic(Name=unique())["TopicArn"]
    assert (
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address)["SubscriptionArn"] == "pending confirmation"
    )

    def listed() -> str:
        return str(sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"][0]["SubscriptionArn"])

    def arrived() -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{aws.url}/_lab/mail?to={address}") as answer:
            return list(json.load(answer))

    assert listed() == "PendingConfirmation"
    sns.publish(TopicArn=topic, Message="lost")
    [asked] = arrived()
    assert error_code(sns.confirm_subscription, TopicArn=topic, Token="0" * 32) == "InvalidParameter"
    arn = sns.confirm_subscription(**asked["confirm"])["SubscriptionArn"]
    assert listed() == arn != "PendingConfirmation"
    sns.publish(TopicArn=topic, Message="told", Subject="News")
    assert [(one["subject"], one["text"]) for one in arrived()[1:]] == [("News", "told")]
    sns.unsubscribe(SubscriptionArn=arn)
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


@proves("guardduty.CreateSampleFindings")
def a_sample_finding_is_an_event(aws: Aws) -> None:
    topic, heard = listening_topic(aws)
    rule(aws, topic, {"source": ["aws.guardduty"], "detail": {"severity": [{"numeric": [">=", 7]}]}})
    guardduty = aws.client("guardduty", REGION)
    detector = guardduty.create_detector(Enable=True)["DetectorId"]
    guardduty.create_sample_findings(DetectorId=detector, FindingTypes=["Backdoor:EC2/Spambot"])
    assert [json.loads(one)["detail"]["type"] for one in heard()] == ["Backdoor:EC2/Spambot"]


@proves("securityhub.imported_findings_are_events")
def an_imported_finding_is_an_event(aws: Aws) -> None:
    topic, heard = listening_topic(aws)
    rule(aws, topic, {"source": ["aws.securityhub"], "detail": {"findings": {"Workflow": {"Status": ["NEW"]}}}})
    finding = {
        "SchemaVersion": "2018-10-08",
        "Id": unique(),
        "ProductArn": f"arn:aws:securityhub:{REGION}:123456789012:product/123456789012/default",
        "GeneratorId": "check",
        "AwsAccountId": "123456789012",
        "Types": ["Software and Configuration Checks"],
        "CreatedAt": "2026-11-30T00:00:00Z",
        "UpdatedAt": "2026-11-30T00:00:00Z",
        "Severity": {"Label": "HIGH"},
        "Title": "A sample",
        "Description": "A sample",
        "Resources": [{"Type": "Other", "Id": "check"}],
    }
    aws.client("securityhub", REGION).batch_import_findings(Findings=[finding])
    [event] = heard()
    assert json.loads(event)["detail"]["findings"][0]["Id"] == finding["Id"]


@proves("config.DescribeDeliveryChannelStatus")
def a_delivery_channel_tells_whether_it_delivers(aws: Aws) -> None:
    config, bucket = aws.client("config", REGION), unique()
    aws.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    recorder = {"name": "default", "roleARN": "arn:aws:iam::123456789012:role/config"}
    config.put_configuration_recorder(ConfigurationRecorder=recorder)
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": bucket})
    [status] = config.describe_delivery_channel_status()["DeliveryChannelsStatus"]
    assert status["configHistoryDeliveryInfo"]["lastStatus"] == "SUCCESS"
