# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IAM: paths, permissions boundaries, tags of instance profiles, the root user and its MFA device."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.iam.models import AccountSummary, IAMBackend, InstanceProfile, ManagedPolicy, Role, iam_backends
from moto.iam.responses import IamResponse

from lab.emulator.registry import ROOT_USER, Call, fix, operation, table, wrap


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


@fix("iam")
def groups_move_to_another_path() -> None:
    """A group moves to another path and keeps its name.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateGroup.html
    """

    @wrap(IAMBackend, "update_group")
    def update(original: Any, backend: IAMBackend, group: str, name: str | None, path: str | None) -> None:
        if path:
            backend.get_group(group).path = path
        original(backend, group, name, path)


@fix("iam")
def root_user_has_mfa() -> None:
    """The root user has an MFA device that is no virtual one, as whoever opens an account has to see to.

    No call to AWS enrols it or takes it away; `POST /_lab/account` does.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/enable-mfa-for-root.html
    """
    original = AccountSummary.summary_map.fget  # type: ignore[attr-defined]

    def summary_map(summary: AccountSummary) -> dict[str, Any]:
        root = table(summary._iam_backend.account_id, "aws", ROOT_USER)
        return {**original(summary), "AccountMFAEnabled": int(root.get("mfa", True))}

    AccountSummary.summary_map = property(summary_map)  # type: ignore[method-assign, assignment]


@fix("iam")
def credential_report_has_the_root_user() -> None:
    """The first line of the credential report is the root user's: no keys, MFA as the account summary tells.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
    """

    @wrap(IAMBackend, "get_credential_report")
    def report(original: Any, backend: IAMBackend) -> str:
        header, _, users = original(backend).partition("\n")
        mfa = "true" if backend.account_summary.summary_map["AccountMFAEnabled"] else "false"
        known = {
            "user": "<root_account>",
            "arn": f"arn:aws:iam::{backend.account_id}:root",
            "user_creation_time": "2026-01-01T00:00:00+00:00",
            "password_enabled": "not_supported",
            "password_last_used": "no_information",
            "password_last_changed": "not_supported",
            "password_next_rotation": "not_supported",
            "mfa_active": mfa,
        }
        root = [known.get(name, "false" if name.endswith("_active") else "N/A") for name in header.split(",")]
        return f"{header}\n{','.join(root)}\n{users}"


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
