# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate, end to end: one mistake at a time in a copy of the project, and what the operator is told.

Most cases load the inventory with Ansible's own classes and run the action plugin in one process for all,
gate_process.py, with real files and real templating; a few start ansible-playbook, against an endpoint that records
what it is asked.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import pytest
import yaml
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, UnauthorizedSSOTokenError

from ansible_collections.pixstory.platform.plugins.modules import environment_guard as guard

ROOT = Path(__file__).parents[2]
HOME = "inventories/{environment}/group_vars/all.yml"
ENVIRONMENTS = ("production", "staging", "dev", "local")
# Instead of a value: the key is deleted.
DELETED = object()


@dataclass(frozen=True)
class Case:
    """A change of one value in one file, and what the message must say."""

    name: str
    change: str
    value: Any
    remedy: str
    # Where the message says it is, if that is not what was changed.
    says: str = ""
    file: str = HOME
    written: str = ""
    environment: str = "production"
    environ: dict[str, str] = field(default_factory=dict)


NETWORK, COMPUTE, DATABASE = "group_vars/all/network.yml", "group_vars/all/compute.yml", "group_vars/all/database.yml"
CACHE, BALANCING = "group_vars/all/cache.yml", "group_vars/all/load_balancing.yml"
SECURITY, SECRETS, KEYS = (f"group_vars/all/{name}.yml" for name in ("security_groups", "secrets", "keys"))
DNS, STORAGE, IDENTITY = (f"group_vars/all/{name}.yml" for name in ("dns", "storage", "identity"))
PLATFORM = "group_vars/all/platform.yml"

