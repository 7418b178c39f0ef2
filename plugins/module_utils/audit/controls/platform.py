# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the case study calls for and no benchmark has: where things stand, and who reaches them."""

from __future__ import annotations

from typing import Any

from ..model import Record, Snapshot, Verdict, control
from .network import open_rules, shown

VPC = "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-example-private-subnets-nat.html"
NETWORK = "provision.yml --tags aws_network sets it."
TAGS = ("Project", "Environment", "ManagedBy", "Name")
# AWS puts tags on none of these; a path or comment says whose they are.
UNTAGGABLE = (
    "cache_policies",
    "iam_groups",
    "origin_access_controls",
    "origin_request_policies",
    "response_headers_policies",
)
VPN_RULE = "udp 1194"
WEB_RULES = ("tcp 80", "tcp 443")


def tier(s: Snapshot, subnet: Record) -> str:
    """The tier of a subnet: its tag Tier, or the part of its name between the VPC's and the zone's."""
    if "Tier" in subnet["_tags"]:
        return str(subnet["_tags"]["Tier"])
    name = str(subnet["_tags"].get("Name", "")).removeprefix(f"{s['project']}-{s['environment']}-")
    return name.partition("-")[2].rpartition("-")[0]


def owned(s: Snapshot, one: Record) -> bool:
    tags = one["_tags"]
    return tags.get("Project") == s["project"] and tags.get("Environment") == s["environment"]


def routes_of(s: Snapshot, subnet: Record) -> list[dict[str, Any]]:
    """The routes of a subnet: those of its own table, or of the main one."""
    own = main = None
    for table in s["route_tables"]:
        if table["VpcId"] != subnet["VpcId"]:
            continue
        for one in table.get("Associations", []):
            if one.get("SubnetId") == subnet["SubnetId"]:
                own = table
            if one.get("Main"):
                main = table
    table = own or main
    return list(table.get("Routes", [])) if table else []


def _ways_out(routes: list[dict[str, Any]], prefixes: tuple[str, ...]) -> list[str]:
    """Targets of default routes."""
    keys = ("GatewayId", "NatGatewayId", "EgressOnlyInternetGatewayId", "TransitGatewayId", "NetworkInterfaceId")
    found = [
        str(route[key])
        for route in routes
        if route.get("DestinationCidrBlock") == "0.0.0.0/0" or route.get("DestinationIpv6CidrBlock") == "::/0"
        for key in keys
        if route.get(key)
    ]
    return [one for one in found if one.startswith(prefixes)]


@control(
    "PX-10",
    "high",
    "security_groups",
    "The VPN is the only way in for people",
    needs="VPN",
    document="https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html",
    remedy="Take it out of aws_security_groups_flows: load balancers (80, 443) and the VPN (udp 1194) alone are open.",
)
def only_way_in(s: Snapshot, group: Record) -> Verdict:
    rules = [shown(one) for one in open_rules(group)]
    if not rules:
        return True, {"open to everybody": []}
    identifier = group["GroupId"]
    balanced = [
        one["_name"]
        for one in s["load_balancers"]
        if identifier in one.get("SecurityGroups", []) and one.get("Scheme") == "internet-facing"
    ]
    machines = [
        one for one in s["instances"] if identifier in [entry["GroupId"] for entry in one.get("SecurityGroups", [])]
    ]
    vpn = bool(machines) and all(one["_tags"].get("Role") == "vpn" for one in machines)
    allowed = (WEB_RULES if balanced and not machines else ()) + ((VPN_RULE,) if vpn and not balanced else ())
    read = {
        "open to everybody": rules,
        "public load balancers": balanced,
        "machines": [one["_name"] for one in machines],
    }
    return all(rule in allowed for rule in rules), read


@control(
    "PX-11",
    "high",
    "subnets",
    "Private subnets are private",
    needs="private app and data tiers",
    document=VPC,
    remedy=NETWORK,
)
def private_subnets(s: Snapshot, subnet: Record) -> Verdict:
    name = tier(s, subnet)
    if not owned(s, subnet) or name in ("", "public"):
        return None, {"because": "It is not of a private tier of the environment."}
    gateways = _ways_out(routes_of(s, subnet), ("igw-", "eigw-"))
    addresses = subnet.get("MapPublicIpOnLaunch", False)
    read = {"tier": name, "default routes to internet gateways": gateways, "MapPublicIpOnLaunch": addresses}
    return not gateways and not addresses, read


