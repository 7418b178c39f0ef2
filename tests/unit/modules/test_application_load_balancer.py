# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from twelve_steps import Emulator, Requests, Runner, TwelveSteps

MODULE = "application_load_balancer"
NAME = "pixstory-production-public"
REDIRECT = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
NOT_FOUND = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}


class Place(NamedTuple):
    """What a load balancer needs: subnets in three zones, security groups, target groups and certificates."""

    subnets: list[str]
    groups: list[str]
    targets: list[str]
    certificates: list[str]


@pytest.fixture
def place(emulator: Emulator) -> Place:
    ec2, elbv2, acm = (emulator.client(service) for service in ("ec2", "elbv2", "acm"))
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"ap-south-1{zone}")["Subnet"]
        for number, zone in enumerate("abc")
    ]
    groups = [ec2.create_security_group(GroupName=name, Description="x", VpcId=vpc)["GroupId"] for name in "xyz"]
    targets = [
        elbv2.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
        for name in ("one", "two")
    ]
    certificates = [acm.request_certificate(DomainName=f"{name}.org")["CertificateArn"] for name in ("one", "two")]
    return Place([subnet["SubnetId"] for subnet in subnets], groups, targets, certificates)


def forward(target: str) -> dict[str, Any]:
    return {"Type": "forward", "TargetGroupArn": target}


def rule(priority: int, path: str, action: dict[str, Any]) -> dict[str, Any]:
    return {
        "Priority": priority,
        "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": [path]}}],
        "Actions": [action],
    }


@pytest.fixture
def declared(place: Place) -> dict[str, Any]:
    return {
        "name": NAME,
        "scheme": "internet-facing",
        "subnets": place.subnets[:2],
        "security_groups": place.groups[:2],
        "http_drop_invalid_header_fields": True,
        "forwarded_for": "preserve",
        "deletion_protection": False,
        "access_logs_enabled": True,
        "access_logs_s3_bucket": "pixstory-production-logs",
        "access_logs_s3_prefix": "load-balancers",
        "listeners": [
            {"Port": 80, "Protocol": "HTTP", "DefaultActions": [REDIRECT]},
            {
                "Port": 443,
                "Protocol": "HTTPS",
                "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
                "Certificates": [{"CertificateArn": place.certificates[0]}],
                "DefaultActions": [forward(place.targets[0])],
                "Rules": [rule(1, "/a/*", forward(place.targets[1])), rule(2, "/b/*", NOT_FOUND)],
            },
        ],
        "tags": {"Project": "pixstory", "Role": "load-balancing"},
    }


def balancer(emulator: Emulator) -> dict[str, Any]:
    [found] = emulator.client("elbv2").describe_load_balancers(Names=[NAME])["LoadBalancers"]
    return found


def attributes(emulator: Emulator) -> dict[str, str]:
    arn = balancer(emulator)["LoadBalancerArn"]
    listed = emulator.client("elbv2").describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    return {item["Key"]: item["Value"] for item in listed}


def listeners(emulator: Emulator) -> dict[int, dict[str, Any]]:
    arn = balancer(emulator)["LoadBalancerArn"]
    return {one["Port"]: one for one in emulator.client("elbv2").describe_listeners(LoadBalancerArn=arn)["Listeners"]}


def rules(emulator: Emulator, port: int) -> dict[str, dict[str, Any]]:
    arn = listeners(emulator)[port]["ListenerArn"]
    return {one["Priority"]: one for one in emulator.client("elbv2").describe_rules(ListenerArn=arn)["Rules"]}


