#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: environment_guard
version_added: "0.1.0"
short_description: Refuse the wrong account, Region or endpoint
description:
  - Proves that the calls of this run reach the account and Region that the environment declares, and fails otherwise.
  - Where the calls would go is settled before any is sent. An emulated environment must reach loopback only, a real one
    AWS only.
  - Makes two calls, both read-only, GetCallerIdentity and DescribeAvailabilityZones.
author: Pixstory platform contributors (@pixstory)
options:
  account_id:
    description: The account that the environment lives in.
    type: str
    required: true
  emulated:
    description: Whether the AWS API is an emulator on this machine.
    type: bool
    required: true
  zones:
    description: Letters of the Availability Zones that are used. Each must be one of the Region.
    type: list
    elements: str
    required: true
attributes:
  check_mode:
    description: Never writes.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
requirements:
  - python >= 3.12
seealso:
  - module: pixstory.platform.environment_validate
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Prove that this is the right account, region and endpoint
  pixstory.platform.environment_guard:
    account_id: "123456789012"
    emulated: false
    zones: [a, c]
    region: ap-south-1
"""

RETURN = r"""
account_id:
  description: The account of the credentials.
  returned: success
  type: str
  sample: "123456789012"
arn:
  description: Who the credentials are.
  returned: success
  type: str
  sample: arn:aws:sts::123456789012:assumed-role/operator/anna
region:
  description: The Region.
  returned: success
  type: str
  sample: ap-south-1
endpoint:
  description: Where calls of EC2 go.
  returned: success
  type: str
  sample: https://ec2.ap-south-1.amazonaws.com
emulated:
  description: Whether that is an emulator.
  returned: success
  type: bool
  sample: false
