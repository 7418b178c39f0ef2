# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the Elastic Load Balancing extensions."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from checks import Aws, error_code, proves, unique
from checks.builders import instance, network


def load_balancer(aws: Aws, **arguments: Any) -> dict[str, Any]:
    net = network(aws)
    made = aws.client("elbv2").create_load_balancer(
        Name=unique("lb"), Subnets=net.subnets, SecurityGroups=[net.group], **arguments
    )
    return dict(made["LoadBalancers"][0])


def target_group(aws: Aws) -> str:
    made = aws.client("elbv2").create_target_group(Name=unique("tg"), Protocol="HTTP", Port=80, VpcId=network(aws).vpc)
    return str(made["TargetGroups"][0]["TargetGroupArn"])


def attributes(reply: dict[str, Any]) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in reply["Attributes"]}


@proves("elbv2.target_group_attributes")
def target_group_has_all_attributes(aws: Aws) -> None:
    found = attributes(aws.client("elbv2").describe_target_group_attributes(TargetGroupArn=target_group(aws)))
    assert found == {
        "deregistration_delay.timeout_seconds": "300",
        "load_balancing.algorithm.anomaly_mitigation": "off",
        "load_balancing.algorithm.type": "round_robin",
        "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
        "slow_start.duration_seconds": "0",
        "stickiness.app_cookie.cookie_name": "",
        "stickiness.app_cookie.duration_seconds": "86400",
        "stickiness.enabled": "false",
        "stickiness.lb_cookie.duration_seconds": "86400",
        "stickiness.type": "lb_cookie",
        "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
        "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
    }


@proves("elbv2.load_balancer_attributes")
def load_balancer_has_default_attributes(aws: Aws) -> None:
    client = aws.client("elbv2")
    arn = load_balancer(aws)["LoadBalancerArn"]
    found = attributes(client.describe_load_balancer_attributes(LoadBalancerArn=arn))
    assert found["idle_timeout.timeout_seconds"] == "60"
    assert found["routing.http2.enabled"] == "true"
    assert found["access_logs.s3.enabled"] == "false"
    assert found["load_balancing.cross_zone.enabled"] == "true"
    name = "routing.http.drop_invalid_header_fields.enabled"
    assert found[name] == "false"
    client.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": name, "Value": "true"}])
    assert attributes(client.describe_load_balancer_attributes(LoadBalancerArn=arn))[name] == "true"


@proves("elbv2.load_balancer_names_in_dns")
def internal_load_balancer_has_an_internal_name(aws: Aws) -> None:
    shown = load_balancer(aws, Scheme="internal")
    assert shown["DNSName"].startswith(f"internal-{shown['LoadBalancerName']}-")
    assert shown["DNSName"].endswith(".ap-south-1.elb.amazonaws.com")
    assert shown["CanonicalHostedZoneId"] == "ZP97RAFLXTNZK"


@proves("elbv2.redirects_keep_what_they_do_not_change")
def redirect_shows_placeholders(aws: Aws) -> None:
    client = aws.client("elbv2")
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    listener = client.create_listener(
        LoadBalancerArn=load_balancer(aws)["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "redirect", "RedirectConfig": redirect}],
    )["Listeners"][0]
    (shown,) = client.describe_listeners(ListenerArns=[listener["ListenerArn"]])["Listeners"]
    placeholders = {"Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}
    assert shown["DefaultActions"][0]["RedirectConfig"] == redirect | placeholders


@proves("elbv2.deletion_protection_protects")
def protected_load_balancer_stays(aws: Aws) -> None:
    client = aws.client("elbv2")
    arn = load_balancer(aws)["LoadBalancerArn"]
    for value, expected in (("true", "OperationNotPermitted"), ("false", None)):
        protection = [{"Key": "deletion_protection.enabled", "Value": value}]
        client.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=protection)
        assert error_code(client.delete_load_balancer, LoadBalancerArn=arn) == expected


@proves("elbv2.targets_without_a_listener_are_unused")
def target_is_unused_until_a_listener_uses_it(aws: Aws) -> None:
    client = aws.client("elbv2")
    group = target_group(aws)
    client.register_targets(TargetGroupArn=group, Targets=[{"Id": instance(aws)}])

    def state() -> str:
        (shown,) = client.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return str(shown["TargetHealth"]["State"])

    assert state() == "unused"
    client.create_listener(
        LoadBalancerArn=load_balancer(aws)["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    assert state() == "healthy"


@proves("elbv2.targets_are_as_healthy_as_they_were_found")
def target_is_as_healthy_as_the_lab_found_it(aws: Aws) -> None:
    client = aws.client("elbv2")
    group, machine = target_group(aws), instance(aws)
    client.register_targets(TargetGroupArn=group, Targets=[{"Id": machine}])
    client.create_listener(
        LoadBalancerArn=load_balancer(aws)["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )

    def state(found: dict[str, dict[str, str]]) -> tuple[str, str | None]:
        url = f"{aws.url}/_lab/target-health?region=ap-south-1"
        urllib.request.urlopen(url, json.dumps(found).encode(), timeout=5).close()
        (shown,) = client.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return shown["TargetHealth"]["State"], shown["TargetHealth"].get("Reason")

    assert state({group: {machine: "unhealthy"}}) == ("unhealthy", "Target.FailedHealthChecks")
    assert state({group: {machine: "healthy"}}) == ("healthy", None)
    assert state({group: {}}) == ("initial", "Elb.InitialHealthChecking")
    assert state({}) == ("healthy", None)
