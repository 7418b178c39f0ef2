"""What keeps a policy that makes roles from making one that may do more than the policy itself.

Roles of machines, functions and AWS's services are made, and given policies, only under their permissions boundary, and
nobody changes a boundary. Roles and groups of people have none: they are made with the policies that are declared for
them, and are not changed afterwards.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from tests.emulated import ROOT

from .scope import Scope

# The boundary of a role, by the end of its name.
BOUNDARIES = {"*": "boundary", "remediation-*": "boundary-functions"}
DECLARED = yaml.safe_load((ROOT / "group_vars" / "all" / "people.yml").read_text())
AWS_OWN = "arn:aws:iam::aws:policy/"
# What no policy allows, though a module can ask for it: whoever is an administrator, or uses break-glass, does it.
WITHHELD: Mapping[str, str] = {
    "iam:DeleteRolePermissionsBoundary": "a role without its boundary may do whatever is attached to it",
    "iam:CreateUser": "people come and go by an administrator's hand",
    "iam:AddUserToGroup": "who adds people to the groups may add himself",
}


def _ours(kind: str, name: str) -> str:
    return f"arn:aws:iam::${{account}}:{kind}/${{project}}/${{environment}}/${{prefix}}-{name}"


def _attached(declared: Mapping[str, Any], *others: str) -> list[str]:
    own = [*declared.get("policies", []), *others]
    return [AWS_OWN + name for name in declared.get("aws_policies", [])] + [_ours("policy", name) for name in own]


ROLES = {_ours("role", name): _attached(one) for name, one in DECLARED["aws_identity_roles"].items()} | {
    _ours("role", "deployer"): _attached({}, "deployer")
}
GROUPS = {_ours("group", name): _attached(one, "require-mfa") for name, one in DECLARED["aws_identity_groups"].items()}
POLICIES = sorted(
    {arn for arns in [*ROLES.values(), *GROUPS.values()] for arn in arns if not arn.startswith(AWS_OWN)}
    | {_ours("policy", name) for name in BOUNDARIES.values()}
)
# What is made once and not changed by who may change the like, beside what is never allowed or needs a boundary.
CHANGES = "iam:CreatePolicyVersion"
GUARD = {
    "Effect": "Deny",
    "Action": [CHANGES, "iam:DetachGroupPolicy", "iam:DetachRolePolicy"],
    "Resource": [*sorted(GROUPS), *POLICIES, *sorted(ROLES)],
}


def managed() -> list[str]:
    """AWS's own policies that the roles of this collection attach to a role of a machine, a function or a service."""
    files = (path for folder in ("tasks", "vars", "defaults") for path in ROOT.glob(f"roles/*/{folder}/*.yml"))
    return sorted({found for file in files for found in re.findall(rf"{AWS_OWN}[\w/-]*\w", file.read_text())})


def _bounded(**others: Any) -> set[Scope]:
    return {
        Scope.of(_ours("role", names), StringEquals={"iam:PermissionsBoundary": _ours("policy", boundary)}, **others)
        for names, boundary in BOUNDARIES.items()
    }


def _given(to: Mapping[str, Iterable[str]]) -> set[Scope]:
    """To each what is declared for it."""
    return {Scope.of(arn, ArnEquals={"iam:PolicyARN": sorted(policies)}) for arn, policies in to.items()}


def scopes(action: str) -> set[Scope] | None:
    """Where an action is allowed that could widen what somebody may; None for all others."""
    if action == "iam:CreateRole":
        # With a condition, so that it stays a statement of its own.
        return _bounded() | {Scope.of(*ROLES, Null={"iam:PermissionsBoundary": "true"})}
    if action == "iam:AttachRolePolicy":
        return _bounded(ArnLike={"iam:PolicyARN": [*managed(), _ours("policy", "*")]}) | _given(ROLES)
    if action == "iam:AttachGroupPolicy":
        return _given(GROUPS)
    if action in ("iam:PutRolePermissionsBoundary", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"):
        return _bounded()
    return None
