"""What the modules of this collection may call, though a run had no need to: changes and deletions above all."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml
from botocore import xform_name
from botocore.session import Session

from tests.emulated import ROOT

from .derive import Operation

COLLECTION = "pixstory.platform."
TASKS = re.compile(rf"^\s*(?:- )?{re.escape(COLLECTION)}(\w+):", re.MULTILINE)
SERVICE = re.compile(r'^    service = "([\w-]+)"', re.MULTILINE)


@cache
def _methods(service: str) -> dict[str, str]:
    """The operations of a service by boto3's method names."""
    return {xform_name(name): name for name in Session().get_service_model(service).operation_names}


def of_module(name: str) -> set[Operation]:
    """The operations of the module's service that its source names.

    Those that delete are left out: a playbook that deletes is seen to. But where a change replaces the resource, a
    change deletes.
    """
    text = (ROOT / "plugins" / "modules" / f"{name}.py").read_text()
    replaces = "replaceable = True" in text
    words = set(_words(ast.parse(text), left_out=frozenset() if replaces else frozenset({"delete"})))
    return {
        (service, _methods(service)[word])
        for service in SERVICE.findall(text)
        for word in words & _methods(service).keys()
    }


def _words(tree: ast.AST, left_out: frozenset[str]) -> Iterator[str]:
    """The strings in a program, save for those in functions of these names."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef) and node.name in left_out:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        yield from _words(node, left_out)


def of_playbook(name: str) -> set[Operation]:
    """The operations that the modules in the roles of a playbook name."""
    modules = {module for text in _tasks(ROOT / "playbooks" / f"{name}.yml") for module in TASKS.findall(text)}
    there = {module for module in modules if (ROOT / "plugins" / "modules" / f"{module}.py").exists()}
    return {operation for module in there for operation in of_module(module)}


def _tasks(playbook: Path) -> Iterator[str]:
    """The texts of the tasks of a playbook: its own and those of its roles."""
    text = playbook.read_text()
    yield text
    for play in yaml.safe_load(text):
        roles = [entry["role"] if isinstance(entry, dict) else entry for entry in play.get("roles", [])]
        for role in roles:
            for path in sorted((ROOT / "roles" / role.removeprefix(COLLECTION) / "tasks").glob("*.yml")):
                yield path.read_text()
