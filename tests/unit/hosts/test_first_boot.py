# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""First boot against the emulator and a metadata service, and without either."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.emulated import Emulator

ROOT = Path(__file__).parents[3]
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
PASSWORD = 'pa"ss $w\\or`d'

spec = importlib.util.spec_from_file_location("first_boot", ROOT / "roles/first_boot/files/first_boot.py")
assert spec
assert spec.loader
first_boot = importlib.util.module_from_spec(spec)
# dataclasses look their module up.
__import__("sys").modules["first_boot"] = first_boot
spec.loader.exec_module(first_boot)


class Metadata(BaseHTTPRequestHandler):
    """IMDSv2: a value only for who has asked for a token first."""

    values = {  # noqa: RUF012 - one for all requests
        "placement/region": "ap-south-1",
        "instance-id": "i-0123456789abcdef0",
        "tags/instance/Environment": "staging",
        "tags/instance/Role": "app",
    }

    def do_PUT(self) -> None:
        self.answer(200 if self.headers["X-aws-ec2-metadata-token-ttl-seconds"] else 400, "the token")

    def do_GET(self) -> None:
        value = self.values.get(self.path.removeprefix("/latest/meta-data/"))
        if self.headers["X-aws-ec2-metadata-token"] != "the token":
            self.answer(401, "")
        else:
            self.answer(200 if value else 404, value or "")

    def answer(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


def serve(handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with Emulator(tmp_path_factory.mktemp("emulator") / "requests.jsonl", "--set", "consistency=0") as emulator:
        client = boto3.session.Session(
            region_name="ap-south-1", aws_access_key_id="test", aws_secret_access_key="test"
        ).client
        ssm, manager = client("ssm", endpoint_url=emulator.url), client("secretsmanager", endpoint_url=emulator.url)
        parameters = {"database-host": "db.internal", "speech-api-certificate": CERTIFICATE}
        # More than one page of ten.
        parameters |= {f"setting/number-{number}": str(number) for number in range(12)}
        for name, value in parameters.items():
            ssm.put_parameter(Name=f"/staging/app/{name}", Value=value, Type="SecureString")
        ssm.put_parameter(Name="/staging/web/app-url", Value="http://app.internal", Type="String")
        secrets = {
            "/staging/app/database": json.dumps(
                {"username": "pixstory", "password": PASSWORD, "port": 5432, "x": None}
            ),
            "/staging/app/cache-auth-token": "token",
            "/staging/application/other": "not ours",
            "/production/app/secret-key": "not ours either",
        }
        for name, value in secrets.items():
            manager.create_secret(Name=name, SecretString=value)
        manager.create_secret(Name="/staging/app/keytab", SecretBinary=b"\x00\xff")
        yield emulator.url


@pytest.fixture
def aws(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = serve(Metadata)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    yield endpoint
    server.shutdown()
    server.server_close()


def run(*arguments: str | Path) -> str:
    """One attempt, without waiting."""
    options = first_boot.parse([str(argument) for argument in arguments])
    return str((first_boot.settings if options.command == "settings" else first_boot.ready)(options))


def environment(path: Path) -> dict[str, str]:
    """An EnvironmentFile as a shell reads it: between double quotes its rules are systemd's."""
    command = ["env", "-i", "sh", "-c", 'set -a; . "$0"; exec /usr/bin/env -0', str(path)]
    words = subprocess.run(command, capture_output=True, check=True).stdout.decode().split("\0")
    found = dict(word.split("=", 1) for word in words if word)
    return {name: value for name, value in found.items() if name not in {"PWD", "OLDPWD", "_", "SHLVL"}}


def test_settings_of_aws(aws: str, tmp_path: Path) -> None:
    settings = ("settings", "--service", "app", "--source", "aws", "--run", tmp_path)
    assert run(*settings, "--check") == "changed"
    assert list(tmp_path.iterdir()) == []
    assert run(*settings) == "changed"
    assert run(*settings) == "unchanged"
    written = environment(tmp_path / "app.env")
    assert {name: value for name, value in written.items() if not name.startswith("SETTING")} == {
        "CACHE_AUTH_TOKEN": "token",
        "DATABASE_HOST": "db.internal",
        "DATABASE_PASSWORD": PASSWORD,
        "DATABASE_PORT": "5432",
        "DATABASE_USERNAME": "pixstory",
        "KEYTAB_FILE": str(tmp_path / "app/KEYTAB"),
        "SPEECH_API_CERTIFICATE_FILE": str(tmp_path / "app/SPEECH_API_CERTIFICATE"),
    }
    assert {name: written[name] for name in written if name.startswith("SETTING")} == {
        f"SETTING_NUMBER_{number}": str(number) for number in range(12)
    }
    assert (tmp_path / "app/SPEECH_API_CERTIFICATE").read_text() == CERTIFICATE
    assert (tmp_path / "app/KEYTAB").read_bytes() == b"\x00\xff"
    assert (tmp_path / "app.env").stat().st_mode & 0o7777 == 0o600
    assert (tmp_path / "app/KEYTAB").stat().st_mode & 0o7777 == 0o400


def test_nothing_is_written_until_all_that_is_required_is_there(aws: str, tmp_path: Path) -> None:
    with pytest.raises(first_boot.NotYet, match=r"/staging/app/speech-url \(SPEECH_URL\)"):
        run(
            "settings",
            "--service",
            "app",
            "--source",
            "aws",
            "--run",
            tmp_path,
            "--require",
            "DATABASE_HOST",
            "SPEECH_URL",
        )
    assert list(tmp_path.iterdir()) == []


def test_a_machine_with_another_role_waits(aws: str, tmp_path: Path) -> None:
    with pytest.raises(first_boot.NotYet, match="the tag Role of this machine is app, and its image is made for web"):
        run("settings", "--service", "web", "--source", "aws", "--run", tmp_path)


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1", "instance metadata at .* does not answer"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1", "AWS: Could not connect to the endpoint"),
        ("AWS_ACCESS_KEY_ID", "", "AWS: (Unable to locate credentials|Partial credentials)"),
    ],
)
def test_what_is_away_is_said(
    aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(variable, value)
    monkeypatch.setattr(first_boot, "TIMEOUT", 0.5)
    with pytest.raises(first_boot.NotYet, match=reason):
        run("settings", "--service", "app", "--source", "aws", "--run", tmp_path)


def test_a_missing_tag_is_said(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Metadata, "values", {"placement/region": "ap-south-1", "instance-id": "i-0"})
    with pytest.raises(
        first_boot.NotYet, match=r"answers 404 to .*tags/instance/Environment; give the instance this tag"
    ):
        run("settings", "--service", "app", "--source", "aws")


def test_settings_that_are_pushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    boot = ("settings", "--service", "app", "--source", "pushed", "--run", tmp_path)
    push = ("settings", "--service", "app", "--source", "stdin", "--run", tmp_path)
    with pytest.raises(first_boot.NotYet, match="run the playbook again"):
        run(*boot)

    def given(**settings: Any) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(settings)))

    given(DATABASE_HOST="db", CACHE_TLS=0, KEY="a\nb")
    assert run(*push) == "changed"
    assert run(*boot) == "unchanged"
    assert environment(tmp_path / "app.env") == {
        "CACHE_TLS": "0",
        "DATABASE_HOST": "db",
        "KEY_FILE": str(tmp_path / "app/KEY"),
    }
    given(DATABASE_HOST="db")
    assert run(*push) == "changed"
    assert list((tmp_path / "app").iterdir()) == []
    given(**{"DATABASE-HOST": "db"})
    with pytest.raises(SystemExit, match="DATABASE-HOST: no name of a variable"):
        run(*push)


