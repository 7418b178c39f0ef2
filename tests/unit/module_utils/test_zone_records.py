# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records of a domain: out of a zone file, out of Route 53, and as a name server on loopback answers."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

pytest.importorskip("dns", reason="the environment is older than requirements/runtime.txt: run make setup")

from ansible_collections.pixstory.platform.plugins.filter.zones import zone_records
from ansible_collections.pixstory.platform.plugins.module_utils.zone_records import (
    Mistaken,
    Servers,
    answered,
    differences,
    of_route53,
    parse,
)
from tests.unit.name_server import name_server

DOMAIN = "pixstory.test"
ZONE = r"""
@ 3600 IN SOA ns1.provider.example. hostmaster.provider.example. 1 3600 600 604800 300
@ 3600 IN NS ns1.provider.example.
@ 3600 IN NS ns2.provider.example.
@ 3600 IN DNSKEY 257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==
@ 300 IN A 192.0.2.10
@ 3600 IN MX 10 Mail.Provider.example.
@ 3600 IN MX 20 mail2.provider.example.
@ 3600 IN TXT "v=spf1 include:_spf.provider.example -all"
www 300 IN CNAME hosting.provider.example.
_dmarc IN TXT "v=DMARC1; p=none"
newsletter 300 IN A 192.0.2.20
google._domainkey IN TXT "v=DKIM1; k=rsa; p=" "AAAA"
cafe IN TXT "caf\195\169"
shop 3600 IN NS ns1.shop.example.
"""


def record(name: str, kind: str, *values: str, ttl: int = 3600) -> dict[str, Any]:
    return {"name": f"{name}.{DOMAIN}." if name else f"{DOMAIN}.", "type": kind, "ttl": ttl, "value": list(values)}