CASES = [
    # Form
    Case("account id without quotes", "platform_account_id", 210987654321, 'in quotes: "210987654321"'),
    Case("account id with hyphens", "platform_account_id", "2109-8765-4321", "12 digits"),
    Case("string for a boolean", "platform_emulated", "no", "Write false without quotes"),
    Case("string for a number", "aws_compute_sizes.web.max", "12", "Write 12 without quotes"),
    Case("number for a string", "aws_cache_engine_version", 8.0, 'in quotes, as it is meant: "8.0"'),
    Case("string for a list", "platform_zones", "a", "Write a list: [a]"),
    Case("required variable missing", "platform_domain", DELETED, f"a string in {HOME}", written="not in a file"),
    Case("required variable empty", "platform_region", None, f"a string in {HOME}"),
    Case("required option missing", "aws_compute_sizes.vpn.instance_type", DELETED, "Write instance_type: a string"),
    Case("word that is no choice", "aws_network_nat_gateways", "one-per-zone", "Write one_per_zone"),
    Case("unknown variable", "aws_compute_size", {}, "Write aws_compute_sizes"),
    Case("unknown variable of a role that is nearly one", "aws_computes_sizes", {}, "Write aws_compute_sizes"),
    Case("misspelt platform variable", "platform_regoin", "ap-south-1", "Write platform_region"),
    Case("unknown option", "aws_compute_sizes.web.minimum", 2, "Write min"),
    Case("undefined inside", "platform_domain", "{{ platform_enviroment }}.example.com", "Write platform_environment"),
    Case(
        "key missing in what a template needs",
        "aws_network_cidrs",
        {"main": "10.10.0.0/16"},
        "Add speech to aws_network_cidrs",
        says="aws_network_vpcs.speech.cidr",
    ),
    Case("nobody to tell", "aws_account_alert_emails", [], "Write the address of who is on call"),
    # Place
    Case("unknown region", "platform_region", "ap-south-3", "Write ap-south-"),
    Case("zone name for a region", "platform_region", "ap-south-1a", "Write ap-south-1. A zone's letter"),
    Case(
        "zone that has no room", "platform_zones", ["a", "f"], "letters out of a, b, c and d", says="platform_zones[1]"
    ),
    Case(
        "zone named in full",
        "platform_zones",
        ["a", "ap-south-1c"],
        "Write c: the letter alone",
        says="platform_zones[1]",
    ),
    Case("one zone", "platform_zones", ["a"], "Write two"),
    Case("another inventory's name", "platform_environment", "staging", "-i inventories/staging"),
    Case("upper-case name", "platform_project", "Pixstory", "lower-case", file=PLATFORM),
    Case("domain with an underscore", "platform_domain", "pix_story.com", "labels of lower-case"),
    Case(
        "too long a name",
        "platform_project",
        "pixstory-news-and-social",
        "Shorten platform_project or platform_environment",
        file=PLATFORM,
        says="platform_prefix",
    ),
    Case("tag that resources are found by", "platform_tags.Project", "other", "Write Project: pixstory", file=PLATFORM),
    Case("endpoint of a real environment", "platform_endpoint_url", "http://127.0.0.1:5111", "Delete the line"),
    Case("emulator elsewhere", "platform_endpoint_url", "http://192.0.2.1:5111", "loopback", environment="local"),
    Case("local and real", "platform_emulated", False, "Write platform_emulated: true", environment="local"),
    Case(
        "endpoint in the shell",
        "platform_domain",
        "pixstory.com",
        "unset AWS_ENDPOINT_URL_S3",
        says="AWS_ENDPOINT_URL_S3",
        written="the environment of your shell",
        environ={"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9"},
    ),
    # Network
    Case(
        "address inside the network",
        "aws_network_cidrs.main",
        "10.10.0.1/16",
        "Write 10.10.0.0/16",
        says="aws_network_vpcs.main.cidr",
    ),
    Case("public addresses", "aws_network_cidrs.main", "52.10.0.0/16", "10.0.0.0/8", says="aws_network_vpcs.main.cidr"),
    Case("no CIDR", "aws_network_cidrs.main", "10.10.0.0", "such as", says="aws_network_vpcs.main.cidr"),
    Case(
        "too large a VPC",
        "aws_network_cidrs.main",
        "10.0.0.0/8",
        "Write 10.0.0.0/16",
        says="aws_network_vpcs.main.cidr",
    ),
    Case(
        "overlapping VPCs", "aws_network_cidrs.speech", "10.10.0.0/16", "its own", says="aws_network_vpcs.speech.cidr"
    ),
    Case(
        "no room for the tiers",
        "aws_network_cidrs.main",
        "10.10.0.0/18",
        "larger CIDR",
        says="aws_network_vpcs.main.cidr",
    ),
    Case(
        "tier twice",
        "aws_network_vpcs.main.tiers",
        ["public", "app", "data", "app"],
        "each tier once",
        file=NETWORK,
        says="aws_network_vpcs.main.tiers[3]",
    ),
    Case(
        "unknown NAT tier",
        "aws_network_vpcs.main.nat_tiers",
        ["apps"],
        "Write app",
        file=NETWORK,
        says="aws_network_vpcs.main.nat_tiers[0]",
    ),
    Case(
        "peering with nothing",
        "aws_network_peerings",
        [{"from": "main", "to": "speach"}],
        "Write speech",
        file=NETWORK,
        says="aws_network_peerings[0].to",
    ),
    Case("retention that CloudWatch has not", "aws_network_flow_log_retention_days", 45, "Write 30"),
    Case(
        "flow to nobody",
        "aws_security_groups_flows",
        [{"from": "proxi", "to": "web-alb", "ports": [80]}],
        "Write proxy",
        file=SECURITY,
        says="aws_security_groups_flows[0].from",
    ),
    Case(
        "flow to port 22",
        "aws_security_groups_flows",
        [{"from": "vpn", "to": "web", "ports": [22]}],
        "Session Manager",
        file=SECURITY,
        says="aws_security_groups_flows[0].ports[0]",
    ),
    Case(
        "database open to the world",
        "aws_security_groups_flows",
        [{"from": "internet", "to": "database", "ports": [5432]}],
        "the group of those who use it",
        file=SECURITY,
        says="aws_security_groups_flows[0].from",
    ),
    Case("group in no VPC", "aws_security_groups_groups.web.vpc", "mian", "Write main", file=SECURITY),
    # Machines
    Case("min above max", "aws_compute_sizes.web.min", 99, "Write at most 12"),
    Case("desired above max", "aws_compute_sizes.web.desired", 99, "Write 2 to 12"),
    Case("group without max", "aws_compute_sizes.web.max", DELETED, "Write max: a whole number"),
    Case("unknown instance type", "aws_compute_sizes.web.instance_type", "m7g.huge", "Write m7g."),
    Case("other architecture", "aws_compute_sizes.web.instance_type", "m7i.large", "with a g after the number"),
    Case("tiny volume", "aws_compute_sizes.web.volume_size", 4, "Write 8 to 65536 GiB"),
    Case(
        "machine without a size",
        "aws_compute_sizes.vpn",
        DELETED,
        "aws_compute_sizes.vpn, with instance_type",
        says="aws_compute_instances.vpn",
        written=COMPUTE,
    ),
    Case("schedule of no role", "aws_compute_schedules.webb", [], "Write web"),
    Case(
        "cron of four fields",
        "aws_compute_schedules.web",
        [{"name": "morning", "recurrence": "30 8 * *", "min": 2}],
        "five fields",
        says="aws_compute_schedules.web[0].recurrence",
    ),
    Case(
        "unknown time zone",
        "aws_compute_schedules.web",
        [{"name": "morning", "recurrence": "30 8 * * *", "time_zone": "Asia/Calcuta", "min": 2}],
        "Write Asia/Calcutta",
        says="aws_compute_schedules.web[0].time_zone",
    ),
    Case(
        "schedule above max",
        "aws_compute_schedules.web",
        [{"name": "morning", "recurrence": "30 8 * * *", "min": 40}],
        "Write at most 12",
        says="aws_compute_schedules.web[0].min",
    ),
    Case("tier that is none", "aws_compute_groups.web.tier", "ap", "Write app", file=COMPUTE),
    Case("target group that is none", "aws_compute_groups.web.target_group", "wep", "Write web", file=COMPUTE),
    # Data stores
    Case(
        "unknown database class",
        "aws_database_instance_class",
        "db.r7g.lage",
        "Write db.r7g.large",
        says="aws_database_instances.main.instance_class",
    ),
    Case(
        "cache type without its prefix",
        "aws_cache_node_type",
        "r7g.large",
        "Write cache.r7g.large",
        says="aws_cache_groups.main.node_type",
    ),
    Case(
        "room to grow too small",
        "aws_database_max_allocated_storage",
        210,
        "Write 220 or more",
        says="aws_database_instances.main.max_allocated_storage",
    ),
    Case(
        "replica of an instance whose password RDS manages",
        "aws_database_replicas",
        1,
        "Write master_password_secret: database/main-master",
        says="aws_database_instances.main.replicas",
    ),
    Case(
        "master password that is no secret",
        "aws_database_instances.main.master_password_secret",
        "app/databse",
        "Write app/database",
        file=DATABASE,
    ),
    Case("backups off", "aws_database_backup_retention_days", 0, "0 would switch backups off"),
    Case(
        "windows that overlap",
        "aws_database_backup_window",
        "21:00-22:00",
        "Move one",
        says="aws_database_maintenance_window",
        written="roles/aws_database/defaults/main.yml",
    ),
    Case("window that is none", "aws_cache_snapshot_window", "9pm", "hh:mm-hh:mm"),
    Case("family of another engine", "aws_cache_parameter_family", "redis7", "Write valkey8"),
    Case("token too short", "aws_secrets_generated.app/cache-auth-token.length", 12, "Write 16 to 128", file=SECRETS),
    Case(
        "token that is no secret",
        "aws_cache_groups.main.auth_token_secret",
        "app/cache-token",
        "Write app/cache-auth-token",
        file=CACHE,
    ),
    # Entrances and keeping
    Case(
        "port without a flow",
        "aws_load_balancing_target_groups.web.port",
        8081,
        "to: web, ports: [8081]",
        file=BALANCING,
    ),
    Case(
        "public load balancer in a private tier",
        "aws_load_balancing_load_balancers.public.tier",
        "app",
        "Write public",
        file=BALANCING,
    ),
    Case(
        "name for two things", "aws_endpoints_names.db", {"database": "main", "cache": "main"}, "exactly one", file=DNS
    ),
    Case(
        "name for nothing",
        "aws_endpoints_names.db",
        {"database": "mian"},
        "Write main",
        file=DNS,
        says="aws_endpoints_names.db.database",
    ),
    Case(
        "parameter of an endpoint that is none",
        "aws_endpoints_parameters.app/cache-host",
        {"cache": "mian"},
        "Write main",
        file=DNS,
        says="aws_endpoints_parameters.app/cache-host.cache",
    ),
    Case(
        "key service that is none",
        "aws_keys_purposes.data.via",
        ["rds", "elasticace", "ec2"],
        "Write elasticache",
        file=KEYS,
        says="aws_keys_purposes.data.via[1]",
    ),
    Case(
        "secret name with a space",
        "aws_secrets_generated.app/the word",
        {"description": "x"},
        "of letters, digits",
        file=SECRETS,
    ),
    Case("parameter name with a space", "aws_secrets_parameters.app/the url", "x", "of letters, digits", file=SECRETS),
    Case("bucket name with an underscore", "aws_storage_buckets.old_logs", {}, "lower-case letters", file=STORAGE),
    Case(
        "old versions without versions",
        "aws_storage_buckets.artifacts.versioning",
        False,
        "versioning: true",
        file=STORAGE,
        says="aws_storage_buckets.artifacts.noncurrent_expiration_days",
    ),
    Case(
        "machine without a profile",
        "aws_identity_host_roles",
        ["proxy", "web", "app", "speech-api"],
        "Add vpn",
        file=IDENTITY,
        says="aws_compute_instances.vpn",
        written=COMPUTE,
    ),
    Case(
        "unknown password option",
        "aws_identity_password_policy.max_password_days",
        90,
        "Write max_password_age",
        file=IDENTITY,
    ),
]


