# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the snapshot: bulk reads in parallel, none of which writes.

A part that cannot be read becomes Unseen with the reason, and so does a detail of a single resource.
"""

from __future__ import annotations

import csv
import io
import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..kinds.base import tag_dict
from ..kinds.calls import THREADS, Aws
from ..kinds.errors import CallFailed
from .model import Record, Snapshot, Unseen

# Where CloudFront's web ACLs and certificates are kept.
EDGE_REGION = "us-east-1"
EDGE_SERVICES = ("acm", "wafv2")
REPORT_SECONDS = 30

DENIED = re.compile(r"AccessDenied|Unauthorized|AuthFailure|Forbidden|NotAuthorized|^403$|SignatureDoesNotMatch")
LACKING = re.compile(
    r"NotImplemented|NotYetImplemented|UnknownOperation|InvalidAction|InternalFailure|InternalError|UnknownService"
    r"|^50\d$|^404$"
)


@dataclass(frozen=True)
class Part:
    """One part of the snapshot: the services that it asks, and how it is read."""

    key: str
    services: tuple[str, ...]
    read: Callable[[Reader], Any]


PARTS: dict[str, Part] = {}


def part(key: str, *services: str) -> Callable[[Callable[[Reader], Any]], Callable[[Reader], Any]]:
    def declare(read: Callable[[Reader], Any]) -> Callable[[Reader], Any]:
        PARTS[key] = Part(key, services, read)
        return read

    return declare


def why(error: Exception) -> str:
    """Why a call has no answer, for a person."""
    if not isinstance(error, CallFailed):
        return f"the answer cannot be read ({type(error).__name__}: {str(error)[:160]})"
    if DENIED.search(error.code):
        return f"denied ({error.code}): the call needs the IAM permission {error.permission}"
    if LACKING.search(error.code):
        return f"not implemented here ({error.code}): {error.permission}"
    return f"{error.permission} failed: {error.code}: {error.text[:160]}"


class Reader:
    """Calls to AWS in the account's Region and in that of the edge."""

    def __init__(self, aws: Aws, edge: Aws, *, account_id: str, project: str, environment: str) -> None:
        self.aws, self.edge = aws, edge
        self.account_id, self.project, self.environment = account_id, project, environment
        # S3 Control writes the account in front of the host's name, which a loopback address does not bear.
        aws.client("s3control").meta.events.register("before-sign.s3-control", self._keep_host)

    def _keep_host(self, request: Any, **_: Any) -> None:
        if "amazonaws.com" not in request.url:
            request.url = request.url.replace(f"//{self.account_id}.", "//", 1)

    def arn(self, service: str, resource: str, *, region: str | None = None) -> str:
        place = self.aws.region if region is None else region
        return f"arn:{self.aws.partition}:{service}:{place}:{self.account_id}:{resource}"

    def answer(self, service: str, operation: str, *absent: str, **arguments: Any) -> Any:
        """One call; None where AWS says with one of the codes ``absent`` that there is none."""
        try:
            found = self.aws.call(service, operation, **arguments)
        except CallFailed as error:
            if error.code in absent:
                return None
            raise
        found.pop("ResponseMetadata", None)
        return found

    def details(self, records: list[Record], **reads: Callable[[Record], Any]) -> list[Record]:
        """Of each record what each of these reads, all in parallel. What fails is Unseen."""

        def one(job: tuple[Record, str, Callable[[Record], Any]]) -> None:
            record, key, read = job
            try:
                record[key] = read(record)
            except Exception as error:  # never a crash: the controls that need it say why they cannot be judged
                record[key] = Unseen(why(error))

        self.aws.each(one, [(record, key, read) for record in records for key, read in reads.items()])
        return records


