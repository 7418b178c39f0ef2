# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab's mail: what SNS sent to e-mail addresses, and the links in it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.fabric.world import Api

PENDING = "PendingConfirmation"


def confirm(api: Api) -> list[str]:
    """Follow the links by which addresses are subscribed, as their owners would. Says whose."""
    waiting = {
        (one["TopicArn"], one["Endpoint"])
        for one in api.all("sns", "list_subscriptions", "Subscriptions")
        if one["SubscriptionArn"] == PENDING
    }
    if not waiting:
        return []
    links = {(one["topic"], one["to"]): one["confirm"] for one in api.lab("mail") if one["confirm"]}
    followed = sorted(waiting & links.keys())
    for whose in followed:
        api.sns.confirm_subscription(**links[whose])
    return [to for _, to in followed]


def shown(api: Api) -> str:
    """All mails, oldest first."""
    mails = [(time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(one["time"])), one) for one in api.lab("mail")]
    return "\n\n".join(f"{at}  To: {one['to']}  {one['subject']}\n{one['text']}" for at, one in mails)
