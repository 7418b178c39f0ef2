#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: s3_bucket
version_added: "0.1.0"
short_description: Make an S3 bucket with its policy, encryption, lifecycle and object lock
description:
  - Makes an S3 bucket in the region of the module and sets what is declared of it, or deletes it.
  - A new bucket takes neither public access nor ACLs, unless O(public_access_block) and O(object_ownership) say so.
  - Follows U(https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html) and the calls it refers to.
notes:
  - M(amazon.aws.s3_bucket) and M(community.aws.s3_lifecycle) skip check mode. This module predicts every part.
  - In check mode the KMS key, the bucket for logs and the principals of the policy may be ones that do not exist yet.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name of the bucket, unique in all of AWS.
    type: str
    required: true
  versioning:
    description: Whether old versions of objects are kept. V(false) suspends it and keeps those there are.
    type: bool
  encryption:
    description: How objects are encrypted when the writer does not say. AWS takes V(AES256).
    type: dict
    suboptions:
      algorithm:
        description: The encryption.
        type: str
        required: true
        choices: [AES256, "aws:kms", "aws:kms:dsse"]
      kms_key_id:
        description: The KMS key, best by its ARN, compared as it is written. AWS takes its own key C(aws/s3).
        type: str
      bucket_key_enabled:
        description: Whether S3 asks KMS for a key once for the bucket, not once for each object.
        type: bool
  public_access_block:
    description: What public access is refused. Exact when given. A new bucket gets all four.
    type: dict
    suboptions:
      block_public_acls:
        description: Whether new public ACLs are refused.
        type: bool
        default: true
      ignore_public_acls:
        description: Whether public ACLs have no effect.
        type: bool
        default: true
      block_public_policy:
        description: Whether a public bucket policy is refused.
        type: bool
        default: true
      restrict_public_buckets:
        description: Whether a bucket with a public policy is open to the account and AWS services only.
        type: bool
        default: true
  object_ownership:
    description: Who owns new objects. A new bucket gets V(BucketOwnerEnforced), which turns ACLs off.
    type: str
    choices: [BucketOwnerEnforced, BucketOwnerPreferred, ObjectWriter]
  policy:
    description: The bucket policy. V({}) removes it. Two policies that mean the same are the same.
    type: dict
  lifecycle_rules:
    description: The lifecycle rules, in any order. Exact when given. V([]) removes them all.
    type: list
    elements: dict
    suboptions:
      id:
        description: The name of the rule.
        type: str
        required: true
      prefix:
        description: The rule is for keys that begin so. An empty one is for all.
        type: str
        default: ""
      expiration_days:
        description: Days after which an object is deleted, or gets a delete marker when versions are kept.
        type: int
      noncurrent_expiration_days:
        description: Days after which an old version is deleted.
        type: int
      transitions:
        description: When an object moves to another storage class, the first move first.
        type: list
        elements: dict
        suboptions:
          days:
            description: Days after the object was written.
            type: int
            required: true
          storage_class:
            description: The storage class.
            type: str
            required: true
            choices: [STANDARD_IA, ONEZONE_IA, INTELLIGENT_TIERING, GLACIER_IR, GLACIER, DEEP_ARCHIVE]
      abort_incomplete_multipart_days:
        description: Days after which an upload that was not finished is dropped.
        type: int
  logging:
    description: Where requests are logged. The policy of that bucket has to let the S3 logging service write.
    type: dict
    suboptions:
      target_bucket:
        description: The bucket that the logs are written to. An empty one turns logging off.
        type: str
        required: true
      target_prefix:
        description: What the keys of the logs begin with.
        type: str
        default: ""
  object_lock_enabled:
    description: Whether objects can be locked. Taken on creation only, and it turns versioning on for good.
    type: bool
  object_lock_retention:
    description: How long a new object is locked when the writer does not say. Needs a bucket with object lock.
    type: dict
    suboptions:
      mode:
        description: V(GOVERNANCE) lets those with the permission unlock. V(COMPLIANCE) lets nobody.
        type: str
        required: true
        choices: [GOVERNANCE, COMPLIANCE]
      days:
        description: The number of days.
        type: int
        required: true
  force:
    description:
      - Whether O(state=absent) deletes all objects and all their versions. Without it, a bucket that is not empty
        is refused.
    type: bool
    default: false
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Make the bucket that snapshots are kept in
  pixstory.platform.s3_bucket:
    name: pixstory-production-snapshots-123456789012
    versioning: true
    encryption:
      algorithm: aws:kms
      kms_key_id: arn:aws:kms:ap-south-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef
      bucket_key_enabled: true
    lifecycle_rules:
      - id: keep-90-days
        expiration_days: 90
        noncurrent_expiration_days: 30
        transitions:
          - days: 30
            storage_class: STANDARD_IA
        abort_incomplete_multipart_days: 7
    tags:
      Project: pixstory

