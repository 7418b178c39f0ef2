#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: route53_record
version_added: "0.1.0"
short_description: Make a record of Route 53, known by its zone, name and type
description:
  - Makes, changes or deletes a record set with simple routing, with values or as an alias.
  - A record of the same name and type with another routing policy is never touched.
  - Route 53's own servers have a change within 60 seconds. The module does not wait for that.
  - Follows U(https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html).
notes:
  - M(amazon.aws.route53) makes three calls for a record that is as declared, one after the other. This module makes
    one.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The domain name, with or without a dot at its end, V(db.internal) say.
    type: str
    required: true
  hosted_zone_id:
    description: The id of the zone that the record is in.
    type: str
    required: true
  type:
    description: The type of the record.
    type: str
    required: true
    choices: [A, AAAA, CAA, CNAME, DS, HTTPS, MX, NAPTR, NS, PTR, SOA, SPF, SRV, SSHFP, SVCB, TLSA, TXT]
  ttl:
    description: Seconds that resolvers keep an answer. An alias has its target's.
    type: int
  value:
    description: The values, as in a zone file. Their order means nothing.
    type: list
    elements: str
  alias:
    description: The resource of AWS that the name leads to, instead of O(value).
    type: dict
    suboptions:
      dns_name:
        description: The domain name of the resource.
        type: str
        required: true
      hosted_zone_id:
        description: The id of the zone that AWS keeps that name in. The resource's description has it.
        type: str
        required: true
      evaluate_target_health:
        description: Whether the record answers only while the resource is healthy.
        type: bool
        default: false
  replaces:
    description:
      - Types of records of this name that are deleted in the same change that makes this one, so that the name leads
        somewhere all the time.
      - A name with a CNAME has no other record, and Route 53 refuses the second.
    type: list
    elements: str
    choices: [A, AAAA, CNAME]
    default: []
extends_documentation_fragment:
  - pixstory.platform.common
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The database's name in the private zone
  pixstory.platform.route53_record:
    hosted_zone_id: Z0123456789ABCDEFGHIJ
    name: db.internal
    type: CNAME
    ttl: 30
    value: [pixstory-production-main.abcdefghijkl.ap-south-1.rds.amazonaws.com]

- name: The name of the internal load balancer
  pixstory.platform.route53_record:
    hosted_zone_id: Z0123456789ABCDEFGHIJ
    name: app.internal
    type: A
    alias:
      dns_name: "{{ balancer.dns_name }}"
      hosted_zone_id: "{{ balancer.canonical_hosted_zone_id }}"
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
record:
  description:
    - The record set as ListResourceRecordSets returns it, keys in snake case.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    name: db.internal.
    type: CNAME
    ttl: 30
    resource_records:
      - value: pixstory-production-main.abcdefghijkl.ap-south-1.rds.amazonaws.com