def read_snapshot(reader: Reader, *, now: datetime | None = None) -> Snapshot:
    """All parts, in parallel."""

    def one(part: Part) -> Any:
        try:
            return part.read(reader)
        except Exception as error:  # as above
            return Unseen(why(error))

    with ThreadPoolExecutor(THREADS) as pool:
        read = dict(zip(PARTS, pool.map(one, PARTS.values()), strict=True))
    root = f"arn:{reader.aws.partition}:iam::{reader.account_id}:root"
    return Snapshot(
        read,
        account=Record(_arn=root, _name=f"account {reader.account_id}"),
        account_id=reader.account_id,
        project=reader.project,
        environment=reader.environment,
        region=reader.aws.region,
        now=now or datetime.now(UTC),
    )


def services() -> set[str]:
    """The services that a snapshot asks."""
    return {service for one in PARTS.values() for service in one.services}


def record(raw: dict[str, Any], arn: str, name: str | None = None) -> Record:
    """A description with its ARN, and its name for people: the tag Name, else what AWS calls it."""
    tags = tag_dict(raw.get("Tags") or raw.get("TagList") or [])
    return Record(raw, _arn=arn, _tags=tags, _name=tags.get("Name") or name or arn.rpartition("/")[2])


def _ec2(key: str, operation: str, result: str, id_key: str, noun: str, **arguments: Any) -> None:
    """A list of EC2: bulk, paginated, with tags."""

    def read(reader: Reader) -> list[Record]:
        found = reader.aws.pages("ec2", operation, result, **arguments)
        return [record(one, reader.arn("ec2", f"{noun}/{one[id_key]}"), one[id_key]) for one in found]

    PARTS[key] = Part(key, ("ec2",), read)


_ec2("vpcs", "describe_vpcs", "Vpcs", "VpcId", "vpc")
_ec2("subnets", "describe_subnets", "Subnets", "SubnetId", "subnet")
_ec2("route_tables", "describe_route_tables", "RouteTables", "RouteTableId", "route-table")
_ec2("security_groups", "describe_security_groups", "SecurityGroups", "GroupId", "security-group")
_ec2("network_acls", "describe_network_acls", "NetworkAcls", "NetworkAclId", "network-acl")
_ec2("flow_logs", "describe_flow_logs", "FlowLogs", "FlowLogId", "vpc-flow-log")
_ec2("nat_gateways", "describe_nat_gateways", "NatGateways", "NatGatewayId", "natgateway")
_ec2("addresses", "describe_addresses", "Addresses", "AllocationId", "elastic-ip")
_ec2("volumes", "describe_volumes", "Volumes", "VolumeId", "volume")
_ec2(
    "peerings",
    "describe_vpc_peering_connections",
    "VpcPeeringConnections",
    "VpcPeeringConnectionId",
    "vpc-peering-connection",
)
_ec2(
    "public_snapshots",
    "describe_snapshots",
    "Snapshots",
    "SnapshotId",
    "snapshot",
    OwnerIds=["self"],
    RestorableByUserIds=["all"],
)
_ec2("images", "describe_images", "Images", "ImageId", "image", Owners=["self"])


@part("instances", "ec2")
def _instances(reader: Reader) -> list[Record]:
    found = reader.aws.pages("ec2", "describe_instances", "Reservations")
    listed = [one for reservation in found for one in reservation["Instances"]]
    alive = [one for one in listed if one["State"]["Name"] not in ("terminated", "shutting-down")]
    return [record(one, reader.arn("ec2", f"instance/{one['InstanceId']}"), one["InstanceId"]) for one in alive]


@part("launch_templates", "ec2")
def _launch_templates(reader: Reader) -> list[Record]:
    found = reader.aws.pages("ec2", "describe_launch_templates", "LaunchTemplates")
    records = [
        record(one, reader.arn("ec2", f"launch-template/{one['LaunchTemplateId']}"), one["LaunchTemplateName"])
        for one in found
    ]

    def latest(one: Record) -> dict[str, Any]:
        identifier = one["LaunchTemplateId"]
        versions = reader.aws.call(
            "ec2", "describe_launch_template_versions", LaunchTemplateId=identifier, Versions=["$Default"]
        )["LaunchTemplateVersions"]
        data = dict(versions[0]["LaunchTemplateData"])
        data.pop("UserData", None)
        return data

    return reader.details(records, Data=latest)


