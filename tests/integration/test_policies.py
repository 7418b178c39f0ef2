"""Each playbook does its work with its own policy and no other permission."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.policies import derive, store

from .conftest import Emulator, Run

ENVIRONMENT = "dev"
REGION = "ap-south-1"


class Deployer:
    """A user whose only permissions are those of the playbook that runs."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        own = {"aws_access_key_id": "emulated", "aws_secret_access_key": "emulated"}
        self.iam = boto3.client("iam", REGION, endpoint_url=emulator.url, **own)
        self.iam.create_user(UserName="deployer")
        key = self.iam.create_access_key(UserName="deployer")["AccessKey"]
        self.keys = {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}

    def enforce(self, on: bool) -> None:
        urllib.request.urlopen(f"{self.emulator.url}/_lab/settings?enforce={int(on)}", b"").close()

    def may(self, documents: list[dict[str, Any]]) -> None:
        """What the policies allow; the emulator judges neither resources nor conditions."""
        actions = sorted(derive.allowed_by(documents))
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.enforce(False)
        self.iam.put_user_policy(UserName="deployer", PolicyName="playbook", PolicyDocument=text)
        self.enforce(True)

    def play(self, playbook: str, *arguments: str) -> Run:
        # The inventory has them from the environment.
        self.emulator.key, self.emulator.secret = self.keys["access_key"], self.keys["secret_key"]
        connection = {"region": REGION, "endpoint_url": self.emulator.url, **self.keys}
        given = ["-e", json.dumps({"platform_aws_connection": connection}), *arguments]
        return self.emulator.play(ENVIRONMENT, playbook, *given)


@pytest.fixture(scope="module")
def deployer(account: Emulator) -> Iterator[Deployer]:
    deployer = Deployer(account)
    yield deployer
    deployer.enforce(False)


@pytest.mark.parametrize("playbook", store.run_in(ENVIRONMENT))
def test_a_playbook_runs_with_its_own_policy(deployer: Deployer, playbook: str) -> None:
    deployer.may(store.needed(playbook))
    run = deployer.play(playbook, *store.arguments(playbook, ENVIRONMENT)).ended_well()
    # The audit goes on where it is refused something, and nothing was asked in another's name.
    assert [one for one in run.requests if one["status"] == 403] == []
    assert {one["principal"] for one in run.requests} == {deployer.keys["access_key"]}


def test_without_one_action_it_does_not(deployer: Deployer) -> None:
    documents = store.needed("status")
    for document in documents:
        for statement in document["Statement"]:
            statement["Action"] = [action for action in statement["Action"] if action != "ec2:DescribeVpcs"]
    deployer.may(documents)
    run = deployer.play("status")
    assert run.code != 0
    assert "not authorized to perform: ec2:DescribeVpcs" in " ".join(run.output.split())