"""

from typing import Any

try:
    from botocore.config import Config
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        ConnectionError,
        HTTPClientError,
        NoCredentialsError,
        PartialCredentialsError,
        SSOError,
        TokenRetrievalError,
    )
    from botocore.session import Session
except ImportError:
    pass  # AnsibleAWSModule says so

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.pixstory.platform.plugins.module_utils.retries import while_busy
from ansible_collections.pixstory.platform.plugins.module_utils.validation.addresses import is_aws, is_loopback

ALL_YML = "inventories/<environment>/group_vars/all.yml"
SIGN_IN = "Sign in again, for example with `aws sso login`, and see that AWS_PROFILE names the environment's profile."
# https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
UNKNOWN = {
    "AuthFailure",
    "InvalidClientTokenId",
    "OptInRequired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


class Refused(Exception):
    """Why the run must not go on."""


def refuse_endpoint(emulated: bool, url: str) -> None:
    """Refuse an address that is not the one kind that the environment may call."""
    if emulated and not is_loopback(url):
        raise Refused(
            f"platform_emulated is true, but calls would go to {url}, which is not on this machine. Nothing was sent. "
            f"Write platform_endpoint_url: http://127.0.0.1:5111 in {ALL_YML}, and let the play hand "
            "platform_aws_connection to group/pixstory.platform.aws in module_defaults."
        )
    if not emulated and not is_aws(url):
        raise Refused(
            f"platform_emulated is false, but calls would go to {url}, which is not AWS. Nothing was sent. Unset "
            "AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_* and AWS_URL, and take endpoint_url out of the profile in "
            "~/.aws/config. An environment on the emulator declares platform_emulated: true."
        )


def refuse_profile(emulated: bool, profile: dict[str, Any]) -> None:
    """Refuse a profile that sends the calls of single services elsewhere; those of this module may not show it."""
    named = [key for key in ("endpoint_url", "services") if profile.get(key)]
    if named and not emulated:
        raise Refused(
            f"The profile in ~/.aws/config has {' and '.join(named)}, which can send calls elsewhere than to AWS. "
            "Nothing was sent. Take it out, or set AWS_PROFILE to a profile without it."
        )


def refuse_account(emulated: bool, declared: str, identity: dict[str, Any]) -> None:
    actual = identity["Account"]
    if actual == declared:
        return
    remedy = "" if emulated else "Set AWS_PROFILE to a profile of the declared account; or, if this one is right, "
    raise Refused(
        f"This is account {actual}, and the environment declares account {declared}. The caller is {identity['Arn']}. "
        f'{remedy}{"write" if remedy else "Write"} platform_account_id: "{actual}" in {ALL_YML}.'
    )


def refuse_zones(region: str, letters: list[str], found: list[dict[str, Any]]) -> None:
    elsewhere = sorted({zone["RegionName"] for zone in found} - {region})
    if elsewhere:
        raise Refused(
            f"The environment declares Region {region}, and the API answers for {', '.join(elsewhere)}. "
            f"Mend platform_region in {ALL_YML}."
        )
    # Local Zones and Wavelength Zones are listed as well once an account has opted in to them.
    known = sorted(
        zone["ZoneName"]
        for zone in found
        if zone.get("State") == "available" and zone.get("ZoneType", "availability-zone") == "availability-zone"
    )
    missing = [f"{region}{letter}" for letter in letters if f"{region}{letter}" not in known]
    if missing:
        raise Refused(
            f"platform_zones: {', '.join(missing)} is not an Availability Zone that this account can use. Those are "
            f"{', '.join(known) or 'none'}. Write letters of these in group_vars/all/platform.yml, or in {ALL_YML}."
        )


def explain(error: Exception, emulated: bool, endpoint: str, region: str) -> str:
    """Say plainly why a call failed, and what to do."""
    if isinstance(error, (ConnectionError, HTTPClientError)):
        if emulated:
            return f"The emulator does not answer at {endpoint}. Start it first; README.md says how."
        return f"AWS does not answer at {endpoint}: {error}. Look at this machine's network, proxy and platform_region."
    if isinstance(error, (NoCredentialsError, PartialCredentialsError)):
        return (
            f"There are no AWS credentials ({error}). Set AWS_PROFILE to a profile of the environment's account, or "
            "make one with `aws configure sso`."
        )
    if isinstance(error, (SSOError, TokenRetrievalError)):
        return f"The AWS session is over ({error}). {SIGN_IN}"
    if isinstance(error, ClientError):
        code = error.response["Error"]["Code"]
        if code in EXPIRED:
            return f"The AWS session has expired ({code}). {SIGN_IN}"
        if code in UNKNOWN:
            return f"AWS does not know these credentials in {region} ({code}). Enable that Region, or: {SIGN_IN}"
        if code in DENIED:
            return f"The caller may not look: {error}. Allow sts:GetCallerIdentity and ec2:DescribeAvailabilityZones."
    return f"Cannot prove which account this is: {error}"


def guard(module: AnsibleAWSModule) -> dict[str, Any]:
    """Everything that is proved, or :class:`Refused`."""
    emulated, region = module.params["emulated"], module.region
    if not region:
        raise Refused(
            f"No Region is set. Write platform_region in {ALL_YML}, and let the play hand platform_aws_connection to "
            "group/pixstory.platform.aws in module_defaults."
        )
    # An emulator that is down is said at once, not after minutes of backing off: in place of the play's aws_config.
    config = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 1 if emulated else 3})
    sts, ec2 = module.client("sts", aws_config=config), module.client("ec2", aws_config=config)
    for client in (sts, ec2):
        refuse_endpoint(emulated, client.meta.endpoint_url)
    refuse_profile(emulated, profile_settings(module))
    endpoint = sts.meta.endpoint_url
    try:
        identity = while_busy(sts.get_caller_identity)()
        refuse_account(emulated, module.params["account_id"], identity)
        endpoint = ec2.meta.endpoint_url
        zones = while_busy(ec2.describe_availability_zones)()["AvailabilityZones"]
    except (BotoCoreError, ClientError) as error:
        raise Refused(explain(error, emulated, endpoint, region)) from error
    refuse_zones(region, module.params["zones"], zones)
    return {
        "account_id": identity["Account"],
        "arn": identity["Arn"],
        "region": region,
        "endpoint": endpoint,
        "emulated": emulated,
    }


def profile_settings(module: AnsibleAWSModule) -> dict[str, Any]:
    """What ~/.aws/config says about the profile in use."""
    return Session(profile=module.params.get("profile")).get_scoped_config()


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "account_id": {"required": True},
            "emulated": {"type": "bool", "required": True},
            "zones": {"type": "list", "elements": "str", "required": True},
        },
        supports_check_mode=True,
    )
    try:
        proved = guard(module)
    except Refused as refusal:
        module.fail_json(msg=str(refusal))
    module.exit_json(changed=False, **proved)


if __name__ == "__main__":
    main()
