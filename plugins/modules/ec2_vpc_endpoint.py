#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ec2_vpc_endpoint
version_added: "0.1.0"
short_description: Make a VPC endpoint of an AWS service
description:
  - Makes, changes or deletes a gateway or interface endpoint.
  - An endpoint is found by its C(Name) tag. One of the same VPC, service and type that has another tag or none is taken
    over, because a second one beside it would collide with its routes or its private DNS names.
  - With O(state=absent) only one with our C(Name) tag is deleted.
  - Follows U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html) and
    U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcEndpoint.html).
notes:
  - M(amazon.aws.ec2_vpc_endpoint) never changes an endpoint. It finds a gateway endpoint by its exact set of route
    tables, so with one more route table declared it tries to make a second endpoint, and AWS answers
    C(RouteAlreadyExists). It has no parameter for private DNS names.
  - In check mode the VPC, the subnets, the route tables and the security groups may be ones that do not exist yet.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The C(Name) tag of the endpoint.
    type: str
    required: true
  vpc_id:
    description: The VPC. Cannot be changed.
    type: str
    required: true
  service_name:
    description: The name of the service, V(com.amazonaws.ap-south-1.s3) say. Cannot be changed.
    type: str
    required: true
  vpc_endpoint_type:
    description: The type. Cannot be changed.
    type: str
    choices: [Gateway, Interface]
    default: Gateway
  route_table_ids:
    description: All route tables that lead to a gateway endpoint.
    type: list
    elements: str
  subnet_ids:
    description: All subnets of an interface endpoint, one in a zone.
    type: list
    elements: str
  security_group_ids:
    description: All security groups of an interface endpoint.
    type: list
    elements: str
  private_dns_enabled:
    description:
      - Whether the usual names of the service lead to the interface endpoint inside the VPC.
      - An interface endpoint that is created without this parameter has it.
    type: bool
  policy:
    description: The policy of the endpoint. Two policies that mean the same are the same.
    type: dict
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - pixstory.platform.common.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Reach S3 without the internet
  pixstory.platform.ec2_vpc_endpoint:
    name: pixstory-production-main-s3
    vpc_id: vpc-0123456789abcdef0
    service_name: com.amazonaws.ap-south-1.s3
    vpc_endpoint_type: Gateway
    route_table_ids: [rtb-0123456789abcdef0, rtb-0fedcba9876543210]
    tags:
      Project: pixstory

- name: Reach Systems Manager without the internet
  pixstory.platform.ec2_vpc_endpoint:
    name: pixstory-production-main-ssm
    vpc_id: vpc-0123456789abcdef0
    service_name: com.amazonaws.ap-south-1.ssm
    vpc_endpoint_type: Interface
    subnet_ids: [subnet-0123456789abcdef0]
    security_group_ids: [sg-0123456789abcdef0]
    wait: false
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
vpc_endpoint:
  description:
    - The endpoint as DescribeVpcEndpoints returns it, keys in snake case.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    vpc_endpoint_id: vpce-0123456789abcdef0
    vpc_endpoint_type: Gateway
    service_name: com.amazonaws.ap-south-1.s3
    state: available
