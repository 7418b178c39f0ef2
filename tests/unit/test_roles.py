"""Every role states its interface, and keeps to it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())
AWS_ROLES = [role for role in ROLES if role.startswith("aws_")]


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text()) if path.exists() else None


def main_options(role: str) -> dict[str, dict[str, Any]]:
    specs = load(ROOT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]
    return specs.get("main", specs.get("environment"))["options"]


@pytest.mark.parametrize("role", ROLES)
def test_defaults_equal_the_argument_specs(role: str) -> None:
    declared = {name: option["default"] for name, option in main_options(role).items() if "default" in option}
    assert (load(ROOT / "roles" / role / "defaults" / "main.yml") or {}) == declared


@pytest.mark.parametrize("role", ROLES)
def test_public_variables_carry_the_name_of_the_role(role: str) -> None:
    assert [name for name in main_options(role) if not name.startswith(f"{role}_")] == []


@pytest.mark.parametrize("role", ROLES)
def test_internal_variables_and_registers_are_marked_so(role: str) -> None:
    folder = ROOT / "roles" / role
    assert [name for name in load(folder / "vars" / "main.yml") or {} if not name.startswith(f"__{role}_")] == []
    for path in sorted(folder.glob("tasks/*.yml")):
        registers = re.findall(r"^\s+register: (\w+)", path.read_text(), re.MULTILINE)
        assert [name for name in registers if not name.startswith(f"__{role}_")] == [], path.name


@pytest.mark.parametrize("role", ROLES)
def test_every_public_variable_is_used(role: str) -> None:
    """Somewhere in the role, or by the topology that all environments share."""
    places = [*(ROOT / "roles").rglob("tasks/*.yml"), *(ROOT / "roles").rglob("vars/*.yml")]
    places += [
        *(ROOT / "roles").rglob("templates/*"),
        *(ROOT / "group_vars").rglob("*.yml"),
        *(ROOT / "playbooks").glob("*.yml"),
    ]
    text = "\n".join(path.read_text() for path in places)
    unused = [name for name in main_options(role) if not re.search(rf"\b{name}\b(?!:)", text)]
    assert unused == []


@pytest.mark.parametrize("role", AWS_ROLES)
def test_the_gate_stands_in_front_of_every_role(role: str) -> None:
    dependencies = load(ROOT / "roles" / role / "meta" / "main.yml")["dependencies"]
    assert dependencies == [{"role": "pixstory.platform.platform"}]


def test_provision_names_every_role_with_its_own_tag() -> None:
    (play,) = load(ROOT / "playbooks" / "provision.yml")
    listed = {entry["role"].rpartition(".")[2]: entry["tags"] for entry in play["roles"]}
    # Looking ahead, auditing, destroying, baking, replacing machines and the drill have playbooks of their own.
    apart = {"aws_preflight", "aws_audit", "aws_destroy", "aws_image", "aws_notices", "aws_refresh"}
    assert set(listed) == set(AWS_ROLES) - apart
    assert [role for role, tags in listed.items() if tags != [role] and role != "aws_status"] == []


@pytest.mark.parametrize("role", AWS_ROLES)
def test_no_role_reads_what_another_one_registered(role: str) -> None:
    for path in (path for path in (ROOT / "roles" / role).rglob("*.*") if path.suffix != ".pyc"):
        foreign = {
            name
            for name in re.findall(r"\b__(?:aws|platform)_\w+", path.read_text())
            if not name.startswith(f"__{role}_")
        }
        assert foreign == set(), path


def test_modules_are_in_the_group_that_gets_region_and_endpoint() -> None:
    group = load(ROOT / "meta" / "runtime.yml")["action_groups"]["aws"]
    listed = {entry for entry in group if isinstance(entry, str)}
    modules = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}
    # Those that make no call have no use for them.
    assert listed == modules - {"environment_validate", "service_release", "content_digest"}


@pytest.mark.parametrize("role", ROLES)
def test_apt_waits_for_whoever_holds_its_lock(role: str) -> None:
    """cloud-init and unattended upgrades work when they like, for minutes; the module's own default is one."""
    for path in sorted((ROOT / "roles" / role).glob("tasks/*.yml")):
        tasks = re.findall(r"ansible\.builtin\.apt:\n((?: +.*\n)+)", path.read_text())
        assert [task for task in tasks if "lock_timeout: 600" not in task] == [], path.name
