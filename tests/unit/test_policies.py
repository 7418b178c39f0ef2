"""The policies of the playbooks: how they are derived, and that they are as narrow as AWS lets them be."""

from __future__ import annotations

import json

import pytest

from tests.policies import derive, source, store

OURS = {"aws:ResourceTag/Project": "${project}", "aws:ResourceTag/Environment": "${environment}"}
MADE = {"aws:RequestTag/Project": "${project}", "aws:RequestTag/Environment": "${environment}"}


def scopes(action: str) -> dict[tuple[str, ...], dict[str, str]]:
    return {
        scope.resources: json.loads(scope.condition)["StringEquals"] if scope.condition else {}
        for scope in derive.scopes(action)
    }


@pytest.mark.parametrize(
    ("operation", "actions"),
    [
        (("ec2", "CreateVpc"), ("ec2:CreateVpc",)),
        (("elbv2", "CreateListener"), ("elasticloadbalancing:CreateListener",)),
        (("cloudwatch", "PutMetricAlarm"), ("cloudwatch:PutMetricAlarm",)),
        (("s3", "PutBucketEncryption"), ("s3:PutEncryptionConfiguration",)),
        (("s3", "HeadBucket"), ("s3:ListBucket",)),
        (("s3", "DeleteObjects"), ("s3:DeleteObject", "s3:DeleteObjectVersion")),
        (("sts", "GetCallerIdentity"), ()),
    ],
)
def test_an_operation_needs_the_action_of_the_reference(operation: derive.Operation, actions: tuple[str, ...]) -> None:
    assert derive.actions_of(operation) == actions


def test_an_operation_that_the_reference_lacks_is_named() -> None:
    with pytest.raises(LookupError, match="which action ec2:MakeItSo needs, the reference does not say"):
        derive.actions_of(("ec2", "MakeItSo"))


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        # By its name, where names are ours.
        ("iam:CreateRole", {("arn:aws:iam::${account}:role/${project}/${environment}/*",): {}}),
        ("s3:CreateBucket", {("arn:aws:s3:::${prefix}-*",): {}}),
        ("ssm:PutParameter", {("arn:aws:ssm:${region}:${account}:parameter/${environment}/*",): {}}),
        (
            "secretsmanager:GetSecretValue",
            {("arn:aws:secretsmanager:${region}:${account}:secret:${environment}/*",): {}},
        ),
        ("rds:DeleteDBInstance", {("arn:aws:rds:${region}:${account}:db:${prefix}-*",): {}}),
        # By the tags that it is made with, or has.
        ("ec2:CreateVpc", {("arn:aws:ec2:${region}:${account}:vpc/*",): MADE}),
        ("ec2:DeleteVpc", {("arn:aws:ec2:${region}:${account}:vpc/*",): OURS}),
        ("ec2:TerminateInstances", {("arn:aws:ec2:${region}:${account}:instance/*",): OURS}),
        (
            "ec2:CreateSubnet",
            {
                ("arn:aws:ec2:${region}:${account}:subnet/*",): MADE,
                ("arn:aws:ec2:${region}:${account}:vpc/*",): OURS,
            },
        ),
        # A role is handed on only if it is ours.
        ("iam:PassRole", {("arn:aws:iam::${account}:role/${project}/${environment}/*",): {}}),
        # By nothing: the service knows no narrower.
        ("ec2:DescribeVpcs", {("*",): {}}),
    ],
)
def test_an_action_is_allowed_where_it_is_ours(action: str, expected: dict[tuple[str, ...], dict[str, str]]) -> None:
    assert scopes(action) == expected


def test_what_an_action_asks_of_others_is_allowed_too() -> None:
    document = derive.policy([("ec2", "RunInstances")])
    actions = {action for statement in document["Statement"] for action in statement["Action"]}
    assert {"ec2:RunInstances", "ec2:CreateTags", "iam:PassRole"} <= actions


def test_what_a_policy_lacks_is_named() -> None:
    document = derive.policy([("ec2", "DescribeVpcs")])
    assert derive.lacking([("ec2", "DescribeVpcs")], document) == []
    assert derive.lacking([("ec2", "DescribeVpcs"), ("ec2", "DeleteVpc")], document) == ["ec2:DeleteVpc"]


def test_a_module_may_change_what_this_run_did_not() -> None:
    assert ("kms", "UpdateKeyDescription") in source.of_module("kms_key")
    assert ("kms", "DeleteAlias") not in source.of_module("kms_key")
    # It has no call that changes a flow log.
    assert ("ec2", "DeleteFlowLogs") in source.of_module("ec2_vpc_flow_log")


def test_nothing_but_reading_is_allowed_everywhere() -> None:
    """Each exception is one that AWS knows no narrower scope for."""
    exceptions = set()
    for playbook in store.PLAYBOOKS:
        document = store.read(playbook)
        assert document, f"{store.path_of(playbook)} is missing: run make policies"
        for statement in document["Statement"]:
            if statement["Resource"] == ["*"] and "Condition" not in statement:
                exceptions |= {a for a in statement["Action"] if not _reads(a)}
    assert exceptions == EVERYWHERE


def _reads(action: str) -> bool:
    prefix, name = action.split(":")
    return derive.reference(prefix)["privileges"][name]["access_level"] in ("List", "Read")


EVERYWHERE = {
    "iam:UpdateAccountPasswordPolicy",
    "route53:CreateHostedZone",
}
