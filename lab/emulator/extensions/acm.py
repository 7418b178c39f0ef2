# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS Certificate Manager: the kind of key that was requested."""

from __future__ import annotations

from typing import Any

from moto.acm.models import AWSCertificateManagerBackend, CertBundle
from moto.acm.responses import AWSCertificateManagerResponse

from lab.emulator.harsh import slow
from lab.emulator.registry import backend_of, fix, wrap


@fix("acm")
def key_algorithm_is_the_requested_one() -> None:
    """A certificate has the key algorithm that it was requested with. The key itself stays moto's, RSA.

    https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
    """

    @wrap(AWSCertificateManagerResponse, "request_certificate")
    def request(original: Any, response: AWSCertificateManagerResponse) -> Any:
        answer = original(response)
        bundle = response.acm_backend.get_certificate(answer.result["CertificateArn"])
        bundle.key_algorithm = response._get_param("KeyAlgorithm")  # type: ignore[attr-defined]
        return answer

    @wrap(CertBundle, "describe")
    def describe(original: Any, bundle: CertBundle) -> dict[str, Any]:
        shown: dict[str, Any] = original(bundle)
        if requested := getattr(bundle, "key_algorithm", None):
            shown["Certificate"]["KeyAlgorithm"] = requested
        return shown


@fix("acm")
def lists_name_the_usual_keys_by_default() -> None:
    """ListCertificates without a filter of key types lists RSA_1024 and RSA_2048 only.

    https://docs.aws.amazon.com/acm/latest/APIReference/API_Filters.html
    """

    @wrap(AWSCertificateManagerBackend, "list_certificates")
    def list_certificates(original: Any, backend: Any, statuses: list[str], includes: dict[str, Any] | None) -> Any:
        return original(backend, statuses, {"keyTypes": ["RSA_1024", "RSA_2048"], **(includes or {})})


def _has_its_records(bundle: CertBundle) -> bool:
    """Whether the records that prove the domain are in a public zone of the account.

    The emulator delegates every domain: it asks no registrar.
    """
    zones = backend_of("route53", bundle.arn.split(":")[4], "aws").zones.values()
    there = {
        record.name.rstrip(".").lower()
        for zone in zones
        if not zone.private_zone
        for record in zone.rrsets
        if record.type == "CNAME"
    }
    options = bundle.describe()["Certificate"].get("DomainValidationOptions", [])
    wanted = {one["ResourceRecord"]["Name"].rstrip(".").lower() for one in options if "ResourceRecord" in one}
    return bool(wanted) and wanted <= there


@fix("acm")
def certificates_are_issued_once_their_domain_is_proved() -> None:
    """The record to write is shown some seconds after the request, and the certificate is issued some minutes after
    the record is there.

    https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
    """

    @wrap(AWSCertificateManagerBackend, "request_certificate")
    def request(original: Any, backend: Any, *args: Any, **kwargs: Any) -> str:
        arn: str = original(backend, *args, **kwargs)
        slow.begin(f"{arn}/record", "unmade", slow.CERTIFICATE_RECORD_MADE)
        return arn

    @wrap(CertBundle, "check")
    def check(original: Any, bundle: CertBundle) -> None:
        if slow.SLOW and bundle.status == "PENDING_VALIDATION":
            if not _has_its_records(bundle):
                return
            if not vars(bundle).get("proved"):
                vars(bundle)["proved"] = True
                slow.begin(bundle.arn, "PENDING_VALIDATION", slow.CERTIFICATE_ISSUED)
            if slow.state_of(bundle.arn, "ISSUED") != "ISSUED":
                return
        original(bundle)

    @wrap(CertBundle, "describe")
    def describe(original: Any, bundle: CertBundle) -> dict[str, Any]:
        shown: dict[str, Any] = original(bundle)
        if slow.state_of(f"{bundle.arn}/record", "made") == "unmade":
            for option in shown["Certificate"].get("DomainValidationOptions", []):
                option.pop("ResourceRecord", None)
        return shown
