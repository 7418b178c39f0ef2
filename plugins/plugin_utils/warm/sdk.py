# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The AWS SDK in the warm Python: one loader of service models for all sessions.

botocore reads a service's model from a compressed JSON file for every session anew: 60 ms for EC2. It keeps what it
read in its `Loader`; a session makes its own unless it is given one. Here all sessions with the standard data path are
given the same one, which the children inherit with what it has read.
"""

from __future__ import annotations

import contextlib
from typing import Any

PACKAGES = frozenset({"boto3", "botocore", "s3transfer", "urllib3", "jmespath", "dateutil", "certifi", "six"})

_alone: list[tuple[str, tuple[str, ...]]] = []


def load() -> None:
    """Import the SDK, where there is one."""
    with contextlib.suppress(ImportError):
        import boto3.session  # noqa: F401 (imported for the children)
        import botocore.loaders

        _share_loader(botocore.loaders)


def _share_loader(loaders: Any) -> None:
    create = loaders.create_loader

    class Shared(loaders.Loader):
        """Remembers what it had to read from disk."""

        def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
            _note("load_service_model", service_name, type_name, api_version)
            return super().load_service_model(service_name, type_name, api_version)

        def load_data(self, name: str) -> Any:
            _note("load_data", name)
            return super().load_data(name)

    shared = Shared()

    def create_loader(search_path_string: str | None = None) -> Any:
        return create(search_path_string) if search_path_string else shared

    loaders.create_loader = create_loader
    global _shared
    _shared = shared


_shared: Any = None
_read: set[tuple[str, ...]] = set()


def _note(method: str, *arguments: str | None) -> None:
    call = (method, *arguments)
    if call not in _read:
        _read.add(call)
        _alone.append(call)


def read_alone() -> list[tuple[Any, ...]]:
    """What this process has read that the server had not."""
    return list(_alone)


def read(calls: list[tuple[Any, ...]]) -> None:
    """Read the same, for the children to come."""
    for method, *arguments in calls:
        with contextlib.suppress(Exception):  # what cannot be read here is read, or fails, where it is asked for
            getattr(_shared, method)(*arguments)
    _alone.clear()
