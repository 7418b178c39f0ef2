# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines: Auto Scaling groups, single instances, their sizes and schedules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from . import catalog
from .declared import Checks, Declared, refers, tier_exists, within
from .mistakes import Mistake, Path, listing, nearest, one_of, show
from .specs import check_options

# A Graviton family has a g after its generation: t4g, m7gd, c6gn, im4gn.
_GRAVITON = re.compile(r"[a-z]+\d+g[a-z]*")
_IMAGE = re.compile(r"ami-[0-9a-f]{8,17}")
# As each_<variable> would say it, if aws_compute_schedules held mappings and not lists of them.
SCHEDULE = {
    "name": {"type": "str", "required": True, "description": "Name of the scheduled action"},
    "recurrence": {"type": "str", "required": True, "description": "When, as five cron fields"},
    "time_zone": {"type": "str", "description": "Time zone of the recurrence"},
    "min": {"type": "int"},
    "max": {"type": "int"},
    "desired": {"type": "int"},
}
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_CRON = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _DAYS),
)


def check(declared: Declared) -> Checks:
    groups, instances = declared.entries("aws_compute_groups"), declared.entries("aws_compute_instances")
    for role in groups.keys() & instances.keys():
        yield Mistake(
            ("aws_compute_instances", role),
            "is an Auto Scaling group as well (aws_compute_groups)",
            "Delete one of the two, or take another name.",
        )
    for role, group in groups.items():
        yield from _group(declared, role, group)
    for role, instance in instances.items():
        yield from _instance(declared, role, instance)
    yield from _sizes(declared)
    yield from _schedules(declared)
    yield from _images(declared)
    if declared.get("aws_compute_health_check_grace_seconds") is not None:
        yield from within(
            ("aws_compute_health_check_grace_seconds",), declared.get("aws_compute_health_check_grace_seconds"), 0, 7200
        )


def instance_type(declared: Declared, path: Path, name: str | None, prefix: str = "") -> Checks:
    """An instance type of EC2, after `db.` or `cache.` in other services."""
    known = catalog.instance_types()
    if name is None or not known:
        return
    if not name.startswith(prefix):
        yield Mistake(
            path, f"is {show(name)}", f"Write {prefix}{name}." if name in known else f"Begin it with {prefix}"
        )
        return
    if name.removeprefix(prefix) not in known:
        guess = nearest(name.removeprefix(prefix), known)
        what = f"is {show(name)}, which AWS does not have"
        yield Mistake(path, what, f"Write {prefix}{guess}." if guess else f"Write one such as {prefix}t4g.small.")


def architecture(name: str) -> str:
    """Of the image that an instance type boots."""
    return "arm64" if _GRAVITON.fullmatch(name.split(".")[0]) or name.startswith("a1.") else "amd64"


def _group(declared: Declared, role: str, group: Mapping[str, Any]) -> Checks:
    path: Path = ("aws_compute_groups", role)
    yield from tier_exists(declared, (*path, "tier"), group.get("tier"), "main")
    yield from refers(
        declared, (*path, "target_group"), group.get("target_group"), "aws_load_balancing_target_groups", "target group"
    )
    yield from within((*path, "cpu_target"), group.get("cpu_target"), 1, 100, "percent")
    yield from _machine(declared, path, role, "main")
    size = declared.entries("aws_compute_sizes").get(role)
    if size is None:
        return
    for key in ("min", "max", "desired"):
        # A malformed number has been reported; it is absent here, as one that was not written is.
        if key not in size and not _written(declared, ("aws_compute_sizes", role, key)):
            yield Mistake(
                ("aws_compute_sizes", role, key),
                "is not declared, and an Auto Scaling group needs it",
                f"Write {key}: a whole number.",
            )
    least, most, wanted = (size.get(key) for key in ("min", "max", "desired"))
    base: Path = ("aws_compute_sizes", role)
    if least is not None and least < 0:
        yield Mistake((*base, "min"), f"is {least}", "Write 0 or more.")
    if least is not None and most is not None and least > most:
        yield Mistake((*base, "min"), f"is {least}, more than its max, {most}", f"Write at most {most}, or raise max.")
    elif None not in (least, most, wanted) and not least <= wanted <= most:
        yield Mistake(
            (*base, "desired"),
            f"is {wanted}, not between its min, {least}, and its max, {most}",
            f"Write {least} to {most}.",
        )


