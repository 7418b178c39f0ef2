# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Events and alarms on their way to topics and functions."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from moto.cloudwatch.models import Dimension

from lab.emulator import registry
from lab.emulator.clock import CLOCK
from lab.emulator.deliveries.account import way_of_alarm, way_of_target
from lab.emulator.deliveries.record import handed
from lab.emulator.filter_pattern import ABSENT, value_at

Event = dict[str, Any]


def emit(account: str, region: str, source: str, kind: str, detail: Event, resources: tuple[str, ...] = ()) -> None:
    """What an AWS service tells the default event bus."""
    event = {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": kind,
        "source": source,
        "account": account,
        "time": _written(CLOCK.now()),
        "region": region,
        "resources": list(resources),
        "detail": detail,
    }
    bus = registry.backend_of("events", account, region).event_buses["default"]
    for rule in list(bus.rules.values()):
        route(rule, event)


def route(rule: Any, event: Event) -> None:
    """Send an event to the topics and functions of a rule that matches it."""
    if rule.state == "DISABLED" or rule.scheduled_expression or not matches(rule.event_pattern, event):
        return
    for target in rule.targets:
        way = way_of_target(rule.account_id, rule.region_name, rule.arn, target["Arn"])
        if way is None:
            continue
        if not handed(way.delivery, way.names, way):
            count(rule.account_id, rule.region_name, "AWS/Events", "FailedInvocations", RuleName=rule.name)
        elif way.target.startswith("arn:aws:sns:"):
            publish(way.account, way.target, text_for(target, event))


def matches(pattern: Any, event: Event) -> bool:
    """Whether moto's matcher takes an event. It does not look into lists of objects: each of theirs is tried.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-content-based-filtering.html
    """
    return any(pattern.matches_event(one) for one in _variants(event))


def _variants(value: Any) -> Iterator[Any]:
    """A value with each list of objects replaced by one of its members, in all ways."""
    if isinstance(value, dict):
        made: list[Event] = [{}]
        for key, inner in value.items():
            made = [{**one, key: variant} for variant in _variants(inner) for one in made]
        yield from made
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for member in value:
            yield from _variants(member)
    else:
        yield value


def text_for(target: Event, event: Event) -> str:
    """What a target gets. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html"""
    transformer = target.get("InputTransformer")
    if not transformer:
        return str(target.get("Input") or json.dumps(event))

    def value(found: re.Match[str]) -> str:
        path = transformer.get("InputPathsMap", {}).get(found[1])
        there = value_at(event, path) if path else ABSENT
        if there is ABSENT:
            return ""
        return there if isinstance(there, str) else json.dumps(there)

    return re.sub(r"<([\w.-]+)>", value, transformer["InputTemplate"])


def publish(account: str, topic: str, message: str, subject: str | None = None) -> None:
    """Hand a message to a topic, past its policies: who hands it over was judged."""
    registry.backend_of("sns", account, topic.split(":")[3]).publish(message, topic, subject=subject)


def count(account: str, region: str, namespace: str, metric: str, **dimensions: str) -> None:
    """One more of what AWS counts, and the alarms that wait for it."""
    backend = registry.backend_of("cloudwatch", account, region)
    of = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    backend.put_metric_data(namespace, [{"MetricName": metric, "Value": 1.0, "Dimensions": of, "Unit": "Count"}])
    there = set(dimensions.items())
    for alarm in list(backend.alarms.values()):
        waits = (alarm.namespace, alarm.metric_name, _pairs(alarm.dimensions)) == (namespace, metric, there)
        if waits and alarm.threshold <= 1 and alarm.comparison_operator == "GreaterThanOrEqualToThreshold":
            alarm.update_state(
                "Threshold Crossed: 1 datapoint was greater than or equal to the threshold", "{}", "ALARM"
            )


def _pairs(dimensions: list[Dimension]) -> set[tuple[str, str]]:
    return {(one.name, one.value) for one in dimensions or []}


def tell(alarm: Any, before: str) -> None:
    """Tell the topics of an alarm that has changed its state.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html
    """
    if alarm.state_value == before or not alarm.actions_enabled:
        return
    region, account = alarm.alarm_arn.split(":")[3:5]
    actions = {"ALARM": alarm.alarm_actions, "OK": alarm.ok_actions}.get(
        alarm.state_value, alarm.insufficient_data_actions
    )
    message = json.dumps(
        {
            "AlarmName": alarm.name,
            "AlarmDescription": alarm.description,
            "AWSAccountId": account,
            "AlarmArn": alarm.alarm_arn,
            "NewStateValue": alarm.state_value,
            "NewStateReason": alarm.state_reason,
            "OldStateValue": before,
            "StateChangeTime": _written(CLOCK.now()),
            "Region": region,
        }
    )
    for topic in actions or []:
        if topic.startswith("arn:aws:sns:"):
            way = way_of_alarm(account, region, alarm.alarm_arn, topic)
            if handed(way.delivery, way.names, way):
                publish(account, topic, message, f'{alarm.state_value}: "{alarm.name}" in {region}'[:100])


def put(rule: Any, event: Event) -> None:
    """The same for an event of PutEvents, as moto writes it."""
    written = copy.deepcopy(event)
    written.pop("ingestion-time", None)
    if isinstance(written["time"], int | float):
        written["time"] = _written(written["time"])
    route(rule, written)


def _written(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
