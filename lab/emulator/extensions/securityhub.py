# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Security Hub: the hub's settings and tags, standards and their controls, and the finding aggregator."""

from __future__ import annotations

from typing import Any

from moto.securityhub.models import SecurityHubBackend

from lab.emulator.deliveries import routing
from lab.emulator.registry import ApiError, Call, fix, operation, wrap

FSBP = "standards/aws-foundational-security-best-practices/v/1.0.0"
CIS_1_2 = "ruleset/cis-aws-foundations-benchmark/v/1.2.0"
CIS_1_4 = "standards/cis-aws-foundations-benchmark/v/1.4.0"
CIS_3_0 = "standards/cis-aws-foundations-benchmark/v/3.0.0"
STANDARDS = {
    FSBP: "AWS Foundational Security Best Practices v1.0.0",
    CIS_1_2: "CIS AWS Foundations Benchmark v1.2.0",
    CIS_1_4: "CIS AWS Foundations Benchmark v1.4.0",
    CIS_3_0: "CIS AWS Foundations Benchmark v3.0.0",
}
BY_DEFAULT = (FSBP, CIS_1_2)

# Some of AWS's controls: severity, title, and the standards that have them.
# https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-controls-reference.html
CONTROLS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "CloudTrail.1": (
        "HIGH",
        "CloudTrail should be enabled and configured with at least one multi-Region trail that includes read and write "
        "management events",
        (FSBP, CIS_1_2, CIS_1_4, CIS_3_0),
    ),
    "CloudTrail.2": ("MEDIUM", "CloudTrail should have encryption at-rest enabled", tuple(STANDARDS)),
    "CloudTrail.4": ("LOW", "CloudTrail log file validation should be enabled", tuple(STANDARDS)),
    "Config.1": (
        "CRITICAL",
        "AWS Config should be enabled and use the service-linked role for resource recording",
        tuple(STANDARDS),
    ),
    "EC2.2": (
        "HIGH",
        "VPC default security groups should not allow inbound or outbound traffic",
        tuple(STANDARDS),
    ),
    "EC2.6": ("MEDIUM", "VPC flow logging should be enabled in all VPCs", tuple(STANDARDS)),
    "EC2.7": ("MEDIUM", "EBS default encryption should be enabled", (FSBP, CIS_1_4, CIS_3_0)),
    "EC2.8": (
        "HIGH",
        "EC2 instances should use Instance Metadata Service Version 2 (IMDSv2)",
        (FSBP, CIS_3_0),
    ),
    "IAM.4": ("CRITICAL", "IAM root user access key should not exist", tuple(STANDARDS)),
    "IAM.5": ("MEDIUM", "MFA should be enabled for all IAM users that have a console password", tuple(STANDARDS)),
    "IAM.6": ("CRITICAL", "Hardware MFA should be enabled for the root user", tuple(STANDARDS)),
    "IAM.9": ("CRITICAL", "MFA should be enabled for the root user", (CIS_1_2, CIS_1_4, CIS_3_0)),
    "RDS.5": ("MEDIUM", "RDS DB instances should be configured with multiple Availability Zones", (FSBP,)),
    "S3.1": ("MEDIUM", "S3 general purpose buckets should have block public access settings enabled",
             (FSBP, CIS_1_4, CIS_3_0)),
    "S3.5": ("MEDIUM", "S3 general purpose buckets should require requests to use SSL", (FSBP, CIS_1_4, CIS_3_0)),
}  # fmt: skip


def standard_arn(region: str, path: str) -> str:
    # The oldest is written in a way of its own: arn:aws:securityhub:::ruleset/...
    return f"arn:aws:securityhub:{'' if path == CIS_1_2 else region}::{path}"


def _hub(call: Call) -> dict[str, Any]:
    """The settings of the hub, which has to be enabled."""
    if not call.backend("securityhub").enabled:
        raise ApiError("InvalidAccessException", f"Account {call.account} is not subscribed to AWS Security Hub")
    return call.table("securityhub hub")


def _arn(call: Call) -> str:
    return f"arn:aws:securityhub:{call.region}:{call.account}:hub/default"


