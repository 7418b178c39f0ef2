# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Comparisons for properties that AWS gives back in other words than they were declared in.

Each takes the declared and the present value, as ``Property(equal=...)`` wants it.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.policy import compare_policies


def same_name(declared: Any, present: Any) -> bool:
    """Names and windows that AWS keeps in lower case."""
    return str(declared).lower() == str(present or "").lower()


def last_part(arn: Any) -> str:
    """What follows the last colon of an ARN; a name as it is."""
    return str(arn).rsplit(":", maxsplit=1)[-1]


def at_least(declared: Any, present: Any) -> bool:
    """What AWS only lets grow, and may have grown by itself."""
    return present is not None and int(present) >= int(declared)


def same_policy(declared: dict[str, Any], present: dict[str, Any]) -> bool:
    """Whether two policy documents mean the same; an empty one is none."""
    return not compare_policies(present, declared) if declared and present else declared == present


def version_parts(version: str) -> list[int]:
    """The numbers of an engine version; a part that is not a number, the x of 6.x, leaves the rest open."""
    parts: list[int] = []
    for part in str(version).split("."):
        if not part.isdigit():
            break
        parts.append(int(part))
    return parts


def version_reached(declared: Any, present: Any) -> bool:
    """Whether the present engine version satisfies the declared one.

    Compared only as specifically as declared: ``17`` is satisfied by every 17.x. A newer minor version is satisfied
    too: AWS upgrades minor versions by itself and never goes back.
    """
    wanted = version_parts(declared)
    there = version_parts(present or "")[: len(wanted)]
    return there[:1] == wanted[:1] and there >= wanted


def same_kms_key(declared: Any, present: Any) -> bool:
    """A KMS key by id, ARN, alias or ARN of an alias. An alias must have been looked up to equal an ARN of a key."""
    if not present:  # AWS does not name the key that it keeps for a service itself
        return last_part(declared).startswith("alias/aws/")
    return last_part(declared).removeprefix("key/") == last_part(present).removeprefix("key/")
