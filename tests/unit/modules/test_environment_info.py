# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a small environment that has a neighbour and foreign things in its account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.pixstory.platform.plugins.module_utils.index.lookup import subnets_of
from ansible_collections.pixstory.platform.plugins.module_utils.index.shape import index_shape
from ansible_collections.pixstory.platform.plugins.module_utils.index.table import index_table
from ansible_collections.pixstory.platform.plugins.module_utils.kinds import KINDS
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.calls import Aws
from ansible_collections.pixstory.platform.plugins.modules import environment_info
from tests.unit.environments import IMAGE, Builder, build_foreign, run_module

NAMES = {
    "vpcs": ["main", "speech"],
    "subnets": ["main-app-a", "main-app-c", "main-data-a", "main-data-c", "main-public-a", "main-public-c"],
    "internet_gateways": ["main"],
    "nat_gateways": ["a"],
    "elastic_ips": ["nat-a"],
    "route_tables": ["app", "public"],
    "security_groups": ["app", "web"],
    "network_acls": ["data"],
    "vpc_endpoints": ["s3"],
    "vpc_peering_connections": ["main-speech"],
    "flow_logs": ["main"],
    "instances": ["vpn", "web", "web"],
    "volumes": ["vpn-state"],
    "launch_templates": ["web"],
    "autoscaling_groups": ["web"],
    "images": ["base"],
    "snapshots": ["vpn-state"],
    "load_balancers": ["public"],
    "target_groups": ["web"],
    "certificates": ["public"],
    "db_instances": ["main"],
    "db_subnet_groups": ["main"],
    "db_parameter_groups": ["main"],
    "db_snapshots": ["main-before-upgrade"],
    "replication_groups": ["main"],
    "cache_subnet_groups": ["main"],
    "cache_parameter_groups": ["main"],
    "cache_snapshots": [],
    "kms_keys": ["data"],
    "secrets": ["session-key"],
    "parameters": ["web/url"],
    "iam_roles": ["web"],
    "iam_instance_profiles": ["web"],
    "iam_users": ["asha"],
    "iam_groups": ["operators"],
    "iam_policies": ["read"],
    "buckets": ["media"],
    "log_groups": ["vpc-flow", "waf-edge", "waf-public"],
    "hosted_zones": ["private"],
    "guardduty_detectors": ["detection"],
    "security_hubs": ["detection"],
    "access_analyzers": ["external"],
    "shield_protections": ["public"],
    "web_acls": ["edge", "public"],
    "ip_sets": ["edge-blocked-ipv4", "public-blocked-ipv4"],
    "distributions": ["public"],
    "cache_policies": ["static"],
    "origin_request_policies": ["host"],
    "response_headers_policies": ["security"],
    "origin_access_controls": ["buckets"],
    "lambda_functions": [],
    "trails": ["account"],
    "config_recorders": ["account"],
    "config_rules": ["account"],
    "alarms": ["account"],
    "event_rules": ["break-glass", "guardduty"],
    "sns_topics": ["security"],
}


class World:
    """One account with two environments and foreign things."""

    def __init__(self, emulator: Any) -> None:
        self.emulator = emulator
        emulator.reset()
        self.staging = Builder(emulator.client, "staging", 10).build()
        Builder(emulator.client, "production", 20).build()
        build_foreign(emulator.client, "staging")

    def read(self, *, check: bool = False, **args: Any) -> dict[str, Any]:
        return run_module("environment_info", self.emulator.url, check=check, environment="staging", **args)


@pytest.fixture(scope="module")
def world(session_emulator: Any) -> World:
    return World(session_emulator)


@pytest.fixture(scope="module")
def result(world: World) -> dict[str, Any]:
    world.emulator.writes()
    read = world.read()
    assert "index" in read, read.get("msg")
    assert world.emulator.writes() == []
    return read


@pytest.fixture
def ec2(world: World) -> Any:
    return world.emulator.client("ec2")