def route53(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As ListResourceRecordSets has them."""
    return [
        {"Name": one["name"], "Type": one["type"], "ResourceRecords": [{"Value": value} for value in one["value"]]}
        for one in records
    ]


def test_a_zone_file_becomes_records_of_route_53() -> None:
    """Without what belongs to the present servers, values as a zone file has them, octets in octal."""
    found = parse(ZONE, DOMAIN)
    assert {(one["name"], one["type"]) for one in found} == {
        *((f"{DOMAIN}.", kind) for kind in ("A", "MX", "TXT")),
        *((f"{name}.{DOMAIN}.", "TXT") for name in ("_dmarc", "google._domainkey", "cafe")),
        (f"www.{DOMAIN}.", "CNAME"),
        (f"newsletter.{DOMAIN}.", "A"),
        (f"shop.{DOMAIN}.", "NS"),
    }
    assert record("", "MX", "10 Mail.Provider.example.", "20 mail2.provider.example.") in found
    assert record("google._domainkey", "TXT", '"v=DKIM1; k=rsa; p=" "AAAA"') in found
    assert record("cafe", "TXT", r'"caf\303\251"') in found
    assert record("www", "CNAME", "hosting.provider.example.", ttl=300) in found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("www IN A 192.0.2.300\n", r"no zone file of pixstory\.test .*line 2 or the one before"),
        ("@ IN A 192.0.2.1\n@ IN ALIAS x.example.\n", "line 2"),
        ("@ IN A 192.0.2.1\noffice IN LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m\n", "takes no office"),
        ("$ORIGIN other.test.\nwww IN A 192.0.2.1\n", r"no record of pixstory\.test"),
        ("", "no record"),
    ],
)
def test_what_is_wrong_with_a_zone_file_is_told(text: str, told: str) -> None:
    with pytest.raises(AnsibleFilterError, match=told):
        zone_records(text, DOMAIN)


def test_nothing_is_lost_when_all_was_taken_over() -> None:
    new = of_route53(route53(parse(ZONE, DOMAIN)))
    with name_server(ZONE, DOMAIN) as server:
        present = answered(Servers.of([server]), DOMAIN, [], new)
    assert differences(present, new) == []
    assert (f"{DOMAIN}.", "MX") in present


def test_what_the_new_zone_lacks_is_named() -> None:
    """Found without the zone file: what domains commonly have, and the names that are given."""
    kept = [one for one in parse(ZONE, DOMAIN) if one["type"] not in ("MX", "TXT", "CNAME", "NS")]
    new = of_route53(route53([one for one in kept if "newsletter" not in one["name"]]))
    with name_server(ZONE, DOMAIN) as server:
        servers = Servers.of([server])
        lacking = differences(answered(servers, DOMAIN, [], new), new)
        assert {(one["name"].removesuffix(DOMAIN + "."), one["type"]) for one in lacking} == {
            ("", "MX"), ("", "TXT"), ("www.", "CNAME"), ("_dmarc.", "TXT"), ("google._domainkey.", "TXT"),
        }  # fmt: skip
        assert [one["new"] for one in lacking] == [[]] * 5
        more = differences(answered(servers, DOMAIN, ["newsletter"], new), new)
    assert {one["name"] for one in more} - {one["name"] for one in lacking} == {f"newsletter.{DOMAIN}."}


def test_another_value_is_told_and_a_name_that_is_taken_over_is_not() -> None:
    alias = {"Name": f"{DOMAIN}.", "Type": "A", "AliasTarget": {"DNSName": "d1.cloudfront.net."}}
    mail = {"Name": f"{DOMAIN}.", "Type": "MX", "ResourceRecords": [{"Value": "10 mail.provider.example."}]}
    with name_server("@ IN A 192.0.2.1\n@ IN MX 5 mail.provider.example.\n", DOMAIN) as server:
        new = of_route53([alias, mail])
        present = answered(Servers.of([server]), DOMAIN, [], new)
    told = {one["type"]: one for one in differences(present, new)}
    assert told["A"]["new"] == ["alias of d1.cloudfront.net."]
    assert (told["MX"]["present"], told["MX"]["new"]) == (["5 mail.provider.example."], ["10 mail.provider.example."])
    assert [one["type"] for one in differences(present, new, [DOMAIN])] == ["MX"]


def test_a_record_for_all_names_is_one_and_not_all_of_them() -> None:
    with name_server("* IN A 192.0.2.7\nwww IN A 192.0.2.8\n", DOMAIN) as server:
        told = differences(answered(Servers.of([server]), DOMAIN, [], {}), {})
        assert [one["name"] for one in told] == [f"*.{DOMAIN}.", f"www.{DOMAIN}."]
        new = of_route53([{"Name": rf"\052.{DOMAIN}.", "Type": "A", "ResourceRecords": [{"Value": "192.0.2.7"}]}])
        told = differences(answered(Servers.of([server]), DOMAIN, [], new), new)
    assert [one["name"] for one in told] == [f"www.{DOMAIN}."]


def test_who_does_not_answer_is_told() -> None:
    with pytest.raises(Mistaken, match=r"the name server no\.such\.name\.invalid is not found"):
        Servers.of(["no.such.name.invalid"])
    with name_server("@ IN A 192.0.2.1\n", "other.test") as server, pytest.raises(Mistaken, match="REFUSED"):
        answered(Servers.of([server]), DOMAIN, [], {})
    silent = Servers((("127.0.0.1", 9),), seconds=0.2)
    with pytest.raises(Mistaken, match=r"no name server answers for .*127\.0\.0\.1 port 9"):
        answered(silent, DOMAIN, [], {})
    with name_server("@ IN A 192.0.2.1\n", DOMAIN) as server:
        [(address, port)] = Servers.of([server]).addresses
        both = Servers((("127.0.0.1", 9), (address, port)), seconds=0.2)
        assert both.answer((f"{DOMAIN}.", "A")) == ((f"{DOMAIN}.", "A"), frozenset({"192.0.2.1"}))
