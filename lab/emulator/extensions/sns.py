# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SNS: subscriptions of e-mail addresses wait until their owner follows the link in a mail."""

from __future__ import annotations

import copy
from typing import Any
from uuid import uuid4

from moto.sns.models import SNSBackend, Subscription, sns_backends

from lab.emulator.clock import CLOCK, each_tick
from lab.emulator.deliveries import mail
from lab.emulator.registry import ApiError, Call, fix, operation, wrap

PENDING = "PendingConfirmation"


@fix("sns")
def subscriptions_of_addresses_wait() -> None:
    """A mail asks the owner; until the link is followed, nothing is sent, and after two days it is forgotten.

    https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
    """

    @wrap(SNSBackend, "subscribe")
    def subscribe(original: Any, backend: SNSBackend, topic_arn: str, endpoint: str, protocol: str) -> Subscription:
        subscription: Any = original(backend, topic_arn, endpoint, protocol)
        if protocol not in mail.PROTOCOLS or subscription.confirmed:
            return subscription
        if subscription.arn != PENDING:
            subscription.arn_to_be, subscription.arn = subscription.arn, PENDING
            subscription.token, subscription.asked = uuid4().hex, CLOCK.now()
            subscription.attributes.update(PendingConfirmation=True)
        mail.ask_to_confirm(backend.account_id, endpoint, topic_arn, subscription.token)
        answered: Subscription = copy.copy(subscription)
        answered.arn = "pending confirmation"  # another word than in lists
        return answered

    @wrap(Subscription, "publish")
    def publish(original: Any, subscription: Subscription, message: str, *args: Any, **kwargs: Any) -> None:
        if subscription.protocol not in mail.PROTOCOLS:
            original(subscription, message, *args, **kwargs)
        elif subscription.confirmed:
            mail.notify(subscription, message, kwargs.get("subject"))


@operation("sns", "ConfirmSubscription")
def confirm_subscription(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """What the link does. https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html"""
    for subscription in call.backend("sns").subscriptions.values():
        if subscription.topic.arn == params["TopicArn"] and getattr(subscription, "token", None) == params["Token"]:
            subscription.confirmed, subscription.arn = True, subscription.arn_to_be
            subscription.attributes.update(PendingConfirmation=False)
            return {"SubscriptionArn": subscription.arn}
    raise ApiError("InvalidParameter", "Invalid parameter: Token")


@each_tick
def forget_what_nobody_confirms(now: float) -> None:
    """After 48 hours. https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html"""
    for regions in sns_backends.values():
        for backend in regions.values():
            for arn, one in list(backend.subscriptions.items()):
                if one.arn == PENDING and now - one.asked > mail.SECONDS_TO_CONFIRM:  # type: ignore[attr-defined]
                    del backend.subscriptions[arn]
