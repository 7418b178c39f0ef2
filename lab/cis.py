# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the scans of scenario ``cis`` say: counts before and after the role base, and what is left and why."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / ".lab" / "cis"
EXCEPTIONS = ROOT / "molecule" / "cis" / "exceptions.yml"
KINDS = ("decision", "not modelled")
# https://csrc.nist.gov/projects/security-content-automation-protocol/specifications/xccdf
NAMESPACE = {"x": "http://checklists.nist.gov/xccdf/1.2"}
PREFIX = "xccdf_org.ssgproject.content_rule_"


@dataclass(frozen=True)
class Allowed:
    """A rule that a machine need not pass."""

    rule: str
    kind: str
    """``decision``, or ``not modelled`` where a container cannot show it."""
    reason: str


def exceptions(path: Path = EXCEPTIONS) -> dict[str, Allowed]:
    """The exceptions by rule."""
    found: dict[str, Allowed] = {}
    for entry in yaml.safe_load(path.read_text()):
        for rule in entry["rules"]:
            if rule in found:
                raise SystemExit(f"{path}: {rule} is there twice; write it once")
            found[rule] = Allowed(rule, entry["kind"], entry["reason"])
    return found


def results(path: Path) -> dict[str, str]:
    """The result of each rule of a profile: ``pass``, ``fail``, ``notapplicable``, ``notchecked`` and the like."""
    root = ElementTree.parse(path).getroot()
    found = root.findall(".//x:TestResult/x:rule-result", NAMESPACE)
    by_rule = {item.get("idref", "").removeprefix(PREFIX): item.findtext("x:result", "", NAMESPACE) for item in found}
    return {rule: result for rule, result in by_rule.items() if result != "notselected"}


def failures(found: Mapping[str, str]) -> list[str]:
    """The rules that failed, or that the scanner could not evaluate."""
    return sorted(rule for rule, result in found.items() if result in ("fail", "error", "unknown"))


def machines(directory: Path = RESULTS) -> list[str]:
    """The machines that were scanned before and after."""
    return sorted(path.name.removesuffix("-after.xml") for path in directory.glob("*-after.xml"))


def table(
    machine: str, before: Mapping[str, str], after: Mapping[str, str], allowed: Mapping[str, Allowed]
) -> list[str]:
    """What to print of a machine."""
    counts = {"before": Counter(before.values()), "after": Counter(after.values())}
    kinds = ("pass", "fail", "notapplicable", "notchecked")
    lines = [f"{machine}: {len(after)} rules", "         " + "".join(f"{kind:>15}" for kind in kinds)]
    lines += [f"  {name:7}" + "".join(f"{count[kind]:15}" for kind in kinds) for name, count in counts.items()]
    left = failures(after)
    lines += [f"  of the failures after, {len(listed(left, allowed, kind))} are {kind}" for kind in KINDS]
    unexpected = [rule for rule in left if rule not in allowed]
    lines.append(f"  without a reason: {', '.join(unexpected) or 'none'}")
    return lines


def listed(rules: Sequence[str], allowed: Mapping[str, Allowed], kind: str) -> list[str]:
    """Those of the rules that are exceptions of a kind."""
    return [rule for rule in rules if rule in allowed and allowed[rule].kind == kind]


def report() -> int:
    """Print the table of each machine; the exit status is 1 where a failure has no reason."""
    allowed = exceptions()
    found = machines()
    if not found:
        raise SystemExit(f"{RESULTS} has no results; run make cis")
    without_reason = 0
    for machine in found:
        before, after = (results(RESULTS / f"{machine}-{name}.xml") for name in ("before", "after"))
        print("\n".join(table(machine, before, after, allowed)))
        without_reason += len([rule for rule in failures(after) if rule not in allowed])
    return 1 if without_reason else 0
