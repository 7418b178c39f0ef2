"""An emulated AWS account for tests and measurements, and how the project is run against it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import boto3

from tests import tasks

ROOT = Path(__file__).resolve().parents[1]
OVERLAY = "tests/integration/inventory"
REGION = "ap-south-1"
# What AWS has granted to the account of the tests, since somebody has asked as playbooks/preflight.yml says. Its test
# sees that this is enough for each environment, and that what a new account has is not.
QUOTAS = {"L-1216C47A": 128, "L-0263D0A3": 10}


class Emulator:
    """An emulator of one's own, on a free port, with a log of its requests. Lives until `stop`, or as a context."""

    key = secret = "emulated"

    def __init__(self, log: Path, *options: str) -> None:
        self.log = log
        log.touch()
        errors = log.with_suffix(".err")
        with errors.open("w") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "lab", "emulator", "--port", "0", "--log", str(log), *options],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=stream,
                text=True,
            )
        assert self.process.stdout is not None
        ready = self.process.stdout.readline()
        assert ready.startswith("emulator ready on "), errors.read_text()[-3000:]
        self.url = ready.split()[-1]
        self.grant(QUOTAS)

    def grant(self, quotas: Mapping[str, float]) -> None:
        """Have AWS raise the quotas of these codes."""
        data = json.dumps(quotas).encode()
        urllib.request.urlopen(f"{self.url}/_lab/quotas?region={REGION}", data).close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)

    def requests_since(self, offset: int) -> list[dict[str, Any]]:
        """What was asked since the log had so many bytes."""
        with self.log.open() as log:
            log.seek(offset)
            return [json.loads(line) for line in log]

    def lab(self, view: str) -> Any:
        """What the emulator shows beside AWS's API; see lab.emulator.gateway."""
        with urllib.request.urlopen(f"{self.url}/_lab/{view}") as answer:
            return json.load(answer)

    def client(self, service: str, region: str = REGION) -> Any:
        """A client of boto3's, with the keys that the playbooks are given."""
        session = boto3.session.Session(self.key, self.secret, region_name=region)
        return session.client(service, endpoint_url=self.url)

    def environment(self) -> dict[str, str]:
        """For `ansible-playbook`: nothing of the caller's own AWS and Ansible settings, and this emulator."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "ANSIBLE_"))}
        return {
            **kept,
            "PATH": f"{Path(sys.executable).parent}:{kept['PATH']}",
            "PIXSTORY_EMULATOR_URL": self.url,
            # The real environments' aws_ec2 inventories name no endpoint; the tests' do not reach AWS either.
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_FORCE_COLOR": "0",
            "LC_ALL": "C.UTF-8",
            **tasks.ran_into(),
        }

    @staticmethod
    def inventory(environment: str) -> list[str]:
        return ["-i", f"inventories/{environment}", "-i", OVERLAY]
