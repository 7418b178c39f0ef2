"""The policies of the playbooks: how they are derived, and that they are as narrow as AWS lets them be."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase

import pytest
from moto.iam.policy_validation import IAMPolicyDocumentValidator

from lab.emulator.enforcement import ONLY_WITH, PERMISSIONS
from tests.policies import dependents, derive, enforced, source, store
from tests.policies.__main__ import derived, operations

OURS = {"aws:ResourceTag/Project": "${project}", "aws:ResourceTag/Environment": "${environment}"}
MADE = {"aws:RequestTag/Project": "${project}", "aws:RequestTag/Environment": "${environment}"}


def scopes(action: str) -> dict[tuple[str, ...], dict[str, str]]:
    return {
        scope.resources: next(iter(json.loads(scope.condition).values())) if scope.condition else {}
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
        ("iam:CreatePolicy", {("arn:aws:iam::${account}:policy/${project}/${environment}/*",): {}}),
        ("s3:CreateBucket", {("arn:aws:s3:::${prefix}-*",): {}}),
        ("ssm:PutParameter", {("arn:aws:ssm:${region}:${account}:parameter/${environment}/*",): {}}),
        (
            "secretsmanager:GetSecretValue",
            {
                ("arn:aws:secretsmanager:${region}:${account}:secret:/${environment}/*",): {},
                # That of a database of ours.
                ("arn:aws:secretsmanager:${region}:${account}:secret:rds!db-*",): {
                    "secretsmanager:ResourceTag/aws:rds:primaryDBInstanceArn": (
                        "arn:aws:rds:${region}:${account}:db:${prefix}-*"
                    )
                },
            },
        ),
        ("rds:DeleteDBInstance", {("arn:aws:rds:${region}:${account}:db:${prefix}-*",): {}}),
        # By the tags that it is made with, or has.
        (
            "ec2:CreateVpc",
            {
                ("arn:aws:ec2:${region}:${account}:vpc/*",): MADE,
                # Where its addresses may come from.
                ("arn:aws:ec2:${region}:${account}:ipv6pool-ec2/*",): OURS,
                ("arn:aws:ec2::${account}:ipam-pool/*",): OURS,
            },
        ),
        ("ec2:DeleteVpc", {("arn:aws:ec2:${region}:${account}:vpc/*",): OURS}),
        ("ec2:TerminateInstances", {("arn:aws:ec2:${region}:${account}:instance/*",): OURS}),
        (
            "ec2:CreateSubnet",
            {
                ("arn:aws:ec2:${region}:${account}:subnet/*",): MADE,
                ("arn:aws:ec2::${account}:ipam-pool/*",): OURS,
                ("arn:aws:ec2:${region}:${account}:vpc/*",): OURS,
            },
        ),
        # A session needs its machine and its document.
        (
            "ssm:StartSession",
            {
                ("arn:aws:ec2:${region}:${account}:instance/*",): OURS,
                # AWS's own document, which has no tags.
                ("arn:aws:ssm:${region}::document/AWS-StartSSHSession",): {},
            },
        ),
        (
            "ssm:TerminateSession",
            {
                (
                    "arn:aws:ssm:${region}:${account}:session/${aws:userid}-*",
                    "arn:aws:ssm:${region}:${account}:session/${aws:username}-*",
                ): {},
                ("arn:aws:ssm:${region}:${account}:session/*",): {
                    "ssm:resourceTag/aws:ssmmessages:session-id": "${aws:userid}"
                },
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


def allowed(operation: derive.Operation) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    """Where the policy of an operation allows each action, and under which condition."""
    found: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for document in derive.policies([operation]):
        for statement in document["Statement"]:
            condition = json.dumps(next(iter(statement.get("Condition", {"": {}}).values())), sort_keys=True)
            for action in statement["Action"]:
                found.setdefault(action, []).append((tuple(statement["Resource"]), condition))
    return found


@pytest.mark.parametrize(
    ("operation", "others"),
    [
        (("ec2", "RunInstances"), {"ec2:CreateTags", "iam:PassRole", "kms:CreateGrant"}),
        (("wafv2", "CreateWebACL"), {"wafv2:TagResource"}),
        (("wafv2", "AssociateWebACL"), {"elasticloadbalancing:CreateWebACLAssociation"}),
        (("wafv2", "DisassociateWebACL"), {"elasticloadbalancing:DeleteWebACLAssociation"}),
        (("wafv2", "GetWebACLForResource"), {"elasticloadbalancing:GetLoadBalancerWebACL", "wafv2:GetWebACL"}),
        (("wafv2", "ListResourcesForWebACL"), {"elasticloadbalancing:DescribeWebACLAssociation"}),
        (
            ("wafv2", "PutLoggingConfiguration"),
            {"logs:CreateLogDelivery", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies"},
        ),
        (("wafv2", "DeleteLoggingConfiguration"), {"logs:DeleteLogDelivery", "logs:ListLogDeliveries"}),
        (("rds", "CreateDBInstance"), {"secretsmanager:CreateSecret", "secretsmanager:TagResource", "kms:CreateGrant"}),
        (("rds", "ModifyDBInstance"), {"secretsmanager:RotateSecret"}),
        (("rds", "DeleteDBInstance"), {"rds:CreateDBSnapshot"}),
        (("autoscaling", "CreateAutoScalingGroup"), {"ec2:RunInstances", "ec2:CreateTags", "iam:PassRole"}),
        (("cloudtrail", "CreateTrail"), {"iam:PassRole"}),
        (("s3", "CreateBucket"), {"s3:PutBucketVersioning", "s3:PutBucketObjectLockConfiguration"}),
        (("ssm", "StartSession"), {"ssm:TerminateSession", "ssm:ResumeSession", "ssmmessages:OpenDataChannel"}),
    ],
)
def test_what_an_action_asks_of_others_is_allowed_too(operation: derive.Operation, others: set[str]) -> None:
    assert others <= allowed(operation).keys()


def test_what_a_service_does_in_the_callers_name_is_allowed_no_wider() -> None:
    database, cache = allowed(("rds", "CreateDBInstance")), allowed(("elasticache", "CreateReplicationGroup"))
    secret = (("arn:aws:secretsmanager:${region}:${account}:secret:rds!db-*",), "{}")
    assert database["secretsmanager:CreateSecret"] == database["secretsmanager:TagResource"] == [secret]
    [(keys, condition)] = database["kms:Decrypt"]
    assert keys == ("arn:aws:kms:*:${account}:key/*",)
    assert json.loads(condition) == OURS
    assert [condition for _, condition in cache["ec2:CreateNetworkInterface"]] == ['{"aws:ViaAWSService": "true"}']
    recorder = "arn:aws:iam::${account}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
    assert allowed(("config", "PutConfigurationRecorder"))["iam:PassRole"] == [
        ((recorder,), '{"iam:PassedToService": "config.amazonaws.com"}')
    ]


def test_keys_are_used_through_services_only() -> None:
    [document] = derive.policies([("rds", "CreateDBInstance")])
    used = [one for one in document["Statement"] if "kms:Decrypt" in one["Action"]]
    assert [one["Condition"]["StringLike"] for one in used] == [{"kms:ViaService": "*.amazonaws.com"}]


def needed() -> set[str]:
    """The actions of all playbooks' own calls."""
    return {action for one in operations(store.read_calls()) for action in derive.actions_of(one)}


