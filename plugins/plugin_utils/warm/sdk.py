# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The AWS SDK in the warm Python: what every session and every client works out again, worked out once.

botocore reads a service's model from a compressed JSON file for each session, makes a function for each operation of
the service for each client, and looks up the name of each event handler for each session. All of that depends on the
files of botocore alone, so here it is shared, and the children inherit it. Sessions, clients, settings and credentials
are each module's own.
"""

from __future__ import annotations

import contextlib
import functools
import os
from typing import Any

PACKAGES = frozenset({"boto3", "botocore", "s3transfer", "urllib3", "jmespath", "dateutil", "certifi", "six"})

# The methods of botocore's Loader that read from disk and keep what they read.
_READING = ("list_available_services", "determine_latest_version", "load_service_model", "load_data_with_path")

_CLIENT = "client"  # and that a client was made

Call = tuple[str, tuple[Any, ...], dict[str, Any]]
_loader: Any = None
_alone: list[Call] = []


def load() -> None:
    """Import the SDK, where there is one, and give all sessions one loader."""
    global _loader
    with contextlib.suppress(ImportError):
        import ssl

        import boto3.session
        import botocore.client
        import botocore.hooks
        import botocore.session

        create = botocore.session.create_loader
        _loader = create()
        for name in _READING:
            setattr(_loader, name, _noting(name, getattr(_loader, name)))
        botocore.session.create_loader = lambda paths=None: create(paths) if paths else _loader
        _share_names(botocore.hooks)
        _share_methods(botocore.client.ClientCreator)
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # the first one fetches the algorithms
        # Each session of boto3 adds its own folder. None is made here: it would read a profile that may not be there.
        _loader.search_paths.append(os.path.join(os.path.dirname(boto3.__file__), "data"))


def _share_names(hooks: Any) -> None:
    """A session registers 130 handlers, and each works out again under which name it goes: by one table, the same."""
    names: dict[str, str] = {}
    initialise = hooks.EventAliaser.__init__

    @functools.wraps(initialise)
    def with_names(self: Any, *arguments: Any, **keywords: Any) -> None:
        initialise(self, *arguments, **keywords)
        if self._event_aliases == hooks.EVENT_ALIASES:
            self._alias_name_cache = names

    hooks.EventAliaser.__init__ = with_names


def _share_methods(creator: Any) -> None:
    """The class of a client has a function for each operation, which knows the operation's name and nothing else."""
    made: dict[tuple[str, int], tuple[Any, dict[str, Any]]] = {}

    def once(name: str, make: Any) -> Any:
        @functools.wraps(make)
        def making(self: Any, service_model: Any) -> dict[str, Any]:
            description = service_model._service_description
            key = (name, id(description))  # which is kept, so that no other has its id
            if key not in made:
                made[key] = (description, make(self, service_model))
                _alone.append((_CLIENT, (service_model.service_name,), {}))
            return dict(made[key][1])

        return making

    for name in ("_create_methods", "_create_name_mapping"):
        setattr(creator, name, once(name, getattr(creator, name)))


def _noting(name: str, method: Any) -> Any:
    """The method, which remembers what it had to read."""

    @functools.wraps(method)
    def noting(*arguments: Any, **keywords: Any) -> Any:
        known = len(_loader._cache)
        found = method(*arguments, **keywords)
        if len(_loader._cache) > known:
            _alone.append((name, arguments, keywords))
        return found

    return noting


def read_alone() -> list[Call]:
    """What this process has read that the server had not."""
    return list(_alone)


def read(calls: list[Call]) -> None:
    """Read the same, for the children to come."""
    for name, arguments, keywords in calls:
        with contextlib.suppress(Exception):  # what cannot be read here is read, or fails, where it is asked for
            (_make_client if name == _CLIENT else getattr(_loader, name))(*arguments, **keywords)
    _alone.clear()


def _make_client(service: str) -> None:
    """A client that nobody uses, for what is worked out on the way. It looks for no credentials and asks nobody."""
    import boto3.session

    session = boto3.session.Session(aws_access_key_id="none", aws_secret_access_key="none", region_name="us-east-1")
    session.client(service)
