# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands for Systems Manager between ``aws ssm start-session`` and the agent of the machine that runs."""

from __future__ import annotations

import select
import socket
import sys
import threading
from pathlib import Path

from lab.machines.gateway import listen_inside
from lab.vm.agent import join

PORT = 5113
SOCKET = "sessions"  # in the folder of the virtual machines: where the controller asks for a session


class Sessions:
    """The connection on which the agent waits. The newest: that of before a reboot leads nowhere."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting: socket.socket | None = None

    def _change(self, to: socket.socket | None) -> socket.socket | None:
        with self.lock:
            before, self.waiting = self.waiting, to
        return before

    def agents(self, listener: socket.socket) -> None:
        """Let agents wait."""
        while True:
            before = self._change(listener.accept()[0])
            if before is not None:
                before.close()

    def controllers(self, listener: socket.socket) -> None:
        """Give each who asks for a session the agent that waits; without one the connection ends at once."""
        while True:
            asks, _ = listener.accept()
            agent = self._change(None)
            # An agent says nothing before ssh does: what can be read is its end.
            if agent is None or select.select([agent], [], [], 0)[0]:
                asks.close()
            else:
                threading.Thread(target=join, args=(asks, agent), daemon=True).start()


def main(folder: Path, namespace: Path) -> None:
    """Serve until this process is ended."""
    outside = folder / SOCKET
    outside.unlink(missing_ok=True)
    sessions = Sessions()
    inside = listen_inside(namespace, "127.0.0.1", PORT)
    threading.Thread(target=sessions.agents, args=(inside,), daemon=True).start()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(outside))
        listener.listen()
        sessions.controllers(listener)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