def subnets(emulator: Emulator) -> set[str]:
    return {zone["SubnetId"] for zone in balancer(emulator)["AvailabilityZones"]}


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps, place: Place, declared: dict[str, Any]) -> None:
    first: dict[int, dict[str, Any]] = {}

    def created(result: dict[str, Any]) -> None:
        assert result["load_balancer"]["load_balancer_arn"] == balancer(emulator)["LoadBalancerArn"]
        assert result["load_balancer"]["tags"] == declared["tags"]
        assert (balancer(emulator)["Scheme"], balancer(emulator)["Type"]) == ("internet-facing", "application")
        assert set(balancer(emulator)["SecurityGroups"]) == set(place.groups[:2])
        assert subnets(emulator) == set(place.subnets[:2])
        assert attributes(emulator)["routing.http.drop_invalid_header_fields.enabled"] == "true"
        assert attributes(emulator)["routing.http.xff_header_processing.mode"] == "preserve"
        assert attributes(emulator)["access_logs.s3.enabled"] == "true"
        assert attributes(emulator)["access_logs.s3.bucket"] == "pixstory-production-logs"
        assert attributes(emulator)["access_logs.s3.prefix"] == "load-balancers"
        first.update(listeners(emulator))
        assert set(first) == {80, 443}
        assert first[80]["DefaultActions"][0]["RedirectConfig"]["StatusCode"] == "HTTP_301"
        assert first[443]["Certificates"][0]["CertificateArn"] == place.certificates[0]
        assert first[443]["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
        assert set(rules(emulator, 443)) == {"1", "2", "default"}

    def changed(result: dict[str, Any]) -> None:
        assert result["load_balancer"]["tags"] == {"Project": "pixstory"}
        assert set(balancer(emulator)["SecurityGroups"]) == set(place.groups[1:])
        assert subnets(emulator) == set(place.subnets[1:])
        assert attributes(emulator)["access_logs.s3.enabled"] == "false"
        assert attributes(emulator)["access_logs.s3.bucket"] == "pixstory-production-logs"
        now = listeners(emulator)
        assert set(now) == {443, 8443}
        assert now[443]["ListenerArn"] == first[443]["ListenerArn"]  # changed in place
        assert now[443]["Certificates"][0]["CertificateArn"] == place.certificates[1]
        assert now[443]["DefaultActions"][0]["TargetGroupArn"] == place.targets[1]
        there = rules(emulator, 443)
        assert set(there) == {"2", "3", "default"}
        assert there["2"]["Actions"][0]["TargetGroupArn"] == place.targets[0]
        assert there["3"]["Conditions"][0]["PathPatternConfig"]["Values"] == ["/c/*"]

    secure = declared["listeners"][1]
    change = {
        "name": NAME,
        "subnets": place.subnets[1:],
        "security_groups": place.groups[1:],
        "access_logs_enabled": False,
        "listeners": [
            {
                "Port": 443,
                "Protocol": "HTTPS",
                "Certificates": [{"CertificateArn": place.certificates[1]}],
                "DefaultActions": [forward(place.targets[1])],
                "Rules": [rule(2, "/b/*", forward(place.targets[0])), rule(3, "/c/*", NOT_FOUND)],
            },
            {**secure, "Port": 8443, "Rules": []},
        ],
        "tags": {"Project": "pixstory"},
    }
    absent = {"name": NAME}
    twelve_steps(MODULE, create=declared, change=change, absent=absent, created=created, changed=changed)


def test_as_declared_it_takes_four_calls_and_one_for_rules(
    emulator: Emulator, run: Runner, declared: dict[str, Any]
) -> None:
    run(MODULE, declared)
    before = emulator.log.read_text().count("\n")
    assert not run(MODULE, declared).changed
    assert emulator.log.read_text().count("\n") == before + 5
    del declared["listeners"][1]["Rules"]
    assert not run(MODULE, declared).changed
    assert emulator.log.read_text().count("\n") == before + 9


def test_order_does_not_matter(run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    declared["listeners"][1]["Rules"].reverse()
    for key in ("subnets", "security_groups", "listeners"):
        declared[key].reverse()
    assert not run.predicted(MODULE, declared).changed


def test_what_is_not_given_is_left_alone(emulator: Emulator, run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    before = balancer(emulator), attributes(emulator), listeners(emulator), rules(emulator, 443)
    assert not run.predicted(MODULE, {"name": NAME}).changed
    secure = {key: value for key, value in declared["listeners"][1].items() if key not in ("Rules", "SslPolicy")}
    assert not run.predicted(MODULE, {"name": NAME, "listeners": [declared["listeners"][0], secure]}).changed
    assert (balancer(emulator), attributes(emulator), listeners(emulator), rules(emulator, 443)) == before


def test_only_what_differs_is_written(emulator: Emulator, run: Runner, place: Place, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    declared["listeners"][1]["Rules"][1] = rule(2, "/other/*", NOT_FOUND)
    assert run.predicted(MODULE, declared).writes == ["elbv2.ModifyRule"]
    declared["listeners"][1]["Rules"] = []
    assert run.predicted(MODULE, declared).writes == ["elbv2.DeleteRule"] * 2
    declared["listeners"][0]["DefaultActions"] = [forward(place.targets[0])]
    assert run.predicted(MODULE, declared).writes == ["elbv2.ModifyListener"]
    declared["deletion_protection"] = True
    outcome = run.predicted(MODULE, declared)
    assert outcome.writes == ["elbv2.ModifyLoadBalancerAttributes"]
    assert outcome.diff == {"before": {"deletion_protection": "false"}, "after": {"deletion_protection": True}}


def test_several_target_groups_share_the_requests(
    emulator: Emulator, run: Runner, place: Place, declared: dict[str, Any]
) -> None:
    shares = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in zip(place.targets, (9, 1), strict=True)]
    declared["listeners"][0]["DefaultActions"] = [{"Type": "forward", "ForwardConfig": {"TargetGroups": shares}}]
    run(MODULE, declared)
    assert not run.predicted(MODULE, declared).changed
    shares[0]["Weight"] = 8
    assert run.predicted(MODULE, declared).changed
    [action] = listeners(emulator)[80]["DefaultActions"]
    assert [one["Weight"] for one in action["ForwardConfig"]["TargetGroups"]] == [8, 1]


def test_check_mode_takes_what_is_yet_to_be(run: Runner, declared: dict[str, Any]) -> None:
    declared |= {"subnets": ["subnet-planned-a", "subnet-planned-c"], "security_groups": ["sg-planned"]}
    declared["listeners"][0]["DefaultActions"] = [forward("arn:planned")]
    outcome = run(MODULE, declared, check=True)
    assert (outcome.result["action"], outcome.result["load_balancer"], outcome.writes) == ("create", {}, [])


def test_deletion_protection_protects(emulator: Emulator, run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, {**declared, "deletion_protection": True})
    outcome = run(MODULE, {"name": NAME, "state": "absent"}, fails=True)
    assert "deletion protection is enabled" in outcome.result["msg"]
    assert balancer(emulator)


@pytest.mark.parametrize(("wait", "calls"), [(False, 2), (True, 4)])
def test_it_waits_only_when_it_is_asked_to(
    emulator: Emulator,
    run: Runner,
    declared: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    wait: bool,
    calls: int,
) -> None:
    """The emulator's load balancers serve at once, so this one takes its time here."""
    elbv2 = emulator.client("elbv2")
    describe, states = elbv2.describe_load_balancers, iter(["provisioning", "active", "active"])

    def described(**arguments: Any) -> dict[str, Any]:
        answer = describe(**arguments)
        answer["LoadBalancers"][0]["State"]["Code"] = next(states)
        return answer

    monkeypatch.setattr(elbv2, "describe_load_balancers", described)
    requests = Requests(elbv2, monkeypatch)
    outcome = run(MODULE, {**declared, "wait": wait})
    assert len(requests.of("DescribeLoadBalancers")) == calls
    assert outcome.result["load_balancer"]["state"]["code"] == ("active" if wait else "provisioning")


def test_a_failed_one_is_not_waited_for(
    emulator: Emulator, run: Runner, declared: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    elbv2 = emulator.client("elbv2")
    describe = elbv2.describe_load_balancers

    def described(**arguments: Any) -> dict[str, Any]:
        answer = describe(**arguments)
        answer["LoadBalancers"][0]["State"] = {"Code": "failed", "Reason": "no addresses left"}
        return answer

    monkeypatch.setattr(elbv2, "describe_load_balancers", described)
    outcome = run(MODULE, declared, fails=True)
    assert f"load balancer {NAME} failed: no addresses left" in outcome.result["msg"]


@pytest.mark.parametrize("check", [True, False])
def test_the_scheme_cannot_be_changed(run: Runner, declared: dict[str, Any], check: bool) -> None:
    run(MODULE, declared)
    outcome = run(MODULE, {**declared, "scheme": "internal"}, check=check, fails=True)
    assert "cannot change scheme in place" in outcome.result["msg"]
    assert outcome.writes == []


def test_a_load_balancer_of_another_type(emulator: Emulator, run: Runner, place: Place) -> None:
    emulator.client("elbv2").create_load_balancer(Name=NAME, Type="network", Subnets=place.subnets)
    outcome = run(MODULE, {"name": NAME, "state": "absent"}, fails=True)
    assert "its type is network" in outcome.result["msg"]
    assert outcome.writes == []


@pytest.mark.parametrize(
    ("declaration", "message"),
    [
        ({"name": "web_1"}, "Write up to 32 letters"),
        ({"scheme": "internal"}, "to create it, give also subnets"),
        (
            {"listeners": [{"Port": 80, "Protocol": "HTTP", "DefaultActions": [NOT_FOUND]}] * 2},
            "port 80 has 2 listeners. Write one.",
        ),
        (
            {"listeners": [{"Port": 443, "Protocol": "HTTPS", "DefaultActions": [NOT_FOUND]}]},
            "the HTTPS listener of port 443 has 0 Certificates. Write 1.",
        ),
        (
            {
                "listeners": [
                    {
                        "Port": 80,
                        "Protocol": "HTTP",
                        "Certificates": [{"CertificateArn": "arn:x"}],
                        "DefaultActions": [NOT_FOUND],
                    }
                ]
            },
            "the HTTP listener of port 80 has 1 Certificates. Write none.",
        ),
    ],
)
def test_mistakes_are_found_before_anything_is_written(run: Runner, declaration: dict[str, Any], message: str) -> None:
    outcome = run(MODULE, {"name": NAME, **declaration}, check=True, fails=True)
    assert message in outcome.result["msg"]
