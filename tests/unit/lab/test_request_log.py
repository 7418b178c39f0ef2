# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The request log: what is recorded of real boto3 calls."""

from __future__ import annotations

import json
import time
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from checks import ACCESS_KEY, REGION, Aws, error_code, unique
from checks.builders import bucket

from lab.emulator.request_log import Entry, RequestLog


def entries(log: Path, start: int = 0) -> list[dict[str, Any]]:
    """The entries after the first so many bytes."""
    with log.open() as file:
        file.seek(start)
        return [json.loads(line) for line in file]


@pytest.mark.parametrize(
    ("service", "method", "arguments", "operation", "write"),
    [
        ("ec2", "describe_vpcs", {}, "DescribeVpcs", False),
        ("ec2", "create_vpc", {"CidrBlock": "10.77.0.0/16"}, "CreateVpc", True),
        ("elbv2", "describe_load_balancers", {}, "DescribeLoadBalancers", False),
        ("elb", "describe_load_balancers", {}, "DescribeLoadBalancers", False),
        ("rds", "describe_db_instances", {}, "DescribeDBInstances", False),
        ("cloudwatch", "describe_alarms", {}, "DescribeAlarms", False),
        ("kms", "create_key", {}, "CreateKey", True),
        ("logs", "describe_log_groups", {}, "DescribeLogGroups", False),
        ("route53", "list_hosted_zones", {}, "ListHostedZones", False),
        ("cloudfront", "list_distributions", {}, "ListDistributions", False),
        ("lambda", "list_functions", {}, "ListFunctions", False),
        ("ses", "list_identities", {}, "ListIdentities", False),
        ("sesv2", "list_email_identities", {}, "ListEmailIdentities", False),
        ("efs", "describe_file_systems", {}, "DescribeFileSystems", False),
        ("stepfunctions", "list_state_machines", {}, "ListStateMachines", False),
        ("resourcegroupstaggingapi", "get_resources", {}, "GetResources", False),
        ("accessanalyzer", "list_analyzers", {}, "ListAnalyzers", False),
        ("s3control", "get_public_access_block", {"AccountId": "123456789012"}, "GetPublicAccessBlock", False),
    ],
)
def test_call(
    extended: Aws,
    request_log: Path,
    service: str,
    method: str,
    arguments: dict[str, Any],
    operation: str,
    write: bool,
) -> None:
    start = request_log.stat().st_size
    client = extended.client(service)
    if service == "s3control":
        client.meta.events.register("before-sign.s3-control.*", _to_loopback(extended))
    error_code(getattr(client, method), **arguments)
    (entry,) = entries(request_log, start)
    assert (entry["service"], entry["operation"], entry["write"]) == (service, operation, write)
    assert entry["principal"] == ACCESS_KEY
    assert entry["region"] == REGION
    assert datetime.now().astimezone() - datetime.fromisoformat(entry["time"]) < timedelta(minutes=1)


def _to_loopback(aws: Aws) -> Any:
    """The client puts the account into the host name, which does not resolve on loopback."""

    def rewrite(request: Any, **_: Any) -> None:
        request.url = aws.url + "/" + request.url.split("/", 3)[3]

    return rewrite


def test_s3_operations_are_told_apart(extended: Aws, request_log: Path) -> None:
    s3, name = extended.client("s3"), bucket(extended)
    start = request_log.stat().st_size
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.get_bucket_tagging(Bucket=name)
    s3.put_object(Bucket=name, Key="a b/ü", Body=b"body")
    assert s3.get_object(Bucket=name, Key="a b/ü")["Body"].read() == b"body"
    s3.list_objects_v2(Bucket=name)
    s3.head_bucket(Bucket=name)
    s3.delete_object(Bucket=name, Key="a b/ü")
    assert [(entry["operation"], entry["write"]) for entry in entries(request_log, start)] == [
        ("PutBucketTagging", True),
        ("GetBucketTagging", False),
        ("PutObject", True),
        ("GetObject", False),
        ("ListObjectsV2", False),
        ("HeadBucket", False),
        ("DeleteObject", True),
    ]


