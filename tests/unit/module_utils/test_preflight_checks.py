# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an environment asks of an account, and what the checks say of an account that has been read."""

from __future__ import annotations

import json
import socket
import struct
import threading
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pixstory.platform.plugins.module_utils.preflight import checks, dns
from ansible_collections.pixstory.platform.plugins.module_utils.preflight.model import (
    CHECKS,
    FAILS,
    HOLDS,
    UNSEEN,
    Facts,
    Row,
    Unseen,
    report,
    rows,
)
from ansible_collections.pixstory.platform.plugins.module_utils.preflight.needs import QUOTAS, machines, needs
from ansible_collections.pixstory.platform.plugins.module_utils.preflight.reader import documents_of
from ansible_collections.pixstory.platform.plugins.module_utils.preflight.table import preflight_table

VCPUS = {"t4g.small": 2, "m7g.large": 2, "m7g.2xlarge": 8}
QUOTA = {quota.code: quota.name for quota in QUOTAS}


def declared(**more: Any) -> dict[str, Any]:
    """A small environment: one group, one machine with an address of its own, two zones."""
    return {
        "platform_project": "pixstory",
        "platform_environment": "small",
        "platform_account_id": "123456789012",
        "platform_region": "ap-south-1",
        "platform_zones": ["a", "c"],
        "platform_domain": "example.com",
        "platform_prefix": "pixstory-small",
        "platform_tags": {"Project": "pixstory", "Environment": "small"},
        "platform_emulated": False,
        "aws_account_alert_emails": ["team@example.com"],
        "aws_account_unattended": False,
        "aws_cache_groups": {"main": {"node_type": "cache.t4g.small", "nodes": 2}},
        "aws_compute_architecture": "arm64",
        "aws_compute_debian_release": 13,
        "aws_compute_groups": {"web": {}},
        "aws_compute_instances": {"vpn": {"elastic_ip": True}},
        "aws_compute_schedules": {},
        "aws_compute_sizes": {
            "web": {"instance_type": "m7g.large", "volume_size": 512, "max": 4},
            "vpn": {"instance_type": "t4g.small", "volume_size": 512},
        },
        "aws_database_engine_version": "17",
        "aws_database_instances": {"main": {"instance_class": "db.t4g.medium"}},
        "aws_edge_load_balancer": "public",
        "aws_load_balancing_load_balancers": {"public": {"certificate": True}},
        "aws_network_nat_gateways": "one_per_zone",
        "aws_network_vpcs": {"main": {"tiers": ["public", "app"], "nat_tiers": ["app"]}},
        "aws_remediation_actions": {"public-bucket": True, "stopped-trail": False},
        "aws_security_groups_flows": [
            {"from": "cloudfront", "to": "alb", "ports": [443]},
            {"from": "alb", "to": "web", "ports": [8080]},
        ],
        "aws_security_groups_groups": {"alb": {}, "web": {}},
        "aws_vpc_endpoints_interface": ["ssm"],
        "content_made_of": {},
        **more,
    }


def amount(name: str, **more: Any) -> float:
    [need] = [one for one in needs(declared(**more), VCPUS, attached=5) if one.quota.name == name]
    return need.amount


@pytest.mark.parametrize(
    ("name", "more", "expected"),
    [
        # Four and one that replaces, and the VPN.
        ("vCPUs of running On-Demand Standard instances", {}, 12),
        # A group of 24 may have three more for a while.
        (
            "vCPUs of running On-Demand Standard instances",
            {"aws_compute_sizes": {"web": {"instance_type": "m7g.2xlarge", "volume_size": 8, "max": 24}}}
            | {"aws_compute_instances": {}},
            (24 + 3) * 8,
        ),
        # A schedule raises the maximum.
        (
            "vCPUs of running On-Demand Standard instances",
            {"aws_compute_schedules": {"web": [{"name": "match", "max": 9}, {"name": "night", "min": 1}]}},
            (9 + 1 + 1) * 2,
        ),
        # The first image is made before the others, which are made at once; one of a role without machines is not.
        (
            "vCPUs of running On-Demand Standard instances",
            {
                "content_made_of": {
                    "base": {"like": "web"},
                    "web": {"from": "base"},
                    "extra": {"from": "base", "like": "web"},
                    "vpn": {"from": "base", "image": False},
                    "proxy": {"from": "base"},
                }
            },
            12 + 4,
        ),
        ("vCPUs of running On-Demand Standard instances", {"content_made_of": {"base": {"like": "web"}}}, 12 + 2),
        # Two NAT gateways, the VPN, and one to replace any of them.
        ("Elastic IP addresses", {}, 4),
        ("Elastic IP addresses", {"aws_network_nat_gateways": "single"}, 3),
        ("Elastic IP addresses", {"aws_network_vpcs": {}, "aws_compute_instances": {}}, 0),
        ("VPCs", {}, 1),
        ("NAT gateways in an Availability Zone", {}, 1),
        # The prefix list of CloudFront takes 55.
        ("inbound or outbound rules of a security group", {}, 55),
        (
            "inbound or outbound rules of a security group",
            {
                "aws_security_groups_flows": [
                    {"from": "web", "to": "internet", "ports": [80, 443]},
                    {"from": "web", "to": "main.app", "ports": [8000, 8001]},
                    {"from": "web", "to": "alb", "ports": [80]},
                ]
            },
            2 + 2 * 2 + 1,
        ),
        ("inbound or outbound rules of a security group", {"aws_security_groups_flows": []}, 0),
        ("interface endpoints of a VPC", {}, 1),
        ("DB instances", {"aws_database_instances": {"main": {"replicas": 2}, "other": {}}}, 4),
        ("cache nodes", {}, 2),
        ("TiB of gp3 volumes", {}, 3),
        ("concurrent executions of Lambda functions", {}, 1),
        ("CloudFront distributions", {}, 1),
        ("CloudFront distributions", {"aws_edge_load_balancer": ""}, 0),
        ("managed policies of a role", {}, 5),
    ],
)
def test_what_is_needed_at_the_most(name: str, more: dict[str, Any], expected: float) -> None:
    assert amount(name, **more) == expected


