# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Application Load Balancers, target groups and certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base import HIDDEN, Item, Kind, Rank, Scope, Tags, batches, status, tag_dict
from .removal import Removal, delete, wait_until_gone

if TYPE_CHECKING:
    from .calls import Aws

# ListCertificates shows RSA certificates of up to 2,048 bits only, unless asked for the others by name.
KEY_TYPES = ["RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]


def _tags_in_batches(id_key: str) -> Any:
    """DescribeTags takes twenty ARNs at a time."""

    def read(aws: Aws, scope: Scope, items: list[Item]) -> list[Tags]:
        def batch(arns: list[str]) -> list[dict[str, Any]]:
            return list(aws.call("elbv2", "describe_tags", ResourceArns=arns)["TagDescriptions"])

        arns = [item[id_key] for item in items]
        tags = {one["ResourceArn"]: tag_dict(one["Tags"]) for got in aws.each(batch, batches(arns, 20)) for one in got}
        return [tags.get(arn, {}) for arn in arns]

    return read


def _attributes(aws: Aws, operation: str, argument: str, arn: str) -> dict[str, str]:
    answer = aws.call("elbv2", operation, **{argument: arn})
    return {one["Key"]: one["Value"] for one in answer["Attributes"]}


def _balancer_parts(aws: Aws, scope: Scope, items: list[Item]) -> None:
    def attributes(item: Item) -> dict[str, str]:
        return _attributes(aws, "describe_load_balancer_attributes", "LoadBalancerArn", item["LoadBalancerArn"])

    def listeners(item: Item) -> list[Item]:
        found = aws.pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=item["LoadBalancerArn"])
        for listener in found:
            rules = aws.pages("elbv2", "describe_rules", "Rules", ListenerArn=listener["ListenerArn"])
            listener["Rules"] = [_without_secrets(rule) for rule in rules if not rule.get("IsDefault")]
        return found

    read = aws.together((attributes, listeners), items)
    for item, (own, found) in zip(items, read, strict=True):
        item.update(Attributes=own, Listeners=found)


def _without_secrets(rule: Item) -> Item:
    """The values of headers that a rule asks for let requests in, and an index is shown."""
    for condition in rule.get("Conditions", []):
        if asked := condition.get("HttpHeaderConfig"):
            asked["Values"] = [HIDDEN for _value in asked["Values"]]
    return rule


def _target_group_attributes(aws: Aws, scope: Scope, items: list[Item]) -> None:
    def read(item: Item) -> None:
        arn = item["TargetGroupArn"]
        item["Attributes"] = _attributes(aws, "describe_target_group_attributes", "TargetGroupArn", arn)

    aws.each(read, items)


def _delete_balancer(removal: Removal, item: Item) -> None:
    """Its listeners go with it. Its network interfaces follow within minutes and hold the security groups so long."""
    if item.get("attributes", {}).get("deletion_protection.enabled") == "true":
        removal.call(
            "elbv2",
            "modify_load_balancer_attributes",
            LoadBalancerArn=item["id"],
            Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}],
        )
    removal.call("elbv2", "delete_load_balancer", LoadBalancerArn=item["id"])
    wait_until_gone(removal, item, "elbv2", ("describe_load_balancers", "LoadBalancers", {"LoadBalancerArns": ["id"]}))


def _certificate_tags(aws: Aws, scope: Scope, items: list[Item]) -> list[Tags]:
    def read(item: Item) -> Tags:
        answer = aws.call("acm", "list_tags_for_certificate", CertificateArn=item["CertificateArn"])
        return tag_dict(answer.get("Tags", []))

    return aws.each(read, items)


def _certificate_validation(aws: Aws, scope: Scope, items: list[Item]) -> None:
    def read(item: Item) -> None:
        item.update(aws.call("acm", "describe_certificate", CertificateArn=item["CertificateArn"])["Certificate"])

    aws.each(read, items)


KINDS = (
    Kind(
        key="load_balancers",
        label="load balancer",
        service="elbv2",
        role="aws_load_balancing",
        rank=Rank.SOURCES,
        operation="describe_load_balancers",
        result="LoadBalancers",
        id_key="LoadBalancerArn",
        arn="LoadBalancerArn",
        read_tags=_tags_in_batches("LoadBalancerArn"),
        details=_balancer_parts,
        verbatim=("Attributes",),
        created="CreatedTime",
        name_key="LoadBalancerName",
        delete=_delete_balancer,
        where=("dns_name",),
        state="state.code",
        planned_id="arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/app/{prefix}{name}/{hex16}",
        planned_arn="{id}",
        planned={
            "load_balancer_arn": "{id}",
            "load_balancer_name": "{prefix}{name}",
            "dns_name": "{prefix}{name}-{digits}.{region}.elb.amazonaws.com",
            # The zone of load balancers in ap-south-1, which alias records name.
            "canonical_hosted_zone_id": "ZP97RAFLXTNZK",
        },
    ),
    Kind(
        key="target_groups",
        label="target group",
        service="elbv2",
        role="aws_load_balancing",
        rank=Rank.PARTS,
        operation="describe_target_groups",
        result="TargetGroups",
        id_key="TargetGroupArn",
        arn="TargetGroupArn",
        read_tags=_tags_in_batches("TargetGroupArn"),
        details=_target_group_attributes,
        verbatim=("Attributes",),
        name_key="TargetGroupName",
        delete=delete("elbv2", "delete_target_group", TargetGroupArn="id"),
        where=("vpc_id", "port"),
        planned_id="arn:{partition}:elasticloadbalancing:{region}:{account}:targetgroup/{prefix}{name}/{hex16}",
        planned_arn="{id}",
        planned={"target_group_arn": "{id}", "target_group_name": "{prefix}{name}", "load_balancer_arns": []},
    ),
    Kind(
        key="certificates",
        label="ACM certificate",
        service="acm",
        role="aws_load_balancing",
        also_in=("us-east-1",),  # where CloudFront takes its own from
        rank=Rank.PARTS,
        operation="list_certificates",
        result="CertificateSummaryList",
        id_key="CertificateArn",
        arn="CertificateArn",
        arguments=lambda scope: {"Includes": {"keyTypes": KEY_TYPES}},
        read_tags=_certificate_tags,
        details=_certificate_validation,
        going=status("Status", "EXPIRED", "FAILED", "REVOKED", "VALIDATION_TIMED_OUT"),
        created="CreatedAt",
        name_key="DomainName",
        delete=delete("acm", "delete_certificate", CertificateArn="id"),
        where=("domain_name",),
        state="status",
        planned_id="arn:{partition}:acm:{region}:{account}:certificate/{uuid}",
        planned_arn="{id}",
        planned={"certificate_arn": "{id}", "domain_name": "{name}", "status": "ISSUED"},
    ),
)
