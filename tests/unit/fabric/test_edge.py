# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The edge: where it is, what it asks the load balancer, and whom it turns away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_world import WORLD

from lab.fabric import balancers, edge, firewall, network, plan
from lab.fabric.authority import Authority
from lab.fabric.security_groups import ruleset
from lab.fabric.world import (
    Distribution,
    Listener,
    ListenerRule,
    Record,
    Rule,
    WebAcl,
    distribution_of,
    listener_of,
    rules_of,
)

ADDRESSES = ("203.0.113.0/24", "198.51.100.0/24")
DISTRIBUTION = Distribution(
    "E1",
    "d1.cloudfront.net",
    ("pixstory.test", "www.pixstory.test"),
    "origin.pixstory.test",
    (("X-Origin-Verify", "it's 100%"),),
    ("redirect-to-https",),
)
LOCKED = replace(
    WORLD.load_balancers["arn:public"],
    forwarded_for="preserve",
    listeners=(
        Listener(
            443,
            "HTTPS",
            "arn:certificate",
            "arn:web",
            rules=(
                ListenerRule((("http-header", "X-Origin-Verify", ("new", "o*d")),), target_group="arn:web"),
                ListenerRule((("path-pattern", "", ("*",)),), fixed={"StatusCode": "403", "MessageBody": "Forbidden"}),
            ),
        ),
    ),
)
WITH_EDGE = replace(
    WORLD,
    distributions=(DISTRIBUTION,),
    edge_cidrs=ADDRESSES,
    load_balancers={"arn:public": LOCKED},
    public_records=(
        Record("origin.pixstory.test", "A", ("public-1.elb.amazonaws.com",), alias=True),
        Record("loop.pixstory.test", "CNAME", ("loop.pixstory.test",)),
    ),
)


def test_the_edge_has_an_address_that_cloudfront_asks_from() -> None:
    host = plan.hosts(WITH_EDGE)["edge"]
    assert (host.address, host.subnet) == ("203.0.113.10", "")
    assert network.connections([host], WITH_EDGE) == {"edge": "203.0.113.10/24"}
    assert "203.0.113.1" in network.router_addresses(WITH_EDGE)
    assert network.wire("edge").startswith("internet")
    assert "edge" not in plan.hosts(WORLD)
    with pytest.raises(SystemExit, match="no prefix list"):
        plan.hosts(replace(WITH_EDGE, edge_cidrs=()))


def test_no_security_group_is_asked_of_the_edge() -> None:
    text = ruleset(WITH_EDGE, plan.hosts(WITH_EDGE))
    assert "203.0.113.10" not in text
    assert ' iifname "internet*" oifname { "uplink", "internet*" } return\n' in text


def test_a_prefix_list_is_a_rule_a_block() -> None:
    permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [{"PrefixListId": "pl-1"}]}
    group = {"IpPermissions": [permission], "IpPermissionsEgress": []}
    assert list(rules_of(group, {"pl-1": ADDRESSES})) == [
        Rule("ingress", "tcp", 443, 443, cidr=cidr) for cidr in ADDRESSES
    ]
    assert list(rules_of(group)) == []


def test_the_edge_asks_the_load_balancer_with_its_header(tmp_path: Path) -> None:
    hosts = plan.hosts(WITH_EDGE)
    service = edge.services(WITH_EDGE, hosts, Authority(tmp_path))["edge"]
    text = service.files[balancers.CONFIG]
    assert " http-request set-header X-Origin-Verify 'it'\\''s 100%%'\n" in text
    for zone in "ac":
        public = hosts[f"balancer-public-{zone}"].public
        assert f" server balancer-public-{zone} {public}:443 ssl verify required ca-file /lab/ca.crt" in text
    assert "sni str(origin.pixstory.test)" in text
    assert service.files["ca.crt"] == (tmp_path / "ca.crt").read_text()
    assert edge.services(WORLD, plan.hosts(WORLD), Authority(tmp_path)) == {}


def test_what_reads_is_asked_again_of_an_origin_that_is_silent() -> None:
    text, _ = edge.config(replace(DISTRIBUTION, read_timeout=20, attempts=2), WebAcl(()), [])
    backend = text.partition("backend origin\n")[2]
    assert " timeout server 20s\n retries 1\n retry-on conn-failure response-timeout\n" in backend
    assert " http-request disable-l7-retry unless { method GET HEAD }\n" in backend


def test_an_origin_that_leads_nowhere_has_no_nodes() -> None:
    hosts = plan.hosts(WITH_EDGE)
    assert edge.nodes(WITH_EDGE, hosts, "loop.pixstory.test") == edge.nodes(WITH_EDGE, hosts, "else.test") == []


