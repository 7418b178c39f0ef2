# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IAM Access Analyzer, which moto does not have: analyzers and their tags, and policies.

Analyzers find nothing here; of a policy, only what IAM itself would refuse.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from moto.iam.exceptions import MalformedPolicyDocument
from moto.iam.policy_validation import IAMPolicyDocumentValidator, IAMTrustPolicyDocumentValidator

from lab.emulator.registry import ApiError, Call, operation

UNUSED = "ACCOUNT_UNUSED_ACCESS"


def _analyzers(call: Call) -> dict[str, Any]:
    return call.table("accessanalyzer")


def _analyzer(call: Call, name: str) -> dict[str, Any]:
    if name not in _analyzers(call):
        raise ApiError("ResourceNotFoundException", f"Analyzer {name} was not found")
    found: dict[str, Any] = _analyzers(call)[name]
    return found


@operation("accessanalyzer", "CreateAnalyzer")
def create_analyzer(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CreateAnalyzer.html"""
    name, kind = params["analyzerName"], params["type"]
    if name in _analyzers(call):
        raise ApiError("ConflictException", f"Analyzer {name} exists already")
    if kind not in ("ACCOUNT", UNUSED):
        raise ApiError("ValidationException", f"The account is in no organization, which type {kind} needs")
    configuration = params.get("configuration", {})
    if "unusedAccess" in configuration and kind != UNUSED:
        raise ApiError("ValidationException", f"Configuration unusedAccess is not of type {kind}")
    if kind == UNUSED:
        age = configuration.get("unusedAccess", {}).get("unusedAccessAge", 90)
        if not 1 <= age <= 365:
            raise ApiError("ValidationException", "unusedAccessAge is not between 1 and 365")
        configuration = {"unusedAccess": {"unusedAccessAge": age}}
    arn = f"arn:aws:access-analyzer:{call.region}:{call.account}:analyzer/{name}"
    _analyzers(call)[name] = {
        "arn": arn,
        "name": name,
        "type": kind,
        "createdAt": datetime.now(UTC),
        "status": "ACTIVE",
        "tags": dict(params.get("tags", {})),
        **({"configuration": configuration} if configuration else {}),
    }
    return {"arn": arn}


@operation("accessanalyzer", "GetAnalyzer")
def get_analyzer(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_GetAnalyzer.html"""
    return {"analyzer": _analyzer(call, params["analyzerName"])}


@operation("accessanalyzer", "ListAnalyzers")
def list_analyzers(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_ListAnalyzers.html"""
    kind = params.get("type")
    return {"analyzers": [one for one in _analyzers(call).values() if kind in (None, one["type"])]}


@operation("accessanalyzer", "DeleteAnalyzer")
def delete_analyzer(call: Call, params: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_DeleteAnalyzer.html"""
    del _analyzers(call)[_analyzer(call, params["analyzerName"])["name"]]


def _tags(call: Call, params: dict[str, Any]) -> dict[str, str]:
    tags: dict[str, str] = _analyzer(call, params["resourceArn"].rpartition("/")[2])["tags"]
    return tags


@operation("accessanalyzer", "TagResource")
def tag_resource(call: Call, params: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_TagResource.html"""
    _tags(call, params).update(params["tags"])


@operation("accessanalyzer", "UntagResource")
def untag_resource(call: Call, params: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_UntagResource.html"""
    tags = _tags(call, params)
    for key in params["tagKeys"]:
        tags.pop(key, None)


@operation("accessanalyzer", "ValidatePolicy")
def validate_policy(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """What IAM would refuse. Which actions, keys and ARNs there are, and what is unwise, AWS alone knows.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_ValidatePolicy.html
    """
    text = params["policyDocument"]
    try:
        json.loads(text)
    except ValueError as error:
        return {"findings": [_finding("JSON_SYNTAX_ERROR", str(error))]}
    try:
        if params["policyType"] == "IDENTITY_POLICY":
            IAMPolicyDocumentValidator(text).validate()
        elif params.get("validatePolicyResourceType") == "AWS::IAM::AssumeRolePolicyDocument":
            IAMTrustPolicyDocumentValidator(text).validate()
    except MalformedPolicyDocument as error:
        return {"findings": [_finding("POLICY_SYNTAX_ERROR", error.message)]}
    return {"findings": []}


def _finding(code: str, text: str) -> dict[str, Any]:
    link = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html"
    return {
        "findingType": "ERROR",
        "issueCode": code,
        "findingDetails": text,
        "learnMoreLink": link,
        "locations": [],
    }