@part("account_defaults", "ec2")
def _account_defaults(reader: Reader) -> list[Record]:
    """One record, each of whose values is read by a call of its own."""
    defaults = Record(_arn=f"arn:{reader.aws.partition}:iam::{reader.account_id}:root", _name="account defaults")
    reads = {
        "EbsEncryptionByDefault": ("get_ebs_encryption_by_default", "EbsEncryptionByDefault"),
        "SnapshotBlock": ("get_snapshot_block_public_access_state", "State"),
        "ImageBlock": ("get_image_block_public_access_state", "ImageBlockPublicAccessState"),
        "Metadata": ("get_instance_metadata_defaults", "AccountLevel"),
    }
    return reader.details(
        [defaults],
        **{
            key: lambda _, operation=operation, result=result: reader.answer("ec2", operation).get(result)
            for key, (operation, result) in reads.items()
        },
    )


@part("account_public_access_block", "s3control")
def _account_block(reader: Reader) -> dict[str, Any]:
    absent = "NoSuchPublicAccessBlockConfiguration"
    found = reader.answer("s3control", "get_public_access_block", absent, AccountId=reader.account_id)
    return (found or {}).get("PublicAccessBlockConfiguration") or {}


@part("managed_instances", "ssm")
def _managed_instances(reader: Reader) -> list[str]:
    found = reader.aws.pages("ssm", "describe_instance_information", "InstanceInformationList")
    return [str(one["InstanceId"]) for one in found if one.get("PingStatus") == "Online"]


@part("autoscaling_groups", "autoscaling")
def _groups(reader: Reader) -> list[Record]:
    found = reader.aws.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups")
    return [record(one, one["AutoScalingGroupARN"], one["AutoScalingGroupName"]) for one in found]


@part("load_balancers", "elbv2")
def _load_balancers(reader: Reader) -> list[Record]:
    found = reader.aws.pages("elbv2", "describe_load_balancers", "LoadBalancers")
    records = [record(one, one["LoadBalancerArn"], one["LoadBalancerName"]) for one in found]

    def attributes(one: Record) -> dict[str, str]:
        answer = reader.aws.call("elbv2", "describe_load_balancer_attributes", LoadBalancerArn=one["_arn"])
        return {entry["Key"]: entry["Value"] for entry in answer["Attributes"]}

    def listeners(one: Record) -> list[dict[str, Any]]:
        return reader.aws.pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=one["_arn"])

    return reader.details(records, Attributes=attributes, Listeners=listeners)


# IAM


@part("summary", "iam")
def _summary(reader: Reader) -> dict[str, int]:
    return dict(reader.answer("iam", "get_account_summary")["SummaryMap"])


@part("password_policy", "iam")
def _password_policy(reader: Reader) -> dict[str, Any]:
    found = reader.answer("iam", "get_account_password_policy", "NoSuchEntity")
    return dict(found["PasswordPolicy"]) if found else {}


@part("root_virtual_mfa", "iam")
def _root_virtual_mfa(reader: Reader) -> list[str]:
    found = reader.aws.pages("iam", "list_virtual_mfa_devices", "VirtualMFADevices", AssignmentStatus="Assigned")
    return [one["SerialNumber"] for one in found if str(one.get("User", {}).get("Arn", "")).endswith(":root")]