def test_other_ways_of_coming_without_tls_are_told() -> None:
    with pytest.raises(SystemExit, match="viewer protocol policy allow-all"):
        edge.config(replace(DISTRIBUTION, policies=("allow-all",)), WebAcl(()), [])


def test_a_distribution_as_the_api_tells_it() -> None:
    headers = {"Quantity": 1, "Items": [{"HeaderName": "X-Origin-Verify", "HeaderValue": "secret"}]}
    origins = [
        {"Id": "media", "DomainName": "media.s3.amazonaws.com", "S3OriginConfig": {}},
        {
            "Id": "balancer",
            "DomainName": "origin.test",
            "CustomOriginConfig": {"OriginReadTimeout": 20},
            "CustomHeaders": headers,
            "ConnectionAttempts": 2,
        },
    ]
    config: dict[str, Any] = {
        "Aliases": {"Quantity": 1, "Items": ["pixstory.test"]},
        "Origins": {"Quantity": 2, "Items": origins},
        "DefaultCacheBehavior": {"TargetOriginId": "balancer", "ViewerProtocolPolicy": "redirect-to-https"},
        "CacheBehaviors": {"Quantity": 0},
        "WebACLId": "arn:acl",
    }
    told = {"Id": "E1", "DomainName": "d1.cloudfront.net"}
    found = distribution_of(told, {"DistributionConfig": config, "ETag": "E2"})
    assert found == Distribution(
        "E1",
        "d1.cloudfront.net",
        ("pixstory.test",),
        "origin.test",
        (("X-Origin-Verify", "secret"),),
        ("redirect-to-https",),
        "arn:acl",
        "E2",
        read_timeout=20,
        attempts=2,
    )
    bucket = {**config["DefaultCacheBehavior"], "TargetOriginId": "media"}
    only = {"DistributionConfig": {**config, "DefaultCacheBehavior": bucket}, "ETag": "E2"}
    assert distribution_of(told, only) is None


def test_rules_of_a_listener_are_asked_in_their_order() -> None:
    def rule(priority: str, action: dict[str, Any], *conditions: dict[str, Any]) -> dict[str, Any]:
        return {"Priority": priority, "IsDefault": priority == "default", "Conditions": conditions, "Actions": [action]}

    refusal = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "403"}}
    forward = {"Type": "forward", "TargetGroupArn": "arn:web"}
    header = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-A", "Values": ["one"]}}
    path = {"Field": "path-pattern", "Values": ["*"], "PathPatternConfig": {"Values": ["*"]}}
    rules = [rule("default", forward), rule("100", refusal, path), rule("9", forward, header)]
    assert listener_of({"Port": 80, "Protocol": "HTTP", "DefaultActions": [forward]}, rules) == Listener(
        80,
        "HTTP",
        target_group="arn:web",
        rules=(
            ListenerRule((("http-header", "X-A", ("one",)),), target_group="arn:web"),
            ListenerRule((("path-pattern", "", ("*",)),), fixed={"StatusCode": "403"}),
        ),
    )


def test_a_load_balancer_forwards_only_with_the_header() -> None:
    text = balancers.config(LOCKED, WORLD.target_groups, plan.hosts(WITH_EDGE))
    lines = [line.strip() for line in text.splitlines()]
    first = "http-request set-var(txn.rule) int(1) if { req.fhdr(X-Origin-Verify) -m reg -i '^new$' '^o.*d$' }"
    assert f"{first} !{{ var(txn.rule) -m found }}" in lines
    assert "use_backend web if { var(txn.rule) -m int 1 }" in lines
    refusal = "http-request return status 403 content-type text/plain string 'Forbidden'"
    assert f"{refusal} if {{ var(txn.rule) -m int 2 }}" in lines
    assert "option forwardfor" not in text
    appended = balancers.config(replace(LOCKED, forwarded_for="append"), WORLD.target_groups, {})
    assert " option forwardfor\n" in appended


def test_a_condition_that_nobody_models_is_told() -> None:
    rule = ListenerRule((("source-ip", "", ("10.0.0.0/8",)),), target_group="arn:web")
    listener = Listener(80, "HTTP", target_group="arn:web", rules=(rule,))
    with pytest.raises(SystemExit, match="condition source-ip, which the lab does not model"):
        balancers.config(replace(LOCKED, listeners=(listener,)), WORLD.target_groups, {})


# The web ACL


