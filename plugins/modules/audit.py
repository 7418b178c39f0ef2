#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: audit
version_added: "0.2.0"
short_description: Judge a live account by security controls
description:
  - Reads the account as it is, not the inventory, and says for each control whether it holds.
  - The controls are those of AWS Foundational Security Best Practices (FSBP) and CIS AWS Foundations 3.0 that apply to
    what the platform runs, and those of its case study, whose names begin with C(PX-).
  - A call that is refused or not implemented makes the controls that need it V(unseen), with the reason. It never makes
    one hold.
  - Show the result with the filters P(pixstory.platform.audit_table#filter), P(pixstory.platform.audit_ocsf#filter) and
    P(pixstory.platform.audit_page#filter).
  - "FSBP: U(https://docs.aws.amazon.com/securityhub/latest/userguide/fsbp-standard.html). CIS:
    U(https://docs.aws.amazon.com/securityhub/latest/userguide/cis-aws-foundations-benchmark.html)."
author: Pixstory platform contributors (@pixstory)
options:
  project:
    description: The tag C(Project) of the environment's resources.
    type: str
    required: true
  environment:
    description: The tag C(Environment) of the environment's resources.
    type: str
    required: true
  account_id:
    description: The account that is read. Without it, the one that the credentials lead to, by STS.
    type: str
  suppressions:
    description:
      - What is accepted, and until when.
      - One that has expired suppresses nothing and is reported itself, with the severity of its control.
      - One without all four keys is refused.
    type: list
    elements: dict
    default: []
    suboptions:
      control:
        description: The control, C(EC2.9) for example.
        type: str
      resource:
        description: A pattern of the resource's ARN or name, C(*) for all.
        type: str
      reason:
        description: Why it is accepted.
        type: str
      until:
        description: The last day on which it is accepted, C(2027-03-31) for example.
        type: str
  fail_on:
    description: The least severity of what counts in RV(report.violations). V(never) counts nothing.
    type: str
    choices: [critical, high, medium, low, never]
    default: high
attributes:
  check_mode:
    description: Never writes.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
notes:
  - C(iam:GenerateCredentialReport) has IAM write a report for the account's own reading. IAM counts it as a read.
  - The AWS managed policies C(SecurityAudit) and C(ViewOnlyAccess) together allow what it calls.
requirements:
  - python >= 3.12
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Judge production
  pixstory.platform.audit:
    project: pixstory
    environment: production
    suppressions:
      - control: EC2.9
        resource: pixstory-production-vpn
        reason: People reach the VPN from the internet.
        until: "2027-03-31"
  register: audit

- name: Show what does not hold
  ansible.builtin.debug:
    msg: "{{ audit.report | pixstory.platform.audit_table }}"
"""

RETURN = r"""
report:
  description: The verdict on every control and resource.
  returned: always
  type: dict
  contains:
    project:
      description: The project.
      type: str
    environment:
      description: The environment.
      type: str
    account_id:
      description: The account that was read.
      type: str
    region:
      description: The Region that was read. Global services and the edge are read beside it.
      type: str
    time:
      description: When it was read, in UTC.
      type: str
      sample: "2026-11-23T19:45:00Z"
    fail_on:
      description: O(fail_on).
      type: str
    violations:
      description: How many findings do not hold and are at or above O(fail_on).
      type: int
    controls:
      description: How many controls were judged.
      type: int
    counts:
      description: The findings by status, V(fails), V(unseen), V(suppressed), V(holds) and V(not_applicable).
      type: dict
    severities:
      description: The findings that do not hold by severity.
      type: dict
    findings:
      description: What each control says of each resource. What does not hold comes first, the most severe first.
      type: list
      elements: dict
      contains:
        control:
          description: The control, of FSBP (C(S3.8)), else of CIS (C(CIS-3.0 1.13)), else of the case study (C(PX-10)).
          type: str
        title:
          description: What it demands.
          type: str
        severity:
          description: V(critical), V(high), V(medium) or V(low).
          type: str
        status:
          description: V(fails), V(unseen), V(suppressed), V(holds) or V(not_applicable).
          type: str
        resource:
          description: The ARN of the resource; the account's where there is no other.
          type: str
        name:
          description: Its name.
          type: str
        kind:
          description: Its kind.
          type: str
        evidence:
          description: The values that were read, by AWS's names.
          type: dict
        reason:
          description: Why it cannot be seen, does not apply, or is suppressed.
          type: str
        until:
          description: The last day of the suppression.
          type: str
        remedy:
          description: What to do.
          type: str
        document:
          description: The AWS document that describes the control.
          type: str
        cis:
          description: The controls of CIS AWS Foundations that it covers.
          type: list
          elements: str
        needs:
          description: What of the case study it covers.
          type: list
          elements: str
    topology:
      description: The environment's VPCs with what stands in them, as P(pixstory.platform.audit_page#filter)
        draws it. None where the index could not be read.
      type: dict
"""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.pixstory.platform.plugins.module_utils.audit.judge import (
    BadSuppression,
    check_suppressions,
    report,
)
from ansible_collections.pixstory.platform.plugins.module_utils.audit.model import SEVERITIES, Record, Unseen
from ansible_collections.pixstory.platform.plugins.module_utils.audit.reader import (
    EDGE_REGION,
    EDGE_SERVICES,
    Reader,
    read_snapshot,
    services,
    why,
)
from ansible_collections.pixstory.platform.plugins.module_utils.audit.topology import topology
from ansible_collections.pixstory.platform.plugins.module_utils.kinds import KINDS
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.calls import Aws
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.errors import CallFailed
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.reader import identify, read_index, services_for


def index_or_reason(indexing: Future[dict[str, Any]]) -> dict[str, Any] | Unseen:
    """The index, or why it could not be read: one refused call must not keep all else from being judged."""
    try:
        return indexing.result()
    except CallFailed as error:
        return Unseen(why(error))


def owned(index: dict[str, Any]) -> list[Record]:
    """All of the index, for the control of the tags."""
    return [
        Record(_arn=item["arn"], _name=f"{kind} {item['name']}", Kind=kind, _tags=item["tags"])
        for kind in index["kinds_read"]
        for item in index[kind].values()
    ]


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "project": {"required": True},
            "environment": {"required": True},
            "account_id": {},
            "suppressions": {
                "type": "list",
                "elements": "dict",
                "default": [],
                # None is required here: the refusal of check_suppressions says what to write.
                "options": {"control": {}, "resource": {}, "reason": {}, "until": {}},
            },
            "fail_on": {"choices": [*SEVERITIES, "never"], "default": "high"},
        },
        supports_check_mode=True,
    )
    params = module.params
    try:
        suppressions = check_suppressions(params["suppressions"])
        aws = Aws(module, services() | services_for(KINDS, account_id=params["account_id"]))
        scope = identify(aws, params["project"], params["environment"], params["account_id"])
        edge = Aws(module, EDGE_SERVICES, region=EDGE_REGION)
        reader = Reader(aws, edge, account_id=scope.account_id, project=scope.project, environment=scope.environment)
        with ThreadPoolExecutor(2) as pool:
            indexing = pool.submit(read_index, aws, scope, KINDS, check_mode=False)
            snapshot = read_snapshot(reader)
            index = index_or_reason(indexing)
    except BadSuppression as error:
        module.fail_json(msg=str(error))
    except CallFailed as error:
        module.fail_json(msg=f"Cannot audit the environment {params['environment']}: {error}")
    snapshot["owned"] = index if isinstance(index, Unseen) else owned(index)
    result = report(snapshot, suppressions, params["fail_on"])
    result["topology"] = None if isinstance(index, Unseen) else topology(index)
    module.exit_json(changed=False, report=result)


if __name__ == "__main__":
    main()
