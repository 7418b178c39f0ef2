"""python -m tests.bench.profiled ARGUMENTS: `ansible-playbook ARGUMENTS`, itself and each of its tasks profiled."""

import cProfile
import os
import sys
from pathlib import Path

from ansible.cli.playbook import main
from ansible.executor.process.worker import WorkerProcess

FOLDER = Path(os.environ["BENCH_PROFILES"])
run = WorkerProcess._run


def profiled(self: WorkerProcess) -> None:
    cProfile_of_main.disable()  # inherited by the fork
    profile = cProfile.Profile()
    try:
        profile.runcall(run, self)
    finally:
        profile.dump_stats(FOLDER / f"task-{os.getpid()}.prof")


WorkerProcess._run = profiled
cProfile_of_main = cProfile.Profile()
try:
    cProfile_of_main.runcall(main, ["ansible-playbook", *sys.argv[1:]])
finally:
    cProfile_of_main.dump_stats(FOLDER / "main.prof")
