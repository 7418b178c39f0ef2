#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cloudfront_origin_request_policy
version_added: "0.1.0"
short_description: What of a request CloudFront passes on to the origin
description:
  - Makes an origin request policy, changes it, or deletes it. Behaviours of distributions name it.
  - Follows U(https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateOriginRequestPolicy.html).
notes:
  - An origin request policy has no tags. Say whose it is in its C(Comment).
  - Neither amazon.aws nor community.aws has a module for it.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name, unique in the account. CloudFront has no call that finds by it, so all are listed.
    type: str
    required: true
  config:
    description:
      - The configuration, in the words of
        U(https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginRequestPolicyConfig.html),
        without C(Name).
      - A list is written as a list, without C(Quantity) and C(Items). What is not written stays as it is.
      - Required to create it.
    type: dict
extends_documentation_fragment:
  - pixstory.platform.common
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: All that the visitor sent
  pixstory.platform.cloudfront_origin_request_policy:
    name: pixstory-production-everything
    config:
      Comment: /pixstory/production/
      HeadersConfig: {HeaderBehavior: allViewer}
      CookiesConfig: {CookieBehavior: all}
      QueryStringsConfig: {QueryStringBehavior: all}
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
origin_request_policy:
  description: An origin request policy. Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  contains:
    id:
      description: The id, by which a cache behaviour names it.
      type: str
      sample: E1ABCDEFGHIJKL
    name:
      description: The name.
      type: str
    config:
      description: The configuration with CloudFront's defaults, in the form of O(config).
      type: dict
"""

from ansible_collections.pixstory.platform.plugins.module_utils.cloudfront import CloudFrontResource, config_property
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import main_for


class OriginRequestPolicy(CloudFrontResource):
    kind = "CloudFront origin request policy"
    noun = "OriginRequestPolicy"
    list_operation = "list_origin_request_policies"
    result_key = "origin_request_policy"
    properties = (config_property(noun),)


def main() -> None:
    main_for(OriginRequestPolicy, {"name": {"required": True}, "config": {"type": "dict"}}, tags=False)


if __name__ == "__main__":
    main()
