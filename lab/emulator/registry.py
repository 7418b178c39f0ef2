# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What extensions are made of: operations that moto lacks, and fixes of what it does."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.backends import get_backend
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.exceptions import ServiceException

Handler = Callable[["Call", dict[str, Any]], "dict[str, Any] | None"]
Patch = Callable[[], None]

OPERATIONS: dict[tuple[str, str], Handler] = {}
FIXES: dict[str, Patch] = {}
TARGET_HEALTH = "target health"  # the table of what a lab's load balancers found
MACHINE_HEALTH = "machine health"  # the table of the instances whose machines a lab found dead
EDGE = "edge"  # the table of what a lab's edge has taken: the ETags of distributions, and when that was told
GRANTED_QUOTAS = "granted quotas"  # the table of the quotas that AWS has raised, by their codes
ROOT_USER = "root user"  # the table of what no call to AWS changes


class ApiError(ServiceException):
    """An error that AWS answers with; give the code and the message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)


class ExtensionBackend(BaseBackend):
    """The state of extensions in one account and region; moto empties it together with its own backends."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.tables: defaultdict[str, dict[str, Any]] = defaultdict(dict)


# The regions of EC2 are all there are; "aws" is moto's word for the state of a global service.
_state = BackendDict(ExtensionBackend, "ec2", additional_regions=["aws"])


def table(account: str, region: str, name: str) -> dict[str, Any]:
    """A dictionary of an extension for one account and region, emptied by a reset."""
    return _state[account][region].tables[name]


@dataclass(frozen=True)
class Call:
    """Where an operation is called: the account and the region, and what is there."""

    account: str
    region: str

    def backend(self, service: str) -> Any:
        """Moto's own backend of a service here."""
        return backend_of(service, self.account, self.region)

    def table(self, name: str) -> dict[str, Any]:
        """A dictionary of the extension here; see the function of the same name."""
        return table(self.account, self.region, name)


def backend_of(service: str, account: str, region: str) -> Any:
    """Moto's backend of a service in one account and region; of a global service, the only one."""
    backends: Any = get_backend(service)[account]  # type: ignore[call-overload]
    return backends[region if region in backends else "aws"]


def operation(service: str, *names: str) -> Callable[[Handler], Handler]:
    """Register the handler of operations that moto lacks."""

    def register(handler: Handler) -> Handler:
        for name in names:
            OPERATIONS[service, name] = handler
        return handler

    return register


def fix(service: str) -> Callable[[Patch], Patch]:
    """Register a function that corrects moto; it runs once, at start."""

    def register(patch: Patch) -> Patch:
        FIXES[f"{service}.{patch.__name__}"] = patch
        return patch

    return register


def wrap(owner: type, name: str) -> Callable[[Callable[..., Any]], None]:
    """Replace a method of moto; the replacement receives the original as its first argument."""

    def replace(replacement: Callable[..., Any]) -> None:
        original = getattr(owner, name)

        @functools.wraps(original)
        def method(*args: Any, **kwargs: Any) -> Any:
            return replacement(original, *args, **kwargs)

        setattr(owner, name, method)

    return replace


def declared() -> set[str]:
    """The names of all extensions, as checks refer to them."""
    return {f"{service}.{name}" for service, name in OPERATIONS} | set(FIXES)


def discover() -> None:
    """Import every file in extensions/, which registers what it declares."""
    from lab.emulator import extensions

    for module in pkgutil.iter_modules(extensions.__path__, f"{extensions.__name__}."):
        importlib.import_module(module.name)


def load() -> None:
    """Discover the extensions and apply the fixes. Call it once in a process."""
    discover()
    for patch in FIXES.values():
        patch()
