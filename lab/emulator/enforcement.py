# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IAM enforcement: what no policy of the principal allows is refused. Off until it is switched on.

Moto's own asks for a signature that it computes wrongly for several services. This one goes by the access key alone,
and has moto judge the action: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
Moto judges actions; it knows neither the resource of a call nor the keys of a condition.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from botocore.session import Session
from moto.iam.access_control import CreateAccessKeyFailure, IAMPolicy, PermissionResult, create_access_key

from lab.emulator.identify import Identity

# Their operations have other names than the actions that they need, and moto does not know which.
NOT_ENFORCED = frozenset({"s3", "s3control"})
# Where IAM's prefix is not the name that requests are signed with.
PREFIXES = {"cloudwatch": "cloudwatch", "resourcegroupstaggingapi": "tag"}
ALWAYS = frozenset({"sts:GetCallerIdentity"})
# Where an operation needs actions of other names.
ACTIONS: Mapping[str, tuple[str, ...]] = {
    "cloudfront:CreateDistributionWithTags": ("cloudfront:CreateDistribution", "cloudfront:TagResource"),
}


@cache
def _prefix(service: str) -> str:
    return PREFIXES.get(service) or str(Session().get_service_model(service).signing_name)


def actions_of(service: str, operation: str) -> tuple[str, ...]:
    """The actions that an operation of an enforced service needs."""
    action = f"{_prefix(service)}:{operation}"
    return () if action in ALWAYS else ACTIONS.get(action, (action,))


def refusal(identity: Identity, account: str, headers: Mapping[str, str]) -> tuple[str, str] | None:
    """The error code and message with which a call is refused; None where it is allowed or not enforced."""
    if not identity.service or not identity.operation or identity.service in NOT_ENFORCED:
        return None
    needed = actions_of(identity.service, identity.operation)
    if not needed:
        return None
    try:
        key = create_access_key(account, "aws", identity.principal or "", dict(headers))
    except CreateAccessKeyFailure:
        return "InvalidClientTokenId", "The security token included in the request is invalid."
    policies = [IAMPolicy(policy) for policy in key.collect_policies()]
    for action in needed:
        results = {policy.is_action_permitted(action) for policy in policies}
        if PermissionResult.PERMITTED not in results or PermissionResult.DENIED in results:
            return "AccessDenied", f"User: {key.arn} is not authorized to perform: {action}"
    return None