def test_each_dependent_action_is_allowed_or_left_out_for_one_reason() -> None:
    """None is dropped in silence, and no reason is left when its action has gone."""
    listed = {other for action in needed() for other in derive.listed(action)}
    reasons = {other: dependents.left_out(other) for other in listed}
    assert {other: found for other, found in reasons.items() if len(found) > 1} == {}
    needless = dependents.LEFT_OUT.keys() - {pattern for found in reasons.values() for pattern in found}
    assert needless == set(), "LEFT_OUT in tests/policies/dependents.py has what no action asks for"
    for playbook in store.PLAYBOOKS:
        calls = {one for run in store.read_calls().values() if playbook in run for one in run[playbook].operations}
        assert derive.lacking(calls | source.of_playbook(playbook), store.needed(playbook)) == []


def test_each_guide_is_of_an_action_that_is_called_and_says_more_than_the_reference() -> None:
    called = needed()
    called |= {other for action in called for other in dependents.GUIDES.get(action, ((), ""))[0]}
    for action, (others, page) in dependents.GUIDES.items():
        assert page.startswith("https://docs.aws.amazon.com/"), action
        assert action in called, f"GUIDES in tests/policies/dependents.py: nothing calls {action}"
        known = derive.listed(action) & set(others)
        assert known == set(), f"GUIDES in tests/policies/dependents.py: the reference lists {known} for {action}"
        for other in others:
            prefix, name = other.split(":")
            assert name in derive.reference(prefix)["privileges"], other


def test_what_a_policy_lacks_is_named() -> None:
    documents = derive.policies([("ec2", "DescribeVpcs")])
    assert derive.lacking([("ec2", "DescribeVpcs")], documents) == []
    assert derive.lacking([("ec2", "DescribeVpcs"), ("ec2", "DeleteVpc")], documents) == ["ec2:DeleteVpc"]


