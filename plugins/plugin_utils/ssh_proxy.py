# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ProxyCommand of SSH to a machine on EC2: has a key let in for a minute, then opens the way to its sshd.

No machine holds a key of ours. EC2 Instance Connect tells a machine, for 60 seconds, the public key that it is given:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-connect-methods.html
The way is a session of Systems Manager, or through the VPN a TCP connection that ssh is handed over:
https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-getting-started-enable-ssh-connections.html

It runs before ssh needs the files that it makes: ssh reads known hosts and private key once it hears the machine.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

KEY = "key"
KNOWN_HOSTS = "known_hosts"
# A key is worth nothing without the right to have it let in; it is made again all the same.
KEY_LIFE_SECONDS = 86400
CONNECT_TIMEOUT_SECONDS = 15
# What AWS throttles and what a network loses is tried again by the command line interface itself.
ATTEMPTS = {"AWS_MAX_ATTEMPTS": "6", "AWS_RETRY_MODE": "standard"}


def parser() -> argparse.ArgumentParser:
    """The command line; ``ssh_options`` writes it."""
    found = argparse.ArgumentParser(prog="ssh_proxy", description=__doc__)
    found.add_argument("--connection", choices=["ssm", "vpn"], required=True)
    found.add_argument("--region", required=True)
    found.add_argument("--instance", required=True)
    found.add_argument("--folder", type=Path, required=True, help="where the key and the known hosts are")
    found.add_argument("--user", required=True)
    found.add_argument("--host", required=True)
    found.add_argument("--port", type=int, required=True)
    found.add_argument("--key-is-there", action="store_true", help="the machine lets a key in already: make none")
    return found


def ensure_key(folder: Path, now: float) -> Path:
    """The public key of this environment on this computer, made again each day. Two at once make one."""
    key = folder / KEY
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not key.exists() or not 0 <= now - key.stat().st_mtime < KEY_LIFE_SECONDS:
            made = folder / f"{KEY}.new"
            made.unlink(missing_ok=True)
            _run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", folder.name, "-f", str(made)])
            made.with_suffix(".new.pub").replace(folder / f"{KEY}.pub")
            made.replace(key)
    return folder / f"{KEY}.pub"


def let_in(public_key: Path, arguments: argparse.Namespace) -> None:
    """Have the machine take the key for a minute."""
    command = ["aws", "ec2-instance-connect", "send-ssh-public-key", "--region", arguments.region]
    command += ["--instance-id", arguments.instance, "--instance-os-user", arguments.user]
    _run([*command, "--ssh-public-key", f"file://{public_key}", "--output", "json"])


def _run(command: Sequence[str]) -> None:
    answer = subprocess.run(command, capture_output=True, text=True, env=ATTEMPTS | os.environ)
    if answer.returncode:
        said = (answer.stderr or answer.stdout).strip()
        raise SystemExit(f"{' '.join(command[:3])} failed: {said}")


def open_session(arguments: argparse.Namespace) -> None:
    """Become the session of Systems Manager that leads to the machine's sshd."""
    command = ["aws", "ssm", "start-session", "--region", arguments.region, "--target", arguments.instance]
    command += ["--document-name", "AWS-StartSSHSession", "--parameters", f"portNumber={arguments.port}"]
    os.execvpe("aws", command, ATTEMPTS | os.environ)


def hand_over(arguments: argparse.Namespace) -> None:
    """Give ssh a connection to the machine: ProxyUseFdpass has made the standard output a socket for it."""
    try:
        with (
            socket.create_connection((arguments.host, arguments.port), CONNECT_TIMEOUT_SECONDS) as connection,
            socket.socket(fileno=os.dup(1)) as ssh,
        ):
            connection.setblocking(True)
            socket.send_fds(ssh, [b"\0"], [connection.fileno()])
    except OSError as error:
        text = f"{arguments.host} port {arguments.port}: {error}. platform_connection is vpn: is the VPN up?"
        raise SystemExit(text) from None


def main(argv: Sequence[str] | None = None) -> None:
    """Open the way that the command line names."""
    arguments = parser().parse_args(argv)
    needed = ["aws", "session-manager-plugin"] if arguments.connection == "ssm" else ["aws"]
    lacking = [name for name in needed if not shutil.which(name)]
    if lacking:
        raise SystemExit(
            f"not found on PATH: {', '.join(lacking)}. README.md, 'Running one for real', says how to install it"
        )
    arguments.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not arguments.key_is_there:
        let_in(ensure_key(arguments.folder, time.time()), arguments)
    if arguments.connection == "ssm":
        open_session(arguments)
    else:
        hand_over(arguments)


if __name__ == "__main__":
    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"ssh_proxy: {end.code}\n")
            end.code = 1
        raise
