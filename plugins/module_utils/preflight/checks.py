# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks, each a function of what was read and of what the environment declares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import ceil

from .model import HOLDS, UNSEEN, Declared, Facts, Row, check, verdict
from .needs import ADDRESSES, GATEWAYS, VPCS, listing

ALLOW = "Give who runs this policies/preflight-*.json, and run it again."
NETWORK = "Run this where the internet can be reached, or ask for the domain's name servers by hand: dig NS <domain>."
# The service-linked roles that what the environment makes cannot do without.
LINKED = {
    "autoscaling.amazonaws.com": "aws_compute_groups",
    "elasticloadbalancing.amazonaws.com": "aws_load_balancing_load_balancers",
    "rds.amazonaws.com": "aws_database_instances",
    "elasticache.amazonaws.com": "aws_cache_groups",
}
SERIOUS = {"ERROR": True, "SECURITY_WARNING": False}  # whether the kind of finding is refused by AWS
# What others in the account take of these quotas, and where that was read.
BESIDE = {ADDRESSES.code: "addresses", VPCS.code: "networks", GATEWAYS.code: "gateways"}


@check(
    "account plan",
    "Look at it in the console: Billing and Cost Management, Free Tier. An account older than July 2025 has none.",
)
def _plan(facts: Facts, declared: Declared) -> Iterable[Row]:
    plan = facts["plan"]
    yield verdict(
        "account plan",
        "paid plan",
        plan["type"] == "PAID",
        f"{plan['type']} {plan['status']}".strip(),
        "Upgrade to the paid plan (Billing and Cost Management, Free Tier, Upgrade plan), the first thing of all: the "
        "free plan leaves services and instance classes out, and closes the account when it ends.",
        required=True,
        document="https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/free-tier-plans.html",
    )


@check("CloudFront", ALLOW)
def _cloudfront(facts: Facts, declared: Declared) -> Iterable[Row]:
    if not declared["aws_edge_load_balancer"]:
        return
    document = "https://docs.aws.amazon.com/awssupport/latest/user/case-management.html"
    count = facts["distributions"]
    if count:
        yield Row("CloudFront", "account verified", HOLDS, f"it has made {count} distributions", document=document)
        return
    yield Row(
        "CloudFront",
        "account verified",
        UNSEEN,
        "there is no distribution yet, and no call that reads tells",
        "Make the smallest distribution there is in the console, and delete it. Where AWS answers that the account "
        "must be verified before it can add CloudFront resources, open a case (Account and billing) with that text: "
        "it takes hours to days, and aws_edge fails until then.",
        document=document,
    )


@check("quotas", ALLOW)
def _quotas(facts: Facts, declared: Declared) -> Iterable[Row]:
    quotas, asked = facts["quotas"], facts["requests"]
    for need in facts["needs"]:
        quota = need.quota
        if not need.amount:
            continue
        others = facts[BESIDE[quota.code]] if quota.code in BESIDE else 0
        given, amount, wanted = quotas[quota.code], _number(need.amount), ceil(need.amount + others)
        beside = f", and {others} that are not the environment's" if others else ""
        request = (
            f"; {_number(asked[quota.code])} were asked for, and AWS has not decided" if quota.code in asked else ""
        )
        where = "--region us-east-1 " if quota.everywhere else f"--region {declared['platform_region']} "
        yield verdict(
            "quotas",
            quota.name,
            given >= need.amount + others,
            f"{_number(given)} allowed; {amount} needed at the most ({need.because}){beside}{request}",
            f"Ask for {wanted} or more: aws service-quotas request-service-quota-increase {where}"
            f"--service-code {quota.service} --quota-code {quota.code} --desired-value {wanted}",
            required=True,
            document=quota.document,
        )


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


@check("zones", ALLOW)
def _zones(facts: Facts, declared: Declared) -> Iterable[Row]:
    told = listing(f"{name} is {id}" for name, id in sorted(facts["zones"].items()))
    yield Row("zones", "ids of the zones", HOLDS, told)


