"""Settings of gunicorn for all three services: `gunicorn --config python:pixstory_example.gunicorn_conf …`.

Options on the command line win over these.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Any

worker_class = "gthread"
workers = 2
threads = 8
graceful_timeout = 30
# As long as nginx and the load balancers keep idle connections, and a little more: they close first, never gunicorn.
keepalive = 75
# systemd is who controls it.
control_socket_disable = True

# Each worker has its own counters; prometheus_client adds them up from files in here.
_made = None
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    _made = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="pixstory-metrics-")

logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"class": "pixstory_example.observability.JsonFormatter"}},
    "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}},
    "root": {"level": "INFO", "handlers": ["stdout"]},
    # gunicorn's own defaults have handlers that write plain text.
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
        "gunicorn.access": {"level": "WARNING", "handlers": [], "propagate": True},
    },
}


def child_exit(server: Any, worker: Any) -> None:
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(server: Any) -> None:
    if _made:
        shutil.rmtree(_made, ignore_errors=True)
