# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as Ansible sends it: an AnsiballZ script, with a zip of the module and all the module_utils it imports."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import types
import zipfile
from dataclasses import dataclass, field
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec

# What the zips bring. Nothing else is ever looked for in one.
ROOTS = ("ansible", "ansible_collections")

# Where the files of all payloads seem to lie. Ansible unpacks each zip to a folder of its own and removes it; code that
# is shared between modules needs one name, and Ansible tells by it whose code gave a warning.
FOLDER = "/ansible_warm_payload.zip"

# The arguments of _ansiballz_main, one a line, each a Python literal. No literal holds a line break, so what looks like
# the start of a line is one.
_MODULE = re.compile(rb"^module_fqn='([\w.]+)',$", re.MULTILINE)
_EXTENSIONS = re.compile(rb"^extensions=\{\},$", re.MULTILINE)
RESPAWN = b"ansible/module_utils/common/respawn.py"
_ZIP = b"\nzip_data='"


@dataclass(frozen=True)
class Payload:
    """What has to be known of an AnsiballZ script before it runs."""

    module: str  # the fully qualified name, ansible_collections.amazon.aws.plugins.modules.ec2_vpc_net
    zip_start: int  # where in the script the base64 text of the zip is
    zip_end: int
    digest: str  # SHA-256 of that text

    @classmethod
    def of(cls, script: bytes) -> Payload | None:
        """None when the script is not an AnsiballZ one, or one that needs a Python of its own.

        That is one with a debugger or coverage in it, and one that may start itself again in another Python, which
        then looks for the zip on disk.
        """
        start = script.rfind(_ZIP)
        if start < 0:
            return None
        start += len(_ZIP)
        end = script.find(b"'", start)
        # The arguments before the zip; module_fqn and extensions are among them, in Ansible's order or another.
        head = script[script.rfind(b"_ansiballz_main(\n", 0, start) : start]
        module = _MODULE.search(head)
        if end < 0 or not module or not _EXTENSIONS.search(head):
            return None
        if RESPAWN in base64.b64decode(script[start:end]):
            return None
        return cls(module[1].decode(), start, end, hashlib.sha256(script[start:end]).hexdigest())


@dataclass(frozen=True)
class Source:
    """One Python file of a zip."""

    name: str  # ansible.module_utils.basic
    path: str  # ansible/module_utils/basic.py
    text: bytes
    digest: str

    @property
    def is_package(self) -> bool:
        return self.path.endswith("/__init__.py")

    @property
    def origin(self) -> str:
        return f"{FOLDER}/{self.path}"


def sources_of(zip_text: bytes) -> dict[str, Source] | None:
    """The files of a zip, by the name they are imported by. None when there is more in it than Python source."""
    found = {}
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(zip_text))) as archive:
        for path in archive.namelist():
            if not path.endswith(".py") or path.partition("/")[0] not in ROOTS:
                return None
            name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            text = archive.read(path)
            found[name] = Source(name, path, text, hashlib.sha256(text).hexdigest())
    return found


@dataclass
class Finder(MetaPathFinder):
    """Finds the Python files of payloads in memory, instead of in a zip on disk, and compiles each of them once."""

    sources: dict[str, Source] = field(default_factory=dict)
    codes: dict[tuple[str, str], types.CodeType] = field(default_factory=dict)  # by path and digest of the source

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        source = self.sources.get(fullname)
        if source is None:
            return None
        loader = _Loader(self, source)
        spec = ModuleSpec(fullname, loader, origin=source.origin, is_package=source.is_package)
        spec.has_location = True
        return spec

    def code(self, source: Source) -> types.CodeType:
        code = self.codes.get((source.path, source.digest))
        if code is None:
            code = compile(source.text, source.origin, "exec", dont_inherit=True)
            self.codes[source.path, source.digest] = code
        return code


@dataclass(frozen=True)
class _Loader(InspectLoader):
    finder: Finder
    source: Source

    def get_source(self, fullname: str) -> str:
        return self.source.text.decode()

    def get_code(self, fullname: str) -> types.CodeType:
        return self.finder.code(self.source)

    def get_filename(self, fullname: str) -> str:
        return self.source.origin

    def is_package(self, fullname: str) -> bool:
        return self.source.is_package

    def exec_module(self, module: types.ModuleType) -> None:
        exec(self.get_code(module.__name__), module.__dict__)
