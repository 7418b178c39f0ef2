# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IAM: lists below a path, permissions boundaries and tags of instance profiles."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.iam.models import InstanceProfile, ManagedPolicy, Role, iam_backends
from moto.iam.responses import IamResponse

from lab.emulator.registry import Call, fix, operation, wrap


@fix("iam")
def lists_start_at_a_path() -> None:
    """PathPrefix limits the instance profiles and groups that are listed.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListInstanceProfiles.html
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroups.html
    """

    def below_path(original: Any, response: IamResponse) -> ActionResult:
        result: dict[str, Any] = original(response).result
        prefix = response._get_param("PathPrefix", "/")
        return ActionResult(
            {key: [one for one in found if one.path.startswith(prefix)] for key, found in result.items()}
        )

    wrap(IamResponse, "list_instance_profiles")(below_path)
    wrap(IamResponse, "list_groups")(below_path)


@fix("iam")
def boundaries_are_policies() -> None:
    """The type of a permissions boundary is Policy.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachedPermissionsBoundary.html
    """

    def boundary(role: Role) -> dict[str, str] | None:
        if not role.permissions_boundary_arn:
            return None
        return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": role.permissions_boundary_arn}

    Role.permissions_boundary = property(boundary)  # type: ignore[method-assign, assignment]


@fix("iam")
def policies_count_their_use_as_boundary() -> None:
    """A policy tells how many entities it bounds.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_Policy.html
    """

    def count(policy: ManagedPolicy) -> int:
        roles = iam_backends[policy.account_id]["aws"].roles.values()
        return sum(role.permissions_boundary_arn == policy.arn for role in roles)

    ManagedPolicy.permissions_boundary_usage_count = property(count)  # type: ignore[attr-defined]


def _profile(call: Call, params: dict[str, Any]) -> InstanceProfile:
    profile: InstanceProfile = call.backend("iam").get_instance_profile(params["InstanceProfileName"])
    return profile


@operation("iam", "ListInstanceProfileTags")
def list_instance_profile_tags(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListInstanceProfileTags.html"""
    return {"Tags": _profile(call, params).tags, "IsTruncated": False}


@operation("iam", "TagInstanceProfile")
def tag_instance_profile(call: Call, params: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagInstanceProfile.html"""
    profile = _profile(call, params)
    new = {tag["Key"]: tag for tag in params["Tags"]}
    profile.tags = [tag for tag in profile.tags if tag["Key"] not in new] + list(new.values())


@operation("iam", "UntagInstanceProfile")
def untag_instance_profile(call: Call, params: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagInstanceProfile.html"""
    profile = _profile(call, params)
    profile.tags = [tag for tag in profile.tags if tag["Key"] not in params["TagKeys"]]
