# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2 instances and what starts them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

from .base import Item, Kind, Rank, Scope, dig, status, status_not, tag_dict, tag_filter
from .removal import Removal, delete, delete_and_wait

if TYPE_CHECKING:
    from .calls import Aws

EC2_ARN = "arn:{partition}:ec2:{region}:{account}:"


def _template_versions(aws: Aws, scope: Scope, items: list[Item]) -> None:
    """The data of the default and the latest version; of the user data only a digest."""
    versions = aws.pages(
        "ec2",
        "describe_launch_template_versions",
        "LaunchTemplateVersions",
        Versions=["$Default", "$Latest"],
    )
    data = {(version["LaunchTemplateId"], version["VersionNumber"]): version for version in versions}
    for version in data.values():
        user_data = version["LaunchTemplateData"].pop("UserData", None)
        if user_data:
            version["LaunchTemplateData"]["UserDataSha256"] = hashlib.sha256(user_data.encode()).hexdigest()
    for item in items:
        for which in ("Default", "Latest"):
            version = data.get((item["LaunchTemplateId"], item[f"{which}VersionNumber"]), {})
            item[f"{which}VersionData"] = version.get("LaunchTemplateData", {})


def _group_parts(aws: Aws, scope: Scope, items: list[Item]) -> None:
    parts: dict[str, dict[str, list[Item]]] = defaultdict(lambda: defaultdict(list))
    for operation, key in (
        ("describe_policies", "ScalingPolicies"),
        ("describe_scheduled_actions", "ScheduledUpdateGroupActions"),
    ):
        for part in aws.pages("autoscaling", operation, key):
            parts[part["AutoScalingGroupName"]][key].append(part)

    def hooks(item: Item) -> list[Item]:
        return aws.pages(
            "autoscaling",
            "describe_lifecycle_hooks",
            "LifecycleHooks",
            AutoScalingGroupName=item["AutoScalingGroupName"],
        )

    for item, lifecycle_hooks in zip(items, aws.each(hooks, items), strict=True):
        own = parts[item["AutoScalingGroupName"]]
        item["ScalingPolicies"] = own["ScalingPolicies"]
        item["ScheduledActions"] = own["ScheduledUpdateGroupActions"]
        item["LifecycleHooks"] = lifecycle_hooks


def _terminate(removal: Removal, item: Item) -> None:
    found = removal.look("ec2", "describe_instances", "Reservations", InstanceIds=[item["id"]])
    # Its Auto Scaling group may have terminated it since the index was read.
    if any(dig(one, "Instances.0.State.Name") not in ("terminated", "shutting-down") for one in found):
        removal.call("ec2", "modify_instance_attribute", InstanceId=item["id"], DisableApiTermination={"Value": False})
    delete_and_wait(
        "ec2",
        "terminate_instances",
        {"InstanceIds": ["id"]},
        poll=("describe_instances", "Reservations", {"InstanceIds": ["id"]}),
        gone=("Instances.0.State.Name", "terminated"),
    )(removal, item)


def _delete_group(removal: Removal, item: Item) -> None:
    delete_and_wait(
        "autoscaling",
        "delete_auto_scaling_group",
        {"AutoScalingGroupName": "id", "ForceDelete": True},
        poll=("describe_auto_scaling_groups", "AutoScalingGroups", {"AutoScalingGroupNames": ["id"]}),
    )(removal, item)


def outlives_its_instance(item: Item) -> bool:
    return not any(attachment.get("delete_on_termination") for attachment in item.get("attachments", []))


def _delete_volume(removal: Removal, item: Item) -> None:
    """A volume that outlives its instance holds data, so it gets a final snapshot."""
    if not removal.look("ec2", "describe_volumes", "Volumes", VolumeIds=[item["id"]]):
        return
    if removal.final_snapshots and outlives_its_instance(item):
        _snapshot_volume(removal, item)
    removal.call("ec2", "delete_volume", VolumeId=item["id"])


def _snapshot_volume(removal: Removal, item: Item) -> None:
    """One snapshot a volume: an interrupted run finds the one that it began by its tag."""

    def found() -> list[Item]:
        return removal.look(
            "ec2",
            "describe_snapshots",
            "Snapshots",
            OwnerIds=["self"],
            Filters=[{"Name": "tag:FinalSnapshotOf", "Values": [item["id"]]}],
        )

    snapshots = [snapshot for snapshot in found() if snapshot["State"] != "error"]
    if not snapshots:
        tags = {**item["tags"], "FinalSnapshotOf": item["id"]}
        removal.aws.call(
            "ec2",
            "create_snapshot",
            VolumeId=item["id"],
            Description=f"Final snapshot of {item['name']}, {removal.scope.environment}",
            TagSpecifications=[
                {
                    "ResourceType": "snapshot",
                    "Tags": [{"Key": k, "Value": v} for k, v in tags.items() if not k.startswith("aws:")],
                }
            ],
        )
    removal.wait(
        lambda: any(snapshot["State"] == "completed" for snapshot in found()),
        f"The final snapshot of {item['id']} was not completed",
    )
    removal.snapshots.extend(snapshot["SnapshotId"] for snapshot in found() if snapshot["State"] == "completed")


