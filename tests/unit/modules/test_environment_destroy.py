# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Destroys a small environment that has a neighbour and foreign things in its account."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ansible_collections.pixstory.platform.plugins.module_utils.kinds import KINDS, removal
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.base import Scope
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.calls import Aws
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.data import final_snapshot_name
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.errors import CallFailed
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.reader import describe
from tests.unit.environments import IMAGE, Builder, build_foreign, foreign_stands, run_any_module, run_module

# What AWS insists on and the emulator does not.
ORDER = (
    ("ec2.RevokeSecurityGroupIngress", "ec2.DeleteSecurityGroup"),
    ("autoscaling.DeleteAutoScalingGroup", "ec2.TerminateInstances"),
    ("ec2.TerminateInstances", "ec2.DeleteSubnet"),
    ("ec2.DeleteNatGateway", "ec2.ReleaseAddress"),
    ("ec2.ReleaseAddress", "ec2.DetachInternetGateway"),
    ("rds.ModifyDBInstance", "rds.DeleteDBInstance"),
    ("rds.DeleteDBInstance", "rds.DeleteDBSubnetGroup"),
    ("elbv2.DeleteLoadBalancer", "elbv2.DeleteTargetGroup"),
    ("secretsmanager.DeleteSecret", "kms.ScheduleKeyDeletion"),
)
SCOPE = Scope("pixstory", "staging", "ap-south-1", "123456789012")
READS = ("describe_", "list_", "get_")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "POLL_SECONDS", 0.05)


def destroy(emulator: Any, *, check: bool = False, **args: Any) -> dict[str, Any]:
    arguments = {"environment": "staging", "confirm": "staging", "wait_timeout": 20, **args}
    return run_module("environment_destroy", emulator.url, check=check, **arguments)


def read(emulator: Any, environment: str = "staging") -> dict[str, Any]:
    return run_module("environment_info", emulator.url, environment=environment)["index"]


def standing(emulator: Any) -> dict[str, list[str]]:
    index = read(emulator)
    return {key: sorted(index[key]) for key in KINDS if index[key]}


# What is refused


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            {"confirm": "production"},
            "confirm is 'production', but the environment is 'staging'. Nothing was deleted. To destroy it, set "
            "confirm to 'staging'.",
        ),
        (
            {"keep_snapshots": False},
            "final_snapshots is true and keep_snapshots is false, so the final snapshots would be deleted with the "
            "others. Set final_snapshots to false to leave no snapshot, or keep_snapshots to true.",
        ),
        ({"kms_pending_window_in_days": 5}, "kms_pending_window_in_days is 5. AWS takes 7 to 30."),
        ({"recovery_window_in_days": 3}, "recovery_window_in_days is 3. AWS takes 7 to 30."),
    ],
)
def test_refusals_come_before_any_call(args: dict[str, Any], message: str) -> None:
    arguments = {"environment": "staging", "confirm": "staging", **args}
    result = run_module("environment_destroy", "http://127.0.0.1:9", **arguments)
    assert result["failed"]
    assert result["msg"] == message


# The whole of it


def test_an_environment_is_destroyed_and_its_neighbour_stays(emulator: Any) -> None:
    staging = Builder(emulator.client, "staging", 10).build()
    Builder(emulator.client, "production", 20).build()
    foreign = build_foreign(emulator.client, "staging")
    neighbour, others = read(emulator, "production"), foreign_stands(emulator.client, "staging", foreign)
    emulator.writes()

    foreseen = destroy(emulator, check=True)
    assert emulator.writes() == []
    assert foreseen["changed"]
    assert KINDS.keys() - standing(emulator).keys() == {"cache_snapshots", "lambda_functions"}  # there are none yet

    done = destroy(emulator)
    assert done["changed"], done.get("msg")
    assert done["deleted"] == foreseen["deleted"]
    assert "warnings" not in done

    created = read_times(done)
    assert standing(emulator) == {
        "snapshots": sorted([*created["snapshots"]]),
        "db_snapshots": ["main-before-upgrade", f"main-final-{created['db']}"],
        "cache_snapshots": [f"main-final-{created['cache']}"],
        "kms_keys": ["data"],
    }
    reasons = {(one["kind"], one["reason"]) for one in done["kept"]}
    assert reasons == {
        *((kind, "A snapshot is kept unless keep_snapshots is false.") for kind in KINDS if KINDS[kind].backup),
        ("kms_keys", "Kept snapshots are encrypted with this key."),
    }
    assert read(emulator, "production") == neighbour
    assert foreign_stands(emulator.client, "staging", foreign) == others
    assert len(others) == 10
    assert not emulator.client("ec2").describe_vpcs(VpcIds=[foreign["vpc"]])["Vpcs"][0].get("Tags")
    secret = emulator.client("secretsmanager").describe_secret(SecretId="/staging/session-key")
    assert secret["DeletedDate"]
    snapshot = emulator.client("ec2").describe_snapshots(
        Filters=[{"Name": "tag:FinalSnapshotOf", "Values": [staging.volume]}]
    )["Snapshots"]
    assert len(snapshot) == 1

    emulator.writes()
    again = destroy(emulator)
    assert not again["changed"]
    assert again["deleted"] == []
    assert emulator.writes() == []
    assert again["kept"] == done["kept"]


