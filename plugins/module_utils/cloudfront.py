# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the resources of CloudFront have in common.

Each is one configuration that is replaced as a whole, and only by who names its present version (``If-Match``). It is
declared as CloudFront's API reference writes it, but a list is written as a list where the API has
``{Quantity: 2, Items: [..]}``. What is not declared is taken from what is there.

https://docs.aws.amazon.com/cloudfront/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, ClassVar

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, Resource, same

# Lists whose order decides: the first behaviour that fits, the primary origin.
ORDERED = ("CacheBehaviors", "Members")
# What tells the entries of a list apart.
IDENTITIES = ("Id", "PathPattern", "ErrorCode", "HeaderName", "Header")
# Of these an origin has one.
ORIGINS = ("S3OriginConfig", "CustomOriginConfig", "VpcOriginConfig")


class Unknown(Exception):
    """What was declared is not what CloudFront knows."""


def is_list(shape: Any) -> bool:
    """Whether a structure of the API is nothing but a list with its length."""
    return shape.type_name == "structure" and set(shape.members) == {"Quantity", "Items"}


def to_api(shape: Any, value: Any, path: str = "config") -> Any:
    """The declared value as the API takes it."""
    if is_list(shape):
        if not isinstance(value, list):
            raise Unknown(f"{path} is {value!r}. Write a list.")
        items = to_api(shape.members["Items"], value, path)
        return {"Quantity": len(items), **({"Items": items} if items else {})}
    if shape.type_name == "structure":
        if not isinstance(value, Mapping):
            raise Unknown(f"{path} is {value!r}. Write a dictionary of {', '.join(shape.members)}.")
        for key in value:
            if key not in shape.members or key == "Quantity":
                guess = difflib.get_close_matches(key, shape.members, 1)
                raise Unknown(f"{path}.{key} is nothing that CloudFront knows. Write {guess or list(shape.members)}.")
        sent = {key: to_api(shape.members[key], one, f"{path}.{key}") for key, one in value.items() if one is not None}
        if "Quantity" in shape.members:
            sent["Quantity"] = len(sent.get("Items", []))
            if not sent["Quantity"]:
                sent.pop("Items", None)
        return sent
    if shape.type_name == "list":
        return [to_api(shape.member, one, f"{path}[{at}]") for at, one in enumerate(value)]
    return scalar(shape, value, path)


def scalar(shape: Any, value: Any, path: str) -> Any:
    try:
        if shape.type_name == "boolean":
            return boolean(value)
        if shape.type_name in ("integer", "long"):
            return int(value)
        if shape.type_name in ("float", "double"):
            return float(value)
    except (TypeError, ValueError) as error:
        raise Unknown(f"{path} is {value!r}. Write a value of type {shape.type_name}.") from error
    text = str(value)
    if (known := getattr(shape, "enum", None)) and text not in known:
        raise Unknown(f"{path} is {text!r}. Write one of {', '.join(known)}.")
    return text


def from_api(shape: Any, value: Any) -> Any:
    """The value of the API in the form in which it is declared."""
    if is_list(shape):
        return from_api(shape.members["Items"], value.get("Items") or [])
    if shape.type_name == "structure":
        read = {key: from_api(shape.members[key], one) for key, one in value.items() if key in shape.members}
        if read.pop("Quantity", None) is not None:
            read.setdefault("Items", [])
        return read
    return [from_api(shape.member, one) for one in value] if shape.type_name == "list" else value


def same_config(declared: Any, present: Any, key: str = "") -> bool:
    """Whether what was declared is there: CloudFront fills in the rest, and returns most lists in any order."""
    if isinstance(declared, Mapping) and isinstance(present, Mapping):
        return all(same_config(one, present.get(name), name) for name, one in declared.items() if one is not None)
    if isinstance(declared, list) and isinstance(present, list):
        if len(declared) != len(present):
            return False
        if key in ORDERED:
            return all(same_config(one, other) for one, other in zip(declared, present, strict=True))
        left = list(present)
        for one in declared:
            match = next((other for other in left if same_config(one, other)), None)
            if match is None:
                return False
            left.remove(match)
        return True
    return same(declared, present)


