# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resources of one kind that are declared together, read in bulk and compared one by one.

For kinds of which there are dozens that differ in a line each: one run of a module instead of one for each of them.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.tagging import compare_aws_tags

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Plan, Property, Resource, given

THREADS = 8

Members = dict[str, dict[str, Any]]


class ResourceSet(Resource):
    """The members are under their names in ``members_param``. A subclass reads, puts and deletes them.

    Where they are ``tagged``, every member carries the declared tags and ``Name``, and only members that carry all the
    declared tags are deleted: another environment may have one whose name begins in the same way.
    """

    name_param = "prefix"
    members_param: ClassVar[str]
    member_properties: ClassVar[tuple[Property, ...]]
    tagged: ClassVar[bool] = True

    # What a subclass gives

    def read(self) -> Members:
        """All that may be of the set, by their full names; of what is tagged, with ``Tags`` as a dictionary."""
        raise NotImplementedError

    def put(self, name: str, declared: dict[str, Any], present: dict[str, Any] | None) -> None:
        """Make or change one. What is not declared stays as it is in ``present``. A new one gets :meth:`tags_of`."""
        raise NotImplementedError

    def discard(self, names: list[str]) -> None:
        raise NotImplementedError

    def tag(self, member: dict[str, Any], tags: dict[str, str]) -> None:
        raise NotImplementedError

    def untag(self, member: dict[str, Any], keys: list[str]) -> None:
        raise NotImplementedError

    # What the subclasses use

    def each(self, function: Callable[[Any], Any], items: list[Any]) -> list[Any]:
        """The function of every item, a few at a time, in their order."""
        self.client()
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(function, items))

    def tags_of(self, name: str) -> dict[str, str]:
        return {**(self.params.get("tags") or {}), "Name": name}

    def full_name(self, name: str) -> str:
        return f"{self.params.get('prefix') or ''}{name}"

    # The reconciler

    def describe(self) -> dict[str, Any] | None:
        members = self.read()
        if self.params["state"] == "absent":
            members = {name: one for name, one in members.items() if self._ours(one)}
        return {"Members": members} if members else None

    def _ours(self, member: dict[str, Any]) -> bool:
        declared = self.params.get("tags") or {}
        return not self.tagged or all(member["Tags"].get(key) == value for key, value in declared.items())

    def _declared_members(self) -> Members:
        members = self.params[self.members_param] or {}
        return {
            self.full_name(name): {
                prop.api: given(member[prop.param])
                for prop in self.member_properties
                if member.get(prop.param) is not None
            }
            for name, member in members.items()
        }

    def plan(self, description: dict[str, Any] | None) -> Plan:
        if self.params["state"] == "absent":
            if description is None:
                return Plan()
            gone = dict.fromkeys(sorted(description["Members"]), "absent")
            return Plan("delete", before=dict.fromkeys(gone, "present"), after=gone)
        present: Members = description["Members"] if description else {}
        declared = self._declared_members()
        plan = Plan()
        for name, wanted in declared.items():
            self._compare(plan, name, wanted, present.get(name))
        if self.params["purge"]:
            for name in sorted(present.keys() - declared.keys()):
                if self._ours(present[name]):
                    plan.changes[name] = None
                    plan.before[name], plan.after[name] = "present", "absent"
        if plan.changes:
            plan.action = "update" if present else "create"
        return plan

    def _compare(self, plan: Plan, name: str, wanted: dict[str, Any], there: dict[str, Any] | None) -> None:
        if there is None:
            plan.changes[name] = wanted
            plan.before[name], plan.after[name] = "absent", self._shown(wanted)
            return
        differing = [
            prop
            for prop in self.member_properties
            if prop.api in wanted and not prop.holds(wanted[prop.api], prop.current(there))
        ]
        before = {p.param: p.comparable(wanted[p.api], p.current(there)) for p in differing}
        after = {p.param: wanted[p.api] for p in differing}
        if self.tagged:
            missing, surplus = self._tag_changes(name, there)
            if missing or surplus:
                before["tags"] = there["Tags"]
                after["tags"] = {**{k: v for k, v in there["Tags"].items() if k not in surplus}, **missing}
        if before or after:
            plan.changes[name] = {p.api: wanted[p.api] for p in differing}
            plan.before[name], plan.after[name] = before, after

    def _tag_changes(self, name: str, there: dict[str, Any]) -> tuple[dict[str, str], list[str]]:
        purge = self.params["tags"] is not None and self.params["purge_tags"]
        missing, surplus = compare_aws_tags(there["Tags"], self.tags_of(name), purge_tags=purge)
        return missing, surplus

    def _shown(self, wanted: dict[str, Any]) -> dict[str, Any]:
        return {prop.param: wanted[prop.api] for prop in self.member_properties if prop.api in wanted}

    def apply(self, plan: Plan, description: dict[str, Any] | None) -> None:
        present: Members = description["Members"] if description else {}
        if plan.action == "delete":
            self.step = "delete"
            self.discard(sorted(present))
            return
        self.step = "update"
        if surplus := [name for name, changes in plan.changes.items() if changes is None]:
            self.discard(surplus)
        for name, changes in plan.changes.items():
            if changes is None:
                continue
            there = present.get(name)
            if changes or there is None:
                self.put(name, changes, there)
            if there is not None and self.tagged:
                missing, extra = self._tag_changes(name, there)
                if extra:
                    self.untag(there, extra)
                if missing:
                    self.tag(there, missing)

    def shown(self, plan: Plan, description: dict[str, Any] | None) -> bool:
        """True once AWS lists all that were put."""
        put = {name for name, changes in plan.changes.items() if changes is not None}
        return plan.action == "delete" or put <= (description or {"Members": {}})["Members"].keys()

    def result(self, description: dict[str, Any] | None) -> dict[str, Any]:
        """Each member as it now is, under its full name."""
        members: Members = description["Members"] if description else {}
        return {
            name: {
                **{prop.param: prop.current(member) for prop in self.member_properties},
                **({"tags": member["Tags"]} if self.tagged else {}),
            }
            for name, member in sorted(members.items())
        }
