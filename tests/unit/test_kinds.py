# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry of kinds against AWS's own service models, and the small functions that it is made of."""

from __future__ import annotations

import string
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.model import ListShape, OperationModel

from ansible_collections.pixstory.platform.plugins.module_utils.kinds import KINDS, removal
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.base import Kind, Scope, dig, tag_dict
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.data import final_snapshot_name
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.errors import CallFailed, StillThere
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.reader import (
    by_name,
    describe,
    logical_name,
    read_index,
    read_kind,
)
from ansible_collections.pixstory.platform.plugins.module_utils.kinds.removal import Removal, is_gone, is_held

SCOPE = Scope("pixstory", "staging", "ap-south-1", "123456789012")
SESSION = botocore.session.get_session()
EVERY_KIND = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


def operation(kind: Kind) -> OperationModel:
    model = SESSION.get_service_model(kind.service)
    names = {xform_name(name): name for name in model.operation_names}
    return model.operation_model(names[kind.operation])


def failure(code: str, message: str = "no") -> CallFailed:
    return CallFailed("ec2", "DeleteVpc", ClientError({"Error": {"Code": code, "Message": message}}, "DeleteVpc"))


@EVERY_KIND
def test_the_list_call_is_one_that_aws_has(kind: Kind) -> None:
    call = operation(kind)
    assert kind.arguments(SCOPE).keys() <= call.input_shape.members.keys()
    members = call.output_shape.members  # of the one resource, where there is no list
    if kind.result:
        listed = call.output_shape
        for step in kind.result.split("."):
            listed = listed.members[step]
        assert isinstance(listed, ListShape)
        # A list of ids has no members.
        members = getattr(listed.member, "members", {kind.id_key: listed.member})
    if kind.wrapped:
        members = members[kind.wrapped].members
    assert set(kind.absent) <= {error.name for error in call.error_shapes}
    if kind.inner:
        members = members[kind.inner].member.members
    brought_by_details = {"KeyArn"}
    for key in (kind.id_key, kind.name_key, "" if "{" in kind.arn else kind.arn):
        assert not key or key.split(".")[0] in members or key in brought_by_details, key


@EVERY_KIND
def test_every_field_of_a_template_can_be_filled(kind: Kind) -> None:
    known = {"partition", "region", "account", "id", "arn", "name", "project", "environment", "prefix", "uuid"}
    known |= {"hex6", "hex16", "hex26", "HEX16", "digits"}
    for template in (kind.planned_id, kind.planned_arn, *(t for t in kind.planned.values() if isinstance(t, str))):
        assert {field for _, field, _, _ in string.Formatter().parse(template) if field} <= known


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("autoscaling_groups", "instances"),  # or they would be replaced
        ("instances", "volumes"),
        ("instances", "subnets"),
        ("instances", "security_groups"),
        ("nat_gateways", "elastic_ips"),
        ("elastic_ips", "internet_gateways"),
        ("load_balancers", "target_groups"),
        ("load_balancers", "certificates"),
        ("distributions", "certificates"),
        ("distributions", "cache_policies"),
        ("distributions", "origin_request_policies"),
        ("distributions", "response_headers_policies"),
        ("distributions", "origin_access_controls"),
        ("distributions", "web_acls"),
        ("distributions", "buckets"),
        ("load_balancers", "security_groups"),
        ("vpc_endpoints", "security_groups"),
        ("db_instances", "db_subnet_groups"),
        ("db_instances", "db_parameter_groups"),
        ("db_instances", "security_groups"),
        ("replication_groups", "cache_subnet_groups"),
        ("db_subnet_groups", "subnets"),
        ("iam_instance_profiles", "iam_roles"),
        ("iam_roles", "iam_policies"),
        ("iam_users", "iam_groups"),
        ("event_rules", "lambda_functions"),
        ("lambda_functions", "iam_roles"),
        ("lambda_functions", "log_groups"),
        ("iam_groups", "iam_policies"),
        ("images", "snapshots"),
        ("route_tables", "subnets"),
        ("subnets", "network_acls"),
        ("network_acls", "vpcs"),
        ("security_groups", "vpcs"),
        ("internet_gateways", "vpcs"),
        ("flow_logs", "log_groups"),
        ("load_balancers", "web_acls"),
        ("web_acls", "ip_sets"),
        ("web_acls", "log_groups"),
        ("db_instances", "kms_keys"),
        ("secrets", "kms_keys"),
        ("event_rules", "sns_topics"),
        ("sns_topics", "kms_keys"),
    ],
)
def test_what_depends_on_another_is_deleted_before_it(first: str, then: str) -> None:
    assert KINDS[first].rank < KINDS[then].rank


