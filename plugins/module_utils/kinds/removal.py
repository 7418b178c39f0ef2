# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a resource is deleted: what is already gone is fine, what is still held is tried again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .base import Item, Scope, dig
from .errors import StillThere

if TYPE_CHECKING:
    from .calls import Aws

# Parts of error codes. AWS has one for each service and often two.
GONE = ("NotFound", "NoSuch", "DoesNotExist", "Nonexistent", "NotAttached", "InvalidAMIID.Unavailable")
HELD = (
    "DependencyViolation",
    "DeleteConflict",
    "InUse",
    "ScalingActivityInProgress",
    "ResourceContention",
    "NotEmpty",
    "IncorrectState",
    "PriorRequestNotComplete",
    "OperationAborted",
    "ConcurrentModification",
    "DBInstanceState",
    "ReplicationGroupState",
    "SubnetGroupState",
    "InvalidCacheParameterGroupState",
    "InvalidDBParameterGroupState",
    "WAFAssociatedItem",
    "WAFOptimisticLock",
)
POLL_SECONDS = 10.0


def is_gone(error: Exception) -> bool:
    code, text = str(getattr(error, "code", "")), str(getattr(error, "text", ""))
    # EC2 Auto Scaling has no error code of its own for a group that does not exist.
    return any(part in code for part in GONE) or (code == "ValidationError" and "not found" in text.lower())


def is_held(error: Exception) -> bool:
    return any(part in str(getattr(error, "code", "")) for part in HELD)


@dataclass
class Removal:
    """What the delete functions of the kinds are given."""

    aws: Aws
    scope: Scope
    final_snapshots: bool = True
    snapshot_suffix: str | None = None
    kms_pending_window_in_days: int = 30
    recovery_window_in_days: int = 30
    wait_timeout: int = 1800
    snapshots: list[str] = field(default_factory=list)  # the final ones, by name or id

    def of(self, item: Item) -> Removal:
        """Where the item is: in another Region than the environment's own if it says so."""
        region = item.get("region")
        return replace(self, aws=self.aws.at(region), scope=self.scope.at(region)) if region else self

    def call(self, service: str, operation: str, **arguments: Any) -> dict[str, Any] | None:
        """One write call: None when its object is gone already, again and again while something holds it."""
        return self.retry(lambda: self.aws.call(service, operation, **arguments))

    def retry(self, function: Callable[[], Any]) -> Any:
        for _pause in self._pauses():
            try:
                return function()
            except Exception as error:
                if is_gone(error):
                    return None
                if not is_held(error):
                    raise
                last = error
        raise StillThere(f"{last} It was tried for {self.wait_timeout} s.") from last

    def look(self, service: str, operation: str, key: str, **arguments: Any) -> list[dict[str, Any]]:
        """What is there; nothing when AWS says that it is not found."""
        try:
            return self.aws.pages(service, operation, key, **arguments)
        except Exception as error:
            if is_gone(error):
                return []
            raise

    def wait(self, reached: Callable[[], bool], what: str) -> None:
        for _pause in self._pauses():
            if reached():
                return
        raise StillThere(f"{what} within {self.wait_timeout} s. Run again to go on, or raise wait_timeout.")

    def _pauses(self) -> Any:
        deadline = time.monotonic() + self.wait_timeout
        delay = min(0.2, POLL_SECONDS)
        while True:
            yield delay
            if time.monotonic() + delay > deadline:
                return
            time.sleep(delay)
            delay = min(delay * 2, POLL_SECONDS)


Deleter = Callable[[Removal, Item], None]


def _from_item(item: Item, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call, each taken from the item: a path, a list of one path, or a value."""
    values: dict[str, Any] = {}
    for key, path in arguments.items():
        if isinstance(path, list):
            values[key] = [dig(item, path[0])]
        else:
            values[key] = dig(item, path) if isinstance(path, str) else path
    return values


def delete(service: str, operation: str, **arguments: Any) -> Deleter:
    """Deletion by one call that is done when it returns."""

    def deleter(removal: Removal, item: Item) -> None:
        removal.call(service, operation, **_from_item(item, arguments))

    return deleter


def delete_and_wait(
    service: str,
    operation: str,
    arguments: Mapping[str, Any],
    *,
    poll: tuple[str, str, Mapping[str, Any]],
    gone: tuple[str, ...] = ("",),
) -> Deleter:
    """Deletion by one call, then waiting until ``poll`` lists nothing, or only what is in a state of ``gone``."""

    def deleter(removal: Removal, item: Item) -> None:
        if not item.get("going"):
            removal.call(service, operation, **_from_item(item, arguments))
        wait_until_gone(removal, item, service, poll, gone)

    return deleter


def wait_until_gone(
    removal: Removal,
    item: Item,
    service: str,
    poll: tuple[str, str, Mapping[str, Any]],
    gone: tuple[str, ...] = ("",),
) -> None:
    list_operation, key, filters = poll
    state, *finished = gone

    def reached() -> bool:
        found = removal.look(service, list_operation, key, **_from_item(item, filters))
        return all(state and dig(one, state) in finished for one in found)

    removal.wait(reached, f"{item['id']} was not gone")
