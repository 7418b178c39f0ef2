"""What the modules of a playbook may call, though a run had no need to: changes above all, and what machines need."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import ansible_collections.amazon.aws
import ansible_collections.community.aws
from botocore import xform_name
from botocore.session import Session

from plugins.module_utils.kinds import KINDS
from plugins.module_utils.kinds.base import Kind
from tests.emulated import ROOT

from .derive import Operation

COLLECTION = "pixstory.platform."
OURS = re.compile(rf"{re.escape(COLLECTION)}(\w+)")
# What a task or a look-up of AWS's collections is called by.
OTHERS = re.compile(r"((?:amazon|community)\.aws)\.(\w+)")
COLLECTIONS = {"amazon.aws": ansible_collections.amazon.aws, "community.aws": ansible_collections.community.aws}
CLIENT = re.compile(r"""client\(\s*["']([\w-]+)["']""")
READ = re.compile(r"^ +kinds: \[([\w, ]+)\]$", re.MULTILINE)
IMPORTED = re.compile(r"import_playbook: (\w+\.yml)")
# What takes a resource away, and not a part of it.
REMOVES = re.compile(r"(delete|release|terminate)_(?!.*_(entry|route|tags)$)")
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
    return _named(SERVICE.findall(text), words)


def of_other(collection: str, name: str) -> set[Operation]:
    """The operations that a module or a look-up of AWS's collections names, without those that remove a resource."""
    [root] = COLLECTIONS[collection].__path__
    found = set()
    for path in (Path(root) / "plugins" / kind / f"{name}.py" for kind in ("modules", "lookup")):
        if path.exists():
            text = path.read_text()
            words = {word for word in _words(ast.parse(text), frozenset()) if not REMOVES.match(word)}
            found |= _named(CLIENT.findall(text), words)
    return found


def _named(services: Iterable[str], words: set[str]) -> set[Operation]:
    return {
        (service, _methods(service)[word]) for service in set(services) for word in words & _methods(service).keys()
    }


def _words(tree: ast.AST, left_out: frozenset[str]) -> Iterator[str]:
    """The strings and the names of methods in a program, save for those in functions of these names."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef) and node.name in left_out:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        if isinstance(node, ast.Attribute):
            yield node.attr
        yield from _words(node, left_out)


def of_playbook(name: str) -> set[Operation]:
    """The operations that the modules of a playbook and its roles name."""
    texts = list(_texts(ROOT / "playbooks" / f"{name}.yml", set()))
    ours = {module for text in texts for module in OURS.findall(text)}
    there = {module for module in ours if (ROOT / "plugins" / "modules" / f"{module}.py").exists()}
    kinds = {kind for text in texts for listed in READ.findall(text) for kind in re.findall(r"\w+", listed)}
    others = {other for text in texts for other in OTHERS.findall(text)}
    return {
        *(operation for module in there for operation in of_module(module)),
        *(operation for other in others for operation in of_other(*other)),
        *(operation for kind in kinds & KINDS.keys() for operation in of_kind(KINDS[kind])),
    }


def of_kind(kind: Kind) -> set[Operation]:
    """The operation that environment_info reads a kind with."""
    return _named([kind.service], {kind.operation})


def _texts(path: Path, seen: set[Path]) -> Iterator[str]:
    """What a playbook or a role says, and the playbooks and roles that it names."""
    if path in seen or not path.exists():
        return
    seen.add(path)
    files = [path] if path.is_file() else [*sorted(path.glob("tasks/**/*.yml")), *sorted(path.glob("vars/*.yml"))]
    for file in files:
        text = file.read_text()
        yield text
        for role in OURS.findall(text):
            yield from _texts(ROOT / "roles" / role, seen)
        for playbook in IMPORTED.findall(text):
            yield from _texts(ROOT / "playbooks" / playbook, seen)
