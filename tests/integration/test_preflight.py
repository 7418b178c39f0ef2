"""What the preflight says of an account that is new, and what a launch does there."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.emulated import QUOTAS

from .conftest import Emulator, Run

ENVIRONMENTS = ("production", "staging", "local", "dev")
NEW = {"L-1216C47A": 5, "L-0263D0A3": 5}


@pytest.fixture(scope="module")
def new_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    emulator = Emulator(tmp_path_factory.mktemp("new"))
    emulator.grant(NEW)
    yield emulator
    emulator.stop()


def preflight(account: Emulator, environment: str, **variables: Any) -> tuple[Run, dict[str, Any]]:
    file = account.folder / f"preflight-{environment}.json"
    run = account.play(environment, "preflight", "-e", json.dumps({"aws_preflight_json_file": str(file), **variables}))
    return run.stayed_within_its_policy(), json.loads(file.read_text())


def missing(report: dict[str, Any]) -> set[str]:
    """What must hold and does not, on whatever machine this runs."""
    failing = [row for row in report["rows"] if row["status"] == "fails" and row["required"]]
    return {row["subject"] for row in failing if row["check"] != "controller"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_new_account_is_told_what_to_ask_for(new_account: Emulator, environment: str) -> None:
    run, report = preflight(new_account, environment)
    assert run.writes == []
    few = {"vCPUs of running On-Demand Standard instances"} if report["needs"]["L-1216C47A"] > 5 else set()
    assert bool(few) == (environment != "dev")
    assert missing(report) == few
    if few:
        assert run.code != 0
        assert "Ask for" in run.output
        assert f"--desired-value {report['needs']['L-1216C47A']:.0f}" in run.output
    # Reasons are told of all that cannot be seen, and nothing is left out because an answer could not be read.
    unseen = {row["check"] for row in report["rows"] if row["status"] == "unseen"}
    assert unseen <= {"CloudFront", "contacts", "domain", "subscribers"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_the_tests_have_been_granted_is_enough(account: Emulator, environment: str) -> None:
    run, report = preflight(account, environment, aws_preflight_fail_on="never")
    assert run.ended_well().writes == []
    assert missing(report) == set()
    assert all(report["needs"][code] <= granted for code, granted in QUOTAS.items())


def test_what_was_asked_for_is_seen(new_account: Emulator) -> None:
    quotas = new_account.client("service-quotas")
    quotas.request_service_quota_increase(ServiceCode="ec2", QuotaCode="L-1216C47A", DesiredValue=128)
    _, report = preflight(new_account, "staging")
    [row] = [row for row in report["rows"] if row["subject"].startswith("vCPUs") and row["status"] == "fails"]
    assert "128 were asked for, and AWS has not decided" in row["found"]


def test_provision_in_a_new_account_stops_where_the_preflight_said(new_account: Emulator) -> None:
    """A group that may not launch is there all the same, and launches once AWS has raised the quota."""
    first = new_account.play("local", "provision")
    assert first.code != 0
    assert "VcpuLimitExceeded" in first.output
    autoscaling = new_account.client("autoscaling")

    def short() -> list[str]:
        groups = autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
        return [one["AutoScalingGroupName"] for one in groups if len(one["Instances"]) < one["DesiredCapacity"]]

    assert short()
    failed = autoscaling.describe_scaling_activities(AutoScalingGroupName=short()[0])["Activities"][0]
    assert (failed["StatusCode"], "vCPU limit of 5" in failed["StatusMessage"]) == ("Failed", True)
    new_account.grant(QUOTAS)
    urllib.request.urlopen(f"{new_account.url}/_lab/clock?advance=61", b"").close()
    assert short() == []
    new_account.play("local", "provision").ended_well()


def test_what_stands_is_no_more_than_what_was_counted(new_account: Emulator) -> None:
    """The arithmetic of the preflight against an environment that is there."""
    _, report = preflight(new_account, "local", aws_preflight_fail_on="never")
    needs, index = report["needs"], new_account.index("local")
    assert len(index["elastic_ips"]) == needs["L-0263D0A3"] - 1  # one to replace any of them
    assert len(index["vpcs"]) == needs["L-F678F1CE"]
    assert len(index["internet_gateways"]) == needs["L-A4707A72"]
    assert len(index["load_balancers"]) == needs["L-53DA6B97"]
    assert len(index["db_instances"]) == needs["L-7B6409FD"]
    assert len(index["distributions"]) == needs["L-24B04930"]
    ec2 = new_account.client("ec2")
    rules: dict[tuple[str, bool], int] = {}
    for rule in ec2.describe_security_group_rules()["SecurityGroupRules"]:
        key = (rule["GroupId"], rule["IsEgress"])
        rules[key] = rules.get(key, 0) + (55 if rule.get("PrefixListId") else 1)
    assert max(rules.values()) == needs["L-0EA8095F"]
    types = {one["instance_type"] for one in index["instances"].values()}
    known = ec2.describe_instance_types(InstanceTypes=sorted(types))["InstanceTypes"]
    vcpus = {one["InstanceType"]: one["VCpuInfo"]["DefaultVCpus"] for one in known}
    assert sum(vcpus[one["instance_type"]] for one in index["instances"].values()) <= needs["L-1216C47A"]
