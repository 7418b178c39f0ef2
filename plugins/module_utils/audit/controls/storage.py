# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Buckets, keys, secrets and topics."""

from __future__ import annotations

import json

from ..model import Record, Snapshot, Verdict, anyone, control, listed, statements
from .logging import BLOCKS

STORAGE = "provision.yml --tags aws_storage sets it for buckets of aws_storage_buckets; mend or delete others."
EVERYBODY = ("AllUsers", "AuthenticatedUsers")
MAX_SECRET_DAYS = 90


@control(
    "S3.1",
    "medium",
    "account",
    "The account blocks public access to S3",
    cis="2.1.4",
    remedy="provision.yml --tags aws_account sets the account's public access block.",
)
def account_block(s: Snapshot, _account: Record) -> Verdict:
    block = s["account_public_access_block"]
    read = {key: bool(block.get(key)) for key in BLOCKS}
    return all(read.values()), read


def _granted(bucket: Record, permissions: tuple[str, ...]) -> list[str]:
    """What the ACL gives to everybody, unless the ACL is ignored."""
    if (bucket["Block"] or {}).get("IgnorePublicAcls"):
        return []
    grants = [one for one in bucket["Acl"] or [] if str(one["Grantee"].get("URI", "")).endswith(EVERYBODY)]
    return [one["Permission"] for one in grants if one["Permission"] in (*permissions, "FULL_CONTROL")]


def _public(bucket: Record, permissions: tuple[str, ...]) -> Verdict:
    granted = _granted(bucket, permissions)
    restricted = (bucket["Block"] or {}).get("RestrictPublicBuckets", False)
    policy = bool((bucket["PolicyStatus"] or {}).get("IsPublic")) and not restricted
    return not granted and not policy, {"policy is public": policy, "ACL grants to everybody": granted}


@control("S3.2", "critical", "buckets", "Nobody outside can read the bucket", remedy=STORAGE)
def public_read(s: Snapshot, bucket: Record) -> Verdict:
    return _public(bucket, ("READ", "READ_ACP"))


@control("S3.3", "critical", "buckets", "Nobody outside can write to the bucket", remedy=STORAGE)
def public_write(s: Snapshot, bucket: Record) -> Verdict:
    return _public(bucket, ("WRITE", "WRITE_ACP"))


@control("S3.8", "high", "buckets", "The bucket blocks public access", cis="2.1.4", remedy=STORAGE)
def bucket_block(s: Snapshot, bucket: Record) -> Verdict:
    read = {key: bool((bucket["Block"] or {}).get(key)) for key in BLOCKS}
    return all(read.values()), read


