# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an environment needs of each quota at its maximum, from its variables alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from .model import Declared

# What a rule of a security group that refers to the prefix list of CloudFront counts for.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/LocationsOfEdgeServers.html
CLOUDFRONT_WEIGHT = 55


@dataclass(frozen=True)
class Quota:
    """A quota of AWS. Those of global services are kept in us-east-1."""

    service: str
    code: str
    name: str
    document: str
    everywhere: bool = False  # of a global service


@dataclass(frozen=True)
class Need:
    """How much of a quota the environment takes at the most, and where that comes from."""

    quota: Quota
    amount: float
    because: str


_EC2 = "https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html"
_VPC = "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"
_ELB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html"
_RDS = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html"
_CACHE = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/quota-limits.html"
_CLOUDFRONT = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html"
_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
_EBS = "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-resource-quotas.html"

VCPUS = Quota("ec2", "L-1216C47A", "vCPUs of running On-Demand Standard instances", _EC2)
ADDRESSES = Quota("ec2", "L-0263D0A3", "Elastic IP addresses", _VPC)
VPCS = Quota("vpc", "L-F678F1CE", "VPCs", _VPC)
GATEWAYS = Quota("vpc", "L-A4707A72", "internet gateways", _VPC)
NATS = Quota("vpc", "L-FE5A380F", "NAT gateways in an Availability Zone", _VPC)
RULES = Quota("vpc", "L-0EA8095F", "inbound or outbound rules of a security group", _VPC)
ENDPOINTS = Quota("vpc", "L-29B6F2EB", "interface endpoints of a VPC", _VPC)
BALANCERS = Quota("elasticloadbalancing", "L-53DA6B97", "Application Load Balancers", _ELB)
DATABASES = Quota("rds", "L-7B6409FD", "DB instances", _RDS)
NODES = Quota("elasticache", "L-DFE45DF3", "cache nodes", _CACHE)
VOLUMES = Quota("ebs", "L-7A658B76", "TiB of gp3 volumes", _EBS)
EXECUTIONS = Quota("lambda", "L-B99A9384", "concurrent executions of Lambda functions", _LAMBDA)
DISTRIBUTIONS = Quota("cloudfront", "L-24B04930", "CloudFront distributions", _CLOUDFRONT, everywhere=True)
ATTACHED = Quota("iam", "L-0DA4ABF3", "managed policies of a role", _IAM, everywhere=True)
QUOTAS = (
    *(VCPUS, ADDRESSES, VPCS, GATEWAYS, NATS, RULES, ENDPOINTS, BALANCERS, DATABASES, NODES, VOLUMES, EXECUTIONS),
    *(DISTRIBUTIONS, ATTACHED),
)


@dataclass(frozen=True)
class Machines:
    """Machines of one role at the most that there can be at once."""

    role: str
    instance_type: str
    count: int
    volume_size: int
    why: str

    def times(self, each: float) -> float:
        return self.count * each


def machines(declared: Declared) -> Iterator[Machines]:
    """All machines that can run at once: groups at their maximum and what replaces, single ones, image builders."""
    sizes = declared["aws_compute_sizes"]
    for role in declared["aws_compute_groups"]:
        actions = declared["aws_compute_schedules"].get(role, [])
        most = max(sizes[role]["max"], *(action.get("max", 0) for action in actions), 0)
        # While it balances zones or replaces machines, a group may exceed its maximum by a tenth, by one at the least.
        # https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-availability-zone-balanced.html
        yield _machines(declared, role, most, f"at its maximum of {most}")
        yield _machines(declared, role, max(1, ceil(most / 10)), "beside them while they are replaced")
    for role in declared["aws_compute_instances"]:
        yield _machines(declared, role, 1, "single")
    yield from builders(declared)


def builders(declared: Declared) -> Iterator[Machines]:
    """The machines that bake images: the first alone, then the others at once, which are the more."""
    made_of, sizes = declared["content_made_of"], declared["aws_compute_sizes"]
    first, second = [], []
    for role, content in made_of.items():
        like = content.get("like", role)
        if content.get("image", True) and like in sizes:
            (second if "from" in content else first).append(_machines(declared, like, 1, f"bakes the image {role}"))
    yield from second or first


