# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "route53_record"
Args = dict[str, Any]
ALIAS = {"dns_name": "Internal-Web.ap-south-1.elb.amazonaws.com", "hosted_zone_id": "ZP97RAFLXTNZK"}


@pytest.fixture
def zone(emulator: Emulator) -> str:
    made = emulator.client("route53").create_hosted_zone(Name="internal", CallerReference="one")
    return str(made["HostedZone"]["Id"]).removeprefix("/hostedzone/")


@pytest.fixture
def declared(zone: str) -> Callable[..., Args]:
    def arguments(**given: Any) -> Args:
        known = {"hosted_zone_id": zone, "name": "db.internal", "type": "CNAME"}
        return {**known, "ttl": 30, "value": ["one.rds.amazonaws.com"], **given}

    return arguments


@pytest.fixture
def alias(zone: str) -> Args:
    return {"hosted_zone_id": zone, "name": "web.internal", "type": "A", "alias": ALIAS}


def records(emulator: Emulator, zone: str) -> list[Args]:
    """Without the two that every zone has."""
    listed = emulator.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return [record for record in listed if record["Type"] not in ("NS", "SOA")]


def put(emulator: Emulator, zone: str, **record: Any) -> None:
    """What somebody else wrote."""
    change = {"Action": "CREATE", "ResourceRecordSet": record}
    emulator.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})


def test_twelve_steps(emulator: Emulator, zone: str, declared: Callable[..., Args], twelve_steps: TwelveSteps) -> None:
    def created(result: Args) -> None:
        [record] = records(emulator, zone)
        assert (record["Name"], record["Type"], record["TTL"]) == ("db.internal.", "CNAME", 30)
        assert record["ResourceRecords"] == [{"Value": "one.rds.amazonaws.com"}]
        assert result["record"]["resource_records"] == [{"value": "one.rds.amazonaws.com"}]

    def changed(result: Args) -> None:
        [record] = records(emulator, zone)
        assert (record["TTL"], record["ResourceRecords"]) == (60, [{"Value": "two.rds.amazonaws.com"}])

    def deleted(result: Args) -> None:
        assert records(emulator, zone) == []

    twelve_steps(
        MODULE,
        create=declared(),
        change=declared(ttl=60, value=["two.rds.amazonaws.com"]),
        absent=declared(),
        created=created,
        changed=changed,
        deleted=deleted,
    )


def test_twelve_steps_of_an_alias(emulator: Emulator, zone: str, alias: Args, twelve_steps: TwelveSteps) -> None:
    def changed(result: Args) -> None:
        [record] = records(emulator, zone)
        assert record["AliasTarget"]["EvaluateTargetHealth"] is True

    twelve_steps(
        MODULE,
        create=alias,
        change={**alias, "alias": {**ALIAS, "evaluate_target_health": True}},
        absent=alias,
        changed=changed,
    )


def test_a_record_as_declared_takes_one_call(emulator: Emulator, declared: Callable[..., Args], run: Runner) -> None:
    run(MODULE, declared())
    emulator.requests()
    assert not run(MODULE, declared()).changed
    before = emulator.log.read_text().count("\n")
    run(MODULE, declared())
    assert emulator.log.read_text().count("\n") == before + 1


def test_what_is_not_given_is_left_alone(
    emulator: Emulator, declared: Callable[..., Args], run: Runner, zone: str
) -> None:
    run(MODULE, declared())
    known = {key: value for key, value in declared().items() if key not in ("ttl", "value")}
    assert not run.predicted(MODULE, known).changed
    run.predicted(MODULE, {**known, "ttl": 90})
    [record] = records(emulator, zone)
    assert (record["TTL"], record["ResourceRecords"]) == (90, [{"Value": "one.rds.amazonaws.com"}])


@pytest.mark.parametrize("name", ["DB.Internal", "db.internal."])
def test_names_are_the_same_whatever_their_case_and_dot(declared: Callable[..., Args], run: Runner, name: str) -> None:
    run(MODULE, declared())
    assert not run.predicted(MODULE, declared(name=name)).changed


def test_a_wildcard_is_found_again(declared: Callable[..., Args], run: Runner) -> None:
    run(MODULE, declared(name="*.internal"))
    assert not run.predicted(MODULE, declared(name="*.internal")).changed


