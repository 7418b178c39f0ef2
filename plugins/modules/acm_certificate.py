#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: acm_certificate
version_added: "0.1.0"
short_description: Request a certificate of AWS Certificate Manager and prove the domain in Route 53
description:
  - Requests a public certificate that ACM validates by DNS, writes the validation records, and waits until it is
    issued.
  - A certificate is found by its C(Name) tag, its domain name, and, where they are given, its other names and its key
    algorithm. One that is pending or issued is not requested again.
  - AWS cannot change a certificate. With other names another one is requested, and its ARN is returned. Move the
    listeners to it, then delete the first.
  - Follows U(https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html).
notes:
  - M(community.aws.acm_certificate) imports certificates. It does not request them.
  - CloudFront takes certificates of the region us-east-1 only.
  - In check mode O(hosted_zone_id) may be the id of a zone that does not exist yet.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The C(Name) tag of the certificate.
    type: str
    required: true
  domain_name:
    description: The domain name, as V(example.com) or V(*.example.com).
    type: str
    required: true
  subject_alternative_names:
    description: Further names, in any order. O(domain_name) may be among them.
    type: list
    elements: str
  key_algorithm:
    description: The kind of key. AWS takes V(RSA_2048).
    type: str
    choices: [RSA_2048, RSA_3072, RSA_4096, EC_prime256v1, EC_secp384r1, EC_secp521r1]
  hosted_zone_id:
    description:
      - The Route 53 zone that the validation records are written to.
      - Nothing is written when they are there. They stay, for ACM needs them to renew.
      - Without it, create the RV(certificate.validation_records) yourself.
    type: str
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - pixstory.platform.common.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Request the certificate of the public load balancer, and go on
  pixstory.platform.acm_certificate:
    name: pixstory-production-public
    domain_name: pixstory.example
    subject_alternative_names: ["*.pixstory.example"]
    hosted_zone_id: Z0123456789ABCDEFGHIJ
    wait: false
    tags:
      Project: pixstory
  register: __requested

- name: Wait until it is issued
  pixstory.platform.acm_certificate:
    name: pixstory-production-public
    domain_name: pixstory.example
    subject_alternative_names: ["*.pixstory.example"]
    wait_timeout: 1800
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
certificate:
  description:
    - The certificate as DescribeCertificate returns it, keys in snake case.
    - Empty in check mode when it would be requested.
  returned: when O(state=present)
  type: dict
  contains:
    certificate_arn:
      description: The ARN.
      type: str
      sample: arn:aws:acm:ap-south-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef
    status:
      description: V(PENDING_VALIDATION) until ACM has seen the records, then V(ISSUED).
      type: str
      sample: ISSUED
    validation_records:
      description: The CNAME records that have to exist as long as the certificate is used.
      type: list
      elements: dict
      sample:
        - name: _d930b28be6c5927595552b219965053e.pixstory.example.
          type: CNAME
          value: _c9edd76ee4a0e2a74388032f3861cc50.ykybfrwcxw.acm-validations.aws.
    tags:
      description: The tags.
      type: dict
