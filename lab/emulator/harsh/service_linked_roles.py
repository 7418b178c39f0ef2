# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Service-linked roles: a new account has none, and the first call that needs one fails while the service makes it.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAM.ServiceLinkedRoles.html
https://github.com/terraform-aws-modules/terraform-aws-rds/issues/364 (a subnet group)
https://github.com/aws-samples/eks-workshop-v2/issues/1609 (a database)
https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html
https://docs.aws.amazon.com/config/latest/APIReference/API_PutConfigurationRecorder.html
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from lab.emulator.harsh import Asked, Refused, before
from lab.emulator.harsh.consistency import SWITCH, made_lately
from lab.emulator.harsh.consistency_table import NO_ROLE_OF_CONFIG, Unknown
from lab.emulator.registry import backend_of, table

TABLE = "service-linked roles"
GUIDE = "http://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAM.ServiceLinkedRoles.html"
WAIT = "Verify that you have permission to create service linked role. Otherwise wait and try again later"
NO_SUBNETS = Unknown("InvalidParameterValue", f"Missing necessary credentials. Please check {GUIDE}")
NO_DATABASE = Unknown("InvalidParameterValue", f"Unable to create the resource. {WAIT}")
NO_CACHE = Unknown("ServiceLinkedRoleNotFoundFault", "The specified service linked role (SLR) was not found.")
NO_GROUP = Unknown("ServiceLinkedRoleFailure", "The service-linked role is not yet ready for use.", 500)

# Which service's role an operation needs, and what is said while that is not there.
NEEDED: Mapping[tuple[str, str], tuple[str, Unknown]] = {
    ("autoscaling", "CreateAutoScalingGroup"): ("autoscaling.amazonaws.com", NO_GROUP),
    ("elasticache", "CreateReplicationGroup"): ("elasticache.amazonaws.com", NO_CACHE),
    ("rds", "CreateDBInstance"): ("rds.amazonaws.com", NO_DATABASE),
    ("rds", "CreateDBInstanceReadReplica"): ("rds.amazonaws.com", NO_DATABASE),
    ("rds", "CreateDBSubnetGroup"): ("rds.amazonaws.com", NO_SUBNETS),
}
CONFIG = "config.amazonaws.com"


@before(SWITCH)
def the_role_of_a_service_is_there(asked: Asked) -> Refused | None:
    """Refuse what needs a role that is not there yet; all but Config make theirs then."""
    name, unknown = NEEDED.get((asked.service, asked.operation), ("", NO_ROLE_OF_CONFIG))
    if asked.operation == "PutConfigurationRecorder":
        name = CONFIG if f"/{CONFIG}/" in asked.parameters["ConfigurationRecorder"].get("roleARN", "") else ""
    if not name:
        return None
    backend = backend_of("iam", asked.account, "aws")
    path = f"/aws-service-role/{name}/"
    there = any(role.path == path for role in backend.roles.values())
    made_itself = table(asked.account, "aws", TABLE)
    made_by_caller = any(path in new.identifier for new in made_lately(asked.account))
    if there and not made_by_caller and time.monotonic() - made_itself.get(name, 0.0) > float(SWITCH.value):
        return None
    if not there and name != CONFIG:
        backend.create_service_linked_role(name, "", "")
        made_itself[name] = time.monotonic()
    return Refused(unknown.code, unknown.text.format(id=name, account=asked.account), unknown.status)
