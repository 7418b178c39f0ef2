# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import Emulator, Requests, Runner, TwelveSteps

MODULE = "ec2_launch_template"
NAME = "pixstory-production-web"
PROFILE = "arn:aws:iam::123456789012:instance-profile/pixstory-production-web"


@pytest.fixture
def declared() -> dict[str, Any]:
    return {
        "name": NAME,
        "version_description": "the first",
        "image_id": "ami-12c6146b",
        "instance_type": "t4g.medium",
        "iam_instance_profile": PROFILE,
        "user_data": "IyEvYmluL3NoCg==",
        "block_device_mappings": [
            {
                "device_name": "/dev/xvda",
                "ebs": {
                    "volume_type": "gp3",
                    "volume_size": 20,
                    "iops": 3000,
                    "throughput": 125,
                    "encrypted": True,
                    "kms_key_id": "arn:aws:kms:ap-south-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
                    "delete_on_termination": True,
                },
            },
            {"device_name": "/dev/xvdb", "ebs": {"volume_size": 8, "delete_on_termination": False}},
        ],
        "metadata_options": {
            "http_endpoint": "enabled",
            "http_tokens": "required",
            "http_put_response_hop_limit": 1,
            "http_protocol_ipv6": "disabled",
            "instance_metadata_tags": "enabled",
        },
        "monitoring": {"enabled": True},
        "network_interfaces": [
            {
                "device_index": 0,
                "associate_public_ip_address": False,
                "delete_on_termination": True,
                "groups": ["sg-1", "sg-2"],
            },
        ],
        "tag_specifications": [
            {"resource_type": "instance", "tags": {"Role": "web", "Number": 1}},
            {"resource_type": "volume", "tags": {"Role": "web"}},
        ],
        "tags": {"Project": "pixstory", "Role": "web"},
    }


def template(emulator: Emulator) -> dict[str, Any]:
    [found] = emulator.client("ec2").describe_launch_templates(LaunchTemplateNames=[NAME])["LaunchTemplates"]
    return found


def version(emulator: Emulator, number: str = "$Latest") -> dict[str, Any]:
    versions = emulator.client("ec2").describe_launch_template_versions(LaunchTemplateName=NAME, Versions=[number])
    return versions["LaunchTemplateVersions"][0]


def numbers(emulator: Emulator) -> tuple[int, int]:
    """The default version and the latest one."""
    found = template(emulator)
    return found["DefaultVersionNumber"], found["LatestVersionNumber"]


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps, declared: dict[str, Any]) -> None:
    first: dict[str, Any] = {}

    def created(result: dict[str, Any]) -> None:
        assert result["launch_template"]["launch_template_id"] == template(emulator)["LaunchTemplateId"]
        assert result["launch_template"]["tags"] == declared["tags"]
        assert numbers(emulator) == (1, 1)
        made = version(emulator)
        first.update(made["LaunchTemplateData"])
        assert made["VersionDescription"] == "the first"
        assert first["ImageId"] == declared["image_id"]
        assert first["InstanceType"] == declared["instance_type"]
        assert first["IamInstanceProfile"] == {"Arn": PROFILE}
        assert first["UserData"] == declared["user_data"]
        assert first["Monitoring"] == {"Enabled": True}
        assert first["MetadataOptions"]["HttpTokens"] == "required"
        assert first["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] == 20
        assert first["BlockDeviceMappings"][1]["Ebs"]["DeleteOnTermination"] is False
        assert first["NetworkInterfaces"][0]["Groups"] == ["sg-1", "sg-2"]
        assert first["NetworkInterfaces"][0]["AssociatePublicIpAddress"] is False
        tags = [{"Key": "Role", "Value": "web"}, {"Key": "Number", "Value": "1"}]
        assert first["TagSpecifications"][0] == {"ResourceType": "instance", "Tags": tags}

    def changed(result: dict[str, Any]) -> None:
        assert result["launch_template"]["tags"] == {"Project": "pixstory"}
        assert numbers(emulator) == (2, 2)
        made = version(emulator)
        assert made["VersionDescription"] == "the second"
        options = {**first["MetadataOptions"], "HttpPutResponseHopLimit": 2}
        disk = [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 40}}]
        own = {"ImageId": "ami-others", "MetadataOptions": options, "BlockDeviceMappings": disk}
        assert made["LaunchTemplateData"] == {**first, **own}
        assert version(emulator, "1")["LaunchTemplateData"] == first  # stays

    change = {
        "name": NAME,
        "version_description": "the second",
        "image_id": "ami-others",
        "metadata_options": {"http_put_response_hop_limit": 2},
        "block_device_mappings": [{"device_name": "/dev/xvda", "ebs": {"volume_size": 40}}],
        "tags": {"Project": "pixstory"},
    }
    absent = {"name": NAME}
    twelve_steps(MODULE, create=declared, change=change, absent=absent, created=created, changed=changed)


