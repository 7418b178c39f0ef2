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
# Such a task as a whole, up to the empty line behind it, and what it says when the resource is to go.
TASK = re.compile(rf"{OTHERS.pattern}:\n((?:.*\S.*\n)*)")
GONE = re.compile(r"^ +state: (absent|terminated)$", re.MULTILINE)
# What inventories/<environment>/aws_ec2.yml asks before the playbook begins.
INVENTORY = ("ec2", "DescribeInstances")
# What the connection to a machine asks: SSH through Systems Manager, with a key that EC2 Instance Connect lets in.
MACHINES = {("ssm", "StartSession"), ("ec2-instance-connect", "SendSSHPublicKey")}
# A play that is for others than the machine that Ansible runs on.
ON_MACHINES = re.compile(r"^  hosts: (?!controller$|localhost$)", re.MULTILINE)
CLIENT = re.compile(r"""client\(\s*["']([\w-]+)["']""")
READ = re.compile(r"^ +kinds: \[([\w, ]+)\]$", re.MULTILINE)
# A role that only renders its policies, for preflight: nothing else of it is run, and what that reads a run calls.
RENDERS = re.compile(rf"{re.escape(COLLECTION)}\w+, tasks_from: policies")
IMPORTED = re.compile(r"import_playbook: (\w+\.yml)")
# What takes a resource away, and not a part of it.
REMOVES = re.compile(r"(delete|release|terminate)_(?!.*_(entry|route|tags)$)")
SERVICE = re.compile(r"""^ +service = ["']([\w-]+)["']""", re.MULTILINE)
UTILS = ROOT / "plugins" / "module_utils"


@cache
def _methods(service: str) -> dict[str, str]:
    """The operations of a service by boto3's method names."""
    return {xform_name(name): name for name in Session().get_service_model(service).operation_names}


@cache
def of_module(name: str) -> set[Operation]:
    """The operations that the module's source names, and the classes that it inherits from.

    Those that delete are left out: a playbook that deletes is seen to. But where a change replaces the resource, a
    change deletes.
    """
    path = ROOT / "plugins" / "modules" / f"{name}.py"
    text = path.read_text()
    left_out = frozenset() if "replaceable = True" in text else frozenset({"delete"})
    parts = [_tree(path), *_inherited(path)]
    services = {*CLIENT.findall(text), *(one for part in parts for one in SERVICE.findall(ast.unparse(part)))}
    elsewhere = {one for part in parts for one in _elsewhere(part)}
    words = {word for part in parts for word in _words(part, left_out)} - {word for _, word in elsewhere}
    around = {one for part in parts for one in _composed(part, left_out)}
    return _named(services, words | _filled(services, around, words - left_out)).union(
        *(_named([service], {word}) for service, word in elsewhere)
    )


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def _inherited(path: Path) -> tuple[ast.ClassDef, ...]:
    """The classes of module_utils that those of a file inherit from."""
    imports = [node for node in _tree(path).body if isinstance(node, ast.ImportFrom)]
    there = {
        name.name: UTILS / f"{node.module.rpartition('.')[2]}.py"
        for node in imports
        if node.module and ".module_utils." in node.module
        for name in node.names
    }
    classes = [node for node in _tree(path).body if isinstance(node, ast.ClassDef)]
    bases = {base.id for node in classes for base in node.bases if isinstance(base, ast.Name)}
    found: list[ast.ClassDef] = []
    for base in sorted(bases & there.keys()):
        inside = _tree(there[base]).body
        found += [node for node in inside if isinstance(node, ast.ClassDef) and node.name == base]
        found += _inherited(there[base])
    return tuple(found)


def _elsewhere(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """The calls of another service than the module's own: its name, and the method."""
    for node in ast.walk(tree):
        for key in node.keywords if isinstance(node, ast.Call) else ():
            if key.arg == "service" and isinstance(key.value, ast.Constant) and node.args:
                yield from ((key.value.value, one.value) for one in node.args[:1] if isinstance(one, ast.Constant))


def _composed(tree: ast.AST, left_out: frozenset[str]) -> Iterator[tuple[str, str]]:
    """What stands before and after the part that varies in an f-string: `get_{self.noun}`, `update{self.operation}`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef) and node.name in left_out:
            continue
        if isinstance(node, ast.JoinedStr) and sum(isinstance(part, ast.FormattedValue) for part in node.values) == 1:
            texts = [part.value if isinstance(part, ast.Constant) else None for part in node.values]
            at = texts.index(None)
            yield "".join(map(str, texts[:at])), "".join(map(str, texts[at + 1 :]))
        yield from _composed(node, left_out)


def _filled(services: Iterable[str], around: set[tuple[str, str]], words: set[str]) -> set[str]:
    """The methods that such a string with one of the words in it names."""
    fills = words | {f"_{xform_name(word)}" for word in words}
    return {
        method
        for service in services
        for method in _methods(service)
        for before, after in around
        if method.startswith(before)
        and method.endswith(after)
        and method[len(before) : len(method) - len(after)] in fills
    }


@cache
def of_other(collection: str, name: str, *, removes: bool = False) -> set[Operation]:
    """The operations that a module or a look-up of AWS's collections names; only if told so, those that remove too."""
    [root] = COLLECTIONS[collection].__path__
    found = set()
    for path in (Path(root) / "plugins" / kind / f"{name}.py" for kind in ("modules", "lookup")):
        if path.exists():
            text = path.read_text()
            words = {word for word in _words(ast.parse(text), frozenset()) if removes or not REMOVES.match(word)}
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
        if isinstance(node, ast.ImportFrom):
            yield from (name.name for name in node.names)  # functions of module_utils are called as what they call
        yield from _words(node, left_out)


@cache
def of_playbook(name: str) -> set[Operation]:
    """The operations that the modules of a playbook and its roles name."""
    texts = list(_texts(ROOT / "playbooks" / f"{name}.yml", set()))
    ours = {module for text in texts for module in OURS.findall(text)}
    there = {module for module in ours if (ROOT / "plugins" / "modules" / f"{module}.py").exists()}
    kinds = {kind for text in texts for listed in READ.findall(text) for kind in re.findall(r"\w+", listed)}
    others = {other for text in texts for other in OTHERS.findall(text)}
    removing = {
        (collection, module) for text in texts for collection, module, task in TASK.findall(text) if GONE.search(task)
    }
    return {
        INVENTORY,
        *(MACHINES if any(ON_MACHINES.search(text) for text in texts) else ()),
        *(operation for module in there for operation in of_module(module)),
        *(operation for other in others for operation in of_other(*other, removes=other in removing)),
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
        text = RENDERS.sub("", file.read_text())
        yield text
        for role in OURS.findall(text):
            yield from _texts(ROOT / "roles" / role, seen)
        for playbook in IMPORTED.findall(text):
            yield from _texts(ROOT / "playbooks" / playbook, seen)
