# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sabotage, the function that mends it, and the module that puts it back."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from twelve_steps import Emulator, Runner

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "roles" / "aws_remediation" / "files"))
from pixstory_remediation import actions, handlers
from pixstory_remediation.records import Records, finding_name

MODULE = "remediation_undo"
BUCKET = "pixstory-local-artifacts-123456789012"
OPEN_PORTS = {"open_ports": {"public": [["tcp", 443], ["udp", 1194]]}, "stale_days": 90}
State = Callable[[], Any]


def api_call(source: str, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """What EventBridge delivers of a call that CloudTrail recorded.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
    """
    return {
        "version": "0",
        "id": "5f2c7a10-1111-2222-3333-444455556666",
        "detail-type": "AWS API Call via CloudTrail",
        "source": f"aws.{source}",
        "account": "123456789012",
        "time": "2026-11-23T10:00:00Z",
        "region": "ap-south-1",
        "resources": [],
        "detail": {
            "eventVersion": "1.11",
            "eventSource": f"{source}.amazonaws.com",
            "eventName": name,
            "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::123456789012:user/mallory"},
            "requestParameters": parameters,
        },
    }


@dataclass
class Sabotage:
    """What was broken: the event of it, and how the resource is."""

    event: dict[str, Any]
    resource: str
    state: State


def bucket(emulator: Emulator) -> Sabotage:
    s3 = emulator.client("s3")
    partly = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": False,
    }
    s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=partly)
    event = api_call("s3", "PutBucketPublicAccessBlock", {"bucketName": BUCKET})
    return Sabotage(event, BUCKET, lambda: s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"])


def bucket_without_block(emulator: Emulator) -> Sabotage:
    s3 = emulator.client("s3")
    s3.delete_public_access_block(Bucket=BUCKET)

    def state() -> Any:
        try:
            return s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
        except s3.exceptions.ClientError:
            return None

    event = api_call("s3", "DeleteBucketPublicAccessBlock", {"bucketName": BUCKET})
    return Sabotage(event, BUCKET, state)


def world(port: int, protocol: str = "tcp") -> dict[str, Any]:
    everywhere = {
        "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "for a moment"}, {"CidrIp": "10.0.0.0/8"}],
        "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
    }
    return {"IpProtocol": protocol, "FromPort": port, "ToPort": port, **everywhere}


def security_group(emulator: Emulator) -> Sabotage:
    ec2 = emulator.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="public", Description="public", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[world(443), world(1194, "udp"), world(1194), world(22)]
    )

    def state() -> set[Any]:
        rules = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
        return {
            (rule["IpProtocol"], rule["FromPort"], cidr)
            for rule in rules
            for cidr in [
                *(one["CidrIp"] for one in rule["IpRanges"]),
                *(one["CidrIpv6"] for one in rule["Ipv6Ranges"]),
            ]
        }

    return Sabotage(api_call("ec2", "AuthorizeSecurityGroupIngress", {"groupId": group}), group, state)


def snapshot(emulator: Emulator) -> Sabotage:
    ec2 = emulator.client("ec2")
    volume = ec2.create_volume(AvailabilityZone="ap-south-1a", Size=1)["VolumeId"]
    made = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    attribute = {"SnapshotId": made, "Attribute": "createVolumePermission"}
    ec2.modify_snapshot_attribute(**attribute, OperationType="add", GroupNames=["all"], UserIds=["999988887777"])

    def state() -> list[Any]:
        shared = ec2.describe_snapshot_attribute(**attribute)["CreateVolumePermissions"]
        return sorted(one.get("Group") or one["UserId"] for one in shared)

    return Sabotage(api_call("ec2", "ModifySnapshotAttribute", {"snapshotId": made}), made, state)


def access_key(emulator: Emulator) -> Sabotage:
    iam = emulator.client("iam")
    iam.create_user(UserName="asha")
    key = iam.create_access_key(UserName="asha")["AccessKey"]["AccessKeyId"]
    event = {"id": "5f2c7a10-1", "time": "2026-11-23T10:00:00Z", "source": "aws.events", "detail": {}}
    return Sabotage(
        event, f"asha/{key}", lambda: iam.list_access_keys(UserName="asha")["AccessKeyMetadata"][0]["Status"]
    )


def trail(emulator: Emulator) -> Sabotage:
    client = emulator.client("cloudtrail")
    arn = client.create_trail(Name="pixstory-local", S3BucketName=BUCKET)["TrailARN"]
    client.stop_logging(Name=arn)
    event = api_call("cloudtrail", "StopLogging", {"name": arn})
    return Sabotage(event, "pixstory-local", lambda: client.get_trail_status(Name="pixstory-local")["IsLogging"])


CASES = [
    ("public-bucket", bucket, dict.fromkeys(actions.BLOCKED, True)),
    ("public-bucket", bucket_without_block, dict.fromkeys(actions.BLOCKED, True)),
    (
        "open-security-group",
        security_group,
        {
            *(("tcp", 443, cidr) for cidr in ("0.0.0.0/0", "10.0.0.0/8", "::/0")),
            *(("udp", 1194, cidr) for cidr in ("0.0.0.0/0", "10.0.0.0/8", "::/0")),
            ("tcp", 1194, "10.0.0.0/8"),
            ("tcp", 22, "10.0.0.0/8"),
        },
    ),
    ("shared-snapshot", snapshot, []),
    ("stale-access-key", access_key, "Inactive"),
    ("stopped-trail", trail, True),
]
EACH = pytest.mark.parametrize(("name", "sabotage", "mended"), CASES, ids=lambda one: getattr(one, "__name__", None))


