# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the EC2 extensions."""

from __future__ import annotations

import json
from typing import Any

from checks import ACCOUNT, Aws, error_code, proves, unique
from checks.builders import IMAGE, TAGS, instance, network, security_group


@proves("ec2.dry_run_changes_nothing")
def dry_run_makes_no_vpc(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    assert error_code(ec2.create_vpc, CidrBlock="10.99.0.0/16", DryRun=True) == "DryRunOperation"
    assert ec2.describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.99.0.0/16"]}])["Vpcs"] == []


@proves("ec2.tags_of_addresses_and_nat_gateways")
def addresses_and_nat_gateways_have_tags(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": TAGS}])[
        "AllocationId"
    ]
    gateway = ec2.create_nat_gateway(
        SubnetId=network(aws).subnets[0],
        AllocationId=address,
        TagSpecifications=[{"ResourceType": "natgateway", "Tags": TAGS}],
    )["NatGateway"]["NatGatewayId"]
    for identifier, kind in ((address, "elastic-ip"), (gateway, "natgateway")):
        filters = [
            {"Name": "resource-id", "Values": [identifier]},
            {"Name": "resource-type", "Values": [kind]},
        ]
        (tag,) = ec2.describe_tags(Filters=filters)["Tags"]
        assert (tag["ResourceType"], tag["Key"], tag["Value"]) == (kind, "Role", "web")


@proves("ec2.a_deleted_subnet_leaves_its_network_acl")
def network_acl_can_be_deleted_after_its_subnet(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.98.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.98.0.0/24")["Subnet"]["SubnetId"]
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    (default,) = ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])[
        "NetworkAcls"
    ]
    (association,) = [one for one in default["Associations"] if one["SubnetId"] == subnet]
    ec2.replace_network_acl_association(AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_network_acl(NetworkAclId=acl)
    left = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["NetworkAcls"]
    assert acl not in [one["NetworkAclId"] for one in left]


@proves("ec2.launch_template_data_has_no_template_tags")
def launch_template_data_is_what_was_given(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    name = unique()
    ec2.create_launch_template(
        LaunchTemplateName=name,
        LaunchTemplateData={"ImageId": IMAGE},
        TagSpecifications=[{"ResourceType": "launch-template", "Tags": TAGS}],
    )
    (version,) = ec2.describe_launch_template_versions(LaunchTemplateName=name)["LaunchTemplateVersions"]
    assert version["LaunchTemplateData"] == {"ImageId": IMAGE}
    (template,) = ec2.describe_launch_templates(LaunchTemplateNames=[name])["LaunchTemplates"]
    assert template["Tags"] == TAGS


@proves("ec2.launch_templates_show_their_present_tags")
def tags_of_a_launch_template_change(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    name = unique()
    specification = {"ResourceType": "launch-template", "Tags": [*TAGS, {"Key": "Old", "Value": "1"}]}
    made = ec2.create_launch_template(
        LaunchTemplateName=name, LaunchTemplateData={"ImageId": IMAGE}, TagSpecifications=[specification]
    )
    template = made["LaunchTemplate"]["LaunchTemplateId"]
    ec2.delete_tags(Resources=[template], Tags=[{"Key": "Old"}])
    ec2.create_tags(Resources=[template], Tags=[{"Key": "New", "Value": "2"}])
    (shown,) = ec2.describe_launch_templates(LaunchTemplateNames=[name])["LaunchTemplates"]
    assert shown["Tags"] == [*TAGS, {"Key": "New", "Value": "2"}]


@proves("ec2.icmp_type_of_network_acl_entries")
def network_acl_entry_has_icmp_type(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    acl = ec2.create_network_acl(VpcId=network(aws).vpc)["NetworkAcl"]["NetworkAclId"]
    entry = {"NetworkAclId": acl, "RuleNumber": 100, "Protocol": "1", "RuleAction": "allow", "Egress": False}
    for change, kind in ((ec2.create_network_acl_entry, 8), (ec2.replace_network_acl_entry, 0)):
        change(**entry, CidrBlock="0.0.0.0/0", IcmpTypeCode={"Type": kind, "Code": -1})
        entries = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]["Entries"]
        assert {"Type": kind, "Code": -1} in [one.get("IcmpTypeCode") for one in entries]


@proves("ec2.volume_defaults")
def attached_volume_is_complete(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    machine = instance(aws)
    volume = ec2.create_volume(Size=8, AvailabilityZone="ap-south-1a", VolumeType="gp3")["VolumeId"]
    ec2.attach_volume(VolumeId=volume, InstanceId=machine, Device="/dev/sdf")
    (shown,) = ec2.describe_volumes(VolumeIds=[volume])["Volumes"]
    assert (shown["MultiAttachEnabled"], shown["Iops"], shown["Throughput"]) == (False, 3000, 125)
    assert shown["Attachments"][0]["InstanceId"] == machine


@proves("ec2.snapshots_of_a_new_image_are_tagged")
def new_image_and_its_snapshot_are_tagged(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    specifications = [{"ResourceType": kind, "Tags": TAGS} for kind in ("image", "snapshot")]
    image = ec2.create_image(InstanceId=instance(aws), Name=unique(), TagSpecifications=specifications)["ImageId"]
    (shown,) = ec2.describe_images(ImageIds=[image])["Images"]
    snapshot = shown["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    assert shown["Tags"] == TAGS
    assert ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["Tags"] == TAGS


@proves("ec2.snapshots_are_described_by_owner")
def own_snapshots_are_told_from_those_of_public_images(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    volume = ec2.create_volume(Size=8, AvailabilityZone="ap-south-1a")["VolumeId"]
    own = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    shown = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert own in [one["SnapshotId"] for one in shown]
    assert {one["OwnerId"] for one in shown} == {ACCOUNT}

    def restorable(by: str) -> list[str]:
        found = ec2.describe_snapshots(OwnerIds=["self"], RestorableByUserIds=[by])["Snapshots"]
        return [one["SnapshotId"] for one in found if one["SnapshotId"] == own]

    friend = "111122223333"
    assert [restorable(by) for by in ("self", "all", friend)] == [[own], [], []]
    ec2.modify_snapshot_attribute(
        SnapshotId=own,
        Attribute="createVolumePermission",
        OperationType="add",
        UserIds=[friend],
        GroupNames=["all"],
    )
    assert [restorable(by) for by in ("all", friend, "444455556666")] == [[own], [own], []]


@proves("ec2.flow_log_destination_names_the_log_group")
def flow_log_to_a_log_group_by_arn(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    group = unique("/flow/")
    aws.client("logs").create_log_group(logGroupName=group)
    vpc = network(aws).vpc
    ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="REJECT",
        LogDestinationType="cloud-watch-logs",
        LogDestination=f"arn:aws:logs:ap-south-1:{ACCOUNT}:log-group:{group}",
        DeliverLogsPermissionArn=f"arn:aws:iam::{ACCOUNT}:role/flow",
        MaxAggregationInterval=60,
        TagSpecifications=[{"ResourceType": "vpc-flow-log", "Tags": TAGS}],
    )
    filters = [{"Name": "resource-id", "Values": [vpc]}]
    (log,) = ec2.describe_flow_logs(Filter=filters)["FlowLogs"]
    assert (log["LogGroupName"], log["DeliverLogsStatus"], log["Tags"]) == (group, "SUCCESS", TAGS)
    ec2.delete_flow_logs(FlowLogIds=[log["FlowLogId"]])
    assert ec2.describe_flow_logs(Filter=filters)["FlowLogs"] == []


def interface_endpoint(aws: Aws) -> tuple[str, Any]:
    net = network(aws)
    made = aws.client("ec2").create_vpc_endpoint(
        VpcId=net.vpc,
        VpcEndpointType="Interface",
        ServiceName="com.amazonaws.ap-south-1.ssm",
        SubnetIds=net.subnets,
        SecurityGroupIds=[net.group],
        TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": TAGS}],
    )
    return made["VpcEndpoint"]["VpcEndpointId"], net


def endpoint_of(aws: Aws, identifier: str) -> dict[str, Any]:
    return dict(aws.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[identifier])["VpcEndpoints"][0])


def interfaces_of(aws: Aws, endpoint: dict[str, Any]) -> list[tuple[str, list[str]]]:
    found = aws.client("ec2").describe_network_interfaces(NetworkInterfaceIds=endpoint["NetworkInterfaceIds"])
    return sorted(
        (one["SubnetId"], [group["GroupId"] for group in one["Groups"]]) for one in found["NetworkInterfaces"]
    )


@proves("ec2.interface_endpoints_have_interfaces_in_their_groups")
def interface_endpoint_has_an_interface_a_subnet(aws: Aws) -> None:
    identifier, net = interface_endpoint(aws)
    endpoint = endpoint_of(aws, identifier)
    assert (endpoint["PrivateDnsEnabled"], endpoint["Tags"]) == (True, TAGS)
    assert interfaces_of(aws, endpoint) == sorted((subnet, [net.group]) for subnet in net.subnets)


@proves("ec2.endpoints_can_be_modified")
def interface_endpoint_moves(aws: Aws) -> None:
    identifier, net = interface_endpoint(aws)
    other = security_group(aws, net.vpc)
    aws.client("ec2").modify_vpc_endpoint(
        VpcEndpointId=identifier,
        AddSecurityGroupIds=[other],
        RemoveSecurityGroupIds=[net.group],
        RemoveSubnetIds=[net.subnets[0]],
        PrivateDnsEnabled=False,
    )
    endpoint = endpoint_of(aws, identifier)
    assert endpoint["PrivateDnsEnabled"] is False
    assert [group["GroupId"] for group in endpoint["Groups"]] == [other]
    assert interfaces_of(aws, endpoint) == [(net.subnets[1], [other])]


@proves("ec2.descriptions_of_rules_between_groups_change")
def rule_between_groups_is_described_again(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    net = network(aws)
    peer, other = security_group(aws, net.vpc), security_group(aws, net.vpc)

    def rules(description: str, *groups: str) -> list[dict[str, Any]]:
        pairs = [{"GroupId": group, "Description": description} for group in groups]
        return [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": pairs}]

    for direction, listed in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress")):
        getattr(ec2, f"authorize_security_group_{direction}")(GroupId=net.group, IpPermissions=rules("a", peer, other))
        update = getattr(ec2, f"update_security_group_rule_descriptions_{direction}")
        update(GroupId=net.group, IpPermissions=rules("b", peer))
        [group] = ec2.describe_security_groups(GroupIds=[net.group])["SecurityGroups"]
        pairs = [pair for permission in group[listed] for pair in permission["UserIdGroupPairs"]]
        assert {pair["GroupId"]: pair["Description"] for pair in pairs} == {peer: "b", other: "a"}


@proves("ec2.rules_with_prefix_lists_have_descriptions")
def rule_with_a_prefix_list_is_described(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    group = network(aws).group
    one, other = (entry["PrefixListId"] for entry in ec2.describe_managed_prefix_lists()["PrefixLists"][:2])

    def rules(described: dict[str, str]) -> list[dict[str, Any]]:
        peers = [{"PrefixListId": peer, "Description": text} for peer, text in described.items()]
        return [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": peers}]

    for direction, listed in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress")):
        getattr(ec2, f"authorize_security_group_{direction}")(
            GroupId=group, IpPermissions=rules({one: "a", other: "a"})
        )
        update = getattr(ec2, f"update_security_group_rule_descriptions_{direction}")
        update(GroupId=group, IpPermissions=rules({one: "b"}))
        [found] = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
        peers = [peer for permission in found[listed] for peer in permission["PrefixListIds"]]
        assert {peer["PrefixListId"]: peer["Description"] for peer in peers} == {one: "b", other: "a"}


@proves("ec2.endpoints_are_gateways_by_default")
def endpoint_without_a_type_is_a_gateway(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    vpc = network(aws).vpc
    made = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.ap-south-1.s3")["VpcEndpoint"]
    endpoint = endpoint_of(aws, made["VpcEndpointId"])
    assert (endpoint["VpcEndpointType"], endpoint["PrivateDnsEnabled"]) == ("Gateway", False)


@proves("ec2.endpoints_can_be_modified")
def endpoint_policy_is_reset(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    made = ec2.create_vpc_endpoint(
        VpcId=network(aws).vpc, ServiceName="com.amazonaws.ap-south-1.s3", PolicyDocument='{"Statement": []}'
    )["VpcEndpoint"]
    ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], ResetPolicy=True)
    policy = json.loads(endpoint_of(aws, made["VpcEndpointId"])["PolicyDocument"])
    assert policy["Statement"][0]["Effect"] == "Allow"


@proves("ec2.gateway_endpoints_have_a_route_a_table")
def gateway_endpoint_moves_its_routes(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    service = {"VpcId": network(aws).vpc, "ServiceName": "com.amazonaws.ap-south-1.s3", "VpcEndpointType": "Gateway"}
    first, second = (ec2.create_route_table(VpcId=service["VpcId"])["RouteTable"]["RouteTableId"] for _ in range(2))

    def leads_to_endpoints(table: str) -> list[str]:
        (shown,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
        return [route["GatewayId"] for route in shown["Routes"] if route.get("DestinationPrefixListId")]

    made = ec2.create_vpc_endpoint(**service, RouteTableIds=[first])["VpcEndpoint"]["VpcEndpointId"]
    assert error_code(ec2.create_vpc_endpoint, **service, RouteTableIds=[first, second]) == "RouteAlreadyExists"
    ec2.modify_vpc_endpoint(VpcEndpointId=made, AddRouteTableIds=[second])
    assert [leads_to_endpoints(first), leads_to_endpoints(second)] == [[made], [made]]
    ec2.modify_vpc_endpoint(VpcEndpointId=made, RemoveRouteTableIds=[first])
    assert [leads_to_endpoints(first), leads_to_endpoints(second)] == [[], [made]]
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made])
    assert leads_to_endpoints(second) == []


@proves("ec2.deleted_endpoints_are_gone")
def deleted_endpoint_is_not_described(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    identifier, _ = interface_endpoint(aws)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[identifier])
    assert identifier not in [one["VpcEndpointId"] for one in ec2.describe_vpc_endpoints()["VpcEndpoints"]]


@proves("ec2.debian_images_are_public", "ssm.debian_parameters_name_the_latest_image")
def debian_images_are_found_by_parameter(aws: Aws) -> None:
    for release in ("12", "13"):
        for name, architecture in (("amd64", "x86_64"), ("arm64", "arm64")):
            parameter = f"/aws/service/debian/release/{release}/latest/{name}"
            image = aws.client("ssm").get_parameter(Name=parameter)["Parameter"]["Value"]
            (shown,) = aws.client("ec2").describe_images(ImageIds=[image])["Images"]
            assert (shown["OwnerId"], shown["Architecture"], shown["Public"]) == ("136693071363", architecture, True)
            assert shown["Name"].startswith(f"debian-{release}-{name}-")


@proves("ec2.images_name_their_instance")
def image_names_the_instance_it_was_made_from(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    debian = aws.client("ssm").get_parameter(Name="/aws/service/debian/release/13/latest/arm64")["Parameter"]["Value"]
    instance = ec2.run_instances(ImageId=debian, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    made = ec2.create_image(InstanceId=instance, Name=unique())["ImageId"]
    shown = {one["ImageId"]: one for one in ec2.describe_images(ImageIds=[made, debian])["Images"]}
    assert shown[made]["SourceInstanceId"] == instance
    assert "SourceInstanceId" not in shown[debian]


@proves("ec2.machines_are_launched_as_asked")
def machine_has_its_groups_and_its_protection(aws: Aws) -> None:
    ec2, net = aws.client("ec2"), network(aws)
    group = ec2.create_security_group(GroupName=unique(), Description="one", VpcId=net.vpc)["GroupId"]
    image = aws.client("ssm").get_parameter(Name="/aws/service/debian/release/13/latest/arm64")["Parameter"]["Value"]
    name = unique()
    profile = aws.client("iam").create_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Arn"]
    data = {"ImageId": image, "NetworkInterfaces": [{"DeviceIndex": 0, "Groups": [group]}]}
    data["IamInstanceProfile"] = {"Name": name}
    data["MetadataOptions"] = {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}
    ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    profiles, options = [], []

    def launched(**asked: Any) -> tuple[list[str], bool]:
        machine = ec2.run_instances(MinCount=1, MaxCount=1, **asked)["Instances"][0]["InstanceId"]
        (shown,) = ec2.describe_instances(InstanceIds=[machine])["Reservations"][0]["Instances"]
        read = ec2.describe_instance_attribute(InstanceId=machine, Attribute="disableApiTermination")
        profiles.append(shown.get("IamInstanceProfile", {}).get("Arn"))
        options.append((shown["MetadataOptions"]["HttpTokens"], shown["MetadataOptions"]["HttpPutResponseHopLimit"]))
        return [one["GroupId"] for one in shown["SecurityGroups"]], read["DisableApiTermination"]["Value"]

    interface = {"DeviceIndex": 0, "SubnetId": net.subnets[0], "Groups": [group]}
    assert launched(ImageId=image, NetworkInterfaces=[interface], DisableApiTermination=True) == ([group], True)
    assert launched(LaunchTemplate={"LaunchTemplateName": name}) == ([group], False)
    assert profiles == [None, profile]
    assert options == [("optional", 1), ("required", 2)]


@proves("ec2.elastic_addresses_are_no_loopback_addresses")
def elastic_address_is_of_the_network_for_rehearsals(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    addresses = [ec2.allocate_address(Domain="vpc")["PublicIp"] for _ in range(2)]
    assert all(address.startswith("198.18.") for address in addresses)
    assert len(set(addresses)) == 2
