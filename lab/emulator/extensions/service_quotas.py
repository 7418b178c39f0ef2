# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Service Quotas: what a new account may have, what was asked for, and what AWS gave.

A request stays undecided until somebody plays AWS: `POST /_lab/quotas`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lab.emulator.registry import GRANTED_QUOTAS, ApiError, Call, operation, table

REQUESTS = "quota requests"
OPEN = "PENDING"
APPROVED = "APPROVED"


@dataclass(frozen=True)
class Quota:
    """A quota: AWS's default, and what a new account has where that is less."""

    service: str
    code: str
    name: str
    default: float
    new: float | None = None
    everywhere: bool = False  # of a global service, and kept in us-east-1


# The defaults are those of the pages that each service's guide has; what a new account has of vCPUs and of concurrent
# executions is from "Amazon EC2 instance type quotas" and "Lambda quotas", which say that new accounts have less.
# https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
QUOTAS = {
    quota.code: quota
    for quota in (
        Quota(
            "ec2",
            "L-1216C47A",
            "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
            5,
        ),
        Quota("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", 5),
        Quota("vpc", "L-F678F1CE", "VPCs per Region", 5),
        Quota("vpc", "L-A4707A72", "Internet gateways per Region", 5),
        Quota("vpc", "L-FE5A380F", "NAT gateways per Availability Zone", 5),
        Quota("vpc", "L-0EA8095F", "Inbound or outbound rules per security group", 60),
        Quota("vpc", "L-29B6F2EB", "Interface VPC endpoints per VPC", 50),
        Quota("elasticloadbalancing", "L-53DA6B97", "Application Load Balancers per Region", 50),
        Quota("rds", "L-7B6409FD", "DB instances", 40),
        Quota("elasticache", "L-DFE45DF3", "Nodes per Region", 300),
        Quota("ebs", "L-7A658B76", "Storage for General Purpose SSD (gp3) volumes, in TiB", 50),
        Quota("lambda", "L-B99A9384", "Concurrent executions", 1000, new=10),
        Quota("cloudfront", "L-24B04930", "Distributions per AWS account", 200, everywhere=True),
        Quota("iam", "L-0DA4ABF3", "Managed policies per role", 10, everywhere=True),
    )
}


def value(account: str, region: str, code: str) -> float:
    """What the account may have of it."""
    quota = QUOTAS[code]
    granted = table(account, region, GRANTED_QUOTAS)
    return float(granted.get(code, quota.default if quota.new is None else quota.new))


def _found(call: Call, params: dict[str, Any]) -> Quota:
    quota = QUOTAS.get(params["QuotaCode"])
    if not quota or quota.service != params["ServiceCode"] or (quota.everywhere and call.region != "us-east-1"):
        raise ApiError("NoSuchResourceException", "The request failed because the specified quota does not exist.")
    return quota


def _shown(call: Call, quota: Quota, amount: float) -> dict[str, Any]:
    place = "" if quota.everywhere else call.region
    return {
        "ServiceCode": quota.service,
        "ServiceName": quota.service,
        "QuotaArn": f"arn:aws:servicequotas:{place}:{call.account}:{quota.service}/{quota.code}",
        "QuotaCode": quota.code,
        "QuotaName": quota.name,
        "Value": amount,
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": quota.everywhere,
    }


def _applied(call: Call, quota: Quota) -> bool:
    """Whether the account has a value of its own; without one AWS knows the default alone."""
    return quota.new is not None or quota.code in call.table(GRANTED_QUOTAS) or quota.service in ("ec2", "vpc")


@operation("service-quotas", "GetServiceQuota")
def get_service_quota(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html"""
    quota = _found(call, params)
    if not _applied(call, quota):
        raise ApiError(
            "NoSuchResourceException", "The request failed because the specified quota has no applied value."
        )
    return {"Quota": _shown(call, quota, value(call.account, call.region, quota.code))}


@operation("service-quotas", "GetAWSDefaultServiceQuota")
def get_aws_default_service_quota(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetAWSDefaultServiceQuota.html"""
    quota = _found(call, params)
    return {"Quota": _shown(call, quota, quota.default)}


@operation("service-quotas", "RequestServiceQuotaIncrease")
def request_service_quota_increase(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """A request that is not decided keeps others out, and one for no more than there is is refused.

    https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_RequestServiceQuotaIncrease.html
    """
    quota, requests = _found(call, params), call.table(REQUESTS)
    if any(one["QuotaCode"] == quota.code and one["Status"] == OPEN for one in requests.values()):
        raise ApiError(
            "ResourceAlreadyExistsException", "Only one open service quota increase request is allowed per quota."
        )
    if params["DesiredValue"] <= value(call.account, call.region, quota.code):
        raise ApiError(
            "IllegalArgumentException",
            "You must provide a quota value greater than the current quota value.",
        )
    shown = _shown(call, quota, 0)
    kept = ("ServiceCode", "ServiceName", "QuotaCode", "QuotaName", "QuotaArn", "GlobalQuota", "Unit")
    request = {
        **{key: shown[key] for key in kept},
        "Id": uuid.uuid4().hex,
        "DesiredValue": params["DesiredValue"],
        "Status": OPEN,
        "Created": datetime.now(UTC),
    }
    requests[request["Id"]] = request
    return {"RequestedQuota": request}


@operation("service-quotas", "ListRequestedServiceQuotaChangeHistory")
def list_requested_service_quota_change_history(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListRequestedServiceQuotaChangeHistory.html"""
    granted = call.table(GRANTED_QUOTAS)
    for one in call.table(REQUESTS).values():
        if one["DesiredValue"] <= granted.get(one["QuotaCode"], 0):
            one["Status"] = APPROVED
    found = [
        one
        for one in call.table(REQUESTS).values()
        if params.get("ServiceCode") in (None, one["ServiceCode"]) and params.get("Status") in (None, one["Status"])
    ]
    return {"RequestedQuotas": found}
