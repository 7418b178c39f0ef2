# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the Shield extensions."""

from __future__ import annotations

from checks import Aws, proves


@proves("shield.GetSubscriptionState")
def subscription_is_there_once_it_is_made(aws: Aws) -> None:
    shield = aws.client("shield")
    assert shield.get_subscription_state()["SubscriptionState"] == "INACTIVE"
    shield.create_subscription()
    assert shield.get_subscription_state()["SubscriptionState"] == "ACTIVE"
