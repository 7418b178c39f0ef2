# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudFront: distributions, and the policies and origin access controls that they use.

Only distributions have tags. The others say in their comment whose they are: the environment's path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base import HIDDEN, Item, Kind, Rank, Scope, Tags, dig, named, tag_dict
from .errors import CallFailed
from .removal import Deleter, Removal, is_gone

if TYPE_CHECKING:
    from .calls import Aws

ARN = "arn:{partition}:cloudfront::{account}:"


def _distribution_tags(aws: Aws, scope: Scope, items: list[Item]) -> list[Tags]:
    def read(item: Item) -> Tags:
        answer = aws.call("cloudfront", "list_tags_for_resource", Resource=item["ARN"])
        return tag_dict(answer["Tags"].get("Items", []))

    return aws.each(read, items)


def _hide_headers(aws: Aws, scope: Scope, items: list[Item]) -> None:
    """What CloudFront sends to an origin is what the origin lets it in by."""
    for item in items:
        for origin in item["Origins"].get("Items", []):
            for header in origin.get("CustomHeaders", {}).get("Items", []):
                header["HeaderValue"] = HIDDEN


def _delete_distribution(removal: Removal, item: Item) -> None:
    """AWS deletes a distribution once it is disabled everywhere, which takes some minutes."""
    wanted = {"Id": item["id"]}

    def read() -> Item | None:
        try:
            return removal.aws.call("cloudfront", "get_distribution", **wanted)
        except CallFailed as error:
            if is_gone(error):
                return None
            raise

    def disable() -> None:
        found = read()
        if found and found["Distribution"]["DistributionConfig"]["Enabled"]:
            config = {**found["Distribution"]["DistributionConfig"], "Enabled": False}
            removal.aws.call(
                "cloudfront", "update_distribution", **wanted, IfMatch=found["ETag"], DistributionConfig=config
            )

    def disabled() -> bool:
        found = read()
        return found is None or found["Distribution"]["Status"] == "Deployed"

    def delete() -> None:
        if found := read():
            removal.aws.call("cloudfront", "delete_distribution", **wanted, IfMatch=found["ETag"])

    removal.retry(disable)
    removal.wait(disabled, f"{item['id']} was not disabled")
    removal.retry(delete)


def _delete(word: str) -> Deleter:
    """One that is named by its id, and deleted by who knows its present version."""

    def deleter(removal: Removal, item: Item) -> None:
        def attempt() -> None:
            found = removal.aws.call("cloudfront", f"get_{word}", Id=item["id"])
            removal.aws.call("cloudfront", f"delete_{word}", Id=item["id"], IfMatch=found["ETag"])

        removal.retry(attempt)

    return deleter


def _policy(key: str, label: str, noun: str, plural: str, word: str) -> Kind:
    name, comment = f"{noun}Config.Name", f"{noun}Config.Comment"

    def owned(scope: Scope, item: Item, tags: Tags) -> bool:
        return dig(item, comment) == scope.path

    def arguments(scope: Scope) -> dict[str, Any]:
        return {"Type": "custom", "MaxItems": "100"}  # the quota is 20

    return Kind(
        key=key,
        label=label,
        service="cloudfront",
        role="aws_edge",
        rank=Rank.PARTS,
        operation=f"list_{plural}",
        result=f"{noun}List.Items",
        wrapped=noun,
        id_key="Id",
        arn=f"{ARN}{word.replace('_', '-')}/{{id}}",
        arguments=arguments,
        owned=owned,
        name_key=name,
        name_from="api",
        delete=_delete(word),
        planned_id="E{HEX16}",
    )


def _owned_control(scope: Scope, item: Item, tags: Tags) -> bool:
    return bool(item.get("Description") == scope.path)


KINDS = (
    Kind(
        key="distributions",
        label="CloudFront distribution",
        service="cloudfront",
        role="aws_edge",
        rank=Rank.SOURCES,
        operation="list_distributions",
        result="DistributionList.Items",
        id_key="Id",
        arn="ARN",
        candidate=named("Comment"),
        read_tags=_distribution_tags,
        details=_hide_headers,
        name_key="Comment",
        delete=_delete_distribution,
        where=("domain_name",),
        state="status",
        planned_id="E{HEX16}",
        planned_arn="arn:{partition}:cloudfront::{account}:distribution/{id}",
        planned={"domain_name": "d{hex16}.cloudfront.net", "status": "Deployed"},
    ),
    _policy("cache_policies", "CloudFront cache policy", "CachePolicy", "cache_policies", "cache_policy"),
    _policy(
        "origin_request_policies",
        "CloudFront origin request policy",
        "OriginRequestPolicy",
        "origin_request_policies",
        "origin_request_policy",
    ),
    _policy(
        "response_headers_policies",
        "CloudFront response headers policy",
        "ResponseHeadersPolicy",
        "response_headers_policies",
        "response_headers_policy",
    ),
    Kind(
        key="origin_access_controls",
        label="CloudFront origin access control",
        service="cloudfront",
        role="aws_edge",
        rank=Rank.PARTS,
        operation="list_origin_access_controls",
        result="OriginAccessControlList.Items",
        id_key="Id",
        arn=f"{ARN}origin-access-control/{{id}}",
        owned=_owned_control,
        name_key="Name",
        name_from="api",
        delete=_delete("origin_access_control"),
        planned_id="E{HEX16}",
    ),
)
