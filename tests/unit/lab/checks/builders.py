# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What several checks build first."""

from __future__ import annotations

from typing import Any, NamedTuple

from checks import Aws, unique

IMAGE = "ami-12c6146b"
TAGS = [{"Key": "Role", "Value": "web"}]


class Network(NamedTuple):
    """A VPC with a subnet in each of two zones, and a security group."""

    vpc: str
    subnets: list[str]
    group: str


def network(aws: Aws, prefix: str = "10.20") -> Network:
    """Build a network in zones a and c."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock=f"{prefix}.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"{prefix}.{number}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for number, zone in enumerate(("ap-south-1a", "ap-south-1c"))
    ]
    return Network(vpc, subnets, security_group(aws, vpc))


def security_group(aws: Aws, vpc: str) -> str:
    """Build a security group."""
    group = aws.client("ec2").create_security_group(GroupName=unique(), Description="check", VpcId=vpc)
    return str(group["GroupId"])


def instance(aws: Aws) -> str:
    """Run an instance in the default VPC."""
    run = aws.client("ec2").run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    return str(run["Instances"][0]["InstanceId"])


def launch_template(aws: Aws, **data: Any) -> str:
    """Build a launch template."""
    data = {"ImageId": IMAGE, "InstanceType": "t3.micro", **data}
    made = aws.client("ec2").create_launch_template(LaunchTemplateName=unique(), LaunchTemplateData=data)
    return str(made["LaunchTemplate"]["LaunchTemplateId"])


def scaling_group(aws: Aws, desired: int = 0, template: str | None = None, **arguments: Any) -> str:
    """Build an Auto Scaling group over the two zones of a new network."""
    name = unique()
    aws.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=0,
        MaxSize=8,
        DesiredCapacity=desired,
        VPCZoneIdentifier=",".join(network(aws).subnets),
        LaunchTemplate={"LaunchTemplateId": template or launch_template(aws), "Version": "$Latest"},
        **arguments,
    )
    return name


def key(aws: Aws) -> str:
    """Build a KMS key and give its ARN."""
    return str(aws.client("kms").create_key()["KeyMetadata"]["Arn"])


def bucket(aws: Aws, **arguments: Any) -> str:
    """Build a bucket."""
    name = unique("bucket")
    location = {"LocationConstraint": "ap-south-1"}
    aws.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=location, **arguments)
    return name
