# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Throttling and faults: a share of the calls is answered that there were too many, a share that AWS failed.

`--set throttling=0.2 --set faults=0.05` has every fifth call throttled and every twentieth fail. None is until that is
asked for. `faults_after` is the share of writes that are carried out and answered with a failure all the same, as
happens when AWS's answer is lost. Which calls are hit follows from `seed` and the order of the calls of an operation.

https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html#api-requests
https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from lab.emulator import harsh
from lab.emulator.harsh import Answer, Asked, Refused
from lab.emulator.registry import table

THROTTLING = harsh.switch("throttling", on=0.0, off=0.0, text="the share of calls that are throttled")
FAULTS = harsh.switch("faults", on=0.0, off=0.0, text="the share of calls that AWS fails to carry out")
FAULTS_AFTER = harsh.switch("faults_after", on=0.0, off=0.0, text="the share of writes that fail once carried out")
SEED = harsh.switch("seed", on=0.0, off=0.0, text="what decides which calls are throttled or fail")
TABLE = "faults"

TOO_MANY: Mapping[str, Refused] = {
    "ec2": Refused("RequestLimitExceeded", "Request limit exceeded.", 503),
    "lambda": Refused("TooManyRequestsException", "Rate Exceeded.", 429),
    "s3": Refused("SlowDown", "Please reduce your request rate.", 503),
}
TOO_MANY_OF_XML = Refused("Throttling", "Rate exceeded")
TOO_MANY_OF_JSON = Refused("ThrottlingException", "Rate exceeded")
FAILED: Mapping[str, Refused] = {
    "ec2": Refused("InternalError", "An internal error has occurred", 500),
    "kms": Refused("KMSInternalException", "The request was rejected because an internal exception occurred.", 500),
    "lambda": Refused("ServiceException", "An error occurred and the request cannot be processed.", 500),
    "s3": Refused("InternalError", "We encountered an internal error. Please try again.", 500),
}
FAILED_ELSEWHERE = Refused(
    "InternalFailure", "The request processing has failed because of an unknown error, exception or failure.", 500
)
UNAVAILABLE = Refused("ServiceUnavailable", "The request has failed due to a temporary failure of the server.", 503)


@harsh.before(THROTTLING)
def some_calls_are_throttled(asked: Asked) -> Refused | None:
    """Answer some calls that there were too many."""
    if not _hit(asked, THROTTLING):
        return None
    xml = asked.model.service_model.resolved_protocol in ("ec2", "query", "rest-xml")
    return TOO_MANY.get(asked.service, TOO_MANY_OF_XML if xml else TOO_MANY_OF_JSON)


@harsh.before(FAULTS)
def some_calls_fail(asked: Asked) -> Refused | None:
    """Fail some calls."""
    return _failure(asked) if _hit(asked, FAULTS) else None


@harsh.instead(FAULTS_AFTER)
def some_answers_are_lost(asked: Asked, answer: Answer) -> Refused | None:
    """Fail some writes that were carried out."""
    return _failure(asked) if asked.write and _hit(asked, FAULTS_AFTER) else None


def _failure(asked: Asked) -> Refused:
    odd = int(_drawn(asked, "unavailable") * 2)
    return UNAVAILABLE if odd else FAILED.get(asked.service, FAILED_ELSEWHERE)


def _hit(asked: Asked, switch: harsh.Switch) -> bool:
    counts = table(asked.account, "aws", TABLE)
    key = f"{switch.name} {asked.service} {asked.operation}"
    counts[key] = counts.get(key, 0) + 1
    return _drawn(asked, f"{switch.name} {counts[key]}") < float(switch.value)


def _drawn(asked: Asked, of: str) -> float:
    """A number from 0 to 1 that looks random and is the same for the same call."""
    text = f"{SEED.value} {asked.service} {asked.operation} {of}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48
