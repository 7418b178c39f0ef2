#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: route53_hosted_zone
version_added: "0.1.0"
short_description: Make a hosted zone of Route 53, public or private
description:
  - Makes, changes or deletes a hosted zone.
  - A zone is found by its domain name, by whether it is private, and by its C(Name) tag. AWS takes tags only after
    creation, so the name is written into the caller reference too, and a run that was interrupted between the two is
    continued.
  - A zone of the same domain that is not ours is never touched, unless O(adopt=true).
  - DNSSEC is never touched.
  - Follows U(https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html) and
    U(https://docs.aws.amazon.com/Route53/latest/APIReference/API_AssociateVPCWithHostedZone.html).
notes:
  - M(amazon.aws.route53_zone) finds a public zone by its domain name only. It takes over and tags a zone that belongs
    to somebody else, and turns off DNSSEC when its parameter C(dnssec) is not given.
  - It finds a private zone by its exact set of VPCs. After an interruption between creation and association, or with
    one more VPC declared, it makes a second zone, and AWS answers C(ConflictingDomainExists) on every further run.
  - In check mode the VPCs may be ones that do not exist yet.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The C(Name) tag of the zone.
    type: str
    required: true
  zone:
    description: The domain name. A dot at its end makes no difference.
    type: str
    required: true
  comment:
    description: The comment of the zone.
    type: str
  vpcs:
    description:
      - The VPCs that see the zone. When given, the zone is private; otherwise it is public.
      - VPCs that are missing are associated with the zone.
      - With O(state=absent) it may be left out for a private zone too.
    type: list
    elements: dict
    suboptions:
      id:
        description: The id of the VPC.
        type: str
        required: true
      region:
        description: The region of the VPC. The region of the task when not given.
        type: str
  purge_vpcs:
    description: Whether VPCs that are not in O(vpcs) lose the zone.
    type: bool
    default: false
  adopt:
    description:
      - Whether a zone of the same domain that is not tagged as ours is taken over, and gets the tags declared here.
      - Has no effect when there is a zone of ours, or with O(state=absent).
    type: bool
    default: false
  force:
    description:
      - Whether O(state=absent) deletes the records of the zone. Otherwise a zone that holds others than its own NS and
        SOA records is refused.
    type: bool
    default: false
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Make the public zone
  pixstory.platform.route53_hosted_zone:
    name: pixstory-production-public
    zone: pixstory.example
    tags:
      Project: pixstory

- name: Make the private zone of two VPCs
  pixstory.platform.route53_hosted_zone:
    name: pixstory-production-private
    zone: internal
    vpcs:
      - {id: vpc-0123456789abcdef0, region: ap-south-1}
      - {id: vpc-0fedcba9876543210, region: ap-south-1}
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
hosted_zone:
  description: The zone. Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  contains:
    id:
      description: The id.
      type: str
      sample: Z0123456789ABCDEFGHIJ
    name:
      description: The domain name, without a dot at its end.
      type: str
      sample: pixstory.example
    name_servers:
      description: The name servers that the domain has to be delegated to. Empty for a private zone.
      type: list
      elements: str
    private_zone:
      description: Whether the zone is private.
      type: bool
    vpcs:
      description: The VPCs that see a private zone, each with C(id) and C(region).
      type: list
      elements: dict
    tags:
      description: The tags.
      type: dict
"""

import uuid
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
)

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Plan, Property, Resource, main_for

# What the API takes in one request.
ZONES_OF_TAGS = 10
RECORDS = 100
NAME_LENGTH = 128 - len(f"/{uuid.uuid4().hex}")  # of a caller reference, without what makes it unique


def bare_id(zone: dict[str, Any]) -> str:
    return str(zone["Id"]).removeprefix("/hostedzone/")


def is_private(zone: dict[str, Any]) -> bool:
    return bool(zone.get("Config", {}).get("PrivateZone"))


class HostedZone(Resource):
    kind = "hosted zone"
    service = "route53"
    result_key = "hosted_zone"
    name_tag = True
    extra_retry_codes = ("PriorRequestNotComplete", "ConcurrentModification", "ThrottlingException")
    properties = (
        Property("comment", "Comment", read=lambda description: description.get("Config", {}).get("Comment")),
        Property("vpcs", "VPCs", read=lambda description: description["ComparedVPCs"], unordered=True),
    )
    zone_id: str | None = None

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.domain = self.params["zone"].lower().rstrip(".") + "."
        self.absent = self.params["state"] == "absent"
        if self.params["vpcs"] is not None:
            vpcs = [{"id": vpc["id"], "region": vpc["region"] or module.region} for vpc in self.params["vpcs"]]
            self.params["vpcs"] = [vpc for place, vpc in enumerate(vpcs) if vpc not in vpcs[:place]]

    def validate(self) -> None:
        if len(self.name) > NAME_LENGTH:
            self.fail(f"name: {self.name!r} has {len(self.name)} characters. Write up to {NAME_LENGTH}.")
        if self.params["vpcs"] == [] and not self.absent:
            self.fail(
                f"vpcs: [] of {self.kind} {self.name}: a private zone has at least one VPC. Name it, or leave vpcs out "
                "for a public zone."
            )

    def describe(self) -> dict[str, Any] | None:
        if self.zone_id is None:
            self.zone_id = self._find()
        return None if self.zone_id is None else self._describe(self.zone_id)

    def plan(self, description: dict[str, Any] | None) -> Plan:
        plan = super().plan(description)
        if plan.action == "delete" and description and not self.params["force"]:
            records = self._records(description)
            if records:
                some = ", ".join(f"{record['Name']} {record['Type']}" for record in records[:5])
                self.fail(
                    f"{self.kind} {self.name} ({bare_id(description)}) still holds {len(records)} records that are not "
                    f"its own NS and SOA: {some}{', ...' if len(records) > 5 else ''}. Delete them first, or set "
                    "force: true to delete them with the zone."
                )
        return plan

    def create(self, declared: dict[str, Any]) -> None:
        vpcs = declared.get("VPCs", [])
        config = {"Comment": declared["Comment"]} if "Comment" in declared else {}
        first = {"VPC": self._vpc(vpcs[0])} if vpcs else {}
        # A request whose answer was lost is repeated with the same reference, and AWS says that the zone is there.
        answer = self.call_or_none(
            "create_hosted_zone",
            missing=("HostedZoneAlreadyExists",),
            Name=self.domain,
            CallerReference=self._new_reference(),
            HostedZoneConfig={**config, "PrivateZone": bool(vpcs)},
            **first,
        )
        self.zone_id = bare_id(answer["HostedZone"]) if answer else self._find()
        if self.zone_id is None:
            self.fail(f"AWS says that {self.kind} {self.name} is there and does not list it yet. Run again.")
        # Tags come first: from then on the zone is known as ours to all that reads the environment.
        self.set_tags({"Id": self.zone_id}, self.params["tags"])
        for vpc in vpcs[1:]:
            self._associate(vpc)

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        if "Comment" in changes:
            self.call("update_hosted_zone_comment", Id=self.zone_id, Comment=changes["Comment"])
        if "VPCs" not in changes:
            return
        present = description["VPCs"]
        for vpc in changes["VPCs"]:
            if vpc not in present:
                self._associate(vpc)
        # After the others, for AWS keeps the last VPC of a private zone.
        for vpc in present:
            if vpc not in changes["VPCs"] and self.params["purge_vpcs"]:
                zone = self.zone_id
                self.call("disassociate_vpc_from_hosted_zone", HostedZoneId=zone, VPC=self._vpc(vpc))

    def delete(self, description: dict[str, Any]) -> None:
        zone = bare_id(description)
        records = self._records(description)
        for start in range(0, len(records), RECORDS):
            changes = [{"Action": "DELETE", "ResourceRecordSet": record} for record in records[start : start + RECORDS]]
            self.call("change_resource_record_sets", HostedZoneId=zone, ChangeBatch={"Changes": changes})
        self.call("delete_hosted_zone", Id=zone)

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        self.call(
            "change_tags_for_resource",
            ResourceType="hostedzone",
            ResourceId=bare_id(description),
            AddTags=ansible_dict_to_boto3_tag_list(tags),
        )

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        zone = bare_id(description)
        self.call("change_tags_for_resource", ResourceType="hostedzone", ResourceId=zone, RemoveTagKeys=keys)

    def result(self, description: dict[str, Any] | None) -> dict[str, Any]:
        if description is None:
            return {}
        return {
            "id": bare_id(description),
            "name": description["Name"].rstrip("."),
            "name_servers": description["NameServers"],
            "private_zone": is_private(description),
            "vpcs": description["VPCs"],
            "tags": self.current_tags(description),
        }

    # Which zone is meant

    def _find(self) -> str | None:
        """The id of our zone, or None. Refuses a zone in the way that is not ours."""
        zones = self._candidates()
        tags = self._tags([bare_id(zone) for zone in zones])
        tagged = [bare_id(zone) for zone in zones if tags[bare_id(zone)].get("Name") == self.name]
        begun = [
            bare_id(zone)
            for zone in zones
            if "Name" not in tags[bare_id(zone)] and self._is_our_reference(zone["CallerReference"])
        ]
        ours = tagged or begun
        if len(ours) > 1:
            self.fail(
                f"There are {len(ours)} hosted zones for {self.domain} that are {self.name}: {', '.join(sorted(ours))}."
                " Delete the one that is not wanted, or take its Name tag away, and run again."
            )
        if ours or self.absent:
            return ours[0] if ours else None
        foreign = self._in_the_way(zones)
        if foreign and (not self.params["adopt"] or len(foreign) > 1):
            self._refuse(foreign, tags)
        return foreign[0] if foreign else None

    def _candidates(self) -> list[dict[str, Any]]:
        """The zones of the domain that are public or private as declared; to be deleted, either."""
        vpcs = self.params["vpcs"]
        return [
            zone
            for zone in self.pages("list_hosted_zones", "HostedZones")
            if zone["Name"].lower() == self.domain
            and (is_private(zone) == (vpcs is not None) or (self.absent and vpcs is None))
        ]

    def _in_the_way(self, zones: list[dict[str, Any]]) -> list[str]:
        """Zones that are not ours: every public one, and a private one that one of the declared VPCs sees."""
        if self.params["vpcs"] is None:
            return [bare_id(zone) for zone in zones]
        seen = [description for zone in zones if (description := self._describe(bare_id(zone)))]
        return [bare_id(zone) for zone in seen if any(vpc in zone["VPCs"] for vpc in self.params["vpcs"])]

    def _refuse(self, foreign: list[str], tags: dict[str, dict[str, str]]) -> None:
        listed = ", ".join(f"{zone} (Name tag: {tags[zone].get('Name', 'none')})" for zone in sorted(foreign))
        several = len(foreign) > 1
        if several and self.params["adopt"]:
            todo = f"adopt: true takes over a single one. Give the one that is meant the tag Name={self.name} yourself."
        elif several:
            todo = f"To take one of them over, give it the tag Name={self.name} yourself."
        else:
            todo = "To take it over with its records, set adopt: true or give it that tag yourself."
        seen = "" if self.params["vpcs"] is None else " and its VPCs already see it"
        self.fail(
            f"zone: {self.domain} already has the hosted zone{'s' if several else ''} {listed}, not tagged as ours "
            f"(Name={self.name}){seen}. Nothing was changed. {todo} Otherwise declare another domain, or delete "
            f"{'them' if several else 'it'} if nobody uses {'them' if several else 'it'}."
        )

    def _new_reference(self) -> str:
        return f"{self.name}/{uuid.uuid4().hex}"

    def _is_our_reference(self, reference: str) -> bool:
        return reference.rpartition("/")[0] == self.name

    # Calls

    def _describe(self, zone_id: str) -> dict[str, Any] | None:
        answer = self.call_or_none("get_hosted_zone", missing=("NoSuchHostedZone",), Id=zone_id)
        if answer is None:
            return None
        vpcs = [{"id": vpc["VPCId"], "region": vpc["VPCRegion"]} for vpc in answer.get("VPCs") or []]
        declared = self.params["vpcs"] or []
        return {
            **answer["HostedZone"],
            "NameServers": (answer.get("DelegationSet") or {}).get("NameServers", []),
            "VPCs": vpcs,
            "ComparedVPCs": vpcs if self.params["purge_vpcs"] else [vpc for vpc in vpcs if vpc in declared],
            "Tags": self._tags([zone_id])[zone_id],
        }

    def _tags(self, zones: list[str]) -> dict[str, dict[str, str]]:
        tags: dict[str, dict[str, str]] = {zone: {} for zone in zones}
        for start in range(0, len(zones), ZONES_OF_TAGS):
            ids = zones[start : start + ZONES_OF_TAGS]
            answer = self.call("list_tags_for_resources", ResourceType="hostedzone", ResourceIds=ids)
            for one in answer["ResourceTagSets"]:
                tags[one["ResourceId"]] = boto3_tag_list_to_ansible_dict(one["Tags"])
        return tags

    def _records(self, description: dict[str, Any]) -> list[dict[str, Any]]:
        """The records but the zone's own two, which AWS keeps and deletes with the zone."""
        records = self.pages("list_resource_record_sets", "ResourceRecordSets", HostedZoneId=bare_id(description))
        apex = description["Name"]
        return [one for one in records if not (one["Type"] in ("NS", "SOA") and one["Name"] == apex)]

    def _associate(self, vpc: dict[str, str]) -> None:
        self.call("associate_vpc_with_hosted_zone", HostedZoneId=self.zone_id, VPC=self._vpc(vpc))

    def _vpc(self, vpc: dict[str, str]) -> dict[str, str]:
        return {"VPCId": vpc["id"], "VPCRegion": vpc["region"]}


def main() -> None:
    main_for(
        HostedZone,
        {
            "name": {"required": True},
            "zone": {"required": True},
            "comment": {},
            "vpcs": {
                "type": "list",
                "elements": "dict",
                "options": {"id": {"required": True}, "region": {}},
            },
            "purge_vpcs": {"type": "bool", "default": False},
            "adopt": {"type": "bool", "default": False},
            "force": {"type": "bool", "default": False},
        },
    )


if __name__ == "__main__":
    main()
