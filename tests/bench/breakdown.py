"""Where the time of a run goes, from the profiles that tests.bench.profiled leaves."""

from __future__ import annotations

import pstats
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Part:
    """Seconds below some functions, given as (end of the file's name, function), but for what is in other parts."""

    name: str
    functions: tuple[tuple[str, str], ...]
    without: tuple[str, ...] = ()


MAIN = (
    Part("starting the processes of tasks", (("popen_fork.py", "_launch"),)),
    Part("waiting for tasks", (("~", "<built-in method time.sleep>"),)),
    Part("packing modules ahead, the fork of it", (("warm/ahead.py", "pack"),)),
)
TASK = (
    Part("waiting for the module", (("connection/warm.py", "exec_command"),)),
    Part("putting the module together", (("module_common.py", "modify_module"),)),
    Part("compiling templates", (("jinja2/environment.py", "compile"),)),
    Part("templating", (("_templating/_engine.py", "template"),), without=("compiling templates",)),
    Part("loading plugins", (("plugins/loader.py", "get_with_context"),)),
    Part("reading what the module answered", (("action/__init__.py", "_parse_returned_data"),)),
)
MODULE = (
    Part("waiting for the API", (("httpsession.py", "send"),)),
    Part("making clients", (("botocore/session.py", "create_client"),)),
    Part("calls", (("botocore/client.py", "_make_api_call"),), without=("waiting for the API",)),
    Part("reading arguments", (("module_utils/basic.py", "__init__"),)),
)


def breakdown(folder: Path) -> list[list[str]]:
    """Rows of a table: process, part, seconds, share of that process."""
    rows: list[list[str]] = []
    for name, pattern, parts in (
        ("ansible-playbook", "main.prof", MAIN),
        ("its tasks", "task-*.prof", TASK),
        ("modules", "module-*.prof", MODULE),
    ):
        files = [str(file) for file in sorted(folder.glob(pattern)) if file.stat().st_size]
        rows += _rows(f"{name} ({len(files)})", pstats.Stats(*files), parts)
    return rows


def _rows(name: str, stats: pstats.Stats, parts: Sequence[Part]) -> list[list[str]]:
    total = stats.total_tt  # type: ignore[attr-defined]
    below = {part.name: _below(stats, part) for part in parts}
    seconds = {part.name: below[part.name] - sum(below[other] for other in part.without) for part in parts}
    seconds["the rest"] = total - sum(seconds.values())
    return [[name, part, f"{value:.1f}", f"{value / total:.0%}"] for part, value in seconds.items()]


def _below(stats: pstats.Stats, part: Part) -> float:
    return sum(
        entry[3]  # with what it calls
        for (file, _line, function), entry in stats.stats.items()  # type: ignore[attr-defined]
        if any(file.endswith(end) and function == wanted for end, wanted in part.functions)
    )
