# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For each control what is as it should be, and what is not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ACCOUNT = "123456789012"
OTHER = "999999999999"
TAGS = {"Project": "pixstory", "Environment": "test", "ManagedBy": "ansible", "Name": "pixstory-test-one"}
Parts = dict[str, Any]


def ago(days: int) -> str:
    return (NOW - timedelta(days=days)).isoformat()


def policy(**statement: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [statement]}


# People

SUMMARY = {"AccountAccessKeysPresent": 0, "AccountMFAEnabled": 1}
USER = {
    "password_enabled": "true",
    "mfa_active": "true",
    "password_last_used": ago(2),
    "password_last_changed": ago(40),
    "access_key_1_active": "true",
    "access_key_1_last_rotated": ago(20),
    "access_key_1_last_used_date": "N/A",
    "access_key_2_active": "false",
    "access_key_2_last_rotated": "N/A",
    "access_key_2_last_used_date": "N/A",
}
NO_MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
REQUIRE_MFA = policy(Effect="Deny", NotAction="iam:*", Resource="*", Condition=NO_MFA)


def user(**change: Any) -> Parts:
    return {"credentials": {**USER, **change}}


def password(**values: Any) -> Parts:
    return {"password_policy": values}


def own_policy(action: Any, resource: str = "arn:aws:s3:::one/*") -> Parts:
    document = policy(Effect="Allow", Action=action, Resource=resource)
    old = policy(Effect="Allow", Action="*", Resource="*")
    versions = [{"Document": old, "IsDefaultVersion": False}, {"Document": document, "IsDefaultVersion": True}]
    return {"policies": {"PolicyVersionList": versions}}


def group(document: Any) -> Parts:
    return {"groups": {"GroupPolicyList": [{"PolicyName": "own", "PolicyDocument": document}]}}


STRONG = {
    "RequireUppercaseCharacters": True,
    "RequireLowercaseCharacters": True,
    "RequireSymbols": True,
    "RequireNumbers": True,
}
SHELL = {"AttachedManagedPolicies": [{"PolicyName": "AWSCloudShellFullAccess", "PolicyArn": "arn:x"}]}

PEOPLE: dict[str, tuple[Parts, Parts]] = {
    "IAM.4": ({"summary": SUMMARY}, {"summary": {**SUMMARY, "AccountAccessKeysPresent": 1}}),
    "IAM.9": ({"summary": SUMMARY}, {"summary": {**SUMMARY, "AccountMFAEnabled": 0}}),
    "IAM.6": (
        {"summary": SUMMARY, "root_virtual_mfa": []},
        {"summary": SUMMARY, "root_virtual_mfa": ["arn:aws:iam::1:mfa/root"]},
    ),
    "IAM.7": (password(**STRONG), password(**{**STRONG, "RequireSymbols": False})),
    "IAM.15": (password(MinimumPasswordLength=14), password(MinimumPasswordLength=13)),
    "IAM.16": (password(PasswordReusePrevention=24), password()),
    "IAM.17": (password(MaxPasswordAge=90), password(MaxPasswordAge=91)),
    "IAM.5": (user(), user(mfa_active="false")),
    "IAM.19": (user(), user(mfa_active="false", password_enabled="false")),
    "IAM.3": (user(), user(access_key_1_last_rotated=ago(91))),
    "IAM.22": (user(), user(password_last_used=ago(46))),
    "CIS-3.0 1.13": (user(), user(access_key_2_active="true")),
    "IAM.2": ({"users": {"UserPolicyList": []}}, {"users": {"UserPolicyList": [{"PolicyName": "own"}]}}),
    "IAM.1": (own_policy("*"), own_policy(["s3:GetObject", "*"], "*")),
    "IAM.21": (own_policy("s3:GetObject"), own_policy("s3:*")),
    "IAM.18": ({"support_roles": ["operator"]}, {"support_roles": []}),
    "IAM.26": (
        {"server_certificates": {"Expiration": NOW + timedelta(days=1)}},
        {"server_certificates": {"Expiration": NOW - timedelta(days=1)}},
    ),
    "IAM.28": (
        {"analyzers": [{"name": "one", "status": "ACTIVE", "type": "ACCOUNT"}]},
        {"analyzers": [{"name": "one", "status": "ACTIVE", "type": "ACCOUNT_UNUSED_ACCESS"}]},
    ),
    "IAM.27": ({"users": {"AttachedManagedPolicies": []}}, {"roles": SHELL}),
    "PX-1": (group(REQUIRE_MFA), group(policy(Effect="Allow", Action="*", Resource="*", Condition=NO_MFA))),
    "Account.1": ({"security_contact": True}, {"security_contact": False}),
}

