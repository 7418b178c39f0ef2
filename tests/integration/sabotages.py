"""Ways to make production worse, each with the control that has to find it and the name that it has to say."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from .conftest import Emulator

REGION = "ap-south-1"
ACCOUNT = "123456789012"
PREFIX = "pixstory-production"
TRAIL = f"{PREFIX}-account"
WORLD = "0.0.0.0/0"
Json = dict[str, Any]


@dataclass(eq=False)
class Cloud:
    """Clients of the account, and what one looks up there."""

    emulator: Emulator
    made: dict[str, str] = field(default_factory=dict)  # what a sabotage has made, by a name of its own

    @cache  # noqa: B019 - lives as long as the tests of a file
    def __call__(self, service: str, region: str = REGION) -> Any:
        return self.emulator.client(service, region)

    def lab(self, query: str) -> None:
        """What no call to AWS does."""
        urllib.request.urlopen(f"{self.emulator.url}/_lab/account?{query}", b"").close()

    def _one(self, operation: str, result: str, name: str) -> Json:
        named = [{"Name": "tag:Name", "Values": [name]}]
        (found,) = getattr(self("ec2"), operation)(Filters=named)[result]
        return found

    def group(self, role: str) -> str:
        return self._one("describe_security_groups", "SecurityGroups", f"{PREFIX}-{role}")["GroupId"]

    def subnet(self, name: str) -> Json:
        return self._one("describe_subnets", "Subnets", f"{PREFIX}-{name}")

    def instance(self, name: str) -> Json:
        return self._one("describe_instances", "Reservations", f"{PREFIX}-{name}")["Instances"][0]

    def balancer(self, name: str) -> str:
        return self("elbv2").describe_load_balancers(Names=[f"{PREFIX}-{name}"])["LoadBalancers"][0]["LoadBalancerArn"]

    def key(self, name: str) -> str:
        return self("kms").describe_key(KeyId=f"alias/{PREFIX}-{name}")["KeyMetadata"]["KeyId"]

    def topic(self, name: str) -> str:
        return f"arn:aws:sns:{REGION}:{ACCOUNT}:{PREFIX}-{name}"

    def bucket(self, name: str) -> str:
        return f"{PREFIX}-{name}-{ACCOUNT}"


@dataclass(frozen=True)
class Sabotage:
    """``named`` has to stand in the finding of ``control``: as its resource's name, or in the values read."""

    what: str
    control: str
    named: str  # may have {a name of Cloud.made}
    do: Callable[[Cloud], None]


SABOTAGES: list[Sabotage] = []


def sabotage(control: str, named: str) -> Callable[[Callable[[Cloud], None]], Callable[[Cloud], None]]:
    def declare(do: Callable[[Cloud], None]) -> Callable[[Cloud], None]:
        SABOTAGES.append(Sabotage(do.__name__, control, named, do))
        return do

    return declare


def _everybody(action: str, resource: str) -> str:
    statement = {"Sid": "Everybody", "Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _let_in(cloud: Cloud, role: str, port: int) -> None:
    rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": WORLD}]}
    cloud("ec2").authorize_security_group_ingress(GroupId=cloud.group(role), IpPermissions=[rule])


# What is stored


@sabotage("S3.8", f"{PREFIX}-media-{ACCOUNT}")
def bucket_loses_its_public_access_block(cloud: Cloud) -> None:
    cloud("s3").delete_public_access_block(Bucket=cloud.bucket("media"))


@sabotage("S3.2", f"{PREFIX}-pages-{ACCOUNT}")
def bucket_is_made_public(cloud: Cloud) -> None:
    bucket = cloud.bucket("pages")
    cloud("s3").delete_public_access_block(Bucket=bucket)
    cloud("s3").put_bucket_policy(Bucket=bucket, Policy=_everybody("s3:GetObject", f"arn:aws:s3:::{bucket}/*"))


@sabotage("KMS.4", f"{PREFIX}-data")
def key_rotates_no_more(cloud: Cloud) -> None:
    cloud("kms").disable_key_rotation(KeyId=cloud.key("data"))


@sabotage("KMS.5", f"{PREFIX}-secrets")
def key_is_given_to_everybody(cloud: Cloud) -> None:
    cloud("kms").put_key_policy(KeyId=cloud.key("secrets"), PolicyName="default", Policy=_everybody("kms:*", "*"))


@sabotage("SNS.4", f"{PREFIX}-security")
def topic_is_opened(cloud: Cloud) -> None:
    topic = cloud.topic("security")
    cloud("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=_everybody("sns:Publish", topic)
    )


@sabotage("EC2.1", "{snapshot}")
def snapshot_is_shared_with_everybody(cloud: Cloud) -> None:
    ec2 = cloud("ec2")
    volume = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1, Encrypted=False)["VolumeId"]
    cloud.made["snapshot"] = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    ec2.modify_snapshot_attribute(
        SnapshotId=cloud.made["snapshot"],
        Attribute="createVolumePermission",
        OperationType="add",
        GroupNames=["all"],
    )


