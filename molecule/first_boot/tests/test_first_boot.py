"""A machine that boots by itself, from an image, while AWS is away and then there."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from shared.services import ROOT, SECRETS, check_secrets, eventually, seen_on_disk, status
from testinfra.host import Host

HOOK = "ready"
AWAY_SECONDS = 60


def client(aws: Any, name: str) -> Any:
    session = boto3.session.Session(aws_access_key_id="emulated", aws_secret_access_key="emulated")
    return session.client(name, endpoint_url=aws.url, region_name="ap-south-1")


def active(host: Host, unit: str) -> str:
    return host.run("systemctl is-active %s", unit).stdout.strip()


def said(host: Host, unit: str) -> list[str]:
    """What a unit has said since the machine booted."""
    return host.check_output("journalctl --boot --unit %s --output cat --no-pager", unit).splitlines()


@pytest.fixture(params=["debian-13", "debian-12"])
def machine(request: pytest.FixtureRequest, machines: Mapping[str, Host]) -> Host:
    return machines[request.param]


@pytest.fixture
def in_group(machine: Host, aws: Any, lab: Mapping[str, Any]) -> Iterator[str]:
    """The machine as an instance of an Auto Scaling group with a launch hook; its id."""
    autoscaling, ec2 = client(aws, "autoscaling"), client(aws, "ec2")
    name = f"first-boot-{time.monotonic_ns()}"
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData={"ImageId": image})
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=0,
        MaxSize=1,
        DesiredCapacity=0,
        VPCZoneIdentifier=subnet,
        LaunchTemplate={"LaunchTemplateName": name},
    )
    autoscaling.put_lifecycle_hook(
        AutoScalingGroupName=name, LifecycleHookName=HOOK, LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING"
    )
    autoscaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=1)
    (entry,) = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0][
        "Instances"
    ]
    identity = Path(ROOT / ".lab/molecule/first_boot/imds.json")
    before = identity.read_text()
    document = json.loads(before)
    own = lab["machines"][machine.check_output("hostname")]["address"]
    document[own]["instance_id"] = entry["InstanceId"]
    identity.write_text(json.dumps(document))
    yield entry["InstanceId"]
    identity.write_text(before)
    autoscaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)


def lifecycle(aws: Any, instance: str) -> str:
    reply = client(aws, "autoscaling").describe_auto_scaling_instances(InstanceIds=[instance])
    return str(reply["AutoScalingInstances"][0]["LifecycleState"])


def test_image_holds_a_release_and_no_settings(machine: Host) -> None:
    for unit in ("app.service", "app.socket", "pixstory-first-boot.service", "pixstory-ready.service"):
        assert machine.service(unit).is_enabled
        assert active(machine, unit) == "inactive"
    assert machine.file("/srv/app/current/venv/bin/python").exists
    assert not machine.file("/run/pixstory").exists
    assert [seen_on_disk(machine, secret) for secret in SECRETS] == [[], [], []]


def test_machine_comes_up_by_itself_once_aws_is_there(
    machine: Host, aws: Any, in_group: str, lab: Mapping[str, Any]
) -> None:
    name = machine.check_output("hostname")
    assert lifecycle(aws, in_group) == "Pending:Wait"
    aws.stop()
    began = time.monotonic()
    subprocess.run(["podman", "restart", lab["machines"][name]["container"]], check=True, capture_output=True)
    while time.monotonic() - began < AWAY_SECONDS:
        time.sleep(5)
        assert active(machine, "pixstory-first-boot.service") in ("activating", "inactive")
        assert active(machine, "app.service") != "active"
        assert active(machine, "pixstory-ready.service") != "active"
    assert not machine.file("/run/pixstory/app.env").exists
    waiting = [line for line in said(machine, "pixstory-first-boot.service") if line.startswith("waiting: ")]
    aws.start()
    back = time.monotonic()
    eventually(lambda: machine.file("/run/pixstory/app.env").exists, 120)
    settled = time.monotonic()
    # The instance is not in service before the service answers.
    states = set()
    while status(machine, "http://127.0.0.1:8000/readyz") != 200:
        states.add(lifecycle(aws, in_group))
        assert time.monotonic() - settled < 180
        time.sleep(0.5)
    answered = time.monotonic()
    eventually(lambda: lifecycle(aws, in_group) == "InService", 60)
    eventually(lambda: active(machine, "pixstory-ready.service") == "active", 30)
    print(
        f"{name}: AWS away for {back - began:.0f} s, {len(waiting)} lines said so. Once it was there, the settings came"
        f" after {settled - back:.1f} s, the service answered after {answered - back:.1f} s, and the machine was in"
        f" service after {time.monotonic() - back:.1f} s"
    )
    assert 1 <= len(waiting) <= 2
    assert "instance metadata at http://aws.internal does not answer" in waiting[0]
    assert states <= {"Pending:Wait"}
    assert any(f"completed {HOOK} of Auto Scaling group" in line for line in said(machine, "pixstory-ready.service"))
    assert (
        machine.run("runuser --user app -- cat /run/pixstory/app/SPEECH_API_CERTIFICATE").stdout
        == "a value\nof two lines\n"
    )


def test_a_setting_that_changes_reaches_the_service(machine: Host, aws: Any) -> None:
    mark = f"changed {time.time():.0f}"
    process = "systemctl show --property MainPID --value app.service"
    before = machine.check_output(process)
    client(aws, "ssm").put_parameter(Name="/local/app/mark", Value=mark, Type="String", Overwrite=True)
    began = time.monotonic()
    eventually(lambda: f'MARK="{mark}"' in machine.check_output("cat /run/pixstory/app.env"), 60)
    eventually(lambda: machine.check_output(process) not in (before, "0"), 30)
    eventually(lambda: status(machine, "http://127.0.0.1:8000/readyz") == 200, 60)
    print(f"a changed setting was in use after {time.monotonic() - began:.1f} s")
    environment = machine.check_output(f"cat /proc/$({process})/environ | tr '\\0' '\\n'")
    assert f"MARK={mark}" in environment.splitlines()
    # What has not changed disturbs nobody.
    now = machine.check_output(process)
    time.sleep(15)
    assert machine.check_output(process) == now


def test_no_secret_on_the_disk_or_in_the_journal(machine: Host) -> None:
    check_secrets(machine, *SECRETS[:2])


def test_nothing_is_ready_while_the_service_does_not_answer(machine: Host, machines: Mapping[str, Host]) -> None:
    """AWS is there; the database is not."""
    database = machines["database"]
    database.check_output("systemctl stop postgresql.service")
    try:
        machine.check_output("systemctl stop pixstory-ready.service")
        machine.check_output("systemctl start --no-block pixstory-ready.service")
        text = "waiting: http://127.0.0.1:8000/readyz answers 503"
        eventually(lambda: text in said(machine, "pixstory-ready.service"), 30)
        assert active(machine, "pixstory-ready.service") == "activating"
    finally:
        database.check_output("systemctl start postgresql.service")
    eventually(lambda: active(machine, "pixstory-ready.service") == "active", 90)