@check("instance types", ALLOW)
def _instance_types(facts: Facts, declared: Declared) -> Iterable[Row]:
    for name, zones in facts["offered"].items():
        yield _in_zones(declared, "instance types", name, zones, "aws_compute_sizes.<role>.instance_type")


@check("database classes", ALLOW)
def _database_classes(facts: Facts, declared: Declared) -> Iterable[Row]:
    version = declared["aws_database_engine_version"]
    for name, zones in facts["database_classes"].items():
        subject = f"{name} with PostgreSQL {version}"
        yield _in_zones(declared, "database classes", subject, zones, "aws_database_instance_class")


@check("endpoint services", ALLOW)
def _endpoint_services(facts: Facts, declared: Declared) -> Iterable[Row]:
    for name, zones in facts["endpoint_services"].items():
        yield _in_zones(declared, "endpoint services", name, zones, "aws_vpc_endpoints_interface")


def _in_zones(declared: Declared, check: str, subject: str, zones: list[str], variable: str) -> Row:
    wanted = [f"{declared['platform_region']}{letter}" for letter in declared["platform_zones"]]
    missing = [zone for zone in wanted if zone not in zones]
    everywhere = [letter for letter in "abcdef" if f"{declared['platform_region']}{letter}" in zones]
    return verdict(
        check,
        subject,
        not missing,
        f"in {listing(zones) or 'no zone'}" + (f", not in {listing(missing)}" if missing else ""),
        f"Write another one ({variable}), or platform_zones of {listing(everywhere) or 'another Region'}: "
        "zones can be chosen before the first provision only.",
        required=True,
    )


@check("cache node types", ALLOW)
def _cache_types(facts: Facts, declared: Declared) -> Iterable[Row]:
    for name, sold in facts["cache_types"].items():
        if sold:
            yield Row("cache node types", name, HOLDS, "sold in the Region; in which zones no call tells")
        else:
            found = "nobody can reserve one in the Region, and no call tells what can be made"
            remedy = "See that the console offers it (ElastiCache, Create), or write another aws_cache_node_type."
            yield Row("cache node types", name, UNSEEN, found, remedy)


@check("image", ALLOW)
def _image(facts: Facts, declared: Declared) -> Iterable[Row]:
    release, architecture = declared["aws_compute_debian_release"], declared["aws_compute_architecture"]
    yield Row("image", f"Debian {release} for {architecture}", HOLDS, facts["image"])


@check("service-linked roles", ALLOW)
def _linked_roles(facts: Facts, declared: Declared) -> Iterable[Row]:
    there = facts["linked_roles"]
    missing = [name for name, variable in LINKED.items() if declared[variable] and name not in there]
    yield verdict(
        "service-linked roles",
        "of the services that are used",
        not missing,
        f"{listing(missing)} has none yet" if missing else "all there",
        "Nothing, provision makes them. Where it fails on one all the same, it was too new: run it again in a minute.",
        document="https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html",
    )


@check("support plan", ALLOW)
def _support(facts: Facts, declared: Declared) -> Iterable[Row]:
    yield verdict(
        "support plan",
        "Business or above",
        facts["support"],
        "AWS Support can be called" if facts["support"] else "Basic or Developer",
        "Nothing that must be. Without it Trusted Advisor is not read by its API, and cases of production wait longer.",
        document="https://aws.amazon.com/premiumsupport/plans/",
    )


@check("contacts", ALLOW)
def _contacts(facts: Facts, declared: Declared) -> Iterable[Row]:
    for kind, address in facts["contacts"].items():
        name = kind.lower()
        yield verdict(
            "contacts",
            f"{name} contact",
            bool(address),
            address or "none",
            "Write one in the console (Account, Alternate contacts), an address that several people read: "
            f"AWS sends what concerns {name} there.",
            document="https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-update-contact-alternate.html",
        )
    yield Row(
        "contacts",
        "mail of the root user",
        UNSEEN,
        "only the management account of an organization may read the address",
        "See who reads it. Whoever does can take the account: an address of the company's, not of a person, with MFA "
        "on its mailbox.",
    )


