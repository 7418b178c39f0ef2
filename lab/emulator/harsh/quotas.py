# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The quotas of a new account hold, until somebody asks for more of them and AWS grants it.

Codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.ec2.models.instance_types import INSTANCE_TYPES

from lab.emulator import harsh, registry
from lab.emulator.extensions import service_quotas
from lab.emulator.harsh import Asked, Refused

SWITCH = harsh.switch("quotas", on=True, off=False, text="the quotas of a new account hold")

STANDARD = "acdhimrtz"  # the first letters of the families that share a quota of vCPUs
RUNNING = ("pending", "running", "shutting-down")
# What a rule counts for that leads to the prefix list of CloudFront.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/LocationsOfEdgeServers.html
WEIGHTS = {"com.amazonaws.global.cloudfront.origin-facing": 55}
DIRECTIONS = {"AuthorizeSecurityGroupIngress": "ingress_rules", "AuthorizeSecurityGroupEgress": "egress_rules"}


def vcpus(instance_type: str) -> int:
    """What a machine of a type counts for among the standard ones."""
    if instance_type[:1] not in STANDARD:
        return 0
    return int(INSTANCE_TYPES.get(instance_type, {}).get("VCpuInfo", {}).get("DefaultVCpus", 1))


def no_room(backend: Any, instance_type: str, count: int = 1) -> Refused | None:
    """Why so many more machines of a type cannot be launched; None when they can."""
    limit = service_quotas.value(backend.account_id, backend.region_name, "L-1216C47A")
    machines = [one for reservation in backend.reservations.values() for one in reservation.instances]
    used = sum(vcpus(one.instance_type) for one in machines if one.state in RUNNING)
    wanted = count * vcpus(instance_type)
    if not SWITCH or not wanted or used + wanted <= limit:
        return None
    return Refused(
        "VcpuLimitExceeded",
        f"You have requested more vCPU capacity than your current vCPU limit of {int(limit)} allows for the instance "
        "bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request "
        "to request an adjustment to this limit.",
    )


@harsh.before(SWITCH)
def machines_are_within_the_quota(asked: Asked) -> Refused | None:
    """https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html"""
    if (asked.service, asked.operation) != ("ec2", "RunInstances") or asked.parameters.get("DryRun"):
        return None
    backend = registry.backend_of("ec2", asked.account, asked.region)
    instance_type = asked.parameters.get("InstanceType") or _of_template(backend, asked.parameters)
    return no_room(backend, instance_type, asked.parameters.get("MaxCount", 1))


def _of_template(backend: Any, parameters: dict[str, Any]) -> str:
    named = parameters.get("LaunchTemplate") or {}
    for template in backend.launch_templates.values():
        if template.id == named.get("LaunchTemplateId") or template.name == named.get("LaunchTemplateName"):
            version = template.get_version(named.get("Version") or "$Default")
            return str(version.data.get("InstanceType") or "")
    return ""


def _translating(backend: Any, asked: Asked) -> int:
    """The NAT gateways in the zone of the subnet that is asked for."""
    zone = backend.get_subnet(asked.parameters["SubnetId"]).availability_zone
    alive = [one for one in backend.nat_gateways.values() if one.state not in ("deleted", "failed")]
    return sum(backend.get_subnet(one.subnet_id).availability_zone == zone for one in alive)


@dataclass(frozen=True)
class Counted:
    """What an operation makes one more of: its quota, how many there are, and what AWS says when there is no room."""

    quota: str
    count: Callable[[Any, Asked], int]
    code: str
    message: str


COUNTED = {
    "AllocateAddress": Counted(
        "L-0263D0A3",
        lambda backend, asked: len(backend.addresses),
        "AddressLimitExceeded",
        "The maximum number of addresses has been reached.",
    ),
    "CreateVpc": Counted(
        "L-F678F1CE",
        lambda backend, asked: len(backend.vpcs),
        "VpcLimitExceeded",
        "The maximum number of VPCs has been reached.",
    ),
    "CreateInternetGateway": Counted(
        "L-A4707A72",
        lambda backend, asked: len(backend.internet_gateways),
        "InternetGatewayLimitExceeded",
        "The maximum number of internet gateways has been reached.",
    ),
    "CreateNatGateway": Counted(
        "L-FE5A380F",
        _translating,
        "NatGatewayLimitExceeded",
        "The maximum number of NAT Gateways has been reached.",
    ),
}


@harsh.before(SWITCH)
def what_is_counted_is_within_the_quota(asked: Asked) -> Refused | None:
    """https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"""
    counted = COUNTED.get(asked.operation)
    if asked.service != "ec2" or not counted or asked.parameters.get("DryRun"):
        return None
    there = counted.count(registry.backend_of("ec2", asked.account, asked.region), asked)
    if there < service_quotas.value(asked.account, asked.region, counted.quota):
        return None
    return Refused(counted.code, counted.message)


@harsh.before(SWITCH)
def rules_are_within_the_quota(asked: Asked) -> Refused | None:
    """Inbound and outbound rules are counted apart, and so are those of IPv4 and of IPv6. One that leads to a group
    counts in both.

    https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups
    """
    if asked.service != "ec2" or asked.operation not in DIRECTIONS or asked.parameters.get("DryRun"):
        return None
    backend = registry.backend_of("ec2", asked.account, asked.region)
    group = backend.get_security_group_from_id(asked.parameters.get("GroupId"))
    if group is None:
        return None
    weights = {one.id: WEIGHTS.get(one.prefix_list_name, 1) for one in backend.managed_prefix_lists.values()}
    limit = service_quotas.value(asked.account, asked.region, "L-0EA8095F")
    rules = [_counted(rule, weights) for rule in getattr(group, DIRECTIONS[asked.operation])]
    rules += [_asked_for(one, weights) for one in asked.parameters.get("IpPermissions") or []]
    if max(sum(four for four, _ in rules), sum(six for _, six in rules)) <= limit:
        return None
    return Refused(
        "RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached."
    )


def _counted(rule: Any, weights: dict[str, int]) -> tuple[int, int]:
    """What a rule that is there counts for, of IPv4 and of IPv6."""
    both = weights.get(rule.prefix_list_id, 1) if rule.prefix_list_id else int(bool(rule.source_group))
    addresses = rule.ip_range or {}
    return both + bool(addresses.get("CidrIp")), both + bool(addresses.get("CidrIpv6"))


def _asked_for(permission: dict[str, Any], weights: dict[str, int]) -> tuple[int, int]:
    """The same of rules that are asked for."""
    lists = sum(weights.get(one.get("PrefixListId", ""), 1) for one in permission.get("PrefixListIds") or [])
    both = lists + len(permission.get("UserIdGroupPairs") or [])
    return len(permission.get("IpRanges") or []) + both, len(permission.get("Ipv6Ranges") or []) + both