def test_what_reads_all_that_there_is_is_allowed_everywhere() -> None:
    """AWS refuses a list of all databases to whom it allows some of them."""
    [document] = derive.policies([("rds", "DescribeDBInstances"), ("iam", "GetRole")])
    role = "arn:aws:iam::${account}:role/${project}/${environment}/*"
    assert {(*one["Action"], *one["Resource"]) for one in document["Statement"]} == {
        ("iam:GetRole", role),
        ("rds:DescribeDBInstances", "*"),
    }


def test_what_cloudfront_uses_is_in_another_region() -> None:
    [document] = derive.policies([("acm", "DeleteCertificate"), ("sns", "Subscribe")], cross_region=["acm"])
    resources = {one["Action"][0]: one["Resource"] for one in document["Statement"]}
    assert resources["acm:DeleteCertificate"] == ["arn:aws:acm:*:${account}:*"]
    assert resources["sns:Subscribe"] == ["arn:aws:sns:${region}:${account}:${prefix}-*"]


@pytest.mark.parametrize("playbook", store.PLAYBOOKS)
def test_iam_takes_each_policy(playbook: str) -> None:
    """The quota of a managed policy, and what IAM refuses; ten of them may be attached to a role."""
    documents = store.needed(playbook)
    assert len(documents) <= 10
    for document in documents:
        text = json.dumps(document, separators=(",", ":"))
        for name, value in derive.LONGEST.items():
            text = text.replace(f"${{{name}}}", value)
        assert "${" not in text.replace("${aws:", "")  # what IAM itself fills in
        assert len(text) <= 6144
        IAMPolicyDocumentValidator(text).validate()


@pytest.mark.parametrize("playbook", store.PLAYBOOKS)
def test_what_the_modules_of_a_playbook_call_is_allowed(playbook: str) -> None:
    lacking = derive.lacking(source.of_playbook(playbook), store.needed(playbook))
    assert lacking == [], f"policies/{playbook}-*.json do not allow {lacking}: run make policies ENVIRONMENTS=none"


@pytest.mark.parametrize("playbook", store.PLAYBOOKS)
def test_the_policies_are_what_follows_from_the_calls(playbook: str) -> None:
    """Nobody has edited them, and nothing that they follow from is another now."""
    same = derived(store.read_calls(), playbook) == store.needed(playbook)
    assert same, f"policies/{playbook}-*.json are not what is derived: run make policies ENVIRONMENTS=none"


def test_the_emulator_asks_for_what_aws_asks_for() -> None:
    same = json.loads(PERMISSIONS.read_text()) == enforced.permissions(operations(store.read_calls()))
    assert same, f"{PERMISSIONS.name} of the emulator is not what is derived: run make policies ENVIRONMENTS=none"


def test_each_parameter_that_decides_is_of_a_dependent_action() -> None:
    known = json.loads(PERMISSIONS.read_text())["dependents"]
    asked = [(action, other) for action, others in known.items() for other in others]
    needless = [
        entry
        for entry in ONLY_WITH
        if not any(fnmatchcase(action, entry[0]) and fnmatchcase(other, entry[1]) for action, other in asked)
    ]
    assert needless == [], "ONLY_WITH in lab/emulator/enforcement.py has what no action asks for"


def test_a_module_may_change_what_this_run_did_not() -> None:
    assert ("kms", "UpdateKeyDescription") in source.of_module("kms_key")
    assert ("kms", "DeleteAlias") not in source.of_module("kms_key")
    # It has no call that changes a flow log.
    assert ("ec2", "DeleteFlowLogs") in source.of_module("ec2_vpc_flow_log")


def test_what_a_module_inherits_and_composes_is_among_what_it_calls() -> None:
    """A class of module_utils has the calls, and the name of one is put together from that of the resource."""
    distribution = source.of_module("cloudfront_distribution")
    assert {("cloudfront", "UpdateDistribution"), ("secretsmanager", "GetSecretValue")} <= distribution
    assert ("cloudfront", "DeleteDistribution") not in distribution
    assert {("cloudtrail", "StartLogging"), ("cloudtrail", "StopLogging")} <= source.of_module("cloudtrail_trail")
    assert ("ec2", "DeleteTags") in source.of_module("ec2_vpc")


def test_what_a_task_says_is_to_go_may_be_removed() -> None:
    terminate, delete = ("ec2", "TerminateInstances"), ("ec2", "DeleteInternetGateway")
    assert terminate in source.of_playbook("bake")
    assert {terminate, delete} & source.of_playbook("provision") == set()


