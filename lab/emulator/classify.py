# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether an AWS operation is a write."""

from __future__ import annotations

import re

READ_OPERATION = re.compile(
    r"(Describe|Get|BatchGet|List|Head|Lookup|Search|Query|Scan|Select|Validate|Simulate|Decode|Check|Estimate)"
    r"(?![a-z])"
)

# Operations that change no resource although their names do not say so.
READ_EXCEPTIONS = frozenset(
    {
        ("athena", "StartQueryExecution"),
        ("events", "TestEventPattern"),
        ("iam", "GenerateCredentialReport"),
        ("iam", "GenerateServiceLastAccessedDetails"),
        ("kms", "Decrypt"),
        ("kms", "Encrypt"),
        ("kms", "GenerateDataKey"),
        ("kms", "GenerateDataKeyPair"),
        ("kms", "GenerateDataKeyPairWithoutPlaintext"),
        ("kms", "GenerateDataKeyWithoutPlaintext"),
        ("kms", "GenerateMac"),
        ("kms", "GenerateRandom"),
        ("kms", "ReEncrypt"),
        ("kms", "Sign"),
        ("kms", "Verify"),
        ("kms", "VerifyMac"),
        ("logs", "FilterLogEvents"),
        ("logs", "StartQuery"),
        ("logs", "StopQuery"),
        ("logs", "TestMetricFilter"),
        ("sts", "AssumeRole"),
        ("sts", "AssumeRoleWithSAML"),
        ("sts", "AssumeRoleWithWebIdentity"),
    }
)


def is_write(service: str | None, operation: str | None, dry_run: bool = False) -> bool:
    """Say whether a call may change something; an unknown operation counts as a write."""
    if operation is None:
        return True
    if dry_run and service == "ec2":
        return False
    return not (READ_OPERATION.match(operation) or (service, operation) in READ_EXCEPTIONS)