# Logging and detection

BLOCK = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
INSECURE = {"Bool": {"aws:SecureTransport": "false"}}
TLS_ONLY = policy(Effect="Deny", Principal="*", Action="s3:*", Resource="*", Condition=INSECURE)
BUCKET: dict[str, Any] = {
    "Name": "one",
    "Policy": TLS_ONLY,
    "PolicyStatus": {"IsPublic": False},
    "Block": BLOCK,
    "Acl": [],
    "Logging": None,
    "Lifecycle": None,
    "Versioning": None,
    "Ownership": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    "Encryption": {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]},
}
TRAIL_GROUP = f"arn:aws:logs:ap-south-1:{ACCOUNT}:log-group:trail:*"
SELECTORS = {
    "EventSelectors": [
        {
            "IncludeManagementEvents": True,
            "ReadWriteType": "All",
            "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
        }
    ]
}
TRAIL = {
    "IsMultiRegionTrail": True,
    "Status": {"IsLogging": True},
    "Selectors": SELECTORS,
    "S3BucketName": "trail",
    "KmsKeyId": "arn:aws:kms:one",
    "LogFileValidationEnabled": True,
    "CloudWatchLogsLogGroupArn": TRAIL_GROUP,
}


def trail(bucket: Parts | None = None, **change: Any) -> Parts:
    parts: Parts = {"trails": {**TRAIL, **change}}
    return {**parts, "buckets": {**BUCKET, "Name": "trail", **bucket}} if bucket is not None else parts


def selectors(**change: Any) -> dict[str, Any]:
    return {"EventSelectors": [{**SELECTORS["EventSelectors"][0], **change}]}


def watched(pattern: str, actions: list[str]) -> Parts:
    transformation = {"metricNamespace": "CIS", "metricName": "one"}
    found = {"logGroupName": "trail", "filterName": "one", "filterPattern": pattern}
    return {
        "trails": TRAIL,
        "metric_filters": [{**found, "metricTransformations": [transformation]}],
        "alarms": {"Namespace": "CIS", "MetricName": "one", "AlarmActions": actions},
    }


def detector(name: str, status: str) -> Parts:
    return {"detectors": {"Detector": {"Status": "ENABLED", "Features": [{"Name": name, "Status": status}]}}}


def recorder(**change: Any) -> Parts:
    group = {"allSupported": True, "includeGlobalResourceTypes": True}
    return {"recorders": {"name": "one", "recordingGroup": group, "Status": {"recording": True}, **change}}


def standard(name: str) -> dict[str, str]:
    return {"StandardsArn": f"arn:aws:securityhub:ap-south-1::standards/{name}/v/1.0.0", "StandardsStatus": "READY"}


FSBP, CIS = standard("aws-foundational-security-best-practices"), standard("cis-aws-foundations-benchmark")


def inspector(kind: str, status: str) -> Parts:
    return {"inspector": {"resourceState": {kind: {"status": status}}}, "functions": {"Policy": None}}


def shield(*protected: str) -> Parts:
    balancers = {"_arn": "arn:one", "Scheme": "internet-facing"}
    return {"shield": {"Subscription": {"x": 1}, "Protected": list(protected)}, "load_balancers": balancers}


