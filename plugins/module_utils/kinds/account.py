# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What watches the whole account: trails, AWS Config, alarms and the topics that they tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base import Item, Kind, Rank, Scope, Tags, batches, named, tag_dict
from .removal import Removal, delete, delete_and_wait

if TYPE_CHECKING:
    from .calls import Aws


def _trail_tags(aws: Aws, scope: Scope, items: list[Item]) -> list[Tags]:
    """ListTags takes twenty trails at a time."""

    def batch(arns: list[str]) -> list[dict[str, Any]]:
        return list(aws.call("cloudtrail", "list_tags", ResourceIdList=arns)["ResourceTagList"])

    arns = [item["TrailARN"] for item in items]
    tags = {one["ResourceId"]: tag_dict(one["TagsList"]) for got in aws.each(batch, batches(arns, 20)) for one in got}
    return [tags.get(arn, {}) for arn in arns]


def _trail_status(aws: Aws, scope: Scope, items: list[Item]) -> None:
    def read(item: Item) -> None:
        item["IsLogging"] = aws.call("cloudtrail", "get_trail_status", Name=item["TrailARN"])["IsLogging"]

    aws.each(read, items)


def _config_tags(key: str) -> Any:
    def read_all(aws: Aws, scope: Scope, items: list[Item]) -> list[Tags]:
        def read(item: Item) -> Tags:
            return tag_dict(aws.call("config", "list_tags_for_resource", ResourceArn=item[key])["Tags"])

        return aws.each(read, items)

    return read_all


def _recorder_of_ours(scope: Scope, item: Item) -> bool:
    """AWS services have recorders of their own beside that of the account."""
    return str(item["name"]).startswith(scope.prefix) and not item.get("servicePrincipal")


def _recorder_details(aws: Aws, scope: Scope, items: list[Item]) -> None:
    statuses = aws.pages("config", "describe_configuration_recorder_status", "ConfigurationRecordersStatus")
    channels = aws.pages("config", "describe_delivery_channels", "DeliveryChannels")
    for item in items:
        item["recording"] = any(one["recording"] for one in statuses if one["name"] == item["name"])
        item["deliveryChannel"] = next((one for one in channels if one["name"] == item["name"]), None)


def _delete_recorder(removal: Removal, item: Item) -> None:
    """The channel of a recorder that records cannot be deleted."""
    name = item["id"]
    removal.call("config", "stop_configuration_recorder", ConfigurationRecorderName=name)
    removal.call("config", "delete_configuration_recorder", ConfigurationRecorderName=name)
    if item.get("delivery_channel"):
        removal.call("config", "delete_delivery_channel", DeliveryChannelName=name)


def _rule_stands(item: Item) -> bool:
    return not str(item.get("ConfigRuleState", "")).startswith("DELETING")


def _alarm_tags(aws: Aws, scope: Scope, items: list[Item]) -> list[Tags]:
    def read(item: Item) -> Tags:
        return tag_dict(aws.call("cloudwatch", "list_tags_for_resource", ResourceARN=item["AlarmArn"])["Tags"])

    return aws.each(read, items)


def _topic_name(scope: Scope, arn: str) -> str:
    return arn.split(":")[-1].removeprefix(scope.prefix)


def _topic_of_ours(scope: Scope, item: Item) -> bool:
    return str(item["TopicArn"]).rsplit(":", maxsplit=1)[-1].startswith(scope.prefix)


def _topic_tags(aws: Aws, scope: Scope, items: list[Item]) -> list[Tags]:
    def read(item: Item) -> Tags:
        return tag_dict(aws.call("sns", "list_tags_for_resource", ResourceArn=item["TopicArn"])["Tags"])

    return aws.each(read, items)


