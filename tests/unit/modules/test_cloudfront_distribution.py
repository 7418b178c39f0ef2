# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "cloudfront_distribution"
NAME = "pixstory-production-public"
SECRET = "/production/edge/origin-verify"
HEADER = {"origin": "pages", "name": "X-Origin-Verify", "secret": SECRET}
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
BEHAVIOR = {"ViewerProtocolPolicy": "redirect-to-https", "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"}
CONFIG: dict[str, Any] = {
    "Aliases": ["pixstory.example", "www.pixstory.example"],
    "HttpVersion": "http2and3",
    "PriceClass": "PriceClass_200",
    "WebACLId": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/edge/01234567-89ab-cdef-0123-456789abcdef",
    "ViewerCertificate": {"ACMCertificateArn": CERTIFICATE, "SSLSupportMethod": "sni-only"},
    "Logging": {"Enabled": True, "IncludeCookies": False, "Bucket": "logs.s3.amazonaws.com", "Prefix": "edge/"},
    "Origins": [
        {
            "Id": "pages",
            "DomainName": "origin.pixstory.example",
            "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
        },
        {
            "Id": "media",
            "DomainName": "media.s3.ap-south-1.amazonaws.com",
            "OriginAccessControlId": "E1ABCDEFGHIJKL",
            "S3OriginConfig": {"OriginAccessIdentity": ""},
        },
    ],
    "OriginGroups": [
        {
            "Id": "pages-or-media",
            "FailoverCriteria": {"StatusCodes": [502, 503, 504]},
            "Members": [{"OriginId": "pages"}, {"OriginId": "media"}],
        }
    ],
    "DefaultCacheBehavior": {"TargetOriginId": "pages-or-media", **BEHAVIOR, "Compress": True},
    "CacheBehaviors": [
        {
            "PathPattern": "/api/*",
            "TargetOriginId": "pages",
            **BEHAVIOR,
            "AllowedMethods": {
                "Items": ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"],
                "CachedMethods": ["GET", "HEAD"],
            },
        },
        {"PathPattern": "/media/*", "TargetOriginId": "media", **BEHAVIOR},
    ],
    "CustomErrorResponses": [
        {"ErrorCode": 503, "ResponseCode": "503", "ResponsePagePath": "/media/away.html", "ErrorCachingMinTTL": 10}
    ],
}
DECLARED = {"name": NAME, "config": CONFIG, "secret_headers": [HEADER], "tags": {"Project": "pixstory"}}


@pytest.fixture
def cloudfront(emulator: Emulator) -> Any:
    emulator.client("secretsmanager").create_secret(Name=SECRET, SecretString="first-value")
    return emulator.client("cloudfront")


def configured(cloudfront: Any) -> dict[str, Any]:
    (item,) = cloudfront.list_distributions()["DistributionList"]["Items"]
    return cloudfront.get_distribution(Id=item["Id"])["Distribution"]["DistributionConfig"]


def headers(cloudfront: Any) -> dict[str, str]:
    origins = {one["Id"]: one for one in configured(cloudfront)["Origins"]["Items"]}
    return {one["HeaderName"]: one["HeaderValue"] for one in origins["pages"]["CustomHeaders"].get("Items", [])}


