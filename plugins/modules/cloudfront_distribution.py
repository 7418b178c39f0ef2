#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cloudfront_distribution
version_added: "0.1.0"
short_description: Make a CloudFront distribution
description:
  - Makes a CloudFront distribution, changes it, or disables and deletes it.
  - It is found by its comment, which is its O(name). AWS shows no other name of it when it lists them.
  - A header of an origin whose value is a secret is named in O(secret_headers). The module reads the secret itself, so
    that its value is in no variable, and masks it in whatever it returns.
  - Follows U(https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateDistributionWithTags.html) and
    U(https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistribution.html).
notes:
  - M(community.aws.cloudfront_distribution) skips check mode and changes a distribution that is as declared.
  - In check mode the origins, policies, the certificate and the secret may be ones that do not exist yet.
author: Pixstory platform contributors (@pixstory)
options:
  name:
    description: The comment of the distribution, by which it is found, and its C(Name) tag. Up to 128 characters.
    type: str
    required: true
  config:
    description:
      - The configuration, in the words of
        U(https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html), without C(Comment)
        and C(CallerReference).
      - A list is written as a list, without C(Quantity) and C(Items); where there is something beside them, as in
        C(AllowedMethods), without C(Quantity) alone.
      - What is not written stays as it is, also in an entry of a list that has its like there (the same C(Id),
        C(PathPattern) or C(ErrorCode)). A list that is written is exact. C(CacheBehaviors) go from first to last.
      - Required to create it. C(Enabled) is true for a new one that does not say.
    type: dict
  secret_headers:
    description:
      - Headers that CloudFront adds to requests to an origin, with a secret as their value.
      - Exact for the headers that are named here. Not to be in O(config) too.
    type: list
    elements: dict
    suboptions:
      origin:
        description: The C(Id) of the origin.
        type: str
        required: true
      name:
        description: The name of the header.
        type: str
        required: true
      secret:
        description: The name or the ARN of a secret in Secrets Manager. Its current value is sent.
        type: str
        required: true
extends_documentation_fragment:
  - pixstory.platform.common
  - pixstory.platform.common.tags
  - pixstory.platform.common.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Pages from the load balancer, and wait for it elsewhere
  pixstory.platform.cloudfront_distribution:
    name: pixstory-production-public
    config:
      Aliases: [pixstory.example]
      HttpVersion: http2and3
      IsIPV6Enabled: true
      PriceClass: PriceClass_200
      ViewerCertificate:
        ACMCertificateArn: arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012
        SSLSupportMethod: sni-only
        MinimumProtocolVersion: TLSv1.2_2021
      Origins:
        - Id: pages
          DomainName: origin.pixstory.example
          CustomOriginConfig: {HTTPPort: 80, HTTPSPort: 443, OriginProtocolPolicy: https-only}
      DefaultCacheBehavior:
        TargetOriginId: pages
        ViewerProtocolPolicy: redirect-to-https
        Compress: true
        CachePolicyId: "{{ cache_policy_id }}"
        AllowedMethods:
          Items: [GET, HEAD]
          CachedMethods: [GET, HEAD]
    secret_headers:
      - {origin: pages, name: X-Origin-Verify, secret: /production/edge/origin-verify}
    wait: false
    tags:
      Project: pixstory
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: create
distribution:
  description: The distribution. Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  contains:
    id:
      description: The id.
      type: str
      sample: E1ABCDEFGHIJKL
    arn:
      description: The ARN, which the policy of a bucket names.
      type: str
      sample: arn:aws:cloudfront::123456789012:distribution/E1ABCDEFGHIJKL
    domain_name:
      description: AWS's own name of it, to which records lead.
      type: str
      sample: d111111abcdef8.cloudfront.net
    status:
      description: V(InProgress) until a change has arrived everywhere, then V(Deployed).
      type: str
    config:
      description: The configuration with CloudFront's defaults, in the form of O(config). Without secret headers.
      type: dict
    tags:
      description: The tags.
      type: dict
