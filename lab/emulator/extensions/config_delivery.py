# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS Config: whether what a delivery channel delivers arrives."""

from __future__ import annotations

from typing import Any

from lab.emulator.deliveries.account import way_of_channel
from lab.emulator.deliveries.record import refused
from lab.emulator.registry import Call, operation


@operation("config", "DescribeDeliveryChannelStatus")
def describe_delivery_channel_status(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeDeliveryChannelStatus.html"""
    wanted = params.get("DeliveryChannelNames")
    shown = []
    for name, one in call.backend("config").delivery_channels.items():
        if not wanted or name in wanted:
            way = way_of_channel(call.account, call.region, one.s3_bucket_name, one.s3_key_prefix or "")
            met = refused(way.delivery, way.names, way)
            status: dict[str, Any] = {"lastStatus": "FAILURE" if met else "SUCCESS"}
            if met:
                status |= {"lastErrorCode": "AccessDenied", "lastErrorMessage": "Access Denied"}
            info = dict.fromkeys(("configSnapshotDeliveryInfo", "configHistoryDeliveryInfo"), status)
            shown.append({"name": name, **info})
    return {"DeliveryChannelsStatus": shown}
