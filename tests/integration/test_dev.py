"""Dev: nothing is kept when it is destroyed."""

from __future__ import annotations

from .suite import EnvironmentSuite


class TestDev(EnvironmentSuite):
    environment = "dev"
