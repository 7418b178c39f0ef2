# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data stores: RDS databases and ElastiCache groups."""

from __future__ import annotations

import re
from typing import Any

from .compute import instance_type
from .declared import Checks, Declared, group_in, refers, within
from .mistakes import Mistake, Path, show
from .network import retention

_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAY, _WEEK = 24 * 60, 7 * 24 * 60
_TIME = r"([01]\d|2[0-3]):([0-5]\d)"
_DAILY = re.compile(rf"{_TIME}-{_TIME}")
_WEEKLY = re.compile(rf"({'|'.join(_DAYS)}):{_TIME}-({'|'.join(_DAYS)}):{_TIME}")
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
_DATABASE_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,62}")
_MASTER_USERNAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,62}")
_RESERVED_USERNAMES = ("admin", "rdsadmin", "rds_superuser", "rdsrepladmin")
# The family of each version: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html
_WHOLE_FAMILIES = {("redis", "5"): "redis5.0", ("redis", "6"): "redis6.x"}
_NO_BACKUP = "0 would switch backups off."

Window = tuple[int, int]


def check(declared: Declared) -> Checks:
    yield from _databases(declared)
    yield from _caches(declared)


def _databases(declared: Declared) -> Checks:
    for name, database in declared.entries("aws_database_instances").items():
        path: Path = ("aws_database_instances", name)
        yield from instance_type(declared, (*path, "instance_class"), database.get("instance_class"), "db.")
        yield from group_in(declared, (*path, "security_group"), database.get("security_group"))
        yield from _storage(path, database.get("allocated_storage"), database.get("max_allocated_storage"))
        yield from within((*path, "replicas"), database.get("replicas"), 0, 15)
        yield from _master_password(declared, path, database)
    for variable in ("aws_database_backup_retention_days",):
        yield from within((variable,), declared.get(variable), 1, 35, "days", _NO_BACKUP)
    yield from retention(("aws_database_log_retention_days",), declared.get("aws_database_log_retention_days"))
    version = declared.get("aws_database_engine_version")
    if version is not None and not re.fullmatch(r"[1-9]\d", version):
        yield Mistake(
            ("aws_database_engine_version",),
            f"is {show(version)}, not a major version of PostgreSQL",
            f'Write "{version.split(".")[0]}": minor versions come by themselves.' if "." in version else 'Write "17".',
        )
    name, user = declared.get("aws_database_name"), declared.get("aws_database_master_username")
    if name is not None and not _DATABASE_NAME.fullmatch(name):
        yield Mistake(
            ("aws_database_name",),
            f"is {show(name)}",
            "Write at most 63 letters, digits and underscores, no digit first.",
        )
    if user is not None and not _MASTER_USERNAME.fullmatch(user):
        yield Mistake(
            ("aws_database_master_username",),
            f"is {show(user)}",
            "Write at most 63 letters, digits and underscores, a letter first.",
        )
    elif user is not None and user.lower() in _RESERVED_USERNAMES:
        yield Mistake(
            ("aws_database_master_username",), f"is {show(user)}, which RDS keeps for itself", "Take another name."
        )
    yield from _windows(declared, "aws_database_backup_window", "aws_database_maintenance_window", minutes=30)


