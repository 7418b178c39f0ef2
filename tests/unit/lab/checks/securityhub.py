# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the Security Hub extensions. Each is in a Region of its own, since a Region has one hub."""

from __future__ import annotations

from typing import Any

from checks import ACCOUNT, Aws, error_code, proves

FSBP = "arn:aws:securityhub:{}::standards/aws-foundational-security-best-practices/v/1.0.0"
CIS = "arn:aws:securityhub:{}::standards/cis-aws-foundations-benchmark/v/3.0.0"


def hub(aws: Aws, region: str) -> Any:
    client = aws.client("securityhub", region)
    client.enable_security_hub(EnableDefaultStandards=False)
    return client


@proves(
    "securityhub.EnableSecurityHub",
    "securityhub.DescribeHub",
    "securityhub.UpdateSecurityHubConfiguration",
    "securityhub.DisableSecurityHub",
    "securityhub.GetEnabledStandards",
)
def hub_has_settings_and_loses_its_standards(aws: Aws) -> None:
    client = aws.client("securityhub", "eu-west-1")
    assert error_code(client.get_enabled_standards) == "InvalidAccessException"
    client.enable_security_hub(ControlFindingGenerator="STANDARD_CONTROL")
    assert error_code(client.enable_security_hub) == "ResourceConflictException"
    client.update_security_hub_configuration(AutoEnableControls=False)
    found = client.describe_hub()
    assert (found["AutoEnableControls"], found["ControlFindingGenerator"]) == (False, "STANDARD_CONTROL")
    arns = [one["StandardsArn"] for one in client.get_enabled_standards()["StandardsSubscriptions"]]
    assert arns == [
        FSBP.format("eu-west-1"),
        "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0",
    ]
    client.disable_security_hub()
    assert error_code(client.describe_hub) == "InvalidAccessException"
    client.enable_security_hub(EnableDefaultStandards=False)
    assert client.get_enabled_standards()["StandardsSubscriptions"] == []


@proves("securityhub.ListTagsForResource", "securityhub.TagResource", "securityhub.UntagResource")
def hub_is_tagged_and_untagged(aws: Aws) -> None:
    client, arn = aws.client("securityhub", "eu-west-2"), f"arn:aws:securityhub:eu-west-2:{ACCOUNT}:hub/default"
    client.enable_security_hub(Tags={"Role": "detection"})
    client.tag_resource(ResourceArn=arn, Tags={"Project": "pixstory"})
    client.untag_resource(ResourceArn=arn, TagKeys=["Role"])
    assert client.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"Project": "pixstory"}


@proves(
    "securityhub.DescribeStandards",
    "securityhub.BatchEnableStandards",
    "securityhub.BatchDisableStandards",
)
def standard_is_enabled_and_disabled(aws: Aws) -> None:
    client, arn = hub(aws, "eu-west-3"), CIS.format("eu-west-3")
    assert arn in [one["StandardsArn"] for one in client.describe_standards()["Standards"]]
    (made,) = client.batch_enable_standards(StandardsSubscriptionRequests=[{"StandardsArn": arn}])[
        "StandardsSubscriptions"
    ]
    states = [client.get_enabled_standards()["StandardsSubscriptions"][0]["StandardsStatus"] for _ in range(2)]
    assert (made["StandardsStatus"], states) == ("PENDING", ["PENDING", "READY"])
    wrong = [{"StandardsArn": arn.replace("3.0.0", "9.9.9")}]
    assert error_code(client.batch_enable_standards, StandardsSubscriptionRequests=wrong) == "InvalidInputException"
    client.batch_disable_standards(StandardsSubscriptionArns=[made["StandardsSubscriptionArn"]])
    assert client.get_enabled_standards()["StandardsSubscriptions"] == []


@proves(
    "securityhub.ListSecurityControlDefinitions",
    "securityhub.BatchGetStandardsControlAssociations",
    "securityhub.BatchUpdateStandardsControlAssociations",
)
def control_is_disabled_in_one_standard(aws: Aws) -> None:
    client = hub(aws, "eu-central-1")
    arns = [FSBP.format("eu-central-1"), CIS.format("eu-central-1")]
    client.batch_enable_standards(StandardsSubscriptionRequests=[{"StandardsArn": arn} for arn in arns])
    listed = client.list_security_control_definitions(StandardsArn=arns[0])["SecurityControlDefinitions"]
    assert {"IAM.6", "RDS.5"} < {one["SecurityControlId"] for one in listed}
    update = {"SecurityControlId": "IAM.6", "AssociationStatus": "DISABLED", "UpdatedReason": "virtual device"}
    unknown = {**update, "SecurityControlId": "IAM.99"}
    refused = client.batch_update_standards_control_associations(
        StandardsControlAssociationUpdates=[{**one, "StandardsArn": arns[0]} for one in (update, unknown)]
    )["UnprocessedAssociationUpdates"]
    controls = [one["StandardsControlAssociationUpdate"]["SecurityControlId"] for one in refused]
    assert controls == ["IAM.99"]
    asked = [{"StandardsArn": arn, "SecurityControlId": "IAM.6"} for arn in arns]
    found = client.batch_get_standards_control_associations(StandardsControlAssociationIds=asked)
    states = [
        (one["AssociationStatus"], one.get("UpdatedReason")) for one in found["StandardsControlAssociationDetails"]
    ]
    assert states == [("DISABLED", "virtual device"), ("ENABLED", None)]


@proves(
    "securityhub.CreateFindingAggregator",
    "securityhub.ListFindingAggregators",
    "securityhub.GetFindingAggregator",
    "securityhub.UpdateFindingAggregator",
    "securityhub.DeleteFindingAggregator",
)
def account_has_one_finding_aggregator(aws: Aws) -> None:
    client, other = hub(aws, "eu-north-1"), hub(aws, "eu-south-1")
    made = client.create_finding_aggregator(RegionLinkingMode="SPECIFIED_REGIONS", Regions=["us-east-1"])
    arn = made["FindingAggregatorArn"]
    assert error_code(other.create_finding_aggregator, RegionLinkingMode="ALL_REGIONS") == "LimitExceededException"
    assert other.list_finding_aggregators()["FindingAggregators"] == [{"FindingAggregatorArn": arn}]
    update = {"FindingAggregatorArn": arn, "RegionLinkingMode": "ALL_REGIONS"}
    assert error_code(client.update_finding_aggregator, **update, Regions=["us-east-1"]) == "InvalidInputException"
    client.update_finding_aggregator(**update)
    found = other.get_finding_aggregator(FindingAggregatorArn=arn)
    assert (found["FindingAggregationRegion"], found["RegionLinkingMode"]) == ("eu-north-1", "ALL_REGIONS")
    client.delete_finding_aggregator(FindingAggregatorArn=arn)
    assert client.list_finding_aggregators()["FindingAggregators"] == []
