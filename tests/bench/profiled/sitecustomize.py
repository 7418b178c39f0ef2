"""Python reads this at its start when the folder is on PYTHONPATH: modules of the warm Python are profiled.

The warm Python hands the code of a module to `exec`, in a process of its own.
"""

import builtins
import cProfile
import os
from typing import Any

_exec, _folder = builtins.exec, os.environ["BENCH_PROFILES"]


def _profiled(code: Any, *names: Any, **keywords: Any) -> None:
    if getattr(code, "co_filename", "") != "<stdin>":
        _exec(code, *names, **keywords)
        return
    profile = cProfile.Profile()
    try:
        profile.runcall(_exec, code, *names)
    finally:
        profile.dump_stats(os.path.join(_folder, f"module-{os.getpid()}.prof"))


builtins.exec = _profiled
