# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Buckets, log groups and hosted zones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base import Item, Kind, Rank, Scope, Tags, batches, dig, named, tag_dict, tag_filter
from .errors import CallFailed, StillThere
from .removal import Removal, delete, is_gone

if TYPE_CHECKING:
    from .calls import Aws

# What a bucket is asked, the key under which the index has it, and the key of the answer.
BUCKET_CALLS = (
    ("get_bucket_versioning", "Versioning", "Status"),
    ("get_bucket_encryption", "Encryption", "ServerSideEncryptionConfiguration"),
    ("get_public_access_block", "PublicAccessBlock", "PublicAccessBlockConfiguration"),
    ("get_bucket_lifecycle_configuration", "LifecycleRules", "Rules"),
    ("get_object_lock_configuration", "ObjectLock", "ObjectLockConfiguration"),
)
# Each way of S3 to say that a bucket has no such configuration.
NOT_CONFIGURED = ("NoSuch", "NotFound")


def _ask_bucket(aws: Aws, bucket: str, operation: str, key: str) -> Any:
    try:
        return aws.call("s3", operation, Bucket=bucket).get(key)
    except CallFailed as error:
        if any(part in error.code for part in NOT_CONFIGURED):
            return None
        raise


def _bucket_tags(aws: Aws, scope: Scope, items: list[Item]) -> list[Tags]:
    def read(item: Item) -> Tags:
        return tag_dict(_ask_bucket(aws, item["Name"], "get_bucket_tagging", "TagSet") or [])

    return aws.each(read, items)


def _bucket_details(aws: Aws, scope: Scope, items: list[Item]) -> None:
    asked = [(item, *call) for item in items for call in BUCKET_CALLS]

    def read(question: tuple[Item, str, str, str]) -> Any:
        item, operation, _name, key = question
        return _ask_bucket(aws, item["Name"], operation, key)

    for (item, _operation, name, _key), answer in zip(asked, aws.each(read, asked), strict=True):
        item[name] = answer

    def empty(item: Item) -> None:
        page = aws.call("s3", "list_object_versions", Bucket=item["Name"], MaxKeys=1)
        item["Empty"] = not (page.get("Versions") or page.get("DeleteMarkers"))

    aws.each(empty, [item for item in items if dig(item, "ObjectLock.Rule")])


def is_locked(item: Item) -> bool:
    """Whether object lock keeps the objects of a bucket, as the index has it. An empty one can be deleted."""
    return dig(item, "object_lock.rule") is not None and not item.get("empty")


def _bucket_name(scope: Scope, name: str) -> str:
    return name.removeprefix(scope.prefix).removesuffix(f"-{scope.account_id}")


def _delete_bucket(removal: Removal, item: Item) -> None:
    """Empty it and delete it, again when something was written in between."""

    def attempt() -> None:
        if _empty_bucket(removal, item["id"]):
            removal.aws.call("s3", "delete_bucket", Bucket=item["id"])

    removal.retry(attempt)


