"""OpenVPN clients on machines of a molecule scenario, and the codes that people type."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import shlex
import struct
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from testinfra.host import Host

STEP_SECONDS = 30
IN = "in"
# What a client's log says, and what it comes to.
OUTCOMES = {
    "Initialization Sequence Completed": IN,
    "AUTH_FAILED": "refused: AUTH_FAILED",
    "certificate revoked": "refused: certificate revoked",
    "TLS handshake failed": "refused: TLS handshake failed",
    "process exiting": "exited",
}
ATTEMPT_SECONDS = 90
# Starts a client and says when it began and when it was decided: one command, so that little but OpenVPN is measured.
CONNECT = """
cd {home} && rm -f {name}.log && printf '%s\\n%s\\n' {user} {code} >{name}.login && chmod 0600 {name}.login
begin=$(date +%s.%N)
openvpn --config {name}.ovpn --auth-user-pass {name}.login --dev {device} --dev-type tun --daemon --log {name}.log \\
  --writepid {name}.pid --auth-retry none --connect-retry-max 1 --tls-exit --verb 4 {more}
until grep -qE {outcomes} {name}.log; do sleep 0.05; done
echo "$begin $(date +%s.%N)"; cat {name}.log
"""


@dataclass
class Attempt:
    """What became of a client: ``in``, or why not; its log; seconds until then; the time on the machine."""

    outcome: str
    log: str
    began: float
    decided: float

    @property
    def seconds(self) -> float:
        return self.decided - self.began


@dataclass
class Codes:
    """An authenticator app (RFC 6238: SHA-1, six digits, thirty seconds)."""

    seed: str
    used: set[int] = field(default_factory=set)

    def at(self, step: int) -> str:
        digest = hmac.digest(base64.b32decode(self.seed), struct.pack(">Q", step), hashlib.sha1)
        start = digest[-1] & 15
        return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"

    def fresh(self) -> str:
        """One that the server accepts and that was not used: of this half minute, the next or the last."""
        while True:
            now = int(time.time()) // STEP_SECONDS
            # The oldest last: it may be too old by the time it arrives.
            free = [step for step in (now, now + 1, now - 1) if step not in self.used]
            if free:
                self.used.add(free[0])
                return self.at(free[0])
            time.sleep(1)

    def wrong(self) -> str:
        """One that is none of those around now."""
        now = int(time.time()) // STEP_SECONDS
        good = {self.at(step) for step in range(now - 20, now + 20)}
        return next(code for code in ("000000", *map(str, range(100_000, 100_100))) if code not in good)


@dataclass
class Client:
    """Somebody's client on a machine."""

    machine: Host
    name: str
    server: str
    codes: Codes
    profile: str
    home: str = "/root"
    """Where the machine keeps its files."""

    @property
    def file(self) -> str:
        return f"{self.name}-{self.server}"

    def connect(self, code: str, *options: str, user: str | None = None, profile: str | None = None) -> Attempt:
        """Type the code; wait until it is decided."""
        write = f"umask 077; cat >{self.home}/{self.file}.ovpn <<'END'\n{profile or self.profile}END\n"
        script = write + CONNECT.format(
            home=self.home,
            name=self.file,
            user=user or self.name,
            code=code,
            device=f"tun{self.name[:8]}",
            more=shlex.join(options),
            outcomes=shlex.quote("|".join(OUTCOMES)),
        )
        ran = self.machine.run("timeout %s bash -c %s", str(ATTEMPT_SECONDS), script)
        assert ran.rc == 0, f"undecided after {ATTEMPT_SECONDS} s: {self.log()}\n{ran.stderr}"
        times, _, log = ran.stdout.partition("\n")
        began, decided = map(float, times.split())
        outcome = next(meaning for words, meaning in OUTCOMES.items() if words in log)
        return Attempt(outcome, log, began, decided)

    def log(self) -> str:
        return self.machine.run(f"cat {self.home}/{self.file}.log").stdout

    def alive(self) -> bool:
        return self.machine.run(f"kill -0 $(cat {self.home}/{self.file}.pid)").rc == 0

    def address(self) -> str:
        """The address that the server has given."""
        shown = self.machine.check_output(f"ip -json address show tun{self.name[:8]}")
        return json.loads(shown)[0]["addr_info"][0]["local"]

    def leave(self) -> None:
        """Stop, and wait until it is so."""
        pid = f"{self.home}/{self.file}.pid"
        stop = f"kill $(cat {pid}); while kill -0 $(cat {pid}); do sleep 0.1; done"
        self.machine.run(f"[ -e {pid} ] && {{ {stop}; }} 2>/dev/null")


def handed_out(machine: Host, name: str, server: str, printed: Any) -> Client:
    """The client of who was given what vpn-user printed: the profile and, beside it, the code."""
    assert printed.rc == 0, printed.stderr
    uri = next(line for line in printed.stderr.splitlines() if line.startswith("otpauth://"))
    return Client(machine, name, server, Codes(parse_qs(urlsplit(uri).query)["secret"][0]), printed.stdout)