@pytest.mark.parametrize(
    "value", ["", "a b", "'", '"', "\\", "\\n", "$HOME", "`id`", "#", "a;b", "ü", " a ", "\t", PASSWORD]
)
def test_a_value_arrives_as_it_was(tmp_path: Path, value: str) -> None:
    first_boot.write(tmp_path, "app", None, {"NAME": value})
    assert environment(tmp_path / "app.env") == {"NAME": value}


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\x00b", "\x1b[1m", "\x7f", b"a"])
def test_what_systemd_would_log_and_drop_goes_to_a_file(tmp_path: Path, value: str | bytes) -> None:
    first_boot.write(tmp_path, "app", None, {"NAME": value})
    assert environment(tmp_path / "app.env") == {"NAME_FILE": str(tmp_path / "app/NAME")}
    assert (tmp_path / "app/NAME").read_bytes() == (value if isinstance(value, bytes) else value.encode())


@pytest.mark.parametrize(
    ("sources", "reason"),
    [
        (({"database-host": "secret"}, {"database/host": "secret"}), "database-host and database/host would both be"),
        (({"2fa": "secret"},), "2fa would be the variable 2FA, which is no name"),
    ],
)
def test_names_that_make_no_variable(sources: tuple[dict[str, str], ...], reason: str) -> None:
    with pytest.raises(first_boot.NotYet, match=reason) as caught:
        first_boot.variables(*sources)
    assert "secret" not in str(caught.value)


def test_a_file_that_others_could_read_is_mended(tmp_path: Path) -> None:
    assert first_boot.write(tmp_path, "app", None, {"NAME": "value"})
    (tmp_path / "app.env").chmod(0o644)
    assert first_boot.write(tmp_path, "app", None, {"NAME": "value"})
    assert (tmp_path / "app.env").stat().st_mode & 0o7777 == 0o600


def test_the_group_reads_the_files_and_root_alone_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root gives a file to another group")
    first_boot.write(tmp_path, "app", "daemon", {"NAME": "value", "KEY": "a\nb"})
    status = (tmp_path / "app/KEY").stat()
    assert (status.st_mode & 0o7777, status.st_gid) == (0o440, first_boot.grp.getgrnam("daemon").gr_gid)
    assert (tmp_path / "app.env").stat().st_gid == 0


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_waits_longer_and_longer_and_says_why_once_a_minute() -> None:
    clock, said, attempts = Clock(), [], 0

    def attempt() -> str:
        nonlocal attempts
        attempts += 1
        if clock.now < 600:
            raise first_boot.NotYet("AWS is away")
        return "there"

    assert first_boot.retry(attempt, sleep=clock.sleep, clock=lambda: clock.now, say=said.append) == "there"
    assert clock.slept[0] == 1.0
    assert all(1 <= seconds <= 30 for seconds in clock.slept)
    assert all(15 <= seconds <= 30 for seconds in clock.slept[6:])
    assert len(set(clock.slept[6:])) > 5
    assert set(said) == {"waiting: AWS is away"}
    assert 6 <= len(said) <= 11


class Autoscaling:
    """Auto Scaling in one state; the emulator has no lifecycle actions."""

    def __init__(self, state: str | None) -> None:
        self.state = state
        self.completed: list[dict[str, str]] = []

    def describe_auto_scaling_instances(self, InstanceIds: list[str]) -> dict[str, Any]:
        entry = {"InstanceId": InstanceIds[0], "AutoScalingGroupName": "app", "LifecycleState": self.state}
        return {"AutoScalingInstances": [entry] if self.state else []}

    def describe_lifecycle_hooks(self, AutoScalingGroupName: str) -> dict[str, Any]:
        transitions = {"up": "autoscaling:EC2_INSTANCE_LAUNCHING", "down": "autoscaling:EC2_INSTANCE_TERMINATING"}
        return {
            "LifecycleHooks": [
                {"LifecycleHookName": name, "LifecycleTransition": transition}
                for name, transition in transitions.items()
            ]
        }

    def complete_lifecycle_action(self, **arguments: str) -> None:
        self.completed.append(arguments)


@pytest.mark.parametrize(
    ("state", "said", "completed"),
    [
        (None, "in no Auto Scaling group", []),
        ("InService", "nothing to complete", []),
        ("Pending:Wait", "completed up", ["up"]),
    ],
)
def test_the_launch_is_completed_once_it_waits(state: str | None, said: str, completed: list[str]) -> None:
    autoscaling = Autoscaling(state)
    assert said in first_boot.complete_launch(autoscaling, "i-0")
    assert [call["LifecycleHookName"] for call in autoscaling.completed] == completed
    assert all(call["LifecycleActionResult"] == "CONTINUE" for call in autoscaling.completed)


def test_a_launch_that_has_not_come_to_its_hook_is_waited_for() -> None:
    with pytest.raises(first_boot.NotYet, match="not come to its launch hook"):
        first_boot.complete_launch(Autoscaling("Pending"), "i-0")


def test_nothing_is_told_to_aws_before_the_service_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [503, 200]
    told: list[str] = []

    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answers.pop(0))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = serve(Health)
    url = f"http://127.0.0.1:{server.server_port}/readyz"
    me = first_boot.Identity("ap-south-1", "i-0", "staging", "app")
    monkeypatch.setattr(first_boot, "identity", lambda *_: me)
    monkeypatch.setattr(first_boot, "client", lambda *_: Autoscaling("Pending:Wait"))
    monkeypatch.setattr(first_boot, "complete_launch", lambda *_: told.append("told") or "told")
    with pytest.raises(first_boot.NotYet, match="answers 503"):
        run("ready", "--service", "app", "--source", "aws", "--url", url)
    assert told == []
    assert run("ready", "--service", "app", "--source", "aws", "--url", url).endswith("answers; told")
    assert run_away(server, url) == "does not answer"


def run_away(server: ThreadingHTTPServer, url: str) -> str:
    server.shutdown()
    server.server_close()
    with pytest.raises(first_boot.NotYet) as caught:
        run("ready", "--service", "app", "--source", "pushed", "--url", url)
    return "does not answer" if "does not answer" in str(caught.value) else str(caught.value)
