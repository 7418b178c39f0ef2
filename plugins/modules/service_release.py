#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: service_release
version_added: "0.2.0"
short_description: Take a release of a service, if it answers
description:
  - Points C(current) to a release in C(releases/), restarts the systemd services that run it, and waits until they
    answer. If they do not, the release that answered last is put back, and the module fails with what the log said.
  - Restarts a service also when its unit, a drop-in or one of O(files) is newer than its process. So a run that was
    interrupted before a restart is made up for by the next one.
  - A release that has once answered is marked with the file C(.answered). Only such a release is gone back to.
  - The socket is systemd's and stays while the services are restarted, so no connection is refused meanwhile. See
    U(https://www.freedesktop.org/software/systemd/man/systemd.socket.html).
  - Migrations are not undone when a release is. They must suit the release before, too.
author: Pixstory platform contributors (@pixstory)
options:
  path:
    description: The directory with C(releases/) and C(current).
    type: path
    required: true
  release:
    description: The name of the release in C(releases/).
    type: str
    required: true
  services:
    description: The systemd services that run the release, in the order in which they are restarted.
    type: list
    elements: str
    required: true
  socket:
    description: The systemd socket of the services. Without it they listen for themselves.
    type: str
  files:
    description: Files that the services read when they start, beside their units. One that is not there is left out.
    type: list
    elements: path
    default: []
  before:
    description: A oneshot unit that is started before C(current) points to another release, for its migrations.
    type: str
  health_url:
    description:
      - What answers 200 once the service works. V(http://unix:/run/web.sock:/healthz) is a Unix socket, as in nginx.
      - The certificate of an https address is not verified.
    type: str
    required: true
  timeout:
    description: Seconds that the services have to answer.
    type: int
    default: 60
  drain:
    description: Seconds that a service has to end before its successor starts. They are added to O(timeout).
    type: int
    default: 30
  keep:
    description: Releases that are kept, with this one and the one that would be gone back to.
    type: int
    default: 3
  state:
    description: V(stopped) points to the release and starts nothing, as for an image.
    type: str
    choices: [started, stopped]
    default: started
attributes:
  check_mode:
    description: Tells what would be done; writes and starts nothing.
    support: full
  diff_mode:
    description: Shows the release before and after.
    support: full
"""

EXAMPLES = r"""
- name: Take the release
  pixstory.platform.service_release:
    path: /srv/app
    release: 3f8a2c9d1e7b
    socket: app.socket
    services: [app.service]
    files: [/run/pixstory/app.env]
    before: app-migrate@3f8a2c9d1e7b.service
    health_url: http://127.0.0.1:8000/readyz
"""

RETURN = r"""
release:
  description: The release that C(current) points to.
  returned: always
  type: str
previous:
  description: The release that it pointed to before. Empty if there was none.
  returned: always
  type: str
restarted:
  description: Units that were started or restarted.
  returned: success
  type: list
  elements: str
removed:
  description: Releases that were removed.
  returned: success
  type: list
  elements: str
"""

import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ansible.module_utils.basic import AnsibleModule

ANSWERED = ".answered"
# Restarts by systemd itself after which a service is taken for one that does not start.
RESTARTS = 3
POLL_SECONDS = 0.25
# Of what a start has said. Why it ended stands among the first lines; gunicorn and systemd say more after it.
FIRST_LINES = 14
LAST_LINES = 6
LINE_END = 140
LOG_LINES = 400


class Failed(Exception):
    """The services do not answer; the text says why."""


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def health(url: str, timeout: float) -> str:
    """Why a URL does not answer 200; empty if it does."""
    connection: http.client.HTTPConnection
    if url.startswith("http://unix:"):
        path, _dummy, target = url.removeprefix("http://unix:").partition(":")
        connection = UnixConnection(path, timeout)
    else:
        parts = urlsplit(url)
        target = parts.path or "/"
        if parts.scheme == "https":
            context = ssl._create_unverified_context()
            connection = http.client.HTTPSConnection(parts.netloc, timeout=timeout, context=context)
        else:
            connection = http.client.HTTPConnection(parts.netloc, timeout=timeout)
    try:
        connection.request("GET", target, headers={"Connection": "close"})
        reply = connection.getresponse()
        body = reply.read(500).decode(errors="replace").strip()
        return "" if reply.status == 200 else f"{url} answers {reply.status}: {body}"
    except (OSError, http.client.HTTPException) as error:
        return f"{url} does not answer: {error or type(error).__name__}"
    finally:
        connection.close()


# What asks systemd has no module at hand, whose run_command would want one.
# pylint: disable=ansible-bad-function


def systemctl(*arguments: str) -> tuple[int, str]:
    """Run systemctl; the status and what it said."""
    done = subprocess.run(["systemctl", *arguments], capture_output=True, text=True, check=False)
    return done.returncode, (done.stdout + done.stderr).strip()


def show(unit: str) -> dict[str, str]:
    """The state of a unit."""
    wanted = (
        "ActiveState,SubState,Result,Job,InvocationID,NRestarts,NeedDaemonReload,FragmentPath,DropInPaths,"
        "ExecMainStartTimestampMonotonic,ActiveEnterTimestampMonotonic"
    )
    lines = systemctl("show", "--property", wanted, unit)[1].splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def started_at(state: dict[str, str]) -> float:
    """When the process of a unit started, or a socket began to listen, by the clock of file times."""
    stamp = state.get("ExecMainStartTimestampMonotonic") or state.get("ActiveEnterTimestampMonotonic") or "0"
    return time.time() - time.monotonic() + int(stamp) / 1e6


def is_stale(unit: str, files: list[str]) -> bool:
    """Whether a unit does not run, or something that it read when it started has changed since."""
    state = show(unit)
    if state.get("ActiveState") != "active" or state.get("NeedDaemonReload") == "yes":
        return True
    read = [state.get("FragmentPath", ""), *state.get("DropInPaths", "").split(), *files]
    return any(os.stat(path).st_ctime > started_at(state) for path in read if path and os.path.exists(path))


def log(unit: str, since: float = 0, earlier: str = "") -> str:
    """What a unit said in its last start since a time, other than the invocation that stood before."""
    command = ["journalctl", "--unit", unit, "--since", f"@{since:.3f}", "--lines", str(LOG_LINES)]
    command += ["--output", "json", "--all", "--no-pager"]
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    return told([json.loads(line) for line in lines], earlier)


def told(entries: list[dict[str, Any]], earlier: str) -> str:
    """The first and the last lines of a start. The last start may have only just begun: then the one before it."""
    starts: dict[str, list[str]] = {}
    for entry in entries:
        # The first is in what systemd itself says of a unit.
        invocation = entry.get("INVOCATION_ID") or entry.get("_SYSTEMD_INVOCATION_ID") or ""
        text = entry.get("MESSAGE")
        if invocation != earlier and isinstance(text, str) and text.strip():
            starts.setdefault(invocation, []).append(shortened(text.strip()))
    lines = max(reversed(list(starts.values())[-2:]), key=len, default=[])
    if len(lines) > FIRST_LINES + LAST_LINES:
        lines = [*lines[:FIRST_LINES], "…", *lines[-LAST_LINES:]]
    return " | ".join(lines)


def shortened(line: str) -> str:
    """A line, without its middle where it is long."""
    return line if len(line) <= 2 * LINE_END else f"{line[:LINE_END]} … {line[-LINE_END:]}"


class Releases:
    """The directory with ``releases/`` and ``current``."""

    def __init__(self, path: Path) -> None:
        self.link = path / "current"
        self.folder = path / "releases"

    def current(self) -> str:
        """The release that ``current`` points to, or nothing."""
        return self.link.readlink().name if self.link.is_symlink() else ""

    def point_to(self, release: str) -> None:
        """Point ``current`` to a release in one step: at no time is there none."""
        draft = self.link.with_name(".current.new")
        draft.unlink(missing_ok=True)
        draft.symlink_to(Path("releases") / release)
        draft.rename(self.link)

    def answered(self, release: str) -> bool:
        """Whether a release has once answered."""
        return (self.folder / release / ANSWERED).exists()

    def mark(self, release: str) -> None:
        """A release answers now."""
        (self.folder / release / ANSWERED).touch()

    def newest(self) -> list[str]:
        """All releases, the one that answered last first, then those that never did."""

        def age(path: Path) -> tuple[bool, float]:
            mark = path / ANSWERED
            return (not mark.exists(), -(mark if mark.exists() else path).stat().st_mtime)

        return [path.name for path in sorted((path for path in self.folder.iterdir() if path.is_dir()), key=age)]

    def fallback(self, release: str) -> str:
        """The release that answered last, other than this one; or nothing."""
        return next((name for name in self.newest() if name != release and self.answered(name)), "")


class Service:
    """What runs a release."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self.services: list[str] = parameters["services"]
        self.socket: str | None = parameters["socket"]
        self.files: list[str] = parameters["files"]
        self.health_url: str = parameters["health_url"]
        self.timeout: float = parameters["timeout"]
        self.drain: float = parameters["drain"]
        self.since = 0.0

    def stale(self) -> list[str]:
        """Units that have to be started or restarted."""
        if self.socket and is_stale(self.socket, []):
            return [self.socket, *self.services]
        return [unit for unit in self.services if is_stale(unit, self.files)]

    def restart(self, units: list[str]) -> None:
        """Restart units and wait until all services answer."""
        self.since = time.time()
        before = {unit: show(unit).get("InvocationID", "") for unit in units}
        systemctl("daemon-reload")
        systemctl("reset-failed", *units)
        if self.socket in units:
            # systemd starts no socket whose service runs on another one.
            systemctl("stop", *reversed(units))
        for unit in units:
            status, said = systemctl("restart", "--no-block", unit)
            if status != 0:
                raise Failed(f"{unit}: {said}")
        self.wait(before)

    def wait(self, before: dict[str, str]) -> None:
        """Wait until all services answer; before: the invocations that must have gone."""
        limit = time.monotonic() + self.timeout + (self.drain if before else 0)
        while True:
            reason = self.reason(before)
            if not reason:
                return
            if time.monotonic() > limit:
                waiting = [unit for unit in self.services if show(unit).get("ActiveState") != "active"]
                logs = [self.log(unit, before) for unit in waiting]
                raise Failed(": ".join([f"after {self.timeout:g} s: {reason}", *logs]))
            time.sleep(POLL_SECONDS)

    def reason(self, before: dict[str, str]) -> str:
        """Why the services do not answer yet; empty if they do."""
        for unit in self.services:
            state = show(unit)
            # What was stopped while it started has failed for a moment, until its start, which waits, begins.
            failed = state.get("ActiveState") == "failed" and not state.get("Job")
            if failed or int(state.get("NRestarts") or 0) >= RESTARTS:
                raise Failed(f"{unit} does not start ({state.get('Result')}): {self.log(unit, before)}")
            if state.get("ActiveState") != "active":
                return f"{unit} is {state.get('ActiveState')} ({state.get('SubState')})"
            if before.get(unit) and state.get("InvocationID") == before[unit]:
                return f"{unit} has not stopped yet"
        return health(self.health_url, min(5.0, self.timeout))

    def log(self, unit: str, before: dict[str, str]) -> str:
        """What a unit has said since it was restarted."""
        return log(unit, self.since, before.get(unit, "")) or "it has logged nothing"

    def stop(self) -> None:
        """Stop everything; the socket first, or a connection would start it again."""
        systemctl("stop", *([self.socket] if self.socket else []), *self.services)


def take(module: AnsibleModule, releases: Releases, service: Service) -> tuple[list[str], str]:
    """Make the release the current one; the units that were restarted, and what is to be told of a failure."""
    release, before = module.params["release"], module.params["before"]
    if releases.current() != release or not releases.answered(release):
        if before:
            since = time.time()
            status, said = systemctl("start", before)
            if status != 0:
                return [], f"Nothing was changed: {before} failed. {log(before, since) or said}"
        if releases.current() != release:
            releases.point_to(release)
            units = ([service.socket] if service.socket and is_stale(service.socket, []) else []) + service.services
        else:
            units = service.stale()
    else:
        units = service.stale()
    try:
        if units:
            service.restart(units)
        else:
            service.wait({})
    except Failed as failure:
        return units, go_back(releases, service, release, failure)
    releases.mark(release)
    return units, ""


def go_back(releases: Releases, service: Service, release: str, failure: Failed) -> str:
    """Undo a release that does not answer; what is to be told."""
    if releases.answered(release):
        return f"Release {release}, which has answered before, does not answer with its units and settings. {failure}"
    fallback = releases.fallback(release)
    if not fallback:
        releases.link.unlink()
        service.stop()
        return f"Release {release} does not answer; there is none to go back to, so nothing runs. {failure}"
    releases.point_to(fallback)
    try:
        service.restart(service.services)
    except Failed as second:
        return f"Release {release} does not answer. {failure} Nor does {fallback}, which was put back. {second}"
    return f"Release {release} does not answer; release {fallback} was put back, and answers. {failure}"


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "release": {"type": "str", "required": True},
            "services": {"type": "list", "elements": "str", "required": True},
            "socket": {"type": "str"},
            "files": {"type": "list", "elements": "path", "default": []},
            "before": {"type": "str"},
            "health_url": {"type": "str", "required": True},
            "timeout": {"type": "int", "default": 60},
            "drain": {"type": "int", "default": 30},
            "keep": {"type": "int", "default": 3},
            "state": {"type": "str", "choices": ["started", "stopped"], "default": "started"},
        },
        supports_check_mode=True,
    )
    releases, service = Releases(Path(module.params["path"])), Service(module.params)
    release, previous = module.params["release"], releases.current()
    started = module.params["state"] == "started"
    result: dict[str, Any] = {
        "release": release,
        "previous": previous,
        "restarted": [],
        "removed": [],
        "diff": {"before": {"release": previous}, "after": {"release": release}},
    }
    if module.check_mode:
        flips = previous != release
        result["restarted"] = (service.services if flips else service.stale()) if started else []
        module.exit_json(changed=flips or bool(result["restarted"]), **result)
    if not (releases.folder / release).is_dir():
        module.fail_json(msg=f"There is no release {release} in {releases.folder}: unpack it there first.", **result)
    if started:
        result["restarted"], problem = take(module, releases, service)
        if problem:
            result["release"] = releases.current()
            module.fail_json(msg=problem, **result)
    elif previous != release:
        releases.point_to(release)
    kept = [release, releases.fallback(release), *releases.newest()]
    kept = list(dict.fromkeys(name for name in kept if name))[: module.params["keep"]]
    result["removed"] = [name for name in releases.newest() if name not in kept]
    for name in result["removed"]:
        shutil.rmtree(releases.folder / name)
    changed = previous != release or bool(result["restarted"] or result["removed"])
    module.exit_json(changed=changed, **result)


if __name__ == "__main__":
    main()
