"""What an action asks of others beside it, in the caller's name.

The Service Authorization Reference lists such dependent actions for all that a service can be used for. Each is in the
policies, or in ``LEFT_OUT`` with the reason why this platform never causes it. What only a service's guide says is in
``GUIDES``. The emulator's enforcement reads what follows from both in lab/emulator/permissions.json.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase

# By a pattern of the dependent action.
LEFT_OUT: Mapping[str, str] = {
    "amplify:*": "no Amplify app is behind a web ACL",
    "apigateway:*": "no REST API is behind a web ACL",
    "apprunner:*": "no App Runner service is behind a web ACL",
    "appsync:*": "no GraphQL API is behind a web ACL",
    "cognito-idp:*": "no user pool is behind a web ACL",
    "ec2:*VerifiedAccess*": "no Verified Access instance is behind a web ACL",
    "wafv2:*PermissionPolicy": "shares a rule group with other accounts; there are AWS's managed rule groups only",
    "cloudfront:CreateConnectionGroup": "for distributions that several tenants share",
    "ecs:*": "for flow logs with the fields of ECS",
    "lambda:PassCapacityProvider": "for functions on managed instances",
    "organizations:*": "for the trail of an organization",
    "rds:*TenantDatabase": "Oracle and SQL Server have tenant databases, PostgreSQL has none",
    "s3:GetObject": "to fill a new cache from a backup in a bucket",
    "ssm:GetParameters": "for image ids that are written as resolve:ssm: in a launch template",
}
LOG_DELIVERY = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-CWL.html"
WAF_LOGS = "https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html"
AUTO_SCALING = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-api-permissions.html"
SECRETS = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html"
SESSIONS = (
    "https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-restrict-access-quickstart.html"
)
SERVICE_LINKED = "iam:CreateServiceLinkedRole"
# By the action: what it asks for, and AWS's page that says so.
GUIDES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "autoscaling:CreateAutoScalingGroup": (("ec2:RunInstances", "ec2:CreateTags"), AUTO_SCALING),
    "autoscaling:UpdateAutoScalingGroup": (("ec2:RunInstances", "ec2:CreateTags"), AUTO_SCALING),
    "cloudtrail:CreateTrail": (
        ("iam:PassRole",),
        "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCloudTrail_FullAccess.html",
    ),
    "cloudtrail:UpdateTrail": (
        ("iam:PassRole",),
        "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCloudTrail_FullAccess.html",
    ),
    "cloudwatch:PutMetricAlarm": (
        ("cloudwatch:TagResource",),
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
    ),
    "ec2:RunInstances": (
        (
            "kms:CreateGrant",
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:GenerateDataKeyWithoutPlaintext",
            "kms:ReEncryptFrom",
            "kms:ReEncryptTo",
        ),
        "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html",
    ),
    "elasticache:CreateReplicationGroup": (
        (SERVICE_LINKED,),
        "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/using-service-linked-roles.html",
    ),
    "elasticache:DeleteReplicationGroup": (
        ("elasticache:CreateSnapshot",),
        "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DeleteReplicationGroup.html",
    ),
    "elasticloadbalancing:CreateLoadBalancer": (
        (SERVICE_LINKED,),
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-service-linked-roles.html",
    ),
    "events:PutRule": (
        ("events:TagResource",),
        "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html",
    ),
    "guardduty:CreateDetector": (
        (SERVICE_LINKED,),
        "https://docs.aws.amazon.com/guardduty/latest/ug/using-service-linked-roles.html",
    ),
    "inspector2:Enable": (
        (SERVICE_LINKED,),
        "https://docs.aws.amazon.com/inspector/latest/user/using-service-linked-roles.html",
    ),
    "logs:CreateLogGroup": (
        ("logs:TagResource",),
        "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html",
    ),
    "rds:CreateDBInstance": (
        (SERVICE_LINKED,),
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAM.ServiceLinkedRoles.html",
    ),
    "s3:CreateBucket": (
        ("s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning"),
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html",
    ),
    "secretsmanager:CreateSecret": (("kms:Decrypt", "kms:GenerateDataKey"), SECRETS),
    "secretsmanager:GetSecretValue": (("kms:Decrypt",), SECRETS),
    "secretsmanager:PutSecretValue": (("kms:Decrypt", "kms:GenerateDataKey"), SECRETS),
    "secretsmanager:UpdateSecret": (("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"), SECRETS),
    "securityhub:EnableSecurityHub": (
        (SERVICE_LINKED,),
        "https://docs.aws.amazon.com/securityhub/latest/userguide/using-service-linked-roles.html",
    ),
    "sns:CreateTopic": (
        ("sns:TagResource",),
        "https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html",
    ),
    "ssm:StartSession": (("ssm:ResumeSession", "ssm:TerminateSession", "ssmmessages:OpenDataChannel"), SESSIONS),
    "wafv2:DeleteLoggingConfiguration": (
        ("logs:DeleteLogDelivery", "logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:UpdateLogDelivery"),
        WAF_LOGS,
    ),
    "wafv2:PutLoggingConfiguration": (
        (
            "logs:CreateLogDelivery",
            "logs:DescribeLogGroups",
            "logs:DescribeResourcePolicies",
            "logs:GetLogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutResourcePolicy",
            "logs:UpdateLogDelivery",
        ),
        LOG_DELIVERY,
    ),
}

Listed = Callable[[str], set[str]]  # what the reference lists for an action


def left_out(dependent: str) -> list[str]:
    """The entries of ``LEFT_OUT`` that leave it out."""
    return [pattern for pattern in LEFT_OUT if fnmatchcase(dependent, pattern)]


def of(action: str, listed: Listed) -> set[str]:
    """What AWS may ask for beside an action. The reference's lists are whole; a guide names an action alone."""
    found = {other for other in listed(action) if not left_out(other)}
    for other in GUIDES.get(action, ((), ""))[0]:
        found |= {other, *of(other, listed)}
    return found
