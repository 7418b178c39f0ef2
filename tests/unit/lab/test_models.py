# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values are held against botocore's models, and refused in the words of AWS."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.session import Session

from ansible_collections.pixstory.platform.plugins.module_utils.kinds import KINDS
from lab.emulator.harsh import Asked, Refused
from lab.emulator.harsh.models import compiled, matches, values_are_within_the_model

TRUST = {"RoleName": "web", "AssumeRolePolicyDocument": "{}"}
LONG = "x" * 65
TABLE: list[tuple[str, str, dict[str, Any], str, str]] = [
    (
        "iam",
        "CreateRole",
        {**TRUST, "RoleName": "a b"},
        "ValidationError",
        r"1 validation error detected: Value 'a b' at 'roleName' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\w+=,.@-]+",
    ),
    (
        "iam",
        "CreateRole",
        {**TRUST, "RoleName": LONG, "MaxSessionDuration": 1},
        "ValidationError",
        f"2 validation errors detected: Value '{LONG}' at 'roleName' failed to satisfy constraint: "
        "Member must have length less than or equal to 64; Value '1' at 'maxSessionDuration' failed to satisfy "
        "constraint: Member must have value greater than or equal to 3600",
    ),
    (
        "iam",
        "CreateRole",
        {**TRUST, "Tags": [{"Key": "Name", "Value": "web"}, {"Key": "a|b", "Value": "x"}]},
        "ValidationError",
        r"1 validation error detected: Value 'a|b' at 'tags.2.member.key' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+",
    ),
    (
        "lambda",
        "CreateFunction",
        {"FunctionName": "f", "Role": "arn:aws:iam::123456789012:role/r", "Code": {}, "Architectures": ["arm"]},
        "ValidationException",
        "1 validation error detected: Value 'arm' at 'architectures.1.member' failed to satisfy constraint: "
        "Member must satisfy enum value set: [arm64, x86_64]",
    ),
    (
        "kms",
        "CreateKey",
        {"KeySpec": "RSA"},
        "ValidationException",
        "1 validation error detected: Value 'RSA' at 'keySpec' failed to satisfy constraint: Member must satisfy "
        "enum value set: [",
    ),
    (
        "ec2",
        "RunInstances",
        {"MinCount": 1, "MaxCount": 1, "InstanceType": "t4g.tiny"},
        "InvalidParameterValue",
        "Value (t4g.tiny) for parameter instanceType is invalid. Member must satisfy enum value set: [",
    ),
    (
        "secretsmanager",
        "PutSecretValue",
        {"SecretId": "s", "SecretString": ""},
        "ValidationException",
        "1 validation error detected: Value '*** Sensitive Data Redacted ***' at 'secretString' failed to satisfy "
        "constraint: Member must have length greater than or equal to 1",
    ),
    (
        "logs",
        "PutRetentionPolicy",
        {"logGroupName": "a b", "retentionInDays": 7},
        "InvalidParameterException",
        "1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: Member must satisfy "
        r"regular expression pattern: [\.\-_/#A-Za-z0-9]+",
    ),
]


def _refused(service: str, operation: str, parameters: dict[str, Any]) -> Refused | None:
    return values_are_within_the_model(Asked(service, operation, "123456789012", "ap-south-1", "key", True, parameters))


@pytest.mark.parametrize(("service", "operation", "parameters", "code", "message"), TABLE)
def test_what_the_model_does_not_allow_is_refused(
    service: str, operation: str, parameters: dict[str, Any], code: str, message: str
) -> None:
    refused = _refused(service, operation, parameters)
    assert refused
    assert (refused.code, refused.status) == (code, 400)
    assert refused.message.startswith(message)


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("iam", "CreateRole", {**TRUST, "Tags": [{"Key": "Größe", "Value": ""}], "MaxSessionDuration": 3600}),
        ("ec2", "RunInstances", {"MinCount": 1, "MaxCount": 1, "InstanceType": "t4g.micro"}),
        ("sts", "GetCallerIdentity", {}),
        (
            "lambda",
            "TagResource",
            {"Resource": "arn:aws:lambda:ap-south-1:123456789012:function:f", "Tags": {"Name": "a b"}},
        ),
    ],
)
def test_what_the_model_allows_is_not(service: str, operation: str, parameters: dict[str, Any]) -> None:
    assert _refused(service, operation, parameters) is None


def test_a_pattern_without_an_anchor_is_of_the_whole_value() -> None:
    assert not matches("[a-z]+", "abc1")
    assert matches("^arn:", "arn:aws:sns")
    assert matches(r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*", "a 😀")


def test_every_pattern_of_the_services_that_we_call_can_be_compiled() -> None:
    session, wrong, right = Session(), [], 0
    for service in sorted({kind.service for kind in KINDS.values()} | {"service-quotas", "sts", "support"}):
        model = session.get_service_model(service)
        patterns = {model.shape_for(name).metadata.get("pattern") for name in model.shape_names} - {None}
        wrong += [(service, pattern) for pattern in patterns if compiled(pattern) is None]
        right += len(patterns)
    assert right > 400
    assert wrong == []