@control(
    "PX-12",
    "high",
    "subnets",
    "The data tier has no way out",
    needs="private app and data tiers",
    document=VPC,
    remedy=NETWORK,
)
def closed_data_tier(s: Snapshot, subnet: Record) -> Verdict:
    if not owned(s, subnet) or tier(s, subnet) != "data":
        return None, {"because": "It is not of the data tier."}
    targets = _ways_out(routes_of(s, subnet), ("",))
    return not targets, {"default routes": targets}


@control(
    "PX-13",
    "high",
    "account",
    "Each tier stands in two Availability Zones",
    needs="two Availability Zones",
    document="https://docs.aws.amazon.com/vpc/latest/userguide/configure-subnets.html",
    remedy=NETWORK,
)
def two_zones(s: Snapshot, _account: Record) -> Verdict:
    zones: dict[str, set[str]] = {}
    vpcs = {one["VpcId"]: one["_name"] for one in s["vpcs"]}
    for one in s["subnets"]:
        if owned(s, one):
            zones.setdefault(f"{vpcs.get(one['VpcId'])} {tier(s, one)}", set()).add(one["AvailabilityZone"])
    if not zones:
        return None, {"because": "The environment has no subnets."}
    return all(len(found) > 1 for found in zones.values()), {name: sorted(found) for name, found in zones.items()}


@control(
    "PX-14",
    "high",
    "account",
    "A VPN server stands, and it is the only machine of the main VPC with a fixed public address",
    needs="VPN",
    document="https://docs.aws.amazon.com/vpc/latest/userguide/vpc-eips.html",
    remedy="provision.yml --tags aws_compute makes the VPN server; take Elastic IPs from other machines.",
)
def vpn_server(s: Snapshot, _account: Record) -> Verdict:
    if not any(one.get("Scheme") == "internet-facing" and owned_name(s, one["_name"]) for one in s["load_balancers"]):
        return None, {"because": "The environment serves nobody; its machines are reached through Systems Manager."}
    fixed = {one["InstanceId"] for one in s["addresses"] if one.get("InstanceId")}
    servers = [one for one in s["instances"] if owned(s, one) and one["_tags"].get("Role") == "vpn"]
    standing = [one for one in servers if one["InstanceId"] in fixed and one["State"]["Name"] == "running"]
    vpcs = {one["VpcId"] for one in servers}
    others = [
        one["_name"]
        for one in s["instances"]
        if one["InstanceId"] in fixed and one["VpcId"] in vpcs and one not in servers
    ]
    return bool(standing) and not others, {
        "VPN servers with an Elastic IP": [one["_name"] for one in standing],
        "other machines with one": others,
    }


def owned_name(s: Snapshot, name: str) -> bool:
    return name.startswith(f"{s['project']}-{s['environment']}-")


@control(
    "PX-15",
    "medium",
    "owned",
    "The resource carries the environment's tags",
    needs="tags",
    document="https://docs.aws.amazon.com/whitepapers/latest/tagging-best-practices/tagging-best-practices.html",
    remedy="Run provision.yml: every resource that it makes carries them.",
)
def tags(s: Snapshot, one: Record) -> Verdict:
    if one.get("Kind") in UNTAGGABLE:
        return None, {"because": "AWS does not tag such a resource."}
    lacking = [key for key in TAGS if not one["_tags"].get(key)]
    return not lacking, {"missing tags": lacking}


@control(
    "PX-16",
    "medium",
    "databases",
    "RDS keeps the master password in Secrets Manager",
    needs="Secrets Manager",
    document="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html",
    remedy="Take master_password_secret out; an instance with read replicas needs it, so suppress it there.",
)
def managed_password(s: Snapshot, database: Record) -> Verdict:
    if database.get("ReadReplicaSourceDBInstanceIdentifier"):
        return None, {"because": "It is a read replica."}
    secret = (database.get("MasterUserSecret") or {}).get("SecretArn")
    return bool(secret), {"MasterUserSecret": secret}


@control(
    "PX-19",
    "medium",
    "account",
    "The Speech API's VPC is peered with the main one",
    needs="Speech API",
    document="https://docs.aws.amazon.com/vpc/latest/peering/what-is-vpc-peering.html",
    remedy=NETWORK,
)
def peered(s: Snapshot, _account: Record) -> Verdict:
    own = {one["VpcId"]: one["_name"].rpartition("-")[2] for one in s["vpcs"] if owned(s, one)}
    if "speech" not in own.values():
        return None, {"because": "The environment has no VPC for the Speech API."}
    pairs = [
        sorted(own.get(one.get(side, {}).get("VpcId"), "another") for side in ("AccepterVpcInfo", "RequesterVpcInfo"))
        for one in s["peerings"]
        if one["Status"]["Code"] == "active"
    ]
    return ["main", "speech"] in pairs, {"active peerings": pairs}
