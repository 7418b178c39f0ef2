#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: lambda_function
version_added: "0.1.0"
short_description: Make a Lambda function of a directory of Python
description:
  - Makes a function from a Python package, changes its code, its settings and who may invoke it, or deletes it.
  - The package is put into an archive in which the same source is the same bytes (names in order, no times, not
    compressed), so a function is changed only when its source is.
  - Follows U(https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html) and
    U(https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html).
notes:
  - M(amazon.aws.lambda) takes a file that somebody has to make and knows no log group. M(amazon.aws.lambda_policy) says
    nothing in check mode of a permission that it would make.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The name of the function.
    type: str
    required: true
  description:
    description: What it is for.
    type: str
  source:
    description: The directory of a Python package. Its own name is the package's name in the function.
    type: path
  handler:
    description: What is called, C(package.module.function).
    type: str
  role:
    description: The ARN of the role that the function runs as.
    type: str
  runtime:
    description: The runtime, for example V(python3.13).
    type: str
  architecture:
    description: The processor. AWS takes V(x86_64) without it. A change replaces the function.
    type: str
    choices: [x86_64, arm64]
  timeout:
    description: Seconds that a run takes at most. AWS takes 3 without it.
    type: int
  memory_size:
    description: Memory in MB. AWS takes 128 without it.
    type: int
  environment:
    description: Environment variables.
    type: dict
  dead_letter_arn:
    description: The SNS topic or SQS queue that gets events which failed thrice. An empty one takes it away.
    type: str
  log_group:
    description: The log group. AWS takes C(/aws/lambda/<name>) without it.
    type: str
  invoked_by:
    description:
      - Who may invoke it, by the id of the statement, each with C(principal) and C(source_arn).
      - Statements that are not in it are removed.
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
- name: Start a trail that was stopped
  pixstory.platform.lambda_function:
    name: pixstory-production-stopped-trail
    source: "{{ role_path }}/files/pixstory_remediation"
    handler: pixstory_remediation.handlers.stopped_trail
    runtime: python3.13
    role: arn:aws:iam::123456789012:role/pixstory/production/pixstory-production-stopped-trail
    invoked_by:
      events:
        principal: events.amazonaws.com
        source_arn: arn:aws:events:ap-south-1:123456789012:rule/pixstory-production-stopped-trail
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
function:
  description:
    - The function as GetFunctionConfiguration returns it, keys in snake case, with who may invoke it in C(invoked_by).
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    function_arn: arn:aws:lambda:ap-south-1:123456789012:function:pixstory-production-stopped-trail
    code_sha256: wRB8pDAA7p0Lq2p8pBGa8Rl3Xm2nJ0y1rJb6mLw1c5k=