"""

from collections.abc import Iterable
from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, Resource, main_for

ROUTED = ("SetIdentifier", "HealthCheckId", "TrafficPolicyInstanceId")
TYPES = [
    *("A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS"),
    *("PTR", "SOA", "SPF", "SRV", "SSHFP", "SVCB", "TLSA", "TXT"),
]


def canonical(name: str) -> str:
    """A domain name in lower case and with a dot at its end. Route 53 returns an asterisk as an octal escape."""
    return name.rstrip(".").lower().replace(r"\052", "*") + "."


def values(record: dict[str, Any]) -> list[str]:
    return [one["Value"] for one in record.get("ResourceRecords", [])]


def same_target(declared: dict[str, Any], present: dict[str, Any] | None) -> bool:
    """An alias as AWS returns it has its name in lower case and with a dot."""
    return bool(present) and normal(declared) == normal(present or {})


def normal(alias: dict[str, Any]) -> dict[str, Any]:
    return {**alias, "DNSName": canonical(str(alias["DNSName"]))}


class Record(Resource):
    kind = "Route 53 record"
    service = "route53"
    result_key = "record"
    extra_retry_codes = ("PriorRequestNotComplete",)  # Route 53 takes the changes of a zone one by one
    properties = (
        Property("ttl", "TTL"),
        Property("value", "Values", unordered=True, read=values),
        Property("alias", "AliasTarget", equal=same_target),
    )

    def validate(self) -> None:
        ttl, given, alias = (self.params[param] for param in ("ttl", "value", "alias"))
        if alias is not None and (given is not None or ttl is not None):
            self.fail(
                f"{self.kind} {self.name}: an alias has no value and no ttl of its own. Give the one or the other."
            )
        if given == []:
            self.fail(f"{self.kind} {self.name}: value is empty. Give one at least, or state: absent.")
        if alias is not None:
            self.params["alias"] = {
                "HostedZoneId": alias["hosted_zone_id"],
                "DNSName": alias["dns_name"],
                "EvaluateTargetHealth": alias["evaluate_target_health"],
            }

    def required_to_create(self) -> tuple[str, ...]:
        return () if self.params["alias"] is not None else ("value", "ttl")

    def describe(self) -> dict[str, Any] | None:
        """Records are sorted by name and type, so the one that is meant is the first from there on or is not."""
        name, kind = canonical(self.name), self.params["type"]
        answer = self.call(
            "list_resource_record_sets",
            HostedZoneId=self.params["hosted_zone_id"],
            StartRecordName=name,
            StartRecordType=kind,
            MaxItems="1",
        )
        found = next(iter(answer["ResourceRecordSets"]), None)
        if found is None or (canonical(found["Name"]), found["Type"]) != (name, kind):
            return None
        if routed := next((key for key in ROUTED if key in found), None):
            self.fail(
                f"{self.kind} {self.name} {kind} exists in zone {self.params['hosted_zone_id']} with another routing "
                f"policy than the simple one ({routed}: {found[routed]}). Delete it yourself, or give another name."
            )
        return dict(found)

    def create(self, declared: dict[str, Any]) -> None:
        self._change("UPSERT", declared, self._replaced())

    def _replaced(self) -> list[dict[str, Any]]:
        if not self.params["replaces"]:
            return []
        zone, name = self.params["hosted_zone_id"], canonical(self.name)
        listed = self.call("list_resource_record_sets", HostedZoneId=zone, StartRecordName=name, StartRecordType="A")
        return [
            record
            for record in listed["ResourceRecordSets"]
            if canonical(record["Name"]) == name and record["Type"] in self.params["replaces"]
        ]

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        declared = self.declared()
        if "AliasTarget" not in declared:  # what is not given stays
            declared = {"TTL": description.get("TTL"), "Values": values(description), **declared}
            if declared["TTL"] is None or not declared["Values"]:
                self.fail(f"{self.kind} {self.name} is an alias. To give it values, give both value and ttl.")
        self._change("UPSERT", declared)

    def delete(self, description: dict[str, Any]) -> None:
        """AWS wants the record as it is."""
        self._send(("DELETE", description))

    def _change(self, action: str, declared: dict[str, Any], replaced: Iterable[dict[str, Any]] = ()) -> None:
        record = {"Name": self.name, "Type": self.params["type"], **declared}
        if (given := record.pop("Values", None)) is not None:
            record["ResourceRecords"] = [{"Value": value} for value in given]
        self._send(*(("DELETE", one) for one in replaced), (action, record))

    def _send(self, *changes: tuple[str, dict[str, Any]]) -> None:
        """All of them or none."""
        self.call(
            "change_resource_record_sets",
            HostedZoneId=self.params["hosted_zone_id"],
            ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record} for action, record in changes]},
        )


def main() -> None:
    main_for(
        Record,
        {
            "name": {"required": True},
            "hosted_zone_id": {"required": True},
            "type": {"required": True, "choices": TYPES},
            "ttl": {"type": "int"},
            "value": {"type": "list", "elements": "str"},
            "replaces": {"type": "list", "elements": "str", "choices": ["A", "AAAA", "CNAME"], "default": []},
            "alias": {
                "type": "dict",
                "options": {
                    "dns_name": {"required": True},
                    "hosted_zone_id": {"required": True},
                    "evaluate_target_health": {"type": "bool", "default": False},
                },
            },
        },
        tags=False,
    )


if __name__ == "__main__":
    main()