def _deregister(removal: Removal, item: Item) -> None:
    """An image, and the snapshots under it that carry the environment's tags too."""
    removal.call("ec2", "deregister_image", ImageId=item["id"])
    for mapping in item.get("block_device_mappings", []):
        ids = [dig(mapping, "ebs.snapshot_id")]
        for snapshot in removal.look("ec2", "describe_snapshots", "Snapshots", SnapshotIds=ids) if ids[0] else []:
            if removal.scope.owns(tag_dict(snapshot.get("Tags", []))):
                removal.call("ec2", "delete_snapshot", SnapshotId=snapshot["SnapshotId"])


KINDS = (
    Kind(
        key="instances",
        label="EC2 instance",
        service="ec2",
        role="aws_compute",
        rank=Rank.MACHINES,
        operation="describe_instances",
        result="Reservations",
        inner="Instances",
        id_key="InstanceId",
        arn=EC2_ARN + "instance/{id}",
        arguments=tag_filter(),
        alive=status_not("State.Name", "terminated"),
        going=status("State.Name", "shutting-down"),
        created="LaunchTime",
        name_from="id",
        delete=_terminate,
        where=("placement.availability_zone", "private_ip_address", "public_ip_address"),
        state="state.name",
        planned_id="i-0{hex16}",
        planned={"instance_id": "{id}", "private_ip_address": "192.0.2.1", "public_ip_address": "192.0.2.2"},
    ),
    Kind(
        key="volumes",
        label="EBS volume",
        service="ec2",
        role="aws_compute",
        rank=Rank.PARTS,
        operation="describe_volumes",
        result="Volumes",
        id_key="VolumeId",
        arn=EC2_ARN + "volume/{id}",
        arguments=tag_filter(),
        alive=status_not("State", "deleted"),
        going=status("State", "deleting"),
        created="CreateTime",
        name_from="id",
        delete=_delete_volume,
        where=("availability_zone", "attachments.0.instance_id"),
        state="state",
        planned_id="vol-0{hex16}",
        planned={"volume_id": "{id}"},
    ),
    Kind(
        key="launch_templates",
        label="launch template",
        service="ec2",
        role="aws_compute",
        rank=Rank.PARTS,
        operation="describe_launch_templates",
        result="LaunchTemplates",
        id_key="LaunchTemplateId",
        arn=EC2_ARN + "launch-template/{id}",
        arguments=tag_filter(),
        details=_template_versions,
        created="CreateTime",
        name_key="LaunchTemplateName",
        delete=delete("ec2", "delete_launch_template", LaunchTemplateId="id"),
        where=("default_version_data.instance_type", "default_version_data.image_id"),
        planned_id="lt-0{hex16}",
        planned={
            "launch_template_id": "{id}",
            "launch_template_name": "{prefix}{name}",
            "latest_version_number": 1,
            "default_version_number": 1,
        },
    ),
    Kind(
        key="autoscaling_groups",
        label="Auto Scaling group",
        service="autoscaling",
        role="aws_compute",
        rank=Rank.SOURCES,
        operation="describe_auto_scaling_groups",
        result="AutoScalingGroups",
        id_key="AutoScalingGroupName",
        arn="AutoScalingGroupARN",
        arguments=tag_filter(),
        details=_group_parts,
        going=lambda item: bool(item.get("Status")),  # set only while the group is being deleted
        created="CreatedTime",
        name_key="AutoScalingGroupName",
        delete=_delete_group,
        where=("vpc_zone_identifier",),
        state="status",
        planned={
            "auto_scaling_group_name": "{id}",
            "auto_scaling_group_arn": "{arn}",
        },
        planned_arn="arn:{partition}:autoscaling:{region}:{account}:autoScalingGroup:{uuid}:autoScalingGroupName/{id}",
    ),
    Kind(
        key="images",
        label="AMI",
        service="ec2",
        role="aws_compute",
        rank=Rank.PARTS,
        operation="describe_images",
        result="Images",
        id_key="ImageId",
        arn="arn:{partition}:ec2:{region}::image/{id}",
        arguments=lambda scope: {"Owners": ["self"], **tag_filter()(scope)},
        alive=status_not("State", "deregistered", "failed", "invalid"),
        created="CreationDate",
        name_key="Name",
        delete=_deregister,
        where=("architecture",),
        state="state",
        planned_id="ami-0{hex16}",
        planned={"image_id": "{id}"},
    ),
    Kind(
        key="snapshots",
        label="EBS snapshot",
        service="ec2",
        role="aws_compute",
        rank=Rank.GUARDS,
        operation="describe_snapshots",
        result="Snapshots",
        id_key="SnapshotId",
        arn="arn:{partition}:ec2:{region}::snapshot/{id}",
        arguments=lambda scope: {"OwnerIds": ["self"], **tag_filter()(scope)},
        created="StartTime",
        name_from="id",
        backup=True,
        delete=delete("ec2", "delete_snapshot", SnapshotId="id"),
        where=("volume_id",),
        state="state",
        planned_id="snap-0{hex16}",
        planned={"snapshot_id": "{id}"},
    ),
)
