# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.pixstory.platform.plugins.modules import content_digest

EXCLUDE = ["__pycache__", "*.pyc"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    base = tmp_path / "tree"
    (base / "role" / "tasks").mkdir(parents=True)
    (base / "role" / "tasks" / "main.yml").write_text("tasks")
    (base / "role" / "run").write_text("script")
    (base / "other").write_text("other")
    return base


def of(base: Path, *paths: str, **values: object) -> str:
    return content_digest.digest(base, content_digest.files(base, paths or ["role"], EXCLUDE), values)


def test_a_copy_elsewhere_has_the_same_digest(tree: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tree, copy)
    os.utime(copy / "role" / "run", (0, 0))
    assert of(tree) == of(copy)


def test_what_was_compiled_does_not_count(tree: Path) -> None:
    before = of(tree)
    (tree / "role" / "__pycache__").mkdir()
    (tree / "role" / "__pycache__" / "x.txt").write_text("")
    (tree / "role" / "y.pyc").write_text("")
    assert of(tree) == before


def test_order_and_repetition_of_paths_do_not_count(tree: Path) -> None:
    assert of(tree, "role", "other") == of(tree, "other", "role", "role/run")


def test_order_of_values_does_not_count(tree: Path) -> None:
    assert of(tree, a=1, b={"x": 1, "y": 2}) == of(tree, b={"y": 2, "x": 1}, a=1)


CHANGES: dict[str, Callable[[Path], object]] = {
    "content": lambda base: (base / "role" / "run").write_text("other script"),
    "new file": lambda base: (base / "role" / "new").write_text(""),
    "name": lambda base: (base / "role" / "run").rename(base / "role" / "walk"),
    "executable": lambda base: (base / "role" / "run").chmod(0o755),
    "gone": lambda base: (base / "role" / "run").unlink(),
    # The end of one file and the beginning of the next.
    "boundary": lambda base: (base / "role" / "run").write_text("scrip"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_shows(tree: Path, change: Callable[[Path], object]) -> None:
    before = of(tree)
    change(tree)
    assert of(tree) != before


def test_values_show(tree: Path) -> None:
    assert len({of(tree), of(tree, image="ami-1"), of(tree, image="ami-2")}) == 3


def test_a_path_that_is_not_there_is_refused(tree: Path) -> None:
    with pytest.raises(content_digest.NotThere, match=r"tree/roles is not there\. Write in paths what is below"):
        of(tree, "roles")
