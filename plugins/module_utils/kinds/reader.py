# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads an environment into its index."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict

from . import KINDS
from .base import Item, Kind, Scope, Tags, dig, tag_dict
from .calls import TAGGING, THREADS, Aws
from .errors import CallFailed
from .removal import is_gone

TAG_KEYS = ("Tags", "TagList", "TagSet")


def services_for(kinds: Iterable[str], *, account_id: str | None = None, orphans: bool = False) -> set[str]:
    """The services that :func:`identify`, :func:`read_index` and :func:`orphans` ask."""
    named = [KINDS[key] for key in kinds]
    return (
        {kind.service for kind in named}
        | {f"{kind.service}@{region}" for kind in named for region in kind.also_in}
        | ({TAGGING} if orphans else set())
        | (set() if account_id else {"sts"})
    )


def identify(aws: Aws, project: str, environment: str, account_id: str | None = None) -> Scope:
    """The environment in this account, or else in the one that the credentials lead to."""
    account_id = account_id or str(aws.call("sts", "get_caller_identity")["Account"])
    return Scope(project, environment, aws.region, account_id, aws.partition)


def read_index(
    aws: Aws, scope: Scope, kinds: Iterable[str], *, check_mode: bool, going: bool = False, seen: set[str] | None = None
) -> Item:
    """All kinds in parallel. ``going`` keeps what is being deleted, for those who have to wait for it.

    ``seen`` is filled with the ids of all that was listed, be it gone or of others.
    """
    wanted = [KINDS[key] for key in KINDS if key in set(kinds)]
    # Each Region once: an environment may be at home where a kind is besides.
    places = [(kind, region) for kind in wanted for region in dict.fromkeys((scope.region, *kind.also_in))]
    with ThreadPoolExecutor(THREADS) as pool:
        answers = pool.map(lambda place: _read_steadily(aws, scope, *place, going=going, seen=seen), places)
    read: dict[str, list[Item]] = {}
    for (kind, _region), items in zip(places, answers, strict=True):
        read.setdefault(kind.key, []).extend(items)
    index: Item = {
        "project": scope.project,
        "environment": scope.environment,
        "region": scope.region,
        "account_id": scope.account_id,
        "check_mode": check_mode,
        "kinds_read": [kind.key for kind in wanted],
        "duplicates": [],
    }
    for kind in wanted:
        index[kind.key], duplicates = by_name(kind, read[kind.key])
        index["duplicates"].extend(duplicates)
    return index


def read_kind(aws: Aws, scope: Scope, kind: Kind, *, going: bool = False, seen: set[str] | None = None) -> list[Item]:
    """The environment's resources of one kind, oldest first."""
    listed = _listed(aws, scope, kind)
    if kind.wrapped:
        listed = [one[kind.wrapped] for one in listed]
    if kind.inner:
        listed = [one for outer in listed for one in outer[kind.inner]]
    if seen is not None:
        seen.update(str(item[kind.id_key]) for item in listed)
    listed = [item for item in listed if kind.candidate(scope, item) and kind.alive(item)]
    tags = kind.read_tags(aws, scope, listed) if kind.read_tags else [_inline_tags(item) for item in listed]
    owned = [(item, own) for item, own in zip(listed, tags, strict=True) if kind.owned(scope, item, own)]
    if kind.details and owned:
        kind.details(aws, scope, [item for item, _own in owned])
    items = []
    for raw, own in owned:
        if not kind.alive(raw) or (kind.going(raw) and not going):
            continue
        # Details may have brought tags that the list call did not.
        item = describe(scope, kind, raw, own or _inline_tags(raw))
        if kind.going(raw):
            item["going"] = True
        if scope.cross_region:
            item["region"] = scope.region
        created = _text(raw.get(kind.created, "")) if kind.created else ""
        items.append((created, item["id"], item))
    return [item for _created, _id, item in sorted(items, key=lambda entry: entry[:2])]


def _listed(aws: Aws, scope: Scope, kind: Kind) -> list[Item]:
    """What the list call returns. GuardDuty lists ids alone; Security Hub has one hub and no list."""
    try:
        if not kind.result:
            return [aws.call(kind.service, kind.operation, **kind.arguments(scope))]
        listed = aws.pages(kind.service, kind.operation, kind.result, **kind.arguments(scope))
    except CallFailed as error:
        if error.code in kind.absent:
            return []
        raise
    return [item if isinstance(item, dict) else {kind.id_key: item} for item in listed]


