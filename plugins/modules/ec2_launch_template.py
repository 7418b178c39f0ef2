#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ec2_launch_template
version_added: "0.1.0"
short_description: Make a launch template, and a new version of it when what it launches changes
description:
  - Makes a launch template, known by its name, or deletes it with all its versions.
  - A version cannot be changed. When the latest one is not as declared, a new one is made. It keeps what is not
    declared, and earlier versions stay. AWS keeps 10,000.
  - The lists O(block_device_mappings), O(network_interfaces) and O(tag_specifications) are exact. What is there and not
    declared is left out of the new version. A list that is not given is kept.
  - Follows U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html) and
    U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplateVersion.html).
notes:
  - M(amazon.aws.ec2_launch_template) reads every version, and compares the latest one exactly. Whatever AWS adds to its
    description of a version, the state of the metadata options say, may thus make a new version on every run. This
    module compares what is declared, and makes two calls for a launch template that is as declared.
  - In check mode the instance profile, the KMS key, the subnets and the security groups may be ones that do not exist
    yet.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name of the launch template.
    type: str
    required: true
  default_version:
    description:
      - V(latest) makes the latest version the default one, each time that there is a new one.
      - A number makes that version the default one. A new version then does not become it.
      - The default version is what is launched where neither a number nor C($Latest) is asked for.
    type: str
    default: latest
  version_description:
    description: Description of a version that is made. One that is there keeps its own.
    type: str
  image_id:
    description: The AMI. Creation needs this or another option of what is launched.
    type: str
  instance_type:
    description: The instance type.
    type: str
  iam_instance_profile:
    description: The ARN of the instance profile.
    type: str
  user_data:
    description: Base64 text. Whoever may read the template can read it, so no secret belongs in it.
    type: str
  monitoring:
    description: Metrics of CloudWatch.
    type: dict
    suboptions:
      enabled:
        description: Whether there is one a minute, and not one in five minutes.
        type: bool
        required: true
  metadata_options:
    description: The instance metadata service. What is not given of it is kept.
    type: dict
    suboptions:
      http_endpoint:
        description: Whether there is one.
        type: str
        choices: [enabled, disabled]
      http_tokens:
        description: Whether a session token is V(required), which is version 2 of the service.
        type: str
        choices: [optional, required]
      http_put_response_hop_limit:
        description: How many hops the answer with a token may take, 1 to 64.
        type: int
      http_protocol_ipv6:
        description: Whether it answers over IPv6.
        type: str
        choices: [enabled, disabled]
      instance_metadata_tags:
        description: Whether it tells the tags of the instance.
        type: str
        choices: [enabled, disabled]
  block_device_mappings:
    description: The volumes.
    type: list
    elements: dict
    suboptions:
      device_name:
        description: The name of the device, C(/dev/xvda) say.
        type: str
        required: true
      ebs:
        description: The EBS volume.
        type: dict
        suboptions:
          volume_type:
            description: The type of the volume, V(gp3) say.
            type: str
          volume_size:
            description: The size in GiB.
            type: int
          iops:
            description: I/O operations per second.
            type: int
          throughput:
            description: The throughput in MiB/s.
            type: int
          encrypted:
            description: Whether it is encrypted.
            type: bool
          kms_key_id:
            description: The ARN of the KMS key.
            type: str
          snapshot_id:
            description: The snapshot that it is made from.
            type: str
          delete_on_termination:
            description: Whether it goes with the instance.
            type: bool
  network_interfaces:
    description: The network interfaces.
    type: list
    elements: dict
    suboptions:
      device_index:
        description: The place of the interface in the instance. The first is 0.
        type: int
        required: true
      associate_public_ip_address:
        description: Whether it gets a public address. Without it the subnet decides.
        type: bool
      delete_on_termination:
        description: Whether it goes with the instance.
        type: bool
      description:
        description: A description.
        type: str
      groups:
        description: The ids of the security groups.
        type: list
        elements: str
      subnet_id:
        description: The subnet. Without it whoever launches the instance decides.
        type: str
  tag_specifications:
    description: The tags of what is launched. Those of the launch template itself are O(tags).
    type: list
    elements: dict
    suboptions:
      resource_type:
        description: What is tagged.
        type: str
        required: true
        choices: [instance, volume, network-interface, spot-instances-request]
      tags:
        description: The tags.
        type: dict
        required: true
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Make the launch template of the web servers
  pixstory.platform.ec2_launch_template:
    name: pixstory-production-web
    image_id: ami-0123456789abcdef0
    instance_type: t4g.medium
    iam_instance_profile: arn:aws:iam::123456789012:instance-profile/pixstory-production-web
    block_device_mappings:
      - device_name: /dev/xvda
        ebs:
          volume_type: gp3
          volume_size: 20
          encrypted: true
          delete_on_termination: true
    metadata_options:
      http_tokens: required
    monitoring:
      enabled: true
    network_interfaces:
      - device_index: 0
        associate_public_ip_address: false
        groups: [sg-0123456789abcdef0]
    tag_specifications:
      - resource_type: instance
        tags:
          Role: web
    tags:
      Project: pixstory
      Role: web

