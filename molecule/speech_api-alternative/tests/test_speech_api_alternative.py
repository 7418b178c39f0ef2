"""The Speech API with a certificate that is given, published, and most options changed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import boto3
import pytest
from shared.services import converge, status
from testinfra.host import Host

FOLDER = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"])


def test_it_answers_with_the_certificate_that_was_given(host: Host) -> None:
    assert status(host, "https://127.0.0.1:8443/healthz") == 200
    code = "import ssl; print(ssl.get_server_certificate(('127.0.0.1', 8443)))"
    assert host.check_output("python3 -c %s", code).strip() == (FOLDER / "certificate.pem").read_text().strip()


def test_the_certificate_is_published_for_the_app(aws: Any) -> None:
    client = boto3.session.Session(aws_access_key_id="emulated", aws_secret_access_key="emulated").client(
        "ssm", endpoint_url=aws.url, region_name="ap-south-1"
    )
    (parameter,) = [client.get_parameter(Name="/local/app/speech-api-certificate")["Parameter"]]
    assert parameter["Value"].strip() == (FOLDER / "certificate.pem").read_text().strip()


def test_settings_came_from_aws(host: Host) -> None:
    assert host.file("/run/pixstory/speech-api.env").exists
    log = host.check_output("journalctl --unit pixstory-first-boot.service --output cat --no-pager")
    assert "changed" in log.splitlines()


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ('{"speech_api_private_key": ""}', "speech_api_certificate and speech_api_private_key belong together"),
        ('{"speech_api_certificate_days": 30}', "speech_api_certificate_days is 30: write more than 30"),
        ('{"speech_api_sources": {"a": {"url": "ftp://x"}}}', "write url, an http or https address"),
        ('{"speech_api_sources": {"a": {"url": "http://x", "interval_seconds": 59}}}', "interval_seconds, 60 to 86400"),
        ('{"speech_api_sources": {"a": {"url": "http://x", "interval": 90}}}', "interval_seconds, 60 to 86400"),
    ],
)
def test_bad_input_is_refused_before_anything_is_touched(host: Host, variables: str, said: str) -> None:
    before = host.check_output("stat --format %Z /etc/speech-api/sources.toml /etc/nginx/nginx.conf")
    run = converge("--extra-vars", variables)
    assert run.returncode != 0
    assert said in " ".join(run.stdout.split())
    assert "changed=0" in run.stdout
    assert host.check_output("stat --format %Z /etc/speech-api/sources.toml /etc/nginx/nginx.conf") == before
