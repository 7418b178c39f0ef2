"""A virtual machine that is baked, made from its image, configured, booted once more, and looked at.

`PIXSTORY_VM_KEPT=base,app` takes these images as an earlier run left them: under emulation a bake is half an hour.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import boto3
import pytest
import testinfra
from testinfra.host import Host

from ansible_collections.pixstory.platform.plugins.filter.ssh import ssh_options
from lab.emulator import server
from lab.machines.gateway import ROOT
from lab.vm import aws, image, services
from lab.vm.instance import PACKAGES, Cloud, Instance, end_tidily, last_lines

REGION = "ap-south-1"
# Under emulation on two busy cores. Whatever takes longer hangs.
PLAY_SECONDS = 10800
PREFIX = "pixstory-local"
KEPT = os.environ.get("PIXSTORY_VM_KEPT", "").split(",")


class Bench:
    """The controller, the machine that runs, and how long everything took."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cloud = Cloud()
        self.seconds: dict[str, float] = {}
        self.said: list[str] = []
        self.began = time.monotonic()
        self.instance = Instance("nothing", "nothing")
        self.console = folder / "nothing"
        self.image = self.timed("the disk of Debian", image.ensure)
        around = self.cloud.up(self.image)
        checksums = aws.packages(self.cloud.folder / "packages")
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "ANSIBLE_"))},
            **around,
            # The known hosts and the key are below it.
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "PATH": f"{aws.install(folder)}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        self.variables = {
            "platform_connection": "ssm",
            # A file's digest costs a second under emulation; molecule's scenario base looks at AIDE.
            "base_aide": False,
            "base_ssm_agent_url": f"{PACKAGES}/amazon-ssm-agent.deb",
            "base_ssm_agent_checksums": {"amd64": checksums["amazon-ssm-agent"]},
            "base_cloudwatch_agent_url": f"{PACKAGES}/amazon-cloudwatch-agent.deb",
            "base_cloudwatch_agent_checksums": {"amd64": checksums["amazon-cloudwatch-agent"]},
            "ansible_ssh_timeout": 120,
            "reach_timeout_seconds": 3600,
            "reach_first_boot_seconds": 3600,
        }

    def timed(self, what, do):  # type: ignore[no-untyped-def]
        began = time.monotonic()
        result = do()
        self.seconds[what] = self.seconds.get(what, 0.0) + time.monotonic() - began
        print(f"{self.seconds[what]:6.0f} s  {what}", flush=True)
        return result

    def play(self, playbook: str, groups: Mapping[str, str], **variables: object) -> str:
        """Run a playbook of lab/vm on the machine, in the groups that it is in on AWS."""
        hosts = {self.instance.name: {"instance_id": self.instance.id, "ec2_tags": {"Role": self.instance.role}}}
        inventory = self.folder / "hosts.yml"
        inventory.write_text(json.dumps({"all": {"children": {group: {"hosts": hosts} for group in groups}}}))
        command = ["ansible-playbook", "-i", "inventories/local/hosts.yml", "-i", str(inventory)]
        command += [f"lab/vm/{playbook}.yml", "-e", json.dumps({**self.variables, **variables})]
        log = self.folder / f"{playbook}-{self.instance.name}.log"
        with log.open("w") as output:
            done = subprocess.run(
                command, cwd=ROOT, env=self.environment, stdout=output, stderr=output, timeout=PLAY_SECONDS
            )
        said = log.read_text()
        assert done.returncode == 0, f"{said[-5000:]}\nThe console ends with:\n{last_lines(self.console)}"
        self.said.append(said)
        return said

    def launch(self, instance: Instance, disk: Path) -> None:
        self.instance = instance
        self.console = self.cloud.launch(instance, disk, self.image)

    def host(self) -> Host:
        """The machine as testinfra sees it, by the same way in."""
        os.environ.update(self.environment)
        options = ssh_options(self.instance.id, "ssm", PREFIX, REGION)
        more = {"ssh_extra_args": options, "controlpath": str(self.folder / "cm"), "timeout": 120}
        return testinfra.get_host(f"ssh://admin@{self.instance.id}", sudo=True, **more)

    def provision(self) -> None:
        """What provision makes for the two machines: their settings and secrets, and the bucket of the backups."""
        session = boto3.Session("emulated", "emulated", region_name=REGION)
        url = self.environment["PIXSTORY_EMULATOR_URL"]
        password = "known-to-the-machine-alone"
        self.cloud.start_services(password)
        parameters, secrets = services.settings(password)
        kept = session.client("secretsmanager", endpoint_url=url)
        for name, value in {**secrets, "vpn/ca-passphrase": "made once and kept there"}.items():
            kept.create_secret(Name=f"/local/{name}", SecretString=value)
        manager = session.client("ssm", endpoint_url=url)
        for name, value in parameters.items():
            manager.put_parameter(Name=f"/local/{name}", Value=value, Type="String")
        session.client("s3", endpoint_url=url).create_bucket(
            Bucket=f"{PREFIX}-backups-{server.DEFAULT_ACCOUNT}",
            CreateBucketConfiguration={"LocationConstraint": REGION},
        )

    def bake(self, image: str, backing: Path, kind: str) -> Path:
        """The disk of an image: a builder from another disk, made what its roles make it, and cleaned."""
        baked = self.cloud.folder / f"{image}.qcow2"
        if image in KEPT:
            assert baked.exists(), f"no earlier run has baked {image}: take it out of PIXSTORY_VM_KEPT"
            return baked
        key = self.folder / f"bake-{image}"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        groups = {"aws_ec2": "", "image_builders": "", image: ""}
        self.instance = Instance(f"image-{image}", image)
        user_data = self.folder / "user-data"
        self.play("user_data", groups, machine_key=str(key), vm_user_data=str(user_data))
        disk = self.cloud.disk(f"builder-{image}", backing, kind)
        self.launch(Instance(f"image-{image}", image, user_data.read_text()), disk)
        self.timed(
            f"a builder of {image}, baked", lambda: self.play("bake", groups, machine_key=str(key), vm_image=image)
        )
        self.timed("its power button", self.cloud.power_off)
        return disk.rename(baked)


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    end_tidily()
    subprocess.run([ROOT / "examples/pixstory/build"], check=True)
    bench = Bench(tmp_path_factory.mktemp("vm"))
    try:
        bench.provision()
        yield bench
        bench.seconds["all of it"] = time.monotonic() - bench.began
        print("\n" + "\n".join(f"{seconds:6.0f} s  {what}" for what, seconds in bench.seconds.items()))
    finally:
        bench.cloud.down()