def made(action: str, statement: dict[str, Any], name: str = "one", priority: int = 1) -> dict[str, Any]:
    return {"Name": name, "Priority": priority, "Action": {action: {}}, "Statement": statement}


def ip_set(name: str) -> dict[str, Any]:
    return {"IPSetReferenceStatement": {"ARN": f"arn:aws:wafv2:us-east-1:1:global/ipset/{name}/id"}}


def method(name: str) -> dict[str, Any]:
    return {
        "ByteMatchStatement": {
            "SearchString": name.encode(),
            "FieldToMatch": {"Method": {}},
            "PositionalConstraint": "EXACTLY",
        }
    }


PATH = {"RegexMatchStatement": {"RegexString": "^(/a|/b)", "FieldToMatch": {"UriPath": {}}}}
LARGE = {"SizeConstraintStatement": {"FieldToMatch": {"Body": {}}, "ComparisonOperator": "GT", "Size": 10}}
FITS = "{ path,url_dec,regsub(//+,/,g) -m reg '^(/a|/b)' }"


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (
            made("Allow", {"OrStatement": {"Statements": [ip_set("x4"), ip_set("x6")]}}),
            "allow if { src -f /lab/x4.txt } or { src -f /lab/x6.txt }",
        ),
        (made("Block", ip_set("x4")), "deny deny_status 403 if { src -f /lab/x4.txt }"),
        (
            made("Block", {"AndStatement": {"Statements": [LARGE, {"NotStatement": {"Statement": PATH}}]}}),
            f"deny deny_status 403 if {{ req.body_size gt 10 }} !{FITS}",
        ),
        (
            made(
                "Block",
                {"AndStatement": {"Statements": [{"OrStatement": {"Statements": [method("A"), method("B")]}}, PATH]}},
            ),
            f"deny deny_status 403 if {{ method A }} {FITS} or {{ method B }} {FITS}",
        ),
        (
            made("Block", {"NotStatement": {"Statement": {"OrStatement": {"Statements": [method("A"), method("B")]}}}}),
            "deny deny_status 403 if !{ method A } !{ method B }",
        ),
    ],
)
def test_a_rule_in_haproxys_words(rule: dict[str, Any], line: str) -> None:
    assert firewall.translated(rule) == ([f" http-request {line}"], [])


def test_a_rate_is_counted_by_address_and_refused_above_its_limit() -> None:
    rate = {"Limit": 60, "EvaluationWindowSec": 120, "AggregateKeyType": "IP", "ScopeDownStatement": method("POST")}
    lines, sections = firewall.translated(made("Block", {"RateBasedStatement": rate}, "sign-in"))
    assert lines == [
        " http-request track-sc0 src table rate-sign-in if { method POST }",
        " http-request deny deny_status 403 if { sc_http_req_rate(0) gt 60 }",
    ]
    assert "expire 120s store http_req_rate(120s)" in sections[0]


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"Statement": {"ManagedRuleGroupStatement": {"Name": "A"}}, "OverrideAction": {"None": {}}}, "AWS's own"),
        (made("Count", PATH), "only counts"),
        (made("Block", {"RateBasedStatement": {"Limit": 9, "AggregateKeyType": "FORWARDED_IP"}}), "by FORWARDED_IP"),
        (made("Block", {"GeoMatchStatement": {"CountryCodes": ["AQ"]}}), "no GeoMatchStatement"),
    ],
)
def test_what_is_not_modelled_says_why(rule: dict[str, Any], reason: str) -> None:
    with pytest.raises(firewall.NotModelled, match=reason):
        firewall.translated(rule)


def test_rules_are_asked_by_priority_and_each_rate_has_a_counter_of_its_own() -> None:
    rate = {"RateBasedStatement": {"Limit": 10, "AggregateKeyType": "IP"}}
    rules = (
        made("Block", rate, "late", 9),
        made("Block", ip_set("bad"), "list", 1),
        made("Count", PATH, "counted", 2),
        made("Block", rate, "early", 5),
    )
    arn = ip_set("bad")["IPSetReferenceStatement"]["ARN"]
    lines, sections, files = firewall.config(WebAcl(rules, {arn: ("192.0.2.0/24",)}))
    tracked = [line.split()[1:5] for line in lines if "track-sc" in line]
    assert tracked == [["track-sc0", "src", "table", "rate-early"], ["track-sc1", "src", "table", "rate-late"]]
    assert "src -f /lab/bad.txt" in lines[1]
    assert sections[0] == "global\n tune.stick-counters 2\n"
    assert files == {"bad.txt": "192.0.2.0/24\n"}
    assert firewall.config(WebAcl(()))[1:] == ([], {})
