# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "config_recorder"
NAME = "pixstory-production"
ROLE = "arn:aws:iam::123456789012:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
DECLARED = {
    "name": NAME,
    "role_arn": ROLE,
    "all_supported": True,
    "include_global_resource_types": True,
    "delivery_channel": {"s3_bucket_name": "config", "delivery_frequency": "TwentyFour_Hours"},
    "recording": True,
    "tags": {"Project": "pixstory", "Role": "account"},
}


@pytest.fixture
def config(emulator: Emulator) -> Any:
    return emulator.client("config")


def test_twelve_steps(config: Any, twelve_steps: TwelveSteps) -> None:
    def recording() -> bool:
        return bool(config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"][0]["recording"])

    def created(result: dict[str, Any]) -> None:
        (recorder,) = config.describe_configuration_recorders()["ConfigurationRecorders"]
        assert recorder["recordingGroup"]["allSupported"] is True
        assert recorder["recordingGroup"]["includeGlobalResourceTypes"] is True
        assert recording() is True
        assert result["recorder"]["tags"] == {"Project": "pixstory", "Role": "account"}

    def changed(result: dict[str, Any]) -> None:
        (recorder,) = config.describe_configuration_recorders()["ConfigurationRecorders"]
        assert recorder["recordingGroup"]["resourceTypes"] == ["AWS::EC2::Instance"]
        assert recorder["roleARN"] == ROLE
        (channel,) = config.describe_delivery_channels()["DeliveryChannels"]
        # What was not declared was left alone.
        frequency = {"deliveryFrequency": "TwentyFour_Hours"}
        assert (channel["s3BucketName"], channel["configSnapshotDeliveryProperties"]) == ("other", frequency)
        assert recording() is False
        assert result["recorder"]["tags"] == {"Project": "pixstory"}

    def deleted(result: dict[str, Any]) -> None:
        assert config.describe_configuration_recorders()["ConfigurationRecorders"] == []
        assert config.describe_delivery_channels()["DeliveryChannels"] == []

    twelve_steps(
        MODULE,
        create=DECLARED,
        change={
            "name": NAME,
            "all_supported": False,
            "include_global_resource_types": False,
            "resource_types": ["AWS::EC2::Instance"],
            "delivery_channel": {"s3_bucket_name": "other"},
            "recording": False,
            "tags": {"Project": "pixstory"},
        },
        absent={"name": NAME},
        created=created,
        changed=changed,
        deleted=deleted,
    )


def test_the_recorder_of_another_is_left_as_it_is(config: Any, run: Runner) -> None:
    run(MODULE, {**DECLARED, "name": "default"})
    before = config.describe_configuration_recorders()["ConfigurationRecorders"]
    done = run(MODULE, DECLARED)
    assert (done.changed, done.writes) == (False, [])
    assert "recorder default records this account in ap-south-1 already" in str(done.result["warnings"])
    assert not run(MODULE, {"name": NAME, "state": "absent"}).changed
    assert config.describe_configuration_recorders()["ConfigurationRecorders"] == before


def test_what_an_interrupted_deletion_left_is_deleted(config: Any, run: Runner) -> None:
    run(MODULE, DECLARED)
    config.stop_configuration_recorder(ConfigurationRecorderName=NAME)
    config.delete_configuration_recorder(ConfigurationRecorderName=NAME)
    assert run(MODULE, {"name": NAME, "state": "absent"}).changed
    assert config.describe_delivery_channels()["DeliveryChannels"] == []


def test_all_types_and_a_list_of_types_contradict(run: Runner) -> None:
    done = run(MODULE, {**DECLARED, "resource_types": ["AWS::EC2::Instance"]}, fails=True)
    assert "Delete one of the two" in done.result["msg"]
