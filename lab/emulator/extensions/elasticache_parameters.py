# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ElastiCache parameter groups."""

from __future__ import annotations

from typing import Any

from lab.emulator.registry import ApiError, Call, operation

# name: (default, data type, allowed values, modifiable, change type). A selection of each family's parameters.
PARAMETERS: dict[str, tuple[str, str, str, bool, str]] = {
    "activedefrag": ("no", "string", "yes,no", True, "immediate"),
    "active-expire-effort": ("1", "integer", "1-10", True, "immediate"),
    "appendfsync": ("everysec", "string", "always,everysec,no", True, "immediate"),
    "appendonly": ("no", "string", "yes,no", True, "immediate"),
    "client-output-buffer-limit-normal-hard-limit": ("0", "integer", "0-", True, "immediate"),
    "client-output-buffer-limit-pubsub-hard-limit": ("33554432", "integer", "0-", True, "immediate"),
    "client-query-buffer-limit": ("1073741824", "integer", "1048576-1073741824", True, "immediate"),
    "close-on-replica-write": ("yes", "string", "yes,no", True, "immediate"),
    "cluster-enabled": ("no", "string", "yes,no", False, "requires-reboot"),
    "databases": ("16", "integer", "1-1200000", True, "requires-reboot"),
    "hash-max-listpack-entries": ("512", "integer", "0-", True, "immediate"),
    "lazyfree-lazy-eviction": ("no", "string", "yes,no", False, "requires-reboot"),
    "lfu-decay-time": ("1", "integer", "0-", True, "immediate"),
    "lfu-log-factor": ("10", "integer", "0-", True, "immediate"),
    "list-compress-depth": ("0", "integer", "0-", True, "requires-reboot"),
    "maxclients": ("65000", "integer", "1-65000", False, "requires-reboot"),
    "maxmemory-policy": (
        "volatile-lru",
        "string",
        "volatile-lru,allkeys-lru,volatile-lfu,allkeys-lfu,volatile-random,allkeys-random,volatile-ttl,noeviction",
        True,
        "immediate",
    ),
    "maxmemory-samples": ("3", "integer", "1-", True, "immediate"),
    "min-replicas-max-lag": ("10", "integer", "0-", True, "immediate"),
    "min-replicas-to-write": ("0", "integer", "0-", True, "immediate"),
    "notify-keyspace-events": ("", "string", "", True, "immediate"),
    "repl-backlog-size": ("1048576", "integer", "16384-", True, "immediate"),
    "repl-backlog-ttl": ("3600", "integer", "0-", True, "immediate"),
    "reserved-memory-percent": ("25", "integer", "0-100", True, "immediate"),
    "set-max-intset-entries": ("512", "integer", "0-", True, "immediate"),
    "slowlog-log-slower-than": ("10000", "integer", "-", True, "immediate"),
    "slowlog-max-len": ("128", "integer", "0-", True, "immediate"),
    "tcp-keepalive": ("300", "integer", "0-", True, "immediate"),
    "timeout": ("0", "integer", "0,20-", True, "immediate"),
    "zset-max-listpack-entries": ("128", "integer", "0-", True, "immediate"),
}
FAMILIES = ("redis6.x", "redis7", "valkey7", "valkey8")


def _groups(call: Call) -> dict[str, Any]:
    """All parameter groups by name; the default ones are always there."""
    groups = call.table("cache parameter groups")
    for family in FAMILIES:
        name = f"default.{family}"
        groups.setdefault(name, _new_group(call, name, family, f"Default parameter group for {family}"))
    return groups


def _new_group(call: Call, name: str, family: str, description: str) -> dict[str, Any]:
    return {
        "CacheParameterGroupName": name,
        "CacheParameterGroupFamily": family,
        "Description": description,
        "IsGlobal": False,
        "ARN": f"arn:aws:elasticache:{call.region}:{call.account}:parametergroup:{name}",
        "values": {},
    }