def _machines(declared: Declared, role: str, count: int, why: str) -> Machines:
    size = declared["aws_compute_sizes"][role]
    return Machines(role, size["instance_type"], count, size["volume_size"], why)


def needs(declared: Declared, vcpus: Mapping[str, int], attached: int = 0) -> Iterator[Need]:
    """What the environment takes of each quota at its maximum.

    :param vcpus: The vCPUs of each instance type.
    :param attached: The managed policies that are attached to the role of a playbook, at the most.
    """
    running = list(machines(declared))
    yield _of_machines(VCPUS, running, {one: vcpus[one.instance_type] for one in running})
    yield _addresses(declared)
    vpcs = declared["aws_network_vpcs"]
    yield Need(VPCS, len(vpcs), listing(vpcs))
    public = [name for name, vpc in vpcs.items() if "public" in vpc["tiers"]]
    yield Need(GATEWAYS, len(public), listing(public))
    translating = [name for name, vpc in vpcs.items() if vpc.get("nat_tiers")]
    yield Need(NATS, len(translating), listing(translating))
    yield _rules(declared)
    services = declared["aws_vpc_endpoints_interface"]
    yield Need(ENDPOINTS, len(services), listing(services))
    balancers = declared["aws_load_balancing_load_balancers"]
    yield Need(BALANCERS, len(balancers), listing(balancers))
    databases = declared["aws_database_instances"]
    counted = {name: 1 + database.get("replicas", 0) for name, database in databases.items()}
    yield Need(DATABASES, sum(counted.values()), listing(databases))
    caches = declared["aws_cache_groups"]
    yield Need(NODES, sum(cache["nodes"] for cache in caches.values()), listing(caches))
    sizes = {one: one.volume_size / 1024 for one in running}
    yield _of_machines(VOLUMES, running, sizes)
    functions = [name for name, on in declared["aws_remediation_actions"].items() if on]
    yield Need(EXECUTIONS, len(functions), listing(functions))
    distributions = ["public"] if declared["aws_edge_load_balancer"] else []
    yield Need(DISTRIBUTIONS, len(distributions), listing(distributions))
    yield Need(ATTACHED, attached, "the policies of a playbook, attached to one role")


def _of_machines(quota: Quota, running: list[Machines], each: Mapping[Machines, float]) -> Need:
    parts = [f"{one.count} {one.role} ({one.instance_type}, {one.why})" for one in running]
    return Need(quota, sum(one.times(each[one]) for one in running), listing(parts))


def _addresses(declared: Declared) -> Need:
    """One a NAT gateway and one a machine that keeps its own, and one to replace any of them by."""
    zones = declared["platform_zones"]
    one_a_zone = declared["aws_network_nat_gateways"] == "one_per_zone"
    used = [
        f"NAT gateway {name}-{zone}"
        for name, vpc in declared["aws_network_vpcs"].items()
        if vpc.get("nat_tiers")
        for zone in (zones if one_a_zone else zones[:1])
    ]
    used += [name for name, instance in declared["aws_compute_instances"].items() if instance.get("elastic_ip")]
    return Need(ADDRESSES, len(used) + bool(used), listing([*used, "one to replace any of them"] if used else []))


def _rules(declared: Declared) -> Need:
    """Of the group and direction that has the most. A prefix list counts for as many rules as its weight."""
    zones, groups = len(declared["platform_zones"]), declared["aws_security_groups_groups"]
    counted: Counter[tuple[str, str]] = Counter()
    for flow in declared["aws_security_groups_flows"]:
        for direction, near, far in (("inbound", "to", "from"), ("outbound", "from", "to")):
            if flow[near] in groups:
                peer = flow[far]
                weight = 1 if peer in groups or peer == "internet" else zones
                counted[flow[near], direction] += len(flow["ports"]) * (
                    CLOUDFRONT_WEIGHT if peer == "cloudfront" else weight
                )
    if not counted:
        return Need(RULES, 0, "")
    ((group, direction), most) = counted.most_common(1)[0]
    return Need(RULES, most, f"{direction} of {group}")


def listing(names: Any) -> str:
    return ", ".join(str(name) for name in names)
