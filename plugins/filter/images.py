# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters on the images in the index that environment_info returns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.pixstory.platform.plugins.module_utils.index.lookup import NotInIndex, items_of

DIGEST = "ContentDigest"
Item = Mapping[str, Any]


def baked_image(index: Item, role: str, digest: str) -> str:
    """The newest available image of the role with that content, or the empty string."""
    made = [item for item in _baked(index) if item["role"] == role and item["tags"][DIGEST] == digest]
    available = [item for item in made if item["state"] == "available"]
    return str(available[-1]["id"]) if available else ""


def superseded_images(index: Item, keep: int) -> list[Item]:
    """Of each role, all baked images but the newest ``keep`` and those that are in use."""
    if keep < 1:
        raise AnsibleFilterError(f"superseded_images keeps {keep} images. Write 1 or more, so that one can go back.")
    used = _used(index)
    by_role: dict[str, list[Item]] = {}
    for item in _baked(index):
        by_role.setdefault(item["role"], []).append(item)
    return [item for items in by_role.values() for item in items[:-keep] if item["id"] not in used]


def outdated_groups(index: Item) -> list[str]:
    """The Auto Scaling groups with a machine that another version of a launch template made than they use now."""
    templates = {template["id"]: template for template in _items(index, "launch_templates")}
    groups = {group["name"]: group for group in _items(index, "autoscaling_groups")}
    return sorted(name for name, group in groups.items() if _outdated(group, templates))


def machine_images(made_of: Item, baked: Mapping[str, str], roles: Iterable[str]) -> dict[str, str]:
    """The image that machines of each role start from: that of the role, or the one that it is made from."""
    found = {}
    for role in roles:
        what = made_of.get(role, {})
        image = role if what.get("image", True) else what["from"]
        if image in baked:
            found[role] = baked[image]
    return found


def _outdated(group: Item, templates: Mapping[str, Item]) -> bool:
    used = group.get("launch_template") or {}
    template = templates.get(used.get("launch_template_id", ""), {})
    which = {"$Latest": "latest", "$Default": "default"}.get(str(used.get("version", "$Default")))
    version = str(template.get(f"{which}_version_number") if which else used["version"])
    made_by = [machine.get("launch_template") or {} for machine in group.get("instances", [])]
    return any(
        (one.get("launch_template_id"), str(one.get("version"))) != (used.get("launch_template_id"), version)
        for one in made_by
    )


def _baked(index: Item) -> list[Item]:
    """Those that were baked, oldest first."""
    found = [item for item in _items(index, "images") if DIGEST in item["tags"] and "role" in item]
    return sorted(found, key=lambda item: (str(item["creation_date"]), str(item["id"])))


def _used(index: Item) -> set[str]:
    """What machines run, and what new ones would start from."""
    templates = _items(index, "launch_templates")
    data = [template.get(f"{which}_version_data", {}) for template in templates for which in ("latest", "default")]
    return {str(one.get("image_id")) for one in [*_items(index, "instances"), *data]}


def _items(index: Item, kind: str) -> list[Item]:
    try:
        return list(items_of(index, kind).values())
    except NotInIndex as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "baked_image": baked_image,
            "machine_images": machine_images,
            "outdated_groups": outdated_groups,
            "superseded_images": superseded_images,
        }
