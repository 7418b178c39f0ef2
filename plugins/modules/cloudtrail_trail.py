#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cloudtrail_trail
version_added: "0.1.0"
short_description: Record what is done in the account with a CloudTrail trail
description:
  - Makes a trail that delivers events to an S3 bucket and CloudWatch Logs, sets which events, starts it, or deletes it.
  - What has been delivered stays when the trail is deleted.
  - Run it in the trail's home Region.
  - Follows U(https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html) and
    U(https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html).
notes:
  - M(amazon.aws.cloudtrail) knows no event selectors, so it cannot record data events.
  - In check mode the bucket, the key, the log group and the role may be ones that do not exist yet.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name of the trail.
    type: str
    required: true
  s3_bucket_name:
    description: The bucket that log files are delivered to. Its policy has to let CloudTrail write. Needed to create.
    type: str
  s3_key_prefix:
    description: What the keys of the log files begin with.
    type: str
  is_multi_region_trail:
    description: Whether events of all Regions are recorded. AWS takes V(false).
    type: bool
  include_global_service_events:
    description: Whether events of global services, IAM for one, are recorded. AWS takes V(true).
    type: bool
  enable_log_file_validation:
    description: Whether a digest is delivered each hour that tells if a log file was changed. AWS takes V(false).
    type: bool
  kms_key_id:
    description: The KMS key of the log files, by its ARN. Its policy has to let CloudTrail use it.
    type: str
  cloud_watch_logs_log_group_arn:
    description: The log group that events are delivered to, by its ARN with C(:*) at the end.
    type: str
  cloud_watch_logs_role_arn:
    description: The role that CloudTrail writes to the log group with.
    type: str
  advanced_event_selectors:
    description:
      - Which events are recorded, in the form of the API. Exact when given. AWS records management events only.
      - See U(https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedEventSelector.html).
    type: list
    elements: dict
  logging:
    description: Whether the trail records. A new one does not until it is told to.
    type: bool
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Record what is done in the account, and what happens to the objects of one bucket
  pixstory.platform.cloudtrail_trail:
    name: pixstory-production
    s3_bucket_name: pixstory-production-trail-123456789012
    is_multi_region_trail: true
    enable_log_file_validation: true
    kms_key_id: arn:aws:kms:ap-south-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef
    advanced_event_selectors:
      - Name: Management events
        FieldSelectors:
          - {Field: eventCategory, Equals: [Management]}
      - Name: Objects
        FieldSelectors:
          - {Field: eventCategory, Equals: [Data]}
          - {Field: resources.type, Equals: ["AWS::S3::Object"]}
          - {Field: resources.ARN, StartsWith: ["arn:aws:s3:::pixstory-production-artifacts-123456789012/"]}
    logging: true
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
trail:
  description:
    - The trail as GetTrail returns it, keys in snake case, with its event selectors and whether it is logging.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    name: pixstory-production
    trail_arn: arn:aws:cloudtrail:ap-south-1:123456789012:trail/pixstory-production
    is_logging: true
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.tagging import ansible_dict_to_boto3_tag_list

from ansible_collections.pixstory.platform.plugins.module_utils.compare import same_kms_key
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, Resource, main_for

LOGS = ("CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn")
# Set with calls of their own.
APART = ("AdvancedEventSelectors", "IsLogging")


def _ordered(selectors: list[dict[str, Any]]) -> list[Any]:
    """Neither the selectors nor their fields nor the values of a field have an order."""
    return sorted(
        (
            selector.get("Name", ""),
            sorted(
                sorted((key, sorted(value) if isinstance(value, list) else value) for key, value in one.items())
                for one in selector.get("FieldSelectors", [])
            ),
        )
        for selector in selectors
    )


def same_selectors(declared: list[dict[str, Any]], present: list[dict[str, Any]] | None) -> bool:
    return _ordered(declared) == _ordered(present or [])


