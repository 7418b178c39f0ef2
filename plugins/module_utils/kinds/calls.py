# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to AWS from many threads: one session, one client a service, errors that name the permission."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:  # AnsibleAWSModule reports the missing library
    BotoCoreError = ClientError = Exception  # type: ignore[misc,assignment]

from ansible_collections.amazon.aws.plugins.module_utils.botocore import get_aws_connection_info
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.pixstory.platform.plugins.module_utils.retries import while_busy

from .base import dig
from .errors import CallFailed

THREADS = 16
TAGGING = "resourcegroupstaggingapi"


class Aws:
    """Clients for these services, one at least, made in the main thread. After that boto3 clients are safe to share.

    A service of another Region than the module's is written ``<service>@<region>``; ``at`` leads there.
    """

    def __init__(self, module: AnsibleAWSModule, services: Iterable[str], region: str | None = None) -> None:
        """``region`` is for services that are kept in one Region only; the module's otherwise."""
        own, endpoint, arguments = get_aws_connection_info(module)
        region = region or own
        # One session: a session a client, as module.client() makes them, costs a second for fifteen services.
        session = boto3.session.Session(profile_name=arguments.pop("profile_name", None), region_name=region)
        config = Config(user_agent_extra="pixstory-platform", max_pool_connections=2 * THREADS)
        for given in (arguments.pop("config", None), arguments.pop("aws_config", None)):
            if given:
                config = config.merge(given if isinstance(given, Config) else Config(**given))
        self.region = str(region)
        self._clients = {
            service: session.client(
                service.partition("@")[0],
                region_name=service.partition("@")[2] or region,
                endpoint_url=endpoint,
                config=config,
                **arguments,
            )
            for service in sorted(set(services))
        }
        self.partition = str(next(iter(self._clients.values())).meta.partition)
        self._pool = ThreadPoolExecutor(THREADS)

    def at(self, region: str) -> Aws:
        """The same in another Region."""
        if region == self.region:
            return self
        there, mark = copy.copy(self), f"@{region}"
        there.region = region
        there._clients = {
            service.removesuffix(mark): client for service, client in self._clients.items() if service.endswith(mark)
        }
        return there

    def client(self, service: str) -> Any:
        """The client itself, for what concerns the client and not one call."""
        return self._clients[service]

    def call(self, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        """One call with retries. ``operation`` is boto3's method name."""
        return self._guard(service, operation, lambda: getattr(self._clients[service], operation)(**arguments))

    def pages(self, service: str, operation: str, key: str, **arguments: Any) -> list[dict[str, Any]]:
        """All items of a list call, through all its pages where it has pages. ``key`` may be a dotted path."""
        client = self._clients[service]
        if not client.can_paginate(operation):
            return self._marked_pages(service, operation, key, arguments)

        def read() -> list[dict[str, Any]]:
            paginator = client.get_paginator(operation)
            return [item for page in paginator.paginate(**arguments) for item in dig(page, key) or []]

        return self._guard(service, operation, read)

    def _marked_pages(self, service: str, operation: str, key: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        """What boto3 has no paginator for: one page, or as WAF has it, pages that end with a NextMarker."""
        answer = self.call(service, operation, **arguments)
        items = list(dig(answer, key) or [])
        while answer.get("NextMarker") and answer.get(key):
            answer = self.call(service, operation, **arguments, NextMarker=answer["NextMarker"])
            items += answer.get(key) or []
        return items

    def each(self, function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        """The function of every item, in parallel and in order. The function must not call ``each`` itself."""
        return list(self._pool.map(function, items))

    def together(self, functions: Sequence[Callable[[Any], Any]], items: Iterable[Any]) -> list[list[Any]]:
        """Of every item what each of the functions returns, all in parallel. They must need nothing of one another."""
        asked = [[self._pool.submit(function, item) for function in functions] for item in items]
        return [[answer.result() for answer in answers] for answers in asked]

    def _guard(self, service: str, operation: str, function: Callable[[], Any]) -> Any:
        try:
            return while_busy(function)()
        except (BotoCoreError, ClientError) as error:
            method = self._clients[service].meta.method_to_api_mapping[operation]
            raise CallFailed(service, method, error) from error
