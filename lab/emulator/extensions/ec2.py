# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EC2: tags, launch templates, network ACLs, volumes, images, flow logs and VPC endpoints."""

from __future__ import annotations

import inspect
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import DryRunClientError
from moto.ec2.models.amis import Ami, AmiBackend
from moto.ec2.models.elastic_block_store import Volume
from moto.ec2.models.elastic_ip_addresses import ElasticAddress, ElasticAddressBackend
from moto.ec2.models.flow_logs import FlowLogsBackend
from moto.ec2.models.instances import MetadataOptions
from moto.ec2.models.launch_templates import LaunchTemplate, LaunchTemplateBackend
from moto.ec2.models.nat_gateways import NatGateway, NatGatewayBackend
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupBackend, SecurityGroupRule
from moto.ec2.models.subnets import Subnet, SubnetBackend
from moto.ec2.models.tags import EC2_PREFIX_TO_RESOURCE
from moto.ec2.models.vpcs import VPCBackend, VPCEndPoint
from moto.ec2.responses import EC2Response
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.utils import random_private_ip

from lab.emulator.harsh import slow
from lab.emulator.registry import ApiError, fix, wrap


@fix("ec2")
def dry_run_changes_nothing() -> None:
    """With DryRun every call, not only some, is answered with DryRunOperation and not carried out.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html
    """

    @wrap(EC2Response, "call_action")
    def call_action(original: Any, response: EC2Response) -> Any:
        if response._get_bool_param("DryRun"):
            response._authenticate_and_authorize_normal_action()
            return response.serialized(ActionResult(DryRunClientError()))
        return original(response)


@fix("ec2")
def tags_of_addresses_and_nat_gateways() -> None:
    """DescribeTags knows the resource types elastic-ip and natgateway.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTags.html
    """
    EC2_PREFIX_TO_RESOURCE.update({"eipalloc": "elastic-ip", "nat": "natgateway"})


@fix("ec2")
def a_deleted_subnet_leaves_its_network_acl() -> None:
    """The association of a subnet with its network ACL ends with the subnet, so that the ACL can be deleted.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteNetworkAcl.html
    """

    @wrap(SubnetBackend, "delete_subnet")
    def delete_subnet(original: Any, backend: Any, subnet_id: str) -> Subnet:
        subnet = original(backend, subnet_id)
        for acl in backend.network_acls.values():
            held = acl._associations
            acl._associations = {key: one for key, one in held.items() if one.subnet_id != subnet_id}
        return subnet


@fix("ec2")
def descriptions_of_rules_between_groups_change() -> None:
    """A rule that refers to another security group takes a new description, as one with a CIDR block does.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UpdateSecurityGroupRuleDescriptionsIngress.html
    """
    for direction in ("ingress", "egress"):
        _update_descriptions(direction)


def _update_descriptions(direction: str) -> None:
    @wrap(SecurityGroupBackend, f"update_security_group_rule_descriptions_{direction}")
    def update(original: Any, backend: Any, **arguments: Any) -> Any:
        group = original(backend, **arguments)
        new = {peer.get("GroupId"): peer.get("Description") for peer in arguments["source_groups"] or []}
        wanted = [str(arguments[name]) for name in ("ip_protocol", "from_port", "to_port")]
        for rule in getattr(group, f"{direction}_rules"):
            peer = rule.source_group.get("GroupId")
            if peer in new and [str(rule.ip_protocol), str(rule.from_port), str(rule.to_port)] == wanted:
                rule.source_group["Description"] = new[peer]
        return group


