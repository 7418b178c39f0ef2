# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

from ansible_collections.pixstory.platform.plugins.modules.lambda_function import archive

MODULE = "lambda_function"
NAME = "pixstory-production-stopped-trail"
TOPIC = "arn:aws:sns:ap-south-1:123456789012:security"
RULE = "arn:aws:events:ap-south-1:123456789012:rule/stopped-trail"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "mend"
    (folder / "inner").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "inner" / "one.py").write_text("ONE = 1\n")
    (folder / "notes.txt").write_text("no code")
    return folder


@pytest.fixture
def declared(emulator: Emulator, package: Path) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = emulator.client("iam").create_role(RoleName=NAME, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    return {
        "name": NAME,
        "source": str(package),
        "handler": "mend.handler",
        "role": role,
        "runtime": "python3.13",
        "architecture": "arm64",
        "timeout": 30,
        "environment": {"SETTINGS": "{}"},
        "dead_letter_arn": TOPIC,
        "log_group": "/pixstory/production/lambda",
        "invoked_by": {"events": {"principal": "events.amazonaws.com", "source_arn": RULE}},
        "tags": {"Project": "pixstory", "Role": "remediation"},
    }


def test_twelve_steps(
    emulator: Emulator, twelve_steps: TwelveSteps, declared: dict[str, Any], package: Path, tmp_path: Path
) -> None:
    client = emulator.client("lambda")
    other = tmp_path / "other" / "mend"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("")

    def created(result: dict[str, Any]) -> None:
        found = client.get_function(FunctionName=NAME)["Configuration"]
        assert (found["Timeout"], found["Architectures"]) == (30, ["arm64"])
        assert found["DeadLetterConfig"] == {"TargetArn": TOPIC}
        assert found["LoggingConfig"]["LogGroup"] == "/pixstory/production/lambda"
        assert result["function"]["invoked_by"] == declared["invoked_by"]
        assert result["function"]["tags"] == declared["tags"]

    def changed(result: dict[str, Any]) -> None:
        found = client.get_function(FunctionName=NAME)["Configuration"]
        assert found["Timeout"] == 60
        assert found["Environment"]["Variables"] == {"SETTINGS": "{}", "MORE": "1"}
        assert not found.get("DeadLetterConfig")
        assert result["function"]["invoked_by"] == {}
        assert result["function"]["tags"] == {"Project": "pixstory"}

    def deleted(result: dict[str, Any]) -> None:
        assert client.list_functions()["Functions"] == []

    change = {
        "name": NAME,
        "source": str(other),
        "timeout": 60,
        "environment": {"SETTINGS": "{}", "MORE": 1},
        "dead_letter_arn": "",
        "invoked_by": {},
        "tags": {"Project": "pixstory"},
    }
    twelve_steps(
        MODULE, create=declared, change=change, absent={"name": NAME}, created=created, changed=changed, deleted=deleted
    )


def test_the_same_source_is_the_same_bytes(package: Path, tmp_path: Path) -> None:
    before = archive(package)
    os.utime(package / "__init__.py", (1, 1))
    (package / "__init__.py").chmod(0o600)
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "one.pyc").write_text("")
    assert archive(package) == before
    (package / "inner" / "one.py").write_text("ONE = 2\n")
    assert archive(package) != before


def test_another_architecture_is_another_function(run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    outcome = run.predicted(MODULE, {**declared, "architecture": "x86_64"})
    assert outcome.result["action"] == "replace"


def test_what_is_not_given_is_left_alone(run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    assert not run.predicted(MODULE, {"name": NAME}).changed


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        ({"source": "/nowhere"}, "is not a Python package"),
        ({"invoked_by": {"events": {"principal": "events.amazonaws.com"}}}, "write principal and source_arn"),
        ({"handler": None}, "to create it, give also handler"),
    ],
)
def test_a_mistake_is_refused(run: Runner, declared: dict[str, Any], mistake: dict[str, Any], told: str) -> None:
    wrong = {key: value for key, value in {**declared, **mistake}.items() if value is not None}
    assert told in run(MODULE, wrong, check=True, fails=True).result["msg"]
