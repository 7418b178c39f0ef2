# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The network of the lab: a network namespace that routes, and one for each host, alone on its wire.

A host has an address of its subnet and the subnet's gateway. The router answers for every other address (proxy ARP),
so all that hosts say to one another passes its forward hook, where the security groups are. Nothing of it meets the
addresses of this computer: the one wire that leads out, to fetch packages, has link-local addresses and is masqueraded.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import subprocess
from collections.abc import Container, Iterable, Mapping
from pathlib import Path

from lab.fabric import plan
from lab.fabric.plan import Host
from lab.fabric.security_groups import INTERNET_LINK, TABLE, UPLINK
from lab.fabric.world import World
from lab.machines import names
from lab.machines.host import Lacking

NAMESPACES = Path("/run/netns")
METADATA = "169.254.169.254"
ENTRANCE = "entrance"
ALIAS = "pixstory-lab:"


def wire(host: str) -> str:
    """The name of a host's interface in the router; the kernel takes 15 characters."""
    if host == plan.EDGE:
        return INTERNET_LINK + "1"
    return "h" + hashlib.sha256(host.encode()).hexdigest()[:12]


def router_addresses(world: World) -> list[str]:
    """Those that the router answers to: a gateway a subnet, a resolver a VPC (their first and third address)."""
    gateways = [str(ipaddress.ip_network(subnet.cidr)[1]) for subnet in world.subnets.values()]
    resolvers = [resolver(cidr) for cidr in world.vpcs.values()]
    if world.distributions:
        gateways.append(str(plan.edge_network(world)[1]))
    return sorted({*gateways, *resolvers, str(plan.CLIENTS[1]), METADATA})


def resolver(cidr: str) -> str:
    """The address of a VPC's resolver. Amazon VPC User Guide, "Amazon DNS server"."""
    return str(ipaddress.ip_network(cidr)[2])


def connections(hosts: Iterable[Host], world: World) -> dict[str, str]:
    """Of each host, by name, its address with the length of its network's prefix."""
    cidrs = {name: subnet.cidr for name, subnet in world.subnets.items()}
    if world.distributions:
        cidrs[""] = str(plan.edge_network(world))
    return {host.name: f"{host.address}/{cidrs[host.subnet].partition('/')[2]}" for host in hosts}


def differences(
    wanted: Mapping[str, str], present: Mapping[str, str], spared: Container[str] = ()
) -> tuple[list[str], list[str]]:
    """Which hosts to disconnect and which to connect. One whose address has changed is both.

    Those that are spared stay as they are, if they are there.
    """
    wanted = {**wanted, **{name: address for name, address in present.items() if name in spared}}
    gone = [name for name, address in sorted(present.items()) if wanted.get(name) != address]
    new = [name for name, address in sorted(wanted.items()) if present.get(name) != address]
    return gone, new


def free_link(taken: Iterable[str]) -> str:
    """The first /30 of 169.254.0.0/16 (RFC 3927) that touches none of the networks that this computer has."""
    held = [ipaddress.ip_interface(one).network for one in taken]
    for third in range(1, 255):
        network = ipaddress.ip_network(f"169.254.{third}.0/30")
        if third != 169 and not any(network.overlaps(one) for one in held):
            return str(network)
    raise SystemExit("every /24 of 169.254.0.0/16 is in use on this computer; stop a lab")


