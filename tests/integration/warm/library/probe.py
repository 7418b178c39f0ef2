#!/usr/bin/python
"""Tells everything of its process that a task can influence."""

from __future__ import annotations

import locale
import os
import resource
import signal
import stat
import sys
import threading
import time
import warnings

from ansible.module_utils.basic import AnsibleModule

import __main__


def main() -> None:
    module = AnsibleModule(
        {"text": {"type": "str"}, "secret": {"type": "str", "no_log": True}}, supports_check_mode=True
    )
    mask = os.umask(0)
    os.umask(mask)
    mode = os.fstat(0).st_mode
    module.exit_json(
        changed=True,
        text=module.params["text"],
        secret=module.params["secret"],
        check_mode=module.check_mode,
        difference=module._diff,
        environment={name: value for name, value in os.environ.items() if name != "_"},
        folder=os.getcwd(),
        umask=oct(mask),
        argv=sys.argv,
        executable=sys.executable,
        prefix=sys.prefix,
        main={name: str(getattr(__main__, name, None)) for name in ("__name__", "__package__", "__doc__")},
        main_file=os.path.basename(__file__),
        stdin={"fifo": stat.S_ISFIFO(mode), "tty": sys.stdin.isatty(), "text": sys.stdin.read()},
        encodings=[sys.stdin.encoding, sys.stdout.encoding, sys.stderr.errors, locale.getpreferredencoding()],
        buffered=[sys.stdout.line_buffering, sys.stderr.line_buffering],
        path=[folder for folder in sys.path if "_payload_" not in folder],
        signals={
            s.name: str(signal.getsignal(s)).split(" at ")[0] for s in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)
        },
        files=resource.getrlimit(resource.RLIMIT_NOFILE),
        descriptors=sorted(int(fd) for fd in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{fd}")),
        threads=threading.active_count(),
        zone=time.tzname,
        filters=len(warnings.filters) > 0,
        collector=__import__("gc").isenabled(),
        bytecode=sys.dont_write_bytecode,
        recursion=sys.getrecursionlimit(),
    )


if __name__ == "__main__":
    main()
