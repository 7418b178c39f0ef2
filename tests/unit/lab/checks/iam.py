# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the IAM extensions."""

from __future__ import annotations

import csv
import io
import json

from checks import ACCOUNT, Aws, proves, unique
from checks.builders import TAGS


def path() -> str:
    return f"/{unique()}/"


def document(**statement: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


@proves("iam.lists_start_at_a_path")
def profiles_and_groups_are_listed_by_path(aws: Aws) -> None:
    iam, own, name = aws.client("iam"), path(), unique()
    iam.create_instance_profile(InstanceProfileName=name, Path=own)
    iam.create_group(GroupName=name, Path=own)
    profiles = iam.list_instance_profiles(PathPrefix=own)["InstanceProfiles"]
    groups = iam.list_groups(PathPrefix=own)["Groups"]
    assert [one["InstanceProfileName"] for one in profiles] == [one["GroupName"] for one in groups] == [name]
    assert iam.list_instance_profiles(PathPrefix=path())["InstanceProfiles"] == []
    assert name in [one["GroupName"] for one in iam.list_groups()["Groups"]]


@proves("iam.boundaries_are_policies", "iam.policies_count_their_use_as_boundary")
def role_has_a_permissions_boundary(aws: Aws) -> None:
    iam, name = aws.client("iam"), unique()
    arn = iam.create_policy(PolicyName=name, PolicyDocument=document(Action="*", Resource="*"))["Policy"]["Arn"]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["PermissionsBoundaryUsageCount"] == 0
    trust = document(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, PermissionsBoundary=arn)
    boundary = iam.get_role(RoleName=name)["Role"]["PermissionsBoundary"]
    assert boundary == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}
    assert iam.get_policy(PolicyArn=arn)["Policy"]["PermissionsBoundaryUsageCount"] == 1


@proves("iam.ListInstanceProfileTags", "iam.TagInstanceProfile", "iam.UntagInstanceProfile")
def instance_profile_is_tagged_and_untagged(aws: Aws) -> None:
    iam, name = aws.client("iam"), unique()
    iam.create_instance_profile(InstanceProfileName=name, Tags=TAGS)
    iam.tag_instance_profile(InstanceProfileName=name, Tags=[{"Key": "Environment", "Value": "local"}])
    iam.tag_instance_profile(InstanceProfileName=name, Tags=[{"Key": "Environment", "Value": "dev"}])
    assert len(iam.list_instance_profile_tags(InstanceProfileName=name)["Tags"]) == 2
    iam.untag_instance_profile(InstanceProfileName=name, TagKeys=["Role"])
    left = [{"Key": "Environment", "Value": "dev"}]
    assert iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Tags"] == left


@proves("iam.groups_move_to_another_path")
def group_moves_to_another_path(aws: Aws) -> None:
    iam, name, own = aws.client("iam"), unique(), path()
    iam.create_group(GroupName=name)
    iam.update_group(GroupName=name, NewPath=own)
    group = iam.get_group(GroupName=name)["Group"]
    assert (group["GroupName"], group["Path"]) == (name, own)


@proves("iam.credential_report_has_the_root_user")
def credential_report_begins_with_the_root_user(aws: Aws) -> None:
    iam, name = aws.client("iam"), unique()
    iam.create_user(UserName=name)
    while iam.generate_credential_report()["State"] != "COMPLETE":
        pass
    rows = list(csv.DictReader(io.StringIO(iam.get_credential_report()["Content"].decode())))
    root, users = rows[0], [row["user"] for row in rows[1:]]
    assert (root["user"], root["arn"]) == ("<root_account>", f"arn:aws:iam::{ACCOUNT}:root")
    assert (root["mfa_active"], root["access_key_1_active"]) == ("true", "false")
    assert name in users


@proves("iam.root_user_has_mfa")
def root_user_has_an_mfa_device_that_is_no_virtual_one(aws: Aws) -> None:
    iam = aws.client("iam")
    assert iam.get_account_summary()["SummaryMap"]["AccountMFAEnabled"] == 1
    users = [one.get("User", {}).get("Arn") for one in iam.list_virtual_mfa_devices()["VirtualMFADevices"]]
    assert f"arn:aws:iam::{ACCOUNT}:root" not in users
