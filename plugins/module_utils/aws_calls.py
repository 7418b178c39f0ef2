# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that several resources make in the same way; mixed into a Resource."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.tagging import ansible_dict_to_boto3_tag_list

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, Resource


class TagsByArn(Resource):
    """Tags as RDS and ElastiCache take them: with AddTagsToResource, by the ARN of the resource."""

    arn_key: ClassVar[str] = "ARN"

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        arn, items = description[self.arn_key], ansible_dict_to_boto3_tag_list(tags)
        self.call("add_tags_to_resource", ResourceName=arn, Tags=items)

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        self.call("remove_tags_from_resource", ResourceName=description[self.arn_key], TagKeys=keys)

    def list_tags(self, arn: str) -> list[dict[str, str]]:
        """For resources whose description lacks them."""
        return self.call("list_tags_for_resource", ResourceName=arn).get("TagList", [])


class TagResource(Resource):
    """Tags as the newer services take them: with TagResource and UntagResource, by the ARN of the resource.

    Services spell the arguments in their own ways, and some want a list where others want a dictionary.
    """

    arn_key: ClassVar[str]
    tag_arguments: ClassVar[tuple[str, str, str]] = ("ResourceArn", "Tags", "TagKeys")
    tags_as_list: ClassVar[bool] = False

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        resource, key, _dummy = self.tag_arguments
        written = ansible_dict_to_boto3_tag_list(tags) if self.tags_as_list else tags
        self.call("tag_resource", **{resource: description[self.arn_key], key: written})

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        resource, _dummy, key = self.tag_arguments
        self.call("untag_resource", **{resource: description[self.arn_key], key: keys})


class Ec2Resource(Resource):
    """Found by filters, and tagged with CreateTags by its id, as all of EC2 is."""

    id_key: ClassVar[str]

    def all(self, operation: str, key: str, filters: dict[str, str]) -> list[dict[str, Any]]:
        """The resources that all the filters fit."""
        wanted = [{"Name": name, "Values": [value]} for name, value in filters.items()]
        return self.pages(operation, key, Filters=wanted)

    def first(self, operation: str, key: str, filters: dict[str, str]) -> dict[str, Any] | None:
        """The first resource that all the filters fit, or None."""
        return next(iter(self.all(operation, key, filters)), None)

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        self.call("create_tags", Resources=[description[self.id_key]], Tags=ansible_dict_to_boto3_tag_list(tags))

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        self.call("delete_tags", Resources=[description[self.id_key]], Tags=[{"Key": key} for key in keys])


def attribute(param: str, key: str) -> Property:
    """An attribute of a load balancer or a target group. AWS keeps each as text."""
    return Property(param, key, read=lambda description: description["Attributes"].get(key), equal=same_text)


def as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def same_text(declared: Any, present: Any) -> bool:
    return as_text(declared) == present


class ElbResource(Resource):
    """A load balancer or a target group: with attributes, and tagged with AddTags by its ARN."""

    service = "elbv2"
    arn_key: ClassVar[str]
    attributes: ClassVar[tuple[Property, ...]] = ()

    def validate(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?", self.name):
            self.fail(
                f"{self.kind}: name {self.name!r} ({len(self.name)} characters) is refused by AWS. Write up to 32 "
                "letters, digits and hyphens, with no hyphen at either end."
            )

    def read_attributes_and_tags(self, description: dict[str, Any]) -> None:
        arn = description[self.arn_key]
        attributes, tags = self.together(
            lambda: self.call(f"describe_{self.result_key}_attributes", **{self.arn_key: arn})["Attributes"],
            lambda: self.call("describe_tags", ResourceArns=[arn])["TagDescriptions"][0]["Tags"],
        )
        description["Attributes"] = {item["Key"]: item["Value"] for item in attributes}
        description["Tags"] = tags

    def set_attributes(self, arn: str, values: dict[str, Any]) -> None:
        wanted = [{"Key": p.api, "Value": as_text(values[p.api])} for p in self.attributes if p.api in values]
        if wanted:
            self.call(f"modify_{self.result_key}_attributes", **{self.arn_key: arn}, Attributes=wanted)

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        tag_list = ansible_dict_to_boto3_tag_list(tags)
        self.call("add_tags", ResourceArns=[description[self.arn_key]], Tags=tag_list)

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        self.call("remove_tags", ResourceArns=[description[self.arn_key]], TagKeys=keys)


class KmsAliases(Resource):
    """Looks up the KMS aliases among the declared values, because AWS describes a resource with the key's ARN."""

    kms_keys: ClassVar[tuple[str, ...]] = ("KmsKeyId",)

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self._key_arns: dict[str, str] = {}

    def declared(self) -> dict[str, Any]:
        declared = super().declared()
        for key in self.kms_keys:
            if "alias/" in declared.get(key, ""):
                declared[key] = self._key_arn(declared[key])
        return declared

    def _key_arn(self, alias: str) -> str:
        """The ARN of the key; the alias itself when there is none yet, as in check mode on a fresh account."""
        if alias not in self._key_arns:
            found = self.call_or_none("describe_key", service="kms", missing=("NotFoundException",), KeyId=alias)
            self._key_arns[alias] = found["KeyMetadata"]["Arn"] if found else alias
        return self._key_arns[alias]
