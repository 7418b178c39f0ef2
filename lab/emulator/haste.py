# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What moto works out again for each account or call, and never changes: worked out once."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

from moto import backends
from moto.core import responses
from moto.iam.models import IAMBackend
from moto.kms import models as kms

SYMMETRIC = "SYMMETRIC_DEFAULT"  # the spec of a KMS key that encrypts

_read_policies: Any = IAMBackend._init_aws_policies
_make_key = kms.generate_private_key


def apply() -> None:
    """Have moto find its services and operations and AWS's own policies once, and make no needless keys."""
    services = tuple(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: services
    responses.method_names_from_class = functools.cache(responses.method_names_from_class)
    IAMBackend._init_aws_policies = _unattached
    # Moto makes an RSA key for symmetric keys, too, and never uses it.
    unused = _make_key(SYMMETRIC)
    kms.generate_private_key = lambda spec: unused if spec == SYMMETRIC else _make_key(spec)


@functools.cache
def _policies_of(account: str, partition: str) -> list[Any]:
    policies: list[Any] = _read_policies(SimpleNamespace(account_id=account, region_name=partition))
    return policies


def _unattached(backend: IAMBackend) -> list[Any]:
    """AWS writes these policies: all that an account adds to one is how often it is attached."""
    policies = _policies_of(backend.account_id, backend.region_name)
    for policy in policies:
        policy.attachment_count = 0
    return policies
