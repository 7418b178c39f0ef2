# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudTrail, Config, log groups, and the alarms on what they record."""

from __future__ import annotations

import re
from typing import Any

from ..model import Record, Snapshot, Verdict, control

RETENTION_DAYS = 365
TRAIL = "provision.yml --tags aws_account makes the trail."


def _records_all(trail: Record) -> bool:
    """Whether a trail records all management events, reads and writes."""
    selectors = trail["Selectors"] or {}
    for one in selectors.get("EventSelectors") or []:
        if one.get("IncludeManagementEvents") and one.get("ReadWriteType") == "All":
            return True
    for one in selectors.get("AdvancedEventSelectors") or []:
        fields = {entry["Field"]: entry for entry in one["FieldSelectors"]}
        if fields.get("eventCategory", {}).get("Equals") == ["Management"] and "readOnly" not in fields:
            return True
    return False


@control(
    "CloudTrail.1",
    "high",
    "account",
    "A trail records all management events in all Regions",
    cis="3.1",
    needs="CloudTrail",
    remedy=TRAIL,
)
def multi_region(s: Snapshot, _account: Record) -> Verdict:
    fitting = [
        one["_name"]
        for one in s["trails"]
        if one["IsMultiRegionTrail"] and one["Status"]["IsLogging"] and _records_all(one)
    ]
    return bool(fitting), {"trails": [one["_name"] for one in s["trails"]], "of all Regions, logging": fitting}


@control(
    "CloudTrail.3",
    "high",
    "account",
    "A trail is logging now",
    needs="CloudTrail",
    remedy=f"{TRAIL} If it was stopped: aws cloudtrail start-logging, and find out by whom.",
)
def logging_now(s: Snapshot, _account: Record) -> Verdict:
    states = {one["_name"]: one["Status"]["IsLogging"] for one in s["trails"]}
    return any(states.values()), {"IsLogging": states}


@control(
    "CloudTrail.2", "medium", "trails", "Trails are encrypted with a KMS key", cis="3.5", needs="KMS", remedy=TRAIL
)
def trail_encrypted(s: Snapshot, trail: Record) -> Verdict:
    return bool(trail.get("KmsKeyId")), {"KmsKeyId": trail.get("KmsKeyId")}


@control("CloudTrail.4", "low", "trails", "Trails have log file validation", cis="3.2", remedy=TRAIL)
def trail_validated(s: Snapshot, trail: Record) -> Verdict:
    enabled = trail.get("LogFileValidationEnabled", False)
    return enabled, {"LogFileValidationEnabled": enabled}


@control("CloudTrail.5", "low", "trails", "Trails are sent to CloudWatch Logs", needs="CloudWatch", remedy=TRAIL)
def trail_to_logs(s: Snapshot, trail: Record) -> Verdict:
    return bool(trail.get("CloudWatchLogsLogGroupArn")), {
        "CloudWatchLogsLogGroupArn": trail.get("CloudWatchLogsLogGroupArn")
    }


def _trail_bucket(s: Snapshot, trail: Record) -> Record | None:
    return next((one for one in s["buckets"] if one["Name"] == trail["S3BucketName"]), None)


ELSEWHERE = "The bucket is in another account; look there."


@control("CloudTrail.6", "critical", "trails", "The bucket of the trail is not public", remedy=TRAIL)
def trail_bucket_private(s: Snapshot, trail: Record) -> Verdict:
    bucket = _trail_bucket(s, trail)
    if bucket is None:
        return None, {"S3BucketName": trail["S3BucketName"], "because": ELSEWHERE}
    public, block = bool((bucket["PolicyStatus"] or {}).get("IsPublic")), bucket["Block"] or {}
    return not public and all(block.get(key) for key in BLOCKS), {"IsPublic": public, **block}


BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


@control(
    "CloudTrail.7",
    "low",
    "trails",
    "Who reads the bucket of the trail is logged",
    cis="3.4",
    remedy="Set the server access logging of the trail's bucket.",
)
def trail_bucket_logged(s: Snapshot, trail: Record) -> Verdict:
    bucket = _trail_bucket(s, trail)
    if bucket is None:
        return None, {"S3BucketName": trail["S3BucketName"], "because": ELSEWHERE}
    return bool(bucket["Logging"]), {"TargetBucket": (bucket["Logging"] or {}).get("TargetBucket")}


def _records_objects(s: Snapshot, kinds: tuple[str, ...], read_only: str) -> list[str]:
    names = []
    for trail in s["trails"]:
        selectors = trail["Selectors"] or {}
        for one in selectors.get("EventSelectors") or []:
            types = [entry["Type"] for entry in one.get("DataResources") or []]
            if "AWS::S3::Object" in types and one.get("ReadWriteType") in kinds:
                names.append(trail["_name"])
        for one in selectors.get("AdvancedEventSelectors") or []:
            fields = {entry["Field"]: entry.get("Equals") for entry in one["FieldSelectors"]}
            data = fields.get("eventCategory") == ["Data"] and fields.get("resources.type") == ["AWS::S3::Object"]
            if data and fields.get("readOnly") in (None, [read_only]):
                names.append(trail["_name"])
    return sorted(set(names))


