#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cloudfront_response_headers_policy
version_added: "0.1.0"
short_description: Headers that CloudFront adds to answers or takes out of them
description:
  - Makes a response headers policy, changes it, or deletes it. Behaviours of distributions name it.
  - Follows U(https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateResponseHeadersPolicy.html).
notes:
  - A response headers policy has no tags. Say whose it is in its C(Comment).
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
        U(https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ResponseHeadersPolicyConfig.html),
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
- name: Security headers, where the origin sends none
  pixstory.platform.cloudfront_response_headers_policy:
    name: pixstory-production-security
    config:
      Comment: /pixstory/production/
      SecurityHeadersConfig:
        ContentTypeOptions: {Override: false}
        FrameOptions: {Override: false, FrameOption: DENY}
        StrictTransportSecurity:
          Override: false
          AccessControlMaxAgeSec: 31536000
          IncludeSubdomains: true
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
response_headers_policy:
  description: A response headers policy. Empty in check mode when it would be created.
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


class ResponseHeadersPolicy(CloudFrontResource):
    kind = "CloudFront response headers policy"
    noun = "ResponseHeadersPolicy"
    list_operation = "list_response_headers_policies"
    result_key = "response_headers_policy"
    properties = (config_property(noun),)


def main() -> None:
    main_for(ResponseHeadersPolicy, {"name": {"required": True}, "config": {"type": "dict"}}, tags=False)


if __name__ == "__main__":
    main()