Examine = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def examine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Examine]:
    """The answer of the action plugin to an environment of a project."""
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_", "PIXSTORY_"))
    }
    command = [sys.executable, str(Path(__file__).with_name("gate_process.py"))]
    errors = tmp_path_factory.mktemp("gate") / "stderr"
    # At the top of the repository, so that ansible.cfg is read.
    with (
        errors.open("w") as stderr,
        subprocess.Popen(
            command, cwd=ROOT, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True
        ) as process,
    ):
        assert process.stdin
        assert process.stdout

        def ask(
            project: Path,
            environment: str,
            environ: Mapping[str, str] | None = None,
            extra_vars: Mapping[str, Any] | None = None,
        ) -> dict[str, Any]:
            request = {"project": str(project), "environment": environment}
            request |= {"environ": environ or {}, "extra_vars": extra_vars or {}}
            print(json.dumps(request), file=process.stdin, flush=True)
            answer = process.stdout.readline()
            assert answer, errors.read_text()
            return json.loads(answer)

        yield ask
        process.stdin.close()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what an operator edits."""
    for folder in ("inventories", "group_vars", "playbooks"):
        shutil.copytree(ROOT / folder, tmp_path / folder, symlinks=True)
    shutil.copy(ROOT / "ansible.cfg", tmp_path)
    return tmp_path


def change(file: Path, path: str, value: Any) -> None:
    document = yaml.safe_load(file.read_text())
    *parents, last = path.split(".")
    node = document
    for key in parents:
        node = node[key]
    if value is DELETED:
        del node[last]
    else:
        node[last] = value
    file.write_text(yaml.safe_dump(document, sort_keys=False))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_environments_of_the_repository_have_no_mistake(examine: Examine, environment: str) -> None:
    result = examine(ROOT, environment)
    assert result["mistakes"] == []
    assert not result.get("failed")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mistake_is_answered(case: Case, project: Path, examine: Examine) -> None:
    file = case.file.format(environment=case.environment)
    change(project / file, case.change, case.value)
    variable = case.says or case.change

    result = examine(project, case.environment, case.environ)

    assert result["failed"]
    found = [mistake for mistake in result["mistakes"] if mistake["variable"] == variable]
    assert found, result["msg"]
    mistake = found[0]
    assert case.remedy.format(environment=case.environment) in mistake["instead"], result["msg"]
    assert (case.written or file) in mistake["where"], result["msg"]
    for part in mistake.values():
        assert part in result["msg"]
    assert_line(project, mistake, case.change if case.value is not DELETED else "")


def assert_line(project: Path, mistake: dict[str, str], changed: str) -> None:
    """The line that is named holds the key; or, of a list's element or of what is missing, something around it."""
    found = re.match(r"(\S+):(\d+)", mistake["where"])
    if not found or not (project / found[1]).is_file():
        return
    lines = (project / found[1]).read_text().splitlines()
    number = int(found[2])
    assert 1 <= number <= len(lines)
    if mistake["variable"] == changed:
        assert f"{changed.split('.')[-1]}:" in lines[number - 1]


