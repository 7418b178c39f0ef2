# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the S3 extensions."""

from __future__ import annotations

import json

from checks import ACCOUNT, Aws, error_code, proves
from checks.builders import bucket


@proves("s3.new_buckets_are_private")
def new_bucket_is_private_and_encrypted(aws: Aws) -> None:
    s3, name = aws.client("s3"), bucket(aws)
    block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert (len(block), all(block.values())) == (4, True)
    rules = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    s3.delete_bucket_encryption(Bucket=name)
    (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


@proves("s3.notification_filters_are_accepted")
def notification_with_a_prefix_and_an_empty_suffix(aws: Aws) -> None:
    s3, name = aws.client("s3"), bucket(aws)
    rules = [{"Name": "Prefix", "Value": "in/"}, {"Name": "Suffix", "Value": ""}]
    wanted = {
        "Id": "scan",
        "LambdaFunctionArn": f"arn:aws:lambda:ap-south-1:{ACCOUNT}:function:scan",
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": rules}},
    }
    s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"LambdaFunctionConfigurations": [wanted]}
    )
    (shown,) = s3.get_bucket_notification_configuration(Bucket=name)["LambdaFunctionConfigurations"]
    assert (shown["Id"], shown["Events"]) == ("scan", ["s3:ObjectCreated:*"])
    assert [(one["Name"].lower(), one["Value"]) for one in shown["Filter"]["Key"]["FilterRules"]] == [("prefix", "in/")]


@proves("s3.object_lock_has_days_or_years")
def object_lock_in_days_has_no_years(aws: Aws) -> None:
    s3, name = aws.client("s3"), bucket(aws, ObjectLockEnabledForBucket=True)
    retention = {"Mode": "GOVERNANCE", "Days": 30}
    lock = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}}
    s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=lock)
    assert s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"] == lock


@proves("s3.log_bucket_policy_may_name_anyone")
def log_bucket_may_demand_tls_first(aws: Aws) -> None:
    s3, name, target = aws.client("s3"), bucket(aws), bucket(aws)
    demand = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{target}", f"arn:aws:s3:::{target}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    permit = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{target}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [demand, permit]}
    s3.put_bucket_policy(Bucket=target, Policy=json.dumps(policy))
    logging = {"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": "logs/"}}
    s3.put_bucket_logging(Bucket=name, BucketLoggingStatus=logging)
    assert s3.get_bucket_logging(Bucket=name)["LoggingEnabled"]["TargetBucket"] == target
    permit["Resource"] = f"arn:aws:s3:::{target}/logs/*"
    s3.put_bucket_policy(Bucket=target, Policy=json.dumps(policy))
    for prefix, code in (("logs/one/", None), ("other/", "InvalidTargetBucketForLogging")):
        logging["LoggingEnabled"]["TargetPrefix"] = prefix
        assert error_code(s3.put_bucket_logging, Bucket=name, BucketLoggingStatus=logging) == code


@proves("s3.requests_stand_for_those_over_tls")
def bucket_that_demands_tls_can_be_emptied(aws: Aws) -> None:
    s3, name = aws.client("s3"), bucket(aws)
    s3.put_object(Bucket=name, Key="one", Body=b"1")
    resources = [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
    demand = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": resources}
    demand["Condition"] = {"Bool": {"aws:SecureTransport": "false"}}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [demand]}))
    assert "Errors" not in s3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": "one"}]})
    s3.delete_bucket(Bucket=name)


@proves("s3.lifecycle_keeps_newer_versions")
def lifecycle_comes_back_as_it_was_put(aws: Aws) -> None:
    s3, name = aws.client("s3"), bucket(aws)
    rules = [
        {
            "ID": "old-versions",
            "Status": "Enabled",
            "Filter": {"Prefix": "data/"},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 7, "NewerNoncurrentVersions": 3},
        },
        {
            "ID": "uploads",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
        },
    ]
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
    shown = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert sorted(shown, key=lambda rule: str(rule["ID"])) == rules


@proves("s3.what_is_refused_over_plain_http_is_not_refused_here")
def a_bucket_that_wants_tls_can_be_read_and_another_denial_holds(aws: Aws) -> None:
    s3, name = aws.client("s3"), bucket(aws)
    tls = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{name}/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    closed = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/closed"}
    policy = {"Version": "2012-10-17", "Statement": [tls, closed]}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    for key in ("open", "closed"):
        s3.put_object(Bucket=name, Key=key, Body=b"1")
    assert s3.get_object(Bucket=name, Key="open")["Body"].read() == b"1"
    assert error_code(s3.get_object, Bucket=name, Key="closed") == "403"
