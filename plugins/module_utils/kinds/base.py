# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a kind of resource is, and what an environment is.

Nothing here imports boto3, so the filters on the controller read the same registry as the modules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .calls import Aws
    from .removal import Removal

Item = dict[str, Any]
Tags = dict[str, str]
HIDDEN = "hidden"  # in the place of a value that lets somebody in


class Rank(IntEnum):
    """The order of deletion: a rank begins when the one before it is gone."""

    SOURCES = 10  # what makes, feeds or protects other things: groups, load balancers, gateways, data stores
    MACHINES = 20  # after the Auto Scaling groups, which would replace them
    PARTS = 30  # what those used: templates, target groups, addresses, subnet groups, certificates
    GUARDS = 40  # security groups, roles, route tables, internet gateways: after whatever held them
    SUBNETS = 50
    EDGES = 60  # network ACLs are held by subnets, policies by roles
    VPCS = 70
    REMAINS = 80  # buckets, log groups and keys: what was deleted before wrote there until its end


@dataclass(frozen=True)
class Scope:
    """One environment: how its resources are named and by what they are known to be its own."""

    project: str
    environment: str
    region: str = ""
    account_id: str = ""
    partition: str = "aws"
    cross_region: bool = False  # in another Region than the environment's own

    def at(self, region: str) -> Scope:
        return self if region == self.region else replace(self, region=region, cross_region=True)

    @property
    def prefix(self) -> str:
        return f"{self.project}-{self.environment}-"

    @property
    def path(self) -> str:
        """The path of IAM resources and of log groups."""
        return f"/{self.project}/{self.environment}/"

    @property
    def folder(self) -> str:
        """The path of secrets and parameters."""
        return f"/{self.environment}/"

    def owns(self, tags: Mapping[str, str]) -> bool:
        return tags.get("Project") == self.project and tags.get("Environment") == self.environment

    def fill(self, template: str, **values: str) -> str:
        return template.format(partition=self.partition, region=self.region, account=self.account_id, **values)


# How an API is asked for one environment only. Each returns the arguments of the list call.


def nothing(scope: Scope) -> dict[str, Any]:
    return {}


def tag_filter(argument: str = "Filters") -> Callable[[Scope], dict[str, Any]]:
    def arguments(scope: Scope) -> dict[str, Any]:
        return {
            argument: [
                {"Name": "tag:Project", "Values": [scope.project]},
                {"Name": "tag:Environment", "Values": [scope.environment]},
            ]
        }

    return arguments


# How a listed resource is known to belong to the environment. Each sees the description and its tags.


def by_tags(scope: Scope, item: Item, tags: Tags) -> bool:
    return scope.owns(tags)


def by_path(scope: Scope, item: Item, tags: Tags) -> bool:
    return str(item.get("Path", "")).startswith(scope.path)


def any_item(scope: Scope, item: Item) -> bool:
    return True


def named(key: str) -> Callable[[Scope, Item], bool]:
    """A first sieve by name, for APIs where each item costs one more call for its tags."""

    def candidate(scope: Scope, item: Item) -> bool:
        return str(item.get(key, "")).startswith(scope.prefix)

    return candidate


def batches(items: list[Any], size: int) -> list[list[Any]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def tag_dict(tags: Iterable[Mapping[str, str]]) -> Tags:
    """Tags as a dictionary, from the lists of all services: KMS writes TagKey and TagValue."""
    return {tag.get("Key") or tag["TagKey"]: tag.get("Value", tag.get("TagValue", "")) for tag in tags}


def always(item: Item) -> bool:
    return True


def never(item: Item) -> bool:
    return False


def status(path: str, *values: str) -> Callable[[Item], bool]:
    """Whether the value at ``path`` is one of ``values``."""

    def is_one(item: Item) -> bool:
        return dig(item, path) in values

    return is_one


def status_not(path: str, *gone: str) -> Callable[[Item], bool]:
    """Alive unless the value at ``path`` is one of ``gone``."""

    def alive(item: Item) -> bool:
        return dig(item, path) not in gone

    return alive


def dig(item: Any, path: str) -> Any:
    """The value at a dotted path, numbers being list positions; None where there is none."""
    for step in path.split("."):
        if isinstance(item, Mapping):
            item = item.get(step)
        elif isinstance(item, list) and step.isdigit():
            item = item[int(step)] if int(step) < len(item) else None
        else:
            return None
    return item


def short_name(scope: Scope, api_name: str) -> str:
    return api_name.removeprefix(scope.prefix)


@dataclass(frozen=True)
class Kind:
    """One kind of resource: how it is listed, whose it is, what it is called and how it is deleted.

    Keys of AWS are written as AWS writes them (``VpcId``); paths into an item of the index as the index has
    them (``state.name``).
    """

    key: str  # its key in the index, plural
    label: str  # AWS's words, for people
    service: str  # of boto3
    role: str  # the Ansible role that makes it
    rank: Rank
    operation: str  # the list call and the key of its answer; no key where the answer is the one resource itself
    result: str
    id_key: str
    arn: str  # AWS's key, or a template
    delete: Callable[[Removal, Item], None]

    absent: tuple[str, ...] = ()  # errors of the list call that say that there is none
    also_in: tuple[str, ...] = ()  # Regions beside the environment's own; its items there have a ``region``
    wrapped: str | None = None  # the key of the resource in each result
    inner: str | None = None  # a list inside each result: reservations hold instances
    arguments: Callable[[Scope], dict[str, Any]] = nothing
    candidate: Callable[[Scope, Item], bool] = any_item
    read_tags: Callable[[Aws, Scope, list[Item]], list[Tags]] | None = None  # where the list call returns none
    owned: Callable[[Scope, Item, Tags], bool] = by_tags
    alive: Callable[[Item], bool] = always  # false once it is gone, though AWS still lists it
    going: Callable[[Item], bool] = never  # true when it is of no use any more but still in the way
    details: Callable[[Aws, Scope, list[Item]], None] | None = None  # adds to the descriptions in place
    created: str | None = None

    name_key: str | None = None  # the API's own name of it
    name_from: str = "tag"  # tag: Name tag, else API name · api: API name only · id: names are shared by nature
    shorten: Callable[[Scope, str], str] = short_name
    omit: tuple[str, ...] = ()  # keys that change all the time
    verbatim: tuple[str, ...] = ()  # keys whose values keep the case of their keys

    prepare: Callable[[Removal, Item], None] | None = None  # done to all of the kind before the first is deleted
    backup: bool = False  # destroying the environment leaves it, unless told otherwise

    where: tuple[str, ...] = ()  # for the table
    state: str = ""
    planned_id: str = "{prefix}{name}"  # of a stand-in in check mode
    planned_arn: str = ""  # where ``arn`` is a key
    planned: Mapping[str, Any] = field(default_factory=dict)