def test_all_mistakes_are_told_at_once(project: Path, examine: Examine) -> None:
    file = project / "inventories/staging/group_vars/all.yml"
    change(file, "aws_compute_sizes.web.min", 99)
    change(file, "platform_region", "ap-south-9")
    change(project / NETWORK, "aws_network_vpcs.main.protected_tiers", ["dta"])
    result = examine(project, "staging")
    told = {mistake["variable"] for mistake in result["mistakes"]}
    assert told == {"aws_compute_sizes.web.min", "platform_region", "aws_network_vpcs.main.protected_tiers[0]"}
    assert [line.split(".")[0] for line in result["msg"].splitlines()[1:]] == ["1", "2", "3"]


def test_a_reference_leads_to_the_file_that_holds_the_value(project: Path, examine: Examine) -> None:
    change(project / "inventories/dev/group_vars/all.yml", "aws_network_vpcs.main.cidr", "{{ mine.main }}")
    change(project / "inventories/dev/group_vars/all.yml", "mine", {"main": "10.40.0.1/16"})
    [mistake] = examine(project, "dev")["mistakes"]
    assert mistake["variable"] == "aws_network_vpcs.main.cidr"
    lines = (project / "inventories/dev/group_vars/all.yml").read_text().splitlines()
    assert f"all.yml:{lines.index('  main: 10.40.0.1/16') + 1}, as mine.main, which" in mistake["where"]


