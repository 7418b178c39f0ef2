"""Where an action is allowed: the resources, and a condition."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

TAGS = ("Project", "Environment")


@dataclass(frozen=True, order=True)
class Scope:
    """Where an action is allowed."""

    resources: tuple[str, ...] = ("*",)
    condition: str = ""  # JSON

    @classmethod
    def of(cls, *resources: str, **condition: dict[str, Any]) -> Scope:
        return cls(tuple(sorted(resources)), json.dumps(condition))

    @classmethod
    def tagged(cls, where: str, *resources: str) -> Scope:
        return cls.of(*resources, StringEquals={f"aws:{where}Tag/{tag}": f"${{{tag.lower()}}}" for tag in TAGS})


ANYWHERE = Scope()
