# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load balancers, web ACLs, CloudFront and certificates."""

from __future__ import annotations

from typing import Any

from ..model import Record, Snapshot, Verdict, control

BALANCING = "provision.yml --tags aws_load_balancing sets it."
WAF = "provision.yml --tags aws_waf sets it."
EDGE = "provision.yml --tags aws_edge sets it."
EXPIRY_DAYS = 30
# The policies that FSBP recommends: TLS 1.2 and 1.3 only, with forward secrecy.
TLS_POLICIES = ("ELBSecurityPolicy-TLS13-1-2-", "ELBSecurityPolicy-TLS13-1-3-")
BARRED_POLICIES = ("-Ext1-", "-Ext2-")
EDGE_TLS = ("TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025")


def _other(balancer: Record) -> Verdict | None:
    """The verdict on a load balancer that speaks no HTTP."""
    because = f"It is a {balancer['Type']} load balancer."
    return None if balancer["Type"] == "application" else (None, {"because": because})


@control("ELB.1", "medium", "load_balancers", "HTTP is redirected to HTTPS", remedy=BALANCING)
def redirects(s: Snapshot, balancer: Record) -> Verdict:
    if other := _other(balancer):
        return other
    plain = [one for one in balancer["Listeners"] if one["Protocol"] == "HTTP"]
    if not plain:
        return None, {"because": "It has no HTTP listener."}
    left = [one["Port"] for one in plain if not any(_to_https(action) for action in one["DefaultActions"])]
    return not left, {"ports without a redirect": left}


def _to_https(action: dict[str, Any]) -> bool:
    return bool(action["Type"] == "redirect" and action.get("RedirectConfig", {}).get("Protocol") == "HTTPS")


def _attribute(balancer: Record, key: str, *wanted: str) -> Verdict:
    value = balancer["Attributes"].get(key)
    return value in wanted, {key: value}


@control("ELB.4", "medium", "load_balancers", "Invalid headers are dropped", remedy=BALANCING)
def invalid_headers(s: Snapshot, balancer: Record) -> Verdict:
    return _other(balancer) or _attribute(balancer, "routing.http.drop_invalid_header_fields.enabled", "true")


@control("ELB.5", "medium", "load_balancers", "Requests are logged", remedy=BALANCING)
def access_logs(s: Snapshot, balancer: Record) -> Verdict:
    return _attribute(balancer, "access_logs.s3.enabled", "true")


@control("ELB.6", "medium", "load_balancers", "The load balancer cannot be deleted by accident", remedy=BALANCING)
def deletion_protection(s: Snapshot, balancer: Record) -> Verdict:
    return _attribute(balancer, "deletion_protection.enabled", "true")


@control("ELB.12", "medium", "load_balancers", "Desync attacks are mitigated", remedy=BALANCING)
def desync(s: Snapshot, balancer: Record) -> Verdict:
    key = "routing.http.desync_mitigation_mode"
    return _other(balancer) or _attribute(balancer, key, "defensive", "strictest")


@control(
    "ELB.13",
    "medium",
    "load_balancers",
    "The load balancer spans Availability Zones",
    needs="two Availability Zones",
    remedy=BALANCING,
)
def balancer_zones(s: Snapshot, balancer: Record) -> Verdict:
    zones = [one["ZoneName"] for one in balancer["AvailabilityZones"]]
    return len(zones) > 1, {"AvailabilityZones": zones}


@control(
    "ELB.16",
    "high",
    "load_balancers",
    "A web ACL guards the public load balancer",
    needs="WAF",
    remedy=WAF,
)
def guarded(s: Snapshot, balancer: Record) -> Verdict:
    if other := _other(balancer):
        return other
    if balancer.get("Scheme") != "internet-facing":
        return None, {"because": "It is internal."}
    acls = [one["_name"] for one in s["web_acls"] if balancer["_arn"] in one["Guarded"]]
    return bool(acls), {"web ACLs": acls}


@control("ELB.17", "medium", "load_balancers", "HTTPS listeners take TLS 1.2 and later only", remedy=BALANCING)
def tls_policy(s: Snapshot, balancer: Record) -> Verdict:
    policies = {
        one["Port"]: one.get("SslPolicy") for one in balancer["Listeners"] if one["Protocol"] in ("HTTPS", "TLS")
    }
    if not policies:
        return None, {"because": "It has no listener with TLS."}
    good = [
        str(one).startswith(TLS_POLICIES) and not any(part in f"{one}-" for part in BARRED_POLICIES)
        for one in policies.values()
    ]
    return all(good), {"SslPolicy": policies}


@control("WAF.10", "medium", "web_acls edge_web_acls", "The web ACL has rules", needs="WAF", remedy=WAF)
def acl_rules(s: Snapshot, acl: Record) -> Verdict:
    names = [one["Name"] for one in acl["Rules"]]
    return bool(names), {"Rules": names}


@control("WAF.11", "low", "web_acls edge_web_acls", "The web ACL logs", needs="WAF", remedy=WAF)
def acl_logs(s: Snapshot, acl: Record) -> Verdict:
    targets = (acl["Logging"] or {}).get("LogDestinationConfigs", [])
    return bool(targets), {"LogDestinationConfigs": targets}


