# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every control tells what is as it should be from what is not, and says when it cannot see."""

from __future__ import annotations

import json
from datetime import date
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from audit_cases import ACCOUNT, CASES, NOW, Parts

from ansible_collections.pixstory.platform.plugins.module_utils.audit import reader
from ansible_collections.pixstory.platform.plugins.module_utils.audit.controls import CONTROLS
from ansible_collections.pixstory.platform.plugins.module_utils.audit.drawing import topology_svg
from ansible_collections.pixstory.platform.plugins.module_utils.audit.judge import (
    BadSuppression,
    check_suppressions,
    judge,
    report,
    suppress,
)
from ansible_collections.pixstory.platform.plugins.module_utils.audit.model import (
    FAILS,
    HOLDS,
    NOT_APPLICABLE,
    SEVERITIES,
    SUPPRESSED,
    UNSEEN,
    Record,
    Snapshot,
    Unseen,
)
from ansible_collections.pixstory.platform.plugins.module_utils.audit.ocsf import audit_ocsf
from ansible_collections.pixstory.platform.plugins.module_utils.audit.page import audit_page
from ansible_collections.pixstory.platform.plugins.module_utils.audit.table import audit_table
from ansible_collections.pixstory.platform.plugins.module_utils.audit.topology import topology
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.errors import CallFailed

PARTS = {*reader.PARTS, "owned"}
# Parts that are one answer and not a list of resources.
SINGLE = {
    "summary",
    "password_policy",
    "account_public_access_block",
    "security_hub",
    "inspector",
    "shield",
    "security_contact",
}


def snapshot(parts: Parts) -> Snapshot:
    """A snapshot that is empty but for these; a single record stands for a list of one."""
    unknown = set(parts) - PARTS
    assert not unknown
    found: dict[str, Any] = {key: {} if key in SINGLE else [] for key in PARTS}
    for key, value in parts.items():
        if key in SINGLE or isinstance(value, Unseen):
            found[key] = value
        else:
            values = [value] if isinstance(value, dict) else value
            found[key] = [Record(_NAMES | one) if isinstance(one, dict) else one for one in values]
    place = {"account_id": ACCOUNT, "project": "pixstory", "environment": "test", "region": "ap-south-1", "now": NOW}
    return Snapshot(found, account=Record(_arn=f"arn:aws:iam::{ACCOUNT}:root", _name="account"), **place)


_NAMES: dict[str, Any] = {"_arn": "arn:aws:one", "_name": "one", "_tags": {}}


def statuses(parts: Parts, control: str) -> set[str]:
    return {one.status for one in judge(snapshot(parts), CONTROLS[control])}


def test_each_control_has_both_cases() -> None:
    assert set(CASES) == set(CONTROLS)
    assert len(CONTROLS) >= 100


@pytest.mark.parametrize("control", CONTROLS)
def test_what_is_as_it_should_be_holds(control: str) -> None:
    good, _bad = CASES[control]
    assert statuses(good, control) - {NOT_APPLICABLE} == {HOLDS}, judge(snapshot(good), CONTROLS[control])


@pytest.mark.parametrize("control", CONTROLS)
def test_what_is_not_does_not_hold(control: str) -> None:
    _good, bad = CASES[control]
    found = [one for one in judge(snapshot(bad), CONTROLS[control]) if one.status == FAILS]
    assert found, judge(snapshot(bad), CONTROLS[control])
    assert all(one.evidence and one.remedy and one.resource for one in found)


@pytest.mark.parametrize("control", CONTROLS)
def test_what_cannot_be_read_never_holds(control: str) -> None:
    """Each part that a control reads, once refused, makes it unseen."""
    good, _bad = CASES[control]
    refused = snapshot({key: Unseen("denied") for key in PARTS})
    (finding,) = {one.status for one in judge(refused, CONTROLS[control])}
    assert finding == UNSEEN
    for key in good:
        parts = {**good, key: Unseen("denied")}
        assert HOLDS not in statuses(parts, control) or key not in _read(good, control)


def _read(parts: Parts, control: str) -> set[str]:
    """The parts that a control needs for its verdict on these."""

    class Noting(Snapshot):
        def __getitem__(self, key: str) -> Any:
            keys.add(key)
            return super().__getitem__(key)

    keys: set[str] = set()
    judge(Noting(snapshot(parts)), CONTROLS[control])
    return keys


def test_a_detail_that_was_refused_is_unseen_for_its_resource_alone() -> None:
    buckets = [
        {**CASES["S3.8"][0]["buckets"], "_name": "seen"},
        {"Name": "two", "Block": Unseen("denied"), "_name": "two"},
    ]
    found = judge(snapshot({"buckets": buckets}), CONTROLS["S3.8"])
    assert [(one.name, one.status, one.reason) for one in found] == [("seen", HOLDS, ""), ("two", UNSEEN, "denied")]