def _read_steadily(aws: Aws, scope: Scope, kind: Kind, region: str, **options: Any) -> list[Item]:
    """Once more when something vanished between being listed and being described."""
    if region != scope.region:
        aws, scope = aws.at(region), scope.at(region)
    try:
        return read_kind(aws, scope, kind, **options)
    except CallFailed as error:
        if not is_gone(error):
            raise
        return read_kind(aws, scope, kind, **options)


def describe(scope: Scope, kind: Kind, raw: Item, tags: Tags) -> Item:
    """One item of the index: AWS's description in snake case, and what is the same for every kind."""
    item = _text({key: value for key, value in raw.items() if key not in (*TAG_KEYS, *kind.omit)})
    shown: Item = camel_dict_to_snake_dict(item, ignore_list=kind.verbatim)
    identifier = str(item[kind.id_key])
    arn = scope.fill(kind.arn, id=identifier) if "{" in kind.arn else str(item.get(kind.arn, ""))
    api_name = str(dig(item, kind.name_key) or "") if kind.name_key else ""
    shown.update(id=identifier, arn=arn, tags=tags, name=logical_name(scope, kind, api_name, tags, identifier))
    if api_name:
        shown["api_name"] = api_name
    if "Role" in tags:
        shown["role"] = tags["Role"]
    return shown


def logical_name(scope: Scope, kind: Kind, api_name: str, tags: Tags, identifier: str) -> str:
    """The name without what all names of the environment begin with."""
    tagged = "" if kind.name_from == "api" else tags.get("Name", "")
    return (tagged and tagged.removeprefix(scope.prefix)) or (api_name and kind.shorten(scope, api_name)) or identifier


def by_name(kind: Kind, items: list[Item]) -> tuple[dict[str, Item], list[Item]]:
    """The items under their names, and which names more than one of them has."""
    named: dict[str, Item] = {}
    shared: dict[str, list[str]] = {}
    for item in items:
        name = item["id"] if kind.name_from == "id" else item["name"]
        shared.setdefault(name, []).append(item["id"])
        named[f"{name} {item['id']}" if name in named else name] = item
    duplicates = [
        {
            "kind": kind.key,
            "name": name,
            "ids": ids,
            "remedy": (
                f"{len(ids)} {kind.label} resources are called {name}: {', '.join(ids)}. The index has the oldest, "
                f"{ids[0]}, under that name. Delete the others, or change their Name tags."
            ),
        }
        for name, ids in sorted(shared.items())
        if len(ids) > 1
    ]
    return dict(sorted(named.items())), duplicates


def orphans(aws: Aws, scope: Scope, index: Item, seen: set[str]) -> list[Item]:
    """What carries the environment's tags and is in no kind that the registry knows.

    The tagging API goes on listing what was deleted for a while, so what the list calls have ``seen`` is no orphan. Its
    ARNs of images and snapshots are not written as elsewhere, so EC2's resources are known by their ids. So are KMS
    keys, for those that are pending deletion are in no index.
    """
    known = set(_arns(index)) | seen
    found = aws.pages(
        TAGGING,
        "get_resources",
        "ResourceTagMappingList",
        TagFilters=[
            {"Key": "Project", "Values": [scope.project]},
            {"Key": "Environment", "Values": [scope.environment]},
        ],
    )
    left = {str(one["ResourceARN"]).removesuffix(":*"): tag_dict(one.get("Tags", [])) for one in found}
    return [{"arn": arn, "tags": tags} for arn, tags in sorted(left.items()) if not known & {arn, _known_by(arn)}]


def _known_by(arn: str) -> str:
    return arn.rpartition("/")[2] if arn.split(":")[2] in ("ec2", "kms") else arn


def _arns(index: Item) -> Iterable[str]:
    for key in index["kinds_read"]:
        for item in index[key].values():
            yield item["arn"]
            for listener in item.get("listeners", []):
                yield listener["listener_arn"]
                yield from (rule["rule_arn"] for rule in listener.get("rules", []))
            # Member clusters of a replication group carry its tags.
            yield from (cluster["arn"] for cluster in item.get("clusters", []) if cluster.get("arn"))


def _inline_tags(item: Item) -> Tags:
    return next((tag_dict(item[key]) for key in TAG_KEYS if item.get(key)), {})


def _text(value: Any) -> Any:
    """Times as text, everywhere in a description."""
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, dict):
        return {key: _text(one) for key, one in value.items() if key != "ResponseMetadata"}
    if isinstance(value, list | tuple):
        return [_text(one) for one in value]
    return value