- name: A version with another image
  pixstory.platform.ec2_launch_template:
    name: pixstory-production-web
    image_id: ami-0123456789abcdef1
    version_description: Security updates of November

- name: Back to the version before
  pixstory.platform.ec2_launch_template:
    name: pixstory-production-web
    default_version: 1
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
launch_template:
  description:
    - The launch template as DescribeLaunchTemplates returns it, keys in snake case.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  contains:
    launch_template_id:
      description: The id.
      type: str
      sample: lt-0123456789abcdef0
    launch_template_name:
      description: The name.
      type: str
    default_version_number:
      description: The default version.
      type: int
    latest_version_number:
      description: The latest version.
      type: int
    launch_template_data:
      description: What the latest version launches, as DescribeLaunchTemplateVersions returns it.
      type: dict
    tags:
      description: The tags.
      type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict, snake_dict_to_camel_dict
from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
)

from ansible_collections.pixstory.platform.plugins.module_utils.aws_calls import Ec2Resource
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, main_for, same


def spelled(value: Any) -> Any:
    """``value`` with true and false as words, so that a false differs from what a template does not say."""
    if isinstance(value, dict):
        return {key: spelled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [spelled(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else value


def same_data(declared: Any, present: Any) -> bool:
    """Whether a version says what was declared. Where it says nothing, AWS decides at launch."""
    return same(spelled(declared), spelled(present), unordered=True)


def same_tag_specifications(declared: list[dict[str, Any]], present: list[dict[str, Any]] | None) -> bool:
    """Tags are compared exactly: AWS adds none."""
    return tags_by_type(declared) == tags_by_type(present or [])


def tags_by_type(specifications: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    return {one["resource_type"]: {k: str(v) for k, v in one["tags"].items()} for one in specifications}


def read_tag_specifications(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"resource_type": one["ResourceType"], "tags": boto3_tag_list_to_ansible_dict(one["Tags"])}
        for one in data.get("TagSpecifications", [])
    ]


def trimmed(value: Any, shape: Any) -> Any:
    """``value`` without what AWS describes and takes in no request: the state of the metadata options, say."""
    if isinstance(value, dict):
        return {key: trimmed(item, shape.members[key]) for key, item in value.items() if key in shape.members}
    return [trimmed(item, shape.member) for item in value] if isinstance(value, list) else value


def launched(param: str, api: str, read: Callable[[dict[str, Any]], Any] | None = None, **arguments: Any) -> Property:
    """A property of what is launched, in the form of the parameter; it lies in the data of the latest version."""

    def plain(data: dict[str, Any]) -> Any:
        return camel_dict_to_snake_dict({"Value": data.get(api)})["value"]

    return Property(
        param, api, read=lambda description: (read or plain)(description["LaunchTemplateData"]), **arguments
    )


class LaunchTemplate(Ec2Resource):
    kind = "launch template"
    service = "ec2"
    id_key = "LaunchTemplateId"
    result_key = "launch_template"
    data_properties = (
        launched("image_id", "ImageId"),
        launched("instance_type", "InstanceType"),
        launched(
            "iam_instance_profile", "IamInstanceProfile", lambda data: data.get("IamInstanceProfile", {}).get("Arn")
        ),
        launched("user_data", "UserData"),
        launched("monitoring", "Monitoring", equal=same_data),
        launched("metadata_options", "MetadataOptions"),
        launched("block_device_mappings", "BlockDeviceMappings", equal=same_data),
        launched("network_interfaces", "NetworkInterfaces", equal=same_data),
        launched("tag_specifications", "TagSpecifications", read_tag_specifications, equal=same_tag_specifications),
    )
    properties = (*data_properties, Property("default_version", "DefaultVersion"))

    def validate(self) -> None:
        version = self.params["default_version"]
        if version != "latest" and not version.isdigit():
            self.fail(f"ec2_launch_template {self.name}: default_version is {version!r}. Write latest or a number.")
        profile = self.params["iam_instance_profile"] or "arn:"
        if not profile.startswith("arn:"):
            self.fail(
                f"ec2_launch_template {self.name}: iam_instance_profile is {profile!r}. Write the ARN of the instance "
                "profile, arn:aws:iam::<account>:instance-profile/<name>."
            )

    def required_to_create(self) -> tuple[str, ...]:
        anything = any(self.params[prop.param] is not None for prop in self.data_properties)
        return () if anything else ("image_id",)

    def describe(self) -> dict[str, Any] | None:
        description, versions = self.together(
            lambda: self.first("describe_launch_templates", "LaunchTemplates", {"launch-template-name": self.name}),
            lambda: self.call_or_none(
                "describe_launch_template_versions",
                missing=("InvalidLaunchTemplateName.NotFoundException",),
                LaunchTemplateName=self.name,
                Versions=["$Latest"],
            ),
        )
        if description is None or versions is None:
            return None
        [latest] = versions["LaunchTemplateVersions"]
        description["LaunchTemplateData"] = latest["LaunchTemplateData"]
        default = description["DefaultVersionNumber"]
        follows = self.params["default_version"] == "latest" and default == latest["VersionNumber"]
        description["DefaultVersion"] = "latest" if follows else str(default)
        return description

    def create(self, declared: dict[str, Any]) -> None:
        tags = self.boto3_tags()
        self.call(
            "create_launch_template",
            LaunchTemplateName=self.name,
            LaunchTemplateData=self._data(declared),
            **self._version_description(),
            **({"TagSpecifications": [{"ResourceType": "launch-template", "Tags": tags}]} if tags else {}),
        )

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        template = {"LaunchTemplateId": description["LaunchTemplateId"]}
        latest = description["LatestVersionNumber"]
        if any(prop.api in changes for prop in self.data_properties):
            made = self.call(
                "create_launch_template_version",
                **template,
                LaunchTemplateData=self._next(description["LaunchTemplateData"], self._data(changes)),
                **self._version_description(),
            )
            latest = made["LaunchTemplateVersion"]["VersionNumber"]
        wanted = self.params["default_version"]
        wanted = str(latest) if wanted == "latest" else wanted
        if wanted != str(description["DefaultVersionNumber"]):
            self.call("modify_launch_template", **template, DefaultVersion=wanted)

    def delete(self, description: dict[str, Any]) -> None:
        self.call("delete_launch_template", LaunchTemplateId=description["LaunchTemplateId"])

    def _next(self, latest: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
        """The data of the next version, whole.

        With SourceVersion AWS would inherit the rest, but a list that is declared empty could not be told from one that
        is not declared.
        """
        data = trimmed(latest, self.client().meta.service_model.shape_for("RequestLaunchTemplateData"))
        if "MetadataOptions" in changed:
            changed["MetadataOptions"] = {**data.get("MetadataOptions", {}), **changed["MetadataOptions"]}
        return {**data, **changed}

    def _version_description(self) -> dict[str, str]:
        text = self.params["version_description"]
        return {} if text is None else {"VersionDescription": text}

    def _data(self, values: dict[str, Any]) -> dict[str, Any]:
        """The launch template data of a request."""
        given = {prop.param: values[prop.api] for prop in self.data_properties if prop.api in values}
        specifications = given.pop("tag_specifications", None)
        data = snake_dict_to_camel_dict(given, capitalize_first=True)
        if "IamInstanceProfile" in data:
            data["IamInstanceProfile"] = {"Arn": data["IamInstanceProfile"]}
        if specifications is not None:
            data["TagSpecifications"] = [
                {"ResourceType": kind, "Tags": ansible_dict_to_boto3_tag_list(tags)}
                for kind, tags in tags_by_type(specifications).items()
            ]
        return data


def main() -> None:
    main_for(
        LaunchTemplate,
        {
            "name": {"required": True},
            "default_version": {"default": "latest"},
            "version_description": {},
            "image_id": {},
            "instance_type": {},
            "iam_instance_profile": {},
            "user_data": {},
            "monitoring": {"type": "dict", "options": {"enabled": {"type": "bool", "required": True}}},
            "metadata_options": {
                "type": "dict",
                "options": {
                    "http_endpoint": {"choices": ["enabled", "disabled"]},
                    "http_tokens": {"choices": ["optional", "required"]},
                    "http_put_response_hop_limit": {"type": "int"},
                    "http_protocol_ipv6": {"choices": ["enabled", "disabled"]},
                    "instance_metadata_tags": {"choices": ["enabled", "disabled"]},
                },
            },
            "block_device_mappings": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "device_name": {"required": True},
                    "ebs": {
                        "type": "dict",
                        "options": {
                            "volume_type": {},
                            "volume_size": {"type": "int"},
                            "iops": {"type": "int"},
                            "throughput": {"type": "int"},
                            "encrypted": {"type": "bool"},
                            "kms_key_id": {},
                            "snapshot_id": {},
                            "delete_on_termination": {"type": "bool"},
                        },
                    },
                },
            },
            "network_interfaces": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "device_index": {"type": "int", "required": True},
                    "associate_public_ip_address": {"type": "bool"},
                    "delete_on_termination": {"type": "bool"},
                    "description": {},
                    "groups": {"type": "list", "elements": "str"},
                    "subnet_id": {},
                },
            },
            "tag_specifications": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "resource_type": {
                        "required": True,
                        "choices": ["instance", "volume", "network-interface", "spot-instances-request"],
                    },
                    "tags": {"type": "dict", "required": True},
                },
            },
        },
    )


if __name__ == "__main__":
    main()
