# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which operations count as writes."""

from __future__ import annotations

import pytest

from lab.emulator.classify import is_write


@pytest.mark.parametrize(
    ("service", "operation", "write"),
    [
        ("ec2", "DescribeVpcs", False),
        ("ec2", "CreateVpc", True),
        ("ec2", "SearchTransitGatewayRoutes", False),
        ("s3", "HeadBucket", False),
        ("s3", "PutBucketTagging", True),
        ("dynamodb", "Scan", False),
        ("dynamodb", "BatchGetItem", False),
        ("dynamodb", "BatchWriteItem", True),
        ("cloudtrail", "LookupEvents", False),
        ("iam", "SimulatePrincipalPolicy", False),
        ("iam", "GenerateCredentialReport", False),
        ("sts", "DecodeAuthorizationMessage", False),
        ("sts", "AssumeRole", False),
        ("secretsmanager", "GetRandomPassword", False),
        ("secretsmanager", "RotateSecret", True),
        ("kms", "Decrypt", False),
        ("kms", "ScheduleKeyDeletion", True),
        ("elasticache", "TestFailover", True),
        # A prefix counts only as a whole word.
        ("any", "Scanner", True),
        ("any", "Listen", True),
        # What is unknown might be anything.
        ("ec2", None, True),
        (None, None, True),
    ],
)
def test_write(service: str | None, operation: str | None, write: bool) -> None:
    assert is_write(service, operation) is write


def test_a_dry_run_of_ec2_is_no_write() -> None:
    assert is_write("ec2", "CreateVpc", dry_run=True) is False
    assert is_write("s3", "CreateBucket", dry_run=True) is True