def test_the_order_of_values_means_nothing(declared: Callable[..., Args], run: Runner) -> None:
    several = {"name": "vpn.internal", "type": "A"}
    run(MODULE, declared(**several, value=["10.0.0.1", "10.0.0.2"]))
    assert not run.predicted(MODULE, declared(**several, value=["10.0.0.2", "10.0.0.1"])).changed


def test_neighbours_are_left_alone(emulator: Emulator, zone: str, declared: Callable[..., Args], run: Runner) -> None:
    text = {"Name": "db.internal.", "Type": "TXT", "TTL": 5, "ResourceRecords": [{"Value": '"a note"'}]}
    address = {"Name": "dc.internal.", "Type": "A", "TTL": 5, "ResourceRecords": [{"Value": "10.0.0.9"}]}
    for record in (text, address):
        put(emulator, zone, **record)
    assert not run.predicted(MODULE, {**declared(type="A"), "state": "absent"}).changed
    assert sorted(record["Type"] for record in records(emulator, zone)) == ["A", "TXT"]


def test_values_become_an_alias_and_an_alias_values(
    emulator: Emulator, zone: str, declared: Callable[..., Args], alias: Args, run: Runner
) -> None:
    run(MODULE, alias)
    plain = declared(name="web.internal", type="A", value=["10.0.0.1"])
    assert run.predicted(MODULE, plain).changed
    assert "AliasTarget" not in records(emulator, zone)[0]
    assert run.predicted(MODULE, alias).changed
    assert "ResourceRecords" not in records(emulator, zone)[0]


def test_a_record_of_another_routing_policy_is_refused(
    emulator: Emulator, zone: str, declared: Callable[..., Args], run: Runner
) -> None:
    weighted = {"SetIdentifier": "blue", "Weight": 1, "ResourceRecords": [{"Value": "blue.example.com"}]}
    put(emulator, zone, Name="db.internal.", Type="CNAME", TTL=5, **weighted)
    outcome = run(MODULE, declared(), fails=True)
    assert "SetIdentifier: blue" in outcome.result["msg"]
    assert outcome.writes == []


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        ({"alias": ALIAS}, "an alias has no value and no ttl of its own"),
        ({"value": []}, "value is empty"),
        ({"ttl": None}, "to create it, give also ttl"),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_a_mistake_is_refused(
    declared: Callable[..., Args], run: Runner, mistake: Args, told: str, check: bool
) -> None:
    outcome = run(MODULE, declared(**mistake), check=check, fails=True)
    assert told in outcome.result["msg"]
    assert outcome.writes == []


def test_half_of_what_values_need_is_refused_of_an_alias(alias: Args, run: Runner) -> None:
    run(MODULE, alias)
    outcome = run(MODULE, {**{k: v for k, v in alias.items() if k != "alias"}, "ttl": 5}, fails=True)
    assert "give both value and ttl" in outcome.result["msg"]
    assert outcome.writes == []


def test_a_cname_gives_way_in_the_same_change(emulator: Emulator, zone: str, run: Runner, alias: Args) -> None:
    """And an alias to a CNAME again. The name always leads somewhere; other names and types stay."""
    put(emulator, zone, Name="web.internal", Type="CNAME", TTL=60, ResourceRecords=[{"Value": "old.example"}])
    put(emulator, zone, Name="web2.internal", Type="CNAME", TTL=60, ResourceRecords=[{"Value": "old.example"}])
    moved = {**alias, "replaces": ["CNAME"]}
    assert run.predicted(MODULE, moved).changed
    assert [(one["Name"], one["Type"]) for one in records(emulator, zone)] == [
        ("web.internal.", "A"),
        ("web2.internal.", "CNAME"),
    ]
    assert not run.predicted(MODULE, moved).changed
    back = {"hosted_zone_id": zone, "name": "web.internal", "type": "CNAME", "ttl": 60, "value": ["old.example"]}
    assert run.predicted(MODULE, {**back, "replaces": ["A", "AAAA"]}).changed
    assert {one["Type"] for one in records(emulator, zone)} == {"CNAME"}