"""

import base64
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, Resource, main_for

MISSING = ("ResourceNotFoundException",)
SETTINGS = ("Description", "Handler", "Role", "Runtime", "Timeout", "MemorySize")


def archive(package: Path) -> bytes:
    """The package as Lambda takes it; the same bytes for the same source, whatever zlib and clock."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as target:
        for path in sorted(package.rglob("*.py")):
            entry = zipfile.ZipInfo((package.name / path.relative_to(package)).as_posix(), (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            target.writestr(entry, path.read_bytes())
    return written.getvalue()


def digest(code: bytes) -> str:
    return base64.b64encode(hashlib.sha256(code).digest()).decode()


def permissions(policy: str | None) -> dict[str, dict[str, str]]:
    """Who may invoke a function, from its policy."""
    return {
        statement["Sid"]: {
            "principal": statement["Principal"].get("Service") or statement["Principal"].get("AWS"),
            "source_arn": next(iter(statement.get("Condition", {}).get("ArnLike", {}).values()), ""),
        }
        for statement in (json.loads(policy)["Statement"] if policy else [])
    }


class Function(Resource):
    kind = "Lambda function"
    service = "lambda"
    result_key = "function"
    replaceable = True  # it keeps nothing
    extra_retry_codes = ("ResourceConflictException",)
    properties = (
        Property("description", "Description"),
        Property("source", "CodeSha256"),
        Property("handler", "Handler"),
        Property("role", "Role"),
        Property("runtime", "Runtime"),
        Property("architecture", "Architecture", read=lambda found: found["Architectures"][0], mutable=False),
        Property("timeout", "Timeout"),
        Property("memory_size", "MemorySize"),
        Property(
            "environment",
            "Environment",
            read=lambda found: found.get("Environment", {}).get("Variables", {}),
            verbatim=True,
            equal=lambda declared, present: declared == present,
        ),
        Property(
            "dead_letter_arn", "DeadLetterConfig", read=lambda found: found.get("DeadLetterConfig", {}).get("TargetArn")
        ),
        Property("log_group", "LoggingConfig", read=lambda found: found.get("LoggingConfig", {}).get("LogGroup")),
        Property("invoked_by", "InvokedBy", verbatim=True, equal=lambda declared, present: declared == present),
    )

    def validate(self) -> None:
        source = self.params["source"]
        if source and not (Path(source) / "__init__.py").is_file():
            self.fail(f"{self.kind} {self.name}: source {source} is not a Python package: it has no __init__.py.")
        for name, one in (self.params["invoked_by"] or {}).items():
            if not isinstance(one, dict) or set(one) != {"principal", "source_arn"}:
                self.fail(
                    f"{self.kind} {self.name}: write principal and source_arn, and no more, in invoked_by.{name}."
                )

    def required_to_create(self) -> tuple[str, ...]:
        return ("source", "handler", "role", "runtime")

    def declared(self) -> dict[str, Any]:
        declared = super().declared()
        if "CodeSha256" in declared:
            self.code = archive(Path(self.params["source"]))
            declared["CodeSha256"] = digest(self.code)
        if "Environment" in declared:
            declared["Environment"] = {key: str(value) for key, value in declared["Environment"].items()}
        return declared

    def describe(self) -> dict[str, Any] | None:
        function, policy = self.together(
            lambda: self.call_or_none("get_function", missing=MISSING, FunctionName=self.name),
            lambda: self.call_or_none("get_policy", missing=MISSING, FunctionName=self.name),
        )
        if function is None:
            return None
        invoked_by = permissions(policy["Policy"] if policy else None)
        return {**function["Configuration"], "Tags": function.get("Tags", {}), "InvokedBy": invoked_by}

    def busy(self, description: dict[str, Any]) -> bool:
        return description.get("State") == "Pending" or description.get("LastUpdateStatus") == "InProgress"

    def failed(self, description: dict[str, Any]) -> str | None:
        return description.get("StateReason") if description.get("State") == "Failed" else None

    def create(self, declared: dict[str, Any]) -> None:
        architecture = {"Architectures": [declared["Architecture"]]} if "Architecture" in declared else {}
        self.call(
            "create_function",
            FunctionName=self.name,
            Code={"ZipFile": self.code},
            Tags=self.params.get("tags") or {},
            **self._settings(declared),
            **architecture,
        )
        self._permit({}, declared.get("InvokedBy", {}))

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        settings = self._settings(changes)
        if "CodeSha256" in changes:
            self.call("update_function_code", FunctionName=self.name, ZipFile=self.code)
            if settings:  # AWS takes one change after the other
                self.wait_while_busy()
        if settings:
            self.call("update_function_configuration", FunctionName=self.name, **settings)
        if "InvokedBy" in changes:
            self._permit(description["InvokedBy"], changes["InvokedBy"])

    @staticmethod
    def _settings(values: dict[str, Any]) -> dict[str, Any]:
        settings = {key: values[key] for key in SETTINGS if key in values}
        if "Environment" in values:
            settings["Environment"] = {"Variables": values["Environment"]}
        if "DeadLetterConfig" in values:
            settings["DeadLetterConfig"] = {"TargetArn": values["DeadLetterConfig"]}
        if "LoggingConfig" in values:
            settings["LoggingConfig"] = {"LogGroup": values["LoggingConfig"]}
        return settings

    def _permit(self, present: dict[str, Any], declared: dict[str, Any]) -> None:
        for name, statement in present.items():
            if declared.get(name) != statement:
                self.call("remove_permission", FunctionName=self.name, StatementId=name)
        for name, statement in declared.items():
            if present.get(name) != statement:
                self.call(
                    "add_permission",
                    FunctionName=self.name,
                    StatementId=name,
                    Action="lambda:InvokeFunction",
                    Principal=statement["principal"],
                    SourceArn=statement["source_arn"],
                )

    def delete(self, description: dict[str, Any]) -> None:
        self.call("delete_function", FunctionName=self.name)

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        self.call("tag_resource", Resource=description["FunctionArn"], Tags=tags)

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        self.call("untag_resource", Resource=description["FunctionArn"], TagKeys=keys)


def main() -> None:
    main_for(
        Function,
        {
            "name": {"required": True},
            "description": {},
            "source": {"type": "path"},
            "handler": {},
            "role": {},
            "runtime": {},
            "architecture": {"choices": ["x86_64", "arm64"]},
            "timeout": {"type": "int"},
            "memory_size": {"type": "int"},
            "environment": {"type": "dict"},
            "dead_letter_arn": {},
            "log_group": {},
            "invoked_by": {"type": "dict"},
        },
        wait=True,
    )


if __name__ == "__main__":
    main()
