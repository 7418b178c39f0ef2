# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EventBridge: events reach topics and functions."""

from __future__ import annotations

from typing import Any

from moto.events.models import EventsBackend, Rule

from lab.emulator.deliveries import routing
from lab.emulator.deliveries.account import way_of_target
from lab.emulator.registry import fix, wrap


@fix("events")
def events_reach_topics() -> None:
    """Rules hand what they match to topics and functions, and those that are switched off hand over nothing.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
    """

    @wrap(Rule, "send_to_targets")
    def send(original: Any, rule: Rule, event: Any, transform_input: bool = True) -> None:
        if rule.state == "DISABLED":
            return
        routing.put(rule, event)
        kept = rule.targets
        own = [one for one in kept if not way_of_target(rule.account_id, rule.region_name, rule.arn, one["Arn"])]
        if own:
            rule.targets = own
            try:
                original(rule, event, transform_input)
            finally:
                rule.targets = kept


@fix("events")
def sources_of_aws_are_its_own() -> None:
    """Nobody but AWS puts events whose source begins with aws.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
    """

    @wrap(EventsBackend, "put_events")
    def put(original: Any, backend: EventsBackend, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        refused = {
            "ErrorCode": "NotAuthorizedForSourceException",
            "ErrorMessage": "Not authorized for the source.",
        }
        allowed = iter(original(backend, [one for one in events if not _of_aws(one)]))
        return [refused if _of_aws(one) else next(allowed) for one in events]


def _of_aws(event: dict[str, Any]) -> bool:
    return str(event.get("Source", "")).startswith("aws.")