def read_times(done: dict[str, Any]) -> dict[str, Any]:
    """The generated ends of the names of what is kept."""
    kept: dict[str, list[str]] = {}
    for one in done["kept"]:
        kept.setdefault(one["kind"], []).append(one["id"])
    return {
        "snapshots": kept["snapshots"],
        "db": next(one for one in kept["db_snapshots"] if "-final-" in one).rpartition("-")[2],
        "cache": kept["cache_snapshots"][0].rpartition("-")[2],
    }


def test_nothing_is_left_when_nothing_is_to_be_kept(emulator: Any) -> None:
    Builder(emulator.client, "staging", 10).build()
    options = {
        "final_snapshots": False,
        "keep_snapshots": False,
        "recovery_window_in_days": 0,
        "kms_pending_window_in_days": 7,
    }
    emulator.writes()
    done = destroy(emulator, **options)
    assert done["changed"], done.get("msg")
    writes = emulator.writes()
    for first, then in ORDER:
        assert writes.index(first) < writes.index(then), (first, then)
    assert done["kept"] == done["final_snapshots"] == []
    assert standing(emulator) == {}
    assert emulator.client("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"] == []
    (key,) = [one for one in done["deleted"] if one["kind"] == "kms_keys"]
    described = emulator.client("kms").describe_key(KeyId=key["id"])["KeyMetadata"]
    assert described["KeyState"] == "PendingDeletion"


# Interrupted


