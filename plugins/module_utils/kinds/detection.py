# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What finds threats, and who is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import Item, Kind, Rank, Scope, Tags, tag_dict
from .removal import Removal, delete

if TYPE_CHECKING:
    from .calls import Aws


def _detector(aws: Aws, scope: Scope, items: list[Item]) -> list[Tags]:
    """Tags, and with them the rest: only ids are listed."""

    def read(item: Item) -> Tags:
        item.update(aws.call("guardduty", "get_detector", DetectorId=item["DetectorId"]))
        return dict(item.get("Tags") or {})

    return aws.each(read, items)


def _hub_tags(aws: Aws, scope: Scope, items: list[Item]) -> list[Tags]:
    def read(item: Item) -> Tags:
        return dict(aws.call("securityhub", "list_tags_for_resource", ResourceArn=item["HubArn"])["Tags"])

    return aws.each(read, items)


def _disable_hub(removal: Removal, item: Item) -> None:
    """Its standards go with it. Its finding aggregator is deleted first: afterwards nobody could."""
    key = "FindingAggregatorArn"
    for one in removal.look("securityhub", "list_finding_aggregators", "FindingAggregators"):
        if one[key].split(":")[3] == removal.scope.region:
            removal.call("securityhub", "delete_finding_aggregator", FindingAggregatorArn=one[key])
    removal.call("securityhub", "disable_security_hub")


def _analyzer_tags(aws: Aws, scope: Scope, items: list[Item]) -> list[Tags]:
    return [dict(item.get("tags") or {}) for item in items]


def _protection_tags(aws: Aws, scope: Scope, items: list[Item]) -> list[Tags]:
    def read(item: Item) -> Tags:
        return tag_dict(aws.call("shield", "list_tags_for_resource", ResourceARN=item["ProtectionArn"])["Tags"])

    return aws.each(read, items)


KINDS = (
    Kind(
        key="guardduty_detectors",
        label="GuardDuty detector",
        service="guardduty",
        role="aws_detection",
        rank=Rank.SOURCES,
        operation="list_detectors",
        result="DetectorIds",
        id_key="DetectorId",
        arn="arn:{partition}:guardduty:{region}:{account}:detector/{id}",
        read_tags=_detector,
        delete=delete("guardduty", "delete_detector", DetectorId="id"),
        where=("finding_publishing_frequency",),
        state="status",
        planned_id="{hex16}{hex16}",
    ),
    Kind(
        key="security_hubs",
        label="Security Hub",
        service="securityhub",
        role="aws_detection",
        rank=Rank.SOURCES,
        operation="describe_hub",
        result="",
        absent=("InvalidAccessException", "ResourceNotFoundException"),
        id_key="HubArn",
        arn="HubArn",
        read_tags=_hub_tags,
        delete=_disable_hub,
        where=("control_finding_generator",),
        planned_id="arn:{partition}:securityhub:{region}:{account}:hub/{name}",
        planned_arn="{id}",
    ),
    Kind(
        key="access_analyzers",
        label="Access Analyzer analyzer",
        service="accessanalyzer",
        role="aws_detection",
        rank=Rank.SOURCES,
        operation="list_analyzers",
        result="analyzers",
        id_key="arn",
        arn="arn",
        read_tags=_analyzer_tags,
        omit=("tags", "lastResourceAnalyzed", "lastResourceAnalyzedAt"),
        created="createdAt",
        name_key="name",
        delete=delete("accessanalyzer", "delete_analyzer", analyzerName="api_name"),
        where=("type",),
        state="status",
        planned_id="arn:{partition}:access-analyzer:{region}:{account}:analyzer/{prefix}{name}",
        planned_arn="{id}",
    ),
    Kind(
        key="shield_protections",
        label="Shield Advanced protection",
        service="shield",
        role="aws_detection",
        rank=Rank.SOURCES,
        operation="list_protections",
        result="Protections",
        absent=("ResourceNotFoundException",),
        id_key="Id",
        arn="ProtectionArn",
        read_tags=_protection_tags,
        name_key="Name",
        delete=delete("shield", "delete_protection", ProtectionId="id"),
        where=("resource_arn",),
        planned_id="{uuid}",
        planned_arn="arn:{partition}:shield::{account}:protection/{id}",
    ),
)
