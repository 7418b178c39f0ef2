# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps what stands equal to what the API tells: looks, compares, acts, and looks again."""

from __future__ import annotations

import json
import secrets
import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from lab import mail
from lab.fabric import balancers, caches, databases, edge, machines, names, network, plan, security_groups, world
from lab.fabric.authority import Authority
from lab.fabric.databases import Passwords
from lab.fabric.machines import Machines
from lab.fabric.network import Network
from lab.fabric.plan import Host
from lab.fabric.services import SHARED, Service, Services, There
from lab.fabric.services import steps as service_steps
from lab.fabric.world import Api, World
from lab.machines import gateway
from lab.machines.fabric import steps as machine_steps
from lab.machines.host import Grants

PAUSE = 1.0
AT_LEAST_EVERY = 5.0  # seconds between two looks at the whole API when nobody has written to it
AT_ONCE = 4  # containers that are made or started side by side
PATIENCE = 30.0  # seconds before something that failed is tried again
RESOLVER = "resolver"
NOT_YET = ("away", "stopped", "starting", "booting")


class Lab:
    """One lab: a state folder, an emulator and what stands because of it."""

    def __init__(self, root: Path, folder: Path, url: str, grants: Grants, ports: Mapping[int, int]) -> None:
        """``ports`` are those of this computer's loopback, each with that of the edge behind it."""
        self.folder = folder
        self.ports = ports
        self.grants = grants
        self.url = url
        self.api = Api(url)
        self.net = Network(root)
        self.authority = Authority(folder)
        self.machines = Machines(url, root, grants, self.net, self.authority.certificate)
        self.services = Services(self.net.name, folder, grants)
        self.world = World()
        self.hosts: dict[str, Host] = {}
        self.passwords: dict[str, Passwords] = {}
        self.tokens: dict[str, str | None] = {}
        self.states: dict[str, str] = {}
        self.errors: dict[str, str] = {}
        self._writes = -1
        self._read_at = 0.0
        self._health: dict[str, dict[str, str]] = {}
        self._at_the_edge: dict[str, str] = {}
        self._idle: set[str] = set()
        self._busy: dict[str, Future[None]] = {}
        self._retry_at: dict[str, float] = {}
        self._given_up: set[str] = set()
        self._kept: set[str] = set()
        self._pool = ThreadPoolExecutor(AT_ONCE)

    def follow(self, over: Callable[[], bool]) -> None:
        """Go on until it is over. What fails is said and tried again: the API may be between two states."""
        self._prepare()
        while not over():
            try:
                self.tick()
                self.errors.pop("lab", None)
            except (Exception, SystemExit) as error:
                traceback.print_exc()
                self.errors["lab"] = str(error)
            self._tell()
            time.sleep(PAUSE)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _prepare(self) -> None:
        self.net.up()
        kept = self.machines.restore()
        self._kept.update(kept)
        self.api.lab("images", list(kept.values()), timeout=30)
        self._write("imds.json", "{}")
        self._write("entrance.json", json.dumps(self._entrance()))
        inside = network.NAMESPACES / self.net.namespace(network.ENTRANCE)
        gateway.start(gateway.ENTRANCE, self.folder, self.grants, inside)
        for service in gateway.PORTS:
            gateway.start(service, self.folder, self.grants, self.net.path, self.url, network.METADATA)

    def tick(self) -> None:
        """Look, compare and act, once."""
        # Before looking: what has ended since then would still be wanted, and be done twice.
        self._collect()
        self._look()
        wanted = self._wanted()
        machines_wanted = self.machines.see(self.world, self.hosts)
        machines_there, services_there = self.machines.present(), self.services.present()
        seen = {name for name, state in self.states.items() if state == "running"} - self._busy.keys()
        self._observe(wanted, services_there, machines_there.running)
        # A primary that is gone is not started again before its successor is named.
        if self._fail_over():
            return
        self._report_dead(machines_there.running, seen)
        machine_todo = [
            step for step in machine_steps(machines_wanted, machines_there) if step[1] not in self._given_up
        ]
        service_todo = service_steps(wanted, services_there)
        # A look ago the edge was told to read its files: it has.
        if self.states.get(plan.EDGE) == "running":
            self.api.lab("edge", self._at_the_edge)
        # What is to go, goes before its network does; what is to come, comes after. While an image is being taken no
        # machine goes: it may be the one that it is taken of.
        taking = any(action == "commit" for action, _ in machine_todo)
        self._carry_out(
            machine_todo,
            ("commit",) if taking else ("remove", "stop"),
            lambda step: self.machines.carry_out(step, machines_wanted),
        )
        self._carry_out(service_todo, ("remove",), lambda step: self.services.carry_out(step, wanted))
        # Who works on what is to go needs its network until that is over.
        self.net.sync(self.world, self.hosts, spared=self._busy)
        self.net.enforce(security_groups.ruleset(self.world, self.hosts))
        self._write("imds.json", json.dumps(machines.metadata(self.world, self.hosts), indent=1))
        self._write("entrance.json", json.dumps(self._entrance()))
        for service in wanted.values():
            if not self.services.stale(service):
                continue
            if service.reload == balancers.RELOAD and self._running(service.name):
                balancers.keep_state(self.services.folder / service.name)
            self.services.write(service)
            # One that is being made reads its files when it starts.
            if service.name not in self._busy:
                self.services.signal(service)
        self._at_the_edge = {one.id: one.etag for one in self.world.distributions}
        for ami in self.world.baked.keys() & machines_there.images - self._kept:
            self._kept.add(ami)
            self._busy[f"keep {ami}"] = self._pool.submit(self.machines.keep, ami, self.world.baked[ami])
        self._carry_out(service_todo, ("create", "start"), lambda step: self.services.carry_out(step, wanted))
        self._carry_out(
            machine_todo, ("create", "start", "forget"), lambda step: self.machines.carry_out(step, machines_wanted)
        )

    # Look

    def _look(self) -> None:
        writes = self.api.lab("status")["writes"]
        if writes == self._writes and time.monotonic() - self._read_at < AT_LEAST_EVERY:
            return
        # What AWS mails to people is the lab's to follow.
        mail.confirm(self.api)
        self.world = world.read(self.api)
        self.hosts = plan.hosts(self.world)
        self._writes, self._read_at = writes, time.monotonic()
        self._learn_secrets()

    def _learn_secrets(self) -> None:
        kept = self.api.lab("secrets")
        self.tokens = kept["caches"]
        path = self.folder / "replication.json"
        own = json.loads(path.read_text()) if path.exists() else {}
        for name, database in self.world.databases.items():
            master = kept["databases"].get(name) or ""
            if database.secret:
                value = self.api.secretsmanager.get_secret_value(SecretId=database.secret)
                master = databases.master_password(value["SecretString"])
            own.setdefault(name, secrets.token_urlsafe(24))
            self.passwords[name] = Passwords(master, own[name])
        self._write("replication.json", json.dumps(own))

    # Compare

    def _wanted(self) -> dict[str, Service]:
        found = {
            **balancers.services(self.world, self.hosts, self.authority),
            **edge.services(self.world, self._in_names(), self.authority),
            **databases.services(self.world, self.hosts, self.authority, self.passwords),
            **caches.services(self.world, self.hosts, self.authority, self.tokens),
        }
        placed = {
            name: replace(service, namespace=self.net.namespace(name), address=self.hosts[name].address)
            for name, service in found.items()
        }
        if self.world.vpcs:
            placed[RESOLVER] = replace(self._resolver(), namespace=self.net.name)
        return placed

    def _resolver(self) -> Service:
        answers = names.answers(self.world, self._in_names())
        zones = names.zones(self.world)
        return names.service(answers, zones, sorted(map(network.resolver, self.world.vpcs.values())), RESOLVER, SHARED)

    def _in_names(self) -> dict[str, Host]:
        """The hosts without the nodes of load balancers that serve nobody; all of those of one that has no other."""
        serving = {host.resource for name, host in self.hosts.items() if name not in self._idle}
        return {
            name: host for name, host in self.hosts.items() if name not in self._idle or host.resource not in serving
        }

    def _entrance(self) -> dict[str, Any]:
        """Where the published ports lead: to the edge, or without one to the nodes of public load balancers."""
        addresses = [host.address for host in self.hosts.values() if host.kind == plan.EDGE]
        addresses = addresses or [
            host.public for host in self.hosts.values() if host.kind == "balancer" and host.public
        ]
        return {"ports": self.ports, "addresses": sorted(addresses)}

    # Act

    def _carry_out(self, todo: list[tuple[str, str]], actions: tuple[str, ...], act: Callable[[Any], None]) -> None:
        """Begin the steps with these actions, except of what is still being worked on or has just failed."""
        for step in todo:
            action, name = step
            if action not in actions or name in self._busy or self._retry_at.get(name, 0) > time.monotonic():
                continue
            self._busy[name] = self._pool.submit(act, step)

    def _collect(self) -> None:
        for name, future in list(self._busy.items()):
            if not future.done():
                continue
            del self._busy[name]
            try:
                future.result()
                self.errors.pop(name, None)
            except (Exception, SystemExit) as error:
                print(f"{name}: {error}", flush=True)
                self.errors[name] = str(error)
                self._retry_at[name] = time.monotonic() + PATIENCE
        # What failed and has come by itself since then, a machine that was slow to boot say, is no error any more.
        for name in list(self.errors):
            if self._retry_at.get(name, 0) < time.monotonic() and (name not in self.hosts or self._running(name)):
                self.errors.pop(name)

    def _running(self, name: str) -> bool:
        return self.states.get(name, "away") not in NOT_YET

    # Observe

    def _observe(
        self, wanted: Mapping[str, Service], containers: Mapping[str, There], running: Mapping[str, bool]
    ) -> None:
        states = {}
        for name in wanted:
            there = containers.get(name)
            states[name] = "running" if there and there.running else "away"
            if there and there.running and not name.startswith(("balancer", plan.EDGE, RESOLVER)):
                path = self.services.folder / name / "status"
                states[name] = path.read_text().strip() if path.exists() else "starting"
        for name, host in self.hosts.items():
            if host.kind == "instance":
                up = "booting" if name in self._busy else "running"
                states[name] = up if running.get(name) else "stopped" if name in running else "away"
        self.states = states
        nodes = [name for name, host in self.hosts.items() if host.kind == "balancer"]
        tables = {
            name: balancers.verdicts(balancers.ask(self.services.folder / name, "show stat"))
            for name in nodes
            if states.get(name) == "running"
        }
        self._idle = {name for name in nodes if name not in tables or not balancers.serves(tables[name])}
        found = balancers.health(self.world.target_groups.values(), tables.values())
        if found != self._health:
            self.api.lab("target-health", found)
            self._health = found

    def _fail_over(self) -> bool:
        """Have the API move primaries that are gone; tells whether it did. What follows is done at the next look."""
        moved = False
        by_zone = {
            f"{host.resource} {host.zone}": self.states.get(name, "away")
            for name, host in self.hosts.items()
            if host.kind == "database"
        }
        for name in databases.lost(self.world, by_zone):
            print(f"fail over {name}", flush=True)
            self.api.rds.reboot_db_instance(DBInstanceIdentifier=name, ForceFailover=True)
            moved = True
        by_member = {h.resource: self.states.get(n, "away") for n, h in self.hosts.items() if h.kind == "cache"}
        for group, member in caches.lost(self.world, by_member):
            print(f"fail over {group} to {member}", flush=True)
            self.api.elasticache.modify_replication_group(
                ReplicationGroupId=group, PrimaryClusterId=member, ApplyImmediately=True
            )
            moved = True
        # A node that was the primary and is no more has to be made again, as a copy of the new one.
        for name, host in self.hosts.items():
            if host.kind == "database" and self.states.get(name) == "former primary" and name not in self._busy:
                self._busy[name] = self._pool.submit(self.services.carry_out, ("remove", name), {})
        return moved

    def _report_dead(self, running: Mapping[str, bool], seen: set[str]) -> None:
        """Tell the emulator of machines that have died, as EC2's status checks find them. What comes of it is up to
        their group.
        """
        # Once it is terminated it goes as every other.
        here = {name for name, one in self.world.instances.items() if one.state == "running"}
        given_up = (self._given_up | machines.dead(self.world, running, seen)) & here
        if given_up != self._given_up:
            print(f"dead: {', '.join(sorted(given_up))}", flush=True)
            self.api.lab("machine-health", sorted(given_up))
            self._given_up = given_up

    # Tell

    def rows(self) -> list[dict[str, str]]:
        """What stands, a row each, for people."""
        targets: dict[str, list[str]] = {}
        for arn, found in self._health.items():
            for target, state in found.items():
                targets.setdefault(target, []).append(f"{self.world.target_groups[arn].name}: {state}")
        rows = []
        for name, host in self.hosts.items():
            what = host.kind
            if host.kind == "instance":
                what = self.world.instances[name].tags.get("Role", "instance")
            rows.append(
                {
                    "what": what,
                    "name": name,
                    "zone": host.zone[-1:],
                    "address": host.address,
                    "public": host.public or "",
                    "state": self.states.get(name, "away"),
                    "health": ", ".join(targets.get(name, ())),
                }
            )
        return sorted(rows, key=lambda row: (row["what"], row["zone"], row["name"]))

    def _tell(self) -> None:
        settled = not self._busy and not self.errors and all(self._running(name) for name in self.hosts)
        status = {"time": time.time(), "settled": settled, "errors": self.errors, "rows": self.rows()}
        self._write("status.json", json.dumps(status))

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        draft = path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(text)
        draft.rename(path)
