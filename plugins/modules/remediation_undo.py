#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: remediation_undo
version_added: "0.1.0"
short_description: Put back what a remediation has mended
description:
  - Reads the record that a function of the role aws_remediation wrote, and makes the resource what it was before.
  - Exempts the resource first, or the function would mend it again at once. While it is exempt the function only logs.
  - Puts back bucket public access blocks, ingress rules of security groups, permissions of snapshots, access keys and
    stopped trails.
author: Pixstory platform contributors (@pixstory)
options:
  bucket:
    description: The bucket that the records are in.
    type: str
    required: true
  finding:
    description: The finding, as the log line and the record have it.
    type: str
    required: true
  exempt:
    description:
      - Whether the resource is left alone by this action from now on.
      - With V(false) nothing is put back. An exemption that there is ends, and the next event mends again.
    type: bool
    default: true
attributes:
  check_mode:
    description: Makes no write call and returns the changes it would make.
    support: full
  diff_mode:
    description: Shows what the record has and what is there.
    support: full
requirements:
  - python >= 3.12
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The rule was meant to be there
  pixstory.platform.remediation_undo:
    bucket: pixstory-production-artifacts-123456789012
    finding: open-security-group.sg-0123456789abcdef0.20261123T100000Z.5f2c7a10
"""

RETURN = r"""
record:
  description: The record of the finding, as the function wrote it.
  returned: always
  type: dict
  sample:
    action: stopped-trail
    resource: pixstory-production
    before: {logging: false}
    outcome: mended
"""

import json
from typing import Any

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:  # AnsibleAWSModule reports the missing library
    BotoCoreError = ClientError = Exception  # type: ignore[misc,assignment]

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

Item = dict[str, Any]


class Bucket:
    """Each of these tells how the resource is now in the words of the record, and puts back what was."""

    service = "s3"

    def __init__(self, client: Any, resource: str) -> None:
        self.client = client
        self.resource = resource

    def present(self, before: Item) -> Item:
        try:
            answer = self.client.get_public_access_block(Bucket=self.resource)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchPublicAccessBlockConfiguration":
                raise
            return {"public_access_block": {}}
        return {"public_access_block": answer["PublicAccessBlockConfiguration"]}

    def put_back(self, before: Item) -> None:
        block = before["public_access_block"]
        if block:
            self.client.put_public_access_block(Bucket=self.resource, PublicAccessBlockConfiguration=block)
        else:
            self.client.delete_public_access_block(Bucket=self.resource)


class SecurityGroup(Bucket):
    service = "ec2"

    def present(self, before: Item) -> Item:
        """Of the rules of the record, those that are there."""
        group = self.client.describe_security_groups(GroupIds=[self.resource])["SecurityGroups"][0]
        return {"permissions": [one for one in before["permissions"] if self._there(one, group["IpPermissions"])]}

    @staticmethod
    def _there(permission: Item, present: list[Item]) -> bool:
        def worlds(one: Item) -> set[str]:
            return {r["CidrIp"] for r in one.get("IpRanges", [])} | {r["CidrIpv6"] for r in one.get("Ipv6Ranges", [])}

        ports = ("IpProtocol", "FromPort", "ToPort")
        same = [one for one in present if all(one.get(key) == permission.get(key) for key in ports)]
        return worlds(permission) <= set().union(*map(worlds, same))

    def put_back(self, before: Item) -> None:
        there = self.present(before)["permissions"]
        lacking = [one for one in before["permissions"] if one not in there]
        self.client.authorize_security_group_ingress(GroupId=self.resource, IpPermissions=lacking)


class Snapshot(Bucket):
    service = "ec2"

    def present(self, before: Item) -> Item:
        """Of the permissions of the record, those that are there."""
        attribute = {"SnapshotId": self.resource, "Attribute": "createVolumePermission"}
        shared = self.client.describe_snapshot_attribute(**attribute)["CreateVolumePermissions"]
        return {"permissions": [one for one in before["permissions"] if one in shared]}

    def put_back(self, before: Item) -> None:
        self.client.modify_snapshot_attribute(
            SnapshotId=self.resource,
            Attribute="createVolumePermission",
            OperationType="add",
            GroupNames=[one["Group"] for one in before["permissions"] if "Group" in one],
            UserIds=[one["UserId"] for one in before["permissions"] if "UserId" in one],
        )


class AccessKey(Bucket):
    service = "iam"

    def present(self, before: Item) -> Item:
        user, identifier = self.resource.split("/")
        keys = self.client.list_access_keys(UserName=user)["AccessKeyMetadata"]
        return {**before, "status": next(key["Status"] for key in keys if key["AccessKeyId"] == identifier)}

    def put_back(self, before: Item) -> None:
        user, identifier = self.resource.split("/")
        self.client.update_access_key(UserName=user, AccessKeyId=identifier, Status="Active")


class Trail(Bucket):
    service = "cloudtrail"

    def present(self, before: Item) -> Item:
        return {"logging": self.client.get_trail_status(Name=self.resource)["IsLogging"]}

    def put_back(self, before: Item) -> None:
        self.client.stop_logging(Name=self.resource)


ACTIONS = {
    "public-bucket": Bucket,
    "open-security-group": SecurityGroup,
    "shared-snapshot": Snapshot,
    "stale-access-key": AccessKey,
    "stopped-trail": Trail,
}


def read(s3: Any, bucket: str, key: str) -> Item | None:
    try:
        return json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
        return None


def undo(module: AnsibleAWSModule, bucket: str, finding: str) -> Item:
    s3 = module.client("s3")
    record = read(s3, bucket, f"remediation/findings/{finding}.json")
    if record is None or record["action"] not in ACTIONS:
        module.fail_json(
            msg=f"There is no record of {finding} in s3://{bucket}/remediation/findings/. Take the name from there, "
            "without .json, or from the log line of the function."
        )
    action, resource, before = record["action"], record["resource"], record["before"]
    exemption = f"remediation/exempt/{action}/{resource}.json"
    exempt = read(s3, bucket, exemption) is not None
    if not module.params["exempt"]:
        if exempt and not module.check_mode:
            s3.delete_object(Bucket=bucket, Key=exemption)
        return {"changed": exempt, "diff": {"before": {"exempt": exempt}, "after": {"exempt": False}}, "record": record}
    thing = ACTIONS[action](module.client(ACTIONS[action].service), resource)
    present = thing.present(before)
    if not module.check_mode:
        if not exempt:
            body = json.dumps({"finding": finding}).encode()
            s3.put_object(Bucket=bucket, Key=exemption, Body=body, ContentType="application/json")
        if present != before:
            thing.put_back(before)
    return {
        "changed": present != before or not exempt,
        "diff": {"before": {"exempt": exempt, **present}, "after": {"exempt": True, **before}},
        "record": record,
    }


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "bucket": {"required": True},
            "finding": {"required": True},
            "exempt": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    try:
        result = undo(module, module.params["bucket"], module.params["finding"])
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg=f"Cannot put back {module.params['finding']}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
