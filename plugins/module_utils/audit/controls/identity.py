# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Root, people, keys and policies."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..model import Record, Snapshot, Verdict, control, listed, statements

CIS = "https://docs.aws.amazon.com/securityhub/latest/userguide/cis-aws-foundations-benchmark.html"
CASE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"
ROTATE_DAYS, UNUSED_DAYS = 90, 45


def age(snapshot: Snapshot, text: str) -> int | None:
    """Days since a time of the credential report, None where it has none."""
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return int((snapshot["now"] - moment).days)


def active_keys(user: Record) -> list[str]:
    return [number for number in ("1", "2") if user[f"access_key_{number}_active"] == "true"]


@control(
    "IAM.4",
    "critical",
    "account",
    "The root user has no access key",
    cis="1.4",
    remedy="Sign in as root and delete its access keys; use roles instead.",
)
def root_keys(s: Snapshot, _account: Record) -> Verdict:
    count = s["summary"]["AccountAccessKeysPresent"]
    return count == 0, {"AccountAccessKeysPresent": count}


@control(
    "IAM.9",
    "critical",
    "account",
    "The root user has MFA",
    cis="1.5",
    needs="MFA",
    remedy="Sign in as root and register an MFA device.",
)
def root_mfa(s: Snapshot, _account: Record) -> Verdict:
    enabled = s["summary"]["AccountMFAEnabled"]
    return enabled == 1, {"AccountMFAEnabled": enabled}


@control(
    "IAM.6",
    "critical",
    "account",
    "The root user's MFA is a hardware device",
    cis="1.6",
    remedy="Sign in as root, register a security key or hardware token, and remove the virtual device.",
)
def root_hardware_mfa(s: Snapshot, _account: Record) -> Verdict:
    enabled, virtual = s["summary"]["AccountMFAEnabled"], s["root_virtual_mfa"]
    return enabled == 1 and not virtual, {"AccountMFAEnabled": enabled, "virtual devices": virtual}


@control(
    "IAM.7",
    "medium",
    "account",
    "The password policy asks for a strong password",
    remedy="Set aws_identity_password_policy and run provision.yml --tags aws_identity.",
)
def password_strength(s: Snapshot, _account: Record) -> Verdict:
    wanted = ("RequireUppercaseCharacters", "RequireLowercaseCharacters", "RequireSymbols", "RequireNumbers")
    policy = s["password_policy"]
    read = {key: policy.get(key, False) for key in wanted}
    return all(read.values()), read


@control(
    "IAM.15",
    "medium",
    "account",
    "Passwords have at least 14 characters",
    cis="1.8",
    remedy="Set aws_identity_password_policy.minimum_password_length to 14 or more.",
)
def password_length(s: Snapshot, _account: Record) -> Verdict:
    length = s["password_policy"].get("MinimumPasswordLength", 0)
    return length >= 14, {"MinimumPasswordLength": length}


@control(
    "IAM.16",
    "low",
    "account",
    "The last 24 passwords cannot be used again",
    cis="1.9",
    remedy="Set aws_identity_password_policy.password_reuse_prevention to 24.",
)
def password_reuse(s: Snapshot, _account: Record) -> Verdict:
    count = s["password_policy"].get("PasswordReusePrevention", 0)
    return count >= 24, {"PasswordReusePrevention": count}


@control(
    "IAM.17",
    "low",
    "account",
    "Passwords expire within 90 days",
    remedy="Set aws_identity_password_policy.max_password_age to 90.",
)
def password_expiry(s: Snapshot, _account: Record) -> Verdict:
    days = s["password_policy"].get("MaxPasswordAge", 0)
    return 0 < days <= 90, {"MaxPasswordAge": days}


@control(
    "IAM.5",
    "medium",
    "credentials",
    "Users with a password have MFA",
    cis="1.10",
    needs="MFA",
    remedy="Have the user enrol an MFA device, or remove the password.",
)
def console_mfa(s: Snapshot, user: Record) -> Verdict:
    read = {"password_enabled": user["password_enabled"], "mfa_active": user["mfa_active"]}
    if user["password_enabled"] != "true":
        return None, {**read, "because": "The user has no password."}
    return user["mfa_active"] == "true", read


@control(
    "IAM.19",
    "medium",
    "credentials",
    "All users have MFA",
    needs="MFA",
    remedy="Have the user enrol an MFA device; give programs a role instead of a user.",
)
def user_mfa(s: Snapshot, user: Record) -> Verdict:
    return user["mfa_active"] == "true", {"mfa_active": user["mfa_active"]}


@control(
    "IAM.3",
    "medium",
    "credentials",
    "Access keys are rotated within 90 days",
    cis="1.14",
    remedy="Make a new key, change over to it, delete the old one; or use a role.",
)
def key_age(s: Snapshot, user: Record) -> Verdict:
    keys = active_keys(user)
    if not keys:
        return None, {"because": "The user has no active key."}
    ages = {f"access_key_{one} age, days": age(s, user[f"access_key_{one}_last_rotated"]) for one in keys}
    return all(days is not None and days <= ROTATE_DAYS for days in ages.values()), ages


@control(
    "IAM.22",
    "medium",
    "credentials",
    "Credentials that nobody used for 45 days are gone",
    cis="1.12",
    remedy="Deactivate the key, or remove the password.",
)
def unused(s: Snapshot, user: Record) -> Verdict:
    read: dict[str, Any] = {}
    if user["password_enabled"] == "true":
        days = age(s, user["password_last_used"])
        read["password unused, days"] = age(s, user["password_last_changed"]) if days is None else days
    for one in active_keys(user):
        days = age(s, user[f"access_key_{one}_last_used_date"])
        # A key that was never used is as old as it is.
        read[f"access_key_{one} unused, days"] = (
            age(s, user[f"access_key_{one}_last_rotated"]) if days is None else days
        )
    if not read:
        return None, {"because": "The user has neither a password nor an active key."}
    return all(days is not None and days <= UNUSED_DAYS for days in read.values()), read


