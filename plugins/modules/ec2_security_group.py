#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ec2_security_group
version_added: "0.1.0"
short_description: Make a security group, known by its name in its VPC
description:
  - Makes a security group with its rules, changes them, or deletes it.
  - New rules are set before old ones are revoked. Of a rule that only says something else about itself, AWS changes the
    description and nothing is revoked.
  - Follows U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html) and
    U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UpdateSecurityGroupRuleDescriptionsIngress.html).
notes:
  - M(amazon.aws.ec2_security_group) makes several calls for a group that is as declared, revokes a rule whose
    description changes, and sets it again. This module makes one call, and does not.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name of the group. V(default) is the one that a VPC has from its beginning.
    type: str
    required: true
  vpc_id:
    description: The VPC.
    type: str
    required: true
  description:
    description: What the group is for. AWS cannot change it.
    type: str
  rules: &rules
    description: What may come in, all of it.
    type: list
    elements: dict
    suboptions: &suboptions
      proto:
        description: The protocol.
        type: str
        choices: [tcp, udp]
        default: tcp
      ports:
        description: The ports.
        type: list
        elements: int
        required: true
      cidr_ip:
        description: IPv4 CIDR blocks. Give these, O(rules[].group_id) or O(rules[].prefix_list).
        type: list
        elements: str
      group_id:
        description: Another security group, or the same.
        type: str
      prefix_list:
        description:
          - The name of a prefix list, V(com.amazonaws.global.cloudfront.origin-facing) say.
          - It counts as many rules as it has room for entries, 55 the one named here; a group has 60 unless AWS has
            raised the quota.
        type: str
      rule_desc:
        description: What the rule is for.
        type: str
        default: ""
  rules_egress:
    description: What may go out, all of it. A new group has a rule of AWS's that lets everything out.
    type: list
    elements: dict
    suboptions: *suboptions
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Who may talk to the web servers
  pixstory.platform.ec2_security_group:
    name: pixstory-production-web
    description: Web servers
    vpc_id: vpc-0123456789abcdef0
    rules:
      - ports: [8080]
        group_id: sg-0123456789abcdef0
        rule_desc: web-alb to web
    rules_egress:
      - ports: [80, 443]
        cidr_ip: [0.0.0.0/0]
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: update
security_group:
  description:
    - The group as DescribeSecurityGroups returns it, keys in snake case.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    group_id: sg-0123456789abcdef0
    group_name: pixstory-production-web
"""

from collections.abc import Iterable
from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.aws_calls import Ec2Resource
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, main_for

# The lists of an IpPermission, the key of the peer in each, and what this module calls it. Those that it cannot declare
# are read all the same: they are revoked.
PEERS = (
    ("IpRanges", "CidrIp", "cidr_ip"),
    ("Ipv6Ranges", "CidrIpv6", "cidr_ipv6"),
    ("PrefixListIds", "PrefixListId", "prefix_list_id"),
    ("UserIdGroupPairs", "GroupId", "group_id"),
)
Rule = dict[str, Any]


def single(rules: Iterable[dict[str, Any]]) -> list[Rule]:
    """The declared rules, one for each port and peer."""
    return [
        {"proto": rule["proto"], "from_port": port, "to_port": port, **peer, "rule_desc": rule.get("rule_desc") or ""}
        for rule in rules
        for port in rule["ports"]
        for peer in declared_peers(rule)
    ]


def declared_peers(rule: dict[str, Any]) -> list[dict[str, str]]:
    for option in ("group_id", "prefix_list_id"):
        if rule.get(option):
            return [{option: rule[option]}]
    return [{"cidr_ip": cidr} for cidr in rule["cidr_ip"]]


def present(permissions: Iterable[dict[str, Any]]) -> list[Rule]:
    """AWS's permissions in the same form."""
    return [
        {
            "proto": permission["IpProtocol"],
            "from_port": permission.get("FromPort"),
            "to_port": permission.get("ToPort"),
            option: peer[key],
            "rule_desc": peer.get("Description") or "",
        }
        for permission in permissions
        for peers, key, option in PEERS
        for peer in permission.get(peers) or []
    ]


def permission(rule: Rule) -> dict[str, Any]:
    """A single rule as AWS takes it."""
    peers, key, option = next(one for one in PEERS if one[2] in rule)
    peer = {key: rule[option], **({"Description": rule["rule_desc"]} if rule["rule_desc"] else {})}
    ports = {"FromPort": rule["from_port"], "ToPort": rule["to_port"]} if rule["from_port"] is not None else {}
    return {"IpProtocol": rule["proto"], **ports, peers: [peer]}


