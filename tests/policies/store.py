"""The policies in policies/, one a playbook."""

from __future__ import annotations

import json
from pathlib import Path

from tests.emulated import ROOT

from .derive import Json

FOLDER = ROOT / "policies"
# What is run against an emulator, in this order, in each environment. The others need machines.
PLAYBOOKS = ("provision", "status", "audit", "destroy")


def path_of(playbook: str) -> Path:
    """Where the policy of a playbook is."""
    return FOLDER / f"{playbook}.json"


def read(playbook: str) -> Json | None:
    """The policy of a playbook; None where there is none."""
    path = path_of(playbook)
    return json.loads(path.read_text()) if path.exists() else None


def text_of(document: Json) -> str:
    """As it is kept."""
    return json.dumps(document, indent=2) + "\n"
