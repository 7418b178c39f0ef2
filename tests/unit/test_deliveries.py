# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every policy that the roles write, held against what AWS services ask and which condition keys they send.

A condition that the calling service does not satisfy loses whatever it sends, silently; a condition that it would
satisfy and that is not written lets in what other accounts make the same service do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from lab import waf
from lab.emulator.deliveries import table
from lab.emulator.deliveries.judge import let_in, refusal
from lab.emulator.deliveries.table import Delivery, Place, Step
from lab.emulator.policy import read
from tests.unit.roles.rendering import Variables

OTHER_ACCOUNT = "999999999999"
# Where AWS sends nothing that says whose resource it acts for. What that allows stands in docs/notices.md.
NOT_TOLD_APART = {
    ("EventBridge rule → SNS topic", Place.TOPIC),
    ("EventBridge rule → SNS topic", Place.KEY),
    ("CloudTrail → CloudWatch Logs", Place.TRUST),
}


@dataclass(frozen=True)
class Case:
    """One delivery that an environment sets up, and the policies on its way as the roles write them."""

    environment: str
    delivery: Delivery
    names: Mapping[str, str]
    policies: Mapping[Place, Any]

    def __str__(self) -> str:
        return f"{self.environment}: {self.delivery.name} {self.names['target'].rpartition(':')[2]}"

    def found(self, place: Place) -> tuple[str, list[Any]] | None:
        return ("", [read(self.policies[place])]) if place in self.policies else None

    def foreign(self) -> dict[str, str]:
        """The same, done by the service for somebody else."""
        names = dict(self.names)
        return {**names, "account": OTHER_ACCOUNT, "source": names["source"].replace(names["account"], OTHER_ACCOUNT)}


