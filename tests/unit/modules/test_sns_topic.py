# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest
from twelve_steps import Emulator, TwelveSteps

from ansible_collections.pixstory.platform.plugins.modules.sns_topic import same_subscriptions

MODULE = "sns_topic"
NAME = "pixstory-production-security"
ARN = f"arn:aws:sns:ap-south-1:123456789012:{NAME}"
KEY = "arn:aws:kms:ap-south-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
ALICE = {"protocol": "email", "endpoint": "alice@example.com"}
BOB = {"protocol": "email", "endpoint": "bob@example.com"}


def policy(sid: str) -> dict[str, Any]:
    refuse = {"Bool": {"aws:SecureTransport": "false"}}
    statement = {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": ARN}
    return {"Version": "2012-10-17", "Statement": [{**statement, "Condition": refuse}]}


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps) -> None:
    sns = emulator.client("sns")
    sns.create_topic(Name=f"another-{NAME}")

    def subscribed() -> set[str]:
        return {one["Endpoint"] for one in sns.list_subscriptions_by_topic(TopicArn=ARN)["Subscriptions"]}

    def created(result: dict[str, Any]) -> None:
        attributes = sns.get_topic_attributes(TopicArn=ARN)["Attributes"]
        assert (attributes["KmsMasterKeyId"], json.loads(attributes["Policy"])) == (KEY, policy("One"))
        assert subscribed() == {"alice@example.com"}
        assert result["topic"]["tags"] == {"Project": "pixstory", "Role": "account"}

    def changed(result: dict[str, Any]) -> None:
        attributes = sns.get_topic_attributes(TopicArn=ARN)["Attributes"]
        assert (attributes["KmsMasterKeyId"], attributes["DisplayName"]) == (KEY, "Security")
        assert json.loads(attributes["Policy"]) == policy("Two")
        assert subscribed() == {"bob@example.com"}
        assert result["topic"]["tags"] == {"Project": "pixstory"}

    def deleted(result: dict[str, Any]) -> None:
        assert [one["TopicArn"].split(":")[-1] for one in sns.list_topics()["Topics"]] == [f"another-{NAME}"]

    twelve_steps(
        MODULE,
        create={
            "name": NAME,
            "kms_master_key_id": KEY,
            "policy": policy("One"),
            "subscriptions": [ALICE],
            "tags": {"Project": "pixstory", "Role": "account"},
        },
        change={
            "name": NAME,
            "display_name": "Security",
            "policy": policy("Two"),
            "subscriptions": [BOB],
            "tags": {"Project": "pixstory"},
        },
        absent={"name": NAME},
        created=created,
        changed=changed,
        deleted=deleted,
    )


@pytest.mark.parametrize(
    ("declared", "arn", "same"),
    [
        ([ALICE], f"{ARN}:1", True),
        ([ALICE], "PendingConfirmation", True),
        ([BOB], f"{ARN}:1", False),
        ([], f"{ARN}:1", False),
        ([], "PendingConfirmation", True),  # it cannot be ended
    ],
)
def test_what_was_asked_for_is_not_asked_for_again(declared: list[dict[str, str]], arn: str, same: bool) -> None:
    present = [{"Protocol": "email", "Endpoint": "alice@example.com", "SubscriptionArn": arn}]
    assert same_subscriptions(declared, present) is same
