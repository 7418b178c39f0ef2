# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is answered about a thing that was made a moment ago: by its own service, and by others that are told of it.

The codes of a service are on the page "Errors" or "Common errors" of its API reference, and those of an operation on
its own page; the pages and reports that say so of what is new:

- EC2: https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
  and https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
- IAM: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
- Lambda and a new role: https://github.com/LinusU/scandium/issues/31, https://github.com/aws/aws-sdk-js/issues/4408
- RDS and a new role: https://github.com/hashicorp/terraform-provider-aws/issues/1850
- Config and a new role, or a bucket policy:
  https://docs.aws.amazon.com/config/latest/APIReference/API_PutConfigurationRecorder.html
  https://docs.aws.amazon.com/config/latest/APIReference/API_PutDeliveryChannel.html
- CloudTrail and a new role, or a bucket policy:
  https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
- a policy that names a new role: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_policies.html
- WAF: https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html
- Auto Scaling: https://docs.aws.amazon.com/autoscaling/ec2/userguide/CHAP_Troubleshooting.html
- S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel (bucket configurations)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Unknown:
    """How a service says that it does not know a thing: ``{id}`` in the text, in ``{account}``."""

    code: str
    text: str
    status: int = 400


@dataclass(frozen=True)
class Thing:
    """What can be made. Its identifiers are JMESPath expressions of the parameters and the answer of what makes it."""

    service: str
    made_by: tuple[str, ...]
    unknown: Unknown | None  # what its own service says; None where that knows it at once
    ids: tuple[str, ...] = ()  # identifiers that only this thing has: they are looked for in all parameters
    name: str = ""  # a name that other things may have too,
    named: tuple[str, ...] = ()  # the parameters of its service in which it is this thing's,
    named_elsewhere: tuple[str, ...] = ()  # and those of other services
    elsewhere: Mapping[str, Unknown] = field(default_factory=dict)  # service or service:Operation -> what it says
    principal: bool = False  # whether policies may name it as who is allowed


def _ec2(made_by: str, path: str, code: str, noun: str, elsewhere: Mapping[str, Unknown] | None = None) -> Thing:
    return Thing("ec2", (made_by,), Unknown(code, noun + " '{id}' does not exist"), (path,), elsewhere=elsewhere or {})


NO_PROFILE = Unknown(
    "InvalidParameterValue",
    "Value ({id}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
)
NO_TEMPLATE = "You must use a valid fully-formed launch template. The specified launch template, with template "
UNAVAILABLE = Unknown(
    "WAFUnavailableEntityException",
    "AWS WAF couldn\u2019t retrieve the resource that you requested. Retry your request.",
)
NO_ROLE_OF_CONFIG = Unknown("InvalidRoleException", "The role {id} does not exist, or AWS Config cannot assume it.")
NO_ROLE_OF_TRAIL = Unknown(
    "InvalidCloudWatchLogsRoleArnException", "Access denied. Check the trust relationships for your role."
)
NO_ROLE_OF_LAMBDA = Unknown(
    "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda."
)
NO_PERMISSION_OF_LAMBDA = Unknown(
    "InvalidParameterValueException", "The provided execution role does not have permissions to call Publish on SNS"
)
NO_ROLE_OF_RDS = Unknown(
    "InvalidParameterValue",
    "IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING",
)
NO_PRINCIPAL: Mapping[str, Unknown] = {
    "iam": Unknown("MalformedPolicyDocument", 'Invalid principal in policy: "AWS":"{id}"'),
    "kms": Unknown(
        "MalformedPolicyDocumentException", "Policy contains a statement with one or more invalid principals."
    ),
    "s3": Unknown("MalformedPolicy", "Invalid principal in policy"),
    "secretsmanager": Unknown(
        "MalformedPolicyDocumentException", "This resource policy contains an unsupported principal."
    ),
    "sns": Unknown("InvalidParameter", "Invalid parameter: Policy Error: PrincipalNotFound"),
}

