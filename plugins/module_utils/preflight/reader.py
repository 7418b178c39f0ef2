# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what the checks judge, of AWS and of the domain name system. Nothing here writes.

What cannot be read becomes Unseen with the reason.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..audit.reader import why
from ..kinds.base import tag_dict
from ..kinds.calls import THREADS, Aws
from ..kinds.errors import CallFailed
from . import dns
from .model import Declared, Facts, Unseen
from .needs import QUOTAS, Need, Quota, needs

# Where AWS keeps what belongs to no Region: CloudFront, IAM, AWS Support, the plan of the account.
EVERYWHERE = "us-east-1"
HERE = ("ec2", "rds", "elasticache", "service-quotas", "acm", "sns", "accessanalyzer", "iam", "route53", "ssm")
THERE = ("service-quotas", "cloudfront", "freetier", "support", "account", "acm")
OPEN = ("PENDING", "CASE_OPENED")


@dataclass(frozen=True)
class Document:
    """A policy as it would be sent. ``kind`` is what Access Analyzer calls it."""

    name: str
    text: str
    kind: str = "IDENTITY_POLICY"
    of: str = ""  # the resource that it belongs to, where Access Analyzer knows more of it
    of_playbook: bool = False


class Reader:
    """Calls to AWS in the environment's Region, and where global services are kept."""

    def __init__(self, aws: Aws, there: Aws, declared: Declared, documents: list[Document]) -> None:
        self.aws, self.there = aws, there
        self.declared, self.documents = declared, documents
        self.region = aws.region

    def zones(self) -> dict[str, str]:
        """The ids of the zones, by their names. A name is another place in another account; an id is not."""
        names = [f"{self.region}{letter}" for letter in self.declared["platform_zones"]]
        found = self.aws.call("ec2", "describe_availability_zones", ZoneNames=names)["AvailabilityZones"]
        return {one["ZoneName"]: one["ZoneId"] for one in found}

    def instance_types(self) -> list[str]:
        return sorted({size["instance_type"] for size in self.declared["aws_compute_sizes"].values()})

    def _vcpus(self) -> dict[str, int]:
        types = self.instance_types()
        found = self.aws.pages("ec2", "describe_instance_types", "InstanceTypes", InstanceTypes=types) if types else []
        return {one["InstanceType"]: one["VCpuInfo"]["DefaultVCpus"] for one in found}

    def offered(self) -> dict[str, list[str]]:
        """The zones of each instance type."""
        types = self.instance_types()
        if not types:
            return {}
        found = self.aws.pages(
            "ec2",
            "describe_instance_type_offerings",
            "InstanceTypeOfferings",
            LocationType="availability-zone",
            Filters=[{"Name": "instance-type", "Values": types}],
        )
        return {name: sorted(one["Location"] for one in found if one["InstanceType"] == name) for name in types}

    def database_classes(self) -> dict[str, list[str]]:
        """The zones in which each DB class can be had with the engine version, in a VPC."""
        version = str(self.declared["aws_database_engine_version"])
        classes = {database["instance_class"] for database in self.declared["aws_database_instances"].values()}

        def zones(name: str) -> list[str]:
            found = self.aws.pages(
                "rds",
                "describe_orderable_db_instance_options",
                "OrderableDBInstanceOptions",
                Engine="postgres",
                DBInstanceClass=name,
                Vpc=True,
            )
            fitting = [one for one in found if re.match(rf"{re.escape(version)}(\.|$)", one["EngineVersion"])]
            return sorted({zone["Name"] for one in fitting for zone in one["AvailabilityZones"]})

        return {name: zones(name) for name in sorted(classes)}

    def cache_types(self) -> dict[str, bool]:
        """Whether each node type is sold in the Region, by the offers to reserve one. By zone nothing tells."""
        types = {group["node_type"] for group in self.declared["aws_cache_groups"].values()}

        def sold(name: str) -> bool:
            asked = {"CacheNodeType": name, "MaxRecords": 20}
            answer = self.aws.call("elasticache", "describe_reserved_cache_nodes_offerings", **asked)
            return bool(answer["ReservedCacheNodesOfferings"])

        return {name: sold(name) for name in sorted(types)}

    def endpoint_services(self) -> dict[str, list[str]]:
        """The zones of each endpoint service that the environment asks for."""
        names = [f"com.amazonaws.{self.region}.{name}" for name in self.declared["aws_vpc_endpoints_interface"]]
        if not names:
            return {}
        # A name that the Region does not have fails the whole call, so it is a filter.
        found = self.aws.pages(
            "ec2",
            "describe_vpc_endpoint_services",
            "ServiceDetails",
            Filters=[{"Name": "service-name", "Values": names}],
        )
        there = {one["ServiceName"]: one["AvailabilityZones"] for one in found}
        return {name: sorted(there.get(name, ())) for name in names}

    def quotas(self) -> dict[str, float]:
        return dict(zip((one.code for one in QUOTAS), self.aws.each(self._quota, QUOTAS), strict=True))

    def _quota(self, quota: Quota) -> float:
        """What applies to the account; where nothing was ever changed, AWS's default."""
        aws = self.there if quota.everywhere else self.aws
        asked = {"ServiceCode": quota.service, "QuotaCode": quota.code}
        try:
            found = aws.call("service-quotas", "get_service_quota", **asked)
        except CallFailed as error:
            if error.code != "NoSuchResourceException":
                raise
            found = aws.call("service-quotas", "get_aws_default_service_quota", **asked)
        return float(found["Quota"]["Value"])

    def requests(self) -> dict[str, float]:
        """What was asked for and is not decided, by the quota."""
        found = [
            one
            for aws in {id(aws): aws for aws in (self.aws, self.there)}.values()
            for one in aws.pages("service-quotas", "list_requested_service_quota_change_history", "RequestedQuotas")
        ]
        return {one["QuotaCode"]: float(one["DesiredValue"]) for one in found if one["Status"] in OPEN}

    def addresses(self) -> int:
        """The Elastic IP addresses that are not the environment's: they take from the same quota."""
        found = self.aws.call("ec2", "describe_addresses")["Addresses"]
        return sum(not self._ours(one) for one in found)

    def networks(self) -> int:
        """The VPCs that are not the environment's. AWS gives a new account one."""
        return sum(not self._ours(one) for one in self.aws.pages("ec2", "describe_vpcs", "Vpcs"))

    def gateways(self) -> int:
        """The internet gateways that are not the environment's. The VPC that AWS gives has one."""
        found = self.aws.pages("ec2", "describe_internet_gateways", "InternetGateways")
        return sum(not self._ours(one) for one in found)

    def _ours(self, resource: Mapping[str, Any]) -> bool:
        tags, wanted = tag_dict(resource.get("Tags") or []), self.declared["platform_tags"]
        return all(tags.get(name) == wanted[name] for name in ("Project", "Environment"))

    def distributions(self) -> int:
        answer = self.there.call("cloudfront", "list_distributions", MaxItems="1")
        return int(answer["DistributionList"].get("Quantity", 0))

    def plan(self) -> dict[str, str]:
        answer = self.there.call("freetier", "get_account_plan_state")
        return {"type": answer["accountPlanType"], "status": answer.get("accountPlanStatus", "")}

    def linked_roles(self) -> list[str]:
        """The services that have their service-linked role."""
        found = self.aws.pages("iam", "list_roles", "Roles", PathPrefix="/aws-service-role/")
        return sorted({one["Path"].split("/")[2] for one in found})

    def support(self) -> bool:
        """Whether the support plan lets the API of AWS Support be called."""
        try:
            self.there.call("support", "describe_severity_levels", language="en")
        except CallFailed as error:
            if error.code == "SubscriptionRequiredException":
                return False
            raise
        return True

    def image(self) -> str:
        name = "/aws/service/debian/release/{aws_compute_debian_release}/latest/{aws_compute_architecture}"
        return str(self.aws.call("ssm", "get_parameter", Name=name.format(**self.declared))["Parameter"]["Value"])

    def zone(self) -> list[str] | None:
        """The name servers of the domain's public zone in Route 53. None where there is no such zone."""
        name = f"{self.declared['platform_domain']}."
        found = self.aws.call("route53", "list_hosted_zones_by_name", DNSName=name)["HostedZones"]
        public = [one for one in found if one["Name"] == name and not one["Config"]["PrivateZone"]]
        if not public:
            return None
        zone = self.aws.call("route53", "get_hosted_zone", Id=public[0]["Id"].rpartition("/")[2])
        return sorted(server.rstrip(".").lower() for server in zone["DelegationSet"]["NameServers"])

    def delegated(self) -> list[str]:
        """The name servers that the world knows for the domain."""
        return self._known("NS")

    def mail(self) -> list[str]:
        """Where mail for the domain goes now."""
        return self._known("MX")

    def _known(self, kind: str) -> list[str]:
        if self.declared["platform_emulated"]:
            raise dns.NoAnswer("the environment is emulated: nobody outside knows its domain")
        return sorted(dns.ask(self.declared["platform_domain"], kind))

    def certificates(self) -> dict[str, list[str]]:
        """The states of the certificates for the domain, in the environment's Region and in CloudFront's."""
        domain = self.declared["platform_domain"]

        def states(aws: Aws) -> list[str]:
            found = aws.pages("acm", "list_certificates", "CertificateSummaryList")
            return sorted(one.get("Status", "") for one in found if one.get("DomainName") == domain)

        return {aws.region: states(aws) for aws in (self.aws, self.there)}

    def subscriptions(self) -> dict[str, list[str]]:
        """The e-mail addresses at the environment's topics: who has confirmed and who has not."""
        prefix = f"{self.declared['platform_prefix']}-"
        found = [
            one
            for one in self.aws.pages("sns", "list_subscriptions", "Subscriptions")
            if one["TopicArn"].rpartition(":")[2].startswith(prefix) and one["Protocol"] == "email"
        ]
        confirmed = {one["Endpoint"] for one in found if one["SubscriptionArn"].startswith("arn:")}
        return {"confirmed": sorted(confirmed), "pending": sorted({one["Endpoint"] for one in found} - confirmed)}

    def contacts(self) -> dict[str, str]:
        """The alternate contacts: whom AWS writes to beside the owner of the root user's address."""

        def contact(kind: str) -> str:
            try:
                answer = self.there.call("account", "get_alternate_contact", AlternateContactType=kind)
            except CallFailed as error:
                if error.code == "ResourceNotFoundException":
                    return ""
                raise
            return str(answer["AlternateContact"]["EmailAddress"])

        return {kind: contact(kind) for kind in ("SECURITY", "OPERATIONS", "BILLING")}

    def needs(self) -> list[Need]:
        """What the environment takes of each quota at its maximum."""
        playbooks = Counter(re.sub(r"-\d\.json$", "", one.name) for one in self.documents if one.of_playbook)
        # docs/policies.md attaches all policies of a playbook to one role.
        return list(needs(self.declared, self._vcpus(), max(playbooks.values(), default=0)))

    def findings(self) -> dict[str, list[dict[str, str]]]:
        """What Access Analyzer says of each policy."""

        def judged(document: Document) -> list[dict[str, str]]:
            asked = {"policyDocument": document.text, "policyType": document.kind}
            if document.of:
                asked["validatePolicyResourceType"] = document.of
            found = self.aws.pages("accessanalyzer", "validate_policy", "findings", **asked)
            return [
                {"type": one["findingType"], "code": one["issueCode"], "text": one["findingDetails"]} for one in found
            ]

        names = [document.name for document in self.documents]
        return dict(zip(names, self.aws.each(judged, self.documents), strict=True))