@part("credentials", "iam")
def _credentials(reader: Reader) -> list[Record]:
    """The rows of the credential report, without root's, whose MFA and keys the account summary has."""
    deadline = time.monotonic() + REPORT_SECONDS
    while reader.answer("iam", "generate_credential_report")["State"] != "COMPLETE":
        if time.monotonic() > deadline:
            raise TimeoutError(f"IAM did not finish the credential report in {REPORT_SECONDS} s; run again")
        time.sleep(1)
    content = reader.answer("iam", "get_credential_report")["Content"]
    rows = csv.DictReader(io.StringIO(content.decode() if isinstance(content, bytes) else content))
    return [Record(row, _arn=row["arn"], _name=row["user"]) for row in rows if row["user"] != "<root_account>"]


def _identities(key: str, result: str, filter_name: str) -> None:
    """A kind from GetAccountAuthorizationDetails, which has all policies with their documents."""

    def read(reader: Reader) -> list[Record]:
        found = reader.aws.pages("iam", "get_account_authorization_details", result, Filter=[filter_name])
        return [record(one, one["Arn"]) for one in found]

    PARTS[key] = Part(key, ("iam",), read)


_identities("users", "UserDetailList", "User")
_identities("groups", "GroupDetailList", "Group")
_identities("roles", "RoleDetailList", "Role")
_identities("policies", "Policies", "LocalManagedPolicy")


@part("server_certificates", "iam")
def _server_certificates(reader: Reader) -> list[Record]:
    found = reader.aws.pages("iam", "list_server_certificates", "ServerCertificateMetadataList")
    return [record(one, one["Arn"], one["ServerCertificateName"]) for one in found]


@part("support_roles", "iam")
def _support(reader: Reader) -> list[str]:
    arn = f"arn:{reader.aws.partition}:iam::aws:policy/AWSSupportAccess"
    found = reader.answer("iam", "list_entities_for_policy", "NoSuchEntity", PolicyArn=arn) or {}
    return [one["RoleName"] for one in found.get("PolicyRoles", [])]


@part("security_contact", "account")
def _contact(reader: Reader) -> bool:
    absent = "ResourceNotFoundException"
    return bool(reader.answer("account", "get_alternate_contact", absent, AlternateContactType="SECURITY"))


@part("analyzers", "accessanalyzer")
def _analyzers(reader: Reader) -> list[dict[str, Any]]:
    return reader.aws.pages("accessanalyzer", "list_analyzers", "analyzers")


# What is logged and found


@part("trails", "cloudtrail")
def _trails(reader: Reader) -> list[Record]:
    found = reader.aws.call("cloudtrail", "describe_trails", includeShadowTrails=True)["trailList"]
    records = [record(one, one["TrailARN"], one["Name"]) for one in found]
    return reader.details(
        records,
        Status=lambda one: reader.answer("cloudtrail", "get_trail_status", Name=one["_arn"]),
        Selectors=lambda one: reader.answer("cloudtrail", "get_event_selectors", TrailName=one["_arn"]),
    )


@part("recorders", "config")
def _recorders(reader: Reader) -> list[Record]:
    found = reader.answer("config", "describe_configuration_recorders").get("ConfigurationRecorders", [])
    states = reader.answer("config", "describe_configuration_recorder_status").get("ConfigurationRecordersStatus", [])
    by_name = {one["name"]: one for one in states}
    arn = reader.arn("config", "configuration-recorder")
    return [Record(one, Status=by_name.get(one["name"], {}), _arn=arn, _name=one["name"]) for one in found]


@part("log_groups", "logs")
def _log_groups(reader: Reader) -> list[Record]:
    found = reader.aws.pages("logs", "describe_log_groups", "logGroups")
    return [record(one, str(one["arn"]).removesuffix(":*"), one["logGroupName"]) for one in found]


@part("metric_filters", "logs")
def _metric_filters(reader: Reader) -> list[dict[str, Any]]:
    return reader.aws.pages("logs", "describe_metric_filters", "metricFilters")


@part("alarms", "cloudwatch")
def _alarms(reader: Reader) -> list[Record]:
    found = reader.aws.pages("cloudwatch", "describe_alarms", "MetricAlarms")
    return [record(one, one["AlarmArn"], one["AlarmName"]) for one in found]