def merged(declared: Any, present: Any) -> Any:
    """What was declared, on top of what is there. An entry of a list is laid over the one with the same identity."""
    if isinstance(declared, Mapping) and isinstance(present, Mapping):
        declared = {key: one for key, one in declared.items() if one is not None}
        kept = {
            key: one
            for key, one in present.items()
            if not (key in ORIGINS and any(other in declared for other in ORIGINS if other != key))
        }
        return {**kept, **{key: merged(one, present.get(key)) for key, one in declared.items()}}
    if isinstance(declared, list) and isinstance(present, list):
        return [merged(one, twin(one, present)) for one in declared]
    return declared


def twin(one: Any, present: list[Any]) -> Any:
    if not isinstance(one, Mapping):
        return None
    key = next((key for key in IDENTITIES if key in one), None)
    return next((other for other in present if key and other.get(key) == one[key]), None)


def as_declared(declared: Any, present: Any) -> Any:
    """Of the present value what was declared, for a diff that shows what changes and not all of AWS's defaults."""
    if isinstance(declared, Mapping) and isinstance(present, Mapping):
        return {key: as_declared(one, present.get(key)) for key, one in declared.items()}
    if isinstance(declared, list) and isinstance(present, list):
        known = [(other, next((one for one in declared if twin(one, [other]) is other), None)) for other in present]
        return [as_declared(one, other) if one is not None else other for other, one in known]
    return present


class Config(Property):
    """The configuration of a resource of CloudFront."""

    def comparable(self, declared: Any, present: Any) -> Any:
        return as_declared(declared, present)


class CloudFrontResource(Resource):
    """A resource that is found by its name, and replaced as a whole.

    A subclass gives CloudFront's word for it, with which all five operations are named.
    """

    service = "cloudfront"
    noun: ClassVar[str]  # CachePolicy
    list_operation: ClassVar[str]
    # The service answers so for some seconds after a distribution has let go of a policy.
    extra_retry_codes = ("PreconditionFailed",)

    @property
    def config_key(self) -> str:
        return f"{self.noun}Config"

    @property
    def operation(self) -> str:
        return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in self.noun)

    def shape(self) -> Any:
        model = self.client().meta.service_model
        return model.operation_model(f"Get{self.noun}").output_shape.members[self.noun].members[self.config_key]

    def named(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {**config, "Name": self.name}

    def validate(self) -> None:
        if self.params["config"] is not None:
            try:
                to_api(self.shape(), self.params["config"])
            except Unknown as error:
                self.fail(f"{self.kind} {self.name}: {error}")

    def required_to_create(self) -> tuple[str, ...]:
        return ("config",)

    def find(self) -> str | None:
        """The id of the resource of that name."""
        ours = {"Type": "custom"} if self.noun.endswith("Policy") else {}  # without AWS's own
        answer = self.call(self.list_operation, MaxItems="100", **ours)  # the quotas are 20 to 100 of each
        listed = answer[f"{self.noun}List"].get("Items", [])
        found = [one.get(self.noun, one) for one in listed]
        return next((one["Id"] for one in found if one.get(self.config_key, one)["Name"] == self.name), None)

    def describe(self) -> dict[str, Any] | None:
        identifier = self.find()
        if identifier is None:
            return None
        answer = self.call_or_none(f"get{self.operation}", missing=(f"NoSuch{self.noun}",), Id=identifier)
        if answer is None:
            return None
        described = answer[self.noun]
        described[self.config_key] = from_api(self.shape(), described[self.config_key])
        return {**described, "ETag": answer["ETag"]}

    def create(self, declared: dict[str, Any]) -> None:
        config = to_api(self.shape(), self.named(declared[self.config_key]))
        self.call(f"create{self.operation}", **{self.config_key: config})

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        self.replace(description, self.named(changes[self.config_key]))

    def replace(self, description: dict[str, Any], declared: Mapping[str, Any]) -> dict[str, Any]:
        config = to_api(self.shape(), merged(declared, description[self.config_key]))
        identity = {"Id": description["Id"], "IfMatch": description["ETag"]}
        return self.call(f"update{self.operation}", **identity, **{self.config_key: config})

    def delete(self, description: dict[str, Any]) -> None:
        self.call(f"delete{self.operation}", Id=description["Id"], IfMatch=description["ETag"])

    def result(self, description: dict[str, Any] | None) -> dict[str, Any]:
        if description is None:
            return {}
        return {"id": description["Id"], "name": self.name, "config": description[self.config_key]}


def config_property(noun: str) -> Config:
    return Config("config", f"{noun}Config", verbatim=True, equal=same_config)