class Interruption:
    """Lets a number of write calls through and then no more, as a process that was killed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, writes: int) -> None:
        self.left = writes
        self.lock = threading.Lock()
        call = Aws.call

        def interrupted(aws: Aws, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
            if not operation.startswith(READS):
                with self.lock:
                    self.left -= 1
                    if self.left < 0:
                        raise ConnectionError("interrupted")
            return call(aws, service, operation, **arguments)

        monkeypatch.setattr(Aws, "call", interrupted)


def test_an_interrupted_destruction_is_finished_by_running_again(emulator: Any) -> None:
    Builder(emulator.client, "staging", 10).build()
    sizes = [sum(map(len, standing(emulator).values()))]
    for writes in (4, 9, 17):
        with pytest.MonkeyPatch.context() as patch:
            Interruption(patch, writes)
            result = destroy(emulator)
        assert result["failed"]
        assert "interrupted" in result["msg"]
        assert result["msg"].startswith("The environment staging is not destroyed. ")
        assert result["left"]
        sizes.append(sum(map(len, standing(emulator).values())))
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < sizes[0]

    done = destroy(emulator)
    assert done["changed"], done.get("msg")
    assert standing(emulator).keys() == {"snapshots", "db_snapshots", "cache_snapshots", "kms_keys"}
    final = [name for name in standing(emulator)["db_snapshots"] if "-final-" in name]
    assert len(final) == 1


# Provisioned again


NOTHING_KEPT = {"final_snapshots": False, "keep_snapshots": False, "kms_pending_window_in_days": 7}


def provision_key_and_secret(emulator: Any) -> dict[str, Any]:
    """As the roles aws_keys and aws_secrets do."""
    tags = {"Project": "pixstory", "Environment": "staging", "ManagedBy": "ansible"}
    key = run_any_module("amazon.aws.kms_key", emulator.url, alias="pixstory-staging-secrets", tags=tags)
    assert "key_arn" in key, key
    secret = run_any_module(
        "pixstory.platform.secretsmanager_generated_secret",
        emulator.url,
        name="/staging/web/token",
        kms_key_id=key["key_arn"],
        tags=tags,
    )
    value = emulator.client("secretsmanager").get_secret_value(SecretId="/staging/web/token")["SecretString"]
    return {
        "key": key["key_id"],
        "state": key["key_state"],
        "encrypted": emulator.client("secretsmanager").describe_secret(SecretId=secret["secret"]["arn"])["KmsKeyId"],
        "secret": secret["secret"]["arn"],
        "value": value,
        "changed": key["changed"] or secret["changed"],
    }


def test_provisioned_again_it_has_its_key_and_its_secret(emulator: Any) -> None:
    before = provision_key_and_secret(emulator)
    assert before["state"] == "Enabled"
    ciphertext = emulator.client("kms").encrypt(KeyId=before["key"], Plaintext=b"kept")["CiphertextBlob"]
    done = destroy(emulator, **NOTHING_KEPT)
    assert {one["kind"] for one in done["deleted"]} == {"kms_keys", "secrets"}
    assert emulator.client("kms").describe_key(KeyId=before["key"])["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert standing(emulator) == {}

    after = provision_key_and_secret(emulator)
    assert after["changed"]
    assert {**after, "changed": None} == {**before, "changed": None}
    assert emulator.client("kms").decrypt(CiphertextBlob=ciphertext)["Plaintext"] == b"kept"
    assert not provision_key_and_secret(emulator)["changed"]


def test_a_key_that_is_pending_deletion_is_neither_deleted_nor_waited_for(emulator: Any) -> None:
    provision_key_and_secret(emulator)
    assert destroy(emulator, **NOTHING_KEPT)["changed"]
    emulator.writes()
    planned, again = destroy(emulator, check=True, **NOTHING_KEPT), destroy(emulator, wait_timeout=0, **NOTHING_KEPT)
    assert not planned["changed"]
    assert not again["changed"]
    assert again["deleted"] == again["kept"] == []
    assert "warnings" not in again
    assert emulator.writes() == []
    assert standing(emulator) == {}


@pytest.mark.parametrize(("outlives", "kept"), [(False, set()), (True, {"kms_keys", "snapshots"})])
def test_the_key_of_a_volume_stays_only_if_a_snapshot_does(
    emulator: Any, monkeypatch: pytest.MonkeyPatch, outlives: bool, kept: set[str]
) -> None:
    staging = Builder(emulator.client, "staging", 10)
    staging.keys()
    pages = Aws.pages

    def with_keys(aws: Aws, service: str, operation: str, key: str, **arguments: Any) -> list[dict[str, Any]]:
        """The emulator does not say what an EBS snapshot is encrypted with."""
        found = pages(aws, service, operation, key, **arguments)
        encrypted = (service, operation) == ("ec2", "describe_snapshots")
        return [{**one, "KmsKeyId": staging.key} for one in found] if encrypted else found

    monkeypatch.setattr(Aws, "pages", with_keys)
    ec2 = emulator.client("ec2")
    disk = {"VolumeSize": 8, "Encrypted": True, "KmsKeyId": staging.key, "DeleteOnTermination": True}
    ec2.run_instances(
        ImageId=IMAGE,
        MinCount=1,
        MaxCount=1,
        BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": disk}],
        TagSpecifications=[
            {"ResourceType": resource, "Tags": staging.tags("web")} for resource in ("instance", "volume")
        ],
    )
    if outlives:
        volume = {"AvailabilityZone": "ap-south-1a", "Size": 8, "Encrypted": True, "KmsKeyId": staging.key}
        ec2.create_volume(**volume, **staging.spec("volume", "data"))
    (attached,) = (item for item in read(emulator)["volumes"].values() if item["name"] == "web")
    assert attached["kms_key_id"] == staging.key
    done = destroy(emulator)
    assert "failed" not in done, done["msg"]
    assert {one["kind"] for one in done["kept"]} == set(standing(emulator)) == kept
    assert not destroy(emulator)["changed"]


# Final snapshots of caches


def staging_cache(emulator: Any) -> Builder:
    staging = Builder(emulator.client, "staging", 10)
    staging.keys()
    emulator.client("elasticache").create_replication_group(
        ReplicationGroupId="pixstory-staging-main",
        ReplicationGroupDescription="cache",
        Engine="redis",
        CacheNodeType="cache.t3.micro",
        Tags=staging.tags("main"),
    )
    return staging


class SlowSnapshot:
    """A snapshot that is not there at first, then is made, and then there; tags are refused until then."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, states: list[str | None]) -> None:
        self.states = states
        pages, call = Aws.pages, Aws.call

        def slow(aws: Aws, service: str, operation: str, key: str, **arguments: Any) -> list[dict[str, Any]]:
            found = pages(aws, service, operation, key, **arguments)
            if operation != "describe_snapshots" or service != "elasticache":
                return found
            if "SnapshotName" in arguments and self.states:
                state = self.states.pop(0)
                return [{**one, "SnapshotStatus": state} for one in found] if state else []
            return found

        def strict(aws: Aws, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
            if operation == "add_tags_to_resource" and self.states:
                error = ClientError({"Error": {"Code": "SnapshotNotFoundFault", "Message": "no"}}, "AddTagsToResource")
                raise CallFailed(service, "AddTagsToResource", error)
            return call(aws, service, operation, **arguments)

        monkeypatch.setattr(Aws, "pages", slow)
        monkeypatch.setattr(Aws, "call", strict)


def test_a_final_snapshot_that_takes_its_time_is_tagged(emulator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    staging_cache(emulator)
    slow = SlowSnapshot(monkeypatch, [None, None, "creating", "creating"])
    done = destroy(emulator)
    assert "failed" not in done, done["msg"]
    assert slow.states == []
    (name,) = standing(emulator)["cache_snapshots"]
    assert done["final_snapshots"] == [f"pixstory-staging-{name}"]


def test_a_final_snapshot_that_never_comes_is_named(emulator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    staging_cache(emulator)
    SlowSnapshot(monkeypatch, [None] * 1000)
    result = destroy(emulator, wait_timeout=1)
    assert [one["kind"] for one in result["left"]] == ["replication_groups"]
    assert "The final snapshot pixstory-staging-main-final-" in result["msg"]
    assert "was not available within 1 s" in result["msg"]
    # The key was not scheduled for deletion.
    assert standing(emulator)["kms_keys"] == ["data"]


@pytest.mark.parametrize("asked", [True, False])
def test_a_group_that_is_going_already_is_waited_for(
    emulator: Any, monkeypatch: pytest.MonkeyPatch, asked: bool
) -> None:
    """Whoever began to delete it may or may not have asked for the final snapshot."""
    staging_cache(emulator)
    cache = emulator.client("elasticache")
    pages, listed = Aws.pages, []

    def going(aws: Aws, service: str, operation: str, key: str, **arguments: Any) -> list[dict[str, Any]]:
        found = pages(aws, service, operation, key, **arguments)
        if operation == "describe_replication_groups" and found and not listed:
            listed.append(True)
            item = describe(SCOPE, KINDS["replication_groups"], found[0], {})
            snapshot = {"FinalSnapshotIdentifier": final_snapshot_name(item, None)} if asked else {}
            cache.delete_replication_group(ReplicationGroupId="pixstory-staging-main", **snapshot)
            return [{**found[0], "Status": "deleting"}]
        return found

    monkeypatch.setattr(Aws, "pages", going)
    done = destroy(emulator, wait_timeout=2)
    assert "failed" not in done, done["msg"]
    assert len(standing(emulator).get("cache_snapshots", [])) == len(done["final_snapshots"]) == asked


def test_a_final_snapshot_that_was_never_tagged_keeps_its_key(emulator: Any) -> None:
    """The run that made it was killed before the snapshot could be tagged."""
    staging = staging_cache(emulator)
    cache = emulator.client("elasticache")
    group = {"ReplicationGroupId": "pixstory-staging-main"}
    foreign = emulator.client("kms").create_key()["KeyMetadata"]["Arn"]
    for name, key in (("main-final-1", staging.key), ("main-other", staging.key), ("2-main-final-1", foreign)):
        cache.create_snapshot(SnapshotName=f"pixstory-staging-{name}", KmsKeyId=key, **group)
    cache.delete_replication_group(**group)
    done = destroy(emulator)
    assert {(one["kind"], one["name"]) for one in done["kept"]} == {
        ("cache_snapshots", "main-final-1"),
        ("kms_keys", "data"),
    }
    assert standing(emulator) == {"cache_snapshots": ["main-final-1"], "kms_keys": ["data"]}
    assert not destroy(emulator)["changed"]


# What is in the way


def public_zone(emulator: Any) -> Any:
    """A public zone of the environment, and what writes a record into it."""
    staging = Builder(emulator.client, "staging", 10)
    staging.keys()
    route53 = emulator.client("route53")
    zone = route53.create_hosted_zone(Name="staging.example.com", CallerReference="public")["HostedZone"]["Id"]
    zone = zone.split("/")[-1]
    route53.change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone, AddTags=staging.tags("public"))

    def write(name: str, kind: str, value: str, action: str = "CREATE") -> None:
        name = f"{name}.staging.example.com"
        record = {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value}]}
        change = {"Action": action, "ResourceRecordSet": record}
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})

    return write


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("www", "A", "192.0.2.1"),
        ("sub", "NS", "ns.example.org."),
        ("_dmarc", "TXT", '"v=DMARC1"'),
        ("_x", "CNAME", "validation.example.org."),
        ("x", "CNAME", "_y.acm-validations.aws."),
    ],
)
def test_a_public_zone_with_records_of_others_is_not_emptied(emulator: Any, name: str, kind: str, value: str) -> None:
    write = public_zone(emulator)
    write("_c9edd76e", "CNAME", "_y.zz.acm-validations.aws.")
    write(name, kind, value)
    emulator.writes()
    result = destroy(emulator, wait_timeout=1)
    assert [(one["kind"], one["name"]) for one in result["left"]] == [("hosted_zones", "public")]
    assert f"holds records that nothing here made: {name}.staging.example.com. {kind}. Delete them" in result["msg"]
    assert emulator.writes() == []

    write(name, kind, value, action="DELETE")
    assert destroy(emulator, final_snapshots=False)["changed"]
    assert standing(emulator) == {}


