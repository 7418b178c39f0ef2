#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: sns_topic
version_added: "0.1.0"
short_description: Make an SNS topic with its key, policy and subscriptions
description:
  - Makes a standard topic and sets what is declared of it, or deletes it with its subscriptions.
  - Follows U(https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html),
    U(https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html) and
    U(https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html).
notes:
  - M(community.aws.sns_topic) fails in check mode where the topic does not exist, and does not know encryption.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name of the topic.
    type: str
    required: true
  display_name:
    description: The name that e-mails come from.
    type: str
  kms_master_key_id:
    description: The KMS key that messages are encrypted with, compared as it is written. AWS encrypts with none.
    type: str
  policy:
    description: Who may use the topic. Two policies that mean the same are the same.
    type: dict
  subscriptions:
    description:
      - Who gets the messages. Exact when given. V([]) ends all that have been confirmed.
      - AWS asks the owner of an e-mail address first. A subscription that was not confirmed ends by itself in 48 hours,
        and then this module asks again.
    type: list
    elements: dict
    suboptions:
      protocol:
        description: How.
        type: str
        required: true
        choices: [email, email-json, https, lambda, sqs, sms]
      endpoint:
        description: Where; an address, a URL or an ARN.
        type: str
        required: true
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Make the topic that alarms go to
  pixstory.platform.sns_topic:
    name: pixstory-production-security
    kms_master_key_id: arn:aws:kms:ap-south-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef
    subscriptions:
      - {protocol: email, endpoint: security@example.com}
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
topic:
  description:
    - The attributes of the topic as GetTopicAttributes returns them, keys in snake case, and its subscriptions.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    topic_arn: arn:aws:sns:ap-south-1:123456789012:pixstory-production-security
    kms_master_key_id: arn:aws:kms:ap-south-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef
"""

import json
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.tagging import ansible_dict_to_boto3_tag_list

from ansible_collections.pixstory.platform.plugins.module_utils.compare import same_policy
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, Resource, main_for


def _endpoint(subscription: dict[str, Any]) -> dict[str, str]:
    return {"protocol": subscription["Protocol"], "endpoint": subscription["Endpoint"]}


def _confirmed(subscription: dict[str, Any]) -> bool:
    """One that was not confirmed has no ARN, and so cannot be ended."""
    return str(subscription["SubscriptionArn"]).startswith("arn:")


def same_subscriptions(declared: list[dict[str, str]], present: list[dict[str, Any]]) -> bool:
    """All that were declared are there or have been asked for, and no other is confirmed."""
    return all(one in map(_endpoint, present) for one in declared) and all(
        _endpoint(one) in declared for one in present if _confirmed(one)
    )


class Topic(Resource):
    kind = "SNS topic"
    service = "sns"
    result_key = "topic"
    properties = (
        Property("display_name", "DisplayName"),
        Property("kms_master_key_id", "KmsMasterKeyId"),
        Property("policy", "Policy", verbatim=True, equal=same_policy),
        Property("subscriptions", "Subscriptions", equal=same_subscriptions),
    )

    def describe(self) -> dict[str, Any] | None:
        topics = self.pages("list_topics", "Topics")
        arn = next((one["TopicArn"] for one in topics if one["TopicArn"].split(":")[-1] == self.name), None)
        if arn is None:
            return None
        attributes, tags, subscriptions = self.together(
            lambda: self.call("get_topic_attributes", TopicArn=arn)["Attributes"],
            lambda: self.call("list_tags_for_resource", ResourceArn=arn)["Tags"],
            lambda: self.pages("list_subscriptions_by_topic", "Subscriptions", TopicArn=arn),
        )
        policy = json.loads(attributes.get("Policy") or "{}")
        return {**attributes, "Policy": policy, "Subscriptions": subscriptions, "Tags": tags}

    def create(self, declared: dict[str, Any]) -> None:
        attributes = {key: value for key, value in declared.items() if key in ("DisplayName", "KmsMasterKeyId")}
        arn = self.call("create_topic", Name=self.name, Attributes=attributes, Tags=self.boto3_tags())["TopicArn"]
        if "Policy" in declared:
            self._set(arn, "Policy", json.dumps(declared["Policy"]))
        self._subscribe(arn, declared.get("Subscriptions", []))

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        arn = description["TopicArn"]
        wanted = changes.get("Subscriptions")
        for key, value in changes.items():
            if key != "Subscriptions":
                self._set(arn, key, json.dumps(value) if key == "Policy" else value)
        if wanted is not None:
            present = description["Subscriptions"]
            self._subscribe(arn, [one for one in wanted if one not in map(_endpoint, present)])
            for one in present:
                if _confirmed(one) and _endpoint(one) not in wanted:
                    self.call("unsubscribe", SubscriptionArn=one["SubscriptionArn"])

    def _set(self, arn: str, key: str, value: str) -> None:
        self.call("set_topic_attributes", TopicArn=arn, AttributeName=key, AttributeValue=value)

    def _subscribe(self, arn: str, subscriptions: list[dict[str, str]]) -> None:
        for one in subscriptions:
            self.call("subscribe", TopicArn=arn, Protocol=one["protocol"], Endpoint=one["endpoint"])

    def delete(self, description: dict[str, Any]) -> None:
        self.call("delete_topic", TopicArn=description["TopicArn"])

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        arn, items = description["TopicArn"], ansible_dict_to_boto3_tag_list(tags)
        self.call("tag_resource", ResourceArn=arn, Tags=items)

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        self.call("untag_resource", ResourceArn=description["TopicArn"], TagKeys=keys)


def main() -> None:
    main_for(
        Topic,
        {
            "name": {"required": True},
            "display_name": {},
            "kms_master_key_id": {},
            "policy": {"type": "dict"},
            "subscriptions": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "protocol": {
                        "required": True,
                        "choices": ["email", "email-json", "https", "lambda", "sqs", "sms"],
                    },
                    "endpoint": {"required": True},
                },
            },
        },
    )


if __name__ == "__main__":
    main()
