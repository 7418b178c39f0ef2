# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policies say what IAM's guide says that they say."""

from __future__ import annotations

from typing import Any

import pytest

from lab.emulator.policy import Effect, Request, arn_matches, holds, judged, matches, permitted, read

RULE = "arn:aws:events:ap-south-1:123456789012:rule/one"
TOPIC = "arn:aws:sns:ap-south-1:123456789012:security"
ROLE = "arn:aws:iam::123456789012:role/pixstory/web"


@pytest.mark.parametrize(
    ("operation", "key", "written", "context", "expected"),
    [
        ("StringEquals", "aws:SourceAccount", ["1", "2"], {"aws:SourceAccount": "2"}, True),
        ("StringEquals", "aws:SourceAccount", ["1"], {"AWS:sourceaccount": "1"}, True),
        ("StringEquals", "aws:SourceAccount", ["1"], {}, False),
        ("StringEqualsIfExists", "aws:SourceAccount", ["1"], {}, True),
        ("StringEqualsIfExists", "aws:SourceAccount", ["1"], {"aws:SourceAccount": "2"}, False),
        ("StringNotEquals", "aws:SourceAccount", ["1"], {}, True),
        ("StringNotEquals", "aws:SourceAccount", ["1", "2"], {"aws:SourceAccount": "2"}, False),
        ("StringEqualsIgnoreCase", "aws:x", ["One"], {"aws:x": "oNE"}, True),
        ("StringLike", "s3:prefix", ["web/*"], {"s3:prefix": "web/a/b"}, True),
        ("StringLike", "s3:prefix", ["web/?"], {"s3:prefix": "web/ab"}, False),
        ("StringNotLike", "s3:prefix", ["web/*"], {"s3:prefix": "app/a"}, True),
        ("StringLike", "s3:prefix", ["${aws:username}/*"], {"s3:prefix": "asha/x", "aws:username": "asha"}, True),
        ("StringLike", "s3:prefix", ["${aws:username}/*"], {"s3:prefix": "/x"}, False),
        ("StringEquals", "s3:prefix", ["home/${aws:username, 'all'}"], {"s3:prefix": "home/all"}, True),
        ("StringEquals", "s3:prefix", ["${*}"], {"s3:prefix": "*"}, True),
        ("ArnLike", "aws:SourceArn", ["arn:aws:events:*:123456789012:rule/*"], {"aws:SourceArn": RULE}, True),
        ("ArnEquals", "aws:SourceArn", ["arn:aws:events:*:*:rule/two"], {"aws:SourceArn": RULE}, False),
        ("ArnLike", "aws:SourceArn", ["arn:aws:*"], {"aws:SourceArn": RULE}, False),
        ("ArnNotLike", "aws:SourceArn", ["arn:aws:sns:*:*:*"], {"aws:SourceArn": RULE}, True),
        ("Bool", "aws:SecureTransport", ["false"], {"aws:SecureTransport": "true"}, False),
        ("Bool", "aws:SecureTransport", ["false"], {}, False),
        ("BoolIfExists", "aws:MultiFactorAuthPresent", ["false"], {}, True),
        ("Null", "aws:TokenIssueTime", ["true"], {}, True),
        ("Null", "aws:TokenIssueTime", ["false"], {}, False),
        ("NumericLessThan", "aws:MultiFactorAuthAge", ["900"], {"aws:MultiFactorAuthAge": "60"}, True),
        ("NumericNotEquals", "s3:max-keys", ["10"], {"s3:max-keys": "10"}, False),
        ("DateGreaterThan", "aws:CurrentTime", ["2026-01-01"], {"aws:CurrentTime": "2026-02-01T00:00:00Z"}, True),
        ("DateLessThan", "aws:EpochTime", ["1767225600"], {"aws:EpochTime": "1767225599"}, True),
        ("IpAddress", "aws:SourceIp", ["10.0.0.0/8"], {"aws:SourceIp": "10.1.2.3"}, True),
        ("NotIpAddress", "aws:SourceIp", ["10.0.0.0/8"], {"aws:SourceIp": "10.1.2.3"}, False),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["a"], {"aws:TagKeys": ["a", "b"]}, True),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["a"], {"aws:TagKeys": ["a", "b"]}, False),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["a"], {}, True),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["a"], {}, False),
        ("ForAnyValue:StringNotEquals", "aws:TagKeys", ["a"], {}, False),
        ("ForAnyValue:StringNotEquals", "aws:TagKeys", ["a"], {"aws:TagKeys": ["a", "b"]}, True),
    ],
)  # fmt: skip
def test_conditions(operation: str, key: str, written: list[str], context: dict[str, Any], expected: bool) -> None:
    assert holds(operation, key, written, context) is expected


