# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which hosts there are to be because of what the API tells, and at which addresses.

The API gives an instance its address. It gives none to the nodes of load balancers, databases and caches: those come
from the upper end of their subnet, the same each time.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lab.fabric.world import Cache, Database, Instance, World

# RFC 2544 keeps 198.18.0.0/15 for rehearsals. Elastic addresses are in its lower half (the emulator's extension ec2),
# those of public load balancers and of clients in the upper one.
PUBLIC_OF_BALANCERS = ipaddress.ip_network("198.19.0.0/17")
CLIENTS = ipaddress.ip_network("198.19.255.0/24")
INTERNET = "internet"
EDGE = "edge"


@dataclass(frozen=True)
class Host:
    """Something with an address in a subnet, or without one on the internet.

    ``resource`` is the id, name or ARN that the API knows it by.
    """

    name: str
    kind: str
    resource: str
    subnet: str
    zone: str
    address: str
    groups: tuple[str, ...] = ()
    public: str | None = None
    cluster: str = ""
    """The database or cache that a node belongs to: its nodes speak with one another whatever the groups say."""


def hosts(world: World) -> dict[str, Host]:
    """All hosts by name. An instance outside of the VPCs of the environment is left out."""
    found = {one.id: _machine(world, one) for one in world.living().values() if one.subnet in world.subnets}
    taken = {host.address for host in found.values()}
    for distribution in world.distributions[:1]:
        found[EDGE] = Host(EDGE, EDGE, distribution.id, "", "", str(edge_network(world)[10]))
    for host in _others(world, taken):
        found[host.name] = host
    return found


def edge_network(world: World) -> ipaddress.IPv4Network:
    """The network of the edge: CloudFront asks from several, and one is enough here."""
    if not world.edge_cidrs:
        raise SystemExit("the API has no prefix list of the addresses of CloudFront, so its stand-in can have none")
    return ipaddress.IPv4Network(world.edge_cidrs[0])


def _machine(world: World, one: Instance) -> Host:
    zone = world.subnets[one.subnet].zone
    return Host(one.id, "instance", one.id, one.subnet, zone, one.address, one.groups, one.public)


def _others(world: World, taken: set[str]) -> Iterator[Host]:
    for balancer in sorted(world.load_balancers.values(), key=lambda one: one.arn):
        for subnet in balancer.subnets:
            zone = world.subnets[subnet].zone
            name = f"balancer-{balancer.name}-{zone[-1]}"
            address = address_in(world.subnets[subnet].cidr, name, taken)
            public = public_of(f"{balancer.arn} {zone}") if balancer.public else None
            yield Host(name, "balancer", balancer.arn, subnet, zone, address, balancer.groups, public)
    for database in sorted(world.databases.values(), key=lambda one: one.id):
        for zone in filter(None, (database.zone, database.standby_zone)):
            name = f"database-{database.id}-{zone[-1]}"
            yield _node(world, "database", name, (database.id, database.id), zone, database, taken)
    for cache in sorted(world.caches.values(), key=lambda one: one.id):
        for member in cache.members:
            yield _node(world, "cache", f"cache-{member.id}", (member.id, cache.id), member.zone, cache, taken)


def _node(
    world: World, kind: str, name: str, ids: tuple[str, str], zone: str, of: Database | Cache, taken: set[str]
) -> Host:
    resource, cluster = ids
    subnet = next(one for one in of.subnets if world.subnets[one].zone == zone)
    address = address_in(world.subnets[subnet].cidr, name, taken)
    return Host(name, kind, resource, subnet, zone, address, of.groups, cluster=cluster)


def address_in(cidr: str, name: str, taken: set[str]) -> str:
    """A free address from the last 256 of a subnet. A name has the same one each time; the API counts from below."""
    network = ipaddress.ip_network(cidr)
    last = min(256, network.num_addresses // 2)
    start = _number(name) % last
    for step in range(last):
        offset = (start + step) % last
        address = str(network[-1 - offset])
        if offset > 0 and address not in taken:
            taken.add(address)
            return address
    raise SystemExit(f"subnet {cidr} has no address left for {name}")


def public_of(name: str) -> str:
    """The public address of a load balancer's node."""
    return str(PUBLIC_OF_BALANCERS[1 + _number(name) % (PUBLIC_OF_BALANCERS.num_addresses - 2)])


def _number(name: str) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)


def internet_cidrs(world: World) -> tuple[set[str], set[str]]:
    """The CIDR blocks of the subnets with a NAT gateway, and the ids of those with an internet gateway."""
    nat, public = set(), set()
    for name, routes in world.routes.items():
        for route in routes:
            if route.cidr == "0.0.0.0/0":
                if route.target.startswith("nat-"):
                    nat.add(world.subnets[name].cidr)
                elif route.target.startswith("igw-"):
                    public.add(name)
    return nat, public


def published(world: World, found: Mapping[str, Host]) -> dict[str, str]:
    """The address of each host by its public one, where the host's subnet has an internet gateway."""
    _, public = internet_cidrs(world)
    return {host.public: host.address for host in found.values() if host.public and host.subnet in public}


def joined(world: World) -> set[tuple[str, str]]:
    """The CIDR blocks, in both orders, that reach one another: within a VPC, and by routes of both sides to a peer."""
    pairs = {(cidr, cidr) for cidr in world.vpcs.values()}
    for one in world.subnets.values():
        for other in world.subnets.values():
            if one.vpc != other.vpc and _routed(world, one.id, other.cidr) and _routed(world, other.id, one.cidr):
                pairs.add((one.cidr, other.cidr))
    return pairs


def _routed(world: World, subnet: str, cidr: str) -> bool:
    target = ipaddress.ip_network(cidr)
    return any(
        route.target.startswith("pcx-") and target.subnet_of(ipaddress.ip_network(route.cidr))  # type: ignore[arg-type]
        for route in world.routes.get(subnet, ())
    )


def siblings(found: Mapping[str, Host]) -> set[tuple[str, str]]:
    """The addresses, in both orders, of the nodes of one database or cache."""
    nodes = [host for host in found.values() if host.cluster]
    return {
        (one.address, other.address)
        for one in nodes
        for other in nodes
        if one is not other and (one.kind, one.cluster) == (other.kind, other.cluster)
    }
