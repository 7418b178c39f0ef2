# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CloudWatch: the state of a new alarm, and whom an alarm tells."""

from __future__ import annotations

from typing import Any

from moto.cloudwatch.models import Alarm

from lab.emulator.deliveries import routing
from lab.emulator.registry import fix, wrap


@fix("cloudwatch")
def new_alarms_have_no_data() -> None:
    """An alarm is in INSUFFICIENT_DATA until its metric has been evaluated.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """

    @wrap(Alarm, "__init__")
    def init(original: Any, alarm: Alarm, *args: Any, **kwargs: Any) -> None:
        original(alarm, *args, **kwargs)
        alarm.state_value = "INSUFFICIENT_DATA"


@fix("cloudwatch")
def alarms_tell_topics() -> None:
    """An alarm that changes its state does what it is given for the new one.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html
    """

    @wrap(Alarm, "update_state")
    def update(original: Any, alarm: Alarm, *args: Any, **kwargs: Any) -> None:
        before = alarm.state_value
        original(alarm, *args, **kwargs)
        routing.tell(alarm, before)