@control(
    "CloudFront.1",
    "high",
    "distributions",
    "The distribution has a default root object",
    needs="CloudFront",
    remedy=EDGE,
)
def root_object(s: Snapshot, distribution: Record) -> Verdict:
    value = distribution["Config"].get("DefaultRootObject")
    if not any("S3OriginConfig" in one for one in _origins(distribution)):
        return None, {"DefaultRootObject": value, "because": "No origin is a bucket."}
    return bool(value), {"DefaultRootObject": value}


def _origins(distribution: Record) -> list[dict[str, Any]]:
    return list(distribution["Config"]["Origins"].get("Items") or [])


def _behaviours(distribution: Record) -> list[dict[str, Any]]:
    config = distribution["Config"]
    return [config["DefaultCacheBehavior"], *(config.get("CacheBehaviors", {}).get("Items") or [])]


@control("CloudFront.3", "medium", "distributions", "Viewers use HTTPS", needs="CloudFront", remedy=EDGE)
def viewer_https(s: Snapshot, distribution: Record) -> Verdict:
    read = [one["ViewerProtocolPolicy"] for one in _behaviours(distribution)]
    return "allow-all" not in read, {"ViewerProtocolPolicy": read}


@control(
    "CloudFront.5",
    "medium",
    "distributions",
    "Requests to the distribution are logged",
    needs="CloudFront",
    remedy=EDGE,
)
def edge_logs(s: Snapshot, distribution: Record) -> Verdict:
    logging = distribution["Config"].get("Logging", {})
    return bool(logging.get("Enabled")), {"Enabled": logging.get("Enabled", False), "Bucket": logging.get("Bucket")}


@control(
    "CloudFront.6", "high", "distributions", "A web ACL guards the distribution", needs="CloudFront; WAF", remedy=WAF
)
def edge_guarded(s: Snapshot, distribution: Record) -> Verdict:
    acl = distribution["Config"].get("WebACLId")
    return bool(acl), {"WebACLId": acl}


@control(
    "CloudFront.9",
    "medium",
    "distributions",
    "CloudFront reaches its origins by HTTPS",
    needs="CloudFront",
    remedy=EDGE,
)
def origin_https(s: Snapshot, distribution: Record) -> Verdict:
    custom = [one["CustomOriginConfig"] for one in _origins(distribution) if one.get("CustomOriginConfig")]
    if not custom:
        return None, {"because": "All origins are buckets."}
    read = [one["OriginProtocolPolicy"] for one in custom]
    return set(read) == {"https-only"}, {"OriginProtocolPolicy": read}


@control(
    "CloudFront.10",
    "medium",
    "distributions",
    "CloudFront uses no SSL of old with its origins",
    needs="CloudFront",
    remedy=EDGE,
)
def origin_tls(s: Snapshot, distribution: Record) -> Verdict:
    read = [
        protocol
        for one in _origins(distribution)
        for protocol in one.get("CustomOriginConfig", {}).get("OriginSslProtocols", {}).get("Items", [])
    ]
    return "SSLv3" not in read, {"OriginSslProtocols": read}


@control(
    "CloudFront.13",
    "medium",
    "distributions",
    "Buckets are reached by origin access control alone",
    needs="CloudFront",
    remedy=EDGE,
)
def origin_access_control(s: Snapshot, distribution: Record) -> Verdict:
    buckets = [one for one in _origins(distribution) if one.get("S3OriginConfig") is not None]
    if not buckets:
        return None, {"because": "No origin is a bucket."}
    left = [one["Id"] for one in buckets if not one.get("OriginAccessControlId")]
    return not left, {"origins without it": left}


@control("CloudFront.15", "medium", "distributions", "Viewers use TLS 1.2 and later", needs="CloudFront", remedy=EDGE)
def edge_tls(s: Snapshot, distribution: Record) -> Verdict:
    version = distribution["Config"].get("ViewerCertificate", {}).get("MinimumProtocolVersion")
    return version in EDGE_TLS, {"MinimumProtocolVersion": version}


@control(
    "PX-18",
    "medium",
    "distributions",
    "Answers carry security headers",
    needs="CloudFront",
    document="https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-response-headers.html",
    remedy=EDGE,
)
def security_headers(s: Snapshot, distribution: Record) -> Verdict:
    read = {one.get("PathPattern", "*"): one.get("ResponseHeadersPolicyId") for one in _behaviours(distribution)}
    return all(read.values()), {"ResponseHeadersPolicyId": read}


@control(
    "ACM.1",
    "medium",
    "certificates edge_certificates",
    f"The certificate is valid for {EXPIRY_DAYS} days yet",
    remedy="Let ACM renew it: keep its validation record, and keep it in use.",
)
def expiry(s: Snapshot, one: Record) -> Verdict:
    certificate = one["Certificate"]
    if certificate.get("Status") != "ISSUED":
        return None, {"Status": certificate.get("Status"), "because": "It is not issued."}
    days = (certificate["NotAfter"] - s["now"]).days
    return days >= EXPIRY_DAYS, {"days left": days}


@control(
    "ACM.2",
    "high",
    "certificates edge_certificates",
    "The key of the certificate is strong",
    remedy="Request one with RSA 2048 or EC.",
)
def key_length(s: Snapshot, one: Record) -> Verdict:
    algorithm = str(one["Certificate"].get("KeyAlgorithm"))
    return algorithm.replace("-", "_") != "RSA_1024", {"KeyAlgorithm": algorithm}