class Environment:
    """Renders what the roles of an environment write."""

    def __init__(self, name: str) -> None:
        self.name = name
        declared = dict(waf.declared(name))
        index = {"kms_keys": {}, "sns_topics": {"security": {"arn": "arn:topic"}}, "distributions": {}}
        own = {key: value for key, value in declared.items() if not key.startswith(("ansible_", "group"))}
        self.variables = Variables({**own, "__aws_remediation_read": {"index": index}})
        self.account, self.region = str(declared["platform_account_id"]), declared["platform_region"]
        self.prefix = self.of("aws_keys", "{{ platform_prefix }}")
        self.logs = self.of("aws_keys", "{{ platform_log_prefix }}")

    def of(self, role: str, expression: str, **more: Any) -> Any:
        value = self.variables.evaluate(role, expression, **more)
        return json.loads(value) if isinstance(value, str) and value.lstrip().startswith("{") else value

    def entry(self, role: str, variable: str, key: str) -> dict[str, Any]:
        return {"key": key, "value": self.of(role, f"{{{{ {variable}.{key} }}}}")}

    def key(self, purpose: str) -> Any:
        item = self.entry("aws_keys", "aws_keys_purposes", purpose)
        return self.of("aws_keys", "{{ __aws_keys_policy }}", item=item)

    def arn(self, service: str, rest: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{rest}"

    def case(self, delivery: Delivery, source: str, target: str, policies: Mapping[Place, Any], **more: str) -> Case:
        names = {"account": self.account, "region": self.region, "source": source, "target": target, **more}
        return Case(self.name, delivery, names, policies)

    def cases(self) -> Iterator[Case]:
        yield from self.topics()
        yield from self.buckets()
        yield from self.service_roles()
        yield from self.functions()
        yield from self.log_groups()

    def topics(self) -> Iterator[Case]:
        topic = self.of("aws_account", "{{ __aws_account_topic_arn }}")
        on_the_way = {
            Place.TOPIC: self.of("aws_account", "{{ __aws_account_topic_policy }}"),
            Place.KEY: self.key("alerts"),
        }
        alarm = self.arn("cloudwatch", f"alarm:{self.prefix}-cis-root-use")
        yield self.case(table.ALARM_TO_TOPIC, alarm, topic, on_the_way)
        yield self.case(table.RULE_TO_TOPIC, self.arn("events", f"rule/{self.prefix}-guardduty"), topic, on_the_way)

    def buckets(self) -> Iterator[Case]:
        trail = self.of("aws_account", "{{ __aws_account_trail_arn }}")
        name = self.of("aws_account", "{{ __aws_account_trail_bucket }}")
        look = {"bucket": name, "service": "cloudtrail.amazonaws.com", "look": ["s3:GetBucketAcl"], "below": ""}
        policy = self.delivered({**look, "source": {"StringEquals": {"aws:SourceArn": trail}}})
        path = f"AWSLogs/{self.account}/CloudTrail/a.json.gz"
        both = {Place.BUCKET: policy, Place.KEY: self.key("trail")}
        yield self.case(table.TRAIL_TO_BUCKET, trail, f"arn:aws:s3:::{name}", both, path=path)
        name = self.of("aws_account", "{{ __aws_account_config_bucket }}")
        look = {"bucket": name, "service": "config.amazonaws.com", "look": ["s3:GetBucketAcl", "s3:ListBucket"]}
        own = {"StringEquals": {"aws:SourceAccount": self.account}}
        policy = self.delivered({**look, "below": "Config/", "source": own})
        path = f"AWSLogs/{self.account}/Config/a.json.gz"
        yield self.case(table.CONFIG_TO_BUCKET, "", f"arn:aws:s3:::{name}", {Place.BUCKET: policy}, path=path)
        item = self.entry("aws_storage", "aws_storage_buckets", "logs")
        policy = self.of("aws_storage", "{{ __aws_storage_policy }}", item=item, __aws_storage_read={})
        logs = f"arn:aws:s3:::{self.prefix}-logs-{self.account}"
        balancer = self.arn("elasticloadbalancing", f"loadbalancer/app/{self.prefix}-public/1")
        path = f"load-balancers/AWSLogs/{self.account}/a.log.gz"
        yield self.case(table.BALANCER_TO_BUCKET, balancer, logs, {Place.BUCKET: policy}, path=path)
        bucket = f"arn:aws:s3:::{self.prefix}-media-{self.account}"
        yield self.case(table.BUCKET_TO_BUCKET, bucket, logs, {Place.BUCKET: policy}, path="buckets/media/a")
        distribution = f"arn:aws:cloudfront::{self.account}:distribution/E1"
        served = {"index": {"distributions": {"public": {"arn": distribution}}}}
        for name, value in self.of("aws_storage", "{{ aws_storage_buckets }}").items():
            if value.get("served_by"):
                item = {"key": name, "value": value}
                policy = self.of("aws_storage", "{{ __aws_storage_policy }}", item=item, __aws_storage_read=served)
                bucket = f"arn:aws:s3:::{self.prefix}-{name}-{self.account}"
                yield self.case(table.DISTRIBUTION, distribution, bucket, {Place.BUCKET: policy}, path="a")

    def delivered(self, delivery: dict[str, Any]) -> Any:
        return self.of("aws_account", "{{ __aws_account_bucket_policy }}", __aws_account_delivery=delivery)

    def service_roles(self) -> Iterator[Case]:
        sources = {
            "flow-logs": (table.FLOW_LOG, self.arn("ec2", "vpc-flow-log/fl-1"), f"{self.logs}vpc-flow"),
            "cloudtrail": (
                table.TRAIL_TO_LOGS,
                self.of("aws_account", "{{ __aws_account_trail_arn }}"),
                f"{self.logs}cloudtrail",
            ),
            "rds-monitoring": (table.MONITORING, self.arn("rds", f"db:{self.prefix}-main"), "RDSOSMetrics"),
        }
        roles = self.of("aws_identity", "{{ __aws_identity_service_roles }}")
        assert set(roles) == set(sources), "a service role without a delivery"
        for name, value in roles.items():
            delivery, source, group = sources[name]
            item = {"key": name, "value": value}
            policies = {Place.TRUST: self.of("aws_identity", "{{ __aws_identity_service_trust }}", item=item)}
            if "policy" in value:
                policies[Place.ROLE] = value["policy"]
            target, role = self.arn("logs", f"log-group:{group}"), f"arn:aws:iam::{self.account}:role/{name}"
            yield self.case(delivery, source, target, policies, role=role)

    def functions(self) -> Iterator[Case]:
        topic, key = self.of("aws_account", "{{ __aws_account_topic_arn }}"), self.arn("kms", "key/1")
        told = {"index": {"sns_topics": {"security": {"arn": topic}}}}
        for name in self.of("aws_remediation", "{{ aws_remediation_actions }}"):
            statements = self.of(
                "aws_remediation", "{{ __aws_remediation_common }}", item=name, __aws_remediation_read=told
            )
            function = self.arn("lambda", f"function:{self.prefix}-remediation-{name}")
            group = self.arn("logs", f"log-group:{self.logs}remediation-{name}")
            role = f"arn:aws:iam::{self.account}:role/remediation"
            trust = self.of("aws_remediation", "{{ __aws_remediation_trust }}")
            own = {"Statement": statements}
            yield self.case(table.FUNCTION, function, group, {Place.TRUST: trust, Place.ROLE: own}, role=role)
            yield self.case(table.FUNCTION_TO_TOPIC, function, topic, {Place.ROLE: own}, key=key)

    def log_groups(self) -> Iterator[Case]:
        for name in ("cloudtrail", "vpc-flow", "web", "remediation-public-bucket"):
            group = self.arn("logs", f"log-group:{self.logs}{name}")
            yield self.case(table.LOGS_KEPT, group, self.arn("kms", "key/1"), {Place.KEY: self.key("logs")})
        for name, value in self.of("aws_waf", "{{ aws_waf_web_acls }}").items():
            item = {"key": name, "value": value}
            region = "us-east-1" if value["scope"] == "CLOUDFRONT" else self.region
            group = f"arn:aws:logs:{region}:{self.account}:log-group:aws-waf-logs-{self.prefix}-{name}"
            policy = self.of("aws_waf", "{{ __aws_waf_key_policy }}", item=item)
            yield self.case(table.LOGS_KEPT, group, "key", {Place.KEY: policy}, region=region)


@cache
def cases(environment: str) -> tuple[Case, ...]:
    return tuple(Environment(environment).cases())


@pytest.mark.parametrize("environment", waf.ENVIRONMENTS)
def test_every_policy_lets_the_service_in_with_what_it_sends(environment: str) -> None:
    refused = {
        str(case): str(no) for case in cases(environment) if (no := refusal(case.delivery, case.names, case.found))
    }
    assert refused == {}


@pytest.mark.parametrize("environment", waf.ENVIRONMENTS)
def test_no_policy_lets_the_service_in_for_another_account(environment: str) -> None:
    let = set()
    for case in cases(environment):
        for step in case.delivery.steps:
            found = case.found(step.place)
            if found and step.place is not Place.ROLE and let_in(case.delivery, step, case.foreign(), found[1]):
                let.add((case.delivery.name, step.place))
    assert let == NOT_TOLD_APART


def test_what_cannot_be_told_apart_is_what_aws_sends_nothing_for() -> None:
    told = {(one.name, step.place) for one in table.DELIVERIES for step in one.steps if step.tells_accounts_apart}
    assert not told & NOT_TOLD_APART


@pytest.mark.parametrize("delivery", table.DELIVERIES, ids=lambda one: one.name)
def test_every_delivery_has_its_page(delivery: Delivery) -> None:
    assert delivery.page.startswith("https://docs.aws.amazon.com/")
    assert delivery.steps


def test_a_condition_that_the_service_does_not_satisfy_is_found() -> None:
    """The kind of mistake that this file is about, made on purpose."""
    asks = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    allow = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "*", "Resource": "*"}
    names = {"account": "123456789012", "region": "ap-south-1", "source": "arn:rule", "target": "arn:topic"}
    for condition, refused in (({}, False), (asks, True)):
        key = {"Statement": [{**allow, "Condition": condition}]}
        policies = {Place.TOPIC: {"Statement": [allow]}, Place.KEY: key}
        no = refusal(table.RULE_TO_TOPIC, names, lambda place, policies=policies: ("", [policies[place]]))
        assert bool(no) is refused
    assert str(no) == (
        "key policy: kms:Decrypt by events.amazonaws.com is allowed by no statement "
        "(kms:EncryptionContext:aws:sns:topicArn=arn:topic)"
    )


def test_what_is_asked_with_and_without_what_may_be_sent() -> None:
    step = Step(Place.TOPIC, ("sns:Publish",), may_send={"aws:SourceAccount": "{account}"})
    delivery = Delivery("a", "b", "events.amazonaws.com", (step,), "")
    names = {"account": "1", "target": "arn:topic"}
    allow = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    certain, unsure = ({"StringEquals" + suffix: {"aws:SourceAccount": "1"}} for suffix in ("", "IfExists"))
    for condition, expected in ((certain, True), (unsure, False)):
        policy = {"Statement": [{**allow, "Condition": condition}]}
        assert bool(refusal(delivery, names, lambda _, policy=policy: ("", [policy]))) is expected
