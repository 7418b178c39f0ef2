#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: iam_credential_report_info
version_added: "0.1.0"
short_description: Read who has which credentials in an AWS account
description:
  - Reads the credential report, which tells of each user the password, the MFA device and the access keys with their
    ages, and the summary of the account, which tells whether the root user has an MFA device and access keys.
  - Asks IAM for a report and waits for it. IAM makes one every four hours at most and answers with the last one until
    then, so what changed since C(generated) is not in it.
  - Follows U(https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html) and
    U(https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html).
notes:
  - GenerateCredentialReport changes nothing that anybody uses. In check mode it is not called all the same, so without
    a report of the last four hours C(users) is empty and C(generated) is null.
author: Pixstory platform contributors (@pixstory)
options:
  wait_timeout:
    description: How long to wait for the report, in seconds.
    type: int
    default: 120
attributes:
  check_mode:
    description: Makes no write call.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
requirements:
  - python >= 3.12
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Read who has which credentials
  pixstory.platform.iam_credential_report_info:
  register: credentials

- name: Nobody signs in without MFA
  ansible.builtin.assert:
    that: >-
      credentials.users | selectattr('password_enabled') | rejectattr('mfa_active') | length == 0
"""

RETURN = r"""
generated:
  description: When IAM made the report, in UTC. Null where there is none.
  returned: always
  type: str
  sample: "2026-11-23T10:00:00Z"
users:
  description: The users, without the root user.
  returned: always
  type: list
  elements: dict
  contains:
    user: {description: The name., type: str}
    arn: {description: The ARN., type: str}
    password_enabled: {description: Whether the user has a password., type: bool}
    password_age_days: {description: Days since the password was set. Null without one., type: int}
    password_unused_days: {description: Days since the password was used. Null when it never was., type: int}
    mfa_active: {description: Whether the user has an MFA device., type: bool}
    access_keys:
      description: The active access keys, up to two.
      type: list
      elements: dict
      contains:
        number: {description: "1 or 2; the report tells no key ids.", type: int}
        age_days: {description: Days since the key was made., type: int}
        unused_days: {description: Days since the key was used. Null when it never was., type: int}
  sample:
    - user: asha
      arn: arn:aws:iam::123456789012:user/pixstory/production/asha
      password_enabled: true
      password_age_days: 12
      password_unused_days: 0
      mfa_active: true
      access_keys: [{number: 1, age_days: 30, unused_days: 1}]
root:
  description: The root user. From the summary of the account, so it is there without a report too.
  returned: always
  type: dict
  contains:
    mfa_active: {description: Whether the root user has an MFA device., type: bool}
    access_keys: {description: Whether the root user has access keys., type: bool}
    password_unused_days: {description: Days since it signed in. Null when it never did or without a report., type: int}
  sample: {mfa_active: true, access_keys: false, password_unused_days: 200}
iam_account_summary:
  description: The summary as GetAccountSummary returns it, numbers of entities and quotas, keys as AWS writes them.
  returned: always
  type: dict
  sample: {Users: 4, UsersQuota: 5000, AccountMFAEnabled: 1, AccountAccessKeysPresent: 0}
"""

import csv
import io
import time
from datetime import UTC, datetime
from typing import Any

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:  # AnsibleAWSModule reports the missing library
    BotoCoreError = ClientError = Exception  # type: ignore[misc,assignment]

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.pixstory.platform.plugins.module_utils.retries import while_busy

ROOT = "<root_account>"
NO_REPORT = ("ReportNotPresent", "ReportExpired", "ReportInProgress")
POLL_SECONDS = 2.0


def days_since(moment: str | None, now: datetime) -> int | None:
    """Whole days; None for the report's words for never and for nothing."""
    try:
        return (now - datetime.fromisoformat(str(moment))).days
    except ValueError:  # N/A, no_information, not_supported
        return None


def user(row: dict[str, str], now: datetime) -> dict[str, Any]:
    """One line of the report."""
    enabled = row["password_enabled"] == "true"
    return {
        "user": row["user"],
        "arn": row["arn"],
        "password_enabled": enabled,
        "password_age_days": days_since(row["password_last_changed"], now) if enabled else None,
        "password_unused_days": days_since(row["password_last_used"], now),
        "mfa_active": row["mfa_active"] == "true",
        "access_keys": [
            {
                "number": number,
                "age_days": days_since(row[f"access_key_{number}_last_rotated"], now),
                "unused_days": days_since(row[f"access_key_{number}_last_used_date"], now),
            }
            for number in (1, 2)
            if row[f"access_key_{number}_active"] == "true"
        ],
    }


def read_report(module: AnsibleAWSModule, client: Any) -> dict[str, Any] | None:
    """The report, made where there is none; None in check mode when it would have to be made."""
    deadline = time.monotonic() + module.params["wait_timeout"]
    while True:
        try:
            return while_busy(client.get_credential_report)()
        except ClientError as error:
            if error.response["Error"]["Code"] not in NO_REPORT:
                raise
        if module.check_mode:
            return None
        while_busy(client.generate_credential_report)()
        if time.monotonic() > deadline:
            module.fail_json(
                msg=f"IAM made no credential report within {module.params['wait_timeout']} s. Run again, or raise "
                "wait_timeout."
            )
        time.sleep(POLL_SECONDS)


def main() -> None:
    module = AnsibleAWSModule(argument_spec={"wait_timeout": {"type": "int", "default": 120}}, supports_check_mode=True)
    try:
        client = module.client("iam")
        summary = while_busy(client.get_account_summary)()["SummaryMap"]
        report = read_report(module, client)
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg="Cannot read the credential report")
    now = datetime.now(UTC)
    rows = list(csv.DictReader(io.StringIO(report["Content"].decode()))) if report else []
    users = [user(row, now) for row in rows]
    root = next((one for one in users if one["user"] == ROOT), {})
    module.exit_json(
        changed=False,
        generated=report["GeneratedTime"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if report else None,
        users=[one for one in users if one["user"] != ROOT],
        root={
            "mfa_active": bool(summary.get("AccountMFAEnabled")),
            "access_keys": bool(summary.get("AccountAccessKeysPresent")),
            "password_unused_days": root.get("password_unused_days"),
        },
        iam_account_summary=summary,
    )


if __name__ == "__main__":
    main()