def _invalid(text: str) -> ApiError:
    return ApiError("InvalidInputException", text)


@operation("securityhub", "EnableSecurityHub")
def enable_security_hub(call: Call, params: dict[str, Any]) -> None:
    """Two standards are on unless told otherwise. A second time is a conflict.

    https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_EnableSecurityHub.html
    """
    backend = call.backend("securityhub")
    if backend.enabled:
        raise ApiError("ResourceConflictException", "Account is already subscribed to Security Hub")
    backend.enable_security_hub(False, {})
    call.table("securityhub hub").update(
        AutoEnableControls=True,
        ControlFindingGenerator=params.get("ControlFindingGenerator", "SECURITY_CONTROL"),
        Tags=dict(params.get("Tags", {})),
    )
    if params.get("EnableDefaultStandards", True):
        for path in BY_DEFAULT:
            _enable(call, path)


@operation("securityhub", "DisableSecurityHub")
def disable_security_hub(call: Call, params: dict[str, Any]) -> None:
    """The standards and their settings are lost.

    https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_DisableSecurityHub.html
    """
    _hub(call).clear()
    call.backend("securityhub").disable_security_hub()
    for name in ("securityhub standards", "securityhub disabled controls"):
        call.table(name).clear()
    _aggregators(call).pop(call.region, None)