def test_only_snapshots_are_backups() -> None:
    assert {key for key, kind in KINDS.items() if kind.backup} == {"snapshots", "db_snapshots", "cache_snapshots"}


def test_filters_read_the_registry_without_boto3() -> None:
    code = (
        "import sys; from ansible_collections.pixstory.platform.plugins.module_utils.index import lookup; "
        "sys.exit('boto3' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("kind", "api_name", "tags", "name"),
    [
        ("vpcs", "", {"Name": "pixstory-staging-main"}, "main"),
        ("vpcs", "", {}, "the-id"),
        ("vpcs", "", {"Name": "other"}, "other"),
        ("security_groups", "pixstory-staging-web", {}, "web"),
        ("security_groups", "pixstory-staging-web", {"Name": "pixstory-staging-proxy"}, "proxy"),
        ("buckets", "pixstory-staging-media-123456789012", {"Name": "anything"}, "media"),
        ("log_groups", "/pixstory/staging/vpc-flow", {}, "vpc-flow"),
        ("log_groups", "aws-waf-logs-pixstory-staging-edge", {}, "waf-edge"),
        ("kms_keys", "alias/pixstory-staging-data", {}, "data"),
        ("secrets", "/staging/web/session-key", {}, "web/session-key"),
        ("parameters", "/staging/web/url", {}, "web/url"),
        ("hosted_zones", "example.com.", {}, "example.com"),
        ("db_instances", "pixstory-staging-main", {}, "main"),
    ],
)
def test_logical_names(kind: str, api_name: str, tags: dict[str, str], name: str) -> None:
    assert logical_name(SCOPE, KINDS[kind], api_name, tags, "the-id") == name


@pytest.mark.parametrize(
    ("tags", "owned"),
    [
        ({"Project": "pixstory", "Environment": "staging"}, True),
        ({"Project": "pixstory", "Environment": "staging-2"}, False),
        ({"Project": "pixstory", "Environment": "production"}, False),
        ({"Project": "another", "Environment": "staging"}, False),
        ({"Environment": "staging"}, False),
        ({}, False),
    ],
)
def test_tags_say_whose_it_is(tags: dict[str, str], owned: bool) -> None:
    assert KINDS["vpcs"].owned(SCOPE, {}, tags) is owned


@pytest.mark.parametrize(
    ("path", "owned"), [("/pixstory/staging/", True), ("/pixstory/staging-2/", False), ("/", False)]
)
def test_the_path_says_whose_an_iam_resource_is(path: str, owned: bool) -> None:
    assert KINDS["iam_roles"].owned(SCOPE, {"Path": path}, {}) is owned


def test_an_item_is_the_description_in_snake_case() -> None:
    raw = {
        "VpcId": "vpc-1",
        "CidrBlock": "10.0.0.0/16",
        "Seen": datetime(2026, 3, 1, 9, tzinfo=UTC),
        "Tags": [{"Key": "Role", "Value": "net"}],
    }
    assert describe(SCOPE, KINDS["vpcs"], raw, {"Role": "net", "Name": "pixstory-staging-main"}) == {
        "vpc_id": "vpc-1",
        "cidr_block": "10.0.0.0/16",
        "seen": "2026-03-01T09:00:00Z",
        "id": "vpc-1",
        "arn": "arn:aws:ec2:ap-south-1:123456789012:vpc/vpc-1",
        "name": "main",
        "role": "net",
        "tags": {"Role": "net", "Name": "pixstory-staging-main"},
    }


