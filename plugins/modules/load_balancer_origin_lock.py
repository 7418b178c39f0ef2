#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: load_balancer_origin_lock
version_added: "0.1.0"
short_description: Have a load balancer answer only those who send a secret header
description:
  - Gives a listener of an Application Load Balancer two rules. The first does what the listener does by default with
    requests that carry the header with a value of the secret; the second answers 403 to all others.
  - The current value of the secret is accepted, and the previous one as long as Secrets Manager has it
    (C(AWSCURRENT) and C(AWSPREVIOUS)), so that the secret can be replaced without refusing anybody.
  - The values are read by the module. They are in no variable and masked in whatever it returns.
  - Follows U(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/restrict-access-to-load-balancer.html).
notes:
  - ELB compares the values of headers without regard to case.
  - In check mode the load balancer and the secret may be ones that do not exist yet.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name of the load balancer.
    type: str
    required: true
  port:
    description: The port of the listener.
    type: int
    default: 443
  header:
    description: The name of the header. Required when O(state=present).
    type: str
  secret:
    description: The name or the ARN of the secret in Secrets Manager. Required when O(state=present).
    type: str
  priority:
    description: The priority of the first rule; the second has the next one. Other rules are left alone.
    type: int
    default: 49000
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Answer CloudFront and nobody else
  pixstory.platform.load_balancer_origin_lock:
    name: pixstory-production-public
    header: X-Origin-Verify
    secret: /production/edge/origin-verify

- name: Answer all again
  pixstory.platform.load_balancer_origin_lock:
    name: pixstory-production-public
    state: absent
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
lock:
  description: The lock. Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  contains:
    header:
      description: The name of the header.
      type: str
    accepted:
      description: How many values are accepted, 1 or while the secret is being replaced 2.
      type: int
    listener_arn:
      description: The listener.
      type: str
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.tagging import ansible_dict_to_boto3_tag_list

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, Resource, main_for

STAGES = ("AWSCURRENT", "AWSPREVIOUS")
REFUSAL = {
    "Type": "fixed-response",
    "FixedResponseConfig": {"StatusCode": "403", "ContentType": "text/plain", "MessageBody": "Forbidden"},
}
EVERYTHING = [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["*"]}}]


