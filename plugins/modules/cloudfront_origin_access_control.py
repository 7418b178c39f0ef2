#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cloudfront_origin_access_control
version_added: "0.1.0"
short_description: How CloudFront signs its requests to an S3 bucket
description:
  - Makes an origin access control, changes it, or deletes it.
  - With it a bucket is open to a distribution and to nobody else.
  - Follows U(https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateOriginAccessControl.html).
notes:
  - An origin access control has no tags. Say whose it is in its C(Description).
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
        U(https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginAccessControlConfig.html),
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
- name: Sign every request to the bucket of media
  pixstory.platform.cloudfront_origin_access_control:
    name: pixstory-production-media
    config:
      Description: /pixstory/production/
      SigningProtocol: sigv4
      SigningBehavior: always
      OriginAccessControlOriginType: s3
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
origin_access_control:
  description: An origin access control. Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  contains:
    id:
      description: The id, by which an origin names it.
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


class OriginAccessControl(CloudFrontResource):
    kind = "CloudFront origin access control"
    noun = "OriginAccessControl"
    list_operation = "list_origin_access_controls"
    result_key = "origin_access_control"
    properties = (config_property(noun),)


def main() -> None:
    main_for(OriginAccessControl, {"name": {"required": True}, "config": {"type": "dict"}}, tags=False)


if __name__ == "__main__":
    main()
