# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is who: processes and the two ends of a socket."""

from __future__ import annotations

import socket
import struct

_CREDENTIALS = struct.Struct("3i")  # process, user, group; see unix(7)


def user_of(connection: socket.socket) -> int:
    """The user of the process at the other end."""
    answer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return _CREDENTIALS.unpack(answer)[1]


def start_time(pid: int) -> str:
    """When the process started, in clock ticks since boot: with the process id, an identity. See proc(5)."""
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[19]