def test_a_template_as_declared_takes_two_calls(emulator: Emulator, run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    before = emulator.log.read_text().count("\n")
    assert not run(MODULE, declared).changed
    assert emulator.log.read_text().count("\n") == before + 2


def test_order_and_what_aws_adds_do_not_matter(emulator: Emulator, run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    data = version(emulator)["LaunchTemplateData"]
    for key in ("BlockDeviceMappings", "TagSpecifications"):
        data[key].reverse()
    data["NetworkInterfaces"][0] |= {"Groups": ["sg-2", "sg-1"], "InterfaceType": "interface"}
    data["BlockDeviceMappings"][0]["VirtualName"] = "ephemeral0"
    data["EbsOptimized"] = False
    emulator.client("ec2").create_launch_template_version(LaunchTemplateName=NAME, LaunchTemplateData=data)
    emulator.client("ec2").modify_launch_template(LaunchTemplateName=NAME, DefaultVersion="2")
    assert not run.predicted(MODULE, declared).changed


def test_the_state_of_metadata_options_is_not_sent_back(
    emulator: Emulator, run: Runner, declared: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(MODULE, declared)
    ec2 = emulator.client("ec2")
    describe = ec2.describe_launch_template_versions

    def described(**arguments: Any) -> dict[str, Any]:
        answer = describe(**arguments)
        for one in answer["LaunchTemplateVersions"]:
            one["LaunchTemplateData"]["MetadataOptions"]["State"] = "pending"  # the emulator does not tell it
        return answer

    monkeypatch.setattr(ec2, "describe_launch_template_versions", described)
    assert not run.predicted(MODULE, declared).changed
    requests = Requests(ec2, monkeypatch)
    assert run(MODULE, {"name": NAME, "metadata_options": {"http_tokens": "optional"}}).changed
    [request] = requests.of("CreateLaunchTemplateVersion")
    assert request["LaunchTemplateData"]["MetadataOptions"] == {
        "HttpEndpoint": "enabled",
        "HttpTokens": "optional",
        "HttpPutResponseHopLimit": 1,
        "HttpProtocolIpv6": "disabled",
        "InstanceMetadataTags": "enabled",
    }


def test_what_is_not_given_is_left_alone(emulator: Emulator, run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    before = template(emulator), version(emulator)
    assert not run.predicted(MODULE, {"name": NAME, "version_description": "another"}).changed
    assert (template(emulator), version(emulator)) == before


@pytest.mark.parametrize(
    "change",
    [
        {"tag_specifications": [{"resource_type": "instance", "tags": {"Role": "web", "Number": 1}}]},
        {"tag_specifications": [{"resource_type": kind, "tags": {"Role": "web"}} for kind in ("instance", "volume")]},
        {"network_interfaces": []},
        {"block_device_mappings": [{"device_name": "/dev/xvda", "ebs": {"encrypted": False}}]},
        {"monitoring": {"enabled": False}},
    ],
)
def test_a_difference_makes_a_version(
    emulator: Emulator, run: Runner, declared: dict[str, Any], change: dict[str, Any]
) -> None:
    run(MODULE, declared)
    assert run.predicted(MODULE, {"name": NAME, **change}).changed
    assert numbers(emulator) == (2, 2)
    assert not run.predicted(MODULE, {"name": NAME, **change}).changed


def test_a_false_is_not_what_a_template_does_not_say(emulator: Emulator, run: Runner) -> None:
    run(MODULE, {"name": NAME, "network_interfaces": [{"device_index": 0}]})
    private = {"name": NAME, "network_interfaces": [{"device_index": 0, "associate_public_ip_address": False}]}
    assert run.predicted(MODULE, private).changed
    assert version(emulator)["LaunchTemplateData"]["NetworkInterfaces"][0]["AssociatePublicIpAddress"] is False


def test_the_default_version_may_be_another(emulator: Emulator, run: Runner, declared: dict[str, Any]) -> None:
    run(MODULE, declared)
    run(MODULE, {"name": NAME, "image_id": "ami-second", "default_version": 1})
    assert numbers(emulator) == (1, 2)
    latest = run.predicted(MODULE, {"name": NAME})
    assert latest.diff == {"before": {"default_version": "1"}, "after": {"default_version": "latest"}}
    assert numbers(emulator) == (2, 2)
    assert run.predicted(MODULE, {"name": NAME, "default_version": 1}).changed
    assert numbers(emulator) == (1, 2)


@pytest.mark.parametrize(
    ("declaration", "message"),
    [
        ({}, "to create it, give also image_id"),
        ({"default_version": "newest"}, "default_version is 'newest'. Write latest or a number."),
        ({"image_id": "ami-1", "iam_instance_profile": "web"}, "Write the ARN of the instance profile"),
    ],
)
def test_mistakes_are_found_before_anything_is_written(run: Runner, declaration: dict[str, Any], message: str) -> None:
    outcome = run(MODULE, {"name": NAME, **declaration}, fails=True)
    assert message in outcome.result["msg"]
    assert outcome.writes == []