def _instance(declared: Declared, role: str, instance: Mapping[str, Any]) -> Checks:
    path: Path = ("aws_compute_instances", role)
    vpc, tier = instance.get("vpc"), instance.get("tier")
    yield from refers(declared, (*path, "vpc"), vpc, "aws_network_vpcs", "VPC")
    yield from tier_exists(declared, (*path, "tier"), tier, vpc)
    yield from _machine(declared, path, role, vpc)
    if instance.get("elastic_ip") and tier is not None and tier != "public":
        yield Mistake(
            (*path, "elastic_ip"),
            f"is true, and tier {tier} has no internet gateway",
            "Write tier: public, or elastic_ip: false.",
        )
    for key in ("min", "max", "desired"):
        if key in declared.entries("aws_compute_sizes").get(role, {}):
            yield Mistake(
                ("aws_compute_sizes", role, key),
                f"is written for {role}, a single machine",
                "Delete it, or make it an entry of aws_compute_groups.",
            )


def _machine(declared: Declared, path: Path, role: str, vpc: str | None) -> Checks:
    """What every machine needs under the name of its role: a size, a security group, an instance profile."""
    sizes, roles = declared.get("aws_compute_sizes"), declared.get("aws_identity_host_roles")
    if sizes is not None and role not in sizes:
        yield Mistake(
            path,
            "has no entry in aws_compute_sizes",
            f"Write aws_compute_sizes.{role}, with instance_type and volume_size, in {declared.home}.",
        )
    if roles is not None and role not in roles:
        yield Mistake(path, "has no instance profile", f"Add {role} to aws_identity_host_roles.")
    groups = declared.get("aws_security_groups_groups")
    if groups is None:
        return
    if role not in groups:
        yield Mistake(path, f"has no security group called {role}", f"Declare aws_security_groups_groups.{role}.")
    elif vpc is not None and groups[role].get("vpc") not in (None, vpc):
        yield Mistake(
            ("aws_security_groups_groups", role, "vpc"),
            f"is {groups[role]['vpc']}, and the machines of {role} stand in VPC {vpc}",
            f"Write {vpc}.",
        )


def _sizes(declared: Declared) -> Checks:
    groups, instances = declared.get("aws_compute_groups"), declared.get("aws_compute_instances")
    wanted = declared.get("aws_compute_architecture")
    for role, size in declared.entries("aws_compute_sizes").items():
        path: Path = ("aws_compute_sizes", role)
        if groups is not None and instances is not None and role not in groups and role not in instances:
            known = [*groups, *instances]
            yield Mistake(path, "is neither in aws_compute_groups nor in aws_compute_instances", one_of(role, known))
        name = size.get("instance_type")
        yield from instance_type(declared, (*path, "instance_type"), name)
        if name in catalog.instance_types() and wanted is not None and architecture(name) != wanted:
            family = "with a g after the number, such as t4g" if wanted == "arm64" else "such as t3 or m7i"
            yield Mistake(
                (*path, "instance_type"),
                f"is {name}, which is {architecture(name)}, and aws_compute_architecture is {wanted}",
                f"Write a type of a family {family}.",
            )
        yield from within((*path, "volume_size"), size.get("volume_size"), 8, 65536, "GiB")


def _images(declared: Declared) -> Checks:
    groups, instances = declared.get("aws_compute_groups"), declared.get("aws_compute_instances")
    for role, image in (declared.get("aws_compute_images") or {}).items():
        path: Path = ("aws_compute_images", role)
        if groups is not None and instances is not None and role not in groups and role not in instances:
            what = "is neither in aws_compute_groups nor in aws_compute_instances"
            yield Mistake(path, what, one_of(role, [*groups, *instances]))
        if not isinstance(image, str) or not _IMAGE.fullmatch(image):
            yield Mistake(path, f"is {show(image)}, not the id of an AMI", "Write one such as ami-0123456789abcdef0.")


