"""Each playbook does its work with its own policy and no other permission."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.policies import derive, store

from .conftest import Emulator, Run

ENVIRONMENT = "staging"  # all that production has, and its data is kept when it is destroyed
REGION = "ap-south-1"


class Deployer:
    """A user whose only permissions are those of the playbook that runs."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.iam = self.emulator.client("iam")
        self.iam.create_user(UserName="deployer")
        self.iam.get_waiter("user_exists").wait(UserName="deployer")
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


@pytest.mark.parametrize("playbook", [one for one in store.run_in(ENVIRONMENT) if one != "destroy"])
def test_a_playbook_runs_with_its_own_policy(deployer: Deployer, playbook: str) -> None:
    runs_with_its_own_policy(deployer, playbook)


@pytest.mark.parametrize(
    ("playbook", "action"),
    [
        ("status", "ec2:DescribeVpcs"),
        # What WAF asks of the load balancer in the caller's name, and RDS of itself: no playbook calls either.
        ("status", "elasticloadbalancing:DescribeWebACLAssociation"),
        ("destroy", "rds:CreateDBSnapshot"),
    ],
)
def test_without_one_action_it_does_not(deployer: Deployer, playbook: str, action: str) -> None:
    documents = store.needed(playbook)
    for document in documents:
        for statement in document["Statement"]:
            statement["Action"] = [one for one in statement["Action"] if one != action]
    deployer.may(documents)
    run = deployer.play(playbook, *store.arguments(playbook, ENVIRONMENT))
    assert run.code != 0
    assert f"not authorized to perform: {action}" in " ".join(run.output.split())


def test_destroy_runs_with_its_own_policy_and_keeps_the_data(deployer: Deployer) -> None:
    """It goes on where the run before it was refused."""
    runs_with_its_own_policy(deployer, "destroy")
    deployer.enforce(False)
    snapshots = deployer.emulator.client("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert [one["DBInstanceIdentifier"] for one in snapshots] == ["pixstory-staging-main"]


def runs_with_its_own_policy(deployer: Deployer, playbook: str) -> None:
    deployer.may(store.needed(playbook))
    run = deployer.play(playbook, *store.arguments(playbook, ENVIRONMENT)).ended_well()
    # The audit goes on where it is refused something, and nothing was asked in another's name.
    assert [one for one in run.requests if one["status"] == 403] == []
    assert {one["principal"] for one in run.requests} == {deployer.keys["access_key"]}
