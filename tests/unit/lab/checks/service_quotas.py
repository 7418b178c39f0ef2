# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of Service Quotas, and of what else an account is asked for before anything is made in it."""

from __future__ import annotations

import json
import urllib.request

from checks import ACCOUNT, Aws, error_code, proves, unique

NODES = {"ServiceCode": "elasticache", "QuotaCode": "L-DFE45DF3"}


@proves(
    "service-quotas.GetServiceQuota",
    "service-quotas.GetAWSDefaultServiceQuota",
    "service-quotas.RequestServiceQuotaIncrease",
    "service-quotas.ListRequestedServiceQuotaChangeHistory",
)
def check_quota_is_raised_once_somebody_decides(aws: Aws) -> None:
    region = "eu-west-1"
    quotas = aws.client("service-quotas", region)
    functions = {"ServiceCode": "lambda", "QuotaCode": "L-B99A9384"}
    assert quotas.get_service_quota(**functions)["Quota"]["Value"] == 10
    assert quotas.get_aws_default_service_quota(**functions)["Quota"]["Value"] == 1000
    # Nobody has changed it, so there is the default alone.
    assert error_code(quotas.get_service_quota, **NODES) == "NoSuchResourceException"
    assert quotas.get_aws_default_service_quota(**NODES)["Quota"]["Value"] == 300
    vcpus = {"ServiceCode": "ec2", "QuotaCode": "L-1216C47A"}
    assert quotas.get_service_quota(**vcpus)["Quota"]["Value"] == 5
    assert error_code(quotas.request_service_quota_increase, **vcpus, DesiredValue=5) == "IllegalArgumentException"
    asked = quotas.request_service_quota_increase(**vcpus, DesiredValue=64)["RequestedQuota"]
    assert (asked["Status"], asked["DesiredValue"]) == ("PENDING", 64)
    again = error_code(quotas.request_service_quota_increase, **vcpus, DesiredValue=65)
    assert again == "ResourceAlreadyExistsException"
    assert quotas.get_service_quota(**vcpus)["Quota"]["Value"] == 5
    granted = json.dumps({"L-1216C47A": 64}).encode()
    urllib.request.urlopen(f"{aws.url}/_lab/quotas?region={region}", granted).close()
    assert quotas.get_service_quota(**vcpus)["Quota"]["Value"] == 64
    [request] = quotas.list_requested_service_quota_change_history(ServiceCode="ec2")["RequestedQuotas"]
    assert request["Status"] == "APPROVED"
    wrong = error_code(quotas.get_service_quota, ServiceCode="ec2", QuotaCode="L-00000000")
    assert wrong == "NoSuchResourceException"


@proves("freetier.GetAccountPlanState")
def check_account_pays(aws: Aws) -> None:
    plan = aws.client("freetier", "us-east-1").get_account_plan_state()
    assert (plan["accountId"], plan["accountPlanType"]) == (ACCOUNT, "PAID")


@proves("support.DescribeSeverityLevels")
def check_plan_has_severities(aws: Aws) -> None:
    levels = aws.client("support", "us-east-1").describe_severity_levels(language="en")["severityLevels"]
    assert {"urgent", "low"} <= {level["code"] for level in levels}


@proves("rds.DescribeOrderableDBInstanceOptions")
def check_db_class_is_where_machines_of_its_type_are(aws: Aws) -> None:
    rds = aws.client("rds")

    def zones(name: str, engine: str = "postgres") -> set[str]:
        found = rds.describe_orderable_db_instance_options(Engine=engine, DBInstanceClass=name, Vpc=True)
        return {zone["Name"] for one in found["OrderableDBInstanceOptions"] for zone in one["AvailabilityZones"]}

    assert zones("db.t4g.micro") == {"ap-south-1a", "ap-south-1b", "ap-south-1c"}
    assert zones("db.t2.micro") == zones("db.t4g.gigantic") == zones("db.t4g.micro", "oracle-ee") == set()


@proves("elasticache.DescribeReservedCacheNodesOfferings")
def check_node_type_is_sold(aws: Aws) -> None:
    cache = aws.client("elasticache")
    sold = cache.describe_reserved_cache_nodes_offerings(CacheNodeType="cache.t4g.micro")
    assert len(sold["ReservedCacheNodesOfferings"]) == 1
    unknown = cache.describe_reserved_cache_nodes_offerings(CacheNodeType="cache.t4g.gigantic")
    assert unknown["ReservedCacheNodesOfferings"] == []


@proves("ec2.endpoint_services_are_filtered_by_name")
def check_endpoint_service_has_zones(aws: Aws) -> None:
    names = ["com.amazonaws.ap-south-1.ssm", "com.amazonaws.ap-south-1.nothing"]
    filters = [{"Name": "service-name", "Values": names}]
    [found] = aws.client("ec2").describe_vpc_endpoint_services(Filters=filters)["ServiceDetails"]
    assert (found["ServiceName"], len(found["AvailabilityZones"])) == (names[0], 3)


@proves("ec2.rules_are_as_many_as_the_quota_lets")
def check_group_has_more_than_sixty_rules(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName=unique(), Description="many", VpcId=vpc)["GroupId"]
    ranges = [{"CidrIp": f"192.0.2.{number}/32"} for number in range(61)]
    permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": ranges}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])


@proves("accessanalyzer.ValidatePolicy")
def check_policy_that_iam_would_refuse_has_an_error(aws: Aws) -> None:
    analyzer = aws.client("accessanalyzer")

    def findings(statement: dict[str, object], kind: str = "IDENTITY_POLICY", **more: str) -> list[str]:
        text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        found = analyzer.validate_policy(policyDocument=text, policyType=kind, **more)["findings"]
        assert {one["findingType"] for one in found} <= {"ERROR"}
        return [one["issueCode"] for one in found]

    read = {"Effect": "Allow", "Action": "s3:GetObject"}
    assert findings({**read, "Resource": "arn:aws:s3:::media/*"}) == []
    assert findings({**read, "Resource": "arn:aws:s3:ap-south-1:123456789012:*"}) == ["POLICY_SYNTAX_ERROR"]
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
    of_role = {"validatePolicyResourceType": "AWS::IAM::AssumeRolePolicyDocument"}
    assert findings(trust, "RESOURCE_POLICY", **of_role) == []
    assert findings({**trust, "Resource": "*"}, "RESOURCE_POLICY", **of_role) == ["POLICY_SYNTAX_ERROR"]
    broken = analyzer.validate_policy(policyDocument="{", policyType="IDENTITY_POLICY")["findings"]
    assert [one["issueCode"] for one in broken] == ["JSON_SYNTAX_ERROR"]
