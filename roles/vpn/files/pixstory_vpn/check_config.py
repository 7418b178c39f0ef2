"""Try a server configuration: OpenVPN has no option for it, so it is started beside the running server and stopped.

With a port, a device and a management socket of its own, and without touching addresses or routes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress

SECONDS = 20
READY = "Initialization Sequence Completed"


def check(path: str) -> str | None:
    """What OpenVPN says against the configuration; None where it starts with it."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["openvpn", "--config", path, "--suppress-timestamps", "--verb", "3"]
        command += ["--lport", "0", "--dev", "vpncheck", "--ifconfig-noexec", "--route-noexec"]
        command += ["--management", f"{folder}/management.sock", "unix"]
        tried = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        # The whole group: OpenVPN has a helper process for PAM, and one that would ask for a password.
        alarm = threading.Timer(SECONDS, os.killpg, (tried.pid, signal.SIGKILL))
        alarm.start()
        said = []
        for line in tried.stdout:
            said.append(line)
            if READY in line:
                break
        alarm.cancel()
        with suppress(ProcessLookupError):
            os.killpg(tried.pid, signal.SIGKILL)
        tried.wait()
        return None if said and READY in said[-1] else "".join(said[-5:])


def main() -> int:
    complaint = check(sys.argv[1])
    if complaint:
        print(f"OpenVPN does not start with this configuration:\n{complaint}", file=sys.stderr)
    return 1 if complaint else 0
