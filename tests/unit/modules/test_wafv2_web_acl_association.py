# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import Emulator, Runner, TwelveSteps

MODULE = "wafv2_web_acl_association"
BALANCER = "arn:aws:elasticloadbalancing:ap-south-1:123456789012:loadbalancer/app/public/0123456789abcdef"


def web_acl(run: Runner, name: str) -> str:
    return str(run("wafv2_web_acl", {"name": name}).result["web_acl"]["arn"])


def protected_by(emulator: Emulator) -> str | None:
    answer = emulator.client("wafv2").get_web_acl_for_resource(ResourceArn=BALANCER)
    return answer["WebACL"]["ARN"] if answer.get("WebACL") else None


def test_twelve_steps(emulator: Emulator, run: Runner, twelve_steps: TwelveSteps) -> None:
    one, other = web_acl(run, "one"), web_acl(run, "other")

    def created(result: dict[str, Any]) -> None:
        assert protected_by(emulator) == one
        assert result["association"] == {"web_acl_arn": one, "resource_arn": BALANCER}

    def changed(result: dict[str, Any]) -> None:
        assert protected_by(emulator) == other

    def deleted(result: dict[str, Any]) -> None:
        assert protected_by(emulator) is None

    twelve_steps(
        MODULE,
        create={"resource_arn": BALANCER, "web_acl_arn": one},
        change={"resource_arn": BALANCER, "web_acl_arn": other},
        absent={"resource_arn": BALANCER},
        created=created,
        changed=changed,
        deleted=deleted,
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"web_acl_arn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/edge/1"}, "Give one of scope REGIONAL"),
        ({}, "give also web_acl_arn"),
    ],
)
def test_a_mistake_is_refused(run: Runner, arguments: dict[str, Any], told: str) -> None:
    outcome = run(MODULE, {"resource_arn": BALANCER, **arguments}, fails=True)
    assert told in outcome.result["msg"]
    assert outcome.writes == []
