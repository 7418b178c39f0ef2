# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a service hands to another is judged by the policies on its way, when it is set up and when it is handed over.

The deliveries are those of lab.emulator.deliveries.table, each with its page. What AWS checks when a delivery is set up
is refused with the code that AWS answers; what it does not check is set up, does not arrive, and stands where AWS tells
it: FailedInvocations, GetTrailStatus, DescribeFlowLogs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from moto.cloudtrail.models import CloudTrailBackend, TrailStatus
from moto.ec2.models.flow_logs import FlowLogs, FlowLogsBackend

from lab.emulator import harsh, registry
from lab.emulator.deliveries import table
from lab.emulator.deliveries.account import (
    Way,
    key_of_topic,
    trails,
    way_of_balancer,
    way_of_channel,
    way_of_flow_log,
    way_of_log_group,
    ways_of_trail,
)
from lab.emulator.deliveries.judge import Refusal, refusal
from lab.emulator.deliveries.table import Place
from lab.emulator.harsh import Asked, Refused

SWITCH = harsh.switch("deliveries", on=True, off=False, text="what a service may not hand over does not arrive")

Ways = Callable[[Asked], Iterator[Way]]
_WAYS: dict[tuple[str, str], Ways] = {}
MESSAGES = {
    "InsufficientS3BucketPolicyException": "Incorrect S3 bucket policy is detected for bucket: {target}",
    "InsufficientDeliveryPolicyException": "Insufficient delivery policy to s3 bucket: {target}, "
    "unable to write to bucket, provided s3 key prefix is 'null', provided kms key is 'null'.",
    "InvalidCloudWatchLogsRoleArnException": "Access denied. Check the trust relationships for your role.",
    "InsufficientSnsTopicPolicyException": "SNS Topic does not exist or the topic policy is incorrect!",
    "InvalidConfigurationRequest": "Access Denied for bucket: {target}. Please check S3bucket permission",
    "InvalidParameterException": "The specified KMS key does not exist or is not allowed to be used with "
    "Arn '{source}'",
    "InvalidParameterValueException": "The provided execution role does not have permissions to call Publish on SNS",
    "InvalidParameterValue": "IAM role ARN value is invalid or does not include the required permissions for: "
    "ENHANCED_MONITORING",
    "InsufficientEncryptionPolicyException": "Insufficient permissions to access S3 bucket {target} or KMS key {key}.",
}


def set_up_by(service: str, *operations: str) -> Callable[[Ways], Ways]:
    """Register which deliveries an operation sets up."""

    def register(ways: Ways) -> Ways:
        _WAYS.update({(service, operation): ways for operation in operations})
        return ways

    return register


@harsh.before(SWITCH)
def what_is_set_up_can_be_delivered(asked: Asked) -> Refused | None:
    """Refuse what a policy on the way refuses, as the service does that checks it."""
    ways = _WAYS.get((asked.service, asked.operation))
    for way in ways(asked) if ways else ():
        no = refusal(way.delivery, way.names, way)
        if no:
            code = _code(way, no)
            names = {**way.names, "target": way.target.rpartition(":")[2]}
            return Refused(code, f"{MESSAGES[code].format_map(names)} (the emulator: {no})")
    return None


def _code(way: Way, no: Refusal) -> str:
    of_a_trail = way.delivery in (table.TRAIL_TO_BUCKET, table.TRAIL_TO_TOPIC)
    return "InsufficientEncryptionPolicyException" if of_a_trail and no.place is Place.KEY else way.delivery.error


@set_up_by("cloudtrail", "CreateTrail", "UpdateTrail")
def _trail(asked: Asked) -> Iterator[Way]:
    there = registry.backend_of("cloudtrail", asked.account, asked.region).trails
    name = asked.parameters["Name"].rpartition("/")[2]
    present = there[name].description() if name in there else {}
    wanted = {**present, **asked.parameters}
    topic = wanted.get("SnsTopicName") or ""
    if topic and not topic.startswith("arn:"):
        topic = f"arn:aws:sns:{asked.region}:{asked.account}:{topic}"
    if wanted.get("S3BucketName") in registry.backend_of("s3", asked.account, asked.region).buckets:
        yield from ways_of_trail(
            asked.account,
            asked.region,
            f"arn:aws:cloudtrail:{asked.region}:{asked.account}:trail/{name}",
            bucket=wanted["S3BucketName"],
            prefix=wanted.get("S3KeyPrefix") or "",
            key=wanted.get("KmsKeyId") or "",
            group=wanted.get("CloudWatchLogsLogGroupArn") or "",
            role=wanted.get("CloudWatchLogsRoleArn") or "",
            topic=topic,
        )


