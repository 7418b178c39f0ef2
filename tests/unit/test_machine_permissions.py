"""What the programs on a machine ask of AWS is allowed to its role, by its policies and by the boundary.

Whoever adds a program that runs on machines says here what it needs, and where AWS says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import pytest
import yaml
from moto.iam.aws_managed_policies import aws_managed_policies_data

from tests.unit.roles.rendering import Variables
from tests.unit.test_environments import ROOT, merged

BASE = yaml.safe_load((ROOT / "roles/base/vars/main.yml").read_text())
KEY = "arn:aws:kms:ap-south-1:210987654321:key/secrets"
ACCOUNT = "ap-south-1:210987654321"
# AWS's own policy that aws_identity attaches to every role of a machine.
CORE = "AmazonSSMManagedInstanceCore"
Document = Mapping[str, Any]


ROLES = ("proxy", "web", "app", "vpn", "speech-api")


@dataclass(frozen=True)
class Call:
    """An action, the resource it is asked for (``{role}`` is the machine's), and what AWS says of the call."""

    action: str
    resource: str = "*"
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Program:
    """What runs on a machine, where its needs are documented, and what it asks of AWS."""

    page: str
    calls: Sequence[Call] = ()
    roles: Sequence[str] = ROLES


def _each(service: str, *actions: str, resource: str = "*") -> list[Call]:
    return [Call(f"{service}:{action}", resource) for action in actions]


GROUPS = f"arn:aws:logs:{ACCOUNT}:log-group:/pixstory/production"
SECRET = f"arn:aws:secretsmanager:{ACCOUNT}:secret:/production/{{role}}/secret-key-AbCdEf"
PROGRAMS = {
    "amazon-ssm-agent": Program(
        "https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-instance-permissions.html",
        [
            *_each("ssm", "UpdateInstanceInformation", "ListAssociations", "ListInstanceAssociations", "PutInventory"),
            *_each("ssm", "GetDocument", "DescribeDocument", "UpdateInstanceAssociationStatus", "PutComplianceItems"),
            *_each("ssmmessages", "CreateControlChannel", "OpenControlChannel", "CreateDataChannel", "OpenDataChannel"),
            *_each("ec2messages", "GetMessages", "AcknowledgeMessage", "SendReply", "DeleteMessage", "FailMessage"),
        ],
    ),
    # Of CloudWatchAgentServerPolicy what this configuration uses: it makes no log group, reads no parameter, traces
    # nothing, and has no dimension that is a volume's.
    "amazon-cloudwatch-agent": Program(
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/create-iam-roles-for-cloudwatch-agent.html",
        [
            Call("cloudwatch:PutMetricData", context={"cloudwatch:namespace": "pixstory-production/machines"}),
            *_each("ec2", "DescribeTags"),
            *_each("logs", "CreateLogStream", "DescribeLogStreams", resource=f"{GROUPS}/{{role}}:*"),
            *_each("logs", "PutLogEvents", resource=f"{GROUPS}/{{role}}:log-stream:i-0123456789abcdef0/var/log/syslog"),
            # The builder of an image has the profile of what it is like, and a tag Role of its own.
            *_each("logs", "CreateLogStream", "PutLogEvents", resource=f"{GROUPS}/image-builder:log-stream:i-0123"),
        ],
    ),
    "pixstory-first-boot": Program(
        "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html",
        [
            *_each("ssm", "GetParametersByPath", resource=f"arn:aws:ssm:{ACCOUNT}:parameter/production/{{role}}/"),
            *_each("secretsmanager", "ListSecrets"),
            *_each("secretsmanager", "GetSecretValue", resource=SECRET),
            *(
                Call("kms:Decrypt", KEY, {"kms:ViaService": f"{service}.ap-south-1.amazonaws.com"})
                for service in ("secretsmanager", "ssm")
            ),
        ],
    ),
    "pixstory-ready": Program(
        "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2autoscaling.html",
        [
            *_each("autoscaling", "DescribeAutoScalingInstances", "DescribeLifecycleHooks"),
            Call(
                "autoscaling:CompleteLifecycleAction",
                f"arn:aws:autoscaling:{ACCOUNT}:autoScalingGroup:0:autoScalingGroupName/pixstory-production-{{role}}",
            ),
        ],
    ),
}
BACKUPS = "arn:aws:s3:::pixstory-production-backups-210987654321"
THROUGH_S3 = {"kms:ViaService": "s3.ap-south-1.amazonaws.com"}
PROGRAMS["pixstory-backup"] = Program(
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html",
    [
        *_each("s3", "GetObject", "PutObject", resource=f"{BACKUPS}/{{role}}/state.tar.gz"),
        Call("s3:ListBucket", BACKUPS, {"s3:prefix": "{role}/state.tar.gz"}),
        *(Call(f"kms:{action}", KEY, THROUGH_S3) for action in ("GenerateDataKey", "Decrypt")),
    ],
    roles=("vpn", "speech-api"),
)
PROGRAMS["pixstory-settings"] = PROGRAMS["pixstory-first-boot"]
# Units that ask nothing of AWS.
NOTHING = {"application", "background", "migrate", "migrate@", "nginx", "vpn-forward", "vpn-sweep"}


@cache
def documents(role: str) -> tuple[Document, Document, Document]:
    """The policies of a machine's role, and its boundary."""
    values = {"item": role, "__aws_identity_read": {"index": INDEX}}
    evaluate = Variables(merged("production")).evaluate
    own, boundary = (
        evaluate("aws_identity", f"{{{{ __aws_identity_{name} }}}}", **values) for name in ("host_policy", "boundary")
    )
    core = json.loads(aws_managed_policies_data)[CORE]["Document"]
    return _read(own), core, _read(boundary)


INDEX = {
    "project": "pixstory",
    "environment": "production",
    "region": "ap-south-1",
    "account_id": "210987654321",
    "check_mode": False,
    "kinds_read": ["kms_keys"],
    "kms_keys": {"secrets": {"arn": KEY}, "backups": {"arn": KEY}},
}


def _read(document: Any) -> Document:
    return json.loads(document) if isinstance(document, str) else document


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _fits(value: str, patterns: Any) -> bool:
    return any(fnmatchcase(value.lower(), str(pattern).lower()) for pattern in _list(patterns))


def _applies(statement: Document, call: Call) -> bool:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"""
    action, resource = statement.get("Action"), statement.get("Resource")
    if not (_fits(call.action, action) if action else not _fits(call.action, statement["NotAction"])):
        return False
    if not (_fits(call.resource, resource) if resource else not _fits(call.resource, statement["NotResource"])):
        return False
    for operator, keys in statement.get("Condition", {}).items():
        assert operator in ("StringEquals", "StringLike"), f"teach this test {operator}"
        if not all(key in call.context and _fits(call.context[key], wanted) for key, wanted in keys.items()):
            return False
    return True


def allowed(call: Call, *policies: Document) -> bool:
    effects = {one["Effect"] for policy in policies for one in policy["Statement"] if _applies(one, call)}
    return effects == {"Allow"}


def for_role(call: Call, role: str) -> Call:
    context = {key: value.replace("{role}", role) for key, value in call.context.items()}
    return Call(call.action, call.resource.replace("{role}", role), context)


@pytest.mark.parametrize(("program", "role"), [(name, role) for name, one in PROGRAMS.items() for role in one.roles])
def test_what_a_program_asks_is_allowed_by_policy_and_boundary(program: str, role: str) -> None:
    own, core, boundary = documents(role)
    calls = [for_role(call, role) for call in PROGRAMS[program].calls]
    assert [call for call in calls if not allowed(call, own, core)] == [], PROGRAMS[program].page
    assert [call for call in calls if not allowed(call, boundary)] == [], PROGRAMS[program].page


def test_the_roles_are_those_of_the_environment() -> None:
    assert merged("production")["aws_identity_host_roles"] == list(ROLES)


def test_of_every_program_on_a_machine_it_is_said_what_it_needs() -> None:
    units = {path.name.partition(".")[0] for path in ROOT.glob("roles/*/templates/*.service*")}
    agents = {agent["name"] for agent in BASE["__base_agents"]}
    assert units | agents == PROGRAMS.keys() | NOTHING
    assert all(program.page.startswith("https://docs.aws.amazon.com/") for program in PROGRAMS.values())


@pytest.mark.parametrize(
    "call",
    [
        Call("cloudwatch:PutMetricData", context={"cloudwatch:namespace": "AWS/EC2"}),
        Call("logs:PutLogEvents", f"{GROUPS}/cloudtrail:log-stream:x"),
        Call("logs:CreateLogGroup", f"{GROUPS}/web:*"),
        Call("secretsmanager:GetSecretValue", SECRET.replace("{role}", "app")),
        Call("s3:GetObject", f"{BACKUPS}/vpn/state.tar.gz"),
    ],
)
def test_a_machine_may_not_write_or_read_what_is_not_its_own(call: Call) -> None:
    own, core, _boundary = documents("web")
    assert not allowed(call, own, core)


def test_the_logs_of_every_machine_leave_it() -> None:
    """The log files that roles write are sent, and the group of each role is made where its machines may write."""
    texts = [path.read_text() for path in ROOT.glob("roles/*/templates/*")]
    written = {name for text in texts for name in re.findall(r"/var/log/[\w./-]+\.log\b", text)}
    assert written
    assert written - set(BASE["__base_cloudwatch_files"]) == set()
    variables = yaml.safe_load((ROOT / "group_vars/aws_ec2.yml").read_text())
    assert variables["base_cloudwatch_log_group"] == "{{ platform_log_prefix }}{role}"
    assert variables["base_cloudwatch_namespace"] == "{{ platform_metric_namespace }}"
    made = yaml.safe_load((ROOT / "roles/aws_account/tasks/machines.yml").read_text())[0]
    assert made["amazon.aws.cloudwatchlogs_log_group"]["log_group_name"] == "{{ platform_log_prefix }}{{ item }}"