@fix("ec2")
def rules_with_prefix_lists_have_descriptions() -> None:
    """A rule that refers to a prefix list has a description, which can be changed, as one with a CIDR block does.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_PrefixListId.html
    """

    @wrap(SecurityGroupRule, "__init__")
    def init(original: Any, rule: SecurityGroupRule, *args: Any, **arguments: Any) -> None:
        bound = inspect.signature(original).bind(rule, *args, **arguments).arguments
        original(rule, *args, **arguments)
        rule.of_prefix_list = bound.get("prefix_list_id") or {}

    @wrap(SecurityGroup, "_flattened_rules")
    def flattened(original: Any, group: SecurityGroup, rules: list[Any]) -> list[Any]:
        views: list[Any] = original(group, rules)
        for view in views:
            ports = (view.ip_protocol, view.from_port, view.to_port)
            same = [rule for rule in rules if (rule.ip_protocol, rule.from_port, rule.to_port) == ports]
            view.prefix_list_ids = [dict(rule.of_prefix_list) for rule in same if rule.prefix_list_id]
        return views

    @wrap(SecurityGroupBackend, "_sg_update_description")
    def update(original: Any, backend: Any, described: SecurityGroupRule, rule: SecurityGroupRule) -> None:
        original(backend, described, rule)
        if described.prefix_list_id:
            rule.of_prefix_list = described.of_prefix_list


@fix("ec2")
def launch_template_data_has_no_template_tags() -> None:
    """Tags of the template itself are no part of the data of its first version.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html
    """

    @wrap(LaunchTemplateBackend, "create_launch_template")
    def create(
        original: Any, backend: Any, name: str, description: str, data: dict[str, Any], tags: dict[str, Any]
    ) -> LaunchTemplate:
        kept = [one for one in data.pop("TagSpecifications", []) if one["ResourceType"] != "launch-template"]
        if kept:
            data["TagSpecifications"] = kept
        template: LaunchTemplate = original(backend, name, description, data, tags)
        return template


@fix("ec2")
def launch_templates_show_their_present_tags() -> None:
    """A launch template is described with the tags that it has now, not with those that it was made with.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchTemplate.html
    """

    def ignore(template: LaunchTemplate, tags: Any) -> None:
        """The tags of its birth are among the present ones."""

    LaunchTemplate.tags = property(LaunchTemplate.get_tags, ignore)  # type: ignore[assignment]


@fix("ec2")
def icmp_type_of_network_acl_entries() -> None:
    """An entry keeps its IcmpTypeCode.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html
    """

    def rename(original: Any, response: EC2Response) -> Any:
        response.params["Icmp"] = response.params.get("IcmpTypeCode") or {}
        return original(response)

    wrap(EC2Response, "create_network_acl_entry")(rename)
    wrap(EC2Response, "replace_network_acl_entry")(rename)


@fix("ec2")
def volume_defaults() -> None:
    """A volume says whether it is multi-attach; a gp3 volume has 3000 IOPS and 125 MiB/s unless told otherwise.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html
    """

    @wrap(Volume, "__init__")
    def init(original: Any, volume: Volume, *args: Any, **kwargs: Any) -> None:
        original(volume, *args, **kwargs)
        volume.multi_attach_enabled = bool(volume.multi_attach_enabled)
        if volume.volume_type == "gp3":
            volume.iops = volume.iops or 3000
            volume.throughput = volume.throughput or 125


@fix("ec2")
def snapshots_of_a_new_image_are_tagged() -> None:
    """CreateImage tags the snapshots it makes.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html
    """

    @wrap(AmiBackend, "create_image")
    def create(
        original: Any, backend: Any, instance_id: str, name: str, description: str, tag_specifications: list[Any]
    ) -> Ami:
        others = [one for one in tag_specifications if one["ResourceType"] != "snapshot"]
        ami: Ami = original(backend, instance_id, name, description, others)
        for one in tag_specifications:
            if one["ResourceType"] == "snapshot":
                ami.ebs_snapshot.add_tags({tag["Key"]: tag["Value"] for tag in one["Tags"]})
        return ami


@fix("ec2")
def snapshots_are_described_by_owner() -> None:
    """OwnerIds limits the snapshots; self is the account that asks. The snapshots of public images are Amazon's.

    So does RestorableByUserIds; all stands for what everybody may copy.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshots.html
    """

    @wrap(EC2Response, "describe_snapshots")
    def describe(original: Any, response: EC2Response) -> ActionResult:
        snapshots: list[Any] = original(response).result["Snapshots"]
        names = {"self": response.current_account}
        owners = {names.get(owner, owner) for owner in response._get_param("OwnerIds", [])}
        users = {names.get(user, user) for user in response._get_param("RestorableByUserIds", [])}

        def may_restore(one: Any) -> set[str]:
            return {one.owner_id} | one.create_volume_permission_groups | one.create_volume_permission_userids

        found = [one for one in snapshots if not owners or one.owner_id in owners]
        return ActionResult({"Snapshots": [one for one in found if not users or users & may_restore(one)]})


