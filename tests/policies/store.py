"""What is in policies/: the policies, one or more a playbook since IAM limits the size of each, and what was called."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.emulated import ROOT

from .derive import Json, Operation

FOLDER = ROOT / "policies"
CALLS = FOLDER / "calls.json"
REGION = "ap-south-1"  # of all environments
# What is run against an emulator, in this order.
RUN = (
    "provision",
    "preflight",
    "configure",
    "bake",
    "refresh",
    "rotate_origin_secret",
    "status",
    "audit",
    "drill_notices",
    "destroy",
)
# That one needs something to mend. What it asks for is in its module. Database is part of configure.
PLAYBOOKS = (*RUN, "remediation_undo")
# Without machines, what is done on them is left out. What it asks of AWS is in the modules of its roles. A release at
# an address is told by its key alone, so none has to be built.
ARGUMENTS = {
    "configure": ("--limit", "localhost"),
    "bake": ("--check", "-e", "platform_release=s3://releases/example.tar.gz"),
}
# It refuses to run where no edge is in front of the load balancer.
WITHOUT = {"dev": ("rotate_origin_secret",)}


def run_in(environment: str) -> list[str]:
    """What is run there, in this order."""
    return [playbook for playbook in RUN if playbook not in WITHOUT.get(environment, ())]


def arguments(playbook: str, environment: str) -> list[str]:
    """What a playbook is given there, to go on to its end without a person and without machines."""
    variables = {"aws_destroy_confirm": environment, "aws_audit_fail_on": "never", "aws_preflight_fail_on": "never"}
    return ["-e", json.dumps(variables), *ARGUMENTS.get(playbook, ())]


@dataclass
class Calls:
    """What a playbook asked of AWS."""

    operations: set[Operation] = field(default_factory=set)
    cross_region: set[str] = field(default_factory=set)  # the services that it asked in another region too

    def add(self, requests: Iterable[Mapping[str, Any]]) -> None:
        """Those of the emulator's log."""
        for one in requests:
            if one["service"] and one["operation"]:
                self.operations.add((one["service"], one["operation"]))
                if one["region"] != REGION:
                    self.cross_region.add(one["service"])

    def __or__(self, other: Calls) -> Calls:
        return Calls(self.operations | other.operations, self.cross_region | other.cross_region)


Runs = dict[str, dict[str, Calls]]  # by environment and playbook


def read_calls() -> Runs:
    """What was called when the policies were derived."""
    kept = json.loads(CALLS.read_text()) if CALLS.exists() else {}
    return {
        environment: {
            playbook: Calls({(*one.split(":", 1),) for one in calls["operations"]}, set(calls["cross_region"]))
            for playbook, calls in of_playbooks.items()
        }
        for environment, of_playbooks in kept.items()
    }


def write_calls(runs: Runs) -> None:
    """Keep what was called."""
    kept = {
        environment: {
            playbook: {
                "operations": sorted(":".join(one) for one in calls.operations),
                "cross_region": sorted(calls.cross_region),
            }
            for playbook, calls in sorted(of_playbooks.items())
        }
        for environment, of_playbooks in sorted(runs.items())
    }
    FOLDER.mkdir(exist_ok=True)
    CALLS.write_text(json.dumps(kept, indent=2) + "\n")


def paths_of(playbook: str) -> list[Path]:
    """Where the policies of a playbook are."""
    return sorted(FOLDER.glob(f"{playbook}-[0-9].json"))


def read(playbook: str) -> list[Json]:
    """The policies of a playbook; none where there are none."""
    return [json.loads(path.read_text()) for path in paths_of(playbook)]


def needed(playbook: str) -> list[Json]:
    """The policies of a playbook that has to have some."""
    documents = read(playbook)
    assert documents, f"{FOLDER.name}/{playbook}-1.json is missing: run make policies"
    return documents


def write(playbook: str, documents: Sequence[Json]) -> None:
    """Keep these and no others."""
    FOLDER.mkdir(exist_ok=True)
    for path in paths_of(playbook):
        path.unlink()
    for number, document in enumerate(documents, 1):
        (FOLDER / f"{playbook}-{number}.json").write_text(json.dumps(document, indent=2) + "\n")
