# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The emulator as a server: hosts, ports, state, and answers to what nobody emulates."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from checks import Aws, error_code, unique

from lab.emulator import server
from tests.emulated import ROOT, Emulator


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "::", "example.com"])
def test_public_host_is_refused(host: str) -> None:
    with pytest.raises(SystemExit, match="write --host 127"):
        server.refuse_public_host(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_host_is_accepted(host: str) -> None:
    server.refuse_public_host(host)


def test_the_installed_moto_is_the_pinned_one() -> None:
    assert server.pinned_moto() == version("moto")


def test_other_version_of_moto_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    server.warn_of_other_moto(server.pinned_moto())
    assert capsys.readouterr().err == ""
    server.warn_of_other_moto("9.9.9")
    assert "moto is 9.9.9" in capsys.readouterr().err


def test_log_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lab", "emulator", "--port", "0", "--log", str(tmp_path)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert result.returncode != 0
    assert f"--log {tmp_path}: Is a directory" in result.stderr


def test_taken_port_is_refused(extended: Aws) -> None:
    port = extended.url.rpartition(":")[2]
    command = [sys.executable, "-m", "lab", "emulator", "--port", port]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert result.returncode != 0
    assert f"--port {port}: cannot listen there" in result.stderr


def test_account_is_the_one_asked_for_and_files_come_and_go(tmp_path: Path) -> None:
    pidfile, ready = tmp_path / "pid", tmp_path / "url"
    options = ["--account", "210987654321", "--pidfile", str(pidfile), "--ready-file", str(ready)]
    with Emulator(tmp_path / "requests.jsonl", *options) as emulator:
        assert ready.read_text().strip() == emulator.url
        assert pidfile.read_text().strip().isdigit()
        assert Aws(emulator.url).client("sts").get_caller_identity()["Account"] == "210987654321"
    assert not pidfile.exists()
    assert not ready.exists()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """An emulator that a test may reset."""
    with Emulator(tmp_path_factory.mktemp("own") / "requests.jsonl", "--lenient") as emulator:
        yield Aws(emulator.url)


def post(aws: Aws, path: str, body: str = "") -> None:
    headers = {"Content-Type": "text/plain"}
    request = urllib.request.Request(f"{aws.url}/moto-api/{path}", body.encode(), headers, method="POST")
    urllib.request.urlopen(request, timeout=30).close()


def test_reset_clears_the_extensions_too(own: Aws) -> None:
    cache, name = own.client("elasticache"), unique()
    cache.create_cache_parameter_group(
        CacheParameterGroupName=name, CacheParameterGroupFamily="redis7", Description="check"
    )
    describe = cache.describe_cache_parameter_groups
    assert error_code(describe, CacheParameterGroupName=name) is None
    post(own, "reset")
    assert error_code(describe, CacheParameterGroupName=name) == "CacheParameterGroupNotFound"


def test_extensions_do_not_get_past_iam(own: Aws) -> None:
    describe = own.client("elasticache").describe_cache_parameter_groups
    dry_run = own.client("ec2").create_vpc
    post(own, "reset-auth", "0")
    try:
        assert error_code(describe) == "InvalidClientTokenId"
        assert error_code(dry_run, CidrBlock="10.79.0.0/16", DryRun=True) == "AuthFailure"
    finally:
        post(own, "reset-auth", "inf")
    assert error_code(describe) is None


def test_a_bucket_is_found_whatever_the_emulator_is_called(extended: Aws) -> None:
    """Machines of the lab ask at aws.internal; a bucket by that name is none."""
    bucket = unique("bucket")
    extended.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    question = urllib.request.Request(f"{extended.url}/{bucket}?list-type=2", headers={"Host": "aws.internal:5111"})
    with urllib.request.urlopen(question) as answer:
        assert f"<Name>{bucket}</Name>" in answer.read().decode()


@pytest.mark.parametrize(
    ("service", "method"),
    [
        ("ec2", "describe_address_transfers"),
        ("elasticache", "describe_events"),
        ("codestar-connections", "list_connections"),
    ],
)
def test_what_nobody_emulates_is_named(extended: Aws, service: str, method: str) -> None:
    with pytest.raises(Exception, match="The emulator has no") as raised:
        getattr(extended.client(service), method)()
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