@control(
    "S3.22", "medium", "account", "Writes of objects in S3 are recorded", cis="3.8", needs="CloudTrail", remedy=TRAIL
)
def object_writes(s: Snapshot, _account: Record) -> Verdict:
    names = _records_objects(s, ("All", "WriteOnly"), "false")
    return bool(names), {"trails": names}


@control(
    "S3.23", "medium", "account", "Reads of objects in S3 are recorded", cis="3.9", needs="CloudTrail", remedy=TRAIL
)
def object_reads(s: Snapshot, _account: Record) -> Verdict:
    names = _records_objects(s, ("All", "ReadOnly"), "true")
    return bool(names), {"trails": names}


@control(
    "Config.1",
    "critical",
    "account",
    "AWS Config records all resources",
    cis="3.3",
    needs="Config",
    remedy="provision.yml --tags aws_account makes the recorder and starts it.",
)
def config_recorder(s: Snapshot, _account: Record) -> Verdict:
    read = {}
    for one in s["recorders"]:
        group, state = one.get("recordingGroup", {}), one["Status"]
        everything = group.get("allSupported") and group.get("includeGlobalResourceTypes")
        exclusion = group.get("recordingStrategy", {}).get("useOnly") == "EXCLUSION_BY_RESOURCE_TYPES"
        read[one["_name"]] = bool((everything or exclusion) and state.get("recording"))
    return any(read.values()), {"recorders that record all": read}


@control(
    "CloudWatch.16",
    "medium",
    "log_groups",
    f"Logs are kept for at least {RETENTION_DAYS} days",
    needs="CloudWatch",
    remedy="Set the retention of the role that makes the log group; shorter ones are for rehearsals.",
)
def log_retention(s: Snapshot, group: Record) -> Verdict:
    days = group.get("retentionInDays")
    # Without one they are kept for ever.
    return days is None or days >= RETENTION_DAYS, {"retentionInDays": days or "for ever"}


@control(
    "PX-2",
    "medium",
    "log_groups",
    "Logs are encrypted with a key of the account",
    needs="KMS",
    document="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
    remedy="Associate the key logs with the log group.",
)
def log_encrypted(s: Snapshot, group: Record) -> Verdict:
    return bool(group.get("kmsKeyId")), {"kmsKeyId": group.get("kmsKeyId")}


def _watched(s: Snapshot, words: tuple[str, ...]) -> Verdict:
    """Whether a filter with all these words on a trail's log group feeds a metric whose alarm tells somebody."""
    groups = {
        re.sub(r"^.*:log-group:|:\*$", "", one["CloudWatchLogsLogGroupArn"])
        for one in s["trails"]
        if one.get("CloudWatchLogsLogGroupArn")
    }
    read: dict[str, Any] = {"log groups of trails": sorted(groups), "filters": [], "alarms": []}
    for one in s["metric_filters"]:
        if one["logGroupName"] not in groups or not all(word in one["filterPattern"] for word in words):
            continue
        read["filters"].append(one["filterName"])
        metrics = {(entry["metricNamespace"], entry["metricName"]) for entry in one["metricTransformations"]}
        for alarm in s["alarms"]:
            if (alarm.get("Namespace"), alarm.get("MetricName")) in metrics and alarm.get("AlarmActions"):
                read["alarms"].append(alarm["_name"])
    return bool(read["alarms"]), read


# Control, CIS, what is watched, and words that the pattern of its filter must have.
WATCHED = (
    ("1", "4.3", "use of the root user", ("userIdentity.type", "Root")),
    ("2", "4.1", "refused API calls", ("errorCode", "AccessDenied")),
    ("3", "4.2", "sign-in without MFA", ("ConsoleLogin", "MFAUsed")),
    ("4", "4.4", "changes of IAM policies", ("PutRolePolicy", "AttachRolePolicy", "CreatePolicyVersion")),
    ("5", "4.5", "changes of CloudTrail", ("UpdateTrail", "DeleteTrail", "StopLogging")),
    ("6", "4.6", "failed sign-ins", ("ConsoleLogin", "Failed authentication")),
    ("7", "4.7", "disabling and deletion of KMS keys", ("DisableKey", "ScheduleKeyDeletion")),
    ("8", "4.8", "changes of bucket policies", ("PutBucketPolicy", "DeleteBucketPolicy")),
    ("9", "4.9", "changes of AWS Config", ("StopConfigurationRecorder", "DeleteDeliveryChannel")),
    ("10", "4.10", "changes of security groups", ("AuthorizeSecurityGroupIngress", "DeleteSecurityGroup")),
    ("11", "4.11", "changes of network ACLs", ("CreateNetworkAcl", "ReplaceNetworkAclEntry")),
    ("12", "4.12", "changes of gateways", ("AttachInternetGateway", "CreateCustomerGateway")),
    ("13", "4.13", "changes of route tables", ("CreateRoute", "ReplaceRoute", "DeleteRouteTable")),
    ("14", "4.14", "changes of VPCs", ("CreateVpc", "AcceptVpcPeeringConnection")),
)
for number, cis, what, words in WATCHED:
    control(
        f"CloudWatch.{number}",
        "low",
        "account",
        f"An alarm tells of {what}",
        cis=cis,
        needs="CloudWatch; SNS",
        remedy="provision.yml --tags aws_account makes the metric filters and alarms.",
    )(lambda s, _, words=words: _watched(s, words))
