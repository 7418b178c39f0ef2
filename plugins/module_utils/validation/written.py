# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a variable is written: the files that Ansible reads for a host, in its order of precedence."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any

from .mistakes import Path, dotted

try:
    from yaml import MappingNode, Node, ScalarNode, SequenceNode, YAMLError, compose

    try:
        from yaml import CSafeLoader as SafeLoader
    except ImportError:
        from yaml import SafeLoader
except ImportError:
    pass  # Ansible itself does not start without PyYAML.

COMMAND_LINE = "the command line (-e)"
ELSEWHERE = "not in a file of the inventory or of group_vars"
# A value that is another variable, or a part of it, and nothing else.
_REFERENCE = re.compile(r"\s*\{\{\s*([a-zA-Z_]\w*)((?:\.\w+)*)\s*\}\}\s*")
_EXTENSIONS = ("", ".yml", ".yaml", ".json")


@dataclass(frozen=True)
class Layout:
    """What decides which files Ansible reads, and in what order."""

    project: File
    playbook_dir: File
    inventory: Sequence[File]
    host: str
    groups: Sequence[str]
    precedence: Sequence[str]
    role_defaults: Sequence[File] = ()
    extra_vars: Collection[str] = ()

    def relative(self, file: File) -> str:
        """The file as one types it from the top of the repository."""
        try:
            return str(file.resolve().relative_to(self.project.resolve()))
        except ValueError:
            return str(file)


@dataclass
class Written:
    """Answers where things are written. Reads no file before it is asked."""

    layout: Layout
    raw: Mapping[str, Any]
    _places: list[tuple[File, Node]] | None = field(default=None, repr=False)

    def where(self, path: Path) -> str:
        """File and line of a value, and of the variable that it stands for if it is nothing but a reference."""
        said, seen = self._line(path), {path[0]}
        target = self._reference(path)
        while target is not None and target[0] in self.raw and target[0] not in seen:
            said = f"{self._line(target)}, as {dotted(target)}, which {said} refers to"
            seen.add(target[0])
            target = self._reference(target)
        return said

    def _reference(self, path: Path) -> Path | None:
        value: Any = self.raw
        for position, key in enumerate(path):
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                return None
            if target := reference(value):
                return (*target, *path[position + 1 :])
        return None

    def _line(self, path: Path) -> str:
        variable, *rest = path
        if variable in self.layout.extra_vars:
            return COMMAND_LINE
        if self._places is None:
            self._places = list(places(self.layout))
        for file, node in reversed(self._places):
            found = _child(node, variable)
            if found is None:
                continue
            line, value = found
            for key in rest:
                deeper = _child(value, key)
                if deeper is None:
                    break
                line, value = deeper
            return f"{self.layout.relative(file)}:{line}"
        return ELSEWHERE


def reference(value: Any) -> Path | None:
    """What a value refers to, if it is nothing but a reference."""
    found = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    return (found[1], *found[2].split(".")[1:]) if found else None


def places(layout: Layout) -> Iterator[tuple[File, Node]]:
    """The mappings that hold variables of the host, lowest precedence first.

    https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_variables.html#understanding-variable-precedence
    """
    sources = [(file, node) for source in layout.inventory for file in _source_files(source) for node in _nodes(file)]
    beside = [source if source.is_dir() else source.parent for source in layout.inventory]
    groups = [group for group in layout.groups if group != "all"]

    def of_groups(names: Iterable[str]) -> Iterator[tuple[File, Node]]:
        for name in names:
            for file, node in sources:
                yield from ((file, held) for held in _group_vars(node, name))

    def of_files(folders: Iterable[File], kind: str, names: Iterable[str]) -> Iterator[tuple[File, Node]]:
        for folder in folders:
            for name in names:
                for file in _vars_files(folder / kind, name):
                    yield from ((file, node) for node in _nodes(file))

    steps = {
        "all_inventory": lambda: of_groups(["all"]),
        "groups_inventory": lambda: of_groups(groups),
        "all_plugins_inventory": lambda: of_files(beside, "group_vars", ["all"]),
        "all_plugins_play": lambda: of_files([layout.playbook_dir], "group_vars", ["all"]),
        "groups_plugins_inventory": lambda: of_files(beside, "group_vars", groups),
        "groups_plugins_play": lambda: of_files([layout.playbook_dir], "group_vars", groups),
    }
    for file in layout.role_defaults:
        yield from ((file, node) for node in _nodes(file))
    for step in layout.precedence:
        if step in steps:
            yield from steps[step]()
    for file, node in sources:
        yield from ((file, held) for held in _host_vars(node, layout.host))
    yield from of_files([*beside, layout.playbook_dir], "host_vars", [layout.host])


def _source_files(source: File) -> list[File]:
    """An inventory source is a file, or a folder of files."""
    if source.is_dir():
        return sorted(file for file in source.iterdir() if file.is_file() and file.suffix in _EXTENSIONS[1:])
    return [source] if source.suffix in _EXTENSIONS[1:] and source.is_file() else []


def _vars_files(folder: File, name: str) -> list[File]:
    """As Ansible's DataLoader.find_vars_files: the first that exists, all files of it if it is a folder."""
    for extension in _EXTENSIONS:
        found = folder / f"{name}{extension}"
        if found.is_dir():
            return sorted(file for file in found.rglob("*") if file.is_file() and file.suffix in _EXTENSIONS)
        if found.is_file():
            return [found]
    return []


def _nodes(file: File) -> list[MappingNode]:
    try:
        node = compose(file.read_text(encoding="utf-8"), Loader=SafeLoader)
    except (OSError, UnicodeDecodeError, YAMLError):
        return []  # A vaulted file, say. Ansible has read it; only the line stays unknown.
    return [node] if isinstance(node, MappingNode) else []


def _child(node: Node | None, key: str | int) -> tuple[int, Node] | None:
    """The line of a key, and its value."""
    if isinstance(node, MappingNode):
        # The last of equal keys wins.
        for name, value in reversed(node.value):
            if isinstance(name, ScalarNode) and name.value == str(key):
                return name.start_mark.line + 1, value
    if isinstance(node, SequenceNode) and isinstance(key, int) and key < len(node.value):
        value = node.value[key]
        return value.start_mark.line + 1, value
    return None


def _children(node: Node | None) -> Iterator[tuple[str, Node]]:
    if isinstance(node, MappingNode):
        for name, value in node.value:
            if isinstance(name, ScalarNode):
                yield name.value, value


def _groups(node: Node | None) -> Iterator[tuple[str, Node]]:
    """All groups of a YAML inventory, however deep."""
    for name, group in _children(node):
        yield name, group
        yield from _groups(dict(_children(group)).get("children"))


def _group_vars(node: Node, wanted: str) -> Iterator[Node]:
    for name, group in _groups(node):
        held = dict(_children(group)).get("vars")
        if name == wanted and held is not None:
            yield held


def _host_vars(node: Node, wanted: str) -> Iterator[Node]:
    for _dummy, group in _groups(node):
        for name, held in _children(dict(_children(group)).get("hosts")):
            if name == wanted:
                yield held
