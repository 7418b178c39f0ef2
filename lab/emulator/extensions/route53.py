# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Route 53: what a zone collides with, and how alias targets are written."""

from __future__ import annotations

from typing import Any

from moto.route53.models import FakeZone, RecordSet, Route53Backend

from lab.emulator.registry import ApiError, fix, wrap


@fix("route53")
def caller_references_are_used_once() -> None:
    """A second CreateHostedZone with the same CallerReference is refused.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html
    """

    @wrap(Route53Backend, "create_hosted_zone")
    def create(original: Any, backend: Any, name: str, **kwargs: Any) -> FakeZone:
        reference = kwargs.get("caller_reference")
        if reference and reference in {zone.caller_reference for zone in backend.zones.values()}:
            raise ApiError(
                "HostedZoneAlreadyExists",
                f"A hosted zone has already been created with the specified caller reference {reference}.",
            )
        zone: FakeZone = original(backend, name, **kwargs)
        return zone


@fix("route53")
def a_vpc_sees_one_private_zone_of_a_domain() -> None:
    """A VPC is associated with one private zone of a domain name.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_AssociateVPCWithHostedZone.html
    """

    def refuse_second(backend: Any, domain: str, vpc: str | None) -> None:
        for zone in backend.zones.values():
            if zone.name == domain and vpc and vpc in {one.get("vpc_id") for one in zone.vpcs}:
                raise ApiError(
                    "ConflictingDomainExists", f"The VPC {vpc} is already associated with another hosted zone {domain}"
                )

    @wrap(Route53Backend, "create_hosted_zone")
    def create(original: Any, backend: Any, name: str, **kwargs: Any) -> FakeZone:
        refuse_second(backend, name, kwargs.get("vpcid"))
        zone: FakeZone = original(backend, name, **kwargs)
        return zone

    @wrap(Route53Backend, "associate_vpc_with_hosted_zone")
    def associate(original: Any, backend: Any, zone_id: str, vpcid: str, vpcregion: str) -> FakeZone:
        refuse_second(backend, backend.get_hosted_zone(zone_id).name, vpcid)
        zone: FakeZone = original(backend, zone_id, vpcid, vpcregion)
        return zone


@fix("route53")
def alias_targets_are_lower_case_with_a_dot() -> None:
    """The DNS name of an alias target is shown in lower case, with a dot at its end.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html
    """

    @wrap(RecordSet, "__init__")
    def init(original: Any, record: RecordSet, kwargs: dict[str, Any]) -> None:
        original(record, kwargs)
        if record.alias_target:
            name = record.alias_target["DNSName"].lower().rstrip(".") + "."
            record.alias_target = {**record.alias_target, "DNSName": name}
