# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs on AWS does not know of the lab: nothing in it is there for the rehearsal alone."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# All that production runs. The rest is the lab, its inventory, tests and documents.
PLACES = ("roles", "playbooks", "plugins", "meta", "group_vars", "examples/pixstory/src")
PLACES += ("inventories/production", "inventories/staging", "inventories/dev")
MENTION = re.compile(rb"\blab\b|pixstory-lab|\.lab/|aws\.internal", re.IGNORECASE)


def test_nothing_that_runs_on_aws_refers_to_the_lab() -> None:
    files = subprocess.run(["git", "ls-files", *PLACES], cwd=ROOT, capture_output=True, text=True, check=True)
    names = [name for name in files.stdout.split() if (ROOT / name).is_file()]  # not links to folders
    assert len(names) > 300
    found = [
        f"{name}:{number}: {line.decode(errors='replace').strip()}"
        for name in names
        for number, line in enumerate((ROOT / name).read_bytes().splitlines(), 1)
        if MENTION.search(line)
    ]
    assert found == []
