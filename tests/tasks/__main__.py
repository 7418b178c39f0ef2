"""``python -m tests.tasks FOLDER``: the tasks that no test has run, and what never.yml names though it has run."""

from __future__ import annotations

import sys
from pathlib import Path

from . import NEVER, never, reasons, written


def main() -> int:
    folder = Path(sys.argv[1])
    missing, known = never(folder), reasons()
    unexplained = [task for task in missing if task not in known]
    explained = [task for task in missing if task in known]
    needless = sorted(known.keys() - set(missing))
    print(f"{len(written())} tasks, {len(missing)} of them never run by a test")
    print("".join(f"  {task}\n    {known[task]}\n" for task in explained), end="")
    if unexplained:
        print(f"Never run, and without a reason in {NEVER.name}:", *unexplained, sep="\n  ")
    if needless:
        print(f"In {NEVER.name}, and run or not there any more:", *needless, sep="\n  ")
    return 1 if unexplained or needless else 0


if __name__ == "__main__":
    sys.exit(main())
