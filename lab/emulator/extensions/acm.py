# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS Certificate Manager: the kind of key that was requested."""

from __future__ import annotations

from typing import Any

from moto.acm.models import AWSCertificateManagerBackend, CertBundle
from moto.acm.responses import AWSCertificateManagerResponse

from lab.emulator.registry import fix, wrap


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