@pytest.fixture(scope="session")
def baked(bench: Bench) -> Path:
    """The image of base, made of what Debian's AMI is."""
    return bench.bake("base", bench.image.disk, "raw")


# One machine runs at a time: each of these ends with its module.


@pytest.fixture(scope="module")
def vpn(bench: Bench, baked: Path) -> Iterator[Host]:
    """A VPN server made from the image of base, configured, and booted once more."""
    bench.launch(Instance("vpn", "vpn"), bench.cloud.disk("vpn", baked))
    groups = {"aws_ec2": "", "vpn": ""}
    bench.timed("a VPN server from that image, configured", lambda: bench.play("configure", groups))
    bench.timed("it, rebooted", lambda: bench.play("reboot", groups))
    yield bench.host()
    bench.timed("its power button", bench.cloud.power_off)


@pytest.fixture(scope="module")
def app(bench: Bench, baked: Path) -> Iterator[Host]:
    """An app machine made from its own image, which nobody configures, booted once more."""
    image = bench.bake("app", baked, "qcow2")
    bench.launch(Instance("app", "app"), bench.cloud.disk("app-machine", image))
    bench.timed(
        "an app machine from that image, up and rebooted", lambda: bench.play("reboot", {"aws_ec2": "", "app": ""})
    )
    yield bench.host()
    bench.timed("its power button", bench.cloud.power_off)