RECORDS: dict[str, tuple[Parts, Parts]] = {
    "CloudTrail.1": (trail(), trail(Selectors=selectors(ReadWriteType="WriteOnly"))),
    "CloudTrail.3": (trail(), trail(Status={"IsLogging": False})),
    "CloudTrail.2": (trail(), trail(KmsKeyId=None)),
    "CloudTrail.4": (trail(), trail(LogFileValidationEnabled=False)),
    "CloudTrail.5": (trail(), trail(CloudWatchLogsLogGroupArn=None)),
    "CloudTrail.6": (trail({}), trail({"PolicyStatus": {"IsPublic": True}})),
    "CloudTrail.7": (trail({"Logging": {"TargetBucket": "logs"}}), trail({"Logging": None})),
    "S3.22": (trail(), trail(Selectors=selectors(ReadWriteType="ReadOnly"))),
    "S3.23": (trail(), trail(Selectors=selectors(DataResources=[]))),
    "Config.1": (recorder(), recorder(Status={"recording": False})),
    "CloudWatch.16": ({"log_groups": {"retentionInDays": 365}}, {"log_groups": {"retentionInDays": 30}}),
    "PX-2": ({"log_groups": {"kmsKeyId": "arn:aws:kms:one"}}, {"log_groups": {}}),
    "GuardDuty.1": (detector("x", "ENABLED"), {"detectors": {"Detector": {"Status": "DISABLED"}}}),
    "CIS-3.0 4.16": ({"security_hub": {"HubArn": "arn:hub"}}, {"security_hub": {}}),
    "PX-3": ({"standards": [FSBP, CIS]}, {"standards": [FSBP]}),
    "Inspector.1": (inspector("ec2", "ENABLED"), inspector("lambda", "ENABLED")),
    "Inspector.4": (inspector("lambda", "ENABLED"), inspector("ec2", "ENABLED")),
    "PX-4": (shield("arn:one"), shield("arn:two")),
}
PATTERNS = {
    "1": '$.userIdentity.type = "Root"',
    "2": '$.errorCode = "AccessDenied*"',
    "3": '$.eventName = "ConsoleLogin" && $.additionalEventData.MFAUsed != "Yes"',
    "4": "PutRolePolicy AttachRolePolicy CreatePolicyVersion",
    "5": "UpdateTrail DeleteTrail StopLogging",
    "6": 'ConsoleLogin "Failed authentication"',
    "7": "DisableKey ScheduleKeyDeletion",
    "8": "PutBucketPolicy DeleteBucketPolicy",
    "9": "StopConfigurationRecorder DeleteDeliveryChannel",
    "10": "AuthorizeSecurityGroupIngress DeleteSecurityGroup",
    "11": "CreateNetworkAcl ReplaceNetworkAclEntry",
    "12": "AttachInternetGateway CreateCustomerGateway",
    "13": "CreateRoute ReplaceRoute DeleteRouteTable",
    "14": "CreateVpc AcceptVpcPeeringConnection",
}
for number, pattern in PATTERNS.items():
    RECORDS[f"CloudWatch.{number}"] = (watched(pattern, ["arn:sns"]), watched(pattern, []))
for number, name in (
    ("6", "LAMBDA_NETWORK_LOGS"),
    ("8", "EBS_MALWARE_PROTECTION"),
    ("9", "RDS_LOGIN_EVENTS"),
    ("10", "S3_DATA_EVENTS"),
    ("11", "RUNTIME_MONITORING"),
):
    RECORDS[f"GuardDuty.{number}"] = (detector(name, "ENABLED"), detector(name, "DISABLED"))

# Stores

EVERYBODY = {"Grantee": {"URI": "http://acs.amazonaws.com/groups/global/AllUsers"}}
PUBLIC = policy(Effect="Allow", Principal={"AWS": "*"}, Action="*", Resource="*")
KEY = {"Metadata": {"KeyManager": "CUSTOMER", "Origin": "AWS_KMS"}, "Rotation": True, "Policy": policy(Effect="Allow")}
OPEN_BLOCK = dict.fromkeys(BLOCK, False)


