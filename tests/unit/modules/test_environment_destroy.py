# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Destroys a small environment that has a neighbour and foreign things in its account."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from ansible_collections.pixstory.platform.plugins.module_utils.kinds import KINDS, removal
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.calls import Aws
from tests.unit.environments import Builder, build_foreign, foreign_stands, run_module

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
    ("kms.ScheduleKeyDeletion", "kms.DeleteAlias"),
)
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
    assert len(standing(emulator)) == len(KINDS) - 1  # there is no cache snapshot yet

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


def test_a_key_whose_deletion_was_scheduled_before_loses_its_alias(emulator: Any) -> None:
    staging = Builder(emulator.client, "staging", 10)
    staging.keys()
    emulator.client("kms").schedule_key_deletion(KeyId=staging.key)
    assert destroy(emulator)["changed"]
    aliases = emulator.client("kms").list_aliases()["Aliases"]
    assert not [alias for alias in aliases if "staging" in alias["AliasName"]]


# What is in the way


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
    topic = emulator.client("sns").create_topic(Name="alarms", Tags=staging.tags("alarms"))["TopicArn"]
    result = destroy(emulator)
    assert not result["changed"]
    assert topic in str(result["warnings"])


def test_a_bucket_is_emptied_with_its_versions(emulator: Any) -> None:
    staging = Builder(emulator.client, "staging", 10)
    staging.storage()
    s3 = emulator.client("s3")
    assert len(s3.list_object_versions(Bucket=staging.bucket)["Versions"]) == 2
    assert destroy(emulator)["changed"]
    assert s3.list_buckets()["Buckets"] == []
