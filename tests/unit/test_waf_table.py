# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of each rule of the web ACLs: whether a rehearsal proves it."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from typing import Any

import pytest

from lab import waf
from lab.fabric.firewall import NotModelled, translated


@pytest.fixture(scope="module")
def environments() -> dict[str, Mapping[str, Any]]:
    return {name: waf.declared(name) for name in waf.ENVIRONMENTS}


def test_the_document_has_the_table(environments: Mapping[str, Mapping[str, Any]]) -> None:
    table = waf.table(waf.rows(environments))
    assert table in (waf.ROOT / "docs" / "edge.md").read_text()


def test_every_rule_is_in_one_row(environments: Mapping[str, Mapping[str, Any]]) -> None:
    rows = waf.rows(environments)
    listed = [(row[0], row[1], environment) for row in rows for environment in row[3].split(", ")]
    there = [(*key, name) for name, variables in environments.items() for key in waf.rules(variables)]
    assert sorted(listed) == sorted(there)
    assert len(there) == 3 * (12 + 6)
    assert {row[4] for row in rows} == {waf.PROVED, waf.NOT_MODELLED}


def test_what_is_proved_has_a_test_and_is_made(environments: Mapping[str, Mapping[str, Any]]) -> None:
    functions = {one.name for one in ast.walk(ast.parse(waf.TESTS.read_text())) if isinstance(one, ast.FunctionDef)}
    assert set(waf.PROOFS.values()) <= functions
    rules = waf.rules(environments["local"])
    made = set()
    for (acl, name), rule in rules.items():
        try:
            translated(rule)
        except NotModelled:
            continue
        if acl == environments["local"]["aws_edge_web_acl"]:
            made.add(name)
    assert made == set(waf.PROOFS)


def test_no_rate_is_counted_by_what_the_visitor_writes(environments: Mapping[str, Mapping[str, Any]]) -> None:
    """A header is the visitor's to write, and behind CloudFront the address that connects is not the visitor's."""
    counted = set()
    for variables in environments.values():
        for (acl, name), rule in waf.rules(variables).items():
            rate = rule["Statement"].get("RateBasedStatement")
            if rate:
                assert (rate["AggregateKeyType"], rate.get("CustomKeys")) == ("IP", None), (acl, name)
                assert variables["aws_waf_web_acls"][acl]["scope"] == "CLOUDFRONT", (acl, name)
                counted.add(name)
    assert counted == {"sign-in-rate", "posting-rate", "api-rate"}


def test_an_ip_set_looks_at_the_address_that_cloudfront_wrote(environments: Mapping[str, Mapping[str, Any]]) -> None:
    text = json.dumps([rule for variables in environments.values() for rule in waf.rules(variables).values()])
    assert text.count('"HeaderName"') == text.count('"HeaderName": "X-Forwarded-For"') > 0
    assert text.count('"Position": "LAST"') == text.count('"IPSetForwardedIPConfig"') == text.count('"HeaderName"')
