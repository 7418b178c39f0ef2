# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A domain that is in use is taken over: nothing of it is lost, and its names move when they are told to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("dns", reason="the environment is older than requirements/runtime.txt: run make setup")

from tests.unit.name_server import name_server

from .conftest import Emulator, Run

DOMAIN = "dev.pixstory.com"
SITE = """
@ 300 IN A 192.0.2.10
www 300 IN CNAME hosting.provider.example.
"""
MAIL = """
@ 3600 IN MX 10 mail.provider.example.
@ 3600 IN TXT "v=spf1 include:_spf.provider.example -all"
selector1._domainkey 3600 IN CNAME selector1.provider.example.
newsletter 300 IN A 192.0.2.20
"""
LEAD = {"A", "AAAA", "CNAME"}


def told_by(run: Run) -> str:
    """The output without line breaks, which a long message has anywhere."""
    return " ".join(run.output.split())


class Domain:
    """The role aws_dns on an account with no more than a VPC."""

    def __init__(self, account: Emulator, file: Path, server: str) -> None:
        self.account, self.file, self.server = account, file, server
        self.route53 = account.client("route53")

    def run(self, records: str, **more: Any) -> Run:
        self.file.write_text(records)
        variables = {
            "aws_dns_zone_file": str(self.file),
            "aws_dns_present_name_servers": [self.server],
            "aws_dns_compared_names": ["newsletter"],
            **more,
        }
        return self.account.play("dev", "provision", "--tags", "aws_dns", "-e", json.dumps(variables)).ended_well()

    @property
    def zone(self) -> str:
        zones = self.route53.list_hosted_zones()["HostedZones"]
        return next(str(one["Id"]) for one in zones if one["Name"] == f"{DOMAIN}.")

    @property
    def records(self) -> dict[tuple[str, str], Any]:
        listed = self.route53.list_resource_record_sets(HostedZoneId=self.zone)["ResourceRecordSets"]
        found = {(one["Name"].removesuffix(f"{DOMAIN}.").rstrip("."), one["Type"]): one for one in listed}
        return {key: one for key, one in found.items() if key not in (("", "SOA"), ("", "NS"))}

    def name_servers(self) -> list[str]:
        return list(self.route53.get_hosted_zone(Id=self.zone)["DelegationSet"]["NameServers"])

    def lead_to_the_platform(self) -> None:
        """As role aws_edge does, with the CNAME of www gone."""
        alias = {"HostedZoneId": "Z2FDTNDATAQYW2", "DNSName": "d1.cloudfront.net", "EvaluateTargetHealth": False}
        old = self.records["www", "CNAME"]
        changes = [{"Action": "DELETE", "ResourceRecordSet": old}]
        changes += [
            {"Action": "UPSERT", "ResourceRecordSet": {"Name": f"{name}{DOMAIN}", "Type": kind, "AliasTarget": alias}}
            for name in ("", "www.")
            for kind in ("A", "AAAA")
        ]
        self.route53.change_resource_record_sets(HostedZoneId=self.zone, ChangeBatch={"Changes": changes})


def test_a_domain_in_use_is_taken_over(fresh_account: Emulator, tmp_path: Path) -> None:
    ec2 = fresh_account.client("ec2")
    tags = {"Name": "pixstory-dev-main", "Project": "pixstory", "Environment": "dev", "ManagedBy": "ansible"}
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    ec2.create_vpc(CidrBlock="10.40.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": listed}])
    with name_server(SITE + MAIL, DOMAIN) as server:
        domain = Domain(fresh_account, tmp_path / "zone", server)

        # What the zone lacks is named, and nobody is told where to delegate the domain.
        told = told_by(domain.run(SITE))
        assert "Do not delegate dev.pixstory.com yet" in told
        for lost in (
            "MX 10 mail.provider.example.",
            "TXT",
            "selector1._domainkey.dev.pixstory.com. CNAME",
            "newsletter",
        ):
            assert lost in told
        assert not any(one in told for one in domain.name_servers())

        told = told_by(domain.run(SITE + MAIL))
        assert "The zone has all 6 records that were found" in told
        assert all(one in told for one in domain.name_servers())
        assert domain.records.keys() == {
            *((("", "A"), ("", "MX"), ("", "TXT"), ("www", "CNAME"))),
            *((("selector1._domainkey", "CNAME"), ("newsletter", "A"))),
        }
        domain.run(SITE + MAIL).changed_nothing()

        # The names that CloudFront has are left to it, and come back when they are told to.
        domain.lead_to_the_platform()
        before = domain.records
        taken = domain.run(SITE + MAIL, aws_edge_take_over=True)
        taken.changed_nothing()
        assert "The zone has all" in told_by(taken)
        assert domain.records == before
        domain.run(SITE + MAIL)
        names = {key: one for key, one in domain.records.items() if key[0] in ("", "www") and key[1] in LEAD}
        assert {key: [value["Value"] for value in one["ResourceRecords"]] for key, one in names.items()} == {
            ("", "A"): ["192.0.2.10"],
            ("www", "CNAME"): ["hosting.provider.example."],
        }
