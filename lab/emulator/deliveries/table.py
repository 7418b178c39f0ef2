# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The deliveries between AWS services, as AWS's guides describe them.

A step is one policy that a delivery has to pass. What stands in braces is filled in: ``account``, ``region``,
``source`` (the ARN of what sends), ``target`` (the ARN of what receives), ``role`` (with which it is done), ``path``
(of the objects in a bucket) and ``key`` (with which the target is encrypted; without one the step is passed by).
``sends`` are the condition keys that AWS says the service sends; what it may send or not, because AWS says neither or
says both, is in ``may_send``: a policy has to let the service in either way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

GUIDES = "https://docs.aws.amazon.com"
SOURCE = {"aws:SourceAccount": "{account}", "aws:SourceArn": "{source}"}
ARN_ONLY = {"aws:SourceArn": "{source}"}
ACCOUNT_ONLY = {"aws:SourceAccount": "{account}"}
OWNED = {"s3:x-amz-acl": "bucket-owner-full-control"}
OF_TOPIC = {"kms:EncryptionContext:aws:sns:topicArn": "{target}"}


class Place(StrEnum):
    """Whose policy a step asks."""

    TOPIC = "topic policy"
    KEY = "key policy"
    BUCKET = "bucket policy"
    FUNCTION = "function policy"
    LOGS = "resource policy of CloudWatch Logs"
    TRUST = "trust policy of the role"
    ROLE = "permissions of the role"


@dataclass(frozen=True)
class Step:
    """One policy on the way, and what it is asked."""

    place: Place
    actions: tuple[str, ...]
    resource: str = "{target}"
    sends: Mapping[str, str] = field(default_factory=dict)
    may_send: Mapping[str, str] = field(default_factory=dict)

    @property
    def tells_accounts_apart(self) -> bool:
        """Whether a policy can say by what is sent that only one account's resources may use the service for this."""
        return bool({"aws:SourceAccount", "aws:SourceArn"} & set(self.sends))


@dataclass(frozen=True)
class Delivery:
    """A kind of delivery. A step for a key is passed by where nothing is encrypted with a key of the customer."""

    source: str
    target: str
    principal: str
    steps: tuple[Step, ...]
    page: str
    error: str = ""  # the code with which AWS refuses to set it up; without one it is set up, and does not arrive

    @property
    def name(self) -> str:
        """How a report calls it."""
        return f"{self.source} → {self.target}"


def _published(sends: Mapping[str, str], may_send: Mapping[str, str] | None = None) -> Step:
    return Step(Place.TOPIC, ("sns:Publish",), sends=sends, may_send=may_send or {})


def _encrypted(sends: Mapping[str, str]) -> Step:
    return Step(Place.KEY, ("kms:Decrypt", "kms:GenerateDataKey"), resource="*", sends=sends)


def _taken(sends: Mapping[str, str], may_send: Mapping[str, str] | None = None) -> Step:
    return Step(Place.TRUST, ("sts:AssumeRole",), "{role}", sends, may_send or {})


def _put(
    *look: str, sends: Mapping[str, str], may_send: Mapping[str, str] | None = None, acl: bool = True
) -> tuple[Step, ...]:
    """A service looks at a bucket and puts objects into it."""
    looks = (Step(Place.BUCKET, look, "{target}", sends, may_send or {}),) if look else ()
    written = {**sends, **(OWNED if acl else {})}
    return (*looks, Step(Place.BUCKET, ("s3:PutObject",), "{target}/{path}", written, may_send or {}))


