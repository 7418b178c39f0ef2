#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: environment_info
version_added: "0.1.0"
short_description: Read all that an environment owns
description:
  - Reads the resources of one environment in bulk and returns them as an index, by kind and by name.
  - A resource belongs to the environment by its tags C(Project) and C(Environment). IAM resources and log groups
    belong to it by their path C(/<project>/<environment>/).
  - Resources without these are not listed. Neither is what is gone or going, terminated instances for example.
  - No value of a secret or of a parameter is read. Of the user data of launch templates only a digest is returned.
  - Look things up with the filters P(pixstory.platform.owned#filter) and P(pixstory.platform.subnets_of#filter).
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
    description:
      - The account, as M(pixstory.platform.environment_guard) has proven it. It saves asking STS at each reading.
      - Without it, the account that the credentials lead to, by STS.
    type: str
  kinds:
    description:
      - The kinds to read, the keys of the index under RV(index). All of them when not given.
      - A role that needs a few kinds only saves calls by naming them.
    type: list
    elements: str
  expect:
    description:
      - What has just been made and has to be in RV(index), a list of names for each kind.
      - EC2, IAM and KMS may not list a new resource at once. Until all of these are there, the module reads again.
      - A kind whose keys are ids, V(instances) for example, is searched by name as well.
      - Ignored in check mode.
    type: dict
    default: {}
  expect_timeout:
    description: For how many seconds to read again until all of O(expect) is there.
    type: int
    default: 60
  orphans:
    description:
      - Whether to ask the Resource Groups Tagging API for resources that carry the environment's tags and are not in
        the index.
      - Cannot be combined with O(kinds).
    type: bool
    default: false
attributes:
  check_mode:
    description: Never writes. In check mode RV(index.check_mode) is true, and the filters plan what is not there.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
requirements:
  - python >= 3.12
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Read the network of production
  pixstory.platform.environment_info:
    project: pixstory
    environment: production
    kinds: [vpcs, subnets, security_groups]
  register: environment

- name: Show the main VPC and its app subnets
  ansible.builtin.debug:
    msg:
      - "{{ environment.index | pixstory.platform.owned('vpcs', 'main', 'vpc_id') }}"
      - "{{ environment.index | pixstory.platform.subnets_of('main', 'app') }}"

- name: Read the subnets that were made a moment ago
  pixstory.platform.environment_info:
    project: pixstory
    environment: production
    kinds: [subnets]
    expect:
      subnets: [main-app-a, main-app-c]
  register: environment

- name: Find what carries the environment's tags and is not known to this collection
  pixstory.platform.environment_info:
    project: pixstory
    environment: production
    orphans: true
  register: environment
"""

RETURN = r"""
index:
  description:
    - All that the environment owns. The same environment gives the same index, in the same order.
    - "Beside the keys below there is one key for each kind in RV(index.kinds_read): V(vpcs), V(subnets),
      V(internet_gateways), V(nat_gateways), V(elastic_ips), V(route_tables), V(security_groups), V(network_acls),
      V(vpc_endpoints), V(vpc_peering_connections), V(flow_logs), V(instances), V(volumes), V(launch_templates),
      V(autoscaling_groups), V(images), V(snapshots), V(load_balancers), V(target_groups), V(certificates),
      V(db_instances), V(db_subnet_groups), V(db_parameter_groups), V(db_snapshots), V(replication_groups),
      V(cache_subnet_groups), V(cache_parameter_groups), V(cache_snapshots), V(kms_keys), V(secrets), V(parameters),
      V(iam_roles), V(iam_instance_profiles), V(iam_users), V(iam_groups), V(iam_policies), V(buckets), V(log_groups),
      V(hosted_zones), V(trails), V(config_recorders), V(config_rules), V(alarms), V(sns_topics),
      V(guardduty_detectors), V(security_hubs), V(access_analyzers), V(shield_protections), V(distributions),
      V(cache_policies), V(origin_request_policies), V(response_headers_policies), V(origin_access_controls),
      V(event_rules), V(lambda_functions), V(web_acls), V(ip_sets)."
    - Each of them is a dictionary from the name of a resource to its description, as V(vpcs) is shown below.
    - The name is the tag C(Name) without C(<project>-<environment>-). Resources without that tag, and those whose own
      name is their address (buckets, keys, secrets, parameters, log groups, IAM, snapshots of databases),
      have their own name without what the names of the environment begin with.
    - Instances, volumes and EBS snapshots share names by nature, so their key is their id, and C(name) and C(role)
      are inside.
    - "Some descriptions are completed by further calls. C(autoscaling_groups) have C(scaling_policies),
      C(scheduled_actions) and C(lifecycle_hooks). C(launch_templates) have C(default_version_data) and
      C(latest_version_data). C(load_balancers) have C(attributes) and C(listeners) with their C(rules).
      C(target_groups) have C(attributes). C(replication_groups) have C(clusters), C(primary_endpoint) and
      C(reader_endpoint). Parameter groups have C(parameters), those that were set. C(iam_roles) have
      C(attached_policies) and C(inline_policies). C(iam_policies) have C(policy_document). C(kms_keys) have their
      C(alias_name) and what DescribeKey returns. C(buckets) have C(versioning), C(encryption),
      C(public_access_block), C(lifecycle_rules) and C(object_lock). C(hosted_zones) have C(records), C(vpcs) and
      C(name_servers). C(guardduty_detectors) have what GetDetector returns, C(event_rules) have C(targets).
      C(trails) have C(is_logging), C(config_recorders) C(recording) and C(delivery_channel). C(web_acls) have C(rules),
      C(logging_configuration) and C(resources), the load balancers that they protect. C(ip_sets) have C(addresses)."
    - C(web_acls), C(ip_sets), C(kms_keys) and C(log_groups) are read in us-east-1 too, where what CloudFront uses has
      to be. Those from there have C(region).
    - Values of headers that a rule of a load balancer asks for, and that a distribution sends, are V(hidden).
    - C(parameters) carry the tags C(Project) and C(Environment) only; SSM lists no others.
  returned: always
  type: dict
  contains:
    project:
      description: The project.
      type: str
      sample: pixstory
    environment:
      description: The environment.
      type: str
      sample: production
    region:
      description: The Region that was read.
      type: str
      sample: ap-south-1
    account_id:
      description: The account that was read.
      type: str
      sample: "123456789012"
    check_mode:
      description: Whether the module ran in check mode. Then the filters answer with stand-ins for what is not there.
      type: bool
      sample: false
    kinds_read:
      description: The kinds that were read, in the order of the registry.
      type: list
      elements: str
      sample: [vpcs, subnets]
    duplicates:
      description:
        - Names that several resources of one kind have.
        - The oldest of them is in the index under the name, each later one under the name, a space and its id.
      type: list
      elements: dict
      contains:
        kind:
          description: The kind.
          type: str
        name:
          description: The name.
          type: str
        ids:
          description: The ids, the oldest first.
          type: list
          elements: str
        remedy:
          description: What to do about it.
          type: str
    vpcs:
      description: The VPCs by name, and in the same form every other kind.
      type: dict
      contains:
        main:
          description: The VPC main, say. AWS's own description, keys in snake case, and the following.
          type: dict
          contains:
            id:
              description: What identifies it in calls, the same value as in AWS's own key (C(vpc_id) here).
              type: str
            arn:
              description: Its ARN.
              type: str
            name:
              description: Its name.
              type: str
            api_name:
              description: The name that AWS knows it by, where it has one.
              type: str
            role:
              description: The tag C(Role), where it has one.
              type: str
            tags:
              description: Its tags.
              type: dict
      sample:
        main:
          id: vpc-0123456789abcdef0
          arn: arn:aws:ec2:ap-south-1:123456789012:vpc/vpc-0123456789abcdef0
          name: main
          vpc_id: vpc-0123456789abcdef0
          cidr_block: 10.0.0.0/16
          state: available
          tags:
            Project: pixstory
            Environment: production
            ManagedBy: ansible
            Name: pixstory-production-main
orphans:
  description: What carries the environment's tags and is not in the index, with C(arn) and C(tags).
  returned: when O(orphans=true)
  type: list
  elements: dict
  sample:
    - arn: arn:aws:sns:ap-south-1:123456789012:pixstory-production-alarms
      tags: {Project: pixstory, Environment: production}
"""

import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.pixstory.platform.plugins.module_utils.kinds import KINDS
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.calls import Aws
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.errors import CallFailed
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.reader import (
    identify,
    orphans,
    read_index,
    services_for,
)

POLL_SECONDS = 3.0


def check_expected(module: AnsibleAWSModule, kinds: list[str]) -> None:
    for kind, names in module.params["expect"].items():
        if kind not in kinds:
            module.fail_json(msg=f"expect names {kind}, which is not read. Add {kind} to kinds, or take it out.")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            module.fail_json(msg=f"expect.{kind} is {names!r}. Write a list of names.")


def missing(index: Mapping[str, Any], expected: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """What is expected and not in the index, by kind."""
    there = {kind: {*index[kind], *(item["name"] for item in index[kind].values())} for kind in expected}
    lacking = {kind: [name for name in names if name not in there[kind]] for kind, names in expected.items()}
    return {kind: names for kind, names in lacking.items() if names}


def in_vain(index: Mapping[str, Any], lacking: Mapping[str, list[str]], timeout: int) -> str:
    place = f"{index['environment']} ({index['region']}, account {index['account_id']})"
    listed = "; ".join(f"{kind} {', '.join(names)}" for kind, names in lacking.items())
    roles = list(dict.fromkeys(KINDS[kind].role for kind in lacking))
    return (
        f"These did not appear in the environment {place} within {timeout} s: {listed}. "
        f"{' and '.join(roles)} {'makes' if len(roles) == 1 else 'make'} them: ansible-playbook "
        f"-i inventories/{index['environment']} playbooks/provision.yml --tags {','.join(roles)}. "
        "If AWS has them already, run again."
    )


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "project": {"required": True},
            "environment": {"required": True},
            "account_id": {},
            "kinds": {"type": "list", "elements": "str"},
            "expect": {"type": "dict", "default": {}},
            "expect_timeout": {"type": "int", "default": 60},
            "orphans": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    kinds = module.params["kinds"] or list(KINDS)
    if unknown := sorted(set(kinds) - KINDS.keys()):
        module.fail_json(msg=f"Unknown kinds: {', '.join(unknown)}. The kinds are {', '.join(KINDS)}.")
    if module.params["kinds"] and module.params["orphans"]:
        module.fail_json(msg="orphans compares with the whole index: leave kinds out, or set orphans to false.")
    check_expected(module, kinds)
    expected = {} if module.check_mode else module.params["expect"]
    environment, account_id = module.params["environment"], module.params["account_id"]
    try:
        aws = Aws(module, services_for(kinds, account_id=account_id, orphans=module.params["orphans"]))
        scope = identify(aws, module.params["project"], environment, account_id)
        deadline = time.monotonic() + module.params["expect_timeout"]
        while True:
            seen: set[str] = set()
            index = read_index(aws, scope, kinds, check_mode=module.check_mode, seen=seen)
            lacking = missing(index, expected)
            if not lacking:
                break
            if time.monotonic() + POLL_SECONDS > deadline:
                module.fail_json(msg=in_vain(index, lacking, module.params["expect_timeout"]))
            time.sleep(POLL_SECONDS)
        result = {"index": index}
        if module.params["orphans"]:
            result["orphans"] = orphans(aws, scope, index, seen)
    except CallFailed as error:
        module.fail_json(msg=f"Cannot read the environment {environment}: {error}")
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