def test_who_goes_to_machines_may_begin_a_session() -> None:
    """The connection asks for it, not a module."""
    session = {("ssm", "StartSession"), ("ec2-instance-connect", "SendSSHPublicKey")}
    assert session <= source.of_playbook("bake") & source.of_playbook("configure") & source.of_playbook("database")
    assert session & source.of_playbook("provision") == set()


def test_what_a_playbook_needs_on_machines_is_in_its_modules() -> None:
    """Configure takes a machine out of its target group, and reads the master password of the database."""
    needed = source.of_playbook("configure")
    assert {("elbv2", "DeregisterTargets"), ("secretsmanager", "GetSecretValue"), ("ssm", "PutParameter")} <= needed


def test_nothing_but_reading_is_allowed_beyond_what_is_ours() -> None:
    """Each exception is one that AWS knows no narrower scope for."""
    exceptions = set()
    for playbook in store.PLAYBOOKS:
        for statement in (one for document in store.needed(playbook) for one in document["Statement"]):
            if "Condition" not in statement and not all(derive.is_ours(arn) for arn in statement["Resource"]):
                exceptions |= {action for action in statement["Action"] if not _reads(action)}
    assert exceptions == EVERYWHERE | OF_A_KIND


@pytest.mark.parametrize("playbook", ["preflight", "status", "audit"])
def test_who_only_looks_may_only_look(playbook: str) -> None:
    assert {action for action in derive.allowed_by(store.needed(playbook)) if not _reads(action)} == set()


def _reads(action: str) -> bool:
    prefix, name = action.split(":")
    return derive.reference(prefix)["privileges"][name]["access_level"] in derive.READING


# The account's own settings, and what gets its name or id from AWS, and tags afterwards if at all.
EVERYWHERE = {
    # The drill's samples: they are in the account's own findings, and on its default bus.
    "events:PutEvents",
    "guardduty:CreateSampleFindings",
    "securityhub:BatchImportFindings",
    # A load balancer's own actions beside these two are allowed by its name.
    "elasticloadbalancing:SetWebAcl",
    "wafv2:DisassociateWebACL",
    # WAF begins the delivery of its logs, and lets itself write into the group, in the caller's name.
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "cloudfront:CreateCachePolicy",
    "cloudfront:CreateOriginAccessControl",
    "cloudfront:CreateOriginRequestPolicy",
    "cloudfront:CreateResponseHeadersPolicy",
    "config:DeleteDeliveryChannel",
    "config:PutDeliveryChannel",
    "ec2:DisableEbsEncryptionByDefault",
    "ec2:DisableImageBlockPublicAccess",
    "ec2:DisableSnapshotBlockPublicAccess",
    "ec2:EnableEbsEncryptionByDefault",
    "ec2:EnableImageBlockPublicAccess",
    "ec2:EnableSnapshotBlockPublicAccess",
    "ec2:ModifyEbsDefaultKmsKeyId",
    "ec2:ModifyInstanceMetadataDefaults",
    "ec2:ResetEbsDefaultKmsKeyId",
    "iam:UpdateAccountPasswordPolicy",
    "inspector2:Disable",
    "inspector2:Enable",
    "route53:CreateHostedZone",
    "s3:PutAccountPublicAccessBlock",
    "securityhub:BatchUpdateStandardsControlAssociations",
    "securityhub:CreateFindingAggregator",
    "sns:Unsubscribe",
}
# On resources of a kind that tells neither by name nor by tags whose it is.
OF_A_KIND = {
    "cloudfront:DeleteCachePolicy",
    "cloudfront:DeleteOriginAccessControl",
    "cloudfront:DeleteOriginRequestPolicy",
    "cloudfront:DeleteResponseHeadersPolicy",
    "cloudfront:UpdateCachePolicy",
    "cloudfront:UpdateOriginAccessControl",
    "cloudfront:UpdateOriginRequestPolicy",
    "cloudfront:UpdateResponseHeadersPolicy",
    "ec2:RunInstances",
    "iam:CreateServiceLinkedRole",
    "route53:AssociateVPCWithHostedZone",
    "route53:ChangeResourceRecordSets",
    "route53:ChangeTagsForResource",
    "route53:DeleteHostedZone",
    "route53:DisassociateVPCFromHostedZone",
    "route53:UpdateHostedZoneComment",
    "secretsmanager:CreateSecret",  # of a name that RDS alone gives
    "secretsmanager:TagResource",
    "securityhub:UpdateFindingAggregator",
    "ssm:StartSession",  # the document; the machine is told by its tags
    "ssmmessages:OpenDataChannel",  # of a session that one has the token of
}
