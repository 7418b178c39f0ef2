# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a playbook waits for AWS at most: longer than AWS takes, and shorter than the session that it runs in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
# What a module waits when nothing is said: plugins/doc_fragments/common.py.
MODULES_OWN = 900
# Of what AWS makes, an RDS Multi-AZ database takes longest. ElastiCache takes 15 minutes, CloudFront 10.
DATABASE_SECONDS = 30 * 60
PEOPLE = yaml.safe_load((ROOT / "group_vars" / "all" / "people.yml").read_text())["aws_identity_roles"]


def load(role: str, *path: str) -> Any:
    return yaml.safe_load(ROOT.joinpath("roles", role, *path).read_text())


def defaults(role: str) -> dict[str, Any]:
    found: dict[str, Any] = load(role, "defaults", "main.yml")
    return found


def tasks(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for task in found:
        yield task
        yield from tasks([*task.get("block", []), *task.get("rescue", []), *task.get("always", [])])


def gate() -> int:
    [waiting] = [task for task in tasks(load("aws_endpoints", "tasks", "main.yml")) if "until" in task]
    return int(waiting["retries"] * waiting["delay"])


def limits() -> dict[str, int]:
    image, refresh = defaults("aws_image"), defaults("aws_refresh")
    certificate = defaults("aws_load_balancing")["aws_load_balancing_certificate_timeout"]
    return {
        # NAT gateways and their routes; the certificates, of which the second has the record of the first; the gate.
        "provision": 2 * MODULES_OWN + certificate + defaults("aws_edge")["aws_edge_certificate_timeout"] + gate(),
        # The machine, the way into it, its first boot and the image; all roles at once.
        "bake": 5 * image["aws_image_wait_timeout_seconds"],
        "refresh": 3 * refresh["aws_refresh_timeout_seconds"],
        "destroy": defaults("aws_destroy")["aws_destroy_timeout"],
        "rotate_origin_secret": 2 * defaults("aws_edge")["aws_edge_wait_timeout"],
    }


@pytest.mark.parametrize("playbook", sorted(limits()))
def test_the_operators_session_outlives_the_longest_run(playbook: str) -> None:
    """An expired session stops a run half way. Ten minutes are for the calls themselves."""
    assert limits()[playbook] + 600 <= PEOPLE["operator"]["max_session_duration"]
    # MFA is asked for when the session begins, and lasts as long.
    assert PEOPLE["operator"]["mfa_age"] >= PEOPLE["operator"]["max_session_duration"]


def test_the_gate_waits_longer_than_a_database_takes() -> None:
    assert gate() >= 2 * DATABASE_SECONDS
    assert defaults("aws_destroy")["aws_destroy_timeout"] >= 2 * DATABASE_SECONDS


def test_the_pipelines_session_outlives_a_refresh() -> None:
    [role] = [task["pixstory.platform.iam_role"] for task in tasks(load("aws_identity", "tasks", "deployer.yml"))
              if "pixstory.platform.iam_role" in task]  # fmt: skip
    assert limits()["refresh"] + 600 <= role["max_session_duration"]
