# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Lambda calls: one handler an action."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import cache
from typing import Any

from .actions import ACTIONS, Action
from .records import Records, finding_name

Item = dict[str, Any]


def remediate(action: Action, records: Records, event: Item) -> list[Item]:
    """Mend what the event is about. Returns and logs what was done, an entry a resource.

    The record is written before anything is changed, so that what was is never lost. EventBridge may deliver an event
    twice: the second time there is nothing to mend.
    """
    return [_remediate(action, records, event, resource) for resource in action.resources(event)]


def _remediate(action: Action, records: Records, event: Item, resource: str) -> Item:
    finding = finding_name(action.name, resource, event)
    key = f"findings/{finding}"
    record: Item = {"finding": finding, "action": action.name, "resource": resource}
    before = action.offence(resource)
    if before and records.read(f"exempt/{action.name}/{resource}"):
        return _log({**record, "outcome": "exempt", "before": before})
    begun = records.read(key)
    if not before:
        if not begun or begun["outcome"] == "mended":
            return _log({**record, "outcome": "nothing to mend"})
        begun["outcome"] = "mended"  # the run before this one got that far
        records.write(key, begun)
        return _log(begun)
    detail = event.get("detail", {})
    record = begun or {
        **record,
        "before": before,
        "time": event["time"],
        "cause": {"event": detail.get("eventName"), "by": detail.get("userIdentity", {}).get("arn")},
    }
    records.write(key, {**record, "outcome": "begun"})
    action.mend(resource, before)
    left = action.offence(resource)
    record = {**record, "after": left, "outcome": "not mended" if left else "mended"}
    records.write(key, record)
    _log(record)
    if left:  # Lambda tries again, and tells the topic in the end
        raise RuntimeError(f"{finding}: {resource} is as it was: {left}")
    return record


def _log(record: Item) -> Item:
    print(json.dumps(record, sort_keys=True, default=str))
    return record


@cache
def _client(service: str) -> Any:
    import boto3  # the runtime has it

    return boto3.client(service)


def _handler(name: str) -> Callable[[Item, Any], list[Item]]:
    def handler(event: Item, context: Any) -> list[Item]:
        action = ACTIONS[name](_client, json.loads(os.environ["SETTINGS"]))
        return remediate(action, Records(_client("s3"), os.environ["RECORDS_BUCKET"]), event)

    return handler


public_bucket = _handler("public-bucket")
open_security_group = _handler("open-security-group")
shared_snapshot = _handler("shared-snapshot")
stale_access_key = _handler("stale-access-key")
stopped_trail = _handler("stopped-trail")
