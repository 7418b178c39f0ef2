#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: elasticache_parameter_group
version_added: "0.1.0"
short_description: Make an ElastiCache parameter group
description:
  - Makes, changes or deletes a cache parameter group.
  - Unknown parameters and values that are not allowed are refused before anything is written, in check mode too.
  - Follows U(https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateCacheParameterGroup.html),
    U(https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyCacheParameterGroup.html) and
    U(https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DescribeCacheParameters.html).
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name of the group. AWS keeps it in lower case.
    type: str
    required: true
  family:
    description: The family, V(redis7), V(valkey7) or V(valkey8) say. Needed to create the group. Cannot be changed.
    type: str
  description:
    description: What the group is for. Needed to create it. Cannot be changed.
    type: str
  parameters:
    description:
      - Parameters and their values. Those that are not given are left alone.
      - V(true) and V(false) are written as C(yes) and C(no), as the engines have it.
    type: dict
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Parameters of the caches of production
  pixstory.platform.elasticache_parameter_group:
    name: pixstory-production-redis7
    family: redis7
    description: Caches of pixstory production
    parameters:
      maxmemory-policy: allkeys-lru
      timeout: 300
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
parameter_group:
  description:
    - The group as DescribeCacheParameterGroups returns it, keys in snake case.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    arn: arn:aws:elasticache:ap-south-1:123456789012:parametergroup:pixstory-production-redis7
    cache_parameter_group_family: redis7
    cache_parameter_group_name: pixstory-production-redis7
    parameters:
      maxmemory-policy: allkeys-lru
"""

import difflib
import re
from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.aws_calls import TagsByArn
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Plan, Property, main_for, same

RANGE = re.compile(r"(?P<low>-?\d+(\.\d+)?)?-(?P<high>-?\d+(\.\d+)?)?")
PARAMETERS_A_CALL = 20  # the most that ModifyCacheParameterGroup takes


def as_text(value: Any) -> str:
    """A value as the engines write it."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def allowed(value: str, data_type: str, allowed_values: str | None) -> bool:
    """Whether a value is one of ``AllowedValues``, words and ranges such as ``yes,no`` or ``0,20-``."""
    if not allowed_values:
        return True
    choices = allowed_values.split(",")
    if value in choices:
        return True
    if data_type not in ("integer", "float"):
        return False
    try:
        number = float(value)
    except ValueError:
        return False
    ranges = [match for choice in choices if (match := RANGE.fullmatch(choice.strip()))]
    return any(float(r["low"] or "-inf") <= number <= float(r["high"] or "inf") for r in ranges)


class ParameterGroup(TagsByArn):
    kind = "ElastiCache parameter group"
    service = "elasticache"
    result_key = "parameter_group"
    properties = (
        Property("family", "CacheParameterGroupFamily", mutable=False),
        Property("description", "Description", mutable=False),
        Property("parameters", "Parameters"),
    )

    def required_to_create(self) -> tuple[str, ...]:
        return ("family", "description")

    def declared(self) -> dict[str, Any]:
        declared = super().declared()
        if "Parameters" in declared:
            declared["Parameters"] = {key: as_text(value) for key, value in declared["Parameters"].items()}
        return declared

    def describe(self) -> dict[str, Any] | None:
        found = self.call_or_none(
            "describe_cache_parameter_groups",
            missing=("CacheParameterGroupNotFound",),
            CacheParameterGroupName=self.name,
        )
        if found is None:
            return None
        description = found["CacheParameterGroups"][0]
        known, tags = self.together(
            lambda: self.pages("describe_cache_parameters", "Parameters", CacheParameterGroupName=self.name),
            lambda: self.list_tags(description["ARN"]),
        )
        return {
            **description,
            "TagList": tags,
            "Known": known,
            "Parameters": {item["ParameterName"]: item.get("ParameterValue") for item in known},
        }

    def plan(self, description: dict[str, Any] | None) -> Plan:
        plan = super().plan(description)
        wanted = plan.changes.get("Parameters")
        if wanted:
            known = description["Known"] if description else self._defaults_of_family()
            self._refuse_mistakes(wanted, {item["ParameterName"]: item for item in known})
        if wanted and description:
            present = description["Parameters"]
            differing = {key: value for key, value in wanted.items() if not same(value, present[key])}
            plan.changes["Parameters"] = plan.after["parameters"] = differing
            plan.before["parameters"] = {key: present[key] for key in differing}
        return plan

    def _defaults_of_family(self) -> list[dict[str, Any]]:
        return self.pages(
            "describe_engine_default_parameters",
            "EngineDefaults.Parameters",
            CacheParameterGroupFamily=self.params["family"],
        )

    def _refuse_mistakes(self, wanted: dict[str, str], known: dict[str, dict[str, Any]]) -> None:
        mistakes = []
        for name, value in wanted.items():
            if name not in known:
                near = difflib.get_close_matches(name, known, n=3) or sorted(known)
                mistakes.append(f"there is no parameter {name}, there is {', '.join(near)}")
                continue
            parameter = known[name]
            if same(value, parameter.get("ParameterValue")):
                continue
            if not parameter.get("IsModifiable", True):
                mistakes.append(f"{name} cannot be modified, it is {parameter.get('ParameterValue')}")
            elif not allowed(value, parameter.get("DataType", "string"), parameter.get("AllowedValues")):
                mistakes.append(f"{name}: {value} is not allowed, allowed is {parameter['AllowedValues']}")
        if mistakes:
            self.fail(f"{self.kind} {self.name}, parameters: {'; '.join(mistakes)}.")

    def create(self, declared: dict[str, Any]) -> None:
        parameters = declared.pop("Parameters", {})
        self.call("create_cache_parameter_group", CacheParameterGroupName=self.name, Tags=self.boto3_tags(), **declared)
        self._set(parameters)

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        self._set(changes["Parameters"])

    def _set(self, parameters: dict[str, str]) -> None:
        items = [{"ParameterName": name, "ParameterValue": value} for name, value in parameters.items()]
        for start in range(0, len(items), PARAMETERS_A_CALL):
            self.call(
                "modify_cache_parameter_group",
                CacheParameterGroupName=self.name,
                ParameterNameValues=items[start : start + PARAMETERS_A_CALL],
            )

    def delete(self, description: dict[str, Any]) -> None:
        self.call("delete_cache_parameter_group", CacheParameterGroupName=self.name)

    def result(self, description: dict[str, Any] | None) -> dict[str, Any]:
        if description is None:
            return {}
        # The names of parameters are not keys to be put in snake case.
        parameters = {key: value for key, value in description["Parameters"].items() if value is not None}
        shown = {key: value for key, value in description.items() if key not in ("Known", "Parameters")}
        return {**super().result(shown), "parameters": parameters}


def main() -> None:
    main_for(
        ParameterGroup,
        {"name": {"required": True}, "family": {}, "description": {}, "parameters": {"type": "dict"}},
    )


if __name__ == "__main__":
    main()
