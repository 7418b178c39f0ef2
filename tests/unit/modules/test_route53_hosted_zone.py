# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import REGION, Emulator, Runner, TwelveSteps

from ansible_collections.pixstory.platform.plugins.modules import route53_hosted_zone

MODULE = "route53_hosted_zone"
PUBLIC: dict[str, Any] = {"name": "pixstory-production-public", "zone": "pixstory.example"}
TAGS = {"Project": "pixstory", "Role": "dns"}


@pytest.fixture
def vpcs(emulator: Emulator) -> list[dict[str, str]]:
    ec2 = emulator.client("ec2")
    ids = [ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"] for number in range(3)]
    return [{"id": vpc, "region": REGION} for vpc in ids]


@pytest.fixture
def private(vpcs: list[dict[str, str]]) -> dict[str, Any]:
    return {"name": "pixstory-production-private", "zone": "internal", "vpcs": vpcs[:2]}


def zones(emulator: Emulator) -> list[dict[str, Any]]:
    return emulator.client("route53").list_hosted_zones()["HostedZones"]


def ids(emulator: Emulator) -> list[str]:
    return [zone["Id"].removeprefix("/hostedzone/") for zone in zones(emulator)]


def tags_of(emulator: Emulator, zone: str) -> dict[str, str]:
    read = emulator.client("route53").list_tags_for_resource
    tags = read(ResourceType="hostedzone", ResourceId=zone)["ResourceTagSet"]["Tags"]
    return {tag["Key"]: tag["Value"] for tag in tags}


def vpcs_of(emulator: Emulator, zone: str) -> list[str]:
    return sorted(vpc["VPCId"] for vpc in emulator.client("route53").get_hosted_zone(Id=zone)["VPCs"])


def make_foreign(emulator: Emulator, name: str, vpc: str | None = None, tag: str | None = None) -> str:
    """A zone that somebody else made."""
    route53 = emulator.client("route53")
    arguments: dict[str, Any] = {"HostedZoneConfig": {"PrivateZone": vpc is not None, "Comment": "theirs"}}
    if vpc:
        arguments["VPC"] = {"VPCId": vpc, "VPCRegion": REGION}
    reference = f"theirs-{len(zones(emulator))}"
    made = route53.create_hosted_zone(Name=name, CallerReference=reference, **arguments)
    zone = str(made["HostedZone"]["Id"].removeprefix("/hostedzone/"))
    tags = [{"Key": "Owner", "Value": "mail"}] + ([{"Key": "Name", "Value": tag}] if tag else [])
    route53.change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone, AddTags=tags)
    return zone


def write_record(emulator: Emulator, zone: str, name: str) -> None:
    record = {"Name": name, "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "elsewhere.example."}]}
    change = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    emulator.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=change)


def test_twelve_steps_of_a_public_zone(emulator: Emulator, twelve_steps: TwelveSteps) -> None:
    def created(result: dict) -> None:
        shown = result["hosted_zone"]
        (zone,) = zones(emulator)
        servers = emulator.client("route53").get_hosted_zone(Id=zone["Id"])["DelegationSet"]["NameServers"]
        assert shown == {
            "id": zone["Id"].removeprefix("/hostedzone/"),
            "name": PUBLIC["zone"],
            "name_servers": servers,
            "private_zone": False,
            "vpcs": [],
            "tags": {**TAGS, "Name": PUBLIC["name"]},
        }
        assert len(servers) == 4
        assert zone["CallerReference"].startswith(f"{PUBLIC['name']}/")
        assert zone["Config"] == {"Comment": "made", "PrivateZone": False}

    def changed(result: dict) -> None:
        assert zones(emulator)[0]["Config"]["Comment"] == "changed"
        assert tags_of(emulator, result["hosted_zone"]["id"]) == {"Project": "pixstory", "Name": PUBLIC["name"]}

    def deleted(result: dict) -> None:
        assert zones(emulator) == []

    twelve_steps(
        MODULE,
        create={**PUBLIC, "comment": "made", "tags": TAGS},
        change={**PUBLIC, "zone": "Pixstory.example.", "comment": "changed", "tags": {"Project": "pixstory"}},
        absent=PUBLIC,
        created=created,
        changed=changed,
        deleted=deleted,
    )


def test_twelve_steps_of_a_private_zone(
    emulator: Emulator, twelve_steps: TwelveSteps, private: dict, vpcs: list
) -> None:
    def created(result: dict) -> None:
        assert result["hosted_zone"]["private_zone"] is True
        assert result["hosted_zone"]["vpcs"] == vpcs[:2]
        assert result["hosted_zone"]["name_servers"] == []

    def changed(result: dict) -> None:
        assert vpcs_of(emulator, ids(emulator)[0]) == sorted(vpc["id"] for vpc in vpcs[1:])

    def deleted(result: dict) -> None:
        assert zones(emulator) == []

    twelve_steps(
        MODULE,
        create={**private, "tags": TAGS},
        # Without a VPC that the zone has: one is added before the other is taken away.
        change={**private, "vpcs": [vpcs[2], vpcs[1]], "purge_vpcs": True},
        absent={"name": private["name"], "zone": private["zone"]},
        created=created,
        changed=changed,
        deleted=deleted,
    )