def test_the_index_has_all_that_is_owned(result: dict[str, Any]) -> None:
    index = result["index"]
    assert index["kinds_read"] == list(KINDS)
    assert {key: sorted(item["name"] for item in index[key].values()) for key in KINDS} == NAMES
    assert index["duplicates"] == []
    assert (index["project"], index["environment"]) == ("pixstory", "staging")
    assert (index["region"], index["account_id"], index["check_mode"]) == ("ap-south-1", "123456789012", False)


def test_nothing_of_others_is_listed(result: dict[str, Any]) -> None:
    text = json.dumps(result)
    assert "foreign" not in text
    assert "production" not in text


def test_no_secret_is_read(result: dict[str, Any], world: World) -> None:
    text = json.dumps(result)
    assert "not to be read" not in text
    assert "bm90IHRvIGJlIHJlYWQ=" not in text
    data = result["index"]["launch_templates"]["web"]["latest_version_data"]
    assert len(data["user_data_sha256"]) == 64


def test_an_account_that_is_given_is_not_asked_for(result: dict[str, Any], world: World) -> None:
    world.emulator.requests()
    assert world.read(account_id="123456789012")["index"] == result["index"]
    assert not [one for one in world.emulator.requests() if one["service"] == "sts"]
    world.read(kinds=["vpcs"])
    assert [one["operation"] for one in world.emulator.requests() if one["service"] == "sts"] == ["GetCallerIdentity"]


def test_every_item_has_the_common_keys(result: dict[str, Any]) -> None:
    for key, kind in KINDS.items():
        for name, item in result["index"][key].items():
            assert item["arn"].startswith("arn:aws:"), (key, name)
            assert name == (item["id"] if kind.name_from == "id" else item["name"])


def test_what_is_global_is_read_where_it_is(result: dict[str, Any]) -> None:
    index = result["index"]
    public, edge = index["web_acls"]["public"], index["web_acls"]["edge"]
    assert (edge["region"], edge["scope"], "region" in public) == ("us-east-1", "CLOUDFRONT", False)
    assert ":us-east-1:123456789012:global/webacl/" in edge["arn"]
    assert [one["name"] for one in index["load_balancers"].values() if one["arn"] in public["resources"]] == ["public"]
    (rule,) = public["rules"]
    arn = index["ip_sets"]["public-blocked-ipv4"]["arn"]
    assert rule["Statement"] == {"IPSetReferenceStatement": {"ARN": arn}}
    group = index["log_groups"]["waf-edge"]
    assert (group["region"], edge["logging_configuration"]["log_destination_configs"]) == ("us-east-1", [group["arn"]])
    assert index["ip_sets"]["edge-blocked-ipv4"]["addresses"] == ["192.0.2.0/24"]
    assert "lock_token" not in {*public, *index["ip_sets"]["public-blocked-ipv4"]}


def test_details_that_other_calls_bring(result: dict[str, Any]) -> None:
    index = result["index"]
    assert index["kms_keys"]["data"]["key_rotation_enabled"] is False
    assert index["guardduty_detectors"]["detection"]["status"] == "ENABLED"
    assert [one["Id"] for one in index["event_rules"]["guardduty"]["targets"]] == ["security"]
    balancer = index["load_balancers"]["public"]
    assert balancer["attributes"]["deletion_protection.enabled"] == "true"
    assert [listener["port"] for listener in balancer["listeners"]] == [80]
    assert [policy["policy_name"] for policy in index["autoscaling_groups"]["web"]["scaling_policies"]] == ["cpu"]
    user, group = index["iam_users"]["asha"], index["iam_groups"]["operators"]
    assert user["groups"] == [group["api_name"]]
    assert user["attached_policies"] == group["attached_policies"] == [index["iam_policies"]["read"]["arn"]]
    role = index["iam_roles"]["web"]
    assert role["attached_policies"] == [index["iam_policies"]["read"]["arn"]]
    assert role["inline_policies"]["own"]["Statement"][0]["Action"] == "s3:GetObject"
    assert index["buckets"]["media"]["versioning"] == "Enabled"
    assert index["replication_groups"]["main"]["primary_endpoint"]["port"] == 6379
    assert index["kms_keys"]["data"]["key_state"] == "Enabled"
    records = {record["name"]: record["type"] for record in index["hosted_zones"]["private"]["records"]}
    assert records["www.staging.example.com."] == "CNAME"
    assert [one["role"] for one in index["instances"].values() if one["name"] == "vpn"] == ["vpn"]