def test_names_that_two_have_are_kept_apart() -> None:
    items = [{"id": "vpc-1", "name": "main"}, {"id": "vpc-2", "name": "main"}, {"id": "vpc-3", "name": "other"}]
    named, duplicates = by_name(KINDS["vpcs"], items)
    assert {name: item["id"] for name, item in named.items()} == {
        "main": "vpc-1",
        "main vpc-2": "vpc-2",
        "other": "vpc-3",
    }
    remedy = (
        "2 VPC resources are called main: vpc-1, vpc-2. The index has the oldest, vpc-1, under that name. "
        "Delete the others, or change their Name tags."
    )
    assert duplicates == [{"kind": "vpcs", "name": "main", "ids": ["vpc-1", "vpc-2"], "remedy": remedy}]


@pytest.mark.parametrize(
    ("path", "value"),
    [("a.b", 1), ("a.c", None), ("l.0.x", 2), ("l.1.x", None), ("a.b.c", None), ("l.x", None)],
)
def test_dig(path: str, value: Any) -> None:
    assert dig({"a": {"b": 1}, "l": [{"x": 2}]}, path) == value


def test_tags_of_every_service_are_read() -> None:
    assert tag_dict([{"Key": "a", "Value": "1"}]) == {"a": "1"}
    assert tag_dict([{"TagKey": "a", "TagValue": "1"}]) == {"a": "1"}


@pytest.mark.parametrize(
    ("service", "method", "permission"),
    [
        ("ec2", "DescribeVpcs", "ec2:DescribeVpcs"),
        ("elbv2", "DescribeTags", "elasticloadbalancing:DescribeTags"),
        ("s3", "ListBuckets", "s3:ListAllMyBuckets"),
        ("s3", "GetBucketEncryption", "s3:GetEncryptionConfiguration"),
        ("resourcegroupstaggingapi", "GetResources", "tag:GetResources"),
    ],
)
def test_a_failed_call_names_itself_and_the_permission(service: str, method: str, permission: str) -> None:
    denied = ClientError({"Error": {"Code": "AccessDenied", "Message": "not allowed"}}, method)
    assert str(CallFailed(service, method, denied)) == (
        f"{service} {method} failed: AccessDenied: not allowed. "
        f"The call needs the IAM permission {permission} and a reachable endpoint of {service}."
    )


@pytest.mark.parametrize(
    ("code", "message", "gone", "held"),
    [
        ("InvalidVpcID.NotFound", "", True, False),
        ("NoSuchEntity", "", True, False),
        ("Gateway.NotAttached", "", True, False),
        ("ValidationError", "AutoScalingGroup name not found - null", True, False),
        ("ValidationError", "MinSize is wrong", False, False),
        ("DependencyViolation", "", False, True),
        ("ResourceInUseException", "", False, True),
        ("InvalidDBInstanceState", "", False, True),
        ("CacheSubnetGroupInUse", "", False, True),
        ("BucketNotEmpty", "", False, True),
        ("AccessDenied", "", False, False),
        ("UnknownOperationException", "", False, False),
    ],
)
def test_error_codes(code: str, message: str, gone: bool, held: bool) -> None:
    error = failure(code, message)
    assert (is_gone(error), is_held(error)) == (gone, held)


def fails(*errors: Exception | str) -> Any:
    """A function that raises each of the errors in turn and returns what is no error."""
    answers = list(errors)

    def function() -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return function


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Removal:
    monkeypatch.setattr(removal, "POLL_SECONDS", 0.001)
    return Removal(aws=None, scope=SCOPE, wait_timeout=1)  # type: ignore[arg-type]