@control("S3.5", "medium", "buckets", "The bucket is reached by TLS only", cis="2.1.1", remedy=STORAGE)
def tls_only(s: Snapshot, bucket: Record) -> Verdict:
    denying = [
        one
        for one in statements(bucket["Policy"])
        if one.get("Effect") == "Deny"
        and str(one.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")).lower() == "false"
        and set(listed(one.get("Action"))) & {"s3:*", "*"}
        and (one.get("Principal") == "*" or "*" in listed(dict(one["Principal"]).get("AWS")))
    ]
    return bool(denying), {"statements that deny without TLS": [one.get("Sid", "") for one in denying]}


@control(
    "S3.6",
    "high",
    "buckets",
    "Other accounts may not change the bucket",
    remedy="Take these actions from the statements for other accounts.",
)
def other_accounts(s: Snapshot, bucket: Record) -> Verdict:
    barred = {
        "s3:*",
        "*",
        "s3:DeleteBucketPolicy",
        "s3:PutBucketAcl",
        "s3:PutBucketPolicy",
        "s3:PutEncryptionConfiguration",
        "s3:PutObjectAcl",
    }
    given = []
    for one in statements(bucket["Policy"]):
        principal = one.get("Principal")
        accounts = listed(principal.get("AWS")) if isinstance(principal, dict) else listed(principal)
        if one.get("Effect") == "Allow" and any(s["account_id"] not in account for account in accounts):
            given += sorted(set(listed(one.get("Action"))) & barred)
    return not given, {"allowed to other accounts": given}


@control("S3.9", "medium", "buckets", "Requests to the bucket are logged", remedy=STORAGE)
def access_logging(s: Snapshot, bucket: Record) -> Verdict:
    target = (bucket["Logging"] or {}).get("TargetBucket")
    return bool(target), {"TargetBucket": target}


@control("S3.12", "medium", "buckets", "The bucket has no ACLs", remedy=STORAGE)
def no_acls(s: Snapshot, bucket: Record) -> Verdict:
    rules = (bucket["Ownership"] or {}).get("Rules", [])
    read = [one["ObjectOwnership"] for one in rules]
    return read == ["BucketOwnerEnforced"], {"ObjectOwnership": read}


@control("S3.13", "low", "buckets", "Old objects are deleted or moved by a rule", remedy=STORAGE)
def lifecycle(s: Snapshot, bucket: Record) -> Verdict:
    enabled = [one.get("ID", "") for one in bucket["Lifecycle"] or [] if one.get("Status") == "Enabled"]
    return bool(enabled), {"rules": enabled}


@control("S3.14", "low", "buckets", "The bucket keeps old versions", remedy=STORAGE)
def versioning(s: Snapshot, bucket: Record) -> Verdict:
    return bucket["Versioning"] == "Enabled", {"Versioning": bucket["Versioning"] or "never enabled"}


@control(
    "PX-5",
    "high",
    "buckets",
    "The bucket is encrypted at rest",
    needs="KMS",
    document="https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html",
    remedy=STORAGE,
)
def bucket_encryption(s: Snapshot, bucket: Record) -> Verdict:
    rules = (bucket["Encryption"] or {}).get("Rules", [])
    read = [one.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm") for one in rules]
    return any(read), {"SSEAlgorithm": read}


@control(
    "KMS.4",
    "medium",
    "keys",
    "The key rotates",
    cis="3.6",
    needs="KMS",
    remedy="provision.yml --tags aws_keys enables rotation; else aws kms enable-key-rotation.",
)
def key_rotation(s: Snapshot, key: Record) -> Verdict:
    metadata = key["Metadata"]
    if metadata.get("KeySpec", "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT" or metadata.get("Origin") != "AWS_KMS":
        return None, {"because": "KMS rotates symmetric keys only, with material of its own."}
    return key["Rotation"], {"KeyRotationEnabled": key["Rotation"]}


@control("KMS.5", "critical", "keys", "The key is not public", remedy="Name the principals in the key's policy.")
def key_public(s: Snapshot, key: Record) -> Verdict:
    public = [one.get("Sid", "") for one in statements(key["Policy"]) if anyone(one)]
    return not public, {"statements for everybody": public}


@control(
    "SecretsManager.1",
    "medium",
    "secrets",
    "The secret rotates by itself",
    needs="Secrets Manager",
    remedy="Set a rotation, or suppress it with the reason why this one is rotated by hand.",
)
def secret_rotation(s: Snapshot, secret: Record) -> Verdict:
    read = {"RotationEnabled": secret.get("RotationEnabled", False), "OwningService": secret.get("OwningService")}
    # The service that owns a secret rotates it, and nobody can turn that off.
    return bool(read["RotationEnabled"] or read["OwningService"]), read


@control(
    "SecretsManager.4",
    "medium",
    "secrets",
    f"The secret was changed in the last {MAX_SECRET_DAYS} days",
    needs="Secrets Manager",
    remedy="Give it a new value.",
)
def secret_age(s: Snapshot, secret: Record) -> Verdict:
    dates = [secret.get(key) for key in ("LastRotatedDate", "LastChangedDate", "CreatedDate") if secret.get(key)]
    if not dates:
        return None, {"because": "It has never had a value."}
    days = (s["now"] - max(dates)).days
    return days <= MAX_SECRET_DAYS, {"days since": days}


@control(
    "PX-6",
    "medium",
    "secrets",
    "The secret is encrypted with a key of the account",
    needs="Secrets Manager; KMS",
    document="https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html",
    remedy="Set the key secrets: provision.yml --tags aws_secrets.",
)
def secret_key(s: Snapshot, secret: Record) -> Verdict:
    key = str(secret.get("KmsKeyId") or "")
    return bool(key) and not key.endswith("alias/aws/secretsmanager"), {"KmsKeyId": key or "aws/secretsmanager"}


@control("SNS.1", "medium", "topics", "The topic is encrypted", needs="SNS", remedy="Set KmsMasterKeyId of the topic.")
def topic_key(s: Snapshot, topic: Record) -> Verdict:
    key = topic["Attributes"].get("KmsMasterKeyId")
    return bool(key), {"KmsMasterKeyId": key}


@control(
    "SNS.4", "critical", "topics", "The topic is not public", needs="SNS", remedy="Name the principals in its policy."
)
def topic_public(s: Snapshot, topic: Record) -> Verdict:
    public = [
        one.get("Sid", "") for one in statements(json.loads(topic["Attributes"].get("Policy") or "{}")) if anyone(one)
    ]
    return not public, {"statements for everybody": public}
