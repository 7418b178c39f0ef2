#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: config_recorder
version_added: "0.1.0"
short_description: Record the configuration of all resources with AWS Config
description:
  - Makes the recorder of the account in a Region and the delivery channel of the same name, starts it, or deletes both.
  - An account has one recorder in a Region. If another one is there, it is left as it is, and a warning says so.
  - Follows U(https://docs.aws.amazon.com/config/latest/APIReference/API_PutConfigurationRecorder.html) and
    U(https://docs.aws.amazon.com/config/latest/APIReference/API_PutDeliveryChannel.html).
notes:
  - M(community.aws.config_recorder) and M(community.aws.config_delivery_channel) skip check mode. Neither starts the
    recorder.
  - AWS Config cannot deliver to a bucket with a default retention of object lock.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name of the recorder and of the delivery channel.
    type: str
    required: true
  role_arn:
    description: The role that AWS Config reads with; best its service-linked role. Needed to create.
    type: str
  all_supported:
    description: Whether every type of resource that AWS Config knows is recorded, also those that it learns later.
    type: bool
  include_global_resource_types:
    description: Whether IAM users, groups, roles and policies are recorded in this Region. With O(all_supported) only.
    type: bool
  resource_types:
    description: The types that are recorded, C(AWS::EC2::Instance) for one. Not with O(all_supported).
    type: list
    elements: str
  delivery_channel:
    description: Where configurations are delivered. Needed to record. A suboption that is not given is left alone.
    type: dict
    suboptions:
      s3_bucket_name:
        description: The bucket. Its policy has to let AWS Config write.
        type: str
        required: true
      s3_key_prefix:
        description: What the keys begin with.
        type: str
      s3_kms_key_arn:
        description: The KMS key of what is delivered. Without one, the bucket's own encryption holds.
        type: str
      sns_topic_arn:
        description: The topic that changes are told to.
        type: str
      delivery_frequency:
        description: How often a snapshot of all configurations is delivered.
        type: str
        choices: [One_Hour, Three_Hours, Six_Hours, Twelve_Hours, TwentyFour_Hours]
  recording:
    description: Whether it records. A new one does not until it is told to.
    type: bool
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Record everything
  pixstory.platform.config_recorder:
    name: pixstory-production
    role_arn: arn:aws:iam::123456789012:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig
    all_supported: true
    include_global_resource_types: true
    delivery_channel:
      s3_bucket_name: pixstory-production-config-123456789012
      delivery_frequency: TwentyFour_Hours
    recording: true
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
recorder:
  description:
    - The recorder as DescribeConfigurationRecorders returns it, keys in snake case, with its delivery channel and
      whether it is recording.
    - Empty in check mode when it would be created, and when another recorder was left as it is.
  returned: when O(state=present)
  type: dict
  sample:
    name: pixstory-production
    recording: true
    recording_group: {all_supported: true, include_global_resource_types: true}
    delivery_channel: {s3_bucket_name: pixstory-production-config-123456789012}
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.tagging import ansible_dict_to_boto3_tag_list

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Plan, Property, Resource, main_for

CHANNEL = {
    "s3_bucket_name": "s3BucketName",
    "s3_key_prefix": "s3KeyPrefix",
    "s3_kms_key_arn": "s3KmsKeyArn",
    "sns_topic_arn": "snsTopicARN",
}
FREQUENCY = "configSnapshotDeliveryProperties"
GROUP = ("allSupported", "includeGlobalResourceTypes", "resourceTypes")


def _group(key: str) -> Any:
    return lambda description: description.get("recordingGroup", {}).get(key)


def _channel(description: dict[str, Any]) -> dict[str, Any]:
    present = description.get("deliveryChannel") or {}
    shown = {param: present.get(key) for param, key in CHANNEL.items()}
    return {**shown, "delivery_frequency": present.get(FREQUENCY, {}).get("deliveryFrequency")}


class Recorder(Resource):
    kind = "AWS Config recorder"
    service = "config"
    result_key = "recorder"
    properties = (
        Property("role_arn", "roleARN"),
        Property("all_supported", "allSupported", read=_group("allSupported")),
        Property("include_global_resource_types", "includeGlobalResourceTypes", read=_group(GROUP[1])),
        Property("resource_types", "resourceTypes", read=_group("resourceTypes"), unordered=True),
        Property("delivery_channel", "deliveryChannel", read=_channel),
        Property("recording", "recording"),
    )
    other: str | None = None  # the recorder of someone else that is there

    def validate(self) -> None:
        if self.params["all_supported"] and self.params["resource_types"]:
            self.fail("resource_types cannot be given with all_supported: true. Delete one of the two.")

    def required_to_create(self) -> tuple[str, ...]:
        return ("role_arn",)

    def describe(self) -> dict[str, Any] | None:
        recorders, statuses, channels = self.together(
            lambda: self.call("describe_configuration_recorders")["ConfigurationRecorders"],
            lambda: self.call("describe_configuration_recorder_status")["ConfigurationRecordersStatus"],
            lambda: self.call("describe_delivery_channels")["DeliveryChannels"],
        )
        # AWS services have recorders of their own beside that of the account.
        recorders = {one["name"]: one for one in recorders if not one.get("servicePrincipal")}
        channel = next((one for one in channels if one["name"] == self.name), None)
        recorder = recorders.pop(self.name, None)
        self.other = next(iter(recorders), None)
        if recorder is None:
            # What an interrupted deletion has left.
            return {"deliveryChannel": channel} if channel and self.params["state"] == "absent" else None
        tags = self.call("list_tags_for_resource", ResourceArn=recorder["arn"])["Tags"] if "arn" in recorder else []
        recording = any(one["recording"] for one in statuses if one["name"] == self.name)
        return {**recorder, "deliveryChannel": channel, "recording": recording, "Tags": tags}

    def plan(self, description: dict[str, Any] | None) -> Plan:
        if description is None and self.other and self.params["state"] == "present":
            self.module.warn(
                f"AWS Config recorder {self.other} records this account in {self.module.region} already, and there can "
                f"be one only. It is left as it is, and {self.name} is not made."
            )
            return Plan()
        return super().plan(description)

    def create(self, declared: dict[str, Any]) -> None:
        self._put(declared, {}, {"Tags": self.boto3_tags()} if self.params["tags"] else {})
        self._set_channel_and_recording(declared, {})

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        if any(key in changes for key in ("roleARN", *GROUP)):
            self._put(changes, description, {})
        self._set_channel_and_recording(changes, description.get("deliveryChannel") or {})

    def _put(self, declared: dict[str, Any], present: dict[str, Any], tags: dict[str, Any]) -> None:
        """The call replaces what is there, so what was not declared is said as it is."""
        group = {key: present.get("recordingGroup", {}).get(key) for key in GROUP}
        group.update({key: declared[key] for key in GROUP if key in declared})
        if group["allSupported"] or not group["resourceTypes"]:
            group = {"allSupported": True, GROUP[1]: bool(group[GROUP[1]])}
        else:
            group = {"allSupported": False, "resourceTypes": group["resourceTypes"]}
        role = declared.get("roleARN", present.get("roleARN"))
        recorder = {"name": self.name, "roleARN": role, "recordingGroup": group}
        self.call("put_configuration_recorder", ConfigurationRecorder=recorder, **tags)

    def _set_channel_and_recording(self, values: dict[str, Any], present: dict[str, Any]) -> None:
        if declared := values.get("deliveryChannel"):
            wanted = {**present, "name": self.name, **{CHANNEL[k]: v for k, v in declared.items() if k in CHANNEL}}
            if frequency := declared.get("delivery_frequency"):
                wanted[FREQUENCY] = {"deliveryFrequency": frequency}
            self.call("put_delivery_channel", DeliveryChannel=wanted)
        if "recording" in values:
            verb = "start" if values["recording"] else "stop"
            self.call(f"{verb}_configuration_recorder", ConfigurationRecorderName=self.name)

    def delete(self, description: dict[str, Any]) -> None:
        if "name" in description:
            # The channel of a recorder that records cannot be deleted.
            self.call("stop_configuration_recorder", ConfigurationRecorderName=self.name)
            self.call("delete_configuration_recorder", ConfigurationRecorderName=self.name)
        if description["deliveryChannel"]:
            self.call("delete_delivery_channel", DeliveryChannelName=self.name)

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        items = ansible_dict_to_boto3_tag_list(tags)
        self.call("tag_resource", ResourceArn=description["arn"], Tags=items)

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        self.call("untag_resource", ResourceArn=description["arn"], TagKeys=keys)


def main() -> None:
    main_for(
        Recorder,
        {
            "name": {"required": True},
            "role_arn": {},
            "all_supported": {"type": "bool"},
            "include_global_resource_types": {"type": "bool"},
            "resource_types": {"type": "list", "elements": "str"},
            "delivery_channel": {
                "type": "dict",
                "options": {
                    "s3_bucket_name": {"required": True},
                    "s3_key_prefix": {"no_log": False},
                    "s3_kms_key_arn": {"no_log": False},
                    "sns_topic_arn": {},
                    "delivery_frequency": {
                        "choices": ["One_Hour", "Three_Hours", "Six_Hours", "Twelve_Hours", "TwentyFour_Hours"]
                    },
                },
            },
            "recording": {"type": "bool"},
        },
    )


if __name__ == "__main__":
    main()