@sabotage("RDS.2", f"{PREFIX}-main")
def database_is_made_public(cloud: Cloud) -> None:
    cloud("rds").modify_db_instance(
        DBInstanceIdentifier=f"{PREFIX}-main", PubliclyAccessible=True, ApplyImmediately=True
    )


@sabotage("RDS.13", f"{PREFIX}-main")
def database_is_upgraded_no_more(cloud: Cloud) -> None:
    cloud("rds").modify_db_instance(
        DBInstanceIdentifier=f"{PREFIX}-main", AutoMinorVersionUpgrade=False, ApplyImmediately=True
    )


# The network


@sabotage("EC2.53", f"{PREFIX}-app")
def ssh_is_opened(cloud: Cloud) -> None:
    _let_in(cloud, "app", 22)


@sabotage("EC2.19", f"{PREFIX}-database")
def database_port_is_opened(cloud: Cloud) -> None:
    _let_in(cloud, "database", 5432)


@sabotage("PX-10", f"{PREFIX}-web")
def second_way_in_is_made(cloud: Cloud) -> None:
    _let_in(cloud, "web", 443)


@sabotage("PX-12", f"{PREFIX}-main-data-a")
def data_tier_gets_a_way_out(cloud: Cloud) -> None:
    ec2, subnet = cloud("ec2"), cloud.subnet("main-data-a")
    uses = [{"Name": "association.subnet-id", "Values": [subnet["SubnetId"]]}]
    here = [{"Name": "attachment.vpc-id", "Values": [subnet["VpcId"]]}]
    ec2.create_route(
        RouteTableId=ec2.describe_route_tables(Filters=uses)["RouteTables"][0]["RouteTableId"],
        DestinationCidrBlock=WORLD,
        GatewayId=ec2.describe_internet_gateways(Filters=here)["InternetGateways"][0]["InternetGatewayId"],
    )


@sabotage("EC2.8", f"{PREFIX}-vpn")
def machine_hands_out_its_role(cloud: Cloud) -> None:
    machine = cloud.instance("vpn")["InstanceId"]
    cloud("ec2").modify_instance_metadata_options(InstanceId=machine, HttpTokens="optional")


@sabotage("EC2.182", "unblocked")
def snapshots_may_be_made_public(cloud: Cloud) -> None:
    cloud("ec2").disable_snapshot_block_public_access()


@sabotage("ELB.16", f"{PREFIX}-public")
def load_balancer_loses_its_web_acl(cloud: Cloud) -> None:
    cloud("wafv2").disassociate_web_acl(ResourceArn=cloud.balancer("public"))


@sabotage("ELB.6", f"{PREFIX}-web")
def load_balancer_may_be_deleted(cloud: Cloud) -> None:
    cloud("elbv2").modify_load_balancer_attributes(
        LoadBalancerArn=cloud.balancer("web"), Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}]
    )


# Who watches


@sabotage("CloudTrail.3", TRAIL)
def trail_is_stopped(cloud: Cloud) -> None:
    cloud("cloudtrail").stop_logging(Name=TRAIL)


@sabotage("GuardDuty.1", "{detector}")
def detector_is_off(cloud: Cloud) -> None:
    (cloud.made["detector"],) = cloud("guardduty").list_detectors()["DetectorIds"]
    cloud("guardduty").update_detector(DetectorId=cloud.made["detector"], Enable=False)


@sabotage("Config.1", "{recorder}")
def recorder_is_stopped(cloud: Cloud) -> None:
    (recorder,) = cloud("config").describe_configuration_recorders()["ConfigurationRecorders"]
    cloud.made["recorder"] = recorder["name"]
    cloud("config").stop_configuration_recorder(ConfigurationRecorderName=recorder["name"])


@sabotage("CIS-3.0 4.16", f"account {ACCOUNT}")
def security_hub_is_disabled(cloud: Cloud) -> None:
    cloud("securityhub").disable_security_hub()


@sabotage("IAM.28", f"account {ACCOUNT}")
def analyzers_are_deleted(cloud: Cloud) -> None:
    analyzer = cloud("accessanalyzer")
    for one in analyzer.list_analyzers()["analyzers"]:
        analyzer.delete_analyzer(analyzerName=one["name"])


# People


@sabotage("IAM.9", f"account {ACCOUNT}")
def root_user_loses_its_mfa_device(cloud: Cloud) -> None:
    cloud.lab("root_mfa=0")


@sabotage("PX-1", f"{PREFIX}-developers")
def group_loses_the_policy_that_demands_mfa(cloud: Cloud) -> None:
    iam, name = cloud("iam"), f"{PREFIX}-developers"
    for one in iam.list_attached_group_policies(GroupName=name)["AttachedPolicies"]:
        if one["PolicyName"].endswith("require-mfa"):
            iam.detach_group_policy(GroupName=name, PolicyArn=one["PolicyArn"])


