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


def _topic_tags(aws: Aws, scope: Scope, items: list[Item]) -> list[Tags]:
    def read(item: Item) -> Tags:
        return tag_dict(aws.call("sns", "list_tags_for_resource", ResourceArn=item["TopicArn"])["Tags"])

    return aws.each(read, items)


def _topic_name(scope: Scope, arn: str) -> str:
    return arn.rpartition(":")[2].removeprefix(scope.prefix)


KINDS = (
    Kind(
        key="event_rules",
        label="EventBridge rule",
        service="events",
        role="aws_remediation",
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
    Kind(
        key="sns_topics",
        label="SNS topic",
        service="sns",
        role="aws_account",
        rank=Rank.PARTS,
        operation="list_topics",
        result="Topics",
        id_key="TopicArn",
        arn="TopicArn",
        read_tags=_topic_tags,
        name_key="TopicArn",
        name_from="api",
        shorten=_topic_name,
        delete=delete("sns", "delete_topic", TopicArn="id"),
        planned_id="arn:{partition}:sns:{region}:{account}:{prefix}{name}",
        planned_arn="{id}",
        planned={"topic_arn": "{id}"},
    ),
)
