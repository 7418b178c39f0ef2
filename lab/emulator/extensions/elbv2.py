# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Load Balancing: the attributes and defaults that load balancers and target groups are born with."""

from __future__ import annotations

import hashlib
from typing import Any

from moto.elbv2.models import ELBv2Backend, FakeAction, FakeHealthStatus, FakeLoadBalancer, FakeTargetGroup

from lab.emulator.harsh import slow
from lab.emulator.registry import TARGET_HEALTH, ApiError, fix, table, wrap

TARGET_GROUP_ATTRIBUTES = {
    "load_balancing.algorithm.anomaly_mitigation": "off",
    "stickiness.app_cookie.cookie_name": "",
    "stickiness.app_cookie.duration_seconds": "86400",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}

LOAD_BALANCER_ATTRIBUTES = {
    "access_logs.s3.enabled": "false",
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.prefix": "",
    "idle_timeout.timeout_seconds": "60",
    "load_balancing.cross_zone.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
}

# https://docs.aws.amazon.com/general/latest/gr/elb.html
HOSTED_ZONES = {
    "ap-south-1": "ZP97RAFLXTNZK",
    "ap-southeast-1": "Z1LMS91P8CMLE5",
    "eu-central-1": "Z215JYRZR1TBD5",
    "eu-west-1": "Z32O12XQLNTSW2",
    "us-east-1": "Z35SXDOTRQ7X7K",
    "us-west-2": "Z1H1FL5HABSF5",
}


@fix("elbv2")
def target_group_attributes() -> None:
    """A target group for HTTP has every attribute that HTTP target groups have, at its default.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
    """

    @wrap(FakeTargetGroup, "__init__")
    def init(original: Any, group: FakeTargetGroup, *args: Any, **kwargs: Any) -> None:
        original(group, *args, **kwargs)
        if group.protocol in ("HTTP", "HTTPS"):
            group.attributes.update(TARGET_GROUP_ATTRIBUTES)
            group.attributes.pop("waf.fail_open.enabled", None)


@fix("elbv2")
def load_balancer_attributes() -> None:
    """An application load balancer has every attribute of its kind, at its default.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
    """

    @wrap(FakeLoadBalancer, "__init__")
    def init(original: Any, balancer: FakeLoadBalancer, *args: Any, **kwargs: Any) -> None:
        original(balancer, *args, **kwargs)
        if balancer.type == "application":
            balancer.attrs.update(LOAD_BALANCER_ATTRIBUTES)


@fix("elbv2")
def load_balancer_names_in_dns() -> None:
    """The DNS name has a number of its own, starts with internal- where it is, and lies in the region's hosted zone.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancer.html
    """

    @wrap(FakeLoadBalancer, "__init__")
    def init(original: Any, balancer: FakeLoadBalancer, *args: Any, **kwargs: Any) -> None:
        original(balancer, *args, **kwargs)
        region = balancer.arn.split(":")[3]
        number = int(hashlib.sha256(balancer.arn.encode()).hexdigest()[:8], 16)
        prefix = "internal-" if balancer.scheme == "internal" else ""
        balancer.dns_name = f"{prefix}{balancer.name}-{number}.{region}.elb.amazonaws.com"
        balancer.canonical_hosted_zone_id = HOSTED_ZONES.get(region, balancer.canonical_hosted_zone_id)


@fix("elbv2")
def redirects_keep_what_they_do_not_change() -> None:
    """A redirect action shows host, path and query as placeholders unless they were given.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RedirectActionConfig.html
    """

    @wrap(FakeAction, "__init__")
    def init(original: Any, action: FakeAction, data: dict[str, Any]) -> None:
        redirect = data.get("RedirectConfig")
        if redirect is not None:
            defaults = {"Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}
            defaults |= {"Port": "#{port}", "Protocol": "#{protocol}"}
            data["RedirectConfig"] = {**defaults, **redirect}
        original(action, data)


@fix("elbv2")
def deletion_protection_protects() -> None:
    """A load balancer with deletion protection cannot be deleted.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteLoadBalancer.html
    """

    @wrap(ELBv2Backend, "delete_load_balancer")
    def delete(original: Any, backend: ELBv2Backend, arn: str) -> None:
        balancer = backend.load_balancers.get(arn)
        if balancer and balancer.attrs.get("deletion_protection.enabled") == "true":
            text = f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
            raise ApiError("OperationNotPermitted", text)
        original(backend, arn)


@fix("elbv2")
def targets_without_a_listener_are_unused() -> None:
    """Nobody checks the health of a target whose group no listener uses.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
    """

    @wrap(FakeTargetGroup, "health_for")
    def health_for(original: Any, group: FakeTargetGroup, target: dict[str, Any], ec2_backend: Any) -> FakeHealthStatus:
        health: FakeHealthStatus = original(group, target, ec2_backend)
        if health.status == "healthy" and not group.load_balancer_arns:
            health.status = "unused"
            health.reason = "Target.NotInUse"
            health.description = "Target group is not configured to receive traffic from the load balancer"
        return health


REASONS = {
    "initial": ("Elb.InitialHealthChecking", "Initial health checks in progress"),
    "unhealthy": ("Target.FailedHealthChecks", "Health checks failed"),
}


@fix("elbv2")
def targets_are_as_healthy_as_they_were_found() -> None:
    """Where a lab's load balancers check targets, their verdict counts; a target they have not seen yet is initial.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
    """

    @wrap(FakeTargetGroup, "health_for")
    def health_for(original: Any, group: FakeTargetGroup, target: dict[str, Any], ec2_backend: Any) -> FakeHealthStatus:
        health: FakeHealthStatus = original(group, target, ec2_backend)
        _, _, _, region, account, _ = group.arn.split(":", 5)
        found = table(account, region, TARGET_HEALTH)
        if health.status == "healthy" and found:
            health.status = found.get(group.arn, {}).get(target["Id"], "initial")
            health.reason, health.description = REASONS.get(health.status, (health.reason, health.description))
        return health


@fix("elbv2")
def load_balancers_take_their_time() -> None:
    """A load balancer is provisioned for some minutes before it is active.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerState.html
    """

    @wrap(FakeLoadBalancer, "__init__")
    def init(original: Any, balancer: FakeLoadBalancer, *args: Any, **kwargs: Any) -> None:
        original(balancer, *args, **kwargs)
        slow.begin(balancer.arn, "provisioning", slow.LOAD_BALANCER_PROVISIONED)

    @wrap(FakeLoadBalancer, "activate")
    def activate(original: Any, balancer: FakeLoadBalancer) -> None:
        if slow.state_of(balancer.arn, "active") == "active":
            original(balancer)
