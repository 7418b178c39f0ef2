#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: environment_destroy
version_added: "0.1.0"
short_description: Delete all that an environment owns
description:
  - Deletes what M(pixstory.platform.environment_info) lists, in the order in which the resources depend on each other,
    and waits where AWS needs it.
  - Nothing else is touched. What does not carry the tags C(Project) and C(Environment), or the path of the environment
    in IAM and CloudWatch Logs, stays.
  - Deletion protection of databases, load balancers and instances is switched off first. Buckets are emptied.
  - "Data stores leave a final snapshot: RDS instances, replication groups, and volumes that outlive their instances.
    All snapshots stay, and so do the KMS keys that they are encrypted with. They are listed in RV(kept)."
  - A public hosted zone that holds other records than those by which ACM validates certificates is not emptied. It is
    named with its records before anything is deleted.
  - An interrupted run is repaired by running again. The name of a final snapshot holds the moment at which its data
    store was created, so running again does not take another one.
  - Deleted secrets keep their name until O(recovery_window_in_days) is over, KMS keys their alias until
    O(kms_pending_window_in_days) is over. Provisioning the environment again before gets both back with what they
    hold. A secret can be read only while the KMS key that it is encrypted with is not deleted.
  - Fails when something is left, and names it.
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
  confirm:
    description: The name of the environment once more. Anything else is refused.
    type: str
    required: true
  final_snapshots:
    description: Whether data stores leave a final snapshot.
    type: bool
    default: true
  snapshot_suffix:
    description:
      - The end of the names of the final snapshots of databases and caches, after C(<name>-final-).
      - The time of the creation of the data store when not given, as C(YYYYMMDDhhmmss) in UTC.
    type: str
  keep_snapshots:
    description:
      - Whether the snapshots of the environment stay. V(false) deletes the old ones too.
      - Cannot be V(false) when O(final_snapshots=true).
    type: bool
    default: true
  kms_pending_window_in_days:
    description: After how many days AWS deletes the KMS keys, from 7 to 30.
    type: int
    default: 30
  recovery_window_in_days:
    description: For how many days deleted secrets can be restored, from 7 to 30. V(0) deletes them at once.
    type: int
    default: 30
  wait_timeout:
    description:
      - How long to wait for one resource to be gone, in seconds.
      - Also how long to try again while AWS says that something else still holds it.
    type: int
    default: 1800
attributes:
  check_mode:
    description: Lists what it would delete and what it would keep, and makes no write call.
    support: full
  diff_mode:
    description: Shows the resources before and after.
    support: full
requirements:
  - python >= 3.12
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
seealso:
  - module: pixstory.platform.environment_info
"""

EXAMPLES = r"""
- name: Destroy staging and leave final snapshots of its data
  pixstory.platform.environment_destroy:
    project: pixstory
    environment: staging
    confirm: "{{ destroy_confirm }}"

- name: Destroy a rehearsal and leave nothing
  pixstory.platform.environment_destroy:
    project: pixstory
    environment: local
    confirm: local
    final_snapshots: false
    keep_snapshots: false
    recovery_window_in_days: 0
    kms_pending_window_in_days: 7
"""

RETURN = r"""
deleted:
  description: What was deleted, or would be in check mode, in that order. Each with C(kind), C(name) and C(id).
  returned: always
  type: list
  elements: dict
  sample:
    - {kind: vpcs, name: main, id: vpc-0123456789abcdef0}
kept:
  description: What stays on purpose, each with C(kind), C(name), C(id) and C(reason).
  returned: always
  type: list
  elements: dict
  sample:
    - kind: db_snapshots
      name: main-final-20260301090000
      id: pixstory-staging-main-final-20260301090000
      reason: A snapshot is kept unless keep_snapshots is false.
final_snapshots:
  description: The final snapshots that were taken, by name, those of volumes by id.
  returned: always
  type: list
  elements: str
  sample: [pixstory-staging-main-final-20260301090000]
left:
  description: What is left against the will of this module, each with C(kind), C(name), C(id) and C(why).
  returned: when something is left
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.pixstory.platform.plugins.module_utils.kinds import KINDS
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.calls import Aws
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.destroyer import Destroyer, Unfinished
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.errors import CallFailed
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.reader import identify, services_for
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.removal import Removal


def validate(module: AnsibleAWSModule) -> None:
    params = module.params
    if params["confirm"] != params["environment"]:
        module.fail_json(
            msg=f"confirm is {params['confirm']!r}, but the environment is {params['environment']!r}. Nothing was "
            f"deleted. To destroy it, set confirm to {params['environment']!r}."
        )
    if params["final_snapshots"] and not params["keep_snapshots"]:
        module.fail_json(
            msg="final_snapshots is true and keep_snapshots is false, so the final snapshots would be deleted with the "
            "others. Set final_snapshots to false to leave no snapshot, or keep_snapshots to true."
        )
    for name, allowed in (("kms_pending_window_in_days", range(7, 31)), ("recovery_window_in_days", range(7, 31))):
        if params[name] not in allowed and (name, params[name]) != ("recovery_window_in_days", 0):
            module.fail_json(msg=f"{name} is {params[name]}. AWS takes 7 to 30.")


def warn_of_others(module: AnsibleAWSModule, destroyer: Destroyer) -> None:
    """The environment may own what the registry of kinds does not know."""
    try:
        others = destroyer.unknown()
    except CallFailed as error:
        module.warn(f"Cannot look for resources of other kinds: {error}")
        return
    for arn in others:
        module.warn(f"{arn} carries the tags of the environment and is of a kind that is not deleted here.")


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "project": {"required": True},
            "environment": {"required": True},
            "confirm": {"required": True},
            "final_snapshots": {"type": "bool", "default": True},
            "snapshot_suffix": {},
            "keep_snapshots": {"type": "bool", "default": True},
            "kms_pending_window_in_days": {"type": "int", "default": 30},
            "recovery_window_in_days": {"type": "int", "default": 30},
            "wait_timeout": {"type": "int", "default": 1800},
        },
        supports_check_mode=True,
    )
    validate(module)
    params = module.params
    options: dict[str, Any] = {
        key: params[key]
        for key in (
            "final_snapshots",
            "snapshot_suffix",
            "kms_pending_window_in_days",
            "recovery_window_in_days",
            "wait_timeout",
        )
    }
    environment = params["environment"]
    result: dict[str, Any] = {}
    try:
        aws = Aws(module, services_for(KINDS, orphans=True))
        scope = identify(aws, params["project"], environment)
        destroyer = Destroyer(Removal(aws, scope, **options), keep_snapshots=params["keep_snapshots"])
        result = destroyer.plan()
        if not module.check_mode:
            result = destroyer.run()
            warn_of_others(module, destroyer)
    except CallFailed as error:
        module.fail_json(msg=f"Cannot read the environment {environment}: {error}", **result)
    except Unfinished as error:
        module.fail_json(
            msg=f"The environment {environment} is not destroyed. {error} What is gone stays gone: "
            "remove the cause and run again.",
            **{**result, **error.result},
        )
    before = "".join(f"{one['kind']} {one['name']} {one['id']}\n" for one in result["deleted"])
    module.exit_json(changed=bool(result["deleted"]), diff={"before": before, "after": ""}, **result)


if __name__ == "__main__":
    main()
