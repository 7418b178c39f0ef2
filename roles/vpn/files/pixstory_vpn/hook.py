"""What OpenVPN runs, unprivileged, when a session begins and ends.

At the beginning it refuses who must not enter though certificate and code are good, by exiting with 1.
"""

from __future__ import annotations

import os

from .people import canonical_serial, refusal
from .sessions import now, record
from .store import read_people


def main() -> int:
    environment = os.environ
    person = environment["common_name"]
    who = {
        "address": environment.get("trusted_ip") or environment.get("trusted_ip6"),
        "port": int(environment["trusted_port"]),
    }
    if environment["script_type"] == "client-disconnect":
        record(
            "disconnect",
            person,
            **who,
            assigned=environment["ifconfig_pool_remote_ip"],
            bytes_received=int(environment["bytes_received"]),
            bytes_sent=int(environment["bytes_sent"]),
            seconds=int(environment["time_duration"]),
        )
        return 0
    # The code belongs to the name that was typed: it must be the certificate's.
    reason = "username" if environment.get("username") != person else None
    serial = canonical_serial(environment["tls_serial_hex_0"])
    reason = reason or refusal(read_people().get(person), now(), serial)
    if reason:
        record("refused", person, **who, reason=reason)
        return 1
    record("connect", person, **who, assigned=environment["ifconfig_pool_remote_ip"])
    return 0
