# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the WAF resources have in common: a scope, a lock token, tags by ARN, and lists that boto3 does not page."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, ClassVar

try:
    from botocore.exceptions import ClientError
except ImportError:  # AnsibleAWSModule reports the missing library
    ClientError = Exception  # type: ignore[misc,assignment]

from ansible_collections.amazon.aws.plugins.module_utils.tagging import ansible_dict_to_boto3_tag_list

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Resource

GLOBAL_REGION = "us-east-1"
LOCKED = "WAFOptimisticLockException"
LOCK_ATTEMPTS = 5
MISSING = ("WAFNonexistentItemException",)

SCOPE_ARGUMENT: dict[str, Any] = {"scope": {"choices": ["REGIONAL", "CLOUDFRONT"], "default": "REGIONAL"}}


class WafResource(Resource):
    """A web ACL or an IP set: found by name and scope, and changed with the token that it was read with."""

    service = "wafv2"
    noun: ClassVar[str]  # of the operations, "ip_set"
    answer_key: ClassVar[str]  # of the description in the answer to Get, "IPSet"
    list_operation: ClassVar[str]
    list_key: ClassVar[str]

    def validate(self) -> None:
        region = self.module.region
        if self.params["scope"] == "CLOUDFRONT" and region != GLOBAL_REGION:
            self.fail(
                f"{self.kind} {self.name}: scope is CLOUDFRONT and region is {region}. AWS keeps what CloudFront uses "
                f"in {GLOBAL_REGION}: write region: {GLOBAL_REGION}."
            )

    def describe(self) -> dict[str, Any] | None:
        summary = self._summary()
        if summary is None:
            return None
        where = {"Name": self.name, "Scope": self.params["scope"], "Id": summary["Id"]}
        answer, tags = self.together(
            lambda: self.call_or_none(f"get_{self.noun}", missing=MISSING, **where),
            lambda: self.call_or_none("list_tags_for_resource", missing=MISSING, ResourceARN=summary["ARN"]),
        )
        if answer is None or tags is None:
            return None
        return {
            **answer[self.answer_key],
            "LockToken": answer["LockToken"],
            "Tags": tags["TagInfoForResource"]["TagList"],
        }

    def _summary(self) -> dict[str, Any] | None:
        marker: dict[str, str] = {}
        while True:
            answer = self.call(self.list_operation, Scope=self.params["scope"], Limit=100, **marker)
            for item in answer[self.list_key]:
                if item["Name"] == self.name:
                    return dict(item)
            if not answer.get("NextMarker") or not answer[self.list_key]:
                return None
            marker = {"NextMarker": answer["NextMarker"]}

    def write(self, operation: str, description: dict[str, Any], arguments: Callable[[dict[str, Any]], Any]) -> None:
        """One write with the token of the description; with a new one when another was faster.

        ``arguments`` is given the description as it is then: what is not declared stays as the other has set it.
        """
        for attempt in range(LOCK_ATTEMPTS):
            where = {"Name": self.name, "Scope": self.params["scope"], "Id": description["Id"]}
            try:
                self.call(operation, **where, LockToken=description["LockToken"], **arguments(description))
                return
            except ClientError as error:
                if error.response["Error"]["Code"] != LOCKED or attempt == LOCK_ATTEMPTS - 1:
                    raise
            time.sleep(min(0.2 * 2**attempt, self.poll_seconds))
            found = self.describe()
            if found is None:
                self.fail(f"{self.kind} {self.name} was deleted by somebody else while it was changed. Run again.")
            description = found

    def delete(self, description: dict[str, Any]) -> None:
        self.write(f"delete_{self.noun}", description, lambda _: {})

    def tag_arguments(self) -> dict[str, Any]:
        """AWS refuses an empty list."""
        return {"Tags": self.boto3_tags()} if self.params.get("tags") else {}

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        self.call("tag_resource", ResourceARN=description["ARN"], Tags=ansible_dict_to_boto3_tag_list(tags))

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        self.call("untag_resource", ResourceARN=description["ARN"], TagKeys=keys)

    def result(self, description: dict[str, Any] | None) -> dict[str, Any]:
        return super().result({k: v for k, v in description.items() if k != "LockToken"} if description else None)
