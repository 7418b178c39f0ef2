# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a module in this process against the emulator, and the twelve steps that every resource has to pass."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from ansible.module_utils.testing import patch_module_args

REGION = "ap-south-1"
CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}  # the emulator takes any

Args = dict[str, Any]
Check = Callable[[Args], None]


@dataclass
class Emulator:
    """The emulator, and what was asked of it."""

    url: str
    log: Path
    read: int = 0  # bytes of the log that were read
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def client(self, service: str, region: str = REGION) -> Any:
        if (service, region) not in self.clients:
            # A session of one's own, for the default one is shared with other tests.
            session = boto3.session.Session(region_name=region, **CREDENTIALS)
            self.clients[service, region] = session.client(service, endpoint_url=self.url)
        return self.clients[service, region]

    def writes(self) -> list[str]:
        """The write operations since the last call of this method or of ``requests``, as ``service.Operation``."""
        return [f"{entry['service']}.{entry['operation']}" for entry in self.requests() if entry["write"]]

    def requests(self) -> list[Args]:
        """The requests since the last call of this method or of ``writes``."""
        with self.log.open("rb") as stream:
            stream.seek(self.read)
            lines = stream.read()
        self.read += len(lines)
        return [json.loads(line) for line in lines.splitlines()]

    def reset(self) -> None:
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")).close()

    def set(self, **switches: float) -> None:
        """Set switches of lab.emulator.harsh."""
        query = urllib.parse.urlencode(switches)
        urllib.request.urlopen(f"{self.url}/_lab/settings?{query}", b"").close()


@dataclass
class Outcome:
    """What a run of a module came to."""

    result: Args
    writes: list[str]

    @property
    def changed(self) -> bool:
        return bool(self.result.get("changed"))

    @property
    def diff(self) -> Args | None:
        return self.result.get("diff")


class Runner:
    """Runs a module of the collection in this process."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    def __call__(self, module: str, args: Args, *, check: bool = False, fails: bool = False) -> Outcome:
        main = importlib.import_module(f"ansible_collections.pixstory.platform.plugins.modules.{module}").main
        # Ansible masks the secret key wherever it finds it in a result, so it is no part of a word.
        secret = {"access_key": "test", "secret_key": "no-part-of-a-word"}
        connection = {"endpoint_url": self.emulator.url, "region": REGION, **secret}
        self.emulator.writes()
        output = io.StringIO()
        with (
            patch_module_args({**connection, **args, "_ansible_check_mode": check, "_ansible_diff": True}),
            contextlib.redirect_stdout(output),
            pytest.raises(SystemExit),
        ):
            main()
        result = json.loads(output.getvalue())
        assert bool(result.get("failed")) == fails, result.get("msg")
        return Outcome(result, self.emulator.writes())

    def predicted(self, module: str, args: Args) -> Outcome:
        """Run in check mode and for real; check mode writes nothing and predicts exactly what the real run does."""
        foreseen = self(module, args, check=True)
        assert foreseen.writes == [], f"{module}: check mode wrote"
        done = self(module, args)
        assert (foreseen.changed, foreseen.diff) == (done.changed, done.diff), f"{module}: check mode foresaw another"
        if not done.changed:
            assert done.writes == [], f"{module}: nothing changed and yet it wrote"
        return done


def _nothing(outcome: Args) -> None:
    """The default of a check between the steps."""


class TwelveSteps:
    """Check and real, for each of create, again, change, again, delete, again."""

    def __init__(self, run: Runner) -> None:
        self.run = run

    def __call__(
        self,
        module: str,
        *,
        create: Args,
        change: Args,
        absent: Args,
        created: Check = _nothing,
        changed: Check = _nothing,
        deleted: Check = _nothing,
    ) -> None:
        """``created``, ``changed`` and ``deleted`` look at AWS after that step; each gets the result of the module."""
        steps = (
            ("create", create, created),
            ("change", change, changed),
            ("delete", {**absent, "state": "absent"}, deleted),
        )
        for step, args, look in steps:
            first = self.run.predicted(module, args)
            assert first.changed, f"{module}: {step} changed nothing"
            assert first.writes, f"{module}: {step} says it changed and wrote nothing"
            again = self.run.predicted(module, args)
            assert not again.changed, f"{module}: {step} again changed something: {again.diff}"
            look(first.result)


class Requests:
    """What was sent with a client, with its arguments: the request log knows only the names of operations."""

    def __init__(self, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[tuple[str, Args]] = []
        call = client._make_api_call

        def recorded(operation: str, arguments: Args) -> Any:
            self.sent.append((operation, arguments))
            return call(operation, arguments)

        monkeypatch.setattr(client, "_make_api_call", recorded)

    def of(self, operation: str) -> list[Args]:
        return [arguments for name, arguments in self.sent if name == operation]