def test_the_last_vpc_is_exchanged(emulator: Emulator, run: Runner, private: dict, vpcs: list) -> None:
    run(MODULE, {**private, "vpcs": vpcs[:1]})
    run.predicted(MODULE, {**private, "vpcs": vpcs[2:], "purge_vpcs": True})
    assert vpcs_of(emulator, ids(emulator)[0]) == [vpcs[2]["id"]]


def test_a_third_vpc_sees_the_same_zone(emulator: Emulator, run: Runner, private: dict, vpcs: list) -> None:
    before = run(MODULE, private).result["hosted_zone"]["id"]
    outcome = run.predicted(MODULE, {**private, "vpcs": vpcs})
    assert outcome.writes == ["route53.AssociateVPCWithHostedZone"]
    assert outcome.diff == {"before": {"vpcs": vpcs[:2]}, "after": {"vpcs": vpcs}}
    assert ids(emulator) == [before]
    assert vpcs_of(emulator, before) == sorted(vpc["id"] for vpc in vpcs)


def test_a_vpc_that_is_not_declared_keeps_the_zone(emulator: Emulator, run: Runner, private: dict, vpcs: list) -> None:
    run(MODULE, {**private, "vpcs": vpcs})
    assert not run.predicted(MODULE, {**private, "vpcs": [{"id": vpcs[1]["id"]}, *vpcs[1:2]]}).changed
    assert len(vpcs_of(emulator, ids(emulator)[0])) == 3


