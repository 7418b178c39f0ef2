# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

from ansible_collections.pixstory.platform.plugins.modules import s3_bucket

MODULE = "s3_bucket"
NAME = "pixstory-production-snapshots-123456789012"
LOGS = "pixstory-production-logs-123456789012"
ARCHIVE = {
    "id": "archive",
    "prefix": "dumps/",
    "expiration_days": 365,
    "noncurrent_expiration_days": 30,
    "transitions": [{"days": 30, "storage_class": "STANDARD_IA"}, {"days": 90, "storage_class": "GLACIER"}],
    "abort_incomplete_multipart_days": 7,
}
EXPIRE = {"id": "expire", "expiration_days": 90}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Tls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [f"arn:aws:s3:::{NAME}", f"arn:aws:s3:::{NAME}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ],
}
KEY = "arn:aws:kms:ap-south-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
LOG_WRITER = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{LOGS}/*",
        }
    ],
}
DECLARED = {
    "name": NAME,
    "versioning": True,
    "encryption": {"algorithm": "aws:kms", "kms_key_id": KEY, "bucket_key_enabled": True},
    "policy": POLICY,
    "lifecycle_rules": [ARCHIVE, EXPIRE],
    "logging": {"target_bucket": LOGS, "target_prefix": "snapshots/"},
    "tags": {"Project": "pixstory", "Role": "snapshots"},
}


@pytest.fixture
def s3(emulator: Emulator) -> Any:
    return emulator.client("s3")


@pytest.fixture
def logs(run: Runner) -> None:
    """The bucket that logs are written to."""
    run(MODULE, {"name": LOGS, "policy": LOG_WRITER})


def test_twelve_steps(s3: Any, logs: None, twelve_steps: TwelveSteps) -> None:
    def created(result: dict) -> None:
        assert s3.get_bucket_location(Bucket=NAME)["LocationConstraint"] == "ap-south-1"
        block = s3.get_public_access_block(Bucket=NAME)["PublicAccessBlockConfiguration"]
        assert list(block.values()) == [True] * 4
        owner = s3.get_bucket_ownership_controls(Bucket=NAME)["OwnershipControls"]["Rules"][0]
        assert owner["ObjectOwnership"] == "BucketOwnerEnforced"
        assert s3.get_bucket_versioning(Bucket=NAME)["Status"] == "Enabled"
        rules = s3.get_bucket_lifecycle_configuration(Bucket=NAME)["Rules"]
        assert [rule["ID"] for rule in rules] == ["archive", "expire"]
        assert s3.get_bucket_logging(Bucket=NAME)["LoggingEnabled"]["TargetBucket"] == LOGS
        assert json.loads(s3.get_bucket_policy(Bucket=NAME)["Policy"]) == POLICY
        assert result["bucket"]["arn"] == f"arn:aws:s3:::{NAME}"
        assert result["bucket"]["region"] == "ap-south-1"
        assert result["bucket"]["tags"] == DECLARED["tags"]

    def changed(result: dict) -> None:
        assert s3.get_bucket_versioning(Bucket=NAME)["Status"] == "Suspended"
        assert s3.get_public_access_block(Bucket=NAME)["PublicAccessBlockConfiguration"] == {
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": False,
            "RestrictPublicBuckets": True,
        }
        assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=NAME)
        with pytest.raises(s3.exceptions.ClientError, match="NoSuchBucketPolicy"):
            s3.get_bucket_policy(Bucket=NAME)
        rules = s3.get_bucket_lifecycle_configuration(Bucket=NAME)["Rules"]
        assert [rule["Expiration"]["Days"] for rule in rules] == [30]
        assert result["bucket"]["tags"] == {"Project": "pixstory", "Name": "snapshots"}

    change = {
        "name": NAME,
        "versioning": False,
        "encryption": {"algorithm": "AES256"},
        "public_access_block": {"block_public_policy": False},
        "object_ownership": "ObjectWriter",
        "policy": {},
        "lifecycle_rules": [{"id": "expire", "expiration_days": 30}],
        "logging": {"target_bucket": ""},
        "tags": {"Project": "pixstory", "Name": "snapshots"},
    }
    twelve_steps(MODULE, create=DECLARED, change=change, absent={"name": NAME}, created=created, changed=changed)


def test_a_new_bucket_is_closed(run: Runner) -> None:
    outcome = run.predicted(MODULE, {"name": NAME})
    assert outcome.diff
    assert list(outcome.diff["after"]["public_access_block"].values()) == [True] * 4
    assert outcome.diff["after"]["object_ownership"] == "BucketOwnerEnforced"
    assert outcome.writes == ["s3.CreateBucket", "s3.PutBucketOwnershipControls", "s3.PutPublicAccessBlock"]


def test_what_is_not_given_is_left_alone(run: Runner, logs: None) -> None:
    run(MODULE, {**DECLARED, "public_access_block": {"block_public_policy": False}})
    assert not run.predicted(MODULE, {"name": NAME}).changed


def test_the_same_policy_and_rules_written_in_another_way(run: Runner, logs: None) -> None:
    run(MODULE, DECLARED)
    statement = {**POLICY["Statement"][0], "Principal": {"AWS": "*"}, "Action": ["s3:*"]}
    other = {"policy": {**POLICY, "Statement": [statement]}, "lifecycle_rules": [EXPIRE, ARCHIVE]}
    assert not run.predicted(MODULE, {**DECLARED, **other}).changed


@pytest.mark.parametrize(
    "rule",
    [
        {**EXPIRE, "abort_incomplete_multipart_days": 7},
        {**EXPIRE, "prefix": "dumps/"},
        {**EXPIRE, "transitions": [{"days": 30, "storage_class": "GLACIER"}]},
        {"id": "expire", "noncurrent_expiration_days": 90},
    ],
)
def test_lifecycle_rules_are_exact(run: Runner, rule: dict) -> None:
    """What a rule does not say is removed, and what it says more is added."""
    run(MODULE, {"name": NAME, "lifecycle_rules": [rule]})
    assert run.predicted(MODULE, {"name": NAME, "lifecycle_rules": [EXPIRE]}).changed
    assert run.predicted(MODULE, {"name": NAME, "lifecycle_rules": [rule]}).changed
    assert not run.predicted(MODULE, {"name": NAME, "lifecycle_rules": [rule]}).changed


@pytest.mark.parametrize(
    "more",
    [
        {"Status": "Disabled"},
        {"Filter": {"Prefix": "", "Tag": {"Key": "Keep", "Value": "no"}}},
        {"Expiration": {"Days": 90, "ExpiredObjectDeleteMarker": True}},
        {"NoncurrentVersionTransitions": [{"NoncurrentDays": 7, "StorageClass": "GLACIER"}]},
    ],
)
def test_a_rule_that_says_more_than_the_parameter_can_is_another(more: dict) -> None:
    made = s3_bucket.lifecycle_rule({**EXPIRE, "prefix": ""})
    declared = [{**EXPIRE, "prefix": ""}]
    assert s3_bucket.same_rules(declared, [s3_bucket.read_lifecycle_rule(made)])
    assert not s3_bucket.same_rules(declared, [s3_bucket.read_lifecycle_rule({**made, **more})])


def test_object_lock(s3: Any, twelve_steps: TwelveSteps) -> None:
    def created(result: dict) -> None:
        lock = s3.get_object_lock_configuration(Bucket=NAME)["ObjectLockConfiguration"]
        assert lock["Rule"]["DefaultRetention"]["Mode"] == "GOVERNANCE"
        assert lock["Rule"]["DefaultRetention"]["Days"] == 30

    declared = {"name": NAME, "object_lock_enabled": True, "object_lock_retention": {"mode": "GOVERNANCE", "days": 30}}
    change = {"name": NAME, "object_lock_retention": {"mode": "GOVERNANCE", "days": 60}}
    twelve_steps(MODULE, create=declared, change=change, absent={"name": NAME}, created=created)


@pytest.mark.parametrize("check", [True, False])
def test_what_only_creation_takes_is_refused_later(run: Runner, check: bool) -> None:
    run(MODULE, {"name": NAME})
    outcome = run(MODULE, {"name": NAME, "object_lock_enabled": True}, check=check, fails=True)
    assert "cannot change object_lock_enabled in place" in outcome.result["msg"]
    outcome = run(MODULE, {"name": NAME, "region": "eu-west-1"}, check=check, fails=True)
    assert "region: 'ap-south-1' -> 'eu-west-1'" in outcome.result["msg"]


@pytest.mark.parametrize("check", [True, False])
def test_a_bucket_that_is_not_empty_stays_without_force(s3: Any, run: Runner, check: bool) -> None:
    run(MODULE, {"name": NAME, "versioning": True})
    s3.put_object(Bucket=NAME, Key="a", Body=b"1")
    s3.delete_object(Bucket=NAME, Key="a")  # a version and a delete marker are left
    outcome = run(MODULE, {"name": NAME, "state": "absent"}, check=check, fails=True)
    assert "is not empty. Set force: true" in outcome.result["msg"]
    assert outcome.writes == []


def test_force_empties_all_versions(s3: Any, run: Runner) -> None:
    run(MODULE, {"name": NAME, "versioning": True})
    for number in range(3):
        s3.put_object(Bucket=NAME, Key="a", Body=str(number).encode())
    s3.delete_object(Bucket=NAME, Key="a")
    s3.put_object(Bucket=NAME, Key="b", Body=b"1")
    assert run.predicted(MODULE, {"name": NAME, "state": "absent", "force": True}).changed
    assert s3.list_buckets()["Buckets"] == []


def test_tags_are_kept_unless_purged(s3: Any, run: Runner) -> None:
    run(MODULE, {"name": NAME, "tags": {"Project": "pixstory", "Old": "1"}})
    run.predicted(MODULE, {"name": NAME, "tags": {"Role": "snapshots"}, "purge_tags": False})
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=NAME)["TagSet"]}
    assert tags == {"Project": "pixstory", "Old": "1", "Role": "snapshots"}
    run.predicted(MODULE, {"name": NAME, "tags": {}})
    with pytest.raises(s3.exceptions.ClientError, match="NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket=NAME)
