#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: route53_delegation_info
version_added: "0.1.0"
short_description: Tell what would be lost if a domain were delegated to its Route 53 zone now
description:
  - Asks the name servers that answer for a domain today, and compares their answers with the records of the zone.
  - A zone cannot be listed from outside. Asked for is each record of the zone, what domains commonly have (mail and its
    keys, C(www), autodiscover and the like) and the O(names) that are given. A record for all names is found too.
  - Times to live are not compared. What only the zone has is not told.
notes:
  - Neither of the AWS collections compares a zone with anything.
author: Pixstory platform contributors (@pixstory)
options:
  hosted_zone_id:
    description: The id of the zone.
    type: str
    required: true
  zone:
    description: The domain name.
    type: str
    required: true
  name_servers:
    description:
      - Those that answer for the domain today (C(dig NS example.com)), by name or address; C(:port) where it is not 53.
      - The first that answers is believed.
    type: list
    elements: str
    required: true
  names:
    description: Further names to ask for, without the domain.
    type: list
    elements: str
    default: []
  taken_over:
    description: Full names whose addresses (A, AAAA, CNAME) are meant to change, so that they are not told.
    type: list
    elements: str
    default: []
requirements:
  - python >= 3.12
  - dnspython
attributes:
  check_mode:
    description: Makes no write call in any mode.
    support: full
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Compare before the registrar is told
  pixstory.platform.route53_delegation_info:
    hosted_zone_id: Z0123456789ABCDEFGHIJ
    zone: pixstory.com
    name_servers: [ns1.provider.example, ns2.provider.example]
    names: [newsletter]
  register: delegation
"""

RETURN = r"""
asked:
  description: How many records the present name servers have, of those that were asked for.
  returned: always
  type: int
  sample: 12
differences:
  description: What they answer and the zone does not have, or has otherwise. C(new) is empty for what it does not have.
  returned: always
  type: list
  elements: dict
  sample:
    - name: pixstory.com.
      type: MX
      present: [10 mail.provider.example.]
      new: []
      text: "pixstory.com. MX 10 mail.provider.example.: is missing in the new zone"
signed:
  description:
    - Whether the domain is signed (DNSSEC). The zone is not, so that resolvers refuse all of its answers as long as the
      registrar has a DS record for the domain.
  returned: always
  type: bool
"""

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:  # AnsibleAWSModule reports the missing library
    BotoCoreError = ClientError = Exception  # type: ignore[misc,assignment]

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

from ansible_collections.pixstory.platform.plugins.module_utils.zone_records import (
    HAS_DNSPYTHON,
    NO_DNSPYTHON,
    Mistaken,
    Servers,
    answered,
    differences,
    of_route53,
)


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "hosted_zone_id": {"required": True},
            "zone": {"required": True},
            "name_servers": {"type": "list", "elements": "str", "required": True},
            "names": {"type": "list", "elements": "str", "default": []},
            "taken_over": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    if not HAS_DNSPYTHON:
        module.fail_json(msg=NO_DNSPYTHON)
    zone, params = module.params["zone"], module.params
    try:
        pages = module.client("route53").get_paginator("list_resource_record_sets")
        listed = AWSRetry.jittered_backoff(retries=8)(
            lambda: pages.paginate(HostedZoneId=params["hosted_zone_id"]).build_full_result()
        )()
        new = of_route53(listed["ResourceRecordSets"])
        apex = f"{zone.rstrip('.').lower()}."
        new.pop((apex, "NS"), None)
        servers = Servers.of(params["name_servers"])
        present = answered(servers, zone, params["names"], new)
        signed = servers.answer((apex, "DNSKEY")) is not None
    except Mistaken as error:
        module.fail_json(msg=f"Cannot compare {zone} with its present name servers: {error}")
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg=f"Cannot read the records of zone {params['hosted_zone_id']}")
    found = differences(present, new, params["taken_over"])
    module.exit_json(changed=False, asked=len(present), differences=found, signed=signed)


if __name__ == "__main__":
    main()