def action_of(described: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the listener does by default, as CreateRule takes it: DescribeListeners says the same twice."""
    return [
        {key: value for key, value in one.items() if not (key == "ForwardConfig" and "TargetGroupArn" in one)}
        for one in described
    ]


def accepted(rule: dict[str, Any]) -> dict[str, Any]:
    """The header and its values in the first rule."""
    conditions = [one for one in rule.get("Conditions", []) if one["Field"] == "http-header"]
    return conditions[0]["HttpHeaderConfig"] if conditions else {"HttpHeaderName": "", "Values": []}


class OriginLock(Resource):
    kind = "origin lock of load balancer"
    service = "elbv2"
    result_key = "lock"
    properties = (
        Property("header", "Header"),
        Property("secret", "Values", secret=True, unordered=True),
        Property("default", "Default", unordered=True),
    )

    def describe(self) -> dict[str, Any] | None:
        self.listener = self._listener()
        if self.listener is None:
            return None
        rules = self.pages("describe_rules", "Rules", ListenerArn=self.listener["ListenerArn"])
        own = {int(one["Priority"]): one for one in rules if not one["IsDefault"]}
        first, second = (own.get(self.params["priority"] + place) for place in (0, 1))
        present = [one for one in (first, second) if one]
        if not present:
            return None
        header = accepted(first or {})
        for value in header["Values"]:
            self.hide(value)
        answer = self.call("describe_tags", ResourceArns=[one["RuleArn"] for one in present])
        tags = [one["Tags"] for one in answer["TagDescriptions"]]
        refuses = bool(second) and second["Actions"][0]["Type"] == "fixed-response"
        passes = bool(first) and action_of(first["Actions"])[0].get("TargetGroupArn")
        default = action_of(self.listener["DefaultActions"])[0].get("TargetGroupArn")
        return {
            "Header": header["HttpHeaderName"],
            "Values": header["Values"],
            "Default": "open" if not refuses else "as the listener" if passes == default else "another target group",
            "First": first,
            "Second": second,
            # Both are tagged alike; where they are not, they are tagged again.
            "Tags": tags[0] if all(one == tags[0] for one in tags) else [],
        }

    def _listener(self) -> dict[str, Any] | None:
        answer = self.call_or_none("describe_load_balancers", missing=("LoadBalancerNotFound",), Names=[self.name])
        if answer is None:
            if self.params["state"] == "present" and not self.module.check_mode:
                self.fail(f"There is no load balancer {self.name}. Make it first, with role aws_load_balancing.")
            return None
        arn = answer["LoadBalancers"][0]["LoadBalancerArn"]
        listeners = self.pages("describe_listeners", "Listeners", LoadBalancerArn=arn)
        found = next((one for one in listeners if one["Port"] == self.params["port"]), None)
        if found is None and self.params["state"] == "present" and not self.module.check_mode:
            ports = ", ".join(str(one["Port"]) for one in listeners) or "none"
            self.fail(f"{self.kind} {self.name}: no listener of port {self.params['port']}; it has {ports}.")
        return found

    def declared(self) -> dict[str, Any]:
        if self.params["state"] == "absent":
            return {}
        return {"Header": self.params["header"], "Values": self._values(), "Default": "as the listener"}

    def _values(self) -> list[str]:
        """The current value first. In check mode the secret may be one that would be generated."""
        values = []
        for stage in STAGES:
            answer = self.call_or_none(
                "get_secret_value",
                service="secretsmanager",
                missing=("ResourceNotFoundException",),
                SecretId=self.params["secret"],
                VersionStage=stage,
            )
            if answer is not None and answer["SecretString"] not in values:
                values.append(self.hide(answer["SecretString"]))
        if not values and not self.module.check_mode:
            self.fail(
                f"{self.kind} {self.name}: there is no secret {self.params['secret']}. Make it first, with role "
                "aws_secrets."
            )
        return values

    def create(self, declared: dict[str, Any]) -> None:
        self._set({"First": None, "Second": None}, declared)

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        self._set(description, self.declared())

    def _set(self, present: dict[str, Any], declared: dict[str, Any]) -> None:
        """The way through first, so that nobody is refused who may pass."""
        header = {"HttpHeaderName": declared["Header"], "Values": declared["Values"]}
        conditions = [{"Field": "http-header", "HttpHeaderConfig": header}]
        passing = {"Conditions": conditions, "Actions": action_of(self.listener["DefaultActions"])}
        refusing = {"Conditions": EVERYTHING, "Actions": [REFUSAL]}
        for place, (key, parts) in enumerate((("First", passing), ("Second", refusing))):
            if present[key]:
                self.call("modify_rule", RuleArn=present[key]["RuleArn"], **parts)
                continue
            priority = self.params["priority"] + place
            tags = {"Tags": self.boto3_tags()} if self.params["tags"] else {}
            self.call("create_rule", ListenerArn=self.listener["ListenerArn"], Priority=priority, **parts, **tags)

    def delete(self, description: dict[str, Any]) -> None:
        """The refusal first."""
        for key in ("Second", "First"):
            if description[key]:
                self.call("delete_rule", RuleArn=description[key]["RuleArn"])

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        self.call("add_tags", ResourceArns=self._rules(description), Tags=ansible_dict_to_boto3_tag_list(tags))

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        self.call("remove_tags", ResourceArns=self._rules(description), TagKeys=keys)

    def _rules(self, description: dict[str, Any]) -> list[str]:
        return [description[key]["RuleArn"] for key in ("First", "Second") if description[key]]

    def result(self, description: dict[str, Any] | None) -> dict[str, Any]:
        if description is None:
            return {}
        return {
            "header": description["Header"],
            "accepted": len(description["Values"]),
            "listener_arn": self.listener["ListenerArn"],
            "tags": self.current_tags(description),
        }


def main() -> None:
    main_for(
        OriginLock,
        {
            "name": {"required": True},
            "port": {"type": "int", "default": 443},
            "header": {},
            "secret": {"no_log": False},
            "priority": {"type": "int", "default": 49000},
        },
        required_if=[("state", "present", ["header", "secret"])],
    )


if __name__ == "__main__":
    main()
