# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deletes an environment, rank by rank."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from . import KINDS
from .base import Item, Kind, Rank
from .calls import THREADS
from .compute import outlives_its_instance
from .data import tag_forgotten_snapshots
from .reader import orphans, read_index
from .removal import Removal
from .storage import is_locked

Target = tuple[Kind, Item]

KEPT_SNAPSHOT = "A snapshot is kept unless keep_snapshots is false."
KEPT_KEY = "Kept snapshots are encrypted with this key."
LOCKED = "Object lock keeps its objects. Its lifecycle rules remove them in time: destroy again after that."
LOCKED_KEY = "The objects of the kept bucket of the same name are encrypted with this key."
# Who can hold a part of a VPC, by the filter under which its network interfaces are found.
HOLDERS = {"vpcs": "vpc-id", "subnets": "subnet-id", "security_groups": "group-id"}


class Unfinished(Exception):
    """Something is left. Carries what the module returns all the same."""

    def __init__(self, left: list[Item], result: Item) -> None:
        self.result = {**result, "left": left}
        lines = "; ".join(f"{one['kind']} {one['name']} ({one['id']}): {one['why']}" for one in left)
        super().__init__(f"{len(left)} resource{'' if len(left) == 1 else 's'} left: {lines}")


class Destroyer:
    def __init__(self, removal: Removal, *, keep_snapshots: bool) -> None:
        self.removal = removal
        self.keep_snapshots = keep_snapshots
        self.deleted: list[Item] = []
        self.seen: set[str] = set()
        self.kept_keys: set[str] = set()
        self.index = self._read()
        self.first = self.index

    def plan(self) -> Item:
        """What would be deleted and what would stay. Makes no call."""
        deleted = [_named(kind, item) for rank in Rank for kind, item in self._targets(rank)]
        return {"deleted": deleted, "kept": self._kept(), "final_snapshots": []}

    def run(self) -> Item:
        if tag_forgotten_snapshots(self.removal, self.index):
            self.first = self.index = self._read()
        for rank in Rank:
            if rank is Rank.REMAINS:
                self._read_snapshots()
                # Decided now, for once the stores are gone nothing tells of a snapshot that AWS does not list yet.
                self.kept_keys = self._keys_of_snapshots()
            self._delete(self._targets(rank))
        self.first, self.index = self.index, self._read()
        left = [target for rank in Rank for target in self._targets(rank) if not target[1].get("going")]
        if left:
            raise Unfinished([{**_named(*target), "why": "AWS still lists it."} for target in left], self._result())
        return self._result()

    def unknown(self) -> list[str]:
        """ARNs that carry the tags of the environment and were in no kind of the first index."""
        final = tuple(self.removal.snapshots)
        found = orphans(self.removal.aws, self.removal.scope, self.first, self.seen)
        return [one["arn"] for one in found if not one["arn"].endswith(final)]

    # What is deleted and what is kept

    def _targets(self, rank: Rank) -> list[Target]:
        return [
            (kind, item)
            for kind in KINDS.values()
            if kind.rank is rank
            for item in self.index[kind.key].values()
            if self._reason_to_keep(kind, item) is None
        ]

    def _kept(self) -> list[Item]:
        return [
            {**_named(kind, item), "reason": reason}
            for kind in KINDS.values()
            for item in self.index[kind.key].values()
            if (reason := self._reason_to_keep(kind, item))
        ]

    def _reason_to_keep(self, kind: Kind, item: Item) -> str | None:
        if kind.key == "buckets" and is_locked(item):
            return LOCKED
        if kind.key == "kms_keys" and is_locked(self.index["buckets"].get(item["name"], {})):
            return LOCKED_KEY
        if not self.keep_snapshots:
            return None
        if kind.backup:
            return KEPT_SNAPSHOT
        if kind.key == "kms_keys" and {item["id"], item["arn"]} & (self._keys_of_snapshots() | self.kept_keys):
            return KEPT_KEY
        return None

    def _keys_of_snapshots(self) -> set[str]:
        """Without its key a snapshot cannot be restored: the keys of those that stand and of those to be taken."""
        items = [item for kind in KINDS.values() if kind.backup for item in self.index[kind.key].values()]
        if self.removal.final_snapshots:
            items += [*self.index["db_instances"].values(), *self.index["replication_groups"].values()]
            items += filter(outlives_its_instance, self.index["volumes"].values())
        return {str(key) for item in items if (key := item.get("kms_key_id"))}

    def _read(self) -> Item:
        return read_index(self.removal.aws, self.removal.scope, KINDS, check_mode=False, going=True, seen=self.seen)

    def _read_snapshots(self) -> None:
        """Volumes too: most went with their instances and left no snapshot. And buckets that were written to since."""
        kinds = ["volumes", "buckets", *(kind.key for kind in KINDS.values() if kind.backup)]
        fresh = read_index(self.removal.aws, self.removal.scope, kinds, check_mode=False, going=True)
        self.index.update({key: fresh[key] for key in kinds})

    # Deleting

    def _delete(self, targets: list[Target]) -> None:
        """All of a rank at once. The next rank begins only when this one is gone entirely."""
        prepared = [target for target in targets if target[0].prepare]
        failed = self._in_parallel(
            prepared, lambda kind, item: kind.prepare and kind.prepare(self.removal.of(item), item)
        )
        if not failed:
            failed = self._in_parallel(targets, lambda kind, item: kind.delete(self.removal.of(item), item))
            broken = {id(item) for (_kind, item), _error in failed}
            self.deleted += [_named(kind, item) for kind, item in targets if id(item) not in broken]
        if failed:
            left = [
                {**_named(kind, item), "why": f"{error} {self._holders(kind, item)}".strip()}
                for (kind, item), error in failed
            ]
            raise Unfinished(left, self._result())

    def _in_parallel(
        self, targets: list[Target], function: Callable[[Kind, Item], Any]
    ) -> list[tuple[Target, Exception]]:
        def attempt(target: Target) -> Exception | None:
            try:
                function(*target)
            except Exception as error:
                return error
            return None

        with ThreadPoolExecutor(THREADS) as pool:
            errors = list(pool.map(attempt, targets))
        return [(target, error) for target, error in zip(targets, errors, strict=True) if error]

    def _holders(self, kind: Kind, item: Item) -> str:
        """What of others is still in the way of a part of a VPC."""
        if kind.key not in HOLDERS:
            return ""
        filters = [{"Name": HOLDERS[kind.key], "Values": [item["id"]]}]
        look = self.removal.look
        held = [
            f"network interface {one['NetworkInterfaceId']} ({one.get('Description') or 'no description'})"
            for one in look("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=filters)
        ]
        if kind.key == "vpcs":
            held += [f"subnet {one['SubnetId']}" for one in look("ec2", "describe_subnets", "Subnets", Filters=filters)]
            groups = look("ec2", "describe_security_groups", "SecurityGroups", Filters=filters)
            held += [f"security group {one['GroupId']}" for one in groups if one["GroupName"] != "default"]
        return f"In the way: {', '.join(sorted(held))}." if held else ""

    def _result(self) -> Item:
        return {
            "deleted": self.deleted,
            "kept": self._kept(),
            "final_snapshots": sorted(set(self.removal.snapshots)),
        }


def _named(kind: Kind, item: Item) -> Item:
    return {"kind": kind.key, "name": item["name"], "id": item["id"]}
