# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the Route 53 extensions."""

from __future__ import annotations

from checks import REGION, Aws, error_code, proves, unique
from checks.builders import network


@proves("route53.caller_references_are_used_once")
def caller_reference_is_refused_a_second_time(aws: Aws) -> None:
    create = aws.client("route53").create_hosted_zone
    arguments = {"Name": f"{unique()}.example", "CallerReference": unique()}
    create(**arguments)
    assert error_code(create, **arguments) == "HostedZoneAlreadyExists"
    assert error_code(create, **{**arguments, "CallerReference": unique()}) is None


@proves("route53.a_vpc_sees_one_private_zone_of_a_domain")
def second_private_zone_of_a_domain_is_refused(aws: Aws) -> None:
    route53 = aws.client("route53")
    domain = f"{unique()}.example"
    first, second = ({"VPCId": network(aws).vpc, "VPCRegion": REGION} for _ in range(2))

    def create(vpc: dict[str, str]) -> str:
        zone = route53.create_hosted_zone(
            Name=domain, CallerReference=unique(), VPC=vpc, HostedZoneConfig={"PrivateZone": True}
        )
        return str(zone["HostedZone"]["Id"])

    create(first)
    assert error_code(create, vpc=first) == "ConflictingDomainExists"
    zone = create(second)
    associate = route53.associate_vpc_with_hosted_zone
    assert error_code(associate, HostedZoneId=zone, VPC=first) == "ConflictingDomainExists"
    assert len(route53.get_hosted_zone(Id=zone)["VPCs"]) == 1


@proves("route53.alias_targets_are_lower_case_with_a_dot")
def alias_target_is_shown_as_aws_writes_it(aws: Aws) -> None:
    route53 = aws.client("route53")
    domain = f"{unique()}.example"
    zone = route53.create_hosted_zone(Name=domain, CallerReference=unique())["HostedZone"]["Id"]
    target = {"DNSName": "Web-1.elb.amazonaws.com", "HostedZoneId": "ZP97RAFLXTNZK", "EvaluateTargetHealth": False}
    record = {"Name": f"web.{domain}", "Type": "A", "AliasTarget": target}
    change = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=change)
    records = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    (shown,) = [one for one in records if one["Type"] == "A"]
    assert shown["AliasTarget"] == {**target, "DNSName": "web-1.elb.amazonaws.com."}