@part("detectors", "guardduty")
def _detectors(reader: Reader) -> list[Record]:
    found = reader.aws.pages("guardduty", "list_detectors", "DetectorIds")
    records = [Record(_arn=reader.arn("guardduty", f"detector/{one}"), _name=one, DetectorId=one) for one in found]
    return reader.details(
        records, Detector=lambda one: reader.answer("guardduty", "get_detector", DetectorId=one["DetectorId"])
    )


HUB_ABSENT = ("InvalidAccessException", "ResourceNotFoundException")


@part("security_hub", "securityhub")
def _security_hub(reader: Reader) -> dict[str, Any]:
    return reader.answer("securityhub", "describe_hub", *HUB_ABSENT) or {}


@part("standards", "securityhub")
def _standards(reader: Reader) -> list[dict[str, Any]]:
    found = reader.answer("securityhub", "get_enabled_standards", *HUB_ABSENT) or {}
    return list(found.get("StandardsSubscriptions", []))


@part("inspector", "inspector2")
def _inspector(reader: Reader) -> dict[str, Any]:
    found = reader.answer("inspector2", "batch_get_account_status", accountIds=[reader.account_id])
    accounts = found.get("accounts", [])
    return dict(accounts[0]) if accounts else {}


@part("shield", "shield")
def _shield(reader: Reader) -> dict[str, Any]:
    subscription = reader.answer("shield", "describe_subscription", "ResourceNotFoundException")
    if not subscription or not subscription.get("Subscription"):
        return {}
    protections = reader.aws.pages("shield", "list_protections", "Protections")
    return {"Subscription": subscription["Subscription"], "Protected": [one["ResourceArn"] for one in protections]}


# What is stored


@part("buckets", "s3")
def _buckets(reader: Reader) -> list[Record]:
    found = reader.aws.pages("s3", "list_buckets", "Buckets")
    partition = reader.aws.partition
    records = [record(one, f"arn:{partition}:s3:::{one['Name']}", one["Name"]) for one in found]

    def read(operation: str, key: str | None, *absent: str) -> Callable[[Record], Any]:
        def answer(one: Record) -> Any:
            found = reader.answer("s3", operation, *absent, Bucket=one["Name"])
            return found if key is None else (found or {}).get(key)

        return answer

    policy, status = (read(call, key, "NoSuchBucketPolicy") for call, key in BUCKET_POLICY)
    return reader.details(
        records,
        Policy=lambda one: json.loads(policy(one) or "null"),
        PolicyStatus=status,
        Encryption=read(
            "get_bucket_encryption",
            "ServerSideEncryptionConfiguration",
            "ServerSideEncryptionConfigurationNotFoundError",
        ),
        Versioning=read("get_bucket_versioning", "Status"),
        Block=read("get_public_access_block", "PublicAccessBlockConfiguration", "NoSuchPublicAccessBlockConfiguration"),
        Ownership=read("get_bucket_ownership_controls", "OwnershipControls", "OwnershipControlsNotFoundError"),
        Acl=read("get_bucket_acl", "Grants"),
        Logging=read("get_bucket_logging", "LoggingEnabled"),
        Lifecycle=read("get_bucket_lifecycle_configuration", "Rules", "NoSuchLifecycleConfiguration"),
    )


BUCKET_POLICY = (("get_bucket_policy", "Policy"), ("get_bucket_policy_status", "PolicyStatus"))


