# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VPCs and what is in them."""

from __future__ import annotations

from typing import Any

from .base import Item, Kind, Rank, status, status_not, tag_filter
from .removal import Removal, delete, delete_and_wait


def _ec2(
    key: str,
    label: str,
    operation: str,
    result: str,
    id_key: str,
    noun: str,
    *,
    planned_id: str,
    argument: str = "Filters",
    **rest: Any,
) -> Kind:
    """EC2 filters by tag in the list call and returns no ARN."""
    rest.setdefault("role", "aws_network")
    return Kind(
        key=key,
        label=label,
        service="ec2",
        operation=operation,
        result=result,
        id_key=id_key,
        arn="arn:{partition}:ec2:{region}:{account}:" + noun + "/{id}",
        arguments=tag_filter(argument),
        planned_id=planned_id,
        **rest,
    )


def _detach_and_delete_gateway(removal: Removal, item: Item) -> None:
    for attachment in item.get("attachments", []):
        removal.call("ec2", "detach_internet_gateway", InternetGatewayId=item["id"], VpcId=attachment["vpc_id"])
    removal.call("ec2", "delete_internet_gateway", InternetGatewayId=item["id"])


def _delete_route_table(removal: Removal, item: Item) -> None:
    # The main route table cannot be deleted: it goes with its VPC.
    if any(association.get("main") for association in item.get("associations", [])):
        return
    for association in item.get("associations", []):
        removal.call("ec2", "disassociate_route_table", AssociationId=association["route_table_association_id"])
    removal.call("ec2", "delete_route_table", RouteTableId=item["id"])


def _revoke_rules(removal: Removal, item: Item) -> None:
    """Rules of groups that name each other would hold both groups for ever."""
    rules = removal.aws.pages(
        "ec2",
        "describe_security_group_rules",
        "SecurityGroupRules",
        Filters=[{"Name": "group-id", "Values": [item["id"]]}],
    )
    for egress, operation in ((False, "revoke_security_group_ingress"), (True, "revoke_security_group_egress")):
        ids = [rule["SecurityGroupRuleId"] for rule in rules if bool(rule["IsEgress"]) is egress]
        if ids:
            removal.call("ec2", operation, GroupId=item["id"], SecurityGroupRuleIds=ids)


def _delete_security_group(removal: Removal, item: Item) -> None:
    # The default group goes with its VPC.
    if item.get("group_name") != "default":
        removal.call("ec2", "delete_security_group", GroupId=item["id"])


def _delete_network_acl(removal: Removal, item: Item) -> None:
    if not item.get("is_default"):
        removal.call("ec2", "delete_network_acl", NetworkAclId=item["id"])


def _release_address(removal: Removal, item: Item) -> None:
    if item.get("association_id") and not item.get("network_interface_owner_id"):
        removal.call("ec2", "disassociate_address", AssociationId=item["association_id"])
    removal.call("ec2", "release_address", AllocationId=item["id"])


