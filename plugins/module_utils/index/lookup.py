# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks things up in an index; in check mode plans what is not there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from ..kinds import KINDS
from ..kinds.base import Item, Kind, Scope, dig


class NotInIndex(Exception):
    """What was looked up is not there. Says what, where, and how to make it."""


def owned(index: Mapping[str, Any], kind: str, name: str, attribute: str | None = None) -> Any:
    """The item of that name, or one attribute of it, given as a dotted path."""
    items = items_of(index, kind)
    item = items.get(name)
    if item is None and not index.get("check_mode"):
        raise NotInIndex(_missing(index, KINDS[kind], name, sorted(items)))
    if attribute is None:
        return stand_in(index, kind, name) if item is None else item
    value = dig(item, attribute)
    if value is not None:
        return value
    if not index.get("check_mode"):
        raise NotInIndex(_missing_attribute(index, KINDS[kind], name, attribute, item or {}))
    planned = dig(stand_in(index, kind, name), attribute)
    return planned if planned is not None else f"planned-{kind}-{name}-{attribute}"


def items_of(index: Mapping[str, Any], kind: str) -> Mapping[str, Item]:
    """All items of a kind by name."""
    if kind not in KINDS:
        raise NotInIndex(f"There is no kind {kind!r} in the index. The kinds are {', '.join(KINDS)}.")
    if "kinds_read" not in index:
        raise NotInIndex(
            "This is not the index of an environment: it has no kinds_read. Pass the index that "
            "pixstory.platform.environment_info returns, for example ``register.index``."
        )
    if kind not in index["kinds_read"]:
        raise NotInIndex(
            f"This index of {index['environment']} was read without {kind}. "
            f"Add {kind} to the kinds of the environment_info task that read it."
        )
    return index[kind]


def subnets_of(index: Mapping[str, Any], vpc: str, tier: str, zones: Sequence[str] | None = None) -> list[str]:
    """The ids of a VPC's subnets of one tier, ordered by zone.

    With ``zones``, letters or full names, exactly one for each of them.
    """
    by_zone: dict[str, list[str]] = {}
    for item in items_of(index, "subnets").values():
        if vpc_and_tier(item) == (vpc, tier):
            by_zone.setdefault(str(item["availability_zone"])[-1], []).append(item["id"])
    check_mode = bool(index.get("check_mode"))
    letters = [str(zone)[-1] for zone in zones] if zones else sorted(by_zone)
    if not letters and check_mode:
        letters = ["a", "b"]  # two zones, the fewest that subnet groups and load balancers take
    missing = [letter for letter in letters if letter not in by_zone]
    if (missing or not letters) and not check_mode:
        raise NotInIndex(_missing_subnets(index, vpc, tier, missing))
    ids: list[str] = []
    for letter in sorted(letters):
        ids += sorted(by_zone.get(letter, [])) or [stand_in(index, "subnets", f"{vpc}-{tier}-{letter}")["id"]]
    return ids


def vpc_and_tier(item: Item) -> tuple[str, str]:
    """By its tags, or by its name: ``<vpc>-<tier>-<zone letter>``."""
    tags = item.get("tags", {})
    vpc, _dummy, rest = str(item["name"]).partition("-")
    return tags.get("Vpc", vpc), tags.get("Tier", rest.rpartition("-")[0])


def is_planned(item: Any) -> bool:
    """Whether an item is a stand-in of check mode."""
    return isinstance(item, Mapping) and item.get("planned") is True


def stand_in(index: Mapping[str, Any], kind: str, name: str) -> Item:
    """What would be there: identifiers that are well formed, always the same, and of no real resource."""
    entry = KINDS[kind]
    scope = scope_of(index)
    seed = f"{scope.project}/{scope.environment}/{kind}/{name}"
    digest = hashlib.sha256(seed.encode()).hexdigest()
    values = {
        "name": name,
        "project": scope.project,
        "environment": scope.environment,
        "prefix": scope.prefix,
        "hex6": digest[:6],
        "hex16": digest[:16],
        "hex26": digest[:26].upper(),
        "HEX16": digest[:16].upper(),
        "digits": str(int(digest[:8], 16)),
        "uuid": "-".join((digest[:8], digest[8:12], f"4{digest[13:16]}", f"8{digest[17:20]}", digest[20:32])),
    }
    values["id"] = scope.fill(entry.planned_id, **values)
    values["arn"] = scope.fill(entry.planned_arn or entry.arn, **values)

    def fill(template: Any) -> Any:
        if isinstance(template, str):
            return scope.fill(template, **values)
        return {key: fill(one) for key, one in template.items()} if isinstance(template, Mapping) else template

    tags = {"Project": scope.project, "Environment": scope.environment, "Name": f"{scope.prefix}{name}"}
    named_by_id = entry.id_key == entry.name_key
    api_name = {"api_name": values["id"] if named_by_id else f"{scope.prefix}{name}"} if entry.name_key else {}
    item = {"id": values["id"], "arn": values["arn"], "name": name, "tags": tags, **api_name, "planned": True}
    return {**item, **fill(entry.planned)}


def scope_of(index: Mapping[str, Any]) -> Scope:
    return Scope(index["project"], index["environment"], index["region"], index["account_id"])


def _missing(index: Mapping[str, Any], kind: Kind, name: str, there: list[str]) -> str:
    listed = f"There {'is' if len(there) == 1 else 'are'} {', '.join(there)}." if there else "There is none at all."
    return f"The {kind.label} {name} is not in the environment {_place(index)}. {listed} {_remedy(index, kind.role)}"


def _missing_attribute(index: Mapping[str, Any], kind: Kind, name: str, attribute: str, item: Item) -> str:
    state = dig(item, kind.state) if kind.state else None
    now = f" Its state is {state}: wait until it is available and run again." if state else ""
    return (
        f"The {kind.label} {name} in the environment {_place(index)} has no {attribute}.{now} "
        f"It has {', '.join(sorted(item))}."
    )


def _missing_subnets(index: Mapping[str, Any], vpc: str, tier: str, letters: list[str]) -> str:
    there = sorted({" ".join(vpc_and_tier(item)) for item in index["subnets"].values()})
    where = f" in zone {', '.join(letters)}" if letters else ""
    listed = f"VPCs and tiers that have subnets: {'; '.join(there)}." if there else "There are no subnets at all."
    return (
        f"VPC {vpc} of the environment {_place(index)} has no subnet of tier {tier}{where}. {listed} "
        f"{_remedy(index, 'aws_network')}"
    )


def _place(index: Mapping[str, Any]) -> str:
    return f"{index['environment']} ({index['region']}, account {index['account_id']})"


def _remedy(index: Mapping[str, Any], role: str) -> str:
    return (
        f"The role {role} makes it: "
        f"ansible-playbook -i inventories/{index['environment']} playbooks/provision.yml --tags {role}"
    )
