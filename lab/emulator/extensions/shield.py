# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shield Advanced: whether it is subscribed to."""

from __future__ import annotations

from typing import Any

from lab.emulator.registry import Call, operation


@operation("shield", "GetSubscriptionState")
def get_subscription_state(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/waf/latest/DDOSAPIReference/API_GetSubscriptionState.html"""
    return {"SubscriptionState": "ACTIVE" if call.backend("shield").subscription else "INACTIVE"}
