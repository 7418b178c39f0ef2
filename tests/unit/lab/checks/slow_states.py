# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What takes AWS minutes: each passes through its states as the clock goes on."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from checks import Aws, error_code, proves, unique
from checks.builders import network
from checks.cloudfront import distribution

Advance = Callable[[float], None]


@contextmanager
def slowly(aws: Aws) -> Iterator[Advance]:
    """Everything takes the time that it takes AWS, by a clock that is advanced."""

    def post(path: str) -> None:
        urllib.request.urlopen(f"{aws.url}/_lab/{path}", b"", timeout=5).close()

    post("settings?slow=1")
    try:
        yield lambda seconds: post(f"clock?advance={seconds}")
    finally:
        post("settings?slow=0")


@proves("rds.instances_pass_through_their_states")
def a_database_is_created_modified_and_deleted(aws: Aws) -> None:
    rds, name = aws.client("rds"), unique()

    def shown() -> dict[str, object]:
        [one] = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
        return {"status": one["DBInstanceStatus"], "endpoint": "Endpoint" in one}

    with slowly(aws) as advance:
        rds.create_db_instance(
            DBInstanceIdentifier=name,
            DBInstanceClass="db.t4g.micro",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername="root",
            MasterUserPassword="a-password",
        )
        assert shown() == {"status": "creating", "endpoint": False}
        change = {"DBInstanceIdentifier": name, "ApplyImmediately": True, "BackupRetentionPeriod": 3}
        assert error_code(rds.modify_db_instance, **change) == "InvalidDBInstanceState"
        advance(900)
        assert shown() == {"status": "available", "endpoint": True}
        rds.modify_db_instance(**change)
        assert shown() == {"status": "modifying", "endpoint": True}
        advance(180)
        rds.reboot_db_instance(DBInstanceIdentifier=name)
        assert shown()["status"] == "rebooting"
        advance(60)
        rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
        assert shown()["status"] == "deleting"
        advance(300)
        assert error_code(shown) == "DBInstanceNotFound"


@proves("elasticache.replication_groups_pass_through_their_states")
def a_cache_is_created_modified_and_deleted(aws: Aws) -> None:
    cache, name = aws.client("elasticache"), unique()

    def status() -> str:
        [one] = cache.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"]
        return str(one["Status"])

    with slowly(aws) as advance:
        made = cache.create_replication_group(ReplicationGroupId=name, ReplicationGroupDescription=name)
        arn = made["ReplicationGroup"]["ARN"]
        assert status() == "creating"
        change = {"ReplicationGroupId": name, "SnapshotRetentionLimit": 2, "ApplyImmediately": True}
        assert error_code(cache.modify_replication_group, **change) == "InvalidReplicationGroupState"
        assert error_code(cache.list_tags_for_resource, ResourceName=arn) == "InvalidReplicationGroupState"
        advance(720)
        assert status() == "available"
        cache.modify_replication_group(**change)
        assert status() == "modifying"
        advance(180)
        cache.delete_replication_group(ReplicationGroupId=name)
        assert status() == "deleting"
        advance(300)
        assert error_code(status) == "ReplicationGroupNotFoundFault"


@proves("ec2.nat_gateways_pass_through_their_states")
def a_nat_gateway_holds_its_address_until_it_is_gone(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    subnet = network(aws).subnets[0]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]

    def state() -> str:
        [one] = ec2.describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"]
        return str(one["State"])

    with slowly(aws) as advance:
        made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)
        gateway = made["NatGateway"]["NatGatewayId"]
        assert state() == "pending"
        advance(120)
        assert state() == "available"
        ec2.delete_nat_gateway(NatGatewayId=gateway)
        assert state() == "deleting"
        assert error_code(ec2.release_address, AllocationId=address) == "InvalidIPAddress.InUse"
        advance(60)
        assert state() == "deleted"
        ec2.release_address(AllocationId=address)


@proves("elbv2.load_balancers_take_their_time")
def a_load_balancer_is_provisioned_before_it_is_active(aws: Aws) -> None:
    elb, name = aws.client("elbv2"), unique()

    def state() -> str:
        [one] = elb.describe_load_balancers(Names=[name])["LoadBalancers"]
        return str(one["State"]["Code"])

    with slowly(aws) as advance:
        elb.create_load_balancer(Name=name, Subnets=network(aws).subnets[:2])
        assert [state(), state()] == ["provisioning", "provisioning"]
        advance(150)
        state()  # moto goes on at the look after
        assert state() == "active"


@proves("acm.certificates_are_issued_once_their_domain_is_proved")
def a_certificate_waits_for_its_record(aws: Aws) -> None:
    acm, route53, domain = aws.client("acm"), aws.client("route53"), f"{unique()}.example"

    def shown() -> dict[str, object]:
        found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
        return {"status": found["Status"], **found["DomainValidationOptions"][0].get("ResourceRecord", {})}

    with slowly(aws) as advance:
        arn = acm.request_certificate(DomainName=domain, ValidationMethod="DNS")["CertificateArn"]
        assert shown() == {"status": "PENDING_VALIDATION"}
        advance(86400)
        record = shown()
        assert record["status"] == "PENDING_VALIDATION"
        zone = route53.create_hosted_zone(Name=domain, CallerReference=domain)["HostedZone"]["Id"]
        values = {"Name": record["Name"], "Type": "CNAME", "TTL": 300, "ResourceRecords": [{"Value": record["Value"]}]}
        batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": values}]}
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
        assert shown()["status"] == "PENDING_VALIDATION"
        advance(300)
        assert shown()["status"] == "ISSUED"


@proves("cloudfront.UpdateDistribution", "cloudfront.GetDistribution")
def a_distribution_is_deployed_after_minutes(aws: Aws) -> None:
    cloudfront = aws.client("cloudfront", "us-east-1")
    with slowly(aws) as advance:
        made = cloudfront.create_distribution(DistributionConfig=distribution())
        name = made["Distribution"]["Id"]
        # Whether another check has told of an edge or not: this one has it taken at once.
        taken = json.dumps({name: made["ETag"]}).encode()
        urllib.request.urlopen(f"{aws.url}/_lab/edge?region=us-east-1", taken, timeout=5).close()

        def shown() -> set[str]:
            listed = cloudfront.list_distributions()["DistributionList"]["Items"]
            one = cloudfront.get_distribution(Id=name)["Distribution"]
            return {one["Status"], *(other["Status"] for other in listed if other["Id"] == name)}

        assert [shown(), shown()] == [{"InProgress"}, {"InProgress"}]
        advance(300)
        assert shown() == {"Deployed"}