def test_each_quota_is_needed_once() -> None:
    assert [one.quota.code for one in needs(declared(), VCPUS)] == [quota.code for quota in QUOTAS]
    assert len(set(QUOTA)) == len(QUOTAS)


def test_every_machine_is_named_with_its_reason() -> None:
    assert [(one.role, one.count, one.why) for one in machines(declared())] == [
        ("web", 4, "at its maximum of 4"),
        ("web", 1, "beside them while they are replaced"),
        ("vpn", 1, "single"),
    ]


ZONES = ["ap-south-1a", "ap-south-1c"]


def facts(**more: Any) -> Facts:
    """An account that is ready."""
    ready: dict[str, Any] = {
        "zones": {"ap-south-1a": "aps1-az1", "ap-south-1c": "aps1-az2"},
        "needs": list(needs(declared(), VCPUS, attached=5)),
        "offered": {"m7g.large": ZONES, "t4g.small": ZONES},
        "database_classes": {"db.t4g.medium": ZONES},
        "cache_types": {"cache.t4g.small": True},
        "endpoint_services": {"com.amazonaws.ap-south-1.ssm": ZONES},
        "quotas": dict.fromkeys(QUOTA, 1000.0),
        "requests": {},
        "addresses": 0,
        "networks": 1,
        "gateways": 1,
        "distributions": 1,
        "plan": {"type": "PAID", "status": "ACTIVE"},
        "linked_roles": list(checks.LINKED),
        "support": True,
        "image": "ami-1",
        "zone": ["ns-1.example.net"],
        "delegated": ["ns-1.example.net"],
        "mail": [],
        "certificates": {"ap-south-1": ["ISSUED"], "us-east-1": ["ISSUED"]},
        "subscriptions": {"confirmed": ["team@example.com"], "pending": []},
        "contacts": {"SECURITY": "team@example.com", "OPERATIONS": "team@example.com", "BILLING": "team@example.com"},
        "tools": [],
        "findings": {"policies/status-1.json": []},
    }
    return Facts({**ready, **more})


def told(read: Facts, **more: Any) -> list[Row]:
    return list(rows(read, declared(**more)))


def test_an_account_that_is_ready_has_nothing_to_mend() -> None:
    found = told(facts())
    assert {row.check for row in found} == set(CHECKS)
    assert [row for row in found if row.status == FAILS] == []
    assert [row.subject for row in found if row.status == UNSEEN] == ["mail of the root user"]
    assert [row for row in found if row.status == HOLDS and row.remedy] == []


