"""Staging, with dev as its neighbour in the same account; and each role alone."""

from __future__ import annotations

import pytest

from .conftest import Emulator
from .suite import EnvironmentSuite

ROLES = [
    "aws_keys",
    "aws_storage",
    "aws_identity",
    "aws_account",
    "aws_network",
    "aws_security_groups",
    "aws_vpc_endpoints",
    "aws_secrets",
    "aws_database",
    "aws_cache",
    "aws_dns",
    "aws_load_balancing",
    "aws_compute",
    "aws_endpoints",
]


class TestStaging(EnvironmentSuite):
    environment = "staging"
    neighbour = "dev"
    kept = {"db_snapshots", "cache_snapshots", "kms_keys"}  # noqa: RUF012 - declared ClassVar in the base

    # The roles are the same everywhere, so one full replica is enough.
    @pytest.mark.parametrize("role", ROLES)
    def test_a_role_alone_changes_nothing(self, account: Emulator, role: str) -> None:
        account.play("staging", "provision", "--tags", role).changed_nothing()

    # Last, whatever order a subclass's tests come in.
    def test_destroy_leaves_what_it_says_and_spares_the_neighbour(self, account: Emulator) -> None:
        super().test_destroy_leaves_what_it_says_and_spares_the_neighbour(account)
