# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CloudFront: distributions as they are configured, origin access controls, and the three kinds of policies.

Moto forgets most of a distribution's configuration (origin access, error responses, groups of origins) and has no
policies. Here each is kept as it was sent, with the defaults that AWS fills in.
"""

from __future__ import annotations

import copy
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lab.emulator.harsh import slow
from lab.emulator.registry import EDGE, ApiError, Call, backend_of, operation, table

Config = dict[str, Any]

STANDS = 15.0  # seconds for which a lab's edge counts that has told what it does
EMPTY: Config = {"Quantity": 0}
ALL_METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE")
BEHAVIOR: Config = {
    "TrustedSigners": {"Enabled": False, "Quantity": 0},
    "TrustedKeyGroups": {"Enabled": False, "Quantity": 0},
    "AllowedMethods": {
        "Quantity": 2,
        "Items": ["HEAD", "GET"],
        "CachedMethods": {"Quantity": 2, "Items": ["HEAD", "GET"]},
    },
    "SmoothStreaming": False,
    "Compress": False,
    "LambdaFunctionAssociations": EMPTY,
    "FunctionAssociations": EMPTY,
    "FieldLevelEncryptionId": "",
}
ORIGIN: Config = {
    "OriginPath": "",
    "CustomHeaders": EMPTY,
    "ConnectionAttempts": 3,
    "ConnectionTimeout": 10,
    "OriginShield": {"Enabled": False},
    "OriginAccessControlId": "",
}
CUSTOM_ORIGIN: Config = {
    "OriginSslProtocols": {"Quantity": 3, "Items": ["TLSv1", "TLSv1.1", "TLSv1.2"]},
    "OriginReadTimeout": 30,
    "OriginKeepaliveTimeout": 5,
}
DISTRIBUTION: Config = {
    "Aliases": EMPTY,
    "DefaultRootObject": "",
    "OriginGroups": EMPTY,
    "CacheBehaviors": EMPTY,
    "CustomErrorResponses": EMPTY,
    "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
    "PriceClass": "PriceClass_All",
    "ViewerCertificate": {
        "CloudFrontDefaultCertificate": True,
        "SSLSupportMethod": "vip",
        "MinimumProtocolVersion": "TLSv1",
        "CertificateSource": "cloudfront",
    },
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    "WebACLId": "",
    "HttpVersion": "http2",
    "IsIPV6Enabled": True,
    "ContinuousDeploymentPolicyId": "",
    "Staging": False,
}
# Of DistributionSummary, beside what is the same for all.
SUMMARY = (
    *("Aliases", "Origins", "OriginGroups", "DefaultCacheBehavior", "CacheBehaviors", "CustomErrorResponses"),
    *("Comment", "PriceClass", "Enabled", "ViewerCertificate", "Restrictions", "WebACLId", "HttpVersion"),
    *("IsIPV6Enabled", "Staging"),
)


def _filled(config: Mapping[str, Any], defaults: Mapping[str, Any]) -> Config:
    return {**copy.deepcopy(dict(defaults)), **{key: value for key, value in config.items() if value is not None}}


def _items(listed: Mapping[str, Any] | None) -> list[Any]:
    return list((listed or {}).get("Items") or [])


def _id() -> str:
    return f"E{uuid.uuid4().hex[:13].upper()}"


def _store(call: Call, name: str) -> dict[str, Config]:
    """CloudFront is global: one table an account, whatever Region the client names."""
    return table(call.account, "aws", f"cloudfront {name}")


# Policies and origin access controls: five operations each, all alike.


@dataclass(frozen=True)
class Sort:
    """A sort of small resources that have a name and are used by distributions."""

    noun: str  # of the operations, CachePolicy
    plural: str
    config: str
    where: Callable[[Config], list[Any]]  # the ids of this sort that a distribution's configuration names
    wrapped: bool = True  # whether a list has {Type, CachePolicy: {…}} or the items flat
    defaults: Config | None = None

    @property
    def missing(self) -> str:
        return f"NoSuch{self.noun}"


def _behaviors(config: Config) -> list[Config]:
    return [config["DefaultCacheBehavior"], *_items(config.get("CacheBehaviors"))]


def _named_by_behaviors(key: str) -> Callable[[Config], list[Any]]:
    return lambda config: [behavior.get(key) for behavior in _behaviors(config)]


SORTS = (
    Sort("CachePolicy", "CachePolicies", "CachePolicyConfig", _named_by_behaviors("CachePolicyId")),
    Sort(
        "OriginRequestPolicy",
        "OriginRequestPolicies",
        "OriginRequestPolicyConfig",
        _named_by_behaviors("OriginRequestPolicyId"),
    ),
    Sort(
        "ResponseHeadersPolicy",
        "ResponseHeadersPolicies",
        "ResponseHeadersPolicyConfig",
        _named_by_behaviors("ResponseHeadersPolicyId"),
    ),
    Sort(
        "OriginAccessControl",
        "OriginAccessControls",
        "OriginAccessControlConfig",
        lambda config: [origin.get("OriginAccessControlId") for origin in _items(config["Origins"])],
        wrapped=False,
        defaults={"Description": ""},
    ),
)


def _shown(sort: Sort, item: Config) -> Config:
    moment = {} if sort.noun == "OriginAccessControl" else {"LastModifiedTime": "2026-01-01T00:00:00Z"}
    return {"Id": item["Id"], **moment, sort.config: item["Config"]}


def _found(call: Call, sort: Sort, params: Config, *, match: bool = False) -> Config:
    """The item; of a write also only if ``If-Match`` names its present version."""
    item = _store(call, sort.noun).get(params["Id"])
    if item is None:
        raise ApiError(sort.missing, f"The specified {sort.noun} does not exist.")
    if match and params.get("IfMatch") != item["ETag"]:
        raise ApiError("InvalidIfMatchVersion", "The If-Match version is missing or not valid for the resource.")
    return item


def _taken(call: Call, sort: Sort, config: Config, but: str = "") -> None:
    for item in _store(call, sort.noun).values():
        if item["Config"]["Name"] == config["Name"] and item["Id"] != but:
            raise ApiError(f"{sort.noun}AlreadyExists", f"A {sort.noun} with the name {config['Name']} exists.")


def _register(sort: Sort) -> None:
    """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Operations_Amazon_CloudFront.html"""

    @operation("cloudfront", f"Create{sort.noun}")
    def create(call: Call, params: Config) -> Config:
        config = _filled(params[sort.config], sort.defaults or {})
        _taken(call, sort, config)
        item = {"Id": _id(), "ETag": _id(), "Config": config}
        _store(call, sort.noun)[item["Id"]] = item
        return {sort.noun: _shown(sort, item), "ETag": item["ETag"]}

    @operation("cloudfront", f"Get{sort.noun}")
    def get(call: Call, params: Config) -> Config:
        item = _found(call, sort, params)
        return {sort.noun: _shown(sort, item), "ETag": item["ETag"]}

    @operation("cloudfront", f"Update{sort.noun}")
    def update(call: Call, params: Config) -> Config:
        item = _found(call, sort, params, match=True)
        config = _filled(params[sort.config], sort.defaults or {})
        _taken(call, sort, config, but=item["Id"])
        item.update(Config=config, ETag=_id())
        return {sort.noun: _shown(sort, item), "ETag": item["ETag"]}

    @operation("cloudfront", f"Delete{sort.noun}")
    def delete(call: Call, params: Config) -> None:
        item = _found(call, sort, params, match=True)
        for distribution in _store(call, "distributions").values():
            if item["Id"] in sort.where(distribution["DistributionConfig"]):
                raise ApiError(f"{sort.noun}InUse", f"The {sort.noun} is in use by distribution {distribution['Id']}.")
        del _store(call, sort.noun)[item["Id"]]

    @operation("cloudfront", f"List{sort.plural}")
    def list_all(call: Call, params: Config) -> Config:
        """Only custom ones: no policy of AWS's own is kept here."""
        stored = list(_store(call, sort.noun).values()) if params.get("Type") != "managed" else []
        items: list[Config] = [
            {"Type": "custom", sort.noun: _shown(sort, one)} if sort.wrapped else {"Id": one["Id"], **one["Config"]}
            for one in stored
        ]
        more = {} if sort.wrapped else {"Marker": "", "IsTruncated": False}
        return {f"{sort.noun}List": {"MaxItems": 100, "Quantity": len(items), "Items": items, **more}}