def test_what_is_held_is_tried_again(quick: Removal) -> None:
    held = failure("DependencyViolation")
    assert quick.retry(fails(held, held, "done")) == "done"


def test_what_is_gone_is_done(quick: Removal) -> None:
    assert quick.retry(fails(failure("InvalidVpcID.NotFound"))) is None


def test_other_errors_are_not_tried_again(quick: Removal) -> None:
    with pytest.raises(CallFailed, match="AccessDenied"):
        quick.retry(fails(failure("AccessDenied"), "never"))


def test_what_is_held_for_ever_is_given_up(quick: Removal) -> None:
    quick.wait_timeout = 0
    with pytest.raises(StillThere, match=r"DependencyViolation.* It was tried for 0 s\."):
        quick.retry(fails(failure("DependencyViolation"), failure("DependencyViolation")))


class FakeAws:
    """Answers from a table; an error in it is raised, a list is answered one by one."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {operation: list(given) for operation, given in answers.items()}

    def call(self, service: str, operation: str, **arguments: Any) -> Any:
        answer = self.answers[operation].pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def pages(self, service: str, operation: str, key: str, **arguments: Any) -> list[Any]:
        return self.call(service, operation, **arguments)

    def each(self, function: Any, items: Any) -> list[Any]:
        return [function(item) for item in items]


def test_a_cache_that_is_being_made_is_known_by_the_tagging_api() -> None:
    tags = [{"Key": "Project", "Value": "pixstory"}, {"Key": "Environment", "Value": "staging"}]
    aws = FakeAws(
        describe_replication_groups=[
            [{"ReplicationGroupId": "pixstory-staging-main", "ARN": "arn", "Status": "creating"}]
        ],
        list_tags_for_resource=[failure("InvalidReplicationGroupState")],
        get_resources=[{"ResourceTagMappingList": [{"ResourceARN": "arn", "Tags": tags}]}],
        describe_cache_clusters=[[]],
    )
    (item,) = read_kind(aws, SCOPE, KINDS["replication_groups"])  # type: ignore[arg-type]
    assert (item["name"], item["status"]) == ("main", "creating")


def test_what_vanishes_while_it_is_read_is_left_out() -> None:
    group = {"DBParameterGroupName": "pixstory-staging-main", "DBParameterGroupArn": "arn"}
    aws = FakeAws(
        describe_db_parameter_groups=[[group], []],
        list_tags_for_resource=[failure("DBParameterGroupNotFound")],
    )
    index = read_index(aws, SCOPE, ["db_parameter_groups"], check_mode=False)  # type: ignore[arg-type]
    assert index["db_parameter_groups"] == {}


@pytest.mark.parametrize(
    ("item", "suffix", "name"),
    [
        ({"id": "db", "instance_create_time": "2026-03-01T09:00:00Z"}, None, "db-final-20260301090000"),
        ({"id": "rg", "replication_group_create_time": "2026-03-01T09:00:00Z"}, None, "rg-final-20260301090000"),
        ({"id": "db", "instance_create_time": "2026-03-01T09:00:00Z"}, "friday", "db-final-friday"),
        ({"id": "db"}, None, "db-final-snapshot"),
    ],
)
def test_a_final_snapshot_is_named_after_its_store(item: dict[str, str], suffix: str | None, name: str) -> None:
    assert final_snapshot_name(item, suffix) == name


@pytest.mark.parametrize("code", ["InvalidAccessException", "ResourceNotFoundException"])
def test_a_service_that_is_not_enabled_has_none(code: str) -> None:
    aws = FakeAws(describe_hub=[failure(code)])
    assert read_kind(aws, SCOPE, KINDS["security_hubs"]) == []  # type: ignore[arg-type]


def test_another_error_of_a_list_call_is_no_answer() -> None:
    aws = FakeAws(describe_hub=[failure("AccessDeniedException")])
    with pytest.raises(CallFailed, match="AccessDeniedException"):
        read_kind(aws, SCOPE, KINDS["security_hubs"])  # type: ignore[arg-type]