def bucket(**change: Any) -> Parts:
    return {"buckets": {**BUCKET, **change}}


def allowed(account: str) -> dict[str, Any]:
    principal = {"AWS": f"arn:aws:iam::{account}:root"}
    return policy(Effect="Allow", Principal=principal, Action="s3:PutBucketPolicy", Resource="*")


def secret(**values: Any) -> Parts:
    return {"secrets": values}


def topic(**values: Any) -> Parts:
    return {"topics": {"Attributes": values}}


STORES: dict[str, tuple[Parts, Parts]] = {
    "S3.1": (
        {"account_public_access_block": BLOCK},
        {"account_public_access_block": {**BLOCK, "BlockPublicPolicy": False}},
    ),
    "S3.2": (bucket(), bucket(Block=OPEN_BLOCK, Acl=[{**EVERYBODY, "Permission": "READ"}])),
    "S3.3": (
        bucket(Acl=[{**EVERYBODY, "Permission": "WRITE"}]),  # which the block ignores
        bucket(Block=OPEN_BLOCK, PolicyStatus={"IsPublic": True}),
    ),
    "S3.8": (bucket(), bucket(Block=None)),
    "S3.5": (bucket(), bucket(Policy=PUBLIC)),
    "S3.6": (bucket(Policy=allowed(ACCOUNT)), bucket(Policy=allowed(OTHER))),
    "S3.9": (bucket(Logging={"TargetBucket": "logs"}), bucket()),
    "S3.12": (bucket(), bucket(Ownership={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})),
    "S3.13": (bucket(Lifecycle=[{"ID": "old", "Status": "Enabled"}]), bucket(Lifecycle=[{"Status": "Disabled"}])),
    "S3.14": (bucket(Versioning="Enabled"), bucket(Versioning="Suspended")),
    "PX-5": (bucket(), bucket(Encryption=None)),
    "KMS.4": ({"keys": KEY}, {"keys": {**KEY, "Rotation": False}}),
    "KMS.5": ({"keys": KEY}, {"keys": {**KEY, "Policy": PUBLIC}}),
    "SecretsManager.1": (secret(OwningService="rds"), secret(RotationEnabled=False)),
    "SecretsManager.4": (
        secret(CreatedDate=NOW - timedelta(days=400), LastChangedDate=NOW - timedelta(days=90)),
        secret(CreatedDate=NOW - timedelta(days=91)),
    ),
    "PX-6": (secret(KmsKeyId="arn:aws:kms:one"), secret(KmsKeyId="alias/aws/secretsmanager")),
    "SNS.1": (topic(KmsMasterKeyId="alias/one"), topic()),
    "SNS.4": (
        topic(Policy=json.dumps(policy(Effect="Allow", Principal="*", Condition={"StringEquals": {"x": "y"}}))),
        topic(Policy=json.dumps(PUBLIC)),
    ),
}


def database(**values: Any) -> Parts:
    return {"databases": {"Engine": "postgres", "EngineVersion": "17.2", **values}}


def parameters(**values: Any) -> Parts:
    return database(Parameters={key.replace("_", ".", 1): value for key, value in values.items()})


