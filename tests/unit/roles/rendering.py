"""Renders a role's template as its task does, without a machine."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROLES = Path(__file__).resolve().parents[3] / "roles"


def render(role: str, template: str, release: int = 13, **variables: Any) -> str:
    """The text of a template on Debian ``release``, with the role's defaults for what ``variables`` do not say."""
    templar = _templar(role, release, variables, {})
    return str(templar.template(trust_as_template((ROLES / role / "templates" / template).read_text())))


def value(role: str, variable: str, around: dict[str, Any], **variables: Any) -> Any:
    """A variable of a role as its tasks see it. ``around`` is what the role finds beside its own variables."""
    return _templar(role, 13, variables, around).template(trust_as_template(f"{{{{ {variable} }}}}"))


class Variables:
    """The variables of an environment, seen from its roles: many expressions, for the price of one Templar."""

    def __init__(self, declared: dict[str, Any]) -> None:
        self._declared = _as_ansible_reads_it(declared)
        self._of_role: dict[str, dict[str, Any]] = {}
        self._templar = _with_filters(Templar(loader=DataLoader()))

    def evaluate(self, role: str, expression: str, **variables: Any) -> Any:
        """What an expression of a role is, with ``variables`` instead of what the environment and the role say."""
        if role not in self._of_role:
            self._of_role[role] = _as_ansible_reads_it(_own_variables(role)) | self._declared
        self._templar.available_variables = self._of_role[role] | _as_ansible_reads_it(variables)
        return self._templar.template(trust_as_template(expression))


def _own_variables(role: str) -> dict[str, Any]:
    paths = [ROLES / role / name / "main.yml" for name in ("defaults", "vars")]
    read = [yaml.safe_load(path.read_text()) or {} for path in paths if path.exists()]
    return {name: value for one in read for name, value in one.items()}


def _templar(role: str, release: int, variables: dict[str, Any], around: dict[str, Any]) -> Any:
    folder = ROLES / role
    values: dict[str, Any] = {
        "ansible_managed": "Managed by Ansible",
        "ansible_facts": {"distribution": "Debian", "distribution_major_version": str(release)},
        **_own_variables(role),
    }
    declared = yaml.safe_load((folder / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    unknown = sorted(set(variables) - set(values) - set(declared))
    assert unknown == [], f"the role has no variable {unknown}"
    values |= variables | around
    values = {name: _as_ansible_reads_it(value) for name, value in values.items()}
    search = [str(folder / "templates")]
    templar = Templar(loader=DataLoader(), variables=values).copy_with_new_env(searchpath=search)
    templar.available_variables = values
    return _with_filters(templar)


def _with_filters(templar: Templar) -> Templar:
    """Other tests import the collection as a plain package, and then Ansible's loader finds nothing in it."""
    for path in sorted((ROLES.parent / "plugins" / "filter").glob("*.py")):
        filters = import_module(f"ansible_collections.pixstory.platform.plugins.filter.{path.stem}").FilterModule
        for name, function in filters().filters().items():
            templar.environment.filters[f"pixstory.platform.{name}"] = function
    return templar


def _as_ansible_reads_it(value: Any) -> Any:
    """Text of a role's own files may be an expression."""
    if isinstance(value, str):
        return trust_as_template(value)
    if isinstance(value, dict):
        return {key: _as_ansible_reads_it(item) for key, item in value.items()}
    return [_as_ansible_reads_it(item) for item in value] if isinstance(value, list) else value
