# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the fork to the end of one module: a child of the warm Python becomes what `python < script` would be."""

from __future__ import annotations

import atexit
import builtins
import contextlib
import gc
import marshal
import mmap
import os
import signal
import sys
import threading
import time
import traceback
import types
from dataclasses import dataclass
from typing import Any, NoReturn

from . import payload, sdk

# What the server may import itself for the children to come. Whatever else a module imports it imports alone: an
# `apt_pkg` holds state that two modules should not share.
SHARED = frozenset(sys.stdlib_module_names) | sdk.PACKAGES


@dataclass(frozen=True)
class Task:
    """One module to run, as the connection asks for it."""

    script: bytes
    zip_text: bytes
    zip_digest: str
    environment: dict[str, str]
    folder: str
    umask: int
    stdout: int
    stderr: int
    report: mmap.mmap


class Module:
    """A module that is ready to run: `exec(module.code, module.names)`, and whatever comes of it to `end`."""

    def __init__(self, task: Task, finder: payload.Finder, known: dict[str, dict[str, payload.Source]]) -> None:
        self._pid = os.getpid()
        self._report = task.report
        self._finder = finder
        self._loaded = set(sys.modules)
        self._compiled = set(finder.codes)
        _become_fresh(task)
        self._shares = _take_payload(task, finder, known)
        main = types.ModuleType("__main__")
        main.__dict__.update(__builtins__=builtins, __file__="<stdin>")
        sys.modules["__main__"] = main
        self.names = main.__dict__
        self.code = compile(task.script, "<stdin>", "exec", dont_inherit=True)

    def end(self, error: BaseException | None) -> NoReturn:
        """End the process as Python would after this."""
        code = 120  # what Python answers when it cannot end well
        try:
            code = _finish(_exit_code(error))
            if self._shares and os.getpid() == self._pid:  # and not what the module forked
                _report(self._report, self._loaded, self._finder, self._compiled)
        finally:
            os._exit(code)


def _become_fresh(task: Task) -> None:
    """Everything of the process that a new Python would have from the task and not from the server."""
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    stdin, end = os.pipe()
    os.close(end)  # the script has been read: what follows on stdin is its end
    for source, target in ((stdin, 0), (task.stdout, 1), (task.stderr, 2)):
        os.dup2(source, target)
    os.close(stdin)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))

    zone = os.environ.get("TZ")
    os.environ.clear()
    os.environ.update(task.environment)
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))  # the warm Python itself writes none
    if os.environ.get("TZ") != zone:
        time.tzset()
    os.umask(task.umask)
    os.chdir(task.folder)
    sys.argv[:] = [""]
    sys.path.insert(0, "")
    if "tempfile" in sys.modules:
        sys.modules["tempfile"].tempdir = None  # TMPDIR may be another one
    gc.enable()


def _take_payload(task: Task, finder: payload.Finder, known: dict[str, dict[str, payload.Source]]) -> bool:
    """Make what the zip brings, and nothing else of its names, importable. False when it is not what others brought."""
    sources = known.get(task.zip_digest)
    if sources is None:
        sources = payload.sources_of(task.zip_text)
    loaded = {name for name in sys.modules if name.partition(".")[0] in payload.ROOTS}
    if sources is None:  # there is more in it than Python source: let Python itself find it in the zip
        _forget(loaded)
        return False
    same = all(name not in loaded or finder.sources[name].digest == source.digest for name, source in sources.items())
    _forget(loaded.difference(sources) if same else loaded)
    finder.sources = sources
    sys.meta_path.insert(0, finder)
    return same


def _forget(names: set[str]) -> None:
    for name in names:
        sys.modules.pop(name, None)
        parent, _dot, child = name.rpartition(".")
        if parent in sys.modules:
            with contextlib.suppress(AttributeError):
                delattr(sys.modules[parent], child)


def _exit_code(error: BaseException | None) -> int:
    if error is None:
        return 0
    if isinstance(error, SystemExit):
        if error.code is None or isinstance(error.code, int):
            return (error.code or 0) & 0xFF
        print(error.code, file=sys.stderr)
        return 1
    # The first frame is the server's.
    traceback.print_exception(type(error), error, error.__traceback__ and error.__traceback__.tb_next)
    return 128 + signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1


def _finish(code: int) -> int:
    """What Python does at its end: wait for threads, run what was registered, flush."""
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            return 120
    return code


def _report(target: mmap.mmap, before: set[str], finder: payload.Finder, compiled: set[tuple[str, str]]) -> None:
    """Tell the server what it would have saved this child to have: the next one has it."""
    report: dict[str, Any] = {
        "modules": [name for name in sys.modules if name not in before and _shared(name, finder)],
        "models": sdk.read_alone(),
        "codes": {key: code for key, code in finder.codes.items() if key not in compiled},
    }
    written = marshal.dumps(report)
    if len(written) <= len(target) - 8:
        target[8 : 8 + len(written)] = written
        target[:8] = len(written).to_bytes(8, "little")  # last: half a report is none


def _shared(name: str, finder: payload.Finder) -> bool:
    root = name.partition(".")[0]
    return name in finder.sources if root in payload.ROOTS else root in SHARED
