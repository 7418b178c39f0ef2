"""What is detected, what is named, and what the metadata service answers: without a machine."""

from __future__ import annotations

import datetime
import json
import re
import resource
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lab.machines import gateway, host, image, imds, names, scenario


def info(rootless: bool = False, cgroup: str = "v2", runtime: str = "crun") -> dict[str, Any]:
    return {"host": {"security": {"rootless": rootless}, "cgroupVersion": cgroup, "ociRuntime": {"name": runtime}}}


def test_a_computer_that_grants_everything_gets_podmans_own_choices() -> None:
    grants = host.grants_of(
        info(rootless=True), runc=False, nofile=resource.RLIM_INFINITY, nproc=resource.RLIM_INFINITY
    )
    assert grants.podman() == ["podman"]
    assert grants.limits() == ["--ulimit", "nofile=1048576:1048576", "--ulimit", "nproc=32768:32768"]


@pytest.mark.parametrize(
    ("cgroup", "runtime", "expected"),
    [("v1", "crun", "runc"), ("v1", "runc", ""), ("v2", "crun", ""), ("v2", "runc", "")],
)
def test_runc_is_named_where_crun_would_refuse(cgroup: str, runtime: str, expected: str) -> None:
    assert host.grants_of(info(cgroup=cgroup, runtime=runtime), True, 1024, 1024).runtime == expected


def test_limits_stay_below_the_hard_ones() -> None:
    grants = host.grants_of(info(), runc=True, nofile=20000, nproc=1000)
    assert (grants.nofile, grants.nproc) == (20000, 1000)


def test_what_is_lacking_is_said_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(host.Lacking, match="apt-get install runc"):
        host.grants_of(info(cgroup="v1"), runc=False, nofile=1, nproc=1)
    with pytest.raises(host.Lacking, match="unified_cgroup_hierarchy"):
        host.grants_of(info(rootless=True, cgroup="v1"), runc=True, nofile=1, nproc=1)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(host.Lacking, match="apt-get install podman"):
        host.detect()


TARGETS = """\
https://download.example.com/linux/debian bookworm stable
https://packages.example.com/prod bookworm main
http://mirror.example.org/debian/ bookworm main
http://mirror.example.org/debian/ bookworm-updates main
http://mirror.example.org/debian-security/ bookworm-security main
"""
SETTINGS = """\
Acquire::http::Proxy "http://proxy.example.org:3128";
Acquire::http::Proxy::mirror.example.org "DIRECT";
Acquire::https::Verify-Peer "true";
Acquire::Check-Valid-Until "false";
Acquire::Retries "3";
Acquire::GzipIndexes "true";
Acquire::IndexTargets::deb::Packages::MetaKey "$(COMPONENT)/binary-$(ARCHITECTURE)/Packages";
DPkg::Pre-Install-Pkgs "";
"""


def test_apt_of_the_host() -> None:
    found = image.apt_of(TARGETS, SETTINGS, "bookworm")
    assert found.mirror == "http://mirror.example.org/debian"
    assert found.security == "http://mirror.example.org/debian-security"
    assert found.settings == tuple(SETTINGS.splitlines()[:5])


def test_apt_of_a_host_that_says_nothing() -> None:
    assert image.apt_of("", "", "noble") == image.Apt(image.DEFAULT_MIRROR, image.DEFAULT_SECURITY)


def test_another_recipe_is_another_image() -> None:
    apt = image.apt_of(TARGETS, SETTINGS, "bookworm")
    first = image.recipe("debian-13", apt)
    assert first.tag == image.recipe("debian-13", apt).tag
    others = [
        image.recipe("debian-12", apt),
        image.recipe("debian-13", image.apt_of("", SETTINGS, "bookworm")),
        image.recipe("debian-13", image.apt_of(TARGETS, "", "bookworm")),
        image.recipe("debian-13", apt, {"ours.crt": "-----BEGIN CERTIFICATE-----"}),
    ]
    assert len({first.digest, *(other.digest for other in others)}) == 5
    assert re.fullmatch(r"localhost/pixstory-lab/debian-13:[0-9a-f]{12}", first.tag)
    with pytest.raises(SystemExit, match="write one of debian-12, debian-13"):
        image.recipe("debian-11", apt)


def test_a_recipe_fetches_from_the_host_mirror() -> None:
    made = image.recipe("debian-13", image.apt_of(TARGETS, SETTINGS, "bookworm"))
    sources = made.files["etc/apt/sources.list.d/debian.sources"]
    assert "URIs: http://mirror.example.org/debian\nSuites: trixie trixie-updates\n" in sources
    assert "URIs: http://mirror.example.org/debian-security\nSuites: trixie-security\n" in sources
    assert 'Acquire::http::Proxy "http://proxy.example.org:3128";' in made.files["etc/apt/apt.conf.d/90lab"]


def test_clones_do_not_meet() -> None:
    here, there = Path("/srv/one/platform"), Path("/srv/two/platform")
    assert names.container(here, "proxy", "a") != names.container(there, "proxy", "a")
    assert names.container(here, "proxy", "a").startswith(names.network(here, "proxy") + "-")
    assert re.fullmatch(r"i-[0-9a-f]{17}", names.instance_id(names.container(here, "proxy", "a")))