@pytest.mark.parametrize(
    ("read", "more", "status", "required", "words"),
    [
        ({"plan": {"type": "FREE", "status": "ACTIVE"}}, {}, FAILS, True, "Upgrade to the paid plan"),
        ({"plan": Unseen("denied")}, {}, UNSEEN, False, "Look at it in the console"),
        ({"distributions": 0}, {}, UNSEEN, False, "must be verified before it can add CloudFront resources"),
        ({"quotas": {**dict.fromkeys(QUOTA, 1000.0), "L-1216C47A": 5.0}}, {}, FAILS, True, "--desired-value 12"),
        # Three of the addresses are somebody else's.
        (
            {"quotas": {**dict.fromkeys(QUOTA, 1000.0), "L-0263D0A3": 5.0}, "addresses": 3},
            {},
            FAILS,
            True,
            "5 allowed; 4 needed at the most (NAT gateway main-a, NAT gateway main-c, vpn, one to replace any of "
            "them), and 3 that are not the environment's",
        ),
        (
            {"quotas": {**dict.fromkeys(QUOTA, 1000.0), "L-1216C47A": 5.0}, "requests": {"L-1216C47A": 64.0}},
            {},
            FAILS,
            True,
            "64 were asked for, and AWS has not decided",
        ),
        (
            {"quotas": {**dict.fromkeys(QUOTA, 1000.0), "L-24B04930": 0.0}},
            {},
            FAILS,
            True,
            "--region us-east-1 --service-code cloudfront",
        ),
        ({"quotas": Unseen("denied")}, {}, UNSEEN, False, "policies/preflight-*.json"),
        (
            {"offered": {"m7g.large": ["ap-south-1a", "ap-south-1b"]}},
            {},
            FAILS,
            True,
            "in ap-south-1a, ap-south-1b, not in ap-south-1c",
        ),
        ({"offered": {"m7g.large": ["ap-south-1a", "ap-south-1b"]}}, {}, FAILS, True, "platform_zones of a, b"),
        ({"database_classes": {"db.t4g.medium": []}}, {}, FAILS, True, "in no zone"),
        ({"endpoint_services": {"com.amazonaws.ap-south-1.ssm": ZONES[:1]}}, {}, FAILS, True, "not in ap-south-1c"),
        ({"cache_types": {"cache.t4g.small": False}}, {}, UNSEEN, False, "See that the console offers it"),
        ({"linked_roles": []}, {}, FAILS, False, "provision makes them"),
        ({"support": False}, {}, FAILS, False, "Basic or Developer"),
        (
            {"contacts": {"SECURITY": "", "OPERATIONS": "a@example.com", "BILLING": "a@example.com"}},
            {},
            FAILS,
            False,
            "Alternate contacts",
        ),
        ({}, {"aws_account_alert_emails": []}, FAILS, True, "Write aws_account_alert_emails in inventories/small/"),
        (
            {},
            {"aws_account_alert_emails": [], "aws_account_unattended": True},
            FAILS,
            False,
            "a topic that nobody reads",
        ),
        (
            {"subscriptions": {"confirmed": [], "pending": ["team@example.com"]}},
            {},
            FAILS,
            False,
            "Click the link",
        ),
        ({"subscriptions": {"confirmed": [], "pending": []}}, {}, UNSEEN, False, "provision will subscribe it"),
        ({"zone": None, "delegated": [], "mail": []}, {}, FAILS, False, "Delegate it to them at the registrar then."),
        (
            {"zone": None, "delegated": ["ns.old.example.net"], "mail": ["mx.old.example.net"]},
            {},
            FAILS,
            False,
            "Copy into the new zone before what the old one has",
        ),
        ({"delegated": ["ns.old.example.net"]}, {}, FAILS, False, "Delegate it at the registrar to ns-1.example.net."),
        ({"delegated": Unseen("no name server answered")}, {}, UNSEEN, False, "dig NS"),
        (
            {"certificates": {"ap-south-1": [], "us-east-1": ["ISSUED"]}},
            {},
            FAILS,
            False,
            "once the domain is delegated",
        ),
        ({"tools": [{"name": "the AWS CLI", "install": "apt install it"}]}, {}, FAILS, True, "apt install it"),
        (
            {"findings": {"x": [{"type": "ERROR", "code": "INVALID_ACTION", "text": "no such action"}]}},
            {},
            FAILS,
            True,
            "ERROR INVALID_ACTION: no such action",
        ),
        (
            {"findings": {"x": [{"type": "SECURITY_WARNING", "code": "PASS_ROLE", "text": "wide"}]}},
            {},
            FAILS,
            False,
            "SECURITY_WARNING PASS_ROLE: wide",
        ),
    ],
)
def test_what_is_not_ready_is_told_with_what_to_do(
    read: dict[str, Any], more: dict[str, Any], status: str, required: bool, words: str
) -> None:
    ready = told(facts())
    [row] = [row for row in told(facts(**read), **more) if row not in ready and row.status == status]
    assert row.required is required
    assert row.remedy
    assert words in f"{row.found} {row.remedy}"


def test_what_an_environment_has_not_is_not_asked_for() -> None:
    found = told(facts(), aws_edge_load_balancer="", aws_load_balancing_load_balancers={})
    assert {row.check for row in found} & {"CloudFront", "certificate"} == set()


