"""Production, and what only production has to show."""

from __future__ import annotations

from .conftest import Emulator
from .suite import EnvironmentSuite


def test_check_mode_on_an_empty_account_runs_to_its_end(account: Emulator) -> None:
    run = account.play("production", "provision", "--check", "--diff").ended_well()
    assert run.writes == []
    assert run.recap["changed"] > 0


def test_destroy_refuses_without_the_name_of_production(account: Emulator) -> None:
    run = account.play("production", "destroy", "-e", "aws_destroy_confirm=staging")
    assert run.code != 0
    assert run.writes == []
    assert "-e aws_destroy_confirm=production" in " ".join(run.output.split())


class TestProduction(EnvironmentSuite):
    environment = "production"
    kept = {"db_snapshots", "cache_snapshots", "kms_keys"}  # noqa: RUF012 - declared ClassVar in the base
