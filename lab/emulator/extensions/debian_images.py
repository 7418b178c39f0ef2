# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The public images of Debian, and the public parameters that name the latest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from moto.ec2.models.amis import Ami, AmiBackend
from moto.ssm.models import Parameter, ParameterDict

from lab.emulator.registry import fix, wrap

# https://wiki.debian.org/Cloud/AmazonEC2Image
DEBIAN_ACCOUNT = "136693071363"
PARAMETERS = "/aws/service/debian/release"


class Release(NamedTuple):
    """One published image."""

    version: str
    architecture: str
    build: str

    @property
    def name(self) -> str:
        """The image's name, as Debian writes it."""
        return f"debian-{self.version}-{self.architecture}-{self.build}"

    @property
    def parameter(self) -> str:
        """The public parameter whose value is the image's id."""
        return f"{PARAMETERS}/{self.version}/latest/{self.architecture}"

    def image_id(self, region: str) -> str:
        """The id in a region: made up, but always the same."""
        return "ami-" + hashlib.sha256(f"{region} {self.name}".encode()).hexdigest()[:17]


# The build numbers stand for whatever is latest; no image has to exist behind them.
RELEASES = [
    Release(version, architecture, build)
    for version, build in (("12", "20251112-2294"), ("13", "20251117-2299"))
    for architecture in ("amd64", "arm64")
]


def _image(backend: Any, release: Release) -> Ami:
    return Ami(
        backend,
        release.image_id(backend.region_name),
        name=release.name,
        description=f"Debian {release.version} ({release.build})",
        owner_id=DEBIAN_ACCOUNT,
        public=True,
        virtualization_type="hvm",
        architecture={"amd64": "x86_64"}.get(release.architecture, release.architecture),
        creation_date=datetime.strptime(release.build[:8], "%Y%m%d"),
        image_location=f"{DEBIAN_ACCOUNT}/{release.name}",
        hypervisor="xen",
        root_device_type="ebs",
        root_device_name="/dev/xvda",
        boot_mode="uefi-preferred" if release.architecture == "amd64" else "uefi",
    )


@fix("ec2")
def debian_images_are_public() -> None:
    """Debian publishes its images in every region.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html
    """

    @wrap(AmiBackend, "_load_amis")
    def load(original: Any, backend: Any) -> None:
        original(backend)
        for release in RELEASES:
            image = _image(backend, release)
            backend.amis[image.id] = image


@fix("ssm")
def debian_parameters_name_the_latest_image() -> None:
    """Public parameters under /aws/service/debian resolve to the latest image ids.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters.html
    """

    @wrap(ParameterDict, "_check_loading_status")
    def check(original: Any, parameters: ParameterDict, key: str) -> None:
        original(parameters, key)
        if str(key or "").startswith(PARAMETERS) and RELEASES[0].parameter not in parameters.keys():  # noqa: SIM118
            for release in RELEASES:
                dict.__setitem__(parameters, release.parameter, [_parameter(parameters, release)])


def _parameter(parameters: ParameterDict, release: Release) -> Parameter:
    return Parameter(
        account_id=parameters.account_id,
        name=release.parameter,
        value=release.image_id(parameters.region_name),
        parameter_type="String",
        description=None,
        allowed_pattern=None,
        keyid=None,
        last_modified_date=datetime.strptime(release.build[:8], "%Y%m%d").timestamp(),
        version=1,
        data_type="aws:ec2:image",
    )


def restore(backend: Any, told: Mapping[str, Any]) -> None:
    """Have an AMI of an earlier account again, as DescribeImages told it. Its machine is gone."""
    image = Ami(
        backend,
        told["ImageId"],
        name=told["Name"],
        description=told.get("Description"),
        virtualization_type="hvm",
        architecture=told["Architecture"],
        creation_date=datetime.strptime(told["CreationDate"], "%Y-%m-%dT%H:%M:%S.000Z"),
        root_device_type="ebs",
        root_device_name=told.get("RootDeviceName", "/dev/xvda"),
        tags={tag["Key"]: tag["Value"] for tag in told["Tags"]},
    )
    image.instance_id = told["SourceInstanceId"]
    backend.amis[image.id] = image
