# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a control is, what it judges, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

SEVERITIES = ("critical", "high", "medium", "low")

HOLDS = "holds"
FAILS = "fails"
NOT_APPLICABLE = "not_applicable"
UNSEEN = "unseen"
SUPPRESSED = "suppressed"
# In the order in which a reader wants them, with the words that a reader sees.
STATUSES = {
    FAILS: "does not hold",
    UNSEEN: "cannot be seen here",
    SUPPRESSED: "suppressed",
    HOLDS: "holds",
    NOT_APPLICABLE: "not applicable",
}

# A verdict on one resource: whether the control holds, or None where it does not apply; and the values read.
Verdict = tuple[bool | None, dict[str, Any]]  # pylint: disable=unsupported-binary-operation  # it is a type


class NotSeen(Exception):
    """What a control needs could not be read. The text is the reason."""


@dataclass(frozen=True)
class Unseen:
    """Stands in a snapshot where a call was refused or is not implemented."""

    reason: str


class Record(dict[str, Any]):
    """A dictionary that raises NotSeen for what could not be read, so that no control takes it for an answer."""

    def __getitem__(self, key: str) -> Any:
        return _seen(super().__getitem__(key))

    def get(self, key: str, default: Any = None) -> Any:
        return _seen(super().get(key, default))


class Snapshot(Record):
    """All that was read: a list of Records for each kind of resource, and ``account``, ``now``, ``environment`` …"""


def _seen(value: Any) -> Any:
    if isinstance(value, Unseen):
        raise NotSeen(value.reason)
    return value


@dataclass(frozen=True)
class Control:
    """One requirement. ``judge`` sees the snapshot and one resource of the kind ``of``."""

    id: str  # of AWS FSBP, else "CIS-3.0 <number>", else "PX-<number>", the case study's
    title: str
    severity: str
    of: str
    judge: Callable[[Snapshot, Record], Verdict]
    remedy: str
    document: str
    cis: tuple[str, ...] = ()  # of CIS AWS Foundations 3.0
    needs: tuple[str, ...] = ()  # what the case study calls for


@dataclass(frozen=True)
class Finding:
    """What one control says of one resource."""

    control: str
    title: str
    severity: str
    status: str
    resource: str  # its ARN
    name: str
    kind: str
    evidence: dict[str, Any]
    remedy: str
    document: str
    cis: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    reason: str = ""  # why it cannot be seen, does not apply or is suppressed
    until: str = ""  # the last day of the suppression

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Registry:
    """The controls, in the order of their declaration."""

    controls: dict[str, Control] = field(default_factory=dict)

    def __call__(
        self,
        id: str,
        severity: str,
        of: str,
        title: str,
        *,
        remedy: str,
        cis: str = "",
        needs: str = "",
        document: str = "",
    ) -> Callable[[Callable[[Snapshot, Record], Verdict]], Callable[[Snapshot, Record], Verdict]]:
        """Declare the function below as a control."""

        def declare(judge: Callable[[Snapshot, Record], Verdict]) -> Callable[[Snapshot, Record], Verdict]:
            if id in self.controls:
                raise ValueError(f"control {id} is declared twice")
            numbers = tuple(f"CIS-3.0 {number}" for number in cis.split())
            link = document or fsbp_document(id)
            self.controls[id] = Control(
                id, title, severity, of, judge, remedy, link, numbers, tuple(filter(None, needs.split("; ")))
            )
            return judge

        return declare


def fsbp_document(id: str) -> str:
    """Where Security Hub describes one of its controls."""
    service, _dummy, number = id.lower().partition(".")
    return f"https://docs.aws.amazon.com/securityhub/latest/userguide/{service}-controls.html#{service}-{number}"


control = Registry()


def statements(policy: Any) -> Iterable[dict[str, Any]]:
    """The statements of a policy document; a single one may stand outside a list."""
    found = (policy or {}).get("Statement", [])
    return [found] if isinstance(found, dict) else found


def listed(value: Any) -> list[Any]:
    """A policy writes one value without a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def anyone(statement: dict[str, Any]) -> bool:
    """Whether a statement allows everybody, without a condition."""
    principal = statement.get("Principal")
    everybody = principal == "*" or (isinstance(principal, dict) and "*" in listed(principal.get("AWS")))
    return statement.get("Effect") == "Allow" and everybody and not statement.get("Condition")
