# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VPCs, security groups and network ACLs."""

from __future__ import annotations

import ipaddress
from typing import Any

from ..model import Record, Snapshot, Verdict, control

ADMIN_PORTS = (22, 3389)
OPEN = ("0.0.0.0/0", "::/0")
# FSBP's list for EC2.19.
RISKY_PORTS = (20, 21, 22, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 3389, 4333, 5000, 5432, 5500, 5601, 8080)
RISKY_PORTS += (8088, 8888, 9200, 9300)
FLOWS = "Take the rule out of aws_security_groups_flows and run provision.yml --tags aws_security_groups."


def open_rules(group: Record, sources: tuple[str, ...] = OPEN) -> list[dict[str, Any]]:
    """The rules that let the whole internet in."""
    rules = []
    for rule in group.get("IpPermissions") or []:
        ranges = [one["CidrIp"] for one in rule.get("IpRanges") or []]
        ranges += [one["CidrIpv6"] for one in rule.get("Ipv6Ranges") or []]
        if any(one in sources for one in ranges):
            rules.append(rule)
    return rules


def covers(rule: dict[str, Any], port: int) -> bool:
    if str(rule["IpProtocol"]) == "-1":
        return True
    return rule["IpProtocol"] in ("tcp", "6") and rule.get("FromPort", 0) <= port <= rule.get("ToPort", 65535)


def shown(rule: dict[str, Any]) -> str:
    """A rule in a word: tcp 80, udp 1194, all."""
    if str(rule["IpProtocol"]) == "-1":
        return "all"
    first, last = rule.get("FromPort"), rule.get("ToPort")
    return f"{rule['IpProtocol']} {first}" if first == last else f"{rule['IpProtocol']} {first}-{last}"


def _no_ports(group: Record, ports: tuple[int, ...], sources: tuple[str, ...]) -> Verdict:
    found = [shown(one) for one in open_rules(group, sources) if any(covers(one, port) for port in ports)]
    return not found, {"open to everybody": found}


@control(
    "EC2.2",
    "high",
    "security_groups",
    "The default security group of a VPC lets nothing in or out",
    cis="5.4",
    remedy="provision.yml --tags aws_security_groups empties it; delete a default VPC that nobody uses.",
)
def default_group(s: Snapshot, group: Record) -> Verdict:
    if group["GroupName"] != "default":
        return None, {"because": "It is not a default group."}
    read = {"IpPermissions": len(group["IpPermissions"]), "IpPermissionsEgress": len(group["IpPermissionsEgress"])}
    return not any(read.values()), read


@control("EC2.53", "high", "security_groups", "SSH and RDP are closed to the internet", cis="5.2", remedy=FLOWS)
def admin_v4(s: Snapshot, group: Record) -> Verdict:
    return _no_ports(group, ADMIN_PORTS, ("0.0.0.0/0",))


@control(
    "EC2.54", "high", "security_groups", "SSH and RDP are closed to the internet over IPv6", cis="5.3", remedy=FLOWS
)
def admin_v6(s: Snapshot, group: Record) -> Verdict:
    return _no_ports(group, ADMIN_PORTS, ("::/0",))


@control(
    "EC2.19", "critical", "security_groups", "Ports of databases and the like are closed to the internet", remedy=FLOWS
)
def risky_ports(s: Snapshot, group: Record) -> Verdict:
    return _no_ports(group, RISKY_PORTS, OPEN)


@control("EC2.18", "high", "security_groups", "The internet reaches authorised ports only", remedy=FLOWS)
def authorised_ports(s: Snapshot, group: Record) -> Verdict:
    # FSBP authorises tcp 80 and 443; the VPN's port is judged by PX-10.
    barred = [one for one in open_rules(group) if shown(one) not in ("tcp 80", "tcp 443", "udp 1194")]
    return not barred, {"open to everybody": [shown(one) for one in open_rules(group)]}


@control(
    "EC2.6",
    "medium",
    "vpcs",
    "The traffic of the VPC is recorded",
    cis="3.7",
    needs="CloudWatch",
    remedy="provision.yml --tags aws_network makes flow logs; delete a default VPC that nobody uses.",
)
def flow_logs(s: Snapshot, vpc: Record) -> Verdict:
    types = [
        one["TrafficType"]
        for one in s["flow_logs"]
        if one["ResourceId"] == vpc["VpcId"] and one.get("FlowLogStatus") == "ACTIVE"
    ]
    return bool({"REJECT", "ALL"} & set(types)), {"TrafficType": types}


@control(
    "EC2.15",
    "medium",
    "subnets",
    "The subnet gives no public addresses by itself",
    remedy="Turn MapPublicIpOnLaunch off; a launch template asks for addresses where they are wanted.",
)
def no_automatic_addresses(s: Snapshot, subnet: Record) -> Verdict:
    given = subnet.get("MapPublicIpOnLaunch", False)
    return not given, {"MapPublicIpOnLaunch": given}


@control(
    "EC2.21",
    "medium",
    "network_acls",
    "The network ACL keeps SSH and RDP from the internet",
    cis="5.1",
    remedy="Deny ports 22 and 3389 from 0.0.0.0/0 and ::/0.",
)
def network_acl(s: Snapshot, acl: Record) -> Verdict:
    if not acl.get("Associations"):
        return None, {"because": "No subnet uses it."}
    inward = sorted((one for one in acl["Entries"] if not one["Egress"]), key=lambda one: one["RuleNumber"])
    ports = [port for port in ADMIN_PORTS for source in OPEN if _admits(inward, port, source)]
    return not ports, {"ports open to everybody": sorted(set(ports))}


def _admits(entries: list[dict[str, Any]], port: int, source: str) -> bool:
    """The first entry that fits decides."""
    for one in entries:
        if source not in (one.get("CidrBlock"), one.get("Ipv6CidrBlock")):
            continue
        span = one.get("PortRange")
        if str(one["Protocol"]) == "-1" or (
            str(one["Protocol"]) == "6" and (not span or span["From"] <= port <= span["To"])
        ):
            return bool(one["RuleAction"] == "allow")
    return False


@control("EC2.12", "low", "addresses", "The Elastic IP is in use", remedy="Release it: it costs and serves nobody.")
def unused_address(s: Snapshot, address: Record) -> Verdict:
    return bool(address.get("AssociationId")), {"AssociationId": address.get("AssociationId")}


@control(
    "CIS-3.0 5.5",
    "medium",
    "peerings",
    "Routes over a peering lead to the peer alone",
    cis="5.5",
    document="https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-routing.html",
    remedy="Route the CIDR of the peer's VPC, or less, and nothing wider.",
)
def peering_routes(s: Snapshot, peering: Record) -> Verdict:
    sides = [peering.get(side, {}).get("CidrBlock") for side in ("AccepterVpcInfo", "RequesterVpcInfo")]
    networks = [ipaddress.ip_network(one) for one in sides if one]
    targets = [
        route["DestinationCidrBlock"]
        for table in s["route_tables"]
        for route in table.get("Routes", [])
        if route.get("VpcPeeringConnectionId") == peering["VpcPeeringConnectionId"]
        and route.get("DestinationCidrBlock")
    ]
    wide = [one for one in targets if not any(ipaddress.ip_network(one).subnet_of(network) for network in networks)]
    return not wide, {"routes": sorted(set(targets)), "wider than the peer": wide}
