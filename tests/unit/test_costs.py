# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The figures of docs/costs.md are those that the command prints, and what is dear stands where it is worth it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import costs

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tables() -> list[str]:
    return costs.tables()


def test_the_document_has_the_tables(tables: list[str]) -> None:
    text = (ROOT / "docs" / "costs.md").read_text()
    assert [table for table in tables if table not in text] == []


def test_every_costly_default_is_a_variable_of_a_role(tables: list[str]) -> None:
    names = {word.strip("`,") for table in tables for line in table.splitlines() for word in line.split("|")[2].split()}
    options: dict[str, Any] = {}
    for path in (ROOT / "roles").glob("*/meta/argument_specs.yml"):
        options |= yaml.safe_load(path.read_text())["argument_specs"].get("main", {}).get("options", {})
    assert {name for name in names if name.startswith("aws_")} <= options.keys()


@pytest.mark.parametrize(
    ("variable", "cheap"),
    [
        ("aws_account_trail_data_events", "chosen"),
        ("aws_waf_logged_actions", ["BLOCK", "COUNT"]),
        ("aws_network_flow_log_traffic", "REJECT"),
    ],
)
def test_what_grows_with_the_traffic_begins_small(variable: str, cheap: Any) -> None:
    role = next(one for one in ("aws_account", "aws_waf", "aws_network") if variable.startswith(one))
    assert yaml.safe_load((ROOT / "roles" / role / "defaults" / "main.yml").read_text())[variable] == cheap


def test_only_production_pays_for_endpoints_beside_its_nat_gateways() -> None:
    paid = {name: costs.endpoints(costs.declared(name)) for name in costs.ENVIRONMENTS}
    assert paid == {"production": 12, "staging": 0, "dev": 0}