def test_an_answer_of_another_shape_is_unseen() -> None:
    (finding,) = judge(snapshot({"databases": {"Engine": "postgres"}}), CONTROLS["RDS.3"])
    assert finding.status == UNSEEN
    assert "unexpected shape: KeyError" in finding.reason


def test_nothing_to_judge_is_not_applicable() -> None:
    (finding,) = judge(snapshot({}), CONTROLS["S3.8"])
    assert (finding.status, finding.reason) == (NOT_APPLICABLE, "There are no buckets.")


def test_tags_are_asked_of_what_aws_can_tag() -> None:
    judge = CONTROLS["PX-15"].judge
    verdicts = [judge(Snapshot(), Record(Kind=kind, _tags={}))[0] for kind in ("iam_groups", "iam_roles")]
    assert verdicts == [None, False]


def test_controls_are_declared_whole() -> None:
    for one in CONTROLS.values():
        assert one.severity in SEVERITIES
        assert one.document.startswith("https://docs.aws.amazon.com/"), one.id
        assert set(one.of.split()) <= PARTS | {"account"}, one.id
    assert CONTROLS["S3.8"].document.endswith("/s3-controls.html#s3-8")
    assert CONTROLS["S3.8"].cis == ("CIS-3.0 2.1.4",)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("AccessDenied", "denied (AccessDenied): the call needs the IAM permission s3:GetBucketPolicy"),
        ("NotImplemented", "not implemented here (NotImplemented): s3:GetBucketPolicy"),
        ("501", "not implemented here (501): s3:GetBucketPolicy"),
        ("Throttling", "s3:GetBucketPolicy failed: Throttling: slow down"),
    ],
)
def test_why_a_call_has_no_answer(code: str, reason: str) -> None:
    error = Exception()
    error.response = {"Error": {"Code": code, "Message": "slow down"}}  # type: ignore[attr-defined]
    assert reader.why(CallFailed("s3", "GetBucketPolicy", error)) == reason


# Suppressions

ENTRY = {"control": "S3.9", "resource": "lo*", "reason": "It is the log itself.", "until": "2026-11-23"}
LOGS = {**CASES["S3.9"][1]["buckets"], "_name": "logs"}
MEDIA = {**CASES["S3.9"][1]["buckets"], "_name": "media"}


def suppressed(entry: dict[str, str], today: date) -> list[tuple[str, str, str]]:
    seen = snapshot({"buckets": [LOGS, MEDIA]})
    found = suppress(judge(seen, CONTROLS["S3.9"]), check_suppressions([entry]), today, seen["account"])
    return [(one.control, one.name, one.status) for one in found]


def test_a_suppression_holds_until_the_end_of_its_last_day() -> None:
    expected = [("S3.9", "logs", SUPPRESSED), ("S3.9", "media", FAILS)]
    assert suppressed(ENTRY, date(2026, 11, 23)) == expected


def test_an_expired_suppression_is_reported_and_suppresses_nothing() -> None:
    found = suppressed(ENTRY, date(2026, 11, 24))
    assert found == [("S3.9", "logs", FAILS), ("S3.9", "media", FAILS), ("PX-0", "lo*", FAILS)]


def test_a_suppression_of_another_control_does_nothing() -> None:
    assert {status for _control, _name, status in suppressed({**ENTRY, "control": "S3.8"}, NOW.date())} == {FAILS}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reason": None}, r"aws_audit_suppressions\[0\] has no reason\. Write control"),
        ({"until": ""}, r"\[0\] has no until\."),
        ({"until": "next year"}, r"\[0\]\.until is 'next year', which is no date\. Write year-month-day"),
        ({"control": "S3.99"}, r"\[0\]\.control is S3\.99: there is no such control"),
        ({"expires": "x"}, r"\[0\] has expires\. Write control, resource, reason and until only"),
    ],
)
def test_a_suppression_that_lacks_something_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(BadSuppression, match=message):
        check_suppressions([{**ENTRY, **change}])


# Reports


@pytest.fixture
def result() -> dict[str, Any]:
    parts = {
        "buckets": [LOGS, MEDIA],
        "summary": {"AccountAccessKeysPresent": 1, "AccountMFAEnabled": 1},
        "trails": Unseen("denied"),
    }
    return report(snapshot(parts), [ENTRY], "high")


