# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from checks import Aws, proves, unique


@proves("acm.key_algorithm_is_the_requested_one")
def certificate_shows_its_key_algorithm(aws: Aws) -> None:
    acm = aws.client("acm")
    domain = f"{unique()}.example"
    arn = acm.request_certificate(DomainName=domain, ValidationMethod="DNS", KeyAlgorithm="EC_prime256v1")
    described = acm.describe_certificate(CertificateArn=arn["CertificateArn"])["Certificate"]
    assert described["KeyAlgorithm"] == "EC_prime256v1"
    listed = acm.list_certificates(Includes={"keyTypes": ["EC_prime256v1"]})["CertificateSummaryList"]
    assert domain in {item["DomainName"] for item in listed}


@proves("acm.lists_name_the_usual_keys_by_default")
def other_keys_are_listed_when_asked_for(aws: Aws) -> None:
    acm = aws.client("acm")
    arn = {
        algorithm: acm.request_certificate(DomainName=f"{unique()}.example", KeyAlgorithm=algorithm)["CertificateArn"]
        for algorithm in ("RSA_2048", "EC_prime256v1")
    }
    listed = {item["CertificateArn"] for item in acm.list_certificates()["CertificateSummaryList"]}
    assert arn["RSA_2048"] in listed
    assert arn["EC_prime256v1"] not in listed