def test_the_command_line_is_named(project: Path, examine: Examine) -> None:
    result = examine(project, "production", extra_vars={"platform_emulated": "false"})
    [mistake] = [mistake for mistake in result["mistakes"] if mistake["variable"] == "platform_emulated"]
    assert mistake["where"] == "the command line (-e)"
    assert """-e '{"platform_emulated": false}'""" in mistake["instead"]


@pytest.mark.parametrize(
    ("file", "content", "line"),
    [
        ("inventories/dev/group_vars/controller.yml", "platform_region: mars\n", 1),
        ("inventories/dev/host_vars/localhost.yml", "---\nplatform_region: mars\n", 2),
        ("group_vars/controller.yml", "# Loses to the environment, as ansible.cfg says\nplatform_region: mars\n", 0),
        ("inventories/dev/hosts.yml", "controller:\n  hosts:\n    localhost:\n      platform_region: mars\n", 4),
        ("inventories/dev/hosts.yml", "controller:\n  vars:\n    platform_region: mars\n  hosts:\n    localhost:\n", 0),
    ],
)
def test_the_file_that_wins_is_named(project: Path, examine: Examine, file: str, content: str, line: int) -> None:
    target = project / file
    target.parent.mkdir(exist_ok=True)
    target.write_text(content)
    if line == 0 and "hosts.yml" in file:
        # A group's variables in the inventory lose to group_vars/all, by ansible.cfg.
        assert examine(project, "dev")["mistakes"] == []
        return
    if line == 0:
        change(project / "inventories/dev/group_vars/all.yml", "platform_region", DELETED)
        line = 2
    [mistake] = examine(project, "dev")["mistakes"]
    assert mistake["where"] == f"{file}:{line}"


def test_no_value_of_a_parameter_is_shown(project: Path, examine: Examine) -> None:
    change(project / SECRETS, "aws_secrets_parameters.app/pin", 739184)
    result = examine(project, "production")
    assert result["failed"]
    assert "739184" not in str(result)


# Real processes


class Endpoint(ThreadingHTTPServer):
    """Answers the calls of the guard as an account would, refuses every other, and keeps a list of all."""

    account = "123456789012"
    region = "ap-south-1"
    zones = "abc"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, operation: str) -> str | None:
        zones = "".join(
            f"<item><zoneName>{self.region}{zone}</zoneName><zoneState>available</zoneState>"
            f"<regionName>{self.region}</regionName><zoneType>availability-zone</zoneType></item>"
            for zone in self.zones
        )
        return {
            "GetCallerIdentity": "<GetCallerIdentityResponse><GetCallerIdentityResult>"
            f"<Arn>arn:aws:iam::{self.account}:user/anna</Arn><Account>{self.account}</Account>"
            "</GetCallerIdentityResult></GetCallerIdentityResponse>",
            "DescribeAvailabilityZones": "<DescribeAvailabilityZonesResponse>"
            f"<availabilityZoneInfo>{zones}</availabilityZoneInfo></DescribeAvailabilityZonesResponse>",
            "DescribeInstances": "<DescribeInstancesResponse><reservationSet/></DescribeInstancesResponse>",
        }.get(operation)


class Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        operation = parse_qs(body).get("Action", [f"{self.command} {self.path}"])[0]
        self.server.asked.append(operation)
        answer = self.server.answer(operation)
        content = (answer or "<Response><Errors><Error><Code>AccessDenied</Code></Error></Errors></Response>").encode()
        self.send_response(200 if answer else 403)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = respond

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def run(
    project: Path, inventory: str, *arguments: str, playbook: str = "playbooks/provision.yml", **environ: str
) -> tuple[int, str]:
    """Run a playbook as an operator does; without credentials of this machine, and never towards AWS."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "ANSIBLE_COLLECTIONS_PATH") if name in os.environ}
    # A proxy that nobody listens on: what is not on loopback goes nowhere.
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1", "AWS_EC2_METADATA_DISABLED": "true"}
    command = Path(sys.executable).with_name("ansible-playbook")
    done = subprocess.run(
        [command, "-i", inventory, playbook, *arguments],
        cwd=project,
        env={**kept, **nowhere, "HOME": str(project), "AWS_MAX_ATTEMPTS": "1", **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def test_the_wrong_account_is_refused(project: Path, endpoint: Endpoint) -> None:
    endpoint.account = "999999999999"
    code, output = run(project, "inventories/local", PIXSTORY_EMULATOR_URL=endpoint.url)
    assert code != 0
    assert set(endpoint.asked) == {"DescribeInstances", "GetCallerIdentity"}
    for words in (
        "This is account 999999999999, and the environment declares account 123456789012",
        "arn:aws:iam::999999999999:user/anna",
        "platform_account_id",
        "inventories/<environment>/group_vars/all.yml",
    ):
        assert words in output


def test_the_wrong_region_is_refused(project: Path, endpoint: Endpoint) -> None:
    endpoint.region = "us-east-1"
    code, output = run(project, "inventories/local/hosts.yml", "--check", PIXSTORY_EMULATOR_URL=endpoint.url)
    assert code != 0
    assert endpoint.asked == ["GetCallerIdentity", "DescribeAvailabilityZones"]
    assert "declares Region ap-south-1, and the API answers for us-east-1. Mend platform_region" in output


def test_local_without_an_endpoint_is_refused(project: Path, endpoint: Endpoint) -> None:
    change(project / "inventories/local/group_vars/all.yml", "platform_endpoint_url", DELETED)
    code, output = run(project, "inventories/local/hosts.yml", AWS_ENDPOINT_URL=endpoint.url)
    assert code != 0
    assert endpoint.asked == []
    assert "platform_endpoint_url is not declared, and platform_emulated is true" in output
    assert "inventories/local/group_vars/all.yml" in output


def test_a_real_environment_with_an_endpoint_is_refused(project: Path, endpoint: Endpoint) -> None:
    code, output = run(project, "inventories/production/hosts.yml", AWS_ENDPOINT_URL=endpoint.url)
    assert code != 0
    assert endpoint.asked == []
    assert "AWS_ENDPOINT_URL is" in output
    assert "Unset it: unset AWS_ENDPOINT_URL" in output


def test_a_profile_that_leads_elsewhere_is_refused(project: Path, endpoint: Endpoint) -> None:
    """Not in the environment of the shell, so the guard finds it; before a call."""
    (project / ".aws").mkdir()
    (project / ".aws" / "config").write_text(f"[default]\nendpoint_url = {endpoint.url}\n")
    code, output = run(
        project, "inventories/production/hosts.yml", AWS_ACCESS_KEY_ID="nobody", AWS_SECRET_ACCESS_KEY="nothing"
    )
    assert code != 0
    assert endpoint.asked == []
    assert f"calls would go to {endpoint.url}, which is not AWS. Nothing was sent." in output


def test_one_role_alone_meets_the_gate(project: Path, endpoint: Endpoint) -> None:
    change(project / "inventories/local/group_vars/all.yml", "platform_region", DELETED)
    change(project / NETWORK, "aws_network_vpcs.speech.tiers", ["public", "public"])
    arguments = ("--tags", "aws_compute", "-e", "aws_compute_health_check_grace_seconds=60")
    code, output = run(project, "inventories/local/hosts.yml", *arguments, PIXSTORY_EMULATOR_URL=endpoint.url)
    assert code != 0
    assert endpoint.asked == []
    assert "platform_region is not declared" in output
    assert "aws_network_vpcs.speech.tiers[1]" in output
    assert 'aws_compute_health_check_grace_seconds is the string "60"' in output
    assert "the command line (-e)" in output


def test_another_configuration_is_refused(project: Path, endpoint: Endpoint) -> None:
    """Started elsewhere, Ansible's own precedence would let the shared group_vars/ win."""
    (project / "other.cfg").write_text("[defaults]\n")
    environ = {"ANSIBLE_CONFIG": "other.cfg", "PIXSTORY_EMULATOR_URL": endpoint.url}
    code, output = run(project, "inventories/local/hosts.yml", **environ)
    assert code != 0
    assert endpoint.asked == []
    assert "Run from the top of the repository so that ansible.cfg is read" in output