# EventBridge sends neither key to KMS for a topic. Of the topic's own policy, AWS's pages have said both that a
# condition cannot be used and how to write one.
RULE_TO_TOPIC = Delivery(
    "EventBridge rule",
    "SNS topic",
    "events.amazonaws.com",
    (_published({}, SOURCE), _encrypted(OF_TOPIC)),
    f"{GUIDES}/sns/latest/dg/sns-key-management.html",
)
RULE_TO_FUNCTION = Delivery(
    "EventBridge rule",
    "Lambda function",
    "events.amazonaws.com",
    (Step(Place.FUNCTION, ("lambda:InvokeFunction",), sends=ARN_ONLY, may_send=ACCOUNT_ONLY),),
    f"{GUIDES}/eventbridge/latest/userguide/eb-use-resource-based.html",
)
ALARM_TO_TOPIC = Delivery(
    "CloudWatch alarm",
    "SNS topic",
    "cloudwatch.amazonaws.com",
    (_published(SOURCE), _encrypted({**SOURCE, **OF_TOPIC})),
    f"{GUIDES}/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html",
)
FUNCTION_TO_TOPIC = Delivery(
    "Lambda function, failed",
    "SNS topic",
    "lambda.amazonaws.com",
    (
        Step(Place.ROLE, ("sns:Publish",)),
        Step(
            Place.ROLE,
            ("kms:Decrypt", "kms:GenerateDataKey"),
            "{key}",
            {"kms:ViaService": "sns.{region}.amazonaws.com"},
        ),
    ),
    f"{GUIDES}/lambda/latest/dg/invocation-async-retain-records.html",
    "InvalidParameterValueException",
)
FUNCTION = Delivery(
    "Lambda function",
    "CloudWatch Logs",
    "lambda.amazonaws.com",
    (
        _taken(SOURCE),
        Step(Place.ROLE, ("logs:CreateLogStream", "logs:PutLogEvents"), "{target}:log-stream:one"),
    ),
    f"{GUIDES}/lambda/latest/dg/lambda-intro-execution-role.html",
)
TRAIL_TO_BUCKET = Delivery(
    "CloudTrail",
    "S3 bucket",
    "cloudtrail.amazonaws.com",
    (
        *_put("s3:GetBucketAcl", sends=ARN_ONLY, may_send=ACCOUNT_ONLY),
        Step(
            Place.KEY,
            ("kms:GenerateDataKey", "kms:DescribeKey"),
            "*",
            {**ARN_ONLY, "kms:EncryptionContext:aws:cloudtrail:arn": "{source}"},
            ACCOUNT_ONLY,
        ),
    ),
    f"{GUIDES}/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html",
    "InsufficientS3BucketPolicyException",
)
# AWS's example of this role's trust has no condition, and AWS does not say which keys CloudTrail sends to STS.
TRAIL_TO_LOGS = Delivery(
    "CloudTrail",
    "CloudWatch Logs",
    "cloudtrail.amazonaws.com",
    (
        _taken({}, SOURCE),
        Step(
            Place.ROLE,
            ("logs:CreateLogStream", "logs:PutLogEvents"),
            "{target}:log-stream:{account}_CloudTrail_{region}",
        ),
    ),
    f"{GUIDES}/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html",
    "InvalidCloudWatchLogsRoleArnException",
)
TRAIL_TO_TOPIC = Delivery(
    "CloudTrail",
    "SNS topic",
    "cloudtrail.amazonaws.com",
    (_published(ARN_ONLY, ACCOUNT_ONLY), _encrypted({**ARN_ONLY, **OF_TOPIC})),
    f"{GUIDES}/awscloudtrail/latest/userguide/cloudtrail-permissions-for-sns-notifications.html",
    "InsufficientSnsTopicPolicyException",
)
CONFIG_TO_BUCKET = Delivery(
    "AWS Config",
    "S3 bucket",
    "config.amazonaws.com",
    (
        *_put("s3:GetBucketAcl", "s3:ListBucket", sends=ACCOUNT_ONLY),
        Step(Place.KEY, ("kms:Decrypt", "kms:GenerateDataKey"), "*", ACCOUNT_ONLY),
    ),
    f"{GUIDES}/config/latest/developerguide/s3-bucket-policy.html",
    "InsufficientDeliveryPolicyException",
)
CONFIG_TO_TOPIC = Delivery(
    "AWS Config",
    "SNS topic",
    "config.amazonaws.com",
    (_published(ACCOUNT_ONLY),),
    f"{GUIDES}/config/latest/developerguide/sns-topic-policy.html",
)
FLOW_LOG = Delivery(
    "VPC flow log",
    "CloudWatch Logs",
    "vpc-flow-logs.amazonaws.com",
    (
        _taken(SOURCE),
        Step(
            Place.ROLE,
            ("logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"),
            "{target}:log-stream:one",
        ),
        Step(Place.ROLE, ("logs:DescribeLogGroups",), "*"),
    ),
    f"{GUIDES}/vpc/latest/userguide/flow-logs-iam-role.html",
)
BALANCER_TO_BUCKET = Delivery(
    "Application Load Balancer",
    "S3 bucket",
    "logdelivery.elasticloadbalancing.amazonaws.com",
    _put(sends=ARN_ONLY, may_send=ACCOUNT_ONLY, acl=False),
    f"{GUIDES}/elasticloadbalancing/latest/application/enable-access-logging.html",
    "InvalidConfigurationRequest",
)
BUCKET_TO_BUCKET = Delivery(
    "S3 bucket",
    "S3 bucket",
    "logging.s3.amazonaws.com",
    _put(sends=SOURCE, acl=False),
    f"{GUIDES}/AmazonS3/latest/userguide/enable-server-access-logging.html",
)
# AWS writes the resource policy itself, with the permissions of who sets the logging up.
WEB_ACL_TO_LOGS = Delivery(
    "AWS WAF",
    "CloudWatch Logs",
    "delivery.logs.amazonaws.com",
    (
        Step(
            Place.LOGS,
            ("logs:CreateLogStream", "logs:PutLogEvents"),
            "{target}:log-stream:one",
            {"aws:SourceAccount": "{account}", "aws:SourceArn": "arn:aws:logs:{region}:{account}:*"},
        ),
    ),
    f"{GUIDES}/waf/latest/developerguide/logging-cw-logs.html",
)
LOGS_KEPT = Delivery(
    "CloudWatch Logs",
    "KMS key",
    "logs.{region}.amazonaws.com",
    (
        Step(
            Place.KEY,
            ("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey"),
            "*",
            {"kms:EncryptionContext:aws:logs:arn": "{source}"},
        ),
    ),
    f"{GUIDES}/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
    "InvalidParameterException",
)
MONITORING = Delivery(
    "RDS enhanced monitoring",
    "CloudWatch Logs",
    "monitoring.rds.amazonaws.com",
    (_taken(SOURCE),),
    f"{GUIDES}/AmazonRDS/latest/UserGuide/USER_Monitoring.OS.Enabling.html",
    "InvalidParameterValue",
)
DISTRIBUTION = Delivery(
    "CloudFront",
    "S3 bucket",
    "cloudfront.amazonaws.com",
    (Step(Place.BUCKET, ("s3:GetObject",), "{target}/{path}", ARN_ONLY, ACCOUNT_ONLY),),
    f"{GUIDES}/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html",
)

DELIVERIES = tuple(one for one in list(globals().values()) if isinstance(one, Delivery))
