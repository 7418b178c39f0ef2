# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The three kinds of policies and the origin access control: all one configuration under a name."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

from ansible_collections.pixstory.platform.plugins.module_utils.cloudfront import merged, same_config

NAME = "pixstory-production-static"
KEYS = {
    "EnableAcceptEncodingGzip": True,
    "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": ["Host", "Origin"]},
    "CookiesConfig": {"CookieBehavior": "none"},
    "QueryStringsConfig": {"QueryStringBehavior": "all"},
}
CACHE = {
    "Comment": "ours",
    "MinTTL": 1,
    "DefaultTTL": 60,
    "MaxTTL": 600,
    "ParametersInCacheKeyAndForwardedToOrigin": KEYS,
}
REQUEST = {
    "Comment": "ours",
    "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": ["Host", "Origin"]},
    "CookiesConfig": {"CookieBehavior": "all"},
    "QueryStringsConfig": {"QueryStringBehavior": "all"},
}
HEADERS = {
    "Comment": "ours",
    "SecurityHeadersConfig": {
        "ContentTypeOptions": {"Override": False},
        "FrameOptions": {"Override": False, "FrameOption": "DENY"},
    },
    "RemoveHeadersConfig": [{"Header": "Server"}],
}
ACCESS = {
    "Description": "ours",
    "SigningProtocol": "sigv4",
    "SigningBehavior": "always",
    "OriginAccessControlOriginType": "s3",
}
ALL = [
    ("cache_policy", "CachePolicy", CACHE, {"DefaultTTL": 120}),
    ("origin_request_policy", "OriginRequestPolicy", REQUEST, {"CookiesConfig": {"CookieBehavior": "none"}}),
    ("response_headers_policy", "ResponseHeadersPolicy", HEADERS, {"RemoveHeadersConfig": []}),
    ("origin_access_control", "OriginAccessControl", ACCESS, {"SigningBehavior": "no-override"}),
]
EACH = pytest.mark.parametrize(("word", "noun", "config", "change"), ALL, ids=[one[0] for one in ALL])


@EACH
def test_twelve_steps(
    emulator: Emulator, twelve_steps: TwelveSteps, word: str, noun: str, config: dict, change: dict
) -> None:
    cloudfront = emulator.client("cloudfront")

    def described(result: dict) -> dict:
        return getattr(cloudfront, f"get_{word}")(Id=result[word]["id"])[noun][f"{noun}Config"]

    def created(result: dict) -> None:
        assert described(result)["Name"] == NAME
        assert result[word]["name"] == NAME
        assert same_config(config, result[word]["config"])

    def changed(result: dict) -> None:
        """What was not written the second time is still there."""
        kept = {key: value for key, value in config.items() if key not in change}
        assert same_config({**kept, **change}, result[word]["config"])

    twelve_steps(
        f"cloudfront_{word}",
        create={"name": NAME, "config": config},
        change={"name": NAME, "config": change},
        absent={"name": NAME},
        created=created,
        changed=changed,
    )


def test_a_list_is_sent_with_its_length(emulator: Emulator, run: Runner) -> None:
    run("cloudfront_cache_policy", {"name": NAME, "config": CACHE})
    (item,) = emulator.client("cloudfront").list_cache_policies()["CachePolicyList"]["Items"]
    keys = item["CachePolicy"]["CachePolicyConfig"]["ParametersInCacheKeyAndForwardedToOrigin"]
    assert keys["HeadersConfig"]["Headers"] == {"Quantity": 2, "Items": ["Host", "Origin"]}


def test_the_order_of_headers_means_nothing(run: Runner) -> None:
    run("cloudfront_cache_policy", {"name": NAME, "config": CACHE})
    other: dict[str, Any] = copy.deepcopy(CACHE)
    other["ParametersInCacheKeyAndForwardedToOrigin"]["HeadersConfig"]["Headers"].reverse()
    assert not run.predicted("cloudfront_cache_policy", {"name": NAME, "config": other}).changed


def test_a_policy_in_another_name_is_another(run: Runner) -> None:
    run("cloudfront_cache_policy", {"name": f"{NAME}-2", "config": CACHE})
    assert run.predicted("cloudfront_cache_policy", {"name": NAME, "config": CACHE}).result["action"] == "create"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"MinTtl": 1}, "config.MinTtl is nothing that CloudFront knows. Write ['MinTTL']"),
        ({"MinTTL": "soon"}, "config.MinTTL is 'soon'. Write a value of type long."),
        ({"ParametersInCacheKeyAndForwardedToOrigin": []}, "Write a dictionary of EnableAcceptEncodingGzip"),
        (
            {"ParametersInCacheKeyAndForwardedToOrigin": {"CookiesConfig": {"CookieBehavior": "some"}}},
            "CookieBehavior is 'some'. Write one of none, whitelist, allExcept, all.",
        ),
        (
            {"ParametersInCacheKeyAndForwardedToOrigin": {"HeadersConfig": {"Headers": {"Quantity": 1}}}},
            "HeadersConfig.Headers is {'Quantity': 1}. Write a list.",
        ),
    ],
)
def test_what_cloudfront_does_not_know_is_refused_before_the_first_call(
    emulator: Emulator, run: Runner, config: dict, message: str
) -> None:
    outcome = run("cloudfront_cache_policy", {"name": NAME, "config": config}, fails=True)
    assert message in outcome.result["msg"]
    assert emulator.requests() == []


def test_creation_needs_a_configuration(run: Runner) -> None:
    outcome = run("cloudfront_cache_policy", {"name": NAME}, check=True, fails=True)
    assert "to create it, give also config" in outcome.result["msg"]


@pytest.mark.parametrize(
    ("declared", "present", "same"),
    [
        ([{"Id": "a"}, {"Id": "b"}], [{"Id": "b"}, {"Id": "a", "More": 1}], True),
        ([{"Id": "a"}], [{"Id": "a"}, {"Id": "b"}], False),
        ({"CacheBehaviors": [{"P": "a"}, {"P": "b"}]}, {"CacheBehaviors": [{"P": "b"}, {"P": "a"}]}, False),
        ({"CacheBehaviors": []}, {}, True),
        ({"A": {"B": 1}}, {"A": {"B": 2}}, False),
        ({"A": True}, {"A": False}, False),
    ],
)
def test_what_is_the_same(declared: Any, present: Any, same: bool) -> None:
    assert same_config(declared, present) is same


def test_a_new_sort_of_origin_replaces_the_old_one() -> None:
    present = {"Origins": [{"Id": "a", "CustomOriginConfig": {"HTTPPort": 80}, "OriginPath": "/x"}]}
    declared = {"Origins": [{"Id": "a", "S3OriginConfig": {"OriginAccessIdentity": ""}}]}
    assert merged(declared, present) == {
        "Origins": [{"Id": "a", "S3OriginConfig": {"OriginAccessIdentity": ""}, "OriginPath": "/x"}]
    }
