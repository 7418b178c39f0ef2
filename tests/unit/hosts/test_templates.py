# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the templates of the host roles say, without a machine."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

ROLES = Path(__file__).parents[3] / "roles"


def render(role: str, template: str, **variables: Any) -> str:
    """A template with the defaults of its role."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROLES / role / "templates"),
        trim_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["to_json"] = json.dumps
    # defaults/main.yml of the role, and of the roles that have none the caller's.
    defaults = yaml.safe_load((ROLES / role / "defaults/main.yml").read_text())
    variables = {"ansible_managed": "Ansible managed"} | defaults | variables
    return environment.get_template(template).render(variables)


def unit(text: str) -> dict[str, dict[str, list[str]]]:
    """A unit file; an option may stand there more than once."""
    sections: dict[str, dict[str, list[str]]] = {}
    section: dict[str, list[str]] = {}
    for line in re.sub(r" *\\\n *", " ", text).splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            name, value = line.split("=", 1)
            section.setdefault(name, []).append(value)
    return sections


# What Debian 13 confines by AppArmor, which no container does, and where it may read its configuration.
CONFINED = {"chronyd": "/etc/chrony/"}


def test_a_confined_program_validates_a_file_that_it_may_read() -> None:
    validated = [
        line
        for path in ROLES.glob("*/tasks/*.yml")
        for line in re.findall(r"^ +validate: (?:>-\n +)?(.*)", path.read_text(), re.MULTILINE)
    ]
    assert len(validated) > 20
    found = {program: line for line in validated for program in CONFINED if re.search(rf"\b{program}\b", line)}
    assert found.keys() == CONFINED.keys()
    for program, line in found.items():
        assert re.search(rf"{program} .*-f {CONFINED[program]}", line), line


RELEASE = {
    "release_service": "app",
    "release_application": "pixstory_example.api:app",
    "release_gunicorn_config": "python:pixstory_example.gunicorn_conf",
    "release_listen": "8000",
    "__release_home": "/srv/app",
    "__release_python": "/srv/app/current/venv/bin/python",
}


# No call of these names is in arm64's table, which is the kernel's generic one: include/uapi/asm-generic/unistd.h
NOT_ON_ARM64 = {"access", "chmod", "chown", "creat", "lchown", "link", "mkdir", "mknod", "open", "readlink", "rename"}
NOT_ON_ARM64 |= {"rmdir", "stime", "symlink", "unlink", "utime", "utimes"}


@pytest.mark.parametrize(("architecture", "watched"), [("x86_64", {"open", "unlink", "rename"}), ("aarch64", set())])
def test_audit_rules_name_calls_that_the_processor_has(architecture: str, watched: set[str]) -> None:
    """auditctl refuses the others, and loads no rule after one."""
    rules = render("base", "audit.rules.j2", ansible_facts={"architecture": architecture})
    calls = {name for names in re.findall(r" -S (\S+)", rules) for name in names.split(",")}
    assert {"openat", "unlinkat", "renameat", "truncate", "execve", "mount"} | watched <= calls
    assert architecture != "aarch64" or not calls & NOT_ON_ARM64
    assert rules.startswith("# Ansible managed\n# Who changes")


def test_unit_of_the_service() -> None:
    found = unit(
        render("release", "application.service", **RELEASE, release_migrate=["-m", "x", "migrate"], release_threads=3)
    )
    service = found["Service"]
    # Without its database it lives all the same: the migrations are no condition of its start.
    assert "ExecStartPre" not in service
    assert "app-migrate.service" in found["Unit"]["Wants"]
    assert not [one for one in found["Unit"]["After"] if "migrate" in one]
    (command,) = service["ExecStart"]
    assert command.startswith("/srv/app/current/venv/bin/python -m gunicorn --config python:pixstory_example.gunicorn")
    assert command.endswith("--timeout 30 --graceful-timeout 30 pixstory_example.api:app")
    assert "--threads 3 --keep-alive 0" in command
    assert service["EnvironmentFile"] == ["/run/pixstory/app.env"]
    # The drain, and then some.
    assert service["TimeoutStopSec"] == ["40s"]
    assert found["Unit"]["Requires"] == ["app.socket"]
    assert "StateDirectory" not in service


def test_migrations_are_tried_until_the_database_is_there() -> None:
    found = unit(render("release", "migrate.service", **RELEASE, release_migrate=["-m", "x", "migrate"]))
    assert found["Service"]["ExecStart"] == ["/srv/app/current/venv/bin/python -m x migrate"]
    assert found["Service"]["Restart"] == ["on-failure"]
    assert found["Unit"]["StartLimitIntervalSec"] == ["0"]


def test_unit_without_migrations_and_with_state() -> None:
    found = unit(
        render(
            "release",
            "application.service",
            **RELEASE,
            release_state_directory=True,
            release_environment={"SPEECH_SOURCES": "/etc/speech-api/sources.toml"},
        )
    )
    service = found["Service"]
    assert found["Unit"]["Wants"] == ["network-online.target"]
    assert service["StateDirectory"] == ["app"]
    assert service["Environment"] == ["SPEECH_SOURCES=/etc/speech-api/sources.toml"]


def test_all_processes_of_a_release_have_one_sandbox() -> None:
    item = {"key": "speech-fetch", "value": ["speech-fetch"]}
    texts = [
        render("release", name, **RELEASE, item=item, release_migrate=["-m", "x"])
        for name in ("application.service", "background.service", "migrate.service", "migrate@.service")
    ]
    own = {"Type", "NotifyAccess", "ExecStart", "ExecReload", "KillMode", "Restart", "RestartSec"}
    own |= {"TimeoutStartSec", "TimeoutStopSec"}
    first, *others = ({k: v for k, v in unit(text)["Service"].items() if k not in own} for text in texts)
    assert first["ProtectSystem"] == ["strict"]
    assert first["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]
    assert others == [first] * 3


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, {"ListenStream": ["8000"], "Service": ["app.service"], "Backlog": ["2048"]}),
        (
            {"release_listen": "/run/web.sock", "release_socket_group": "www-data"},
            {"ListenStream": ["/run/web.sock"], "SocketGroup": ["www-data"], "SocketMode": ["0660"]},
        ),
    ],
)
def test_unit_of_the_socket(variables: dict[str, str], expected: dict[str, list[str]]) -> None:
    assert unit(render("release", "application.socket", **RELEASE | variables))["Socket"].items() >= expected.items()


@pytest.mark.parametrize(
    ("variables", "command"),
    [
        ({}, "settings --service app --source aws"),
        (
            {"first_boot_settings": {"A": "b"}, "first_boot_group": "app"},
            "settings --service app --source pushed --group app",
        ),
        ({"first_boot_required": ["A", "B"]}, "settings --service app --source aws --require A B"),
    ],
)
def test_unit_of_first_boot(variables: dict[str, Any], command: str) -> None:
    text = render("first_boot", "pixstory-first-boot.service", first_boot_service="app", **variables)
    found = unit(text)
    assert found["Service"]["ExecStart"] == [f"/usr/bin/python3 /usr/local/lib/pixstory/first_boot.py {command}"]
    assert found["Service"]["TimeoutStartSec"] == ["infinity"]
    assert "Before" not in found["Unit"]


def test_settings_come_before_the_service_and_readiness_after() -> None:
    variables = {"first_boot_service": "app", "first_boot_units": ["app.service", "b.service"]}
    before = unit(render("first_boot", "pixstory-first-boot.service", **variables))["Unit"]
    after = unit(render("first_boot", "pixstory-ready.service", **variables, first_boot_health_url="http://x/"))["Unit"]
    assert before["Before"] == ["app.service b.service"]
    assert after["After"] == ["network-online.target pixstory-first-boot.service app.service b.service"]


@pytest.mark.parametrize("name", ['Example "Press"', "back\\slash", "“quoted”", "🗞", "two\nlines"])
def test_sources_are_what_was_declared(name: str) -> None:
    sources = {name: {"url": "http://x/?a=1&b='2'", "interval_seconds": 60}, "other": {"url": "http://y/"}}
    assert tomllib.loads(render("speech_api", "sources.toml.j2", speech_api_sources=sources)) == {
        "source": [
            {"name": name, "url": "http://x/?a=1&b='2'", "interval": 60},
            {"name": "other", "url": "http://y/", "interval": 900},
        ]
    }


def test_no_sources_are_valid_toml() -> None:
    assert tomllib.loads(render("speech_api", "sources.toml.j2")) == {}


@pytest.mark.parametrize(
    ("role", "template", "lines"),
    [
        (
            "web",
            "web.conf.j2",
            [
                "listen 8080 default_server;",
                "alias /srv/web/current/static/;",
                "server unix:/run/web.sock fail_timeout=0;",
            ],
        ),
        ("speech_api", "speech_api.conf.j2", ["listen 443 ssl default_server;", "ssl_protocols TLSv1.2 TLSv1.3;"]),
    ],
)
def test_configuration_of_nginx(role: str, template: str, lines: list[str]) -> None:
    http = render(role, template)
    text = render("nginx", "nginx.conf.j2", nginx_http=http)
    assert text.count("{") == text.count("}")
    for line in lines:
        assert f"        {line}\n" in text
    # Every path of the application goes to gunicorn, and metrics to nobody else.
    assert re.search(r"location = /metrics \{\s+allow 127.0.0.1;\s+allow ::1;\s+deny all;", text)


def test_sandbox_of_nginx_is_a_drop_in() -> None:
    parser = configparser.ConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(render("nginx", "sandbox.conf.j2"))
    assert parser.sections() == ["Service"]
    assert parser["Service"]["ProtectSystem"] == "strict"