def test_twelve_steps(cloudfront: Any, twelve_steps: TwelveSteps) -> None:
    def created(result: dict) -> None:
        config = configured(cloudfront)
        assert config["Comment"] == NAME
        assert config["Enabled"]
        assert config["HttpVersion"] == "http2and3"
        assert config["OriginGroups"]["Items"][0]["FailoverCriteria"]["StatusCodes"]["Items"] == [502, 503, 504]
        assert config["CustomErrorResponses"]["Quantity"] == 1
        assert [one["PathPattern"] for one in config["CacheBehaviors"]["Items"]] == ["/api/*", "/media/*"]
        assert config["CacheBehaviors"]["Items"][0]["AllowedMethods"]["Quantity"] == 7
        assert headers(cloudfront) == {"X-Origin-Verify": "first-value"}
        assert result["distribution"]["status"] == "Deployed"
        assert result["distribution"]["tags"] == {"Project": "pixstory", "Name": NAME}

    def changed(result: dict) -> None:
        config = configured(cloudfront)
        assert config["PriceClass"] == "PriceClass_100"
        assert [one["PathPattern"] for one in config["CacheBehaviors"]["Items"]] == ["/media/*"]
        assert config["Aliases"]["Items"] == CONFIG["Aliases"]  # not written, not touched
        assert headers(cloudfront) == {"X-Origin-Verify": "first-value"}
        assert result["distribution"]["tags"] == {"Owner": "edge", "Name": NAME}

    def deleted(result: dict) -> None:
        assert cloudfront.list_distributions()["DistributionList"]["Quantity"] == 0

    change = {"PriceClass": "PriceClass_100", "CacheBehaviors": CONFIG["CacheBehaviors"][1:]}
    twelve_steps(
        MODULE,
        create=DECLARED,
        change={"name": NAME, "config": change, "tags": {"Owner": "edge"}},
        absent={"name": NAME},
        created=created,
        changed=changed,
        deleted=deleted,
    )


def test_a_new_value_of_the_secret_is_sent_and_never_shown(emulator: Emulator, cloudfront: Any, run: Runner) -> None:
    run(MODULE, DECLARED)
    emulator.client("secretsmanager").put_secret_value(SecretId=SECRET, SecretString="second-value")
    outcome = run.predicted(MODULE, DECLARED)
    assert outcome.diff == {
        "before": {"secret_headers": "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"},
        "after": {"secret_headers": "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"},
    }
    assert headers(cloudfront) == {"X-Origin-Verify": "second-value"}
    assert "-value" not in json.dumps(outcome.result)
    assert not run.predicted(MODULE, DECLARED).changed


@pytest.mark.parametrize("declared", [{}, {"config": {"PriceClass": "PriceClass_All"}}, {"config": CONFIG}])
def test_secret_headers_that_are_not_given_stay_and_are_not_shown(cloudfront: Any, run: Runner, declared: dict) -> None:
    run(MODULE, DECLARED)
    outcome = run.predicted(MODULE, {"name": NAME, **copy.deepcopy(declared)})
    assert headers(cloudfront) == {"X-Origin-Verify": "first-value"}
    assert "first-value" not in json.dumps(outcome.result)


def test_it_is_not_waited_for_where_it_need_not_be(cloudfront: Any, run: Runner, emulator: Emulator) -> None:
    emulator.set(slow=1)
    try:
        outcome = run(MODULE, {**DECLARED, "wait": False})
    finally:
        emulator.set(slow=0)
    assert outcome.result["distribution"]["status"] == "InProgress"


def test_the_order_of_behaviours_is_what_was_declared(cloudfront: Any, run: Runner) -> None:
    run(MODULE, DECLARED)
    other = {**CONFIG, "CacheBehaviors": CONFIG["CacheBehaviors"][::-1], "Aliases": CONFIG["Aliases"][::-1]}
    outcome = run.predicted(MODULE, {**DECLARED, "config": other})
    assert outcome.changed
    assert [one["PathPattern"] for one in configured(cloudfront)["CacheBehaviors"]["Items"]] == ["/media/*", "/api/*"]


def test_a_plan_needs_no_secret(run: Runner) -> None:
    assert run(MODULE, DECLARED, check=True).result["action"] == "create"
    outcome = run(MODULE, DECLARED, fails=True)
    assert f"there is no secret {SECRET}. Make it first, with role aws_secrets" in outcome.result["msg"]
    assert outcome.writes == []


def test_a_header_for_an_origin_that_is_not_there(run: Runner) -> None:
    outcome = run(MODULE, {**DECLARED, "secret_headers": [{**HEADER, "origin": "page"}]}, fails=True)
    assert "the origin page, which is not in config.Origins. Write one of media, pages." in outcome.result["msg"]
