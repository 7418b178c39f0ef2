# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets Manager: secrets that wait for their deletion."""

from __future__ import annotations

from typing import Any

from moto.secretsmanager.models import SecretsManagerBackend

from lab.emulator.registry import ApiError, fix, wrap


@fix("secretsmanager")
def names_of_deleted_secrets_are_not_free() -> None:
    """A name stays taken while the secret waits for its deletion, and the error says so.

    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
    """

    @wrap(SecretsManagerBackend, "create_secret")
    def create(original: Any, backend: SecretsManagerBackend, *args: Any, **kwargs: Any) -> Any:
        name = kwargs.get("name")
        secret = backend.secrets.get(name) if name in backend.secrets else None
        if secret is not None and secret.is_deleted():
            text = "You can't create this secret because a secret with this name is already scheduled for deletion."
            raise ApiError("InvalidRequestException", text)
        return original(backend, *args, **kwargs)
