# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands for AWS around a virtual machine, on the controller's side.

``aws`` and ``session-manager-plugin`` are put on PATH for ``ssh_proxy``: a key that is sent is told by the instance's
metadata for a minute, and a session is one for which the agent on the machine waits at ``sessions.py``. That is all
that is not as on AWS on the way in. The agents' packages are others of the same names, served and checksummed as AWS's
are.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from lab.machines.gateway import ROOT
from lab.vm import agent, sessions

STATE = "PIXSTORY_VM"  # the variable that names the folder of the virtual machines
LETS_IN = "PIXSTORY_VM_KEY_SECONDS"  # for how long a key is let in
AGENT = "/usr/bin/amazon-ssm-agent"
RUNS = {"amazon-ssm-agent": f"{AGENT} 10.0.2.2 {sessions.PORT}", "amazon-cloudwatch-agent": "/usr/bin/sleep infinity"}
UNIT = (
    "[Unit]\nDescription=Stands for {name}\nWants=network-online.target\nAfter=network-online.target\n"
    "[Service]\nExecStart={runs}\nRestart=always\n[Install]\nWantedBy=multi-user.target\n"
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
    ends = int(time.time()) + int(os.environ.get(LETS_IN, "60"))
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
    with socket.socket(socket.AF_UNIX) as session:
        session.connect(str(folder / sessions.SOCKET))
        threading.Thread(target=_outward, args=(session,), daemon=True).start()
        heard = False
        with contextlib.suppress(ConnectionResetError):
            while data := session.recv(65536):
                heard = True
                os.write(1, data)
    if not heard:
        raise SystemExit("An error occurred (TargetNotConnected) when calling the StartSession operation: no agent")


def _outward(session: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := os.read(0, 65536):
            session.sendall(data)
        session.shutdown(socket.SHUT_WR)


def packages(folder: Path) -> dict[str, str]:
    """Make the agents' packages, ``<name>.deb``; their SHA-256 by name."""
    found = {}
    for name, runs in RUNS.items():
        root = folder / name
        unit = root / "lib" / "systemd" / "system" / f"{name}.service"
        for path, text in ((root / "DEBIAN" / "control", CONTROL), (unit, UNIT)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.format(name=name, runs=runs))
        (root / "opt" / "aws" / name / "etc").mkdir(parents=True, exist_ok=True)
        if name in AGENT:
            program = root / AGENT[1:]
            program.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(agent.__file__, program)
            program.chmod(0o755)
        made = folder / f"{name}.deb"
        subprocess.run(["dpkg-deb", "--root-owner-group", "--build", root, made], check=True, capture_output=True)
        found[name] = hashlib.sha256(made.read_bytes()).hexdigest()
    return found