def _master_password(declared: Declared, path: Path, database: dict[str, Any]) -> Checks:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html"""
    replicas, name = database.get("replicas"), database.get("master_password_secret")
    form = f"{{template: {{username: {declared.get('aws_database_master_username') or '<user>'}}}, key: password}}"
    if replicas and not declared.written[path[0]][path[1]].get("master_password_secret"):
        yield Mistake(
            (*path, "replicas"),
            f"is {replicas}, and AWS makes no read replica of an instance whose master password RDS manages",
            f"Write master_password_secret: database/{path[1]}-master beside it, and declare that secret in "
            f"aws_secrets_generated, with {form[1:-1]}.",
        )
    yield from refers(declared, (*path, "master_password_secret"), name, "aws_secrets_generated", "secret")
    secret = declared.entries("aws_secrets_generated").get(name or "")
    if secret is None:
        return
    used = f"{'.'.join(map(str, path))} has its master password there"
    where: Path = ("aws_secrets_generated", str(name))
    yield from within((*where, "length"), secret.get("length"), 8, 128, "characters", f"{used}.")
    written = declared.written[where[0]][where[1]]
    if written.get("template") is None and written.get("key") is None:
        yield Mistake(where, f"is no JSON, and {used}, under the key password", f"Write {form}.")
    elif secret.get("key") not in (None, "password"):
        yield Mistake((*where, "key"), f"is {show(secret['key'])}, and {used}", "Write password.")


def _storage(path: Path, allocated: int | None, most: int | None) -> Checks:
    yield from within((*path, "allocated_storage"), allocated, 20, 65536, "GiB")
    yield from within((*path, "max_allocated_storage"), most, 20, 65536, "GiB")
    if allocated is None or most is None:
        return
    # In whole numbers: 110 is exactly 10 percent more than 100.
    least = -(-allocated * 11 // 10)
    if most < least:
        yield Mistake(
            (*path, "max_allocated_storage"),
            f"is {most}, and RDS wants at least 10 percent more than allocated_storage, {allocated}",
            f"Write {least} or more.",
        )


def _caches(declared: Declared) -> Checks:
    for name, group in declared.entries("aws_cache_groups").items():
        path: Path = ("aws_cache_groups", name)
        yield from instance_type(declared, (*path, "node_type"), group.get("node_type"), "cache.")
        yield from within((*path, "nodes"), group.get("nodes"), 1, 6)
        yield from group_in(declared, (*path, "security_group"), group.get("security_group"))
        yield from _token(declared, (*path, "auth_token_secret"), group.get("auth_token_secret"))
    yield from _family(declared)
    yield from within(
        ("aws_cache_snapshot_retention_days",),
        declared.get("aws_cache_snapshot_retention_days"),
        1,
        35,
        "days",
        _NO_BACKUP,
    )
    yield from _windows(declared, "aws_cache_snapshot_window", "aws_cache_maintenance_window", minutes=60)


def _token(declared: Declared, path: Path, name: str | None) -> Checks:
    """https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth.html"""
    yield from refers(declared, path, name, "aws_secrets_generated", "secret")
    secret = declared.entries("aws_secrets_generated").get(name or "")
    if not secret:
        return
    length = secret.get("length")
    if length is not None and not 16 <= length <= 128:
        yield Mistake(
            ("aws_secrets_generated", str(name), "length"),
            f"is {length}, and {'.'.join(map(str, path[:2]))} uses it as AUTH token",
            "Write 16 to 128.",
        )
    if secret.get("template") is not None:
        yield Mistake(
            ("aws_secrets_generated", str(name), "template"),
            f"makes it JSON, and {'.'.join(map(str, path[:2]))} uses it as AUTH token, letters and digits only",
            "Delete template and key.",
        )


def _family(declared: Declared) -> Checks:
    engine, version = declared.get("aws_cache_engine"), declared.get("aws_cache_engine_version")
    family = declared.get("aws_cache_parameter_family")
    if None in (engine, version):
        return
    found = re.fullmatch(r"(\d+)\.(\d+|x)(\.\d+)?", version)
    oldest = {"valkey": 7, "redis": 5}.get(engine, 0)
    newest = {"redis": 7}.get(engine, 99)
    if not found or not oldest <= int(found[1]) <= newest:
        known = {"valkey": '"7.2" or "8.0"', "redis": '"6.2", "7.0" or "7.1"'}.get(engine, "one that the engine has")
        yield Mistake(
            ("aws_cache_engine_version",), f"is {show(version)}, which {engine} does not have", f"Write {known}."
        )
        return
    wanted = _WHOLE_FAMILIES.get((engine, found[1]), f"{engine}{found[1]}")
    if family is not None and family != wanted:
        yield Mistake(
            ("aws_cache_parameter_family",),
            f"is {show(family)}, and the engine is {engine} {version}",
            f"Write {wanted}, or mend aws_cache_engine and aws_cache_engine_version.",
        )


def _windows(declared: Declared, daily: str, weekly: str, minutes: int) -> Checks:
    parsed: dict[str, Window] = {}
    for variable, parse, form in (
        (daily, daily_window, 'Write hh:mm-hh:mm in UTC, in quotes, such as "20:30-21:30".'),
        (weekly, weekly_window, 'Write ddd:hh:mm-ddd:hh:mm in UTC, in quotes, such as "sat:21:30-sat:22:30".'),
    ):
        text = declared.get(variable)
        if text is None:
            continue
        window = parse(text)
        if window is None:
            yield Mistake(
                (variable,), f"is {show(text)}, not a {'daily' if variable == daily else 'weekly'} window", form
            )
        elif window[1] < minutes:
            yield Mistake((variable,), f"is {window[1]} minutes long; AWS wants {minutes} at least", "End it later.")
        else:
            parsed[variable] = window
    if len(parsed) == 2 and overlap(parsed[daily], parsed[weekly]):
        yield Mistake(
            (weekly,),
            f"is {show(declared.get(weekly))}, which overlaps {daily}, {declared.get(daily)}",
            "Move one of the two.",
        )


def daily_window(text: str) -> Window | None:
    """Its first minute of the day, and its minutes."""
    found = _DAILY.fullmatch(text)
    if not found:
        return None
    begin, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    return begin, (end - begin) % _DAY


def weekly_window(text: str) -> Window | None:
    """Its first minute of the week, and its minutes."""
    found = _WEEKLY.fullmatch(text.lower())
    if not found:
        return None
    begin = _DAYS.index(found[1]) * _DAY + int(found[2]) * 60 + int(found[3])
    end = _DAYS.index(found[4]) * _DAY + int(found[5]) * 60 + int(found[6])
    return begin, (end - begin) % _WEEK


def overlap(daily: Window, weekly: Window) -> bool:
    """Whether a window of every day meets one of the week."""
    for day in range(len(_DAYS)):
        begin = day * _DAY + daily[0]
        if (begin - weekly[0]) % _WEEK < weekly[1] or (weekly[0] - begin) % _WEEK < daily[1]:
            return True
    return False
