# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is served, and what is left to `local`. How it is served is tests/integration/test_warm.py."""

from __future__ import annotations

import base64
import io
import os
import shlex
import sys
import zipfile

import pytest

from ansible_collections.pixstory.platform.plugins.plugin_utils.warm import client, payload

FILES = {"ansible/__init__.py": b"", "ansible/module_utils/basic.py": b"x = 1\n", "ansible/modules/ping.py": b"y = 2\n"}


def zip_text(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return base64.b64encode(buffer.getvalue())


def script(files: dict[str, bytes] = FILES, extensions: str = "{}", params: str = "{}") -> bytes:
    """As executor/module_common.py writes it."""
    arguments = [
        "ansible_module='ping',",
        "module_fqn='ansible.modules.ping',",
        "profile='legacy',",
        f"params={params!r},",
        f"extensions={extensions},",
        f"zip_data='{zip_text(files).decode()}',",
    ]
    lines = "\n".join(arguments)
    return f'code\n\n\nif __name__ == "__main__":\n    _ansiballz_main(\n{lines}\n)\n'.encode()


def command(words: str = shlex.quote(sys.executable), shell: str = "/bin/sh", tail: str = " && sleep 0") -> str:
    return f"{shell} -c {shlex.quote(words + tail)}"


def asked(words: str = shlex.quote(sys.executable), content: bytes | None = script()) -> client.Request:
    return client.request(command(words), content, "/bin/sh", "/tmp")


def test_a_module_is_served() -> None:
    request = asked(f"ONE=1 TWO={shlex.quote('a b $c')} {sys.executable}")
    assert request.payload.module == "ansible.modules.ping"
    assert payload.sources_of(request.script[request.payload.zip_start : request.payload.zip_end]) is not None
    assert request.environment["ONE"] == "1"
    assert request.environment["TWO"] == "a b $c"
    assert request.environment["PWD"] == request.folder == "/tmp"
    assert request.environment["PATH"] == os.environ["PATH"]


def test_arguments_cannot_pass_for_the_payload() -> None:
    found = payload.Payload.of(
        script(params="\nmodule_fqn='ansible.modules.other',\nextensions={},\nzip_data='AAAA',\n")
    )
    assert found is not None
    assert found.module == "ansible.modules.ping"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (f"{sys.executable} -u", "plain one"),
        (f"{sys.executable}; rm -rf x", "plain one"),
        (f"X=$(id) {sys.executable}", "plain one"),
        (f"sudo {sys.executable}", "plain one"),
        (f"2X=1 {sys.executable}", "plain one"),
        (f"'{sys.executable}", "plain one"),
        ("python3", "its interpreter is python3"),
        ("/usr/bin/env", "its interpreter is /usr/bin/env"),
        (f"PYTHONPATH=/x LC_ALL=C {sys.executable}", "the task sets LC_ALL, PYTHONPATH"),
    ],
)
def test_another_command_is_not_served(words: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    with pytest.raises(client.NotServed, match=reason):
        asked(words)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "a command or an asynchronous task"),
        (b"#!/bin/sh\n", "is not in Python"),
        (script(extensions="{'_coverage': {}}"), "carries a debugger"),
        (script({**FILES, "ansible/module_utils/common/respawn.py": b""}), "may start again in another Python"),
    ],
)
def test_another_content_is_not_served(content: bytes | None, reason: str) -> None:
    with pytest.raises(client.NotServed, match=reason):
        asked(content=content)


def test_a_variable_that_stays_as_it_is_is_no_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert asked(f"LC_ALL=C.UTF-8 {sys.executable}").environment["LC_ALL"] == "C.UTF-8"


def test_the_files_of_a_payload() -> None:
    sources = payload.sources_of(zip_text(FILES))
    assert sources is not None
    assert {name: (one.path, one.is_package) for name, one in sources.items()} == {
        "ansible": ("ansible/__init__.py", True),
        "ansible.module_utils.basic": ("ansible/module_utils/basic.py", False),
        "ansible.modules.ping": ("ansible/modules/ping.py", False),
    }


@pytest.mark.parametrize("name", ["ansible/data.json", "other/module.py"])
def test_what_is_more_than_python_is_left_to_python(name: str) -> None:
    assert payload.sources_of(zip_text({**FILES, name: b""})) is None


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (0, 0, b""),
        (3 << 8, 3, b""),
        (9, 137, b"Killed\n"),
        (2, 130, b""),
        (139, 139, b"Segmentation fault (core dumped)\n"),
    ],
)
def test_an_exit_code_is_that_of_a_shell(status: int, code: int, said: bytes) -> None:
    stderr = bytearray()
    assert client._exit_code(status, stderr) == code
    assert bytes(stderr) == said