- name: Delete it and all that it holds
  pixstory.platform.s3_bucket:
    name: pixstory-production-snapshots-123456789012
    state: absent
    force: true
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
bucket:
  description:
    - The bucket, with each declared option as it now is.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  contains:
    name:
      description: The name.
      type: str
    arn:
      description: The ARN.
      type: str
      sample: arn:aws:s3:::pixstory-production-snapshots-123456789012
    region:
      description: The region it is in.
      type: str
      sample: ap-south-1
    tags:
      description: The tags.
      type: dict
"""

import json
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.tagging import ansible_dict_to_boto3_tag_list

from ansible_collections.pixstory.platform.plugins.module_utils.compare import same_policy
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import (
    Plan,
    Property,
    Resource,
    given,
    main_for,
)

PUBLIC_ACCESS_BLOCK = {
    "block_public_acls": "BlockPublicAcls",
    "ignore_public_acls": "IgnorePublicAcls",
    "block_public_policy": "BlockPublicPolicy",
    "restrict_public_buckets": "RestrictPublicBuckets",
}
NEW_BUCKET = {
    "public_access_block": dict.fromkeys(PUBLIC_ACCESS_BLOCK, True),
    "object_ownership": "BucketOwnerEnforced",
}


def lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    """A declared rule in the form of the API."""
    parts = {
        "Expiration": {"Days": rule.get("expiration_days")},
        "NoncurrentVersionExpiration": {"NoncurrentDays": rule.get("noncurrent_expiration_days")},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": rule.get("abort_incomplete_multipart_days")},
        "Transitions": [
            {"Days": item["days"], "StorageClass": item["storage_class"]} for item in rule.get("transitions", [])
        ],
    }
    wanted = {key: value for key, value in given(parts).items() if value}
    return {"ID": rule["id"], "Status": "Enabled", "Filter": {"Prefix": rule["prefix"]}, **wanted}


def read_lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule in the form of the parameter, with a key more when it holds what the parameter cannot say."""
    matched = rule.get("Filter", {})
    shown = {
        "id": rule.get("ID", ""),
        "prefix": matched.get("Prefix", rule.get("Prefix", "")),
        "expiration_days": rule.get("Expiration", {}).get("Days"),
        "noncurrent_expiration_days": rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays"),
        "abort_incomplete_multipart_days": rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation"),
        "transitions": [
            {"days": item.get("Days"), "storage_class": item["StorageClass"]} for item in rule.get("Transitions", [])
        ],
    }
    shown = {key: value for key, value in shown.items() if value not in (None, [])}
    conditions = ("Filter", "Prefix")
    rest = {key: value for key, value in rule.items() if value and key not in conditions}
    said = {key: value for key, value in lifecycle_rule(shown).items() if key not in conditions}
    return shown if rest == said and not set(matched) - {"Prefix"} else {**shown, "not_in_this_module": True}