def test_a_record_of_an_address_of_the_environment_goes_with_the_zone(emulator: Any) -> None:
    write = public_zone(emulator)
    ec2, staging = emulator.client("ec2"), Builder(emulator.client, "staging", 10)
    own = ec2.allocate_address(Domain="vpc", **staging.spec("elastic-ip", "vpn"))["PublicIp"]
    other = ec2.allocate_address(Domain="vpc")["PublicIp"]
    write("vpn", "A", own)
    write("elsewhere", "A", other)
    assert "made: elsewhere.staging.example.com. A. Delete them" in destroy(emulator, wait_timeout=1)["msg"]
    write("elsewhere", "A", other, action="DELETE")
    assert destroy(emulator, final_snapshots=False)["changed"]
    assert emulator.client("route53").list_hosted_zones()["HostedZones"] == []


def test_a_private_zone_is_emptied(emulator: Any) -> None:
    staging = Builder(emulator.client, "staging", 10)
    staging.identity()
    staging.network()
    staging.balancer_name = "balancer.example.com"
    staging.dns()
    assert destroy(emulator)["changed"]
    assert emulator.client("route53").list_hosted_zones()["HostedZones"] == []


def test_what_others_hold_is_left_and_named(emulator: Any) -> None:
    staging = Builder(emulator.client, "staging", 10)
    staging.keys()
    staging.identity()
    staging.storage()
    staging.network()
    foreign = emulator.client("ec2").create_subnet(VpcId=staging.vpc, CidrBlock="10.10.200.0/24")["Subnet"]["SubnetId"]
    result = destroy(emulator, wait_timeout=1)
    assert result["failed"]
    assert [(one["kind"], one["name"]) for one in result["left"]] == [("vpcs", "main")]
    assert f"subnet {foreign}. What is gone stays gone" in result["msg"]
    assert "DependencyViolation" in result["msg"]
    # Nothing of a later rank was begun.
    assert standing(emulator).keys() == {"vpcs", "kms_keys", "buckets", "log_groups"}

    emulator.client("ec2").delete_subnet(SubnetId=foreign)
    assert destroy(emulator)["changed"]
    assert standing(emulator) == {}


