#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: notices_drill
version_added: "0.1.0"
short_description: Send a sample of each kind of notice to a topic, and count what arrives
description:
  - Subscribes a queue to the topic, sends the samples, waits until each has arrived, and takes the queue away again.
    Everybody who is subscribed gets the samples too.
  - A sample of a rule is an event with O(source), which the rule's pattern has to name beside AWS's own source.
    A sample of an alarm sets its state. GuardDuty and Security Hub make samples of their own.
  - A run that was killed leaves its queue. The next run takes it away.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name of the queue.
    type: str
    required: true
  topic_arn:
    description: The topic.
    type: str
    required: true
  source:
    description: The source of the events that are put.
    type: str
    required: true
  rules:
    description:
      - The rules by name, each with an event that matches it. C(DRILL) in the event's texts becomes the name of this
        run and of the rule. The notice is known by it, so the target's template has to show such a text.
    type: dict
    default: {}
    suboptions:
      detail_type:
        description: The C(detail-type) of the event.
        type: str
        required: true
      detail:
        description: The C(detail) of the event.
        type: dict
        required: true
  alarms:
    description: The names of the alarms.
    type: list
    elements: str
    default: []
  guardduty_type:
    description: The type of the sample finding that GuardDuty makes. None when it is not given.
    type: str
  securityhub:
    description: Whether a finding is imported into Security Hub. It is archived in the end.
    type: bool
    default: false
  wait_timeout:
    description: Seconds after which what has not arrived is lost. GuardDuty takes up to five minutes.
    type: int
    default: 420
  tags:
    description: The tags of the queue.
    type: dict
    default: {}
attributes:
  check_mode:
    description: Sends nothing and returns what would be sent.
    support: full
requirements:
  - python >= 3.12
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Try an alarm and GuardDuty
  pixstory.platform.notices_drill:
    name: pixstory-production-drill
    topic_arn: arn:aws:sns:ap-south-1:123456789012:pixstory-production-security
    source: pixstory-production.drill
    alarms: [pixstory-production-cis-root-use]
    guardduty_type: Backdoor:EC2/Spambot
"""

RETURN = r"""
kinds:
  description: Each kind, whether its sample was sent and arrived, and why not.
  returned: always
  type: list
  elements: dict
  sample:
    - {kind: alarm pixstory-production-cis-root-use, sent: true, arrived: true, lost: ""}