def test_reading_twice_gives_the_same_text(result: dict[str, Any], world: World) -> None:
    assert json.dumps(world.read()) == json.dumps(result)


def test_check_mode_is_in_the_index(world: World) -> None:
    assert world.read(check=True, kinds=["vpcs"])["index"]["check_mode"] is True


def test_a_few_kinds_cost_a_few_calls(world: World) -> None:
    index = world.read(kinds=["subnets", "vpcs"])["index"]
    assert index["kinds_read"] == ["vpcs", "subnets"]
    assert "security_groups" not in index


def test_the_index_serves_the_filters(result: dict[str, Any], world: World) -> None:
    index = result["index"]
    subnets = world.staging.subnets
    assert subnets_of(index, "main", "app", ["c", "a"]) == [subnets["app-a"], subnets["app-c"]]
    table = index_table(index)
    assert "subnets (6)" in table
    assert max(map(len, table.splitlines())) <= 120


def test_unknown_kinds_are_refused(world: World) -> None:
    message = world.read(kinds=["vpc"])["msg"]
    assert message.startswith("Unknown kinds: vpc. The kinds are vpcs, subnets, ")


class Late:
    """The first so many reads of a kind of EC2 show nothing: its list calls are eventually consistent."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, operation: str, reads: int) -> None:
        self.left = reads
        pages = Aws.pages

        def late(aws: Aws, service: str, called: str, key: str, **arguments: Any) -> list[dict[str, Any]]:
            if called == operation and self.left > 0:
                self.left -= 1
                return []
            return pages(aws, service, called, key, **arguments)

        monkeypatch.setattr(Aws, "pages", late)
        monkeypatch.setattr(environment_info, "POLL_SECONDS", 0.02)


def test_what_is_expected_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    late = Late(monkeypatch, "describe_subnets", 3)
    names = ["main-app-a", "main-data-c"]
    index = world.read(kinds=["vpcs", "subnets"], expect={"subnets": names})["index"]
    assert late.left == 0
    assert set(names) < set(index["subnets"])
    assert set(index["vpcs"]) == set(NAMES["vpcs"])


def test_what_is_expected_may_be_named_where_keys_are_ids(world: World) -> None:
    result = world.read(kinds=["instances"], expect={"instances": ["vpn"]}, expect_timeout=0)
    assert "vpn" in {item["name"] for item in result["index"]["instances"].values()}


def test_what_does_not_appear_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    late = Late(monkeypatch, "describe_subnets", 1000)
    expect = {"vpcs": ["main"], "subnets": ["main-app-a", "main-app-c"], "kms_keys": ["data", "secrets"]}
    result = world.read(kinds=list(expect), expect=expect, expect_timeout=1)
    assert result["failed"]
    assert late.left < 999  # it was read again
    assert result["msg"] == (
        "These did not appear in the environment staging (ap-south-1, account 123456789012) within 1 s: "
        "subnets main-app-a, main-app-c; kms_keys secrets. aws_network and aws_keys make them: "
        "ansible-playbook -i inventories/staging playbooks/provision.yml --tags aws_network,aws_keys. "
        "If AWS has them already, run again."
    )


def test_check_mode_expects_nothing(world: World) -> None:
    result = world.read(kinds=["subnets"], expect={"subnets": ["none"]}, expect_timeout=0, check=True)
    assert "index" in result


@pytest.mark.parametrize(
    ("expect", "message"),
    [
        ({"subnets": ["main-app-a"]}, "expect names subnets, which is not read. Add subnets to kinds, or take it out."),
        ({"vpcs": "main"}, "expect.vpcs is 'main'. Write a list of names."),
    ],
)
def test_expectations_that_are_none_are_refused(world: World, expect: dict[str, Any], message: str) -> None:
    assert world.read(kinds=["vpcs"], expect=expect)["msg"] == message


def test_orphans_need_the_whole_index(world: World) -> None:
    assert "leave kinds out" in world.read(kinds=["vpcs"], orphans=True)["msg"]


def test_a_call_that_fails_is_named() -> None:
    result = run_module("environment_info", "http://127.0.0.1:9", environment="staging", kinds=["vpcs"])
    assert result["msg"].startswith("Cannot read the environment staging: sts GetCallerIdentity failed:")
    assert "sts:GetCallerIdentity" in result["msg"]


def test_orphans_are_what_the_registry_does_not_know(world: World) -> None:
    assert world.read(orphans=True)["orphans"] == []
    sqs = world.emulator.client("sqs")
    tags = {tag["Key"]: tag["Value"] for tag in world.staging.tags("alarms")}
    queue = sqs.create_queue(QueueName="alarms", tags=tags)["QueueUrl"]
    try:
        arns = [orphan["arn"] for orphan in world.read(orphans=True)["orphans"]]
        assert arns == ["arn:aws:sqs:ap-south-1:123456789012:alarms"]
    finally:
        sqs.delete_queue(QueueUrl=queue)


@pytest.fixture
def second_main(ec2: Any, world: World) -> Iterator[str]:
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16", **world.staging.spec("vpc", "main"))["Vpc"]["VpcId"]
    yield vpc
    ec2.delete_vpc(VpcId=vpc)


def test_duplicates_are_kept_and_named(second_main: str, world: World) -> None:
    index = world.read(kinds=["vpcs"])["index"]
    both = sorted((second_main, world.staging.vpc))
    assert [index["vpcs"][name]["id"] for name in ("main", f"main {both[1]}")] == both
    (duplicate,) = index["duplicates"]
    assert (duplicate["kind"], duplicate["name"], duplicate["ids"]) == ("vpcs", "main", both)
    assert "change their Name tags" in duplicate["remedy"]


def test_what_is_gone_is_left_out(ec2: Any, world: World) -> None:
    gone = ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, **world.staging.spec("instance", "gone"))
    instance = gone["Instances"][0]["InstanceId"]
    assert instance in world.read(kinds=["instances"])["index"]["instances"]
    ec2.terminate_instances(InstanceIds=[instance])
    kms = world.emulator.client("kms")
    tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in world.staging.tags("gone")]
    key = kms.create_key(Tags=tags)["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/pixstory-staging-gone", TargetKeyId=key)
    assert "gone" in world.read(kinds=["kms_keys"])["index"]["kms_keys"]
    kms.schedule_key_deletion(KeyId=key)
    index = world.read(kinds=["instances", "kms_keys"])["index"]
    assert instance not in index["instances"]
    assert list(index["kms_keys"]) == ["data"]
    assert key not in str(world.read(orphans=True)["orphans"])


# Last, for it builds the world again.
def test_commissioned_again_it_has_the_same_shape(result: dict[str, Any], world: World) -> None:
    world.emulator.reset()
    again = Builder(world.emulator.client, "staging", 10).build()
    index = world.read()["index"]
    assert index["vpcs"]["main"]["id"] != result["index"]["vpcs"]["main"]["id"]
    assert index_shape(index) == index_shape(result["index"])
    world.emulator.client("ec2").delete_route(RouteTableId=again.route_table, DestinationCidrBlock="0.0.0.0/0")
    assert index_shape(world.read()["index"]) != index_shape(result["index"])


def test_headers_that_let_somebody_in_are_hidden(result: dict[str, Any]) -> None:
    assert "sent-to-the-origin" not in json.dumps(result)
    (origin,) = result["index"]["distributions"]["public"]["origins"]["items"]
    assert [one["header_value"] for one in origin["custom_headers"]["items"]] == ["hidden"]
    rules = [one for listener in result["index"]["load_balancers"]["public"]["listeners"] for one in listener["rules"]]
    asked = [
        one["http_header_config"]["values"]
        for rule in rules
        for one in rule["conditions"]
        if "http_header_config" in one
    ]
    assert asked == [["hidden"]]
