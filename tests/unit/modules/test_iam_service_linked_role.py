# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from twelve_steps import Emulator, TwelveSteps

MODULE = "iam_service_linked_role"
SERVICE = "config.amazonaws.com"


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps) -> None:
    iam = emulator.client("iam")

    def created(result: dict[str, Any]) -> None:
        role = iam.get_role(RoleName=result["iam_role"]["role_name"])["Role"]
        assert (role["Path"], role["Description"]) == (f"/aws-service-role/{SERVICE}/", "Reads")

    def changed(result: dict[str, Any]) -> None:
        assert iam.get_role(RoleName=result["iam_role"]["role_name"])["Role"]["Description"] == "Records"

    def deleted(result: dict[str, Any]) -> None:
        assert iam.list_roles(PathPrefix=f"/aws-service-role/{SERVICE}/")["Roles"] == []

    twelve_steps(
        MODULE,
        create={"service_name": SERVICE, "description": "Reads"},
        change={"service_name": SERVICE, "description": "Records"},
        absent={"service_name": SERVICE},
        created=created,
        changed=changed,
        deleted=deleted,
    )
