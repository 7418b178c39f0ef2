# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each extension of the emulator is for, shown with boto3.

A check must pass with the extensions and fail on stock moto; ``test_needless.py`` runs it against both.
"""

from __future__ import annotations

import importlib
import pkgutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

REGION = "ap-south-1"
ACCOUNT = "123456789012"
ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"


@dataclass(frozen=True)
class Aws:
    """Clients of one emulator."""

    url: str

    @cache  # noqa: B019 - clients are few and live as long as the session
    def client(self, service: str, region: str = REGION) -> Any:
        """A boto3 client that neither retries nor leaves this machine."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=region,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key="emulator",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=30),
        )


Check = Callable[[Aws], None]


@dataclass(frozen=True)
class Proof:
    """A check and the extensions it proves."""

    check: Check
    extensions: tuple[str, ...]


PROOFS: list[Proof] = []


def proves(*extensions: str) -> Callable[[Check], Check]:
    """Register a check of the named extensions."""

    def register(check: Check) -> Check:
        PROOFS.append(Proof(check, extensions))
        return check

    return register


def unique(prefix: str = "check") -> str:
    """A name that no other check uses; checks share an emulator."""
    return f"{prefix}-{uuid.uuid4().hex[:10]}"


def error_code(call: Callable[..., Any], **arguments: Any) -> str | None:
    """The error code that a call fails with, None if it succeeds."""
    try:
        call(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return None


def tag_map(tags: list[dict[str, str]]) -> dict[str, str]:
    """A list of Key and Value as a dictionary."""
    return {tag["Key"]: tag["Value"] for tag in tags}


def load() -> list[Proof]:
    """Import all checks."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        importlib.import_module(module.name)
    return PROOFS
