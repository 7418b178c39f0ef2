# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands for AWS around a virtual machine, on the controller's side.

``aws`` and ``session-manager-plugin`` are put on PATH for ``ssh_proxy``: a key that is sent is told by the instance's
metadata for a minute, and a session is a connection to the machine's sshd. That is all that is not as on AWS on the way
in. The agents' packages are others of the same names, served and checksummed as AWS's are.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from lab.machines.gateway import ROOT

STATE = "PIXSTORY_VM"  # the variable that names the folder of the virtual machines
KEY_SECONDS = 60
SSH_PORT = 2222  # on loopback of the namespace: sshd of the machine that runs
AGENTS = ("amazon-ssm-agent", "amazon-cloudwatch-agent")
UNIT = (
    "[Unit]\nDescription=Stands for {name}\n[Service]\nExecStart=/usr/bin/sleep infinity\n"
    "[Install]\nWantedBy=multi-user.target\n"
)
CONTROL = (
    "Package: {name}\nVersion: 1.0\nArchitecture: all\nMaintainer: Pixstory platform contributors <lab@localhost>\n"
    "Description: stands for the agent of that name\n"
)


def install(folder: Path) -> Path:
    """The folder for PATH with AWS's commands in it."""
    commands = folder / "bin"
    commands.mkdir(parents=True, exist_ok=True)
    for name in ("aws", "session-manager-plugin"):
        path = commands / name
        text = f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom lab.vm import aws\nsys.exit(aws.main(sys.argv))\n"
        path.write_text(f"#!{sys.executable}\n{text}")
        path.chmod(0o755)
    return commands


def main(argv: list[str]) -> int:
    """Be one of AWS's commands."""
    command, *arguments = argv
    if Path(command).name == "session-manager-plugin":
        print("1.2.0.0")
    elif arguments == ["--version"]:
        print("aws-cli/2.0.0 lab")
    elif arguments[:2] == ["ec2-instance-connect", "send-ssh-public-key"]:
        _send_key(Path(os.environ[STATE]), _options(arguments[2:]))
    elif arguments[:2] == ["ssm", "start-session"]:
        _session(Path(os.environ[STATE]), _options(arguments[2:]))
    else:
        raise SystemExit(f"the virtual machine's aws knows no {' '.join(arguments[:2])}")
    return 0


def _options(arguments: list[str]) -> dict[str, str]:
    return dict(zip(arguments[::2], arguments[1::2], strict=True))


def _send_key(folder: Path, options: dict[str, str]) -> None:
    key = Path(options["--ssh-public-key"].removeprefix("file://")).read_text().strip()
    ends = int(time.time()) + KEY_SECONDS
    let_in = {"user": options["--instance-os-user"], "key": key, "ends": ends}
    known = change(folder, options["--instance-id"], let_in)
    if not known:
        raise SystemExit("An error occurred (EC2InstanceNotFoundException) when calling the SendSSHPublicKey operation")
    print(json.dumps({"RequestId": "lab", "Success": True}))


def change(folder: Path, instance: str, let_in: dict[str, Any]) -> bool:
    """Add a key to what the metadata of an instance tells; whether there is such an instance."""
    path = folder / "imds.json"
    with (folder / "imds.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        told = json.loads(path.read_text())
        found = [one for one in told.values() if one["instance_id"] == instance]
        for one in found:
            kept = [key for key in one.get("managed_keys", []) if key["ends"] > time.time()]
            one["managed_keys"] = [*kept, let_in]
        new = path.with_suffix(".new")
        new.write_text(json.dumps(told))
        new.replace(path)
    return bool(found)


def _session(folder: Path, options: dict[str, str]) -> None:
    told = json.loads((folder / "imds.json").read_text())
    if options["--target"] not in {one["instance_id"] for one in told.values()}:
        raise SystemExit("An error occurred (TargetNotConnected) when calling the StartSession operation")
    namespace = (folder / "namespace").read_text()
    with open(namespace) as inside:
        os.setns(inside.fileno(), os.CLONE_NEWNET)
    with socket.create_connection(("127.0.0.1", SSH_PORT), 10) as sshd:
        sshd.settimeout(None)
        threading.Thread(target=_outward, args=(sshd,), daemon=True).start()
        while data := sshd.recv(65536):
            os.write(1, data)


def _outward(sshd: socket.socket) -> None:
    while data := os.read(0, 65536):
        sshd.sendall(data)
    sshd.shutdown(socket.SHUT_WR)


def packages(folder: Path) -> dict[str, str]:
    """Make the agents' packages, ``<name>.deb``; their SHA-256 by name."""
    found = {}
    for name in AGENTS:
        root = folder / name
        unit = root / "lib" / "systemd" / "system" / f"{name}.service"
        for path, text in ((root / "DEBIAN" / "control", CONTROL), (unit, UNIT)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.format(name=name))
        (root / "opt" / "aws" / name / "etc").mkdir(parents=True, exist_ok=True)
        made = folder / f"{name}.deb"
        subprocess.run(["dpkg-deb", "--root-owner-group", "--build", root, made], check=True, capture_output=True)
        found[name] = hashlib.sha256(made.read_bytes()).hexdigest()
    return found
