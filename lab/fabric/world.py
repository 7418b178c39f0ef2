# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the emulator's API tells, as plain data. Nothing here knows of containers."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import boto3

from lab.emulator import server
from lab.machines.fabric import GONE

LAB_TIMEOUT = 5.0  # seconds
EDGE_LIST = "com.amazonaws.global.cloudfront.origin-facing"
CONTENT = "ContentDigest"  # the tag of an AMI that was baked


# Databases and caches in these states are not there yet, or not any more.
UNUSABLE = ("creating", "deleting")


@dataclass(frozen=True)
class Subnet:
    """A subnet and the VPC and zone that it is in."""

    id: str
    vpc: str
    cidr: str
    zone: str


@dataclass(frozen=True)
class Route:
    """A route of a subnet: ``target`` is the id of a gateway, a NAT gateway or a peering."""

    cidr: str
    target: str


@dataclass(frozen=True)
class Rule:
    """A rule of a security group. Its peer is a CIDR block or another group; port -1 stands for all of them."""

    direction: str
    protocol: str
    first: int
    last: int
    cidr: str = ""
    group: str = ""


@dataclass(frozen=True)
class Instance:
    """An EC2 instance."""

    id: str
    state: str
    image: str
    address: str
    subnet: str
    groups: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    role: str | None = None
    public: str | None = None


@dataclass(frozen=True)
class ListenerRule:
    """A rule of a listener. Each condition is a field, the name of the header, if any, and the values that fit."""

    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]
    target_group: str | None = None
    redirect: Mapping[str, str] | None = None
    fixed: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Listener:
    """A listener: it forwards to a target group, redirects, or answers itself, unless one of its rules fits first."""

    port: int
    protocol: str
    certificate: str | None = None
    target_group: str | None = None
    redirect: Mapping[str, str] | None = None
    fixed: Mapping[str, str] | None = None
    rules: tuple[ListenerRule, ...] = ()


@dataclass(frozen=True)
class TargetGroup:
    """A target group, how it checks its targets, and the targets: an instance id and a port each."""

    arn: str
    name: str
    protocol: str
    path: str
    matcher: str
    interval: int
    timeout: int
    rise: int
    fall: int
    targets: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class LoadBalancer:
    """An application load balancer: it has a node in each of its subnets."""

    arn: str
    name: str
    dns_name: str
    public: bool
    subnets: tuple[str, ...]
    groups: tuple[str, ...]
    listeners: tuple[Listener, ...] = ()
    forwarded_for: str = "append"
    """What becomes of X-Forwarded-For."""


@dataclass(frozen=True)
class Database:
    """An RDS instance of PostgreSQL. ``standby_zone`` is None unless it is Multi-AZ."""

    id: str
    endpoint: str
    port: int
    zone: str
    standby_zone: str | None
    subnets: tuple[str, ...]
    groups: tuple[str, ...]
    user: str
    name: str | None
    secret: str | None
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Member:
    """A node of a replication group."""

    id: str
    zone: str
    role: str
    endpoint: str