def _group(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    name = params["CacheParameterGroupName"]
    if name not in _groups(call):
        raise ApiError("CacheParameterGroupNotFound", f"CacheParameterGroup {name} not found.")
    group: dict[str, Any] = _groups(call)[name]
    return group


def _known_family(family: str) -> None:
    if family not in FAMILIES:
        raise ApiError("InvalidParameterValue", f"CacheParameterGroupFamily {family} is not a valid parameter family.")


def _own_group(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    group = _group(call, params)
    if group["CacheParameterGroupName"].startswith("default."):
        raise ApiError("InvalidCacheParameterGroupState", "Default parameter groups cannot be changed or deleted.")
    return group


@operation("elasticache", "CreateCacheParameterGroup")
def create_cache_parameter_group(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateCacheParameterGroup.html"""
    name, family = params["CacheParameterGroupName"], params["CacheParameterGroupFamily"]
    if name in _groups(call):
        raise ApiError("CacheParameterGroupAlreadyExists", f"Parameter group {name} already exists")
    _known_family(family)
    group = _new_group(call, name, family, params["Description"])
    _groups(call)[name] = group
    if params.get("Tags"):
        call.backend("elasticache").add_tags_to_resource(group["ARN"], params["Tags"])
    return {"CacheParameterGroup": group}


@operation("elasticache", "DescribeCacheParameterGroups")
def describe_cache_parameter_groups(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DescribeCacheParameterGroups.html"""
    if params.get("CacheParameterGroupName"):
        return {"CacheParameterGroups": [_group(call, params)]}
    return {"CacheParameterGroups": list(_groups(call).values())}


@operation("elasticache", "DescribeCacheParameters")
def describe_cache_parameters(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Source is user for values that were set, system for the others.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DescribeCacheParameters.html
    """
    group = _group(call, params)
    shown = _described(group["CacheParameterGroupFamily"], group["values"], params.get("Source"))
    return {"Parameters": shown, "CacheNodeTypeSpecificParameters": []}


def _described(family: str, values: dict[str, str], wanted: str | None = None) -> list[dict[str, Any]]:
    shown = []
    for name, (default, data_type, allowed, modifiable, change) in PARAMETERS.items():
        source = "user" if name in values else "system"
        if wanted in (None, source):
            shown.append(
                {
                    "ParameterName": name,
                    "ParameterValue": values.get(name, default),
                    "Source": source,
                    "DataType": data_type,
                    "AllowedValues": allowed,
                    "IsModifiable": modifiable,
                    "ChangeType": change,
                    "MinimumEngineVersion": family.lstrip("abcdefghijklmnopqrstuvwxyz").replace(".x", "") + ".0.0",
                    "Description": name,
                }
            )
    return shown


@operation("elasticache", "DescribeEngineDefaultParameters")
def describe_engine_default_parameters(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DescribeEngineDefaultParameters.html"""
    family = params["CacheParameterGroupFamily"]
    _known_family(family)
    defaults = {"CacheParameterGroupFamily": family, "Parameters": _described(family, {})}
    return {"EngineDefaults": {**defaults, "CacheNodeTypeSpecificParameters": []}}


@operation("elasticache", "ModifyCacheParameterGroup")
def modify_cache_parameter_group(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyCacheParameterGroup.html"""
    group = _own_group(call, params)
    new = {one["ParameterName"]: one["ParameterValue"] for one in params["ParameterNameValues"]}
    for name, value in new.items():
        if name not in PARAMETERS or not PARAMETERS[name][3]:
            raise ApiError("InvalidParameterValue", f"The parameter {name} cannot be modified.")
        if PARAMETERS[name][1] == "string" and PARAMETERS[name][2] and value not in PARAMETERS[name][2].split(","):
            raise ApiError("InvalidParameterValue", f"The value {value} is not allowed for {name}.")
    group["values"].update(new)
    return {"CacheParameterGroupName": group["CacheParameterGroupName"]}


@operation("elasticache", "ResetCacheParameterGroup")
def reset_cache_parameter_group(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ResetCacheParameterGroup.html"""
    group = _own_group(call, params)
    if params.get("ResetAllParameters"):
        group["values"].clear()
    for one in params.get("ParameterNameValues") or []:
        group["values"].pop(one["ParameterName"], None)
    return {"CacheParameterGroupName": group["CacheParameterGroupName"]}


@operation("elasticache", "DeleteCacheParameterGroup")
def delete_cache_parameter_group(call: Call, params: dict[str, Any]) -> None:
    """A parameter group in use cannot be deleted.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DeleteCacheParameterGroup.html
    """
    group = _own_group(call, params)
    name = group["CacheParameterGroupName"]
    users = call.backend("elasticache").replication_groups.values()
    if any(user.cache_parameter_group_name == name for user in users):
        raise ApiError("InvalidCacheParameterGroupState", f"Parameter group {name} is in use by a cache cluster.")
    del _groups(call)[name]