def _topic_details(aws: Aws, scope: Scope, items: list[Item]) -> None:
    """The key, and who is told. A subscription that nobody has confirmed yet has a word instead of an ARN."""
    subscriptions = aws.pages("sns", "list_subscriptions", "Subscriptions") if items else []

    def read(item: Item) -> None:
        attributes = aws.call("sns", "get_topic_attributes", TopicArn=item["TopicArn"])["Attributes"]
        item["KmsMasterKeyId"] = attributes.get("KmsMasterKeyId")
        own = [one for one in subscriptions if one["TopicArn"] == item["TopicArn"]]
        item["Subscribers"] = sorted(one["Endpoint"] for one in own if one["SubscriptionArn"].startswith("arn:"))
        item["Unconfirmed"] = sorted(one["Endpoint"] for one in own if not one["SubscriptionArn"].startswith("arn:"))

    aws.each(read, items)


KINDS = (
    Kind(
        key="trails",
        label="CloudTrail trail",
        service="cloudtrail",
        role="aws_account",
        rank=Rank.SOURCES,
        operation="describe_trails",
        result="trailList",
        id_key="Name",
        arn="TrailARN",
        arguments=lambda scope: {"includeShadowTrails": False},
        candidate=named("Name"),
        read_tags=_trail_tags,
        details=_trail_status,
        name_key="Name",
        name_from="api",
        delete=delete("cloudtrail", "delete_trail", Name="id"),
        where=("s3_bucket_name",),
        state="is_logging",
        planned_arn="arn:{partition}:cloudtrail:{region}:{account}:trail/{id}",
        planned={"trail_arn": "{arn}"},
    ),
    Kind(
        key="config_recorders",
        label="AWS Config recorder",
        service="config",
        role="aws_account",
        rank=Rank.SOURCES,
        operation="describe_configuration_recorders",
        result="ConfigurationRecorders",
        id_key="name",
        arn="arn",
        candidate=_recorder_of_ours,
        read_tags=_config_tags("arn"),
        details=_recorder_details,
        name_key="name",
        name_from="api",
        delete=_delete_recorder,
        where=("delivery_channel.s3_bucket_name",),
        state="recording",
        planned_arn="arn:{partition}:config:{region}:{account}:configuration-recorder/{id}/{hex16}",
    ),
    Kind(
        key="config_rules",
        label="AWS Config rule",
        service="config",
        role="aws_account",
        rank=Rank.SOURCES,
        operation="describe_config_rules",
        result="ConfigRules",
        id_key="ConfigRuleName",
        arn="ConfigRuleArn",
        candidate=named("ConfigRuleName"),
        read_tags=_config_tags("ConfigRuleArn"),
        alive=_rule_stands,
        name_key="ConfigRuleName",
        name_from="api",
        delete=delete_and_wait(
            "config",
            "delete_config_rule",
            {"ConfigRuleName": "id"},
            poll=("describe_config_rules", "ConfigRules", {"ConfigRuleNames": ["id"]}),
        ),
        where=("source.source_identifier",),
        planned_arn="arn:{partition}:config:{region}:{account}:config-rule/config-rule-{hex6}",
    ),
    Kind(
        key="alarms",
        label="CloudWatch alarm",
        service="cloudwatch",
        role="aws_account",
        rank=Rank.SOURCES,
        operation="describe_alarms",
        result="MetricAlarms",
        id_key="AlarmName",
        arn="AlarmArn",
        arguments=lambda scope: {"AlarmNamePrefix": scope.prefix},
        read_tags=_alarm_tags,
        omit=("StateReason", "StateReasonData", "StateUpdatedTimestamp", "StateTransitionedTimestamp"),
        name_key="AlarmName",
        name_from="api",
        delete=delete("cloudwatch", "delete_alarms", AlarmNames=["id"]),
        where=("metric_name",),
        state="state_value",
        planned_arn="arn:{partition}:cloudwatch:{region}:{account}:alarm:{id}",
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
        candidate=_topic_of_ours,
        read_tags=_topic_tags,
        details=_topic_details,
        name_key="TopicArn",
        name_from="api",
        shorten=_topic_name,
        delete=delete("sns", "delete_topic", TopicArn="id"),
        planned_id="arn:{partition}:sns:{region}:{account}:{prefix}{name}",
        planned_arn="{id}",
        planned={"topic_arn": "{id}"},
    ),
)