THINGS: tuple[Thing, ...] = (
    # EC2
    _ec2(
        "CreateVpc",
        "Vpc.VpcId",
        "InvalidVpcID.NotFound",
        "The vpc ID",
        {
            "elbv2": Unknown("ValidationError", "The VPC ID '{id}' is not found"),
            "route53": Unknown("InvalidVPCId", "The VPC {id} has not been found"),
        },
    ),
    _ec2(
        "CreateSubnet",
        "Subnet.SubnetId",
        "InvalidSubnetID.NotFound",
        "The subnet ID",
        {
            "autoscaling": Unknown("ValidationError", "The subnet ID '{id}' does not exist"),
            "elasticache": Unknown("InvalidSubnet", "The subnet ID '{id}' does not exist"),
            "elbv2": Unknown("SubnetNotFound", "The subnet ID '{id}' does not exist"),
            "rds": Unknown("InvalidSubnet", "The requested subnet {id} is invalid, or in use."),
        },
    ),
    _ec2(
        "CreateSecurityGroup",
        "GroupId",
        "InvalidGroup.NotFound",
        "The security group",
        {
            "elasticache": Unknown("InvalidParameterValue", "Some security groups are not valid: {id}"),
            "elbv2": Unknown("InvalidSecurityGroup", "The security group '{id}' does not exist"),
            "rds": Unknown("InvalidParameterValue", "Invalid security group , groupId= {id}, groupName=."),
        },
    ),
    _ec2("CreateRouteTable", "RouteTable.RouteTableId", "InvalidRouteTableID.NotFound", "The routeTable ID"),
    _ec2(
        "CreateInternetGateway",
        "InternetGateway.InternetGatewayId",
        "InvalidInternetGatewayID.NotFound",
        "The internetGateway ID",
    ),
    Thing(
        "ec2",
        ("CreateNatGateway",),
        Unknown("NatGatewayNotFound", "NAT gateway {id} was not found"),
        ("NatGateway.NatGatewayId",),
        elsewhere={
            f"ec2:{operation}": Unknown("InvalidNatGatewayID.NotFound", "The natGateway ID '{id}' does not exist")
            for operation in ("CreateRoute", "ReplaceRoute", "CreateTags")
        },
    ),
    _ec2("CreateNetworkAcl", "NetworkAcl.NetworkAclId", "InvalidNetworkAclID.NotFound", "The networkAcl ID"),
    _ec2(
        "CreateVpcEndpoint",
        "VpcEndpoint.VpcEndpointId",
        "InvalidVpcEndpointId.NotFound",
        "The Vpc Endpoint Id",
    ),
    _ec2(
        "CreateVpcPeeringConnection",
        "VpcPeeringConnection.VpcPeeringConnectionId",
        "InvalidVpcPeeringConnectionID.NotFound",
        "The vpcPeeringConnection ID",
    ),
    _ec2("AllocateAddress", "AllocationId", "InvalidAllocationID.NotFound", "The allocation ID"),
    _ec2("RunInstances", "Instances[].InstanceId", "InvalidInstanceID.NotFound", "The instance ID"),
    _ec2("CreateImage", "ImageId", "InvalidAMIID.NotFound", "The image id"),
    _ec2("CreateFlowLogs", "FlowLogIds[]", "InvalidFlowLogId.NotFound", "The flow log ID"),
    Thing(
        "ec2",
        ("CreateLaunchTemplate",),
        Unknown(
            "InvalidLaunchTemplateId.NotFound",
            "The specified launch template, with template ID {id}, does not exist.",
        ),
        ("LaunchTemplate.LaunchTemplateId",),
        elsewhere={"autoscaling": Unknown("ValidationError", NO_TEMPLATE + "ID {id}, does not exist.")},
    ),
    Thing(
        "ec2",
        ("CreateLaunchTemplate",),
        Unknown(
            "InvalidLaunchTemplateName.NotFoundException",
            "The specified launch template, with template name {id}, does not exist.",
        ),
        name="LaunchTemplateName",
        named=("LaunchTemplateName", "LaunchTemplateNames"),
        named_elsewhere=("LaunchTemplateName",),
        elsewhere={"autoscaling": Unknown("ValidationError", NO_TEMPLATE + "name {id}, does not exist.")},
    ),
    # IAM
    Thing(
        "iam",
        ("CreateRole", "CreateServiceLinkedRole"),
        Unknown("NoSuchEntity", "The role with name {id} cannot be found.", 404),
        ("Role.Arn",),
        name="Role.RoleName",
        named=("RoleName",),
        elsewhere={
            "cloudtrail": NO_ROLE_OF_TRAIL,
            "config:PutConfigurationRecorder": NO_ROLE_OF_CONFIG,
            "lambda": NO_ROLE_OF_LAMBDA,
            "rds": NO_ROLE_OF_RDS,
        },
        principal=True,
    ),
    Thing(
        "iam",
        ("AttachRolePolicy", "PutRolePolicy"),
        None,
        ("RoleName",),
        elsewhere={"lambda:CreateFunction": NO_PERMISSION_OF_LAMBDA},
    ),
    Thing(
        "iam",
        ("CreatePolicy",),
        Unknown("NoSuchEntity", "Policy {id} does not exist or is not attachable.", 404),
        ("Policy.Arn",),
    ),
    Thing(
        "iam",
        ("CreateInstanceProfile",),
        Unknown("NoSuchEntity", "Instance Profile {id} cannot be found.", 404),
        ("InstanceProfile.Arn",),
        name="InstanceProfileName",
        named=("InstanceProfileName",),
        named_elsewhere=("Name",),
        elsewhere={"ec2": NO_PROFILE},
    ),
    Thing(
        "iam",
        ("CreateGroup",),
        Unknown("NoSuchEntity", "The group with name {id} cannot be found.", 404),
        ("Group.Arn",),
        name="GroupName",
        named=("GroupName",),
    ),
    Thing(
        "iam",
        ("CreateUser",),
        Unknown("NoSuchEntity", "The user with name {id} cannot be found.", 404),
        ("User.Arn",),
        name="UserName",
        named=("UserName",),
        principal=True,
    ),
    # Keys and secrets
    Thing(
        "kms",
        ("CreateKey",),
        Unknown("NotFoundException", "Key '{id}' does not exist"),
        ("KeyMetadata.KeyId", "KeyMetadata.Arn"),
        elsewhere={
            "logs": Unknown(
                "InvalidParameterException",
                "The specified KMS key does not exist or is not allowed to be used with Arn '{id}'",
            ),
            "rds": Unknown("KMSKeyNotAccessibleFault", "The specified KMS key [{id}] does not exist, is not enabled."),
        },
    ),
    Thing(
        "kms",
        ("CreateAlias",),
        Unknown("NotFoundException", "Alias {id} is not found."),
        ("AliasName",),
        elsewhere={"sns": Unknown("KMSNotFound", "Alias {id} is not found.")},
    ),
    Thing(
        "secretsmanager",
        ("CreateSecret",),
        Unknown("ResourceNotFoundException", "Secrets Manager can't find the specified secret."),
        ("ARN",),
        name="Name",
        named=("SecretId",),
    ),
    Thing(
        "ssm",
        ("PutParameter",),
        Unknown("ParameterNotFound", ""),
        name="Name",
        named=("Name", "Names"),
    ),
    # Storage, topics, logs
    Thing(
        "s3",
        ("CreateBucket",),
        Unknown("NoSuchBucket", "The specified bucket does not exist", 404),
        name="Bucket",
        named=("Bucket", "Name"),
        named_elsewhere=("S3BucketName", "s3BucketName"),
        elsewhere={
            "cloudtrail": Unknown("S3BucketDoesNotExistException", "S3 bucket {id} does not exist!"),
            "config": Unknown("NoSuchBucketException", "Cannot find a S3 bucket with an input bucket name: {id}"),
        },
    ),
    Thing(
        "s3",
        ("PutBucketPolicy",),
        None,
        ("Bucket",),
        elsewhere={
            "cloudtrail": Unknown(
                "InsufficientS3BucketPolicyException", "Incorrect S3 bucket policy is detected for bucket: {id}"
            ),
            "config:PutDeliveryChannel": Unknown(
                "InsufficientDeliveryPolicyException",
                "Insufficient delivery policy to s3 bucket: {id}, unable to write to bucket, provided s3 key prefix "
                "is 'null'.",
            ),
            "elbv2:ModifyLoadBalancerAttributes": Unknown(
                "InvalidConfigurationRequest", "Access Denied for bucket: {id}. Please check S3bucket permission"
            ),
        },
    ),
    Thing("sns", ("CreateTopic",), Unknown("NotFound", "Topic does not exist", 404), ("TopicArn",)),
    Thing(
        "logs",
        ("CreateLogGroup",),
        Unknown("ResourceNotFoundException", "The specified log group does not exist."),
        name="logGroupName",
        named=("logGroupName", "logGroupIdentifier"),
        elsewhere={
            "cloudtrail": Unknown(
                "InvalidCloudWatchLogsLogGroupArnException", "Access denied. Verify that the log group exists."
            ),
            "wafv2": Unknown(
                "WAFLogDestinationPermissionIssueException",
                "Unable to deliver logs to the configured destination. You might need to grant log delivery "
                "permissions for the destination. If you're using S3 as your log destination, you might have exceeded "
                "your bucket limit.",
            ),
        },
    ),
    # Events, functions, trails
    Thing(
        "events",
        ("PutRule",),
        Unknown("ResourceNotFoundException", "Rule {id} does not exist on EventBus default."),
        name="Name",
        named=("Name", "Rule"),
    ),
    Thing(
        "lambda",
        ("CreateFunction",),
        Unknown("ResourceNotFoundException", "Function not found: {id}", 404),
        ("FunctionArn",),
        name="FunctionName",
        named=("FunctionName",),
    ),
    Thing(
        "cloudtrail",
        ("CreateTrail",),
        Unknown("TrailNotFoundException", "Unknown trail: {id} for the user: {account}"),
        ("TrailARN",),
        name="Name",
        named=("Name", "TrailName"),
    ),
    Thing(
        "config",
        ("PutConfigurationRecorder",),
        Unknown(
            "NoSuchConfigurationRecorderException",
            "Cannot find configuration recorder with the specified name '{id}'.",
        ),
        name="ConfigurationRecorder.name",
        named=("ConfigurationRecorderName", "ConfigurationRecorderNames"),
    ),
    # The way in
    Thing(
        "elbv2",
        ("CreateLoadBalancer",),
        Unknown("LoadBalancerNotFound", "One or more load balancers not found"),
        ("LoadBalancers[].LoadBalancerArn",),
        elsewhere={"wafv2": UNAVAILABLE},
    ),
    Thing(
        "elbv2",
        ("CreateTargetGroup",),
        Unknown("TargetGroupNotFound", "One or more target groups not found"),
        ("TargetGroups[].TargetGroupArn",),
        elsewhere={
            "autoscaling": Unknown(
                "ValidationError",
                "Provided Target Groups may not be valid. Please ensure they exist and try again.",
            )
        },
    ),
    Thing(
        "elbv2",
        ("CreateListener",),
        Unknown("ListenerNotFound", "One or more listeners not found"),
        ("Listeners[].ListenerArn",),
    ),
    Thing(
        "wafv2",
        ("CreateWebACL", "CreateIPSet"),
        Unknown(
            "WAFNonexistentItemException",
            "AWS WAF couldn\u2019t perform the operation because your resource doesn\u2019t exist.",
        ),
        ("Summary.Id", "Summary.ARN"),
        elsewhere={
            **{
                f"wafv2:{operation}": UNAVAILABLE
                for operation in ("AssociateWebACL", "CreateWebACL", "PutLoggingConfiguration", "UpdateWebACL")
            },
            "cloudfront": Unknown("InvalidWebACLId", "Web ACL is not accessible by the requester: {id}"),
        },
    ),
    Thing(
        "route53",
        ("CreateHostedZone",),
        Unknown("NoSuchHostedZone", "No hosted zone found with ID: {id}", 404),
        ("HostedZone.Id",),
    ),
    Thing(
        "acm",
        ("RequestCertificate",),
        Unknown("ResourceNotFoundException", "Could not find certificate {id}."),
        ("CertificateArn",),
        elsewhere={
            "cloudfront": Unknown(
                "InvalidViewerCertificate",
                "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't "
                "include a valid certificate chain.",
            ),
            "elbv2": Unknown("CertificateNotFound", "Certificate ARN '{id}' is not valid"),
        },
    ),
    *(
        Thing(
            "cloudfront",
            (f"Create{noun}",),
            Unknown(f"NoSuch{noun}", "The specified resource does not exist.", 404),
            (f"{noun}.Id",),
        )
        for noun in ("CachePolicy", "OriginRequestPolicy", "ResponseHeadersPolicy", "OriginAccessControl")
    ),
    Thing(
        "cloudfront",
        ("CreateDistribution", "CreateDistributionWithTags"),
        Unknown("NoSuchDistribution", "The specified distribution does not exist.", 404),
        ("Distribution.Id", "Distribution.ARN"),
    ),
    # Data
    Thing(
        "rds",
        ("CreateDBSubnetGroup",),
        Unknown("DBSubnetGroupNotFoundFault", "DB subnet group '{id}' does not exist.", 404),
        name="DBSubnetGroupName",
        named=("DBSubnetGroupName",),
    ),
    Thing(
        "rds",
        ("CreateDBParameterGroup",),
        Unknown("DBParameterGroupNotFound", "DBParameterGroup not found: {id}", 404),
        name="DBParameterGroupName",
        named=("DBParameterGroupName",),
    ),
    Thing(
        "rds",
        ("CreateDBInstance", "CreateDBInstanceReadReplica"),
        Unknown("DBInstanceNotFound", "DBInstance {id} not found.", 404),
        ("DBInstance.DBInstanceArn",),
        name="DBInstanceIdentifier",
        named=("DBInstanceIdentifier", "SourceDBInstanceIdentifier"),
    ),
    Thing(
        "elasticache",
        ("CreateCacheSubnetGroup",),
        Unknown("CacheSubnetGroupNotFoundFault", "Cache Subnet Group {id} does not exist."),
        ("CacheSubnetGroup.ARN",),
        name="CacheSubnetGroupName",
        named=("CacheSubnetGroupName",),
    ),
    Thing(
        "elasticache",
        ("CreateCacheParameterGroup",),
        Unknown("CacheParameterGroupNotFound", "CacheParameterGroup {id} not found.", 404),
        ("CacheParameterGroup.ARN",),
        name="CacheParameterGroupName",
        named=("CacheParameterGroupName",),
    ),
    Thing(
        "elasticache",
        ("CreateReplicationGroup",),
        Unknown("ReplicationGroupNotFoundFault", "ReplicationGroup {id} not found", 404),
        ("ReplicationGroup.ARN",),
        name="ReplicationGroupId",
        named=("ReplicationGroupId",),
    ),
    # Compute
    Thing(
        "autoscaling",
        ("CreateAutoScalingGroup",),
        Unknown("ValidationError", "AutoScalingGroup name not found - AutoScalingGroup '{id}' not found"),
        name="AutoScalingGroupName",
        named=("AutoScalingGroupName",),
    ),
    Thing(
        "guardduty",
        ("CreateDetector",),
        Unknown(
            "BadRequestException",
            "The request is rejected because the input detectorId is not owned by the current account.",
        ),
        ("DetectorId",),
    ),
)