DATA: dict[str, tuple[Parts, Parts]] = {
    "RDS.1": ({"database_snapshots": {"Restore": [OTHER]}}, {"database_snapshots": {"Restore": ["all"]}}),
    "RDS.4": ({"database_snapshots": {"Encrypted": True}}, {"database_snapshots": {"Encrypted": False}}),
    "RDS.6": (database(MonitoringInterval=60), database(MonitoringInterval=0)),
    "RDS.36": (
        database(EnabledCloudwatchLogsExports=["postgresql"]),
        database(EnabledCloudwatchLogsExports=["upgrade"]),
    ),
    "RDS.38": (parameters(), parameters(rds_force_ssl="0")),
    "RDS.11": (database(BackupRetentionPeriod=7), database(BackupRetentionPeriod=6)),
    "ElastiCache.1": ({"caches": {"SnapshotRetentionLimit": 1}}, {"caches": {"SnapshotRetentionLimit": 0}}),
    "ElastiCache.2": (
        {"caches": {"AutoMinorVersionUpgrade": True}},
        {"caches": {"Clusters": [{"AutoMinorVersionUpgrade": True}, {"AutoMinorVersionUpgrade": False}]}},
    ),
    "ElastiCache.3": ({"caches": {"AutomaticFailover": "enabled"}}, {"caches": {"AutomaticFailover": "disabled"}}),
    "ElastiCache.4": ({"caches": {"AtRestEncryptionEnabled": True}}, {"caches": {"AtRestEncryptionEnabled": False}}),
    "ElastiCache.5": ({"caches": {"TransitEncryptionEnabled": True}}, {"caches": {"TransitEncryptionEnabled": False}}),
    "ElastiCache.6": ({"caches": {"UserGroupIds": ["one"]}}, {"caches": {"AuthTokenEnabled": False}}),
    "PX-16": (database(MasterUserSecret={"SecretArn": "arn:secret"}), database()),
    "PX-17": ({"caches": {"MultiAZ": "enabled"}}, {"caches": {"MultiAZ": "disabled"}}),
}
for identifier, key, wanted in (
    ("RDS.2", "PubliclyAccessible", False),
    ("RDS.3", "StorageEncrypted", True),
    ("RDS.5", "MultiAZ", True),
    ("RDS.8", "DeletionProtection", True),
    ("RDS.10", "IAMDatabaseAuthenticationEnabled", True),
    ("RDS.13", "AutoMinorVersionUpgrade", True),
    ("RDS.17", "CopyTagsToSnapshot", True),
):
    DATA[identifier] = (database(**{key: wanted}), database(**{key: not wanted}))

# Machines

RUNNING = {"InstanceId": "i-1", "VpcId": "vpc-1", "State": {"Name": "running"}, "_tags": TAGS}


def defaults(**values: Any) -> Parts:
    return {"account_defaults": values}


def template(**data: Any) -> Parts:
    return {"launch_templates": {"Data": data}}


def asg(**values: Any) -> Parts:
    return {"autoscaling_groups": {"TargetGroupARNs": ["arn:one"], **values}}


def metadata(tokens: str) -> dict[str, Any]:
    return {"HttpTokens": tokens, "HttpEndpoint": "enabled"}


COMPUTE: dict[str, tuple[Parts, Parts]] = {
    "EC2.7": (defaults(EbsEncryptionByDefault=True), defaults(EbsEncryptionByDefault=False)),
    "EC2.182": (defaults(SnapshotBlock="block-all-sharing"), defaults(SnapshotBlock="unblocked")),
    "PX-7": (defaults(ImageBlock="block-new-sharing"), defaults(ImageBlock="unblocked")),
    "PX-8": (defaults(Metadata={"HttpTokens": "required"}), defaults(Metadata=None)),
    "EC2.1": ({"public_snapshots": []}, {"public_snapshots": {"SnapshotId": "snap-1"}}),
    "PX-9": ({"images": {"Public": False}}, {"images": {"Public": True}}),
    "EC2.3": (
        {"volumes": {"Attachments": [{}], "Encrypted": True, "Size": 8}},
        {"volumes": {"Attachments": [{}], "Encrypted": False, "Size": 8}},
    ),
    "EC2.8": (
        {"instances": {"MetadataOptions": metadata("required")}},
        {"instances": {"MetadataOptions": metadata("optional")}},
    ),
    "EC2.9": ({"instances": {}}, {"instances": {"PublicIpAddress": "203.0.113.7"}}),
    "SSM.1": ({"instances": RUNNING, "managed_instances": ["i-1"]}, {"instances": RUNNING, "managed_instances": []}),
    "EC2.170": (template(MetadataOptions=metadata("required")), template()),
    "EC2.25": (template(NetworkInterfaces=[{}]), template(NetworkInterfaces=[{"AssociatePublicIpAddress": True}])),
    "EC2.181": (
        template(BlockDeviceMappings=[{"Ebs": {"Encrypted": True}}]),
        template(BlockDeviceMappings=[{"Ebs": {"Encrypted": True}}, {"Ebs": {}}]),
    ),
    "AutoScaling.1": (asg(HealthCheckType="ELB"), asg(HealthCheckType="EC2")),
    "AutoScaling.2": (asg(AvailabilityZones=["a", "c"]), asg(AvailabilityZones=["a"])),
    "AutoScaling.9": (asg(LaunchTemplate={"LaunchTemplateId": "lt-1"}), asg(LaunchConfigurationName="old")),
    "Lambda.1": ({"functions": {"Policy": None}}, {"functions": {"Policy": PUBLIC}}),
}

