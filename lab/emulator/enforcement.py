# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IAM enforcement: what no policy of the principal allows is refused. Off until it is switched on.

Moto's own asks for a signature that it computes wrongly for several services. This one goes by the access key alone,
and has moto judge the action: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
Moto judges actions; it knows neither the resource of a call nor the keys of a condition.

Who calls may also do what the service does in the caller's name, such as handing a role on. What that is, AWS lists for
each action as dependent actions: https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
It is in permissions.json, which `python -m tests.policies none` writes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.session import Session
from moto.iam.access_control import CreateAccessKeyFailure, IAMPolicy, PermissionResult, create_access_key

from lab.emulator.identify import Identity

PERMISSIONS = Path(__file__).with_name("permissions.json")
# Where IAM's prefix is not the name that requests are signed with.
PREFIXES = {"cloudwatch": "cloudwatch", "resourcegroupstaggingapi": "tag"}
TAGS = r"tag(s|set|slist|specifications?|list)"
# A dependent action that AWS asks for only where the call has such a parameter, at whatever depth. The first that fits
# an action and a dependent counts; what fits none is always asked for.
ONLY_WITH: tuple[tuple[str, str, str], ...] = (
    ("autoscaling:*", "*", r"launchtemplate(specification)?|mixedinstancespolicy"),
    ("elasticache:DeleteReplicationGroup", "elasticache:CreateSnapshot", r"finalsnapshotidentifier"),
    ("rds:DeleteDBInstance", "*", r"finaldbsnapshotidentifier"),
    ("rds:*", "secretsmanager:RotateSecret", r"rotatemasteruserpassword"),
    ("rds:*", "secretsmanager:*", r"managemasteruserpassword"),
    ("rds:*", "kms:*", r".*kmskeyid"),
    ("secretsmanager:CreateSecret", "kms:*", r"kmskeyid"),
    ("s3:CreateBucket", "*", r"objectlockenabledforbucket"),
    ("ec2:*", "kms:*", r"encrypted|kmskeyid"),
    ("config:*", "iam:PassRole", r"rolearn"),
    ("*", "iam:PassRole", r".*role(arn|name)?|iaminstanceprofile|deliverlogspermissionarn"),
    ("*", "*:TagResource", TAGS),
    ("*", "*:AddTags*", TAGS),
    ("*", "*:CreateTags", TAGS),
)
Parameters = Callable[[], Mapping[str, Any] | None]


@cache
def _known() -> Mapping[str, Mapping[str, list[str]]]:
    known: Mapping[str, Mapping[str, list[str]]] = json.loads(PERMISSIONS.read_text())
    return known


@cache
def _prefix(service: str) -> str:
    try:
        return PREFIXES.get(service) or str(Session().get_service_model(service).signing_name)
    except UnknownServiceError:
        return service


def named(service: str, operation: str) -> str:
    """The action of an operation's own name."""
    return f"{_prefix(service)}:{operation}"


def actions_of(service: str, operation: str) -> tuple[str, ...]:
    """The actions that an operation needs."""
    return tuple(_known()["actions"].get(f"{service}:{operation}", (named(service, operation),)))


def beside(action: str, parameters: Parameters) -> list[str]:
    """The dependent actions that a call with these parameters asks for."""
    others = _known()["dependents"].get(action, [])
    wanted = {other: _only_with(action, other) for other in others}
    names = _names(parameters() or {}) if any(wanted.values()) else set()
    return [other for other, pattern in wanted.items() if pattern is None or any(map(pattern.fullmatch, names))]


def _only_with(action: str, other: str) -> re.Pattern[str] | None:
    for of_action, of_other, pattern in ONLY_WITH:
        if fnmatchcase(action, of_action) and fnmatchcase(other, of_other):
            return re.compile(pattern)
    return None


def _names(parameters: object) -> set[str]:
    return set(_set(parameters))


def _set(value: object) -> Iterator[str]:
    """The names of the parameters that are given something, in small letters."""
    if isinstance(value, Mapping):
        for name, one in value.items():
            if one not in (None, False, "", [], {}):
                yield str(name).lower()
            yield from _set(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _set(one)


def refusal(
    identity: Identity, account: str, headers: Mapping[str, str], parameters: Parameters
) -> tuple[str, str] | None:
    """The error code and message with which a call is refused; None where it is allowed."""
    if not identity.service or not identity.operation:
        return None
    needed = actions_of(identity.service, identity.operation)
    if not needed:
        return None
    try:
        key = create_access_key(account, "aws", identity.principal or "", dict(headers))
    except CreateAccessKeyFailure:
        return "InvalidClientTokenId", "The security token included in the request is invalid."
    policies = [IAMPolicy(policy) for policy in key.collect_policies()]
    for action in [*needed, *(other for one in needed for other in beside(one, parameters))]:
        results = {policy.is_action_permitted(action) for policy in policies}
        if PermissionResult.PERMITTED not in results or PermissionResult.DENIED in results:
            return "AccessDenied", f"User: {key.arn} is not authorized to perform: {action}"
    return None
