# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import Emulator, Requests, Runner, TwelveSteps

from ansible_collections.pixstory.platform.plugins.modules.cloudtrail_trail import same_selectors

MODULE = "cloudtrail_trail"
NAME = "pixstory-production"
ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:ap-south-1:{ACCOUNT}:key/01234567-89ab-cdef-0123-456789abcdef"
GROUP = f"arn:aws:logs:ap-south-1:{ACCOUNT}:log-group:/pixstory/production/cloudtrail:*"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/pixstory/production/pixstory-production-cloudtrail"
MANAGEMENT = {"Name": "Management", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
OBJECTS = {
    "Name": "Objects",
    "FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
    ],
}
DECLARED = {
    "name": NAME,
    "s3_bucket_name": "trail",
    "is_multi_region_trail": True,
    "enable_log_file_validation": True,
    "kms_key_id": KEY,
    "cloud_watch_logs_log_group_arn": GROUP,
    "cloud_watch_logs_role_arn": ROLE,
    "advanced_event_selectors": [MANAGEMENT],
    "logging": True,
    "tags": {"Project": "pixstory", "Role": "account"},
}


@pytest.fixture
def trails(emulator: Emulator) -> Any:
    for bucket in ("trail", "other"):
        emulator.client("s3").create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"}
        )
    return emulator.client("cloudtrail")


def test_twelve_steps(trails: Any, twelve_steps: TwelveSteps) -> None:
    def created(result: dict[str, Any]) -> None:
        trail = trails.get_trail(Name=NAME)["Trail"]
        assert (trail["IsMultiRegionTrail"], trail["LogFileValidationEnabled"], trail["KmsKeyId"]) == (True, True, KEY)
        assert trails.get_trail_status(Name=NAME)["IsLogging"] is True
        assert trails.get_event_selectors(TrailName=NAME)["AdvancedEventSelectors"] == [MANAGEMENT]
        assert result["trail"]["tags"] == {"Project": "pixstory", "Role": "account"}

    def changed(result: dict[str, Any]) -> None:
        trail = trails.get_trail(Name=NAME)["Trail"]
        assert (trail["S3BucketName"], trail["CloudWatchLogsLogGroupArn"]) == ("other", GROUP)
        assert trails.get_trail_status(Name=NAME)["IsLogging"] is False
        assert trails.get_event_selectors(TrailName=NAME)["AdvancedEventSelectors"] == [MANAGEMENT, OBJECTS]
        assert result["trail"]["tags"] == {"Project": "pixstory"}

    twelve_steps(
        MODULE,
        create=DECLARED,
        change={
            "name": NAME,
            "s3_bucket_name": "other",
            "advanced_event_selectors": [MANAGEMENT, OBJECTS],
            "logging": False,
            "tags": {"Project": "pixstory"},
        },
        absent={"name": NAME},
        created=created,
        changed=changed,
    )


def test_log_group_and_role_are_sent_together(trails: Any, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    run(MODULE, DECLARED)
    requests = Requests(trails, monkeypatch)
    run(MODULE, {"name": NAME, "cloud_watch_logs_role_arn": f"{ROLE}-2"})
    (sent,) = requests.of("UpdateTrail")
    expected = {"CloudWatchLogsLogGroupArn": GROUP, "CloudWatchLogsRoleArn": f"{ROLE}-2"}
    assert sent == {"Name": NAME, **expected}


def test_a_trail_needs_a_bucket(trails: Any, run: Runner) -> None:
    assert "give also s3_bucket_name" in run(MODULE, {"name": NAME}, fails=True).result["msg"]


@pytest.mark.parametrize(
    ("declared", "present", "same"),
    [
        ([MANAGEMENT, OBJECTS], [OBJECTS, MANAGEMENT], True),
        ([OBJECTS], [{**OBJECTS, "FieldSelectors": OBJECTS["FieldSelectors"][::-1]}], True),
        ([OBJECTS], [{**OBJECTS, "FieldSelectors": OBJECTS["FieldSelectors"][:1]}], False),
        ([MANAGEMENT], None, False),
        ([], None, True),
    ],
)
def test_selectors_have_no_order(declared: Any, present: Any, same: bool) -> None:
    assert same_selectors(declared, present) is same