FACTS = (
    *("zones", "offered", "database_classes", "cache_types", "endpoint_services", "quotas", "requests"),
    *(
        "addresses",
        "networks",
        "gateways",
        "distributions",
        "plan",
        "linked_roles",
        "support",
        "image",
        "zone",
        "delegated",
    ),
    *("mail", "certificates", "subscriptions", "contacts", "needs", "findings"),
)


def read(reader: Reader) -> Facts:
    """All facts, in parallel."""

    def one(name: str) -> Any:
        function: Callable[[], Any] = getattr(reader, name)
        try:
            return function()
        except dns.NoAnswer as error:
            return Unseen(str(error))
        except Exception as error:  # never a crash: the check says why it cannot judge
            return Unseen(why(error))

    with ThreadPoolExecutor(THREADS) as pool:
        return Facts(zip(FACTS, pool.map(one, FACTS), strict=True))


def documents_of(folder: Path, values: Mapping[str, str]) -> Iterator[Document]:
    """The policies of the playbooks, with the names of the environment in them."""
    for path in sorted(folder.glob("*-[0-9].json")):
        text = json.dumps(json.loads(path.read_text()), separators=(",", ":"))
        for name, value in values.items():
            text = text.replace(f"${{{name}}}", value)
        yield Document(f"policies/{path.name}", text, of_playbook=True)
