# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the CloudFront extensions."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from checks import Aws, error_code, proves, unique

KEYS = {
    "EnableAcceptEncodingGzip": True,
    "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": {"Quantity": 1, "Items": ["Host"]}},
    "CookiesConfig": {"CookieBehavior": "none"},
    "QueryStringsConfig": {"QueryStringBehavior": "none"},
}
FORWARDED = {key: value for key, value in KEYS.items() if key.endswith("Config")}
BEHAVIOR = {"ViewerProtocolPolicy": "https-only"}


def operations(noun: str, plural: str) -> list[str]:
    return [f"cloudfront.{verb}{noun}" for verb in ("Create", "Get", "Update", "Delete")] + [f"cloudfront.List{plural}"]


def lives(aws: Aws, word: str, plural: str, noun: str, config: dict[str, Any], change: dict[str, Any]) -> None:
    """One of these from its creation to its end."""
    cloudfront, config = aws.client("cloudfront"), {"Name": unique(), **config}

    def call(verb: str, **arguments: Any) -> Any:
        return getattr(cloudfront, f"{verb}_{word}")(**arguments)

    key = f"{noun}Config"
    made = call("create", **{key: config})
    assert made[noun][key].items() >= config.items()
    assert error_code(lambda: call("create", **{key: config})) == f"{noun}AlreadyExists"
    identifier = made[noun]["Id"]
    listed = getattr(cloudfront, f"list_{plural}")()[f"{noun}List"]["Items"]
    assert identifier in [one.get(noun, one)["Id"] for one in listed]
    update = {"Id": identifier, key: {**config, **change}}
    assert error_code(lambda: call("update", **update, IfMatch="another")) == "InvalidIfMatchVersion"
    call("update", **update, IfMatch=made["ETag"])
    there = call("get", Id=identifier)
    assert there[noun][key].items() >= {**config, **change}.items()
    call("delete", Id=identifier, IfMatch=there["ETag"])
    assert error_code(lambda: call("get", Id=identifier)) == f"NoSuch{noun}"


@proves(*operations("CachePolicy", "CachePolicies"))
def cache_policies_live(aws: Aws) -> None:
    config = {"MinTTL": 1, "DefaultTTL": 2, "MaxTTL": 3, "ParametersInCacheKeyAndForwardedToOrigin": KEYS}
    lives(aws, "cache_policy", "cache_policies", "CachePolicy", config, {"MaxTTL": 4})


@proves(*operations("OriginRequestPolicy", "OriginRequestPolicies"))
def origin_request_policies_live(aws: Aws) -> None:
    change = {"Comment": "another"}
    lives(aws, "origin_request_policy", "origin_request_policies", "OriginRequestPolicy", FORWARDED, change)


@proves(*operations("ResponseHeadersPolicy", "ResponseHeadersPolicies"))
def response_headers_policies_live(aws: Aws) -> None:
    config = {"RemoveHeadersConfig": {"Quantity": 1, "Items": [{"Header": "Server"}]}}
    change = {"Comment": "another"}
    lives(aws, "response_headers_policy", "response_headers_policies", "ResponseHeadersPolicy", config, change)


@proves(*operations("OriginAccessControl", "OriginAccessControls"))
def origin_access_controls_live(aws: Aws) -> None:
    config = {"SigningProtocol": "sigv4", "SigningBehavior": "always", "OriginAccessControlOriginType": "s3"}
    change = {"SigningBehavior": "never"}
    lives(aws, "origin_access_control", "origin_access_controls", "OriginAccessControl", config, change)


DISTRIBUTIONS = [
    *operations("Distribution", "Distributions"),
    "cloudfront.CreateDistributionWithTags",
    "cloudfront.GetDistributionConfig",
]


def distribution(**more: Any) -> dict[str, Any]:
    custom = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}
    origins = [{"Id": one, "DomainName": f"{one}.example", "CustomOriginConfig": custom} for one in ("a", "b")]
    return {
        "CallerReference": unique(),
        "Comment": "check",
        "Enabled": True,
        "Origins": {"Quantity": 2, "Items": origins},
        "DefaultCacheBehavior": {"TargetOriginId": "a", **BEHAVIOR},
        **more,
    }


