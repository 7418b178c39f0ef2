"""The floor: the API calls of a run, made again one after the other by plain boto3 in one warm process.

python -m tests.bench.floor URL LOG: replays the calls of the log and prints JSON: seconds, calls, refused.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

CREDENTIALS = {"aws_access_key_id": "emulated", "aws_secret_access_key": "emulated"}


def main(url: str, log: str) -> None:
    calls = [json.loads(line) for line in Path(log).read_text().splitlines()]
    session = boto3.session.Session(region_name="ap-south-1", **CREDENTIALS)
    config = Config(retries={"total_max_attempts": 1})
    clients: dict[tuple[str, str], Any] = {}
    for call in calls:
        key = (call["service"], call["region"])
        if key not in clients:
            clients[key] = session.client(key[0], region_name=key[1], endpoint_url=url, config=config)
    methods = [getattr(clients[call["service"], call["region"]], xform_name(call["operation"])) for call in calls]
    refused = 0  # those that were refused the first time as well: a bucket without a policy, for one
    begin = time.monotonic()
    for call, method in zip(calls, methods, strict=True):
        try:
            method(**(call["parameters"] or {}))
        except (ClientError, BotoCoreError):
            refused += 1
    seconds = time.monotonic() - begin
    first = sum(call["status"] >= 300 for call in calls)
    print(json.dumps({"seconds": seconds, "calls": len(calls), "refused": refused, "refused_first": first}))


if __name__ == "__main__":
    main(*sys.argv[1:])
