# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""KMS keys, secrets, parameters and IAM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..iam_users import remove_user
from .base import Item, Kind, Rank, Scope, Tags, by_path, status_not, tag_dict
from .errors import CallFailed, StillThere
from .removal import Removal, delete

if TYPE_CHECKING:
    from .calls import Aws


def _key_name(scope: Scope, alias: str) -> str:
    return alias.removeprefix(f"alias/{scope.prefix}")


def _in_folder(scope: Scope, name: str) -> str:
    return name.removeprefix(scope.folder)


def _alias_of_ours(scope: Scope, item: Item) -> bool:
    return str(item["AliasName"]).startswith(f"alias/{scope.prefix}") and "TargetKeyId" in item


def _key_tags(aws: Aws, scope: Scope, items: list[Item]) -> list[Tags]:
    """Tags, and with them the rest: few aliases of the environment's name are not its own."""

    def tags(item: Item) -> Tags:
        return tag_dict(aws.pages("kms", "list_resource_tags", "Tags", KeyId=item["TargetKeyId"]))

    def metadata(item: Item) -> Item:
        return dict(aws.call("kms", "describe_key", KeyId=item["TargetKeyId"])["KeyMetadata"])

    def rotation(item: Item) -> Item:
        """Nothing of a key that is not enabled: some of those AWS does not tell of."""
        try:
            answer = aws.call("kms", "get_key_rotation_status", KeyId=item["TargetKeyId"])
        except CallFailed as error:
            if error.code in ("KMSInvalidStateException", "UnsupportedOperationException"):
                return {}
            raise
        return {"KeyRotationEnabled": answer["KeyRotationEnabled"]}

    read = aws.together((tags, metadata, rotation), items)
    for item, (_tags, key, rotates) in zip(items, read, strict=True):
        item.update(key, KeyArn=key["Arn"])
        if key["KeyState"] == "Enabled":
            item.update(rotates)
    return [tags for tags, _key, _rotates in read]


def _delete_key(removal: Removal, item: Item) -> None:
    """Its alias stays until AWS deletes both.

    By its alias kms_key finds the key and cancels the deletion, when the environment is provisioned again within the
    window. With another key the restored secrets could not be read.

    EBS would go on encrypting every new volume of the account with the key, and fail, so it returns to AWS's own.
    """
    if not removal.scope.cross_region:  # in other Regions the environment has no volumes
        default = removal.aws.call("ec2", "get_ebs_default_kms_key_id")["KmsKeyId"]
        if default in (item["id"], item["arn"]):
            removal.call("ec2", "reset_ebs_default_kms_key_id")
    days = removal.kms_pending_window_in_days
    removal.call("kms", "schedule_key_deletion", KeyId=item["id"], PendingWindowInDays=days)


def _delete_secret(removal: Removal, item: Item) -> None:
    days = removal.recovery_window_in_days
    window: dict[str, Any] = {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}
    removal.call("secretsmanager", "delete_secret", SecretId=item["id"], **window)


def _parameter_arguments(scope: Scope) -> dict[str, Any]:
    return {
        "ParameterFilters": [
            {"Key": "Name", "Option": "BeginsWith", "Values": [scope.folder]},
            {"Key": "tag:Project", "Values": [scope.project]},
            {"Key": "tag:Environment", "Values": [scope.environment]},
        ],
        "MaxResults": 50,  # ten when not said
    }


def _parameter_tags(aws: Aws, scope: Scope, items: list[Item]) -> list[Tags]:
    def read(item: Item) -> Tags:
        answer = aws.call("ssm", "list_tags_for_resource", ResourceType="Parameter", ResourceId=item["Name"])
        return tag_dict(answer["TagList"])

    return aws.each(read, items)


def _profile_tags(aws: Aws, scope: Scope, items: list[Item]) -> list[Tags]:
    def read(item: Item) -> Tags:
        name = item["InstanceProfileName"]
        return tag_dict(aws.pages("iam", "list_instance_profile_tags", "Tags", InstanceProfileName=name))

    return aws.each(read, items)


def _policy_tags(aws: Aws, scope: Scope, items: list[Item]) -> list[Tags]:
    def read(item: Item) -> Tags:
        return tag_dict(aws.pages("iam", "list_policy_tags", "Tags", PolicyArn=item["Arn"]))

    return aws.each(read, items)


def _path(scope: Scope) -> dict[str, Any]:
    return {"PathPrefix": scope.path}


def _role_details(aws: Aws, scope: Scope, items: list[Item]) -> None:
    """Policies and tags of all roles come in one paginated call; ListRoles returns neither."""
    roles = {
        role["Arn"]: role
        for role in aws.pages("iam", "get_account_authorization_details", "RoleDetailList", Filter=["Role"])
    }
    for item in items:
        role = roles.get(item["Arn"], {})
        item["AttachedPolicies"] = [policy["PolicyArn"] for policy in role.get("AttachedManagedPolicies", [])]
        item["InlinePolicies"] = {one["PolicyName"]: one["PolicyDocument"] for one in role.get("RolePolicyList", [])}
        item["Tags"] = role.get("Tags", [])


