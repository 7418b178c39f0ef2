# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is mended, one class each. None of them deletes anything.

``resources`` reads from the event of EventBridge what may be wrong, ``offence`` asks AWS whether it is, and returns
what has to be kept to put it back, or None. The event is only a hint: what counts is how the resource is now.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

WORLD = ("0.0.0.0/0", "::/0")
BLOCKED = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")

Item = dict[str, Any]


class Action:
    """``clients(service)`` returns a boto3 client; ``settings`` is what the role hands to the function."""

    name: str

    def __init__(self, clients: Any, settings: Item) -> None:
        self.clients = clients
        self.settings = settings

    def resources(self, event: Item) -> list[str]:
        raise NotImplementedError

    def offence(self, resource: str) -> Item | None:
        raise NotImplementedError

    def mend(self, resource: str, before: Item) -> None:
        raise NotImplementedError


def asked(event: Item) -> Item:
    """The parameters of the call that CloudTrail recorded."""
    return event.get("detail", {}).get("requestParameters") or {}


class PublicBucket(Action):
    """A bucket without all of its public access block gets it back.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    """

    name = "public-bucket"

    def resources(self, event: Item) -> list[str]:
        return [asked(event)["bucketName"]]

    def offence(self, resource: str) -> Item | None:
        s3 = self.clients("s3")
        present: Item = {}
        try:
            present = s3.get_public_access_block(Bucket=resource)["PublicAccessBlockConfiguration"]
        except s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchBucket":
                return None
            if error.response["Error"]["Code"] != "NoSuchPublicAccessBlockConfiguration":
                raise
        return None if all(present.get(key) for key in BLOCKED) else {"public_access_block": present}

    def mend(self, resource: str, before: Item) -> None:
        block = dict.fromkeys(BLOCKED, True)
        self.clients("s3").put_public_access_block(Bucket=resource, PublicAccessBlockConfiguration=block)


class OpenSecurityGroup(Action):
    """A rule that lets the world in loses the world, but for the ports that are meant to be open.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RevokeSecurityGroupIngress.html
    """

    name = "open-security-group"

    def resources(self, event: Item) -> list[str]:
        parameters = asked(event)
        changed = parameters.get("ModifySecurityGroupRulesRequest", parameters)
        return [changed.get("groupId") or changed["GroupId"]]

    def offence(self, resource: str) -> Item | None:
        ec2 = self.clients("ec2")
        groups = ec2.describe_security_groups(Filters=[{"Name": "group-id", "Values": [resource]}])["SecurityGroups"]
        if not groups:
            return None
        allowed = [tuple(one) for one in self.settings.get("open_ports", {}).get(groups[0]["GroupName"], [])]
        found = [self._open_to_the_world(one) for one in groups[0]["IpPermissions"] if not self._allowed(one, allowed)]
        permissions = [one for one in found if one.get("IpRanges") or one.get("Ipv6Ranges")]
        return {"permissions": permissions} if permissions else None

    def mend(self, resource: str, before: Item) -> None:
        # AWS takes no description here.
        permissions = [
            {
                **permission,
                **{
                    key: [{name: one[name]} for one in permission[key]]
                    for key, name in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6"))
                    if key in permission
                },
            }
            for permission in before["permissions"]
        ]
        self.clients("ec2").revoke_security_group_ingress(GroupId=resource, IpPermissions=permissions)

    @staticmethod
    def _allowed(permission: Item, allowed: list[tuple[str, int]]) -> bool:
        first, last = permission.get("FromPort"), permission.get("ToPort")
        return first is not None and first == last and (permission["IpProtocol"], first) in allowed

    @staticmethod
    def _open_to_the_world(permission: Item) -> Item:
        """Of a rule, what names the world."""
        kept = {key: permission[key] for key in ("IpProtocol", "FromPort", "ToPort") if permission.get(key) is not None}
        for key, name in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
            if ranges := [one for one in permission.get(key, []) if one[name] in WORLD]:
                kept[key] = ranges
        return kept


class SharedSnapshot(Action):
    """A snapshot that anybody may copy, or that is not encrypted and another account may copy, is shared no more.

    https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html
    """

    name = "shared-snapshot"

    def resources(self, event: Item) -> list[str]:
        return [asked(event)["snapshotId"]]

    def offence(self, resource: str) -> Item | None:
        ec2 = self.clients("ec2")
        found = ec2.describe_snapshots(Filters=[{"Name": "snapshot-id", "Values": [resource]}], OwnerIds=["self"])
        if not found["Snapshots"]:
            return None
        answer = ec2.describe_snapshot_attribute(SnapshotId=resource, Attribute="createVolumePermission")
        shared = answer.get("CreateVolumePermissions", [])
        encrypted = found["Snapshots"][0].get("Encrypted")
        offending = [one for one in shared if "Group" in one or not encrypted]
        return {"permissions": offending} if offending else None

    def mend(self, resource: str, before: Item) -> None:
        self.clients("ec2").modify_snapshot_attribute(
            SnapshotId=resource,
            Attribute="createVolumePermission",
            OperationType="remove",
            GroupNames=[one["Group"] for one in before["permissions"] if "Group" in one],
            UserIds=[one["UserId"] for one in before["permissions"] if "UserId" in one],
        )


class StaleAccessKey(Action):
    """An active access key that was not used for so many days, or made so long ago and never used, is deactivated.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id-credentials-access-keys-update.html
    """

    name = "stale-access-key"

    def resources(self, event: Item) -> list[str]:
        """All keys of the account: a schedule asks, not an event."""
        iam = self.clients("iam")
        users = [user for page in iam.get_paginator("list_users").paginate() for user in page["Users"]]
        return [
            f"{user['UserName']}/{key['AccessKeyId']}"
            for user in users
            for page in iam.get_paginator("list_access_keys").paginate(UserName=user["UserName"])
            for key in page["AccessKeyMetadata"]
        ]

    def offence(self, resource: str) -> Item | None:
        iam = self.clients("iam")
        user, identifier = resource.split("/")
        keys = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
        key = next((one for one in keys if one["AccessKeyId"] == identifier), None)
        if key is None or key["Status"] != "Active":
            return None
        used = iam.get_access_key_last_used(AccessKeyId=identifier)["AccessKeyLastUsed"].get("LastUsedDate")
        last = max(moment for moment in (key["CreateDate"], used) if moment)
        if datetime.now(UTC) - last < timedelta(days=self.settings["stale_days"]):
            return None
        return {"status": "Active", "last_used": used.isoformat() if used else None}

    def mend(self, resource: str, before: Item) -> None:
        user, identifier = resource.split("/")
        self.clients("iam").update_access_key(UserName=user, AccessKeyId=identifier, Status="Inactive")


class StoppedTrail(Action):
    """A trail that was stopped logs again.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartLogging.html
    """

    name = "stopped-trail"

    def resources(self, event: Item) -> list[str]:
        return [asked(event)["name"].rpartition("/")[2]]  # a name, or an ARN that ends in it

    def offence(self, resource: str) -> Item | None:
        trail = self.clients("cloudtrail")
        if not trail.describe_trails(trailNameList=[resource])["trailList"]:
            return None
        return None if trail.get_trail_status(Name=resource)["IsLogging"] else {"logging": False}

    def mend(self, resource: str, before: Item) -> None:
        self.clients("cloudtrail").start_logging(Name=resource)


ACTIONS = {
    action.name: action for action in (PublicBucket, OpenSecurityGroup, SharedSnapshot, StaleAccessKey, StoppedTrail)
}
