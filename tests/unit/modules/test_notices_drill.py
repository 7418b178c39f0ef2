# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A drill counts what arrives, says why the rest does not, and leaves nothing behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.emulated import Emulator
from tests.unit.environments import run_any_module

MODULE = "pixstory.platform.notices_drill"
REGION, ACCOUNT, PREFIX = "ap-south-1", "123456789012", "pixstory-production"
SERVICES = ("events.amazonaws.com", "cloudwatch.amazonaws.com")
ADMINISTER = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "*", "Resource": "*"}
OURS = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def policy(condition: dict[str, Any]) -> str:
    allow = {"Effect": "Allow", "Principal": {"Service": list(SERVICES)}, "Action": "*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [ADMINISTER, {**allow, "Condition": condition}]})


class World:
    """A topic with a key, a rule of each service and an alarm."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.key = self.client("kms").create_key(Policy=policy({}))["KeyMetadata"]["Arn"]
        attributes = {"KmsMasterKeyId": self.key}
        self.topic = self.client("sns").create_topic(Name=f"{PREFIX}-security", Attributes=attributes)["TopicArn"]
        self.client("sns").set_topic_attributes(TopicArn=self.topic, AttributeName="Policy", AttributeValue=policy({}))
        for name, source, paths, template in (
            ("guardduty", "aws.guardduty", {"t": "$.detail.title"}, '"GuardDuty: <t>"'),
            ("security-hub", "aws.securityhub", {"t": "$.detail.findings[0].Title"}, '"Security Hub: <t>"'),
        ):
            pattern = json.dumps({"source": [source, f"{PREFIX}.drill"], "detail-type": [name, *self.kinds(name)]})
            self.client("events").put_rule(Name=f"{PREFIX}-{name}", EventPattern=pattern)
            transformer = {"InputPathsMap": paths, "InputTemplate": template}
            target = {"Id": "topic", "Arn": self.topic, "InputTransformer": transformer}
            self.client("events").put_targets(Rule=f"{PREFIX}-{name}", Targets=[target])
        self.client("cloudwatch").put_metric_alarm(
            AlarmName=f"{PREFIX}-cis-root-use",
            Namespace="cis",
            MetricName="root-use",
            Statistic="Sum",
            Period=300,
            EvaluationPeriods=1,
            Threshold=1.0,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            AlarmActions=[self.topic],
        )
        self.client("guardduty").create_detector(Enable=True)

    @staticmethod
    def kinds(name: str) -> list[str]:
        return {"guardduty": ["GuardDuty Finding"], "security-hub": ["Security Hub Findings - Imported"]}[name]

    def client(self, service: str) -> Any:
        credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, **credentials)

    def drill(self, *, check: bool = False, **changes: Any) -> dict[str, tuple[bool, bool, str]]:
        rules = {
            f"{PREFIX}-guardduty": {"detail_type": "guardduty", "detail": {"title": "A drill: DRILL"}},
            f"{PREFIX}-security-hub": {
                "detail_type": "security-hub",
                "detail": {"findings": [{"Title": "A drill: DRILL"}]},
            },
        }
        given = {
            "name": f"{PREFIX}-drill",
            "topic_arn": self.topic,
            "source": f"{PREFIX}.drill",
            "rules": rules,
            "alarms": [f"{PREFIX}-cis-root-use"],
            "guardduty_type": "Backdoor:EC2/Spambot",
            "securityhub": True,
            "wait_timeout": 5,
            "tags": {"Project": "pixstory"},
        }
        result = run_any_module(MODULE, self.url, check=check, **{**given, **changes})
        assert "kinds" in result, result
        assert not self.client("sqs").list_queues().get("QueueUrls")
        assert self.client("sns").list_subscriptions()["Subscriptions"] == []
        return {one["kind"]: (one["sent"], one["arrived"], one["lost"]) for one in result["kinds"]}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    log = tmp_path_factory.mktemp("drill") / "requests.jsonl"
    with Emulator(log, "--lenient", "--set", "deliveries=1") as emulator:
        yield World(emulator.url)


def test_every_kind_arrives(world: World) -> None:
    arrived = (True, True, "")
    assert world.drill() == {
        f"rule {PREFIX}-guardduty": arrived,
        f"rule {PREFIX}-security-hub": arrived,
        f"alarm {PREFIX}-cis-root-use": arrived,
        "sample of GuardDuty's own": arrived,
        "finding imported into Security Hub": arrived,
    }
    [alarm] = world.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert alarm["StateValue"] == "INSUFFICIENT_DATA"
    [finding] = world.client("securityhub").get_findings()["Findings"]
    assert finding["RecordState"] == "ARCHIVED"


def test_what_a_policy_refuses_is_counted(world: World) -> None:
    kms = world.client("kms")
    kms.put_key_policy(KeyId=world.key, PolicyName="default", Policy=policy(OURS))
    try:
        found = world.drill(guardduty_type=None, securityhub=False, alarms=[f"{PREFIX}-cis-root-use", "none"])
    finally:
        kms.put_key_policy(KeyId=world.key, PolicyName="default", Policy=policy({}))
    lost = (True, False, "FailedInvocations: the policy of the topic or of its key refuses EventBridge")
    assert found[f"rule {PREFIX}-guardduty"] == found[f"rule {PREFIX}-security-hub"] == lost
    assert found[f"alarm {PREFIX}-cis-root-use"] == (True, True, "")
    assert found["alarm none"] == (False, False, "there is no such alarm")


def test_check_mode_sends_nothing(world: World) -> None:
    [before] = world.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert set(world.drill(check=True).values()) == {(False, False, "")}
    assert world.client("cloudwatch").describe_alarms()["MetricAlarms"] == [before]
