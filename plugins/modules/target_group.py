#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: target_group
version_added: "0.1.0"
short_description: Make a target group of a load balancer
description:
  - Makes a target group of Elastic Load Balancing, or deletes it.
  - A target group is found by its name, of which an account has one in a region.
  - Targets are not registered here. An Auto Scaling group registers its own, see
    M(pixstory.platform.autoscaling_group).
  - Follows U(https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html) and
    U(https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html).
notes:
  - M(community.aws.elb_target_group) skips check mode. This module predicts the change.
  - AWS cannot change O(protocol), O(protocol_version), O(port), O(vpc_id) and O(target_type) in place. A change is
    refused, because listeners refer to the group. Make one with another name, move the listeners, delete the first.
  - In check mode O(vpc_id) may be the id of a VPC that does not exist yet.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name, up to 32 letters, digits and hyphens, with no hyphen at either end.
    type: str
    required: true
  protocol:
    description: The protocol that targets are spoken to with. Required to create the group, except for Lambda.
    type: str
    choices: [HTTP, HTTPS, TCP, TLS, UDP, TCP_UDP]
  protocol_version:
    description: The version of HTTP. AWS takes V(HTTP1).
    type: str
    choices: [HTTP1, HTTP2, GRPC]
  port:
    description: The port of the targets. Required to create the group, except for Lambda.
    type: int
  vpc_id:
    description: The VPC of the targets. Required to create the group, except for Lambda.
    type: str
  target_type:
    description: What a target is. AWS takes V(instance).
    type: str
    choices: [instance, ip, lambda, alb]
  health_check:
    description: How a target is found healthy. A suboption that is not given is left alone.
    type: dict
    suboptions:
      protocol:
        description: The protocol of the check.
        type: str
        choices: [HTTP, HTTPS, TCP]
      path:
        description: The path that is asked for. For HTTP and HTTPS.
        type: str
      port:
        description: The port that is asked, or V(traffic-port) for the port of the target.
        type: str
      interval_seconds:
        description: Seconds between two checks, 5 to 300.
        type: int
      timeout_seconds:
        description: Seconds without an answer after which a check has failed, 2 to 120.
        type: int
      healthy_threshold:
        description: How many checks in a row make a target healthy, 2 to 10.
        type: int
      unhealthy_threshold:
        description: How many failed checks in a row make a target unhealthy, 2 to 10.
        type: int
      matcher:
        description: The HTTP codes of a healthy target, as V(200), V(200,202) or V(200-299); codes of gRPC likewise.
        type: str
  deregistration_delay_seconds:
    description: Seconds that a target that leaves has for its open requests, 0 to 3600. AWS takes 300.
    type: int
  slow_start_seconds:
    description: Seconds over which a new target gets its full share, 30 to 900. V(0) turns it off, as AWS does.
    type: int
  stickiness_enabled:
    description: Whether a client stays with a target.
    type: bool
  stickiness_type:
    description: What a client is known by.
    type: str
    choices: [lb_cookie, app_cookie, source_ip]
  stickiness_lb_cookie_duration_seconds:
    description: Seconds that the cookie of the load balancer is valid, 1 to 604800. AWS takes 86400.
    type: int
  load_balancing_algorithm_type:
    description: How the next target is chosen. AWS takes V(round_robin).
    type: str
    choices: [round_robin, least_outstanding_requests, weighted_random]
  load_balancing_cross_zone_enabled:
    description: Whether targets in all Availability Zones are used. AWS takes V(use_load_balancer_configuration).
    type: str
    choices: ["true", "false", use_load_balancer_configuration]
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Make the target group of the web servers
  pixstory.platform.target_group:
    name: pixstory-production-web
    protocol: HTTP
    port: 8080
    vpc_id: vpc-0123456789abcdef0
    target_type: instance
    health_check:
      protocol: HTTP
      path: /healthz
      interval_seconds: 10
      timeout_seconds: 5
      healthy_threshold: 2
      unhealthy_threshold: 3
      matcher: "200"
    deregistration_delay_seconds: 60
    load_balancing_algorithm_type: least_outstanding_requests
    tags:
      Project: pixstory
      Role: web

- name: Delete it
  pixstory.platform.target_group:
    name: pixstory-production-web
    state: absent
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
target_group:
  description:
    - The target group as DescribeTargetGroups returns it, keys in snake case.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  contains:
    target_group_arn:
      description: What listeners and Auto Scaling groups refer to.
      type: str
      sample: arn:aws:elasticloadbalancing:ap-south-1:123456789012:targetgroup/pixstory-production-web/0123456789abcdef
    attributes:
      description: The attributes, with the names of the API.
      type: dict
      sample: {"deregistration_delay.timeout_seconds": "60"}
    load_balancer_arns:
      description: The load balancers that send to it.
      type: list
      elements: str
    tags:
      description: The tags.
      type: dict
