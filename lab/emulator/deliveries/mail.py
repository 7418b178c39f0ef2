# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mail sink: what SNS sends to e-mail addresses. `GET /_lab/mail` shows it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from lab.emulator import registry
from lab.emulator.clock import CLOCK

TABLE = "mail"
PROTOCOLS = ("email", "email-json")
SECONDS_TO_CONFIRM = 48 * 3600
MOST = 2000  # the oldest are thrown away


def mails(account: str) -> list[dict[str, Any]]:
    """All that has arrived, oldest first."""
    arrived: list[dict[str, Any]] = registry.table(account, "aws", TABLE).setdefault("arrived", [])
    return arrived


def send(account: str, to: str, topic: str, subject: str, text: str) -> None:
    """Have a mail arrive."""
    arrived = mails(account)
    arrived.append({"time": CLOCK.now(), "to": to, "topic": topic, "subject": subject, "text": text})
    del arrived[:-MOST]


def ask_to_confirm(account: str, to: str, topic: str, token: str) -> None:
    """The mail whose link the owner of an address has to follow.

    https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html
    """
    region = topic.split(":")[3]
    query = urlencode({"TopicArn": topic, "Token": token, "Endpoint": to})
    link = f"https://sns.{region}.amazonaws.com/confirmation.html?{query}"
    text = f"You have chosen to subscribe to the topic:\n{topic}\n\nTo confirm this subscription, visit:\n{link}\n"
    send(account, to, topic, "AWS Notification - Subscription Confirmation", text)


def link_in(mail: dict[str, Any]) -> dict[str, str] | None:
    """What the link of such a mail says, as ConfirmSubscription takes it; None for other mails."""
    links = [word for word in mail["text"].split() if "/confirmation.html?" in word]
    if not links:
        return None
    query = parse_qs(urlsplit(links[0]).query)
    return {"TopicArn": query["TopicArn"][0], "Token": query["Token"][0]}


def notify(subscription: Any, message: str, subject: str | None) -> None:
    """Deliver what was published to a topic. https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html"""
    if subscription.protocol == "email-json":
        message = json.dumps({"Type": "Notification", "TopicArn": subscription.topic.arn, "Message": message})
    send(
        subscription.account_id,
        subscription.endpoint,
        subscription.topic.arn,
        subject or "AWS Notification Message",
        message,
    )