def by_what_it_allows(rules: Iterable[Rule]) -> dict[tuple[Any, ...], Rule]:
    return {tuple(sorted((k, str(v)) for k, v in rule.items() if k != "rule_desc")): rule for rule in rules}


def same_rules(declared: list[Rule], there: list[Rule]) -> bool:
    return by_what_it_allows(declared) == by_what_it_allows(there)


class SecurityGroup(Ec2Resource):
    kind = "security group"
    service = "ec2"
    id_key = "GroupId"
    result_key = "security_group"
    properties = (
        Property("description", "Description", mutable=False),
        Property("rules", "ingress", read=lambda group: present(group["IpPermissions"]), equal=same_rules),
        Property("rules_egress", "egress", read=lambda group: present(group["IpPermissionsEgress"]), equal=same_rules),
    )

    def validate(self) -> None:
        self._prefix_lists: dict[str, str] = {}
        for option in ("rules", "rules_egress"):
            for rule in self.params.get(option) or []:
                if sum(bool(rule.get(option)) for option in ("group_id", "cidr_ip", "prefix_list")) != 1:
                    rest = f"{option}: the rule {rule.get('rule_desc') or rule['ports']}"
                    self.fail(f"{self.kind} {self.name}, {rest}: give one of cidr_ip, group_id and prefix_list.")

    def declared(self) -> dict[str, Any]:
        declared = super().declared()
        return {
            key: single(map(self._with_prefix_list, value)) if key in ("ingress", "egress") else value
            for key, value in declared.items()
        }

    def _with_prefix_list(self, rule: dict[str, Any]) -> dict[str, Any]:
        """The rule with the id of its prefix list, which each Region has another of."""
        name = rule.get("prefix_list")
        if not name:
            return rule
        if name not in self._prefix_lists:
            wanted = [{"Name": "prefix-list-name", "Values": [name]}]
            found = self.pages("describe_managed_prefix_lists", "PrefixLists", Filters=wanted)
            if not found:
                self.fail(f"{self.kind} {self.name}: there is no prefix list {name} in {self.module.region}.")
            self._prefix_lists[name] = str(found[0]["PrefixListId"])
        return {**rule, "prefix_list_id": self._prefix_lists[name]}

    def describe(self) -> dict[str, Any] | None:
        return self.first(
            "describe_security_groups", "SecurityGroups", {"vpc-id": self.params["vpc_id"], "group-name": self.name}
        )

    def required_to_create(self) -> tuple[str, ...]:
        return ("description",)

    def create(self, declared: dict[str, Any]) -> None:
        tags = self.boto3_tags()
        made = self.call(
            "create_security_group",
            GroupName=self.name,
            Description=declared["Description"],
            VpcId=self.params["vpc_id"],
            **({"TagSpecifications": [{"ResourceType": "security-group", "Tags": tags}]} if tags else {}),
        )
        everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}  # as AWS makes it
        empty = {"GroupId": made["GroupId"], "IpPermissions": [], "IpPermissionsEgress": [everything]}
        self.update(empty, {key: value for key, value in declared.items() if key != "Description"})

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        for direction, key in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress")):
            if direction in changes:
                self._set(description["GroupId"], direction, present(description[key]), changes[direction])

    def _set(self, group: str, direction: str, there: list[Rule], declared: list[Rule]) -> None:
        old, new = by_what_it_allows(there), by_what_it_allows(declared)
        steps = (
            (f"authorize_security_group_{direction}", [new[key] for key in new if key not in old]),
            (
                f"update_security_group_rule_descriptions_{direction}",
                [new[key] for key in new if key in old and new[key] != old[key]],
            ),
            (f"revoke_security_group_{direction}", [old[key] for key in old if key not in new]),
        )
        for operation, rules in steps:
            if rules:
                self.call(operation, GroupId=group, IpPermissions=[permission(rule) for rule in rules])

    def delete(self, description: dict[str, Any]) -> None:
        self.call("delete_security_group", GroupId=description["GroupId"])


def main() -> None:
    rules = {
        "type": "list",
        "elements": "dict",
        "options": {
            "proto": {"choices": ["tcp", "udp"], "default": "tcp"},
            "ports": {"type": "list", "elements": "int", "required": True},
            "cidr_ip": {"type": "list", "elements": "str"},
            "group_id": {},
            "prefix_list": {},
            "rule_desc": {"default": ""},
        },
    }
    main_for(
        SecurityGroup,
        {
            "name": {"required": True},
            "vpc_id": {"required": True},
            "description": {},
            "rules": rules,
            "rules_egress": rules,
        },
    )


if __name__ == "__main__":
    main()