class Trail(Resource):
    kind = "CloudTrail trail"
    service = "cloudtrail"
    result_key = "trail"
    properties = (
        Property("s3_bucket_name", "S3BucketName"),
        Property("s3_key_prefix", "S3KeyPrefix"),
        Property("is_multi_region_trail", "IsMultiRegionTrail"),
        Property("include_global_service_events", "IncludeGlobalServiceEvents"),
        Property("enable_log_file_validation", "EnableLogFileValidation", read=lambda d: d["LogFileValidationEnabled"]),
        Property("kms_key_id", "KmsKeyId", equal=same_kms_key),
        Property("cloud_watch_logs_log_group_arn", "CloudWatchLogsLogGroupArn"),
        Property("cloud_watch_logs_role_arn", "CloudWatchLogsRoleArn"),
        Property("advanced_event_selectors", "AdvancedEventSelectors", verbatim=True, equal=same_selectors),
        Property("logging", "IsLogging"),
    )

    def required_to_create(self) -> tuple[str, ...]:
        return ("s3_bucket_name",)

    def describe(self) -> dict[str, Any] | None:
        answer = self.call_or_none("get_trail", missing=("TrailNotFoundException",), Name=self.name)
        if answer is None:
            return None
        trail = answer["Trail"]
        arn = trail["TrailARN"]
        tags, status, selectors = self.together(
            lambda: self.call("list_tags", ResourceIdList=[arn])["ResourceTagList"],
            lambda: self.call("get_trail_status", Name=arn),
            lambda: self.call("get_event_selectors", TrailName=arn),
        )
        return {
            **trail,
            "Tags": tags[0].get("TagsList", []) if tags else [],
            "IsLogging": status["IsLogging"],
            "AdvancedEventSelectors": selectors.get("AdvancedEventSelectors") or [],
        }

    def create(self, declared: dict[str, Any]) -> None:
        tags = {"TagsList": self.boto3_tags()} if self.params["tags"] else {}
        self.call("create_trail", Name=self.name, **self._settings(declared), **tags)
        self._set_apart(declared)

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        settings = self._settings(changes)
        if any(key in settings for key in LOGS):
            # AWS takes the log group and the role only together.
            settings = {**{key: description[key] for key in LOGS if description.get(key)}, **settings}
        if settings:
            self.call("update_trail", Name=self.name, **settings)
        self._set_apart(changes)

    def _settings(self, values: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in values.items() if key not in APART}

    def _set_apart(self, values: dict[str, Any]) -> None:
        if "AdvancedEventSelectors" in values:
            selectors = values["AdvancedEventSelectors"]
            self.call("put_event_selectors", TrailName=self.name, AdvancedEventSelectors=selectors)
        if "IsLogging" in values:
            self.call(f"{'start' if values['IsLogging'] else 'stop'}_logging", Name=self.name)

    def delete(self, description: dict[str, Any]) -> None:
        self.call("delete_trail", Name=self.name)

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        self.call("add_tags", ResourceId=description["TrailARN"], TagsList=ansible_dict_to_boto3_tag_list(tags))

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        present = self.current_tags(description)
        items = [{"Key": key, "Value": present[key]} for key in keys]
        self.call("remove_tags", ResourceId=description["TrailARN"], TagsList=items)


def main() -> None:
    main_for(
        Trail,
        {
            "name": {"required": True},
            "s3_bucket_name": {},
            "s3_key_prefix": {"no_log": False},
            "is_multi_region_trail": {"type": "bool"},
            "include_global_service_events": {"type": "bool"},
            "enable_log_file_validation": {"type": "bool"},
            "kms_key_id": {},
            "cloud_watch_logs_log_group_arn": {},
            "cloud_watch_logs_role_arn": {},
            "advanced_event_selectors": {"type": "list", "elements": "dict"},
            "logging": {"type": "bool"},
        },
    )


if __name__ == "__main__":
    main()