"""

import uuid
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.tagging import ansible_dict_to_boto3_tag_list

from ansible_collections.pixstory.platform.plugins.module_utils.cloudfront import (
    CloudFrontResource,
    config_property,
    to_api,
)
from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, main_for

NOUN = "Distribution"
SECRETS = "SecretHeaders"  # origin and header -> value; no key of the API


class Distribution(CloudFrontResource):
    kind = "CloudFront distribution"
    noun = NOUN
    list_operation = "list_distributions"
    result_key = "distribution"
    name_tag = True
    properties = (config_property(NOUN), Property("secret_headers", SECRETS, secret=True, verbatim=True))

    def named(self, config: Any) -> dict[str, Any]:
        return {**config, "Comment": self.name}

    def validate(self) -> None:
        if len(self.name) > 128:
            self.fail(f"{self.kind}: name has {len(self.name)} characters; CloudFront takes 128. Write a shorter one.")
        super().validate()
        origins = {str(one.get("Id")) for one in (self.params["config"] or {}).get("Origins", [])}
        for header in self.params["secret_headers"] or []:
            if origins and header["origin"] not in origins:
                self.fail(
                    f"{self.kind} {self.name}: secret_headers names the origin {header['origin']}, which is not in "
                    f"config.Origins. Write one of {', '.join(sorted(origins))}."
                )

    def find(self) -> str | None:
        listed = self.pages("list_distributions", "DistributionList.Items")
        return next((one["Id"] for one in listed if one["Comment"] == self.name), None)

    def describe(self) -> dict[str, Any] | None:
        description = super().describe()
        if description is None:
            return None
        tags = self.call("list_tags_for_resource", Resource=description["ARN"])["Tags"]
        return {**self._without_secrets(description), "Tags": tags.get("Items", [])}

    def _without_secrets(self, description: dict[str, Any]) -> dict[str, Any]:
        """Secret headers apart from the rest. Which are secret is known of those that are declared; of the others no
        value is shown either."""
        wanted = {(one["origin"], one["name"].lower()) for one in self.params["secret_headers"] or []}
        values, secrets = {}, {}
        for origin in description["DistributionConfig"]["Origins"]:
            left = []
            for header in origin.get("CustomHeaders", []):
                key = (origin["Id"], header["HeaderName"].lower())
                self.hide(header["HeaderValue"])
                if key in wanted:
                    values[":".join(key)] = header["HeaderValue"]
                    secrets.setdefault(origin["Id"], []).append(header)
                else:
                    left.append(header)
            origin["CustomHeaders"] = left
        return {**description, SECRETS: values, "Secrets": secrets}

    def declared(self) -> dict[str, Any]:
        declared = super().declared()
        if SECRETS in declared:
            declared[SECRETS] = {
                f"{one['origin']}:{one['name'].lower()}": self._value(one["secret"]) for one in declared[SECRETS]
            }
        return declared

    def _value(self, secret: str) -> str:
        """The current value. In check mode the secret may be one that would be generated."""
        missing = ("ResourceNotFoundException",)
        answer = self.call_or_none("get_secret_value", service="secretsmanager", missing=missing, SecretId=secret)
        if answer is not None:
            return self.hide(answer["SecretString"])
        if not self.module.check_mode:
            self.fail(f"{self.kind} {self.name}: there is no secret {secret}. Make it first, with role aws_secrets.")
        return ""

    def _with_secrets(self, config: dict[str, Any], headers: dict[str, list[dict[str, str]]]) -> dict[str, Any]:
        origins = [
            {**one, "CustomHeaders": [*(one.get("CustomHeaders") or []), *headers.get(one["Id"], [])]}
            for one in config["Origins"]
        ]
        return {**config, "Origins": origins}

    def _headers(self, values: dict[str, str]) -> dict[str, list[dict[str, str]]]:
        headers: dict[str, list[dict[str, str]]] = {}
        for one in self.params["secret_headers"]:
            value = values[f"{one['origin']}:{one['name'].lower()}"]
            headers.setdefault(one["origin"], []).append({"HeaderName": one["name"], "HeaderValue": value})
        return headers

    def create(self, declared: dict[str, Any]) -> None:
        config = self.named({"Enabled": True, **declared[self.config_key]})
        if SECRETS in declared:
            config = self._with_secrets(config, self._headers(declared[SECRETS]))
        sent = to_api(self.shape(), {**config, "CallerReference": uuid.uuid4().hex})
        tags = {"Items": self.boto3_tags()}
        arguments = {"DistributionConfigWithTags": {"DistributionConfig": sent, "Tags": tags}}
        self.call("create_distribution_with_tags", **arguments)

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        declared = changes.get(self.config_key, {})
        values = changes.get(SECRETS)
        headers = description["Secrets"] if values is None else self._headers(values)
        present = description[self.config_key]
        # An entry of a list that is written is laid over its like, so the headers go on top of both.
        present = self._with_secrets(present, headers)
        if "Origins" in declared:
            there = {one["Id"]: one["CustomHeaders"] for one in description[self.config_key]["Origins"]}
            filled = [{"CustomHeaders": there.get(one["Id"], []), **one} for one in declared["Origins"]]
            declared = self._with_secrets({**declared, "Origins": filled}, headers)
        self.replace({**description, self.config_key: present}, self.named(declared))

    def delete(self, description: dict[str, Any]) -> None:
        """AWS deletes a distribution that is disabled, everywhere."""
        if description[self.config_key]["Enabled"]:
            restored = self._with_secrets(description[self.config_key], description["Secrets"])
            self.replace({**description, self.config_key: restored}, {"Enabled": False})
        disabled = self._wait_until(lambda d: d is None or d["Status"] == "Deployed", "be disabled")
        self.step = "delete"
        if disabled is not None:
            super().delete(disabled)

    def ready(self, description: dict[str, Any]) -> bool:
        return bool(description["Status"] == "Deployed")

    def advice(self, description: dict[str, Any] | None) -> str:
        return "CloudFront takes up to half an hour to bring a change everywhere. Run again, or raise wait_timeout."

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        self.call("tag_resource", Resource=description["ARN"], Tags={"Items": ansible_dict_to_boto3_tag_list(tags)})

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        self.call("untag_resource", Resource=description["ARN"], TagKeys={"Items": keys})

    def result(self, description: dict[str, Any] | None) -> dict[str, Any]:
        if description is None:
            return {}
        return {
            **super().result(description),
            "arn": description["ARN"],
            "domain_name": description["DomainName"],
            "status": description["Status"],
            "tags": self.current_tags(description),
        }


def main() -> None:
    main_for(
        Distribution,
        {
            "name": {"required": True},
            "config": {"type": "dict"},
            "secret_headers": {
                "type": "list",
                "elements": "dict",
                "no_log": False,
                "options": {
                    "origin": {"required": True},
                    "name": {"required": True},
                    "secret": {"required": True, "no_log": False},
                },
            },
        },
        wait=True,
    )


if __name__ == "__main__":
    main()
