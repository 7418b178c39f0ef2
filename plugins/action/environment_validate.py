# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from configparser import ConfigParser, Error
from contextlib import suppress
from pathlib import Path as File
from typing import Any

import yaml
from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.vars import load_extra_vars

from ansible_collections.pixstory.platform.plugins.filter.network import ZONE_LETTERS, subnet_plan
from ansible_collections.pixstory.platform.plugins.module_utils.validation import validate
from ansible_collections.pixstory.platform.plugins.module_utils.validation.declared import Surroundings
from ansible_collections.pixstory.platform.plugins.module_utils.validation.mistakes import (
    Mistake,
    Path,
    dotted,
    nearest,
)
from ansible_collections.pixstory.platform.plugins.module_utils.validation.specs import UNRESOLVED, Specs
from ansible_collections.pixstory.platform.plugins.module_utils.validation.written import Layout, Written, reference

COLLECTION = File(__file__).resolve().parents[2]
# Roles that make AWS resources run on the controller. Those that make a host have their variables on that host.
GATED_ROLES = ("platform", "aws_*")
_UNDEFINED = re.compile(r"'(\w+)' is undefined")


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False
    _VALID_ARGS = frozenset()

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        task_vars = task_vars or {}
        specs = read_specs()
        around = surroundings(task_vars)
        variables, untemplated = self._resolve(specs, task_vars)
        mistakes = [*untemplated, *validate(specs, variables, around)]
        result["changed"] = False
        result["mistakes"] = []
        if mistakes:
            written = Written(layout(task_vars, load_extra_vars(self._loader)), task_vars)
            result["mistakes"] = [answer(mistake, written) for mistake in mistakes]
            result["failed"] = True
            result["msg"] = message(task_vars, result["mistakes"])
        else:
            result["msg"] = "No mistake found"
        return result

    def _resolve(self, specs: Specs, task_vars: Mapping[str, Any]) -> tuple[dict[str, Any], list[Mistake]]:
        """Template what is ours. What cannot be templated is UNRESOLVED, and a mistake."""
        failed: list[tuple[Path, Any, str]] = []
        variables: dict[str, Any] = {}
        for name, raw in task_vars.items():
            if name in specs.options:
                variables[name] = self._template((name,), raw, failed)
            else:
                variables[name] = raw
        return variables, list(untemplated(specs, variables, failed))

    def _template(self, path: Path, raw: Any, failed: list[tuple[Path, Any, str]]) -> Any:
        try:
            return self._templar.template(raw)
        except AnsibleError as error:
            # Down to the values that are at fault, so that all others are still checked.
            if isinstance(raw, Mapping):
                return {key: self._template((*path, key), value, failed) for key, value in raw.items()}
            if isinstance(raw, Sequence) and not isinstance(raw, (str, bytes)):
                return [self._template((*path, at), value, failed) for at, value in enumerate(raw)]
            failed.append((path, raw, error.message))
            return UNRESOLVED


def untemplated(
    specs: Specs, variables: Mapping[str, Any], failed: Sequence[tuple[Path, Any, str]]
) -> Iterator[Mistake]:
    """One mistake for each variable that is missing, however many need it; and one for each template that is broken.

    What names the missing variable itself is told before what only refers to something that does.
    """
    needed: dict[str, list[tuple[Path, Any]]] = {}
    for path, raw, why in failed:
        found, target = _UNDEFINED.search(why), reference(raw)
        if found:
            needed.setdefault(found[1], []).append((path, raw))
        elif target and target[0] in variables and len(target) > 1:
            yield Mistake(
                path,
                f"needs {dotted(target)}, which is not declared",
                f"Add {target[-1]} to {dotted(target[:-1])}, or delete {dotted(path)}.",
            )
        else:
            yield Mistake(path, f"cannot be templated: {why}", "Mend the template.")
    for name, needing in needed.items():
        option = specs.options.get(name)
        if option and option.get("required") and name not in variables:
            continue  # The check of form says so.
        guess = None if option else nearest(name, specs.options)
        others = len(needing) - 1
        more = f", and so {'does' if others == 1 else 'do'} {others} more" if others else ""
        yield Mistake(
            next((path for path, raw in needing if name in raw), needing[0][0]),
            f"needs {name}, which is not declared{more}",
            f"Write {guess} instead." if guess else f"Declare {name} in inventories/<environment>/group_vars/all.yml.",
        )


def read_specs() -> Specs:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    files = [file for role in GATED_ROLES for file in sorted(COLLECTION.glob(f"roles/{role}/meta/argument_specs.yml"))]
    return Specs.of({file.parts[-3]: yaml.load(file.read_bytes(), Loader=loader) for file in files})


def project_of(task_vars: Mapping[str, Any]) -> File:
    """The top of the repository that the playbook is in."""
    playbooks = File(task_vars.get("playbook_dir") or ".").resolve()
    return next(
        (folder for folder in (playbooks, *playbooks.parents) if (folder / "ansible.cfg").is_file()), File.cwd()
    )


def sources_of(task_vars: Mapping[str, Any]) -> list[File]:
    """The inventory sources that are files or folders; `-i host,` is neither."""
    return [File(source) for source in task_vars.get("ansible_inventory_sources") or () if os.path.exists(source)]


def surroundings(task_vars: Mapping[str, Any]) -> Surroundings:
    folders = [source if source.is_dir() else source.parent for source in sources_of(task_vars)]
    config = ConfigParser(interpolation=None)
    # Ansible would have refused a broken one, had it read it.
    with suppress(Error):
        config.read(project_of(task_vars) / "ansible.cfg")
    wanted = config.get("defaults", "precedence", fallback="")
    return Surroundings(
        environ=os.environ,
        subnet_plan=subnet_plan,
        zone_letters=ZONE_LETTERS,
        inventories=[folder.resolve().name for folder in folders if folder.resolve().parent.name == "inventories"],
        precedence=C.VARIABLE_PRECEDENCE,
        precedence_wanted=[step.strip() for step in wanted.split(",") if step.strip()],
    )


def layout(task_vars: Mapping[str, Any], extra_vars: Mapping[str, Any]) -> Layout:
    return Layout(
        project=project_of(task_vars),
        playbook_dir=File(task_vars.get("playbook_dir") or "."),
        inventory=sources_of(task_vars),
        host=task_vars.get("inventory_hostname", ""),
        groups=task_vars.get("group_names") or (),
        precedence=C.VARIABLE_PRECEDENCE,
        role_defaults=[file for role in GATED_ROLES for file in COLLECTION.glob(f"roles/{role}/defaults/main.yml")],
        extra_vars=extra_vars.keys(),
    )


def answer(mistake: Mistake, written: Written) -> dict[str, str]:
    return {
        "variable": mistake.variable,
        "what": mistake.what,
        "where": mistake.where or written.where(mistake.path),
        "instead": mistake.instead,
    }


def message(task_vars: Mapping[str, Any], mistakes: Sequence[Mapping[str, str]]) -> str:
    count = f"{len(mistakes)} mistake{'' if len(mistakes) == 1 else 's'}"
    lines = [
        f"{number}. {mistake['variable']} {mistake['what']} ({mistake['where']}). {mistake['instead']}"
        for number, mistake in enumerate(mistakes, start=1)
    ]
    return "\n".join([f"{count} in what the environment declares. Nothing was changed.", *lines])