@pytest.fixture
def mend(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[dict[str, Any]]]:
    """The handler as Lambda calls it, with clients of the emulator."""
    emulator.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    monkeypatch.setattr(handlers, "_client", emulator.client)
    monkeypatch.setenv("RECORDS_BUCKET", BUCKET)

    def later(name: str, event: dict[str, Any], days: int = 91) -> list[dict[str, Any]]:
        class Later(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> datetime:
                return datetime.now(tz) + timedelta(days=days)

        monkeypatch.setattr(actions, "datetime", Later)
        monkeypatch.setenv("SETTINGS", json.dumps(OPEN_PORTS))
        return getattr(handlers, name.replace("-", "_"))(event, None)

    return later


@EACH
def test_it_is_mended_recorded_and_put_back(
    emulator: Emulator, run: Runner, mend: Any, name: str, sabotage: Any, mended: Any, capsys: Any
) -> None:
    broken = sabotage(emulator)
    before = broken.state()
    assert before != mended

    (record,) = mend(name, broken.event)
    assert broken.state() == mended
    assert (record["action"], record["resource"], record["outcome"]) == (name, broken.resource, "mended")
    assert record["after"] is None
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(record))
    body = emulator.client("s3").get_object(Bucket=BUCKET, Key=f"remediation/findings/{record['finding']}.json")["Body"]
    assert json.loads(body.read()) == json.loads(json.dumps(record))

    # Delivered twice: nothing to mend, and the record keeps what was.
    assert [one["outcome"] for one in mend(name, broken.event)] == ["nothing to mend"]

    undo = {"bucket": BUCKET, "finding": record["finding"]}
    assert run.predicted(MODULE, undo).changed
    assert broken.state() == before
    assert not run.predicted(MODULE, undo).changed

    # Exempt from now on, until that ends.
    assert [one["outcome"] for one in mend(name, broken.event)] == ["exempt"]
    assert broken.state() == before
    assert run.predicted(MODULE, {**undo, "exempt": False}).changed
    assert [one["outcome"] for one in mend(name, broken.event)] == ["mended"]
    assert broken.state() == mended


@EACH
def test_what_was_is_kept_when_the_function_dies_half_way(
    emulator: Emulator, mend: Any, name: str, sabotage: Any, mended: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = sabotage(emulator)
    write = Records.write

    def dies(records: Records, key: str, value: dict[str, Any]) -> None:
        if value["outcome"] == "mended":
            raise RuntimeError("no more time")
        write(records, key, value)

    monkeypatch.setattr(Records, "write", dies)
    with pytest.raises(RuntimeError, match="no more time"):
        mend(name, broken.event)
    monkeypatch.setattr(Records, "write", write)
    (record,) = mend(name, broken.event)
    assert (record["outcome"], bool(record["before"])) == ("mended", True)
    assert broken.state() == mended


def test_a_key_in_use_and_a_new_one_stay(emulator: Emulator, mend: Any) -> None:
    broken = access_key(emulator)
    assert [one["outcome"] for one in mend("stale-access-key", broken.event, days=89)] == ["nothing to mend"]
    assert broken.state() == "Active"


def test_an_encrypted_snapshot_may_be_shared_with_an_account(emulator: Emulator, mend: Any) -> None:
    ec2 = emulator.client("ec2")
    volume = ec2.create_volume(AvailabilityZone="ap-south-1a", Size=1, Encrypted=True)["VolumeId"]
    made = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    attribute = {"SnapshotId": made, "Attribute": "createVolumePermission"}
    ec2.modify_snapshot_attribute(**attribute, OperationType="add", GroupNames=["all"], UserIds=["999988887777"])
    mend("shared-snapshot", api_call("ec2", "ModifySnapshotAttribute", {"snapshotId": made}))
    assert ec2.describe_snapshot_attribute(**attribute)["CreateVolumePermissions"] == [{"UserId": "999988887777"}]


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("public-bucket", api_call("s3", "PutBucketPolicy", {"bucketName": "gone-for-good-123456789012"})),
        ("open-security-group", api_call("ec2", "AuthorizeSecurityGroupIngress", {"groupId": "sg-0123456789abcdef0"})),
        ("shared-snapshot", api_call("ec2", "ModifySnapshotAttribute", {"snapshotId": "snap-0123456789abcdef0"})),
        ("stopped-trail", api_call("cloudtrail", "StopLogging", {"name": "gone"})),
    ],
)
def test_what_is_gone_is_nothing_to_mend(mend: Any, name: str, event: dict[str, Any]) -> None:
    assert [one["outcome"] for one in mend(name, event)] == ["nothing to mend"]


def test_rules_that_were_modified_name_their_group_in_another_place(emulator: Emulator, mend: Any) -> None:
    broken = security_group(emulator)
    parameters = {"ModifySecurityGroupRulesRequest": {"GroupId": broken.resource}}
    (record,) = mend("open-security-group", api_call("ec2", "ModifySecurityGroupRules", parameters))
    assert record["outcome"] == "mended"


def test_an_unknown_finding_is_an_error(run: Runner, mend: Any) -> None:
    outcome = run(MODULE, {"bucket": BUCKET, "finding": "stopped-trail.none"}, fails=True)
    assert "There is no record of stopped-trail.none" in outcome.result["msg"]


def test_the_name_of_a_finding_has_no_slash() -> None:
    event = {"time": "2026-11-23T10:00:00Z", "id": "5f2c7a10-1111"}
    expected = "stale-access-key.asha.AKIA.20261123T100000Z.5f2c7a10"
    assert finding_name("stale-access-key", "asha/AKIA", event) == expected