def test_the_right_account_passes(project: Path, endpoint: Endpoint) -> None:
    playbook = {
        "hosts": "controller",
        "gather_facts": False,
        "module_defaults": {"group/pixstory.platform.aws": "{{ platform_aws_connection }}"},
        "roles": ["pixstory.platform.platform"],
    }
    (project / "playbooks" / "gate.yml").write_text(yaml.safe_dump([playbook]))
    arguments = ("--check", "--diff")
    code, output = run(
        project, "inventories/local", *arguments, playbook="playbooks/gate.yml", PIXSTORY_EMULATOR_URL=endpoint.url
    )
    assert code == 0, output
    assert endpoint.asked == ["DescribeInstances", "GetCallerIdentity", "DescribeAvailabilityZones"]


# The guard's own words


def zones(letters: str, region: str = "ap-south-1", kind: str = "availability-zone") -> list[dict[str, Any]]:
    return [
        {"ZoneName": f"{region}{letter}", "State": "available", "RegionName": region, "ZoneType": kind}
        for letter in letters
    ]


def test_a_zone_of_another_region_is_refused() -> None:
    with pytest.raises(guard.Refused, match=r"ap-south-1c is not .* Those are ap-south-1a, ap-south-1b\. Write"):
        guard.refuse_zones("ap-south-1", ["a", "c"], zones("ab"))
    guard.refuse_zones("ap-south-1", ["a", "b"], zones("ab"))


def test_a_local_zone_is_not_an_availability_zone() -> None:
    with pytest.raises(guard.Refused, match="ap-south-1c"):
        guard.refuse_zones("ap-south-1", ["a", "c"], [*zones("ab"), *zones("c", kind="local-zone")])


@pytest.mark.parametrize(
    ("emulated", "url", "refused"),
    [
        (True, "http://127.0.0.1:5111", False),
        (True, "http://localhost:5111", False),
        (True, "http://[::1]:5111", False),
        (True, "https://sts.ap-south-1.amazonaws.com", True),
        (True, "http://192.0.2.1:5111", True),
        (True, "http://127.0.0.1.example.com", True),
        (False, "https://sts.ap-south-1.amazonaws.com", False),
        (False, "https://sts.cn-north-1.amazonaws.com.cn", False),
        (False, "https://ec2.ap-south-1.api.aws", False),
        (False, "http://127.0.0.1:5111", True),
        (False, "https://amazonaws.com.example.com", True),
        (False, "https://notamazonaws.com", True),
    ],
)
def test_the_endpoint_is_of_the_right_kind(emulated: bool, url: str, refused: bool) -> None:
    if refused:
        with pytest.raises(guard.Refused, match=re.escape(f"calls would go to {url}")):
            guard.refuse_endpoint(emulated, url)
    else:
        guard.refuse_endpoint(emulated, url)


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetCallerIdentity")


@pytest.mark.parametrize(
    ("error", "emulated", "words"),
    [
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:5111"), True, "Start it first; README.md says how"),
        (EndpointConnectionError(endpoint_url="https://sts.amazonaws.com"), False, "this machine's network"),
        (NoCredentialsError(), False, "Set AWS_PROFILE"),
        (UnauthorizedSSOTokenError(), False, "aws sso login"),
        (client_error("ExpiredToken"), False, "aws sso login"),
        (client_error("InvalidClientTokenId"), False, "Enable that Region"),
        (client_error("UnauthorizedOperation"), False, "Allow sts:GetCallerIdentity and ec2:Describe"),
        (client_error("Strange"), False, "Cannot prove which account this is"),
    ],
)
def test_a_failed_call_is_explained(error: Exception, emulated: bool, words: str) -> None:
    assert words in guard.explain(error, emulated, "http://127.0.0.1:5111", "ap-south-1")