@check("subscribers", ALLOW)
def _subscribers(facts: Facts, declared: Declared) -> Iterable[Row]:
    wanted = declared["aws_account_alert_emails"]
    yield verdict(
        "subscribers",
        "somebody is to be told of alarms and findings",
        bool(wanted),
        listing(wanted) or "aws_account_alert_emails is empty",
        f"Write aws_account_alert_emails in inventories/{declared['platform_environment']}/group_vars/all.yml. "
        "Otherwise every notice goes to a topic that nobody reads.",
        required=not declared["aws_account_unattended"],
    )
    there = facts["subscriptions"]
    for address in wanted:
        if address in there["confirmed"]:
            yield Row("subscribers", address, HOLDS, "confirmed")
        elif address in there["pending"]:
            found = "subscribed, and has not confirmed"
            yield verdict(
                "subscribers", address, False, found, "Click the link in AWS's mail. It is good for two days."
            )
        else:
            yield Row(
                "subscribers", address, UNSEEN, "provision will subscribe it", "Then click the link in AWS's mail."
            )


@check("domain", NETWORK)
def _domain(facts: Facts, declared: Declared) -> Iterable[Row]:
    domain, zone, now = declared["platform_domain"], facts["zone"], facts["delegated"]
    if zone is None:
        mail = facts["mail"]
        found = f"not delegated; now at {listing(now) or 'nobody'}, mail at {listing(mail) or 'nobody'}"
        remedy = "Provision makes its zone and names the name servers. Delegate it to them at the registrar then."
        if now or mail:
            remedy += " Copy into the new zone before what the old one has: mail stops otherwise, and so does the site."
        yield verdict("domain", f"{domain} is delegated", False, found, remedy)
    else:
        found = f"Route 53: {listing(zone)}; the world: {listing(now) or 'nobody'}"
        yield verdict(
            "domain", f"{domain} is delegated", zone == now, found, f"Delegate it at the registrar to {listing(zone)}."
        )


@check("certificate", ALLOW)
def _certificate(facts: Facts, declared: Declared) -> Iterable[Row]:
    for region, states in facts["certificates"].items():
        used = declared["aws_edge_load_balancer"] or any(
            balancer.get("certificate") for balancer in declared["aws_load_balancing_load_balancers"].values()
        )
        if used:
            yield verdict(
                "certificate",
                f"{declared['platform_domain']} in {region}",
                "ISSUED" in states,
                listing(states) or "none",
                "Nothing, provision asks for it. It is issued once the domain is delegated.",
            )


@check("controller", "Mend what fails on this machine.")
def _controller(facts: Facts, declared: Declared) -> Iterable[Row]:
    lacking = facts["tools"]
    for tool in lacking:
        yield verdict("controller", tool["name"], False, "not on this machine", tool["install"], required=True)
    if not lacking:
        yield Row("controller", "what machines are reached with", HOLDS, "all there")


@check("policies", ALLOW)
def _policies(facts: Facts, declared: Declared) -> Iterator[Row]:
    findings = facts["findings"]
    clean = 0
    for name, found in findings.items():
        serious = [one for one in found if one["type"] in SERIOUS]
        clean += not serious
        for one in serious:
            yield verdict(
                "policies",
                name,
                False,
                f"{one['type']} {one['code']}: {one['text']}",
                "Mend the policy where it is declared; those in policies/ are derived (docs/policies.md).",
                required=SERIOUS[one["type"]],
                document="https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html",
            )
    hints = sum(len(found) for found in findings.values())
    yield Row(
        "policies", "by Access Analyzer", HOLDS, f"{clean} of {len(findings)} have no error; {hints} findings in all"
    )