# Network


def rule(port: int, source: str = "0.0.0.0/0", protocol: str = "tcp", last: int | None = None) -> dict[str, Any]:
    ranges = {"Ipv6Ranges": [{"CidrIpv6": source}]} if ":" in source else {"IpRanges": [{"CidrIp": source}]}
    return {"IpProtocol": protocol, "FromPort": port, "ToPort": port if last is None else last, **ranges}


def security_group(*rules: dict[str, Any], name: str = "one") -> Parts:
    group = {"GroupName": name, "GroupId": "sg-1", "IpPermissions": list(rules), "IpPermissionsEgress": []}
    return {"security_groups": group}


def acl(action: str) -> Parts:
    deny = {"Egress": False, "RuleNumber": 90, "Protocol": "6", "RuleAction": action, "CidrBlock": "0.0.0.0/0"}
    rules = [{**deny, "RuleNumber": 100, "Protocol": "-1", "RuleAction": "allow"}]
    ports = ({"From": 22, "To": 22}, {"From": 3389, "To": 3389})
    rules += [{**deny, "RuleNumber": 90 + number, "PortRange": span} for number, span in enumerate(ports)]
    return {"network_acls": {"Associations": [{}], "Entries": rules}}


def subnet(tier: str, zone: str = "a", **change: Any) -> dict[str, Any]:
    tags = {**TAGS, "Name": f"pixstory-test-main-{tier}-{zone}"}
    place = {"SubnetId": f"subnet-{tier}-{zone}", "VpcId": "vpc-1", "AvailabilityZone": f"ap-south-1{zone}"}
    return {**place, "MapPublicIpOnLaunch": False, "_tags": tags, **change}


def routed(tier: str, target: dict[str, str]) -> Parts:
    own = {"VpcId": "vpc-1", "Associations": [{"SubnetId": f"subnet-{tier}-a"}]}
    routes = [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}]
    routes += [{"DestinationCidrBlock": "0.0.0.0/0", **target}] if target else []
    main = {"VpcId": "vpc-1", "Associations": [{"Main": True}], "Routes": [{**routes[0], "GatewayId": "igw-1"}]}
    return {"subnets": [subnet(tier)], "route_tables": [main, {**own, "Routes": routes}]}


