#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: application_load_balancer
version_added: "0.1.0"
short_description: Make an Application Load Balancer with its listeners
description:
  - Makes an Application Load Balancer with its listeners and their rules, or deletes it.
  - A load balancer is found by its name, of which an account has one in a region.
  - The lists O(subnets), O(security_groups), O(listeners) and O(listeners[].Rules) are exact. What is there and not
    declared is removed. A list that is not given is left alone.
  - Follows U(https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html),
    U(https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html) and
    U(https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html).
notes:
  - M(amazon.aws.elb_application_lb) reads the security groups and the rules of every listener too, and some things
    twice. This module makes four calls for a load balancer that is as declared, and one more for each listener that
    declares rules. In both O(listeners) is written in the same way.
  - AWS cannot change O(scheme) in place. A change is refused.
  - AWS refuses to delete a load balancer whose O(deletion_protection) is on. Turn it off first.
  - In check mode the subnets, the security groups, the target groups and the certificates may be ones that do not exist
    yet.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name, up to 32 letters, digits and hyphens, with no hyphen at either end.
    type: str
    required: true
  scheme:
    description: Whether it has public addresses. AWS takes V(internet-facing).
    type: str
    choices: [internet-facing, internal]
  subnets:
    description: The ids of its subnets, one in each of at least two Availability Zones. Required to create it.
    type: list
    elements: str
  security_groups:
    description: The ids of its security groups. AWS takes the default one of the VPC.
    type: list
    elements: str
  http_drop_invalid_header_fields:
    description: Whether header fields with invalid names are left out. AWS takes V(false), which passes them on.
    type: bool
  forwarded_for:
    description:
      - What becomes of the header C(X-Forwarded-For). AWS takes V(append), which adds the address of the connection.
      - With V(preserve) it is passed on as it came. Write that where nobody can go around a proxy in front,
        since the last address is then the one that the proxy has seen.
    type: str
    choices: [append, preserve, remove]
  deletion_protection:
    description: Whether AWS refuses to delete it. AWS takes V(false).
    type: bool
  access_logs_enabled:
    description: Whether a log of the requests is kept in S3. AWS takes V(false).
    type: bool
  access_logs_s3_bucket:
    description: The bucket of the log. Its policy must let Elastic Load Balancing write.
    type: str
  access_logs_s3_prefix:
    description: What the keys of the log start with, without a slash at either end.
    type: str
  listeners:
    description: The listeners, one a port, in the form of the API.
    type: list
    elements: dict
    suboptions:
      Port:
        description: The port, 1 to 65535.
        type: int
        required: true
      Protocol:
        description: The protocol.
        type: str
        required: true
        choices: [HTTP, HTTPS]
      SslPolicy:
        description: The security policy of V(HTTPS). AWS takes one of its own.
        type: str
      Certificates:
        description: The certificate of V(HTTPS), in a list of one.
        type: list
        elements: dict
        suboptions:
          CertificateArn:
            description: The ARN of the certificate.
            type: str
            required: true
      DefaultActions:
        description: What is done with a request that fits no rule, in a list of one.
        type: list
        elements: dict
        required: true
        suboptions: &action
          Type:
            description: What is done.
            type: str
            required: true
            choices: [forward, redirect, fixed-response]
          TargetGroupArn:
            description: The target group that the request is forwarded to.
            type: str
          ForwardConfig:
            description: Several target groups that share the requests.
            type: dict
            suboptions:
              TargetGroups:
                description: The target groups.
                type: list
                elements: dict
                required: true
                suboptions:
                  TargetGroupArn:
                    description: The ARN.
                    type: str
                    required: true
                  Weight:
                    description: Its share, 0 to 999. AWS takes 1.
                    type: int
              TargetGroupStickinessConfig:
                description: Whether a client stays with a target group.
                type: dict
                suboptions:
                  Enabled:
                    description: Whether it does.
                    type: bool
                    required: true
                  DurationSeconds:
                    description: For how many seconds, 1 to 604800.
                    type: int
          RedirectConfig:
            description: Where the client is sent. AWS keeps the part of the URL that is not given.
            type: dict
            suboptions:
              Protocol:
                description: The protocol.
                type: str
              Port:
                description: The port.
                type: str
              Host:
                description: The host.
                type: str
              Path:
                description: The path, with its leading slash.
                type: str
              Query:
                description: The query, without the question mark.
                type: str
              StatusCode:
                description: Whether for good or for now.
                type: str
                required: true
                choices: [HTTP_301, HTTP_302]
          FixedResponseConfig:
            description: The response.
            type: dict
            suboptions:
              StatusCode:
                description: Its status, 2xx, 4xx or 5xx.
                type: str
                required: true
              ContentType:
                description: The type of its body, V(text/plain) say.
                type: str
              MessageBody:
                description: Its body.
                type: str
      Rules:
        description: The rules besides the default one.
        type: list
        elements: dict
        suboptions:
          Priority:
            description: The lowest goes first, 1 to 50000. A listener has one rule of a priority.
            type: int
            required: true
          Conditions:
            description: What a request must fit, each as
              U(https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RuleCondition.html) says.
            type: list
            elements: dict
            required: true
          Actions:
            description: What is done with a request that fits, in a list of one.
            type: list
            elements: dict
            required: true
            suboptions: *action
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - pixstory.platform.common.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Make the public load balancer, and wait for it elsewhere
  pixstory.platform.application_load_balancer:
    name: pixstory-production-public
    scheme: internet-facing
    subnets:
      - subnet-0123456789abcdef0
      - subnet-0123456789abcdef1
    security_groups: [sg-0123456789abcdef0]
    deletion_protection: true
    listeners:
      - Protocol: HTTP
        Port: 80
        DefaultActions:
          - Type: redirect
            RedirectConfig:
              Protocol: HTTPS
              Port: "443"
              StatusCode: HTTP_301
      - Protocol: HTTPS
        Port: 443
        SslPolicy: ELBSecurityPolicy-TLS13-1-2-2021-06
        Certificates:
          - CertificateArn: arn:aws:acm:ap-south-1:123456789012:certificate/12345678-1234-1234-1234-123456789012
        DefaultActions:
          - Type: forward
            TargetGroupArn: "{{ target_group_arn }}"
        Rules:
          - Priority: 1
            Conditions:
              - Field: path-pattern
                Values: [/internal/*]
            Actions:
              - Type: fixed-response
                FixedResponseConfig:
                  StatusCode: "404"
    wait: false
    tags:
      Project: pixstory

- name: Delete it
  pixstory.platform.application_load_balancer:
    name: pixstory-production-public
    state: absent
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
load_balancer:
  description:
    - The load balancer as DescribeLoadBalancers returns it, keys in snake case.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  contains:
    load_balancer_arn:
      description: The ARN.
      type: str
    dns_name:
      description: The DNS name.
      type: str
      sample: pixstory-production-public-1234567890.ap-south-1.elb.amazonaws.com
    state:
      description: The state, as C(code). It serves once that is C(active).
      type: dict
    attributes:
      description: The attributes, with the names of the API.
      type: dict
      sample: {"deletion_protection.enabled": "true"}
    listeners:
      description: The listeners. Only when O(listeners) is given.
      type: list
      elements: dict
    tags:
      description: The tags.
      type: dict
"""

from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.aws_calls import ElbResource, attribute
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, main_for, same

ACTIONS: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "required": True,
    "options": {
        "Type": {"required": True, "choices": ["forward", "redirect", "fixed-response"]},
        "TargetGroupArn": {},
        "ForwardConfig": {
            "type": "dict",
            "options": {
                "TargetGroups": {
                    "type": "list",
                    "elements": "dict",
                    "required": True,
                    "options": {"TargetGroupArn": {"required": True}, "Weight": {"type": "int"}},
                },
                "TargetGroupStickinessConfig": {
                    "type": "dict",
                    "options": {"Enabled": {"type": "bool", "required": True}, "DurationSeconds": {"type": "int"}},
                },
            },
        },
        "RedirectConfig": {
            "type": "dict",
            "options": {
                **{part: {} for part in ("Protocol", "Port", "Host", "Path", "Query")},
                "StatusCode": {"required": True, "choices": ["HTTP_301", "HTTP_302"]},
            },
        },
        "FixedResponseConfig": {
            "type": "dict",
            "options": {"StatusCode": {"required": True}, "ContentType": {}, "MessageBody": {}},
        },
    },
}
RULE: dict[str, Any] = {
    "Priority": {"type": "int", "required": True},
    "Conditions": {"type": "list", "elements": "dict", "required": True},
    "Actions": ACTIONS,
}
LISTENER: dict[str, Any] = {
    "Port": {"type": "int", "required": True},
    "Protocol": {"required": True, "choices": ["HTTP", "HTTPS"]},
    "SslPolicy": {},
    "Certificates": {"type": "list", "elements": "dict", "options": {"CertificateArn": {"required": True}}},
    "DefaultActions": ACTIONS,
    "Rules": {"type": "list", "elements": "dict", "options": RULE},
}


def read_listeners(description: dict[str, Any]) -> list[dict[str, Any]]:
    """The listeners with what can be declared of them."""
    listeners = [{key: one[key] for key in LISTENER if key in one} for one in description["Listeners"]]
    for listener in listeners:
        if "Rules" in listener:
            listener["Rules"] = [{key: one[key] for key in RULE} for one in listener["Rules"]]
    return listeners


class ApplicationLoadBalancer(ElbResource):
    kind = "load balancer"
    arn_key = "LoadBalancerArn"
    result_key = "load_balancer"
    attributes = (
        attribute("http_drop_invalid_header_fields", "routing.http.drop_invalid_header_fields.enabled"),
        attribute("forwarded_for", "routing.http.xff_header_processing.mode"),
        attribute("deletion_protection", "deletion_protection.enabled"),
        attribute("access_logs_enabled", "access_logs.s3.enabled"),
        attribute("access_logs_s3_bucket", "access_logs.s3.bucket"),
        attribute("access_logs_s3_prefix", "access_logs.s3.prefix"),
    )
    properties = (
        Property("scheme", "Scheme", mutable=False),
        Property(
            "subnets",
            "Subnets",
            read=lambda description: [zone["SubnetId"] for zone in description["AvailabilityZones"]],
            unordered=True,
        ),
        Property("security_groups", "SecurityGroups", unordered=True),
        *attributes,
        Property("listeners", "Listeners", read=read_listeners, unordered=True),
    )

    def validate(self) -> None:
        super().validate()
        listeners = self.params["listeners"] or []
        ports = [listener["Port"] for listener in listeners]
        for listener in listeners:
            port, given = listener["Port"], len(listener["Certificates"] or [])
            wanted = 1 if listener["Protocol"] == "HTTPS" else 0
            if ports.count(port) > 1:
                self.fail(f"{self.kind} {self.name}: port {port} has {ports.count(port)} listeners. Write one.")
            if given != wanted:
                self.fail(
                    f"{self.kind} {self.name}: the {listener['Protocol']} listener of port {port} has {given} "
                    f"Certificates. Write {wanted or 'none'}."
                )

    def required_to_create(self) -> tuple[str, ...]:
        return ("subnets",)

    def describe(self) -> dict[str, Any] | None:
        answer = self.call_or_none("describe_load_balancers", missing=("LoadBalancerNotFound",), Names=[self.name])
        if answer is None:
            return None
        description = answer["LoadBalancers"][0]
        if description["Type"] != "application":
            self.fail(
                f"{self.kind} {self.name} is there and is no Application Load Balancer: its type is "
                f"{description['Type']}. Give another name."
            )
        if self.params["state"] == "absent":
            return description
        self.together(
            lambda: self.read_attributes_and_tags(description),
            lambda: self._read_listeners(description),
        )
        return description

    def _read_listeners(self, description: dict[str, Any]) -> None:
        if self.params["listeners"] is None:
            return
        arn = description["LoadBalancerArn"]
        description["Listeners"] = self.pages("describe_listeners", "Listeners", LoadBalancerArn=arn)
        with_rules = {one["Port"] for one in self.params["listeners"] if one["Rules"] is not None}
        for listener in description["Listeners"]:
            if listener["Port"] in with_rules:
                rules = self.pages("describe_rules", "Rules", ListenerArn=listener["ListenerArn"])
                listener["Rules"] = [rule for rule in rules if not rule["IsDefault"]]

    def ready(self, description: dict[str, Any]) -> bool:
        return description["State"]["Code"] in ("active", "active_impaired")

    def failed(self, description: dict[str, Any]) -> str | None:
        state = description["State"]
        return state.get("Reason", "AWS gives no reason") if state["Code"] == "failed" else None

    def create(self, declared: dict[str, Any]) -> None:
        tags = {"Tags": self.boto3_tags()} if self.params["tags"] else {}
        arguments = {key: declared[key] for key in ("Scheme", "Subnets", "SecurityGroups") if key in declared}
        answer = self.call("create_load_balancer", Name=self.name, Type="application", **arguments, **tags)
        arn = answer["LoadBalancers"][0]["LoadBalancerArn"]
        self.set_attributes(arn, declared)
        self._set_listeners(arn, [], declared.get("Listeners", []))

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        arn = description["LoadBalancerArn"]
        if "Subnets" in changes:
            self.call("set_subnets", LoadBalancerArn=arn, Subnets=changes["Subnets"])
        if "SecurityGroups" in changes:
            self.call("set_security_groups", LoadBalancerArn=arn, SecurityGroups=changes["SecurityGroups"])
        self.set_attributes(arn, changes)
        if "Listeners" in changes:
            self._set_listeners(arn, description["Listeners"], changes["Listeners"])

    def delete(self, description: dict[str, Any]) -> None:
        self.call("delete_load_balancer", LoadBalancerArn=description["LoadBalancerArn"])

    def _set_listeners(self, arn: str, present: list[dict[str, Any]], declared: list[dict[str, Any]]) -> None:
        there = {listener["Port"]: listener for listener in present}
        for listener in declared:
            wanted = {key: value for key, value in listener.items() if key != "Rules"}
            found = there.pop(listener["Port"], None)
            if found is None:
                found = self.call("create_listener", LoadBalancerArn=arn, **wanted)["Listeners"][0]
            elif not same(wanted, found, unordered=True):
                self.call("modify_listener", ListenerArn=found["ListenerArn"], **wanted)
            if "Rules" in listener:
                self._set_rules(found["ListenerArn"], found.get("Rules", []), listener["Rules"])
        for listener in there.values():
            self.call("delete_listener", ListenerArn=listener["ListenerArn"])

    def _set_rules(self, listener: str, present: list[dict[str, Any]], declared: list[dict[str, Any]]) -> None:
        there = {int(rule["Priority"]): rule for rule in present}
        for rule in declared:
            found = there.pop(rule["Priority"], None)
            parts = {"Conditions": rule["Conditions"], "Actions": rule["Actions"]}
            if found is None:
                self.call("create_rule", ListenerArn=listener, Priority=rule["Priority"], **parts)
            elif not same(parts, found, unordered=True):
                self.call("modify_rule", RuleArn=found["RuleArn"], **parts)
        for rule in there.values():
            self.call("delete_rule", RuleArn=rule["RuleArn"])


def main() -> None:
    main_for(
        ApplicationLoadBalancer,
        {
            "name": {"required": True},
            "scheme": {"choices": ["internet-facing", "internal"]},
            "subnets": {"type": "list", "elements": "str"},
            "security_groups": {"type": "list", "elements": "str"},
            "http_drop_invalid_header_fields": {"type": "bool"},
            "forwarded_for": {"choices": ["append", "preserve", "remove"]},
            "deletion_protection": {"type": "bool"},
            "access_logs_enabled": {"type": "bool"},
            "access_logs_s3_bucket": {},
            "access_logs_s3_prefix": {},
            "listeners": {"type": "list", "elements": "dict", "options": LISTENER},
        },
        wait=True,
    )


if __name__ == "__main__":
    main()
