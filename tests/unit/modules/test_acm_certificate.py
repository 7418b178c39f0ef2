# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from twelve_steps import Emulator, Runner, TwelveSteps

from ansible_collections.pixstory.platform.plugins.modules import acm_certificate

MODULE = "acm_certificate"
DECLARED = {
    "name": "pixstory-production-public",
    "domain_name": "pixstory.example",
    "subject_alternative_names": ["*.pixstory.example", "www.pixstory.example"],
    "tags": {"Project": "pixstory"},
}


@pytest.fixture
def zone(emulator: Emulator) -> str:
    created = emulator.client("route53").create_hosted_zone(Name="pixstory.example", CallerReference="test")
    return created["HostedZone"]["Id"].removeprefix("/hostedzone/")


def cnames(emulator: Emulator, zone: str) -> dict[str, str]:
    listed = emulator.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return {item["Name"]: item["ResourceRecords"][0]["Value"] for item in listed if item["Type"] == "CNAME"}


def arns(emulator: Emulator) -> list[str]:
    return [item["CertificateArn"] for item in emulator.client("acm").list_certificates()["CertificateSummaryList"]]


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps, zone: str) -> None:
    def created(result: dict) -> None:
        certificate = result["certificate"]
        assert [certificate["certificate_arn"]] == arns(emulator)
        assert certificate["status"] == "ISSUED"
        assert certificate["tags"] == {"Project": "pixstory", "Name": DECLARED["name"]}
        # The domain and its wildcard share a record.
        assert len(certificate["validation_records"]) == 2
        assert cnames(emulator, zone) == {r["name"]: r["value"] for r in certificate["validation_records"]}

    change = {**DECLARED, "tags": {"Project": "pixstory", "Role": "public"}}
    absent = {key: DECLARED[key] for key in ("name", "domain_name")}
    twelve_steps(MODULE, create={**DECLARED, "hosted_zone_id": zone}, change=change, absent=absent, created=created)


def test_a_missing_record_is_written_and_no_other(emulator: Emulator, run: Runner, zone: str) -> None:
    run(MODULE, DECLARED)
    assert cnames(emulator, zone) == {}
    declared = {**DECLARED, "hosted_zone_id": zone}
    outcome = run.predicted(MODULE, declared)
    assert outcome.diff == {"before": {"hosted_zone_id": None}, "after": {"hosted_zone_id": zone}}
    assert outcome.writes == ["route53.ChangeResourceRecordSets"]
    records = cnames(emulator, zone)

    spoilt = sorted(records)[0]
    record = {"Name": spoilt, "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "elsewhere.example."}]}
    change = {"Action": "UPSERT", "ResourceRecordSet": record}
    emulator.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})
    assert run.predicted(MODULE, declared).changed
    assert cnames(emulator, zone) == records
    assert not run.predicted(MODULE, declared).changed


def test_check_mode_takes_a_zone_that_is_yet_to_be(run: Runner) -> None:
    declared = {**DECLARED, "hosted_zone_id": "ZTHATISYETTOBE"}
    assert run(MODULE, declared, check=True).result["action"] == "create"
    run(MODULE, DECLARED)
    assert run(MODULE, declared, check=True).result["action"] == "update"


@pytest.mark.parametrize(
    "other",
    [
        {"name": "pixstory-staging-public"},
        {"domain_name": "www.pixstory.example"},
        {"subject_alternative_names": ["*.pixstory.example"]},
        {"subject_alternative_names": []},
    ],
)
def test_another_certificate_is_requested(emulator: Emulator, run: Runner, other: dict) -> None:
    run(MODULE, DECLARED)
    assert run.predicted(MODULE, {**DECLARED, **other}).result["action"] == "create"
    assert len(arns(emulator)) == 2


@pytest.mark.parametrize(
    "same",
    [
        {"subject_alternative_names": ["www.pixstory.example", "*.PIXSTORY.example", "pixstory.example"]},
        {"subject_alternative_names": None},
        {"key_algorithm": "RSA_2048"},
    ],
)
def test_the_same_certificate_is_not_requested_again(emulator: Emulator, run: Runner, same: dict) -> None:
    run(MODULE, DECLARED)
    assert not run.predicted(MODULE, {**DECLARED, **same}).changed
    assert len(arns(emulator)) == 1


