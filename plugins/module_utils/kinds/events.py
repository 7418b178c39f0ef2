# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of EventBridge, the functions that they call, and the topics that tell people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import Item, Kind, Rank, Scope, Tags, named, tag_dict
from .removal import Removal, delete

if TYPE_CHECKING:
    from .calls import Aws


def _function_tags(aws: Aws, scope: Scope, items: list[Item]) -> list[Tags]:
    return aws.each(lambda item: dict(aws.call("lambda", "list_tags", Resource=item["FunctionArn"])["Tags"]), items)


def _rule_tags(aws: Aws, scope: Scope, items: list[Item]) -> list[Tags]:
    def read(item: Item) -> Tags:
        return tag_dict(aws.call("events", "list_tags_for_resource", ResourceARN=item["Arn"])["Tags"])

    return aws.each(read, items)


def _rule_targets(aws: Aws, scope: Scope, items: list[Item]) -> None:
    def read(item: Item) -> None:
        item["Targets"] = aws.pages("events", "list_targets_by_rule", "Targets", Rule=item["Name"])

    aws.each(read, items)


def _delete_rule(removal: Removal, item: Item) -> None:
    targets = removal.look("events", "list_targets_by_rule", "Targets", Rule=item["id"])
    if targets:
        removal.call("events", "remove_targets", Rule=item["id"], Ids=[target["Id"] for target in targets])
    removal.call("events", "delete_rule", Name=item["id"])


KINDS = (
    Kind(
        key="event_rules",
        label="EventBridge rule",
        service="events",
        role="aws_detection",
        rank=Rank.SOURCES,
        operation="list_rules",
        result="Rules",
        id_key="Name",
        arn="Arn",
        arguments=lambda scope: {"NamePrefix": scope.prefix},
        read_tags=_rule_tags,
        details=_rule_targets,
        verbatim=("Targets",),
        name_key="Name",
        name_from="api",
        delete=_delete_rule,
        where=("targets.0.Arn",),
        state="state",
        planned_arn="arn:{partition}:events:{region}:{account}:rule/{id}",
    ),
    Kind(
        key="lambda_functions",
        label="Lambda function",
        service="lambda",
        role="aws_remediation",
        rank=Rank.MACHINES,
        operation="list_functions",
        result="Functions",
        id_key="FunctionName",
        arn="FunctionArn",
        candidate=named("FunctionName"),
        read_tags=_function_tags,
        omit=("RevisionId", "LastModified"),
        verbatim=("Environment",),
        name_key="FunctionName",
        name_from="api",
        delete=delete("lambda", "delete_function", FunctionName="id"),
        where=("runtime",),
        planned_arn="arn:{partition}:lambda:{region}:{account}:function:{id}",
    ),
)