@part("keys", "kms")
def _keys(reader: Reader) -> list[Record]:
    """The keys that the account manages itself: AWS's own are rotated by AWS."""
    found = reader.aws.pages("kms", "list_keys", "Keys")
    aliases = {
        one.get("TargetKeyId"): one["AliasName"].removeprefix("alias/")
        for one in reader.aws.pages("kms", "list_aliases", "Aliases")
    }
    records = [record(one, one["KeyArn"], aliases.get(one["KeyId"], one["KeyId"])) for one in found]
    reader.details(
        records, Metadata=lambda one: reader.answer("kms", "describe_key", KeyId=one["KeyId"])["KeyMetadata"]
    )
    # A key whose description is refused stays, so that the controls say so.
    own = [
        one
        for one in records
        if isinstance(dict.get(one, "Metadata"), Unseen)
        or (one["Metadata"]["KeyManager"] == "CUSTOMER" and one["Metadata"]["KeyState"] != "PendingDeletion")
    ]

    def policy(one: Record) -> Any:
        return json.loads(reader.answer("kms", "get_key_policy", KeyId=one["KeyId"], PolicyName="default")["Policy"])

    return reader.details(
        own,
        Rotation=lambda one: reader.answer("kms", "get_key_rotation_status", KeyId=one["KeyId"])["KeyRotationEnabled"],
        Policy=policy,
    )


@part("secrets", "secretsmanager")
def _secrets(reader: Reader) -> list[Record]:
    found = reader.aws.pages("secretsmanager", "list_secrets", "SecretList")
    return [Record(record(one, one["ARN"]), _name=one["Name"]) for one in found]


@part("topics", "sns")
def _topics(reader: Reader) -> list[Record]:
    found = reader.aws.pages("sns", "list_topics", "Topics")
    records = [record(one, one["TopicArn"], one["TopicArn"].rpartition(":")[2]) for one in found]

    def attributes(one: Record) -> dict[str, Any]:
        return dict(reader.answer("sns", "get_topic_attributes", TopicArn=one["TopicArn"])["Attributes"])

    return reader.details(records, Attributes=attributes)


@part("databases", "rds")
def _databases(reader: Reader) -> list[Record]:
    found = reader.aws.pages("rds", "describe_db_instances", "DBInstances")
    records = [record(one, one["DBInstanceArn"], one["DBInstanceIdentifier"]) for one in found]

    def parameters(one: Record) -> dict[str, Any]:
        groups = [group["DBParameterGroupName"] for group in one.get("DBParameterGroups") or []]
        found = [
            entry
            for group in groups
            for entry in reader.aws.pages(
                "rds", "describe_db_parameters", "Parameters", DBParameterGroupName=group, Source="user"
            )
        ]
        return {entry["ParameterName"]: entry.get("ParameterValue") for entry in found}

    return reader.details(records, Parameters=parameters)


@part("database_snapshots", "rds")
def _database_snapshots(reader: Reader) -> list[Record]:
    found = reader.aws.pages("rds", "describe_db_snapshots", "DBSnapshots", SnapshotType="manual")
    records = [record(one, one["DBSnapshotArn"], one["DBSnapshotIdentifier"]) for one in found]

    def restore(one: Record) -> list[str]:
        answer = reader.answer(
            "rds", "describe_db_snapshot_attributes", DBSnapshotIdentifier=one["DBSnapshotIdentifier"]
        )
        attributes = answer["DBSnapshotAttributesResult"]["DBSnapshotAttributes"]
        return [
            value for entry in attributes if entry["AttributeName"] == "restore" for value in entry["AttributeValues"]
        ]

    return reader.details(records, Restore=restore)


@part("caches", "elasticache")
def _caches(reader: Reader) -> list[Record]:
    found = reader.aws.pages("elasticache", "describe_replication_groups", "ReplicationGroups")
    records = [record(one, one["ARN"], one["ReplicationGroupId"]) for one in found]
    clusters = reader.aws.pages("elasticache", "describe_cache_clusters", "CacheClusters")
    by_group: dict[str, list[Any]] = {}
    for cluster in clusters:
        by_group.setdefault(str(cluster.get("ReplicationGroupId")), []).append(cluster)
    for one in records:
        one["Clusters"] = by_group.get(one["ReplicationGroupId"], [])
    return records


