# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations of ours in every protocol of AWS, also for services that moto does not have."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from checks import REGION, Aws, error_code
from werkzeug.serving import make_server

from lab.emulator import registry
from lab.emulator.gateway import Gateway
from lab.emulator.registry import ApiError, Call

pytestmark = pytest.mark.filterwarnings("ignore:.*does not match an error shape")

ANALYZER = "arn:aws:access-analyzer:ap-south-1:123456789012:analyzer/own"
IDENTITY = {"CallerReference": "once", "Comment": "own"}


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """A gateway with nothing behind it and no operations."""

    def nothing(environ: dict[str, Any], start_response: Any) -> Any:
        raise NotImplementedError

    monkeypatch.setattr(registry, "OPERATIONS", {})
    server = make_server("127.0.0.1", 0, Gateway(nothing, None, "123456789012"), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Aws(f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    thread.join()


@pytest.mark.parametrize(
    ("protocol", "service", "operation", "method", "arguments", "answer"),
    [
        ("ec2", "ec2", "EnableImageBlockPublicAccess", "enable_image_block_public_access",
         {"ImageBlockPublicAccessState": "block-new-sharing"}, {"ImageBlockPublicAccessState": "block-new-sharing"}),
        ("query", "elasticache", "CompleteMigration", "complete_migration",
         {"ReplicationGroupId": "own", "Force": True}, {"ReplicationGroup": {"ReplicationGroupId": "own"}}),
        ("json", "logs", "GetLogGroupFields", "get_log_group_fields",
         {"logGroupName": "own", "time": 7}, {"logGroupFields": [{"name": "@message", "percent": 100}]}),
        ("rest-json", "accessanalyzer", "CreateAnalyzer", "create_analyzer",
         {"analyzerName": "own", "type": "ACCOUNT", "tags": {"Role": "audit"}}, {"arn": ANALYZER}),
        ("rest-json with a label", "accessanalyzer", "DeleteAnalyzer", "delete_analyzer", {"analyzerName": "own"}, {}),
        ("rest-xml", "cloudfront", "CreateCloudFrontOriginAccessIdentity", "create_cloud_front_origin_access_identity",
         {"CloudFrontOriginAccessIdentityConfig": IDENTITY},
         {"CloudFrontOriginAccessIdentity": {"Id": "E1", "S3CanonicalUserId": "own"}, "ETag": "tag"}),
        ("rest-xml with a label", "cloudfront", "GetCloudFrontOriginAccessIdentityConfig",
         "get_cloud_front_origin_access_identity_config", {"Id": "E1"},
         {"CloudFrontOriginAccessIdentityConfig": IDENTITY, "ETag": "tag"}),
    ],
)  # fmt: skip
def test_operation(
    bare: Aws,
    protocol: str,
    service: str,
    operation: str,
    method: str,
    arguments: dict[str, Any],
    answer: dict[str, Any],
) -> None:
    asked: list[tuple[Call, dict[str, Any]]] = []

    @registry.operation(service, operation)
    def handler(call: Call, params: dict[str, Any]) -> dict[str, Any]:
        asked.append((call, params))
        return answer

    reply = getattr(bare.client(service), method)(**arguments)
    ((call, params),) = asked
    assert params.items() >= arguments.items()
    assert call.region == REGION
    assert {key: value for key, value in reply.items() if key != "ResponseMetadata"} == answer

    @registry.operation(service, operation)
    def failing(call: Call, params: dict[str, Any]) -> None:
        raise ApiError("OwnError", "own text")

    assert error_code(getattr(bare.client(service), method), **arguments) == "OwnError"


def test_an_operation_that_breaks_is_an_internal_failure(bare: Aws) -> None:
    @registry.operation("logs", "DescribeQueries")
    def broken(call: Call, params: dict[str, Any]) -> None:
        raise KeyError("no such thing")

    with pytest.raises(Exception, match="failed in logs DescribeQueries: KeyError"):
        bare.client("logs").describe_queries()


def test_state_is_of_one_account_and_region() -> None:
    calls = [Call(account, region) for account in ("1", "2") for region in ("ap-south-1", "eu-west-1", "aws")]
    for number, call in enumerate(calls):
        call.table("dispatch")["number"] = number
    assert [call.table("dispatch")["number"] for call in calls] == list(range(len(calls)))


def test_calls_take_turns(bare: Aws) -> None:
    inside: list[int] = []
    overlaps: list[int] = []

    @registry.operation("logs", "DescribeQueries")
    def slow(call: Call, params: dict[str, Any]) -> dict[str, Any]:
        overlaps.append(len(inside))
        inside.append(1)
        time.sleep(0.02)
        inside.pop()
        return {}

    client = bare.client("logs")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: client.describe_queries(), range(8)))
    assert overlaps == [0] * 8


def test_a_call_that_waits_lets_others_in(bare: Aws) -> None:
    meeting = threading.Barrier(2, timeout=10)

    @registry.operation("sqs", "ReceiveMessage")
    def receive(call: Call, params: dict[str, Any]) -> dict[str, Any]:
        meeting.wait()
        return {}

    @registry.operation("sqs", "SendMessage")
    def send(call: Call, params: dict[str, Any]) -> dict[str, Any]:
        meeting.wait()
        return {}

    client = bare.client("sqs")
    queue = f"{bare.url}/123456789012/own"
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(client.receive_message, QueueUrl=queue)
        client.send_message(QueueUrl=queue, MessageBody="own")
        waiting.result()