@fix("ec2")
def flow_log_destination_names_the_log_group() -> None:
    """A log group given as an ARN in LogDestination is shown as LogGroupName too.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_FlowLog.html
    """

    @wrap(FlowLogsBackend, "create_flow_logs")
    def create(original: Any, backend: Any, **kwargs: Any) -> Any:
        destination = kwargs.get("log_destination") or ""
        if ":log-group:" in destination and not kwargs.get("log_group_name"):
            kwargs["log_group_name"] = destination.partition(":log-group:")[2].removesuffix(":*")
        return original(backend, **kwargs)


def _make_interfaces(endpoint: VPCEndPoint, subnet_ids: list[str]) -> list[str]:
    interfaces = [
        endpoint.ec2_backend.create_network_interface(
            endpoint.ec2_backend.get_subnet(subnet_id),
            random_private_ip(endpoint.ec2_backend.get_subnet(subnet_id).cidr_block),
            group_ids=endpoint.security_group_ids,
            description=f"VPC Endpoint Interface {endpoint.id}",
        )
        for subnet_id in subnet_ids
    ]
    return [interface.id for interface in interfaces]


def _make_default_group(endpoint: VPCEndPoint) -> list[str]:
    return [endpoint.ec2_backend.get_security_group_from_name("default", endpoint.vpc_id).id]


@fix("ec2")
def interface_endpoints_have_interfaces_in_their_groups() -> None:
    """Each subnet of an interface endpoint holds a network interface with the endpoint's security groups.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html
    """

    @wrap(VPCBackend, "create_vpc_endpoint")
    def create(original: Any, backend: Any, **kwargs: Any) -> VPCEndPoint:
        endpoint: VPCEndPoint = original(backend, **kwargs)
        if endpoint.vpc_endpoint_type == "Interface":
            for interface in endpoint.network_interface_ids:
                backend.enis.pop(interface, None)
            endpoint.security_group_ids = endpoint.security_group_ids or _make_default_group(endpoint)
            endpoint.network_interface_ids = _make_interfaces(endpoint, endpoint.subnet_ids or [])
        return endpoint


@fix("ec2")
def endpoints_are_gateways_by_default() -> None:
    """An endpoint without a type is a gateway, and only an interface endpoint has private DNS.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html
    """

    @wrap(VPCEndPoint, "__init__")
    def init(original: Any, endpoint: VPCEndPoint, *args: Any, **kwargs: Any) -> None:
        original(endpoint, *args, **kwargs)
        endpoint.vpc_endpoint_type = endpoint.vpc_endpoint_type or "Gateway"
        endpoint.private_dns_enabled = bool(endpoint.private_dns_enabled) and endpoint.vpc_endpoint_type == "Interface"


@fix("ec2")
def endpoints_can_be_modified() -> None:
    """ModifyVpcEndpoint moves the network interfaces, switches private DNS and resets the policy.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcEndpoint.html
    """

    @wrap(EC2Response, "modify_vpc_endpoint")
    def modify(original: Any, response: EC2Response) -> Any:
        result = original(response)
        backend = response.ec2_backend
        endpoint = backend.vpc_end_points[response._get_param("VpcEndpointId")]
        if response._get_bool_param("ResetPolicy"):
            endpoint.policy_document = VPCEndPoint(backend, "", "", "", "", None, []).policy_document
        if response._get_param("PrivateDnsEnabled") is not None:
            endpoint.private_dns_enabled = response._get_bool_param("PrivateDnsEnabled")
        _follow_subnets(endpoint)
        return result