def test_the_report_counts_what_it_says(result: dict[str, Any]) -> None:
    findings = result["findings"]
    failing = [one for one in findings if one["status"] == FAILS]
    assert result["counts"][FAILS] == len(failing) == sum(result["severities"].values())
    assert result["violations"] == sum(one["severity"] in ("critical", "high") for one in failing) > 0
    assert sum(result["counts"].values()) == len(findings)
    assert (findings[0]["control"], findings[0]["severity"], findings[0]["status"])[1:] == ("critical", FAILS)
    assert json.loads(json.dumps(result)) == json.loads(json.dumps(result, default=str))


@pytest.mark.parametrize(("fail_on", "severities"), [("never", 0), ("critical", 1), ("low", 4)])
def test_fail_on_says_what_is_a_violation(fail_on: str, severities: int) -> None:
    found = report(snapshot({}), [], fail_on)
    assert found["violations"] == sum(found["severities"][one] for one in SEVERITIES[:severities])


def test_the_table_is_readable(result: dict[str, Any]) -> None:
    table = audit_table(result)
    lines = table.splitlines()
    assert max(map(len, lines)) <= 100
    headings = [line.partition(" (")[0] for line in lines if line.isupper() or (" (" in line and line[0].isupper())]
    assert headings[:1] == ["DOES NOT HOLD"]
    assert table.index("DOES NOT HOLD") < table.index("CANNOT BE SEEN HERE") < table.index("SUPPRESSED")
    assert "It is the log itself. (until 2026-11-23)" in table
    assert lines[-1] == f"Not passed: {result['violations']} findings of severity high or above."


