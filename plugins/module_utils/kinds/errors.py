# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors that say which call failed and what to do."""

from __future__ import annotations

# Where IAM's names differ from boto3's.
IAM_SERVICES = {
    "accessanalyzer": "access-analyzer",
    "elbv2": "elasticloadbalancing",
    "resourcegroupstaggingapi": "tag",
    "service-quotas": "servicequotas",
}
IAM_ACTIONS = {
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:DeleteObjects": "s3:DeleteObjectVersion",
}


class CallFailed(Exception):
    """One AWS call failed. Says which, why, and what the caller must be allowed to do."""

    def __init__(self, service: str, operation: str, error: Exception) -> None:
        details = getattr(error, "response", {}).get("Error", {})
        self.code = str(details.get("Code", type(error).__name__))
        self.text = str(details.get("Message") or error)
        permission = f"{IAM_SERVICES.get(service, service)}:{operation}"
        self.permission = IAM_ACTIONS.get(permission, permission)
        super().__init__(
            f"{service} {operation} failed: {self.code}: {self.text}. "
            f"The call needs the IAM permission {self.permission} and a reachable endpoint of {service}."
        )


class StillThere(Exception):
    """A resource was not gone in time, or cannot go."""