def _follow_subnets(endpoint: VPCEndPoint) -> None:
    """Keep one network interface a subnet, in the endpoint's groups."""
    backend = endpoint.ec2_backend
    groups = [backend.get_security_group_from_id(name) for name in endpoint.security_group_ids]
    kept = []
    for name in endpoint.network_interface_ids:
        interface = backend.enis[name]
        if interface.subnet.id in (endpoint.subnet_ids or []):
            interface._group_set = list(groups)
            kept.append(interface)
        else:
            del backend.enis[name]
    served = {interface.subnet.id for interface in kept}
    added = [subnet for subnet in endpoint.subnet_ids or [] if subnet not in served]
    endpoint.network_interface_ids = [interface.id for interface in kept] + _make_interfaces(endpoint, added)


@fix("ec2")
def gateway_endpoints_have_a_route_a_table() -> None:
    """The routes to a gateway endpoint follow its route tables, and a table has one route to a service.

    https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
    """

    def refuse_second(backend: Any, tables: list[str], prefix_list: str) -> None:
        for table in tables:
            for route in backend.get_route_table(table).routes:
                if route.destination_prefix_list and route.destination_prefix_list.id == prefix_list:
                    raise ApiError(
                        "RouteAlreadyExists",
                        f"route table {table} already has a route with destination-prefix-list-id {prefix_list}",
                    )

    @wrap(VPCBackend, "create_vpc_endpoint")
    def create(original: Any, backend: Any, **kwargs: Any) -> VPCEndPoint:
        for prefix_list in backend.managed_prefix_lists.values():
            if prefix_list.prefix_list_name == kwargs["service_name"]:
                refuse_second(backend, kwargs.get("route_table_ids") or [], prefix_list.id)
        endpoint: VPCEndPoint = original(backend, **kwargs)
        return endpoint

    @wrap(VPCBackend, "modify_vpc_endpoint")
    def modify(original: Any, backend: Any, **kwargs: Any) -> None:
        endpoint = backend.get_vpc_end_point(kwargs["vpc_id"])
        prefix_list, before = endpoint.destination_prefix_list_id, set(endpoint.route_table_ids or [])
        if prefix_list:
            refuse_second(backend, [one for one in kwargs["add_route_tables"] if one not in before], prefix_list)
        original(backend, **kwargs)
        after = set(endpoint.route_table_ids or [])
        if prefix_list:
            for table in after - before:
                backend.create_route(table, None, gateway_id=endpoint.id, destination_prefix_list_id=prefix_list)
            for table in before - after:
                backend.delete_route(table, prefix_list)


@fix("ec2")
def deleted_endpoints_are_gone() -> None:
    """A deleted endpoint is no longer described.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpcEndpoints.html
    """

    @wrap(VPCBackend, "delete_vpc_endpoints")
    def delete(original: Any, backend: Any, vpce_ids: list[str] | None = None) -> None:
        original(backend, vpce_ids)
        for name in vpce_ids or []:
            backend.vpc_end_points.pop(name, None)


@fix("ec2")
def images_name_their_instance() -> None:
    """DescribeImages tells of an image that was made by CreateImage from which instance.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Image.html
    """
    Ami.source_instance_id = property(lambda image: image.instance_id)


@fix("ec2")
def machines_are_launched_as_asked() -> None:
    """RunInstances heeds DisableApiTermination, the first interface's groups, the profile and the metadata options.

    Those of the launch template too.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html
    """

    @wrap(InstanceResponse, "run_instances")
    def run_instances(original: Any, response: InstanceResponse) -> Any:
        answer = original(response)
        backend = response.ec2_backend
        template = response._get_param("LaunchTemplate")
        data = backend._get_template_from_args(template).data if template else {}
        asked = response._get_param("DisableApiTermination")
        protected = data.get("DisableApiTermination") if asked is None else asked
        interfaces = response._get_param("NetworkInterfaces") or data.get("NetworkInterfaces") or []
        first = next((one for one in interfaces if int(one.get("DeviceIndex", 0)) == 0), {})
        for instance in answer.result.instances:
            instance.disable_api_termination = str(protected).lower() == "true"
            if first.get("Groups"):
                backend.modify_instance_security_groups(instance.id, first["Groups"])
            _attach_profile(backend, instance, data.get("IamInstanceProfile") or {})
            options = response._get_param("MetadataOptions") or data.get("MetadataOptions")
            instance.metadata_options = MetadataOptions(options)
        return answer


