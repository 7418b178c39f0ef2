#!/usr/bin/python3
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fetches the settings of a machine's service, and says when the service answers.

``settings`` writes ``/run/pixstory/<service>.env``, an EnvironmentFile of systemd, and beside it
``/run/pixstory/<service>/<NAME>`` for each value that such a file cannot hold. ``/run`` is a tmpfs: no secret stays on
the disk, and everything is fetched again at each boot. ``ready`` polls the service and then completes the launch
lifecycle action of the machine's Auto Scaling group.

What is away (metadata, Systems Manager, Secrets Manager, a parameter that nobody has set yet) is waited for, for ever:
a machine that has just scaled out has nobody who would start it again. No message contains a value.

Runs on Debian's Python and python3-boto3, from Debian 12 on.

- https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
- https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html
- https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html
- https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CompleteLifecycleAction.html
- https://www.freedesktop.org/software/systemd/man/systemd.exec.html#EnvironmentFile=
"""

from __future__ import annotations

import argparse
import grp
import ipaddress
import json
import os
import random
import re
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

RUN = Path("/run/pixstory")
METADATA = "http://169.254.169.254"
FIRST_DELAY, LONGEST_DELAY = 1.0, 30.0
LONGEST_UNTIL_READY = 5.0  # a machine takes traffic once it is found ready, and the question is to itself
SILENCE = 60.0
TIMEOUT = 5.0

# What systemd takes for the name of a variable. It drops a line with another name and logs the whole line, value and
# all; the same with a value that has control characters. So neither may get into an EnvironmentFile.
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

Value = str | bytes


class NotYet(Exception):
    """Something that is waited for. The text says what, without any value."""


@dataclass(frozen=True)
class Identity:
    """Who this machine is, by its metadata and tags."""

    region: str
    instance_id: str
    environment: str
    role: str

    @property
    def path(self) -> str:
        """The path of its parameters and secrets, with a slash at both ends."""
        return f"/{self.environment}/{self.role}/"


# What retries


def retry(
    attempt: Callable[[], Any],
    *,
    longest: float = LONGEST_DELAY,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    say: Callable[[str], None] = lambda text: print(text, file=sys.stderr, flush=True),
) -> Any:
    """Try until it works. Waits 1 s to `longest`, with jitter, and says why once a minute at most."""
    delay, said = FIRST_DELAY, -SILENCE
    while True:
        try:
            return attempt()
        except NotYet as reason:
            if clock() - said >= SILENCE:
                said = clock()
                say(f"waiting: {reason}")
        sleep(random.uniform(max(FIRST_DELAY, delay / 2), delay))
        delay = min(longest, delay * 2)


# Who am I


class Metadata:
    """The instance metadata service, version 2."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint.rstrip("/")
        # A proxy has no business between a machine and its own metadata.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.token = ""

    def get(self, path: str) -> str:
        """One value."""
        if not self.token:
            self.token = self._read("PUT", "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "300"})
        return self._read("GET", f"/latest/meta-data/{path}", {"X-aws-ec2-metadata-token": self.token})

    def _read(self, method: str, path: str, headers: dict[str, str]) -> str:
        request = urllib.request.Request(self.endpoint + path, method=method, headers=headers)
        try:
            with self.opener.open(request, timeout=TIMEOUT) as reply:
                text: str = reply.read().decode().strip()
                return text
        except urllib.error.HTTPError as error:
            hint = ""
            if error.code == 404 and "/tags/" in path:
                hint = "; give the instance this tag, and its launch template instance_metadata_tags: enabled"
            raise NotYet(f"instance metadata answers {error.code} to {path}{hint}") from error
        except (OSError, ValueError) as error:
            raise NotYet(f"instance metadata at {self.endpoint} does not answer: {error}") from error


def identity(metadata: Metadata, service: str) -> Identity:
    """Who this machine is; its tag ``Role`` is the service that its image was made for."""
    found = Identity(
        region=metadata.get("placement/region"),
        instance_id=metadata.get("instance-id"),
        environment=metadata.get("tags/instance/Environment"),
        role=metadata.get("tags/instance/Role"),
    )
    if found.role != service:
        raise NotYet(f"the tag Role of this machine is {found.role}, and its image is made for {service}: change one")
    return found


def client(name: str, region: str) -> Any:
    """A client of boto3 with the machine's own role. Debian 12's boto3 does not read AWS_ENDPOINT_URL by itself."""
    import boto3
    from botocore.config import Config

    limits = Config(connect_timeout=TIMEOUT, read_timeout=TIMEOUT, retries={"total_max_attempts": 2})
    endpoint = os.environ.get("AWS_ENDPOINT_URL") or None
    return boto3.session.Session().client(name, region_name=region, endpoint_url=endpoint, config=limits)


def asked(attempt: Callable[[], Any]) -> Any:
    """What AWS answers; an error of any kind is something to wait for, a missing permission too."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return attempt()
    except (BotoCoreError, ClientError) as error:
        raise NotYet(f"AWS: {error}") from error


# What are my settings


def parameters(ssm: Any, path: str) -> dict[str, Value]:
    """All parameters under a path by the rest of their names, decrypted."""
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=path, Recursive=True, WithDecryption=True)
    return {entry["Name"].removeprefix(path): entry["Value"] for page in pages for entry in page["Parameters"]}


def secrets(manager: Any, path: str) -> dict[str, Value]:
    """All secrets under a path by the rest of their names. One that is a JSON object is an entry a key."""
    pages = manager.get_paginator("list_secrets").paginate(Filters=[{"Key": "name", "Values": [path]}])
    found: dict[str, Value] = {}
    for name in sorted(entry["Name"] for page in pages for entry in page["SecretList"]):
        if not name.startswith(path):
            continue
        reply = manager.get_secret_value(SecretId=name)
        if "SecretString" in reply:
            found.update(parts(name.removeprefix(path), reply["SecretString"]))
        else:
            found[name.removeprefix(path)] = reply["SecretBinary"]
    return found


def parts(name: str, text: str) -> dict[str, Value]:
    """The entries of one secret."""
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        return {name: text}
    return {
        f"{name}/{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in document.items()
        if value is not None
    }


def variables(*sources: dict[str, Value]) -> dict[str, Value]:
    """Settings by the name of their variable: ``database-host`` is ``DATABASE_HOST``."""
    origin: dict[str, str] = {}
    found: dict[str, Value] = {}
    for source in sources:
        for name, value in source.items():
            variable = re.sub(r"[^A-Za-z0-9]", "_", name).upper()
            if not NAME.fullmatch(variable):
                raise NotYet(f"{name} would be the variable {variable}, which is no name of one: rename it")
            if variable in found:
                raise NotYet(f"{origin[variable]} and {name} would both be the variable {variable}: rename one")
            origin[variable], found[variable] = name, value
    return found


def of_aws(service: str, required: Sequence[str]) -> dict[str, Value]:
    """The settings of this machine from Systems Manager and Secrets Manager."""
    me = identity(Metadata(os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or METADATA), service)
    found = asked(
        lambda: variables(
            parameters(client("ssm", me.region), me.path), secrets(client("secretsmanager", me.region), me.path)
        )
    )
    missing = [name for name in required if name not in found]
    if missing:
        wanted = ", ".join(f"{me.path}{name.lower().replace('_', '-')} ({name})" for name in missing)
        raise NotYet(f"there is neither a parameter nor a secret {wanted}: run role aws_secrets")
    return found


# Where are they written


def quoted(value: str) -> str:
    """A value as an EnvironmentFile takes it. Between double quotes a backslash escapes these four and nothing else."""
    return '"' + re.sub(r'(["\\`$])', r"\\\1", value) + '"'


def fits(value: Value) -> bool:
    """Whether an EnvironmentFile can hold a value."""
    return isinstance(value, str) and not CONTROL.search(value)


def render(values: dict[str, Value], folder: Path) -> tuple[str, dict[str, bytes]]:
    """The text of the EnvironmentFile, and the files for what it cannot hold."""
    lines = ["# Written by pixstory-first-boot at each boot, from the settings of this machine."]
    files: dict[str, bytes] = {}
    for name, value in sorted(values.items()):
        if isinstance(value, str) and fits(value):
            lines.append(f"{name}={quoted(value)}")
        else:
            files[name] = value if isinstance(value, bytes) else value.encode()
            lines.append(f"{name}_FILE={quoted(str(folder / name))}")
    return "\n".join(lines) + "\n", files


def write(run: Path, service: str, group: str | None, values: dict[str, Value], *, check: bool = False) -> bool:
    """Write what is not written yet; tells whether anything changed.

    systemd reads the EnvironmentFile itself, so that is root's alone. The files beside it are read by the service, as
    its group.
    """
    gid = grp.getgrnam(group).gr_gid if group else os.getegid()
    folder = run / service
    text, files = render(values, folder)
    stale = {path.name for path in folder.glob("*")} - set(files)
    wanted = [(folder / name, content, 0o440 if group else 0o400, gid) for name, content in files.items()]
    # The EnvironmentFile last: it names the others.
    wanted.append((run / f"{service}.env", text.encode(), 0o600, os.getegid()))
    todo = [entry for entry in wanted if not as_wanted(*entry)]
    if check or not (todo or stale):
        return bool(todo or stale)
    for path, mode, owner in ((run, 0o711, os.getegid()), (folder, 0o750, gid)):
        path.mkdir(exist_ok=True)
        os.chown(path, -1, owner)
        path.chmod(mode)
    for path, content, mode, owner in todo:
        replace(path, content, mode, owner)
    for name in stale:
        (folder / name).unlink()
    return True


def as_wanted(path: Path, content: bytes, mode: int, gid: int) -> bool:
    """Whether a file is there with this content, mode and group."""
    try:
        status = path.stat()
        return (status.st_mode & 0o7777, status.st_gid) == (mode, gid) and path.read_bytes() == content
    except FileNotFoundError:
        return False


def replace(path: Path, content: bytes, mode: int, gid: int) -> None:
    """Write a file in one step, never readable by more than it should be."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
    os.chown(draft, -1, gid)
    draft.chmod(mode)
    draft.rename(path)


# Does the service answer


def answers(url: str) -> None:
    """Ask the service for its health."""
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if loopback(urlsplit(url).hostname):
        # Its certificate has the machine's public name. Nobody else answers on loopback.
        handlers.append(urllib.request.HTTPSHandler(context=ssl._create_unverified_context()))
    try:
        with urllib.request.build_opener(*handlers).open(url, timeout=TIMEOUT):
            return
    except urllib.error.HTTPError as error:
        raise NotYet(f"{url} answers {error.code}") from error
    except (OSError, ValueError) as error:
        raise NotYet(f"{url} does not answer: {error}") from error


def loopback(host: str | None) -> bool:
    """Whether a host is this one, over loopback."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def complete_launch(autoscaling: Any, instance_id: str) -> str:
    """Complete the launch lifecycle action of the machine, if one waits; tells what was done."""
    reply = autoscaling.describe_auto_scaling_instances(InstanceIds=[instance_id])
    if not reply["AutoScalingInstances"]:
        return "this machine is in no Auto Scaling group"
    (instance,) = reply["AutoScalingInstances"]
    group, state = instance["AutoScalingGroupName"], instance["LifecycleState"]
    if state == "Pending":
        raise NotYet(f"Auto Scaling group {group} has not come to its launch hook yet")
    if state != "Pending:Wait":
        return f"nothing to complete: lifecycle state {state} in Auto Scaling group {group}"
    hooks = autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=group)["LifecycleHooks"]
    launching = [
        hook["LifecycleHookName"]
        for hook in hooks
        if hook["LifecycleTransition"] == "autoscaling:EC2_INSTANCE_LAUNCHING"
    ]
    for hook in launching:
        autoscaling.complete_lifecycle_action(
            AutoScalingGroupName=group,
            LifecycleHookName=hook,
            InstanceId=instance_id,
            LifecycleActionResult="CONTINUE",
        )
    return f"completed {', '.join(launching)} of Auto Scaling group {group}"


# The two commands


def settings(arguments: argparse.Namespace) -> str:
    """Write the settings; tells ``changed`` or ``unchanged``."""
    place: tuple[Path, str, str | None] = (arguments.run, arguments.service, arguments.group)
    if arguments.source == "stdin":
        values: dict[str, Value] = {name: str(value) for name, value in json.load(sys.stdin).items()}
        wrong = [name for name in values if not NAME.fullmatch(name)]
        if wrong:
            raise SystemExit(f"{', '.join(wrong)}: no name of a variable; write letters, digits and underscores")
    elif arguments.source == "pushed":
        written = arguments.run / f"{arguments.service}.env"
        if not written.exists():
            raise NotYet(f"{written} is not there; the settings of this machine are pushed: run the playbook again")
        return "unchanged"
    else:
        values = of_aws(arguments.service, arguments.require)
    changed = write(*place, values, check=arguments.check)
    return "changed" if changed else "unchanged"


def ready(arguments: argparse.Namespace) -> str:
    """Wait for the service, and tell the Auto Scaling group."""
    answers(arguments.url)
    if arguments.source != "aws":
        return f"{arguments.url} answers"
    me = identity(Metadata(os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or METADATA), arguments.service)
    done = asked(lambda: complete_launch(client("autoscaling", me.region), me.instance_id))
    return f"{arguments.url} answers; {done}"


def parse(argv: Iterable[str] | None) -> argparse.Namespace:
    """The command line."""
    top = argparse.ArgumentParser(description="Settings and readiness of this machine.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--service", required=True, help="the service, and the value of the tag Role: app")
    commands = top.add_subparsers(dest="command", required=True)
    one = commands.add_parser("settings", parents=[common], help="write /run/pixstory/<service>.env")
    one.add_argument("--source", choices=["aws", "pushed", "stdin"], required=True)
    one.add_argument("--group", help="the group that reads the files beside it (root's)")
    one.add_argument("--require", nargs="*", default=[], help="variables that are waited for")
    one.add_argument("--run", type=Path, default=RUN, help="%(default)s")
    one.add_argument("--check", action="store_true", help="say what would change, change nothing")
    two = commands.add_parser("ready", parents=[common], help="wait until the service answers, then tell AWS")
    two.add_argument("--source", choices=["aws", "pushed"], required=True)
    two.add_argument("--url", required=True, help="what answers 2xx when the service is ready")
    return top.parse_args(None if argv is None else list(argv))


def main(argv: Iterable[str] | None = None) -> None:
    """Run one command until it is done."""
    arguments = parse(argv)
    command, longest = (settings, LONGEST_DELAY) if arguments.command == "settings" else (ready, LONGEST_UNTIL_READY)
    print(retry(lambda: command(arguments), longest=longest))


if __name__ == "__main__":
    main()