@operation("securityhub", "DescribeHub")
def describe_hub(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """With the settings that it has.

    https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_DescribeHub.html
    """
    hub = _hub(call)
    if params.get("HubArn", _arn(call)) != _arn(call):
        raise ApiError("ResourceNotFoundException", f"Hub not found for ARN {params['HubArn']}")
    settings = {key: value for key, value in hub.items() if key != "Tags"}
    return {"HubArn": _arn(call), "SubscribedAt": call.backend("securityhub").enabled_at, **settings}


@operation("securityhub", "UpdateSecurityHubConfiguration")
def update_security_hub_configuration(call: Call, params: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_UpdateSecurityHubConfiguration.html"""
    settings = ("AutoEnableControls", "ControlFindingGenerator")
    _hub(call).update({key: params[key] for key in settings if key in params})


def _tags(call: Call, params: dict[str, Any]) -> dict[str, str]:
    if params["ResourceArn"] != _arn(call):
        raise ApiError("ResourceNotFoundException", f"The resource {params['ResourceArn']} was not found")
    tags: dict[str, str] = _hub(call)["Tags"]
    return tags


@operation("securityhub", "ListTagsForResource")
def list_tags_for_resource(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_ListTagsForResource.html"""
    return {"Tags": _tags(call, params)}


@operation("securityhub", "TagResource")
def tag_resource(call: Call, params: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_TagResource.html"""
    _tags(call, params).update(params["Tags"])


@operation("securityhub", "UntagResource")
def untag_resource(call: Call, params: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_UntagResource.html"""
    tags = _tags(call, params)
    for key in params["TagKeys"]:
        tags.pop(key, None)


# Standards. The table has the paths of those that are on and whether they were listed since.


def _path(call: Call, arn: str) -> str:
    for path in STANDARDS:
        if arn == standard_arn(call.region, path):
            return path
    raise _invalid(f"Invalid StandardsArn {arn}")


def _enable(call: Call, path: str) -> None:
    call.table("securityhub standards")[path] = "PENDING"


def _subscription(call: Call, path: str, status: str) -> dict[str, Any]:
    return {
        "StandardsSubscriptionArn": f"arn:aws:securityhub:{call.region}:{call.account}:"
        f"subscription/{path.partition('/')[2]}",
        "StandardsArn": standard_arn(call.region, path),
        "StandardsInput": {},
        "StandardsStatus": status,
        "StandardsControlsUpdatable": "READY_FOR_UPDATES" if status == "READY" else "NOT_READY_FOR_UPDATES",
    }


@operation("securityhub", "DescribeStandards")
def describe_standards(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_DescribeStandards.html"""
    _hub(call)
    return {
        "Standards": [
            {
                "StandardsArn": standard_arn(call.region, path),
                "Name": name,
                "Description": name,
                "EnabledByDefault": path in BY_DEFAULT,
                "StandardsManagedBy": {"Company": "AWS", "Product": "Security Hub"},
            }
            for path, name in STANDARDS.items()
        ]
    }


@operation("securityhub", "BatchEnableStandards")
def batch_enable_standards(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """All or none. What is enabled is pending at first.

    https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchEnableStandards.html
    """
    _hub(call)
    paths = [_path(call, one["StandardsArn"]) for one in params["StandardsSubscriptionRequests"]]
    for path in paths:
        _enable(call, path)
    return {"StandardsSubscriptions": [_subscription(call, path, "PENDING") for path in paths]}


@operation("securityhub", "BatchDisableStandards")
def batch_disable_standards(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchDisableStandards.html"""
    _hub(call)
    standards = call.table("securityhub standards")
    arns = {_subscription(call, path, "READY")["StandardsSubscriptionArn"]: path for path in standards}
    wanted = params["StandardsSubscriptionArns"]
    if unknown := [arn for arn in wanted if arn not in arns]:
        raise _invalid(f"Invalid StandardsSubscriptionArns {unknown}")
    for arn in wanted:
        del standards[arns[arn]]
        for key in [key for key in call.table("securityhub disabled controls") if key[0] == arns[arn]]:
            del call.table("securityhub disabled controls")[key]
    return {"StandardsSubscriptions": [_subscription(call, arns[arn], "DELETING") for arn in wanted]}


@operation("securityhub", "GetEnabledStandards")
def get_enabled_standards(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """A standard is ready the second time that it is asked for.

    https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_GetEnabledStandards.html
    """
    _hub(call)
    standards = call.table("securityhub standards")
    listed = [_subscription(call, path, status) for path, status in standards.items()]
    standards.update(dict.fromkeys(standards, "READY"))
    wanted = params.get("StandardsSubscriptionArns")
    return {
        "StandardsSubscriptions": [one for one in listed if wanted is None or one["StandardsSubscriptionArn"] in wanted]
    }


# Controls


@operation("securityhub", "ListSecurityControlDefinitions")
def list_security_control_definitions(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_ListSecurityControlDefinitions.html"""
    _hub(call)
    wanted = _path(call, params["StandardsArn"]) if "StandardsArn" in params else None
    return {
        "SecurityControlDefinitions": [
            {
                "SecurityControlId": control,
                "Title": title,
                "Description": title,
                "RemediationUrl": f"https://docs.aws.amazon.com/console/securityhub/{control}/remediation",
                "SeverityRating": severity,
                "CurrentRegionAvailability": "AVAILABLE",
            }
            for control, (severity, title, standards) in CONTROLS.items()
            if wanted is None or wanted in standards
        ]
    }


def _place(call: Call, association: dict[str, Any]) -> tuple[str, str] | None:
    """The standard and the control; None where that standard has no such control."""
    path, control = _path(call, association["StandardsArn"]), association["SecurityControlId"]
    return (path, control) if control in CONTROLS and path in CONTROLS[control][2] else None


@operation("securityhub", "BatchGetStandardsControlAssociations")
def batch_get_standards_control_associations(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchGetStandardsControlAssociations.html"""
    _hub(call)
    disabled, standards = call.table("securityhub disabled controls"), call.table("securityhub standards")
    found, refused = [], []
    for asked in params["StandardsControlAssociationIds"]:
        place = _place(call, asked)
        if place is None:
            refused.append({"StandardsControlAssociationId": asked, "ErrorCode": "NOT_FOUND"})
            continue
        path, control = place
        reason = {"UpdatedReason": disabled[place]} if disabled.get(place) else {}
        found.append(
            {
                **asked,
                "SecurityControlArn": f"arn:aws:securityhub:{call.region}:{call.account}:security-control/{control}",
                "AssociationStatus": "ENABLED" if path in standards and place not in disabled else "DISABLED",
                "StandardsControlTitle": CONTROLS[control][1],
                **reason,
            }
        )
    return {"StandardsControlAssociationDetails": found, "UnprocessedAssociations": refused}


@operation("securityhub", "BatchUpdateStandardsControlAssociations")
def batch_update_standards_control_associations(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """What is refused is in the answer.

    https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchUpdateStandardsControlAssociations.html
    """
    _hub(call)
    disabled, standards = call.table("securityhub disabled controls"), call.table("securityhub standards")
    refused = []
    for update in params["StandardsControlAssociationUpdates"]:
        place = _place(call, update)
        if place is None or place[0] not in standards:
            refused.append(
                {
                    "StandardsControlAssociationUpdate": update,
                    "ErrorCode": "NOT_FOUND",
                    "ErrorReason": "The standard is not enabled or has no such control",
                }
            )
        elif update["AssociationStatus"] == "DISABLED":
            disabled[place] = update.get("UpdatedReason", "")
        else:
            disabled.pop(place, None)
    return {"UnprocessedAssociationUpdates": refused}


# The finding aggregator, of which an account has one, in one of its Regions


def _aggregators(call: Call) -> dict[str, Any]:
    return Call(call.account, "aws").table("securityhub aggregator")


def _aggregator(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    _hub(call)
    for found in _aggregators(call).values():
        if found["FindingAggregatorArn"] == params["FindingAggregatorArn"]:
            return dict(found)
    raise ApiError("ResourceNotFoundException", f"No finding aggregator {params['FindingAggregatorArn']}")


def _linking(params: dict[str, Any]) -> dict[str, Any]:
    mode, regions = params["RegionLinkingMode"], params.get("Regions", [])
    if ("SPECIFIED" in mode) != bool(regions):
        raise _invalid(f"RegionLinkingMode {mode} and Regions {regions} do not go together")
    return {"RegionLinkingMode": mode, "Regions": regions}


@operation("securityhub", "CreateFindingAggregator")
def create_finding_aggregator(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """An account has one.

    https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_CreateFindingAggregator.html
    """
    _hub(call)
    if _aggregators(call):
        raise ApiError("LimitExceededException", "The account has a finding aggregator already")
    arn = f"arn:aws:securityhub:{call.region}:{call.account}:finding-aggregator/01234567-89ab-cdef-0123-456789abcdef"
    made = {"FindingAggregatorArn": arn, "FindingAggregationRegion": call.region, **_linking(params)}
    _aggregators(call)[call.region] = made
    return made


@operation("securityhub", "ListFindingAggregators")
def list_finding_aggregators(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_ListFindingAggregators.html"""
    _hub(call)
    arns = [found["FindingAggregatorArn"] for found in _aggregators(call).values()]
    return {"FindingAggregators": [{"FindingAggregatorArn": arn} for arn in arns]}


@operation("securityhub", "GetFindingAggregator")
def get_finding_aggregator(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_GetFindingAggregator.html"""
    return _aggregator(call, params)


@operation("securityhub", "UpdateFindingAggregator")
def update_finding_aggregator(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_UpdateFindingAggregator.html"""
    changed = {**_aggregator(call, params), **_linking(params)}
    _aggregators(call)[changed["FindingAggregationRegion"]] = changed
    return changed


@operation("securityhub", "DeleteFindingAggregator")
def delete_finding_aggregator(call: Call, params: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_DeleteFindingAggregator.html"""
    _aggregators(call).pop(_aggregator(call, params)["FindingAggregationRegion"])


@fix("securityhub")
def imported_findings_are_events() -> None:
    """Each finding that is imported, new or changed, is an event, with what AWS adds to it.

    https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-cwe-integration-types.html
    """

    @wrap(SecurityHubBackend, "batch_import_findings")
    def batch_import(original: Any, backend: SecurityHubBackend, findings: list[dict[str, Any]]) -> Any:
        answer = original(backend, findings)
        failed = {one["Id"] for one in answer[2]}
        for finding in findings:
            if finding["Id"] not in failed:
                added = {"Workflow": {"Status": "NEW"}, "RecordState": "ACTIVE", "ProductName": "Default"}
                detail = {"findings": [{**added, **finding}]}
                kind = "Security Hub Findings - Imported"
                routing.emit(backend.account_id, backend.region_name, "aws.securityhub", kind, detail)
        return answer