@pytest.mark.parametrize("at", ["set_tags", "_associate"])
def test_an_interrupted_creation_is_continued(
    emulator: Emulator, run: Runner, private: dict, vpcs: list, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    def killed(*_: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as interrupted:
        interrupted.setattr(route53_hosted_zone.HostedZone, at, killed)
        with pytest.raises(RuntimeError, match="killed"):
            run(MODULE, {**private, "tags": TAGS})
    (begun,) = ids(emulator)
    assert bool(tags_of(emulator, begun)) == (at == "_associate")
    assert vpcs_of(emulator, begun) == [vpcs[0]["id"]]

    outcome = run.predicted(MODULE, {**private, "tags": TAGS})
    assert outcome.result["action"] == "update"
    assert ids(emulator) == [begun]
    assert tags_of(emulator, begun) == {**TAGS, "Name": private["name"]}
    assert vpcs_of(emulator, begun) == sorted(vpc["id"] for vpc in vpcs[:2])
    assert not run.predicted(MODULE, {**private, "tags": TAGS}).changed


def test_an_answer_that_was_lost_makes_no_second_zone(
    emulator: Emulator, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """boto3 repeats the request with the same caller reference."""
    client = emulator.client("route53")
    create = client.create_hosted_zone

    def repeated(**arguments: Any) -> Any:
        create(**arguments)
        return create(**arguments)

    monkeypatch.setattr(client, "create_hosted_zone", repeated)
    outcome = run(MODULE, {**PUBLIC, "tags": TAGS})
    assert ids(emulator) == [outcome.result["hosted_zone"]["id"]]
    assert outcome.result["hosted_zone"]["tags"] == {**TAGS, "Name": PUBLIC["name"]}


def test_a_name_that_begins_like_another_is_another(emulator: Emulator, run: Runner) -> None:
    """The caller reference of `a/b` begins with that of `a` and is not taken for it."""
    route53 = emulator.client("route53")
    route53.create_hosted_zone(Name=PUBLIC["zone"], CallerReference=f"{PUBLIC['name']}/more/1234")
    assert "not tagged as ours" in run(MODULE, PUBLIC, check=True, fails=True).result["msg"]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("tag", [None, "pixstory-staging-public"])
def test_a_foreign_public_zone_is_refused(emulator: Emulator, run: Runner, check: bool, tag: str | None) -> None:
    foreign = make_foreign(emulator, PUBLIC["zone"], tag=tag)
    before = tags_of(emulator, foreign)
    outcome = run(MODULE, {**PUBLIC, "tags": TAGS}, check=check, fails=True)
    for part in (foreign, f"Name tag: {tag or 'none'}", f"not tagged as ours (Name={PUBLIC['name']})", "adopt: true"):
        assert part in outcome.result["msg"]
    assert outcome.writes == []
    assert tags_of(emulator, foreign) == before


def test_a_foreign_public_zone_is_adopted(emulator: Emulator, run: Runner) -> None:
    foreign = make_foreign(emulator, PUBLIC["zone"])
    write_record(emulator, foreign, "mail.pixstory.example")
    outcome = run.predicted(MODULE, {**PUBLIC, "adopt": True, "tags": TAGS, "purge_tags": False})
    assert outcome.result["action"] == "update"
    assert outcome.writes == ["route53.ChangeTagsForResource"]
    assert ids(emulator) == [outcome.result["hosted_zone"]["id"]] == [foreign]
    assert tags_of(emulator, foreign) == {"Owner": "mail", **TAGS, "Name": PUBLIC["name"]}
    assert not run.predicted(MODULE, {**PUBLIC, "tags": TAGS, "purge_tags": False}).changed


def test_none_of_two_foreign_zones_is_adopted(emulator: Emulator, run: Runner) -> None:
    both = sorted(make_foreign(emulator, PUBLIC["zone"]) for _ in range(2))
    outcome = run(MODULE, {**PUBLIC, "adopt": True}, fails=True)
    assert all(zone in outcome.result["msg"] for zone in both)
    assert "takes over a single one" in outcome.result["msg"]
    assert outcome.writes == []


def test_a_foreign_zone_beside_ours_is_left_alone(emulator: Emulator, run: Runner) -> None:
    ours = run(MODULE, PUBLIC).result["hosted_zone"]["id"]
    foreign = make_foreign(emulator, PUBLIC["zone"])
    outcome = run.predicted(MODULE, {**PUBLIC, "adopt": True})
    assert not outcome.changed
    assert outcome.result["hosted_zone"]["id"] == ours
    run.predicted(MODULE, {**PUBLIC, "state": "absent"})
    assert ids(emulator) == [foreign]
    assert not run.predicted(MODULE, {**PUBLIC, "state": "absent", "adopt": True}).changed


def test_a_foreign_private_zone_is_in_the_way_of_its_vpcs_only(
    emulator: Emulator, run: Runner, private: dict, vpcs: list
) -> None:
    foreign = make_foreign(emulator, private["zone"], vpc=vpcs[2]["id"])
    outcome = run(MODULE, {**private, "vpcs": vpcs}, check=True, fails=True)
    assert foreign in outcome.result["msg"]
    assert "its VPCs already see it" in outcome.result["msg"]
    assert run.predicted(MODULE, private).result["action"] == "create"
    assert len(ids(emulator)) == 2


def test_a_public_zone_is_not_in_the_way_of_a_private_one(emulator: Emulator, run: Runner, private: dict) -> None:
    make_foreign(emulator, private["zone"])
    assert run.predicted(MODULE, private).result["hosted_zone"]["private_zone"] is True


def test_two_zones_of_ours_are_refused(emulator: Emulator, run: Runner) -> None:
    both = sorted(make_foreign(emulator, PUBLIC["zone"], tag=PUBLIC["name"]) for _ in range(2))
    for state in ("present", "absent"):
        outcome = run(MODULE, {**PUBLIC, "state": state}, fails=True)
        assert ", ".join(both) in outcome.result["msg"]
        assert outcome.writes == []


@pytest.mark.parametrize("check", [True, False])
def test_a_zone_with_records_is_not_deleted(emulator: Emulator, run: Runner, check: bool) -> None:
    zone = run(MODULE, PUBLIC).result["hosted_zone"]["id"]
    write_record(emulator, zone, "www.pixstory.example")
    outcome = run(MODULE, {**PUBLIC, "state": "absent"}, check=check, fails=True)
    assert "1 records that are not its own NS and SOA: www.pixstory.example. CNAME." in outcome.result["msg"]
    assert outcome.writes == []


def test_a_zone_is_deleted_with_its_records_by_force(
    emulator: Emulator, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route53_hosted_zone, "RECORDS", 2)
    zone = run(MODULE, PUBLIC).result["hosted_zone"]["id"]
    for name in ("a", "b", "c"):
        write_record(emulator, zone, f"{name}.pixstory.example")
    outcome = run.predicted(MODULE, {**PUBLIC, "state": "absent", "force": True})
    assert outcome.writes == ["route53.ChangeResourceRecordSets"] * 2 + ["route53.DeleteHostedZone"]
    assert zones(emulator) == []


def test_check_mode_takes_vpcs_that_are_yet_to_be(run: Runner, private: dict, vpcs: list) -> None:
    yet = {"id": "vpc-0123456789abcdef0", "region": REGION}
    assert run(MODULE, {**private, "vpcs": [yet]}, check=True).result["hosted_zone"] == {}
    run(MODULE, private)
    outcome = run(MODULE, {**private, "vpcs": [*vpcs[:2], yet]}, check=True)
    assert outcome.diff == {"before": {"vpcs": vpcs[:2]}, "after": {"vpcs": [*vpcs[:2], yet]}}


def test_a_private_zone_needs_a_vpc(run: Runner, private: dict) -> None:
    outcome = run(MODULE, {**private, "vpcs": []}, check=True, fails=True)
    assert "a private zone has at least one VPC" in outcome.result["msg"]


def test_a_name_that_leaves_no_room_in_the_caller_reference(run: Runner) -> None:
    assert run(MODULE, {**PUBLIC, "name": "n" * 95}).changed
    outcome = run(MODULE, {**PUBLIC, "name": "n" * 96}, check=True, fails=True)
    assert "Write up to 95" in outcome.result["msg"]


def test_tags_of_many_zones_are_read_in_tens(emulator: Emulator, run: Runner) -> None:
    for number in range(11):
        make_foreign(emulator, PUBLIC["zone"], tag=f"other-{number}")
    ours = make_foreign(emulator, PUBLIC["zone"], tag=PUBLIC["name"])
    assert run(MODULE, PUBLIC).result["hosted_zone"]["id"] == ours
