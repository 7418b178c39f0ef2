# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Patterns of metric filters, and that the alarm of the break-glass role sees every way in."""

from __future__ import annotations

from typing import Any

import pytest

from lab import waf
from lab.emulator.filter_pattern import Malformed, compiled
from tests.unit.roles.rendering import Variables

EVENT = {"name": "PutBucketAcl", "count": 3, "no": None, "yes": True, "by": {"type": "Root"}, "list": [{"a": "b"}]}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ $.name = "PutBucket*" }', True),
        ("{ $.name = PutBucketPolicy }", False),
        ("{ $.name != PutBucketPolicy }", True),
        ("{ $.count >= 3 && $.count < 4 }", True),
        ("{ $.count = 3 }", True),
        ("{ $.no IS NULL }", True),
        ("{ $.yes IS FALSE }", False),
        ("{ $.by.invokedBy NOT EXISTS }", True),
        ("{ $.by.type EXISTS }", True),
        ('{ $.list[0].a = "b" }', True),
        ("{ $.list[1].a = b }", False),
        ('{ ($.name = "x") || (($.by.type = "Root") && ($.count > 2)) }', True),
        ('{ $.name = "x" || $.by.type = "Root" && $.count > 5 }', False),
    ],
)
def test_patterns(pattern: str, expected: bool) -> None:
    assert compiled(pattern)(EVENT) is expected


@pytest.mark.parametrize(
    "pattern", ["ERROR", "{ name = x }", "{ $.name }", "{ ($.name = x }", "{ $.name = x ) }", "{ $.a ~ b }"]
)
def test_what_is_refused(pattern: str) -> None:
    with pytest.raises(Malformed):
        compiled(pattern)


def environment(name: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The alarms of an environment, and the names of its break-glass role."""
    variables = Variables(dict(waf.declared(name)))

    def value(expression: str) -> Any:
        return variables.evaluate("aws_account", "{{ " + expression + " }}")

    role = value("'role' ~ platform_iam_path ~ platform_prefix ~ '-break-glass'")
    account = value("platform_account_id")
    session = f"arn:aws:sts::{account}:assumed-role/{value('platform_prefix')}-break-glass/asha"
    return value("aws_account_alarms"), {"role": f"arn:aws:iam::{account}:{role}", "session": session}


def test_each_way_into_the_break_glass_role_is_seen() -> None:
    """The console records SwitchRole without parameters, the global STS what it does in us-east-1.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html
    """
    alarms, names = environment("production")
    assume = {"eventSource": "sts.amazonaws.com", "eventName": "AssumeRole", "awsRegion": "us-east-1"}
    switch = {"eventSource": "signin.amazonaws.com", "eventName": "SwitchRole", "requestParameters": None}
    seen = compiled(alarms["break-glass"]["pattern"])
    assert seen({**assume, "requestParameters": {"roleArn": names["role"]}})
    assert seen({**assume, "eventName": "AssumeRoleWithSAML", "requestParameters": {"roleArn": names["role"]}})
    assert seen({**switch, "userIdentity": {"type": "AssumedRole", "arn": names["session"]}})
    other = {key: name.replace("break-glass", "operator") for key, name in names.items()}
    assert not seen({**assume, "requestParameters": {"roleArn": other["role"]}})
    assert not seen({**switch, "userIdentity": {"type": "AssumedRole", "arn": other["session"]}})
    assert not seen({"eventName": "PutObject", "userIdentity": {"arn": names["session"]}})


def test_every_pattern_can_be_read_and_is_short_enough() -> None:
    alarms, _ = environment("production")
    assert len(alarms) == 16
    for name, alarm in alarms.items():
        compiled(alarm["pattern"])
        assert len(alarm["pattern"]) <= 1024, name