@pytest.mark.parametrize(("fail_on", "violations"), [("required", 1), ("any", 2), ("never", 0)])
def test_what_fails_the_run(fail_on: str, violations: int) -> None:
    read = facts(support=False, plan={"type": "FREE", "status": "ACTIVE"})
    found = report(read, declared(), fail_on)
    assert found["violations"] == violations
    assert found["counts"] == {FAILS: 2, UNSEEN: 1, HOLDS: len(found["rows"]) - 3}
    assert found["needs"]["L-1216C47A"] == 12
    json.dumps(found)
    assert report(facts(needs=Unseen("denied")), declared(), fail_on)["needs"] == {}


def test_the_table_begins_with_what_must_hold_and_does_not() -> None:
    read = facts(support=False, plan={"type": "FREE", "status": "ACTIVE"})
    lines = preflight_table(report(read, declared(), "required")).splitlines()
    assert lines[:4] == [
        "Preflight of small, ap-south-1, account 123456789012",
        "",
        "DOES NOT HOLD (2)",
        "  account plan: paid plan (must)",
    ]
    assert max(map(len, lines)) <= 100
    assert lines[-1] == "Not ready: 1 of what must hold does not."
    assert (
        preflight_table(report(facts(), declared(), "required")).splitlines()[-1].startswith("Nothing that must hold")
    )
    assert "is never" in preflight_table(report(facts(), declared(), "never"))


def test_the_policies_of_playbooks_have_the_names_of_the_environment(tmp_path: Path) -> None:
    statement = {"Resource": "arn:aws:s3:::${prefix}-*", "Condition": "${aws:username} ${account}"}
    (tmp_path / "status-1.json").write_text(json.dumps(statement))
    (tmp_path / "calls.json").write_text("{}")
    [document] = documents_of(tmp_path, {"prefix": "pixstory-small", "account": "123456789012"})
    assert document.name == "policies/status-1.json"
    assert json.loads(document.text) == {
        "Resource": "arn:aws:s3:::pixstory-small-*",
        "Condition": "${aws:username} 123456789012",
    }


class NameServer:
    """Answers each question with these bytes, of which the first two are the question's."""

    def __init__(self, answer: bytes) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.answer = answer
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        question, asker = self.socket.recvfrom(512)
        self.socket.sendto(question[:2] + self.answer, asker)


NAME = b"\x07example\x03com\x00"
HEAD = struct.pack("!5H", 0x8180, 1, 2, 0, 0) + NAME + struct.pack("!2H", 2, 1)


def record(kind: int, data: bytes) -> bytes:
    return b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(data)) + data


def test_a_name_server_is_asked_for_name_servers() -> None:
    # The second name goes on where the first has its end, at byte 12 of the answer.
    answer = HEAD + record(2, b"\x03ns1\xc0\x0c") + record(2, b"\x03NS2\x07example\x03net\x00")
    server = NameServer(answer)
    assert dns.ask("example.com", "NS", ["127.0.0.1"], server.port) == ["ns1.example.com", "ns2.example.net"]


def test_mail_has_a_number_before_the_name() -> None:
    answer = HEAD + record(15, b"\x00\x0a\x02mx\xc0\x0c") + record(2, b"\x03ns1\xc0\x0c")
    assert dns.ask("example.com", "MX", ["127.0.0.1"], NameServer(answer).port) == ["mx.example.com"]


def test_a_name_that_is_not_there_has_no_records() -> None:
    answer = struct.pack("!5H", 0x8183, 1, 0, 0, 0) + NAME + struct.pack("!2H", 2, 1)
    assert dns.ask("example.com", "NS", ["127.0.0.1"], NameServer(answer).port) == []


@pytest.mark.parametrize(
    "answer",
    [
        struct.pack("!5H", 0x8182, 1, 0, 0, 0) + NAME + struct.pack("!2H", 2, 1),  # the server failed
        HEAD + record(2, b"\xc0\xff"),  # leads nowhere
        HEAD[:8] + NAME + struct.pack("!2H", 2, 1) + record(2, b"\xc0\x22")[:-2] + b"\xc0\x22",  # leads to itself
        b"",
    ],
)
def test_a_broken_answer_is_none(answer: bytes) -> None:
    with pytest.raises(dns.NoAnswer, match=r"no name server answered for NS of example.com \(asked: 127.0.0.1\)"):
        dns.ask("example.com", "NS", ["127.0.0.1"], NameServer(answer).port)


@pytest.fixture
def resolv_conf(tmp_path: Path) -> Path:
    return tmp_path / "resolv.conf"


def test_the_name_servers_are_those_of_the_machine(resolv_conf: Path) -> None:
    assert dns.servers(resolv_conf) == []
    resolv_conf.write_text("# made by hand\nsearch example.com\nnameserver 192.0.2.1\nnameserver 2001:db8::1\n")
    assert dns.servers(resolv_conf) == ["192.0.2.1", "2001:db8::1"]
    with pytest.raises(dns.NoAnswer, match="none is in"):
        dns.ask("example.com", "NS", [])