def test_a_policy_that_others_use_is_left_and_named(emulator: Any) -> None:
    Builder(emulator.client, "staging", 10).identity()
    iam = emulator.client("iam")
    iam.create_user(UserName="someone")
    policy = next(iter(iam.list_policies(Scope="Local")["Policies"]))["Arn"]
    iam.attach_user_policy(UserName="someone", PolicyArn=policy)
    result = destroy(emulator)
    assert f"IAM policy {policy} is attached to someone: detach it there and run again." in result["msg"]
    assert [one["PolicyArn"] for one in iam.list_attached_user_policies(UserName="someone")["AttachedPolicies"]]


def test_kinds_that_are_not_known_are_warned_of(emulator: Any) -> None:
    staging = Builder(emulator.client, "staging", 10)
    tags = {tag["Key"]: tag["Value"] for tag in staging.tags("alarms")}
    emulator.client("sqs").create_queue(QueueName="alarms", tags=tags)
    result = destroy(emulator)
    assert not result["changed"]
    assert "arn:aws:sqs:ap-south-1:123456789012:alarms" in str(result["warnings"])


def test_what_finds_threats_goes_with_all_that_belongs_to_it(emulator: Any) -> None:
    staging = Builder(emulator.client, "staging", 10)
    staging.zone = "Z0123456789ABCDEF"
    staging.detection()
    deleted = {(one["kind"], one["name"]) for one in destroy(emulator)["deleted"]}
    assert deleted == {
        ("guardduty_detectors", "detection"),
        ("security_hubs", "detection"),
        ("access_analyzers", "external"),
        ("shield_protections", "public"),
        ("event_rules", "guardduty"),
        ("sns_topics", "security"),
    }
    # The hub's aggregator carries no tags and is in no index.
    hub = emulator.client("securityhub")
    hub.enable_security_hub()
    assert hub.list_finding_aggregators()["FindingAggregators"] == []