def _attach_profile(backend: Any, instance: Any, profile: dict[str, str]) -> None:
    attached = {one.instance.id for one in backend.iam_instance_profile_associations.values()}
    if profile and instance.id not in attached:
        backend.associate_iam_instance_profile(instance.id, profile.get("Name"), profile.get("Arn"))


@fix("ec2")
def elastic_addresses_are_no_loopback_addresses() -> None:
    """An Elastic IP address is one that packets can be sent to. RFC 2544 keeps these for rehearsals.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AllocateAddress.html
    """

    @wrap(ElasticAddress, "__init__")
    def init(original: Any, address: ElasticAddress, *args: Any, **kwargs: Any) -> None:
        original(address, *args, **kwargs)
        if address.public_ip.startswith("127."):
            held = {one.public_ip for one in address.ec2_backend.describe_addresses()}
            free = (f"198.18.{third}.{fourth}" for third in range(256) for fourth in range(1, 255))
            address.public_ip = next(one for one in free if one not in held)


def _nat_gateway_arn(gateway: NatGateway) -> str:
    backend = gateway.ec2_backend
    return f"arn:aws:ec2:{backend.region_name}:{backend.account_id}:natgateway/{gateway.id}"


@fix("ec2")
def nat_gateways_pass_through_their_states() -> None:
    """A NAT gateway is pending for a minute or two, and deleting for one; until it is gone it holds its address.

    https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html
    """

    def state(gateway: NatGateway) -> str:
        return slow.state_of(_nat_gateway_arn(gateway), vars(gateway).get("settled", "available"))

    NatGateway.state = property(state, lambda one, settled: vars(one).update(settled=settled))  # type: ignore[assignment]

    @wrap(NatGatewayBackend, "create_nat_gateway")
    def create(original: Any, backend: Any, *args: Any, **kwargs: Any) -> NatGateway:
        gateway: NatGateway = original(backend, *args, **kwargs)
        slow.begin(_nat_gateway_arn(gateway), "pending", slow.NAT_GATEWAY_CREATED)
        return gateway

    @wrap(NatGatewayBackend, "delete_nat_gateway")
    def delete(original: Any, backend: Any, nat_gateway_id: str) -> NatGateway:
        gateway: NatGateway = original(backend, nat_gateway_id)
        slow.begin(_nat_gateway_arn(gateway), "deleting", slow.NAT_GATEWAY_DELETED)
        return gateway

    def refuse_while_held(backend: Any, allocation: str | None) -> None:
        for gateway in backend.nat_gateways.values():
            held = [one.get("allocationId") for one in gateway.address_set]
            if gateway.state == "deleting" and allocation in held:
                raise ApiError("InvalidIPAddress.InUse", f"The address with allocation ID {allocation} is in use.")

    @wrap(ElasticAddressBackend, "release_address")
    def release(original: Any, backend: Any, address: Any = None, allocation_id: str | None = None) -> None:
        refuse_while_held(backend, allocation_id)
        original(backend, address, allocation_id)


@fix("ec2")
def endpoint_services_are_filtered_by_name() -> None:
    """DescribeVpcEndpointServices takes the filter service-name with its values, as every Describe call does.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpointServices.html
    """

    @wrap(VPCBackend, "describe_vpc_endpoint_services")
    def describe(original: Any, backend: Any, service_names: Any, filters: Any, *args: Any, **kwargs: Any) -> Any:
        for one in filters or []:
            one["Value"] = one.get("Value") or one.get("Values") or []
        return original(backend, service_names, filters, *args, **kwargs)


@fix("ec2")
def rules_are_as_many_as_the_quota_lets() -> None:
    """Sixty rules are the quota of a new account, which lab.emulator.harsh.quotas keeps, and no law.

    https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups
    """

    @wrap(SecurityGroupBackend, "_verify_group_will_respect_rule_count_limit")
    def verify(original: Any, backend: Any, *args: Any, **kwargs: Any) -> None:
        pass