def test_tags_that_are_not_given_are_left_alone(run: Runner) -> None:
    run(MODULE, DECLARED)
    outcome = run.predicted(MODULE, {key: value for key, value in DECLARED.items() if key != "tags"})
    assert not outcome.changed
    assert outcome.result["certificate"]["tags"] == {"Project": "pixstory", "Name": DECLARED["name"]}


def test_another_key_algorithm_is_another_certificate(run: Runner) -> None:
    run(MODULE, DECLARED)
    declared = {**DECLARED, "key_algorithm": "EC_prime256v1"}
    assert run.predicted(MODULE, declared).result["action"] == "create"
    assert not run.predicted(MODULE, declared).changed


@pytest.fixture
def status(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What every certificate says of itself; the emulator issues at once."""
    shown: dict[str, Any] = {}
    describe = acm_certificate.Certificate._describe

    def pretend(self: acm_certificate.Certificate, arn: str) -> dict[str, Any] | None:
        described = describe(self, arn)
        return described and {**described, **shown}

    monkeypatch.setattr(acm_certificate.Certificate, "_describe", pretend)
    return shown


def test_waiting_in_vain_names_the_records(run: Runner, status: dict) -> None:
    status["Status"] = "PENDING_VALIDATION"
    outcome = run(MODULE, {**DECLARED, "wait_timeout": 1}, fails=True)
    for part in (".pixstory.example. CNAME _", ".www.pixstory.example. CNAME _", "dig NS pixstory.example"):
        assert part in outcome.result["msg"]


def test_waiting_in_vain_names_the_servers_of_the_zone(
    emulator: Emulator, run: Runner, zone: str, status: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    status["Status"] = "PENDING_VALIDATION"
    outcome = run(MODULE, {**DECLARED, "hosted_zone_id": zone, "wait_timeout": 1}, fails=True)
    servers = emulator.client("route53").get_hosted_zone(Id=zone)["DelegationSet"]["NameServers"]
    assert len(servers) == 4
    assert f"the zone that holds them: {', '.join(servers)} (dig NS" in outcome.result["msg"]

    def refused(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetHostedZone")

    monkeypatch.setattr(emulator.client("route53"), "get_hosted_zone", refused)
    outcome = run(MODULE, {**DECLARED, "hosted_zone_id": zone, "wait_timeout": 1}, fails=True)
    assert "the zone that holds them (dig NS" in outcome.result["msg"]


def test_a_pending_certificate_is_waited_for_again(run: Runner, status: dict) -> None:
    status["Status"] = "PENDING_VALIDATION"
    outcome = run.predicted(MODULE, {**DECLARED, "wait": False})
    assert outcome.result["certificate"]["status"] == "PENDING_VALIDATION"
    run(MODULE, {**DECLARED, "wait_timeout": 1}, fails=True)
    status.clear()
    outcome = run(MODULE, DECLARED)
    assert not outcome.changed
    assert outcome.result["certificate"]["status"] == "ISSUED"


def test_a_failed_validation_is_said_at_once(run: Runner, status: dict) -> None:
    status.update(Status="FAILED", FailureReason="CAA_ERROR")
    outcome = run(MODULE, DECLARED, fails=True)
    assert "it is FAILED (CAA_ERROR)" in outcome.result["msg"]


def test_records_that_acm_has_not_made_yet_are_waited_for(
    emulator: Emulator, run: Runner, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = acm_certificate.Certificate._describe
    calls: list[str] = []

    def late(self: acm_certificate.Certificate, arn: str) -> dict[str, Any] | None:
        calls.append(arn)
        description = described(self, arn)
        if description and len(calls) < 3:
            description["DomainValidationOptions"] = [{"DomainName": "pixstory.example"}]
        return description

    monkeypatch.setattr(acm_certificate.Certificate, "_describe", late)
    run(MODULE, {**DECLARED, "hosted_zone_id": zone})
    assert len(cnames(emulator, zone)) == 2