@dataclass(frozen=True)
class Cache:
    """An ElastiCache replication group with one shard."""

    id: str
    endpoint: str
    reader_endpoint: str
    port: int
    tls: bool
    auth: bool
    members: tuple[Member, ...]
    subnets: tuple[str, ...]
    groups: tuple[str, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """A record of a private hosted zone; an alias has the name that it stands for as its one value."""

    name: str
    type: str
    values: tuple[str, ...]
    alias: bool = False


@dataclass(frozen=True)
class Distribution:
    """A CloudFront distribution, as far as it passes requests on to a load balancer."""

    id: str
    domain: str
    aliases: tuple[str, ...]
    origin: str
    """The name of the origin."""
    headers: tuple[tuple[str, str], ...] = ()
    """Those that it adds for the origin."""
    policies: tuple[str, ...] = ()
    """What becomes of requests without TLS, of each behavior."""
    web_acl: str = ""
    etag: str = ""
    read_timeout: int = 30
    """Seconds that it waits for the origin's answer."""
    attempts: int = 3
    """How often it connects to the origin for one request."""


@dataclass(frozen=True)
class WebAcl:
    """A web ACL: its rules as AWS's JSON, and the addresses of each IP set that they name, by ARN."""

    rules: tuple[Mapping[str, Any], ...]
    ip_sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class World:
    """All of it."""

    vpcs: Mapping[str, str] = field(default_factory=dict)
    """The CIDR block of each VPC."""
    subnets: Mapping[str, Subnet] = field(default_factory=dict)
    routes: Mapping[str, tuple[Route, ...]] = field(default_factory=dict)
    """The routes of each subnet, the local one left out."""
    rules: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    """The rules of each security group."""
    instances: Mapping[str, Instance] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    """Of each AMI that was made here, the instance that it was made from."""
    baked: Mapping[str, str] = field(default_factory=dict)
    """What DescribeImages says of each AMI that was baked, as JSON: another account can have it by that."""
    load_balancers: Mapping[str, LoadBalancer] = field(default_factory=dict)
    target_groups: Mapping[str, TargetGroup] = field(default_factory=dict)
    databases: Mapping[str, Database] = field(default_factory=dict)
    caches: Mapping[str, Cache] = field(default_factory=dict)
    records: tuple[Record, ...] = ()
    public_records: tuple[Record, ...] = ()
    certificates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The names of each certificate of ACM that a listener uses."""
    distributions: tuple[Distribution, ...] = ()
    """Those that are enabled."""
    web_acls: Mapping[str, WebAcl] = field(default_factory=dict)
    """Those of distributions, by ARN."""
    edge_cidrs: tuple[str, ...] = ()
    """The addresses from which CloudFront asks."""

    def living(self) -> dict[str, Instance]:
        """The instances that are there, stopped ones too."""
        return {name: one for name, one in self.instances.items() if one.state not in GONE}


class Api:
    """The clients of one emulator."""

    def __init__(self, url: str) -> None:
        credentials = {"aws_access_key_id": "emulated", "aws_secret_access_key": "emulated"}
        session = boto3.session.Session(region_name=server.DEFAULT_REGION, **credentials)
        names = ("ec2", "elbv2", "rds", "elasticache", "route53", "acm", "secretsmanager", "autoscaling", "cloudfront")
        self._clients = {name: session.client(name, endpoint_url=url) for name in names}
        self._clients["sns"] = session.client("sns", endpoint_url=url)
        # What belongs to CloudFront is there.
        self._clients["wafv2"] = session.client("wafv2", endpoint_url=url, region_name="us-east-1")
        self.url = url

    def __getattr__(self, name: str) -> Any:
        try:
            return self._clients[name]
        except KeyError:
            raise AttributeError(name) from None

    def lab(self, path: str, told: Any = None, timeout: float = LAB_TIMEOUT) -> Any:
        """Ask the emulator what AWS keeps to itself, or tell it what a lab has found; see lab.emulator.gateway."""
        address = f"{self.url}/_lab/{path}?region={server.DEFAULT_REGION}"
        body = None if told is None else json.dumps(told).encode()
        with urllib.request.urlopen(address, body, timeout=timeout) as reply:
            return json.load(reply) if told is None else None

    def all(self, service: str, operation: str, key: str, **arguments: Any) -> list[dict[str, Any]]:
        """All pages of a describing operation."""
        client = self._clients[service]
        if not client.can_paginate(operation):
            return list(getattr(client, operation)(**arguments)[key])
        return [entry for page in client.get_paginator(operation).paginate(**arguments) for entry in page[key]]


def read(api: Api) -> World:
    """Ask the API for everything. The calls run at once: most of their time is waiting."""
    parts = (_network, _rules, _instances, _images, _balancers, _databases, _caches, _records, _edge)
    with ThreadPoolExecutor(len(parts)) as pool:
        answers = list(pool.map(lambda part: part(api), parts))
    found: dict[str, Any] = {}
    for answer in answers:
        found |= answer
    return World(**found)


def tags_of(tags: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """Tags as AWS lists them, as a dictionary."""
    return {tag["Key"]: tag["Value"] for tag in tags or ()}


def _network(api: Api) -> dict[str, Any]:
    # The account's default VPC is nobody's here.
    vpcs = {one["VpcId"]: one["CidrBlock"] for one in api.all("ec2", "describe_vpcs", "Vpcs") if not one["IsDefault"]}
    subnets = {
        one["SubnetId"]: Subnet(one["SubnetId"], one["VpcId"], one["CidrBlock"], one["AvailabilityZone"])
        for one in api.all("ec2", "describe_subnets", "Subnets")
        if one["VpcId"] in vpcs
    }
    tables = api.all("ec2", "describe_route_tables", "RouteTables")
    peerings = api.all("ec2", "describe_vpc_peering_connections", "VpcPeeringConnections")
    active = {one["VpcPeeringConnectionId"] for one in peerings if one["Status"]["Code"] == "active"}
    return {"vpcs": vpcs, "subnets": subnets, "routes": routes_of(subnets, tables, active)}


def routes_of(
    subnets: Mapping[str, Subnet], tables: Iterable[Mapping[str, Any]], peerings: set[str]
) -> dict[str, tuple[Route, ...]]:
    """The routes of each subnet: those of its own table, or of the main table of its VPC."""
    main: dict[str, tuple[Route, ...]] = {}
    own: dict[str, tuple[Route, ...]] = {}
    for table in tables:
        routes = tuple(route for route in map(_route, table["Routes"]) if _usable(route, peerings))
        for association in table["Associations"]:
            if association.get("Main"):
                main[table["VpcId"]] = routes
            elif "SubnetId" in association:
                own[association["SubnetId"]] = routes
    return {name: own.get(name, main.get(subnet.vpc, ())) for name, subnet in subnets.items()}


def _route(route: Mapping[str, Any]) -> Route:
    targets = ("GatewayId", "NatGatewayId", "VpcPeeringConnectionId", "InstanceId", "NetworkInterfaceId")
    return Route(
        route.get("DestinationCidrBlock", ""), next((route[name] for name in targets if route.get(name)), "local")
    )


def _usable(route: Route, peerings: set[str]) -> bool:
    if not route.cidr or route.target == "local":
        return False
    return route.target in peerings or not route.target.startswith("pcx-")


def _rules(api: Api) -> dict[str, Any]:
    groups = api.all("ec2", "describe_security_groups", "SecurityGroups")
    permissions = [one for group in groups for key in ("IpPermissions", "IpPermissionsEgress") for one in group[key]]
    named = {entry["PrefixListId"] for one in permissions for entry in one.get("PrefixListIds", ())}
    known = {one["PrefixListId"]: one for one in api.all("ec2", "describe_managed_prefix_lists", "PrefixLists")}
    edge = [name for name, one in known.items() if one["PrefixListName"] == EDGE_LIST]
    lists = {
        name: tuple(
            entry["Cidr"] for entry in api.all("ec2", "get_managed_prefix_list_entries", "Entries", PrefixListId=name)
        )
        for name in sorted({*named, *edge} & known.keys())
    }
    return {
        "rules": {group["GroupId"]: tuple(rules_of(group, lists)) for group in groups},
        "edge_cidrs": tuple(cidr for name in edge for cidr in lists[name]),
    }


def rules_of(group: Mapping[str, Any], lists: Mapping[str, Iterable[str]] | None = None) -> Iterable[Rule]:
    """The rules of a security group as DescribeSecurityGroups lists them, one a peer; of a prefix list one a block."""
    for direction, key in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress")):
        for permission in group[key]:
            protocol = permission["IpProtocol"]
            first, last = permission.get("FromPort", -1), permission.get("ToPort", -1)
            for block in permission.get("IpRanges", ()):
                yield Rule(direction, protocol, first, last, cidr=block["CidrIp"])
            for entry in permission.get("PrefixListIds", ()):
                for cidr in (lists or {}).get(entry["PrefixListId"], ()):
                    yield Rule(direction, protocol, first, last, cidr=cidr)
            for peer in permission.get("UserIdGroupPairs", ()):
                yield Rule(direction, protocol, first, last, group=peer["GroupId"])


def _instances(api: Api) -> dict[str, Any]:
    reservations = api.all("ec2", "describe_instances", "Reservations")
    return {"instances": {one.id: one for group in reservations for one in map(instance_of, group["Instances"])}}


def instance_of(one: Mapping[str, Any]) -> Instance:
    """An instance as DescribeInstances lists it. One that has ended has no address any more."""
    profile = one.get("IamInstanceProfile", {}).get("Arn", "")
    return Instance(
        id=one["InstanceId"],
        state=one["State"]["Name"],
        image=one["ImageId"],
        address=one.get("PrivateIpAddress", ""),
        subnet=one.get("SubnetId", ""),
        groups=tuple(sorted(group["GroupId"] for group in one.get("SecurityGroups", ()))),
        tags=tags_of(one.get("Tags")),
        role=profile.rpartition("/")[2] or None,
        public=one.get("PublicIpAddress"),
    )


def _images(api: Api) -> dict[str, Any]:
    own = api.all("ec2", "describe_images", "Images", Owners=["self"])
    made = [one for one in own if one.get("SourceInstanceId")]
    return {
        "images": {one["ImageId"]: one["SourceInstanceId"] for one in made},
        "baked": {one["ImageId"]: json.dumps(one, sort_keys=True) for one in made if CONTENT in tags_of(one["Tags"])},
    }


def _balancers(api: Api) -> dict[str, Any]:
    balancers = {}
    for one in api.all("elbv2", "describe_load_balancers", "LoadBalancers"):
        arn = one["LoadBalancerArn"]
        attributes = api.all("elbv2", "describe_load_balancer_attributes", "Attributes", LoadBalancerArn=arn)
        listeners = [
            listener_of(listener, api.all("elbv2", "describe_rules", "Rules", ListenerArn=listener["ListenerArn"]))
            for listener in api.all("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn)
        ]
        balancers[arn] = LoadBalancer(
            arn=arn,
            name=one["LoadBalancerName"],
            dns_name=one["DNSName"],
            public=one["Scheme"] == "internet-facing",
            subnets=tuple(sorted(zone["SubnetId"] for zone in one["AvailabilityZones"])),
            groups=tuple(sorted(one.get("SecurityGroups", ()))),
            forwarded_for=next(
                (entry["Value"] for entry in attributes if entry["Key"] == "routing.http.xff_header_processing.mode"),
                "append",
            ),
            listeners=tuple(sorted(listeners, key=lambda listener: listener.port)),
        )
    groups = {}
    for one in api.all("elbv2", "describe_target_groups", "TargetGroups"):
        arn = one["TargetGroupArn"]
        health = api.all("elbv2", "describe_target_health", "TargetHealthDescriptions", TargetGroupArn=arn)
        groups[arn] = target_group_of(one, (entry["Target"] for entry in health))
    arns = {listener.certificate for one in balancers.values() for listener in one.listeners if listener.certificate}
    certificates = {
        arn: tuple(api.acm.describe_certificate(CertificateArn=arn)["Certificate"]["SubjectAlternativeNames"])
        for arn in sorted(arns)
    }
    return {"load_balancers": balancers, "target_groups": groups, "certificates": certificates}


def listener_of(one: Mapping[str, Any], rules: Iterable[Mapping[str, Any]] = ()) -> Listener:
    """A listener as DescribeListeners lists it, with its default action, and its rules of DescribeRules."""
    own = sorted((rule for rule in rules if not rule["IsDefault"]), key=lambda rule: int(rule["Priority"]))
    certificates = one.get("Certificates") or [{}]
    return Listener(
        port=one["Port"],
        protocol=one["Protocol"],
        certificate=certificates[0].get("CertificateArn"),
        **_action(one["DefaultActions"][0]),
        rules=tuple(
            ListenerRule(tuple(map(_condition, rule["Conditions"])), **_action(rule["Actions"][0])) for rule in own
        ),
    )


def _action(action: Mapping[str, Any]) -> dict[str, Any]:
    forwards = action.get("ForwardConfig", {}).get("TargetGroups") or [{}]
    return {
        "target_group": action.get("TargetGroupArn") or forwards[0].get("TargetGroupArn"),
        "redirect": action.get("RedirectConfig"),
        "fixed": action.get("FixedResponseConfig"),
    }


def _condition(condition: Mapping[str, Any]) -> tuple[str, str, tuple[str, ...]]:
    [(_, config)] = [(key, value) for key, value in condition.items() if key.endswith("Config") and value]
    return condition["Field"], config.get("HttpHeaderName", ""), tuple(config["Values"])


def target_group_of(one: Mapping[str, Any], targets: Iterable[Mapping[str, Any]]) -> TargetGroup:
    """A target group as DescribeTargetGroups lists it, and the targets of DescribeTargetHealth."""
    return TargetGroup(
        arn=one["TargetGroupArn"],
        name=one["TargetGroupName"],
        protocol=one["Protocol"],
        path=one.get("HealthCheckPath", "/"),
        matcher=one.get("Matcher", {}).get("HttpCode", "200"),
        interval=one["HealthCheckIntervalSeconds"],
        timeout=one["HealthCheckTimeoutSeconds"],
        rise=one["HealthyThresholdCount"],
        fall=one["UnhealthyThresholdCount"],
        targets=tuple(sorted((target["Id"], target.get("Port") or one["Port"]) for target in targets)),
    )


def _databases(api: Api) -> dict[str, Any]:
    found = {}
    for one in api.all("rds", "describe_db_instances", "DBInstances"):
        if one["DBInstanceStatus"] in UNUSABLE:
            continue
        group = one["DBParameterGroups"][0]["DBParameterGroupName"]
        parameters = api.all("rds", "describe_db_parameters", "Parameters", DBParameterGroupName=group)
        found[one["DBInstanceIdentifier"]] = database_of(one, parameters)
    return {"databases": found}


def database_of(one: Mapping[str, Any], parameters: Iterable[Mapping[str, Any]] = ()) -> Database:
    """An instance as DescribeDBInstances lists it, and the parameters that somebody has set."""
    group = one["DBSubnetGroup"]["Subnets"]
    return Database(
        id=one["DBInstanceIdentifier"],
        endpoint=one["Endpoint"]["Address"],
        port=one["Endpoint"]["Port"],
        zone=one["AvailabilityZone"],
        standby_zone=one.get("SecondaryAvailabilityZone") if one["MultiAZ"] else None,
        subnets=tuple(sorted(subnet["SubnetIdentifier"] for subnet in group)),
        groups=tuple(sorted(entry["VpcSecurityGroupId"] for entry in one["VpcSecurityGroups"])),
        user=one["MasterUsername"],
        name=one.get("DBName"),
        secret=one.get("MasterUserSecret", {}).get("SecretArn"),
        parameters={
            entry["ParameterName"]: entry["ParameterValue"]
            for entry in parameters
            if entry.get("Source") == "user" and entry.get("ParameterValue")
        },
    )


def _caches(api: Api) -> dict[str, Any]:
    clusters = {
        one["CacheClusterId"]: one for one in api.all("elasticache", "describe_cache_clusters", "CacheClusters")
    }
    subnets = {
        one["CacheSubnetGroupName"]: tuple(sorted(subnet["SubnetIdentifier"] for subnet in one["Subnets"]))
        for one in api.all("elasticache", "describe_cache_subnet_groups", "CacheSubnetGroups")
    }
    groups = api.all("elasticache", "describe_replication_groups", "ReplicationGroups")
    usable = [one for one in groups if one["Status"] not in UNUSABLE]
    return {"caches": {one["ReplicationGroupId"]: cache_of(one, clusters, subnets) for one in usable}}


def cache_of(
    one: Mapping[str, Any], clusters: Mapping[str, Mapping[str, Any]], subnets: Mapping[str, tuple[str, ...]]
) -> Cache:
    """A replication group as DescribeReplicationGroups lists it; groups and subnets are told of its clusters."""
    (shard,) = one["NodeGroups"]
    first = clusters[one["MemberClusters"][0]]
    members = (
        Member(
            entry["CacheClusterId"],
            entry["PreferredAvailabilityZone"],
            entry["CurrentRole"],
            entry["ReadEndpoint"]["Address"],
        )
        for entry in shard["NodeGroupMembers"]
    )
    return Cache(
        id=one["ReplicationGroupId"],
        endpoint=shard["PrimaryEndpoint"]["Address"],
        reader_endpoint=shard.get("ReaderEndpoint", {}).get("Address", ""),
        port=shard["PrimaryEndpoint"]["Port"],
        tls=bool(one.get("TransitEncryptionEnabled")),
        auth=bool(one.get("AuthTokenEnabled")),
        members=tuple(sorted(members, key=lambda member: member.id)),
        subnets=subnets.get(first.get("CacheSubnetGroupName", ""), ()),
        groups=tuple(sorted(entry["SecurityGroupId"] for entry in first.get("SecurityGroups", ()))),
    )


def _records(api: Api) -> dict[str, Any]:
    found: dict[bool, list[Record]] = {True: [], False: []}
    for zone in api.all("route53", "list_hosted_zones", "HostedZones"):
        sets = api.all("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"])
        private = bool(zone["Config"].get("PrivateZone"))
        found[private] += [record_of(one) for one in sets if one["Type"] in ("A", "CNAME")]
    records = {private: tuple(sorted(listed, key=lambda record: record.name)) for private, listed in found.items()}
    return {"records": records[True], "public_records": records[False]}


def record_of(one: Mapping[str, Any]) -> Record:
    """A record set as ListResourceRecordSets lists it, names without the dot at their end."""
    alias = one.get("AliasTarget")
    values = [alias["DNSName"]] if alias else [entry["Value"] for entry in one["ResourceRecords"]]
    return Record(one["Name"].rstrip("."), one["Type"], tuple(value.rstrip(".") for value in values), alias is not None)


def _edge(api: Api) -> dict[str, Any]:
    listed = api.cloudfront.list_distributions()["DistributionList"].get("Items", ())
    made = [
        distribution_of(one, api.cloudfront.get_distribution_config(Id=one["Id"])) for one in listed if one["Enabled"]
    ]
    distributions = tuple(one for one in made if one)
    return {
        "distributions": distributions,
        "web_acls": {arn: _web_acl(api, arn) for arn in sorted({one.web_acl for one in distributions} - {""})},
    }


def distribution_of(one: Mapping[str, Any], told: Mapping[str, Any]) -> Distribution | None:
    """A distribution as GetDistributionConfig tells it; None where its default origin is a bucket."""
    config = told["DistributionConfig"]
    standard = config["DefaultCacheBehavior"]
    [origin] = [entry for entry in config["Origins"]["Items"] if entry["Id"] == standard["TargetOriginId"]]
    if "CustomOriginConfig" not in origin:
        return None
    behaviors = [standard, *config.get("CacheBehaviors", {}).get("Items", ())]
    return Distribution(
        id=one["Id"],
        domain=one["DomainName"],
        aliases=tuple(config.get("Aliases", {}).get("Items", ())),
        origin=origin["DomainName"],
        headers=tuple(
            (header["HeaderName"], header["HeaderValue"]) for header in origin.get("CustomHeaders", {}).get("Items", ())
        ),
        policies=tuple(sorted({behavior["ViewerProtocolPolicy"] for behavior in behaviors})),
        web_acl=config.get("WebACLId", ""),
        etag=told["ETag"],
        read_timeout=origin["CustomOriginConfig"].get("OriginReadTimeout", 30),
        attempts=origin.get("ConnectionAttempts", 3),
    )


def _web_acl(api: Api, arn: str) -> WebAcl:
    rules = api.wafv2.get_web_acl(**_waf_id(arn))["WebACL"]["Rules"]
    return WebAcl(
        tuple(rules),
        {
            one: tuple(api.wafv2.get_ip_set(**_waf_id(one))["IPSet"]["Addresses"])
            for one in sorted(set(_ip_sets(list(rules))))
        },
    )


def _waf_id(arn: str) -> dict[str, str]:
    name, identifier = arn.split("/")[-2:]
    return {"Name": name, "Id": identifier, "Scope": "CLOUDFRONT"}


def _ip_sets(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "IPSetReferenceStatement" in part:
            yield part["IPSetReferenceStatement"]["ARN"]
        for one in part.values():
            yield from _ip_sets(one)
    elif isinstance(part, list):
        for one in part:
            yield from _ip_sets(one)