def _user_details(aws: Aws, scope: Scope, items: list[Item]) -> None:
    """Groups, policies and tags of all users come in one paginated call; ListUsers returns none of them."""
    users = {
        user["Arn"]: user
        for user in aws.pages("iam", "get_account_authorization_details", "UserDetailList", Filter=["User"])
    }
    for item in items:
        user = users.get(item["Arn"], {})
        item["Groups"] = sorted(user.get("GroupList", []))
        item["AttachedPolicies"] = [policy["PolicyArn"] for policy in user.get("AttachedManagedPolicies", [])]
        item["Tags"] = user.get("Tags", [])


def _group_details(aws: Aws, scope: Scope, items: list[Item]) -> None:
    groups = {
        group["Arn"]: group
        for group in aws.pages("iam", "get_account_authorization_details", "GroupDetailList", Filter=["Group"])
    }
    for item in items:
        policies = groups.get(item["Arn"], {}).get("AttachedManagedPolicies", [])
        item["AttachedPolicies"] = [policy["PolicyArn"] for policy in policies]


def _policy_documents(aws: Aws, scope: Scope, items: list[Item]) -> None:
    def read(item: Item) -> None:
        answer = aws.call("iam", "get_policy_version", PolicyArn=item["Arn"], VersionId=item["DefaultVersionId"])
        item["PolicyDocument"] = answer["PolicyVersion"]["Document"]

    aws.each(read, items)