def same_rules(declared: list[dict[str, Any]], present: list[dict[str, Any]]) -> bool:
    def ordered(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
        filled = [{key: value for key, value in rule.items() if value != []} for rule in rules]
        return sorted(filled, key=lambda rule: rule["id"])

    return ordered(declared) == ordered(present)


class Bucket(Resource):
    """Each property but the region and object lock has a reader and a setter of its name."""

    kind = "S3 bucket"
    service = "s3"
    result_key = "bucket"
    extra_retry_codes = ("OperationAborted",)  # while AWS still works on an earlier change
    # In the order in which they are set: a public policy needs the block lifted first.
    properties = (
        Property("region", "Region", mutable=False),
        Property("object_lock_enabled", "ObjectLockEnabled", mutable=False),
        Property("object_ownership", "ObjectOwnership"),
        Property("public_access_block", "PublicAccessBlock"),
        Property("versioning", "Versioning"),
        Property("encryption", "Encryption"),
        Property("object_lock_retention", "ObjectLockRetention"),
        Property("policy", "Policy", verbatim=True, equal=same_policy),
        Property("lifecycle_rules", "LifecycleRules", equal=same_rules),
        Property("logging", "Logging"),
    )

    def describe(self) -> dict[str, Any] | None:
        head = self.call_or_none("head_bucket", missing=("404",), Bucket=self.name)
        if head is None:
            return None
        region = head["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region", self.module.region)
        description: dict[str, Any] = {"Region": head.get("BucketRegion", region)}
        if self.params["state"] == "absent":
            versions = self.call("list_object_versions", Bucket=self.name, MaxKeys=1)
            description["Empty"] = not (versions.get("Versions") or versions.get("DeleteMarkers"))
            return description
        given = (prop for prop in self.properties if self.params[prop.param] is not None)
        readers = {prop.api: getattr(self, f"_read_{prop.param}", None) for prop in given}
        readers = {"Tags": self._read_tags, **{key: reader for key, reader in readers.items() if reader}}
        return {**description, **dict(zip(readers, self.together(*readers.values()), strict=True))}

    def _read_tags(self) -> list[dict[str, str]]:
        return self._read("get_bucket_tagging", "NoSuchTagSet").get("TagSet", [])

    def plan(self, description: dict[str, Any] | None) -> Plan:
        if self.params["state"] == "absent":
            if description and not description["Empty"] and not self.params["force"]:
                self.fail(
                    f"S3 bucket {self.name} is not empty. Set force: true to delete all its objects and versions "
                    "with it, or empty it yourself."
                )
        elif description is None:
            for param, default in NEW_BUCKET.items():
                self.params[param] = default if self.params[param] is None else self.params[param]
        return super().plan(description)

    def create(self, declared: dict[str, Any]) -> None:
        region = self.module.region
        # The first of all regions has no name here.
        constraint = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        lock = {"ObjectLockEnabledForBucket": True} if declared.get("ObjectLockEnabled") else {}
        self.call("create_bucket", Bucket=self.name, **constraint, **lock)
        self.update({}, declared)
        if self.params["tags"]:
            self._put_tags(self.params["tags"])

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        for prop in self.properties:
            if prop.api in changes and (setter := getattr(self, f"_set_{prop.param}", None)):
                setter(changes[prop.api])

    def delete(self, description: dict[str, Any]) -> None:
        if not description["Empty"]:
            self._empty()
        self.call("delete_bucket", Bucket=self.name)

    def result(self, description: dict[str, Any] | None) -> dict[str, Any]:
        if description is None:
            return {}
        shown = {prop.param: description[prop.api] for prop in self.properties if prop.api in description}
        partition = self.client().meta.partition
        return {
            **shown,
            "name": self.name,
            "arn": f"arn:{partition}:s3:::{self.name}",
            "tags": self.current_tags(description),
        }

    # S3 has no call that sets or removes one tag.

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        self._put_tags({**self.current_tags(description), **tags})

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        kept = {key: value for key, value in self.current_tags(description).items() if key not in keys}
        self._put_tags(kept)
        description["Tags"] = kept  # what set_tags, which comes next, starts from

    def _put_tags(self, tags: dict[str, str]) -> None:
        self.call("put_bucket_tagging", Bucket=self.name, Tagging={"TagSet": ansible_dict_to_boto3_tag_list(tags)})

    def _read(self, operation: str, missing: str) -> dict[str, Any]:
        """One of the configurations of the bucket; empty when there is none."""
        return self.call_or_none(operation, missing=(missing,), Bucket=self.name) or {}

    def _empty(self) -> None:
        for kind in ("Versions", "DeleteMarkers"):
            objects = self.pages("list_object_versions", kind, Bucket=self.name)
            for start in range(0, len(objects), 1000):
                batch = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in objects[start : start + 1000]]
                answer = self.call("delete_objects", Bucket=self.name, Delete={"Objects": batch, "Quiet": True})
                # AWS answers 200 and lists what it refused in the body.
                for refused in answer.get("Errors", []):
                    self.fail(f"Cannot delete {refused['Key']} in S3 bucket {self.name}: {refused['Message']}")

    def _read_object_lock_enabled(self) -> bool:
        return bool(self._object_lock())

    def _object_lock(self) -> dict[str, Any]:
        answer = self._read("get_object_lock_configuration", "ObjectLockConfigurationNotFoundError")
        return answer.get("ObjectLockConfiguration", {})

    def _read_object_lock_retention(self) -> dict[str, Any]:
        retention = self._object_lock().get("Rule", {}).get("DefaultRetention", {})
        return {"mode": retention.get("Mode"), "days": retention.get("Days")}

    def _set_object_lock_retention(self, declared: dict[str, Any]) -> None:
        rule = {"DefaultRetention": {"Mode": declared["mode"], "Days": declared["days"]}}
        configuration = {"ObjectLockEnabled": "Enabled", "Rule": rule}
        self.call("put_object_lock_configuration", Bucket=self.name, ObjectLockConfiguration=configuration)

    def _read_object_ownership(self) -> str | None:
        answer = self._read("get_bucket_ownership_controls", "OwnershipControlsNotFoundError")
        rules = answer.get("OwnershipControls", {}).get("Rules", [])
        return rules[0]["ObjectOwnership"] if rules else None

    def _set_object_ownership(self, declared: str) -> None:
        controls = {"Rules": [{"ObjectOwnership": declared}]}
        self.call("put_bucket_ownership_controls", Bucket=self.name, OwnershipControls=controls)

    def _read_public_access_block(self) -> dict[str, bool]:
        answer = self._read("get_public_access_block", "NoSuchPublicAccessBlockConfiguration")
        present = answer.get("PublicAccessBlockConfiguration", {})
        return {option: present.get(key, False) for option, key in PUBLIC_ACCESS_BLOCK.items()}

    def _set_public_access_block(self, declared: dict[str, bool]) -> None:
        block = {PUBLIC_ACCESS_BLOCK[option]: value for option, value in declared.items()}
        self.call("put_public_access_block", Bucket=self.name, PublicAccessBlockConfiguration=block)

    def _read_versioning(self) -> bool:
        return self.call("get_bucket_versioning", Bucket=self.name).get("Status") == "Enabled"

    def _set_versioning(self, declared: bool) -> None:
        status = {"Status": "Enabled" if declared else "Suspended"}
        self.call("put_bucket_versioning", Bucket=self.name, VersioningConfiguration=status)

    def _read_encryption(self) -> dict[str, Any]:
        answer = self._read("get_bucket_encryption", "ServerSideEncryptionConfigurationNotFoundError")
        rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
        rule = rules[0] if rules else {}
        default = rule.get("ApplyServerSideEncryptionByDefault", {})
        return {
            "algorithm": default.get("SSEAlgorithm"),
            "kms_key_id": default.get("KMSMasterKeyID"),
            "bucket_key_enabled": rule.get("BucketKeyEnabled", False),
        }

    def _set_encryption(self, declared: dict[str, Any]) -> None:
        key = {"KMSMasterKeyID": declared["kms_key_id"]} if "kms_key_id" in declared else {}
        rule: dict[str, Any] = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": declared["algorithm"], **key}}
        if "bucket_key_enabled" in declared:
            rule["BucketKeyEnabled"] = declared["bucket_key_enabled"]
        configuration = {"Rules": [rule]}
        self.call("put_bucket_encryption", Bucket=self.name, ServerSideEncryptionConfiguration=configuration)

    def _read_policy(self) -> dict[str, Any]:
        return json.loads(self._read("get_bucket_policy", "NoSuchBucketPolicy").get("Policy", "{}"))

    def _set_policy(self, declared: dict[str, Any]) -> None:
        if declared:
            self.call("put_bucket_policy", Bucket=self.name, Policy=json.dumps(declared))
        else:
            self.call("delete_bucket_policy", Bucket=self.name)

    def _read_lifecycle_rules(self) -> list[dict[str, Any]]:
        answer = self._read("get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration")
        return [read_lifecycle_rule(rule) for rule in answer.get("Rules", [])]

    def _set_lifecycle_rules(self, declared: list[dict[str, Any]]) -> None:
        if declared:
            rules = {"Rules": [lifecycle_rule(rule) for rule in declared]}
            self.call("put_bucket_lifecycle_configuration", Bucket=self.name, LifecycleConfiguration=rules)
        else:
            self.call("delete_bucket_lifecycle", Bucket=self.name)

    def _read_logging(self) -> dict[str, str]:
        present = self.call("get_bucket_logging", Bucket=self.name).get("LoggingEnabled", {})
        return {"target_bucket": present.get("TargetBucket", ""), "target_prefix": present.get("TargetPrefix", "")}

    def _set_logging(self, declared: dict[str, str]) -> None:
        enabled = {"TargetBucket": declared["target_bucket"], "TargetPrefix": declared["target_prefix"]}
        status = {"LoggingEnabled": enabled} if declared["target_bucket"] else {}
        self.call("put_bucket_logging", Bucket=self.name, BucketLoggingStatus=status)


