"""Local: nothing is kept when it is destroyed."""

from __future__ import annotations

from .suite import EnvironmentSuite


class TestLocal(EnvironmentSuite):
    environment = "local"
