# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "iam_managed_policy"
ARN = "arn:aws:iam::123456789012:policy/pixstory/production/pixstory-production-web"


def document(*actions: str) -> dict:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


DECLARED = {
    "arn": ARN,
    "description": "What a web machine reads",
    "policy": document("ssm:GetParameter", "s3:GetObject"),
    "tags": {"Project": "pixstory", "Role": "web"},
}


def versions(emulator: Emulator) -> list[dict]:
    return emulator.client("iam").list_policy_versions(PolicyArn=ARN)["Versions"]


def in_force(emulator: Emulator) -> dict:
    iam = emulator.client("iam")
    policy = iam.get_policy(PolicyArn=ARN)["Policy"]
    return iam.get_policy_version(PolicyArn=ARN, VersionId=policy["DefaultVersionId"])["PolicyVersion"]["Document"]


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps) -> None:
    def created(result: dict) -> None:
        policy = emulator.client("iam").get_policy(PolicyArn=ARN)["Policy"]
        assert (policy["Path"], policy["PolicyName"]) == ("/pixstory/production/", "pixstory-production-web")
        assert policy["Description"] == "What a web machine reads"
        assert result["policy"]["tags"] == DECLARED["tags"]
        assert result["policy"]["arn"] == ARN

    def changed(result: dict) -> None:
        assert in_force(emulator) == document("ssm:GetParameter")
        assert len(versions(emulator)) == 1
        assert result["policy"]["tags"] == {"Project": "pixstory"}

    change = {"arn": ARN, "policy": document("ssm:GetParameter"), "tags": {"Project": "pixstory"}}
    twelve_steps(MODULE, create=DECLARED, change=change, absent={"arn": ARN}, created=created, changed=changed)


def test_a_document_that_means_the_same_is_the_same(run: Runner) -> None:
    run(MODULE, DECLARED)
    assert not run.predicted(MODULE, {"arn": ARN, "policy": document("s3:GetObject", "ssm:GetParameter")}).changed


def test_what_is_not_given_is_left_alone(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    assert not run.predicted(MODULE, {"arn": ARN}).changed
    assert in_force(emulator) == DECLARED["policy"]


def test_five_versions_leave_room_for_another(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    for number in range(4):
        emulator.client("iam").create_policy_version(PolicyArn=ARN, PolicyDocument=json.dumps(document("s3:*")))
        assert len(versions(emulator)) == number + 2
    run(MODULE, {"arn": ARN, "policy": document("s3:ListBucket")})
    assert in_force(emulator) == document("s3:ListBucket")
    assert len(versions(emulator)) == 1


@pytest.mark.parametrize("arn", ["pixstory-web", "arn:aws:iam::aws:policy/ReadOnlyAccess", f"{ARN}/", f"{ARN} "])
def test_what_is_not_the_arn_of_a_policy_of_ones_own_is_refused(run: Runner, arn: str) -> None:
    outcome = run(MODULE, {**DECLARED, "arn": arn}, fails=True)
    assert "is not the ARN of a customer managed policy" in outcome.result["msg"]


def test_creation_needs_a_document(run: Runner) -> None:
    outcome = run(MODULE, {"arn": ARN}, fails=True)
    assert "to create it, give also policy" in outcome.result["msg"]