"""

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:  # AnsibleAWSModule reports the missing library
    BotoCoreError = ClientError = Exception  # type: ignore[misc,assignment]

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

SECONDS_BETWEEN_LOOKS = 2


@dataclass
class Kind:
    """One kind of notice: how its sample is sent, and by what the notice is known."""

    name: str
    send: Callable[[], str | None]  # what is wrong, if it cannot be sent
    known_by: tuple[str, ...]  # all of these are in the text
    rule: str = ""
    sent: bool = False
    arrived: bool = False
    lost: str = ""


def filled(value: Any, drill: str) -> Any:
    """A sample with the name of this run."""
    if isinstance(value, dict):
        return {key: filled(item, drill) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, drill) for item in value]
    return value.replace("DRILL", drill) if isinstance(value, str) else value


class Drill:
    """One run: a queue at the topic, samples, and what has arrived."""

    def __init__(self, module: AnsibleAWSModule) -> None:
        self.module = module
        self.params: dict[str, Any] = module.params
        self.id = f"drill-{uuid.uuid4().hex[:8]}"
        self.began = datetime.now(UTC)
        self.states: dict[str, str] = {}  # of the alarms, before
        self.kinds = [
            *(self.of_rule(name, sample) for name, sample in self.params["rules"].items()),
            *(self.of_alarm(name) for name in self.params["alarms"]),
        ]
        if self.params["guardduty_type"]:
            known_by = ("GuardDuty", "[SAMPLE]", self.params["guardduty_type"])
            self.kinds.append(Kind("sample of GuardDuty's own", self.send_to_guardduty, known_by))
        if self.params["securityhub"]:
            known_by = ("Security Hub", f"finding {self.id}")
            self.kinds.append(Kind("finding imported into Security Hub", self.import_finding, known_by))

    def of_rule(self, name: str, sample: dict[str, Any]) -> Kind:
        mark = f"{self.id} {name}"

        def send() -> str | None:
            detail = json.dumps(filled(sample["detail"], mark))
            entry = {"Source": self.params["source"], "DetailType": sample["detail_type"], "Detail": detail}
            answer = self.module.client("events").put_events(Entries=[entry])["Entries"][0]
            return answer.get("ErrorMessage")

        return Kind(f"rule {name}", send, (mark,), rule=name)

    def of_alarm(self, name: str) -> Kind:
        def send() -> str | None:
            watch = self.module.client("cloudwatch")
            found = watch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
            if not found:
                return "there is no such alarm"
            self.states[name] = found[0]["StateValue"]
            if found[0]["StateValue"] == "ALARM":  # only a change of the state is told
                watch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason=self.id)
            watch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason=self.id)
            return None

        return Kind(f"alarm {name}", send, (self.id, f'"{name}"'))

    def send_to_guardduty(self) -> str | None:
        guardduty = self.module.client("guardduty")
        detectors = guardduty.list_detectors()["DetectorIds"]
        if not detectors:
            return "GuardDuty has no detector here"
        guardduty.create_sample_findings(DetectorId=detectors[0], FindingTypes=[self.params["guardduty_type"]])
        return None

    def import_finding(self, record_state: str = "ACTIVE") -> str | None:
        _, _, _, region, account, _ = self.params["topic_arn"].split(":")
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        finding = {
            "SchemaVersion": "2018-10-08",
            "Id": self.id,
            "ProductArn": f"arn:aws:securityhub:{region}:{account}:product/{account}/default",
            "GeneratorId": self.params["source"],
            "AwsAccountId": account,
            "Types": ["Software and Configuration Checks"],
            "CreatedAt": self.began.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "UpdatedAt": now,
            "Severity": {"Label": "CRITICAL"},
            "Title": f"A drill: finding {self.id}",
            "Description": "Nothing has happened. This finding is archived when the drill is over.",
            "Resources": [{"Type": "Other", "Id": self.params["source"]}],
            "RecordState": record_state,
        }
        answer = self.module.client("securityhub").batch_import_findings(Findings=[finding])
        return next((one["ErrorMessage"] for one in answer["FailedFindings"]), None)

    def listen(self) -> tuple[str, str]:
        """A queue at the topic: its URL, and the subscription."""
        sqs, sns = self.module.client("sqs"), self.module.client("sns")
        url = sqs.create_queue(QueueName=self.params["name"], tags=self.params["tags"])["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        topic = self.params["topic_arn"]
        allow = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        subscribed = sns.subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=arn,
            Attributes={"RawMessageDelivery": "true"},
            ReturnSubscriptionArn=True,
        )
        return url, subscribed["SubscriptionArn"]

    def send(self) -> None:
        for kind in self.kinds:
            try:
                kind.lost = kind.send() or ""
            except ClientError as error:
                kind.lost = str(error)
            kind.sent = not kind.lost

    def hear(self, url: str) -> None:
        """Wait for what was sent."""
        sqs = self.module.client("sqs")
        end = time.monotonic() + self.params["wait_timeout"]
        while any(kind.sent and not kind.arrived for kind in self.kinds) and not self.all_lost():
            messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
            for message in messages:
                for kind in self.kinds:
                    kind.arrived |= all(text in message["Body"] for text in kind.known_by)
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            if not messages:
                if time.monotonic() > end:
                    break
                time.sleep(SECONDS_BETWEEN_LOOKS)

    def all_lost(self) -> bool:
        """Whether EventBridge has counted all that is still waited for as failed."""
        waited = [kind for kind in self.kinds if kind.sent and not kind.arrived]
        for kind in waited:
            if kind.rule and not kind.lost and self.failed(kind.rule):
                kind.lost = "FailedInvocations: the policy of the topic or of its key refuses EventBridge"
        return bool(waited) and all(kind.lost for kind in waited)

    def failed(self, rule: str) -> bool:
        points = self.module.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Events",
            MetricName="FailedInvocations",
            Dimensions=[{"Name": "RuleName", "Value": rule}],
            StartTime=self.began.replace(second=0, microsecond=0),
            EndTime=datetime.now(UTC) + timedelta(minutes=1),
            Period=60,
            Statistics=["Sum"],
        )["Datapoints"]
        return sum(one["Sum"] for one in points) > 0

    def clear_up(self, url: str, subscription: str) -> None:
        self.module.client("sns").unsubscribe(SubscriptionArn=subscription)
        self.module.client("sqs").delete_queue(QueueUrl=url)
        for name, state in self.states.items():
            self.module.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason=self.id)
        if any(kind.send == self.import_finding and kind.sent for kind in self.kinds):
            self.import_finding("ARCHIVED")

    def run(self) -> None:
        url, subscription = self.listen()
        try:
            self.send()
            self.hear(url)
        finally:
            self.clear_up(url, subscription)
        for kind in self.kinds:
            if kind.arrived:
                kind.lost = ""
            elif not kind.lost:
                kind.lost = f"not seen within {self.params['wait_timeout']} s"


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"required": True},
            "topic_arn": {"required": True},
            "source": {"required": True},
            "rules": {"type": "dict", "default": {}},
            "alarms": {"type": "list", "elements": "str", "default": []},
            "guardduty_type": {},
            "securityhub": {"type": "bool", "default": False},
            "wait_timeout": {"type": "int", "default": 420},
            "tags": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    drill = Drill(module)
    if not module.check_mode:
        try:
            drill.run()
        except (BotoCoreError, ClientError) as error:
            module.fail_json_aws(error, msg=f"The drill at {module.params['topic_arn']} was broken off")
    shown = ("name", "sent", "arrived", "lost")
    kinds = [{"kind" if key == "name" else key: getattr(kind, key) for key in shown} for kind in drill.kinds]
    module.exit_json(changed=True, kinds=kinds)


if __name__ == "__main__":
    main()
