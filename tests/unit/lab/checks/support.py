# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the AWS Support extensions."""

from __future__ import annotations

from checks import Aws, error_code, proves


@proves("support.DescribeTrustedAdvisorCheckSummaries", "support.DescribeTrustedAdvisorCheckResult")
def check_has_a_result_once_it_was_refreshed(aws: Aws) -> None:
    support = aws.client("support", "us-east-1")
    check = support.describe_trusted_advisor_checks(language="en")["checks"][0]["id"]
    (before,) = support.describe_trusted_advisor_check_summaries(checkIds=[check])["summaries"]
    assert (before["status"], before["hasFlaggedResources"]) == ("not_available", False)
    while support.refresh_trusted_advisor_check(checkId=check)["status"]["status"] != "success":
        pass
    result = support.describe_trusted_advisor_check_result(checkId=check)["result"]
    assert (result["status"], result["flaggedResources"]) == ("ok", [])
    wrong = error_code(support.describe_trusted_advisor_check_result, checkId="none")
    assert wrong == "InvalidParameterValueException"