def test_an_operator_that_aws_does_not_know_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="StringIs: there is no such condition operator"):
        holds("StringIs", "aws:x", ["1"], {"aws:x": "1"})


@pytest.mark.parametrize(
    ("principals", "principal", "expected"),
    [
        ("*", "events.amazonaws.com", True),
        ({"AWS": "*"}, ROLE, True),
        ({"Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com"]}, "events.amazonaws.com", True),
        ({"Service": "cloudwatch.amazonaws.com"}, "events.amazonaws.com", False),
        ({"AWS": "arn:aws:iam::123456789012:root"}, ROLE, True),
        ({"AWS": "123456789012"}, ROLE, True),
        ({"AWS": "arn:aws:iam::210987654321:root"}, ROLE, False),
        ({"AWS": ROLE}, ROLE, True),
        ({"AWS": "arn:aws:iam::123456789012:root"}, "events.amazonaws.com", False),
    ],
)
def test_principals(principals: Any, principal: str, expected: bool) -> None:
    request = Request("sns:Publish", TOPIC, principal)
    allow = {"Statement": {"Effect": "Allow", "Principal": principals, "Action": "sns:*", "Resource": TOPIC}}
    assert (judged(allow, request) is Effect.ALLOW) is expected
    others = {"Statement": {"Effect": "Allow", "NotPrincipal": principals, "Action": "sns:*", "Resource": TOPIC}}
    assert (judged(others, request) is Effect.ALLOW) is not expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [("*", "", True), ("a*c", "abbc", True), ("a?c", "ac", False), ("a.c", "abc", False), ("A", "a", False)],
)
def test_patterns(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


def test_a_star_in_an_arn_stays_within_its_part() -> None:
    assert not arn_matches("arn:aws:sns:*:security", TOPIC)
    assert arn_matches("arn:aws:sns:*:*:sec*", TOPIC)


def test_the_elements_of_a_statement() -> None:
    publish = Request("sns:Publish", TOPIC)
    allow = {"Effect": "Allow", "Action": "SNS:publish", "Resource": "*"}
    assert judged({"Statement": [allow]}, publish) is Effect.ALLOW
    assert judged({"Statement": [{**allow, "Resource": f"{TOPIC}x"}]}, publish) is Effect.NOTHING
    but = {"Effect": "Allow", "NotAction": ["iam:*", "sns:Publish"], "NotResource": "arn:aws:s3:::*"}
    assert judged({"Statement": [but]}, publish) is Effect.NOTHING
    assert judged({"Statement": [but]}, Request("sns:Subscribe", TOPIC)) is Effect.ALLOW
    deny = {"Effect": "Deny", "Action": "sns:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": False}}}
    assert judged({"Statement": [allow, deny]}, publish) is Effect.ALLOW
    plain = Request("sns:Publish", TOPIC, context={"aws:SecureTransport": "false"})
    assert judged({"Statement": [allow, deny]}, plain) is Effect.DENY


def test_both_conditions_have_to_hold() -> None:
    trust = read(
        """{"Statement": [{"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"aws:SourceAccount": "1"},
        "ArnLike": {"aws:SourceArn": "arn:aws:cloudtrail:*:1:trail/*"}}}]}"""
    )
    keys = {"aws:SourceAccount": "1", "aws:SourceArn": "arn:aws:cloudtrail:ap-south-1:1:trail/a"}
    expected = {(): Effect.NOTHING, ("aws:SourceAccount",): Effect.NOTHING, tuple(keys): Effect.ALLOW}
    for sent, effect in expected.items():
        request = Request("sts:AssumeRole", "*", "cloudtrail.amazonaws.com", {key: keys[key] for key in sent})
        assert judged(trust, request) is effect


def test_a_boundary_is_the_most_that_policies_give() -> None:
    some = {"Statement": [{"Effect": "Allow", "Action": "sns:*", "Resource": "*"}]}
    other = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    deny = {"Statement": [{"Effect": "Deny", "Action": "sns:Publish", "Resource": "*"}]}
    publish = Request("sns:Publish", TOPIC)
    assert permitted(publish, [other, some])
    assert not permitted(publish, [other])
    assert not permitted(publish, [some], other)
    assert permitted(publish, [some], some)
    assert not permitted(publish, [some, deny])