@part("functions", "lambda")
def _functions(reader: Reader) -> list[Record]:
    found = reader.aws.pages("lambda", "list_functions", "Functions")
    records = [record(one, one["FunctionArn"], one["FunctionName"]) for one in found]

    def policy(one: Record) -> Any:
        answer = reader.answer("lambda", "get_policy", "ResourceNotFoundException", FunctionName=one["FunctionName"])
        return json.loads(answer["Policy"]) if answer else None

    return reader.details(records, Policy=policy)


# The edge


@part("certificates", "acm")
def _certificates(reader: Reader) -> list[Record]:
    return _certificates_in(reader, reader.aws)


@part("edge_certificates", "acm")
def _edge_certificates(reader: Reader) -> list[Record]:
    return [] if reader.aws.region == EDGE_REGION else _certificates_in(reader, reader.edge)


def _certificates_in(reader: Reader, aws: Aws) -> list[Record]:
    types = ["RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]
    found = aws.pages("acm", "list_certificates", "CertificateSummaryList", Includes={"keyTypes": types})
    records = [record(one, one["CertificateArn"], one.get("DomainName")) for one in found]

    def describe(one: Record) -> Any:
        return aws.call("acm", "describe_certificate", CertificateArn=one["_arn"])["Certificate"]

    return reader.details(records, Certificate=describe)


@part("web_acls", "wafv2")
def _web_acls(reader: Reader) -> list[Record]:
    return _web_acls_in(reader, reader.aws, "REGIONAL")


@part("edge_web_acls", "wafv2")
def _edge_web_acls(reader: Reader) -> list[Record]:
    return _web_acls_in(reader, reader.edge, "CLOUDFRONT")


def _web_acls_in(reader: Reader, aws: Aws, scope: str) -> list[Record]:
    """WAFv2 has markers, and no paginators."""
    found: list[dict[str, Any]] = []
    arguments: dict[str, Any] = {"Scope": scope, "Limit": 100}
    while True:
        answer = aws.call("wafv2", "list_web_acls", **arguments)
        found += answer.get("WebACLs", [])
        if not answer.get("NextMarker") or not answer.get("WebACLs"):
            break
        arguments["NextMarker"] = answer["NextMarker"]
    records = [record(one, one["ARN"], one["Name"]) for one in found]

    def rules(one: Record) -> list[Any]:
        return aws.call("wafv2", "get_web_acl", Name=one["Name"], Scope=scope, Id=one["Id"])["WebACL"].get("Rules", [])

    def logging(one: Record) -> Any:
        try:
            return aws.call("wafv2", "get_logging_configuration", ResourceArn=one["_arn"]).get("LoggingConfiguration")
        except CallFailed as error:
            if error.code == "WAFNonexistentItemException":
                return None
            raise

    def guarded(one: Record) -> list[str]:
        # Distributions name their web ACL themselves.
        if scope == "CLOUDFRONT":
            return []
        answer = aws.call(
            "wafv2", "list_resources_for_web_acl", WebACLArn=one["_arn"], ResourceType="APPLICATION_LOAD_BALANCER"
        )
        return list(answer.get("ResourceArns", []))

    return reader.details(records, Rules=rules, Logging=logging, Guarded=guarded)


@part("distributions", "cloudfront")
def _distributions(reader: Reader) -> list[Record]:
    found = _distribution_items(reader)
    records = [
        record(one, one["ARN"], (one.get("Aliases", {}).get("Items") or [one["DomainName"]])[0]) for one in found
    ]

    def config(one: Record) -> Any:
        return reader.answer("cloudfront", "get_distribution_config", Id=one["Id"])["DistributionConfig"]

    return reader.details(records, Config=config)


def _distribution_items(reader: Reader) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    arguments: dict[str, Any] = {}
    while True:
        page = reader.answer("cloudfront", "list_distributions", **arguments)["DistributionList"]
        found += page.get("Items") or []
        if not page.get("IsTruncated"):
            return found
        arguments["Marker"] = page["NextMarker"]
