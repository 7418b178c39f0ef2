"""Who runs the playbooks cannot give himself, or a machine, more than he has and more than the boundary."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
import yaml

from lab.emulator.policy import Effect, Policy, Request, judged, permitted, read, statements
from tests.policies import people, store
from tests.unit.roles.rendering import ROLES, Variables
from tests.unit.test_environments import merged

# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/PowerUserAccess.html
POWER_USER = {
    "Statement": [
        {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": ["iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole", "iam:ListRoles"],
            "Resource": "*",
        },
    ]
}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
SSM = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
WHO = ("operate", "provision", "deployer")
BOUNDARY, PUT, NEW = "iam:PermissionsBoundary", "iam:PutRolePermissionsBoundary", "iam:CreatePolicyVersion"
POLICY, ATTACH = "iam:PolicyARN", "iam:AttachRolePolicy"
# The roles without a permissions boundary, and why.
UNBOUNDED = {
    "aws_identity/tasks/people.yml": "people, and who changes their roles uses break-glass",
    "aws_identity/tasks/deployer.yml": "as those of people",
}


@cache
def variables() -> Variables:
    index = {"kms_keys": {"secrets": {"arn": "arn:aws:kms:ap-south-1:123456789012:key/1"}}, "sns_topics": {}}
    read = {"index": index}
    own = {"platform_account_id": "123456789012", "__aws_identity_read": read, "__aws_remediation_read": read}
    return Variables({**merged("production"), **own})


def evaluated(expression: str, role: str = "aws_identity", **others: Any) -> Any:
    return variables().evaluate(role, f"{{{{ {expression} }}}}", **others)


def filled(text: str) -> str:
    names = {
        "project": evaluated("platform_project"),
        "environment": "production",
        "prefix": evaluated("platform_prefix"),
        "region": evaluated("platform_region"),
        "account": "123456789012",
    }
    for name, value in names.items():
        text = text.replace(f"${{{name}}}", value)
    return text


@cache
def policies(who: str) -> tuple[Policy, ...]:
    if who == "operate":
        return (POWER_USER, {"Statement": evaluated("aws_identity_policies.operate.statements")})
    if who == "deployer":
        return (read(evaluated("__aws_identity_deployer_policy")),)
    return tuple(json.loads(filled(json.dumps(one))) for one in store.needed(who))


def arn(kind: str, name: str) -> str:
    return filled(f"arn:aws:iam::${{account}}:{kind}/${{project}}/${{environment}}/${{prefix}}-{name}")


def may(who: str, action: str, resource: str, **context: str) -> bool:
    return permitted(Request(action, resource, context=context), policies(who))


def boundary(name: str = "boundary") -> dict[str, str]:
    return {BOUNDARY: arn("policy", name)}


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        # Gives a machine, or itself, all that there is.
        (ATTACH, ("role", "web"), lambda: {**boundary(), POLICY: ADMINISTRATOR}),
        (ATTACH, ("role", "remediation-x"), lambda: {**boundary("boundary-functions"), POLICY: ADMINISTRATOR}),
        (ATTACH, ("role", "operator"), lambda: {POLICY: ADMINISTRATOR}),
        (ATTACH, ("role", "operator"), lambda: {POLICY: arn("policy", "mine")}),
        (ATTACH, ("role", "deployer"), lambda: {POLICY: arn("policy", "mine")}),
        ("iam:AttachGroupPolicy", ("group", "operators"), lambda: {POLICY: ADMINISTRATOR}),
        ("iam:AttachGroupPolicy", ("group", "developers"), lambda: {POLICY: arn("policy", "operate")}),
        ("iam:PutGroupPolicy", ("group", "operators"), dict),
        ("iam:PutUserPolicy", ("user", "me"), dict),
        ("iam:AddUserToGroup", ("group", "operators"), dict),
        ("iam:AddUserToGroup", ("group", "break-glass"), dict),
        # Makes a role that nothing limits, or takes the limit away.
        ("iam:CreateRole", ("role", "mine"), dict),
        ("iam:CreateRole", ("role", "mine"), lambda: {BOUNDARY: ADMINISTRATOR}),
        ("iam:CreateRole", ("role", "mine"), lambda: boundary("mine")),
        ("iam:CreateRole", ("role", "web"), lambda: boundary("boundary-functions")),
        (PUT, ("role", "web"), lambda: {BOUNDARY: ADMINISTRATOR}),
        (PUT, ("role", "web"), lambda: boundary("boundary-functions")),
        ("iam:DeleteRolePermissionsBoundary", ("role", "web"), boundary),
        ("iam:DeleteRolePermissionsBoundary", ("role", "web"), dict),
        # A role that was made before there were boundaries.
        (ATTACH, ("role", "flow-logs"), lambda: {POLICY: arn("policy", "mine")}),
        ("iam:PutRolePolicy", ("role", "flow-logs"), dict),
        # Changes the limit itself, or what people may.
        *((NEW, ("policy", name), dict) for name in ("boundary", "boundary-functions", "operate", "deployer")),
        *((NEW, ("policy", name), dict) for name in ("require-mfa", "develop", "audit", "break-glass-use")),
        ("iam:SetDefaultPolicyVersion", ("policy", "boundary"), dict),
        ("iam:DeletePolicy", ("policy", "boundary"), dict),
        ("iam:UpdateAssumeRolePolicy", ("role", "break-glass"), dict),
        ("iam:UpdateAssumeRolePolicy", ("role", "operator"), dict),
        ("iam:DeleteRole", ("role", "break-glass"), dict),
        ("iam:DetachGroupPolicy", ("group", "operators"), lambda: {POLICY: arn("policy", "require-mfa")}),
        ("iam:DetachRolePolicy", ("role", "break-glass"), lambda: {POLICY: ADMINISTRATOR}),
        ("sts:AssumeRole", ("role", "break-glass"), dict),
    ],
)  # fmt: skip
def test_an_escalation_is_refused(who: str, action: str, resource: tuple[str, str], context: Any) -> None:
    assert not may(who, action, arn(*resource), **context())


@pytest.mark.parametrize("who", ["operate", "provision"])
@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("iam:CreateRole", ("role", "web"), boundary),
        ("iam:CreateRole", ("role", "remediation-public-bucket"), lambda: boundary("boundary-functions")),
        (ATTACH, ("role", "web"), lambda: {**boundary(), POLICY: SSM}),
        (ATTACH, ("role", "web"), lambda: {**boundary(), POLICY: arn("policy", "web")}),
        # One that was made before there were boundaries gets its own.
        (PUT, ("role", "flow-logs"), boundary),
        (PUT, ("role", "remediation-public-bucket"), lambda: boundary("boundary-functions")),
        ("iam:UpdateAssumeRolePolicy", ("role", "flow-logs"), boundary),
        ("iam:CreatePolicy", ("policy", "web"), dict),
        (NEW, ("policy", "web"), dict),
        ("iam:PassRole", ("role", "web"), dict),
    ],
)
def test_what_a_playbook_changes_it_may(who: str, action: str, resource: tuple[str, str], context: Any) -> None:
    assert may(who, action, arn(*resource), **context())


def test_an_empty_account_can_be_provisioned() -> None:
    """People's roles and groups have no boundary: they are made with what is declared for them."""
    for to, attached in [*people.ROLES.items(), *people.GROUPS.items()]:
        kind = to.split(":")[5].partition("/")[0]
        if kind == "role":
            assert may("provision", "iam:CreateRole", filled(to))
        attach = {"role": ATTACH, "group": "iam:AttachGroupPolicy"}[kind]
        assert all(may("provision", attach, filled(to), **{POLICY: filled(one)}) for one in attached)


