# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the lab's resolver answers: the private zone, and the endpoint names that AWS's own resolver would know."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.fabric.plan import Host
from lab.fabric.services import Service
from lab.fabric.world import World

METADATA = "169.254.169.254"
AWS_HOST = "aws.internal"
# The second is systemd-resolved's own list; its stub in the first is on loopback.
RESOLV_CONFS = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))

Names = dict[str, tuple[str, ...]]


def endpoints(world: World, hosts: Mapping[str, Host]) -> Names:
    """The addresses behind the names of databases, caches and load balancers.

    The endpoint of a database leads to the zone that the API says its primary is in, that of a cache to the member
    whose role is primary. A load balancer answers with a node in each zone.
    """
    found: Names = {AWS_HOST: (METADATA,)}
    for balancer in world.load_balancers.values():
        nodes = [host for host in hosts.values() if host.resource == balancer.arn]
        found[balancer.dns_name.lower()] = tuple(sorted(host.address for host in nodes))
    for database in world.databases.values():
        nodes = [host for host in hosts.values() if (host.kind, host.resource) == ("database", database.id)]
        found[database.endpoint] = tuple(host.address for host in nodes if host.zone == database.zone)
    for cache in world.caches.values():
        addresses = {member.id: hosts[f"cache-{member.id}"].address for member in cache.members}
        found |= {member.endpoint: (addresses[member.id],) for member in cache.members}
        replicas = [addresses[member.id] for member in cache.members if member.role == "replica"]
        primaries = [addresses[member.id] for member in cache.members if member.role == "primary"]
        found[cache.endpoint] = tuple(primaries)
        if cache.reader_endpoint:
            found[cache.reader_endpoint] = tuple(replicas or primaries)
    return found


def answers(world: World, hosts: Mapping[str, Host]) -> Names:
    """All names. Aliases and CNAMEs are followed here, so that the resolver need not know of them."""
    found = endpoints(world, hosts)
    records = {record.name: record.values for record in world.records}
    for name in records:
        found[name] = _follow(name, records, found, set())
    return {name: addresses for name, addresses in sorted(found.items()) if addresses}


def _follow(name: str, records: Mapping[str, tuple[str, ...]], known: Names, seen: set[str]) -> tuple[str, ...]:
    if name in seen or name not in records:
        return known.get(name.lower(), ())
    reached: list[str] = []
    for value in records[name]:
        reached += [value] if _is_address(value) else _follow(value, records, known, seen | {name})
    return tuple(sorted(reached))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def hosts_file(names: Names) -> str:
    """The names as the resolver reads them: like /etc/hosts."""
    return "".join(f"{address} {name}\n" for name, addresses in names.items() for address in addresses)


def zones(world: World) -> list[str]:
    """The last labels of the private names: what is not there in them is nowhere else either."""
    return sorted({record.name.rpartition(".")[2] for record in world.records} | {AWS_HOST.rpartition(".")[2]})


def service(names: Names, zones: list[str], addresses: list[str], name: str, shared: str) -> Service:
    """The resolver: dnsmasq at the resolver's address of each VPC. It reads its names again at SIGHUP.

    Names change while a lab runs, so nobody is to keep an answer (the TTL is 0, as dnsmasq has it for such names).
    """
    command = ("dnsmasq", "--keep-in-foreground", "--no-hosts", "--user=root", "--bind-interfaces", "--log-facility=-")
    command += (f"--addn-hosts={shared}/names", f"--resolv-file={shared}/resolv.conf", "--conf-file=/dev/null")
    command += tuple(f"--listen-address={address}" for address in addresses)
    command += tuple(f"--local=/{zone}/" for zone in zones)
    files = {"names": hosts_file(names), "resolv.conf": outside()}
    return Service(name, "", command, files, reload="HUP")


def outside(paths: Sequence[Path] = RESOLV_CONFS) -> str:
    """The name servers of this computer, as far as another network namespace reaches them."""
    for path in paths:
        lines = path.read_text().splitlines() if path.exists() else []
        servers = [line.split()[1] for line in lines if line.startswith("nameserver ")]
        reachable = [one for one in servers if not ipaddress.ip_address(one.partition("%")[0]).is_loopback]
        if reachable:
            return "".join(f"nameserver {one}\n" for one in reachable)
    return ""