@proves(*DISTRIBUTIONS)
def a_distribution_is_kept_as_it_was_configured(aws: Aws) -> None:
    cloudfront = aws.client("cloudfront")
    errors = {"ErrorCode": 503, "ResponseCode": "503", "ResponsePagePath": "/away.html", "ErrorCachingMinTTL": 10}
    config = distribution(CustomErrorResponses={"Quantity": 1, "Items": [errors]}, HttpVersion="http2and3")
    tags = {"Items": [{"Key": "Name", "Value": "check"}]}
    made = cloudfront.create_distribution_with_tags(
        DistributionConfigWithTags={"DistributionConfig": config, "Tags": tags}
    )
    assert cloudfront.list_tags_for_resource(Resource=made["Distribution"]["ARN"])["Tags"] == tags
    identifier = made["Distribution"]["Id"]
    found = cloudfront.get_distribution(Id=identifier)
    shown = found["Distribution"]["DistributionConfig"]
    assert shown["CustomErrorResponses"]["Items"] == [errors]
    assert shown["HttpVersion"] == "http2and3"
    assert shown["PriceClass"] == "PriceClass_All"
    assert identifier in [one["Id"] for one in cloudfront.list_distributions()["DistributionList"]["Items"]]
    delete = cloudfront.delete_distribution
    assert error_code(delete, Id=identifier, IfMatch=found["ETag"]) == "DistributionNotDisabled"
    update = {"Id": identifier, "DistributionConfig": {**shown, "Enabled": False}}
    assert error_code(cloudfront.update_distribution, **update, IfMatch="another") == "InvalidIfMatchVersion"
    updated = cloudfront.update_distribution(**update, IfMatch=found["ETag"])
    assert not cloudfront.get_distribution_config(Id=identifier)["DistributionConfig"]["Enabled"]
    delete(Id=identifier, IfMatch=updated["ETag"])
    assert error_code(cloudfront.get_distribution, Id=identifier) == "NoSuchDistribution"


@proves(*DISTRIBUTIONS)
def a_change_has_arrived_when_the_edge_of_a_lab_has_taken_it(aws: Aws) -> None:
    cloudfront = aws.client("cloudfront")
    made = cloudfront.create_distribution(DistributionConfig=distribution())
    identifier = made["Distribution"]["Id"]

    def status(etag: str) -> str:
        url = f"{aws.url}/_lab/edge?region=us-east-1"
        urllib.request.urlopen(url, json.dumps({identifier: etag}).encode(), timeout=5).close()
        cloudfront.get_distribution(Id=identifier)
        found: str = cloudfront.get_distribution(Id=identifier)["Distribution"]["Status"]
        return found

    assert [status("another"), status(made["ETag"])] == ["InProgress", "Deployed"]


@proves(*DISTRIBUTIONS)
def a_configuration_that_aws_refuses_is_refused(aws: Aws) -> None:
    def refused(**more: Any) -> str | None:
        return error_code(aws.client("cloudfront").create_distribution, DistributionConfig=distribution(**more))

    members = {"Quantity": 2, "Items": [{"OriginId": "a"}, {"OriginId": "b"}]}
    criteria = {"StatusCodes": {"Quantity": 1, "Items": [503]}}
    groups = {"Quantity": 1, "Items": [{"Id": "both", "FailoverCriteria": criteria, "Members": members}]}
    methods = {"Quantity": 7, "Items": ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]}
    writes = {"TargetOriginId": "both", **BEHAVIOR, "AllowedMethods": methods}
    assert refused(OriginGroups=groups, DefaultCacheBehavior=writes) == "InvalidArgument"
    assert refused(DefaultCacheBehavior={"TargetOriginId": "c", **BEHAVIOR}) == "NoSuchOrigin"
    arn = "arn:aws:acm:ap-south-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
    assert refused(ViewerCertificate={"ACMCertificateArn": arn}) == "InvalidViewerCertificate"
    assert refused(Aliases={"Quantity": 1, "Items": ["check.example"]}) == "InvalidViewerCertificate"
    unknown = {"TargetOriginId": "a", **BEHAVIOR, "CachePolicyId": "E0"}
    assert refused(DefaultCacheBehavior=unknown) == "NoSuchCachePolicy"
    assert refused() is None
