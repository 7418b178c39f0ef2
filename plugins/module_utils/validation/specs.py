# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form of what is declared: the argument specifications of the roles.

Stricter than Ansible's own validation, which turns ``"no"`` into a boolean and 8.10 into a string: a role would go on
to use the value as it was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .mistakes import Mistake, Path, listing, nearest, one_of, show

Option = Mapping[str, Any]

# Instead of a value that a template could not give. Reported already, so every check passes over it.
UNRESOLVED = object()
# Instead of a value that has the wrong form.
_WRONG = object()
_PER_ENTRY = "each_"


@dataclass(frozen=True)
class Specs:
    """What the roles of the collection say about their variables."""

    # variable: option
    options: dict[str, Option] = field(default_factory=dict)
    # variable that maps names to entries: the options of an entry
    entries: dict[str, Mapping[str, Option]] = field(default_factory=dict)
    roles: tuple[str, ...] = ()

    @classmethod
    def of(cls, documents: Mapping[str, Mapping[str, Any]]) -> Specs:
        """From the parsed meta/argument_specs.yml of each role.

        An entry point ``each_<variable>`` describes the entries of that variable, any other one the role's variables.
        """
        specs = cls(roles=tuple(documents))
        for document in documents.values():
            for name, entry_point in document["argument_specs"].items():
                options = entry_point.get("options") or {}
                if name.startswith(_PER_ENTRY):
                    specs.entries[name.removeprefix(_PER_ENTRY)] = options
                else:
                    specs.options.update(options)
        return specs

    def owner(self, variable: str) -> str | None:
        """The role whose prefix a variable has."""
        return next((role for role in self.roles if variable.startswith(f"{role}_")), None)


def check_form(specs: Specs, variables: Mapping[str, Any], home: str) -> tuple[dict[str, Any], list[Mistake]]:
    """Check all variables of the roles.

    :param variables: all variables of the host, those of other roles and of Ansible itself included.
    :param home: the file in which an environment declares what differs.
    :returns: what is well formed, with defaults filled in, for the checks that look at meaning; and the mistakes.
    """
    clean: dict[str, Any] = {}
    mistakes = list(_unknown_variables(specs, variables))
    for name, option in specs.options.items():
        value = variables.get(name)
        if value is None:
            if option.get("required"):
                mistakes.append(
                    _missing((name,), option, f" in {home}", "is not declared" if name not in variables else "is empty")
                )
            elif name not in variables or "default" not in option:
                clean[name] = option.get("default")
            else:
                mistakes.append(
                    Mistake(
                        (name,),
                        "is empty",
                        f"Write a value, or delete the line to get the default, {show(option['default'])}.",
                    )
                )
            continue
        if name in specs.entries:
            option = {**option, "entries": specs.entries[name]}
        checked = _check((name,), value, option, mistakes)
        if checked is not _WRONG:
            clean[name] = checked
    return {name: value for name, value in clean.items() if value is not None}, mistakes


def check_options(path: Path, value: Any, options: Mapping[str, Option], mistakes: list[Mistake]) -> dict[str, Any]:
    """Check one mapping whose keys are options, and return those that are well formed, defaults filled in."""
    clean: dict[str, Any] = {}
    for key in value:
        if key not in options:
            mistakes.append(Mistake((*path, key), "is not an option here", one_of(key, list(options))))
    for key, option in options.items():
        if value.get(key) is None:
            if option.get("required"):
                mistakes.append(_missing((*path, key), option))
            elif "default" in option:
                clean[key] = option["default"]
            continue
        checked = _check((*path, key), value[key], option, mistakes)
        if checked is not _WRONG:
            clean[key] = checked
    return clean


def _missing(path: Path, option: Option, home: str = "", what: str = "is not declared") -> Mistake:
    meaning = str(option.get("description", "")).rstrip(".")
    return Mistake(
        path, what, f"Write {path[-1]}: {_WORDS.get(option.get('type', 'str'), 'a value')}{home}. It is: {meaning}."
    )