class Page(HTMLParser):
    """What a page is made of. Fails where a tag is closed that is not open."""

    VOID = ("meta", "rect", "path", "circle")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [str(value) for key, value in attrs if key in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_loads_nothing(result: dict[str, Any]) -> None:
    text = audit_page({**result, "topology": TOPOLOGY})
    page = Page(text)
    assert page.open == []
    assert not page.tags & {"script", "link", "img", "iframe", "object"}
    assert "url(" not in text
    assert "@import" not in text
    assert all(link.startswith("https://docs.aws.amazon.com/") for link in page.links)
    assert "svg" in page.tags
    assert text.index("Not passed") < text.index("Counts") < text.index("What to do") < text.index("All controls")
    assert all(f">{control}</td>" in text for control in CONTROLS)


def test_the_page_takes_no_name_for_a_tag(result: dict[str, Any]) -> None:
    hostile = {**result["findings"][0], "name": "<script>alert(1)</script>", "status": FAILS}
    found = [{**hostile}, {**hostile, "status": UNSEEN, "reason": "<b>"}, {**hostile, "status": SUPPRESSED}]
    boxes = [{"kind": "machine", "name": "<script>", "detail": "&"}]
    vpc = {**TOPOLOGY["vpcs"][0], "tiers": [{"tier": "app", "cells": [{"cidr": "", "boxes": boxes}]}]}
    text = audit_page({**result, "findings": found, "topology": {"vpcs": [vpc], "peerings": []}})
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_a_passed_audit_says_so(result: dict[str, Any]) -> None:
    text = audit_page({**result, "violations": 0, "findings": [], "topology": None})
    assert "<h1>Passed</h1>" in text
    assert "Nothing: every control" in text


def test_an_audit_that_nothing_can_fail_has_not_passed(result: dict[str, Any]) -> None:
    text = audit_page({**result, "fail_on": "never", "violations": 0})
    assert "<h1>Not judged</h1>" in text
    assert "<h1>Passed" not in text


def index() -> dict[str, Any]:
    """Two zones and three tiers, as environment_info reads them."""
    subnets = {}
    for tier in ("data", "public"):
        for zone in "ac":
            name = f"main-{tier}-{zone}"
            place = {
                "vpc_id": "vpc-1",
                "availability_zone": f"ap-south-1{zone}",
                "cidr_block": f"10.0.{len(subnets)}.0/24",
            }
            subnets[name] = {"id": f"subnet-{tier}-{zone}", "name": name, "tags": {}, **place}
    both = [{"subnet_id": f"subnet-public-{zone}"} for zone in "ac"]
    groups = [
        {"subnet_identifier": f"subnet-data-{zone}", "subnet_availability_zone": {"name": f"ap-south-1{zone}"}}
        for zone in "ac"
    ]
    main = {"id": "vpc-1", "cidr_block": "10.0.0.0/16"}
    peering = {"requester_vpc_info": {"vpc_id": "vpc-1"}, "accepter_vpc_info": {"vpc_id": "vpc-2"}}
    nodes = [{"preferred_availability_zone": "ap-south-1a", "cache_subnet_group_name": "caches"}]
    machine = {"name": "web", "role": "web", "instance_type": "t4g.nano", "subnet_id": "subnet-public-a"}
    group = {"role": "web", "vpc_zone_identifier": "subnet-public-a,subnet-public-c", "min_size": 2, "max_size": 4}
    return {
        "vpcs": {"main": main, "speech": {"id": "vpc-2", "cidr_block": "10.1.0.0/16"}},
        "subnets": subnets,
        "internet_gateways": {"main": {"attachments": [{"vpc_id": "vpc-1"}]}},
        "load_balancers": {"public": {"availability_zones": both, "scheme": "internet-facing"}},
        "nat_gateways": {"a": {"subnet_id": "subnet-public-a"}},
        "instances": {"i-1": machine, "i-2": machine},
        "autoscaling_groups": {"web": {**group, "desired_capacity": 2}},
        "db_instances": {
            "main": {
                "availability_zone": "ap-south-1c",
                "multi_az": True,
                "engine": "postgres",
                "db_subnet_group": {"subnets": groups},
            }
        },
        "replication_groups": {"main": {"clusters": nodes, "cache_node_type": "cache.t4g.micro"}},
        "cache_subnet_groups": {"main": {"id": "caches", "subnets": groups}},
        "vpc_peering_connections": {"one": {**peering, "status": {"code": "active"}}},
    }


TOPOLOGY = topology(index())


def standing(tier: str, zone: int) -> list[tuple[str, str, str]]:
    (row,) = [one for one in TOPOLOGY["vpcs"][0]["tiers"] if one["tier"] == tier]
    return [(box["kind"], box["name"], box["detail"]) for box in row["cells"][zone]["boxes"]]


def test_the_topology_has_what_stands_where_it_stands() -> None:
    main = TOPOLOGY["vpcs"][0]
    assert (main["zones"], main["internet"]) == (["ap-south-1a", "ap-south-1c"], True)
    assert [row["tier"] for row in main["tiers"]] == ["public", "data"]
    balancer = ("load balancer", "public", "internet-facing")
    # A group is drawn where no machine of it stands.
    assert standing("public", 0) == [balancer, ("NAT gateway", "a", ""), ("machine", "2 web", "t4g.nano")]
    assert standing("public", 1) == [balancer, ("group", "web", "2 of 2 to 4")]
    assert standing("data", 0) == [("database", "main", "standby, postgres"), ("cache", "main", "cache.t4g.micro")]
    assert standing("data", 1) == [("database", "main", "primary, postgres")]
    assert TOPOLOGY["peerings"] == [{"from": "main", "to": "speech", "state": "active"}]
    assert TOPOLOGY["vpcs"][1]["tiers"] == []


def test_the_drawing_has_all_of_it() -> None:
    svg = ElementTree.fromstring(topology_svg(TOPOLOGY))
    words = [element.text for element in svg.iter("text")]
    assert words.count("public") == 3  # two subnets, and the load balancer across them
    assert {"main", "speech", "Internet", "2 web", "peering", "active"} <= set(words)
    assert topology_svg({"vpcs": [], "peerings": []}) == ""


# What version 1.3.0 of the schema requires of a Compliance Finding, and the values that it knows.
REQUIRED = {
    "activity_id",
    "category_uid",
    "class_uid",
    "compliance",
    "finding_info",
    "metadata",
    "severity_id",
    "time",
    "type_uid",
    "cloud",  # by the profile cloud
}


def test_ocsf_events_have_what_the_schema_requires(result: dict[str, Any]) -> None:
    events = audit_ocsf(result)
    assert len(events) == len(result["findings"])
    for event in events:
        assert set(event) >= REQUIRED
        assert (event["class_uid"], event["category_uid"]) == (2003, 2)
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
        assert event["severity_id"] in range(7)
        assert event["status_id"] in (0, 1, 2, 3, 4, 5, 6, 99)
        assert event["compliance"]["status_id"] in (0, 1, 2, 3, 99)
        assert event["compliance"]["standards"]
        assert event["compliance"]["control"]
        assert event["metadata"]["version"] == "1.3.0"
        assert event["metadata"]["product"]["vendor_name"]
        assert event["finding_info"]["uid"]
        assert event["finding_info"]["title"]
        assert event["cloud"]["provider"] == "AWS"
        assert event["remediation"]["desc"]
        assert event["time"] == int(NOW.timestamp() * 1000)
    # What several resources share is told apart, and is the same in the next run.
    uids = [event["finding_info"]["uid"] for event in events]
    assert uids == [event["finding_info"]["uid"] for event in audit_ocsf(result)]
    states = {event["status"]: event["compliance"]["status"] for event in events}
    assert states["New"] in ("Fail", "Warning")
    assert states["Suppressed"] == "Fail"