def _delete_role(removal: Removal, item: Item) -> None:
    name = item["id"]
    for policy in removal.look("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name):
        removal.call("iam", "detach_role_policy", RoleName=name, PolicyArn=policy["PolicyArn"])
    for policy in removal.look("iam", "list_role_policies", "PolicyNames", RoleName=name):
        removal.call("iam", "delete_role_policy", RoleName=name, PolicyName=str(policy))
    removal.call("iam", "delete_role", RoleName=name)


def _delete_user(removal: Removal, item: Item) -> None:
    remove_user(
        item["id"],
        lambda *what, **arguments: removal.look("iam", *what, **arguments),
        lambda *what, **arguments: removal.call("iam", *what, **arguments),
    )


def _delete_group(removal: Removal, item: Item) -> None:
    """The environment's own users are gone by now. Others leave the group."""
    name = item["id"]
    for user in removal.look("iam", "get_group", "Users", GroupName=name):
        removal.call("iam", "remove_user_from_group", GroupName=name, UserName=user["UserName"])
    for policy in removal.look("iam", "list_attached_group_policies", "AttachedPolicies", GroupName=name):
        removal.call("iam", "detach_group_policy", GroupName=name, PolicyArn=policy["PolicyArn"])
    for policy in removal.look("iam", "list_group_policies", "PolicyNames", GroupName=name):
        removal.call("iam", "delete_group_policy", GroupName=name, PolicyName=str(policy))
    removal.call("iam", "delete_group", GroupName=name)


def _delete_instance_profile(removal: Removal, item: Item) -> None:
    for role in item.get("roles", []):
        removal.call(
            "iam",
            "remove_role_from_instance_profile",
            InstanceProfileName=item["id"],
            RoleName=role["role_name"],
        )
    removal.call("iam", "delete_instance_profile", InstanceProfileName=item["id"])


def _delete_policy(removal: Removal, item: Item) -> None:
    """The environment's own roles are gone by now. Whoever still uses the policy is not ours to change."""
    for key, name in (("PolicyRoles", "RoleName"), ("PolicyUsers", "UserName"), ("PolicyGroups", "GroupName")):
        users = removal.look("iam", "list_entities_for_policy", key, PolicyArn=item["id"])
        if users:
            names = ", ".join(sorted(user[name] for user in users))
            raise StillThere(f"IAM policy {item['id']} is attached to {names}: detach it there and run again.")
    for version in removal.look("iam", "list_policy_versions", "Versions", PolicyArn=item["id"]):
        if not version["IsDefaultVersion"]:
            removal.call("iam", "delete_policy_version", PolicyArn=item["id"], VersionId=version["VersionId"])
    removal.call("iam", "delete_policy", PolicyArn=item["id"])


IAM = "arn:{partition}:iam::{account}:"

KINDS = (
    Kind(
        key="kms_keys",
        label="KMS key",
        service="kms",
        role="aws_keys",
        also_in=("us-east-1",),  # of the logs of what is global
        rank=Rank.REMAINS,
        operation="list_aliases",
        result="Aliases",
        id_key="TargetKeyId",
        arn="KeyArn",
        candidate=_alias_of_ours,
        read_tags=_key_tags,
        # For weeks, and in nobody's way: not waited for.
        alive=status_not("KeyState", "PendingDeletion", "PendingReplicaDeletion"),
        created="CreationDate",
        name_key="AliasName",
        name_from="api",
        shorten=_key_name,
        delete=_delete_key,
        where=("alias_name",),
        state="key_state",
        planned_id="{uuid}",
        planned_arn="arn:{partition}:kms:{region}:{account}:key/{id}",
        planned={
            "key_id": "{id}",
            "key_arn": "{arn}",
            "alias_name": "alias/{prefix}{name}",
            "api_name": "alias/{prefix}{name}",
        },
    ),
    Kind(
        key="secrets",
        label="secret",
        service="secretsmanager",
        role="aws_secrets",
        rank=Rank.PARTS,
        operation="list_secrets",
        result="SecretList",
        id_key="ARN",
        arn="ARN",
        arguments=lambda scope: {
            "Filters": [{"Key": "name", "Values": [scope.folder]}],
            "IncludePlannedDeletion": True,  # they carry the environment's tags still, and are no orphans
        },
        alive=lambda item: not item.get("DeletedDate"),
        # RDS keeps the secrets it manages and deletes them itself.
        candidate=lambda scope, item: str(item["Name"]).startswith(scope.folder) and not item.get("OwningService"),
        verbatim=("SecretVersionsToStages",),
        created="CreatedDate",
        name_key="Name",
        name_from="api",
        shorten=_in_folder,
        delete=_delete_secret,
        where=("api_name",),
        planned_id="arn:{partition}:secretsmanager:{region}:{account}:secret:/{environment}/{name}-{hex6}",
        planned_arn="{id}",
        planned={"secret_arn": "{id}", "api_name": "/{environment}/{name}"},
    ),
    Kind(
        key="parameters",
        label="SSM parameter",
        service="ssm",
        role="aws_secrets",
        rank=Rank.PARTS,
        operation="describe_parameters",
        result="Parameters",
        id_key="Name",
        arn="arn:{partition}:ssm:{region}:{account}:parameter{id}",
        arguments=_parameter_arguments,
        read_tags=_parameter_tags,
        name_key="Name",
        name_from="api",
        shorten=_in_folder,
        delete=delete("ssm", "delete_parameter", Name="id"),
        where=("type",),
        planned_id="/{environment}/{name}",
        planned={"type": "String"},
    ),
    Kind(
        key="iam_roles",
        label="IAM role",
        service="iam",
        role="aws_identity",
        rank=Rank.GUARDS,
        operation="list_roles",
        result="Roles",
        id_key="RoleName",
        arn="Arn",
        arguments=_path,
        owned=by_path,
        details=_role_details,
        verbatim=("AssumeRolePolicyDocument", "InlinePolicies"),
        created="CreateDate",
        name_key="RoleName",
        name_from="api",
        delete=_delete_role,
        planned_arn=IAM + "role/{project}/{environment}/{id}",
        planned={"role_name": "{id}"},
    ),
    Kind(
        key="iam_instance_profiles",
        label="IAM instance profile",
        service="iam",
        role="aws_identity",
        rank=Rank.PARTS,
        operation="list_instance_profiles",
        result="InstanceProfiles",
        id_key="InstanceProfileName",
        arn="Arn",
        arguments=_path,
        read_tags=_profile_tags,
        owned=by_path,
        verbatim=("AssumeRolePolicyDocument",),
        created="CreateDate",
        name_key="InstanceProfileName",
        name_from="api",
        delete=_delete_instance_profile,
        where=("roles.0.role_name",),
        planned_arn=IAM + "instance-profile/{project}/{environment}/{id}",
        planned={"instance_profile_name": "{id}"},
    ),
    Kind(
        key="iam_users",
        label="IAM user",
        service="iam",
        role="aws_identity",
        rank=Rank.PARTS,
        operation="list_users",
        result="Users",
        id_key="UserName",
        arn="Arn",
        arguments=_path,
        owned=by_path,
        details=_user_details,
        created="CreateDate",
        omit=("PasswordLastUsed", "UserId"),
        name_key="UserName",
        name_from="api",
        delete=_delete_user,
        where=("groups.0",),
        planned_id="{name}",
        planned_arn=IAM + "user/{project}/{environment}/{id}",
        planned={"user_name": "{id}"},
    ),
    Kind(
        key="iam_groups",  # AWS tags no groups
        label="IAM group",
        service="iam",
        role="aws_identity",
        rank=Rank.GUARDS,
        operation="list_groups",
        result="Groups",
        id_key="GroupName",
        arn="Arn",
        arguments=_path,
        owned=by_path,
        details=_group_details,
        created="CreateDate",
        omit=("GroupId",),
        name_key="GroupName",
        name_from="api",
        delete=_delete_group,
        planned_arn=IAM + "group/{project}/{environment}/{id}",
        planned={"group_name": "{id}"},
    ),
    Kind(
        key="iam_policies",
        label="IAM policy",
        service="iam",
        role="aws_identity",
        rank=Rank.EDGES,
        operation="list_policies",
        result="Policies",
        id_key="Arn",
        arn="Arn",
        arguments=lambda scope: {"Scope": "Local", "PathPrefix": scope.path},
        read_tags=_policy_tags,
        owned=by_path,
        details=_policy_documents,
        verbatim=("PolicyDocument",),
        created="CreateDate",
        name_key="PolicyName",
        name_from="api",
        delete=_delete_policy,
        planned_id=IAM + "policy/{project}/{environment}/{prefix}{name}",
        planned_arn="{id}",
        planned={"policy_name": "{prefix}{name}"},
    ),
)