for _sort in SORTS:
    _register(_sort)


# Distributions


def _distributions(call: Call) -> dict[str, Config]:
    return _store(call, "distributions")


def _distribution(call: Call, params: Config, *, match: bool = False) -> Config:
    found = _distributions(call).get(params["Id"])
    if found is None:
        raise ApiError("NoSuchDistribution", "The specified distribution does not exist.")
    if match and params.get("IfMatch") != found["ETag"]:
        raise ApiError("InvalidIfMatchVersion", "The If-Match version is missing or not valid for the distribution.")
    return found


def _origin(origin: Config) -> Config:
    origin = _filled(origin, ORIGIN)
    if custom := origin.get("CustomOriginConfig"):
        origin["CustomOriginConfig"] = _filled(custom, CUSTOM_ORIGIN)
    return origin


def _config(call: Call, sent: Config) -> Config:
    config = _filled(sent, DISTRIBUTION)
    config["Origins"] = {**config["Origins"], "Items": [_origin(one) for one in _items(config["Origins"])]}
    config["DefaultCacheBehavior"] = _filled(config["DefaultCacheBehavior"], BEHAVIOR)
    if behaviors := _items(config["CacheBehaviors"]):
        config["CacheBehaviors"] = {
            "Quantity": len(behaviors),
            "Items": [_filled(one, BEHAVIOR) for one in behaviors],
        }
    certificate = config["ViewerCertificate"]
    if arn := certificate.get("ACMCertificateArn"):
        config["ViewerCertificate"] = {
            "CloudFrontDefaultCertificate": False,
            "MinimumProtocolVersion": "TLSv1",
            **certificate,
            "Certificate": arn,
            "CertificateSource": "acm",
        }
    _refuse(call, config)
    return config


