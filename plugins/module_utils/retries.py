# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWS answers and then no longer does, and for how long a call is repeated because of it.

Three kinds of answers pass by themselves: AWS throttles the caller, AWS fails, and what was made a moment ago is not
known to those who are told of it. The last has other words in each service; they are in ``NEW``, each with the time
that the documentation, or those who met it, give it.
"""

from __future__ import annotations

import functools
import random
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

try:
    from botocore.exceptions import ClientError
except ImportError:  # AnsibleAWSModule reports the missing library
    ClientError = Exception  # type: ignore[misc,assignment]


@dataclass(frozen=True)
class Passing:
    """An answer that passes: regular expressions of the whole code and, where that means much, of the message."""

    code: str
    seconds: float
    text: str = ""

    def covers(self, code: str, text: str) -> bool:
        return bool(re.fullmatch(self.code, code) and re.search(self.text, text))


BUSY_SECONDS = 180.0
DECLARED_SECONDS = 100.0  # for the codes that a resource declares itself
FAILING = (500, 502, 503, 504)
# https://docs.aws.amazon.com/boto3/latest/guide/retries.html
THROTTLED = re.compile(
    "BandwidthLimitExceeded|EC2ThrottledException|PriorRequestNotComplete|"
    "RequestLimitExceeded|RequestThrottled(Exception)?|SlowDown|Throttl(ed|ing)(Exception)?|"
    "TooManyRequests(Exception)?|TransactionInProgressException|"
    "InternalError|InternalFailure|InternalServerError|InternalServiceError|ServiceFailure|"
    "ServiceUnavailable(Exception)?|Unavailable|RequestTimeout(Exception)?"
)
NEW = (
    # EC2, and what others say of what is EC2's.
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    Passing(r"Invalid\w+\.NotFound(Exception)?|NatGatewayNotFound", 60),
    Passing("InvalidSubnet|SubnetNotFound|InvalidSecurityGroup|InvalidVPCId", 60),
    Passing("ValidationError", 60, "subnet ID|VPC ID|launch template|Target Groups may not be valid|name not found"),
    Passing("InvalidParameterValue", 60, "Invalid security group|security groups are not valid"),
    # IAM, and those who are to assume a role or whose policy names it.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    Passing("NoSuchEntity", 60),
    Passing("InvalidParameterValue", 60, "Invalid IAM Instance Profile|IAM role ARN value is invalid"),
    Passing("InvalidParameterValueException", 60, "cannot be assumed|does not have permissions"),
    Passing("InvalidRoleException|InvalidCloudWatchLogsRoleArnException", 60),
    Passing("MalformedPolicy(Document(Exception)?)?", 60, "(?i)invalid principal|unsupported principal"),
    Passing("InvalidParameter", 60, "PrincipalNotFound"),
    # The service-linked role of a service that the account has not used before.
    Passing("InvalidParameterValue", 120, "Missing necessary credentials|create service linked role"),
    Passing("ServiceLinkedRoleNotFoundFault|ServiceLinkedRoleFailure", 120),
    # Buckets, their policies, and those who are to write to them
    Passing("NoSuchBucket(Exception)?|S3BucketDoesNotExistException", 60),
    Passing("Insufficient(S3Bucket|Delivery|Encryption)PolicyException", 60),
    Passing("InvalidConfigurationRequest", 60, "Access Denied for bucket"),
    # Keys
    Passing("NotFoundException|KMSNotFound|KMSKeyNotAccessibleFault", 60),
    Passing("InvalidParameterException", 60, "KMS key does not exist"),
    # Firewall: "from a few seconds to a number of minutes"
    # https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html
    Passing("WAFUnavailableEntityException", 300),
    Passing("WAFNonexistentItemException|WAFLogDestinationPermissionIssueException|InvalidWebACLId", 60),
    # Those who say only that there is no such thing
    Passing("ResourceNotFoundException|ParameterNotFound|TrailNotFoundException|NotFound", 60),
    Passing("InvalidCloudWatchLogsLogGroupArnException|NoSuchConfigurationRecorderException", 60),
    Passing("(LoadBalancer|TargetGroup|Listener|Certificate)NotFound", 60),
    Passing("NoSuchHostedZone|NoSuch\\w+Polic(y|ies)|NoSuchOriginAccessControl|NoSuchDistribution", 60),
    Passing("InvalidViewerCertificate", 60),
    Passing(r"(DB|Cache|Replication)\w*NotFound(Fault)?", 60),
)


def seconds_for(error: Any, *, codes: Iterable[str] = (), new: bool = True) -> float:
    """For how many seconds a call is repeated that was answered with this error; 0 for not at all."""
    answer = error.response["Error"]
    code, text = str(answer.get("Code", "")), str(answer.get("Message") or "")
    if code in codes:
        return max(DECLARED_SECONDS, _of_new(code, text) if new else 0.0)
    if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") in FAILING or THROTTLED.fullmatch(code):
        return BUSY_SECONDS
    return _of_new(code, text) if new else 0.0


def is_passing(code: str, text: str) -> bool:
    """Whether an answer passes by itself, for those who have no more of it than this."""
    return bool(THROTTLED.fullmatch(code)) or _of_new(code, text) > 0


def _of_new(code: str, text: str) -> float:
    return max((one.seconds for one in NEW if one.covers(code, text)), default=0.0)


def patiently(function: Callable[..., Any], *, seconds: Callable[[Any], float]) -> Callable[..., Any]:
    """The function, repeated while AWS answers what passes. ``seconds`` says of an error for how long."""

    @functools.wraps(function)
    def asked(*given: Any, **arguments: Any) -> Any:
        started, pause = time.monotonic(), 0.25
        while True:
            try:
                return function(*given, **arguments)
            except ClientError as error:
                if time.monotonic() + pause - started > seconds(error):
                    raise
            time.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(2 * pause, 10.0)

    return asked


def while_busy(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, repeated while AWS throttles or fails; that there is no such thing is an answer."""
    return patiently(function, seconds=lambda error: seconds_for(error, new=False))
