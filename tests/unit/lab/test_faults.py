# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A share of the calls is throttled, a share fails, each as its service does that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from botocore.model import OperationModel

from ansible_collections.pixstory.platform.plugins.module_utils import retries
from lab.emulator import registry
from lab.emulator.harsh import Answer, Asked, Refused, faults

CALLS = 2000
SERVICES = {
    "cloudfront": "ListDistributions",
    "ec2": "DescribeVpcs",
    "iam": "ListRoles",
    "kms": "ListKeys",
    "lambda": "ListFunctions",
    "s3": "ListBuckets",
    "secretsmanager": "ListSecrets",
}


@pytest.fixture(autouse=True)
def shares(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for switch, share in ((faults.THROTTLING, 0.2), (faults.FAULTS, 0.05), (faults.FAULTS_AFTER, 0.1)):
        monkeypatch.setattr(switch, "value", share)
    yield
    registry.table("1", "aws", faults.TABLE).clear()


def asked(service: str, operation: str, *, write: bool = False) -> Asked:
    return Asked(service, operation, "1", "ap-south-1", "key", write, {})


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_the_shares_are_as_declared_and_each_error_is_repeated_by_the_modules(service: str) -> None:
    call = asked(service, SERVICES[service])
    throttled = [faults.some_calls_are_throttled(call) for _ in range(CALLS)]
    failed = [faults.some_calls_fail(call) for _ in range(CALLS)]
    assert 0.16 < sum(map(bool, throttled)) / CALLS < 0.24
    assert 0.03 < sum(map(bool, failed)) / CALLS < 0.07
    for refused in {*throttled, *failed} - {None}:
        assert refused
        answer = {"Error": {"Code": refused.code}, "ResponseMetadata": {"HTTPStatusCode": refused.status}}
        assert retries.seconds_for(ClientError(answer, "Call"), new=False) == retries.BUSY_SECONDS


def test_the_same_seed_hits_the_same_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    def hits() -> list[bool]:
        registry.table("1", "aws", faults.TABLE).clear()
        return [bool(faults.some_calls_are_throttled(asked("iam", "GetRole"))) for _ in range(100)]

    first = hits()
    assert hits() == first
    monkeypatch.setattr(faults.SEED, "value", 1.0)
    assert hits() != first


def test_only_writes_lose_their_answer() -> None:
    model: OperationModel = asked("iam", "CreateRole").model
    answer = Answer(200, {}, b"", model)
    lost = Counter(
        type(faults.some_answers_are_lost(asked("iam", name, write=write), answer))
        for name, write in (("CreateRole", True), ("GetRole", False))
        for _ in range(500)
    )
    assert 30 < lost[Refused] < 70
