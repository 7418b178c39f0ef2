"""The machines themselves: what every other scenario takes for granted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import boto3
from testinfra.host import Host

TOKEN = (
    "curl --silent --fail --request PUT --header 'X-aws-ec2-metadata-token-ttl-seconds: 60' "
    "http://aws.internal/latest/api/token"
)


def metadata(host: Host, path: str) -> str:
    return host.check_output(
        f'curl --silent --fail --header "X-aws-ec2-metadata-token: $({TOKEN})" http://aws.internal/latest/{path}'
    )


def test_systemd_runs_everything(host: Host) -> None:
    assert host.check_output("systemctl is-system-running") == "running"


def test_it_is_the_release_that_was_asked_for(host: Host) -> None:
    assert f"debian-{host.system_info.release.split('.')[0]}" == host.check_output("hostname")


def test_machines_reach_one_another_by_name(machines: Mapping[str, Host]) -> None:
    assert machines["debian-13"].run("ping -c 1 -W 5 debian-12").rc == 0
    assert machines["debian-12"].run("ping -c 1 -W 5 first.internal").rc == 0


def test_units_are_sandboxed_as_on_a_machine(host: Host) -> None:
    options = ["DynamicUser", "PrivateTmp", "PrivateDevices", "PrivateUsers"]
    options += ["ProtectKernelTunables", "ProtectControlGroups"]
    properties = " ".join(f"--property={name}=yes" for name in options)
    result = host.run(
        f"systemd-run --quiet --pipe --wait --property=ProtectSystem=strict {properties} touch /var/tmp/a /etc/a"
    )
    assert result.rc == 1
    assert "'/etc/a': Read-only file system" in result.stderr
    assert "/var/tmp/a" not in result.stderr


def test_units_find_their_credentials(host: Host) -> None:
    command = (
        "systemd-run --quiet --pipe --wait --property=DynamicUser=yes --property=LoadCredential=name:/etc/hostname"
    )
    assert host.check_output(f"{command} sh -c 'cat $CREDENTIALS_DIRECTORY/name'") == host.check_output("hostname")


def test_a_machine_sets_its_own_network_and_not_this_computers_kernel(host: Host) -> None:
    assert host.run("echo 1 >/proc/sys/net/ipv4/conf/all/log_martians").rc == 0
    # Written back as it is: were it writable, nothing would change.
    assert host.run("cat /proc/sys/vm/swappiness >/proc/sys/vm/swappiness").rc != 0


def test_options_of_a_platform(machines: Mapping[str, Host]) -> None:
    assert machines["debian-13"].file("/dev/net/tun").exists
    assert machines["debian-13"].check_output("findmnt --noheadings --output FSTYPE /srv") == "tmpfs"
    assert not machines["debian-12"].file("/dev/net/tun").exists


def test_metadata_wants_a_token(host: Host) -> None:
    status = host.check_output(
        "curl --silent --output /dev/null --write-out '%{http_code}' http://aws.internal/latest/"
    )
    assert status == "401"


def test_metadata_knows_each_machine(machines: Mapping[str, Host]) -> None:
    first = machines["debian-13"]
    assert metadata(first, "meta-data/tags/instance/Role") == "app"
    assert metadata(first, "meta-data/placement/region") == "ap-south-1"
    role = metadata(first, "meta-data/iam/security-credentials/")
    assert role == "pixstory-local-app"
    assert json.loads(metadata(first, f"meta-data/iam/security-credentials/{role}"))["Code"] == "Success"
    found = {metadata(host, "meta-data/instance-id") for host in machines.values()}
    assert len(found) == 2


def test_aws_can_go_and_come_back(aws: Any, machines: Mapping[str, Host]) -> None:
    parameters = boto3.client(
        "ssm",
        endpoint_url=aws.url,
        region_name="ap-south-1",
        aws_access_key_id="emulator",
        aws_secret_access_key="emulator",
    )
    parameters.put_parameter(Name="/lab/machines", Value="kept", Type="String", Overwrite=True)
    host = machines["debian-12"]
    endpoint = host.check_output(". /etc/pixstory/aws.env && echo $AWS_ENDPOINT_URL")
    status = f"curl --silent --output /dev/null --write-out '%{{http_code}}' {endpoint}/_lab/status"
    assert host.check_output(status) == "200"
    aws.stop("api")
    assert host.run(status).rc == 7  # connection refused
    assert metadata(host, "meta-data/instance-id").startswith("i-")
    aws.stop()
    assert host.run(TOKEN).rc == 7
    aws.start()
    assert host.check_output(status) == "200"
    assert parameters.get_parameter(Name="/lab/machines")["Parameter"]["Value"] == "kept"
