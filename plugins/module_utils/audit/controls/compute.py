# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines, their templates, groups, volumes and images, and what the account sets for all of them."""

from __future__ import annotations

from ..model import Record, Snapshot, Verdict, anyone, control, statements

COMPUTE = "provision.yml --tags aws_compute sets it."
ACCOUNT = "provision.yml --tags aws_account sets it."


@control("EC2.7", "medium", "account_defaults", "New volumes are encrypted", cis="2.2.1", needs="KMS", remedy=ACCOUNT)
def ebs_default(s: Snapshot, defaults: Record) -> Verdict:
    enabled = defaults["EbsEncryptionByDefault"]
    return bool(enabled), {"EbsEncryptionByDefault": enabled}


@control("EC2.182", "high", "account_defaults", "Snapshots cannot be made public", remedy=ACCOUNT)
def snapshot_block(s: Snapshot, defaults: Record) -> Verdict:
    state = defaults["SnapshotBlock"]
    return state in ("block-all-sharing", "block-new-sharing"), {"State": state}


@control(
    "PX-7",
    "medium",
    "account_defaults",
    "Images cannot be made public",
    document="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-public-access-to-amis.html",
    remedy=ACCOUNT,
)
def image_block(s: Snapshot, defaults: Record) -> Verdict:
    state = defaults["ImageBlock"]
    return state == "block-new-sharing", {"ImageBlockPublicAccessState": state}


@control(
    "PX-8",
    "medium",
    "account_defaults",
    "New machines demand IMDSv2",
    document="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html",
    remedy=ACCOUNT,
)
def metadata_default(s: Snapshot, defaults: Record) -> Verdict:
    tokens = (defaults["Metadata"] or {}).get("HttpTokens")
    return tokens == "required", {"HttpTokens": tokens or "no preference"}


@control(
    "EC2.1",
    "critical",
    "account",
    "No snapshot of a volume is public",
    remedy="Make it private: aws ec2 modify-snapshot-attribute --create-volume-permission Remove=[{Group=all}].",
)
def public_snapshots(s: Snapshot, _account: Record) -> Verdict:
    ids = [one["SnapshotId"] for one in s["public_snapshots"]]
    return not ids, {"public snapshots": ids}


@control(
    "PX-9",
    "critical",
    "images",
    "The image is private",
    document="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-intro.html",
    remedy="Make it private: aws ec2 modify-image-attribute --launch-permission Remove=[{Group=all}].",
)
def private_images(s: Snapshot, image: Record) -> Verdict:
    return not image.get("Public"), {"Public": image.get("Public", False)}


@control(
    "EC2.3",
    "medium",
    "volumes",
    "The volume is encrypted",
    cis="2.2.1",
    needs="KMS",
    remedy="Make it again from an encrypted copy of its snapshot.",
)
def encrypted_volumes(s: Snapshot, volume: Record) -> Verdict:
    if not volume.get("Attachments"):
        return None, {"Encrypted": volume["Encrypted"], "because": "It is not attached."}
    return volume["Encrypted"], {"Encrypted": volume["Encrypted"], "Size": volume["Size"]}


@control(
    "EC2.8",
    "high",
    "instances",
    "The machine demands IMDSv2",
    cis="5.6",
    remedy="aws ec2 modify-instance-metadata-options --http-tokens required; new machines have it from their template.",
)
def imds(s: Snapshot, instance: Record) -> Verdict:
    options = instance.get("MetadataOptions") or {}
    if options.get("HttpEndpoint") == "disabled":
        return True, {"HttpEndpoint": "disabled"}
    return options.get("HttpTokens") == "required", {"HttpTokens": options.get("HttpTokens", "optional")}


@control(
    "EC2.9",
    "high",
    "instances",
    "The machine has no public address",
    remedy="Put it in a private subnet behind a load balancer, or suppress it with the reason why it has one.",
)
def public_address(s: Snapshot, instance: Record) -> Verdict:
    return not instance.get("PublicIpAddress"), {"PublicIpAddress": instance.get("PublicIpAddress")}


@control(
    "SSM.1",
    "medium",
    "instances",
    "Systems Manager manages the machine",
    needs="Systems Manager",
    remedy="See that the SSM agent runs and reaches the endpoints; docs/troubleshooting.md.",
)
def managed(s: Snapshot, instance: Record) -> Verdict:
    if instance["State"]["Name"] != "running":
        return None, {"because": "It does not run."}
    online = instance["InstanceId"] in s["managed_instances"]
    return online, {"PingStatus": "Online" if online else "none"}


@control("EC2.170", "low", "launch_templates", "The launch template demands IMDSv2", cis="5.6", remedy=COMPUTE)
def template_imds(s: Snapshot, template: Record) -> Verdict:
    tokens = (template["Data"].get("MetadataOptions") or {}).get("HttpTokens")
    return tokens == "required", {"HttpTokens": tokens}


@control(
    "EC2.25",
    "high",
    "launch_templates",
    "The launch template gives no public addresses",
    remedy="Take AssociatePublicIpAddress out, or suppress it with the reason why these machines have one.",
)
def template_address(s: Snapshot, template: Record) -> Verdict:
    given = [one.get("AssociatePublicIpAddress", False) for one in template["Data"].get("NetworkInterfaces") or []]
    return not any(given), {"AssociatePublicIpAddress": given}


@control(
    "EC2.181", "medium", "launch_templates", "The launch template encrypts its volumes", needs="KMS", remedy=COMPUTE
)
def template_encryption(s: Snapshot, template: Record) -> Verdict:
    volumes = [
        one["Ebs"].get("Encrypted", False) for one in template["Data"].get("BlockDeviceMappings") or [] if "Ebs" in one
    ]
    if not volumes:
        return None, {"because": "It names no volumes; the account's default decides."}
    return all(volumes), {"Encrypted": volumes}


@control("AutoScaling.1", "low", "autoscaling_groups", "Load balancer health checks decide on machines", remedy=COMPUTE)
def elb_health(s: Snapshot, group: Record) -> Verdict:
    if not group.get("TargetGroupARNs") and not group.get("LoadBalancerNames"):
        return None, {"because": "It is behind no load balancer."}
    return "ELB" in group["HealthCheckType"], {"HealthCheckType": group["HealthCheckType"]}


@control(
    "AutoScaling.2",
    "medium",
    "autoscaling_groups",
    "The group spans Availability Zones",
    needs="two Availability Zones",
    remedy=COMPUTE,
)
def group_zones(s: Snapshot, group: Record) -> Verdict:
    return len(group["AvailabilityZones"]) > 1, {"AvailabilityZones": group["AvailabilityZones"]}


@control("AutoScaling.9", "medium", "autoscaling_groups", "The group uses a launch template", remedy=COMPUTE)
def uses_template(s: Snapshot, group: Record) -> Verdict:
    used = group.get("LaunchTemplate") or group.get("MixedInstancesPolicy", {}).get("LaunchTemplate")
    return bool(used), {"LaunchConfigurationName": group.get("LaunchConfigurationName")}


@control("Lambda.1", "critical", "functions", "The function is not public", remedy="Name the principals in its policy.")
def function_public(s: Snapshot, function: Record) -> Verdict:
    public = [one.get("Sid", "") for one in statements(function["Policy"]) if anyone(one)]
    return not public, {"statements for everybody": public}