def _schedules(declared: Declared) -> Checks:
    for role, actions in (declared.get("aws_compute_schedules") or {}).items():
        path: Path = ("aws_compute_schedules", role)
        yield from refers(declared, path, role, "aws_compute_groups", "Auto Scaling group")
        if not isinstance(actions, (list, tuple)):
            yield Mistake(
                path, "is not a list", "Write a list of scheduled actions: - {name: …, recurrence: …, min: …}."
            )
            continue
        names: set[str] = set()
        for at, action in enumerate(actions):
            where: Path = (*path, at)
            if not isinstance(action, Mapping):
                yield Mistake(
                    where, "is not a mapping", f"Write one with {listing(SCHEDULE, 'and')}, as far as they apply."
                )
                continue
            found: list[Mistake] = []
            clean = check_options(where, action, SCHEDULE, found)
            yield from found
            if clean.get("name") in names:
                yield Mistake((*where, "name"), f"is {show(clean['name'])} a second time", "Take another name.")
            names.add(clean.get("name", ""))
            yield from _schedule(declared, role, where, clean)


def _schedule(declared: Declared, role: str, path: Path, action: Mapping[str, Any]) -> Checks:
    if "recurrence" in action and (why := cron_mistake(action["recurrence"])):
        yield Mistake(
            (*path, "recurrence"),
            f"is {show(action['recurrence'])}: {why}",
            'Write five fields, minute hour day-of-month month day-of-week, such as "30 8 * * 1-5".',
        )
    yield from _time_zone((*path, "time_zone"), action.get("time_zone"))
    numbers = {key: action[key] for key in ("min", "desired", "max") if key in action}
    if not numbers and not {"min", "desired", "max"} & action.keys():
        yield Mistake(path, "changes nothing", "Write min, max or desired.")
    size = declared.entries("aws_compute_sizes").get(role, {})
    least, most = numbers.get("min", size.get("min")), numbers.get("max", size.get("max"))
    for key, number in numbers.items():
        if number < 0:
            yield Mistake((*path, key), f"is {number}", "Write 0 or more.")
    if least is not None and most is not None and least > most:
        key = "min" if "min" in numbers else "max"
        other = f"its max, {most}" if key == "min" else f"its min, {least}"
        told = "more" if key == "min" else "less"
        remedy = (
            f"Write at most {most}, or raise aws_compute_sizes.{role}.max."
            if key == "min"
            else f"Write at least {least}."
        )
        yield Mistake((*path, key), f"is {numbers[key]}, {told} than {other}", remedy)
    elif "desired" in numbers and None not in (least, most) and not least <= numbers["desired"] <= most:
        yield Mistake(
            (*path, "desired"),
            f"is {numbers['desired']}, not between min, {least}, and max, {most}",
            f"Write {least} to {most}.",
        )


def _time_zone(path: Path, name: str | None) -> Checks:
    if name is None:
        return
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        known = available_timezones()
        if known:  # A machine without tzdata knows none.
            guess = nearest(name, known)
            yield Mistake(
                path,
                f"is {show(name)}, not a time zone",
                f"Write {guess}." if guess else "Write one of the IANA's, such as Asia/Kolkata.",
            )


def cron_mistake(text: str) -> str:
    """What is wrong with the five fields of a recurrence; empty when nothing is."""
    fields = text.split()
    if len(fields) != len(_CRON):
        return f"it has {len(fields)} fields, not five"
    for value, (name, least, most, words) in zip(fields, _CRON, strict=True):
        for part in value.split(","):
            span, slash, step = part.partition("/")
            ends = [] if span == "*" else span.split("-")
            numbers = [_number(end, least, words) for end in ends]
            right = (
                len(ends) <= 2
                and all(number is not None and least <= number <= most for number in numbers)
                and numbers == sorted(numbers, key=lambda number: number or 0)
                and (not slash or (step.isdigit() and int(step) > 0))
            )
            if not right:
                return f"{part!r} is not a {name}, {least} to {most}"
    return ""


def _number(text: str, least: int, words: list[str] | tuple[()]) -> int | None:
    if text.isdigit():
        return int(text)
    return words.index(text.lower()) + least if text.lower() in words else None


def _written(declared: Declared, path: Path) -> bool:
    """Whether something was written there, well formed or not."""
    value: Any = declared.written
    for key in path:
        if not isinstance(value, Mapping) or value.get(key) is None:
            return False
        value = value[key]
    return True