def _empty_bucket(removal: Removal, bucket: str) -> bool:
    """A page at a time, so that a bucket of any size is emptied in little memory. False when it is gone."""
    try:
        while True:
            page = removal.aws.call("s3", "list_object_versions", Bucket=bucket)
            found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            if not found:
                return True
            objects = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
            answer = removal.aws.call("s3", "delete_objects", Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
            if errors := answer.get("Errors"):
                first = errors[0]
                raise StillThere(
                    f"S3 kept {len(errors)} objects of {bucket}, the first being {first.get('Key')}: "
                    f"{first.get('Code')}: {first.get('Message')}"
                )
    except CallFailed as error:
        if is_gone(error):
            return False
        raise


RDS_LOGS = "/aws/rds/instance/"  # RDS writes nowhere else
WAF_LOGS = "aws-waf-logs-"  # and WAF only to such groups


def _log_group_of_ours(scope: Scope, item: Item) -> bool:
    name = str(item["logGroupName"])
    return name.startswith((scope.path, f"{RDS_LOGS}{scope.prefix}", f"{WAF_LOGS}{scope.prefix}"))


def _owned_log_group(scope: Scope, item: Item, tags: Tags) -> bool:
    """By its path. What RDS and WAF write to has no path, so its tags tell staging from staging-2."""
    return str(item["logGroupName"]).startswith(scope.path) or scope.owns(tags)


def _log_group_name(scope: Scope, name: str) -> str:
    if name.startswith(WAF_LOGS):
        return f"waf-{name.removeprefix(WAF_LOGS).removeprefix(scope.prefix)}"
    return name.removeprefix(scope.path).removeprefix(f"{RDS_LOGS}{scope.prefix}")


def _log_group_tags(aws: Aws, scope: Scope, items: list[Item]) -> list[Tags]:
    def read(item: Item) -> Tags:
        arn = str(item["arn"]).removesuffix(":*")
        return dict(aws.call("logs", "list_tags_for_resource", resourceArn=arn)["tags"])

    return aws.each(read, items)


def _zone_tags(aws: Aws, scope: Scope, items: list[Item]) -> list[Tags]:
    """ListTagsForResources takes ten zones at a time."""

    def batch(ids: list[str]) -> list[dict[str, Any]]:
        answer = aws.call("route53", "list_tags_for_resources", ResourceType="hostedzone", ResourceIds=ids)
        return list(answer["ResourceTagSets"])

    ids = [_zone_id(item) for item in items]
    tags = {one["ResourceId"]: tag_dict(one["Tags"]) for got in aws.each(batch, batches(ids, 10)) for one in got}
    return [tags.get(zone, {}) for zone in ids]


def _zone_id(item: Item) -> str:
    return str(item["Id"]).removeprefix("/hostedzone/")


def _zone_name(scope: Scope, name: str) -> str:
    return name.rstrip(".")


def _zone_records(aws: Aws, scope: Scope, items: list[Item]) -> None:
    def records(item: Item) -> list[dict[str, Any]]:
        zone = _zone_id(item)
        return aws.pages("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone)

    def zone(item: Item) -> dict[str, Any]:
        return aws.call("route53", "get_hosted_zone", Id=_zone_id(item))

    for item, (found, described) in zip(items, aws.together((records, zone), items), strict=True):
        item.update(
            Id=_zone_id(item),
            Records=found,
            VPCs=described.get("VPCs", []),
            NameServers=described.get("DelegationSet", {}).get("NameServers", []),
        )


def _records_to_delete(removal: Removal, item: Item) -> list[Item]:
    """All of a zone, without the two that Route 53 keeps and deletes with the zone.

    Who wrote a record is not known. In a public zone it may be a mail server or a subdomain that others live on, so
    there only what ACM asked for is deleted, and what leads to load balancers, distributions and addresses of its own.
    """
    records = removal.look("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=item["id"])
    apex = str(item["api_name"])
    records = [one for one in records if not (one["Type"] in ("NS", "SOA") and one["Name"] == apex)]
    ours = item.setdefault("leads_to", _own_targets(removal))  # asked before the first of them is deleted
    others = [one for one in records if not _validates(one) and not _leads_to(one) <= ours]
    others = [] if dig(item, "config.private_zone") else others
    if others:
        names = ", ".join(sorted(f"{one['Name']} {one['Type']}" for one in others))
        raise StillThere(
            f"The public zone {apex} holds records that nothing here made: {names}. Delete them, or the zone, "
            "yourself, if nobody needs them any more, and run again."
        )
    return records


def _own_targets(removal: Removal) -> set[str]:
    """The environment's load balancers, distributions and Elastic IPs, to which records of its own lead."""
    prefix = removal.scope.prefix
    balancers = removal.look("elbv2", "describe_load_balancers", "LoadBalancers")
    distributions = removal.look("cloudfront", "list_distributions", "DistributionList.Items")
    names = [one["DNSName"] for one in balancers if one["LoadBalancerName"].startswith(prefix)]
    names += [one["DomainName"] for one in distributions if one["Comment"].startswith(prefix)]
    addresses = removal.look("ec2", "describe_addresses", "Addresses", **tag_filter()(removal.scope))
    return {name.lower() for name in names} | {one["PublicIp"] for one in addresses}


def _leads_to(record: Item) -> set[str]:
    """The name that an alias leads to, or the addresses of an A record."""
    alias = str(dig(record, "AliasTarget.DNSName") or "").lower().rstrip(".").removeprefix("dualstack.")
    values = {str(one["Value"]) for one in record.get("ResourceRecords", [])}
    return values if record["Type"] == "A" and values else {alias}


def _validates(record: Item) -> bool:
    """Whether it is a record by which ACM validates a certificate."""
    values = [str(one["Value"]) for one in record.get("ResourceRecords", [])]
    return (
        record["Type"] == "CNAME"
        and record["Name"].startswith("_")
        and bool(values)
        and all(value.rstrip(".").endswith(".acm-validations.aws") for value in values)
    )


def _check_zone(removal: Removal, item: Item) -> None:
    """Before anything is deleted: a zone that has to stay stops all."""
    _records_to_delete(removal, item)


def _delete_zone(removal: Removal, item: Item) -> None:
    for batch in batches(_records_to_delete(removal, item), 400):
        changes = [{"Action": "DELETE", "ResourceRecordSet": record} for record in batch]
        removal.call(
            "route53", "change_resource_record_sets", HostedZoneId=item["id"], ChangeBatch={"Changes": changes}
        )
    removal.call("route53", "delete_hosted_zone", Id=item["id"])


KINDS = (
    Kind(
        key="buckets",
        label="S3 bucket",
        service="s3",
        role="aws_storage",
        rank=Rank.REMAINS,
        operation="list_buckets",
        result="Buckets",
        id_key="Name",
        arn="arn:{partition}:s3:::{id}",
        arguments=lambda scope: {"Prefix": scope.prefix},
        candidate=named("Name"),
        read_tags=_bucket_tags,
        details=_bucket_details,
        created="CreationDate",
        name_key="Name",
        name_from="api",
        shorten=_bucket_name,
        delete=_delete_bucket,
        where=("versioning",),
        planned_id="{prefix}{name}-{account}",
        planned={"bucket": "{id}", "bucket_domain_name": "{id}.s3.{region}.amazonaws.com"},
    ),
    Kind(
        key="log_groups",
        label="log group",
        service="logs",
        role="aws_storage",
        also_in=("us-east-1",),  # of what is global
        rank=Rank.REMAINS,
        operation="describe_log_groups",
        result="logGroups",
        id_key="logGroupName",
        arn="arn:{partition}:logs:{region}:{account}:log-group:{id}",
        arguments=lambda scope: {"logGroupNamePattern": scope.project},
        candidate=_log_group_of_ours,
        read_tags=_log_group_tags,
        owned=_owned_log_group,
        name_key="logGroupName",
        name_from="api",
        shorten=_log_group_name,
        delete=delete("logs", "delete_log_group", logGroupName="id"),
        where=("retention_in_days",),
        planned_id="/{project}/{environment}/{name}",
        planned={"log_group_name": "{id}"},
    ),
    Kind(
        key="hosted_zones",
        label="hosted zone",
        service="route53",
        role="aws_dns",
        rank=Rank.SOURCES,
        operation="list_hosted_zones",
        result="HostedZones",
        id_key="Id",
        arn="arn:{partition}:route53:::hostedzone/{id}",
        read_tags=_zone_tags,
        details=_zone_records,
        name_key="Name",
        shorten=_zone_name,
        prepare=_check_zone,
        delete=_delete_zone,
        where=("resource_record_set_count",),
        planned_id="Z0{HEX16}",
        planned={"api_name": "{name}.", "zone_id": "{id}", "hosted_zone_id": "{id}", "name_servers": []},
    ),
)