"""

import uuid
from typing import Any

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:  # AnsibleAWSModule reports the missing library
    BotoCoreError = ClientError = Exception  # type: ignore[misc,assignment]

from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
)

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, Resource, main_for

KEY_ALGORITHMS = ["RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]
RECORD_TTL = 300


def validation_records(description: dict[str, Any]) -> list[dict[str, str]]:
    """The records to write. A domain and its wildcard share one; ACM takes some seconds to make them."""
    options = description.get("DomainValidationOptions", [])
    records = {o["ResourceRecord"]["Name"]: o["ResourceRecord"] for o in options if "ResourceRecord" in o}
    return [records[name] for name in sorted(records)]


class Certificate(Resource):
    kind = "ACM certificate"
    service = "acm"
    result_key = "certificate"
    name_tag = True
    # The first four say which certificate is meant, so one that is found has them.
    properties = (
        Property("domain_name", "DomainName", compare=False),
        Property("subject_alternative_names", "SubjectAlternativeNames", compare=False),
        Property("key_algorithm", "KeyAlgorithm", compare=False),
        Property("hosted_zone_id", "HostedZoneId"),
    )
    arn: str | None = None

    def describe(self) -> dict[str, Any] | None:
        if self.arn is None:
            found = [certificate for certificate in self._candidates() if self._is_meant(certificate)]
            # Of two, the one that serves; then always the same one.
            found.sort(key=lambda certificate: (certificate["Status"] != "ISSUED", certificate["CertificateArn"]))
            description = found[0] if found else None
        else:
            description = self._describe(self.arn)
        if description is None:
            return None
        self.arn = description["CertificateArn"]
        description["ValidationRecords"] = validation_records(description)
        if self.params["hosted_zone_id"] and self.params["state"] == "present":
            complete = self._has_records(description) and not self._missing_records(description)
            description["HostedZoneId"] = self.params["hosted_zone_id"] if complete else None
        return description

    def create(self, declared: dict[str, Any]) -> None:
        zone = declared.pop("HostedZoneId", None)
        answer = self.call(
            "request_certificate",
            ValidationMethod="DNS",
            IdempotencyToken=uuid.uuid4().hex,  # a retry of this call is no second request
            Tags=self.boto3_tags(),
            **{key: value for key, value in declared.items() if value},
        )
        self.arn = answer["CertificateArn"]
        if zone:
            self._write_records()

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        self._write_records()

    def delete(self, description: dict[str, Any]) -> None:
        self.call("delete_certificate", CertificateArn=description["CertificateArn"])

    def ready(self, description: dict[str, Any]) -> bool:
        return description["Status"] == "ISSUED"

    def failed(self, description: dict[str, Any]) -> str | None:
        if description["Status"] in ("PENDING_VALIDATION", "ISSUED"):
            return None
        return f"it is {description['Status']} ({description.get('FailureReason', 'ACM gives no reason')})"

    def advice(self, description: dict[str, Any] | None) -> str:
        if description is None or self.params["state"] == "absent" or not description["ValidationRecords"]:
            return super().advice(description)
        records = "; ".join(f"{r['Name']} CNAME {r['Value']}" for r in description["ValidationRecords"])
        servers = self._name_servers()
        return (
            f"It is {description['Status']}. These records have to exist in public DNS: {records}. Check that the "
            f"registrar of {self.params['domain_name']} delegates it to the name servers of the zone that holds them"
            f"{': ' + ', '.join(servers) if servers else ''} "
            f"(dig NS {self.params['domain_name'].removeprefix('*.')}), then run again."
        )

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        arn = description["CertificateArn"]
        self.call("add_tags_to_certificate", CertificateArn=arn, Tags=ansible_dict_to_boto3_tag_list(tags))

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        arn = description["CertificateArn"]
        self.call("remove_tags_from_certificate", CertificateArn=arn, Tags=[{"Key": key} for key in keys])

    def _candidates(self) -> list[dict[str, Any]]:
        """The certificates for the domain name that are pending or issued."""
        listed = self.pages(
            "list_certificates",
            "CertificateSummaryList",
            CertificateStatuses=["PENDING_VALIDATION", "ISSUED"],
            Includes={"keyTypes": KEY_ALGORITHMS},  # without it AWS lists RSA_2048 only
        )
        domain = self.params["domain_name"].lower()
        arns = [item["CertificateArn"] for item in listed if item.get("DomainName", "").lower() == domain]
        return [certificate for arn in arns if (certificate := self._describe(arn))]

    def _describe(self, arn: str) -> dict[str, Any] | None:
        missing = ("ResourceNotFoundException",)
        answer = self.call_or_none("describe_certificate", missing=missing, CertificateArn=arn)
        tags = answer and self.call_or_none("list_tags_for_certificate", missing=missing, CertificateArn=arn)
        return {**answer["Certificate"], "Tags": tags.get("Tags", [])} if answer and tags else None

    def _is_meant(self, certificate: dict[str, Any]) -> bool:
        names, algorithm = self.params["subject_alternative_names"], self.params["key_algorithm"]
        domain = self.params["domain_name"].lower()
        wanted = {name.lower() for name in names or []} | {domain}
        present = {name.lower() for name in certificate.get("SubjectAlternativeNames", [])} | {domain}
        return (
            certificate["Type"] == "AMAZON_ISSUED"
            and boto3_tag_list_to_ansible_dict(certificate["Tags"]).get("Name") == self.name
            and (names is None or wanted == present)
            # DescribeCertificate writes RSA-2048 for what RequestCertificate calls RSA_2048.
            and (algorithm is None or algorithm == certificate["KeyAlgorithm"].replace("-", "_"))
        )

    def _has_records(self, description: dict[str, Any]) -> bool:
        options = description.get("DomainValidationOptions", [])
        return bool(options) and all("ResourceRecord" in option for option in options)

    def _is_in_zone(self, record: dict[str, str]) -> bool:
        answer = self.call_or_none(
            "list_resource_record_sets",
            service="route53",
            missing=("NoSuchHostedZone",),
            HostedZoneId=self.params["hosted_zone_id"],
            StartRecordName=record["Name"],
            StartRecordType="CNAME",
            MaxItems="1",
        )
        there = (answer or {}).get("ResourceRecordSets", [])
        return bool(there) and (
            there[0]["Name"].lower() == record["Name"].lower()
            and there[0]["Type"] == "CNAME"
            and [item["Value"].lower() for item in there[0].get("ResourceRecords", [])] == [record["Value"].lower()]
        )

    def _name_servers(self) -> list[str]:
        """Those of the zone, as far as AWS tells: this is asked for a message about something else."""
        if not self.params["hosted_zone_id"]:
            return []
        try:
            answer = self.call("get_hosted_zone", service="route53", Id=self.params["hosted_zone_id"])
        except (BotoCoreError, ClientError):
            return []
        return list((answer.get("DelegationSet") or {}).get("NameServers", []))

    def _missing_records(self, description: dict[str, Any]) -> list[dict[str, str]]:
        return [record for record in description["ValidationRecords"] if not self._is_in_zone(record)]

    def _write_records(self) -> None:
        described = self._wait_until(lambda d: d is not None and self._has_records(d), "have validation records")
        changes = [
            {
                "Action": "UPSERT",
                "ResourceRecordSet": {
                    "Name": record["Name"],
                    "Type": record["Type"],
                    "TTL": RECORD_TTL,
                    "ResourceRecords": [{"Value": record["Value"]}],
                },
            }
            for record in self._missing_records(described or {})
        ]
        if changes:
            self.call(
                "change_resource_record_sets",
                service="route53",
                HostedZoneId=self.params["hosted_zone_id"],
                ChangeBatch={"Changes": changes},
            )


def main() -> None:
    main_for(
        Certificate,
        {
            "name": {"required": True},
            "domain_name": {"required": True},
            "subject_alternative_names": {"type": "list", "elements": "str"},
            "key_algorithm": {"choices": KEY_ALGORITHMS},
            "hosted_zone_id": {},
        },
        wait=True,
    )


if __name__ == "__main__":
    main()
