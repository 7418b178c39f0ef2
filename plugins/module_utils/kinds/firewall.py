# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Web ACLs and their IP sets.

Those of scope CLOUDFRONT are in us-east-1, wherever the environment is at home.
https://docs.aws.amazon.com/waf/latest/APIReference/API_ListWebACLs.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base import Item, Kind, Rank, Scope, Tags, named, tag_dict
from .errors import CallFailed
from .removal import Removal, is_gone

if TYPE_CHECKING:
    from .calls import Aws

GLOBAL_REGION = "us-east-1"


def _waf_scope(scope: Scope) -> str:
    return "CLOUDFRONT" if scope.cross_region else "REGIONAL"


def _arguments(scope: Scope) -> dict[str, Any]:
    return {"Scope": _waf_scope(scope), "Limit": 100}


def _identified(item: Item) -> dict[str, Any]:
    return {"Name": item["api_name"], "Scope": item["scope"], "Id": item["id"]}


def _tags(aws: Aws, scope: Scope, items: list[Item]) -> list[Tags]:
    def read(item: Item) -> Tags:
        answer = aws.call("wafv2", "list_tags_for_resource", ResourceARN=item["ARN"])
        return tag_dict(answer["TagInfoForResource"]["TagList"])

    return aws.each(read, items)


def readable(value: Any) -> Any:
    """Search strings are bytes; an index is text."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, dict):
        return {key: readable(one) for key, one in value.items()}
    return [readable(one) for one in value] if isinstance(value, list) else value


def _web_acl_parts(aws: Aws, scope: Scope, items: list[Item]) -> None:
    waf_scope = _waf_scope(scope)

    def web_acl(item: Item) -> Item:
        answer = aws.call("wafv2", "get_web_acl", Name=item["Name"], Scope=waf_scope, Id=item["Id"])
        return dict(readable(answer["WebACL"]))

    def logging(item: Item) -> Item | None:
        try:
            answer = aws.call("wafv2", "get_logging_configuration", ResourceArn=item["ARN"])
        except CallFailed as error:
            if is_gone(error):
                return None
            raise
        return dict(answer["LoggingConfiguration"])

    def resources(item: Item) -> list[str]:
        """WAF does not know the distributions: those name their web ACL themselves."""
        return [] if scope.cross_region else _associated(aws, item["ARN"])

    read = aws.together((web_acl, logging, resources), items)
    for item, (described, logs, found) in zip(items, read, strict=True):
        item.update(described, Scope=waf_scope, LoggingConfiguration=logs, Resources=sorted(found))


def _associated(aws: Aws, arn: str) -> list[str]:
    kind = "APPLICATION_LOAD_BALANCER"
    return list(aws.call("wafv2", "list_resources_for_web_acl", WebACLArn=arn, ResourceType=kind)["ResourceArns"])


def _delete_web_acl(removal: Removal, item: Item) -> None:
    """AWS refuses one that still protects something. Its logging configuration goes with it."""

    def attempt() -> None:
        for resource in [] if item["scope"] == "CLOUDFRONT" else _associated(removal.aws, item["arn"]):
            removal.aws.call("wafv2", "disassociate_web_acl", ResourceArn=resource)
        token = removal.aws.call("wafv2", "get_web_acl", **_identified(item))["LockToken"]
        removal.aws.call("wafv2", "delete_web_acl", **_identified(item), LockToken=token)

    removal.call("wafv2", "delete_logging_configuration", ResourceArn=item["arn"])
    removal.retry(attempt)


def _addresses(aws: Aws, scope: Scope, items: list[Item]) -> None:
    waf_scope = _waf_scope(scope)

    def read(item: Item) -> Item:
        answer = aws.call("wafv2", "get_ip_set", Name=item["Name"], Scope=waf_scope, Id=item["Id"])
        return dict(answer["IPSet"])

    for item, found in zip(items, aws.each(read, items), strict=True):
        item.update(found, Scope=waf_scope)


def _delete_ip_set(removal: Removal, item: Item) -> None:
    def attempt() -> None:
        token = removal.aws.call("wafv2", "get_ip_set", **_identified(item))["LockToken"]
        removal.aws.call("wafv2", "delete_ip_set", **_identified(item), LockToken=token)

    removal.retry(attempt)


KINDS = (
    Kind(
        key="web_acls",
        label="web ACL",
        service="wafv2",
        role="aws_waf",
        rank=Rank.PARTS,
        operation="list_web_acls",
        result="WebACLs",
        id_key="Id",
        arn="ARN",
        also_in=(GLOBAL_REGION,),
        arguments=_arguments,
        candidate=named("Name"),
        read_tags=_tags,
        details=_web_acl_parts,
        name_key="Name",
        omit=("LockToken",),
        verbatim=("Rules",),
        delete=_delete_web_acl,
        where=("scope", "capacity"),
        planned_id="{uuid}",
        planned_arn="arn:{partition}:wafv2:{region}:{account}:regional/webacl/{prefix}{name}/{uuid}",
        planned={"scope": "REGIONAL", "capacity": 0},
    ),
    Kind(
        key="ip_sets",
        label="IP set",
        service="wafv2",
        role="aws_waf",
        rank=Rank.GUARDS,
        operation="list_ip_sets",
        result="IPSets",
        id_key="Id",
        arn="ARN",
        also_in=(GLOBAL_REGION,),
        arguments=_arguments,
        candidate=named("Name"),
        read_tags=_tags,
        details=_addresses,
        name_key="Name",
        omit=("LockToken",),
        delete=_delete_ip_set,
        where=("scope", "ip_address_version"),
        planned_id="{uuid}",
        planned_arn="arn:{partition}:wafv2:{region}:{account}:regional/ipset/{prefix}{name}/{uuid}",
        planned={"scope": "REGIONAL"},
    ),
)