"""

from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.aws_calls import ElbResource, attribute
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, main_for

HEALTH_CHECK = {
    "protocol": "HealthCheckProtocol",
    "path": "HealthCheckPath",
    "port": "HealthCheckPort",
    "interval_seconds": "HealthCheckIntervalSeconds",
    "timeout_seconds": "HealthCheckTimeoutSeconds",
    "healthy_threshold": "HealthyThresholdCount",
    "unhealthy_threshold": "UnhealthyThresholdCount",
}


def read_health_check(description: dict[str, Any]) -> dict[str, Any]:
    matcher = description.get("Matcher", {})
    present = {option: description.get(key) for option, key in HEALTH_CHECK.items()}
    return {**present, "matcher": matcher.get("HttpCode") or matcher.get("GrpcCode")}


class TargetGroup(ElbResource):
    kind = "target group"
    arn_key = "TargetGroupArn"
    result_key = "target_group"
    extra_retry_codes = ("ResourceInUse",)  # for a moment after its listener is gone
    attributes = (
        attribute("deregistration_delay_seconds", "deregistration_delay.timeout_seconds"),
        attribute("slow_start_seconds", "slow_start.duration_seconds"),
        attribute("stickiness_enabled", "stickiness.enabled"),
        attribute("stickiness_type", "stickiness.type"),
        attribute("stickiness_lb_cookie_duration_seconds", "stickiness.lb_cookie.duration_seconds"),
        attribute("load_balancing_algorithm_type", "load_balancing.algorithm.type"),
        attribute("load_balancing_cross_zone_enabled", "load_balancing.cross_zone.enabled"),
    )
    properties = (
        Property("protocol", "Protocol", mutable=False),
        Property("protocol_version", "ProtocolVersion", mutable=False),
        Property("port", "Port", mutable=False),
        Property("vpc_id", "VpcId", mutable=False),
        Property("target_type", "TargetType", mutable=False),
        Property("health_check", "HealthCheck", read=read_health_check),
        *attributes,
    )

    def required_to_create(self) -> tuple[str, ...]:
        return () if self.params["target_type"] == "lambda" else ("protocol", "port", "vpc_id")

    def describe(self) -> dict[str, Any] | None:
        answer = self.call_or_none("describe_target_groups", missing=("TargetGroupNotFound",), Names=[self.name])
        if answer is None:
            return None
        description = answer["TargetGroups"][0]
        self.read_attributes_and_tags(description)
        return description

    def create(self, declared: dict[str, Any]) -> None:
        immutable = {p.api: declared[p.api] for p in self.properties if not p.mutable and p.api in declared}
        tags = {"Tags": self.boto3_tags()} if self.params["tags"] else {}
        health_check = self._health_check(declared.get("HealthCheck", {}))
        answer = self.call("create_target_group", Name=self.name, **immutable, **health_check, **tags)
        self.set_attributes(answer["TargetGroups"][0]["TargetGroupArn"], declared)

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        arn = description["TargetGroupArn"]
        if "HealthCheck" in changes:
            self.call("modify_target_group", TargetGroupArn=arn, **self._health_check(changes["HealthCheck"]))
        self.set_attributes(arn, changes)

    def delete(self, description: dict[str, Any]) -> None:
        self.call("delete_target_group", TargetGroupArn=description["TargetGroupArn"])

    def _health_check(self, declared: dict[str, Any]) -> dict[str, Any]:
        arguments = {HEALTH_CHECK[option]: value for option, value in declared.items() if option in HEALTH_CHECK}
        if "matcher" in declared:
            code = "GrpcCode" if self.params["protocol_version"] == "GRPC" else "HttpCode"
            arguments["Matcher"] = {code: declared["matcher"]}
        return arguments


def main() -> None:
    main_for(
        TargetGroup,
        {
            "name": {"required": True},
            "protocol": {"choices": ["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP"]},
            "protocol_version": {"choices": ["HTTP1", "HTTP2", "GRPC"]},
            "port": {"type": "int"},
            "vpc_id": {},
            "target_type": {"choices": ["instance", "ip", "lambda", "alb"]},
            "health_check": {
                "type": "dict",
                "options": {
                    "protocol": {"choices": ["HTTP", "HTTPS", "TCP"]},
                    "path": {},
                    "port": {},
                    "interval_seconds": {"type": "int"},
                    "timeout_seconds": {"type": "int"},
                    "healthy_threshold": {"type": "int"},
                    "unhealthy_threshold": {"type": "int"},
                    "matcher": {},
                },
            },
            "deregistration_delay_seconds": {"type": "int"},
            "slow_start_seconds": {"type": "int"},
            "stickiness_enabled": {"type": "bool"},
            "stickiness_type": {"choices": ["lb_cookie", "app_cookie", "source_ip"]},
            "stickiness_lb_cookie_duration_seconds": {"type": "int"},
            "load_balancing_algorithm_type": {
                "choices": ["round_robin", "least_outstanding_requests", "weighted_random"]
            },
            "load_balancing_cross_zone_enabled": {"choices": ["true", "false", "use_load_balancer_configuration"]},
        },
    )


if __name__ == "__main__":
    main()
