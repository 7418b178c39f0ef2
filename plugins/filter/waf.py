# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that write what web ACLs are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.pixstory.platform.plugins.module_utils.index.lookup import NotInIndex, owned
from ansible_collections.pixstory.platform.plugins.module_utils.waf_rules import FAMILIES, web_acl_rules


def waf_rules(
    rules: Mapping[str, Mapping[str, Any]],
    web_acl: str,
    index: Mapping[str, Any],
    forwarded_ip_header: str = "",
    actions: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """See :func:`web_acl_rules`. The ARNs of the IP sets are those of the index."""
    lists = {rule["ip_set"] for rule in rules.values() if "ip_set" in rule}
    try:
        arns = {
            f"{name}-{family}": owned(index, "ip_sets", f"{web_acl}-{name}-{family}", "arn")
            for name in lists
            for family in FAMILIES
        }
    except NotInIndex as error:
        raise AnsibleFilterError(str(error)) from error
    prefix = f"{index['project']}-{index['environment']}"
    return web_acl_rules(
        rules, web_acl, ip_sets=arns, prefix=prefix, forwarded_ip_header=forwarded_ip_header, actions=actions
    )


def waf_ip_sets(declared: Mapping[str, Mapping[str, list[str]]], web_acls: Iterable[str]) -> list[dict[str, Any]]:
    """An IP set for each web ACL, list of addresses and family: a set is of one family and of the ACL's scope.

    :param declared: the lists by name, each with ``ipv4`` and ``ipv6``.
    """
    return [
        {"web_acl": web_acl, "list": name, "family": family, "addresses": list(lists.get(family) or [])}
        for web_acl in web_acls
        for name, lists in declared.items()
        for family in FAMILIES
    ]


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"waf_rules": waf_rules, "waf_ip_sets": waf_ip_sets}