KINDS = (
    _ec2(
        "vpcs",
        "VPC",
        "describe_vpcs",
        "Vpcs",
        "VpcId",
        "vpc",
        rank=Rank.VPCS,
        delete=delete("ec2", "delete_vpc", VpcId="id"),
        where=("cidr_block",),
        state="state",
        planned_id="vpc-0{hex16}",
        planned={"vpc_id": "{id}", "cidr_block": "10.0.0.0/16"},
    ),
    _ec2(
        "subnets",
        "subnet",
        "describe_subnets",
        "Subnets",
        "SubnetId",
        "subnet",
        rank=Rank.SUBNETS,
        delete=delete("ec2", "delete_subnet", SubnetId="id"),
        where=("vpc_id", "availability_zone", "cidr_block"),
        state="state",
        planned_id="subnet-0{hex16}",
        planned={"subnet_id": "{id}", "availability_zone": "{region}a", "cidr_block": "10.0.0.0/24"},
    ),
    _ec2(
        "internet_gateways",
        "internet gateway",
        "describe_internet_gateways",
        "InternetGateways",
        "InternetGatewayId",
        "internet-gateway",
        rank=Rank.GUARDS,
        delete=_detach_and_delete_gateway,
        where=("attachments.0.vpc_id",),
        state="attachments.0.state",
        planned_id="igw-0{hex16}",
        planned={"internet_gateway_id": "{id}"},
    ),
    _ec2(
        "nat_gateways",
        "NAT gateway",
        "describe_nat_gateways",
        "NatGateways",
        "NatGatewayId",
        "natgateway",
        argument="Filter",
        rank=Rank.SOURCES,
        alive=status_not("State", "deleted", "failed"),
        going=status("State", "deleting"),
        created="CreateTime",
        delete=delete_and_wait(
            "ec2",
            "delete_nat_gateway",
            {"NatGatewayId": "id"},
            poll=("describe_nat_gateways", "NatGateways", {"NatGatewayIds": ["id"]}),
            gone=("State", "deleted", "failed"),
        ),
        where=("vpc_id", "subnet_id", "nat_gateway_addresses.0.public_ip"),
        state="state",
        planned_id="nat-0{hex16}",
        planned={"nat_gateway_id": "{id}"},
    ),
    _ec2(
        "elastic_ips",
        "Elastic IP address",
        "describe_addresses",
        "Addresses",
        "AllocationId",
        "elastic-ip",
        rank=Rank.PARTS,
        delete=_release_address,
        where=("public_ip",),
        planned_id="eipalloc-0{hex16}",
        planned={"allocation_id": "{id}", "public_ip": "192.0.2.1"},
    ),
    _ec2(
        "route_tables",
        "route table",
        "describe_route_tables",
        "RouteTables",
        "RouteTableId",
        "route-table",
        rank=Rank.GUARDS,
        delete=_delete_route_table,
        where=("vpc_id",),
        planned_id="rtb-0{hex16}",
        planned={"route_table_id": "{id}"},
    ),
    _ec2(
        "security_groups",
        "security group",
        "describe_security_groups",
        "SecurityGroups",
        "GroupId",
        "security-group",
        role="aws_security_groups",
        rank=Rank.GUARDS,
        prepare=_revoke_rules,
        delete=_delete_security_group,
        name_key="GroupName",
        where=("vpc_id",),
        planned_id="sg-0{hex16}",
        planned={"group_id": "{id}", "group_name": "{prefix}{name}"},
    ),
    _ec2(
        "network_acls",
        "network ACL",
        "describe_network_acls",
        "NetworkAcls",
        "NetworkAclId",
        "network-acl",
        rank=Rank.EDGES,
        delete=_delete_network_acl,
        where=("vpc_id",),
        planned_id="acl-0{hex16}",
        planned={"network_acl_id": "{id}"},
    ),
    _ec2(
        "vpc_endpoints",
        "VPC endpoint",
        "describe_vpc_endpoints",
        "VpcEndpoints",
        "VpcEndpointId",
        "vpc-endpoint",
        role="aws_vpc_endpoints",
        rank=Rank.SOURCES,
        alive=status_not("State", "deleted", "Deleted"),
        going=status("State", "deleting", "Deleting"),
        created="CreationTimestamp",
        delete=delete_and_wait(
            "ec2",
            "delete_vpc_endpoints",
            {"VpcEndpointIds": ["id"]},
            poll=("describe_vpc_endpoints", "VpcEndpoints", {"VpcEndpointIds": ["id"]}),
            gone=("State", "deleted", "Deleted"),
        ),
        where=("vpc_id", "service_name"),
        state="state",
        planned_id="vpce-0{hex16}",
        planned={"vpc_endpoint_id": "{id}", "service_name": "com.amazonaws.{region}.{name}"},
    ),
    _ec2(
        "vpc_peering_connections",
        "VPC peering connection",
        "describe_vpc_peering_connections",
        "VpcPeeringConnections",
        "VpcPeeringConnectionId",
        "vpc-peering-connection",
        rank=Rank.SOURCES,
        alive=status_not("Status.Code", "deleting", "deleted", "rejected", "failed", "expired"),
        delete=delete("ec2", "delete_vpc_peering_connection", VpcPeeringConnectionId="id"),
        where=("requester_vpc_info.vpc_id", "accepter_vpc_info.vpc_id"),
        state="status.code",
        planned_id="pcx-0{hex16}",
        planned={"vpc_peering_connection_id": "{id}"},
    ),
    _ec2(
        "flow_logs",
        "VPC flow log",
        "describe_flow_logs",
        "FlowLogs",
        "FlowLogId",
        "vpc-flow-log",
        argument="Filter",
        rank=Rank.SOURCES,
        created="CreationTime",
        delete=delete("ec2", "delete_flow_logs", FlowLogIds=["id"]),
        where=("resource_id", "log_group_name"),
        state="flow_log_status",
        planned_id="fl-0{hex16}",
        planned={"flow_log_id": "{id}"},
    ),
)
