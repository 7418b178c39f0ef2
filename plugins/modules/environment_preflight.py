#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: environment_preflight
version_added: "0.2.0"
short_description: Say whether an account is ready for an environment
description:
  - Compares what an environment declares with what an AWS account gives, before the first resource is made. The quotas
    are held against the environment at its maximum.
  - What cannot be read is told as V(unseen), with what to do. It never makes a check hold.
  - Show the result with the filter P(pixstory.platform.preflight_table#filter).
author: Pixstory platform contributors (@pixstory)
options:
  declared:
    description: The variables of the environment that the checks need, by their names.
    type: dict
    required: true
  documents:
    description: Policies as they would be sent to AWS, for IAM Access Analyzer to judge.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What the policy is called in the report.
        type: str
        required: true
      document:
        description: The policy.
        type: json
        required: true
      kind:
        description: What Access Analyzer takes it for.
        type: str
        choices: [IDENTITY_POLICY, RESOURCE_POLICY]
        default: IDENTITY_POLICY
      of:
        description: The resource that a resource policy belongs to, where Access Analyzer knows more of it.
        type: str
        choices: ['AWS::IAM::AssumeRolePolicyDocument', 'AWS::S3::Bucket']
  tools_lacking:
    description: What this machine lacks to reach machines with, and how to install each.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The tool.
        type: str
        required: true
      install:
        description: How to install it.
        type: str
        required: true
  policy_folder:
    description: A folder with policies of playbooks, which are judged too, with the names of the environment in them.
    type: path
  fail_on:
    description: >-
      What is counted in RV(report.violations). With V(required), that without which the first provision fails or
      nobody is told of what happens; with V(any), whatever does not hold; with V(never), nothing.
    type: str
    choices: [required, any, never]
    default: required
attributes:
  check_mode:
    description: Never writes.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
notes:
  - Beside AWS it asks the name servers of this machine for the domain.
requirements:
  - python >= 3.12
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: See whether the account is ready
  pixstory.platform.environment_preflight:
    declared: "{{ declared }}"
    policy_folder: policies
  register: preflight

- name: Show what does not hold
  ansible.builtin.debug:
    msg: "{{ preflight.report | pixstory.platform.preflight_table }}"
"""

RETURN = r"""
report:
  description: What each check says.
  returned: always
  type: dict
  contains:
    environment:
      description: The environment.
      type: str
    account_id:
      description: The account that the environment declares.
      type: str
    region:
      description: The Region.
      type: str
    fail_on:
      description: O(fail_on).
      type: str
    violations:
      description: How many rows do not hold that O(fail_on) counts.
      type: int
    needs:
      description: How much of each quota the environment takes at its maximum, by the quota's code.
      type: dict
      sample: {L-1216C47A: 80, L-0263D0A3: 5}
    counts:
      description: The rows by status, V(fails), V(unseen) and V(holds).
      type: dict
    rows:
      description: What each check found, in the order of the checks.
      type: list
      elements: dict
      contains:
        check:
          description: The check.
          type: str
          sample: quotas
        subject:
          description: What was looked at.
          type: str
          sample: Elastic IP addresses
        status:
          description: V(fails), V(unseen) or V(holds).
          type: str
        found:
          description: What was found.
          type: str
        remedy:
          description: What to do. Empty where it holds.
          type: str
        required:
          description: Whether the first provision fails, or nobody is told of what happens, without it.
          type: bool
        document:
          description: The AWS document on it. Empty where there is none.
          type: str
"""

from pathlib import Path
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.pixstory.platform.plugins.module_utils.kinds.calls import Aws
from ansible_collections.pixstory.platform.plugins.module_utils.preflight import checks  # registers them
from ansible_collections.pixstory.platform.plugins.module_utils.preflight.model import report
from ansible_collections.pixstory.platform.plugins.module_utils.preflight.reader import (
    EVERYWHERE,
    HERE,
    THERE,
    Document,
    Reader,
    documents_of,
    read,
)

assert checks


def documents(params: dict[str, Any]) -> list[Document]:
    """All policies: those that are handed over, and those of the folder."""
    declared = params["declared"]
    values = {name: declared[f"platform_{name}"] for name in ("project", "environment", "prefix", "region")}
    values["account"] = declared["platform_account_id"]
    given = [Document(one["name"], one["document"], one["kind"], one["of"] or "") for one in params["documents"]]
    folder = params["policy_folder"]
    return given + (list(documents_of(Path(folder), values)) if folder else [])


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "declared": {"type": "dict", "required": True},
            "documents": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"required": True},
                    "document": {"type": "json", "required": True},
                    "kind": {"choices": ["IDENTITY_POLICY", "RESOURCE_POLICY"], "default": "IDENTITY_POLICY"},
                    "of": {"choices": ["AWS::IAM::AssumeRolePolicyDocument", "AWS::S3::Bucket"]},
                },
            },
            "tools_lacking": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {"name": {"required": True}, "install": {"required": True}},
            },
            "policy_folder": {"type": "path"},
            "fail_on": {"choices": ["required", "any", "never"], "default": "required"},
        },
        supports_check_mode=True,
    )
    params = module.params
    declared = params["declared"]
    reader = Reader(Aws(module, HERE), Aws(module, THERE, region=EVERYWHERE), declared, documents(params))
    facts = read(reader)
    facts["tools"] = params["tools_lacking"]
    module.exit_json(changed=False, report=report(facts, declared, params["fail_on"]))


if __name__ == "__main__":
    main()