def _refuse(call: Call, config: Config) -> None:
    """What of a configuration is checked here as AWS checks it."""
    origins = {origin["Id"] for origin in _items(config["Origins"])}
    groups = {group["Id"] for group in _items(config["OriginGroups"])}
    for group in _items(config["OriginGroups"]):
        if not {one["OriginId"] for one in _items(group["Members"])} <= origins:
            raise ApiError("InvalidArgument", f"Origin group {group['Id']} has a member that is no origin.")
    for behavior in _behaviors(config):
        if behavior["TargetOriginId"] not in origins | groups:
            raise ApiError("NoSuchOrigin", f"No origin exists with the specified ID {behavior['TargetOriginId']}.")
        methods = set(_items(behavior["AllowedMethods"]))
        if behavior["TargetOriginId"] in groups and methods - {"GET", "HEAD", "OPTIONS"}:
            raise ApiError(
                "InvalidArgument",
                "The parameter AllowedMethods cannot include POST, PUT, PATCH, or DELETE for a cached behavior "
                "associated with an origin group.",
            )
        for sort in SORTS[:3]:
            wanted = behavior.get(f"{sort.noun}Id")
            if wanted and wanted not in _store(call, sort.noun) and "-" not in wanted:  # AWS's own have UUIDs
                raise ApiError(sort.missing, f"The specified {sort.noun} {wanted} does not exist.")
    arn = config["ViewerCertificate"].get("ACMCertificateArn")
    if _items(config["Aliases"]) and not arn:
        raise ApiError("InvalidViewerCertificate", "To add an alternate domain name, attach a trusted certificate.")
    if arn and ":us-east-1:" not in arn:
        raise ApiError(
            "InvalidViewerCertificate",
            "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a "
            "valid certificate chain.",
        )


def _status(call: Call, distribution: Config) -> str:
    """``Deployed`` once a change has had its time, and where a lab's edge stands once that has taken it."""
    edge = table(call.account, "aws", EDGE)
    stands = time.monotonic() - edge.get("told", -STANDS) < STANDS
    taken = not stands or edge["etags"].get(distribution["Id"]) == distribution["ETag"]
    return slow.state_of(distribution["ARN"], "Deployed" if taken else "InProgress")


def _described(call: Call, distribution: Config) -> Config:
    return {
        **{key: distribution[key] for key in ("Id", "ARN", "DomainName", "DistributionConfig")},
        "Status": _status(call, distribution),
        "LastModifiedTime": "2026-01-01T00:00:00Z",
        "InProgressInvalidationBatches": 0,
        "ActiveTrustedSigners": {"Enabled": False, "Quantity": 0},
        "ActiveTrustedKeyGroups": {"Enabled": False, "Quantity": 0},
    }


