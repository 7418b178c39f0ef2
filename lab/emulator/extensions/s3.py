# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""S3: what a new bucket is born with, and settings that come back as they were put."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import Any

from moto.s3.models import FakeBucket, PublicAccessBlock, S3Backend
from moto.s3.responses import S3Response

from lab.emulator.registry import fix, wrap

EMPTY_RULE = re.compile(r"<FilterRule><Name>\w+</Name><Value\s*(?:/>|></Value>)</FilterRule>")
EMPTY_FILTER = re.compile(r"<Filter><S3Key\s*(?:/>|></S3Key>)</Filter>")
RULE_NAME = re.compile(r"<Name>(Prefix|Suffix)</Name>")


@fix("s3")
def new_buckets_are_private() -> None:
    """A new bucket blocks public access, owns its objects and encrypts them.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/configuring-block-public-access-bucket.html
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-bucket-encryption.html
    """

    @wrap(FakeBucket, "__init__")
    def init(original: Any, bucket: FakeBucket, *args: Any, **kwargs: Any) -> None:
        original(bucket, *args, **kwargs)
        bucket.public_access_block = PublicAccessBlock(True, True, True, True)
        bucket.ownership_rule = "BucketOwnerEnforced"  # type: ignore[assignment]
        _encrypt_by_default(bucket)

    @wrap(S3Backend, "delete_bucket_encryption")
    def delete_encryption(original: Any, backend: S3Backend, bucket_name: str) -> None:
        original(backend, bucket_name)
        _encrypt_by_default(backend.get_bucket(bucket_name))


def _encrypt_by_default(bucket: FakeBucket) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}
    bucket.encryption = {"Rule": rule}


@fix("s3")
def notification_filters_are_accepted() -> None:
    """The names of filter rules are written in any case, and an empty value means no filter.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_FilterRule.html
    """

    @wrap(S3Response, "_notification_config_from_body")
    def parse(original: Any, response: S3Response) -> Any:
        body = response.body.decode() if isinstance(response.body, bytes) else response.body
        body = EMPTY_FILTER.sub("", EMPTY_RULE.sub("", body))
        response.body = RULE_NAME.sub(lambda match: f"<Name>{match[1].lower()}</Name>", body)
        return original(response)


@fix("s3")
def object_lock_has_days_or_years() -> None:
    """Default retention is in days or in years; the other is not shown.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DefaultRetention.html
    """

    @wrap(S3Backend, "get_object_lock_configuration")
    def get(original: Any, backend: S3Backend, bucket_name: str) -> tuple[bool, Any, int | None, int | None]:
        enabled, mode, days, years = original(backend, bucket_name)
        return enabled, mode, days or None, years or None


@fix("s3")
def log_bucket_policy_may_name_anyone() -> None:
    """A policy that lets the logging service write may have other statements too, such as one that demands TLS.

    And it may let the service write below more than the prefix that is logged to.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """
    original = FakeBucket._log_permissions_enabled_policy

    def permitted(target_bucket: FakeBucket, target_prefix: str | None) -> bool:
        policy = json.loads(target_bucket.policy) if target_bucket.policy else {"Statement": []}
        policy["Statement"] = [one for one in policy["Statement"] if isinstance(one.get("Principal"), dict)]
        wanted = f"arn:{target_bucket.partition}:s3:::{target_bucket.name}/{target_prefix or ''}*"
        for one in policy["Statement"]:
            resource = str(one.get("Resource"))
            if resource.endswith("*") and wanted.startswith(resource[:-1]):
                one["Resource"] = wanted
        bucket = SimpleNamespace(
            policy=json.dumps(policy).encode(), partition=target_bucket.partition, name=target_bucket.name
        )
        return original(bucket, target_prefix)  # type: ignore[arg-type]

    FakeBucket._log_permissions_enabled_policy = staticmethod(permitted)  # type: ignore[method-assign, assignment]


@fix("s3")
def requests_stand_for_those_over_tls() -> None:
    """A statement about requests without TLS concerns nobody. Moto would apply it to all: it reads no conditions.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html
    """

    @wrap(FakeBucket, "get_permission")
    def permission(original: Any, bucket: FakeBucket, action: str, resource: str) -> Any:
        if not bucket.policy:
            return original(bucket, action, resource)
        policy = json.loads(bucket.policy)
        plaintext = {"Bool": {"aws:SecureTransport": "false"}}
        policy["Statement"] = [one for one in policy["Statement"] if one.get("Condition") != plaintext]
        return original(SimpleNamespace(policy=json.dumps(policy).encode()), action, resource)


@fix("s3")
def lifecycle_keeps_newer_versions() -> None:
    """NoncurrentVersionExpiration may spare a number of newer noncurrent versions.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_NoncurrentVersionExpiration.html
    """

    @wrap(FakeBucket, "set_lifecycle")
    def set_lifecycle(original: Any, bucket: FakeBucket, rules: list[dict[str, Any]]) -> None:
        original(bucket, rules)
        for rule, given in zip(bucket.rules, rules, strict=True):
            kept = (given.get("NoncurrentVersionExpiration") or {}).get("NewerNoncurrentVersions")
            rule.newer_noncurrent_versions = kept and int(kept)  # type: ignore[attr-defined]

    @wrap(S3Response, "serialized")
    def serialized(original: Any, response: S3Response, action_result: Any) -> Any:
        result = action_result.result
        if isinstance(result, dict) and "TransitionDefaultMinimumObjectSize" in result:
            for shown, rule in zip(
                result["Rules"], response.backend.get_bucket_lifecycle(response.bucket_name), strict=True
            ):
                kept = getattr(rule, "newer_noncurrent_versions", None)
                if kept:
                    shown["NoncurrentVersionExpiration"]["NewerNoncurrentVersions"] = kept
        return original(response, action_result)


@fix("s3")
def what_is_refused_over_plain_http_is_not_refused_here() -> None:
    """A statement that denies requests without TLS denies none: the emulator stands for an endpoint with TLS.

    Moto decides by the action and the resource of a statement and reads no condition.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-securetransport
    """

    @wrap(FakeBucket, "get_permission")
    def get_permission(original: Any, bucket: FakeBucket, action: str, resource: str) -> Any:
        if bucket.policy is None:
            return original(bucket, action, resource)
        policy = json.loads(bucket.policy)
        statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
        kept = [one for one in statements if not _asks_for_tls(one)]
        judged = SimpleNamespace(policy=json.dumps({**policy, "Statement": kept}).encode() if kept else None)
        return original(judged, action, resource)


def _asks_for_tls(statement: dict[str, Any]) -> bool:
    asked = statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
    return statement["Effect"] == "Deny" and str(asked).lower() == "false"
