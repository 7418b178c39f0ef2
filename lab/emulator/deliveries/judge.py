# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One delivery, held against the policies on its way. Pure: who asks brings the policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lab.emulator.deliveries.table import Delivery, Place, Step
from lab.emulator.policy import Effect, Policy, Request, judged

Names = Mapping[str, str]
# The policies of a place, and what to call them. None where there is nothing to ask: a topic without a key of its own.
Found = tuple[str, Sequence[Policy]] | None
Lookup = Callable[[Place], Found]


@dataclass(frozen=True)
class Refusal:
    """The policy that refuses a delivery, and what it refuses."""

    place: Place
    of: str  # whose policy
    request: Request
    effect: Effect

    def __str__(self) -> str:
        sent = ", ".join(f"{key}={value}" for key, value in self.request.context.items()) or "no condition key"
        whose = f"{self.place} of {self.of}" if self.of else str(self.place)
        return f"{whose}: {self.request.action} by {self.request.principal or 'it'} is {self.effect.value} ({sent})"


def requests(delivery: Delivery, step: Step, names: Names) -> list[Request]:
    """What a step is asked: each action, with and without what the service may send or not."""
    variants = [step.sends, {**step.sends, **step.may_send}] if step.may_send else [step.sends]
    by = "" if step.place is Place.ROLE else delivery.principal.format_map(names)
    return [
        Request(
            action=action,
            resource=step.resource.format_map(names),
            principal=by,
            context={key: value.format_map(names) for key, value in sent.items()},
        )
        for action in step.actions
        for sent in variants
    ]


def refusal(delivery: Delivery, names: Names, lookup: Lookup) -> Refusal | None:
    """The first policy that does not let a delivery pass; None where all do."""
    for step in delivery.steps:
        found = lookup(step.place)
        if found is None or ("{key}" in step.resource and not names.get("key")):
            continue
        of, policies = found
        for request in requests(delivery, step, names):
            effect = _added_up(policies, request)
            if effect is not Effect.ALLOW:
                return Refusal(step.place, of, request, effect)
    return None


def let_in(delivery: Delivery, step: Step, names: Names, policies: Sequence[Policy]) -> list[Request]:
    """Which of a step's requests policies allow."""
    return [one for one in requests(delivery, step, names) if _added_up(policies, one) is Effect.ALLOW]


def _added_up(policies: Sequence[Policy], request: Request) -> Effect:
    effects = {judged(policy, request) for policy in policies}
    return next((effect for effect in (Effect.DENY, Effect.ALLOW) if effect in effects), Effect.NOTHING)