@pytest.mark.parametrize("who", ["operate", "provision"])
def test_the_recorder_of_config_is_handed_its_own_role_only(who: str) -> None:
    role = "arn:aws:iam::123456789012:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
    assert may(who, "iam:PassRole", role, **{"iam:PassedToService": "config.amazonaws.com"})
    assert not may(who, "iam:PassRole", role, **{"iam:PassedToService": "ec2.amazonaws.com"})


def test_a_machine_with_all_attached_stays_within_the_boundary() -> None:
    limit = read(evaluated("__aws_identity_boundary"))
    everything = [{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}]
    assert permitted(Request("logs:PutLogEvents"), everything, limit)
    for action in ("iam:CreateUser", "sts:AssumeRole", "ec2:RunInstances", "kms:ScheduleKeyDeletion"):
        assert not permitted(Request(action), everything, limit)


def test_each_role_has_a_boundary_or_a_reason_to_have_none() -> None:
    found = set()
    for path in ROLES.glob("*/tasks/*.yml"):
        for task in yaml.safe_load(path.read_text()) or []:
            made = task.get("pixstory.platform.iam_role")
            if made and made.get("state") != "absent" and "boundary" not in made:
                found.add(str(path.relative_to(ROLES)))
    assert found == UNBOUNDED.keys()


