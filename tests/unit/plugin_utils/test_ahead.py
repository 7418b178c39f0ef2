# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is packed ahead is what a task would have packed."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
import zipfile
from pathlib import Path

from ansible.executor import module_common

MODULES = {
    "ansible.builtin.stat": "ansible.modules.stat",
    "amazon.aws.kms_key": "ansible_collections.amazon.aws.plugins.modules.kms_key",
    "pixstory.platform.s3_bucket": "ansible_collections.pixstory.platform.plugins.modules.s3_bucket",
}


def packed(folder: Path) -> dict[str, dict[str, bytes]]:
    """The files of each module that lies there, without their times."""
    found = {}
    for path in (folder / "ansiballz_cache").iterdir():
        if not path.name.endswith(".lock"):
            content = module_common._CachedModule.load(str(path)).zip_data
            with zipfile.ZipFile(io.BytesIO(base64.b64decode(content))) as archive:
                found[path.name.partition("-")[0]] = {name: archive.read(name) for name in archive.namelist()}
    return found


def test_the_same_is_packed(tmp_path: Path) -> None:
    script = Path(__file__).with_name("packing_process.py")
    subprocess.run([sys.executable, script, tmp_path, *MODULES], check=True, timeout=60)
    expected = packed(tmp_path / "task")
    assert sorted(expected) == sorted(MODULES.values())
    assert packed(tmp_path / "ahead") == expected
