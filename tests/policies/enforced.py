"""What the emulator asks for when it enforces permissions: lab/emulator/permissions.json.

The reference is in a package that the lab does without, so what the lab needs of it is kept there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from botocore.session import Session

from lab.emulator.enforcement import PERMISSIONS, named

from . import dependents, derive
from .derive import Json, Operation

# All of their operations: which of them a lab is asked by others than the playbooks does not matter then.
WHOLE = ("s3", "s3control")


def permissions(operations: Iterable[Operation]) -> Json:
    """The actions of the operations, where they have other names, and what AWS asks for beside each action."""
    actions = {operation: derive.actions_of(operation) for operation in {*operations, *_whole()}}
    beside = {action: dependents.of(action, derive.listed) for found in actions.values() for action in found}
    return {
        "actions": {":".join(one): list(actions[one]) for one in sorted(actions) if actions[one] != (named(*one),)},
        "dependents": {action: sorted(others) for action, others in sorted(beside.items()) if others},
    }


def _whole() -> Iterator[Operation]:
    for service in WHOLE:
        for name in Session().get_service_model(service).operation_names:
            try:
                derive.actions_of((service, name))
            except LookupError:  # one of directory buckets, which another service has
                continue
            yield service, name


def write(operations: Iterable[Operation]) -> None:
    """Keep it."""
    PERMISSIONS.write_text(json.dumps(permissions(operations), indent=2) + "\n")