PEERING = {
    "VpcPeeringConnectionId": "pcx-1",
    "Status": {"Code": "active"},
    "AccepterVpcInfo": {"VpcId": "vpc-2", "CidrBlock": "10.1.0.0/16"},
    "RequesterVpcInfo": {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"},
}


def peering_route(cidr: str) -> Parts:
    route = {"DestinationCidrBlock": cidr, "VpcPeeringConnectionId": "pcx-1"}
    return {"peerings": PEERING, "route_tables": {"VpcId": "vpc-1", "Routes": [route]}}


def entrance(role: str, *rules: dict[str, Any]) -> Parts:
    machine = {**RUNNING, "SecurityGroups": [{"GroupId": "sg-1"}], "_tags": {**TAGS, "Role": role}}
    return {**security_group(*rules), "instances": machine}


def vpn(*addresses: str) -> Parts:
    machines = [
        {**RUNNING, "_tags": {**TAGS, "Role": "vpn"}},
        {**RUNNING, "InstanceId": "i-2", "_tags": {**TAGS, "Role": "web"}},
    ]
    balancer = {"Scheme": "internet-facing", "_name": "pixstory-test-public"}
    listed = [{"InstanceId": one} for one in addresses]
    return {"instances": machines, "addresses": listed, "load_balancers": balancer}


VPCS = [
    {"VpcId": "vpc-1", "_tags": TAGS, "_name": "pixstory-test-main"},
    {"VpcId": "vpc-2", "_tags": TAGS, "_name": "pixstory-test-speech"},
]


def flow_log(traffic: str) -> Parts:
    log = {"ResourceId": "vpc-1", "TrafficType": traffic, "FlowLogStatus": "ACTIVE"}
    return {"vpcs": {"VpcId": "vpc-1"}, "flow_logs": log}


NETWORK: dict[str, tuple[Parts, Parts]] = {
    "EC2.2": (security_group(name="default"), security_group(rule(0, "10.0.0.0/8", "-1"), name="default")),
    "EC2.53": (security_group(rule(22, "10.0.0.0/8")), security_group(rule(20, last=30))),
    "EC2.54": (security_group(rule(22)), security_group(rule(3389, "::/0"))),
    "EC2.19": (security_group(rule(443)), security_group(rule(5432))),
    "EC2.18": (security_group(rule(443), rule(80)), security_group(rule(0, "::/0", "-1"))),
    "EC2.6": (flow_log("ALL"), flow_log("ACCEPT")),
    "EC2.15": ({"subnets": subnet("public")}, {"subnets": subnet("public", MapPublicIpOnLaunch=True)}),
    "EC2.21": (acl("deny"), acl("allow")),
    "EC2.12": ({"addresses": {"AssociationId": "a"}}, {"addresses": {}}),
    "CIS-3.0 5.5": (peering_route("10.1.0.0/20"), peering_route("10.0.0.0/8")),
    "PX-10": (entrance("vpn", rule(1194, protocol="udp")), entrance("web", rule(1194, protocol="udp"))),
    "PX-11": (routed("app", {"NatGatewayId": "nat-1"}), routed("app", {"GatewayId": "igw-1"})),
    "PX-12": (routed("data", {}), routed("data", {"NatGatewayId": "nat-1"})),
    "PX-13": ({"subnets": [subnet("app"), subnet("app", "c")]}, {"subnets": [subnet("app"), subnet("data", "c")]}),
    "PX-14": (vpn("i-1"), vpn("i-1", "i-2")),
    "PX-15": ({"owned": {"_tags": TAGS}}, {"owned": {"_tags": {**TAGS, "Name": ""}}}),
    "PX-19": ({"vpcs": VPCS, "peerings": PEERING}, {"vpcs": VPCS}),
}

# The edge

ALB: dict[str, Any] = {
    "_arn": "arn:alb",
    "Type": "application",
    "Scheme": "internet-facing",
    "AvailabilityZones": [{"ZoneName": "a"}, {"ZoneName": "c"}],
    "Attributes": {
        "routing.http.drop_invalid_header_fields.enabled": "true",
        "access_logs.s3.enabled": "true",
        "deletion_protection.enabled": "true",
        "routing.http.desync_mitigation_mode": "defensive",
    },
}
REDIRECT = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS"}}


def alb(**change: Any) -> Parts:
    return {"load_balancers": {**ALB, **change}}


def attribute(key: str, value: str) -> Parts:
    return alb(Attributes={**ALB["Attributes"], key: value})


def plain(action: dict[str, Any]) -> Parts:
    return alb(Listeners=[{"Protocol": "HTTP", "Port": 80, "DefaultActions": [action]}])


def tls(name: str) -> Parts:
    return alb(Listeners=[{"Protocol": "HTTPS", "Port": 443, "SslPolicy": name, "DefaultActions": []}])


CUSTOM = {"OriginProtocolPolicy": "https-only", "OriginSslProtocols": {"Items": ["TLSv1.2"]}}
CONFIG: dict[str, Any] = {
    "Origins": {"Items": [{"Id": "alb", "CustomOriginConfig": CUSTOM}]},
    "DefaultCacheBehavior": {"ViewerProtocolPolicy": "redirect-to-https", "ResponseHeadersPolicyId": "one"},
}
S3_ORIGIN = {"Id": "media", "S3OriginConfig": {"OriginAccessIdentity": ""}}


def edge(**change: Any) -> Parts:
    return {"distributions": {"Config": {**CONFIG, **change}}}


def origins(*items: dict[str, Any], **change: Any) -> Parts:
    return edge(Origins={"Items": list(items)}, **change)


def certificate(**values: Any) -> Parts:
    return {"edge_certificates": {"Certificate": {"Status": "ISSUED", "KeyAlgorithm": "RSA_2048", **values}}}


def behaviours(**second: Any) -> Parts:
    return edge(CacheBehaviors={"Items": [{**CONFIG["DefaultCacheBehavior"], "PathPattern": "/media/*", **second}]})


OLD = {"OriginProtocolPolicy": "match-viewer", "OriginSslProtocols": {"Items": ["SSLv3", "TLSv1.2"]}}
OLD_ORIGIN = {"Id": "old", "CustomOriginConfig": OLD}
EDGE: dict[str, tuple[Parts, Parts]] = {
    "ELB.1": (plain(REDIRECT), plain({"Type": "forward"})),
    "ELB.4": (alb(), attribute("routing.http.drop_invalid_header_fields.enabled", "false")),
    "ELB.5": (alb(), attribute("access_logs.s3.enabled", "false")),
    "ELB.6": (alb(), attribute("deletion_protection.enabled", "false")),
    "ELB.12": (alb(), attribute("routing.http.desync_mitigation_mode", "monitor")),
    "ELB.13": (alb(), alb(AvailabilityZones=[{"ZoneName": "a"}])),
    "ELB.16": ({**alb(), "web_acls": {"Guarded": ["arn:alb"]}}, {**alb(), "web_acls": {"Guarded": ["arn:other"]}}),
    "ELB.17": (tls("ELBSecurityPolicy-TLS13-1-2-Res-2021-06"), tls("ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06")),
    "WAF.10": ({"web_acls": {"Rules": [{"Name": "one"}]}}, {"edge_web_acls": {"Rules": []}}),
    "WAF.11": ({"web_acls": {"Logging": {"LogDestinationConfigs": ["arn:one"]}}}, {"edge_web_acls": {"Logging": None}}),
    "CloudFront.1": (origins(S3_ORIGIN, DefaultRootObject="index.html"), origins(S3_ORIGIN, DefaultRootObject="")),
    "CloudFront.3": (edge(), behaviours(ViewerProtocolPolicy="allow-all")),
    "CloudFront.5": (edge(Logging={"Enabled": True}), edge(Logging={"Enabled": False})),
    "CloudFront.6": (edge(WebACLId="arn:acl"), edge(WebACLId="")),
    "CloudFront.9": (edge(), origins(OLD_ORIGIN)),
    "CloudFront.10": (edge(), origins(OLD_ORIGIN)),
    "CloudFront.13": (origins({**S3_ORIGIN, "OriginAccessControlId": "one"}), origins(S3_ORIGIN)),
    "CloudFront.15": (
        edge(ViewerCertificate={"MinimumProtocolVersion": "TLSv1.2_2021"}),
        edge(ViewerCertificate={"MinimumProtocolVersion": "TLSv1.1_2016"}),
    ),
    "PX-18": (edge(), behaviours(ResponseHeadersPolicyId=None)),
    "ACM.1": (certificate(NotAfter=NOW + timedelta(days=30)), certificate(NotAfter=NOW + timedelta(days=29))),
    "ACM.2": (certificate(), certificate(KeyAlgorithm="RSA-1024")),
}

CASES = {**PEOPLE, **RECORDS, **STORES, **DATA, **COMPUTE, **NETWORK, **EDGE}