@control(
    "CIS-3.0 1.13",
    "low",
    "credentials",
    "A user has one active access key at most",
    cis="1.13",
    document=CIS,
    remedy="Delete the key that is not used any more.",
)
def one_key(s: Snapshot, user: Record) -> Verdict:
    return len(active_keys(user)) <= 1, {"active keys": len(active_keys(user))}


@control(
    "IAM.2",
    "low",
    "users",
    "Users have their permissions from groups alone",
    cis="1.15",
    remedy="Attach the policy to a group of aws_identity, and detach it from the user.",
)
def user_policies(s: Snapshot, user: Record) -> Verdict:
    attached = [one["PolicyName"] for one in user.get("AttachedManagedPolicies", []) + user.get("UserPolicyList", [])]
    return not attached, {"policies": attached}


def _allowing(policy: Record) -> list[dict[str, Any]]:
    default = next((one for one in policy["PolicyVersionList"] if one["IsDefaultVersion"]), {})
    return [one for one in statements(default.get("Document")) if one.get("Effect") == "Allow"]


@control(
    "IAM.1",
    "high",
    "policies",
    "No policy of the account's own allows everything",
    cis="1.16",
    remedy="Name the actions and resources that are needed.",
)
def full_admin(s: Snapshot, policy: Record) -> Verdict:
    full = [
        one
        for one in _allowing(policy)
        if "*" in listed(one.get("Action")) and "*" in listed(one.get("Resource")) and not one.get("Condition")
    ]
    return not full, {"statements that allow all": len(full)}


@control(
    "IAM.21",
    "low",
    "policies",
    "No policy of the account's own allows all actions of a service",
    remedy="Name the actions that are needed instead of service:*.",
)
def wildcard_actions(s: Snapshot, policy: Record) -> Verdict:
    wild = sorted(
        {action for one in _allowing(policy) for action in listed(one.get("Action")) if action.partition(":")[2] == "*"}
    )
    return not wild, {"actions": wild}


@control(
    "IAM.18",
    "low",
    "account",
    "A role may open cases with AWS Support",
    cis="1.17",
    remedy="Attach AWSSupportAccess to the role of the operators.",
)
def support_role(s: Snapshot, _account: Record) -> Verdict:
    return bool(s["support_roles"]), {"roles with AWSSupportAccess": s["support_roles"]}


@control(
    "IAM.26",
    "medium",
    "server_certificates",
    "No expired certificate is kept in IAM",
    cis="1.19",
    remedy="Delete it: aws iam delete-server-certificate.",
)
def server_certificates(s: Snapshot, one: Record) -> Verdict:
    return one["Expiration"] > s["now"], {"Expiration": str(one["Expiration"])}


@control(
    "IAM.28",
    "high",
    "account",
    "IAM Access Analyzer looks for access from outside",
    cis="1.20",
    remedy="Make an analyzer of type ACCOUNT: provision.yml --tags aws_detection.",
)
def access_analyzer(s: Snapshot, _account: Record) -> Verdict:
    active = [one["name"] for one in s["analyzers"] if one["status"] == "ACTIVE" and one["type"] in EXTERNAL]
    return bool(active), {"active analyzers": active}


EXTERNAL = ("ACCOUNT", "ORGANIZATION")


@control(
    "IAM.27",
    "medium",
    "account",
    "Nobody has AWSCloudShellFullAccess",
    cis="1.22",
    remedy="Detach AWSCloudShellFullAccess.",
)
def cloud_shell(s: Snapshot, _account: Record) -> Verdict:
    having = [
        one["_name"]
        for kind in ("users", "groups", "roles")
        for one in s[kind]
        if any(entry["PolicyName"] == "AWSCloudShellFullAccess" for entry in one.get("AttachedManagedPolicies", []))
    ]
    return not having, {"attached to": having}


def _demands_mfa(document: Any) -> bool:
    return any(
        one.get("Effect") == "Deny"
        and str(one.get("Condition", {}).get("BoolIfExists", {}).get("aws:MultiFactorAuthPresent")).lower() == "false"
        for one in statements(document)
    )


@control(
    "PX-1",
    "high",
    "groups",
    "People can do nothing without MFA",
    needs="MFA",
    document="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_my-sec-creds-self-manage.html",
    remedy="Attach the policy require-mfa to the group: provision.yml --tags aws_identity.",
)
def groups_demand_mfa(s: Snapshot, group: Record) -> Verdict:
    attached = {one["PolicyArn"] for one in group.get("AttachedManagedPolicies", [])}
    documents = {one["PolicyName"]: one["PolicyDocument"] for one in group.get("GroupPolicyList", [])}
    for policy in s["policies"]:
        if policy["_arn"] in attached:
            default = next((one for one in policy["PolicyVersionList"] if one["IsDefaultVersion"]), {})
            documents[policy["_name"]] = default.get("Document")
    demanding = [name for name, document in documents.items() if _demands_mfa(document)]
    return bool(demanding), {"policies that deny without MFA": demanding}


@control(
    "Account.1",
    "medium",
    "account",
    "AWS knows whom to call about security",
    cis="1.2",
    remedy="Set the alternate contact SECURITY: aws account put-alternate-contact.",
)
def security_contact(s: Snapshot, _account: Record) -> Verdict:
    return s["security_contact"], {"contact of type SECURITY": s["security_contact"]}