def test_presigned_url_names_its_principal(extended: Aws, request_log: Path) -> None:
    s3, name = extended.client("s3"), bucket(extended)
    s3.put_object(Bucket=name, Key="key", Body=b"body")
    signer = boto3.client(
        "s3",
        endpoint_url=extended.url,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key="emulator",
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    url = signer.generate_presigned_url("get_object", {"Bucket": name, "Key": "key"})
    start = request_log.stat().st_size
    with urllib.request.urlopen(url, timeout=10) as reply:
        assert reply.read() == b"body"
    (entry,) = entries(request_log, start)
    assert (entry["operation"], entry["principal"], entry["write"]) == ("GetObject", ACCESS_KEY, False)


def test_failed_call_has_its_status(extended: Aws, request_log: Path) -> None:
    start = request_log.stat().st_size
    error_code(extended.client("ec2").describe_vpcs, VpcIds=["vpc-none"])
    error_code(extended.client("ec2").create_vpc, CidrBlock="10.78.0.0/16", DryRun=True)
    seen = [(entry["operation"], entry["status"], entry["write"]) for entry in entries(request_log, start)]
    assert seen == [("DescribeVpcs", 400, False), ("CreateVpc", 412, False)]


def test_unknown_request_counts_as_a_write(extended: Aws, request_log: Path) -> None:
    client = boto3.client(
        "sts", endpoint_url=extended.url, region_name=REGION, config=Config(signature_version=UNSIGNED)
    )
    start = request_log.stat().st_size
    error_code(client.assume_role_with_web_identity, RoleArn="a" * 20, RoleSessionName="me", WebIdentityToken="t" * 4)
    (entry,) = entries(request_log, start)
    assert (entry["operation"], entry["write"], entry["principal"]) == (None, True, None)


def test_control_api_is_not_logged(extended: Aws, request_log: Path) -> None:
    start = request_log.stat().st_size
    for path in ("/moto-api/config", "/_lab/status"):
        with urllib.request.urlopen(extended.url + path, timeout=30) as reply:
            assert reply.read()
    assert entries(request_log, start) == []


def test_parallel_calls_leave_whole_lines(extended: Aws, request_log: Path) -> None:
    ec2 = extended.client("ec2")
    start = request_log.stat().st_size
    names = [unique() for _ in range(40)]
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda name: ec2.create_security_group(GroupName=name, Description="check"), names))
        found = list(pool.map(lambda _: ec2.describe_security_groups(GroupNames=names)["SecurityGroups"], range(10)))
    assert [len(groups) for groups in found] == [40] * 10
    operations = Counter(entry["operation"] for entry in entries(request_log, start))
    assert operations == {"CreateSecurityGroup": 40, "DescribeSecurityGroups": 10}


def test_log_is_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "new" / "requests.jsonl"
    for status in (200, 404):
        log = RequestLog(path)
        log.append(Entry("ec2", "DescribeVpcs", False, status, ACCESS_KEY, REGION))
        log.close()
    assert [entry["status"] for entry in entries(path)] == [200, 404]


def test_the_parameters_are_logged_when_asked_for(extended: Aws, request_log: Path) -> None:
    def settings(query: str) -> None:
        urllib.request.urlopen(urllib.request.Request(f"{extended.url}/_lab/settings?{query}", method="POST")).close()

    name = unique("parameters")
    settings("parameters=1&latency=0.2")
    start, began = request_log.stat().st_size, time.monotonic()
    try:
        extended.client("ec2").describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [name]}], MaxResults=5)
    finally:
        settings("parameters=0&latency=0")
    assert time.monotonic() - began >= 0.2
    extended.client("ec2").describe_vpcs()
    asked, plain = entries(request_log, start)
    assert asked["parameters"] == {"Filters": [{"Name": "tag:Name", "Values": [name]}], "MaxResults": 5}
    assert "parameters" not in plain
