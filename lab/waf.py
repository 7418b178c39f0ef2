# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rehearsal proves of each rule of the environments' web ACLs.

The verdict is that of lab.fabric.firewall, which makes the rule or says why it cannot, and of the tests that drive it.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.fabric.firewall import NotModelled, translated

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENTS = ("production", "staging", "dev", "local")
PROVED, NOT_MODELLED = "proved locally", "not modelled"
TESTS = ROOT / "tests" / "e2e" / "test_edge.py"
# The test of each rule of the edge's web ACL that has one.
PROOFS = {
    "allowed": "test_an_allowed_address_passes_by_the_other_rules",
    "blocked": "test_a_blocked_address_is_refused",
    "sign-in-rate": "test_who_tries_to_sign_in_too_often_is_refused",
    "posting-rate": "test_who_writes_too_often_is_refused",
    "api-rate": "test_who_asks_the_api_too_often_is_refused",
    "body-size": "test_a_large_body_is_refused_but_where_stories_come_in",
}
COLUMNS = ("web ACL", "rule", "action", "environments", "in the lab", "by which test, or why")
NO_ACL = "the lab's load balancers ask no web ACL"

Row = tuple[str, ...]


def declared(environment: str) -> Mapping[str, Any]:
    """The variables of an environment, templates unrendered."""
    command = ["ansible-inventory", "-i", f"inventories/{environment}/hosts.yml", "--host", "localhost"]
    settings = {**os.environ, "LC_ALL": "C.UTF-8"}
    listed = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, check=True)
    found: Mapping[str, Any] = json.loads(listed.stdout)
    return found


def rules(variables: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """The rules of an environment's web ACLs as AWS's JSON, by the names of both."""
    # Not at the top: the collection is there where Ansible is.
    from ansible_collections.pixstory.platform.plugins.module_utils.waf_rules import FAMILIES, web_acl_rules

    made = {}
    for name, acl in variables.get("aws_waf_web_acls", {}).items():
        lists = [f"{one}-{family}" for one in variables["aws_waf_ip_sets"] for family in FAMILIES]
        sets = {one: f"arn/{one}/id" for one in lists}
        own = web_acl_rules(
            variables["aws_waf_rules"],
            name,
            ip_sets=sets,
            prefix="",
            forwarded_ip_header=acl.get("forwarded_ip_header", ""),
            actions=variables.get("aws_waf_actions"),
        )
        made |= {(name, rule["Name"]): rule for rule in own}
    return made


def verdict(rule: Mapping[str, Any], at_the_edge: bool) -> tuple[str, str]:
    """Whether a rule is proved, and by what; or why it is not modelled."""
    if not at_the_edge and "ManagedRuleGroupStatement" not in rule["Statement"]:
        return NOT_MODELLED, NO_ACL
    try:
        translated(rule)
    except NotModelled as reason:
        return NOT_MODELLED, str(reason)
    test = PROOFS.get(rule["Name"])
    return (PROVED, test) if test else (NOT_MODELLED, "no test drives it")


def rows(environments: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """A row for each rule, environments that agree on it in one."""
    found: dict[Row, list[str]] = {}
    for environment, variables in environments.items():
        for (acl, name), rule in rules(variables).items():
            [action] = rule.get("Action") or {{"None": "block"}.get(one, one): {} for one in rule["OverrideAction"]}
            at_the_edge = acl == variables.get("aws_edge_web_acl")
            found.setdefault((acl, name, action.lower(), *verdict(rule, at_the_edge)), []).append(environment)
    return [(*key[:3], ", ".join(where), *key[3:]) for key, where in found.items()]


def table(found: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = [COLUMNS, tuple("---" for _ in COLUMNS), *found]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def report() -> int:
    """Print the table."""
    print(table(rows({name: declared(name) for name in ENVIRONMENTS})), end="")
    return 0
