"""Images are baked on machines, from the roles, once for the same content: one of base, and others from it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from lab.machines import host
from lab.machines.fabric import REPOSITORY, Fabric
from tests.emulated import ROOT
from tests.integration.conftest import Emulator, Run

ROLE = "web"


class Account:
    """The local environment on an emulator, and the machines that are builders."""

    def __init__(self, folder: Path) -> None:
        self.emulator = Emulator(folder)
        self.over = threading.Event()
        self.fabric = Fabric(self.emulator.url, ROOT, host.detect(), role="image-builder")
        self.follower = threading.Thread(target=self.fabric.follow, args=(self.over.is_set,))
        credentials = {"aws_access_key_id": "emulated", "aws_secret_access_key": "emulated"}
        session = boto3.session.Session(region_name="ap-south-1", **credentials)
        self.client = lambda service: session.client(service, endpoint_url=self.emulator.url)

    def bake(self, *arguments: str) -> Run:
        given = ["-e", "platform_connection=podman", "-e", f'{{"aws_image_roles": ["{ROLE}"]}}', *arguments]
        return self.emulator.play("local", "bake", *given)

    def images(self) -> dict[str, dict[str, str]]:
        """The tags of the images, by id."""
        images = self.client("ec2").describe_images(Owners=["self"])["Images"]
        return {image["ImageId"]: {tag["Key"]: tag["Value"] for tag in image["Tags"]} for image in images}

    def of_role(self, role: str) -> list[str]:
        return [ami for ami, tags in self.images().items() if tags["Role"] == role]

    def template_image(self) -> str:
        template = {"LaunchTemplateName": f"pixstory-local-{ROLE}", "Versions": ["$Default"]}
        [version] = self.client("ec2").describe_launch_template_versions(**template)["LaunchTemplateVersions"]
        return str(version["LaunchTemplateData"]["ImageId"])

    def parameter(self) -> str:
        answer = self.client("ssm").get_parameter(Name=f"/local/image/{ROLE}")
        return str(answer["Parameter"]["Value"])

    def stop(self) -> None:
        self.over.set()
        self.follower.join(60)
        self.emulator.stop()


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    subprocess.run([sys.executable, "examples/pixstory/build"], cwd=ROOT, check=True)
    account = Account(tmp_path_factory.mktemp("bake"))
    account.follower.start()
    try:
        account.emulator.play("local", "provision").ended_well()
        yield account
    finally:
        account.stop()


def inside(image: str, *command: str) -> str:
    grants = host.detect()
    run = [*grants.podman(), "run", "--rm", *grants.limits(), "--entrypoint", command[0], f"{REPOSITORY}/{image}"]
    return subprocess.run([*run, *command[1:]], capture_output=True, text=True, check=True).stdout.strip()


def test_check_mode_names_what_would_be_baked(account: Account) -> None:
    run = account.bake("--check").changed_nothing()
    told = " ".join(run.output.split())
    assert "An image of base would be baked from ami-" in told
    assert f"An image of {ROLE} would be baked from the image base to come" in told
    assert account.images() == {}


def test_an_image_is_baked_and_new_machines_start_from_it(account: Account) -> None:
    account.bake().ended_well()
    [base], [image] = account.of_role("base"), account.of_role(ROLE)
    tags = account.images()
    assert tags[image]["BaseImage"] == base
    assert tags[base]["BaseImage"] not in tags
    assert {(own["Environment"], len(own["ContentDigest"])) for own in tags.values()} == {("local", 64)}
    assert account.template_image() == account.parameter() == image


def test_the_builders_are_gone_and_left_nothing_of_their_own(account: Account) -> None:
    [image] = account.of_role(ROLE)
    builders = account.client("ec2").describe_instances(
        Filters=[
            {"Name": "tag:Role", "Values": ["image-builder"]},
            {"Name": "instance-state-name", "Values": ["running"]},
        ]
    )
    assert builders["Reservations"] == []
    assert inside(image, "cat", "/etc/machine-id") == ""
    assert inside(image, "find", "/etc/ssh", "-name", "ssh_host_*") == ""
    assert len(inside(image, "cat", "/etc/pixstory/content-digest")) == 64
    assert inside(image, "readlink", f"/srv/{ROLE}/current").startswith("releases/")


def test_unchanged_content_bakes_nothing(account: Account) -> None:
    account.bake().changed_nothing()
    assert len(account.images()) == 2


def test_changed_content_is_baked_and_provision_keeps_it(account: Account) -> None:
    first = account.parameter()
    account.bake("-e", "web_body_size=7m").ended_well()
    assert account.parameter() != first
    assert account.template_image() == account.parameter()
    assert (len(account.of_role("base")), len(account.of_role(ROLE))) == (1, 2)
    # Machines that answer are what the load balancer asks for now.
    account.emulator.play("local", "provision").ended_well()
    account.emulator.play("local", "provision").changed_nothing()
    assert account.template_image() == account.parameter()
