# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is packed ahead is what a task would have packed."""

from __future__ import annotations

import base64
import io
import os
import zipfile
from pathlib import Path

import pytest
from ansible import constants
from ansible.executor import module_common
from ansible.plugins.loader import init_plugin_loader

from ansible_collections.pixstory.platform.plugins.plugin_utils.warm import ahead

MODULES = ["ansible.builtin.stat", "amazon.aws.kms_key", "community.aws.ssm_parameter"]
NAMES = [
    "ansible.modules.stat",
    "ansible_collections.amazon.aws.plugins.modules.kms_key",
    "ansible_collections.community.aws.plugins.modules.ssm_parameter",
]


@pytest.fixture(autouse=True, scope="module")
def loaders() -> None:
    init_plugin_loader([])


def packed(folder: Path) -> dict[str, dict[str, bytes]]:
    """The files of each module that lies there, without their times."""
    found = {}
    for path in (folder / "ansiballz_cache").iterdir():
        if not path.name.endswith(".lock"):
            content = module_common._CachedModule.load(str(path)).zip_data
            with zipfile.ZipFile(io.BytesIO(base64.b64decode(content))) as archive:
                found[path.name.partition("-")[0]] = {name: archive.read(name) for name in archive.namelist()}
    return found


def test_the_same_is_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path / "ahead"))
    os.waitpid(ahead.pack(["no.such.module", *MODULES]), 0)
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path / "task"))
    for module in MODULES:
        ahead._pack(module)
    expected = packed(tmp_path / "task")
    assert sorted(expected) == sorted(NAMES)
    assert packed(tmp_path / "ahead") == expected