def _create(call: Call, sent: Config, tags: list[Config]) -> Config:
    for other in _distributions(call).values():
        if other["DistributionConfig"]["CallerReference"] == sent["CallerReference"]:
            raise ApiError("DistributionAlreadyExists", f"The caller reference is that of {other['Id']}.")
        if set(_items(sent.get("Aliases"))) & set(_items(other["DistributionConfig"]["Aliases"])):
            raise ApiError("CNAMEAlreadyExists", "One or more of the CNAMEs is already associated with a resource.")
    identifier = _id()
    distribution = {
        "Id": identifier,
        "ETag": _id(),
        "ARN": f"arn:aws:cloudfront::{call.account}:distribution/{identifier}",
        "DomainName": f"d{uuid.uuid4().hex[:13]}.cloudfront.net",
        "DistributionConfig": _config(call, sent),
    }
    _distributions(call)[identifier] = distribution
    backend_of("cloudfront", call.account, "aws").tagger.tag_resource(distribution["ARN"], tags)
    location = f"https://cloudfront.amazonaws.com/2020-05-31/distribution/{identifier}"
    slow.begin(distribution["ARN"], "InProgress", slow.DISTRIBUTION_DEPLOYED)
    return {"Distribution": _described(call, distribution), "ETag": distribution["ETag"], "Location": location}


@operation("cloudfront", "CreateDistribution")
def create_distribution(call: Call, params: Config) -> Config:
    """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateDistribution.html"""
    return _create(call, params["DistributionConfig"], [])


@operation("cloudfront", "CreateDistributionWithTags")
def create_distribution_with_tags(call: Call, params: Config) -> Config:
    """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateDistributionWithTags.html"""
    given = params["DistributionConfigWithTags"]
    return _create(call, given["DistributionConfig"], _items(given["Tags"]))


@operation("cloudfront", "GetDistribution")
def get_distribution(call: Call, params: Config) -> Config:
    """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_GetDistribution.html"""
    found = _distribution(call, params)
    return {"Distribution": _described(call, found), "ETag": found["ETag"]}


@operation("cloudfront", "GetDistributionConfig")
def get_distribution_config(call: Call, params: Config) -> Config:
    """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_GetDistributionConfig.html"""
    found = _distribution(call, params)
    return {"DistributionConfig": found["DistributionConfig"], "ETag": found["ETag"]}


@operation("cloudfront", "UpdateDistribution")
def update_distribution(call: Call, params: Config) -> Config:
    """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistribution.html"""
    found = _distribution(call, params, match=True)
    sent = params["DistributionConfig"]
    if sent["CallerReference"] != found["DistributionConfig"]["CallerReference"]:
        raise ApiError("IllegalUpdate", "The caller reference cannot be changed.")
    found.update(DistributionConfig=_config(call, sent), ETag=_id())
    slow.begin(found["ARN"], "InProgress", slow.DISTRIBUTION_DEPLOYED)
    return {"Distribution": _described(call, found), "ETag": found["ETag"]}


@operation("cloudfront", "DeleteDistribution")
def delete_distribution(call: Call, params: Config) -> None:
    """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DeleteDistribution.html"""
    found = _distribution(call, params, match=True)
    if found["DistributionConfig"]["Enabled"]:
        raise ApiError("DistributionNotDisabled", "The distribution you are trying to delete has not been disabled.")
    if _status(call, found) != "Deployed":  # disabled, but not yet everywhere
        raise ApiError("DistributionNotDisabled", "The distribution you are trying to delete has not been disabled.")
    del _distributions(call)[params["Id"]]


@operation("cloudfront", "ListDistributions")
def list_distributions(call: Call, params: Config) -> Config:
    """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ListDistributions.html"""
    items = [
        {
            **{key: found[key] for key in ("Id", "ARN", "DomainName")},
            "Status": _status(call, found),
            "LastModifiedTime": "2026-01-01T00:00:00Z",
            **{key: found["DistributionConfig"][key] for key in SUMMARY},
        }
        for found in _distributions(call).values()
    ]
    listed = {"Marker": "", "MaxItems": 100, "IsTruncated": False, "Quantity": len(items), "Items": items}
    return {"DistributionList": listed}