def _unknown_variables(specs: Specs, variables: Mapping[str, Any]) -> Iterator[Mistake]:
    known = specs.options.keys()
    prefixes = sorted({role.split("_")[0] for role in specs.roles})
    for name in variables:
        if name in known or name.startswith(("_", "ansible_")):
            continue
        guess = nearest(name, known, cutoff=0.8)
        if owner := specs.owner(name):
            own = sorted(option for option in known if specs.owner(option) == owner)
            instead = f"Write {guess}." if guess else f"Those of role {owner} are {listing(own, 'and')}."
            yield Mistake((name,), f"is not a variable of role {owner}", instead)
        elif guess and nearest(name.split("_")[0], prefixes, cutoff=0.6):
            # Somebody else's variable, unless it is one letter away from one of ours.
            yield Mistake(
                (name,), "is not a variable of any role", f"Write {guess}, or another name if that is not meant."
            )


def _check(path: Path, value: Any, option: Option, mistakes: list[Mistake]) -> Any:
    """The value, or _WRONG after saying why."""
    if value is UNRESOLVED:
        return _WRONG
    kind = option.get("type", "str")
    if not _IS.get(kind, _IS["raw"])(value):
        mistakes.append(Mistake(path, f"is {_called(value)}, not {_WORDS[kind]}", _instead(value, kind, path)))
        return _WRONG
    choices = option.get("choices")
    if choices and value not in choices:
        mistakes.append(Mistake(path, f"is {show(value)}", one_of(value, choices)))
        return _WRONG
    if kind == "list":
        return _check_list(path, value, option, mistakes)
    if kind == "dict" and "entries" in option:
        return {
            key: check_options((*path, key), entry, option["entries"], mistakes)
            if isinstance(entry, Mapping)
            else _not_an_entry((*path, key), entry, option["entries"], mistakes)
            for key, entry in value.items()
        }
    if kind == "dict" and option.get("options"):
        return check_options(path, value, option["options"], mistakes)
    return value


def _check_list(path: Path, value: Sequence[Any], option: Option, mistakes: list[Mistake]) -> list[Any]:
    element = {"type": option.get("elements", "raw"), "options": option.get("options")}
    checked = [_check((*path, position), item, element, mistakes) for position, item in enumerate(value)]
    # Positions must stay what they are in the file, so a malformed element leaves a hole.
    return [None if item is _WRONG else item for item in checked]


def _not_an_entry(path: Path, entry: Any, options: Iterable[str], mistakes: list[Mistake]) -> dict[str, Any]:
    if entry is not UNRESOLVED:
        what = "is empty" if entry is None else f"is {_called(entry)}, not a mapping"
        mistakes.append(Mistake(path, what, f"Write a mapping with {listing(options, 'and')}, as far as they apply."))
    return {}


def _called(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    if _IS["list"](value):
        return "a list"
    if isinstance(value, str):
        return f"the string {show(value)}"
    return f"{show(value)} without quotes" if isinstance(value, (bool, int, float)) else show(value)


def _instead(value: Any, kind: str, path: Path) -> str:
    if kind == "str" and isinstance(value, (bool, int, float)):
        if path == ("platform_account_id",):
            return _account_id(value)
        return f'Put it in quotes, as it is meant: "{show(value)}".'
    if kind == "bool" and str(value).lower() in ("true", "yes", "on", "1", "false", "no", "off", "0"):
        word = "true" if str(value).lower() in ("true", "yes", "on", "1") else "false"
        return f"Write {word} without quotes; after -e, in JSON: -e '{{\"{path[0]}\": {word}}}'."
    if kind == "int" and isinstance(value, str) and value.strip().lstrip("-").isdigit():
        return f"Write {int(value)} without quotes; after -e, in JSON."
    if kind == "list" and not isinstance(value, Mapping):
        return f"Write a list: [{value}]."
    return f"Write {_WORDS[kind]}."


def _account_id(value: Any) -> str:
    """An unquoted account id is a number to YAML, and an octal one if it begins with 0 and has no 8 or 9."""
    decimal, octal = str(value), f"0{value:o}" if isinstance(value, int) else ""
    if isinstance(value, bool) or (len(decimal) != 12 and len(octal) != 12):
        return "Write the 12 digits in quotes."
    if len(decimal) == 12:
        return f'Put it in quotes: "{decimal}".'
    return f'YAML reads a number that begins with 0 as octal. Put it in quotes: "{octal}".'


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_IS = {
    "str": lambda value: isinstance(value, str),
    "path": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "int": _is_int,
    "float": lambda value: _is_int(value) or isinstance(value, float),
    "list": _is_list,
    "dict": lambda value: isinstance(value, Mapping),
    "raw": lambda value: True,
}
_WORDS = {
    "str": "a string",
    "path": "a path",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "list": "a list",
    "dict": "a mapping",
    "raw": "a value",
}