class Network:
    """The namespaces of this checkout's lab."""

    def __init__(self, root: Path) -> None:
        self.name = names.network(root, "lab")
        self.path = NAMESPACES / self.name
        self.outer = f"pl{names.checkout_id(root)}"  # the end of the uplink on this computer
        self.table = f"{TABLE}_{names.checkout_id(root)}"
        self._rules = ""

    def namespace(self, host: str) -> str:
        """The name of a host's network namespace."""
        return f"{self.name}-{host}"

    def there(self) -> bool:
        """Whether the router is."""
        return self.path.exists()

    def up(self) -> None:
        """Make the router, its way out, and the host through which this computer comes in."""
        if self.there():
            return
        run("ip", "netns", "add", self.name)
        settings = {
            "ip_forward": 1,
            "conf.all.send_redirects": 0,
            "conf.default.send_redirects": 0,
            # Every host finds every address behind the router.
            "conf.default.proxy_arp": 1,
            # A host may say what comes from its own address only: AWS's source/destination check.
            "conf.all.rp_filter": 1,
            "conf.default.rp_filter": 1,
        }
        self.inside("sysctl", "-qw", *(f"net.ipv4.{key}={value}" for key, value in settings.items()))
        own = [f"address replace {address}/32 dev lo" for address in router_addresses(World())]
        batch(["link set lo up", *own], self.name)
        self._make_uplink()
        self.connect(ENTRANCE, f"{plan.CLIENTS[10]}/{plan.CLIENTS.prefixlen}", INTERNET_LINK + "0")

    def _make_uplink(self) -> None:
        known = json.loads(run("ip", "-j", "-4", "address", "show"))
        addresses = [
            f"{one['local']}/{one['prefixlen']}" for link in known for one in link["addr_info"] if "local" in one
        ]
        network = ipaddress.ip_network(free_link(addresses))
        run("ip", "link", "add", self.outer, "type", "veth", "peer", "name", UPLINK, "netns", self.name)
        run("ip", "address", "add", f"{network[1]}/30", "dev", self.outer)
        run("ip", "link", "set", self.outer, "up")
        batch(
            [
                f"address add {network[2]}/30 dev {UPLINK}",
                f"link set {UPLINK} up",
                f"route add default via {network[1]}",
            ],
            self.name,
        )
        self.inside("sysctl", "-qw", f"net.ipv4.conf.{UPLINK}.proxy_arp=0")
        forwarding = Path("/proc/sys/net/ipv4/ip_forward")
        if forwarding.read_text().strip() == "0":
            forwarding.write_text("1\n")
        rule = f"ip saddr {network} masquerade"
        chain = f"chain outward {{\n type nat hook postrouting priority srcnat;\n {rule}\n}}"
        run("nft", "-f", "-", given=f"table ip {self.table} {{\n{chain}\n}}\n")

    def down(self) -> None:
        """Remove all of it; nothing there is no error. Whatever ran inside must have ended."""
        for path in sorted(NAMESPACES.glob(f"{self.name}*")) if NAMESPACES.exists() else []:
            run("ip", "netns", "delete", path.name)
        if self.outer in {link["ifname"] for link in json.loads(run("ip", "-j", "link", "show"))}:
            # The kernel removes it with its peer, a moment after the namespace.
            subprocess.run(["ip", "link", "delete", self.outer], capture_output=True)
        tables = json.loads(run("nft", "-j", "list", "tables"))["nftables"]
        if any(entry.get("table", {}).get("name") == self.table for entry in tables):
            run("nft", "delete", "table", "ip", self.table)

    def present(self) -> dict[str, str]:
        """The hosts that are connected, with their addresses."""
        links = json.loads(run("ip", "-n", self.name, "-j", "link", "show"))
        aliases = [link["ifalias"].removeprefix(ALIAS) for link in links if link.get("ifalias", "").startswith(ALIAS)]
        return dict(alias.split("@", 1) for alias in aliases if not alias.startswith(f"{ENTRANCE}@"))

    def sync(self, world: World, hosts: Mapping[str, Host], spared: Container[str] = ()) -> tuple[list[str], list[str]]:
        """Connect and disconnect. Returns which hosts; the caller has ended what ran in those that go."""
        wanted = connections(hosts.values(), world)
        gone, new = differences(wanted, self.present(), spared)
        for name in gone:
            self.disconnect(name)
        batch([f"address replace {address}/32 dev lo" for address in router_addresses(world)], self.name)
        for name in new:
            self.connect(name, wanted[name])
        return gone, new

    def connect(self, name: str, address: str, link: str = "") -> None:
        """Give a host its namespace and its address."""
        link = link or wire(name)
        interface = ipaddress.ip_interface(address)
        namespace = self.namespace(name)
        if (NAMESPACES / namespace).exists():
            self.disconnect(name)
        run("ip", "netns", "add", namespace)
        batch(
            [
                f"link add {link} type veth peer name eth0 netns {namespace}",
                f"link set {link} up",
                f"ntable change name arp_cache dev {link} proxy_delay 0",
                f"link set {link} alias {ALIAS}{name}@{address}",
                f"route replace {interface.ip}/32 dev {link}",
            ],
            self.name,
        )
        batch(
            [
                "link set lo up",
                f"address add {address} dev eth0",
                "link set eth0 up",
                f"route add default via {interface.network[1]}",
            ],
            namespace,
        )

    def disconnect(self, name: str) -> None:
        """Take a host's namespace away, and its wire with it."""
        subprocess.run(["ip", "-n", self.name, "link", "delete", wire(name)], capture_output=True)
        if (NAMESPACES / self.namespace(name)).exists():
            run("ip", "netns", "delete", self.namespace(name))

    def enforce(self, rules: str) -> bool:
        """Put the rules in force; tells whether they are new."""
        if rules == self._rules:
            return False
        self.inside("nft", "-f", "-", given=rules)
        self._rules = rules
        return True

    def inside(self, *command: str, given: str | None = None) -> str:
        """Run a command in the router's namespace."""
        return run("nsenter", f"--net={self.path}", *command, given=given)


def refuse_without_root(rootless: bool) -> None:
    """Stop where network namespaces, interfaces and nftables cannot be made."""
    if rootless:
        raise Lacking(
            "The lab's fabric makes network namespaces, interfaces between them and nftables rules, which takes "
            "CAP_NET_ADMIN and CAP_SYS_ADMIN. Run it as root"
        )


def batch(commands: Iterable[str], namespace: str) -> None:
    """Run commands of ip(8) in a namespace at once."""
    run("ip", "-n", namespace, "-batch", "-", given="\n".join(commands) + "\n")


def run(*command: str, given: str | None = None) -> str:
    """Run a command; its failure ends the lab's work with what it said."""
    answer = subprocess.run(command, capture_output=True, text=True, input=given)
    if answer.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {answer.stderr.strip()}")
    return answer.stdout
