#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: content_digest
version_added: "0.1.0"
short_description: One digest of files and values
description:
  - Works out a SHA-256 digest of files, folders with all that is in them, and values.
  - The same content has the same digest on every machine and in every checkout. Times, owners and the folder above
    do not count; names, content and whether a file is executable do.
  - Used to know an image by what went into it.
author: Pixstory platform contributors (@pixstory)
options:
  base:
    description: The folder that O(paths) start from.
    type: path
    required: true
  paths:
    description: Files and folders below O(base). One that is not there is refused.
    type: list
    elements: str
    required: true
  exclude:
    description: Names of files and folders that do not count, with wildcards as the shell's.
    type: list
    elements: str
    default: [__pycache__, "*.pyc", .DS_Store]
  values:
    description: What else counts, any JSON. The order of keys does not.
    type: dict
    default: {}
attributes:
  check_mode:
    description: Never writes.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
"""

EXAMPLES = r"""
- name: Digest what an app machine is made of
  pixstory.platform.content_digest:
    base: /srv/platform
    paths: [roles/base, roles/app]
    values: {image: ami-0123456789abcdef0}
  register: content
"""

RETURN = r"""
digest:
  description: The SHA-256 digest, 64 hexadecimal digits.
  returned: always
  type: str
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
files:
  description: How many files count.
  returned: always
  type: int
  sample: 42
"""

import fnmatch
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule


class NotThere(Exception):
    """A path that was declared and is not there."""


def files(base: Path, paths: Iterable[str], exclude: Iterable[str]) -> Iterator[Path]:
    """The files below the paths, relative to the base, each once and in order."""
    patterns = list(exclude)
    found: set[Path] = set()
    for path in paths:
        start = base / path
        if not start.exists():
            raise NotThere(f"{start} is not there. Write in paths what is below {base}.")
        inside = sorted(start.rglob("*")) if start.is_dir() else [start]
        found.update(file.relative_to(base) for file in inside if file.is_file())
    for file in sorted(found):
        if not any(fnmatch.fnmatch(part, pattern) for part in file.parts for pattern in patterns):
            yield file


def digest(base: Path, names: Iterable[Path], values: Mapping[str, Any]) -> str:
    """Of each file its name, its length and its content, so that no two trees run together into the same bytes."""
    total = hashlib.sha256(json.dumps(values, sort_keys=True, ensure_ascii=True).encode())
    for name in names:
        file = base / name
        executable = bool(file.stat().st_mode & 0o100)
        content = file.read_bytes()
        total.update(json.dumps([name.as_posix(), executable, len(content)]).encode())
        total.update(content)
    return total.hexdigest()


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "base": {"type": "path", "required": True},
            "paths": {"type": "list", "elements": "str", "required": True},
            "exclude": {"type": "list", "elements": "str", "default": ["__pycache__", "*.pyc", ".DS_Store"]},
            "values": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    base = Path(module.params["base"])
    try:
        names = list(files(base, module.params["paths"], module.params["exclude"]))
        found = digest(base, names, module.params["values"])
    except (NotThere, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, digest=found, files=len(names))


if __name__ == "__main__":
    main()
