# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checks look at: the well-formed part of a declaration, and what surrounds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .mistakes import Mistake, Path, one_of, show


@dataclass(frozen=True)
class Surroundings:
    """What a run finds beside the variables."""

    # The environment of the shell.
    environ: Mapping[str, str]
    # The filter subnet_plan: raises an Exception that says why a VPC has no room.
    subnet_plan: Callable[[str, Sequence[str], Sequence[str]], Any]
    # The zone letters that subnet_plan keeps room for.
    zone_letters: str
    # <environment> of each inventory source inventories/<environment>
    inventories: Sequence[str] = ()
    # Ansible's setting `precedence`, and that of the ansible.cfg of the repository, if it has one.
    precedence: Sequence[str] = ()
    precedence_wanted: Sequence[str] = ()


@dataclass(frozen=True)
class Declared:
    """The well-formed variables. What is malformed is not here: it has been reported, and no check stumbles over it."""

    values: Mapping[str, Any]
    around: Surroundings = field(repr=False)
    # Everything, malformed or not: to tell what is missing from what is wrong.
    written: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def get(self, variable: str) -> Any:
        return self.values.get(variable)

    def entries(self, variable: str) -> dict[str, dict[str, Any]]:
        return self.values.get(variable) or {}

    def items(self, variable: str) -> Iterator[tuple[int, Any]]:
        """The well-formed elements of a list, with their positions."""
        return ((at, item) for at, item in enumerate(self.values.get(variable) or []) if item is not None)

    @property
    def prefix(self) -> str:
        return self.get("platform_prefix") or ""

    @property
    def home(self) -> str:
        """The file in which the environment says what differs."""
        return f"inventories/{self.get('platform_environment') or '<environment>'}/group_vars/all.yml"

    def tiers(self, vpc: str | None) -> list[str] | None:
        """The tiers of a VPC; None if they are not known."""
        found = self.entries("aws_network_vpcs").get(vpc or "", {}).get("tiers")
        return [tier for tier in found if tier is not None] if found is not None else None


Checks = Iterator[Mistake]


def refers(declared: Declared, path: Path, name: Any, variable: str, what: str) -> Checks:
    """A name that must be an entry of a mapping or list variable."""
    known = declared.get(variable)
    if name is None or known is None or name in known:
        return
    yield Mistake(path, f"is {show(name)}, and there is no such {what} in {variable}", one_of(name, list(known)))


def tier_exists(declared: Declared, path: Path, tier: str | None, vpc: str | None) -> Checks:
    tiers = declared.tiers(vpc)
    if tier is not None and tiers is not None and tier not in tiers:
        yield Mistake(path, f"is {show(tier)}, which is not a tier of VPC {vpc}", one_of(tier, tiers))


def group_in(declared: Declared, path: Path, group: str | None, vpc: str = "main") -> Checks:
    """A security group that must exist, in this VPC: AWS takes no other."""
    yield from refers(declared, path, group, "aws_security_groups_groups", "security group")
    stands_in = declared.entries("aws_security_groups_groups").get(group or "", {}).get("vpc")
    if stands_in is not None and stands_in != vpc:
        yield Mistake(
            path,
            f"is {show(group)}, a security group of VPC {stands_in}, and this stands in VPC {vpc}",
            f"Name a group of VPC {vpc}, or write vpc: {vpc} in aws_security_groups_groups.{group}.",
        )


def within(path: Path, value: int | None, least: int, most: int, unit: str = "", why: str = "") -> Checks:
    if value is not None and not least <= value <= most:
        reason = f" {why}" if why else ""
        yield Mistake(path, f"is {value}", f"Write {least} to {most}{f' {unit}' if unit else ''}.{reason}")