def main() -> None:
    main_for(
        Bucket,
        {
            "name": {"required": True},
            "versioning": {"type": "bool"},
            "encryption": {
                "type": "dict",
                "options": {
                    "algorithm": {"required": True, "choices": ["AES256", "aws:kms", "aws:kms:dsse"]},
                    "kms_key_id": {},
                    "bucket_key_enabled": {"type": "bool", "no_log": False},
                },
            },
            "public_access_block": {
                "type": "dict",
                "options": {option: {"type": "bool", "default": True} for option in PUBLIC_ACCESS_BLOCK},
            },
            "object_ownership": {"choices": ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]},
            "policy": {"type": "dict"},
            "lifecycle_rules": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "id": {"required": True},
                    "prefix": {"default": ""},
                    "expiration_days": {"type": "int"},
                    "noncurrent_expiration_days": {"type": "int"},
                    "transitions": {
                        "type": "list",
                        "elements": "dict",
                        "options": {
                            "days": {"type": "int", "required": True},
                            "storage_class": {
                                "required": True,
                                "choices": [
                                    "STANDARD_IA",
                                    "ONEZONE_IA",
                                    "INTELLIGENT_TIERING",
                                    "GLACIER_IR",
                                    "GLACIER",
                                    "DEEP_ARCHIVE",
                                ],
                            },
                        },
                    },
                    "abort_incomplete_multipart_days": {"type": "int"},
                },
            },
            "logging": {
                "type": "dict",
                "options": {"target_bucket": {"required": True}, "target_prefix": {"default": ""}},
            },
            "object_lock_enabled": {"type": "bool"},
            "object_lock_retention": {
                "type": "dict",
                "options": {
                    "mode": {"required": True, "choices": ["GOVERNANCE", "COMPLIANCE"]},
                    "days": {"type": "int", "required": True},
                },
            },
            "force": {"type": "bool", "default": False},
        },
    )


if __name__ == "__main__":
    main()