@sabotage("IAM.1", "everything")
def policy_allows_everything(cloud: Cloud) -> None:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloud("iam").create_policy(PolicyName="everything", PolicyDocument=document)


@sabotage("IAM.3", "mallory")
def access_key_grows_old(cloud: Cloud) -> None:
    cloud("iam").create_user(UserName="mallory")
    cloud.made["key"] = cloud("iam").create_access_key(UserName="mallory")["AccessKey"]["AccessKeyId"]
    cloud.lab("older=mallory&days=91")


# What a function of the role aws_remediation mends: the sabotage, the function, and the call that CloudTrail records.


@dataclass(frozen=True)
class Mended:
    what: str
    function: str
    source: str
    call: str
    parameters: Callable[[Cloud], Json]
    state: Callable[[Cloud], Any]
    sound: Any  # the state of what is as it should be

    def event(self, cloud: Cloud) -> Json:
        """As EventBridge delivers it.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
        """
        event: Json = {
            "version": "0",
            "id": "5f2c7a10-1111-2222-3333-444455556666",
            "account": ACCOUNT,
            "time": "2026-11-23T10:00:00Z",
            "region": REGION,
            "resources": [],
        }
        if not self.call:
            return {**event, "source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
        return {
            **event,
            "source": f"aws.{self.source}",
            "detail-type": "AWS API Call via CloudTrail",
            "detail": {
                "eventSource": f"{self.source}.amazonaws.com",
                "eventName": self.call,
                "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/mallory"},
                "requestParameters": self.parameters(cloud),
            },
        }


def _block(name: str) -> Callable[[Cloud], Any]:
    def state(cloud: Cloud) -> Any:
        try:
            answer = cloud("s3").get_public_access_block(Bucket=cloud.bucket(name))
        except cloud("s3").exceptions.ClientError:
            return None
        return all(answer["PublicAccessBlockConfiguration"].values())

    return state


def _open_to_the_world(role: str) -> Callable[[Cloud], Any]:
    def state(cloud: Cloud) -> Any:
        (group,) = cloud("ec2").describe_security_groups(GroupIds=[cloud.group(role)])["SecurityGroups"]
        ranges = [(one["FromPort"], cidr["CidrIp"]) for one in group["IpPermissions"] for cidr in one["IpRanges"]]
        return [port for port, cidr in ranges if cidr == WORLD]

    return state


def _shared_with(cloud: Cloud) -> Any:
    return cloud("ec2").describe_snapshot_attribute(
        SnapshotId=cloud.made["snapshot"], Attribute="createVolumePermission"
    )["CreateVolumePermissions"]


def _key_state(cloud: Cloud) -> Any:
    (key,) = cloud("iam").list_access_keys(UserName="mallory")["AccessKeyMetadata"]
    return key["Status"]


def _logging(cloud: Cloud) -> Any:
    return cloud("cloudtrail").get_trail_status(Name=TRAIL)["IsLogging"]


def _of_bucket(name: str) -> Callable[[Cloud], Json]:
    return lambda cloud: {"bucketName": cloud.bucket(name)}


def _of_group(role: str) -> Callable[[Cloud], Json]:
    return lambda cloud: {"groupId": cloud.group(role)}


BUCKET, GROUP = "public-bucket", "open-security-group"
OPENED = "AuthorizeSecurityGroupIngress"
MENDED = [
    Mended(
        bucket_loses_its_public_access_block.__name__,
        BUCKET,
        "s3",
        "DeleteBucketPublicAccessBlock",
        _of_bucket("media"),
        _block("media"),
        True,
    ),
    Mended(bucket_is_made_public.__name__, BUCKET, "s3", "PutBucketPolicy", _of_bucket("pages"), _block("pages"), True),
    Mended(ssh_is_opened.__name__, GROUP, "ec2", OPENED, _of_group("app"), _open_to_the_world("app"), []),
    Mended(
        database_port_is_opened.__name__,
        GROUP,
        "ec2",
        OPENED,
        _of_group("database"),
        _open_to_the_world("database"),
        [],
    ),
    Mended(second_way_in_is_made.__name__, GROUP, "ec2", OPENED, _of_group("web"), _open_to_the_world("web"), []),
    Mended(
        snapshot_is_shared_with_everybody.__name__,
        "shared-snapshot",
        "ec2",
        "ModifySnapshotAttribute",
        lambda cloud: {"snapshotId": cloud.made["snapshot"]},
        _shared_with,
        [],
    ),
    Mended(access_key_grows_old.__name__, "stale-access-key", "", "", lambda cloud: {}, _key_state, "Inactive"),
    Mended(
        trail_is_stopped.__name__,
        "stopped-trail",
        "cloudtrail",
        "StopLogging",
        lambda cloud: {"name": f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{TRAIL}"},
        _logging,
        True,
    ),
]