def test_a_boundary_leaves_what_its_roles_do() -> None:
    boundaries = evaluated("__aws_identity_boundaries")
    machines, functions = (read(boundaries[name]["policy"]) for name in ("boundary", "boundary-functions"))
    for name, one in evaluated("__aws_identity_service_roles").items():
        # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonRDSEnhancedMonitoringRole.html
        logs = {"Statement": {"Effect": "Allow", "Action": ["logs:CreateLogGroup", "logs:PutRetentionPolicy"]}}
        assert_within(machines, one.get("policy", logs), name)
    for name, one in evaluated("__aws_remediation_known", "aws_remediation").items():
        common = evaluated("__aws_remediation_common", "aws_remediation", item=name, __aws_remediation_topic="arn")
        assert_within(functions, {"Statement": [*common, *one["may"]]}, name)


def assert_within(limit: Policy, policy: Policy, name: str) -> None:
    for statement in statements(policy):
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            assert judged(limit, Request(action)) is Effect.ALLOW, f"{name}: the boundary lacks {action}"


def test_what_operators_may_attach_is_what_the_roles_attach() -> None:
    """A role that is given another of AWS's policies: write it into the policy operate of group_vars/all/people.yml."""
    named = [
        one["Condition"]["ArnNotLike"][POLICY]
        for one in statements(policies("operate")[1])
        if "ArnNotLike" in one.get("Condition", {})
    ]
    assert [arn for arn in named[0] if arn.startswith(people.AWS_OWN)] == people.managed()


def test_iam_takes_the_policies_of_people() -> None:
    for name in evaluated("aws_identity_policies"):
        text = json.dumps(evaluated(f"aws_identity_policies['{name}'].statements"), separators=(",", ":"))
        assert len(text) <= 6000, name


@pytest.mark.parametrize(
    ("resource", "context", "allowed"),
    [
        ("arn:aws:ec2:ap-south-1:123456789012:instance/i-1", {"aws:ResourceTag/Environment": "dev"}, True),
        ("arn:aws:ec2:ap-south-1:123456789012:instance/i-1", {"aws:ResourceTag/Environment": "production"}, False),
        # The documents have no tags, whether AWS owns them or the account.
        ("arn:aws:ssm:ap-south-1::document/AWS-StartSSHSession", {}, True),
        ("arn:aws:ssm:ap-south-1::document/AWS-StartPortForwardingSession", {}, True),
        ("arn:aws:ssm:ap-south-1::document/AWS-StartPortForwardingSessionToRemoteHost", {}, True),
        ("arn:aws:ssm:ap-south-1:123456789012:document/SSM-SessionManagerRunShell", {}, True),
        ("arn:aws:ssm:ap-south-1::document/AWS-StartNonInteractiveCommand", {}, False),
    ],
)
def test_developers_begin_sessions_on_the_development_host(
    resource: str, context: dict[str, str], allowed: bool
) -> None:
    develop = {"Statement": evaluated("aws_identity_policies.develop.statements")}
    assert permitted(Request("ssm:StartSession", resource, context=context), [develop]) is allowed


def test_developers_go_on_with_their_own_sessions_only() -> None:
    develop = {"Statement": evaluated("aws_identity_policies.develop.statements")}
    for action in ("ssm:TerminateSession", "ssm:ResumeSession", "ssmmessages:OpenDataChannel"):
        for whose, allowed in (("maya-1", True), ("omar-1", False)):
            request = Request(action, f"arn:aws:ssm:ap-south-1:1:session/{whose}", context={"aws:username": "maya"})
            assert permitted(request, [develop]) is allowed