@set_up_by("config", "PutDeliveryChannel")
def _channel(asked: Asked) -> Iterator[Way]:
    wanted = asked.parameters["DeliveryChannel"]
    bucket, prefix, key = (wanted.get(one) or "" for one in ("s3BucketName", "s3KeyPrefix", "s3KmsKeyArn"))
    yield way_of_channel(asked.account, asked.region, bucket, prefix, key)


@set_up_by("elbv2", "ModifyLoadBalancerAttributes")
def _balancer(asked: Asked) -> Iterator[Way]:
    arn = asked.parameters["LoadBalancerArn"]
    there = registry.backend_of("elbv2", asked.account, asked.region).load_balancers.get(arn)
    wanted = {one["Key"]: one.get("Value", "") for one in asked.parameters["Attributes"]}
    way = way_of_balancer(asked.account, asked.region, arn, {**(there.attrs if there else {}), **wanted})
    if way and any(name.startswith("access_logs.") for name in wanted):
        yield way


@set_up_by("logs", "CreateLogGroup", "AssociateKmsKey")
def _log_group(asked: Asked) -> Iterator[Way]:
    key, name = asked.parameters.get("kmsKeyId"), asked.parameters.get("logGroupName")
    if key and name:
        yield way_of_log_group(asked.account, asked.region, name, key)


@set_up_by("lambda", "CreateFunction", "UpdateFunctionConfiguration")
def _function(asked: Asked) -> Iterator[Way]:
    target = (asked.parameters.get("DeadLetterConfig") or {}).get("TargetArn") or ""
    role = asked.parameters.get("Role")
    if role and target.startswith("arn:aws:sns:"):
        source = f"arn:aws:lambda:{asked.region}:{asked.account}:function:{asked.parameters['FunctionName']}"
        key = key_of_topic(asked.account, target)
        yield Way(table.FUNCTION_TO_TOPIC, asked.account, asked.region, source, target, role=role, key=key)


@set_up_by("rds", "CreateDBInstance", "ModifyDBInstance")
def _database(asked: Asked) -> Iterator[Way]:
    role = asked.parameters.get("MonitoringRoleArn")
    if role:
        source = f"arn:aws:rds:{asked.region}:{asked.account}:db:{asked.parameters['DBInstanceIdentifier']}"
        yield Way(table.MONITORING, asked.account, asked.region, source, "RDSOSMetrics", role=role)


@harsh.before(SWITCH)
def web_acls_log_to_groups_of_one_name(asked: Asked) -> Refused | None:
    """WAF writes to log groups whose names begin with aws-waf-logs-.

    https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html
    """
    if (asked.service, asked.operation) != ("wafv2", "PutLoggingConfiguration"):
        return None
    for target in asked.parameters["LoggingConfiguration"]["LogDestinationConfigs"]:
        if ":log-group:" in target and ":log-group:aws-waf-logs-" not in target:
            text = "Error reason: The ARN isn't valid. A valid ARN begins with arn: and includes other information"
            return Refused("WAFInvalidParameterException", f"{text}, field: LOG_DESTINATION, parameter: {target}")
    return None


def _told(ways: Iterator[Way], delivery: table.Delivery) -> str:
    """AWS says the code of what it met, not which policy it was."""
    met = any(way.delivery is delivery and refusal(way.delivery, way.names, way) for way in ways)
    return "AccessDenied" if SWITCH and met else ""


@registry.wrap(CloudTrailBackend, "get_trail_status")
def _status(original: Any, backend: CloudTrailBackend, name: str) -> TrailStatus:
    """https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html"""
    status: Any = original(backend, name)
    own = [way for way in trails(backend.account_id) if way.source == name or way.source.endswith(f"/{name}")]
    status.errors = {
        "LatestDeliveryError": _told(iter(own), table.TRAIL_TO_BUCKET),
        "LatestCloudWatchLogsDeliveryError": _told(iter(own), table.TRAIL_TO_LOGS),
        "LatestNotificationError": _told(iter(own), table.TRAIL_TO_TOPIC),
    }
    return status  # type: ignore[no-any-return]


@registry.wrap(TrailStatus, "description")
def _described(original: Any, status: Any) -> dict[str, Any]:
    errors = getattr(status, "errors", {}) if status.is_logging else {}
    return {**original(status), **{key: value for key, value in errors.items() if value}}


@registry.wrap(FlowLogsBackend, "describe_flow_logs")
def _flow_logs(original: Any, backend: Any, *args: Any, **kwargs: Any) -> list[FlowLogs]:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_FlowLog.html"""
    found: list[FlowLogs] = original(backend, *args, **kwargs)
    for log in found:
        way = way_of_flow_log(backend.account_id, backend.region_name, log)
        met = bool(SWITCH and way and refusal(way.delivery, way.names, way))
        if way:
            log.deliver_logs_status = "FAILED" if met else "SUCCESS"
            log.deliver_logs_error_message = "Access error" if met else None
    return found