"""

import json
import uuid
from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.aws_calls import Ec2Resource
from ansible_collections.pixstory.platform.plugins.module_utils.compare import same_policy
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, main_for

ONLY_FOR = {
    "Gateway": ("route_table_ids",),
    "Interface": ("subnet_ids", "security_group_ids", "private_dns_enabled"),
}
LISTS = ("RouteTableIds", "SubnetIds", "SecurityGroupIds")


def state(description: dict[str, Any]) -> str:
    """In lower case: the API model writes Available, the API writes available."""
    return str(description.get("State", "")).lower()


def security_groups(description: dict[str, Any]) -> list[str]:
    return [group["GroupId"] for group in description.get("Groups") or []]


def policy(description: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(description.get("PolicyDocument") or "{}"))


class VpcEndpoint(Ec2Resource):
    kind = "VPC endpoint"
    service = "ec2"
    id_key = "VpcEndpointId"
    result_key = "vpc_endpoint"
    name_tag = True
    properties = (
        Property("vpc_id", "VpcId", mutable=False),
        Property("service_name", "ServiceName", mutable=False),
        Property("vpc_endpoint_type", "VpcEndpointType", mutable=False),
        Property("route_table_ids", "RouteTableIds", unordered=True),
        Property("subnet_ids", "SubnetIds", unordered=True),
        Property("security_group_ids", "SecurityGroupIds", read=security_groups, unordered=True),
        Property("private_dns_enabled", "PrivateDnsEnabled"),
        Property("policy", "PolicyDocument", read=policy, verbatim=True, equal=same_policy),
    )
    made: dict[str, Any] | None = None

    def validate(self) -> None:
        kind = self.params["vpc_endpoint_type"]
        for other, params in ONLY_FOR.items():
            if other != kind and (wrong := [param for param in params if self.params[param] is not None]):
                self.fail(
                    f"{', '.join(wrong)}: a {kind.lower()} endpoint has none. Leave it out of {self.kind} {self.name}, "
                    f"or write vpc_endpoint_type: {other}."
                )

    def declared(self) -> dict[str, Any]:
        declared = super().declared()
        for key in LISTS:
            if key in declared:
                declared[key] = list(dict.fromkeys(declared[key]))
        return declared

    def describe(self) -> dict[str, Any] | None:
        if self.made is not None:
            return self._describe_made(self.made)
        named = self._listed({"tag:Name": self.name})
        ours = [endpoint for endpoint in named if self._is_meant(endpoint)]
        live = [endpoint for endpoint in ours if not self.going(endpoint)]
        if live:
            return self._only(live)
        if self.params["state"] != "absent":
            # One of our name that is something else is refused, for what it is cannot be changed.
            elsewhere = [endpoint for endpoint in named if endpoint not in ours and not self.going(endpoint)]
            if elsewhere:
                return elsewhere[0]
            unnamed = self._listed(
                {
                    "vpc-id": self.params["vpc_id"],
                    "service-name": self.params["service_name"],
                    "vpc-endpoint-type": self.params["vpc_endpoint_type"],
                }
            )
            live = [endpoint for endpoint in unnamed if not self.going(endpoint)]
            if live:
                return self._only(live)
        return ours[0] if ours else None

    def create(self, declared: dict[str, Any]) -> None:
        if self.params["vpc_endpoint_type"] == "Interface":
            declared.setdefault("PrivateDnsEnabled", True)
        if "PolicyDocument" in declared:
            declared["PolicyDocument"] = json.dumps(declared["PolicyDocument"])
        answer = self.call(
            "create_vpc_endpoint",
            ClientToken=uuid.uuid4().hex,  # a retry of this call makes no second endpoint
            TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": self.boto3_tags()}],
            **declared,
        )
        self.made = answer["VpcEndpoint"]

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        present = {prop.api: prop.current(description) or [] for prop in self.properties if prop.api in LISTS}
        request: dict[str, Any] = {}
        for key, value in changes.items():
            if key in LISTS:
                request[f"Add{key}"] = [one for one in value if one not in present[key]]
                request[f"Remove{key}"] = [one for one in present[key] if one not in value]
            else:
                request[key] = json.dumps(value) if key == "PolicyDocument" else value
        # An empty list is not sent: AWS refuses some of them.
        sent = {key: value for key, value in request.items() if value != []}
        self.call("modify_vpc_endpoint", VpcEndpointId=description["VpcEndpointId"], **sent)

    def delete(self, description: dict[str, Any]) -> None:
        answer = self.call("delete_vpc_endpoints", VpcEndpointIds=[description["VpcEndpointId"]])
        # AWS answers 200 and lists what it refused in the body.
        for refused in answer.get("Unsuccessful", []):
            self.fail(f"AWS refused to delete {self.kind} {self.name}: {refused['Error']['Message']}")

    def busy(self, description: dict[str, Any]) -> bool:
        return state(description) == "pending"

    def going(self, description: dict[str, Any]) -> bool:
        return state(description) == "deleting"

    def ready(self, description: dict[str, Any]) -> bool:
        return state(description) == "available"

    def failed(self, description: dict[str, Any]) -> str | None:
        if state(description) not in ("failed", "rejected", "expired"):
            return None
        reason = (description.get("LastError") or {}).get("Message") or description.get("FailureReason")
        return f"{description['VpcEndpointId']} is {state(description)} ({reason or 'AWS gives no reason'})"

    def advice(self, description: dict[str, Any] | None) -> str:
        if description is not None and state(description) == "pendingacceptance":
            return f"The owner of the service has to accept {description['VpcEndpointId']}; then run again."
        return super().advice(description)

    def _is_meant(self, endpoint: dict[str, Any]) -> bool:
        same = (("VpcId", "vpc_id"), ("ServiceName", "service_name"), ("VpcEndpointType", "vpc_endpoint_type"))
        return all(endpoint.get(key) == self.params[param] for key, param in same)

    def _listed(self, filters: dict[str, str]) -> list[dict[str, Any]]:
        """The endpoints that are not deleted, but those that an AWS service made for itself and alone may change."""
        wanted = [{"Name": name, "Values": [value]} for name, value in filters.items()]
        endpoints = self.pages("describe_vpc_endpoints", "VpcEndpoints", Filters=wanted)
        return [one for one in endpoints if state(one) != "deleted" and not one.get("RequesterManaged")]

    def _only(self, endpoints: list[dict[str, Any]]) -> dict[str, Any]:
        if len(endpoints) > 1:
            ids = ", ".join(sorted(endpoint["VpcEndpointId"] for endpoint in endpoints))
            self.fail(
                f"{self.kind} {self.name}: {len(endpoints)} {self.params['vpc_endpoint_type'].lower()} endpoints of "
                f"{self.params['service_name']} in {self.params['vpc_id']} may be meant: {ids}. Leave the tag "
                f"Name={self.name} on the one that is meant, and on no other, and run again."
            )
        return endpoints[0]

    def _describe_made(self, made: dict[str, Any]) -> dict[str, Any]:
        """What was created in this run; AWS may take a moment to list it."""
        ids, missing = [made["VpcEndpointId"]], ("InvalidVpcEndpointId.NotFound",)
        answer = self.call_or_none("describe_vpc_endpoints", missing=missing, VpcEndpointIds=ids)
        return answer["VpcEndpoints"][0] if answer and answer["VpcEndpoints"] else made


def main() -> None:
    main_for(
        VpcEndpoint,
        {
            "name": {"required": True},
            "vpc_id": {"required": True},
            "service_name": {"required": True},
            "vpc_endpoint_type": {"choices": ["Gateway", "Interface"], "default": "Gateway"},
            "route_table_ids": {"type": "list", "elements": "str"},
            "subnet_ids": {"type": "list", "elements": "str"},
            "security_group_ids": {"type": "list", "elements": "str"},
            "private_dns_enabled": {"type": "bool"},
            "policy": {"type": "dict"},
        },
        wait=True,
    )


if __name__ == "__main__":
    main()
