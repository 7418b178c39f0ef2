# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GuardDuty, Security Hub, Inspector and Shield."""

from __future__ import annotations

from ..model import Record, Snapshot, Verdict, control

ROLE = "provision.yml --tags aws_detection sets it."


@control("GuardDuty.1", "high", "account", "GuardDuty is enabled", needs="GuardDuty", remedy=ROLE)
def guardduty(s: Snapshot, _account: Record) -> Verdict:
    states = {one["_name"]: one["Detector"]["Status"] for one in s["detectors"]}
    return "ENABLED" in states.values(), {"detectors": states}


# Control, AWS's name of the feature, what it looks at.
FEATURES = (
    ("6", "LAMBDA_NETWORK_LOGS", "the network traffic of Lambda functions"),
    ("8", "EBS_MALWARE_PROTECTION", "volumes for malware"),
    ("9", "RDS_LOGIN_EVENTS", "sign-ins to databases"),
    ("10", "S3_DATA_EVENTS", "access to objects in S3"),
    ("11", "RUNTIME_MONITORING", "what runs on machines"),
)


def _feature(detector: Record, name: str) -> Verdict:
    features = {one["Name"]: one["Status"] for one in detector["Detector"].get("Features", [])}
    return features.get(name) == "ENABLED", {name: features.get(name, "not set")}


for number, name, what in FEATURES:
    control(f"GuardDuty.{number}", "high", "detectors", f"GuardDuty watches {what}", needs="GuardDuty", remedy=ROLE)(
        lambda s, detector, name=name: _feature(detector, name)
    )


@control(
    "CIS-3.0 4.16",
    "high",
    "account",
    "Security Hub is enabled",
    cis="4.16",
    needs="Security Hub",
    document="https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-settingup.html",
    remedy=ROLE,
)
def security_hub(s: Snapshot, _account: Record) -> Verdict:
    arn = s["security_hub"].get("HubArn")
    return bool(arn), {"HubArn": arn}


@control(
    "PX-3",
    "high",
    "account",
    "Security Hub applies FSBP and CIS",
    needs="Security Hub",
    document="https://docs.aws.amazon.com/securityhub/latest/userguide/standards-reference.html",
    remedy=ROLE,
)
def standards(s: Snapshot, _account: Record) -> Verdict:
    states = {one["StandardsArn"].partition("/")[2]: one["StandardsStatus"] for one in s["standards"]}
    ready = [name for name, state in states.items() if state in ("READY", "INCOMPLETE")]
    applied = [any(word in name for name in ready) for word in ("aws-foundational-security", "cis-aws-foundations")]
    return all(applied), {"standards": states}


@control("Inspector.1", "high", "account", "Inspector scans machines for vulnerabilities", remedy=ROLE)
def inspector_ec2(s: Snapshot, _account: Record) -> Verdict:
    return _scans(s, "ec2")


@control("Inspector.4", "high", "account", "Inspector scans Lambda functions for vulnerabilities", remedy=ROLE)
def inspector_lambda(s: Snapshot, _account: Record) -> Verdict:
    if not s["functions"]:
        return None, {"because": "There are no functions."}
    return _scans(s, "lambda")


def _scans(s: Snapshot, kind: str) -> Verdict:
    state = s["inspector"].get("resourceState", {}).get(kind, {}).get("status", "DISABLED")
    return state == "ENABLED", {f"{kind} scanning": state}


@control(
    "PX-4",
    "medium",
    "account",
    "Shield protects what is public",
    needs="Shield",
    document="https://docs.aws.amazon.com/waf/latest/developerguide/ddos-overview.html",
    remedy="Protect the resource with Shield Advanced, or end the subscription: Shield Standard protects all.",
)
def shield(s: Snapshot, _account: Record) -> Verdict:
    if not s["shield"]:
        because = (
            "There is no subscription to Shield Advanced; Shield Standard protects all public resources by itself."
        )
        return None, {"because": because}
    public = [one["_arn"] for one in s["load_balancers"] if one.get("Scheme") == "internet-facing"]
    public += [one["_arn"] for one in s["distributions"]]
    left = sorted(set(public) - set(s["shield"]["Protected"]))
    return not left, {"not protected": left, "protected": len(public) - len(left)}