@pytest.mark.parametrize("bad", ["Proxy", "a_b", "-a", "a-", "", "a" * 43])
def test_a_name_that_no_host_may_have_is_refused(bad: str) -> None:
    with pytest.raises(SystemExit, match="lower-case letters"):
        names.container(Path("/"), "proxy", bad)


def test_a_scenario_may_have_the_name_of_a_role() -> None:
    assert names.network(Path("/"), "speech_api-alternative").endswith("-speech_api-alternative")
    with pytest.raises(SystemExit, match="hyphens and underscores"):
        names.network(Path("/"), "Proxy")


def test_addresses_leave_room_for_gateway_and_services() -> None:
    assert names.addresses("10.89.3.0/24", 2) == ["10.89.3.10", "10.89.3.11"]
    assert names.services_address("10.89.3.0/24") == "10.89.3.2"
    with pytest.raises(SystemExit, match="do not fit"):
        names.addresses("10.89.3.0/28", 5)


def test_platforms_say_what_they_do_not_know() -> None:
    (made,) = scenario.platforms([{"name": "web", "image": "debian-12", "groups": ["web"], "aws": True}])
    assert made.aws == scenario.Aws()
    with pytest.raises(SystemExit, match=r"platform web in molecule\.yml: unknown key imaeg; write name, image"):
        scenario.platforms([{"name": "web", "imaeg": "debian-12"}])
    with pytest.raises(SystemExit, match=r"platform web, aws in molecule\.yml: unknown key tag; write tags"):
        scenario.platforms([{"name": "web", "aws": {"tag": {}}}])


def test_every_machine_knows_the_others_and_itself() -> None:
    machine = scenario.Machine("web", "c", "10.0.0.10")
    others = [
        ("10.0.0.10", ("web", "web.internal")),
        ("10.0.0.11", ("db", "db.internal")),
        ("10.0.0.2", ("aws.internal",)),
    ]
    lines = scenario.hosts_file(machine, others).splitlines()
    assert lines[2:] == ["10.0.0.10 web", "10.0.0.11 db db.internal", "10.0.0.2 aws.internal"]


def test_a_recycled_process_id_is_not_taken_for_a_gateway(tmp_path: Path) -> None:
    gateway.pidfile(tmp_path, "api").write_text("1\n")
    assert gateway.running(tmp_path, "api") is None


INSTANCE = {
    "instance_id": "i-0123456789abcdef0",
    "region": "ap-south-1",
    "zone": "c",
    "account": "123456789012",
    "address": "10.0.0.10",
    "name": "app",
    "tags": {"Role": "app", "Environment": "local"},
    "role": "pixstory-local-app",
}
NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/latest/meta-data/instance-id", "i-0123456789abcdef0"),
        ("/latest/meta-data/placement/", "availability-zone\nregion"),
        ("/latest/meta-data/placement/availability-zone", "ap-south-1c"),
        ("/latest/meta-data/tags/instance/", "Environment\nRole"),
        ("/latest/meta-data/tags/instance/Role", "app"),
        ("/latest/meta-data/iam/security-credentials/", "pixstory-local-app"),
        ("/latest/meta-data/iam", "info\nsecurity-credentials/"),
        ("/latest/meta-data/tags/instance/Name", None),
        ("/latest/meta-data/instance-id/more", None),
    ],
)
def test_metadata(path: str, expected: str | None) -> None:
    assert imds.lookup(imds.tree(INSTANCE, NOW), path) == expected


def test_credentials_expire() -> None:
    answer = imds.lookup(imds.tree(INSTANCE, NOW), "/latest/meta-data/iam/security-credentials/pixstory-local-app")
    assert json.loads(answer or "")["Expiration"] == "2026-01-02T09:04:05Z"
    assert imds.lookup(imds.tree(INSTANCE | {"role": None}, NOW), "/latest/meta-data/iam/") is None


def test_tokens_live_as_long_as_asked_for() -> None:
    now = 100.0
    tokens = imds.Tokens(lambda: now)
    token = tokens.give("60")
    assert tokens.valid(token)
    now = 161.0
    assert not tokens.valid(token)
    assert [tokens.give(ttl) for ttl in (None, "0", "21601", "-1", "x")] == [None] * 5
    assert not tokens.valid(None)


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        (["given PIDs did not die within timeout"] * 2 + [""], 3),
        (["no such volume"], 1),
        (["did not die within timeout"] * 99, 12),
    ],
)
def test_a_machine_that_is_slow_to_die_is_removed_all_the_same(
    monkeypatch: pytest.MonkeyPatch, answers: list[str], asked: int
) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        error = answers[len(commands) - 1]
        return subprocess.CompletedProcess(command, 125 if error else 0, "", error)

    monkeypatch.setattr(scenario.subprocess, "run", run)
    if "" in answers:
        scenario.remove("one", "two")
    else:
        with pytest.raises(SystemExit, match=answers[0]):
            scenario.remove("one", "two")
    assert [command[-2:] for command in commands] == [["one", "two"]] * asked