def test_a_bucket_is_emptied_with_its_versions(emulator: Any) -> None:
    staging = Builder(emulator.client, "staging", 10)
    staging.storage()
    s3 = emulator.client("s3")
    assert len(s3.list_object_versions(Bucket=staging.bucket)["Versions"]) == 2
    assert destroy(emulator)["changed"]
    assert s3.list_buckets()["Buckets"] == []


def lock(emulator: Any, *names: str) -> Any:
    """Buckets with object lock, and a key of the same name and another one."""
    s3, kms = emulator.client("s3"), emulator.client("kms")
    staging = Builder(emulator.client, "staging", 10)
    retention = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 30}}}
    for name in names:
        bucket = f"pixstory-staging-{name}-123456789012"
        place = {"CreateBucketConfiguration": {"LocationConstraint": "ap-south-1"}}
        s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True, **place)
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": staging.tags(name)})
        s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=retention)
    for name in ("trail", "data"):
        tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in staging.tags(name)]
        key = kms.create_key(Tags=tags)["KeyMetadata"]["Arn"]
        kms.create_alias(AliasName=f"alias/pixstory-staging-{name}", TargetKeyId=key)
    return key


def test_a_bucket_whose_objects_are_locked_is_kept_with_its_key(emulator: Any) -> None:
    lock(emulator, "trail", "empty")
    emulator.client("s3").put_object(Bucket="pixstory-staging-trail-123456789012", Key="log", Body=b"1")
    foreseen = destroy(emulator, check=True)
    done = destroy(emulator)
    assert done["deleted"] == foreseen["deleted"]
    assert standing(emulator) == {"buckets": ["trail"], "kms_keys": ["trail"]}
    reasons = {one["kind"]: one["reason"] for one in done["kept"]}
    assert "Object lock keeps its objects" in reasons["buckets"]
    assert "bucket of the same name" in reasons["kms_keys"]
    assert not destroy(emulator)["changed"]


def test_a_key_in_another_region_goes_too(emulator: Any) -> None:
    kms = emulator.client("kms", "us-east-1")
    tags = [
        {"TagKey": one["Key"], "TagValue": one["Value"]} for one in Builder(emulator.client, "staging", 10).tags("edge")
    ]
    key = kms.create_key(Tags=tags)["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/pixstory-staging-edge", TargetKeyId=key)
    done = destroy(emulator)
    assert [one["name"] for one in done["deleted"]] == ["edge"]
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"


def test_a_key_that_goes_is_not_the_default_of_new_volumes(emulator: Any) -> None:
    ec2, key = emulator.client("ec2"), lock(emulator)
    ec2.modify_ebs_default_kms_key_id(KmsKeyId=key)
    assert destroy(emulator)["changed"]
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
